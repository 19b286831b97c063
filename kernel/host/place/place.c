// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c - the instance, the slice of its video memory and the partition of a
 * vGPU
 */
#include "base/state.h"
#include "base/vgpu.h"
#include "place/place.h"

/* The reason of a refusal, and figures of that moment. */
struct shortage {
	int error;
	unsigned int used;
	u64 largest;
};

static struct shortage try_place(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct vgpu_instance *instance = vgpu_gpu_pool(gpu);
	struct shortage shortage = { };
	u64 offset;

	mutex_lock(&gpu->lock);
	vgpu->partition = find_first_zero_bit(gpu->partitions, gpu->max_vgpus);
	if (gpu->hand_over != VGPU_KEPT)
		shortage.error = -EBUSY;
	else if (vgpu->partition >= gpu->max_vgpus)
		shortage.error = -EUSERS;
	else if (!buddy_alloc(&instance->memory, vgpu->type->level, &offset))
		shortage.error = -ENOSPC;
	else
		__set_bit(vgpu->partition, gpu->partitions);
	shortage.used = bitmap_weight(gpu->partitions, gpu->max_vgpus);
	shortage.largest = buddy_largest(&instance->memory);
	mutex_unlock(&gpu->lock);
	if (!shortage.error) {
		vgpu->instance = instance;
		vgpu->fb_offset = instance->memory_offset + offset;
	}
	return shortage;
}

/**
 * vgpu_place - choose an instance, reserve a slice of it and a partition
 * @vgpu: the vGPU; its type says how much
 *
 * Return: 0; -ENOSPC without a free slice of that size; -EUSERS without a free
 * partition; -EBUSY while the GPU is reset, suspended or handed over; -ENODEV
 * when it is going or dead. The reason is in the log and in last_error.
 */
int vgpu_place(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	enum vgpu_gpu_state state = READ_ONCE(gpu->state);
	struct shortage shortage;

	if (state != VGPU_GPU_UP) {
		vgpu_error(vgpu, " not created: the GPU is in state %s%s",
			   vgpu_gpu_state_name(gpu),
			   state == VGPU_GPU_RESET ? ", try again" : "");
		return state == VGPU_GPU_RESET ? -EBUSY : -ENODEV;
	}
	vgpu->fb_size = vgpu->type->fb_size;
	shortage = try_place(vgpu);
	switch (shortage.error) {
	case -EBUSY:
		vgpu_error(vgpu,
			   " not created: the GPU is being handed over to another driver; write 0 to hand_over if it is to stay");
		break;
	case -EUSERS:
		vgpu_error(vgpu, " not created: all %u partitions are taken; remove a vGPU",
			   gpu->max_vgpus);
		break;
	case -ENOSPC:
		vgpu_error(vgpu,
			   " not created: type %s needs %llu MiB, the largest free block has %llu MiB (%u vGPUs exist); remove a vGPU or choose a smaller type",
			   vgpu->type->sysfs_name, vgpu->fb_size >> 20,
			   shortage.largest >> 20, shortage.used);
		break;
	}
	return shortage.error;
}

/**
 * vgpu_unplace - give slice and partition back
 * @vgpu: the vGPU; nothing of its owner may be left in them
 */
void vgpu_unplace(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	struct vgpu_instance *instance = vgpu->instance;
	bool freed;

	mutex_lock(&gpu->lock);
	freed = buddy_free(&instance->memory, vgpu->type->level,
			   vgpu->fb_offset - instance->memory_offset);
	__clear_bit(vgpu->partition, gpu->partitions);
	mutex_unlock(&gpu->lock);
	WARN_ON_ONCE(!freed);
}
