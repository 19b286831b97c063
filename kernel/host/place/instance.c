// SPDX-License-Identifier: GPL-2.0-only
/*
 * instance.c - the instances of a GPU: their run queues and the hardware's slices
 *
 * The layout says which instances there are and what is theirs. Here they get a
 * run queue, and the hardware is made to work as the layout says: slices change
 * owners while the engines of both stand still. An engine that works is stopped
 * for that as for any switch, so its work goes on later where it was; one that
 * does not stop is dealt with as always, by the reset of its vGPU.
 *
 * All with gpu->place_lock held.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "place/instance.h"
#include "sched/sched.h"

/* What the device has. */
static struct layout_slices all_slices(const struct layout *layout)
{
	return (struct layout_slices) {
		.compute = (1u << layout->compute_slices) - 1,
		.memory = (1u << layout->memory_slices) - 1,
	};
}

/* What an instance is to have. The pool has the rest, unless its engine is lent. */
static struct layout_slices wanted(const struct layout *layout, unsigned int number)
{
	struct layout_slices all = all_slices(layout);
	unsigned int i;

	if (number != LAYOUT_POOL)
		return layout_slices(layout, number);
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		struct layout_slices slices = layout_slices(layout, i);

		if (slices.compute && layout_block(i) == layout_block(LAYOUT_POOL))
			return (struct layout_slices) { };
		/* With those that work for no queue. */
		all.compute &= ~layout->instance[i].compute;
		all.memory &= ~slices.memory;
	}
	return all;
}

static bool changes(const struct vgpu_instance *instance, const struct layout *next)
{
	struct layout_slices slices = wanted(next, instance->index);

	return instance->compute != slices.compute ||
	       instance->memory != slices.memory || instance->shared != slices.shared;
}

/**
 * vgpu_instances_init - there is a pool and nothing else
 * @gpu: the GPU, being allocated
 */
void vgpu_instances_init(struct vgpu_gpu *gpu)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		gpu->instance[i].gpu = gpu;
		gpu->instance[i].index = i;
		gpu->instance[i].whole = &gpu->instance[i];
	}
}

/**
 * vgpu_instance_named - whether an instance has a name
 * @gpu: the GPU
 * @name: the name
 */
bool vgpu_instance_named(const struct vgpu_gpu *gpu, const char *name)
{
	unsigned int i;

	for (i = 1; i < LAYOUT_INSTANCES; i++)
		if (gpu->instance[i].started && !strcmp(gpu->instance[i].name, name))
			return true;
	return false;
}

/* Another may have been given the name that belongs to this number. */
static void give_name(struct vgpu_instance *instance)
{
	size_t size = sizeof(instance->name);
	unsigned int more = 1;

	snprintf(instance->name, size, "instance-%u", instance->index);
	while (vgpu_instance_named(instance->gpu, instance->name))
		snprintf(instance->name, size, "instance-%u.%u", instance->index,
			 ++more);
}

/**
 * vgpu_instance_start - make an instance's run queue
 * @instance: the instance, which has none
 * @whole: the GPU instance that it is a part of, or itself
 * @name: its name; NULL: one by its number
 *
 * Its settings are those that the pool has now. May sleep.
 *
 * Return: 0 or errno.
 */
int vgpu_instance_start(struct vgpu_instance *instance, struct vgpu_instance *whole,
			const char *name)
{
	struct vgpu_instance *pool = vgpu_gpu_pool(instance->gpu);
	int ret;

	if (name)
		strscpy(instance->name, name, sizeof(instance->name));
	else
		give_name(instance);
	instance->whole = whole;
	instance->busy_base = 0;
	instance->idle_base = 0;
	vgpu_instance_time(instance, &instance->busy_base, &instance->idle_base);
	memset(&instance->rq, 0, sizeof(instance->rq));
	ret = vgpu_sched_init(instance);
	if (ret)
		return ret;
	vgpu_sched_inherit(instance, pool);
	instance->started = true;
	return 0;
}

/**
 * vgpu_instance_stop - undo vgpu_instance_start()
 * @instance: the instance; without vGPUs. One that has no run queue is left alone
 */
void vgpu_instance_stop(struct vgpu_instance *instance)
{
	if (!instance->started)
		return;
	vgpu_sched_exit(instance);
	instance->started = false;
}

/**
 * vgpu_instances_hold - stop the engines whose slices change
 * @gpu: the GPU
 * @next: the layout that is to be
 *
 * They begin no run before vgpu_instances_let_go(). May sleep, bounded by the
 * timeouts of a preemption and some seconds.
 *
 * Return: whether they stand still; if not, the GPU is dead.
 */
bool vgpu_instances_hold(struct vgpu_gpu *gpu, const struct layout *next)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		struct vgpu_instance *instance = &gpu->instance[i];

		if (instance->started && changes(instance, next) &&
		    !vgpu_sched_hold(instance))
			return false;
	}
	return true;
}

/**
 * vgpu_instances_let_go - engines work again after vgpu_instances_hold()
 * @gpu: the GPU
 */
void vgpu_instances_let_go(struct vgpu_gpu *gpu)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_INSTANCES; i++)
		if (gpu->instance[i].started)
			vgpu_sched_let_go(&gpu->instance[i]);
}

/**
 * vgpu_instances_are_held - whether a layout may come into force
 * @gpu: the GPU
 * @next: the layout
 *
 * Return: true: the engines of all whose slices change stand still.
 */
bool vgpu_instances_are_held(const struct vgpu_gpu *gpu, const struct layout *next)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		const struct vgpu_instance *instance = &gpu->instance[i];

		if (i != LAYOUT_POOL && !next->instance[i].profile.compute)
			continue;
		if (changes(instance, next) &&
		    (!instance->started || !instance->rq.held))
			return false;
	}
	return true;
}

static int program(struct vgpu_instance *instance, struct layout_slices slices)
{
	const struct vgpu_family *family = instance->gpu->family;
	int ret = 0;

	if (instance->compute == slices.compute && instance->memory == slices.memory &&
	    instance->shared == slices.shared)
		return 0;
	if (family->slices)
		ret = family->slices(instance, slices.compute, slices.memory,
				     slices.shared);
	if (ret)
		return ret;
	WRITE_ONCE(instance->compute, slices.compute);
	WRITE_ONCE(instance->memory, slices.memory);
	instance->shared = slices.shared;
	return 0;
}

/**
 * vgpu_instances_program - have the hardware work as the layout says
 * @gpu: the GPU; the engines whose slices change stand still
 *
 * A slice is taken from one before another gets it. May sleep.
 *
 * Return: 0, or -EIO: the hardware did not obey. The rest was done.
 */
int vgpu_instances_program(struct vgpu_gpu *gpu)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		struct vgpu_instance *instance = &gpu->instance[i];
		struct layout_slices slices = wanted(&gpu->layout, i);

		slices.compute &= instance->compute;
		slices.memory &= instance->memory;
		ret = program(instance, slices) ?: ret;
	}
	for (i = 0; i < LAYOUT_INSTANCES; i++)
		ret = program(&gpu->instance[i], wanted(&gpu->layout, i)) ?: ret;
	return ret;
}

/**
 * vgpu_instances_restore - the same when the device has forgotten all
 * @gpu: the GPU, just reset; nothing runs
 *
 * Return: 0 or -EIO.
 */
int vgpu_instances_restore(struct vgpu_gpu *gpu)
{
	struct layout_slices all = all_slices(&gpu->layout);
	struct vgpu_instance *pool = vgpu_gpu_pool(gpu);
	unsigned int i;

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		gpu->instance[i].compute = 0;
		gpu->instance[i].memory = 0;
		gpu->instance[i].shared = false;
		gpu->instance[i].busy_base = 0;
		gpu->instance[i].idle_base = 0;
	}
	pool->compute = all.compute;
	pool->memory = all.memory;
	return vgpu_instances_program(gpu);
}

/**
 * vgpu_instance_time - how long an instance's engine was busy and idle
 * @instance: the instance
 * @busy_ns: filled in: nanoseconds since it was made, or since the device was
 *	reset; unchanged if it fails
 * @idle_ns: likewise; what is in neither are switches
 *
 * May sleep. Return: 0; -EOPNOTSUPP; -ENODEV: the GPU is away.
 */
int vgpu_instance_time(struct vgpu_instance *instance, u64 *busy_ns, u64 *idle_ns)
{
	const struct vgpu_family *family = instance->gpu->family;
	u64 busy, idle;
	int ret;

	if (!family->engine_time)
		return -EOPNOTSUPP;
	ret = family->engine_time(instance, &busy, &idle);
	if (ret)
		return ret;
	*busy_ns = busy - min(busy, instance->busy_base);
	*idle_ns = idle - min(idle, instance->idle_base);
	return 0;
}
