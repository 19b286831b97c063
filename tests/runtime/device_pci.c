// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_pci.c - a vGPU seen from inside the guest, through PCI sysfs
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

static int map_resource(struct rt_device *device, unsigned int bar)
{
	struct rt_region *region = &device->bar[bar];
	char path[PATH_MAX];
	struct stat stat;
	void *map;
	int fd;

	/* Plain resourceN is uncached: every word of a copy is a bus cycle. */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u_wc",
		 device->name, bar);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		path[strlen(path) - 3] = 0;
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &stat)) {
		if (fd >= 0)
			close(fd);
		return rt_fail(errno, "%s: %m", path);
	}
	map = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return rt_fail(errno, "mmap %s: %m", path);
	region->size = (uint64_t)stat.st_size;
	region->map = map;
	return 0;
}

/**
 * rt_open_pci - take a vGPU inside the guest that owns it
 * @address: PCI address, "0000:01:00.0"
 *
 * Return: close it with rt_close().
 */
struct rt_device *rt_open_pci(const char *address)
{
	struct rt_device *device = calloc(1, sizeof(*device));
	static const unsigned int bars[] = { OPENVGPU_NATIVE_BAR_CONTROL,
					     OPENVGPU_NATIVE_BAR_FRAMEBUFFER,
					     OPENVGPU_NATIVE_BAR_USER };
	char path[PATH_MAX];
	unsigned int i;
	int error, fd;

	if (!device)
		return NULL;
	snprintf(device->name, sizeof(device->name), "%s", address);
	device->transport = RT_PCI;
	device->group = -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0) {
		error = rt_fail(errno, "%s: %m", path);
		goto fail;
	}
	/* Lets the guest's kernel wake the function and assign its BARs. */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", address);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1) {
		error = rt_fail(errno, "%s: %m", path);
		if (fd >= 0)
			close(fd);
		goto fail;
	}
	close(fd);
	error = rt_memory_decoding(device, true);
	for (i = 0; !error && i < sizeof(bars) / sizeof(bars[0]); i++)
		error = map_resource(device, bars[i]);
	if (!error)
		error = rt_device_identify(device);
	if (!error)
		return device;
fail:
	rt_close(device);
	errno = -error;
	return NULL;
}
