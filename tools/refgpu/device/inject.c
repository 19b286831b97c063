// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject.c - errors on demand
 */
#include <errno.h>

#include "device/device.h"
#include "device/events.h"
#include "device/partition.h"
#include "device/reset.h"
#include "device/stale.h"
#include "device/state.h"

static void memory_error(struct device *dev, u64 address)
{
	struct refgpu_event event = {
		.type = REFGPU_EVENT_MEMORY,
		.partition = NOBODY,
		.run_control = NOBODY,
	};
	unsigned int i;

	dev->injected.poison = address;
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		struct partition *p = &dev->partition[i];

		if (!(p->control & REFGPU_PARTITION_ENABLE))
			continue;
		partition_configure(dev, p);
		if (address >= p->vram_base && address - p->vram_base < p->vram_limit)
			event.partition = (u8)i;
	}
	event_post(dev, &event);
}

static void hang(struct device *dev, u32 partition)
{
	unsigned int i;

	if (partition != INJECT_ANY) {
		dev->partition[partition].hang = true;
		return;
	}
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		if (dev->engine[i].partition) {
			dev->engine[i].partition->hang = true;
			return;
		}
	dev->injected.hang_next = true;
}

static void stale(struct device *dev, u32 partition, bool on)
{
	unsigned int i;

	stale_clear(dev);
	for (i = 0; on && i < REFGPU_PARTITIONS; i++)
		if (partition == INJECT_ANY || partition == i)
			stale_add(dev, &dev->partition[i]);
}

static void remove_device(struct device *dev)
{
	atomic_store(&dev->bus.removed, true);
	/* What runs is lost, as with the power. Only device_reset() revives it. */
	reset_start(dev);
}

int device_inject(struct device *dev, const struct injection *injection)
{
	struct injected *injected = &dev->injected;
	int result = 0;

	if ((injection->kind == INJECT_HANG || injection->kind == INJECT_STALE) &&
	    injection->partition != INJECT_ANY &&
	    injection->partition >= REFGPU_PARTITIONS)
		return -EINVAL;
	if (injection->kind == INJECT_MEMORY_ERROR &&
	    injection->address >= dev->vram.size)
		return -EINVAL;
	if ((injection->kind == INJECT_LOST_INTERRUPT ||
	     injection->kind == INJECT_EXTRA_INTERRUPT ||
	     injection->kind == INJECT_LATE_INTERRUPT) &&
	    injection->vector != INJECT_ANY && injection->vector >= REFGPU_VECTORS)
		return -EINVAL;

	pthread_mutex_lock(&dev->lock);
	switch (injection->kind) {
	case INJECT_HANG:
		hang(dev, injection->partition);
		break;
	case INJECT_SLOW_PREEMPT:
		injected->stop_ns = injection->ns;
		break;
	case INJECT_LOST_PREEMPT:
		injected->lost_preempts = injection->count;
		break;
	case INJECT_LOST_INTERRUPT:
		injected->vector = injection->vector;
		injected->lost_interrupts = injection->count;
		break;
	case INJECT_EXTRA_INTERRUPT:
		injected->vector = injection->vector;
		injected->extra_interrupts = injection->count;
		break;
	case INJECT_LATE_INTERRUPT:
		injected->vector = injection->vector;
		injected->late_interrupts = injection->count;
		injected->late_ns = injection->ns;
		break;
	case INJECT_LOST_EVENT:
		injected->lost_events = injection->count;
		break;
	case INJECT_MEMORY_ERROR:
		memory_error(dev, injection->address);
		break;
	case INJECT_DMA_FAULT:
		atomic_store(&dev->bus.dma_faults, injection->count);
		break;
	case INJECT_STALE:
		stale(dev, injection->partition, injection->count);
		break;
	case INJECT_MUTE:
		injected->mute = injection->count;
		break;
	case INJECT_REMOVE:
		remove_device(dev);
		break;
	default:
		result = -EINVAL;
	}
	pthread_mutex_unlock(&dev->lock);
	return result;
}
