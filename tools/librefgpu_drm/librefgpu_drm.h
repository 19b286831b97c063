/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * librefgpu_drm.h - librefgpu_drm: jobs on a vGPU, or a whole reference GPU, by way of
 * its DRM driver, refgpu.ko
 *
 * Functions return 0 or a negative errno; refgpu_drm_message() says what failed, in
 * words. Nothing here prints, ends the process or keeps global state but that message,
 * which each thread has for itself. Any number of threads may use a device, buffer,
 * context or timeline at once; the one that gives it back must be the last.
 *
 * A device is given back after everything that was made with it. Structures come from
 * the library and are for reading; they grow at their end, except struct
 * refgpu_drm_point and struct refgpu_drm_job, which stay what they are.
 *
 * Times are nanoseconds from now; below 0: without end. What is not so by then is
 * -ETIME.
 */
#ifndef LIBREFGPU_DRM_H
#define LIBREFGPU_DRM_H

#include <stddef.h>
#include <stdint.h>

#include "refgpu_drm.h"
#include "refgpu_hw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- device */

struct refgpu_drm;

int refgpu_drm_open(struct refgpu_drm **drm, const char *node);
void refgpu_drm_close(struct refgpu_drm *drm);
int refgpu_drm_fd(const struct refgpu_drm *drm);
int refgpu_drm_param(const struct refgpu_drm *drm, enum drm_refgpu_param param,
		     uint64_t *value);
const char *refgpu_drm_message(void);
const char *refgpu_drm_version(void);

/* --------------------------------------------------------------- buffers */

/**
 * struct refgpu_drm_buffer - memory that jobs reach
 * @address: for packets and kernels; stays the same for life
 * @size: bytes, a multiple of 64 KiB if it was made here
 * @handle: of the kernel, for calls that the library does not have
 * @flags: DRM_REFGPU_BO_*
 */
struct refgpu_drm_buffer {
	uint64_t address;
	uint64_t size;
	uint32_t handle;
	uint32_t flags;
};

int refgpu_drm_buffer_create(struct refgpu_drm *drm, uint64_t size, uint32_t flags,
			     struct refgpu_drm_buffer **buffer);
void refgpu_drm_buffer_destroy(struct refgpu_drm_buffer *buffer);
int refgpu_drm_buffer_map(struct refgpu_drm_buffer *buffer, void **memory);
int refgpu_drm_buffer_wait(struct refgpu_drm_buffer *buffer, uint32_t flags,
			   int64_t timeout_ns);
int refgpu_drm_buffer_export(struct refgpu_drm_buffer *buffer, int *fd);
int refgpu_drm_buffer_import(struct refgpu_drm *drm, int fd,
			     struct refgpu_drm_buffer **buffer);

/* ------------------------------------------------------------- timelines */

/**
 * struct refgpu_drm_timeline - points that are reached in the order of their numbers
 * @handle: of the kernel's syncobj
 */
struct refgpu_drm_timeline {
	uint32_t handle;
};

/**
 * struct refgpu_drm_point - a point of a timeline
 * @timeline: of the same device
 * @point: 1 or more
 */
struct refgpu_drm_point {
	struct refgpu_drm_timeline *timeline;
	uint64_t point;
};

int refgpu_drm_timeline_create(struct refgpu_drm *drm,
			       struct refgpu_drm_timeline **timeline);
void refgpu_drm_timeline_destroy(struct refgpu_drm_timeline *timeline);
int refgpu_drm_timeline_signal(struct refgpu_drm_timeline *timeline, uint64_t point);
int refgpu_drm_timeline_wait(struct refgpu_drm_timeline *timeline, uint64_t point,
			     int64_t timeout_ns);
int refgpu_drm_timeline_reached(struct refgpu_drm_timeline *timeline, uint64_t *point);
int refgpu_drm_timeline_export(struct refgpu_drm_timeline *timeline, int *fd);
int refgpu_drm_timeline_import(struct refgpu_drm *drm, int fd,
			       struct refgpu_drm_timeline **timeline);

/* ------------------------------------------------------ contexts and jobs */

/**
 * struct refgpu_drm_context - a queue of jobs, which are executed in order
 * @timeline: each job's end is a point of it: 1, 2, ...
 * @id: of the kernel, for calls that the library does not have
 */
struct refgpu_drm_context {
	struct refgpu_drm_timeline *timeline;
	uint32_t id;
};

/**
 * struct refgpu_drm_job - what a context is to do
 * @packets: of REFGPU_PACKET_SIZE bytes each: struct refgpu_fill, refgpu_copy,
 *	refgpu_dispatch, refgpu_timestamp
 * @waits: points that are to be reached before
 * @signals: points that are reached with its end
 * @buffers: SHARED ones that it uses, each once
 * @packet_count: how many, at most DRM_REFGPU_SUBMIT_PACKETS_MAX
 * @wait_count: how many
 * @signal_count: how many; with those to wait for, and the context's own, at most
 *	DRM_REFGPU_SUBMIT_SYNCS_MAX
 * @buffer_count: how many, at most DRM_REFGPU_SUBMIT_BOS_MAX
 *
 * All that is not needed is 0.
 */
struct refgpu_drm_job {
	const void *packets;
	const struct refgpu_drm_point *waits;
	const struct refgpu_drm_point *signals;
	struct refgpu_drm_buffer *const *buffers;
	uint32_t packet_count;
	uint32_t wait_count;
	uint32_t signal_count;
	uint32_t buffer_count;
};

int refgpu_drm_context_create(struct refgpu_drm *drm, int priority,
			      struct refgpu_drm_context **context);
void refgpu_drm_context_destroy(struct refgpu_drm_context *context);
int refgpu_drm_context_status(struct refgpu_drm_context *context,
			      struct drm_refgpu_context_status *status);
int refgpu_drm_submit(struct refgpu_drm_context *context, const struct refgpu_drm_job *job,
		      uint64_t *point);
int refgpu_drm_wait(struct refgpu_drm_context *context, uint64_t point,
		    int64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif /* LIBREFGPU_DRM_H */
