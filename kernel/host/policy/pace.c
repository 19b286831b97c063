// SPDX-License-Identifier: GPL-2.0-only
/*
 * pace.c - how much of the time switches may take
 *
 * Long slices keep it small, cuts for clients that wake are within a budget, and
 * where clients wake for very little work all the time, waking is nothing special
 * for a while. What was used is forgotten slowly.
 */
#include "policy/pace.h"
#include "policy/policy.h"

#define SECOND_NS		1000000000ULL
/* A long slice is so many switches: these are 2 % of the time then. */
#define SWITCHES_PER_SLICE	50
/* Rounds are fitted into this, so that all had the same at its end. */
#define WINDOW_NS		(SECOND_NS / 10)
/* For so long slices stay short for a client that may not cut runs. */
#define SHORT_NS		(SECOND_NS / 5)
/* What one client may hold of the budget: so many times what is free. */
#define CUTS_OF_FREE		4
/* So much switches to clients with little work, and back, may take: a fifth of the time. */
#define WAKES_MAX_NS		(SCHED_BUDGET_NS / 5)

/**
 * sched_pace_slice - find the length of a slice
 * @queue: run queue; receives it
 * @now: time
 *
 * A long one while it keeps nobody waiting, and such that the busy clients have
 * whole rounds in a tenth of a second, or in a second if a round is long.
 */
void sched_pace_slice(struct sched_queue *queue, __u64 now)
{
	__u64 base = queue->timeslice_ns + queue->switch_ns;
	__u64 longest = sched_max(queue->timeslice_max_ns + queue->switch_ns, base);
	__u64 slot = sched_min((SWITCHES_PER_SLICE + 1) * queue->switch_ns, longest);
	__u64 busy = 0, window, rounds, fewest, most;
	const struct sched_client *client;

	queue->slice_ns = queue->timeslice_ns;
	if (!queue->policy->adapts || (__s64)(queue->short_until - now) > 0)
		return;
	for (client = queue->first; client; client = client->next)
		busy += client->runnable && (client->taken_ns >= queue->timeslice_ns ||
					     sched_owes_much(queue, client));
	busy = sched_max(busy, 1);
	window = busy * base <= queue->round_max_ns ? WINDOW_NS : SECOND_NS;
	most = div64_u64(window, busy * base);
	fewest = div64_u64(window - 1, queue->round_max_ns) + 1;
	rounds = sched_max(div64_u64(window, busy * sched_max(slot, base)), fewest);
	if (rounds < most && div64_u64(window, busy * rounds) > longest)
		rounds++;
	rounds = sched_min(rounds, most);
	if (!rounds)
		return;
	slot = div64_u64(window, busy * rounds);
	if (slot <= longest)
		queue->slice_ns = slot - queue->switch_ns;
}

static void decay(__u64 *ns)
{
	*ns -= (*ns + (1 << SCHED_FORGET_SHIFT) - 1) >> SCHED_FORGET_SHIFT;
}

/**
 * sched_pace_forget - forget what was used of the budgets
 * @queue: run queue
 * @now: time
 */
void sched_pace_forget(struct sched_queue *queue, __u64 now)
{
	__u64 epoch = div64_u64(now, SCHED_EPOCH_NS);
	__u64 passed = sched_min(epoch - queue->epoch, 128);
	struct sched_client *client;

	for (queue->epoch = epoch; passed; passed--) {
		decay(&queue->cuts_ns);
		decay(&queue->wakes_ns);
		for (client = queue->first; client; client = client->next)
			decay(&client->cuts_ns);
	}
}

/**
 * sched_pace_least_lag - what a client must be owed to have a run cut
 * @queue: run queue
 *
 * The less of the budget is free, the more: so one that wakes all the time, and is
 * owed little, leaves it to others.
 *
 * Return: nanoseconds.
 */
__s64 sched_pace_least_lag(const struct sched_queue *queue)
{
	__u64 all = SCHED_BUDGET_NS / 1000 * queue->cuts_permille;
	__u64 most = queue->credit_ns / 2;

	if (!all)
		return most;
	return 2 * queue->switch_ns + div64_u64(most * sched_min(queue->cuts_ns, all), all);
}

/**
 * sched_pace_may_cut - is there budget for a client to have a run cut?
 * @queue: run queue
 * @client: who is owed enough
 * @now: time
 *
 * Each may hold some times what is free of the budget, so that some stays free
 * for the next. Where many small users have used it up, slices become short
 * instead; that no single one can bring about.
 */
bool sched_pace_may_cut(struct sched_queue *queue, const struct sched_client *client, __u64 now)
{
	__u64 all = SCHED_BUDGET_NS / 1000 * queue->cuts_permille;

	if (all && queue->cuts_ns + queue->switch_ns <= all &&
	    client->cuts_ns <= CUTS_OF_FREE * (all - queue->cuts_ns))
		return true;
	if (client->cuts_ns <= all / 4)
		queue->short_until = now + SHORT_NS;
	return false;
}

/**
 * sched_pace_cut - a run was cut
 * @queue: run queue
 * @client: for whom
 * @cost_ns: of the switch back
 */
void sched_pace_cut(struct sched_queue *queue, struct sched_client *client, __u64 cost_ns)
{
	client->cuts_ns += cost_ns;
	queue->cuts_ns += cost_ns;
	queue->cuts++;
}

/**
 * sched_pace_little_work - a client ran out of work after less than a slice
 * @queue: run queue
 * @switch_ns: what the switch to it took; as much is for the one back
 */
void sched_pace_little_work(struct sched_queue *queue, __u64 switch_ns)
{
	queue->wakes_ns += 2 * switch_ns;
}

/**
 * sched_pace_waking_counts - may those that wake go before others?
 * @queue: run queue
 *
 * Not while switches for a little work take too much of the time.
 */
bool sched_pace_waking_counts(const struct sched_queue *queue)
{
	return queue->wakes_ns <= WAKES_MAX_NS;
}
