// SPDX-License-Identifier: GPL-2.0-only
/*
 * account.c - the waits and runs of vGPUs, and the entries of the log
 *
 * All times are the GPU's clock. A wait begins when a vGPU has work and does
 * not run, and ends when its context begins to be loaded. All functions are
 * called with the run queue's lock held.
 */
#include <linux/log2.h>
#include <linux/math64.h>

#include "base/state.h"
#include "base/trace.h"
#include "base/vgpu.h"
#include "sched/account.h"
#include "sched/log.h"

/* Waits up to 2^10 ns are in the first bucket. */
#define FIRST_BUCKET_LOG2	10

/**
 * vgpu_account_wake - a vGPU has work and does not run
 * @vgpu: the vGPU
 * @time: since when
 */
void vgpu_account_wake(struct vgpu *vgpu, u64 time)
{
	vgpu->account.waiting_since = time;
	trace_vgpu_wake(vgpu, time);
}

/**
 * vgpu_account_rest - a vGPU gives up waiting: it is closed or frozen
 * @vgpu: the vGPU
 */
void vgpu_account_rest(struct vgpu *vgpu)
{
	vgpu->account.waiting_since = 0;
}

/* How long the vGPU had waited for the run that began at @start. */
static u64 end_wait(struct vgpu_sched_account *account, u64 start)
{
	unsigned int bucket = 0;
	u64 wait = 0;

	if (!account->waiting_since)
		return 0;
	if (start > account->waiting_since)
		wait = start - account->waiting_since;
	account->waiting_since = 0;
	account->wait_max_ns = max(account->wait_max_ns, wait);
	account->wait_sum_ns += wait;
	if (wait >> FIRST_BUCKET_LOG2)
		bucket = ilog2(wait) - FIRST_BUCKET_LOG2 + 1;
	account->waits[min(bucket, VGPU_WAIT_BUCKETS - 1U)]++;
	return wait;
}

static void log_switch(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		       struct vgpu_switch *entry)
{
	const struct vgpu_instance *instance = rq->instance;

	entry->runqueue = instance->index;
	entry->partition = vgpu->partition;
	entry->quantum_ns = rq->quantum_ns;
	strscpy(entry->name, vgpu_name(vgpu), sizeof(entry->name));
	trace_vgpu_switch(instance->gpu, entry);
	vgpu_sched_log_add(instance->gpu, entry);
}

/**
 * vgpu_account_run - a run has ended
 * @rq: the run queue; its policy has been informed
 * @vgpu: the vGPU that ran
 * @reason: why the run ended
 * @time: when it ended
 * @run_ns: how long it lasted
 * @switch_ns: how long its load and save took
 */
void vgpu_account_run(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		      enum sched_end reason, u64 time, u64 run_ns,
		      u64 switch_ns)
{
	struct vgpu_sched_account *account = &vgpu->account;
	struct vgpu_switch entry = {
		.time = time,
		.run_ns = run_ns,
		.switch_ns = switch_ns,
		.reason = reason,
	};

	/* Without a run there is no time to go by. */
	if (reason == SCHED_END_REJECTED) {
		account->waiting_since = 0;
		log_switch(rq, vgpu, &entry);
		return;
	}
	atomic64_inc(&vgpu->stats.slices);
	atomic64_add(run_ns, &vgpu->stats.run_ns);
	if (reason == SCHED_END_PREEMPTED || reason == SCHED_END_QUANTUM)
		atomic64_inc(&vgpu->stats.preemptions);
	if (rq->quantum_ns && run_ns > rq->quantum_ns) {
		account->overrun_ns += run_ns - rq->quantum_ns;
		trace_vgpu_overrun(vgpu, run_ns - rq->quantum_ns);
	}
	entry.wait_ns = end_wait(account, time - run_ns - switch_ns);
	log_switch(rq, vgpu, &entry);
	if (vgpu->entity.runnable)
		account->waiting_since = time;
}
