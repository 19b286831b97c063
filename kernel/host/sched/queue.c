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
#include "sched/sched.h"

#define LOOK_NS		(100 * NSEC_PER_MSEC)
/* Beyond the patience with a load, a stop and a save: a reset and some looks. */
#define REMOVE_SLACK_MS	3000
#define STAGES		3
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

/**
 * vgpu_sched_enter_stage - something new is being waited for
 * @rq: the run queue; its lock is held
 * @stage: what
 * @now: kernel clock
 * @patience_ns: how long; 0: no limit
 */
void vgpu_sched_enter_stage(struct vgpu_runqueue *rq,
			    enum vgpu_sched_stage stage, u64 now,
			    u64 patience_ns)
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
 * vgpu_sched_resting_state - what a vGPU that holds no resource is up to
 * @vgpu: the vGPU, open; its run queue's lock is held
 */
enum vgpu_sched_state vgpu_sched_resting_state(const struct vgpu *vgpu)
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

/* Nobody holds the resource any more; the policy knows by sched_charge(). */
static void release_current(struct vgpu_runqueue *rq)
{
	rq->current_vgpu = NULL;
	vgpu_sched_enter_stage(rq, VGPU_STAGE_IDLE, ktime_get_ns(), 0);
	wake_up_all(&rq->off);
}

/* The GPU is gone, and with it whatever ran there. */
static void abandon(struct vgpu_runqueue *rq, u64 now)
{
	sched_charge(&rq->queue, SCHED_END_RESET, 0, now);
	release_current(rq);
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
	vgpu_sched_enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
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
		vgpu_sched_enter_stage(rq, VGPU_STAGE_IDLE_SLOT, now,
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
	vgpu_sched_enter_stage(rq, VGPU_STAGE_RUNNING, now,
			       next.quantum_ns ? patience : 0);
	return step;
}

static void end_slot(struct vgpu_runqueue *rq, u64 now)
{
	u64 ran = now - rq->since;

	vgpu_account_slot(rq, vgpu_of(rq, rq->queue.current_client), ran);
	sched_charge(&rq->queue, SCHED_END_QUANTUM, ran, now);
	release_current(rq);
}

static struct sched_step decide_idle_slot(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	u64 stop_in;

	if (now < rq->deadline && !sched_look(&rq->queue, now, &stop_in))
		return step;
	end_slot(rq, now);
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
		abandon(rq, now);
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
		vgpu_sched_overdue(rq, step->vgpu);
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

/* -------------------------------------------------------- news from families */

/**
 * vgpu_sched_pending - a vGPU has work
 * @vgpu: the vGPU; one that is not scheduled is ignored
 * @time: since when, nanoseconds of the GPU's clock
 *
 * No effect if that was known. Any context but hard interrupt.
 */
void vgpu_sched_pending(struct vgpu *vgpu, u64 time)
{
	struct vgpu_runqueue *rq = READ_ONCE(vgpu->rq);
	unsigned long flags;

	if (!rq)
		return;
	spin_lock_irqsave(&rq->lock, flags);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED || vgpu->frozen ||
	    vgpu->faulted || vgpu->entity.runnable)
		goto unlock;
	sched_wake(&rq->queue, &vgpu->entity, ktime_get_ns());
	if (rq->current_vgpu != vgpu) {
		vgpu_account_wake(vgpu, time);
		vgpu->sched_state = VGPU_SCHED_RUNNABLE;
		/* Who runs without a quantum may linger there without work. */
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
	struct vgpu_runqueue *rq = READ_ONCE(vgpu->rq);
	unsigned long flags;

	if (!rq)
		return;
	spin_lock_irqsave(&rq->lock, flags);
	if (rq->current_vgpu == vgpu && vgpu->entity.runnable) {
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_sched_kick(rq);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

/**
 * vgpu_sched_run_end - a run has ended
 * @rq: where
 * @vgpu: whose; if it is not the one that runs there, nothing happens
 * @reason: why
 * @time: when, nanoseconds of the GPU's clock
 * @run_ns: how long it ran, of the same clock
 * @switch_ns: what its load and save took
 *
 * The family reports each run's end once. Any context but hard interrupt.
 */
void vgpu_sched_run_end(struct vgpu_runqueue *rq, struct vgpu *vgpu,
			enum sched_end reason, u64 time, u64 run_ns,
			u64 switch_ns)
{
	unsigned long flags;
	bool knew;

	spin_lock_irqsave(&rq->lock, flags);
	if (!vgpu || rq->current_vgpu != vgpu)
		goto unlock;

	/*
	 * Whether it has work after a reset or a rejection is in the hardware.
	 * Not at once: what is rejected and has work would spin. After a
	 * quantum it may have none; then its next run ends at once.
	 */
	knew = vgpu->entity.runnable;
	sched_charge(&rq->queue, reason, run_ns, ktime_get_ns());
	vgpu_account_run(rq, vgpu, reason, time, run_ns, switch_ns);
	if (vgpu->sched_state != VGPU_SCHED_CLOSED) {
		if (vgpu->frozen)
			sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu->sched_state = vgpu_sched_resting_state(vgpu);
		/* It lingered and got work before it left: no event says so. */
		if (!knew)
			rq->look = true;
	}
	release_current(rq);
	vgpu_sched_kick(rq);
unlock:
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ------------------------------------------------------- vGPUs come and go */

/**
 * vgpu_sched_prepare - a vGPU was created
 * @vgpu: the vGPU, with its type
 */
void vgpu_sched_prepare(struct vgpu *vgpu)
{
	sched_client_init(&vgpu->entity);
	vgpu->entity.max_instance = vgpu->type->max_instance;
}

/**
 * vgpu_sched_add - let a vGPU take part
 * @vgpu: the vGPU; its partition is enabled
 *
 * Work it has already is found; what it did before is forgiven, what it owes
 * is not. With vgpu->lock held.
 */
void vgpu_sched_add(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct vgpu_runqueue *rq = &gpu->rq[0];

	if (!vgpu_is_scheduled(gpu))
		return;
	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED) {
		/* There is a place for each partition. */
		WARN_ON_ONCE(!sched_add(&rq->queue, &vgpu->entity,
					ktime_get_ns()));
		vgpu->faulted = false;
		vgpu->hang_count = 0;
		vgpu->sched_state = vgpu_sched_resting_state(vgpu);
		WRITE_ONCE(vgpu->rq, rq);
		/* An event from before now was not for us. */
		rq->look = true;
		vgpu_sched_kick(rq);
	}
	spin_unlock_irq(&rq->lock);
}

/**
 * vgpu_sched_freeze - give a vGPU no turns, or give it turns again
 * @vgpu: the vGPU, in any state
 * @frozen: what is wanted
 *
 * Does not wait: a frozen vGPU may be resident until it was preempted. What it
 * has queued is kept. Any context but hard interrupt.
 */
void vgpu_sched_freeze(struct vgpu *vgpu, bool frozen)
{
	struct vgpu_runqueue *rq = &vgpu->gpu->rq[0];
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	if (vgpu->frozen == frozen)
		goto unlock;
	vgpu->frozen = frozen;
	if (vgpu->sched_state == VGPU_SCHED_CLOSED)
		goto unlock;
	/* Of one that holds the resource, the end of its run takes care. */
	if (rq->current_vgpu != vgpu) {
		sched_sleep(&rq->queue, &vgpu->entity, ktime_get_ns());
		vgpu_account_rest(vgpu);
		vgpu->sched_state = vgpu_sched_resting_state(vgpu);
	}
	/* Work that came meanwhile was not noted. */
	rq->look = true;
	vgpu_sched_kick(rq);
unlock:
	spin_unlock_irqrestore(&rq->lock, flags);
}

static bool let_go(struct vgpu_runqueue *rq, const struct vgpu *vgpu)
{
	bool gone;

	spin_lock_irq(&rq->lock);
	gone = rq->acting != vgpu &&
	       (rq->current_vgpu != vgpu || vgpu_gpu_is_dead(rq->gpu));
	spin_unlock_irq(&rq->lock);
	return gone;
}

/**
 * vgpu_sched_remove - take a vGPU off the hardware and forget it
 * @vgpu: the vGPU; one that takes no part is left alone
 *
 * It is preempted if it is resident, and reset if it does not yield. When this
 * returns it is off the hardware or the GPU is dead. May sleep, bounded by the
 * preemption's time-out and some seconds. With vgpu->lock held.
 */
void vgpu_sched_remove(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = vgpu->rq;
	struct vgpu_gpu *gpu = vgpu->gpu;
	unsigned long patience;

	if (!rq)
		return;
	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	vgpu->sched_state = VGPU_SCHED_CLOSED;
	sched_remove(&rq->queue, &vgpu->entity, ktime_get_ns());
	/* An idle slot of its own is not waited for below. */
	if (rq->stage == VGPU_STAGE_IDLE_SLOT &&
	    rq->queue.current_client == &vgpu->entity)
		end_slot(rq, ktime_get_ns());
	vgpu_account_rest(vgpu);
	vgpu_sched_kick(rq);
	spin_unlock_irq(&rq->lock);

	patience = STAGES *
		   nsecs_to_jiffies(READ_ONCE(gpu->preempt_timeout_ns)) +
		   msecs_to_jiffies(REMOVE_SLACK_MS);
	if (!wait_event_timeout(rq->off, let_go(rq, vgpu), patience))
		vgpu_gpu_dead(gpu, "a vGPU can't be taken off its engine");

	/* A step that is under way with it is bounded by the family. */
	wait_event(rq->off, let_go(rq, vgpu));
	spin_lock_irq(&rq->lock);
	if (rq->current_vgpu == vgpu)
		abandon(rq, ktime_get_ns());
	spin_unlock_irq(&rq->lock);
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
