// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - reset of the whole device
 *
 * reset_start() asks for a reset. The engines see that and drop their work; when
 * the last one is empty, and no SCRUB is under way, the service clears video memory
 * and registers. One of the function (device_reset()) takes the next mode besides.
 */
#include <string.h>

#include "device/device.h"
#include "device/engine.h"
#include "device/partition_table.h"
#include "device/reset.h"
#include "device/stale.h"
#include "device/state.h"

void reset_registers(struct device *dev)
{
	unsigned int i;

	dev->event_base = 0;
	dev->event_records = 0;
	dev->event_put = 0;
	dev->switch_ns = dev->initial_switch_ns;
	dev->switch_bytes = dev->initial_switch_bytes;
	dev->bad_access = 0;
	dev->scratch = 0;
	dev->fault_put = 0;
	dev->fault_get = 0;
	dev->fault_dropped = 0;
	memset(dev->fault, 0, sizeof(dev->fault));
	image_free(&dev->context.staging);
	memset(&dev->context, 0, sizeof(dev->context));
	dev->lates = 0;
	memset(&dev->injected, 0, sizeof(dev->injected));
	dev->injected.vector = INJECT_ANY;
	dev->injected.poison = MEMORY_NO_POISON;
	atomic_store(&dev->bus.dma_faults, 0);
	stale_clear(dev);

	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		engine_clear(&dev->engine[i]);
	for (i = 0; i < REFGPU_PARTITIONS; i++)
		partition_init(dev, &dev->partition[i]);
	dev->service_partitions = 0;
}

void reset_mode(struct device *dev)
{
	dev->mode = dev->next_mode;
	dev->caps = dev->all_caps;
	if (dev->mode == REFGPU_MODE_COMPUTE)
		dev->caps &= ~REFGPU_CAP_HEADS;
}

u32 device_mode(struct device *dev)
{
	u32 mode;

	pthread_mutex_lock(&dev->lock);
	mode = (u32)dev->mode;
	pthread_mutex_unlock(&dev->lock);
	return mode;
}

void reset_start(struct device *dev)
{
	unsigned int i;

	dev->resetting = true;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		actor_wake(&dev->engine[i].actor);
	actor_wake(&dev->service);
}

void reset_serve(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		if (dev->engine[i].state != REFGPU_RC_EMPTY)
			return;		/* its end wakes the service */
	for (i = 0; i < REFGPU_PARTITIONS; i++)
		if (dev->partition[i].working & COMMAND_SCRUB)
			return;		/* likewise */
	pthread_mutex_unlock(&dev->lock);
	vram_zero(&dev->vram, 0, dev->vram.size);
	pthread_mutex_lock(&dev->lock);
	if (dev->function_reset)
		reset_mode(dev);
	dev->function_reset = false;
	reset_registers(dev);
	dev->resetting = false;
	dev->resets++;
	pthread_cond_broadcast(&dev->idle);
}

void device_reset(struct device *dev)
{
	unsigned int i;
	u64 resets;

	pthread_mutex_lock(&dev->lock);
	resets = dev->resets;
	dev->function_reset = true;
	reset_start(dev);
	if (dev->timeline.virtual_clock) {
		for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
			dev->engine[i].actor.step(&dev->engine[i].actor);
		dev->service.step(&dev->service);
	} else {
		while (dev->resets == resets)
			pthread_cond_wait(&dev->idle, &dev->lock);
	}
	atomic_store(&dev->bus.removed, false);
	pthread_mutex_unlock(&dev->lock);
}
