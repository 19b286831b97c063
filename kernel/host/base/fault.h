/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fault.h - the numbered faults and resets of a vGPU
 *
 * They appear in the kernel log, in sysfs and in the guest's registers, and are
 * explained in doc/faults.md. Numbers are stable and never reused.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <linux/workqueue.h>

struct vgpu;

/**
 * enum vgpu_fault - what happened to a vGPU
 * @VGPU_FAULT_NONE: nothing
 * @VGPU_FAULT_PREEMPT_TIMEOUT: did not yield in time and was reset
 * @VGPU_FAULT_RUN_TIMEOUT: outlived its quantum, did not yield, and was reset
 * @VGPU_FAULT_UNMAP_TIMEOUT: the GPU did not stop using guest memory in time
 * @VGPU_FAULT_GPU_DEAD: the physical GPU is gone or does not answer
 * @VGPU_FAULT_GPU_RESET: the physical GPU was reset under it
 * @VGPU_FAULT_MEMORY: uncorrectable error in its video memory
 * @VGPU_FAULT_LOAD_TIMEOUT: its context was not loaded in time; was reset
 * @VGPU_FAULT_SAVE_TIMEOUT: its context was not saved in time; was reset
 * @VGPU_FAULT_STOPPED: was reset too often and gets no turns until it is reset
 * @VGPU_FAULT_NO_MEMORY: the host has no page for what it wrote to video memory
 */
enum vgpu_fault {
	VGPU_FAULT_NONE			= 0,
	VGPU_FAULT_PREEMPT_TIMEOUT	= 1,
	VGPU_FAULT_RUN_TIMEOUT		= 2,
	VGPU_FAULT_UNMAP_TIMEOUT	= 3,
	VGPU_FAULT_GPU_DEAD		= 4,
	VGPU_FAULT_GPU_RESET		= 5,
	VGPU_FAULT_MEMORY		= 6,
	VGPU_FAULT_LOAD_TIMEOUT		= 7,
	VGPU_FAULT_SAVE_TIMEOUT		= 8,
	VGPU_FAULT_STOPPED		= 9,
	VGPU_FAULT_NO_MEMORY		= 10,
};

/*
 * Why a vGPU was reset: the code of the fault that made the host do it, or one
 * of these. They count from 100, so that a number means one thing only.
 */

/**
 * enum vgpu_reset_reason - the origin of a reset
 * @VGPU_RESET_NONE: there was none
 * @VGPU_RESET_GUEST: guest, by the personality's own register
 * @VGPU_RESET_FUNCTION: guest, by a function-level reset
 * @VGPU_RESET_VMM: VMM, by VFIO_DEVICE_RESET
 */
enum vgpu_reset_reason {
	VGPU_RESET_NONE			= 0,
	VGPU_RESET_GUEST		= 100,
	VGPU_RESET_FUNCTION		= 101,
	VGPU_RESET_VMM			= 102,
};

/**
 * struct vgpu_faults - faults of a vGPU, and notifications to be sent
 * @last: the last fault since it was opened; READ_ONCE, WRITE_ONCE
 * @last_reset: reason of the last reset since it was opened: code of a fault or
 *	enum vgpu_reset_reason; READ_ONCE, WRITE_ONCE
 * @pending: bits by code, of which its guest must be told
 * @unsent: bits by code, of which the host's user space must be told, and that
 *	it has recovered
 * @work: tells them
 * @late: bits of what else must be told, which the limits of base/flood.h left out
 * @late_work: tells it
 */
struct vgpu_faults {
	enum vgpu_fault last;
	unsigned int last_reset;
	unsigned long pending;
	unsigned long unsent;
	struct work_struct work;
	unsigned long late;
	struct delayed_work late_work;
};

void vgpu_fault_init(struct vgpu *vgpu);
void vgpu_fault_cancel(struct vgpu *vgpu);
void vgpu_fault_exit(struct vgpu *vgpu);
void vgpu_report_fault(struct vgpu *vgpu, enum vgpu_fault code);
void vgpu_repeat_fault(struct vgpu *vgpu, enum vgpu_fault code);
void vgpu_report_recovery(struct vgpu *vgpu);
const char *vgpu_reset_name(unsigned int reason);

#endif /* BASE_FAULT_H */
