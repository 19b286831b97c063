// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * context.c - contexts, their jobs, and what became of these
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/**
 * struct context - a context
 * @public: what its users see of it
 * @drm: its device
 * @lock: the order of its jobs and that of their points are the same; held while the
 *	driver makes a submission wait
 * @submitted: the last point; changed under @lock
 */
struct context {
	struct refgpu_drm_context public;
	struct refgpu_drm *drm;
	pthread_mutex_t lock;
	_Atomic uint64_t submitted;
};

static struct context *context_of(struct refgpu_drm_context *context)
{
	return (struct context *)context; /* its first member */
}

/**
 * refgpu_drm_context_create - make a context
 * @drm: the device
 * @priority: below 0: low; 0: normal; above 0: high, which needs CAP_SYS_NICE
 * @context: the result, to be given to refgpu_drm_context_destroy()
 *
 * Return: 0, or a negative errno. -EBUSY, -EPERM: the hardware does not keep processes
 * apart, and another one has contexts, or this one lacks CAP_SYS_RAWIO; -EACCES: the
 * priority is refused; -EOPNOTSUPP: host and driver do not fit, and jobs are refused.
 */
int refgpu_drm_context_create(struct refgpu_drm *drm, int priority,
			      struct refgpu_drm_context **context)
{
	struct drm_refgpu_context_create args = { .priority = priority };
	struct context *new = calloc(1, sizeof(*new));
	int error;

	*context = NULL;
	if (!new)
		return refgpu_drm_fail(ENOMEM, "cannot create a context");
	error = refgpu_drm_timeline_create(drm, &new->public.timeline);
	if (error)
		goto free_new;
	error = refgpu_drm_call(drm, DRM_IOCTL_REFGPU_CONTEXT_CREATE, &args);
	if (error) {
		refgpu_drm_fail(error, "cannot create a context");
		goto destroy_timeline;
	}
	new->public.id = args.id;
	new->drm = drm;
	pthread_mutex_init(&new->lock, NULL);
	*context = &new->public;
	return 0;

destroy_timeline:
	refgpu_drm_timeline_destroy(new->public.timeline);
free_new:
	free(new);
	return error;
}

/**
 * refgpu_drm_context_destroy - end a context
 * @context: jobs that the GPU has not begun are cancelled; NULL does nothing
 */
void refgpu_drm_context_destroy(struct refgpu_drm_context *context)
{
	struct drm_refgpu_context_destroy args;

	if (!context)
		return;
	args = (struct drm_refgpu_context_destroy) { .id = context->id };
	refgpu_drm_call(context_of(context)->drm, DRM_IOCTL_REFGPU_CONTEXT_DESTROY, &args);
	refgpu_drm_timeline_destroy(context->timeline);
	pthread_mutex_destroy(&context_of(context)->lock);
	free(context);
}

/**
 * refgpu_drm_context_status - what became of a context's jobs
 * @context: any
 * @status: receives it
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_context_status(struct refgpu_drm_context *context,
			      struct drm_refgpu_context_status *status)
{
	int error;

	*status = (struct drm_refgpu_context_status) { .id = context->id };
	error = refgpu_drm_call(context_of(context)->drm, DRM_IOCTL_REFGPU_CONTEXT_STATUS, status);
	return error ? refgpu_drm_fail(error, "cannot look at context %u", context->id) : 0;
}

/* Why a context takes no jobs any more; 0: it does. */
static int verdict(struct refgpu_drm_context *context)
{
	struct drm_refgpu_context_status status;
	int error = refgpu_drm_context_status(context, &status);

	if (error)
		return error;
	switch (status.state) {
	case DRM_REFGPU_CONTEXT_GUILTY:
		return refgpu_drm_fail(EIO, "a job of context %u failed with error %u, address 0x%llx, at 0x%llx",
				       context->id, status.error,
				       (unsigned long long)status.address,
				       (unsigned long long)status.where);
	case DRM_REFGPU_CONTEXT_LOST:
		return refgpu_drm_fail(ECANCELED, "jobs of context %u were lost by a reset",
				       context->id);
	default:
		return 0;
	}
}

static void add_syncs(struct drm_refgpu_sync *syncs, uint32_t *count, uint32_t flags,
		      const struct refgpu_drm_point *points, uint32_t point_count)
{
	uint32_t i;

	for (i = 0; i < point_count; i++)
		syncs[(*count)++] = (struct drm_refgpu_sync) {
			.handle = points[i].timeline->handle,
			.flags = flags,
			.point = points[i].point,
		};
}

/**
 * refgpu_drm_submit - submit a job
 * @context: what executes it, after all that was submitted to it before
 * @job: it
 * @point: receives the point of the context's timeline that is its end; NULL: not wanted
 *
 * Waits while the context has as many jobs as the driver lets it have.
 *
 * Return: 0, or a negative errno. -EINVAL: there is too much of something, a packet is
 * not for programs, a buffer is named twice, or a point to wait for is one that no job
 * was submitted for; -EIO: a job of the context failed before; -ECANCELED: its jobs were
 * lost.
 */
int refgpu_drm_submit(struct refgpu_drm_context *context, const struct refgpu_drm_job *job,
		      uint64_t *point)
{
	struct drm_refgpu_sync syncs[DRM_REFGPU_SUBMIT_SYNCS_MAX];
	uint32_t bos[DRM_REFGPU_SUBMIT_BOS_MAX], i;
	struct drm_refgpu_submit args = {
		.context = context->id,
		.packets = (uintptr_t)job->packets,
		.syncs = (uintptr_t)syncs,
		.bos = (uintptr_t)bos,
		.packet_count = job->packet_count,
		.bo_count = job->buffer_count,
	};
	struct context *mine = context_of(context);
	struct refgpu_drm_point end = { .timeline = context->timeline };
	int error;

	if ((uint64_t)job->wait_count + job->signal_count + 1 > DRM_REFGPU_SUBMIT_SYNCS_MAX ||
	    job->buffer_count > DRM_REFGPU_SUBMIT_BOS_MAX)
		return refgpu_drm_fail(EINVAL, "cannot submit a job with %u points to wait for, %u to signal, %u buffers",
				       job->wait_count, job->signal_count,
				       job->buffer_count);
	for (i = 0; i < job->buffer_count; i++)
		bos[i] = job->buffers[i]->handle;
	add_syncs(syncs, &args.sync_count, DRM_REFGPU_SYNC_IN, job->waits, job->wait_count);
	add_syncs(syncs, &args.sync_count, DRM_REFGPU_SYNC_OUT, job->signals,
		  job->signal_count);

	pthread_mutex_lock(&mine->lock);
	end.point = mine->submitted + 1;
	add_syncs(syncs, &args.sync_count, DRM_REFGPU_SYNC_OUT, &end, 1);
	error = refgpu_drm_call(mine->drm, DRM_IOCTL_REFGPU_SUBMIT, &args);
	if (!error)
		mine->submitted = end.point;
	pthread_mutex_unlock(&mine->lock);

	if (error == -ECANCELED) {
		int reason = verdict(context);

		if (reason)
			return reason;
	}
	if (error)
		return refgpu_drm_fail(error, "cannot submit a job of %u packets to context %u",
				       job->packet_count, context->id);
	if (point)
		*point = end.point;
	return 0;
}

/**
 * refgpu_drm_wait - wait for a job
 * @context: its context
 * @point: as refgpu_drm_submit() gave it
 * @timeout_ns: how long; 0: look only
 *
 * Return: 0, or a negative errno. -ETIME: it is not done; -EIO: a job of the context
 * failed, this one, one before, or one after it; -ECANCELED: jobs of the context were lost
 * by a reset; -EINVAL: no such job was submitted; -ENODEV: the GPU is gone.
 */
int refgpu_drm_wait(struct refgpu_drm_context *context, uint64_t point, int64_t timeout_ns)
{
	struct context *mine = context_of(context);
	uint64_t submitted;
	int error;

	submitted = mine->submitted;
	if (!point || point > submitted)
		return refgpu_drm_fail(EINVAL, "cannot wait for job %llu of context %u, which has %llu",
				       (unsigned long long)point, context->id,
				       (unsigned long long)submitted);
	error = refgpu_drm_timeline_wait(context->timeline, point, timeout_ns);
	return error ? error : verdict(context);
}
