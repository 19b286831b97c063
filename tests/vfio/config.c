// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - the vGPU's PCI configuration space
 */
#include <linux/pci_regs.h>
#include <stdio.h>

#include "plain.h"

static uint32_t read_config(struct vgpu *vgpu, unsigned int offset,
			    unsigned int bytes)
{
	return (uint32_t)plain_read(vgpu, RT_CONFIG, offset, bytes);
}

static void write_config(struct vgpu *vgpu, unsigned int offset,
			 uint32_t value, unsigned int bytes)
{
	plain_write(vgpu, RT_CONFIG, offset, bytes, value);
}

TEST(header, 0)
{
	struct vgpu vgpu;
	uint32_t value;

	vgpu_make(&vgpu, "64mq");
	value = read_config(&vgpu, PCI_VENDOR_ID, 4);
	CHECK(value == (REFGPU_PCI_DEVICE_ID_VGPU << 16 | REFGPU_PCI_VENDOR_ID),
	      "ids are 0x%08x", value);
	value = read_config(&vgpu, PCI_CLASS_REVISION, 4) >> 8;
	CHECK(value == REFGPU_PCI_CLASS, "class is 0x%06x", value);
	value = read_config(&vgpu, PCI_HEADER_TYPE, 1);
	CHECK(value == PCI_HEADER_TYPE_NORMAL, "header type 0x%02x", value);
	value = read_config(&vgpu, PCI_INTERRUPT_PIN, 1);
	CHECK(value == 0, "interrupt pin %u without INTx", value);
}

TEST(capabilities, 0)
{
	uint64_t size = OPENVGPU_NATIVE_CONTROL_SIZE;
	struct vgpu vgpu;
	unsigned int at;
	uint32_t value;

	vgpu_make(&vgpu, "64mq");
	CHECK(read_config(&vgpu, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST,
	      "status says there are no capabilities");
	at = plain_capability(&vgpu, PCI_CAP_ID_EXP);
	CHECK(at, "no PCI Express capability");
	value = read_config(&vgpu, at + PCI_EXP_FLAGS, 2);
	CHECK((value & PCI_EXP_FLAGS_TYPE) >> 4 == PCI_EXP_TYPE_ENDPOINT,
	      "PCI Express type %u, not endpoint",
	      (value & PCI_EXP_FLAGS_TYPE) >> 4);
	value = read_config(&vgpu, at + PCI_EXP_DEVCAP, 4);
	CHECK(value & PCI_EXP_DEVCAP_FLR, "DEVCAP 0x%x: no FLR", value);

	at = plain_capability(&vgpu, PCI_CAP_ID_MSIX);
	CHECK(at, "no MSI-X capability");
	value = read_config(&vgpu, at + PCI_MSIX_FLAGS, 2);
	CHECK((value & PCI_MSIX_FLAGS_QSIZE) + 1 == OPENVGPU_NATIVE_VECTORS,
	      "MSI-X of %u vectors", (value & PCI_MSIX_FLAGS_QSIZE) + 1);
	value = read_config(&vgpu, at + PCI_MSIX_TABLE, 4);
	CHECK((value & PCI_MSIX_TABLE_BIR) == OPENVGPU_NATIVE_BAR_CONTROL &&
	      (value & PCI_MSIX_TABLE_OFFSET) + 16 * OPENVGPU_NATIVE_VECTORS <= size,
	      "MSI-X table at 0x%x", value);
	value = read_config(&vgpu, at + PCI_MSIX_PBA, 4);
	CHECK((value & PCI_MSIX_PBA_BIR) == OPENVGPU_NATIVE_BAR_CONTROL &&
	      (value & PCI_MSIX_PBA_OFFSET) + 8 <= size,
	      "MSI-X PBA at 0x%x", value);
	/* With a soft-resetting PM capability QEMU would not use FLR. */
	at = plain_capability(&vgpu, PCI_CAP_ID_PM);
	if (at)
		CHECK(read_config(&vgpu, at + PCI_PM_CTRL, 2) &
		      PCI_PM_CTRL_NO_SOFT_RESET,
		      "power management without No_Soft_Reset");
}

TEST(bar_sizing, 0)
{
	struct vgpu vgpu;
	unsigned int bar;

	vgpu_make(&vgpu, "64mq");
	write_config(&vgpu, PCI_COMMAND, 0, 2);
	for (bar = 0; bar < RT_BARS; bar++) {
		unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
		uint64_t size = vgpu.device->region[bar].size, mask, value;
		uint32_t old = read_config(&vgpu, at, 4), flags, half;
		uint32_t old_high = 0;

		write_config(&vgpu, at, 0xffffffff, 4);
		flags = read_config(&vgpu, at, 4) & 0xf;
		mask = read_config(&vgpu, at, 4) & ~0xfULL;
		if (flags & PCI_BASE_ADDRESS_MEM_TYPE_64) {
			old_high = read_config(&vgpu, at + 4, 4);
			write_config(&vgpu, at + 4, 0xffffffff, 4);
			mask |= (uint64_t)read_config(&vgpu, at + 4, 4) << 32;
		} else if (mask) {
			mask |= 0xffffffff00000000ULL;
		}
		if (!size) {
			CHECK(!mask, "absent BAR%u sizes as 0x%llx", bar,
			      (unsigned long long)mask);
			continue;
		}
		CHECK(-mask == size, "BAR%u sizes as 0x%llx, region has 0x%llx",
		      bar, (unsigned long long)-mask, (unsigned long long)size);
		CHECK(!(flags & PCI_BASE_ADDRESS_SPACE_IO), "BAR%u is I/O", bar);
		if (bar == OPENVGPU_NATIVE_BAR_FRAMEBUFFER)
			CHECK(flags & PCI_BASE_ADDRESS_MEM_PREFETCH,
			      "the framebuffer's BAR is not prefetchable");
		/* An address, written in bytes and halves, is kept as far as
		 * the size lets it.
		 */
		half = 0xf2345678;
		write_config(&vgpu, at, half & 0xffff, 2);
		write_config(&vgpu, at + 2, half >> 16 & 0xff, 1);
		write_config(&vgpu, at + 3, half >> 24, 1);
		value = read_config(&vgpu, at, 4);
		CHECK(value == ((half & (uint32_t)mask) | flags),
		      "BAR%u holds 0x%llx after 0x%x was written in parts", bar,
		      (unsigned long long)value, half);
		write_config(&vgpu, at, old, 4);
		value = read_config(&vgpu, at, 4);
		CHECK(value == old, "BAR%u does not take 0x%x back: 0x%llx",
		      bar, old, (unsigned long long)value);
		if (flags & PCI_BASE_ADDRESS_MEM_TYPE_64) {
			write_config(&vgpu, at + 4, old_high, 4);
			bar++;
		}
	}
}

TEST(access, 0)
{
	struct vgpu vgpu;
	uint8_t all[4096], part[8];
	unsigned int size, at, i;
	ssize_t n;

	vgpu_make(&vgpu, "64mq");
	/* QEMU reads the whole at once. */
	n = pread(vgpu.device->fd, all, sizeof(all),
		  (off_t)vgpu.device->region[RT_CONFIG].offset);
	CHECK(n == 256 || n == 4096, "reading all of config space: %zd", n);
	for (size = 1; size <= 8; size++)
		for (at = 0; at + size <= 256; at++) {
			CHECK(pread(vgpu.device->fd, part, size,
				    (off_t)(vgpu.device->region[RT_CONFIG].offset + at)) ==
			      (ssize_t)size, "reading %u bytes at 0x%x: %s",
			      size, at, strerror(errno));
			for (i = 0; i < size; i++)
				CHECK(part[i] == all[at + i],
				      "byte 0x%x is 0x%02x alone, 0x%02x in the whole",
				      at + i, part[i], all[at + i]);
		}
	n = pread(vgpu.device->fd, part, 4, (off_t)(vgpu.device->region[RT_CONFIG].offset + 4096));
	CHECK(n <= 0, "config space can be read beyond its end: %zd", n);
	n = pread(vgpu.device->fd, part, 8, (off_t)(vgpu.device->region[RT_CONFIG].offset + 4092));
	CHECK(n <= 4, "a read across the end of config space returned %zd", n);
}

/* A guest may write anything anywhere: identity and layout stay. */
TEST(hostile_writes, 0)
{
	struct vgpu vgpu;
	uint8_t before[256], after[256];
	unsigned int i, at, bytes;
	uint32_t seed = 7;

	vgpu_make(&vgpu, "64mq");
	OK(rt_config_read(vgpu.device, 0, before, sizeof(before)));
	for (i = 0; i < 4000; i++) {
		bytes = 1u << work_random(&seed) % 3;
		at = work_random(&seed) % (256 - bytes);
		write_config(&vgpu, at, work_random(&seed), bytes);
	}
	OK(rt_config_read(vgpu.device, 0, after, sizeof(after)));
	for (i = 0; i < 256; i++) {
		/* What a function lets its guest write. */
		bool writable = i == PCI_COMMAND || i == PCI_COMMAND + 1 ||
				i == PCI_STATUS + 1 ||
				i == PCI_CACHE_LINE_SIZE ||
				i == PCI_LATENCY_TIMER ||
				(i >= PCI_BASE_ADDRESS_0 && i < 0x28) ||
				i == PCI_INTERRUPT_LINE || i >= 0x40;

		CHECK(writable || before[i] == after[i],
		      "read-only byte 0x%x went from 0x%02x to 0x%02x", i,
		      before[i], after[i]);
	}
	CHECK(plain_capability(&vgpu, PCI_CAP_ID_EXP) &&
	      plain_capability(&vgpu, PCI_CAP_ID_MSIX),
	      "capabilities are gone after 4000 hostile writes");
	vgpu_reset(&vgpu, BY_VMM);
	vgpu_works(&vgpu, 1);
}

TEST(function_level_reset, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	unsigned int at;
	uint32_t bar, value;

	vgpu_make(&vgpu, "64mq");
	write_config(&vgpu, PCI_BASE_ADDRESS_0, 0xfe000000, 4);
	bar = read_config(&vgpu, PCI_BASE_ADDRESS_0, 4);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	rt_user_write(vgpu.device, REFGPU_USER_SCRATCH, 0x55);
	at = plain_capability(&vgpu, PCI_CAP_ID_EXP);
	value = read_config(&vgpu, at + PCI_EXP_DEVCTL, 2);
	write_config(&vgpu, at + PCI_EXP_DEVCTL,
		     value | PCI_EXP_DEVCTL_BCR_FLR, 2);
	CHECK(!(read_config(&vgpu, at + PCI_EXP_DEVCTL, 2) &
		PCI_EXP_DEVCTL_BCR_FLR), "the FLR bit reads 1");
	/* As vfio-pci does: it saves and restores config space around it. */
	CHECK(read_config(&vgpu, PCI_BASE_ADDRESS_0, 4) == bar,
	      "BAR0 is 0x%x after FLR, was 0x%x",
	      read_config(&vgpu, PCI_BASE_ADDRESS_0, 4), bar);
	CHECK(read_config(&vgpu, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY,
	      "memory decoding is off after FLR");
	value = (uint32_t)rt_user_read(vgpu.device, REFGPU_USER_SCRATCH);
	CHECK(!value, "SCRATCH is 0x%x after FLR", value);
	value = (uint32_t)rt_ring_register(&ring, REFGPU_RING_CONTROL);
	CHECK(!value, "ring 0 is still enabled after FLR");
	vgpu_works(&vgpu, 2);
}
