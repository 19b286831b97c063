/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - what a scheduling policy is
 *
 * Pure C over plain structs: no kernel calls, no clock of its own, no locks
 * (the caller holds the run queue's). The module and the user-space
 * simulator compile the same files.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <linux/types.h>

#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

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
 * @next, @previous: links of the policy's own list; NULL: not runnable
 * @runnable: has work
 * @run_ns: time it held the resource, nanoseconds
 * @data: of the caller
 */
struct sched_client {
	struct sched_client *next, *previous;
	bool runnable;
	__u64 run_ns;
	void *data;
};

/**
 * struct sched_queue - a policy's view of one run queue
 * @head: ring of runnable entities, the next to run first; NULL: none
 * @runnable: their number
 * @timeslice_ns: length of a slice
 */
struct sched_queue {
	struct sched_client *head;
	unsigned int runnable;
	__u64 timeslice_ns;
};

/**
 * struct sched_policy - who runs next, and for how long
 * @name: as shown in sysfs
 * @wake: @entity has work now; no effect if it had
 * @sleep: @entity has none any more, or is leaving; no effect if it had none
 * @pick: the entity to run now and its quantum, or NULL: nobody. It stays
 *	runnable; the caller runs it until @charge.
 * @charge: @entity ran for @run_ns and stopped for @reason
 */
struct sched_policy {
	const char *name;
	void (*wake)(struct sched_queue *queue, struct sched_client *entity);
	void (*sleep)(struct sched_queue *queue, struct sched_client *entity);
	struct sched_client *(*pick)(struct sched_queue *queue,
				     __u64 *quantum_ns);
	void (*charge)(struct sched_queue *queue, struct sched_client *entity,
		       enum sched_end reason, __u64 run_ns);
};

extern const struct sched_policy sched_round_robin;

#endif /* SCHED_POLICY_H */
