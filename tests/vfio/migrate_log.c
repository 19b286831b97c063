// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_log.c - which guest memory a vGPU says that it has written
 *
 * On kernels whose VFIO can be asked: 6.1, and those with CONFIG_IOMMUFD_DRIVER.
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "migration.h"

#define TYPE		"64mq"
#define PAGES		64u
#define PATIENCE_MS	20000

struct start {
	struct vfio_device_feature feature;
	struct vfio_device_feature_dma_logging_control control;
};

struct report {
	struct vfio_device_feature feature;
	struct vfio_device_feature_dma_logging_report report;
};

static int call(const struct vgpu *vgpu, void *request, size_t bytes, uint32_t flags)
{
	struct vfio_device_feature *feature = request;

	feature->argsz = bytes;
	feature->flags = flags;
	return ioctl(vgpu->device->fd, VFIO_DEVICE_FEATURE, request) ? -errno : 0;
}

static void start(const struct vgpu *vgpu, const struct rt_memory *memory)
{
	struct vfio_device_feature_dma_logging_range range = {
		.iova = memory->page[0],
		.length = memory->bytes,
	};
	struct start request = {
		.control.page_size = RT_PAGE_SIZE,
		.control.num_ranges = 1,
		.control.ranges = (uintptr_t)&range,
	};
	int error = call(vgpu, &request, sizeof(request), VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_DMA_LOGGING_START);

	if (error == -ENOTTY)
		harness_skip("this kernel's VFIO can't be asked");
	OK(error);
	CHECK(call(vgpu, &request, sizeof(request), VFIO_DEVICE_FEATURE_SET |
		   VFIO_DEVICE_FEATURE_DMA_LOGGING_START) == -EBUSY, "it can be started twice");
}

static int stop(const struct vgpu *vgpu)
{
	struct vfio_device_feature feature;

	return call(vgpu, &feature, sizeof(feature), VFIO_DEVICE_FEATURE_SET |
		    VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP);
}

/* The pages from @first on that are told of; -1: an error. */
static int told(const struct vgpu *vgpu, const struct rt_memory *memory, unsigned int first,
		unsigned int pages)
{
	uint64_t bits = 0;
	struct report request = {
		.report.iova = memory->page[first],
		.report.length = (uint64_t)pages * RT_PAGE_SIZE,
		.report.page_size = RT_PAGE_SIZE,
		.report.bitmap = (uintptr_t)&bits,
	};

	if (call(vgpu, &request, sizeof(request), VFIO_DEVICE_FEATURE_GET |
		 VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT))
		return -1;
	return __builtin_popcountll(bits);
}

static void expect(const struct vgpu *vgpu, const struct rt_memory *memory, unsigned int first,
		   unsigned int pages, int wanted, const char *when)
{
	int seen = told(vgpu, memory, first, pages);

	CHECK(seen == wanted, "%s: %d pages of %u are told of, not %d", when, seen, pages, wanted);
}

static void work(struct rt_ring *ring, uint64_t target, uint64_t bytes)
{
	OK(rt_fill(ring, target, bytes, 1));
	OK(rt_ring_fence(ring, 0));
	OK(rt_ring_wait(ring, ring->fence, PATIENCE_MS));
	/* It leaves its engine. */
	usleep(300000);
}

TEST(told_once, 0)
{
	struct rt_memory memory, first, second;
	uint64_t address, other;
	struct rt_ring ring;
	struct vgpu vgpu;
	struct vgpu rival;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_memory_alloc(vgpu.device, PAGES * RT_PAGE_SIZE, &memory));
	first = memory;
	first.pages = PAGES / 2;
	first.bytes = first.pages * RT_PAGE_SIZE;
	second = first;
	second.page += PAGES / 2;
	OK(rt_memory_map(vgpu.device, &first, true, &address));
	OK(rt_memory_map(vgpu.device, &second, false, &other));
	CHECK(told(&vgpu, &memory, 0, PAGES) < 0, "told of without being asked");
	start(&vgpu, &memory);
	expect(&vgpu, &memory, 0, PAGES, 0, "it did nothing");
	work(&ring, address, RT_PAGE_SIZE);
	/* Somebody else has the engine from here on. */
	vgpu_make(&rival, TYPE);
	vgpu_works(&rival, 1);
	expect(&vgpu, &memory, 0, PAGES, PAGES / 2, "what may be written");
	expect(&vgpu, &memory, 0, PAGES, 0, "once more");
	/* In parts. */
	work(&ring, address, RT_PAGE_SIZE);
	vgpu_works(&rival, 2);
	expect(&vgpu, &memory, 0, 8, 8, "a part");
	expect(&vgpu, &memory, 8, PAGES - 8, PAGES / 2 - 8, "the rest");
	expect(&vgpu, &memory, 8, PAGES - 8, 0, "the rest, once more");
	/* What is unmapped is told of once more, and then forgotten. */
	work(&ring, address, RT_PAGE_SIZE);
	vgpu_works(&rival, 3);
	OK(rt_memory_unmap(vgpu.device, &first, address));
	OK(rt_memory_unmap(vgpu.device, &second, other));
	expect(&vgpu, &memory, 0, PAGES, PAGES / 2, "what was unmapped");
	expect(&vgpu, &memory, 0, PAGES, 0, "what was unmapped, once more");
	OK(stop(&vgpu));
	CHECK(told(&vgpu, &memory, 0, PAGES) < 0, "told of when it is over");
	/* A close ends it, too. */
	start(&vgpu, &memory);
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	CHECK(told(&vgpu, &memory, 0, PAGES) < 0, "the next VM is told of the last one's");
}

/* A VMM asks in parts: what is written between two of them is not lost. */
TEST(written_between, 0)
{
	struct rt_memory memory, half;
	struct vgpu vgpu, rival;
	struct rt_ring ring;
	unsigned int gone;
	uint64_t address;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_memory_alloc(vgpu.device, PAGES * RT_PAGE_SIZE, &memory));
	half = memory;
	half.pages = PAGES / 2;
	half.bytes = half.pages * RT_PAGE_SIZE;
	vgpu_make(&rival, TYPE);
	start(&vgpu, &memory);
	for (gone = 0; gone < 2; gone++) {
		const char *what = gone ? "unmapped" : "mapped";

		OK(rt_memory_map(vgpu.device, &half, true, &address));
		work(&ring, address, RT_PAGE_SIZE);
		vgpu_works(&rival, 1);
		expect(&vgpu, &memory, 0, 8, 8, what);
		work(&ring, address, RT_PAGE_SIZE);
		vgpu_works(&rival, 2);
		if (gone)
			OK(rt_memory_unmap(vgpu.device, &half, address));
		expect(&vgpu, &memory, 8, PAGES / 2 - 8, PAGES / 2 - 8, what);
		/* This part was written since it was told of. */
		expect(&vgpu, &memory, 0, 8, 8, what);
		expect(&vgpu, &memory, 8, PAGES / 2 - 8, PAGES / 2 - 8, what);
		expect(&vgpu, &memory, 0, PAGES, 0, what);
		if (!gone)
			OK(rt_memory_unmap(vgpu.device, &half, address));
		expect(&vgpu, &memory, 0, PAGES, gone ? 0 : PAGES / 2, "and then");
	}
	OK(stop(&vgpu));
}

/* A guest that maps and unmaps without end costs nothing: only the range is kept. */
TEST(bounded, SLOW)
{
	struct rt_memory memory;
	struct vgpu vgpu;
	uint64_t address;
	unsigned int i;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	OK(rt_memory_alloc(vgpu.device, 8 * MIB, &memory));
	start(&vgpu, &memory);
	for (i = 0; i < 80; i++) {
		OK(rt_memory_map(vgpu.device, &memory, true, &address));
		OK(rt_memory_unmap(vgpu.device, &memory, address));
	}
	expect(&vgpu, &memory, 0, PAGES, PAGES, "after many");
	expect(&vgpu, &memory, memory.pages - PAGES, PAGES, PAGES, "after many, at the end");
	vgpu_works(&vgpu, 1);
	OK(stop(&vgpu));
}
