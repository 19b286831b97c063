/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fault.h - the numbered faults of a vGPU
 *
 * Stable, as NVIDIA's Xid are: they appear in the kernel log, in sysfs and in
 * the guest's registers, and are explained in doc/faults.md. Numbers are
 * never reused.
 */
#ifndef OPENVGPU_FAULT_H
#define OPENVGPU_FAULT_H

/**
 * enum vgpu_fault - what happened to a vGPU
 * @VGPU_FAULT_NONE: nothing
 * @VGPU_FAULT_PREEMPT_TIMEOUT: did not yield in time and was reset
 * @VGPU_FAULT_RUN_TIMEOUT: its quantum ended without an event and it was reset
 * @VGPU_FAULT_UNMAP_TIMEOUT: the GPU did not let go of guest memory in time
 * @VGPU_FAULT_GPU_DEAD: the physical GPU is gone or does not answer
 * @VGPU_FAULT_GPU_RESET: the physical GPU was reset under it
 * @VGPU_FAULT_MEMORY: uncorrectable error in its video memory
 */
enum vgpu_fault {
	VGPU_FAULT_NONE			= 0,
	VGPU_FAULT_PREEMPT_TIMEOUT	= 1,
	VGPU_FAULT_RUN_TIMEOUT		= 2,
	VGPU_FAULT_UNMAP_TIMEOUT	= 3,
	VGPU_FAULT_GPU_DEAD		= 4,
	VGPU_FAULT_GPU_RESET		= 5,
	VGPU_FAULT_MEMORY		= 6,
};

#endif /* OPENVGPU_FAULT_H */
