// SPDX-License-Identifier: GPL-2.0-only
/*
 * admin.c - what an administrator does to a GPU and its vGPUs, see admin.h
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
 * admin_pci_path - a file of the GPU as a PCI device
 * @name: of the file, as "reset"
 *
 * Return: its path, valid for some calls.
 */
const char *admin_pci_path(const char *name)
{
	char *path = next_path();

	snprintf(path, PATH_SIZE, "/sys/bus/pci/devices/%s/%s", host_gpu(),
		 name);
	return path;
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
 * admin_set_number - change a setting, as echo does
 * @path: of the file
 * @value: good for it
 */
void admin_set_number(const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	admin_set(path, text);
}

/**
 * admin_expect_number - a file holds just that number
 * @path: of sysfs
 * @value: wanted
 */
void admin_expect_number(const char *path, uint64_t value)
{
	uint64_t seen = admin_number(path);

	CHECK(seen == value, "%s: %llu, not %llu", path,
	      (unsigned long long)seen, (unsigned long long)value);
}

/**
 * admin_refused - a value is refused, the old one stays, last_error says why
 * @path: of the file
 * @text: not good for it
 * @error: what writing it returns, positive
 * @words: what the one line of last_error names
 * @count: of @words
 */
void admin_refused(const char *path, const char *text, int error,
		   const char *const words[], unsigned int count)
{
	char before[TEXT_SIZE], after[TEXT_SIZE], why[TEXT_SIZE];
	unsigned int i;
	int got;

	admin_text(path, before);
	got = host_write(path, text);
	CHECK(got == -error, "writing '%s' to %s: %s, not %s", text, path,
	      got ? strerror(-got) : "taken", strerror(error));
	admin_text(path, after);
	CHECK(!strcmp(before, after), "%s: '%s' became '%s' by a bad value '%s'",
	      path, before, after, text);
	OK(host_last_error(why, sizeof(why)));
	for (i = 0; i < count; i++)
		CHECK(strstr(why, words[i]),
		      "%s: '%s' refused, last_error '%s' does not say '%s'",
		      path, text, why, words[i]);
	CHECK(!strchr(why, '\n'), "last_error has two lines: '%s'", why);
}

/**
 * admin_wait_state - wait until the GPU is in a state
 * @wanted: "up" or "dead"; other ones are passing
 */
void admin_wait_state(const char *wanted)
{
	uint64_t end = rt_now_ns() + 20 * second();
	char text[TEXT_SIZE];

	do {
		admin_text(admin_gpu_path("state"), text);
		if (!strcmp(text, wanted))
			return;
		usleep(20000);
	} while (rt_now_ns() < end);
	CHECK(false, "the GPU is in state '%s', not '%s'", text, wanted);
}

/**
 * admin_unbind - unbind the driver from the GPU
 */
void admin_unbind(void)
{
	OK(host_write("/sys/bus/pci/drivers/openvgpu/unbind", host_gpu()));
}

/**
 * admin_bind - bind the driver to the GPU; its settings have their defaults
 */
void admin_bind(void)
{
	OK(host_write("/sys/bus/pci/drivers/openvgpu/bind", host_gpu()));
}

/**
 * admin_rebind - unbind the driver from the GPU and bind it again
 *
 * Every setting of the GPU has its default after it. No vGPU may be open.
 */
void admin_rebind(void)
{
	admin_unbind();
	admin_bind();
}

/**
 * admin_unload - unload the module, if nothing is in use
 *
 * Return: whether it is unloaded.
 */
bool admin_unload(void)
{
	return !system("rmmod openvgpu 2>/dev/null");
}

/**
 * admin_load - load the module, and find the GPU again
 */
void admin_load(void)
{
	CHECK(!system("modprobe openvgpu"), "modprobe openvgpu failed");
	OK(host_init());
}
