// SPDX-License-Identifier: GPL-2.0-only
/*
 * native_map.c - commands of a guest that map its memory for the GPU
 *
 * A command is executed by a work item: pinning takes long, perhaps for ever,
 * and a guest's access must not. Reset and close do not wait for it: they drop
 * the command, and core what it may still map.
 *
 * The page list lies in memory that the guest can write at any time. It is
 * copied once, and only the copy is used.
 */
#include <linux/io.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "memory/pin.h"
#include "personality/native.h"

static_assert(NATIVE_MAP_PAGES_MAX <= VGPU_MAP_PAGES_MAX);

/* How long a VM that is paused waits for memory of its VMM that never comes. */
#define HOLD_PATIENCE	(10 * HZ)

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
	list = kvmalloc_array(job->pages, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	if (!vgpu_mapping_read_slice(vgpu, job->list, list, bytes)) {
		kvfree(list);
		return ERR_PTR(-ENODEV);
	}
	for (i = 0; i < job->pages; i++)
		list[i] = le64_to_cpu((__force __le64)list[i]);
	return list;
}

static int map(struct vgpu *vgpu, const struct native_map *job,
	       unsigned int epoch)
{
	u64 *list;
	int ret;

	if (job->first > U32_MAX)
		return -EINVAL;
	list = copy_list(vgpu, job);
	if (IS_ERR(list))
		return PTR_ERR(list);
	ret = vgpu_pin_map(vgpu, epoch, job->first, job->pages, list,
			   job->command == OPENVGPU_NATIVE_MAP_WRITE);
	kvfree(list);
	return ret;
}

static int execute(struct vgpu *vgpu, const struct native_map *job,
		   unsigned int epoch)
{
	switch (job->command) {
	case OPENVGPU_NATIVE_MAP_WRITE:
	case OPENVGPU_NATIVE_MAP_READ:
		return map(vgpu, job, epoch);
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
	struct mem_cgroup *payer, *before;
	unsigned int generation, epoch;
	struct native_map job;
	bool go;
	int ret;

	spin_lock(&native->lock);
	go = native_registers_take(&native->registers, &job, &generation);
	native->executing = go;
	/* With the lock: a reset drops the command before it revokes. */
	epoch = vgpu_pin_epoch(native->vgpu);
	spin_unlock(&native->lock);
	if (!go)
		return;
	payer = vgpu_pin_payer(native->vgpu);
	before = set_active_memcg(payer);
	ret = execute(native->vgpu, &job, epoch);
	set_active_memcg(before);
	mem_cgroup_put(payer);

	spin_lock(&native->lock);
	if (native_registers_complete(&native->registers, generation,
				      status_of(ret)))
		native_event(native, OPENVGPU_NATIVE_EVENT_MAP);
	WRITE_ONCE(native->executing, false);
	spin_unlock(&native->lock);
	wake_up_all(&native->executed);
}

/**
 * native_map_hold - begin no command any more, and wait for the one under way
 * @native: the personality's data
 *
 * May sleep, with no lock held.
 *
 * Return: 0; -EBUSY: it waits for its VMM's memory; -EINTR.
 */
int native_map_hold(struct native *native)
{
	long left;

	spin_lock(&native->lock);
	native->registers.map_held = true;
	spin_unlock(&native->lock);
	left = wait_event_killable_timeout(native->executed,
					   !READ_ONCE(native->executing),
					   HOLD_PATIENCE);
	if (left < 0)
		return -EINTR;
	return left ? 0 : -EBUSY;
}

/**
 * native_map_go_on - commands begin again
 * @native: the personality's data
 */
void native_map_go_on(struct native *native)
{
	spin_lock(&native->lock);
	native->registers.map_held = false;
	if (native->registers.map_queued)
		queue_work(native->vgpu->gpu->memory_wq, &native->map_work);
	spin_unlock(&native->lock);
}

/**
 * native_map_init - no command yet
 * @native: the personality's data
 */
void native_map_init(struct native *native)
{
	INIT_WORK(&native->map_work, map_work);
	init_waitqueue_head(&native->executed);
}
