// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * handle.c - the directory trees facts are read from
 *
 * Every path is relative to the directory of its tree, so that tests and
 * tools for another root can point anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"
#include "internal.h"

/* Of this machine, or of another one. */
struct ovgpu {
	int fd[OVGPU_TREES];
	struct ovgpu_bridge *bridge;
};

/**
 * ovgpu_open - a handle on this machine
 * @handle: the result, to be given to ovgpu_close()
 * @sysfs: where sysfs is mounted; NULL: "/sys"
 * @proc: where procfs is mounted; NULL: "/proc"
 * @root: the root directory; NULL: "/"
 *
 * Return: 0, or a negative errno when one of them is not a directory.
 */
int ovgpu_open(struct ovgpu **handle, const char *sysfs, const char *proc,
	       const char *root)
{
	const char *path[OVGPU_TREES] = {
		[OVGPU_SYSFS] = sysfs ? sysfs : "/sys",
		[OVGPU_PROC] = proc ? proc : "/proc",
		[OVGPU_ROOT] = root ? root : "/",
	};
	struct ovgpu *ovgpu = malloc(sizeof(*ovgpu));
	int i, err = 0;

	if (!ovgpu)
		return -ENOMEM;
	ovgpu->bridge = NULL;
	for (i = 0; i < OVGPU_TREES; i++) {
		ovgpu->fd[i] = open(path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (ovgpu->fd[i] < 0)
			err = -errno;
	}
	if (err) {
		ovgpu_close(ovgpu);
		return err;
	}
	*handle = ovgpu;
	return 0;
}

/**
 * ovgpu_open_remote - a handle on another machine
 * @handle: the result, to be given to ovgpu_close()
 * @url: "ssh://USER@HOST:PORT"; user and port may be left out
 *
 * ssh asks nobody for anything. openvgpu has to be installed there, of this version
 * or a newer one, and may do what that user may.
 *
 * Return: 0, -EINVAL when that is no such URL, -ENOTCONN when ssh does not get
 * there, -EPROTO when openvgpu is not there, or another negative errno.
 */
int ovgpu_open_remote(struct ovgpu **handle, const char *url)
{
	struct ovgpu *ovgpu;
	int i, err;

	if (strncmp(url, "ssh://", 6) || ovgpu_host_check(url))
		return -EINVAL;
	ovgpu = malloc(sizeof(*ovgpu));
	if (!ovgpu)
		return -ENOMEM;
	for (i = 0; i < OVGPU_TREES; i++)
		ovgpu->fd[i] = -1;
	err = ovgpu_bridge_open(&ovgpu->bridge, url);
	if (err) {
		free(ovgpu);
		return err;
	}
	*handle = ovgpu;
	return 0;
}

/**
 * ovgpu_close - give a handle back
 * @ovgpu: of ovgpu_open(); NULL does nothing
 */
void ovgpu_close(struct ovgpu *ovgpu)
{
	int i;

	if (!ovgpu)
		return;
	for (i = 0; i < OVGPU_TREES; i++)
		if (ovgpu->fd[i] >= 0)
			close(ovgpu->fd[i]);
	ovgpu_bridge_close(ovgpu->bridge);
	free(ovgpu);
}

/**
 * ovgpu_dirfd - the directory of a tree, for openat(2) and its kin
 * @ovgpu: handle
 * @tree: which
 *
 * Return: a file descriptor that stays the handle's; -1: it is on another machine.
 */
int ovgpu_dirfd(const struct ovgpu *ovgpu, enum ovgpu_tree tree)
{
	return ovgpu->fd[tree];
}

/* The way to the handle's machine; NULL: it is this one. */
struct ovgpu_bridge *ovgpu_bridge_of(const struct ovgpu *ovgpu)
{
	return ovgpu->bridge;
}
