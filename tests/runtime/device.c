// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - what all transports do with an open vGPU
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "device.h"

/**
 * rt_memory_decoding - switch memory decoding and bus mastering
 * @device: open
 * @on: wanted
 */
int rt_memory_decoding(struct rt_device *device, bool on)
{
	uint16_t command;
	int error;

	error = rt_config_read(device, CONFIG_COMMAND, &command,
			       sizeof(command));
	if (error)
		return error;
	if (on)
		command |= COMMAND_MEMORY | COMMAND_MASTER;
	else
		command &= ~(COMMAND_MEMORY | COMMAND_MASTER);
	return rt_config_write(device, CONFIG_COMMAND, &command,
			       sizeof(command));
}

/**
 * rt_config_read - read config space
 * @device: open
 * @offset: first byte
 * @value: receives it
 * @bytes: how many
 */
int rt_config_read(struct rt_device *device, unsigned int offset, void *value,
		   size_t bytes)
{
	ssize_t n = pread(device->fd, value, bytes,
			  (off_t)(device->config_offset + offset));

	if (n != (ssize_t)bytes)
		return rt_fail(n < 0 ? errno : EIO,
			       "reading %zu bytes of config space at 0x%x: %zd",
			       bytes, offset, n);
	return 0;
}

/**
 * rt_config_write - write config space
 * @device: open
 * @offset: first byte
 * @value: what to write
 * @bytes: how many
 */
int rt_config_write(struct rt_device *device, unsigned int offset,
		    const void *value, size_t bytes)
{
	ssize_t n = pwrite(device->fd, value, bytes,
			   (off_t)(device->config_offset + offset));

	if (n != (ssize_t)bytes)
		return rt_fail(n < 0 ? errno : EIO,
			       "writing %zu bytes of config space at 0x%x: %zd",
			       bytes, offset, n);
	return 0;
}

/**
 * rt_device_identify - check that it is one of ours, learn its sizes
 * @device: BARs are in place, memory decoding is on
 */
int rt_device_identify(struct rt_device *device)
{
	uint64_t id = rt_control_read(device, OPENVGPU_NATIVE_ID);
	uint64_t version = rt_control_read(device, OPENVGPU_NATIVE_VERSION);

	if (id != OPENVGPU_NATIVE_ID_VALUE)
		return rt_fail(ENODEV, "%s: control page id is 0x%llx, not native",
			       device->name, (unsigned long long)id);
	if (version >> 16 != 1)
		return rt_fail(ENODEV, "%s: control page version 0x%llx, this program knows 1.x",
			       device->name, (unsigned long long)version);
	device->framebuffer_bytes =
		rt_control_read(device, OPENVGPU_NATIVE_FRAMEBUFFER);
	if (!device->framebuffer_bytes ||
	    device->framebuffer_bytes >
	    device->bar[OPENVGPU_NATIVE_BAR_FRAMEBUFFER].size)
		return rt_fail(ENODEV, "%s: framebuffer of 0x%llx bytes in a BAR of 0x%llx",
			       device->name,
			       (unsigned long long)device->framebuffer_bytes,
			       (unsigned long long)device->bar[2].size);
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
