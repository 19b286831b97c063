// SPDX-License-Identifier: GPL-2.0-only
/*
 * overdue.c - what happens to a run that does not end
 *
 * The ladder, each step with preempt_timeout_us of its own: a run that
 * outlived its quantum, or never came to run, is looked at in the hardware's
 * registers; one that executes is asked to stop; one that saves its context is
 * given time to; then its partition is reset, alone. A vGPU for which that was
 * necessary too often gets no more turns until its guest resets it.
 */
#include <linux/ktime.h>
#include <linux/spinlock.h>

#include "base/state.h"
#include "base/trace.h"
#include "base/vgpu.h"
#include "sched/account.h"
#include "sched/sched.h"

static bool is_resident(struct vgpu_runqueue *rq, const struct vgpu *vgpu)
{
	bool resident;

	spin_lock_irq(&rq->lock);
	resident = rq->current_vgpu == vgpu;
	spin_unlock_irq(&rq->lock);
	return resident;
}

/* Reset once more: has it been too often? */
static bool note_hang(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	u32 limit = READ_ONCE(gpu->fault_limit);
	u64 window = (u64)READ_ONCE(gpu->fault_window_s) * NSEC_PER_SEC;
	u64 now = ktime_get_ns(), first;

	vgpu->hang_resets[vgpu->hang_count++ % OPENVGPU_FAULT_LIMIT_MAX] = now;
	if (!limit || vgpu->hang_count < limit)
		return false;
	first = vgpu->hang_resets[(vgpu->hang_count - limit) %
				  OPENVGPU_FAULT_LIMIT_MAX];
	return now - first <= window;
}

/* Reset the offender alone; the others go on as soon as it is off. */
static void act_reset(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		      enum vgpu_fault fault)
{
	struct vgpu_gpu *gpu = rq->gpu;
	bool open, stopped = false;

	spin_lock_irq(&rq->lock);
	vgpu_sched_enter_stage(rq, VGPU_STAGE_RESETTING, ktime_get_ns(), 0);
	spin_unlock_irq(&rq->lock);
	trace_vgpu_reset(vgpu, fault);
	if (gpu->family->partition_reset(vgpu)) {
		vgpu_gpu_dead(gpu, "a partition that hangs can't be reset");
		return;
	}
	gpu->family->poll(gpu);
	/* Not to be touched for now: then nobody has looked. */
	if (vgpu_gpu_is_dead(gpu))
		return;
	if (is_resident(rq, vgpu)) {
		vgpu_gpu_dead(gpu, "a partition holds its engine after a reset");
		return;
	}

	/* Who is leaving has nobody to be told. */
	spin_lock_irq(&rq->lock);
	open = vgpu->sched_state != VGPU_SCHED_CLOSED;
	if (open && note_hang(vgpu)) {
		stopped = true;
		vgpu->faulted = true;
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_account_rest(vgpu);
		vgpu->sched_state = vgpu_sched_resting_state(vgpu);
	}
	spin_unlock_irq(&rq->lock);
	if (open)
		vgpu_report_fault(vgpu, fault);
	if (stopped)
		vgpu_report_fault(vgpu, VGPU_FAULT_STOPPED);
}

/**
 * vgpu_sched_overdue - a deadline of the current run has passed
 * @rq: the run queue
 * @vgpu: whose run it was when the deadline passed
 *
 * Its event may be lost, or the hardware may be at something that it is given
 * time for, once: to save what was stopped. From the work item of @rq only;
 * may sleep.
 */
void vgpu_sched_overdue(struct vgpu_runqueue *rq, struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = rq->gpu;
	enum vgpu_run_stage stage = VGPU_RUN_EXECUTING;
	enum vgpu_fault fault = VGPU_FAULT_NONE;
	bool ask = false;
	u64 now;

	gpu->family->poll(gpu);
	if (gpu->family->run_stage && is_resident(rq, vgpu))
		stage = gpu->family->run_stage(rq);

	spin_lock_irq(&rq->lock);
	now = ktime_get_ns();
	/* It may be innocent, and may have ended while we looked. */
	if (rq->current_vgpu != vgpu || vgpu_gpu_is_dead(gpu))
		goto unlock;
	if (stage == VGPU_RUN_LOADING) {
		fault = VGPU_FAULT_LOAD_TIMEOUT;
	} else if (stage == VGPU_RUN_SAVING && !rq->saving) {
		rq->saving = true;
		vgpu_sched_enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
				       READ_ONCE(gpu->preempt_timeout_ns));
	} else if (stage == VGPU_RUN_SAVING) {
		fault = VGPU_FAULT_SAVE_TIMEOUT;
	} else if (rq->stage == VGPU_STAGE_RUNNING) {
		ask = true;
		rq->overdue = true;
		trace_vgpu_preempt(vgpu);
		vgpu_sched_enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
				       READ_ONCE(gpu->preempt_timeout_ns));
	} else {
		fault = rq->overdue ? VGPU_FAULT_RUN_TIMEOUT :
				      VGPU_FAULT_PREEMPT_TIMEOUT;
	}
unlock:
	spin_unlock_irq(&rq->lock);

	if (ask)
		gpu->family->preempt(rq);
	else if (fault != VGPU_FAULT_NONE)
		act_reset(rq, vgpu, fault);
}
