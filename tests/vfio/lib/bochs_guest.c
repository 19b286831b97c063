// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs_guest.c - plays firmware and guest drivers of a Bochs-compatible
 * display, and QEMU that shows it
 */
#include "bochs_guest.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "admin.h"

/**
 * bochs_open - open a vGPU as a VMM does, with memory decoding switched on
 * @vgpu: closed, with the bochs personality; of another one nothing is mapped
 */
void bochs_open(struct vgpu *vgpu)
{
	struct rt_device *device = calloc(1, sizeof(*device));
	struct vfio_region_info info;
	unsigned int i;

	CHECK(device, "no memory");
	snprintf(device->name, sizeof(device->name), "%s", vgpu->uuid);
	device->transport = transport;
	device->space = rt_space_create(transport);
	CHECK(device->space, "%s", rt_message());
	device->own_space = true;
	device->group = -1;
	OK(rt_space_attach(device->space, vgpu->uuid, &device->fd,
			   &device->group));
	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		memset(&info, 0, sizeof(info));
		info.argsz = sizeof(info);
		info.index = i;
		CHECK(!ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info),
		      "GET_REGION_INFO %u: %s", i, strerror(errno));
		if (i < RT_BARS) {
			device->bar[i].size = info.size;
			device->bar[i].offset = info.offset;
			device->bar[i].flags = info.flags;
		} else if (i == VFIO_PCI_CONFIG_REGION_INDEX) {
			device->config_offset = info.offset;
		}
	}
	if (device->bar[0].flags & VFIO_REGION_INFO_FLAG_MMAP)
		device->bar[0].map = mmap(NULL, device->bar[0].size,
					  PROT_READ | PROT_WRITE, MAP_SHARED,
					  device->fd,
					  (off_t)device->bar[0].offset);
	CHECK(device->bar[0].map != MAP_FAILED, "video memory can't be mapped: %s",
	      strerror(errno));
	device->framebuffer_bytes = device->bar[0].size;
	vgpu->device = device;
	OK(rt_memory_decoding(device, true));
}

/**
 * bochs_make - create a vGPU that shows its guest this display, and open it
 * @vgpu: receives it
 * @type: any with heads
 */
void bochs_make(struct vgpu *vgpu, const char *type)
{
	OK(host_create_any(type, vgpu->uuid));
	admin_set(admin_vgpu_path(vgpu->uuid, "openvgpu/personality"), "bochs");
	bochs_open(vgpu);
}

static off_t place(struct vgpu *vgpu, unsigned int offset)
{
	return (off_t)(vgpu->device->bar[BOCHS_BAR_REGISTERS].offset + offset);
}

/**
 * bochs_read - read registers
 * @vgpu: open
 * @offset: in the page
 * @size: bytes, at most 8
 */
uint64_t bochs_read(struct vgpu *vgpu, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;
	ssize_t n = pread(vgpu->device->fd, &value, size, place(vgpu, offset));

	CHECK(n == (ssize_t)size, "reading %u bytes at 0x%x: %s", size, offset,
	      n < 0 ? strerror(errno) : "too few");
	return value;
}

/**
 * bochs_write - write registers
 * @vgpu: open
 * @offset: in the page
 * @size: bytes, at most 8
 * @value: the bytes, the first lowest
 */
void bochs_write(struct vgpu *vgpu, unsigned int offset, unsigned int size,
		 uint64_t value)
{
	ssize_t n = pwrite(vgpu->device->fd, &value, size, place(vgpu, offset));

	CHECK(n == (ssize_t)size, "writing %u bytes at 0x%x: %s", size, offset,
	      n < 0 ? strerror(errno) : "too few");
}

/**
 * bochs_get - read one of the 16-bit registers
 * @vgpu: open
 * @index: DISPI_*
 */
uint16_t bochs_get(struct vgpu *vgpu, unsigned int index)
{
	return (uint16_t)bochs_read(vgpu, BOCHS_DISPI + 2 * index, 2);
}

/**
 * bochs_set - write one of the 16-bit registers
 * @vgpu: open
 * @index: DISPI_*
 * @value: what to write
 */
void bochs_set(struct vgpu *vgpu, unsigned int index, uint16_t value)
{
	bochs_write(vgpu, BOCHS_DISPI + 2 * index, 2, value);
}

/**
 * bochs_mode - set a mode, in the order of Linux's driver
 * @vgpu: open
 * @x: pixels
 * @y: lines
 * @bpp: bits a pixel
 */
void bochs_mode(struct vgpu *vgpu, unsigned int x, unsigned int y,
		unsigned int bpp)
{
	bochs_blank(vgpu, false);
	bochs_set(vgpu, DISPI_ENABLE, 0);
	bochs_set(vgpu, DISPI_BPP, (uint16_t)bpp);
	bochs_set(vgpu, DISPI_XRES, (uint16_t)x);
	bochs_set(vgpu, DISPI_YRES, (uint16_t)y);
	bochs_set(vgpu, DISPI_BANK, 0);
	bochs_set(vgpu, DISPI_VIRT_WIDTH, (uint16_t)x);
	bochs_set(vgpu, DISPI_VIRT_HEIGHT, (uint16_t)
		  (vgpu->device->framebuffer_bytes / (x * bpp / 8)));
	bochs_set(vgpu, DISPI_X_OFFSET, 0);
	bochs_set(vgpu, DISPI_Y_OFFSET, 0);
	bochs_set(vgpu, DISPI_ENABLE, 0x41);
}

/**
 * bochs_blank - show nothing, or something again
 * @vgpu: open
 * @blank: nothing
 */
void bochs_blank(struct vgpu *vgpu, bool blank)
{
	bochs_write(vgpu, BOCHS_PORT_MISC, 1, 1);
	bochs_read(vgpu, BOCHS_PORT_STATUS, 1);
	bochs_write(vgpu, BOCHS_PORT_ATTRIBUTE, 1, blank ? 0 : 0x20);
}

/**
 * bochs_memory - video memory as the guest's processors see it
 * @vgpu: open
 * @offset: in it
 */
void *bochs_memory(struct vgpu *vgpu, uint64_t offset)
{
	return (uint8_t *)vgpu->device->bar[BOCHS_BAR_MEMORY].map + offset;
}

/**
 * bochs_shown - ask for the picture as QEMU does 60 times a second
 * @vgpu: open, its display is a region
 * @plane: receives it
 *
 * Return: whether there is one.
 */
bool bochs_shown(struct vgpu *vgpu, struct vfio_device_gfx_plane_info *plane)
{
	memset(plane, 0, sizeof(*plane));
	plane->argsz = sizeof(*plane);
	plane->flags = VFIO_GFX_PLANE_TYPE_REGION;
	CHECK(!ioctl(vgpu->device->fd, VFIO_DEVICE_QUERY_GFX_PLANE, plane),
	      "QUERY_GFX_PLANE: %s", strerror(errno));
	CHECK(!plane->drm_format == !plane->size,
	      "a plane of format 0x%08x and %u bytes", plane->drm_format,
	      plane->size);
	return plane->drm_format;
}

/**
 * bochs_window - what QEMU maps to see the picture
 * @vgpu: open, and shows something
 *
 * Return: the mapping; it stays until the test ends.
 */
const void *bochs_window(struct vgpu *vgpu)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct vfio_device_gfx_plane_info plane;
	void *map;

	CHECK(bochs_shown(vgpu, &plane), "nothing is shown");
	info.index = plane.region_index;
	CHECK(!ioctl(vgpu->device->fd, VFIO_DEVICE_GET_REGION_INFO, &info),
	      "GET_REGION_INFO %u: %s", info.index, strerror(errno));
	CHECK(info.size >= plane.size, "a picture of %u bytes in a window of %llu",
	      plane.size, (unsigned long long)info.size);
	map = mmap(NULL, info.size, PROT_READ, MAP_SHARED, vgpu->device->fd,
		   (off_t)info.offset);
	CHECK(map != MAP_FAILED, "the window can't be mapped: %s",
	      strerror(errno));
	return map;
}
