// SPDX-License-Identifier: GPL-2.0-only
/*
 * native_map.c - commands of a guest that map its memory for the GPU
 *
 * A command is executed by a work item: pinning takes long, and a guest's
 * access must not. The work item never takes vgpu->lock, so reset and close
 * wait for it with that held.
 *
 * The page list lies in memory that the guest can write at any time. It is
 * copied once, and only the copy is used.
 */
#include <linux/io.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "memory/pin.h"
#include "personality/native.h"

static enum openvgpu_native_status status_of(int error)
{
	switch (error) {
	case 0:
		return OPENVGPU_NATIVE_OK;
	case -EINVAL:
		return OPENVGPU_NATIVE_INVALID;
	case -EEXIST:
		return OPENVGPU_NATIVE_EXISTS;
	case -ENOENT:
		return OPENVGPU_NATIVE_NOT_MAPPED;
	case -EDQUOT:
	case -ENOMEM:
		return OPENVGPU_NATIVE_LIMIT;
	default:
		return OPENVGPU_NATIVE_NO_MEMORY;
	}
}

static u64 *copy_list(struct vgpu *vgpu, const struct native_map *job)
{
	u64 bytes, *list;
	u64 i;

	if (!job->pages || job->pages > NATIVE_MAP_PAGES_MAX || job->list % 8)
		return ERR_PTR(-EINVAL);
	bytes = job->pages * sizeof(*list);
	if (job->list > vgpu->fb_size || bytes > vgpu->fb_size - job->list)
		return ERR_PTR(-EINVAL);
	if (vgpu_gpu_is_dead(vgpu->gpu))
		return ERR_PTR(-ENODEV);
	list = kvmalloc_array(job->pages, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	memcpy_fromio(list, vgpu->gpu->fb_io + vgpu->fb_offset + job->list,
		      bytes);
	for (i = 0; i < job->pages; i++)
		list[i] = le64_to_cpu((__force __le64)list[i]);
	return list;
}

static int map(struct vgpu *vgpu, const struct native_map *job)
{
	u64 *list;
	int ret;

	if (job->first > U32_MAX)
		return -EINVAL;
	list = copy_list(vgpu, job);
	if (IS_ERR(list))
		return PTR_ERR(list);
	ret = vgpu_pin_map(vgpu, job->first, job->pages, list,
			   job->command == OPENVGPU_NATIVE_MAP_WRITE);
	kvfree(list);
	return ret;
}

static int execute(struct vgpu *vgpu, const struct native_map *job)
{
	switch (job->command) {
	case OPENVGPU_NATIVE_MAP_WRITE:
	case OPENVGPU_NATIVE_MAP_READ:
		return map(vgpu, job);
	case OPENVGPU_NATIVE_UNMAP:
		if (job->first > U32_MAX)
			return -ENOENT;
		return vgpu_pin_unmap(vgpu, job->first);
	default:
		return -EINVAL;
	}
}

static void map_work(struct work_struct *work)
{
	struct native *native = container_of(work, struct native, map_work);
	int ret = execute(native->vgpu, &native->registers.job);

	spin_lock(&native->lock);
	native->registers.map_status = status_of(ret);
	spin_unlock(&native->lock);
	native_event(native, OPENVGPU_NATIVE_EVENT_MAP);
}

/**
 * native_map_init - no command yet
 * @native: the personality's data
 */
void native_map_init(struct native *native)
{
	INIT_WORK(&native->map_work, map_work);
}

/**
 * native_map_stop - end what is under way and begin nothing
 * @native: the personality's data
 *
 * Until map_blocked is cleared. May sleep as long as pinning takes; with or
 * without vgpu->lock held.
 */
void native_map_stop(struct native *native)
{
	spin_lock(&native->lock);
	native->registers.map_blocked = true;
	spin_unlock(&native->lock);
	cancel_work_sync(&native->map_work);
}
