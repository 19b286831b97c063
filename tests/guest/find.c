// SPDX-License-Identifier: GPL-2.0-only
/*
 * find.c - where in a guest its vGPU is
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "find.h"
#include "runtime.h"

/**
 * find_vgpu - find the first vGPU on the PCI bus
 * @address: receives its address
 *
 * Ids decide, so that nothing else of the guest is touched.
 *
 * Return: 0 or -errno, as rt_fail().
 */
int find_vgpu(char address[64])
{
	struct dirent *entry;
	DIR *dir = opendir("/sys/bus/pci/devices");
	unsigned int vendor, device;
	char path[PATH_MAX];
	FILE *file;

	if (!dir)
		return rt_fail(errno, "/sys/bus/pci/devices: %m");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/uevent",
			 entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		vendor = 0;
		device = 0;
		while (fgets(path, sizeof(path), file))
			if (sscanf(path, "PCI_ID=%x:%x", &vendor, &device) == 2)
				break;
		fclose(file);
		if (vendor == REFGPU_PCI_VENDOR_ID &&
		    device == REFGPU_PCI_DEVICE_ID_VGPU) {
			snprintf(address, 64, "%.60s", entry->d_name);
			closedir(dir);
			return 0;
		}
	}
	closedir(dir);
	return rt_fail(ENODEV, "no PCI function %04x:%04x in this machine",
		       REFGPU_PCI_VENDOR_ID, REFGPU_PCI_DEVICE_ID_VGPU);
}
