// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched.c - who runs: a run queue drives one execution resource
 *
 * For families whose GPU runs a partition's rings by itself. A policy
 * (sched/) says who is next; this file carries it out, step by step:
 *
 *	IDLE --run--> RUNNING --preempt--> PREEMPTING --reset--> RESETTING
 *	 ^               |                     |                    |
 *	 +---------------+---- run ended ------+--------------------+
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
 * A vGPU alone with work runs without a quantum and stays resident when it
 * runs out of work, so that its next job starts without us; it is preempted
 * when another one has work and its own slice is over.
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

#include "openvgpu.h"

#define LOOK_NS		(100 * NSEC_PER_MSEC)
/* Beyond the preemption's patience: a reset and some looks at registers. */
#define REMOVE_SLACK_MS	3000

enum sched_op {
	SCHED_WAIT,
	SCHED_LOOK,
	SCHED_RUN,
	SCHED_PREEMPT,
	SCHED_RESET,
};

/**
 * struct sched_step - what is to be done next, without rq->lock
 * @op: what
 * @vgpu: with whom; NULL for SCHED_WAIT, and SCHED_LOOK at an empty resource
 * @flags: SCHED_RUN: VGPU_RUN_* flags
 * @quantum_ns: SCHED_RUN: as vgpu_family.run wants it
 * @fault: SCHED_RESET: what its guest is to be told
 */
struct sched_step {
	enum sched_op op;
	struct vgpu *vgpu;
	unsigned int flags;
	u64 quantum_ns;
	enum vgpu_fault fault;
};

static bool scheduled(const struct vgpu_gpu *gpu)
{
	return gpu->family->engine == VGPU_ENGINE_AUTONOMOUS;
}

static void kick(struct vgpu_runqueue *rq)
{
	lockdep_assert_held(&rq->lock);
	if (!rq->stopping)
		kthread_queue_work(rq->gpu->worker, &rq->work);
}

static void enter_stage(struct vgpu_runqueue *rq, enum vgpu_sched_stage stage,
			u64 now, u64 patience_ns)
{
	rq->stage = stage;
	rq->since = now;
	rq->deadline = patience_ns ? now + patience_ns : 0;
	rq->extended = false;
}

/* Nobody holds the resource any more. */
static void release_current(struct vgpu_runqueue *rq)
{
	rq->current_vgpu = NULL;
	enter_stage(rq, VGPU_STAGE_IDLE, ktime_get_ns(), 0);
	wake_up_all(&rq->off);
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

static struct sched_step step_reset(struct vgpu_runqueue *rq, u64 now,
				    enum vgpu_fault fault)
{
	struct sched_step step = { SCHED_RESET, rq->current_vgpu };

	/* Who is leaving has nobody to be told. */
	if (step.vgpu->sched_state != VGPU_SCHED_CLOSED)
		step.fault = fault;
	enter_stage(rq, VGPU_STAGE_RESETTING, now, 0);
	return step;
}

static struct sched_step step_preempt(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_PREEMPT, rq->current_vgpu };

	enter_stage(rq, VGPU_STAGE_PREEMPTING, now,
		    READ_ONCE(rq->gpu->preempt_timeout_ns));
	return step;
}

static struct sched_step decide_idle(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct sched_client *client;
	u64 quantum_ns;

	rq->queue.timeslice_ns = READ_ONCE(rq->gpu->timeslice_ns);
	client = rq->policy->pick(&rq->queue, &quantum_ns);
	if (!client)
		return step;

	step.op = SCHED_RUN;
	step.vgpu = client->data;
	rq->current_vgpu = step.vgpu;
	step.vgpu->sched_state = VGPU_SCHED_RUNNING;
	if (rq->queue.runnable == 1) {
		step.flags = VGPU_RUN_LINGER;
		step.quantum_ns = 0;
		enter_stage(rq, VGPU_STAGE_RUNNING, now, 0);
	} else {
		step.quantum_ns = quantum_ns;
		enter_stage(rq, VGPU_STAGE_RUNNING, now, quantum_ns +
			    READ_ONCE(rq->gpu->preempt_timeout_ns));
	}
	rq->quantum_ns = step.quantum_ns;
	return step;
}

static struct sched_step decide_running(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };
	struct vgpu *vgpu = rq->current_vgpu;

	if (vgpu->sched_state == VGPU_SCHED_CLOSED)
		return step_preempt(rq, now);

	if (rq->quantum_ns) {
		/* It should have stopped by itself. */
		if (now < rq->deadline || stood_still(rq, now))
			return step;
		return step_reset(rq, now, VGPU_FAULT_RUN_TIMEOUT);
	}

	if (rq->queue.runnable > vgpu->entity.runnable) {
		u64 slice_end = rq->since + READ_ONCE(rq->gpu->timeslice_ns);

		if (now >= slice_end)
			return step_preempt(rq, now);
		rq->deadline = slice_end;
	} else {
		rq->deadline = 0;
	}
	return step;
}

static struct sched_step decide_preempting(struct vgpu_runqueue *rq, u64 now)
{
	struct sched_step step = { SCHED_WAIT };

	if (now < rq->deadline || stood_still(rq, now))
		return step;
	return step_reset(rq, now, VGPU_FAULT_PREEMPT_TIMEOUT);
}

static struct sched_step decide(struct vgpu_runqueue *rq)
{
	struct sched_step step = { SCHED_WAIT };
	u64 now = ktime_get_ns();

	lockdep_assert_held(&rq->lock);
	if (rq->stopping)
		return step;
	if (vgpu_gpu_is_dead(rq->gpu)) {
		release_current(rq);
		return step;
	}
	if (rq->members && (rq->look || now >= rq->look_at)) {
		rq->look = false;
		rq->look_at = now + LOOK_NS;
		step.op = SCHED_LOOK;
		step.vgpu = rq->current_vgpu;
		return step;
	}
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

/* ------------------------------------------------------------------- action */

static bool is_resident(struct vgpu_runqueue *rq, const struct vgpu *vgpu)
{
	bool resident;

	spin_lock_irq(&rq->lock);
	resident = rq->current_vgpu == vgpu;
	spin_unlock_irq(&rq->lock);
	return resident;
}

/* Reset the offender alone; the others go on as soon as it is off. */
static void act_reset(struct vgpu_runqueue *rq, const struct sched_step *step)
{
	struct vgpu_gpu *gpu = rq->gpu;
	struct vgpu *vgpu = step->vgpu;

	/* It may be innocent, and its event lost. */
	gpu->family->poll(gpu);
	if (!is_resident(rq, vgpu))
		return;
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

	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_IDLE)
		vgpu->sched_state = VGPU_SCHED_FAULTED;
	spin_unlock_irq(&rq->lock);
	if (step->fault != VGPU_FAULT_NONE)
		vgpu_report_fault(vgpu, step->fault);
}

static void arm_timer(struct vgpu_runqueue *rq)
{
	u64 at = rq->deadline;

	lockdep_assert_held(&rq->lock);
	if (rq->stopping || vgpu_gpu_is_dead(rq->gpu))
		return;
	if (rq->members && (!at || rq->look_at < at))
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
					   0, 0);
		else
			restart_clock(rq, step->vgpu, VGPU_STAGE_RUNNING);
		break;
	case SCHED_PREEMPT:
		family->preempt(rq);
		restart_clock(rq, step->vgpu, VGPU_STAGE_PREEMPTING);
		break;
	case SCHED_RESET:
		act_reset(rq, step);
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
 *
 * No effect if that was known. Any context but hard interrupt.
 */
void vgpu_sched_pending(struct vgpu *vgpu)
{
	struct vgpu_runqueue *rq = READ_ONCE(vgpu->rq);
	unsigned long flags;

	if (!rq)
		return;
	spin_lock_irqsave(&rq->lock, flags);
	if (vgpu->sched_state != VGPU_SCHED_CLOSED && !vgpu->entity.runnable) {
		rq->policy->wake(&rq->queue, &vgpu->entity);
		if (rq->current_vgpu != vgpu)
			vgpu->sched_state = VGPU_SCHED_RUNNABLE;
		kick(rq);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

/**
 * vgpu_sched_run_end - a run has ended
 * @rq: where
 * @vgpu: whose; if it is not the one that runs there, nothing happens
 * @reason: why
 * @run_ns: how long it ran, nanoseconds of the GPU's clock
 * @switch_ns: what its load and save took
 *
 * The family reports each run's end once. Any context but hard interrupt.
 */
void vgpu_sched_run_end(struct vgpu_runqueue *rq, struct vgpu *vgpu,
			enum sched_end reason, u64 run_ns, u64 switch_ns)
{
	unsigned long flags;

	spin_lock_irqsave(&rq->lock, flags);
	if (!vgpu || rq->current_vgpu != vgpu)
		goto unlock;

	atomic64_inc(&vgpu->stats.slices);
	atomic64_add(run_ns, &vgpu->stats.run_ns);
	if (reason == SCHED_END_PREEMPTED || reason == SCHED_END_QUANTUM)
		atomic64_inc(&vgpu->stats.preemptions);

	rq->policy->charge(&rq->queue, &vgpu->entity, reason, run_ns);
	switch (reason) {
	case SCHED_END_QUANTUM:
	case SCHED_END_PREEMPTED:
		/* May have work left; if not, its next run ends at once. */
		break;
	case SCHED_END_RESET:
	case SCHED_END_REJECTED:
		/*
		 * Whether it has work is in the hardware. Not at once: what is
		 * rejected and has work would spin.
		 */
	case SCHED_END_IDLE:
		rq->policy->sleep(&rq->queue, &vgpu->entity);
		break;
	}
	if (vgpu->sched_state != VGPU_SCHED_CLOSED)
		vgpu->sched_state = vgpu->entity.runnable ?
				    VGPU_SCHED_RUNNABLE : VGPU_SCHED_IDLE;
	release_current(rq);
	kick(rq);
unlock:
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ------------------------------------------------------- vGPUs come and go */

/**
 * vgpu_sched_add - let a vGPU take part
 * @vgpu: the vGPU; its partition is enabled
 *
 * Work it has already is found. With vgpu->lock held.
 */
void vgpu_sched_add(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct vgpu_runqueue *rq = &gpu->rq[0];

	if (!scheduled(gpu))
		return;
	spin_lock_irq(&rq->lock);
	if (vgpu->sched_state == VGPU_SCHED_CLOSED) {
		memset(&vgpu->entity, 0, sizeof(vgpu->entity));
		vgpu->entity.data = vgpu;
		vgpu->sched_state = VGPU_SCHED_IDLE;
		WRITE_ONCE(vgpu->rq, rq);
		rq->members++;
		/* An event from before now was not for us. */
		rq->look = true;
		kick(rq);
	}
	spin_unlock_irq(&rq->lock);
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
	rq->policy->sleep(&rq->queue, &vgpu->entity);
	rq->members--;
	kick(rq);
	spin_unlock_irq(&rq->lock);

	/* Others may be in the way: one reset each before it is our turn. */
	patience = nsecs_to_jiffies(READ_ONCE(gpu->preempt_timeout_ns)) +
		   msecs_to_jiffies(REMOVE_SLACK_MS);
	if (!wait_event_timeout(rq->off, let_go(rq, vgpu), patience))
		vgpu_gpu_dead(gpu, "a vGPU can't be taken off its engine");

	/* A step that is under way with it is bounded by the family. */
	wait_event(rq->off, let_go(rq, vgpu));
	spin_lock_irq(&rq->lock);
	if (rq->current_vgpu == vgpu)
		release_current(rq);
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

	if (!scheduled(gpu))
		return 0;
	for (i = 0; i < ARRAY_SIZE(gpu->rq); i++) {
		struct vgpu_runqueue *rq = &gpu->rq[i];

		rq->gpu = gpu;
		rq->index = i;
		rq->policy = &sched_round_robin;
		rq->stage = VGPU_STAGE_IDLE;
		spin_lock_init(&rq->lock);
		init_waitqueue_head(&rq->off);
		kthread_init_work(&rq->work, sched_work);
		hrtimer_setup(&rq->timer, sched_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS);
	}
	worker = vgpu_kthread_run_worker("openvgpu/%s", pci_name(gpu->pdev));
	if (IS_ERR(worker))
		return PTR_ERR(worker);
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

	if (!scheduled(gpu) || !gpu->worker)
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
}
