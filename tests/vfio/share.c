// SPDX-License-Identifier: GPL-2.0-only
/*
 * share.c - many vGPUs compute at once, each gets its own right results
 */
#include <stdio.h>

#include "vm.h"

#define MOST	16

/* One VM: opens its vGPU and works. */
static void one_vm(const char *uuid, uint32_t seed, unsigned int rounds)
{
	struct rt_device *device = rt_open_vfio(uuid, transport, NULL);
	struct rt_ring ring;

	CHECK(device, "vGPU %u: open: %s", seed, rt_message());
	OK(rt_ring_create(device, 0, 64, &ring));
	for (; rounds; rounds--) {
		OK(work_vector_add(&ring, 2000, seed * 1000 + rounds));
		OK(work_sgemm(&ring, 16, seed * 1000 + rounds));
		OK(work_sha256(&ring, 8, 300, seed * 1000 + rounds));
		OK(work_reduce(&ring, 4000, seed * 1000 + rounds));
		OK(work_system_memory(&ring, 16, seed * 1000 + rounds));
	}
	rt_close(device);
	_exit(0);
}

static void at_once(unsigned int count, unsigned int rounds)
{
	char uuid[MOST][UUID_LENGTH + 1];
	pid_t child[MOST];
	unsigned int i;

	for (i = 0; i < count; i++)
		OK(host_create_any("64mq", uuid[i]));
	for (i = 0; i < count; i++) {
		child[i] = fork();
		if (!child[i])
			one_vm(uuid[i], i + 1, rounds);
	}
	for (i = 0; i < count; i++)
		wait_child(child[i], "a computing VM");
	for (i = 0; i < count; i++)
		CHECK(!host_stat(uuid[i], "faults") &&
		      !host_stat(uuid[i], "violations"),
		      "vGPU %u of %u: %llu faults, %llu violations", i, count,
		      (unsigned long long)host_stat(uuid[i], "faults"),
		      (unsigned long long)host_stat(uuid[i], "violations"));
}

TEST(two, SLOW)
{
	at_once(2, 6);
}

TEST(four, SLOW)
{
	at_once(4, 3);
}

TEST(sixteen, SLOW)
{
	at_once(16, 1);
}

/* Endless jobs of several vGPUs: everybody's progresses. */
TEST(time_slicing, SLOW)
{
	struct rt_ring ring[4];
	struct vgpu vgpu[4];
	uint64_t stop[4], slices;
	unsigned int i;

	vgpu_make_rings(vgpu, ring, 4);
	for (i = 0; i < 4; i++)
		OK(work_spin(&ring[i], &stop[i]));
	sleep(1);
	for (i = 0; i < 4; i++) {
		slices = host_stat(vgpu[i].uuid, "slices");
		CHECK(slices > 3, "vGPU %u got %llu time slices in a second", i,
		      (unsigned long long)slices);
		CHECK(!rt_ring_reached(&ring[i], ring[i].fence),
		      "the endless job of vGPU %u has ended", i);
	}
	for (i = 0; i < 4; i++)
		work_stop(vgpu[i].device, stop[i]);
	for (i = 0; i < 4; i++) {
		OK(rt_ring_wait(&ring[i], ring[i].fence, 10000));
		CHECK(!host_stat(vgpu[i].uuid, "faults"),
		      "vGPU %u was faulted for a long job", i);
	}
}

/* A VM with two vGPUs: they share memory of the guest. */
TEST(two_in_one_vm, 0)
{
	struct rt_space *space = rt_space_create(transport);
	uint64_t a_at, b_at, video;
	struct rt_memory memory;
	struct rt_ring a_ring, b_ring;
	struct vgpu a, b;

	CHECK(space, "%s", rt_message());
	vgpu_make_in(&a, "64mq", space);
	vgpu_make_in(&b, "128mq", space);
	OK(rt_ring_create(a.device, 0, 64, &a_ring));
	OK(rt_ring_create(b.device, 0, 64, &b_ring));
	OK(rt_memory_alloc(a.device, 16 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(a.device, &memory, true, &a_at));
	OK(rt_memory_map(b.device, &memory, false, &b_at));
	/* One writes to the guest's memory, the other reads it from there. */
	OK(rt_fill(&a_ring, a_at, memory.bytes, 0x5a5a1234));
	OK(rt_ring_finish(&a_ring, 5000));
	video = rt_framebuffer_alloc(b.device, memory.bytes, 4096);
	OK(rt_copy(&b_ring, video, b_at, memory.bytes));
	OK(rt_ring_finish(&b_ring, 5000));
	CHECK(*(volatile uint32_t *)rt_framebuffer(b.device, video + 65000) == 0x5a5a1234,
	      "the second vGPU read 0x%x",
	      *(volatile uint32_t *)rt_framebuffer(b.device, video + 65000));
	/* Taken away from both at once. */
	OK(rt_space_unmap(space, memory.page[0], memory.bytes));
	memory.space = NULL;
	OK(rt_copy(&b_ring, video, b_at, 64));
	CHECK(rt_ring_finish(&b_ring, 5000) == -EIO,
	      "the second vGPU still reaches the memory");
	vgpu_close(&a);
	OK(rt_guest_reset(b.device));
	vgpu_works(&b, 1);
	vgpu_close(&b);
	rt_space_destroy(space);
}

/* Packets between rings of one vGPU wait for each other. */
TEST(semaphores, 0)
{
	struct refgpu_semaphore packet = { .header.opcode = REFGPU_OP_SEMAPHORE };
	struct rt_ring ring[2];
	struct vgpu vgpu, busy;
	struct rt_ring busy_ring;
	uint64_t word, at, stop;
	int i;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&busy, "64mq");
	OK(rt_ring_create(busy.device, 0, 64, &busy_ring));
	OK(work_spin(&busy_ring, &stop));
	OK(rt_ring_create(vgpu.device, 0, 64, &ring[0]));
	OK(rt_ring_create(vgpu.device, 1, 64, &ring[1]));
	word = rt_framebuffer_alloc(vgpu.device, 8, 8);
	at = rt_framebuffer_alloc(vgpu.device, 4096, 4096);
	*(volatile uint64_t *)rt_framebuffer(vgpu.device, word) = 0;
	packet.address = word;
	for (i = 1; i <= 20; i++) {
		packet.value = (uint64_t)i;
		packet.header.flags = 0;
		OK(rt_ring_submit(&ring[1], &packet));
		OK(rt_fill(&ring[1], at, 4, (uint32_t)i));
		OK(rt_ring_fence(&ring[1], 0));
		usleep(i == 1 ? 50000 : 0);
		CHECK(!rt_ring_reached(&ring[1], ring[1].fence),
		      "round %d: a wait did not wait", i);
		packet.header.flags = REFGPU_SEMAPHORE_SIGNAL;
		OK(rt_ring_submit(&ring[0], &packet));
		OK(rt_ring_fence(&ring[0], 0));
		OK(rt_ring_wait(&ring[0], ring[0].fence, 5000));
		OK(rt_ring_wait(&ring[1], ring[1].fence, 5000));
	}
}
