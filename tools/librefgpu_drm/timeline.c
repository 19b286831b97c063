// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * timeline.c - points that jobs reach and wait for: timeline syncobjs
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/**
 * struct timeline - a timeline
 * @public: what its users see of it
 * @drm: its device
 */
struct timeline {
	struct refgpu_drm_timeline public;
	struct refgpu_drm *drm;
};

static struct refgpu_drm *drm_of(struct refgpu_drm_timeline *timeline)
{
	return ((struct timeline *)timeline)->drm; /* its first member */
}

static void destroy_handle(struct refgpu_drm *drm, uint32_t handle)
{
	struct drm_syncobj_destroy args = { .handle = handle };

	refgpu_drm_call(drm, DRM_IOCTL_SYNCOBJ_DESTROY, &args);
}

/* A structure for a handle, which goes with it if there is no memory. */
static int timeline_of(struct refgpu_drm *drm, uint32_t handle,
		       struct refgpu_drm_timeline **timeline)
{
	struct timeline *new = malloc(sizeof(*new));

	if (!new) {
		destroy_handle(drm, handle);
		return refgpu_drm_fail(ENOMEM, "cannot create a timeline");
	}
	*new = (struct timeline) { .public.handle = handle, .drm = drm };
	*timeline = &new->public;
	return 0;
}

/**
 * refgpu_drm_timeline_create - make a timeline, at point 0
 * @drm: the device
 * @timeline: the result, to be given to refgpu_drm_timeline_destroy()
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_timeline_create(struct refgpu_drm *drm, struct refgpu_drm_timeline **timeline)
{
	struct drm_syncobj_create args = { 0 };
	int error;

	*timeline = NULL;
	error = refgpu_drm_call(drm, DRM_IOCTL_SYNCOBJ_CREATE, &args);
	return error ? refgpu_drm_fail(error, "cannot create a timeline") :
		       timeline_of(drm, args.handle, timeline);
}

/**
 * refgpu_drm_timeline_destroy - give a timeline back
 * @timeline: jobs that reach its points, or wait for them, go on; NULL does nothing
 */
void refgpu_drm_timeline_destroy(struct refgpu_drm_timeline *timeline)
{
	if (!timeline)
		return;
	destroy_handle(drm_of(timeline), timeline->handle);
	free(timeline);
}

/**
 * refgpu_drm_timeline_signal - reach a point without a job
 * @timeline: any but that of a context
 * @point: above all that it has
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_timeline_signal(struct refgpu_drm_timeline *timeline, uint64_t point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&timeline->handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};
	int error = refgpu_drm_call(drm_of(timeline), DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &args);

	return error ? refgpu_drm_fail(error, "cannot signal point %llu",
				       (unsigned long long)point) : 0;
}

/**
 * refgpu_drm_timeline_wait - wait for a point
 * @timeline: any
 * @point: nobody need have promised it yet
 * @timeout_ns: how long; 0: look only
 *
 * A point is reached however the job ended: refgpu_drm_wait() says how.
 *
 * Return: 0, or a negative errno. -ETIME: it was not reached.
 */
int refgpu_drm_timeline_wait(struct refgpu_drm_timeline *timeline, uint64_t point,
			     int64_t timeout_ns)
{
	struct drm_syncobj_timeline_wait args = {
		.handles = (uintptr_t)&timeline->handle,
		.points = (uintptr_t)&point,
		.timeout_nsec = refgpu_drm_deadline(timeout_ns),
		.count_handles = 1,
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};
	int error = refgpu_drm_call(drm_of(timeline), DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &args);

	return error ? refgpu_drm_fail(error, "waiting for point %llu",
				       (unsigned long long)point) : 0;
}

/**
 * refgpu_drm_timeline_reached - how far a timeline has come
 * @timeline: any
 * @point: receives the last point that was reached, 0: none
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_timeline_reached(struct refgpu_drm_timeline *timeline, uint64_t *point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&timeline->handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
	};
	int error = refgpu_drm_call(drm_of(timeline), DRM_IOCTL_SYNCOBJ_QUERY, &args);

	return error ? refgpu_drm_fail(error, "cannot look at a timeline") : 0;
}

/**
 * refgpu_drm_timeline_export - make a file of a timeline, for other devices and processes
 * @timeline: any
 * @fd: receives the file, to be closed
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_timeline_export(struct refgpu_drm_timeline *timeline, int *fd)
{
	struct drm_syncobj_handle args = { .handle = timeline->handle };
	int error = refgpu_drm_call(drm_of(timeline), DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	if (error)
		return refgpu_drm_fail(error, "cannot export a timeline");
	*fd = args.fd;
	return 0;
}

/**
 * refgpu_drm_timeline_import - use the timeline of a file
 * @drm: the device
 * @fd: as of refgpu_drm_timeline_export(), of any device; may be closed afterwards
 * @timeline: the result, to be given to refgpu_drm_timeline_destroy()
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_timeline_import(struct refgpu_drm *drm, int fd,
			       struct refgpu_drm_timeline **timeline)
{
	struct drm_syncobj_handle args = { .fd = fd };
	int error;

	*timeline = NULL;
	error = refgpu_drm_call(drm, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &args);
	return error ? refgpu_drm_fail(error, "cannot import a timeline") :
		       timeline_of(drm, args.handle, timeline);
}
