// SPDX-License-Identifier: GPL-2.0-only
/*
 * create.c - making and ending a device, its memory and its time
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "device/engine.h"
#include "device/head.h"
#include "device/partition_table.h"
#include "device/reset.h"
#include "device/service.h"
#include "device/slices.h"
#include "device/stale.h"
#include "device/state.h"

/* ------------------------------------------------------ memory and time */

void device_step(struct device *dev, u64 ns)
{
	pthread_mutex_lock(&dev->lock);
	timeline_step(&dev->timeline, ns);
	pthread_mutex_unlock(&dev->lock);
}

int device_vram_fd(struct device *dev)
{
	return dev->vram.fd;
}

void *device_vram(struct device *dev)
{
	return dev->vram.bytes;
}

u64 device_vram_bytes(struct device *dev)
{
	return dev->vram.size;
}

/* ------------------------------------------------------- making and ending */

/* Slices a configuration asks for; 0: all that there can be. */
static unsigned int slices_wanted(u32 slices)
{
	return slices ? slices : REFGPU_SLICES;
}

static bool slices_valid(u32 slices, u32 version)
{
	return slices <= REFGPU_SLICES &&
	       (version != REFGPU_VERSION_1_0 || slices_wanted(slices) == REFGPU_SLICES);
}

static bool mode_valid(u32 mode, u32 version)
{
	return mode <= REFGPU_MODE_COMPUTE && (version != REFGPU_VERSION_1_0 || !mode);
}

static bool config_valid(const struct device_config *config)
{
	return (!config->version || config->version == REFGPU_VERSION ||
		config->version == REFGPU_VERSION_1_0) &&
	       slices_valid(config->compute_slices, config->version) &&
	       slices_valid(config->memory_slices, config->version) &&
	       mode_valid(config->mode, config->version) &&
	       config->vram_size >= REFGPU_VRAM_MIN && config->vram_size <= REFGPU_VRAM_MAX &&
	       config->vram_size % REFGPU_VRAM_ALIGN == 0 &&
	       (!config->board || strlen(config->board) <= 8);
}

struct device *device_create(const struct device_config *config)
{
	const char *board = config->board ? config->board : "REFGPU";
	pthread_mutexattr_t attr;
	struct device *dev;
	unsigned int i;
	int error;

	if (!config_valid(config)) {
		errno = EINVAL;
		return NULL;
	}
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return NULL;
	dev->initial_switch_ns = config->switch_ns;
	dev->initial_switch_bytes = config->switch_bytes;
	memcpy(&dev->board, board, strlen(board));
	dev->version = config->version ? config->version : REFGPU_VERSION;
	dev->all_caps = REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY | REFGPU_CAP_HEADS |
			REFGPU_CAP_SYSMEM | REFGPU_CAP_DIRTY | REFGPU_CAP_CONTEXT |
			(config->virtual_clock ? REFGPU_CAP_VIRTUAL_CLOCK : 0);
	if (dev->version > REFGPU_VERSION_1_0)
		dev->all_caps |= REFGPU_CAP_SPATIAL | REFGPU_CAP_RIGHTS | REFGPU_CAP_BUSY |
				 REFGPU_CAP_LINGER_NS | REFGPU_CAP_PENDING_ONCE |
				 REFGPU_CAP_PC | REFGPU_CAP_SHARED_MEMORY | REFGPU_CAP_MODE;
	dev->next_mode = config->mode;
	reset_mode(dev);
	dev->slices = slices_mask(slices_wanted(config->compute_slices),
				  slices_wanted(config->memory_slices));
	bus_init(&dev->bus, config->ops, config->context);
	/* Held for less than a sleep takes: a thread that waits spins a little. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&dev->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_cond_init(&dev->idle, NULL);
	timeline_init(&dev->timeline, &dev->lock, config->virtual_clock);
	actor_init(&dev->service, &dev->timeline, dev, service_step);
	actor_init(&dev->scrubber, &dev->timeline, dev, scrub_step);
	actor_init(&dev->display, &dev->timeline, dev, display_step);
	actor_init(&dev->stale.actor, &dev->timeline, dev, stale_step);
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++) {
		dev->engine[i].number = i;
		actor_init(&dev->engine[i].actor, &dev->timeline, dev, engine_step);
	}
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		dev->partition[i].number = i;
		memory_init(&dev->partition[i].view, &dev->bus.memory);
		memory_init(&dev->partition[i].scan_view, NULL);
	}
	reset_registers(dev);

	error = vram_create(&dev->vram, config->vram_size, &dev->bus);
	if (error)
		goto fail;
	if (!config->virtual_clock) {
		error = actor_start(&dev->service);
		if (!error)
			error = actor_start(&dev->scrubber);
		if (!error)
			error = actor_start(&dev->display);
		if (!error)
			error = actor_start(&dev->stale.actor);
		/* Without REFGPU_CAP_SPATIAL the other blocks accept no RUN. */
		for (i = 0; !error && i < REFGPU_RUN_CONTROLS; i++)
			if (!i || dev->caps & REFGPU_CAP_SPATIAL)
				error = actor_start(&dev->engine[i].actor);
		if (error)
			goto fail;
	}
	return dev;
fail:
	device_destroy(dev);
	errno = error;
	return NULL;
}

void device_destroy(struct device *dev)
{
	unsigned int i;

	if (!dev)
		return;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		actor_stop(&dev->engine[i].actor);
	actor_stop(&dev->service);
	actor_stop(&dev->scrubber);
	actor_stop(&dev->display);
	actor_stop(&dev->stale.actor);
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		partition_fini(&dev->partition[i]);
		memory_destroy(&dev->partition[i].view);
		memory_destroy(&dev->partition[i].scan_view);
	}
	image_free(&dev->context.staging);
	pthread_cond_destroy(&dev->idle);
	pthread_mutex_destroy(&dev->lock);
	vram_destroy(&dev->vram);
	free(dev);
}
