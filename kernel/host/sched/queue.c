// SPDX-License-Identifier: GPL-2.0-only
/*
 * queue.c - a run queue drives the engine of one instance
 *
 * For families whose GPU runs a partition's rings by itself. A policy (policy/)
 * decides whose turn is next; this file carries that out, step by step:
 *
 *	IDLE --run--> RUNNING --preempt--> PREEMPTING --reset--> RESETTING
 *	  ^              |                     |                    |
 *	  +--------------+---- run ended ------+--------------------+
 *
 * Decisions are made in one place, the work item of the run queue, which runs
 * on a real-time kthread because a step may sleep in the family's code.
 * Interrupt threads, the timer, open and close note their news under rq->lock
 * and queue the work item; see member.c.
 *
 * Events from the hardware are hints that may be lost. So every stage has a
 * deadline on the kernel's clock, and before a vGPU is reset for having passed
 * one, the family looks at the hardware's registers. While some vGPU is open
 * it does so every LOOK_NS anyway.
 *
 * A run ends by the GPU's own timer. What happens to one that does not is a
 * ladder, whose steps take preempt_timeout_us each. A run that has outlived its
 * quantum, or never came to execute, is looked at in the hardware's registers.
 * If it executes, it is asked to stop. If it saves its context, it gets time to
 * do so. Then its partition is reset, alone. A vGPU for which that was
 * necessary too often gets no more turns until its guest resets it.
 *
 * A vGPU alone with work runs without a quantum and stays resident when it
 * runs out of work, so that its next job starts without the host.
 *
 * While a vGPU runs, the policy is asked after each change whether its run is to
 * be cut: for another that woke, or because its slice is over, if it has no
 * quantum. The answer may be to ask again later.
 *
 * There are two clocks: the GPU's measures what a vGPU has used, the kernel's
 * decides when something is to be done.
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
#include "sched/queue.h"
#include "sched/sched.h"

#define LOOK_NS		(100 * NSEC_PER_MSEC)
/*
 * Guests cause looks, which read the registers of all engines and hold up who wants
 * to begin a run: so often at most, all instances together. A look is for all of them.
 */
#define LOOK_PAUSE_NS	(5 * NSEC_PER_MSEC)
/* Slices a second unless a setting fixes them: shorter ones where many wait. */
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
 * struct sched_step - the next step, which is taken without rq->lock
 * @op: kind of the step
 * @vgpu: the vGPU it concerns; NULL: SCHED_WAIT, or SCHED_LOOK at an engine
 *	that no vGPU holds
 * @quantum_ns: SCHED_RUN: as vgpu_family.run wants it
 * @linger_ns: likewise
 */
struct sched_step {
	enum sched_op op;
	struct vgpu *vgpu;
	u64 quantum_ns;
	u64 linger_ns;
};

/**
 * vgpu_sched_kick - have a run queue decide anew
 * @rq: the run queue; its lock is held
 *
 * To be called after any change that may change its decision. Any context.
 */
void vgpu_sched_kick(struct vgpu_runqueue *rq)
{
	lockdep_assert_held(&rq->lock);
	if (!rq->stopping)
		kthread_queue_work(rq->worker, &rq->work);
}

/**
 * vgpu_sched_timeslice - the slice that is in force on an instance
 * @instance: the instance
 *
 * Return: nanoseconds.
 */
u64 vgpu_sched_timeslice(const struct vgpu_instance *instance)
{
	u64 set = READ_ONCE(instance->settings.timeslice_ns);

	if (set)
		return set;
	return NSEC_PER_SEC / (READ_ONCE(instance->rq.queue.members) < MANY ?
			       HZ_FEW : HZ_MANY);
}

static u64 preempt_timeout(const struct vgpu_runqueue *rq)
{
	return READ_ONCE(rq->instance->settings.preempt_timeout_ns);
}

/* A stage begins, whose deadline is @patience_ns away; 0: it has none. */
static void enter_stage(struct vgpu_runqueue *rq, enum vgpu_sched_stage stage,
			u64 now, u64 patience_ns)
{
	lockdep_assert_held(&rq->lock);
	rq->stage = stage;
	rq->since = now;
	rq->deadline = patience_ns ? now + patience_ns : 0;
	rq->ask_at = 0;
	rq->extended = false;
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
	sched_charge(&rq->queue, SCHED_END_RESET, 0, 0, now);
	vgpu_queue_release(rq);
}

/* ---------------------------------------------------------------- decisions */

/*
 * The deadline passed long ago. Then the whole host, with its GPU, may have
 * stood still, if it is a virtual machine itself: so the stage gets more time,
 * once.
 */
static bool stood_still(struct vgpu_runqueue *rq, u64 now)
{
	u64 patience = preempt_timeout(rq);

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
	enter_stage(rq, VGPU_STAGE_PREEMPTING, now, preempt_timeout(rq));
	return step;
}

static struct sched_step decide_idle(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct sched_decision next;
	struct vgpu *vgpu;
	u64 patience;

	if (rq->held) {
		rq->deadline = 0;
		return step;
	}
	sched_pick(&rq->queue, now, &next);
	rq->deadline = next.until;
	if (!next.client) {
		trace_vgpu_idle(rq->instance);
		return step;
	}
	rq->quantum_ns = next.quantum_ns;
	vgpu = container_of(next.client, struct vgpu, entity);
	step.op = SCHED_RUN;
	step.vgpu = vgpu;
	step.quantum_ns = next.quantum_ns;
	step.linger_ns = next.linger_ns;
	rq->current_vgpu = vgpu;
	rq->overdue = false;
	rq->saving = false;
	vgpu->sched_state = VGPU_SCHED_RUNNING;
	patience = next.quantum_ns + preempt_timeout(rq);
	enter_stage(rq, VGPU_STAGE_RUNNING, now, next.quantum_ns ? patience : 0);
	return step;
}

static struct sched_step decide_running(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct vgpu *vgpu = rq->current_vgpu;
	u64 stop_in;

	if (vgpu->sched_state == VGPU_SCHED_CLOSED || vgpu->frozen || rq->held)
		return step_preempt(rq, now);
	/* While it is being loaded, stopping takes as long as letting it run. */
	if (now - rq->since < rq->queue.switch_ns) {
		rq->ask_at = rq->since + rq->queue.switch_ns;
		return step;
	}
	stop_in = sched_look(&rq->queue, now);
	if (!stop_in)
		return step_preempt(rq, now);
	rq->ask_at = stop_in == SCHED_FOREVER ? 0 : now + stop_in;
	/* With a quantum it stops by itself unless it is overdue. */
	if (!rq->quantum_ns || now < rq->deadline || stood_still(rq, now))
		return step;
	step.op = SCHED_OVERDUE;
	step.vgpu = vgpu;
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

static void use_settings(struct vgpu_runqueue *rq)
{
	const struct vgpu_sched_settings *settings = &rq->instance->settings;

	rq->queue.timeslice_ns = vgpu_sched_timeslice(rq->instance);
	rq->queue.timeslice_max_ns = READ_ONCE(settings->timeslice_max_ns);
	rq->queue.cuts_permille = READ_ONCE(settings->wake_budget_permille);
}

/* When to look at the hardware's registers. */
static u64 next_look(const struct vgpu_runqueue *rq)
{
	u64 pause_ends = READ_ONCE(rq->instance->gpu->looked_at) + LOOK_PAUSE_NS;

	return rq->look ? min(rq->look_at, pause_ends) : rq->look_at;
}

static struct sched_step decide(struct vgpu_runqueue *rq)
{
	struct sched_step step = { SCHED_WAIT };
	u64 now = ktime_get_ns();

	lockdep_assert_held(&rq->lock);
	if (rq->stopping)
		return step;
	if (vgpu_gpu_is_dead(rq->instance->gpu)) {
		vgpu_queue_abandon(rq, now);
		return step;
	}
	use_settings(rq);
	/* Between two looks comes a decision. */
	if (rq->queue.members && !rq->looked && now >= next_look(rq)) {
		rq->looked = true;
		rq->look = false;
		WRITE_ONCE(rq->instance->gpu->looked_at, now);
		rq->look_at = now + LOOK_NS;
		step.op = SCHED_LOOK;
		step.vgpu = rq->current_vgpu;
		return step;
	}
	rq->looked = false;
	switch (rq->stage) {
	case VGPU_STAGE_IDLE:
		return decide_idle(rq, now);
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

/* It was reset for a hang once more. True: it has been too often. */
static bool note_hang(struct vgpu *vgpu)
{
	struct vgpu_sched_settings *settings = &vgpu->instance->settings;
	u32 limit = READ_ONCE(settings->fault_limit);
	u64 window = (u64)READ_ONCE(settings->fault_window_s) * NSEC_PER_SEC;
	u64 now = ktime_get_ns(), first;

	vgpu->hang_resets[vgpu->hang_count++ % OPENVGPU_FAULT_LIMIT_MAX] = now;
	if (!limit || vgpu->hang_count < limit)
		return false;
	first = vgpu->hang_resets[(vgpu->hang_count - limit) %
				  OPENVGPU_FAULT_LIMIT_MAX];
	vgpu->stopped_until = first + window;
	vgpu->stop_answered = false;
	return now <= vgpu->stopped_until;
}

/* The vGPU is reset alone; the others go on as soon as it is off the engine. */
static void act_reset(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		      enum vgpu_fault fault)
{
	struct vgpu_gpu *gpu = rq->instance->gpu;
	bool member, stopped;

	spin_lock_irq(&rq->lock);
	enter_stage(rq, VGPU_STAGE_RESETTING, ktime_get_ns(), 0);
	spin_unlock_irq(&rq->lock);
	trace_vgpu_reset(vgpu, fault);
	/* If it did not obey, the family has said so. */
	if (gpu->family->partition_reset(vgpu))
		return;
	gpu->family->poll(gpu);
	/* If the GPU must not be touched now, poll() has looked at nothing. */
	if (vgpu_gpu_is_dead(gpu))
		return;
	if (is_resident(rq, vgpu)) {
		vgpu_gpu_failed(gpu, "a partition holds its engine after a reset");
		return;
	}

	/*
	 * One that is on its way out has cost the others as much time, so it
	 * counts; but it is being reset or closed by its owner, or has no bus
	 * mastering, and is not told of it here.
	 */
	spin_lock_irq(&rq->lock);
	member = vgpu->sched_state != VGPU_SCHED_CLOSED;
	stopped = note_hang(vgpu);
	if (stopped)
		vgpu->faulted = true;
	if (stopped && member) {
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_account_rest(vgpu);
		vgpu->sched_state = VGPU_SCHED_FAULTED;
	}
	spin_unlock_irq(&rq->lock);
	if (member)
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
	struct vgpu_instance *instance = rq->instance;
	struct vgpu_gpu *gpu = instance->gpu;
	enum vgpu_run_stage stage = VGPU_RUN_EXECUTING;
	enum vgpu_fault fault = VGPU_FAULT_NONE;
	bool ask = false;
	u64 now;

	gpu->family->poll(gpu);
	if (gpu->family->run_stage && is_resident(rq, vgpu))
		stage = gpu->family->run_stage(instance);

	spin_lock_irq(&rq->lock);
	now = ktime_get_ns();
	/* It may be innocent, and may have ended while we looked. */
	if (rq->current_vgpu != vgpu || vgpu_gpu_is_dead(gpu))
		goto unlock;
	if (stage == VGPU_RUN_LOADING) {
		fault = VGPU_FAULT_LOAD_TIMEOUT;
	} else if (stage == VGPU_RUN_SAVING && !rq->saving) {
		rq->saving = true;
		enter_stage(rq, VGPU_STAGE_PREEMPTING, now, preempt_timeout(rq));
	} else if (stage == VGPU_RUN_SAVING) {
		fault = VGPU_FAULT_SAVE_TIMEOUT;
	} else if (rq->stage == VGPU_STAGE_RUNNING) {
		ask = true;
		rq->overdue = true;
		trace_vgpu_preempt(vgpu);
		enter_stage(rq, VGPU_STAGE_PREEMPTING, now, preempt_timeout(rq));
	} else {
		fault = rq->overdue ? VGPU_FAULT_RUN_TIMEOUT :
				      VGPU_FAULT_PREEMPT_TIMEOUT;
	}
unlock:
	spin_unlock_irq(&rq->lock);

	if (ask)
		gpu->family->preempt(instance);
	else if (fault != VGPU_FAULT_NONE)
		act_reset(rq, vgpu, fault);
}

/* ------------------------------------------------------------------- action */

static void arm_timer(struct vgpu_runqueue *rq)
{
	u64 at = rq->deadline;

	lockdep_assert_held(&rq->lock);
	if (rq->stopping || vgpu_gpu_is_dead(rq->instance->gpu))
		return;
	if (rq->ask_at && (!at || rq->ask_at < at))
		at = rq->ask_at;
	if (rq->queue.members && (!at || next_look(rq) < at))
		at = next_look(rq);
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
	struct vgpu_instance *instance = rq->instance;
	const struct vgpu_family *family = instance->gpu->family;

	switch (step->op) {
	case SCHED_WAIT:
		break;
	case SCHED_LOOK:
		family->poll(instance->gpu);
		break;
	case SCHED_RUN:
		if (family->run(step->vgpu, step->quantum_ns, step->linger_ns))
			vgpu_sched_run_end(step->vgpu, SCHED_END_REJECTED, 0, 0,
					   0);
		else
			restart_clock(rq, step->vgpu, VGPU_STAGE_RUNNING);
		break;
	case SCHED_PREEMPT:
		family->preempt(instance);
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
	 * The loop ends: each pass either waits, or begins a stage that only
	 * news from the hardware or the passing of a deadline ends.
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

	/* A decision may sleep, so the worker makes it. */
	kthread_queue_work(rq->worker, &rq->work);
	return HRTIMER_NORESTART;
}

/* ------------------------------------------------------------- init, exit */

/* The name tells the workers of a GPU's instances apart. */
static int start_worker(struct vgpu_runqueue *rq)
{
	const struct vgpu_instance *instance = rq->instance;
	struct kthread_worker *worker;

	worker = vgpu_kthread_run_worker("openvgpu/%s/%u",
					 pci_name(instance->gpu->pdev),
					 instance->index);
	if (IS_ERR(worker))
		return PTR_ERR(worker);
	sched_set_fifo_low(worker->task);
	rq->worker = worker;
	return 0;
}

/**
 * vgpu_sched_init - make the run queue of an instance
 * @instance: the instance; its GPU's family was probed
 *
 * Settings can be read afterwards, also where nothing is scheduled.
 *
 * Return: 0 or errno.
 */
int vgpu_sched_init(struct vgpu_instance *instance)
{
	struct vgpu_runqueue *rq = &instance->rq;

	vgpu_sched_defaults(&instance->settings);
	rq->instance = instance;
	sched_queue_init(&rq->queue, vgpu_sched_default_policy());
	rq->queue.lingers = instance->gpu->lingers;
	rq->stage = VGPU_STAGE_IDLE;
	spin_lock_init(&rq->lock);
	init_waitqueue_head(&rq->off);
	kthread_init_work(&rq->work, sched_work);
	hrtimer_setup(&rq->timer, sched_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS);
	return vgpu_is_scheduled(instance->gpu) ? start_worker(rq) : 0;
}

/**
 * vgpu_sched_inherit - an instance begins with the settings of another
 * @instance: the instance, without vGPUs; nobody else knows it yet
 * @from: the other
 */
void vgpu_sched_inherit(struct vgpu_instance *instance,
			const struct vgpu_instance *from)
{
	instance->settings = from->settings;
	sched_set_policy(&instance->rq.queue, READ_ONCE(from->rq.queue.policy),
			 ktime_get_ns());
}

/**
 * vgpu_sched_exit - undo vgpu_sched_init()
 * @instance: the instance; no vGPU of it takes part any more
 */
void vgpu_sched_exit(struct vgpu_instance *instance)
{
	struct vgpu_runqueue *rq = &instance->rq;

	if (!rq->worker)
		return;
	/* The work item starts the timer, the timer queues the work. */
	spin_lock_irq(&rq->lock);
	rq->stopping = true;
	spin_unlock_irq(&rq->lock);
	kthread_flush_work(&rq->work);
	hrtimer_cancel(&rq->timer);
	kthread_destroy_worker(rq->worker);
	rq->worker = NULL;
}
