/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the transports offer device.c
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include "runtime.h"

int rt_device_identify(struct rt_device *device);
struct rt_device *rt_device_opened(struct rt_device *device, int error);

/**
 * struct rt_driver - how a transport works that has no registers, because a driver has
 * @close: the end of rt_close()
 * @memory_alloc: rt_memory_alloc()
 * @memory_free: the beginning of rt_memory_free()
 * @memory_address: what rt_memory_map() gives
 * @ring_create: the rest of rt_ring_create()
 * @ring_destroy: rt_ring_destroy()
 * @ring_submit: rt_ring_submit()
 * @ring_doorbell: rt_ring_doorbell()
 * @ring_fence: rt_ring_fence()
 * @ring_reached: rt_ring_reached()
 * @ring_wait: rt_ring_wait()
 */
struct rt_driver {
	void (*close)(struct rt_device *device);
	int (*memory_alloc)(struct rt_device *device, size_t bytes, struct rt_memory *memory);
	void (*memory_free)(struct rt_memory *memory);
	uint64_t (*memory_address)(const struct rt_memory *memory);
	int (*ring_create)(struct rt_ring *ring);
	void (*ring_destroy)(struct rt_ring *ring);
	int (*ring_submit)(struct rt_ring *ring, const void *packet);
	int (*ring_doorbell)(struct rt_ring *ring);
	int (*ring_fence)(struct rt_ring *ring);
	bool (*ring_reached)(const struct rt_ring *ring, uint64_t fence);
	int (*ring_wait)(struct rt_ring *ring, uint64_t fence, unsigned int timeout_ms);
};

#endif /* RUNTIME_DEVICE_H */
