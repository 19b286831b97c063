// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - what the device tells a VMM about itself
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "admin.h"

TEST(device, 0)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vgpu vgpu;
	int fd;

	vgpu_make(&vgpu, "64mq");
	fd = vgpu.device->fd;
	CHECK(!ioctl(fd, VFIO_DEVICE_GET_INFO, &info), "GET_INFO: %s",
	      strerror(errno));
	CHECK(info.flags & VFIO_DEVICE_FLAGS_PCI, "flags 0x%x: not PCI",
	      info.flags);
	CHECK(info.flags & VFIO_DEVICE_FLAGS_RESET, "flags 0x%x: no RESET",
	      info.flags);
	CHECK(info.num_regions >= VFIO_PCI_CONFIG_REGION_INDEX + 1 &&
	      info.num_irqs >= VFIO_PCI_REQ_IRQ_INDEX + 1,
	      "%u regions, %u interrupt indexes", info.num_regions,
	      info.num_irqs);
	info.argsz = offsetof(struct vfio_device_info, num_irqs);
	CHECK(ioctl(fd, VFIO_DEVICE_GET_INFO, &info) < 0 && errno == EINVAL,
	      "GET_INFO took an argsz that ends before num_irqs");
	info.argsz = offsetof(struct vfio_device_info, num_irqs) + 4;
	CHECK(!ioctl(fd, VFIO_DEVICE_GET_INFO, &info),
	      "GET_INFO refused the smallest argsz: %s", strerror(errno));
	CHECK(ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info) < 0,
	      "a vGPU claims to know hot reset");
	CHECK(ioctl(fd, _IO(VFIO_TYPE, VFIO_BASE + 99), &info) < 0 &&
	      errno == ENOTTY, "unknown ioctl: %s, not ENOTTY",
	      strerror(errno));
}

static void check_bar(unsigned int index, const struct vfio_region_info *info)
{
	const uint32_t access = VFIO_REGION_INFO_FLAG_READ |
				VFIO_REGION_INFO_FLAG_WRITE;
	uint64_t size = 0;
	bool mapped = false;

	switch (index) {
	case OPENVGPU_NATIVE_BAR_CONTROL:
		size = OPENVGPU_NATIVE_CONTROL_SIZE;
		break;
	case OPENVGPU_NATIVE_BAR_FRAMEBUFFER:
		size = 64 * MIB;
		mapped = true;
		break;
	case OPENVGPU_NATIVE_BAR_USER:
		size = REFGPU_USER_PAGE_SIZE;
		mapped = true;
		break;
	}
	CHECK(info->size == size, "region %u has 0x%llx bytes, not 0x%llx",
	      index, (unsigned long long)info->size, (unsigned long long)size);
	if (!size)
		return;
	CHECK((info->flags & access) == access, "region %u: flags 0x%x", index,
	      info->flags);
	CHECK(!(info->flags & VFIO_REGION_INFO_FLAG_MMAP) == !mapped,
	      "region %u: flags 0x%x, but %s mapping", index, info->flags,
	      mapped ? "is for" : "is not for");
	CHECK(!(info->size & (info->size - 1)), "region %u: size 0x%llx", index,
	      (unsigned long long)info->size);
}

TEST(regions, 0)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_region_info info[32], again;
	struct vgpu vgpu;
	unsigned int i, j;
	int fd;

	vgpu_make(&vgpu, "64mq");
	fd = vgpu.device->fd;
	CHECK(!ioctl(fd, VFIO_DEVICE_GET_INFO, &device), "GET_INFO: %s",
	      strerror(errno));
	CHECK(device.num_regions <= 32, "%u regions", device.num_regions);
	for (i = 0; i < device.num_regions; i++) {
		memset(&info[i], 0xff, sizeof(info[i]));
		info[i].argsz = sizeof(info[i]);
		info[i].index = i;
		CHECK(!ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info[i]),
		      "region %u of %u: %s", i, device.num_regions,
		      strerror(errno));
		if (i <= VFIO_PCI_ROM_REGION_INDEX)
			check_bar(i, &info[i]);
		if (i == VFIO_PCI_CONFIG_REGION_INDEX)
			CHECK(info[i].size == 256 || info[i].size == 4096,
			      "config space of %llu bytes",
			      (unsigned long long)info[i].size);
		if (i == VFIO_PCI_VGA_REGION_INDEX)
			CHECK(!info[i].size, "there is a VGA region");
		/* QEMU asks once and keeps the answer. */
		again = info[i];
		again.argsz = sizeof(again);
		CHECK(!ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &again) &&
		      again.size == info[i].size &&
		      again.offset == info[i].offset &&
		      again.flags == info[i].flags,
		      "region %u answers differently the second time", i);
		for (j = 0; j < i; j++)
			CHECK(!info[i].size || !info[j].size ||
			      info[i].offset >= info[j].offset + info[j].size ||
			      info[j].offset >= info[i].offset + info[i].size,
			      "regions %u and %u overlap in the file", i, j);
	}
	for (i = 0; i < 4; i++) {
		static const unsigned int beyond[] = { 0, 1, 1000, 0xffffffff };

		memset(&again, 0, sizeof(again));
		again.argsz = sizeof(again);
		again.index = i < 3 ? device.num_regions + beyond[i] : beyond[i];
		CHECK(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &again) < 0 &&
		      errno == EINVAL, "region 0x%x beyond the last: %s",
		      again.index, strerror(errno));
	}
	again.argsz = 8;
	again.index = 0;
	CHECK(ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &again) < 0 &&
	      errno == EINVAL, "GET_REGION_INFO took an argsz of 8");
}

TEST(interrupts, 0)
{
	static const unsigned int expected[] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = 0,
		[VFIO_PCI_MSI_IRQ_INDEX] = 0,
		[VFIO_PCI_MSIX_IRQ_INDEX] = OPENVGPU_NATIVE_VECTORS,
		[VFIO_PCI_ERR_IRQ_INDEX] = 1,
		[VFIO_PCI_REQ_IRQ_INDEX] = 1,
	};
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_irq_info info;
	struct vgpu vgpu;
	unsigned int i;
	int fd;

	vgpu_make(&vgpu, "64mq");
	fd = vgpu.device->fd;
	CHECK(!ioctl(fd, VFIO_DEVICE_GET_INFO, &device), "GET_INFO: %s",
	      strerror(errno));
	for (i = 0; i < device.num_irqs; i++) {
		memset(&info, 0xff, sizeof(info));
		info.argsz = sizeof(info);
		info.index = i;
		CHECK(!ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info),
		      "interrupt index %u: %s", i, strerror(errno));
		if (i < sizeof(expected) / sizeof(expected[0]))
			CHECK(info.count == expected[i],
			      "interrupt index %u has %u, not %u", i,
			      info.count, expected[i]);
		if (info.count)
			CHECK(info.flags & VFIO_IRQ_INFO_EVENTFD,
			      "interrupt index %u: flags 0x%x", i, info.flags);
	}
	info.argsz = sizeof(info);
	info.index = device.num_irqs;
	CHECK(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0 && errno == EINVAL,
	      "interrupt index %u beyond the last: %s", info.index,
	      strerror(errno));
	info.index = 0xffffffff;
	CHECK(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0 && errno == EINVAL,
	      "interrupt index 0xffffffff: %s", strerror(errno));
	info.argsz = 8;
	info.index = 0;
	CHECK(ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0 && errno == EINVAL,
	      "GET_IRQ_INFO took an argsz of 8");
}

/* A guest learns of its heads what its type says. */
static void check_heads(const struct vgpu *vgpu)
{
	unsigned long long heads, width, height;
	char text[TEXT_SIZE];
	const char *max;
	uint64_t value;

	admin_text(admin_vgpu_path(vgpu->uuid, "mdev_type/description"), text);
	max = strstr(text, "max_resolution=");
	CHECK(sscanf(text, "num_heads=%llu", &heads) == 1 && max &&
	      sscanf(max, "max_resolution=%llux%llu", &width, &height) == 2,
	      "description '%s'", text);
	value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_HEADS);
	CHECK(value == heads, "%llu heads, its type says %llu",
	      (unsigned long long)value, heads);
	value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_HEAD_MAX);
	CHECK(value == (height << 32 | width),
	      "largest mode 0x%llx, its type says %llux%llu",
	      (unsigned long long)value, width, height);
	value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_FEATURES);
	CHECK(!(value & OPENVGPU_NATIVE_FEATURE_HEADS) == !heads,
	      "%llu heads, features 0x%llx", heads, (unsigned long long)value);
}

/* For compute only. */
TEST(no_heads, 0)
{
	struct vgpu vgpu;

	vgpu_make(&vgpu, "64mc");
	check_heads(&vgpu);
}

/* The page that QEMU's boot log and libvirt show first. */
TEST(control_page, 0)
{
	struct rt_device *device;
	struct vgpu vgpu;
	uint64_t value;

	vgpu_make(&vgpu, "128mq");
	device = vgpu.device;
	CHECK(device->framebuffer_bytes == 128 * MIB,
	      "framebuffer of %llu bytes in a 128mq",
	      (unsigned long long)device->framebuffer_bytes);
	value = rt_control_read(device, OPENVGPU_NATIVE_FEATURES);
	CHECK(value & OPENVGPU_NATIVE_FEATURE_SYSMEM,
	      "features 0x%llx: no system memory", (unsigned long long)value);
	CHECK(device->aperture_pages && device->map_pages_max,
	      "aperture of %llu pages, %llu a command",
	      (unsigned long long)device->aperture_pages,
	      (unsigned long long)device->map_pages_max);
	value = rt_user_read(device, REFGPU_USER_ID);
	CHECK(value == REFGPU_ID, "user page id 0x%llx",
	      (unsigned long long)value);
	value = rt_user_read(device, REFGPU_USER_VRAM_SIZE);
	CHECK(value == device->framebuffer_bytes,
	      "hardware says 0x%llx bytes of framebuffer, host 0x%llx",
	      (unsigned long long)value,
	      (unsigned long long)device->framebuffer_bytes);
	value = rt_control_read(device, OPENVGPU_NATIVE_VERSION);
	CHECK(value == 0x10002, "version 0x%llx", (unsigned long long)value);
	check_heads(&vgpu);
	/* Halves of a register are what the whole is. */
	value = rt_control_read(device, OPENVGPU_NATIVE_ID);
	CHECK(rt_control_read32(device, OPENVGPU_NATIVE_ID) ==
	      (uint32_t)value &&
	      rt_control_read32(device, OPENVGPU_NATIVE_ID + 4) == value >> 32,
	      "halves of ID are 0x%x and 0x%x",
	      rt_control_read32(device, OPENVGPU_NATIVE_ID),
	      rt_control_read32(device, OPENVGPU_NATIVE_ID + 4));
	rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, 0x1122334455667788);
	rt_control_write32(device, OPENVGPU_NATIVE_MAP_FIRST + 4, 0xaabbccdd);
	value = rt_control_read(device, OPENVGPU_NATIVE_MAP_FIRST);
	CHECK(value == 0xaabbccdd55667788,
	      "MAP_FIRST is 0x%llx after its high half was written",
	      (unsigned long long)value);
	rt_control_write32(device, OPENVGPU_NATIVE_MAP_FIRST, 0x12345678);
	value = rt_control_read(device, OPENVGPU_NATIVE_MAP_FIRST);
	CHECK(value == 0xaabbccdd12345678,
	      "MAP_FIRST is 0x%llx after its low half was written",
	      (unsigned long long)value);
	/* Read-only and unknown registers drop writes. */
	rt_control_write(device, OPENVGPU_NATIVE_FRAMEBUFFER, 1);
	value = rt_control_read(device, OPENVGPU_NATIVE_FRAMEBUFFER);
	CHECK(value == 128 * MIB, "FRAMEBUFFER could be written: 0x%llx",
	      (unsigned long long)value);
	rt_control_write(device, 0x800, UINT64_MAX);
	value = rt_control_read(device, 0x800);
	CHECK(!value, "an unknown register reads 0x%llx",
	      (unsigned long long)value);
}
