// SPDX-License-Identifier: GPL-2.0-only
/*
 * cap.c - the bucket of tokens that a capped client runs from
 *
 * It fills at cap_percent of real time, up to what SCHED_CAP_WINDOW_NS is worth;
 * running empties it. turns.c says what follows from that.
 */
#include "policy/cap.h"

static __u64 at_most(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 bucket(const struct sched_client *client)
{
	return div64_u64(SCHED_CAP_WINDOW_NS, SCHED_CAP_MAX) *
	       client->cap_percent;
}

/**
 * cap_refill - bring a bucket up to the present
 * @client: whose it is
 * @now: time
 */
void cap_refill(struct sched_client *client, __u64 now)
{
	__u64 passed = now - client->tokens_at;
	__s64 full = bucket(client);

	if ((__s64)passed < 0)
		return;
	client->tokens_at = now;
	/* Whatever the debt, this much time fills any bucket: no overflow. */
	passed = at_most(passed, RUN_NS_MAX);
	client->tokens_ns += div64_u64(passed * client->cap_percent,
				       SCHED_CAP_MAX);
	if (client->tokens_ns > full)
		client->tokens_ns = full;
}

/**
 * cap_charge - take a run from the bucket; only what ran since there is a cap
 * @client: who ran
 * @run_ns: for how long
 * @now: time of the end of the run
 */
void cap_charge(struct sched_client *client, __u64 run_ns, __u64 now)
{
	if (!is_capped(client))
		return;
	cap_refill(client, now);
	client->tokens_ns -= at_most(at_most(run_ns, now - client->capped_at),
				     RUN_NS_MAX);
}

/**
 * cap_change - another cap: the bucket starts empty, what was overrun remains
 * @client: whose cap it is
 * @percent: 1..SCHED_CAP_MAX
 * @now: time
 */
void cap_change(struct sched_client *client, __u32 percent, __u64 now)
{
	cap_refill(client, now);
	if (percent != client->cap_percent) {
		if (!is_capped(client)) {
			client->capped_at = now;
			client->tokens_ns = 0;
		}
		if (client->tokens_ns > 0)
			client->tokens_ns = 0;
	}
	client->cap_percent = percent;
}

/**
 * cap_wait - when the tokens will do for a run
 * @client: whose they are
 * @slice_ns: its slice
 *
 * A bucket that ran empty waits until a slice, or half of what it holds, is in
 * it: runs of a few tokens each would be switches and nothing else. It is not
 * enough that something came in, for a switch takes time, too.
 *
 * Return: in how long, 0: they do now.
 */
__u64 cap_wait(const struct sched_client *client, __u64 slice_ns)
{
	__u64 enough;

	if (!is_capped(client) || (client->tokens_ns > 0 && !client->drained))
		return 0;
	enough = at_most(slice_ns, bucket(client) / 2);
	if (client->tokens_ns >= (__s64)enough)
		return 0;
	return div64_u64((enough - client->tokens_ns) * SCHED_CAP_MAX,
			 client->cap_percent) + 1;
}
