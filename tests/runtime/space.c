// SPDX-License-Identifier: GPL-2.0-only
/*
 * space.c - the guest-physical address space of a VM
 *
 * A VFIO container with a type1 IOMMU, or an IOAS of iommufd: what QEMU makes
 * of a VM's memory layout. Several vGPUs may share one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime.h"

/* Above the PCI hole of a PC, so that nothing looks like a BAR. */
#define FIRST_ADDRESS	0x100000000ULL

/**
 * struct rt_space - see above
 * @transport: RT_VFIO_GROUP or RT_VFIO_IOMMUFD
 * @fd: container, or /dev/iommu
 * @ioas: iommufd: id of the IOAS
 * @next: first address rt_space_reserve() has not given away
 */
struct rt_space {
	enum rt_transport transport;
	int fd;
	uint32_t ioas;
	uint64_t next;
};

/**
 * rt_transport_name - for messages
 * @transport: any
 *
 * Return: "group", "iommufd", "pci" or "drm".
 */
const char *rt_transport_name(enum rt_transport transport)
{
	switch (transport) {
	case RT_VFIO_GROUP:
		return "group";
	case RT_VFIO_IOMMUFD:
		return "iommufd";
	case RT_PCI:
		return "pci";
	case RT_DRM:
		break;
	}
	return "drm";
}

/**
 * rt_transport_available - can this kernel do it?
 * @transport: RT_VFIO_GROUP or RT_VFIO_IOMMUFD
 *
 * vfio and iommufd must be loaded.
 */
bool rt_transport_available(enum rt_transport transport)
{
	switch (transport) {
	case RT_VFIO_GROUP:
		return access("/dev/vfio/vfio", F_OK) == 0;
	case RT_VFIO_IOMMUFD:
		return access("/dev/iommu", F_OK) == 0 &&
		       access("/sys/class/vfio-dev", F_OK) == 0;
	case RT_PCI:
	case RT_DRM:
		break;
	}
	return true;
}

/**
 * rt_space_create - a new, empty address space
 * @transport: RT_VFIO_GROUP or RT_VFIO_IOMMUFD
 *
 * Memory can be mapped once a first device is attached.
 */
struct rt_space *rt_space_create(enum rt_transport transport)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct rt_space *space = calloc(1, sizeof(*space));
	const char *path = transport == RT_VFIO_GROUP ? "/dev/vfio/vfio" :
							"/dev/iommu";

	if (!space)
		return NULL;
	space->transport = transport;
	space->next = FIRST_ADDRESS;
	space->fd = open(path, O_RDWR | O_CLOEXEC);
	if (space->fd < 0) {
		rt_fail(errno, "open %s: %m", path);
		free(space);
		return NULL;
	}
	if (transport == RT_VFIO_IOMMUFD) {
		if (ioctl(space->fd, IOMMU_IOAS_ALLOC, &alloc)) {
			rt_fail(errno, "IOMMU_IOAS_ALLOC: %m");
			close(space->fd);
			free(space);
			return NULL;
		}
		space->ioas = alloc.out_ioas_id;
	}
	return space;
}

/**
 * rt_space_destroy - end an address space
 * @space: with no device attached
 */
void rt_space_destroy(struct rt_space *space)
{
	if (!space)
		return;
	close(space->fd);
	free(space);
}

/**
 * rt_space_transport - which API the space belongs to
 * @space: any
 */
enum rt_transport rt_space_transport(const struct rt_space *space)
{
	return space->transport;
}

/**
 * rt_space_map - show memory to the devices of the space
 * @space: with a device attached
 * @cpu: page aligned
 * @address: guest-physical address, page aligned
 * @bytes: multiple of the page size
 */
int rt_space_map(struct rt_space *space, void *cpu, uint64_t address,
		 size_t bytes)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)cpu,
		.iova = address,
		.size = bytes,
	};
	struct iommu_ioas_map ioas_map = {
		.size = sizeof(ioas_map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = space->ioas,
		.user_va = (uintptr_t)cpu,
		.length = bytes,
		.iova = address,
	};

	if (space->transport == RT_VFIO_GROUP ?
	    ioctl(space->fd, VFIO_IOMMU_MAP_DMA, &map) :
	    ioctl(space->fd, IOMMU_IOAS_MAP, &ioas_map))
		return rt_fail(errno, "map %zu bytes at 0x%llx: %m", bytes,
			       (unsigned long long)address);
	return 0;
}

/**
 * rt_space_unmap - take memory away from the devices of the space
 * @space: any
 * @address: as mapped
 * @bytes: as mapped
 */
int rt_space_unmap(struct rt_space *space, uint64_t address, size_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = address,
		.size = bytes,
	};
	struct iommu_ioas_unmap ioas_unmap = {
		.size = sizeof(ioas_unmap),
		.ioas_id = space->ioas,
		.iova = address,
		.length = bytes,
	};

	if (space->transport == RT_VFIO_GROUP ?
	    ioctl(space->fd, VFIO_IOMMU_UNMAP_DMA, &unmap) :
	    ioctl(space->fd, IOMMU_IOAS_UNMAP, &ioas_unmap))
		return rt_fail(errno, "unmap %zu bytes at 0x%llx: %m", bytes,
			       (unsigned long long)address);
	return 0;
}

/**
 * rt_space_reserve - a range of guest-physical addresses nobody else uses
 * @space: any
 * @bytes: multiple of the page size
 *
 * Return: the first address. A hole follows each range, so that an access
 * beyond it is seen.
 */
uint64_t rt_space_reserve(struct rt_space *space, size_t bytes)
{
	uint64_t address = space->next;

	space->next += ((bytes + 0x1fffff) & ~0x1fffffULL) + 0x200000;
	return address;
}

/* The number at the end of a vGPU's iommu_group link. */
static int group_number(const char *uuid)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group",
		 uuid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return rt_fail(errno, "%s: %m", path);
	target[n] = 0;
	slash = strrchr(target, '/');
	return atoi(slash ? slash + 1 : target);
}

static int attach_group(struct rt_space *space, const char *uuid, int *device,
			int *group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int number = group_number(uuid), error;
	char path[64];

	if (number < 0)
		return number;
	snprintf(path, sizeof(path), "/dev/vfio/%d", number);
	*group = open(path, O_RDWR | O_CLOEXEC);
	if (*group < 0)
		return rt_fail(errno, "open %s: %m", path);
	if (ioctl(*group, VFIO_GROUP_GET_STATUS, &status)) {
		error = rt_fail(errno, "VFIO_GROUP_GET_STATUS: %m");
		goto close_group;
	}
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		error = rt_fail(EPERM, "%s is not viable", path);
		goto close_group;
	}
	if (ioctl(*group, VFIO_GROUP_SET_CONTAINER, &space->fd)) {
		error = rt_fail(errno, "VFIO_GROUP_SET_CONTAINER: %m");
		goto close_group;
	}
	/* The first group chooses type1, and when the last one goes that is gone. */
	if (ioctl(space->fd, VFIO_IOMMU_GET_INFO, &info) &&
	    ioctl(space->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		error = rt_fail(errno, "VFIO_SET_IOMMU: %m");
		goto close_group;
	}
	*device = ioctl(*group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (*device < 0) {
		error = rt_fail(errno, "VFIO_GROUP_GET_DEVICE_FD: %m");
		goto close_group;
	}
	return 0;

close_group:
	close(*group);
	*group = -1;
	return error;
}

/**
 * rt_vfio_file - open the file of a vGPU in /dev/vfio/devices, and no more
 * @uuid: of the mdev
 *
 * Return: the file, to be closed; nobody has opened the vGPU by that.
 */
int rt_vfio_file(const char *uuid)
{
	char path[PATH_MAX], name[64] = "";
	struct dirent *entry;
	int file;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/vfio-dev", uuid);
	dir = opendir(path);
	if (!dir)
		return rt_fail(errno, "%s: %m", path);
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "vfio", 4))
			snprintf(name, sizeof(name), "%.60s", entry->d_name);
	closedir(dir);
	if (!name[0])
		return rt_fail(ENOENT, "no vfioX in %s", path);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	file = open(path, O_RDWR | O_CLOEXEC);
	return file < 0 ? rt_fail(errno, "open %s: %m", path) : file;
}

static int attach_iommufd(struct rt_space *space, const char *uuid, int *device)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = space->fd,
	};
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = space->ioas,
	};
	int error;

	*device = rt_vfio_file(uuid);
	if (*device < 0)
		return *device;
	if (ioctl(*device, VFIO_DEVICE_BIND_IOMMUFD, &bind)) {
		error = rt_fail(errno, "VFIO_DEVICE_BIND_IOMMUFD: %m");
		goto close_device;
	}
	if (ioctl(*device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach)) {
		error = rt_fail(errno, "VFIO_DEVICE_ATTACH_IOMMUFD_PT: %m");
		goto close_device;
	}
	return 0;

close_device:
	close(*device);
	*device = -1;
	return error;
}

/**
 * rt_space_attach - open a vGPU and put it into the space
 * @space: any
 * @uuid: of the mdev
 * @device: receives the device's file
 * @group: receives the group's file, -1 with iommufd
 */
int rt_space_attach(struct rt_space *space, const char *uuid, int *device,
		    int *group)
{
	*group = -1;
	*device = -1;
	return space->transport == RT_VFIO_GROUP ?
		attach_group(space, uuid, device, group) :
		attach_iommufd(space, uuid, device);
}

/**
 * rt_space_detach - close what rt_space_attach() opened
 * @space: the same
 * @device: the device's file
 * @group: the group's file or -1
 */
void rt_space_detach(struct rt_space *space, int device, int group)
{
	close(device);
	if (group >= 0) {
		ioctl(group, VFIO_GROUP_UNSET_CONTAINER);
		close(group);
	}
	(void)space;
}
