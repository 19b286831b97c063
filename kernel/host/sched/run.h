/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - run queues, their settings, and the record of what they did
 */
#ifndef SCHED_RUN_H
#define SCHED_RUN_H

#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "policy/policy.h"

struct vgpu;
struct vgpu_instance;

#define VGPU_MAX_PARTITIONS	64	/* of any family */
#define VGPU_WAIT_BUCKETS	32	/* of the histogram of waits */

/**
 * enum vgpu_sched_state - a vGPU as the scheduler sees it
 * @VGPU_SCHED_CLOSED: takes no part
 * @VGPU_SCHED_IDLE: has no work
 * @VGPU_SCHED_RUNNABLE: has work and waits for its turn
 * @VGPU_SCHED_RUNNING: holds the engine
 * @VGPU_SCHED_FROZEN: gets no turns until it is thawed
 * @VGPU_SCHED_FAULTED: gets no turns until it is reset
 */
enum vgpu_sched_state {
	VGPU_SCHED_CLOSED,
	VGPU_SCHED_IDLE,
	VGPU_SCHED_RUNNABLE,
	VGPU_SCHED_RUNNING,
	VGPU_SCHED_FROZEN,
	VGPU_SCHED_FAULTED,
};

/**
 * enum vgpu_sched_stage - what the scheduler waits for on a run queue
 * @VGPU_STAGE_IDLE: for work; no vGPU is resident
 * @VGPU_STAGE_RUNNING: for the end of a run
 * @VGPU_STAGE_PREEMPTING: for a vGPU that was asked to stop
 * @VGPU_STAGE_RESETTING: for the reset of one that did not
 */
enum vgpu_sched_stage {
	VGPU_STAGE_IDLE,
	VGPU_STAGE_RUNNING,
	VGPU_STAGE_PREEMPTING,
	VGPU_STAGE_RESETTING,
};

/**
 * struct vgpu_sched_settings - settings of an instance's scheduler
 * @timeslice_ns: length of a slice; 0: by the number of open vGPUs
 * @timeslice_max_ns: what slices may grow to
 * @preempt_timeout_ns: patience with each stage of a preemption
 * @wake_budget_permille: of the time, for cutting runs when others wake
 * @averaging: had a meaning for a former policy
 * @fault_limit: how many resets for a hang within the window put a vGPU out of
 *	turn; 0: any number is tolerated
 * @fault_window_s: length of that window
 *
 * READ_ONCE and WRITE_ONCE; see admin/settings.c.
 */
struct vgpu_sched_settings {
	u64 timeslice_ns;
	u64 timeslice_max_ns;
	u64 preempt_timeout_ns;
	u32 wake_budget_permille;
	u32 averaging;
	u32 fault_limit;
	u32 fault_window_s;
};

/**
 * struct vgpu_runqueue - the engine of an instance, and the vGPUs that want it
 * @instance: the instance; constant
 * @worker: runs @work; a real-time thread, NULL: nothing is scheduled
 * @lock: protects all below
 * @queue: the policy's data, which decide whose turn is next
 * @current_vgpu: the vGPU that holds the engine, NULL: none
 * @acting: the vGPU the worker is dealing with, outside the lock
 * @stage: what is being waited for
 * @since: kernel clock when @stage began, ns
 * @deadline: kernel clock when patience ends or a decision is due, 0: never
 * @ask_at: kernel clock when the policy wants to be asked about the current run
 *	again, 0: not
 * @look_at: kernel clock of the next look without an occasion
 * @looked: it has looked since it decided last
 * @quantum_ns: of the current run, 0: until preempted
 * @look: read the hardware's truth at the next decision
 * @extended: @deadline was put off once in the present stage
 * @overdue: the current run outlived its quantum and is being preempted for it
 * @saving: the current run was seen to save its context
 * @held: no run begins, and the one under way ends: the engine is to change
 * @stopping: no more decisions
 * @off: woken when @current_vgpu or @acting changes
 * @work: makes the decisions
 * @timer: fires at @deadline, @ask_at or for a look
 */
struct vgpu_runqueue {
	struct vgpu_instance *instance;
	struct kthread_worker *worker;
	spinlock_t lock;			/* all below */
	struct sched_queue queue;
	struct vgpu *current_vgpu;
	struct vgpu *acting;
	enum vgpu_sched_stage stage;
	u64 since;
	u64 deadline;
	u64 ask_at;
	u64 look_at;
	bool looked;
	u64 quantum_ns;
	bool look;
	bool extended;
	bool overdue;
	bool saving;
	bool held;
	bool stopping;
	wait_queue_head_t off;
	struct kthread_work work;
	struct hrtimer timer;
};

/**
 * struct vgpu_switch - one switch of an engine, for the log
 * @time: when the run ended, ns of the GPU's clock
 * @quantum_ns: the quantum it had; 0: no limit
 * @run_ns: how long it ran
 * @switch_ns: how long load and save took
 * @wait_ns: how long its vGPU had waited for it
 * @runqueue: index of the instance
 * @partition: of the vGPU
 * @reason: why it ended
 * @name: UUID of the vGPU
 */
struct vgpu_switch {
	u64 time;
	u64 quantum_ns;
	u64 run_ns;
	u64 switch_ns;
	u64 wait_ns;
	unsigned int runqueue;
	unsigned int partition;
	enum sched_end reason;
	char name[37];
};

/**
 * struct vgpu_sched_account - how a vGPU was scheduled, since create
 * @waiting_since: GPU's clock since when it has work and does not run; 0: it
 *	does not wait
 * @wait_max_ns: the longest it waited
 * @wait_sum_ns: all its waits
 * @overrun_ns: how long its runs lasted beyond their quanta
 * @waits: how often it waited less than 2^10 ns, and 2^(9+i) to 2^(10+i)
 */
struct vgpu_sched_account {
	u64 waiting_since;
	u64 wait_max_ns;
	u64 wait_sum_ns;
	u64 overrun_ns;
	u64 waits[VGPU_WAIT_BUCKETS];
};

#endif /* SCHED_RUN_H */
