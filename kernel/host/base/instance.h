/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance.h - a part of a GPU that executes and is divided by itself
 */
#ifndef BASE_INSTANCE_H
#define BASE_INSTANCE_H

#include <linux/types.h>

#include "place/buddy.h"
#include "sched/run.h"

struct vgpu_gpu;

/**
 * struct vgpu_instance - compute slices and video memory with a run queue
 * @gpu: the GPU it is a part of; constant
 * @index: number of the hardware's run-control block; constant. 0 is the pool,
 *	which is the whole GPU
 * @slices: family: the hardware's slices that work for it, in the family's own
 *	form
 * @memory_offset: where its video memory begins, bytes from that of the GPU;
 *	constant
 * @memory: that memory, which its vGPUs' slices are cut from; gpu->lock
 * @memory_storage: storage of @memory
 * @settings: what an administrator may change
 * @rq: its vGPUs take turns here
 *
 * A vGPU belongs to one instance from create to removal.
 */
struct vgpu_instance {
	struct vgpu_gpu *gpu;
	unsigned int index;
	u32 slices;
	u64 memory_offset;
	struct buddy memory;
	u8 *memory_storage;
	struct vgpu_sched_settings settings;
	struct vgpu_runqueue rq;
};

#endif /* BASE_INSTANCE_H */
