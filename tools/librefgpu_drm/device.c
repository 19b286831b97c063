// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - nodes of the driver, and how it is called
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define FOLDER		"/dev/dri"
#define DRIVER		"refgpu"
#define DRIVER_MAJOR	1

/**
 * refgpu_drm_call - an ioctl of the driver or of DRM
 * @drm: the device
 * @request: its number
 * @argument: its structure; none has a time that would begin anew
 *
 * Return: 0 or a negative errno, never for a signal.
 */
int refgpu_drm_call(const struct refgpu_drm *drm, unsigned long request, void *argument)
{
	int result;

	do {
		result = ioctl(drm->fd, request, argument);
	} while (result && (errno == EINTR || errno == EAGAIN));
	return result ? -errno : 0;
}

/**
 * refgpu_drm_deadline - a time from now as the kernel wants it
 * @timeout_ns: nanoseconds from now; below 0: without end
 *
 * Return: nanoseconds of CLOCK_MONOTONIC; 0: do not wait.
 */
int64_t refgpu_drm_deadline(int64_t timeout_ns)
{
	struct timespec now;
	int64_t end;

	if (timeout_ns < 0)
		return INT64_MAX;
	if (!timeout_ns)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (__builtin_add_overflow(now.tv_sec * INT64_C(1000000000) + now.tv_nsec, timeout_ns,
				   &end))
		return INT64_MAX;
	return end;
}

/* Is it this driver's, and one that is known here? */
static int identify(const struct refgpu_drm *drm, const char *node)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };
	int error = refgpu_drm_call(drm, DRM_IOCTL_VERSION, &version);

	if (error)
		return refgpu_drm_fail(error, "%s: no DRM device", node);
	if (strcmp(name, DRIVER))
		return refgpu_drm_fail(ENODEV, "%s: its driver is '%s', not '" DRIVER "'", node,
				       name);
	if (version.version_major != DRIVER_MAJOR)
		return refgpu_drm_fail(EPROTONOSUPPORT, "%s: its driver has version %d.%d, this library knows %d.x",
				       node, version.version_major, version.version_minor,
				       DRIVER_MAJOR);
	return 0;
}

static int open_node(struct refgpu_drm *drm, const char *node)
{
	int error;

	drm->fd = open(node, O_RDWR | O_CLOEXEC);
	if (drm->fd < 0)
		return refgpu_drm_fail(errno, "%s", node);
	error = identify(drm, node);
	if (error)
		close(drm->fd);
	return error;
}

static int is_render_node(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "renderD", 7);
}

/* The first render node of the driver. One that may not be opened may be it, too. */
static int open_any(struct refgpu_drm *drm)
{
	char node[sizeof(FOLDER) + sizeof(((struct dirent *)NULL)->d_name)];
	bool found = false, denied = false;
	struct dirent **entries;
	int count, error = 0, i;

	count = scandir(FOLDER, &entries, is_render_node, versionsort);
	for (i = 0; i < count; i++) {
		snprintf(node, sizeof(node), FOLDER "/%s", entries[i]->d_name);
		free(entries[i]);
		if (found)
			continue;
		error = open_node(drm, node);
		denied |= error == -EACCES;
		found = error != -EACCES && error != -ENODEV;
	}
	if (count >= 0)
		free(entries);
	if (found)
		return error;
	return refgpu_drm_fail(denied ? EACCES : ENODEV, "no render node of driver " DRIVER);
}

/**
 * refgpu_drm_open - open a device
 * @drm: the result, to be given to refgpu_drm_close()
 * @node: as "/dev/dri/renderD128" or "/dev/dri/card0"; NULL: the first render node of
 *	the driver
 *
 * Return: 0, or a negative errno. -ENODEV: the driver is another one, or none is there;
 * -EPROTONOSUPPORT: the driver is not as the library knows it; -EACCES.
 */
int refgpu_drm_open(struct refgpu_drm **drm, const char *node)
{
	struct refgpu_drm *new = calloc(1, sizeof(*new));
	int error;

	*drm = NULL;
	if (!new)
		return refgpu_drm_fail(ENOMEM, "cannot open a device");
	error = node ? open_node(new, node) : open_any(new);
	if (error) {
		free(new);
		return error;
	}
	pthread_mutex_init(&new->lock, NULL);
	*drm = new;
	return 0;
}

/**
 * refgpu_drm_close - close a device
 * @drm: all that was made with it was given back; NULL does nothing
 */
void refgpu_drm_close(struct refgpu_drm *drm)
{
	if (!drm)
		return;
	close(drm->fd);
	pthread_mutex_destroy(&drm->lock);
	free(drm);
}

/**
 * refgpu_drm_fd - the device's file, for calls that the library does not have
 * @drm: the device
 *
 * Return: a file descriptor that stays the library's.
 */
int refgpu_drm_fd(const struct refgpu_drm *drm)
{
	return drm->fd;
}

/**
 * refgpu_drm_param - a number that the driver knows of its device
 * @drm: the device
 * @param: which
 * @value: receives it
 *
 * Return: 0, or a negative errno. -EINVAL: the driver does not know this one.
 */
int refgpu_drm_param(const struct refgpu_drm *drm, enum drm_refgpu_param param,
		     uint64_t *value)
{
	struct drm_refgpu_get_param args = { .param = param };
	int error = refgpu_drm_call(drm, DRM_IOCTL_REFGPU_GET_PARAM, &args);

	if (error)
		return refgpu_drm_fail(error, "cannot read parameter %u", param);
	*value = args.value;
	return 0;
}
