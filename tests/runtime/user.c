// SPDX-License-Identifier: GPL-2.0-only
/*
 * user.c - the user page, which some GPUs let no one map, and the framebuffer
 */
#include <errno.h>
#include <stdlib.h>

#include "runtime.h"

/* The page list of map commands lies at the start of the framebuffer. */
#define MAP_LIST_BYTES	0x10000ULL

/**
 * rt_user_read - read a register of the user page
 * @device: open
 * @offset: REFGPU_USER_*
 *
 * Return: the value; all ones when an access that goes to the kernel failed.
 */
uint64_t rt_user_read(const struct rt_device *device, unsigned int offset)
{
	volatile char *map = device->region[OPENVGPU_NATIVE_BAR_USER].map;
	uint64_t value;

	if (map)
		return *(volatile uint64_t *)(map + offset);
	return rt_region_read(device, OPENVGPU_NATIVE_BAR_USER, offset, &value,
			      sizeof(value)) ? UINT64_MAX : value;
}

/**
 * rt_user_write - write a register of the user page
 * @device: open
 * @offset: REFGPU_USER_*
 * @value: what to write
 *
 * Whatever was written to memory before is visible to the device before the
 * register is.
 */
void rt_user_write(struct rt_device *device, unsigned int offset,
		   uint64_t value)
{
	volatile char *map = device->region[OPENVGPU_NATIVE_BAR_USER].map;

	__sync_synchronize();
	if (map)
		*(volatile uint64_t *)(map + offset) = value;
	else
		rt_region_write(device, OPENVGPU_NATIVE_BAR_USER, offset, &value,
				sizeof(value));
}

/**
 * rt_framebuffer - where this program sees the framebuffer
 * @device: open
 * @offset: byte of the slice; RT_DRM: address
 */
void *rt_framebuffer(const struct rt_device *device, uint64_t offset)
{
	return (char *)device->region[device->framebuffer].map + offset -
	       device->framebuffer_base;
}

/**
 * rt_framebuffer_alloc - take some framebuffer
 * @device: open
 * @bytes: how much
 * @align: a power of two
 *
 * Given back all at once by rt_framebuffer_free_all(). Running out means the
 * test is wrong, so it ends the program.
 *
 * Return: offset in the slice; RT_DRM: address.
 */
uint64_t rt_framebuffer_alloc(struct rt_device *device, uint64_t bytes,
			      uint64_t align)
{
	uint64_t offset = (device->framebuffer_next + align - 1) & ~(align - 1);
	uint64_t used = offset - device->framebuffer_base;

	if (used > device->framebuffer_bytes ||
	    bytes > device->framebuffer_bytes - used) {
		rt_fail(ENOMEM, "framebuffer of %llu bytes is used up",
			(unsigned long long)device->framebuffer_bytes);
		abort();
	}
	device->framebuffer_next = offset + bytes;
	return offset;
}

/**
 * rt_framebuffer_free_all - start again with an empty framebuffer
 * @device: open, with nothing running
 */
void rt_framebuffer_free_all(struct rt_device *device)
{
	if (device->driver) {
		device->framebuffer_next = device->framebuffer_base;
		return;
	}
	device->map_list = 0;
	device->framebuffer_next = MAP_LIST_BYTES;
	if (device->map_pages_max > MAP_LIST_BYTES / sizeof(uint64_t))
		device->map_pages_max = MAP_LIST_BYTES / sizeof(uint64_t);
}
