// SPDX-License-Identifier: GPL-2.0-only
/*
 * queue.c - who runs: a run queue drives one execution resource
 *
 * For families whose GPU runs a partition's rings by itself. A policy
 * (sched/) says who is next; this file carries it out, step by step:
 *
 *	IDLE --run--> RUNNING --preempt--> PREEMPTING --reset--> RESETTING
 *	 ^ ^             |                     |                    |
 *	 | +-------------+---- run ended ------+--------------------+
 *	 +--> IDLE_SLOT: a turn that passes without use
 *
 * Decisions are made in one place, the work item of the run queue, which runs
 * on a real-time kthread because a step may sleep in the family's code.
 * Whoever has news (interrupt threads, the timer, open and close) notes it
 * under rq->lock and queues the work item.
 *
 * Events from the hardware are hints that may be lost. So every stage has a
 * deadline on the kernel's clock, and before a vGPU is reset for having passed
 * one, the family looks at the hardware's registers. While some vGPU is open
 * it does so every LOOK_NS anyway.
 *
 * A run ends by the GPU's own timer. One that outlives its quantum is asked to
 * stop; each stage of the hardware (load, stop, save) has its own deadline; who
 * passes one is reset, alone, and gets no more turns when that happens too
 * often.
 *
 * A vGPU alone with work runs without a quantum and stays resident when it
 * runs out of work, so that its next job starts without us; it is preempted
 * when another one has work and its own slice is over, or it has none itself.
 *
 * Two clocks: what a vGPU used is told by the GPU's, when to do something by
 * the kernel's.
 *
 * Lifetime: a vGPU is known here from vgpu_sched_add() to vgpu_sched_remove(),
 * which waits until the hardware and the work item let go of it.
 */
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "base/state.h"
#include "base/trace.h"
#include "base/vgpu.h"
#include "compat/compat.h"
#include "sched/account.h"
#include "sched/log.h"
#include "sched/queue.h"
#include "sched/sched.h"

#define LOOK_NS		(100 * NSEC_PER_MSEC)
/* Slices a second unless told otherwise: shorter ones where many wait. */
#define HZ_FEW		480
#define HZ_MANY		960
#define MANY		8

enum sched_op {
	SCHED_WAIT,
	SCHED_LOOK,
	SCHED_RUN,
	SCHED_PREEMPT,
	SCHED_OVERDUE,
};

/**
 * struct sched_step - what is to be done next, without rq->lock
 * @op: what
 * @vgpu: with whom; NULL for SCHED_WAIT, and SCHED_LOOK at an empty resource
 * @flags: SCHED_RUN: VGPU_RUN_* flags
 * @quantum_ns: SCHED_RUN: as vgpu_family.run wants it
 */
struct sched_step {
	enum sched_op op;
	struct vgpu *vgpu;
	unsigned int flags;
	u64 quantum_ns;
};

/**
 * vgpu_sched_kick - have a run queue decide anew
 * @rq: the run queue; its lock is held
 *
 * After whatever may change its decision. Any context.
 */
void vgpu_sched_kick(struct vgpu_runqueue *rq)
{
	lockdep_assert_held(&rq->lock);
	if (!rq->stopping)
		kthread_queue_work(rq->gpu->worker, &rq->work);
}

/**
 * vgpu_sched_timeslice - the slice that is in force on a GPU
 * @gpu: the GPU
 *
 * Return: nanoseconds.
 */
u64 vgpu_sched_timeslice(struct vgpu_gpu *gpu)
{
	u64 set = READ_ONCE(gpu->timeslice_ns);

	if (set)
		return set;
	return NSEC_PER_SEC / (READ_ONCE(gpu->rq[0].queue.members) < MANY ?
			       HZ_FEW : HZ_MANY);
}

/* A stage begins, whose deadline is @patience_ns away; 0: it has none. */
static void enter_stage(struct vgpu_runqueue *rq, enum vgpu_sched_stage stage,
			u64 now, u64 patience_ns)
{
	rq->stage = stage;
	rq->since = now;
	rq->deadline = patience_ns ? now + patience_ns : 0;
	rq->extended = false;
}

static struct vgpu *vgpu_of(struct vgpu_runqueue *rq,
			    struct sched_client *client)
{
	return client == &rq->queue.nobody ? NULL :
	       container_of(client, struct vgpu, entity);
}

/**
 * vgpu_queue_release - no vGPU holds the engine any more
 * @rq: the run queue; its lock is held, and its policy was told by
 *	sched_charge()
 */
void vgpu_queue_release(struct vgpu_runqueue *rq)
{
	rq->current_vgpu = NULL;
	enter_stage(rq, VGPU_STAGE_IDLE, ktime_get_ns(), 0);
	wake_up_all(&rq->off);
}

/**
 * vgpu_queue_abandon - the GPU is dead, and with it what ran on the engine
 * @rq: the run queue; its lock is held
 * @now: kernel clock
 */
void vgpu_queue_abandon(struct vgpu_runqueue *rq, u64 now)
{
	sched_charge(&rq->queue, SCHED_END_RESET, 0, now);
	vgpu_queue_release(rq);
}

/* ---------------------------------------------------------------- decisions */

/*
 * The deadline has passed, and long ago: where we are a virtual machine
 * ourselves, all of us may have stood still, the GPU too. Once a stage.
 */
static bool stood_still(struct vgpu_runqueue *rq, u64 now)
{
	u64 patience = READ_ONCE(rq->gpu->preempt_timeout_ns);

	if (rq->extended || now - rq->deadline < patience / 4)
		return false;
	rq->extended = true;
	rq->deadline = now + patience / 2;
	return true;
}

static struct sched_step step_preempt(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_PREEMPT, rq->current_vgpu };

	trace_vgpu_preempt(rq->current_vgpu);
	enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
		    READ_ONCE(rq->gpu->preempt_timeout_ns));
	return step;
}

static struct sched_step decide_idle(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct sched_decision next;
	struct vgpu *vgpu;
	u64 patience;

	rq->queue.timeslice_ns = vgpu_sched_timeslice(rq->gpu);
	rq->queue.averaging = READ_ONCE(rq->gpu->averaging);
	sched_pick(&rq->queue, now, &next);
	rq->deadline = next.until;
	if (!next.client) {
		trace_vgpu_idle(rq);
		return step;
	}
	rq->quantum_ns = next.quantum_ns;
	if (next.idle_slot) {
		enter_stage(rq, VGPU_STAGE_IDLE_SLOT, now,
			    next.quantum_ns);
		return step;
	}
	vgpu = vgpu_of(rq, next.client);
	step.op = SCHED_RUN;
	step.vgpu = vgpu;
	step.quantum_ns = next.quantum_ns;
	if (!next.quantum_ns)
		step.flags = VGPU_RUN_LINGER;
	rq->current_vgpu = vgpu;
	rq->overdue = false;
	rq->saving = false;
	vgpu->sched_state = VGPU_SCHED_RUNNING;
	patience = next.quantum_ns + READ_ONCE(rq->gpu->preempt_timeout_ns);
	enter_stage(rq, VGPU_STAGE_RUNNING, now,
		    next.quantum_ns ? patience : 0);
	return step;
}

/**
 * vgpu_queue_end_slot - end the idle slot of a run queue
 * @rq: the run queue, in the stage IDLE_SLOT; its lock is held
 * @now: kernel clock
 */
void vgpu_queue_end_slot(struct vgpu_runqueue *rq, u64 now)
{
	u64 ran = now - rq->since;

	vgpu_account_slot(rq, vgpu_of(rq, rq->queue.current_client), ran);
	sched_charge(&rq->queue, SCHED_END_QUANTUM, ran, now);
	vgpu_queue_release(rq);
}

static struct sched_step decide_idle_slot(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	u64 stop_in;

	if (now < rq->deadline && !sched_look(&rq->queue, now, &stop_in))
		return step;
	vgpu_queue_end_slot(rq, now);
	return decide_idle(rq, now);
}

static struct sched_step decide_running(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct vgpu *vgpu = rq->current_vgpu;
	u64 stop_in;

	if (vgpu->sched_state == VGPU_SCHED_CLOSED || vgpu->frozen)
		return step_preempt(rq, now);

	if (rq->quantum_ns) {
		/* It should have stopped by itself. */
		if (now < rq->deadline || stood_still(rq, now))
			return step;
		step.op = SCHED_OVERDUE;
		step.vgpu = vgpu;
		return step;
	}
	rq->deadline = 0;
	if (!sched_look(&rq->queue, now, &stop_in))
		return step;
	if (!stop_in)
		return step_preempt(rq, now);
	rq->deadline = now + stop_in;
	return step;
}

static struct sched_step decide_preempting(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };

	if (now < rq->deadline || stood_still(rq, now))
		return step;
	step.op = SCHED_OVERDUE;
	step.vgpu = rq->current_vgpu;
	return step;
}

static struct sched_step decide(struct vgpu_runqueue *rq)
{
	struct sched_step step = { SCHED_WAIT };
	u64 now = ktime_get_ns();

	lockdep_assert_held(&rq->lock);
	if (rq->stopping)
		return step;
	if (vgpu_gpu_is_dead(rq->gpu)) {
		vgpu_queue_abandon(rq, now);
		return step;
	}
	if (rq->queue.members && (rq->look || now >= rq->look_at)) {
		rq->look = false;
		rq->look_at = now + LOOK_NS;
		step.op = SCHED_LOOK;
		step.vgpu = rq->current_vgpu;
		return step;
	}
	switch (rq->stage) {
	case VGPU_STAGE_IDLE:
		return decide_idle(rq, now);
	case VGPU_STAGE_IDLE_SLOT:
		return decide_idle_slot(rq, now);
	case VGPU_STAGE_RUNNING:
		return decide_running(rq, now);
	case VGPU_STAGE_PREEMPTING:
		return decide_preempting(rq, now);
	case VGPU_STAGE_RESETTING:
		break;
	}
	return step;
}

/* ------------------------------------------------- a run that does not end */

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

	vgpu->hang_resets[vgpu->hang_count++ % VGPU_FAULT_LIMIT_MAX] = now;
	if (!limit || vgpu->hang_count < limit)
		return false;
	first = vgpu->hang_resets[(vgpu->hang_count - limit) %
				  VGPU_FAULT_LIMIT_MAX];
	return now - first <= window;
}

/* Reset the offender alone; the others go on as soon as it is off. */
static void act_reset(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		      enum vgpu_fault fault)
{
	struct vgpu_gpu *gpu = rq->gpu;
	bool open, stopped = false;

	spin_lock_irq(&rq->lock);
	enter_stage(rq, VGPU_STAGE_RESETTING, ktime_get_ns(), 0);
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
		vgpu->sched_state = VGPU_SCHED_FAULTED;
	}
	spin_unlock_irq(&rq->lock);
	if (open)
		vgpu_report_fault(vgpu, fault);
	if (stopped)
		vgpu_report_fault(vgpu, VGPU_FAULT_STOPPED);
}

/*
 * A deadline of the current run has passed. Its event may be lost, or the
 * hardware may be at something that it is given time for, once: to save what
 * was stopped.
 */
static void act_overdue(struct vgpu_runqueue *rq, struct vgpu *vgpu)
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
		enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
			    READ_ONCE(gpu->preempt_timeout_ns));
	} else if (stage == VGPU_RUN_SAVING) {
		fault = VGPU_FAULT_SAVE_TIMEOUT;
	} else if (rq->stage == VGPU_STAGE_RUNNING) {
		ask = true;
		rq->overdue = true;
		trace_vgpu_preempt(vgpu);
		enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
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

/* ------------------------------------------------------------------- action */

static void arm_timer(struct vgpu_runqueue *rq)
{
	u64 at = rq->deadline;

	lockdep_assert_held(&rq->lock);
	if (rq->stopping || vgpu_gpu_is_dead(rq->gpu))
		return;
	if (rq->queue.members && (!at || rq->look_at < at))
		at = rq->look_at;
	if (at)
		hrtimer_start(&rq->timer, ns_to_ktime(at), HRTIMER_MODE_ABS);
}

/* Writing to the device took its time, which is not the vGPU's fault. */
static void restart_clock(struct vgpu_runqueue *rq, const struct vgpu *vgpu,
			  enum vgpu_sched_stage stage)
{
	u64 passed;

	spin_lock_irq(&rq->lock);
	if (rq->current_vgpu == vgpu && rq->stage == stage) {
		passed = ktime_get_ns() - rq->since;
		rq->since += passed;
		if (rq->deadline)
			rq->deadline += passed;
	}
	spin_unlock_irq(&rq->lock);
}

static void act(struct vgpu_runqueue *rq, const struct sched_step *step)
{
	const struct vgpu_family *family = rq->gpu->family;

	switch (step->op) {
	case SCHED_WAIT:
		break;
	case SCHED_LOOK:
		family->poll(rq->gpu);
		break;
	case SCHED_RUN:
		if (family->run(rq, step->vgpu, step->flags, step->quantum_ns))
			vgpu_sched_run_end(rq, step->vgpu, SCHED_END_REJECTED,
					   0, 0, 0);
		else
			restart_clock(rq, step->vgpu, VGPU_STAGE_RUNNING);
		break;
	case SCHED_PREEMPT:
		family->preempt(rq);
		restart_clock(rq, step->vgpu, VGPU_STAGE_PREEMPTING);
		break;
	case SCHED_OVERDUE:
		act_overdue(rq, step->vgpu);
		break;
	}
}

static void sched_work(struct kthread_work *work)
{
	struct vgpu_runqueue *rq = container_of(work, struct vgpu_runqueue,
						work);
	struct sched_step step;

	/*
	 * Ends: each turn either waits, or brings a stage further whose next
	 * change takes news from the hardware or the passing of a deadline.
	 */
	do {
		spin_lock_irq(&rq->lock);
		step = decide(rq);
		rq->acting = step.vgpu;
		if (step.op == SCHED_WAIT)
			arm_timer(rq);
		spin_unlock_irq(&rq->lock);

		act(rq, &step);

		spin_lock_irq(&rq->lock);
		rq->acting = NULL;
		wake_up_all(&rq->off);
		spin_unlock_irq(&rq->lock);
	} while (step.op != SCHED_WAIT);
}

static enum hrtimer_restart sched_timer(struct hrtimer *timer)
{
	struct vgpu_runqueue *rq = container_of(timer, struct vgpu_runqueue,
						timer);

	/* Only wakes: what to do about it takes sleeping. */
	kthread_queue_work(rq->gpu->worker, &rq->work);
	return HRTIMER_NORESTART;
}

/* ------------------------------------------------------------- init, exit */

/**
 * vgpu_sched_init - make a GPU's run queues
 * @gpu: the GPU; its family was probed
 *
 * Return: 0 or errno. Nothing is made for a GPU that nobody schedules.
 */
int vgpu_sched_init(struct vgpu_gpu *gpu)
{
	struct kthread_worker *worker;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(gpu->rq); i++) {
		struct vgpu_runqueue *rq = &gpu->rq[i];

		rq->gpu = gpu;
		rq->index = i;
		sched_queue_init(&rq->queue, sched_policy_find(NULL), rq->ready,
				 rq->throttled, VGPU_MAX_PARTITIONS);
		rq->stage = VGPU_STAGE_IDLE;
		spin_lock_init(&rq->lock);
		init_waitqueue_head(&rq->off);
		kthread_init_work(&rq->work, sched_work);
		hrtimer_setup(&rq->timer, sched_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS);
	}
	/* Settings can be read, and need the locks. */
	if (!vgpu_is_scheduled(gpu))
		return 0;
	ret = vgpu_sched_log_init(gpu);
	if (ret)
		return ret;
	worker = vgpu_kthread_run_worker("openvgpu/%s", pci_name(gpu->pdev));
	if (IS_ERR(worker)) {
		vgpu_sched_log_exit(gpu);
		return PTR_ERR(worker);
	}
	sched_set_fifo_low(worker->task);
	gpu->worker = worker;
	return 0;
}

/**
 * vgpu_sched_exit - undo vgpu_sched_init()
 * @gpu: the GPU; no vGPU of it takes part any more
 */
void vgpu_sched_exit(struct vgpu_gpu *gpu)
{
	unsigned int i;

	if (!vgpu_is_scheduled(gpu) || !gpu->worker)
		return;
	for (i = 0; i < ARRAY_SIZE(gpu->rq); i++) {
		struct vgpu_runqueue *rq = &gpu->rq[i];

		/* The work item starts the timer, the timer queues the work. */
		spin_lock_irq(&rq->lock);
		rq->stopping = true;
		spin_unlock_irq(&rq->lock);
		kthread_flush_work(&rq->work);
		hrtimer_cancel(&rq->timer);
	}
	kthread_destroy_worker(gpu->worker);
	gpu->worker = NULL;
	vgpu_sched_log_exit(gpu);
}
