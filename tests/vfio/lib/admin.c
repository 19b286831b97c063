// SPDX-License-Identifier: GPL-2.0-only
/*
 * admin.c - reads and writes settings of a GPU and its vGPUs
 */
#include "admin.h"

#include <stdio.h>

#define PATHS	8

/* So many can be in use at once. */
static char *next_path(void)
{
	static char paths[PATHS][PATH_SIZE];
	static unsigned int next;

	return paths[next++ % PATHS];
}

/**
 * admin_gpu_path - an attribute of the GPU
 * @name: of the file
 *
 * Return: its path, valid for some calls.
 */
const char *admin_gpu_path(const char *name)
{
	char *path = next_path();

	snprintf(path, PATH_SIZE, "/sys/bus/pci/devices/%s/openvgpu/%s",
		 host_gpu(), name);
	return path;
}

/**
 * admin_vgpu_path - an attribute of a vGPU
 * @uuid: which vGPU
 * @name: folder and file, as "openvgpu/weight"
 *
 * Return: its path, valid for some calls.
 */
const char *admin_vgpu_path(const char *uuid, const char *name)
{
	char *path = next_path();

	snprintf(path, PATH_SIZE, "/sys/bus/mdev/devices/%s/%s", uuid, name);
	return path;
}

/**
 * admin_number - what a file says
 * @path: holds one number
 */
uint64_t admin_number(const char *path)
{
	uint64_t value;

	OK(host_read_number(path, &value));
	return value;
}

/**
 * admin_text - what a file says
 * @path: of sysfs
 * @text: receives it, without the last newline
 */
void admin_text(const char *path, char text[TEXT_SIZE])
{
	OK(host_read(path, text, TEXT_SIZE));
}

/**
 * admin_set - change a setting
 * @path: of the file
 * @text: good for it
 */
void admin_set(const char *path, const char *text)
{
	int error = host_write(path, text);
	char why[TEXT_SIZE] = "";

	if (error)
		host_last_error(why, sizeof(why));
	CHECK(!error, "writing '%s' to %s: %s; last_error: %s", text, path,
	      strerror(-error), why);
}

/**
 * admin_expect - a file says just that
 * @path: of sysfs
 * @text: without the last newline
 */
void admin_expect(const char *path, const char *text)
{
	char seen[TEXT_SIZE];

	admin_text(path, seen);
	CHECK(!strcmp(seen, text), "%s: '%s', not '%s'", path, seen, text);
}

/**
 * admin_rebind - unbind the driver from the GPU and bind it again
 *
 * Every setting of the GPU has its default after it. No vGPU may be open.
 */
void admin_rebind(void)
{
	OK(host_write("/sys/bus/pci/drivers/openvgpu/unbind", host_gpu()));
	OK(host_write("/sys/bus/pci/drivers/openvgpu/bind", host_gpu()));
}
