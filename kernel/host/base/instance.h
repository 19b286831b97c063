/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance.h - a part of a GPU that executes and is divided by itself
 */
#ifndef BASE_INSTANCE_H
#define BASE_INSTANCE_H

#include <linux/types.h>

#include "sched/run.h"

struct vgpu_gpu;
struct vgpu_instance_folder;

#define VGPU_INSTANCE_NAME_SIZE	32

/**
 * struct vgpu_instance - compute slices and video memory with a run queue
 * @gpu: the GPU it is a part of; constant
 * @index: its number; constant. 0 is the pool, which has all that no other
 *	instance has, and which a GPU that is not divided consists of
 * @whole: the GPU instance that it is a part of, if it is a compute instance: one
 *	without memory of its own; else itself. Constant while it exists
 * @started: it has a run queue; gpu->place_lock. The pool always does
 * @compute: mask of the hardware's compute slices that work for it now;
 *	gpu->place_lock for writing
 * @memory: likewise of its memory slices
 * @shared: others have the same memory slices
 * @busy_base: what the hardware's counter of busy time was when it was made
 * @idle_base: likewise of idle time
 * @name: given by whoever made it; constant while it exists
 * @folder: its attributes; gpu->place_lock. NULL: none
 * @settings: what an administrator may change
 * @rq: its vGPUs take turns here
 *
 * Which instances exist and what is theirs is in gpu->layout. A vGPU belongs to
 * one from create to removal; between those of one memory it may change while it is
 * closed.
 */
struct vgpu_instance {
	struct vgpu_gpu *gpu;
	unsigned int index;
	struct vgpu_instance *whole;
	bool started;
	u8 compute;
	u8 memory;
	bool shared;
	u64 busy_base;
	u64 idle_base;
	char name[VGPU_INSTANCE_NAME_SIZE];
	struct vgpu_instance_folder *folder;
	struct vgpu_sched_settings settings;
	struct vgpu_runqueue rq;
};

#endif /* BASE_INSTANCE_H */
