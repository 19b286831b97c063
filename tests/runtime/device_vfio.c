// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_vfio.c - a vGPU opened through VFIO, the program playing QEMU
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "device.h"

static int learn_regions(struct rt_device *device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	unsigned int i;

	if (ioctl(device->fd, VFIO_DEVICE_GET_INFO, &info))
		return rt_fail(errno, "VFIO_DEVICE_GET_INFO: %m");
	if (info.num_regions <= RT_CONFIG || info.num_regions > RT_REGIONS)
		return rt_fail(EPROTO, "%u regions", info.num_regions);
	device->regions = info.num_regions;
	for (i = 0; i < device->regions; i++) {
		struct vfio_region_info region = {
			.argsz = sizeof(region), .index = i,
		};

		if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &region))
			return rt_fail(errno, "VFIO_DEVICE_GET_REGION_INFO %u of %u: %m",
				       i, device->regions);
		device->region[i].size = region.size;
		device->region[i].offset = region.offset;
		device->region[i].flags = region.flags;
	}
	return 0;
}

/* All that can be mapped; the slice is in the largest of them. */
static int map_bars(struct rt_device *device)
{
	unsigned int i;
	void *map;

	for (i = 0; i < RT_BARS; i++) {
		struct rt_region *bar = &device->region[i];

		if (!(bar->flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		map = mmap(NULL, bar->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   device->fd, (off_t)bar->offset);
		if (map == MAP_FAILED)
			return rt_fail(errno, "mmap BAR%u: %m", i);
		bar->map = map;
		if (bar->size > device->framebuffer_bytes) {
			device->framebuffer = i;
			device->framebuffer_bytes = bar->size;
		}
	}
	return 0;
}

/**
 * rt_open_vfio_any - open a vGPU of whatever family and personality
 * @uuid: of the mdev
 * @transport: RT_VFIO_GROUP or RT_VFIO_IOMMUFD; ignored with a @space
 * @space: the VM's address space; NULL: one of its own
 *
 * As a VMM does: BARs are mapped, memory decoding is switched on. Nothing is
 * known of what the regions hold: only the calls for regions, config space and
 * interrupts work.
 *
 * Return: close it with rt_close().
 */
struct rt_device *rt_open_vfio_any(const char *uuid, enum rt_transport transport,
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
	if (!device->space)
		return rt_device_opened(device, -errno);
	error = rt_space_attach(device->space, uuid, &device->fd,
				&device->group);
	if (!error)
		error = learn_regions(device);
	if (!error)
		error = map_bars(device);
	if (!error)
		error = rt_memory_decoding(device, true);
	return rt_device_opened(device, error);
}

/**
 * rt_open_vfio - open a vGPU with the native personality
 * @uuid: as for rt_open_vfio_any()
 * @transport: likewise
 * @space: likewise
 *
 * Return: close it with rt_close().
 */
struct rt_device *rt_open_vfio(const char *uuid, enum rt_transport transport,
			       struct rt_space *space)
{
	struct rt_device *device = rt_open_vfio_any(uuid, transport, space);

	return device ? rt_device_opened(device, rt_device_identify(device)) :
			NULL;
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
	rt_memory_forget(device);
	return 0;
}
