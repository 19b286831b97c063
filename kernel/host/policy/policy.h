/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - whose turn it is on an engine, and for how long
 *
 * Pure C over plain structs: no kernel calls, no clock of its own, no locks
 * (the caller holds the run queue's), no allocation. The module and the
 * user-space simulator compile the same files. eevdf.c has the algorithm and
 * its bounds.
 *
 * All times are nanoseconds of one monotonic clock of the caller's.
 *
 * One run, from the caller's side:
 *
 *	sched_pick()	says who, for how long at most, and for how long it may
 *			hold the engine without work
 *	...		wake-ups, changes; after each, sched_look() says when the
 *			run must be cut short
 *	sched_charge()	says how it ended, what it took and what its switch took
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <linux/types.h>

#include "openvgpu_settings.h"
#include "policy/bucket.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#else
#include <stdbool.h>
#include <stddef.h>

static inline __u64 div64_u64(__u64 dividend, __u64 divisor)
{
	return dividend / divisor;
}

static inline __s64 div64_s64(__s64 dividend, __s64 divisor)
{
	return dividend / divisor;
}
#endif

static inline __u64 sched_min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static inline __u64 sched_max(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

#define SCHED_WEIGHT_DEFAULT	OPENVGPU_WEIGHT_DEFAULT
#define SCHED_WEIGHT_MAX	OPENVGPU_WEIGHT_MAX
#define SCHED_CAP_MAX		OPENVGPU_CAP_PERCENT_MAX	/* no cap */
#define SCHED_TIMESLICE_MIN_NS	(OPENVGPU_TIMESLICE_US_MIN * 1000ULL)

#define SCHED_FOREVER		(~0ULL)
#define SCHED_NS_MAX		(1ULL << 36)	/* longer times count as this */
#define SCHED_CAP_WINDOW_NS	100000000ULL
/* Less is not worth a run. */
#define SCHED_SLIVER_NS		(SCHED_TIMESLICE_MIN_NS / 2)

/**
 * enum sched_end - why a run ended
 * @SCHED_END_IDLE: out of work
 * @SCHED_END_QUANTUM: used its quantum up
 * @SCHED_END_PREEMPTED: was asked to stop
 * @SCHED_END_RESET: was reset or disabled
 * @SCHED_END_REJECTED: never ran
 */
enum sched_end {
	SCHED_END_IDLE,
	SCHED_END_QUANTUM,
	SCHED_END_PREEMPTED,
	SCHED_END_RESET,
	SCHED_END_REJECTED,
};

/**
 * struct sched_client - one vGPU as a policy sees it
 * @weight: OPENVGPU_WEIGHT_MIN..MAX; change with sched_update() once added
 * @cap_percent: 1..SCHED_CAP_MAX; likewise
 * @slow_percent: 1..SCHED_CAP_MAX: a cap for a while, if it is the smaller one; change
 *	with sched_slow()
 * @timeslice_ns: its own slice, 0: the queue's; likewise
 * @max_instance: of its type; fixed while it is added
 * @run_ns: how long it held the resource
 * @charged_ns: that, with the switches it paid for
 * @runnable: has work
 * @member: was added
 * @woken: woke, and has not run since
 * @cut: its run was cut, and the request goes on before others begin
 * @brief: was back sooner than a switch takes
 * @throttled: has not tokens enough for a run
 * @scale: weight in force
 * @lag: virtual time that it is behind the mean; survives sleep and removal
 * @due: virtual time, from the mean, at which its present request is served
 * @request_ns: length of that request, switch included
 * @taken_ns: what it took since it woke
 * @switch_ns: what a switch to it takes: a mean of its own; 0: not known yet
 * @prepaid_ns: of its next switches, paid by clients that had its runs cut
 * @cuts_ns: what it holds of the budget for cuts
 * @slept_at: when it ran out of work; 0: not by itself
 * @out_at: when it was removed
 * @out_vtime: mean virtual time then
 * @cap: tokens of its cap
 * @share: tokens of a policy that keeps shares
 * @next, @link: list of the members
 */
struct sched_client {
	__u32 weight;
	__u32 cap_percent;
	__u32 slow_percent;
	__u64 timeslice_ns;
	__u32 max_instance;

	__u64 run_ns;
	__u64 charged_ns;
	bool runnable;
	bool member;

	bool woken;
	bool cut;
	bool brief;
	bool throttled;
	__u32 scale;
	__s64 lag;
	__s64 due;
	__u64 request_ns;
	__u64 taken_ns;
	__u64 switch_ns;
	__u64 prepaid_ns;
	__u64 cuts_ns;
	__u64 slept_at;
	__u64 out_at;
	__u64 out_vtime;
	struct sched_bucket cap;
	struct sched_bucket share;
	struct sched_client *next, **link;
};

struct sched_queue;

/**
 * struct sched_policy - what tells one policy from another
 * @name: as shown in sysfs
 * @adapts: slices get longer than timeslice_ns while that keeps nobody waiting
 * @guarantees_share: a client has its share whatever the others do; without
 *	it, each that takes more takes it from the others
 * @fixed: what a client gets is never changed, so that the resource must not be made
 *	smaller either
 * @weight: share of a client relative to others', 1 to SCHED_WEIGHT_MAX
 * @rate: the most of the time it gets, parts of SCHED_RATE_ONE; 0: no limit
 */
struct sched_policy {
	const char *name;
	bool adapts;
	bool guarantees_share;
	bool fixed;
	__u32 (*weight)(const struct sched_client *client);
	__u32 (*rate)(const struct sched_queue *queue, const struct sched_client *client);
};

extern const struct sched_policy sched_best_effort;
extern const struct sched_policy sched_equal_share;
extern const struct sched_policy sched_fixed_share;

/**
 * struct sched_queue - one run queue; the first group is settable at any time
 * @timeslice_ns: length of a slice, at least
 * @timeslice_max_ns: and at most
 * @round_max_ns: so long may longer slices make a round of the busy clients
 * @credit_ns: how much a client that sleeps can be owed
 * @cuts_permille: of the time, what the switches of cuts may take; 0: none is cut
 * @lingers: the resource can be held without work for a stated time
 * @switch_ns: what a switch takes: a mean of what was charged
 *
 * @policy: who decides; change with sched_set_policy()
 * @first: list of the members
 * @members: clients added
 * @weights: sum of those that compete
 * @vtime: their mean virtual time
 * @slice_ns: that is in force
 * @short_until: slices have their least length until then
 * @cuts: runs that were cut for a client that woke
 * @cuts_ns: what is used of the budget for that
 * @wakes_ns: what switches for less than a slice of work took lately, and back
 * @epoch: of those two and the clients' part in the first
 *
 * @current_client: whose run it is, NULL: nobody's
 * @cutter: for whom, awake, @current_client's run is being cut; NULL: nobody
 * @since: when @current_client was picked
 * @settled_ns: how much of its run is in its lag already
 * @foreseen_ns: others take no account of more than this before it ended
 * @quantum_ns: of that run, 0: none
 * @linger_ns: of that run
 * @is_wake: it was picked for having woken
 */
struct sched_queue {
	__u64 timeslice_ns;
	__u64 timeslice_max_ns;
	__u64 round_max_ns;
	__u64 credit_ns;
	__u32 cuts_permille;
	bool lingers;
	__u64 switch_ns;

	const struct sched_policy *policy;
	struct sched_client *first;
	unsigned int members;
	__s64 weights;
	__u64 vtime;
	__u64 slice_ns;
	__u64 short_until;
	__u64 cuts;
	__u64 cuts_ns;
	__u64 wakes_ns;
	__u64 epoch;

	struct sched_client *current_client;
	struct sched_client *cutter;
	__u64 since;
	__s64 settled_ns;
	__u64 foreseen_ns;
	__u64 quantum_ns;
	__u64 linger_ns;
	bool is_wake;
};

/**
 * struct sched_decision - what to do now
 * @client: whose turn it is, NULL: nobody's
 * @quantum_ns: for how long at most; 0: until sched_look() says stop
 * @linger_ns: for how long it may hold the resource without work; 0: not at all,
 *	SCHED_FOREVER: until sched_look() says stop
 * @until: without @client: when to decide again, 0: at the next wake-up
 */
struct sched_decision {
	struct sched_client *client;
	__u64 quantum_ns;
	__u64 linger_ns;
	__u64 until;
};

void sched_queue_init(struct sched_queue *queue, const struct sched_policy *policy);
void sched_client_init(struct sched_client *client);
void sched_add(struct sched_queue *queue, struct sched_client *client, __u64 now);
void sched_remove(struct sched_queue *queue, struct sched_client *client, __u64 now);
void sched_forget(struct sched_client *client);
void sched_wake(struct sched_queue *queue, struct sched_client *client, __u64 now);
void sched_sleep(struct sched_queue *queue, struct sched_client *client, __u64 now);
void sched_update(struct sched_queue *queue, struct sched_client *client, __u32 weight,
		  __u32 cap_percent, __u64 timeslice_ns, __u64 now);
void sched_slow(struct sched_queue *queue, struct sched_client *client, __u32 percent,
		__u64 now);
void sched_set_policy(struct sched_queue *queue, const struct sched_policy *policy, __u64 now);
void sched_pick(struct sched_queue *queue, __u64 now, struct sched_decision *decision);
void sched_charge(struct sched_queue *queue, enum sched_end reason, __u64 run_ns,
		  __u64 switch_ns, __u64 now);
__u64 sched_look(struct sched_queue *queue, __u64 now);
__s64 sched_lag(struct sched_queue *queue, struct sched_client *client, __u64 now);

/* tables.c of the module: the policies there are */
const struct sched_policy *sched_policy_find(const char *name);
int sched_policy_list(char *buf, size_t size,
		      const struct sched_policy *current_policy);

#endif /* POLICY_POLICY_H */
