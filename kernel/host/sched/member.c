// SPDX-License-Identifier: GPL-2.0-only
/*
 * member.c - the vGPUs of a run queue: they come and go, and families report
 * what happens to them
 *
 * A vGPU is a member from vgpu_sched_add() to vgpu_sched_remove(), which waits
 * until the hardware and the work item have let go of it. Every function here
 * notes its news under the lock of the run queue and has the queue decide anew.
 */
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "sched/account.h"
#include "sched/queue.h"
#include "sched/sched.h"

/* Beyond the patience with a load, a stop and a save: a reset and some looks. */
#define REMOVE_SLACK_MS	3000
#define STAGES		3

/* The state of an open vGPU that does not hold the engine. */
static enum vgpu_sched_state resting_state(const struct vgpu *vgpu)
{
	if (vgpu->faulted)
		return VGPU_SCHED_FAULTED;
	if (vgpu->frozen)
		return VGPU_SCHED_FROZEN;
	return vgpu->entity.runnable ? VGPU_SCHED_RUNNABLE : VGPU_SCHED_IDLE;
}

/**
 * vgpu_sched_state_name - the name of a state of the scheduler
 * @state: the state
 */
const char *vgpu_sched_state_name(enum vgpu_sched_state state)
{
	static const char *const names[] = {
		[VGPU_SCHED_CLOSED]	= "closed",
		[VGPU_SCHED_IDLE]	= "idle",
		[VGPU_SCHED_RUNNABLE]	= "runnable",
		[VGPU_SCHED_RUNNING]	= "running",
		[VGPU_SCHED_FROZEN]	= "frozen",
		[VGPU_SCHED_FAULTED]	= "faulted",
	};

	return names[state];
}

/*
 * A vGPU that hung too often gets turns again when it has been reset and its
 * hangs are old. The reset alone does not do: a guest would hang, reset itself
 * and hang again, and cost the others a timeout each time. Returns whether it
 * was denied turns until now. With the lock of the run queue held.
 */
static bool end_stop(struct vgpu *vgpu)
{
	if (!vgpu->faulted || !vgpu->stop_answered)
		return false;
	if (READ_ONCE(vgpu->instance->settings.fault_limit) &&
	    ktime_get_ns() < vgpu->stopped_until)
		return false;
	vgpu->faulted = false;
	vgpu->sched_state = resting_state(vgpu);
	return true;
}

/* --------------------------------------------------------- which run queue */

/**
 * vgpu_sched_lock - lock the run queue of a vGPU, in any state
 * @vgpu: the vGPU
 *
 * A vGPU that nobody has open may go to another queue meanwhile. Who holds vgpu->lock,
 * and families about a vGPU that runs, need not fear that. Not with interrupts off.
 *
 * Return: the run queue.
 */
struct vgpu_runqueue *vgpu_sched_lock(struct vgpu *vgpu)
	__acquires(vgpu->instance->rq.lock)
{
	struct vgpu_runqueue *rq;

	for (;;) {
		rq = &READ_ONCE(vgpu->instance)->rq;
		spin_lock_irq(&rq->lock);
		if (rq->instance == vgpu->instance)
			return rq;
		spin_unlock_irq(&rq->lock);
	}
}

/**
 * vgpu_sched_change_queue - put a vGPU into the run queue of another instance
 * @vgpu: the vGPU, which nobody has open
 * @instance: the instance
 * @seats: how many vGPUs of its type that queue is for
 *
 * With vgpu->lock held.
 */
void vgpu_sched_change_queue(struct vgpu *vgpu, struct vgpu_instance *instance,
			     unsigned int seats)
{
	struct vgpu_runqueue *rq;

	lockdep_assert_held(&vgpu->lock);
	if (vgpu->instance == instance)
		return;
	rq = vgpu_sched_lock(vgpu);
	sched_forget(&vgpu->entity);
	vgpu->entity.max_instance = seats;
	WRITE_ONCE(vgpu->instance, instance);
	spin_unlock_irq(&rq->lock);
}

/* -------------------------------------------------------- news from families */

/**
 * vgpu_sched_pending - a vGPU has work
 * @vgpu: the vGPU; no effect if it is no member
 * @time: since when, nanoseconds of the GPU's clock
 *
 * No effect either if that was known. Any context but hard interrupt.
 */
void vgpu_sched_pending(struct vgpu *vgpu, u64 time)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED)
		goto unlock;
	if (end_stop(vgpu))
		vgpu_report_recovery(vgpu);
	if (vgpu->frozen || vgpu->faulted || vgpu->entity.runnable)
		goto unlock;
	sched_wake(&rq->queue, &vgpu->entity, ktime_get_ns());
	if (rq->current_vgpu != vgpu) {
		vgpu_account_wake(vgpu, time);
		vgpu->sched_state = VGPU_SCHED_RUNNABLE;
		/* A vGPU that runs without a quantum may linger without work. */
		if (rq->stage == VGPU_STAGE_RUNNING && !rq->quantum_ns)
			rq->look = true;
	}
	vgpu_sched_kick(rq);
unlock:
	spin_unlock_irqrestore(&rq->lock, flags);
}

/**
 * vgpu_sched_out_of_work - a resident vGPU lingers without work
 * @vgpu: the vGPU; no effect if it is not resident
 *
 * Any context but hard interrupt.
 */
void vgpu_sched_out_of_work(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	if (rq->current_vgpu == vgpu && vgpu->entity.runnable) {
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_sched_kick(rq);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

/**
 * vgpu_sched_run_end - the run of a vGPU has ended
 * @vgpu: the vGPU; no effect if it is not resident
 * @reason: why it ended
 * @time: when it ended, nanoseconds of the GPU's clock
 * @run_ns: how long it lasted, by the same clock
 * @switch_ns: how long its load and save took
 *
 * The family reports each run's end once. Any context but hard interrupt.
 */
void vgpu_sched_run_end(struct vgpu *vgpu, enum sched_end reason, u64 time,
			u64 run_ns, u64 switch_ns)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	unsigned long flags;
	bool knew;

	spin_lock_irqsave(&rq->lock, flags);
	if (rq->current_vgpu != vgpu)
		goto unlock;

	/*
	 * Whether it has work after a reset or a rejection is in the hardware,
	 * which is not looked at now: a vGPU that is rejected and has work would
	 * make the worker spin. After a quantum it may have none; then its next
	 * run ends at once.
	 */
	knew = vgpu->entity.runnable;
	sched_charge(&rq->queue, reason, run_ns, switch_ns, ktime_get_ns());
	vgpu_account_run(rq, vgpu, reason, time, run_ns, switch_ns);
	if (vgpu->sched_state != VGPU_SCHED_CLOSED) {
		if (vgpu->frozen)
			sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu->sched_state = resting_state(vgpu);
		/* It lingered and got work before it left: no event says so. */
		if (!knew)
			rq->look = true;
	}
	vgpu_queue_release(rq);
	vgpu_sched_kick(rq);
unlock:
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ------------------------------------------------------- vGPUs come and go */

/**
 * vgpu_sched_prepare - a vGPU was created
 * @vgpu: the vGPU
 */
void vgpu_sched_prepare(struct vgpu *vgpu)
{
	sched_client_init(&vgpu->entity);
}

/**
 * vgpu_sched_answer_stop - a vGPU was reset, or has a new owner
 * @vgpu: the vGPU
 *
 * One that was stopped gets turns again when its hangs are old: a new owner, who
 * may be the former one, does not change that.
 */
void vgpu_sched_answer_stop(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;

	spin_lock_irq(&rq->lock);
	vgpu->stop_answered = true;
	spin_unlock_irq(&rq->lock);
}

/**
 * vgpu_sched_add - make a vGPU a member of its instance's run queue
 * @vgpu: the vGPU; its partition is enabled
 *
 * Work that it has already is found. Neither its hangs nor its debt are
 * forgotten.
 * With vgpu->lock held.
 */
void vgpu_sched_add(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	bool recovered = false;

	if (!vgpu_is_scheduled(vgpu->gpu))
		return;
	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED) {
		sched_add(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu->sched_state = resting_state(vgpu);
		recovered = end_stop(vgpu);
		/* Events were ignored until now. */
		rq->look = true;
		vgpu_sched_kick(rq);
	}
	spin_unlock_irq(&rq->lock);
	if (recovered)
		vgpu_report_recovery(vgpu);
}

/**
 * vgpu_sched_freeze - give a vGPU no turns, or give it turns again
 * @vgpu: the vGPU, in any state
 * @frozen: whether it is to have none
 *
 * Does not wait: a frozen vGPU may be resident until it was preempted. What it
 * has queued is kept. Not with interrupts off.
 */
void vgpu_sched_freeze(struct vgpu *vgpu, bool frozen)
{
	struct vgpu_runqueue *rq = vgpu_sched_lock(vgpu);

	if (vgpu->frozen == frozen)
		goto unlock;
	vgpu->frozen = frozen;
	if (vgpu->sched_state == VGPU_SCHED_CLOSED)
		goto unlock;
	/* If it holds the engine, the end of its run does this. */
	if (rq->current_vgpu != vgpu) {
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_account_rest(vgpu);
		vgpu->sched_state = resting_state(vgpu);
	}
	/* Work that came meanwhile was not noted. */
	rq->look = true;
	vgpu_sched_kick(rq);
unlock:
	spin_unlock_irq(&rq->lock);
}

/*
 * How long a vGPU may take to leave its engine, in jiffies. The stage that is
 * under way keeps the timeout it began with. With the lock of the run queue held.
 */
static unsigned long patience_of(const struct vgpu_runqueue *rq)
{
	u64 timeout_ns = READ_ONCE(rq->instance->settings.preempt_timeout_ns);
	u64 now = ktime_get_ns();

	if (rq->deadline > now)
		timeout_ns = max(timeout_ns, rq->deadline - now);
	return STAGES * nsecs_to_jiffies(timeout_ns) +
	       msecs_to_jiffies(REMOVE_SLACK_MS);
}

/**
 * vgpu_sched_slow - slow a vGPU down for a while, whatever its settings are
 * @vgpu: the vGPU, in any state
 * @percent: of the engine's time, at most; 100: as its settings say
 *
 * Any context but hard interrupt.
 */
void vgpu_sched_slow(struct vgpu *vgpu, u32 percent)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	unsigned long flags;

	if (!vgpu_is_scheduled(vgpu->gpu))
		return;
	spin_lock_irqsave(&rq->lock, flags);
	if (vgpu->entity.slow_percent != percent) {
		sched_slow(&rq->queue, &vgpu->entity, percent, ktime_get_ns());
		vgpu_sched_kick(rq);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* Neither the hardware nor the work item deals with the vGPU. */
static bool let_go(struct vgpu_runqueue *rq, const struct vgpu *vgpu)
{
	bool gone;

	spin_lock_irq(&rq->lock);
	gone = rq->acting != vgpu &&
	       (rq->current_vgpu != vgpu || vgpu_gpu_is_dead(vgpu->gpu));
	spin_unlock_irq(&rq->lock);
	return gone;
}

/*
 * Wait for what an engine is to do within @patience. If the host is a virtual machine
 * that stood still, its clock says that time is over before the worker has run; so it
 * gets a little more.
 */
#define wait_off(rq, condition, patience) \
	(wait_event_timeout((rq)->off, condition, patience) || \
	 wait_event_timeout((rq)->off, condition, msecs_to_jiffies(REMOVE_SLACK_MS)))

/**
 * vgpu_sched_remove - take a vGPU off the hardware and out of the run queue
 * @vgpu: the vGPU; no effect if it is no member
 *
 * It is preempted if it is resident, and reset if it does not yield. When this
 * returns it is off the hardware or the GPU is dead. May sleep, bounded by the
 * preemption's timeout and some seconds. With vgpu->lock held.
 */
void vgpu_sched_remove(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = &vgpu->instance->rq;
	unsigned long patience;

	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	vgpu->sched_state = VGPU_SCHED_CLOSED;
	sched_remove(&rq->queue, &vgpu->entity, ktime_get_ns());
	vgpu_account_rest(vgpu);
	vgpu_sched_kick(rq);
	patience = patience_of(rq);
	spin_unlock_irq(&rq->lock);

	if (!wait_off(rq, let_go(rq, vgpu), patience))
		vgpu_gpu_dead(vgpu->gpu, "a vGPU can't be taken off its engine");

	/* A step that is under way with it is bounded by the family. */
	wait_event(rq->off, let_go(rq, vgpu));
	spin_lock_irq(&rq->lock);
	if (rq->current_vgpu == vgpu)
		vgpu_queue_abandon(rq, ktime_get_ns());
	spin_unlock_irq(&rq->lock);
}

/* ------------------------------------------------------ the engine stands still */

/* No vGPU is on the engine, and none is being brought there. */
static bool stands_still(struct vgpu_runqueue *rq)
{
	bool still;

	spin_lock_irq(&rq->lock);
	still = !rq->acting &&
		(!rq->current_vgpu || vgpu_gpu_is_dead(rq->instance->gpu));
	spin_unlock_irq(&rq->lock);
	return still;
}

/**
 * vgpu_sched_hold - stop an instance's engine for a while
 * @instance: the instance
 *
 * Who is resident is preempted, and reset if it does not yield. Nothing is lost
 * of the others, which wait for vgpu_sched_let_go(). May sleep, bounded as
 * vgpu_sched_remove().
 *
 * Return: whether it stands still; if not, the GPU is dead.
 */
bool vgpu_sched_hold(struct vgpu_instance *instance)
{
	struct vgpu_runqueue *rq = &instance->rq;
	unsigned long patience;

	if (!rq->worker)
		return true;
	spin_lock_irq(&rq->lock);
	rq->held = true;
	vgpu_sched_kick(rq);
	patience = patience_of(rq);
	spin_unlock_irq(&rq->lock);
	if (wait_off(rq, stands_still(rq), patience))
		return true;
	vgpu_gpu_dead(instance->gpu, "an engine can't be stopped");
	return false;
}

/**
 * vgpu_sched_let_go - an instance's engine works again
 * @instance: the instance; no effect if it was not held
 */
void vgpu_sched_let_go(struct vgpu_instance *instance)
{
	struct vgpu_runqueue *rq = &instance->rq;

	spin_lock_irq(&rq->lock);
	if (rq->held) {
		rq->held = false;
		vgpu_sched_kick(rq);
	}
	spin_unlock_irq(&rq->lock);
}
