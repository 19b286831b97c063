// SPDX-License-Identifier: GPL-2.0-only
/*
 * events.c - what a reference GPU tells its driver, and runs
 *
 * Events come as records in host memory, so in the normal case no register is
 * read: an interrupt wakes a thread, the thread reads records. Interrupts and
 * records can be lost; then
 *   - a later record shows that there is a hole, or
 *   - the scheduler asks refgpu_poll() to look at the registers,
 * and the registers tell how things are now. A run whose end was found there
 * may still be followed by its event; see struct refgpu_run.ghost.
 */
#include <linux/dma-mapping.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/rcupdate.h>

#include "base/vgpu.h"
#include "family/refgpu/refgpu.h"

#define RING_RECORDS	1024
#define RING_SIZE	(RING_RECORDS * sizeof(struct refgpu_event))
/* How far to look for a record behind a hole. */
#define HOLE_MAX	16
/* Faults read at a time: a guest can make them faster than we can log. */
#define FAULTS_MAX	16

/* ------------------------------------------------------------------- events */

static struct refgpu_event *slot(struct refgpu *refgpu, u64 number)
{
	return &refgpu->ring[number % RING_RECORDS];
}

/* Event @number, if it is there, whole. */
static bool get_event(struct refgpu *refgpu, u64 number,
		      struct refgpu_event *event)
{
	struct refgpu_event *record = slot(refgpu, number);

	if (READ_ONCE(record->sequence) != (u32)(number + 1))
		return false;
	/* The sequence is written last... */
	dma_rmb();
	*event = *record;
	/* ... and changed first when the device laps us. */
	dma_rmb();
	return READ_ONCE(record->sequence) == (u32)(number + 1);
}

static enum sched_end end_of(unsigned int reason)
{
	switch (reason) {
	case REFGPU_END_IDLE:
		return SCHED_END_IDLE;
	case REFGPU_END_QUANTUM:
		return SCHED_END_QUANTUM;
	case REFGPU_END_PREEMPTED:
		return SCHED_END_PREEMPTED;
	case REFGPU_END_REJECTED:
		return SCHED_END_REJECTED;
	default:
		return SCHED_END_RESET;
	}
}

/* A run has ended, by event or by the registers' word. */
static void run_ended(struct refgpu *refgpu, unsigned int control,
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

static void run_end_event(struct refgpu *refgpu,
			  const struct refgpu_event *event)
{
	struct refgpu_run *run;

	if (event->run_control >= REFGPU_RUN_CONTROLS)
		return;
	run = &refgpu->run[event->run_control];
	if (run->ghost.expected) {
		run->ghost.expected = false;
		if (run->ghost.partition == event->partition &&
		    run->ghost.reason == event->reason &&
		    run->ghost.run_ns == event->run_ns &&
		    run->ghost.switch_ns == event->switch_ns)
			return;
	}
	if (run->busy && run->partition == event->partition)
		run_ended(refgpu, event->run_control, event->reason,
			  event->time, event->run_ns, event->switch_ns);
}

static void partition_event(struct refgpu *refgpu,
			    const struct refgpu_event *event)
{
	struct vgpu *vgpu;

	if (event->partition >= REFGPU_PARTITIONS)
		return;
	rcu_read_lock();
	vgpu = rcu_dereference(refgpu->gpu->partition[event->partition]);
	if (vgpu) {
		if (event->type == REFGPU_EVENT_PENDING)
			vgpu_sched_pending(vgpu, event->time);
		else if (event->type == REFGPU_EVENT_MEMORY)
			vgpu_report_fault(vgpu, VGPU_FAULT_MEMORY);
	}
	rcu_read_unlock();
}

/* Read what is there. The number is bounded: a lap at a time. */
static void drain(struct refgpu *refgpu)
{
	struct refgpu_event event;
	unsigned int i;

	lockdep_assert_held(&refgpu->events);
	for (i = 0; i < RING_RECORDS; i++) {
		if (!get_event(refgpu, refgpu->next, &event))
			return;
		refgpu->next++;
		if (event.type == REFGPU_EVENT_RUN_END)
			run_end_event(refgpu, &event);
		else
			partition_event(refgpu, &event);
	}
}

/* Is the next record missing while a later one is there? Then skip to that. */
static bool skip_hole(struct refgpu *refgpu)
{
	struct refgpu_event event;
	unsigned int i;

	for (i = 1; i < HOLE_MAX; i++) {
		if (get_event(refgpu, refgpu->next + i, &event)) {
			refgpu->next += i;
			return true;
		}
	}
	return false;
}

/* -------------------------------------------------------------------- truth */

/* After the ring overflowed, or lost more than skip_hole() finds. */
static void catch_up(struct refgpu *refgpu)
{
	u64 put = refgpu_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_PUT);
	struct refgpu_event event;

	if (put == REFGPU_GONE)
		return;
	if (put - refgpu->next > RING_RECORDS)
		refgpu->next = put - RING_RECORDS;
	while (refgpu->next != put && !get_event(refgpu, refgpu->next, &event))
		refgpu->next++;
	drain(refgpu);
}

/* It is still there: with work or without? */
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

static void look_at_run(struct refgpu *refgpu, unsigned int control)
{
	u32 block = REFGPU_RUN_CONTROL(control);
	struct refgpu_run *run = &refgpu->run[control];
	u64 state, event;

	if (!run->busy)
		return;
	state = refgpu_read(refgpu, block + REFGPU_RC_STATE);
	if ((state & 0xff) != REFGPU_RC_EMPTY) {
		look_at_resident(refgpu, control, state & 0xff);
		return;
	}
	/* Its record was written before the block became empty. */
	catch_up(refgpu);
	if (!run->busy)
		return;

	event = refgpu_read(refgpu, block + REFGPU_RC_EVENT);
	run->ghost.expected = true;
	run->ghost.partition = run->partition;
	run->ghost.reason = event & 0xff;
	run->ghost.run_ns = refgpu_read(refgpu, block + REFGPU_RC_RUN_NS);
	run->ghost.switch_ns = refgpu_read(refgpu, block + REFGPU_RC_SWITCH_NS);
	if (event == REFGPU_GONE || !(event >> 63))
		run->ghost.reason = REFGPU_END_RESET;
	run_ended(refgpu, control, run->ghost.reason, refgpu_now(refgpu->gpu),
		  run->ghost.run_ns, run->ghost.switch_ns);
}

static void look_at_pending(struct refgpu *refgpu)
{
	struct vgpu_gpu *gpu = refgpu->gpu;
	u64 pending, now;
	unsigned int p;

	pending = refgpu_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_PENDING);
	/* All 64 at once can be true; then the id tells. */
	if (pending == REFGPU_GONE &&
	    refgpu_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_ID) != REFGPU_ID) {
		vgpu_gpu_dead(gpu, "its registers read all ones");
		return;
	}
	if (!pending)
		return;
	now = refgpu_now(gpu);
	rcu_read_lock();
	for (p = 0; p < REFGPU_PARTITIONS; p++) {
		struct vgpu *vgpu = rcu_dereference(gpu->partition[p]);

		if (vgpu && (pending >> p) & 1)
			vgpu_sched_pending(vgpu, now);
	}
	rcu_read_unlock();
}

/* Ends first: who ran out of work and has new work must end up runnable. */
static void look(struct refgpu *refgpu)
{
	unsigned int control;

	lockdep_assert_held(&refgpu->events);
	drain(refgpu);
	for (control = 0; control < REFGPU_RUN_CONTROLS; control++)
		look_at_run(refgpu, control);
	look_at_pending(refgpu);
}

/**
 * refgpu_poll - see struct vgpu_family
 * @gpu: the GPU
 */
void refgpu_poll(struct vgpu_gpu *gpu)
{
	struct refgpu *refgpu = refgpu_of(gpu);

	mutex_lock(&refgpu->events);
	if (!vgpu_gpu_is_dead(gpu))
		look(refgpu);
	mutex_unlock(&refgpu->events);
}

/* --------------------------------------------------------------------- runs */

/**
 * refgpu_run - see struct vgpu_family
 * @vgpu: the vGPU; the block of its instance is empty
 * @flags: VGPU_RUN_* flags
 * @quantum_ns: how long; 0: until preempted
 *
 * Return: 0, or -ENODEV.
 */
int refgpu_run(struct vgpu *vgpu, unsigned int flags, u64 quantum_ns)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	unsigned int control = vgpu->instance->index;
	struct refgpu_run *run = &refgpu->run[control];
	unsigned int hw_flags = flags & VGPU_RUN_LINGER ? REFGPU_RUN_LINGER : 0;

	if (vgpu_gpu_is_dead(vgpu->gpu))
		return -ENODEV;
	quantum_ns = min(quantum_ns, (1ULL << 48) - 1);
	mutex_lock(&refgpu->events);
	run->busy = true;
	run->partition = vgpu->partition;
	refgpu_write(refgpu, REFGPU_RUN_CONTROL(control) + REFGPU_RC_RUN,
		     REFGPU_RUN(vgpu->partition, hw_flags, quantum_ns));
	mutex_unlock(&refgpu->events);
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

	if (!vgpu_gpu_is_dead(instance->gpu))
		refgpu_write(refgpu, REFGPU_RUN_CONTROL(instance->index) +
			     REFGPU_RC_PREEMPT, 1);
}

/**
 * refgpu_run_stage - see struct vgpu_family
 * @instance: the instance
 *
 * Return: what the block is at; executing if it does not say.
 */
enum vgpu_run_stage refgpu_run_stage(struct vgpu_instance *instance)
{
	u64 state = REFGPU_RC_RUNNING;

	if (!vgpu_gpu_is_dead(instance->gpu))
		state = refgpu_read(refgpu_of(instance->gpu),
				    REFGPU_RUN_CONTROL(instance->index) +
				    REFGPU_RC_STATE);
	switch (state & 0xff) {
	case REFGPU_RC_LOADING:
		return VGPU_RUN_LOADING;
	case REFGPU_RC_SAVING:
		return VGPU_RUN_SAVING;
	default:
		return VGPU_RUN_EXECUTING;
	}
}

/* ------------------------------------------------------------------- faults */

static bool outside(unsigned int error)
{
	switch (error) {
	case REFGPU_ERROR_ADDRESS:
	case REFGPU_ERROR_FETCH:
	case REFGPU_ERROR_LOAD:
	case REFGPU_ERROR_STORE:
		return true;
	}
	return false;
}

static void read_fault(struct refgpu *refgpu, u64 number)
{
	u32 record = REFGPU_FAULT + REFGPU_FAULT_RECORD(number);
	u64 source = refgpu_read(refgpu, record + REFGPU_FAULT_WORD_SOURCE);
	unsigned int error = source & 0xff, p = (source >> 8) & 0xff;
	unsigned int ring = (source >> 16) & 0xff;
	struct vgpu_gpu *gpu = refgpu->gpu;
	struct vgpu *vgpu;
	u64 address;

	if (error == REFGPU_ERROR_DMA && p >= REFGPU_PARTITIONS)
		dev_err_ratelimited(&gpu->pdev->dev,
				    "the GPU can't write its events to host memory\n");
	if (p >= REFGPU_PARTITIONS || !outside(error))
		return;
	address = 0;
	if (__ratelimit(&refgpu->partition[p].limit))
		address = refgpu_read(refgpu,
				      record + REFGPU_FAULT_WORD_ADDRESS) | 1;
	rcu_read_lock();
	vgpu = rcu_dereference(gpu->partition[p]);
	if (vgpu) {
		atomic64_inc(&vgpu->stats.violations);
		if (address)
			dev_notice(&gpu->pdev->dev,
				   "vGPU %s: ring %u was refused an access outside its memory (error %u, address %#llx)\n",
				   vgpu_name(vgpu), ring, error, address & ~1ULL);
	}
	rcu_read_unlock();
}

/* --------------------------------------------------------------- interrupts */

/* One vector a partition: no register is read, nothing sleeps. */
static irqreturn_t partition_interrupt(int irq, void *data)
{
	struct refgpu_partition *partition = data;
	struct vgpu *vgpu;

	rcu_read_lock();
	vgpu = rcu_dereference(partition->gpu->partition[partition->number]);
	if (vgpu)
		vgpu_irq_raise(vgpu, 0);
	rcu_read_unlock();
	return IRQ_HANDLED;
}

static irqreturn_t wake_thread(int irq, void *data)
{
	return IRQ_WAKE_THREAD;
}

static irqreturn_t event_thread(int irq, void *data)
{
	struct refgpu *refgpu = data;

	mutex_lock(&refgpu->events);
	if (!vgpu_gpu_is_dead(refgpu->gpu)) {
		drain(refgpu);
		if (skip_hole(refgpu))
			look(refgpu);
	}
	mutex_unlock(&refgpu->events);
	return IRQ_HANDLED;
}

static irqreturn_t fault_thread(int irq, void *data)
{
	struct refgpu *refgpu = data;
	u64 put, n;

	if (vgpu_gpu_is_dead(refgpu->gpu))
		return IRQ_HANDLED;
	put = refgpu_read(refgpu, REFGPU_FAULT + REFGPU_FAULT_PUT);
	if (put == REFGPU_GONE) {
		vgpu_gpu_dead(refgpu->gpu, "its registers read all ones");
		return IRQ_HANDLED;
	}
	/* A device that was reset counts from 0 again. */
	if (refgpu->faults > put)
		refgpu->faults = 0;
	for (n = 0; n < FAULTS_MAX && refgpu->faults + n < put; n++)
		read_fault(refgpu, refgpu->faults + n);
	refgpu->faults = put;
	/* A guest that faults in a loop must not have this thread run in one. */
	if (n == FAULTS_MAX)
		usleep_range(5000, 10000);
	refgpu_write(refgpu, REFGPU_FAULT + REFGPU_FAULT_GET, put);
	return IRQ_HANDLED;
}

static int request(struct refgpu *refgpu, unsigned int vector)
{
	struct pci_dev *pdev = refgpu->gpu->pdev;
	const char *name = pci_name(pdev);

	switch (vector) {
	case REFGPU_VECTOR_EVENT:
		return pci_request_irq(pdev, vector, wake_thread, event_thread,
				       refgpu, "openvgpu-%s-event", name);
	case REFGPU_VECTOR_FAULT:
		return pci_request_irq(pdev, vector, wake_thread, fault_thread,
				       refgpu, "openvgpu-%s-fault", name);
	default:
		return pci_request_irq(pdev, vector, partition_interrupt, NULL,
				       &refgpu->partition[vector],
				       "openvgpu-%s-%u", name, vector);
	}
}

static void *cookie(struct refgpu *refgpu, unsigned int vector)
{
	return vector < REFGPU_PARTITIONS ?
	       (void *)&refgpu->partition[vector] : (void *)refgpu;
}

static void free_vectors(struct refgpu *refgpu)
{
	struct pci_dev *pdev = refgpu->gpu->pdev;

	while (refgpu->vectors) {
		refgpu->vectors--;
		pci_free_irq(pdev, refgpu->vectors,
			     cookie(refgpu, refgpu->vectors));
	}
	pci_free_irq_vectors(pdev);
}

static int request_vectors(struct refgpu *refgpu)
{
	struct pci_dev *pdev = refgpu->gpu->pdev;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, REFGPU_VECTORS, REFGPU_VECTORS,
				    PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(&pdev->dev, ret,
				     "%u MSI-X vectors are not to be had\n",
				     REFGPU_VECTORS);
	while (refgpu->vectors < REFGPU_VECTORS) {
		ret = request(refgpu, refgpu->vectors);
		if (ret) {
			free_vectors(refgpu);
			return dev_err_probe(&pdev->dev, ret,
					     "interrupt %u is not to be had\n",
					     refgpu->vectors);
		}
		refgpu->vectors++;
	}
	return 0;
}

/* ------------------------------------------------------------- init and exit */

/**
 * refgpu_events_program - tell the device where events go
 * @refgpu: the GPU, just reset
 */
void refgpu_events_program(struct refgpu *refgpu)
{
	mutex_lock(&refgpu->events);
	refgpu->faults = 0;
	memset(refgpu->run, 0, sizeof(refgpu->run));
	/* Records of the device's former life have plausible numbers. */
	memset(refgpu->ring, 0, RING_SIZE);
	refgpu->next = refgpu_read(refgpu,
				   REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_PUT);
	refgpu_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS,
		     RING_RECORDS);
	refgpu_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE,
		     refgpu->ring_bus);
	mutex_unlock(&refgpu->events);
}

/**
 * refgpu_events_init - event ring and interrupts
 * @refgpu: the GPU, just reset
 *
 * Return: 0 or errno.
 */
int refgpu_events_init(struct refgpu *refgpu)
{
	struct device *dev = &refgpu->gpu->pdev->dev;
	int ret;

	refgpu->ring = dma_alloc_coherent(dev, RING_SIZE, &refgpu->ring_bus,
					  GFP_KERNEL);
	if (!refgpu->ring)
		return -ENOMEM;
	ret = request_vectors(refgpu);
	if (ret) {
		dma_free_coherent(dev, RING_SIZE, refgpu->ring,
				  refgpu->ring_bus);
		return ret;
	}
	refgpu_events_program(refgpu);
	return 0;
}

/**
 * refgpu_events_exit - undo refgpu_events_init()
 * @refgpu: the GPU: reset, dead, or without bus mastering
 */
void refgpu_events_exit(struct refgpu *refgpu)
{
	free_vectors(refgpu);
	dma_free_coherent(&refgpu->gpu->pdev->dev, RING_SIZE, refgpu->ring,
			  refgpu->ring_bus);
}
