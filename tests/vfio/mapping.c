// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping.c - BARs mapped into a VMM: what they show, and when they vanish
 */
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "vm.h"

TEST(whole, 0)
{
	struct vgpu vgpu;
	volatile uint64_t *last;
	uint64_t value;
	long at;

	vgpu_make(&vgpu, "64mq");
	/* Every page is another one. */
	for (uint64_t page = 0; page < 64 * MIB; page += RT_PAGE_SIZE)
		*(volatile uint64_t *)rt_framebuffer(vgpu.device, page) = ~page;
	for (uint64_t page = 0; page < 64 * MIB; page += RT_PAGE_SIZE) {
		value = *(volatile uint64_t *)rt_framebuffer(vgpu.device, page);
		CHECK(value == ~page, "page 0x%llx shows 0x%llx",
		      (unsigned long long)page, (unsigned long long)value);
	}
	last = rt_framebuffer(vgpu.device, 64 * MIB - 8);
	*last = 4711;
	CHECK(pread(vgpu.device->fd, &value, 8,
		    (off_t)(vgpu.device->region[2].offset + 64 * MIB - 8)) == 8 &&
	      value == 4711, "the last word is 0x%llx in the file",
	      (unsigned long long)value);
	fill_words(rt_framebuffer(vgpu.device, MIB), MIB, 5);
	at = differing_word(rt_framebuffer(vgpu.device, MIB), MIB, 5);
	CHECK(at < 0, "word %ld is not what was written", at);
}

static void *try_mmap(struct vgpu *vgpu, unsigned int bar, uint64_t offset,
		      size_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, vgpu->device->fd,
		    (off_t)(vgpu->device->region[bar].offset + offset));
}

TEST(refused, 0)
{
	struct vgpu vgpu;
	uint64_t size;
	void *map;

	vgpu_make(&vgpu, "64mq");
	size = vgpu.device->region[2].size;
	CHECK(try_mmap(&vgpu, 0, 0, 4096, MAP_SHARED) == MAP_FAILED,
	      "the trapped control page can be mapped");
	CHECK(try_mmap(&vgpu, 1, 0, 4096, MAP_SHARED) == MAP_FAILED,
	      "an absent BAR can be mapped");
	CHECK(try_mmap(&vgpu, 2, size, 4096, MAP_SHARED) == MAP_FAILED,
	      "a page behind the framebuffer can be mapped");
	CHECK(try_mmap(&vgpu, 2, size - 4096, 8192, MAP_SHARED) == MAP_FAILED,
	      "a mapping may go beyond the framebuffer");
	CHECK(try_mmap(&vgpu, 2, 0, size + 4096, MAP_SHARED) == MAP_FAILED,
	      "a mapping larger than the framebuffer is possible");
	CHECK(try_mmap(&vgpu, 2, 0, 4096, MAP_PRIVATE) == MAP_FAILED,
	      "a private mapping is possible");
	CHECK(try_mmap(&vgpu, 4, REFGPU_USER_PAGE_SIZE, 4096, MAP_SHARED) ==
	      MAP_FAILED, "the neighbour's user page can be mapped");
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, vgpu.device->fd,
		   (off_t)vgpu.device->region[RT_CONFIG].offset);
	CHECK(map == MAP_FAILED, "config space can be mapped");
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, vgpu.device->fd,
		   (off_t)1 << 62);
	CHECK(map == MAP_FAILED, "region 2^22 can be mapped");

	/* A part is fine, and cannot grow. */
	fill_words(rt_framebuffer(vgpu.device, 3 * 4096), 4096, 9);
	map = try_mmap(&vgpu, 2, 3 * 4096, 4096, MAP_SHARED);
	CHECK(map != MAP_FAILED, "mapping one page: %s", strerror(errno));
	CHECK(differing_word(map, 4096, 9) < 0,
	      "a mapping of page 3 shows another page");
	CHECK(mremap(map, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED,
	      "a mapping can be made larger by mremap");
}

/* SIGBUS while, and only while, the guest has memory decoding off. */
TEST(revoked_by_command, 0)
{
	volatile uint64_t *fb, *user;
	struct vgpu vgpu;
	uint64_t value;
	int round;

	vgpu_make(&vgpu, "64mq");
	fb = rt_framebuffer(vgpu.device, 0x5000);
	user = (volatile uint64_t *)vgpu.device->region[4].map;
	for (round = 0; round < 3; round++) {
		*fb = 0x1000 + (unsigned int)round;
		CHECK(peek(user, &value) && value == REFGPU_ID,
		      "user page id 0x%llx", (unsigned long long)value);
		OK(rt_memory_decoding(vgpu.device, false));
		CHECK(!peek(fb, &value),
		      "the framebuffer reads 0x%llx with decoding off",
		      (unsigned long long)value);
		CHECK(!poke(fb, 1), "the framebuffer takes a write with decoding off");
		CHECK(!peek(user, &value),
		      "the user page reads 0x%llx with decoding off",
		      (unsigned long long)value);
		/* A page nobody touched before, too. */
		CHECK(!peek(fb + MIB / 8, &value),
		      "a fresh page reads 0x%llx with decoding off",
		      (unsigned long long)value);
		OK(rt_memory_decoding(vgpu.device, true));
		CHECK(peek(fb, &value), "SIGBUS with decoding on again");
		CHECK(value == 0x1000 + (unsigned int)round,
		      "the framebuffer reads 0x%llx with decoding on again",
		      (unsigned long long)value);
		CHECK(peek(user, &value) && value == REFGPU_ID,
		      "the user page is not back");
	}
}

/* Reset revokes and lets fault in again: the same memory, still there. */
TEST(refault_after_reset, 0)
{
	uint64_t value, before, after;
	volatile uint64_t *fb, *user;
	struct vgpu vgpu;
	uint16_t command;

	vgpu_make(&vgpu, "64mq");
	fb = rt_framebuffer(vgpu.device, 0x7000);
	user = (volatile uint64_t *)vgpu.device->region[4].map;
	*fb = 0xfeedface;
	CHECK(peek(user, &value), "SIGBUS");
	before = host_stat(vgpu.uuid, "page_faults");
	CHECK(before, "BAR mappings were used, but page_faults is 0");
	OK(rt_vfio_reset(vgpu.device));
	OK(rt_config_read(vgpu.device, 4, &command, 2));
	if (!(command & 2)) {
		CHECK(!peek(fb, &value),
		      "memory is visible though reset switched decoding off");
		OK(rt_memory_decoding(vgpu.device, true));
	}
	CHECK(peek(fb, &value), "SIGBUS after reset with decoding on");
	CHECK(value == 0xfeedface, "the framebuffer reads 0x%llx after reset",
	      (unsigned long long)value);
	CHECK(peek(user, &value) && value == REFGPU_ID,
	      "the user page is not back after reset");
	after = host_stat(vgpu.uuid, "page_faults");
	CHECK(after > before, "reset did not revoke: page_faults stays %llu",
	      (unsigned long long)after);
}

/* A thread that keeps touching while others revoke never sees SIGBUS twice. */
TEST(revocation_race, 0)
{
	struct vgpu vgpu;
	volatile uint64_t *fb;
	uint64_t value;
	pid_t child;
	int i;

	vgpu_make(&vgpu, "64mq");
	fb = rt_framebuffer(vgpu.device, 0);
	*fb = 77;
	child = fork();
	if (!child) {
		for (;;) {
			if (peek(fb, &value) && value != 77)
				_exit(1);
			if (peek(fb + 512 * 9, &value) && value == 77)
				_exit(1);
		}
	}
	for (i = 0; i < 300; i++) {
		OK(rt_memory_decoding(vgpu.device, false));
		CHECK(!peek(fb, &value), "round %d: not revoked", i);
		OK(rt_memory_decoding(vgpu.device, true));
		CHECK(peek(fb, &value) && value == 77, "round %d: not back", i);
		if (i % 10 == 0)
			vgpu_reset(&vgpu, BY_VMM);
	}
	CHECK(!waitpid(child, &i, WNOHANG),
	      "the other process read something else (status 0x%x)", i);
	vm_kill(child);
}

/* QEMU's children inherit its mappings: they are revoked as well. */
TEST(forked, 0)
{
	int down[2], up[2];
	struct vgpu vgpu;
	volatile uint64_t *fb;
	uint64_t value;
	pid_t child;
	char c;

	vgpu_make(&vgpu, "64mq");
	fb = rt_framebuffer(vgpu.device, 0);
	*fb = 5;
	CHECK(!pipe(down) && !pipe(up), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		if (!peek(fb, &value) || value != 5)
			_exit(10);
		if (write(up[1], "a", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(11);
		if (peek(fb, &value))
			_exit(12); /* not revoked */
		if (write(up[1], "b", 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(13);
		_exit(peek(fb, &value) && value == 5 ? 0 : 14);
	}
	CHECK(read(up[0], &c, 1) == 1, "child: %s", strerror(errno));
	OK(rt_memory_decoding(vgpu.device, false));
	CHECK(write(down[1], "x", 1) == 1 && read(up[0], &c, 1) == 1,
	      "child: %s", strerror(errno));
	OK(rt_memory_decoding(vgpu.device, true));
	CHECK(write(down[1], "y", 1) == 1, "child: %s", strerror(errno));
	wait_child(child, "child that shares the mapping (12: not revoked, 14: not back)");
}

/* The file may be closed first: the mapping holds the vGPU. */
TEST(outlives_file, ONCE)
{
	struct vgpu vgpu;
	volatile uint64_t *fb;
	uint64_t value;
	pid_t child;

	vgpu_make(&vgpu, "64mq");
	fb = rt_framebuffer(vgpu.device, 0);
	*fb = 99;
	child = fork();
	if (!child) {
		close(vgpu.device->fd);
		if (vgpu.device->group >= 0)
			close(vgpu.device->group);
		if (!peek(fb, &value) || value != 99)
			_exit(1);
		_exit(0);
	}
	wait_child(child, "child that closed the file");
	CHECK(peek(fb, &value) && value == 99,
	      "the mapping is gone after another process closed the file");
}
