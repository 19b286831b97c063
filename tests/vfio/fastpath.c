// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastpath.c - a submitted job costs no trap
 */
#include <linux/vfio.h>
#include <stdio.h>

#include "vgpu.h"

/**
 * struct traps - calls of the module's trapped handlers
 */
struct traps {
	uint64_t reads;
	uint64_t writes;
	uint64_t config;
};

static struct traps count_traps(const struct vgpu *vgpu)
{
	return (struct traps){
		.reads = host_stat(vgpu->uuid, "trapped_reads"),
		.writes = host_stat(vgpu->uuid, "trapped_writes"),
		.config = host_stat(vgpu->uuid, "config_writes"),
	};
}

TEST(submission, 0)
{
	struct traps before, after;
	struct rt_memory memory;
	struct vgpu vgpu;
	struct rt_ring ring;
	uint64_t address, at;
	int fd, i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	OK(rt_memory_alloc(vgpu.device, 4 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	at = rt_framebuffer_alloc(vgpu.device, 64 * 1024, 4096);

	before = count_traps(&vgpu);
	CHECK(before.writes, "setting up was not counted as trapped writes");
	for (i = 0; i < 200; i++) {
		OK(rt_fill(&ring, at, 64, (uint32_t)i));
		OK(rt_copy(&ring, address, at, 64));
		OK(rt_ring_fence(&ring, REFGPU_FENCE_INTERRUPT));
		OK(rt_ring_wait_event(&ring, ring.fence, fd, 5000));
		CHECK(*(volatile uint32_t *)memory.cpu == (uint32_t)i,
		      "job %d stored %u", i, *(volatile uint32_t *)memory.cpu);
	}
	OK(work_vector_add(&ring, 3000, 1));
	after = count_traps(&vgpu);
	CHECK(after.writes == before.writes && after.reads == before.reads &&
	      after.config == before.config,
	      "201 jobs cost %llu trapped writes, %llu trapped reads, %llu config writes",
	      (unsigned long long)(after.writes - before.writes),
	      (unsigned long long)(after.reads - before.reads),
	      (unsigned long long)(after.config - before.config));
}
