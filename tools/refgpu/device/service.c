// SPDX-License-Identifier: GPL-2.0-only
/*
 * service.c - commands that take time: reset, scrub, invalidate, dirty bits
 *
 * One service thread does them all but SCRUB, which can take a second and has a
 * thread of its own. A command that needs its partition off the engines waits
 * for that without holding up the others: the engine wakes the thread when a run
 * ends.
 */
#include "device/context.h"
#include "device/dirty.h"
#include "device/events.h"
#include "device/partition.h"
#include "device/partition_table.h"
#include "device/reset.h"
#include "device/service.h"
#include "device/stale.h"
#include "device/state.h"

static void finish(struct device *dev, struct partition *p, u32 command)
{
	p->working &= ~command;
	if (command != COMMAND_DIRTY_RETIRE)
		partition_done(dev, p);
}

/* Take a command up. */
static bool take(struct partition *p, u32 command, bool must_be_off)
{
	if (!(p->commands & command) || (must_be_off && p->engine))
		return false;
	p->commands &= ~command;
	p->working |= command;
	return true;
}

static void serve_partition(struct device *dev, struct partition *p)
{
	if (take(p, COMMAND_INVALIDATE, false)) {
		pthread_mutex_unlock(&dev->lock);
		memory_synchronise(&p->view);
		pthread_mutex_lock(&dev->lock);
		finish(dev, p, COMMAND_INVALIDATE);
	}
	if (take(p, COMMAND_DIRTY_RETIRE, false)) {
		struct dirty_map *retired = p->dirty_retired;

		p->dirty_retired = NULL;
		pthread_mutex_unlock(&dev->lock);
		memory_synchronise(&p->view);
		dirty_free_list(retired);
		pthread_mutex_lock(&dev->lock);
		finish(dev, p, COMMAND_DIRTY_RETIRE);
	}
	if (take(p, COMMAND_DIRTY_FETCH, false)) {
		/* Retired maps are freed by this thread only. */
		struct dirty_map *map = p->dirty;
		u64 first = p->dirty_first, count = p->dirty_count;
		u64 target = p->dirty_target;

		pthread_mutex_unlock(&dev->lock);
		dirty_fetch(dev, map, first, count, target);
		memory_synchronise(&p->view);
		pthread_mutex_lock(&dev->lock);
		finish(dev, p, COMMAND_DIRTY_FETCH);
	}
	if (take(p, COMMAND_RESET, true)) {
		p->hang = false;
		partition_clear(dev, p);
		partition_configure(dev, p);
		stale_forget(dev, p, 0, UINT64_MAX);
		finish(dev, p, COMMAND_RESET);
	}
	if (!(p->commands & ~COMMAND_SCRUB))
		dev->service_partitions &= ~(1ULL << p->number);
}

static void scrub(struct device *dev, struct partition *p)
{
	u64 base = p->vram_base, bytes = p->vram_limit;

	job_free(&p->job);
	image_free(&p->image);
	partition_update(dev, p);
	pthread_mutex_unlock(&dev->lock);
	vram_zero(&dev->vram, base, bytes);
	pthread_mutex_lock(&dev->lock);
	finish(dev, p, COMMAND_SCRUB);
}

u64 scrub_step(struct actor *actor)
{
	struct device *dev = actor->dev;
	unsigned int i;

	for (i = 0; i < REFGPU_PARTITIONS && !dev->resetting; i++)
		if (take(&dev->partition[i], COMMAND_SCRUB, true))
			scrub(dev, &dev->partition[i]);
	/* It waits for a SCRUB that is under way. */
	if (dev->resetting)
		actor_wake(&dev->service);
	return NEVER;
}

u64 service_step(struct actor *actor)
{
	struct device *dev = actor->dev;
	unsigned int i;

	if (dev->resetting) {
		reset_serve(dev);
		return NEVER;
	}
	for (i = 0; i < REFGPU_PARTITIONS && !dev->resetting; i++)
		if (dev->service_partitions & 1ULL << i)
			serve_partition(dev, &dev->partition[i]);
	if (dev->context.command)
		context_serve(dev);
	return interrupt_late(dev);
}
