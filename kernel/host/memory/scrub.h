/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scrub.h - zeroing a slice between owners
 */
#ifndef MEMORY_SCRUB_H
#define MEMORY_SCRUB_H

#include <linux/wait.h>
#include <linux/workqueue.h>

struct vgpu;

/**
 * struct vgpu_scrub - the zeroing of a vGPU's slice
 * @work: does it
 * @waiters: woken when @work has ended
 * @wanted: how often it was asked for; mapping.sem
 * @running: the hardware is at it, so that the vGPU must not move; gpu->lock
 * @error: why the last try failed, or 0; READ_ONCE, WRITE_ONCE
 */
struct vgpu_scrub {
	struct work_struct work;
	wait_queue_head_t waiters;
	unsigned long wanted;
	bool running;
	int error;
};

void vgpu_scrub_init(struct vgpu *vgpu);
void vgpu_scrub_queue(struct vgpu *vgpu);
int vgpu_scrub_wait(struct vgpu *vgpu);

#endif /* MEMORY_SCRUB_H */
