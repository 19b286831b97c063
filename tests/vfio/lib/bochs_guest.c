// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs_guest.c - plays firmware and guest drivers of a Bochs-compatible
 * display, and QEMU that shows it
 */
#include "bochs_guest.h"

#include "admin.h"
#include "screen.h"

/**
 * bochs_make - create a vGPU that shows its guest this display, and open it
 * @vgpu: receives it
 * @type: any with heads
 */
void bochs_make(struct vgpu *vgpu, const char *type)
{
	OK(host_create_any(type, vgpu->uuid));
	admin_set(admin_vgpu_path(vgpu->uuid, "openvgpu/personality"), "bochs");
	plain_open(vgpu);
}

/**
 * bochs_read - read registers
 * @vgpu: open
 * @offset: in the page
 * @size: bytes, at most 8
 */
uint64_t bochs_read(struct vgpu *vgpu, unsigned int offset, unsigned int size)
{
	return plain_read(vgpu, BOCHS_BAR_REGISTERS, offset, size);
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
	plain_write(vgpu, BOCHS_BAR_REGISTERS, offset, size, value);
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
 * bochs_shown - ask for the picture as QEMU does 60 times a second
 * @vgpu: open, its display is a region
 * @plane: receives it
 *
 * Return: whether there is one.
 */
bool bochs_shown(struct vgpu *vgpu, struct vfio_device_gfx_plane_info *plane)
{
	OK(screen_query(vgpu, VFIO_GFX_PLANE_TYPE_REGION, 0, plane));
	CHECK(!plane->drm_format == !plane->size,
	      "a plane of format 0x%08x and %u bytes", plane->drm_format,
	      plane->size);
	return plane->drm_format;
}

/**
 * bochs_plane - the picture must be one of this form
 * @vgpu: open, its display is a region
 * @format: DRM's code of it
 * @x: width, pixels
 * @y: height, pixels
 * @pitch: from one line to the next, bytes
 */
void bochs_plane(struct vgpu *vgpu, uint32_t format, unsigned int x,
		 unsigned int y, unsigned int pitch)
{
	struct vfio_device_gfx_plane_info plane;

	CHECK(bochs_shown(vgpu, &plane), "nothing is shown");
	CHECK(plane.drm_format == format && plane.width == x &&
	      plane.height == y && plane.stride == pitch,
	      "format 0x%08x, %ux%u, %u bytes a line; not 0x%08x, %ux%u, %u",
	      plane.drm_format, plane.width, plane.height, plane.stride,
	      format, x, y, pitch);
}

/**
 * bochs_window - what QEMU maps to see the picture
 * @vgpu: open, and shows something
 *
 * Return: the mapping; it stays until the test ends.
 */
const void *bochs_window(struct vgpu *vgpu)
{
	struct vfio_device_gfx_plane_info plane;
	volatile uint8_t *map;
	uint64_t bytes;

	CHECK(bochs_shown(vgpu, &plane), "nothing is shown");
	map = screen_window(vgpu, plane.region_index, &bytes);
	CHECK(bytes >= plane.size, "a picture of %u bytes in a window of %llu",
	      plane.size, (unsigned long long)bytes);
	return (const void *)map;
}
