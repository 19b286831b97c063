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
	struct rt_region *region = &device->region[bar];
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

static int write_one(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0 || write(fd, "1", 1) != 1)
		error = rt_fail(errno, "%s: %m", path);
	if (fd >= 0)
		close(fd);
	return error;
}

static int open_function(struct rt_device *device)
{
	static const unsigned int bars[] = { OPENVGPU_NATIVE_BAR_CONTROL,
					     OPENVGPU_NATIVE_BAR_FRAMEBUFFER,
					     OPENVGPU_NATIVE_BAR_USER };
	char path[PATH_MAX];
	unsigned int i;
	int error;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 device->name);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return rt_fail(errno, "%s: %m", path);
	/* Lets the guest's kernel wake the function and assign its BARs. */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable",
		 device->name);
	error = write_one(path);
	if (!error)
		error = rt_memory_decoding(device, true);
	for (i = 0; !error && i < sizeof(bars) / sizeof(bars[0]); i++)
		error = map_resource(device, bars[i]);
	return error ? error : rt_device_identify(device);
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

	if (!device)
		return NULL;
	snprintf(device->name, sizeof(device->name), "%s", address);
	device->transport = RT_PCI;
	device->group = -1;
	return rt_device_opened(device, open_function(device));
}
