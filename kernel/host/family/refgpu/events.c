// SPDX-License-Identifier: GPL-2.0-only
/*
 * events.c - events, faults and interrupts of a reference GPU
 *
 * Events come as records in host memory, so in the normal case no register is
 * read: an interrupt wakes a thread, the thread reads records. Interrupts and
 * records can be lost; then
 *   - a later record shows that there is a hole, or that the device is a ring
 *     ahead, or
 *   - the scheduler asks refgpu_poll() to look at the registers,
 * and the registers say what the present state is.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>

#include "base/vgpu.h"
#include "family/refgpu/regs.h"

/* Faults read at a time: a guest can cause them faster than they can be read. */
#define FAULTS_MAX	64
#define REST_MAX_US	10000

/* ------------------------------------------------------------------- events */

static void partition_event(struct refgpu *refgpu,
			    const struct refgpu_event *event)
{
	unsigned int p = event->partition;
	struct vgpu *vgpu;

	if (p >= REFGPU_PARTITIONS)
		return;
	p = array_index_nospec(p, REFGPU_PARTITIONS);
	rcu_read_lock();
	vgpu = rcu_dereference(refgpu->gpu->partition[p]);
	if (vgpu) {
		if (event->type == REFGPU_EVENT_PENDING)
			vgpu_sched_pending(vgpu, le64_to_cpu(event->time));
		else if (event->type == REFGPU_EVENT_MEMORY)
			vgpu_report_fault(vgpu, VGPU_FAULT_MEMORY);
	}
	rcu_read_unlock();
}

/* Read all events, at most one ring full of them. */
static void drain(struct refgpu *refgpu)
{
	struct refgpu_event event;
	unsigned int i;

	lockdep_assert_held(&refgpu->events);
	for (i = 0; i < REFGPU_EVENT_RING_RECORDS; i++) {
		if (!refgpu_event_ring_read(&refgpu->ring, &event))
			return;
		if (event.type == REFGPU_EVENT_RUN_END)
			refgpu_run_end_event(refgpu, &event);
		else
			partition_event(refgpu, &event);
	}
}

/* ---------------------------------------------------- state of the registers */

/* After the ring overflowed, or after more lost records than are skipped. */
static void catch_up(struct refgpu *refgpu)
{
	u64 put = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_PUT);

	if (put == REFGPU_GONE)
		return;
	refgpu_event_ring_catch_up(&refgpu->ring, put);
	drain(refgpu);
}

static void look_at_run(struct refgpu *refgpu, unsigned int control)
{
	if (!refgpu_run_look(refgpu, control))
		return;
	catch_up(refgpu);
	refgpu_run_found_ended(refgpu, control);
}

static void look_at_pending(struct refgpu *refgpu)
{
	struct vgpu_gpu *gpu = refgpu->gpu;
	u64 pending, now;
	unsigned int p;

	pending = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_PENDING);
	/* All 64 may be pending; a device that is gone has no id. */
	if (pending == REFGPU_GONE &&
	    reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_ID) != REFGPU_ID) {
		vgpu_gpu_failed(gpu, "its registers read all ones");
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

/* Ends first: a vGPU that ran out of work and has new work must become runnable. */
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
	int section;

	if (!vgpu_gpu_begin(gpu, &section))
		return;
	mutex_lock(&refgpu->events);
	look(refgpu);
	mutex_unlock(&refgpu->events);
	vgpu_gpu_end(gpu, section);
}

/* ------------------------------------------------------------------- faults */

static bool is_access_error(unsigned int error)
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
	u64 source = reg_read(refgpu, record + REFGPU_FAULT_WORD_SOURCE);
	unsigned int error = source & 0xff, p = (source >> 8) & 0xff;
	unsigned int ring = (source >> 16) & 0xff;
	struct vgpu_gpu *gpu = refgpu->gpu;
	struct vgpu *vgpu;
	u64 address;

	if (error == REFGPU_ERROR_DMA && p >= REFGPU_PARTITIONS)
		dev_err_ratelimited(&gpu->pdev->dev,
				    "the GPU can't write its events to host memory\n");
	if (p >= REFGPU_PARTITIONS || !is_access_error(error))
		return;
	p = array_index_nospec(p, REFGPU_PARTITIONS);
	address = reg_read(refgpu, record + REFGPU_FAULT_WORD_ADDRESS);
	rcu_read_lock();
	vgpu = rcu_dereference(gpu->partition[p]);
	if (vgpu) {
		atomic64_inc(&vgpu->stats.violations);
		if (vgpu_may_log(vgpu))
			dev_notice(&gpu->pdev->dev,
				   "vGPU %s: ring %u was refused an access outside its memory (error %u, address %#llx)\n",
				   vgpu_name(vgpu), ring, error, address);
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
	int section;

	if (!vgpu_gpu_begin(refgpu->gpu, &section))
		return IRQ_HANDLED;
	mutex_lock(&refgpu->events);
	drain(refgpu);
	if (refgpu_event_ring_is_lapped(&refgpu->ring)) {
		catch_up(refgpu);
		look(refgpu);
	} else if (refgpu_event_ring_skip_hole(&refgpu->ring)) {
		look(refgpu);
	}
	mutex_unlock(&refgpu->events);
	vgpu_gpu_end(refgpu->gpu, section);
	return IRQ_HANDLED;
}

static void read_faults(struct refgpu *refgpu)
{
	unsigned int n;
	u64 put;

	put = reg_read(refgpu, REFGPU_FAULT + REFGPU_FAULT_PUT);
	if (put == REFGPU_GONE) {
		vgpu_gpu_failed(refgpu->gpu, "its registers read all ones");
		return;
	}
	/* A device that was reset counts from 0 again. */
	if (refgpu->faults > put)
		refgpu->faults = 0;
	for (n = 0; n < FAULTS_MAX && refgpu->faults < put; n++)
		read_fault(refgpu, refgpu->faults++);
	/* A guest that faults in a loop must not keep this thread running. */
	if (n == FAULTS_MAX)
		usleep_range(5000, 10000);
	/* If some are left, the interrupt comes again. */
	reg_write(refgpu, REFGPU_FAULT + REFGPU_FAULT_GET, refgpu->faults);
}

static irqreturn_t fault_thread(int irq, void *data)
{
	struct refgpu *refgpu = data;
	int section;

	if (vgpu_gpu_begin(refgpu->gpu, &section)) {
		read_faults(refgpu);
		vgpu_gpu_end(refgpu->gpu, section);
	}
	return IRQ_HANDLED;
}

/*
 * ... of a process, which calls: the same, but with work items for threads. It may call
 * without end, and its control group does not pay for them: so they are of normal
 * priority, and rest three times as long as they worked.
 */
static void process_interrupt(void *data, unsigned int vector)
{
	unsigned int p = array_index_nospec(vector, REFGPU_PARTITIONS);
	struct refgpu *refgpu = data;

	if (vector < REFGPU_PARTITIONS)
		partition_interrupt(0, &refgpu->partition[p]);
	else if (vector == REFGPU_VECTOR_EVENT)
		queue_work(refgpu->gpu->wq, &refgpu->event_work);
	else if (vector == REFGPU_VECTOR_FAULT)
		queue_work(refgpu->gpu->wq, &refgpu->fault_work);
}

static void work_and_rest(irqreturn_t (*thread)(int irq, void *data),
			  struct refgpu *refgpu)
{
	ktime_t begin = ktime_get();
	s64 us;

	thread(0, refgpu);
	/* What took longer waited for the process. */
	us = clamp_t(s64, ktime_us_delta(ktime_get(), begin), 1, REST_MAX_US / 3);
	usleep_range(3 * us, 4 * us);
}

static void event_work(struct work_struct *work)
{
	work_and_rest(event_thread,
		      container_of(work, struct refgpu, event_work));
}

static void fault_work(struct work_struct *work)
{
	work_and_rest(fault_thread,
		      container_of(work, struct refgpu, fault_work));
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

	if (refgpu->engine) {
		soft_engine_listen(refgpu->engine, NULL, NULL);
		cancel_work_sync(&refgpu->event_work);
		cancel_work_sync(&refgpu->fault_work);
		return;
	}
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

	if (refgpu->engine) {
		INIT_WORK(&refgpu->event_work, event_work);
		INIT_WORK(&refgpu->fault_work, fault_work);
		soft_engine_listen(refgpu->engine, process_interrupt, refgpu);
		return 0;
	}
	ret = pci_alloc_irq_vectors(pdev, REFGPU_VECTORS, REFGPU_VECTORS,
				    PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(&pdev->dev, ret,
				     "%u MSI-X vectors are not to be had\n",
				     REFGPU_VECTORS);
	while (refgpu->vectors < REFGPU_VECTORS) {
		ret = request(refgpu, refgpu->vectors);
		if (ret) {
			dev_err_probe(&pdev->dev, ret,
				      "interrupt %u is not to be had\n",
				      refgpu->vectors);
			free_vectors(refgpu);
			return ret;
		}
		refgpu->vectors++;
	}
	return 0;
}

/* ------------------------------------------------------------- init and exit */

/**
 * refgpu_events_program - program the event ring
 * @refgpu: the GPU, just reset
 */
void refgpu_events_program(struct refgpu *refgpu)
{
	mutex_lock(&refgpu->events);
	refgpu->faults = 0;
	memset(refgpu->run, 0, sizeof(refgpu->run));
	/* Records from before the reset may have valid numbers. */
	memset(refgpu->ring.record, 0, REFGPU_EVENT_RING_SIZE);
	refgpu->ring.next =
		reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_PUT);
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_RECORDS,
		  REFGPU_EVENT_RING_RECORDS);
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_EVENT_BASE,
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
	int ret;

	refgpu->ring.record = refgpu_alloc(refgpu, REFGPU_EVENT_RING_SIZE,
					   &refgpu->ring_bus);
	if (!refgpu->ring.record)
		return -ENOMEM;
	ret = request_vectors(refgpu);
	if (ret) {
		refgpu_free(refgpu, REFGPU_EVENT_RING_SIZE,
			    refgpu->ring.record, refgpu->ring_bus);
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
	refgpu_free(refgpu, REFGPU_EVENT_RING_SIZE, refgpu->ring.record,
		    refgpu->ring_bus);
}
