// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_drm.c - a GPU or vGPU through its kernel driver, with librefgpu_drm
 *
 * One buffer of video memory stands for the framebuffer. A ring is a context; what was
 * written into it is submitted as a job by the doorbell, or when a job is full.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/librefgpu_drm/librefgpu_drm.h"
#include "device.h"

#define FRAMEBUFFER_BYTES	(64ULL << 20)

/* The library's own words for its failures. */
static int failed(int error)
{
	return rt_fail(-error, "%s", refgpu_drm_message());
}

static void drm_close(struct rt_device *device)
{
	refgpu_drm_buffer_destroy(device->drm_buffer);
	refgpu_drm_close(device->drm);
}

/* ------------------------------------------------------------------- memory */

static int memory_alloc(struct rt_device *device, size_t bytes, struct rt_memory *memory)
{
	int error;

	memory->driver = device->driver;
	error = refgpu_drm_buffer_create(device->drm, bytes, DRM_REFGPU_BO_SYSTEM,
					 &memory->drm_buffer);
	if (!error)
		error = refgpu_drm_buffer_map(memory->drm_buffer, &memory->cpu);
	if (error) {
		failed(error);
		rt_memory_free(memory);
		return error;
	}
	memory->bytes = memory->drm_buffer->size;
	memory->pages = memory->bytes / RT_PAGE_SIZE;
	return 0;
}

static void memory_free(struct rt_memory *memory)
{
	refgpu_drm_buffer_destroy(memory->drm_buffer);
	memory->cpu = NULL;
}

static uint64_t memory_address(const struct rt_memory *memory)
{
	return memory->drm_buffer->address;
}

/* -------------------------------------------------------------------- rings */

static int ring_create(struct rt_ring *ring)
{
	int error = refgpu_drm_context_create(ring->device->drm, 0, &ring->drm_context);

	if (error)
		return failed(error);
	ring->drm_packets = calloc(DRM_REFGPU_SUBMIT_PACKETS_MAX, sizeof(*ring->drm_packets));
	return ring->drm_packets ? 0 : -ENOMEM;
}

static void ring_destroy(struct rt_ring *ring)
{
	refgpu_drm_context_destroy(ring->drm_context);
	free(ring->drm_packets);
	ring->drm_context = NULL;
	ring->drm_packets = NULL;
}

static int ring_flush(struct rt_ring *ring)
{
	const struct refgpu_drm_job job = {
		.packets = ring->drm_packets,
		.packet_count = ring->put,
	};
	int error = refgpu_drm_submit(ring->drm_context, &job, &ring->fence);

	ring->put = 0;
	return error ? failed(error) : 0;
}

static int ring_submit(struct rt_ring *ring, const void *packet)
{
	memcpy(ring->drm_packets[ring->put++], packet, REFGPU_PACKET_SIZE);
	return ring->put < DRM_REFGPU_SUBMIT_PACKETS_MAX ? 0 : ring_flush(ring);
}

static int ring_fence(struct rt_ring *ring)
{
	return ring->put || !ring->fence ? ring_flush(ring) : 0;
}

static bool ring_reached(const struct rt_ring *ring, uint64_t fence)
{
	return !refgpu_drm_wait(ring->drm_context, fence, 0);
}

static int ring_wait(struct rt_ring *ring, uint64_t fence, unsigned int timeout_ms)
{
	struct drm_refgpu_context_status status = { 0 };
	int error = refgpu_drm_wait(ring->drm_context, fence, timeout_ms * INT64_C(1000000));

	switch (error) {
	case 0:
		return 0;
	case -ETIME:
		return rt_fail(ETIMEDOUT, "job %llu is not done after %u ms",
			       (unsigned long long)fence, timeout_ms);
	case -EIO:
		refgpu_drm_context_status(ring->drm_context, &status);
		return rt_fail(EIO, "job stopped: error %u, address 0x%llx, at 0x%llx",
			       status.error, (unsigned long long)status.address,
			       (unsigned long long)status.where);
	default:
		return failed(error);
	}
}

/* --------------------------------------------------------------------- open */

static const struct rt_driver driver = {
	.close		= drm_close,
	.memory_alloc	= memory_alloc,
	.memory_free	= memory_free,
	.memory_address	= memory_address,
	.ring_create	= ring_create,
	.ring_destroy	= ring_destroy,
	.ring_submit	= ring_submit,
	.ring_doorbell	= ring_flush,
	.ring_fence	= ring_fence,
	.ring_reached	= ring_reached,
	.ring_wait	= ring_wait,
};

static int open_device(struct rt_device *device, const char *node)
{
	uint64_t room, bytes;
	void *map = NULL;
	int error;

	error = refgpu_drm_open(&device->drm, node);
	if (!error)
		error = refgpu_drm_param(device->drm, DRM_REFGPU_PARAM_VRAM_FREE, &room);
	if (!error)
		error = refgpu_drm_param(device->drm, DRM_REFGPU_PARAM_APERTURE_SIZE, &bytes);
	if (error)
		return failed(error);
	device->aperture_pages = bytes / RT_PAGE_SIZE;
	bytes = room / 2 < FRAMEBUFFER_BYTES ? room / 2 : FRAMEBUFFER_BYTES;
	error = refgpu_drm_buffer_create(device->drm, bytes, DRM_REFGPU_BO_VRAM,
					 &device->drm_buffer);
	if (!error)
		error = refgpu_drm_buffer_map(device->drm_buffer, &map);
	if (error)
		return failed(error);
	device->framebuffer = OPENVGPU_NATIVE_BAR_FRAMEBUFFER;
	device->region[device->framebuffer].map = map;
	device->framebuffer_base = device->drm_buffer->address;
	device->framebuffer_bytes = device->drm_buffer->size;
	rt_framebuffer_free_all(device);
	return 0;
}

/**
 * rt_open_drm - open a GPU or vGPU that refgpu.ko drives
 * @node: as refgpu_drm_open()
 *
 * Return: close it with rt_close().
 */
struct rt_device *rt_open_drm(const char *node)
{
	struct rt_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	snprintf(device->name, sizeof(device->name), "%s", node ? node : "the first of /dev/dri");
	device->transport = RT_DRM;
	device->driver = &driver;
	device->fd = -1;
	device->group = -1;
	return rt_device_opened(device, open_device(device, node));
}
