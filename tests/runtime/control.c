// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the trapped control page: reset, and mapping guest memory
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

/* Pinning is bounded by the host's work on the pages, not by the GPU's. */
#define MAP_TIMEOUT_NS	10000000000ULL

/* All ones: the access failed. */
static uint64_t control_read(struct rt_device *device, unsigned int offset,
			     size_t bytes)
{
	volatile char *map = device->region[OPENVGPU_NATIVE_BAR_CONTROL].map;
	uint64_t value = 0;

	if (map)
		return bytes == sizeof(value) ?
			*(volatile uint64_t *)(map + offset) :
			*(volatile uint32_t *)(map + offset);
	return rt_region_read(device, OPENVGPU_NATIVE_BAR_CONTROL, offset,
			      &value, bytes) ? UINT64_MAX : value;
}

static void control_write(struct rt_device *device, unsigned int offset,
			  uint64_t value, size_t bytes)
{
	volatile char *map = device->region[OPENVGPU_NATIVE_BAR_CONTROL].map;

	if (!map)
		rt_region_write(device, OPENVGPU_NATIVE_BAR_CONTROL, offset,
				&value, bytes);
	else if (bytes == sizeof(value))
		*(volatile uint64_t *)(map + offset) = value;
	else
		*(volatile uint32_t *)(map + offset) = (uint32_t)value;
}

/**
 * rt_control_read - read a control register
 * @device: open
 * @offset: OPENVGPU_NATIVE_*
 *
 * Return: the value; all ones when the access failed.
 */
uint64_t rt_control_read(struct rt_device *device, unsigned int offset)
{
	return control_read(device, offset, sizeof(uint64_t));
}

/**
 * rt_control_write - write a control register
 * @device: open
 * @offset: OPENVGPU_NATIVE_*
 * @value: what to write
 */
void rt_control_write(struct rt_device *device, unsigned int offset,
		      uint64_t value)
{
	control_write(device, offset, value, sizeof(uint64_t));
}

/**
 * rt_control_read32 - read one half of a control register
 * @device: open
 * @offset: multiple of 4
 *
 * Return: the value; all ones when the access failed.
 */
uint32_t rt_control_read32(struct rt_device *device, unsigned int offset)
{
	return (uint32_t)control_read(device, offset, sizeof(uint32_t));
}

/**
 * rt_control_write32 - write one half of a control register
 * @device: open
 * @offset: multiple of 4
 * @value: what to write
 */
void rt_control_write32(struct rt_device *device, unsigned int offset,
			uint32_t value)
{
	control_write(device, offset, value, sizeof(uint32_t));
}

/**
 * rt_guest_reset - reset the vGPU as its guest driver does
 * @device: open
 *
 * Rings and mappings of system memory are gone after it; the framebuffer
 * stays.
 */
int rt_guest_reset(struct rt_device *device)
{
	uint64_t end = rt_now_ns() + MAP_TIMEOUT_NS;

	rt_control_write(device, OPENVGPU_NATIVE_RESET, 1);
	while (rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS) ==
	       OPENVGPU_NATIVE_BUSY) {
		if (rt_now_ns() > end)
			return rt_fail(ETIMEDOUT, "vGPU reset takes more than 10 s");
		usleep(500);
	}
	rt_memory_forget(device);
	return 0;
}

static int command(struct rt_device *device, uint64_t what)
{
	uint64_t end = rt_now_ns() + MAP_TIMEOUT_NS, status;
	static const int errors[] = {
		[OPENVGPU_NATIVE_OK] = 0,
		[OPENVGPU_NATIVE_BUSY] = EBUSY,
		[OPENVGPU_NATIVE_INVALID] = EINVAL,
		[OPENVGPU_NATIVE_EXISTS] = EEXIST,
		[OPENVGPU_NATIVE_NOT_MAPPED] = ENOENT,
		[OPENVGPU_NATIVE_LIMIT] = EDQUOT,
		[OPENVGPU_NATIVE_NO_MEMORY] = EFAULT,
	};

	rt_control_write(device, OPENVGPU_NATIVE_MAP_COMMAND, what);
	while ((status = rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS)) ==
	       OPENVGPU_NATIVE_BUSY) {
		if (rt_now_ns() > end)
			return rt_fail(ETIMEDOUT, "map command %llu is busy for 10 s",
				       (unsigned long long)what);
		usleep(100);
	}
	if (status >= sizeof(errors) / sizeof(errors[0]))
		return rt_fail(EPROTO, "map command %llu: unknown status %llu",
			       (unsigned long long)what,
			       (unsigned long long)status);
	if (status)
		return rt_fail(errors[status], "map command %llu: status %llu",
			       (unsigned long long)what,
			       (unsigned long long)status);
	return 0;
}

/**
 * rt_map_pages - one map command
 * @device: open
 * @page: guest-physical addresses
 * @pages: their number
 * @first: aperture page of the first one
 * @writable: the device may write
 *
 * Return: -EINVAL, -EEXIST, -EDQUOT, -EFAULT stand for the statuses of
 * enum openvgpu_native_status.
 */
int rt_map_pages(struct rt_device *device, const uint64_t *page, size_t pages,
		 uint64_t first, bool writable)
{
	if (pages <= device->map_pages_max && page)
		memcpy(rt_framebuffer(device, device->map_list), page,
		       pages * sizeof(*page));
	__sync_synchronize();
	rt_control_write(device, OPENVGPU_NATIVE_MAP_LIST, device->map_list);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, first);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_PAGES, pages);
	return command(device, writable ? OPENVGPU_NATIVE_MAP_WRITE :
					  OPENVGPU_NATIVE_MAP_READ);
}

/**
 * rt_unmap_pages - one unmap command
 * @device: open
 * @first: as given to rt_map_pages()
 *
 * Return: -ENOENT when no mapping starts there.
 */
int rt_unmap_pages(struct rt_device *device, uint64_t first)
{
	rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, first);
	return command(device, OPENVGPU_NATIVE_UNMAP);
}
