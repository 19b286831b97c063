// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_users.c - which process uses a GPU that another driver has
 *
 * The driver openvgpu knows who has a vGPU open; of other drivers, the files that
 * processes have open tell. Who is not root sees its own only.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hand_over.h"

#define MOST_FILES	16
#define FILE_SIZE	96

/* The files through which a GPU is used. */
struct device_files {
	char path[MOST_FILES][FILE_SIZE];
	size_t count;
};

static void add(struct device_files *files, const char *folder, const char *name)
{
	if (files->count < MOST_FILES &&
	    snprintf(files->path[files->count], FILE_SIZE, "%s%s", folder,
		     name) < FILE_SIZE)
		files->count++;
}

/* Devices of a class below the GPU are named as their files. */
static void add_class(const struct cli *cli, const char *bdf, const char *class,
		      const char *prefix, const char *folder,
		      struct device_files *files)
{
	char **names;
	size_t count, i;

	if (ovgpu_directory(cli->ovgpu, OVGPU_SYSFS, &names, &count,
			    "bus/pci/devices/%s/%s", bdf, class))
		return;
	for (i = 0; i < count; i++)
		if (!strncmp(names[i], prefix, strlen(prefix)))
			add(files, folder, names[i]);
	ovgpu_free(names);
}

static void find_files(const struct cli *cli, const char *bdf,
		       struct device_files *files)
{
	char group[OVGPU_NAME_SIZE];

	files->count = 0;
	if (!ovgpu_link(cli->ovgpu, OVGPU_SYSFS, group, sizeof(group),
			"bus/pci/devices/%s/iommu_group", bdf)) {
		add(files, "/dev/vfio/", group);
		add(files, "/dev/vfio/noiommu-", group);
	}
	add_class(cli, bdf, "vfio-dev", "vfio", "/dev/vfio/devices/", files);
	add_class(cli, bdf, "drm", "card", "/dev/dri/", files);
	add_class(cli, bdf, "drm", "renderD", "/dev/dri/", files);
	add_class(cli, bdf, "graphics", "fb", "/dev/", files);
}

static bool has_open(const struct cli *cli, const char *pid,
		     const struct device_files *files)
{
	char path[PATH_MAX], target[FILE_SIZE], **names;
	bool found = false;
	size_t count, i, j;
	ssize_t n;

	if (ovgpu_directory(cli->ovgpu, OVGPU_PROC, &names, &count, "%s/fd", pid))
		return false;
	for (i = 0; !found && i < count; i++) {
		snprintf(path, sizeof(path), "%s/fd/%s", pid, names[i]);
		n = readlinkat(ovgpu_dirfd(cli->ovgpu, OVGPU_PROC), path, target,
			       sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		for (j = 0; j < files->count; j++)
			found = found || !strcmp(target, files->path[j]);
	}
	ovgpu_free(names);
	return found;
}

/**
 * device_user_find - the first process that uses a GPU of another driver
 * @cli: the run
 * @bdf: the GPU
 * @user: the result
 *
 * Return: whether one does.
 */
bool device_user_find(const struct cli *cli, const char *bdf,
		      struct device_user *user)
{
	struct device_files files;
	char **names;
	size_t count, i;
	uint64_t pid;

	memset(user, 0, sizeof(*user));
	find_files(cli, bdf, &files);
	if (!files.count ||
	    ovgpu_directory(cli->ovgpu, OVGPU_PROC, &names, &count, "."))
		return false;
	for (i = 0; !user->pid && i < count; i++) {
		if (ovgpu_number_parse(names[i], &pid) || !pid ||
		    pid > INT_MAX || !has_open(cli, names[i], &files))
			continue;
		user->pid = pid;
		ovgpu_read(cli->ovgpu, OVGPU_PROC, user->name,
			   sizeof(user->name), "%s/comm", names[i]);
	}
	ovgpu_free(names);
	return user->pid;
}
