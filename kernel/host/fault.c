// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - telling about what the host had to do to a vGPU
 *
 * Whoever finds a fault may hold locks, so the guest is told by a work item.
 */
#include <linux/ratelimit.h>

#include "openvgpu.h"

static const char *fault_name(enum vgpu_fault code)
{
	switch (code) {
	case VGPU_FAULT_NONE:
		return "none";
	case VGPU_FAULT_PREEMPT_TIMEOUT:
		return "preempt timeout: it did not yield and was reset";
	case VGPU_FAULT_RUN_TIMEOUT:
		return "run timeout: its time slice did not end and it was reset";
	case VGPU_FAULT_UNMAP_TIMEOUT:
		return "unmap timeout: guest memory was not let go of in time and it was reset";
	case VGPU_FAULT_GPU_DEAD:
		return "GPU dead: the physical GPU does not answer any more; stop the VM";
	case VGPU_FAULT_GPU_RESET:
		return "GPU reset: the physical GPU was reset under it; its guest must start over";
	case VGPU_FAULT_MEMORY:
		return "memory error: uncorrectable, in its video memory; stop the VM";
	}
	return "unknown";
}

static void fault_work(struct work_struct *work)
{
	struct vgpu *vgpu = container_of(work, struct vgpu, fault_work);
	const struct vgpu_family *family = vgpu->gpu->family;
	unsigned int code;

	for (code = 0; code < BITS_PER_LONG; code++) {
		if (!test_and_clear_bit(code, &vgpu->faults_pending) ||
		    !READ_ONCE(vgpu->opened))
			continue;
		if (vgpu->personality->fault)
			vgpu->personality->fault(vgpu, code);
		if (family->notify && !vgpu_gpu_is_dead(vgpu->gpu))
			family->notify(vgpu, code);
	}
}

/**
 * vgpu_fault_init - nothing has happened yet
 * @vgpu: the vGPU
 */
void vgpu_fault_init(struct vgpu *vgpu)
{
	INIT_WORK(&vgpu->fault_work, fault_work);
}

/**
 * vgpu_fault_cancel - tell nobody any more
 * @vgpu: the vGPU; closed
 *
 * The next owner is not told of the last one's faults. May sleep; with no
 * lock held that a personality's fault() takes.
 */
void vgpu_fault_cancel(struct vgpu *vgpu)
{
	cancel_work_sync(&vgpu->fault_work);
	vgpu->faults_pending = 0;
}

/**
 * vgpu_report_fault - something was done to a vGPU that its guest must know
 * @vgpu: the vGPU
 * @code: what
 *
 * Logs and counts it; the personality and the family tell the guest later.
 * Takes no lock.
 */
void vgpu_report_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	WRITE_ONCE(vgpu->last_fault, code);
	atomic64_inc(&vgpu->stats.faults);
	dev_err_ratelimited(&vgpu->gpu->pdev->dev, "vGPU %s: fault %d: %s\n",
			    vgpu_name(vgpu), code, fault_name(code));
	set_bit(code, &vgpu->faults_pending);
	queue_work(vgpu->gpu->wq, &vgpu->fault_work);
}
