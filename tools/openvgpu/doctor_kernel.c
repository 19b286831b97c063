// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_kernel.c - checks of the kernel and its modules
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distribution.h"
#include "doctor.h"

/* The oldest kernel the module builds on, and the newest it was run on. */
#define KERNEL_MIN	"6.1"
#define KERNEL_MIN_CODE	VERSION_CODE(6, 1)
#define KERNEL_MAX	"7.2"
#define KERNEL_MAX_CODE	VERSION_CODE(7, 2)
#define VERSION_CODE(major, minor)	((major) * 1000 + (minor))

/* Opens lib/modules/RELEASE/FILE. */
static FILE *open_module_file(const struct doctor *doctor, const char *file)
{
	char path[PATH_MAX];
	FILE *stream;
	int fd;

	/* A release with a slash in it is not one of a kernel. */
	if (!doctor->release[0] || strchr(doctor->release, '/'))
		return NULL;
	snprintf(path, sizeof(path), "lib/modules/%s/%s", doctor->release, file);
	fd = openat(ovgpu_dirfd(doctor->ovgpu, OVGPU_ROOT), path,
		    O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	stream = fdopen(fd, "r");
	if (!stream)
		close(fd);
	return stream;
}

/* Whether "kernel/drivers/vfio/vfio-pci.ko.xz" is module "vfio_pci". */
static bool is_module_file(const char *path, const char *name)
{
	const char *base = strrchr(path, '/');
	size_t i;

	base = base ? base + 1 : path;
	for (i = 0; name[i]; i++)
		if (base[i] != name[i] && !(name[i] == '_' && base[i] == '-'))
			return false;
	return !strncmp(base + i, ".ko", 3);
}

/* Looks for @name in one of depmod's lists. 0 found, 1 not, -1 no such list. */
static int search_list(const struct doctor *doctor, const char *list,
		       const char *name, char *path, size_t size)
{
	FILE *stream = open_module_file(doctor, list);
	size_t length = 0;
	char *line = NULL;
	int result = 1;

	if (!stream)
		return -1;
	while (getline(&line, &length, stream) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		if (!is_module_file(line, name))
			continue;
		snprintf(path, size, "%s", line);
		result = 0;
		break;
	}
	free(line);
	fclose(stream);
	return result;
}

/**
 * module_find - where a kernel module is
 * @doctor: shared
 * @name: its name, with underscores
 * @path: receives the file, relative to lib/modules/RELEASE; empty without one
 * @size: bytes at @path
 *
 * Return: the place.
 */
enum module_place module_find(const struct doctor *doctor, const char *name,
			      char *path, size_t size)
{
	int list = search_list(doctor, "modules.dep", name, path, size);
	char unused[PATH_MAX];

	if (list)
		path[0] = '\0';
	/* A built-in module with parameters has a directory there, too. */
	if (!search_list(doctor, "modules.builtin", name, unused, sizeof(unused)))
		return MODULE_BUILTIN;
	if (ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS, "module/%s", name))
		return MODULE_LOADED;
	return list == 0 ? MODULE_FILE :
	       list > 0 ? MODULE_ABSENT : MODULE_UNKNOWN;
}

/**
 * check_kernel - is the kernel one the module supports
 * @doctor: shared
 * @finding: result
 */
void check_kernel(const struct doctor *doctor, struct finding *finding)
{
	const char *release = doctor->release;
	unsigned int major, minor;

	if (sscanf(release, "%4u.%4u", &major, &minor) != 2) {
		found(finding, FINDING_FAIL, "cannot tell the kernel's version");
		advise(finding, "mount /proc");
		return;
	}
	if (VERSION_CODE(major, minor) < KERNEL_MIN_CODE) {
		found(finding, FINDING_FAIL, "Linux %s is too old",
		      shown(release).text);
		advise(finding, "boot Linux " KERNEL_MIN " or newer");
	} else if (VERSION_CODE(major, minor) > KERNEL_MAX_CODE) {
		found(finding, FINDING_WARN,
		      "Linux %s is newer than what OpenVGPU was tested with",
		      shown(release).text);
		advise(finding, "tested are Debian's 6.1, 6.12 and " KERNEL_MAX);
	} else {
		found(finding, FINDING_OK, "Linux %s", shown(release).text);
	}
}

/* The finding for a set of modules, the worst of which is @place. */
static void found_module(struct finding *finding, const char *name,
			 enum module_place place, const struct doctor *doctor)
{
	switch (place) {
	case MODULE_LOADED:
		found(finding, FINDING_OK, "%s is loaded", name);
		break;
	case MODULE_BUILTIN:
		found(finding, FINDING_OK, "%s is built in", name);
		break;
	case MODULE_FILE:
		found(finding, FINDING_OK, "%s can be loaded", name);
		break;
	case MODULE_UNKNOWN:
		found(finding, FINDING_WARN,
		      "cannot tell whether there is a %s: no /lib/modules/%s/modules.dep",
		      name, shown(doctor->release).text);
		advise(finding, "install the running kernel's modules, or run depmod");
		break;
	case MODULE_ABSENT:
		found(finding, FINDING_FAIL, "this kernel has no %s", name);
		break;
	}
}

/**
 * check_mdev - has the kernel mediated devices
 * @doctor: shared
 * @finding: result
 */
void check_mdev(const struct doctor *doctor, struct finding *finding)
{
	char path[PATH_MAX];
	enum module_place place = module_find(doctor, "mdev", path, sizeof(path));
	struct distribution distribution;

	found_module(finding, "mdev", place, doctor);
	if (place != MODULE_ABSENT)
		return;
	distribution_get(doctor->ovgpu, &distribution);
	advise(finding, "%s%s",
	       strstr(doctor->release, "cloud") ?
	       "cloud kernels lack mediated devices: " : "",
	       !strcmp(distribution.id, "debian") ?
	       "apt install linux-image-amd64, and boot that kernel" :
	       "boot a kernel with CONFIG_VFIO_MDEV");
}

/**
 * check_vfio - has the kernel VFIO and its type 1 container
 * @doctor: shared
 * @finding: result
 */
void check_vfio(const struct doctor *doctor, struct finding *finding)
{
	static const char *const names[] = { "vfio", "vfio_iommu_type1" };
	enum module_place place[2];
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < 2; i++) {
		place[i] = module_find(doctor, names[i], path, sizeof(path));
		if (place[i] <= MODULE_UNKNOWN) {
			found_module(finding, names[i], place[i], doctor);
			if (place[i] == MODULE_ABSENT)
				advise(finding,
				       "boot a kernel with CONFIG_VFIO=m and CONFIG_VFIO_IOMMU_TYPE1=m");
			return;
		}
	}
	found(finding, FINDING_OK, "vfio and vfio_iommu_type1 are %s",
	      place[0] == MODULE_FILE || place[1] == MODULE_FILE ?
	      "there and can be loaded" : "loaded");
}

/* What the first GPU that tells says of the kernel. */
static struct ovgpu_value dma_logging(const struct doctor *doctor)
{
	struct ovgpu_value value = { 0 };
	char text[OVGPU_NAME_SIZE];
	struct ovgpu_gpu **gpus;
	size_t count, i;

	if (ovgpu_gpu_list(doctor->ovgpu, &gpus, &count))
		return value;
	for (i = 0; i < count && !value.known; i++)
		value.known = !ovgpu_attribute_get(doctor->ovgpu, OVGPU_GPU,
						   gpus[i]->bdf, OVGPU_DRIVER,
						   "dma_logging", text, sizeof(text)) &&
			      !ovgpu_number_parse(text, &value.number);
	ovgpu_free(gpus);
	return value;
}

/**
 * check_migration - do VMMs migrate vGPUs with their defaults
 * @doctor: shared
 * @finding: result
 *
 * It is no fault if they do not: who never migrates needs nothing.
 */
void check_migration(const struct doctor *doctor, struct finding *finding)
{
	struct ovgpu_value logging = dma_logging(doctor);

	if (!logging.known) {
		found(finding, FINDING_OK,
		      "not known before openvgpu has a GPU");
	} else if (logging.number) {
		found(finding, FINDING_OK,
		      "QEMU migrates vGPUs with its defaults");
	} else {
		found(finding, FINDING_OK, "this kernel " NO_DMA_LOGGING);
		advise(finding,
		       "for live migration; with libvirt: <qemu:commandline>, -global vfio-pci.enable-migration=on");
	}
}
