/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the transports offer device.c
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include "runtime.h"

int rt_device_identify(struct rt_device *device);
struct rt_device *rt_device_opened(struct rt_device *device, int error);

/* device_drm.c */
void rt_drm_close(struct rt_device *device);
int rt_drm_memory_alloc(struct rt_device *device, size_t bytes, struct rt_memory *memory);
void rt_drm_memory_free(struct rt_memory *memory);
uint64_t rt_drm_memory_address(const struct rt_memory *memory);
int rt_drm_ring_create(struct rt_ring *ring);
void rt_drm_ring_destroy(struct rt_ring *ring);
int rt_drm_ring_submit(struct rt_ring *ring, const void *packet);
int rt_drm_ring_flush(struct rt_ring *ring);
int rt_drm_ring_fence(struct rt_ring *ring);
bool rt_drm_ring_reached(const struct rt_ring *ring, uint64_t fence);
int rt_drm_ring_wait(struct rt_ring *ring, uint64_t fence, unsigned int timeout_ms);

#endif /* RUNTIME_DEVICE_H */
