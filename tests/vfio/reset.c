// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - reset in the middle of work, by each of its ways
 */
#include <stdio.h>

#include "vm.h"

#define RESET_LIMIT_NS	(3 * second())

#define WAYS	3	/* enum vgpu_reset */

static const char *const names[WAYS] = {
	[BY_GUEST] = "the guest's RESET",
	[BY_FUNCTION] = "FLR",
	[BY_VMM] = "VFIO_DEVICE_RESET",
};

static void check_clean(struct vgpu *vgpu, enum vgpu_reset way)
{
	struct rt_device *device = vgpu->device;
	unsigned int ring, offset;
	uint64_t value;

	for (ring = 0; ring < REFGPU_RINGS; ring++)
		for (offset = 0; offset <= REFGPU_RING_ERROR_WHERE; offset += 8) {
			value = rt_user_read(device, REFGPU_USER_RING(ring) + offset);
			CHECK(!value, "ring %u register 0x%x is 0x%llx after %s",
			      ring, offset, (unsigned long long)value, names[way]);
		}
	value = rt_user_read(device, REFGPU_USER_INTR_ENABLE);
	CHECK(!value, "INTR_ENABLE is 0x%llx after %s",
	      (unsigned long long)value, names[way]);
	value = rt_control_read(device, OPENVGPU_NATIVE_MAPPED);
	CHECK(!value, "MAPPED is %llu after %s", (unsigned long long)value,
	      names[way]);
}

static void in_the_middle(enum vgpu_reset way)
{
	uint64_t stop, address, video, begin, took;
	struct rt_ring ring[REFGPU_RINGS];
	struct rt_memory memory;
	volatile uint32_t *keep;
	struct vgpu vgpu;
	unsigned int i, round;

	vgpu_make(&vgpu, "64mq");
	OK(rt_memory_alloc(vgpu.device, MIB, &memory));
	keep = rt_framebuffer(vgpu.device, 60 * MIB);
	*keep = 0xc0ffee;
	for (round = 0; round < 5; round++) {
		rt_framebuffer_free_all(vgpu.device);
		rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, 3);
		OK(rt_memory_map(vgpu.device, &memory, true, &address));
		video = rt_framebuffer_alloc(vgpu.device, MIB, 4096);
		for (i = 0; i < REFGPU_RINGS; i++)
			OK(rt_ring_create(vgpu.device, i, 64, &ring[i]));
		OK(work_spin(&ring[0], &stop));
		for (i = 0; i < 50; i++)
			OK(rt_copy(&ring[1], address, video, MIB));
		rt_ring_doorbell(&ring[1]);
		usleep(round * 5000);
		begin = rt_now_ns();
		vgpu_reset(&vgpu, way);
		took = rt_now_ns() - begin;
		CHECK(took < RESET_LIMIT_NS, "%s took %llu ms", names[way],
		      (unsigned long long)took / 1000000);
		check_clean(&vgpu, way);
		/* Engines let go of everything: memory changes no more. */
		fill_words(memory.cpu, memory.bytes, round);
		usleep(10000);
		CHECK(differing_word(memory.cpu, memory.bytes, round) < 0,
		      "the device wrote to guest memory after %s", names[way]);
		CHECK(*keep == 0xc0ffee, "the framebuffer lost 0x%x after %s",
		      *keep, names[way]);
		vgpu_works(&vgpu, round);
	}
	CHECK(host_stat(vgpu.uuid, "resets") >= 5, "stats count %llu resets",
	      (unsigned long long)host_stat(vgpu.uuid, "resets"));
	CHECK(!host_stat(vgpu.uuid, "faults"),
	      "stats count %llu faults: the host had to step in",
	      (unsigned long long)host_stat(vgpu.uuid, "faults"));
}

TEST(by_vfio, 0)
{
	in_the_middle(BY_VMM);
}

TEST(by_flr, 0)
{
	in_the_middle(BY_FUNCTION);
}

TEST(by_guest, 0)
{
	in_the_middle(BY_GUEST);
}

/* The neighbour's work goes on through resets. */
TEST(neighbour, 0)
{
	struct vgpu vgpu, other;
	struct rt_ring ring, other_ring;
	uint64_t stop;
	int i;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(other.device, 0, 64, &other_ring));
	for (i = 0; i < 9; i++) {
		rt_framebuffer_free_all(vgpu.device);
		OK(rt_ring_create(vgpu.device, 0, 64, &ring));
		OK(work_spin(&ring, &stop));
		OK(work_vector_add(&other_ring, 2000, (uint32_t)i));
		vgpu_reset(&vgpu, (enum vgpu_reset)(i % WAYS));
		OK(work_reduce(&other_ring, 5000, (uint32_t)i));
	}
	CHECK(!host_stat(other.uuid, "resets") && !host_stat(other.uuid, "faults"),
	      "the neighbour was reset %llu times, faulted %llu times",
	      (unsigned long long)host_stat(other.uuid, "resets"),
	      (unsigned long long)host_stat(other.uuid, "faults"));
}

/* Two processes reset and write COMMAND at once. */
TEST(race, 0)
{
	struct vgpu vgpu;
	pid_t child[3];
	unsigned int i, j;

	vgpu_make(&vgpu, "64mq");
	for (i = 0; i < 3; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		for (j = 0; j < 60; j++) {
			if (i == 0)
				rt_vfio_reset(vgpu.device);
			else if (i == 1)
				vgpu_reset(&vgpu, BY_FUNCTION);
			else
				rt_memory_decoding(vgpu.device, j & 1);
		}
		_exit(0);
	}
	for (i = 0; i < 3; i++)
		wait_child(child[i], "resetting process");
	vgpu_reset(&vgpu, BY_VMM);
	vgpu_works(&vgpu, 1);
}
