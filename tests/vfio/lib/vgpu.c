// SPDX-License-Identifier: GPL-2.0-only
/*
 * vgpu.c - what many tests do with a vGPU
 */
#include "vgpu.h"

#include <limits.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>

/**
 * vgpu_make - create a vGPU and open it
 * @vgpu: receives it
 * @type: as "64mq"
 */
void vgpu_make(struct vgpu *vgpu, const char *type)
{
	vgpu_make_in(vgpu, type, NULL);
}

/**
 * vgpu_make_in - create a vGPU and open it in a VM that may have others
 * @vgpu: receives it
 * @type: as "64mq"
 * @space: the VM's address space, NULL: one of its own
 */
void vgpu_make_in(struct vgpu *vgpu, const char *type, struct rt_space *space)
{
	OK(host_create_any(type, vgpu->uuid));
	vgpu->device = rt_open_vfio(vgpu->uuid, transport, space);
	CHECK(vgpu->device, "opening a new %s failed: %s (%s)", type,
	      strerror(errno), rt_message());
}

/**
 * vgpu_make_rings - create vGPUs and open them, each with its ring 0 enabled
 * @vgpu: receives them
 * @ring: receives the rings, of 64 packets
 * @count: how many of each; of type 64mq
 */
void vgpu_make_rings(struct vgpu *vgpu, struct rt_ring *ring, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		vgpu_make(&vgpu[i], "64mq");
		OK(rt_ring_create(vgpu[i].device, 0, 64, &ring[i]));
	}
}

/**
 * vgpu_open - open a vGPU that is closed
 * @vgpu: any
 */
void vgpu_open(struct vgpu *vgpu)
{
	vgpu->device = rt_open_vfio(vgpu->uuid, transport, NULL);
	CHECK(vgpu->device, "opening again failed: %s (%s)", strerror(errno),
	      rt_message());
}

/**
 * vgpu_close - close a vGPU
 * @vgpu: any
 */
void vgpu_close(struct vgpu *vgpu)
{
	rt_close(vgpu->device);
	vgpu->device = NULL;
}

/**
 * vgpu_remove - close and remove a vGPU
 * @vgpu: any
 */
void vgpu_remove(struct vgpu *vgpu)
{
	vgpu_close(vgpu);
	OK(host_remove(vgpu->uuid));
}

/**
 * vgpu_reset - reset a vGPU; its function is usable after it
 * @vgpu: open
 * @way: whose reset
 */
void vgpu_reset(struct vgpu *vgpu, enum vgpu_reset way)
{
	switch (way) {
	case BY_GUEST:
		OK(rt_guest_reset(vgpu->device));
		break;
	case BY_FUNCTION:
		OK(rt_function_reset(vgpu->device));
		break;
	case BY_VMM:
		OK(rt_vfio_reset(vgpu->device));
		/* As firmware and drivers of the guest do then. */
		OK(rt_memory_decoding(vgpu->device, true));
		break;
	}
}

/**
 * vgpu_works - the vGPU computes right and reaches guest memory
 * @vgpu: open; its rings and framebuffer are used
 * @seed: of the input
 */
void vgpu_works(struct vgpu *vgpu, uint32_t seed)
{
	struct rt_ring ring;

	rt_framebuffer_free_all(vgpu->device);
	OK(rt_ring_create(vgpu->device, 0, 64, &ring));
	OK(work_vector_add(&ring, 3000, seed));
	OK(work_system_memory(&ring, 8, seed));
	rt_ring_destroy(&ring);
}

/**
 * new_eventfd - one that does not block
 */
int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(fd >= 0, "eventfd: %s", strerror(errno));
	return fd;
}

/**
 * vgpu_eventfd - connect a new eventfd to an interrupt
 * @vgpu: open
 * @index: VFIO_PCI_*_IRQ_INDEX
 * @vector: of that index
 */
int vgpu_eventfd(struct vgpu *vgpu, unsigned int index, unsigned int vector)
{
	int fd = new_eventfd();

	OK(rt_irq_eventfd(vgpu->device, index, vector, fd));
	return fd;
}

/**
 * eventfd_count - how often an eventfd was signalled
 * @fd: new_eventfd()
 * @timeout_ms: wait so long for the first time
 *
 * Return: 0: not at all.
 */
uint64_t eventfd_count(int fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return 0;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

/**
 * pinned_pages - how many pages are pinned for devices in the whole machine
 *
 * Others pin pages for the time of one file access; the least of some looks
 * leaves them out.
 */
long pinned_pages(void)
{
	long acquired, released, least = LONG_MAX;
	int i;

	for (i = 0; i < 5; i++) {
		/* Processors hold back what they counted, up to a second. */
		OK(host_write("/proc/sys/vm/stat_refresh", "1"));
		acquired = host_vmstat("nr_foll_pin_acquired");
		released = host_vmstat("nr_foll_pin_released");
		CHECK(acquired >= 0 && released >= 0,
		      "/proc/vmstat has no nr_foll_pin counters");
		if (acquired - released < least)
			least = acquired - released;
		usleep(1000);
	}
	return least;
}

/**
 * unpinned - wait until no more pages are pinned than before
 * @before: pinned_pages() then
 * @what: since when, for the message
 *
 * A reset takes memory away from the hardware at once; it is unpinned after it.
 */
void unpinned(long before, const char *what)
{
	uint64_t end = rt_now_ns() + 5 * second();
	long more;

	do {
		more = pinned_pages() - before;
	} while (more > 0 && rt_now_ns() < end);
	CHECK(more <= 0, "%ld pages stay pinned after %s", more, what);
}

/**
 * vgpu_unharmed - nothing happened to a vGPU that did nothing wrong
 * @vgpu: was never reset by its guest
 * @whose: for the message
 */
void vgpu_unharmed(const struct vgpu *vgpu, const char *whose)
{
	CHECK(!host_stat(vgpu->uuid, "faults") &&
	      !host_stat(vgpu->uuid, "resets") &&
	      !host_attribute(vgpu->uuid, "last_fault"),
	      "%s: %llu faults, %llu resets, last fault %llu", whose,
	      (unsigned long long)host_stat(vgpu->uuid, "faults"),
	      (unsigned long long)host_stat(vgpu->uuid, "resets"),
	      (unsigned long long)host_attribute(vgpu->uuid, "last_fault"));
}

/**
 * need_control - skip the test where the GPU can't be told what to do
 */
void need_control(void)
{
	if (!host_has_control())
		harness_skip("this GPU has no control socket");
}

/**
 * inject - have the GPU misbehave
 * @command: of its control socket
 */
void inject(const char *command)
{
	char answer[256];

	need_control();
	OK(host_control(answer, sizeof(answer), "%s", command));
}

/**
 * hang - the engine stops for good as soon as this vGPU is on it
 * @vgpu: any
 */
void hang(const struct vgpu *vgpu)
{
	char command[64];

	snprintf(command, sizeof(command), "hang partition=%llu",
		 (unsigned long long)host_attribute(vgpu->uuid, "partition"));
	inject(command);
}
