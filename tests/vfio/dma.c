// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma.c - guest memory in the vGPU's system-memory aperture
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "vm.h"

/* What the VMM may wait for an unmap while an engine works, or hangs. */
#define UNMAP_LIMIT_NS	(3 * second())

TEST(round_trip, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	long before;
	int i;

	vgpu_make(&vgpu, "64mq");
	before = pinned_pages();
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	for (i = 1; i <= 16; i++)
		OK(work_system_memory(&ring, (unsigned int)i * 7, (uint32_t)i));
	/* More pages than one command takes. */
	OK(work_system_memory(&ring,
			      (unsigned int)vgpu.device->map_pages_max + 3, 99));
	CHECK(pinned_pages() <= before, "%ld pages stay pinned",
	      pinned_pages() - before);
	CHECK(!rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED),
	      "MAPPED is %llu after all was unmapped",
	      (unsigned long long)rt_control_read(vgpu.device,
						  OPENVGPU_NATIVE_MAPPED));
}

TEST(accounting, 0)
{
	struct rt_memory memory;
	struct vgpu vgpu;
	uint64_t address, value;
	long before;

	vgpu_make(&vgpu, "64mq");
	before = pinned_pages();
	OK(rt_memory_alloc(vgpu.device, 100 * RT_PAGE_SIZE, &memory));
	CHECK(pinned_pages() <= before || transport == RT_VFIO_IOMMUFD,
	      "%ld pages are pinned before the guest asked",
	      pinned_pages() - before);
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED);
	CHECK(value == 100, "MAPPED is %llu, not 100", (unsigned long long)value);
	value = host_attribute(vgpu.uuid, "pinned_pages");
	CHECK(value == 100, "sysfs says %llu pinned pages, not 100",
	      (unsigned long long)value);
	CHECK(pinned_pages() >= before + 100, "only %ld pages are pinned",
	      pinned_pages() - before);
	/* A guest that goes away without a word. */
	vgpu_close(&vgpu);
	CHECK(pinned_pages() <= before, "%ld pages stay pinned after close",
	      pinned_pages() - before);
	value = host_attribute(vgpu.uuid, "pinned_pages");
	CHECK(!value, "sysfs says %llu pinned pages after close",
	      (unsigned long long)value);
	memory.space = NULL;
	rt_memory_free(&memory);
	vgpu_open(&vgpu);
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED);
	CHECK(!value, "MAPPED is %llu after opening again",
	      (unsigned long long)value);
	vgpu_works(&vgpu, 1);
}

/* Moves this process into a memory control group of its own. */
static void enter_group(char group[64])
{
	const char *top = "/tmp/openvgpu-groups";
	char path[128];

	mkdir(top, 0700);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
	if ((mount("none", top, "cgroup2", 0, NULL) && errno != EBUSY) ||
	    host_write(path, "+memory"))
		harness_skip("there are no memory control groups");
	snprintf(group, 64, "%s/%d", top, getpid());
	CHECK(!mkdir(group, 0700), "mkdir %s: %s", group, strerror(errno));
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	OK(host_write(path, "0"));
}

/* Bytes that the kernel has allocated on the group's behalf. */
static long kernel_bytes(const char *group)
{
	char path[128], word[64];
	long value, bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.stat", group);
	file = fopen(path, "re");
	CHECK(file, "%s: %s", path, strerror(errno));
	while (fscanf(file, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, "kernel"))
			bytes = value;
	fclose(file);
	CHECK(bytes >= 0, "%s has no line 'kernel'", path);
	return bytes;
}

/* Maps pages that are as scattered as can be, each of which costs most then. */
static void expect_charged(struct vgpu *vgpu, const char *group)
{
	const size_t pages = 4096;
	uint64_t page[4096];
	struct rt_memory memory;
	long before, after;
	size_t i;

	OK(rt_memory_alloc(vgpu->device, pages * RT_PAGE_SIZE, &memory));
	memset(memory.cpu, 1, memory.bytes);
	for (i = 0; i < pages; i++)
		page[i] = memory.page[i % 2 ? pages / 2 + i / 2 : i / 2];
	before = kernel_bytes(group);
	OK(rt_map_pages(vgpu->device, page, pages, 0, true));
	after = kernel_bytes(group);
	CHECK(after - before > 200000,
	      "%zu pages mapped for the guest cost its VMM's group %ld bytes",
	      pages, after - before);
	rt_memory_free(&memory);
	vgpu_close(vgpu);
}

/*
 * What a guest has the host allocate to map its memory is its VMM's, as all else:
 * an administrator limits that by a control group.
 */
TEST(charged, 0)
{
	struct vgpu vgpu;
	char group[64];

	enter_group(group);
	vgpu_make(&vgpu, "64mq");
	expect_charged(&vgpu, group);
}

/* Nor can a VMM get out of it by having another process open the vGPU and end. */
TEST(charged_without_opener, 0)
{
	struct vgpu vgpu;
	char group[64];
	pid_t opener;
	int ready[2];

	enter_group(group);
	OK(host_create_any("64mq", vgpu.uuid));
	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	opener = fork();
	if (!opener) {
		vgpu_open(&vgpu);
		opener = getpid();
		if (fork())
			_exit(0);
		while (getppid() == opener)
			usleep(1000);
		expect_charged(&vgpu, group);
		pipe_send(ready);
		_exit(0);
	}
	wait_child(opener, "the opener");
	pipe_await(ready);
}

static void expect(int error, int expected, const char *what)
{
	CHECK(error == -expected, "%s: %s, not %s (%s)", what,
	      error ? strerror(-error) : "accepted", strerror(expected),
	      rt_message());
}

TEST(statuses, 0)
{
	struct rt_device *device;
	struct rt_memory memory;
	uint64_t page[8], value;
	struct vgpu vgpu;
	unsigned int i;

	vgpu_make(&vgpu, "64mq");
	device = vgpu.device;
	OK(rt_memory_alloc(device, 8 * RT_PAGE_SIZE, &memory));
	memcpy(page, memory.page, sizeof(page));
	OK(rt_map_pages(device, page, 4, 10, true));
	expect(rt_map_pages(device, page + 4, 1, 10, true), EEXIST, "mapping page 10 again");
	expect(rt_map_pages(device, page + 4, 4, 7, true), EEXIST, "mapping 7..10");
	expect(rt_map_pages(device, page + 4, 4, 13, true), EEXIST, "mapping 13..16");
	expect(rt_unmap_pages(device, 11), ENOENT, "unmapping from the middle");
	expect(rt_unmap_pages(device, 9), ENOENT, "unmapping in front");
	expect(rt_unmap_pages(device, UINT64_MAX), ENOENT, "unmapping at 2^64-1");
	expect(rt_map_pages(device, page, 0, 100, true), EINVAL, "mapping no page");
	expect(rt_map_pages(device, page, 1, device->aperture_pages, true), EINVAL,
	       "mapping behind the aperture");
	expect(rt_map_pages(device, page, 4, device->aperture_pages - 3, true),
	       EINVAL, "mapping over the end of the aperture");
	expect(rt_map_pages(device, page, 2, UINT64_MAX, true), EINVAL,
	       "mapping at 2^64-1");
	expect(rt_map_pages(device, NULL,
			    rt_control_read(device, OPENVGPU_NATIVE_MAP_PAGES_MAX) + 1,
			    20, true), EINVAL, "more pages than a command takes");
	expect(rt_map_pages(device, NULL, UINT64_MAX, 20, true), EINVAL,
	       "2^64-1 pages");
	page[2] += 8;
	expect(rt_map_pages(device, page, 4, 20, true), EINVAL,
	       "an address that is not page aligned");
	page[2] = 0xdead00000000ULL;
	expect(rt_map_pages(device, page, 4, 20, true), EFAULT,
	       "an address that is not guest memory");
	page[2] = UINT64_MAX & ~4095ULL;
	expect(rt_map_pages(device, page, 4, 20, true), EFAULT,
	       "the last page of the address space");
	/* All or nothing: the range of the failed ones is free. */
	memcpy(page, memory.page, sizeof(page));
	value = rt_control_read(device, OPENVGPU_NATIVE_MAPPED);
	CHECK(value == 4, "MAPPED is %llu after refusals, not 4",
	      (unsigned long long)value);
	OK(rt_map_pages(device, page + 4, 4, 20, true));
	/* A page may be mapped twice. */
	OK(rt_map_pages(device, page + 4, 4, 30, false));
	for (i = 10; i <= 30; i += 10)
		OK(rt_unmap_pages(device, i));
	expect(rt_unmap_pages(device, 10), ENOENT, "unmapping twice");
	/* A list that lies outside the framebuffer. */
	device->map_list = device->framebuffer_bytes - 8;
	*(uint64_t *)rt_framebuffer(device, device->map_list) = page[0];
	OK(rt_map_pages(device, page, 1, 10, true));
	OK(rt_unmap_pages(device, 10));
	for (i = 0; i < 4; i++) {
		static const uint64_t lists[] = { 64 * MIB - 8, 64 * MIB,
						  UINT64_MAX - 7, 4 };

		rt_control_write(device, OPENVGPU_NATIVE_MAP_LIST, lists[i]);
		rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, 10);
		rt_control_write(device, OPENVGPU_NATIVE_MAP_PAGES, 2);
		rt_control_write(device, OPENVGPU_NATIVE_MAP_COMMAND,
				 OPENVGPU_NATIVE_MAP_WRITE);
		while ((value = rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS)) ==
		       OPENVGPU_NATIVE_BUSY)
			usleep(100);
		CHECK(value == OPENVGPU_NATIVE_INVALID,
		      "list at 0x%llx: status %llu",
		      (unsigned long long)lists[i], (unsigned long long)value);
	}
	device->map_list = 0;
	rt_control_write(device, OPENVGPU_NATIVE_MAP_COMMAND, 77);
	while ((value = rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS)) ==
	       OPENVGPU_NATIVE_BUSY)
		usleep(100);
	CHECK(value == OPENVGPU_NATIVE_INVALID, "command 77: status %llu",
	      (unsigned long long)value);
	rt_memory_free(&memory);
	vgpu_works(&vgpu, 1);
}

/* The hardware enforces read-only, and reaches nothing beside the mapping. */
TEST(protection, 0)
{
	uint64_t value, first = REFGPU_SYSMEM_APERTURE;
	struct rt_memory memory;
	struct vgpu vgpu;
	struct rt_ring ring;
	long at;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_memory_alloc(vgpu.device, 3 * RT_PAGE_SIZE, &memory));
	fill_words(memory.cpu, memory.bytes, 3);
	OK(rt_map_pages(vgpu.device, memory.page + 1, 1, 0, false));
	OK(rt_fill(&ring, first, 64, 0));
	CHECK(rt_ring_finish(&ring, 5000) == -EIO,
	      "a FILL of a read-only page did not stop the ring (%s)",
	      rt_message());
	value = rt_ring_register(&ring, REFGPU_RING_ERROR);
	CHECK(value == REFGPU_ERROR_ADDRESS, "ring error %llu, not ADDRESS",
	      (unsigned long long)value);
	at = differing_word(memory.cpu, memory.bytes, 3);
	CHECK(at < 0, "word %ld of a read-only page changed", at);
	OK(rt_unmap_pages(vgpu.device, 0));
	OK(rt_map_pages(vgpu.device, memory.page + 1, 1, 0, true));
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_fill(&ring, first + RT_PAGE_SIZE - 32, 64, 0));
	CHECK(rt_ring_finish(&ring, 5000) == -EIO,
	      "a FILL beyond the mapping did not stop the ring (%s)",
	      rt_message());
	value = ((volatile uint32_t *)memory.cpu)[2 * RT_PAGE_SIZE / 4];
	CHECK(value == (3 ^ (uint32_t)(2 * RT_PAGE_SIZE / 4) * 2654435761u),
	      "the page behind the mapping changed to 0x%llx",
	      (unsigned long long)value);
	OK(rt_unmap_pages(vgpu.device, 0));
	rt_memory_free(&memory);
}

/* Pages vanish from under a working engine: the VMM never waits for it. */
static void unmap_under_use(bool hung)
{
	uint64_t address, video, begin, took, value;
	struct rt_memory memory;
	struct vgpu vgpu;
	struct rt_ring ring;
	long before;
	int i, error;

	vgpu_make(&vgpu, "64mq");
	before = pinned_pages();
	for (i = 0; i < (hung ? 1 : 10); i++) {
		rt_framebuffer_free_all(vgpu.device);
		OK(rt_ring_create(vgpu.device, 0, 256, &ring));
		video = rt_framebuffer_alloc(vgpu.device, 4 * MIB, 4096);
		OK(rt_memory_alloc(vgpu.device, 4 * MIB, &memory));
		OK(rt_memory_map(vgpu.device, &memory, true, &address));
		rt_control_write(vgpu.device, OPENVGPU_NATIVE_EVENT_STATUS,
				 UINT64_MAX);
		if (hung)
			hang(&vgpu);
		for (error = 0; error < 200; error++)
			OK(rt_copy(&ring, error & 1 ? address : video,
				   error & 1 ? video : address, 4 * MIB));
		rt_ring_doorbell(&ring);
		usleep(hung ? 100000 : 3000 * (unsigned int)i);
		begin = rt_now_ns();
		OK(rt_space_unmap(vgpu.device->space, memory.page[0],
				  memory.bytes));
		took = rt_now_ns() - begin;
		CHECK(took < UNMAP_LIMIT_NS, "unmapping took %llu ms",
		      (unsigned long long)took / 1000000);
		/* Nobody may see the device write now. */
		fill_words(memory.cpu, memory.bytes, 9);
		usleep(20000);
		CHECK(differing_word(memory.cpu, memory.bytes, 9) < 0,
		      "the device wrote to memory after it was unmapped");
		CHECK(pinned_pages() <= before, "%ld pages stay pinned",
		      pinned_pages() - before);
		value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_EVENT_STATUS);
		CHECK(value & OPENVGPU_NATIVE_EVENT_REVOKED,
		      "events 0x%llx: the guest is not told",
		      (unsigned long long)value);
		value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED);
		CHECK(!value, "MAPPED is still %llu", (unsigned long long)value);
		memory.space = NULL;
		rt_memory_free(&memory);
		OK(rt_guest_reset(vgpu.device));
	}
	vgpu_works(&vgpu, 3);
}

TEST(unmap_under_use, SLOW)
{
	unmap_under_use(false);
}

TEST(unmap_under_hang, SLOW)
{
	unmap_under_use(true);
}

/*
 * What was mapped to be read is not written, least of all while it is unmapped. The suite
 * soft-engine has a GPU that tries.
 */
TEST(read_only, SLOW)
{
	const unsigned int rounds = 200;
	struct rt_memory memory;
	struct vgpu vgpu;
	uint64_t address;
	unsigned int round;
	size_t i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_memory_alloc(vgpu.device, 512 * RT_PAGE_SIZE, &memory));
	memset(memory.cpu, 0x5a, memory.bytes);
	for (round = 0; round < rounds; round++) {
		OK(rt_memory_map(vgpu.device, &memory, false, &address));
		OK(rt_memory_unmap(vgpu.device, &memory, address));
		for (i = 0; i < memory.bytes; i += RT_PAGE_SIZE)
			CHECK(!memcmp((char *)memory.cpu + i, "ZZZZZZZZ", 8),
			      "page %zu was written in round %u", i / RT_PAGE_SIZE, round);
	}
	rt_memory_free(&memory);
}

/* Only a part of guest memory goes: the batches beside it stay. */
TEST(unmap_part, 0)
{
	struct rt_memory keep, drop;
	uint64_t keep_at, drop_at, video;
	struct vgpu vgpu;
	struct rt_ring ring;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	video = rt_framebuffer_alloc(vgpu.device, 16 * RT_PAGE_SIZE, 4096);
	OK(rt_memory_alloc(vgpu.device, 16 * RT_PAGE_SIZE, &keep));
	OK(rt_memory_alloc(vgpu.device, 16 * RT_PAGE_SIZE, &drop));
	OK(rt_memory_map(vgpu.device, &keep, true, &keep_at));
	OK(rt_memory_map(vgpu.device, &drop, true, &drop_at));
	fill_words(keep.cpu, keep.bytes, 21);
	OK(rt_space_unmap(vgpu.device->space, drop.page[0], drop.bytes));
	drop.space = NULL;
	OK(rt_copy(&ring, video, keep_at, keep.bytes));
	OK(rt_ring_finish(&ring, 5000));
	CHECK(differing_word(rt_framebuffer(vgpu.device, video), keep.bytes, 21) < 0,
	      "the other mapping does not work any more");
	OK(rt_copy(&ring, video, drop_at, drop.bytes));
	CHECK(rt_ring_finish(&ring, 5000) == -EIO,
	      "the unmapped memory can still be read (%s)", rt_message());
	rt_memory_free(&drop);
	rt_memory_free(&keep);
}

TEST(dropped_by_reset, 0)
{
	uint64_t address, value;
	struct rt_memory memory;
	struct vgpu vgpu;
	long before;
	int i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_memory_alloc(vgpu.device, 64 * RT_PAGE_SIZE, &memory));
	before = pinned_pages();
	for (i = 0; i < 2; i++) {
		OK(rt_memory_map(vgpu.device, &memory, true, &address));
		vgpu_reset(&vgpu, i ? BY_VMM : BY_GUEST);
		value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_MAPPED);
		CHECK(!value, "%llu pages stay mapped after %s reset",
		      (unsigned long long)value, i ? "VFIO" : "the guest's");
		unpinned(before, i ? "VFIO's reset" : "the guest's reset");
	}
	rt_memory_free(&memory);
	vgpu_works(&vgpu, 1);
}

/* The limit the guest is told is the limit there is. */
TEST(limit, SLOW)
{
	uint64_t limit, mapped = 0, batch, i;
	struct rt_device *device;
	struct rt_memory memory;
	struct vgpu vgpu;
	uint64_t *pages;
	int error;

	vgpu_make(&vgpu, "64mq");
	device = vgpu.device;
	limit = rt_control_read(device, OPENVGPU_NATIVE_PINNED_MAX);
	CHECK(limit, "PINNED_MAX is 0");
	/* The same few pages over and over: it is the count that matters. */
	OK(rt_memory_alloc(device, MIB, &memory));
	batch = device->map_pages_max;
	pages = calloc(batch, sizeof(*pages));
	for (i = 0; i < batch; i++)
		pages[i] = memory.page[i % memory.pages];
	if (limit > 40 * batch)
		harness_skip("PINNED_MAX of %llu pages is too much for a test",
			     (unsigned long long)limit);
	while (mapped + batch <= limit && mapped + batch <= device->aperture_pages) {
		OK(rt_map_pages(device, pages, batch, mapped, true));
		mapped += batch;
	}
	if (limit < device->aperture_pages) {
		error = rt_map_pages(device, pages, batch, mapped, true);
		CHECK(error == -EDQUOT, "page %llu of %llu: %s",
		      (unsigned long long)(mapped + batch),
		      (unsigned long long)limit,
		      error ? strerror(-error) : "accepted");
	}
	OK(rt_guest_reset(device));
	rt_memory_free(&memory);
}
