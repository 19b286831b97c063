// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_kernel.c - what the kernel does when somebody writes to a made-up sysfs
 *
 * Preloaded into the command: writes below $OPENVGPU_SYSFS unbind and bind PCI
 * drivers there, and remove and find PCI functions, before they return, as the real
 * ones do. A function with a file "lost" is not found again, one with a file "keeps"
 * keeps its firmware mode, one with a file "unbound" is not bound. A driver with a file
 * "refuses" takes no device; a file FILE.errno makes writes to FILE fail with the
 * number in it. Each write is a line of $OPENVGPU_SYSFS/writes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *sysfs;

__attribute__((constructor)) static void begin(void)
{
	sysfs = getenv("OPENVGPU_SYSFS");
	/* Of the programs that it runs, only the command itself needs it. */
	if (!getenv("FAKE_KERNEL_STAYS"))
		unsetenv("LD_PRELOAD");
}

/* The first line of a file; empty: there is none. */
static void line_of(const char *path, char *line)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, NAME_MAX, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

/* What a driver makes anew of a device that it takes. */
static void begin_device(const char *driver, const char *device)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s/hand_over", sysfs, device, driver);
	file = access(path, F_OK) ? NULL : fopen(path, "we");
	if (!file)
		return;
	fputs("0\n", file);
	fclose(file);
}

static void unbind(const char *driver, const char *device)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", sysfs, device);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bus/pci/drivers/%s/%s", sysfs, driver, device);
	unlink(path);
}

static void probe(const char *device)
{
	char path[PATH_MAX], target[PATH_MAX], driver[NAME_MAX];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver_override", sysfs, device);
	line_of(path, driver);
	if (!driver[0] || !strcmp(driver, "(null)"))
		strcpy(driver, "openvgpu");
	snprintf(path, sizeof(path), "%s/bus/pci/drivers/%s/refuses", sysfs, driver);
	snprintf(target, sizeof(target), "%s/bus/pci/drivers/%s", sysfs, driver);
	if (!access(path, F_OK) || access(target, F_OK))
		return;
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", sysfs, device);
	if (symlink(target, path))
		return;
	snprintf(path, sizeof(path), "%s/bus/pci/drivers/%s/%s", sysfs, driver, device);
	snprintf(target, sizeof(target), "../../devices/%s", device);
	if (symlink(target, path))
		abort();
	begin_device(driver, device);
}

/* The line of a file of a device, in what its driver makes. */
static void copy_line(const char *device, const char *from, const char *to)
{
	char path[PATH_MAX], line[NAME_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/openvgpu/%s", sysfs, device, from);
	line_of(path, line);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/openvgpu/%s", sysfs, device, to);
	file = fopen(path, "we");
	if (!file)
		return;
	fprintf(file, "%s\n", line);
	fclose(file);
}

/* The folder of a device that was removed is in "gone", its link in "gone-link". */
static void move(const char *device, bool away)
{
	char path[PATH_MAX], link[PATH_MAX], real[PATH_MAX + 16], other[PATH_MAX];
	const char *from = away ? link : other, *to = away ? other : link;

	snprintf(link, sizeof(link), "%s/bus/pci/devices/%s", sysfs, device);
	snprintf(other, sizeof(other), "%s/gone-%s", sysfs, device);
	snprintf(real, sizeof(real), "%s/devices/pci0000:00/%s", sysfs, device);
	snprintf(path, sizeof(path), "%s/devices/pci0000:00/gone-%s", sysfs, device);
	if (away)
		unbind("openvgpu", device);
	if (rename(away ? real : path, away ? path : real) || rename(from, to))
		abort();
}

static void rescan(void)
{
	char pattern[PATH_MAX], path[PATH_MAX + 32], unbound[PATH_MAX + 32];
	const char *device;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/gone-*", sysfs);
	if (glob(pattern, 0, NULL, &found))
		return;
	device = strstr(found.gl_pathv[0], "/gone-") + 6;
	snprintf(path, sizeof(path), "%s/devices/pci0000:00/gone-%s/lost", sysfs, device);
	if (access(path, F_OK)) {
		move(device, false);
		snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/keeps", sysfs, device);
		snprintf(unbound, sizeof(unbound), "%s/bus/pci/devices/%s/unbound", sysfs, device);
		if (access(path, F_OK))
			copy_line(device, "firmware_mode_next", "firmware_mode");
		else
			copy_line(device, "firmware_mode", "firmware_mode_next");
		if (access(unbound, F_OK))
			probe(device);
	}
	globfree(&found);
}

/* A mode is written as one word, and read with all beside it. */
static void next_mode(int fd, const char *word)
{
	static const char *const modes[] = { "mixed", "graphics", "compute" };
	unsigned int i;

	for (i = 0; i < 3; i++)
		dprintf(fd, !strcmp(word, modes[i]) ? "[%s]%s" : "%s%s", modes[i],
			i < 2 ? " " : "\n");
}

static void note(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/writes", sysfs);
	file = fopen(path, "ae");
	if (!file)
		abort();
	fprintf(file, "%s %s\n", name, text);
	fclose(file);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	static ssize_t (*next)(int, const void *, size_t);
	char link[64], path[PATH_MAX], failing[PATH_MAX + 8], text[NAME_MAX], driver[NAME_MAX];
	const char *name, *override = "/driver_override";
	ssize_t n;

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (!sysfs || strncmp(path, sysfs, strlen(sysfs)))
		return next(fd, bytes, count);
	name = path + strlen(sysfs);
	snprintf(text, sizeof(text), "%.*s", (int)count, (const char *)bytes);
	text[strcspn(text, "\n")] = '\0';
	note(name, text);
	snprintf(failing, sizeof(failing), "%s.errno", path);
	line_of(failing, driver);
	if (driver[0]) {
		errno = atoi(driver);
		return -1;
	}
	if (sscanf(name, "/bus/pci/drivers/%[^/]/unbind", driver) == 1)
		unbind(driver, text);
	if (!strcmp(name, "/bus/pci/drivers_probe"))
		probe(text);
	if (sscanf(name, "/devices/pci0000:00/%[^/]/remov%c", driver, link) == 2)
		move(driver, true);
	if (strstr(name, "/rescan"))
		rescan();
	if (ftruncate(fd, 0))
		return -1;
	if (strstr(name, "/firmware_mode_next")) {
		next_mode(fd, text);
		return (ssize_t)count;
	}
	if (strlen(name) > strlen(override) && !text[0] &&
	    !strcmp(name + strlen(name) - strlen(override), override))
		return next(fd, "(null)\n", 7) < 0 ? -1 : (ssize_t)count;
	return next(fd, bytes, count);
}
