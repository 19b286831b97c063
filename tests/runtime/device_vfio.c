// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_vfio.c - a vGPU opened through VFIO, the program playing QEMU
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

static int map_bar(struct rt_device *device, unsigned int bar)
{
	struct rt_region *region = &device->bar[bar];
	void *map;

	if (!(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return rt_fail(ENODEV, "BAR%u can't be mapped (flags 0x%x)",
			       bar, region->flags);
	map = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   device->fd, (off_t)region->offset);
	if (map == MAP_FAILED)
		return rt_fail(errno, "mmap BAR%u: %m", bar);
	region->map = map;
	return 0;
}

/**
 * rt_vfio_unmap - give the BAR mappings back
 * @device: open
 */
void rt_vfio_unmap(struct rt_device *device)
{
	unsigned int i;

	for (i = 0; i < RT_BARS; i++) {
		if (device->bar[i].map)
			munmap((void *)device->bar[i].map, device->bar[i].size);
		device->bar[i].map = NULL;
	}
}

/**
 * rt_vfio_regions - ask where BARs and config space are, map two BARs
 * @device: @fd is open
 */
int rt_vfio_regions(struct rt_device *device)
{
	struct vfio_region_info info;
	unsigned int i;
	int error;

	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		memset(&info, 0, sizeof(info));
		info.argsz = sizeof(info);
		info.index = i;
		if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
			return rt_fail(errno, "VFIO_DEVICE_GET_REGION_INFO %u: %m", i);
		if (i < RT_BARS) {
			device->bar[i].size = info.size;
			device->bar[i].offset = info.offset;
			device->bar[i].flags = info.flags;
		} else if (i == VFIO_PCI_CONFIG_REGION_INDEX) {
			device->config_offset = info.offset;
		}
	}
	error = map_bar(device, OPENVGPU_NATIVE_BAR_FRAMEBUFFER);
	if (!error)
		error = map_bar(device, OPENVGPU_NATIVE_BAR_USER);
	return error;
}

/**
 * rt_open_vfio - open a vGPU as a VMM does, with memory decoding switched on
 * @uuid: of the mdev
 * @transport: RT_VFIO_GROUP or RT_VFIO_IOMMUFD; ignored with a @space
 * @space: the VM's address space; NULL: one of its own
 *
 * Return: close it with rt_close().
 */
struct rt_device *rt_open_vfio(const char *uuid, enum rt_transport transport,
			       struct rt_space *space)
{
	struct rt_device *device = calloc(1, sizeof(*device));
	int error;

	if (!device)
		return NULL;
	snprintf(device->name, sizeof(device->name), "%s", uuid);
	device->transport = space ? rt_space_transport(space) : transport;
	device->own_space = !space;
	device->space = space ? space : rt_space_create(transport);
	device->fd = -1;
	device->group = -1;
	if (!device->space) {
		error = -errno;
		free(device);
		errno = -error;
		return NULL;
	}
	error = rt_space_attach(device->space, uuid, &device->fd,
				&device->group);
	if (error)
		goto fail;
	error = rt_vfio_regions(device);
	if (!error)
		error = rt_memory_decoding(device, true);
	if (!error)
		error = rt_device_identify(device);
	if (!error)
		return device;
fail:
	rt_close(device);
	errno = -error;
	return NULL;
}

/**
 * rt_irq_eventfd - connect an eventfd to an interrupt
 * @device: open through VFIO
 * @index: VFIO_PCI_*_IRQ_INDEX
 * @vector: of that index
 * @eventfd: -1: disconnect
 */
int rt_irq_eventfd(struct rt_device *device, unsigned int index,
		   unsigned int vector, int eventfd)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} request = {
		.set = {
			.argsz = sizeof(request),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.start = vector,
			.count = 1,
		},
		.fd = eventfd,
	};

	if (ioctl(device->fd, VFIO_DEVICE_SET_IRQS, &request))
		return rt_fail(errno, "VFIO_DEVICE_SET_IRQS index %u vector %u: %m",
			       index, vector);
	return 0;
}

/**
 * rt_vfio_reset - what QEMU does when the guest reboots
 * @device: open through VFIO
 */
int rt_vfio_reset(struct rt_device *device)
{
	if (ioctl(device->fd, VFIO_DEVICE_RESET))
		return rt_fail(errno, "VFIO_DEVICE_RESET: %m");
	return 0;
}

/**
 * rt_close - close a vGPU
 * @device: NULL is fine
 *
 * Memory mapped with rt_memory_map() is given back by the host.
 */
void rt_close(struct rt_device *device)
{
	if (!device)
		return;
	rt_vfio_unmap(device);
	if (device->transport == RT_PCI)
		close(device->fd);
	else if (device->fd >= 0)
		rt_space_detach(device->space, device->fd, device->group);
	if (device->own_space)
		rt_space_destroy(device->space);
	free(device->aperture_used);
	free(device);
}
