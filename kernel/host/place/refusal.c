// SPDX-License-Identifier: GPL-2.0-only
/*
 * refusal.c - why there is no place for a vGPU or an instance, and what to do
 */
#include <linux/kernel.h>
#include <linux/math64.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "place/place.h"

#define MIB	BIT_ULL(20)
#define GIB	BIT_ULL(30)

/**
 * vgpu_profile_name - the name of an instance's shape
 * @gpu: the GPU, which can be divided
 * @profile: the shape
 * @buf: receives "4g.512m": compute slices and memory
 * @size: of @buf
 */
void vgpu_profile_name(const struct vgpu_gpu *gpu, struct layout_profile profile,
		       char *buf, size_t size)
{
	u64 bytes = div_u64(gpu->fb_size, gpu->layout.memory_slices) * profile.memory;
	bool mib = bytes & (GIB - 1);

	snprintf(buf, size, "%ug.%llu%c", profile.compute, bytes / (mib ? MIB : GIB),
		 mib ? 'm' : 'g');
}

/**
 * vgpu_refusal_reason - why a type can't be created, in few words
 * @refusal: what the layout says
 *
 * All types have to fit on a page.
 */
const char *vgpu_refusal_reason(enum layout_refusal refusal)
{
	switch (refusal) {
	case LAYOUT_OK:
		return "";
	case LAYOUT_NO_PARTITION:
		return "no partition is free";
	case LAYOUT_NO_COMPUTE:
		return "too few compute slices";
	case LAYOUT_POOL_NEEDED:
		return "the pool needs its slices";
	case LAYOUT_POOL_FIXED:
		return "the scheduler fixes shares";
	case LAYOUT_POOL_EMPTY:
		return "the pool has no slices";
	case LAYOUT_POOL_LENT:
		return "instance 8 has its engine";
	case LAYOUT_NO_MEMORY:
		return "too little memory is free";
	case LAYOUT_IN_THE_WAY:
		return "open vGPUs are in the way";
	case LAYOUT_BAD_PROFILE:
		return "not on this GPU";
	case LAYOUT_OCCUPIED:
		return "it has vGPUs";
	}
	return "unknown";
}

static int error_of(enum layout_refusal refusal)
{
	switch (refusal) {
	case LAYOUT_NO_PARTITION:
		return -EUSERS;
	case LAYOUT_POOL_NEEDED:
	case LAYOUT_OCCUPIED:
		return -EBUSY;
	case LAYOUT_POOL_FIXED:
		return -EPERM;
	case LAYOUT_BAD_PROFILE:
		return -EINVAL;
	default:
		return -ENOSPC;
	}
}

/* Compute slices that an instance could still get. */
static unsigned int spare_compute(const struct layout *layout)
{
	unsigned int pool = layout_pool_compute(layout);
	unsigned int kept = max(layout->pool_min,
				layout_members(layout, LAYOUT_POOL) ? 1U : 0U);

	return pool - min(pool, kept);
}

/* The figures of this moment, for who reads them. */
static void explain(struct vgpu_gpu *gpu, const struct vgpu *vgpu,
		    struct layout_profile profile, enum layout_refusal refusal,
		    char *why, size_t size)
{
	const struct layout *layout = &gpu->layout;
	u64 bytes = profile.compute ?
		    gpu->fb_size >> layout_profile_level(layout, profile) : vgpu->fb_size;
	unsigned int i, vgpus = 0;
	char name[VGPU_PROFILE_NAME_SIZE] = "";

	if (profile.compute)
		vgpu_profile_name(gpu, profile, name, sizeof(name));
	switch (refusal) {
	case LAYOUT_NO_PARTITION:
		snprintf(why, size, "all %u partitions are taken; remove a vGPU",
			 gpu->max_vgpus);
		break;
	case LAYOUT_NO_COMPUTE:
		snprintf(why, size,
			 "%s needs %u compute slices, %u are free; remove other instances or choose fewer slices",
			 name, profile.compute, layout_pool_compute(layout));
		break;
	case LAYOUT_POOL_NEEDED:
		snprintf(why, size,
			 "%s needs %u compute slices, the pool can spare %u of %u (pool_slices_min %u, %u plain vGPUs); lower pool_slices_min, remove plain vGPUs or choose fewer",
			 name, profile.compute, spare_compute(layout),
			 layout_pool_compute(layout), layout->pool_min,
			 layout_members(layout, LAYOUT_POOL));
		break;
	case LAYOUT_POOL_FIXED:
		snprintf(why, size,
			 "scheduler %s promises the %u plain vGPUs that what they have does not change; change the scheduler or remove them",
			 vgpu_instance_policy(vgpu_gpu_pool(gpu))->name,
			 layout_members(layout, LAYOUT_POOL));
		break;
	case LAYOUT_POOL_EMPTY:
		snprintf(why, size,
			 "instances have all compute slices of the pool; remove one, or choose a type of theirs");
		break;
	case LAYOUT_POOL_LENT:
		snprintf(why, size, "the pool's engine works for instance 8; remove that");
		break;
	case LAYOUT_IN_THE_WAY:
		/* It may have been a seat of an instance, or a new instance. */
		snprintf(why, size,
			 "%llu MiB are free, but open vGPUs lie in between, and only closed ones can move; stop a VM or choose a smaller type",
			 (vgpu ? vgpu->fb_size : bytes) >> 20);
		break;
	case LAYOUT_BAD_PROFILE:
		snprintf(why, size, "this GPU can't have an instance %s", name);
		break;
	default:
		for (i = 0; i < layout->vgpus; i++)
			vgpus += layout->vgpu[i].used;
		if (profile.compute)
			snprintf(why, size,
				 "%s needs %llu MiB, %llu MiB are free (%u vGPUs exist); remove a vGPU or choose less",
				 name, bytes >> 20,
				 layout_free_bytes(layout, LAYOUT_POOL) >> 20, vgpus);
		else
			snprintf(why, size,
				 "type %s needs %llu MiB, the largest free block has %llu MiB (%u vGPUs exist); remove a vGPU or choose a smaller type",
				 vgpu->type->sysfs_name, bytes >> 20,
				 layout_largest(layout, LAYOUT_POOL) >> 20, vgpus);
	}
}

/**
 * vgpu_refusal_explain - why a vGPU or an instance can't be created, and what to do
 * @gpu: the GPU; its place_lock is held
 * @vgpu: the vGPU; NULL: an instance without one
 * @profile: of the instance; that of a plain vGPU is the pool's
 * @refusal: what the layout says
 * @why: receives the text
 * @size: of @why
 *
 * Return: errno.
 */
int vgpu_refusal_explain(struct vgpu_gpu *gpu, const struct vgpu *vgpu,
			 struct layout_profile profile, enum layout_refusal refusal,
			 char *why, size_t size)
{
	mutex_lock(&gpu->lock);
	explain(gpu, vgpu, profile, refusal, why, size);
	mutex_unlock(&gpu->lock);
	return error_of(refusal);
}
