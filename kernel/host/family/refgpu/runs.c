// SPDX-License-Identifier: GPL-2.0-only
/*
 * runs.c - runs of a reference GPU and its run-control blocks
 *
 * A block runs one partition at a time. The end of a run is reported by an
 * event; when that is lost, the block's registers show it. Such an end may
 * still be followed by its event; see struct refgpu_run.late_end.
 */
#include <linux/nospec.h>
#include <linux/rcupdate.h>

#include "base/vgpu.h"
#include "family/refgpu/regs.h"

/* -------------------------------------------------------- start and preempt */

/**
 * refgpu_run - see struct vgpu_family
 * @vgpu: the vGPU; the block of its instance is empty
 * @quantum_ns: length of the run; 0: until preempted
 * @linger_ns: how long it may be out of work; SCHED_FOREVER: any time
 *
 * Return: 0, or -ENODEV.
 */
int refgpu_run(struct vgpu *vgpu, u64 quantum_ns, u64 linger_ns)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	struct refgpu_run *run = &refgpu->run[layout_block(vgpu->instance->index)];
	u32 block = refgpu_block_of(vgpu->instance);
	u64 limit = linger_ns == SCHED_FOREVER ? 0 : linger_ns;
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -ENODEV;
	quantum_ns = min(quantum_ns, (1ULL << 48) - 1);
	mutex_lock(&refgpu->events);
	run->busy = true;
	run->partition = vgpu->partition;
	if (linger_ns && run->linger_ns != limit)
		reg_write(refgpu, block + REFGPU_RC_LINGER_NS, limit);
	if (linger_ns)
		run->linger_ns = limit;
	reg_write(refgpu, block + REFGPU_RC_RUN,
		  REFGPU_RUN(vgpu->partition,
			     linger_ns ? REFGPU_RUN_LINGER : 0, quantum_ns));
	mutex_unlock(&refgpu->events);
	vgpu_gpu_end(vgpu->gpu, section);
	return 0;
}

/**
 * refgpu_preempt - see struct vgpu_family
 * @instance: the instance
 *
 * If the run has just ended by itself, the device ignores it.
 */
void refgpu_preempt(struct vgpu_instance *instance)
{
	struct refgpu *refgpu = refgpu_of(instance->gpu);
	int section;

	if (!vgpu_gpu_begin(instance->gpu, &section))
		return;
	reg_write(refgpu, refgpu_block_of(instance) + REFGPU_RC_PREEMPT, 1);
	vgpu_gpu_end(instance->gpu, section);
}

/**
 * refgpu_run_stage - see struct vgpu_family
 * @instance: the instance
 *
 * Return: the stage that the block reports; executing if it reports none.
 */
enum vgpu_run_stage refgpu_run_stage(struct vgpu_instance *instance)
{
	u64 state = REFGPU_RC_RUNNING;
	int section;

	if (vgpu_gpu_begin(instance->gpu, &section)) {
		state = reg_read(refgpu_of(instance->gpu),
				 refgpu_block_of(instance) + REFGPU_RC_STATE);
		vgpu_gpu_end(instance->gpu, section);
	}
	switch (state & 0xff) {
	case REFGPU_RC_LOADING:
		return VGPU_RUN_LOADING;
	case REFGPU_RC_SAVING:
		return VGPU_RUN_SAVING;
	default:
		return VGPU_RUN_EXECUTING;
	}
}

/* ------------------------------------------------------------------- slices */

/**
 * refgpu_slices - see struct vgpu_family
 * @instance: the instance, whose block is empty
 * @compute: mask of compute slices
 * @memory: mask of memory slices
 * @shared: other instances have them, too
 *
 * The device drops a write that it does not like.
 *
 * Return: 0, or -EIO.
 */
int refgpu_slices(struct vgpu_instance *instance, u8 compute, u8 memory, bool shared)
{
	struct refgpu *refgpu = refgpu_of(instance->gpu);
	u64 slices = REFGPU_SLICES_MASK(compute, memory) |
		     (shared ? REFGPU_RC_SLICES_SHARED : 0), now;
	u32 block = refgpu_block_of(instance);
	int section;

	if (!vgpu_gpu_begin(instance->gpu, &section))
		return 0;
	reg_write(refgpu, block + REFGPU_RC_SLICES, slices);
	now = reg_read(refgpu, block + REFGPU_RC_SLICES);
	vgpu_gpu_end(instance->gpu, section);
	if (now == slices || now == REFGPU_GONE)
		return 0;
	dev_err(&instance->gpu->pdev->dev,
		"the block of instance %u has slices %#llx and does not take %#llx\n",
		instance->index, now, slices);
	return -EIO;
}

/**
 * refgpu_engine_time - see struct vgpu_family
 * @instance: the instance
 * @busy_ns: filled in
 * @idle_ns: filled in
 *
 * Return: 0, or -ENODEV.
 */
int refgpu_engine_time(struct vgpu_instance *instance, u64 *busy_ns, u64 *idle_ns)
{
	struct refgpu *refgpu = refgpu_of(instance->gpu);
	u32 block = refgpu_block_of(instance);
	int section;

	if (!vgpu_gpu_begin(instance->gpu, &section))
		return -ENODEV;
	*busy_ns = reg_read(refgpu, block + REFGPU_RC_BUSY_NS);
	*idle_ns = reg_read(refgpu, block + REFGPU_RC_IDLE_NS);
	vgpu_gpu_end(instance->gpu, section);
	return *busy_ns == REFGPU_GONE || *idle_ns == REFGPU_GONE ? -ENODEV : 0;
}

/* --------------------------------------------------------------------- ends */

static enum sched_end end_of(unsigned int reason)
{
	switch (reason) {
	case REFGPU_END_IDLE:
		return SCHED_END_IDLE;
	case REFGPU_END_QUANTUM:
		return SCHED_END_QUANTUM;
	case REFGPU_END_PREEMPTED:
	case REFGPU_END_FROZEN:	/* for a moment: to be told of a fault */
		return SCHED_END_PREEMPTED;
	case REFGPU_END_REJECTED:
		return SCHED_END_REJECTED;
	default:
		return SCHED_END_RESET;
	}
}

/* A run has ended, according to an event or to the registers. */
static void ended(struct refgpu *refgpu, unsigned int control,
		  unsigned int reason, u64 time, u64 run_ns, u64 switch_ns)
{
	struct refgpu_run *run = &refgpu->run[control];
	struct vgpu *vgpu;

	lockdep_assert_held(&refgpu->events);
	run->busy = false;
	rcu_read_lock();
	vgpu = rcu_dereference(refgpu->gpu->partition[run->partition]);
	if (vgpu)
		vgpu_sched_run_end(vgpu, end_of(reason), time, run_ns,
				   switch_ns);
	rcu_read_unlock();
}

/**
 * refgpu_run_end_event - a run has ended, according to its event
 * @refgpu: the GPU, with its events locked
 * @event: the event, as the device wrote it: unchecked
 */
void refgpu_run_end_event(struct refgpu *refgpu,
			  const struct refgpu_event *event)
{
	u64 run_ns = le64_to_cpu(event->run_ns);
	u64 switch_ns = le64_to_cpu(event->switch_ns);
	unsigned int control = event->run_control;
	struct refgpu_run *run;

	if (control >= REFGPU_RUN_CONTROLS)
		return;
	control = array_index_nospec(control, REFGPU_RUN_CONTROLS);
	run = &refgpu->run[control];
	if (run->late_end.expected) {
		run->late_end.expected = false;
		if (run->late_end.partition == event->partition &&
		    run->late_end.reason == event->reason &&
		    run->late_end.run_ns == run_ns &&
		    run->late_end.switch_ns == switch_ns)
			return;
	}
	if (run->busy && run->partition == event->partition)
		ended(refgpu, control, event->reason,
		      le64_to_cpu(event->time), run_ns, switch_ns);
}

/* Report whether the resident partition has work. */
static void look_at_resident(struct refgpu *refgpu, unsigned int control,
			     unsigned int state)
{
	struct refgpu_run *run = &refgpu->run[control];
	struct vgpu *vgpu;

	if (state != REFGPU_RC_LINGERING && state != REFGPU_RC_RUNNING)
		return;
	rcu_read_lock();
	vgpu = rcu_dereference(refgpu->gpu->partition[run->partition]);
	if (vgpu && state == REFGPU_RC_LINGERING)
		vgpu_sched_out_of_work(vgpu);
	else if (vgpu)
		vgpu_sched_pending(vgpu, 0);
	rcu_read_unlock();
}

/**
 * refgpu_run_look - look in the registers for the end of a run
 * @refgpu: the GPU, with its events locked
 * @control: the run-control block
 *
 * Return: true: the block of a run is empty, so it has ended. Its record was
 * written before that: read the ring, then call refgpu_run_found_ended().
 */
bool refgpu_run_look(struct refgpu *refgpu, unsigned int control)
{
	u64 state;

	if (!refgpu->run[control].busy)
		return false;
	state = reg_read(refgpu, REFGPU_RUN_CONTROL(control) + REFGPU_RC_STATE);
	if ((state & 0xff) == REFGPU_RC_EMPTY)
		return true;
	look_at_resident(refgpu, control, state & 0xff);
	return false;
}

/**
 * refgpu_run_found_ended - a run has ended, according to the registers
 * @refgpu: the GPU, with its events locked
 * @control: the run-control block, empty
 *
 * Does nothing if the ring has reported the end meanwhile.
 */
void refgpu_run_found_ended(struct refgpu *refgpu, unsigned int control)
{
	u32 block = REFGPU_RUN_CONTROL(control);
	struct refgpu_run *run = &refgpu->run[control];
	u64 event;

	if (!run->busy)
		return;
	event = reg_read(refgpu, block + REFGPU_RC_EVENT);
	run->late_end.expected = true;
	run->late_end.partition = run->partition;
	run->late_end.reason = event & 0xff;
	run->late_end.run_ns = reg_read(refgpu, block + REFGPU_RC_RUN_NS);
	run->late_end.switch_ns = reg_read(refgpu, block + REFGPU_RC_SWITCH_NS);
	if (event == REFGPU_GONE || !(event >> 63))
		run->late_end.reason = REFGPU_END_RESET;
	/* The device went away meanwhile: nobody is charged for that. */
	if (run->late_end.run_ns == REFGPU_GONE ||
	    run->late_end.switch_ns == REFGPU_GONE) {
		run->late_end.run_ns = 0;
		run->late_end.switch_ns = 0;
	}
	ended(refgpu, control, run->late_end.reason, refgpu_now(refgpu->gpu),
	      run->late_end.run_ns, run->late_end.switch_ns);
}
