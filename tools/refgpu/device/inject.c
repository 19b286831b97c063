// SPDX-License-Identifier: GPL-2.0-only
/*
 * inject.c - errors on demand
 */
#include <errno.h>

#include "device/device.h"

static void memory_error(struct refgpu *dev, u64 address)
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

static void hang(struct refgpu *dev, u32 partition)
{
	unsigned int i;

	if (partition != REFGPU_INJECT_ANY) {
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

static void remove_device(struct refgpu *dev)
{
	atomic_store(&dev->removed, true);
	/* What runs is lost, as with the power. Only refgpu_reset() revives it. */
	device_start_reset(dev);
}

int refgpu_inject(struct refgpu *dev, const struct refgpu_injection *injection)
{
	struct injected *injected = &dev->injected;
	int result = 0;

	if (injection->kind == REFGPU_INJECT_HANG &&
	    injection->partition != REFGPU_INJECT_ANY &&
	    injection->partition >= REFGPU_PARTITIONS)
		return -EINVAL;
	if (injection->kind == REFGPU_INJECT_MEMORY_ERROR &&
	    injection->address >= dev->config.vram_size)
		return -EINVAL;
	if ((injection->kind == REFGPU_INJECT_LOST_INTERRUPT ||
	     injection->kind == REFGPU_INJECT_EXTRA_INTERRUPT ||
	     injection->kind == REFGPU_INJECT_LATE_INTERRUPT) &&
	    injection->vector != REFGPU_INJECT_ANY && injection->vector >= REFGPU_VECTORS)
		return -EINVAL;

	pthread_mutex_lock(&dev->lock);
	switch (injection->kind) {
	case REFGPU_INJECT_HANG:
		hang(dev, injection->partition);
		break;
	case REFGPU_INJECT_SLOW_PREEMPT:
		injected->stop_ns = injection->ns;
		break;
	case REFGPU_INJECT_LOST_PREEMPT:
		injected->lost_preempts = injection->count;
		break;
	case REFGPU_INJECT_LOST_INTERRUPT:
		injected->vector = injection->vector;
		injected->lost_interrupts = injection->count;
		break;
	case REFGPU_INJECT_EXTRA_INTERRUPT:
		injected->vector = injection->vector;
		injected->extra_interrupts = injection->count;
		break;
	case REFGPU_INJECT_LATE_INTERRUPT:
		injected->vector = injection->vector;
		injected->late_interrupts = injection->count;
		injected->late_ns = injection->ns;
		break;
	case REFGPU_INJECT_LOST_EVENT:
		injected->lost_events = injection->count;
		break;
	case REFGPU_INJECT_MEMORY_ERROR:
		memory_error(dev, injection->address);
		break;
	case REFGPU_INJECT_DMA_FAULT:
		atomic_store(&dev->dma_faults, injection->count);
		break;
	case REFGPU_INJECT_REMOVE:
		remove_device(dev);
		break;
	default:
		result = -EINVAL;
	}
	pthread_mutex_unlock(&dev->lock);
	return result;
}
