// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - submitting packets, and waiting for them
 *
 * Fences are stored to a word of the framebuffer, so that waiting polls memory
 * and costs no register access.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

/**
 * rt_now_ns - monotonic clock, nanoseconds
 */
uint64_t rt_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/**
 * rt_ring_register - read a register of a ring
 * @ring: any
 * @offset: REFGPU_RING_*
 */
uint64_t rt_ring_register(const struct rt_ring *ring, unsigned int offset)
{
	return rt_user_read(ring->device, REFGPU_USER_RING(ring->index) + offset);
}

static void set_register(struct rt_ring *ring, unsigned int offset,
			 uint64_t value)
{
	rt_user_write(ring->device, REFGPU_USER_RING(ring->index) + offset,
		      value);
}

/**
 * rt_ring_create - set a ring up and enable it
 * @device: open
 * @index: 0..REFGPU_RINGS-1
 * @packets: size, a power of two
 * @ring: receives it
 */
int rt_ring_create(struct rt_device *device, unsigned int index,
		   unsigned int packets, struct rt_ring *ring)
{
	uint64_t end = rt_now_ns() + 2000000000ULL;

	memset(ring, 0, sizeof(*ring));
	ring->device = device;
	ring->index = index;
	ring->packets = packets;
	if (device->driver)
		return device->driver->ring_create(ring);
	ring->base = rt_framebuffer_alloc(device, packets * REFGPU_PACKET_SIZE,
					  REFGPU_PACKET_SIZE);
	ring->fence_address = rt_framebuffer_alloc(device, 8, 8);
	*(volatile uint64_t *)rt_framebuffer(device, ring->fence_address) = 0;
	set_register(ring, REFGPU_RING_CONTROL, 0);
	while (rt_ring_register(ring, REFGPU_RING_STATUS) !=
	       REFGPU_RING_DISABLED) {
		if (rt_now_ns() > end)
			return rt_fail(ETIMEDOUT, "ring %u does not stop", index);
		usleep(500);
	}
	set_register(ring, REFGPU_RING_BASE, ring->base);
	set_register(ring, REFGPU_RING_PACKETS, packets);
	set_register(ring, REFGPU_RING_CONTROL, 1);
	if (rt_ring_register(ring, REFGPU_RING_STATUS) != REFGPU_RING_IDLE)
		return rt_fail(EIO, "ring %u: status %llu, error %llu after enabling",
			       index,
			       (unsigned long long)rt_ring_register(ring, REFGPU_RING_STATUS),
			       (unsigned long long)rt_ring_register(ring, REFGPU_RING_ERROR));
	return 0;
}

/**
 * rt_ring_destroy - disable a ring, whatever it does
 * @ring: any
 */
void rt_ring_destroy(struct rt_ring *ring)
{
	if (ring->device->driver)
		ring->device->driver->ring_destroy(ring);
	else
		set_register(ring, REFGPU_RING_CONTROL, 0);
}

/**
 * rt_ring_submit - write one packet; the doorbell is for the caller
 * @ring: enabled
 * @packet: REFGPU_PACKET_SIZE bytes
 *
 * Waits, a second at most, when the ring is full.
 */
int rt_ring_submit(struct rt_ring *ring, const void *packet)
{
	uint64_t slot = ring->put % ring->packets;

	if (ring->device->driver)
		return ring->device->driver->ring_submit(ring, packet);
	if (ring->put - ring->get >= ring->packets) {
		uint64_t end = rt_now_ns() + 1000000000ULL;

		/* Packets the device was not told of are never completed. */
		rt_ring_doorbell(ring);
		while (ring->get = (uint32_t)rt_ring_register(ring, REFGPU_RING_GET),
		       ring->put - ring->get >= ring->packets) {
			if (rt_now_ns() > end)
				return rt_fail(ETIMEDOUT, "ring %u stays full",
					       ring->index);
			usleep(200);
		}
	}
	memcpy(rt_framebuffer(ring->device,
			      ring->base + slot * REFGPU_PACKET_SIZE),
	       packet, REFGPU_PACKET_SIZE);
	ring->put++;
	return 0;
}

/**
 * rt_ring_doorbell - tell the device of the packets submitted
 * @ring: enabled
 */
void rt_ring_doorbell(struct rt_ring *ring)
{
	if (ring->device->driver)
		ring->device->driver->ring_doorbell(ring);
	else
		set_register(ring, REFGPU_RING_DOORBELL, ring->put);
}

/**
 * rt_ring_fence - submit a FENCE and ring the doorbell
 * @ring: enabled
 * @flags: REFGPU_FENCE_INTERRUPT or 0
 *
 * Return: 0; the value to wait for is ring->fence.
 */
int rt_ring_fence(struct rt_ring *ring, unsigned int flags)
{
	struct refgpu_fence packet = {
		.header = {
			.opcode = REFGPU_OP_FENCE,
			.flags = (uint16_t)(flags | REFGPU_FENCE_WRITE),
		},
		.value = ring->fence + 1,
		.address = ring->fence_address,
	};
	int error;

	if (ring->device->driver)
		return ring->device->driver->ring_fence(ring);
	error = rt_ring_submit(ring, &packet);
	if (error)
		return error;
	ring->fence++;
	rt_ring_doorbell(ring);
	return 0;
}

/**
 * rt_ring_reached - is everything up to a fence done?
 * @ring: enabled
 * @fence: its value
 */
bool rt_ring_reached(const struct rt_ring *ring, uint64_t fence)
{
	volatile uint64_t *word;
	uint64_t reached;

	if (ring->device->driver)
		return ring->device->driver->ring_reached(ring, fence);
	word = rt_framebuffer(ring->device, ring->fence_address);
	reached = *word;
	/* All ones is what memory of a GPU that is gone reads. */
	return reached >= fence && reached != UINT64_MAX;
}

/* Why a fence will not come; 0: it still may. */
static int stopped(const struct rt_ring *ring)
{
	uint64_t status = rt_ring_register(ring, REFGPU_RING_STATUS);
	uint64_t user;

	if (status == REFGPU_RING_STOPPED) {
		unsigned long long code, address, where;

		code = rt_ring_register(ring, REFGPU_RING_ERROR);
		address = rt_ring_register(ring, REFGPU_RING_ERROR_ADDRESS);
		where = rt_ring_register(ring, REFGPU_RING_ERROR_WHERE);
		return rt_fail(EIO, "ring %u stopped: error %llu, address 0x%llx, at 0x%llx",
			       ring->index, code, address, where);
	}
	if (status == UINT64_MAX)
		return rt_fail(ENODEV, "ring %u: registers read all ones: the GPU is gone",
			       ring->index);
	if (status == REFGPU_RING_DISABLED) {
		user = rt_user_read(ring->device, REFGPU_USER_ERROR);
		return rt_fail(ECANCELED, "ring %u is disabled: vGPU was reset (error %llu)",
			       ring->index, (unsigned long long)user);
	}
	return 0;
}

/* A fence that has not come: everything that tells why. */
static int missing(const struct rt_ring *ring, uint64_t fence,
		   unsigned int timeout_ms)
{
	volatile uint64_t *word = rt_framebuffer(ring->device,
						 ring->fence_address);
	unsigned long long status, get, reached;

	status = rt_ring_register(ring, REFGPU_RING_STATUS);
	get = rt_ring_register(ring, REFGPU_RING_GET);
	reached = rt_ring_register(ring, REFGPU_RING_FENCE);
	return rt_fail(ETIMEDOUT, "ring %u: fence %llu has not come after %u ms: word %llu, register %llu, status %llu, get %llu, put %u",
		       ring->index, (unsigned long long)fence, timeout_ms,
		       (unsigned long long)*word, reached, status, get,
		       ring->put);
}

/**
 * rt_ring_wait - wait for a fence by polling
 * @ring: enabled
 * @fence: its value
 * @timeout_ms: patience
 *
 * Return: -ETIMEDOUT; -EIO: the ring stopped by an error; -ECANCELED: the vGPU
 * was reset; -ENODEV: the GPU is gone.
 */
int rt_ring_wait(struct rt_ring *ring, uint64_t fence, unsigned int timeout_ms)
{
	uint64_t start = rt_now_ns(), end = start + timeout_ms * 1000000ULL;
	uint64_t look = start + 20000000ULL, now;
	int error;

	if (ring->device->driver)
		return ring->device->driver->ring_wait(ring, fence, timeout_ms);
	while (!rt_ring_reached(ring, fence)) {
		now = rt_now_ns();
		if (now >= look) {
			error = stopped(ring);
			if (rt_ring_reached(ring, fence))
				return 0;
			if (error)
				return error;
			look = now + 50000000ULL;
		}
		if (now > end)
			return missing(ring, fence, timeout_ms);
		/* Short jobs are worth a spin, long ones the processor. */
		if (now - start > 200000)
			usleep(now - start > 20000000 ? 1000 : 50);
	}
	return 0;
}

/**
 * rt_ring_wait_event - wait for a fence by interrupt
 * @ring: enabled
 * @fence: its value, submitted with REFGPU_FENCE_INTERRUPT
 * @eventfd: of vector 0; REFGPU_INTR_FENCE is enabled in the user page
 * @timeout_ms: patience
 *
 * Return: as rt_ring_wait().
 */
int rt_ring_wait_event(struct rt_ring *ring, uint64_t fence, int eventfd,
		       unsigned int timeout_ms)
{
	uint64_t end = rt_now_ns() + timeout_ms * 1000000ULL;
	struct pollfd poll_fd = { .fd = eventfd, .events = POLLIN };
	uint64_t count;

	for (;;) {
		/*
		 * The status bit must be clear before the fence is looked at:
		 * the vector is raised when it goes from 0 to 1.
		 */
		rt_user_write(ring->device, REFGPU_USER_INTR_STATUS,
			      REFGPU_INTR_FENCE);
		if (rt_ring_reached(ring, fence))
			return 0;
		if (rt_now_ns() > end)
			return rt_fail(ETIMEDOUT, "no interrupt for fence %llu after %u ms",
				       (unsigned long long)fence, timeout_ms);
		if (poll(&poll_fd, 1, (int)timeout_ms) > 0 &&
		    read(eventfd, &count, sizeof(count)) < 0)
			return rt_fail(errno, "eventfd: %m");
	}
}

/**
 * rt_ring_finish - submit a fence and wait for it
 * @ring: enabled
 * @timeout_ms: patience
 */
int rt_ring_finish(struct rt_ring *ring, unsigned int timeout_ms)
{
	int error = rt_ring_fence(ring, 0);

	return error ? error : rt_ring_wait(ring, ring->fence, timeout_ms);
}

/**
 * rt_fill - submit a FILL of one line
 * @ring: enabled
 * @target: address
 * @bytes: multiple of 4
 * @pattern: what to store
 */
int rt_fill(struct rt_ring *ring, uint64_t target, uint64_t bytes,
	    uint32_t pattern)
{
	struct refgpu_fill packet = {
		.header.opcode = REFGPU_OP_FILL,
		.target = target,
		.bytes = bytes,
		.lines = 1,
		.pattern = pattern,
	};

	return rt_ring_submit(ring, &packet);
}

/**
 * rt_copy - submit a COPY of one line
 * @ring: enabled
 * @target: address
 * @source: address
 * @bytes: how many
 */
int rt_copy(struct rt_ring *ring, uint64_t target, uint64_t source,
	    uint64_t bytes)
{
	struct refgpu_copy packet = {
		.header.opcode = REFGPU_OP_COPY,
		.source = source,
		.target = target,
		.bytes = bytes,
		.lines = 1,
	};

	return rt_ring_submit(ring, &packet);
}

/**
 * rt_dispatch - submit a DISPATCH
 * @ring: enabled
 * @code: address of the first instruction
 * @argument: passed to every work-item
 * @grid: work-groups in x, y, z
 * @group: work-items a group in x, y, z
 * @stack_bytes: bytes of stack a work-item, multiple of 16; 0: none
 */
int rt_dispatch(struct rt_ring *ring, uint64_t code, uint64_t argument,
		const uint32_t grid[3], const uint16_t group[3],
		uint32_t stack_bytes)
{
	struct refgpu_dispatch packet = {
		.header.opcode = REFGPU_OP_DISPATCH,
		.code = code,
		.argument = argument,
		.stack_bytes = stack_bytes,
		.grid = { grid[0], grid[1], grid[2] },
		.group = { group[0], group[1], group[2] },
	};

	uint64_t items = (uint64_t)group[0] * group[1] * group[2];

	if (stack_bytes)
		packet.stack = rt_framebuffer_alloc(ring->device,
						    REFGPU_GROUP_SLOTS * items *
						    stack_bytes, 64);
	return rt_ring_submit(ring, &packet);
}
