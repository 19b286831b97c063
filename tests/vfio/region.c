// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - reading and writing regions through the device's file
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "vgpu.h"

TEST(framebuffer, 0)
{
	static const unsigned int places[] = { 0, 1, 2, 3, 4, 7, 8, 4093, 4095 };
	struct vgpu vgpu;
	uint8_t *map, data[64], got[64];
	unsigned int i, j, size;
	off_t base;

	vgpu_make(&vgpu, "64mq");
	map = rt_framebuffer(vgpu.device, 0);
	base = (off_t)vgpu.device->region[2].offset;
	fill_words(map, 16384, 1);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size = 1; size <= 40; size++) {
			CHECK(pread(vgpu.device->fd, got, size,
				    base + places[i]) == (ssize_t)size,
			      "reading %u bytes at %u: %s", size, places[i],
			      strerror(errno));
			CHECK(!memcmp(got, map + places[i], size),
			      "%u bytes at %u are not what the mapping shows",
			      size, places[i]);
			for (j = 0; j < size; j++)
				data[j] = (uint8_t)(size + j);
			memcpy(got, map + places[i] + size, 8);
			CHECK(pwrite(vgpu.device->fd, data, size,
				     base + places[i]) == (ssize_t)size,
			      "writing %u bytes at %u: %s", size, places[i],
			      strerror(errno));
			CHECK(!memcmp(data, map + places[i], size),
			      "%u bytes written at %u are not in the mapping",
			      size, places[i]);
			CHECK(!memcmp(got, map + places[i] + size, 8),
			      "writing %u bytes at %u changed bytes behind",
			      size, places[i]);
		}
}

static void check_end(struct vgpu *vgpu, unsigned int bar)
{
	uint64_t size = vgpu->device->region[bar].size;
	off_t base = (off_t)vgpu->device->region[bar].offset;
	unsigned int n, inside;
	uint8_t data[64];
	ssize_t got;

	for (n = 1; n <= 16; n++)
		for (inside = 0; inside < n; inside++) {
			memset(data, 0, sizeof(data));
			got = pread(vgpu->device->fd, data, n,
				    base + (off_t)(size - inside));
			CHECK(got <= (ssize_t)inside,
			      "BAR%u: %u bytes, %u of them inside: read %zd",
			      bar, n, inside, got);
			got = pwrite(vgpu->device->fd, data, n,
				     base + (off_t)(size - inside));
			CHECK(got <= (ssize_t)inside,
			      "BAR%u: %u bytes, %u of them inside: wrote %zd",
			      bar, n, inside, got);
		}
}

TEST(ends, 0)
{
	struct vgpu vgpu;
	unsigned int bar;

	vgpu_make(&vgpu, "64mq");
	for (bar = 0; bar < RT_BARS; bar++)
		if (vgpu.device->region[bar].size)
			check_end(&vgpu, bar);
	vgpu_works(&vgpu, 1);
}

TEST(no_such_region, 0)
{
	uint64_t step, offset, word = 0;
	struct vgpu vgpu;
	unsigned int index;
	ssize_t n;

	vgpu_make(&vgpu, "64mq");
	/* Regions lie at equal distances in the file; absent ones included. */
	step = vgpu.device->region[RT_CONFIG].offset / VFIO_PCI_CONFIG_REGION_INDEX;
	for (index = 0; index < 300; index++) {
		struct vfio_region_info info = {
			.argsz = sizeof(info), .index = index,
		};

		if (!ioctl(vgpu.device->fd, VFIO_DEVICE_GET_REGION_INFO, &info) &&
		    info.size)
			continue;
		offset = index * step;
		n = pread(vgpu.device->fd, &word, 8, (off_t)offset);
		CHECK(n <= 0, "region %u, which is not there, was read: %zd",
		      index, n);
		n = pwrite(vgpu.device->fd, &word, 8, (off_t)offset);
		CHECK(n <= 0, "region %u, which is not there, was written: %zd",
		      index, n);
	}
	n = pread(vgpu.device->fd, &word, 8, INT64_MAX - 4);
	CHECK(n <= 0, "the last offset was read: %zd", n);
}

/* Whatever a guest does to its trapped page, QEMU sees no error. */
TEST(control_never_fails, 0)
{
	off_t base;
	struct vgpu vgpu;
	uint8_t data[8] = { 0xa5, 0x5a, 0xff, 0x00, 0x80, 0x01, 0x7f, 0xfe };
	unsigned int at, size;
	uint64_t bad;

	vgpu_make(&vgpu, "64mq");
	base = (off_t)vgpu.device->region[0].offset;
	for (size = 1; size <= 8; size++)
		for (at = 0; at + size <= OPENVGPU_NATIVE_CONTROL_SIZE;
		     at += at < 0x100 ? 1 : 61) {
			uint8_t got[8];

			CHECK(pread(vgpu.device->fd, got, size, base + at) ==
			      (ssize_t)size, "reading %u bytes at 0x%x: %s",
			      size, at, strerror(errno));
		}
	bad = host_stat(vgpu.uuid, "bad_accesses");
	for (size = 1; size <= 8; size++)
		for (at = 0x200; at + size <= OPENVGPU_NATIVE_CONTROL_SIZE;
		     at += 37)
			CHECK(pwrite(vgpu.device->fd, data, size, base + at) ==
			      (ssize_t)size, "writing %u bytes at 0x%x: %s",
			      size, at, strerror(errno));
	CHECK(host_stat(vgpu.uuid, "bad_accesses") > bad,
	      "writes to unknown registers are not counted");
	vgpu_works(&vgpu, 1);
}

/* User page through the file: QEMU does it when a page is not mapped. */
TEST(user_page, 0)
{
	uint64_t value, other;
	struct vgpu vgpu;
	off_t base;

	vgpu_make(&vgpu, "64mq");
	base = (off_t)vgpu.device->region[4].offset;
	CHECK(pread(vgpu.device->fd, &value, 8, base + REFGPU_USER_ID) == 8 &&
	      value == REFGPU_ID, "user page id reads 0x%llx",
	      (unsigned long long)value);
	value = 0x123456789abcdef0;
	CHECK(pwrite(vgpu.device->fd, &value, 8, base + REFGPU_USER_SCRATCH) == 8,
	      "writing SCRATCH: %s", strerror(errno));
	other = rt_user_read(vgpu.device, REFGPU_USER_SCRATCH);
	CHECK(other == value, "SCRATCH is 0x%llx in the mapping",
	      (unsigned long long)other);
}

/* With memory decoding off a BAR answers all ones, and drops writes. */
TEST(decoding_off, 0)
{
	struct vgpu vgpu;
	uint64_t value;
	unsigned int i;

	vgpu_make(&vgpu, "64mq");
	*(volatile uint64_t *)rt_framebuffer(vgpu.device, 0) = 42;
	OK(rt_memory_decoding(vgpu.device, false));
	for (i = 0; i < RT_BARS; i++) {
		if (!vgpu.device->region[i].size)
			continue;
		value = 0;
		CHECK(pread(vgpu.device->fd, &value, 8,
			    (off_t)vgpu.device->region[i].offset) == 8,
		      "BAR%u with decoding off: %s", i, strerror(errno));
		CHECK(value == UINT64_MAX,
		      "BAR%u with decoding off reads 0x%llx", i,
		      (unsigned long long)value);
		value = 1;
		CHECK(pwrite(vgpu.device->fd, &value, 8,
			     (off_t)vgpu.device->region[i].offset) == 8,
		      "BAR%u with decoding off: %s", i, strerror(errno));
	}
	OK(rt_memory_decoding(vgpu.device, true));
	value = *(volatile uint64_t *)rt_framebuffer(vgpu.device, 0);
	CHECK(value == 42, "a write came through with decoding off: 0x%llx",
	      (unsigned long long)value);
}
