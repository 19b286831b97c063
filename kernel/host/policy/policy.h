/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - scheduling policies, and the turns they are made of
 *
 * Pure C over plain structs: no kernel calls, no clock of its own, no locks
 * (the caller holds the run queue's), no allocation. The module and the
 * user-space simulator compile the same files.
 *
 * All times are nanoseconds of one monotonic clock of the caller's.
 *
 * One run, from the caller's side:
 *
 *	sched_pick()	says who, and for how long at most
 *	...		wake-ups, changes; after each, sched_look() says whether
 *			the run must be cut short
 *	sched_charge()	says how it ended and what it took
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <linux/types.h>

#include "openvgpu_settings.h"
#include "policy/heap.h"

#ifdef __KERNEL__
#include <linux/math64.h>
#else
static inline __u64 div64_u64(__u64 dividend, __u64 divisor)
{
	return dividend / divisor;
}
#endif

#define SCHED_WEIGHT_DEFAULT	OPENVGPU_WEIGHT_DEFAULT
#define SCHED_CAP_MAX		OPENVGPU_CAP_PERCENT_MAX	/* no cap */
#define SCHED_AVERAGING_DEFAULT	OPENVGPU_AVERAGING_FACTOR_DEFAULT
#define SCHED_TIMESLICE_MIN_NS	(OPENVGPU_TIMESLICE_US_MIN * 1000ULL)

/* The names the bounds in turns.c have for these are W, e and R. */
#define SCHED_CAP_WINDOW_NS	100000000ULL
/* Less than this left of a turn is not worth a switch: the next has it. */
#define SCHED_SLIVER_NS		(SCHED_TIMESLICE_MIN_NS / 2)
/* Runs a turn may be split into by sleeping. */
#define SCHED_RUNS_PER_TURN	2

/**
 * enum sched_end - why a run ended
 * @SCHED_END_IDLE: out of work
 * @SCHED_END_QUANTUM: used its quantum up
 * @SCHED_END_PREEMPTED: was asked to stop
 * @SCHED_END_RESET: was reset, disabled or frozen
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
 * @timeslice_ns: its own slice, 0: the queue's; likewise
 * @max_instance: of its type; fixed while it is added
 * @debt_ns: time it overran and has not paid back; survives sleep and removal,
 *	so that a reset of the vGPU pays nothing
 * @run_ns: time it held the resource
 * @idle_ns: length of the idle slots that were kept for it
 * @runnable: has work
 * @member: was added
 * @start: virtual time at which its present turn begins
 * @turn_ns: length of that turn; 0: never had one
 * @left_ns: what is left of it for running; negative: overran
 * @paying_ns: debt that is paid when the turn is used up
 * @skipped_ns: debt paid by beginning this turn later, while it has not begun
 * @sleeps: how often it ran out of work in this turn
 * @order: decides among turns that begin at the same time
 * @heap_index: its place in the heap it is in
 * @throttled: that heap is the one of the capped
 * @out_at: when it was last taken out of the ready heap by sleep, removal or cap
 * @tokens_ns: what its cap lets it run now; negative: overran
 * @tokens_at: when @tokens_ns was right
 * @drained: used up its tokens, and has not got enough again; see cap_wait()
 * @capped_at: when it got a cap
 * @next, @link: list of the members
 */
struct sched_client {
	__u32 weight;
	__u32 cap_percent;
	__u64 timeslice_ns;
	__u32 max_instance;

	__u64 debt_ns;
	__u64 run_ns;
	__u64 idle_ns;
	bool runnable;
	bool member;

	__u64 start;
	__u64 turn_ns;
	__s64 left_ns;
	__u64 paying_ns;
	__u64 skipped_ns;
	unsigned int sleeps;
	__u64 order;
	unsigned int heap_index;
	bool throttled;
	__u64 out_at;
	__s64 tokens_ns;
	__u64 tokens_at;
	bool drained;
	__u64 capped_at;
	struct sched_client *next, **link;
};

/**
 * struct sched_policy - what tells one policy from another
 * @name: as shown in sysfs
 * @keeps_idle: a turn is its owner's even when it can't use it
 * @reserves: what no vGPU owns is nobody's: idle slots fill it
 * @guarantees_share: a client has its share whatever the others do; without
 *	it, each that takes more takes it from the others
 * @weight: share of a client relative to others', at least 1
 */
struct sched_policy {
	const char *name;
	bool keeps_idle;
	bool reserves;
	bool guarantees_share;
	__u64 (*weight)(const struct sched_client *client);
};

/* Sum of all weights of a policy that reserves. */
#define SCHED_RESERVE_TOTAL	1000000ULL

extern const struct sched_policy sched_best_effort;
extern const struct sched_policy sched_equal_share;
extern const struct sched_policy sched_fixed_share;

/**
 * struct sched_queue - one run queue
 * @policy: who decides; change with sched_set_policy()
 * @timeslice_ns: length of a slice; settable at any time
 * @averaging: OPENVGPU_AVERAGING_FACTOR_MIN..MAX; settable at any time
 * @ready: clients whose turn can come, by its start
 * @throttled: clients over their cap, by the time they may run again
 * @nobody: owner of the share that a reserving policy leaves over
 * @first: list of the members
 * @members: clients added
 * @runnable: how many of them have work
 * @reserved: sum of their weights, of a reserving policy
 * @now: virtual time: start of the turn picked last
 * @order: given last
 * @current_client: whose run it is, NULL: nobody's
 * @idle_slot: @current_client can't run; the resource is kept idle for it
 * @alone: @current_client runs without a quantum
 * @drains: its quantum is all the tokens it has
 * @since: when @current_client was picked
 * @charged_ns: how much of its run is charged already
 */
struct sched_queue {
	const struct sched_policy *policy;
	__u64 timeslice_ns;
	__u32 averaging;

	struct sched_heap ready;
	struct sched_heap throttled;
	struct sched_client nobody;
	struct sched_client *first;
	unsigned int members;
	unsigned int runnable;
	__u64 reserved;
	__u64 now;
	__u64 order;

	struct sched_client *current_client;
	bool idle_slot;
	bool alone;
	bool drains;
	__u64 since;
	__u64 charged_ns;
};

/**
 * struct sched_decision - what to do now
 * @client: whose turn it is, NULL: nobody's; with @idle_slot it may be one that
 *	is no vGPU
 * @idle_slot: keep the resource idle for @quantum_ns, then charge that
 * @quantum_ns: for how long at most; 0: until sched_look() says stop
 * @until: without @client: when to decide again, 0: at the next wake-up
 */
struct sched_decision {
	struct sched_client *client;
	bool idle_slot;
	__u64 quantum_ns;
	__u64 until;
};

void sched_queue_init(struct sched_queue *queue,
		      const struct sched_policy *policy,
		      struct sched_heap_node *ready,
		      struct sched_heap_node *throttled, unsigned int capacity);
void sched_client_init(struct sched_client *client);
bool sched_add(struct sched_queue *queue, struct sched_client *client,
	       __u64 now);
void sched_remove(struct sched_queue *queue, struct sched_client *client,
		  __u64 now);
void sched_wake(struct sched_queue *queue, struct sched_client *client,
		__u64 now);
void sched_sleep(struct sched_queue *queue, struct sched_client *client,
		 __u64 now);
void sched_update(struct sched_queue *queue, struct sched_client *client,
		  __u32 weight, __u32 cap_percent, __u64 timeslice_ns,
		  __u64 now);
void sched_set_policy(struct sched_queue *queue,
		      const struct sched_policy *policy, __u64 now);
void sched_pick(struct sched_queue *queue, __u64 now,
		struct sched_decision *decision);
void sched_charge(struct sched_queue *queue, enum sched_end reason,
		  __u64 run_ns, __u64 now);
bool sched_look(struct sched_queue *queue, __u64 now, __u64 *stop_in_ns);

/* tables.c of the module: the policies there are */
const struct sched_policy *sched_policy_find(const char *name);
int sched_policy_list(char *buf, size_t size,
		      const struct sched_policy *current_policy);

#endif /* SCHED_POLICY_H */
