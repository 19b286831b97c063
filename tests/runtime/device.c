// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - what all transports do with an open vGPU
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static int result(ssize_t n, const char *what, unsigned int region,
		  uint64_t offset, size_t bytes)
{
	if (n == (ssize_t)bytes)
		return 0;
	return rt_fail(n < 0 ? errno : EIO, "%s %zu bytes at 0x%llx of region %u: %zd",
		       what, bytes, (unsigned long long)offset, region, n);
}

/**
 * rt_region_read - an access of the guest, or of the VMM to config space
 * @device: open
 * @region: of VFIO; RT_CONFIG alone with RT_PCI
 * @offset: first byte
 * @value: receives it
 * @bytes: how many
 */
int rt_region_read(const struct rt_device *device, unsigned int region,
		   uint64_t offset, void *value, size_t bytes)
{
	return result(pread(device->fd, value, bytes,
			    (off_t)(device->region[region].offset + offset)),
		      "reading", region, offset, bytes);
}

/**
 * rt_region_write - an access of the guest, or of the VMM to config space
 * @device: open
 * @region: of VFIO; RT_CONFIG alone with RT_PCI
 * @offset: first byte
 * @value: what to write
 * @bytes: how many
 */
int rt_region_write(const struct rt_device *device, unsigned int region,
		    uint64_t offset, const void *value, size_t bytes)
{
	return result(pwrite(device->fd, value, bytes,
			     (off_t)(device->region[region].offset + offset)),
		      "writing", region, offset, bytes);
}

/**
 * rt_device_identify - check that it is one of ours, learn its sizes
 * @device: BARs are in place, memory decoding is on
 */
int rt_device_identify(struct rt_device *device)
{
	const struct rt_region *framebuffer =
		&device->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER];
	uint64_t id = rt_control_read(device, OPENVGPU_NATIVE_ID);
	uint64_t version = rt_control_read(device, OPENVGPU_NATIVE_VERSION);

	if (id != OPENVGPU_NATIVE_ID_VALUE)
		return rt_fail(ENODEV, "%s: control page id is 0x%llx, not native",
			       device->name, (unsigned long long)id);
	if (version >> 16 != 1)
		return rt_fail(ENODEV, "%s: control page version 0x%llx, this program knows 1.x",
			       device->name, (unsigned long long)version);
	/* The user page of a software GPU can't be. */
	if (!framebuffer->map)
		return rt_fail(ENODEV, "%s: the framebuffer can't be mapped",
			       device->name);
	device->framebuffer = OPENVGPU_NATIVE_BAR_FRAMEBUFFER;
	device->framebuffer_bytes =
		rt_control_read(device, OPENVGPU_NATIVE_FRAMEBUFFER);
	if (!device->framebuffer_bytes ||
	    device->framebuffer_bytes > framebuffer->size)
		return rt_fail(ENODEV, "%s: framebuffer of 0x%llx bytes in a BAR of 0x%llx",
			       device->name,
			       (unsigned long long)device->framebuffer_bytes,
			       (unsigned long long)framebuffer->size);
	device->aperture_pages =
		rt_control_read(device, OPENVGPU_NATIVE_APERTURE_PAGES);
	device->map_pages_max =
		rt_control_read(device, OPENVGPU_NATIVE_MAP_PAGES_MAX);
	if (device->aperture_pages > REFGPU_SYSMEM_PAGES_MAX)
		return rt_fail(ENODEV, "%s: aperture of %llu pages",
			       device->name,
			       (unsigned long long)device->aperture_pages);
	device->aperture_used = calloc(device->aperture_pages + 1, 1);
	if (!device->aperture_used)
		return -ENOMEM;
	rt_framebuffer_free_all(device);
	return 0;
}

/**
 * rt_device_opened - the end of every way to open a vGPU
 * @device: as far as it was opened
 * @error: what stopped it, 0: nothing
 *
 * Return: the device; NULL with errno set: it is closed again.
 */
struct rt_device *rt_device_opened(struct rt_device *device, int error)
{
	if (!error)
		return device;
	rt_close(device);
	errno = -error;
	return NULL;
}

/**
 * rt_close - close a vGPU
 * @device: NULL is fine
 *
 * Memory mapped with rt_memory_map() is given back by the host.
 */
void rt_close(struct rt_device *device)
{
	unsigned int i;

	if (!device)
		return;
	if (device->driver) {
		device->driver->close(device);
		free(device);
		return;
	}
	for (i = 0; i < RT_BARS; i++)
		if (device->region[i].map)
			munmap((void *)device->region[i].map,
			       device->region[i].size);
	if (device->transport == RT_PCI)
		close(device->fd);
	else if (device->fd >= 0)
		rt_space_detach(device->space, device->fd, device->group);
	if (device->own_space)
		rt_space_destroy(device->space);
	free(device->aperture_used);
	free(device);
}
