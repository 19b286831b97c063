// SPDX-License-Identifier: GPL-2.0-only
/*
 * submit.c - SUBMIT: a user's packets become a job, with what it waits for and signals
 */
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_syncobj.h>

#include "compat.h"
#include "gem.h"
#include "trace.h"

#define CONTEXT_JOBS_MAX	64

/**
 * struct output - a syncobj that the job will signal
 * @syncobj: the syncobj
 * @chain: link of its timeline; NULL: it is binary
 * @point: on the timeline
 */
struct output {
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain;
	u64 point;
};

/**
 * struct submission - what SUBMIT has collected
 * @syncs: the user's list
 * @outputs: those of them that the job will signal
 * @output_count: how many
 * @objects: the file's reservation and the shared buffers
 * @object_count: how many
 */
struct submission {
	struct drm_refgpu_sync *syncs;
	struct output outputs[DRM_REFGPU_SUBMIT_SYNCS_MAX];
	unsigned int output_count;
	struct drm_gem_object *objects[DRM_REFGPU_SUBMIT_BOS_MAX + 1];
	unsigned int object_count;
};

static void submission_end(struct submission *submission)
{
	unsigned int i;

	for (i = 0; i < submission->output_count; i++) {
		dma_fence_chain_free(submission->outputs[i].chain);
		drm_syncobj_put(submission->outputs[i].syncobj);
	}
	for (i = 0; i < submission->object_count; i++)
		drm_gem_object_put(submission->objects[i]);
	kfree(submission->syncs);
	kvfree(submission);
}

/*
 * Rights and registers are what keeps a hostile packet from harm; this list is what
 * the kernel's own packets in the ring need to stay alone.
 */
static bool opcode_is_allowed(u16 opcode)
{
	switch (opcode) {
	case REFGPU_OP_NOP:
	case REFGPU_OP_FILL:
	case REFGPU_OP_COPY:
	case REFGPU_OP_DISPATCH:
	case REFGPU_OP_TIMESTAMP:
		return true;
	default:
		return false;
	}
}

static void *copy_packets(const struct drm_refgpu_submit *args)
{
	unsigned int i;
	void *packets;

	if (!args->packet_count)
		return NULL;
	packets = kvmalloc_array(args->packet_count, REFGPU_PACKET_SIZE, GFP_KERNEL_ACCOUNT);
	if (!packets)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(packets, u64_to_user_ptr(args->packets),
			   args->packet_count * REFGPU_PACKET_SIZE)) {
		kvfree(packets);
		return ERR_PTR(-EFAULT);
	}
	for (i = 0; i < args->packet_count; i++) {
		const struct refgpu_packet_header *header = packets + i * REFGPU_PACKET_SIZE;

		if (!opcode_is_allowed(header->opcode)) {
			kvfree(packets);
			return ERR_PTR(-EINVAL);
		}
	}
	return packets;
}

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t left = *(const uintptr_t *)a, right = *(const uintptr_t *)b;

	return left < right ? -1 : left > right;
}

/* Each reservation must be locked once, so each buffer may be named once. */
static int find_objects(struct submission *submission, const struct drm_refgpu_submit *args,
			struct drm_file *drm_file)
{
	const u32 __user *handles = u64_to_user_ptr(args->bos);
	struct refgpu_file *file = drm_file->driver_priv;
	struct drm_gem_object *object, **objects = submission->objects;
	unsigned int i;
	u32 handle;

	drm_gem_object_get(file->reservation);
	objects[submission->object_count++] = file->reservation;
	for (i = 0; i < args->bo_count; i++) {
		if (get_user(handle, handles + i))
			return -EFAULT;
		object = drm_gem_object_lookup(drm_file, handle);
		if (!object)
			return -ENOENT;
		objects[submission->object_count++] = object;
		if (refgpu_bo_of(object)->owner)
			return -EINVAL;
	}
	sort(objects + 1, args->bo_count, sizeof(*objects), compare_pointers, NULL);
	for (i = 2; i < submission->object_count; i++)
		if (objects[i] == objects[i - 1])
			return -EINVAL;
	return 0;
}

static int find_outputs(struct submission *submission, const struct drm_refgpu_submit *args,
			struct drm_file *drm_file)
{
	const struct drm_refgpu_sync *sync = submission->syncs;
	struct output *output;
	unsigned int i;

	for (i = 0; i < args->sync_count; i++, sync++) {
		if (!sync->flags || sync->flags & ~(DRM_REFGPU_SYNC_IN | DRM_REFGPU_SYNC_OUT))
			return -EINVAL;
		if (!(sync->flags & DRM_REFGPU_SYNC_OUT))
			continue;
		output = &submission->outputs[submission->output_count];
		output->point = sync->point;
		output->syncobj = drm_syncobj_find(drm_file, sync->handle);
		if (!output->syncobj)
			return -ENOENT;
		submission->output_count++;
		if (sync->point) {
			output->chain = dma_fence_chain_alloc();
			if (!output->chain)
				return -ENOMEM;
		}
	}
	return 0;
}

static int add_inputs(struct submission *submission, const struct drm_refgpu_submit *args,
		      struct drm_file *drm_file, struct refgpu_job *job)
{
	const struct drm_refgpu_sync *sync = submission->syncs;
	struct dma_fence *fence;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < args->sync_count && !ret; i++, sync++) {
		if (!(sync->flags & DRM_REFGPU_SYNC_IN))
			continue;
		ret = drm_syncobj_find_fence(drm_file, sync->handle, sync->point, 0, &fence);
		if (!ret)
			ret = drm_sched_job_add_dependency(&job->base, fence);
	}
	return ret;
}

/* With the reservations locked. */
static int add_implicit(struct submission *submission, struct refgpu_job *job)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < submission->object_count && !ret; i++) {
		ret = dma_resv_reserve_fences(submission->objects[i]->resv, 1);
		/* The first is the file's own, whose jobs have no order. */
		if (!ret && i)
			ret = drm_sched_job_add_implicit_dependencies(&job->base,
								      submission->objects[i],
								      true);
	}
	return ret;
}

/* From here on nothing fails. */
static u64 push(struct submission *submission, struct refgpu_job *job)
{
	struct dma_fence *fence;
	struct output *output;
	unsigned int i;
	u64 seqno;

	drm_sched_job_arm(&job->base);
	fence = dma_fence_get(&job->base.s_fence->finished);
	seqno = fence->seqno;
	for (i = 0; i < submission->object_count; i++)
		dma_resv_add_fence(submission->objects[i]->resv, fence, DMA_RESV_USAGE_WRITE);
	for (i = 0; i < submission->output_count; i++) {
		output = &submission->outputs[i];
		if (output->chain)
			drm_syncobj_add_point(output->syncobj, output->chain, fence,
					      output->point);
		else
			drm_syncobj_replace_fence(output->syncobj, fence);
		output->chain = NULL;
	}
	trace_refgpu_job_submit(job, submission->object_count - 1);
	drm_sched_entity_push_job(&job->base);
	dma_fence_put(fence);
	return seqno;
}

static int submit(struct refgpu_context *context, struct submission *submission,
		  struct drm_refgpu_submit *args, struct drm_file *drm_file, void *packets)
{
	struct ww_acquire_ctx ticket;
	struct refgpu_job *job;
	int ret;

	job = refgpu_job_create(context, packets, args->packet_count);
	if (!job)
		return -ENOMEM;
	mutex_lock(&context->submit);
	ret = context->ended ? -ENOENT :
	      refgpu_drm_sched_job_init(&job->base, &context->entity, drm_file,
					context->file->id);
	if (ret) {
		refgpu_job_free(job);
		goto unlock;
	}
	ret = add_inputs(submission, args, drm_file, job);
	if (ret)
		goto cleanup;
	ret = drm_gem_lock_reservations(submission->objects, submission->object_count, &ticket);
	if (ret)
		goto cleanup;
	ret = add_implicit(submission, job);
	if (!ret)
		args->seqno = push(submission, job);
	drm_gem_unlock_reservations(submission->objects, submission->object_count, &ticket);
cleanup:
	if (ret) {
		drm_sched_job_cleanup(&job->base);
		refgpu_job_free(job);
	}
unlock:
	mutex_unlock(&context->submit);
	return ret;
}

static bool has_room(struct refgpu_context *context)
{
	return atomic_read(&context->jobs) < CONTEXT_JOBS_MAX ||
	       !refgpu_context_takes_jobs(context) || READ_ONCE(context->ended);
}

/**
 * refgpu_submit_ioctl - DRM_IOCTL_REFGPU_SUBMIT
 * @drm: the device
 * @data: struct drm_refgpu_submit
 * @drm_file: whose
 */
int refgpu_submit_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_submit *args = data;
	struct submission *submission;
	struct refgpu_context *context;
	void *packets;
	int ret;

	if (args->flags || args->pad || args->packet_count > DRM_REFGPU_SUBMIT_PACKETS_MAX ||
	    args->sync_count > DRM_REFGPU_SUBMIT_SYNCS_MAX ||
	    args->bo_count > DRM_REFGPU_SUBMIT_BOS_MAX)
		return -EINVAL;
	context = refgpu_context_find(drm_file->driver_priv, args->context);
	if (!context)
		return -ENOENT;
	ret = wait_event_interruptible(context->room, has_room(context));
	if (ret)
		goto put_context;
	if (!refgpu_context_takes_jobs(context)) {
		ret = -ECANCELED;
		goto put_context;
	}
	submission = kvzalloc(sizeof(*submission), GFP_KERNEL_ACCOUNT);
	if (!submission) {
		ret = -ENOMEM;
		goto put_context;
	}
	if (args->sync_count)
		submission->syncs = memdup_user(u64_to_user_ptr(args->syncs),
						args->sync_count * sizeof(*submission->syncs));
	if (IS_ERR(submission->syncs)) {
		ret = PTR_ERR(submission->syncs);
		submission->syncs = NULL;
		goto end;
	}
	ret = find_objects(submission, args, drm_file);
	if (!ret)
		ret = find_outputs(submission, args, drm_file);
	if (ret)
		goto end;
	packets = copy_packets(args);
	if (IS_ERR(packets))
		ret = PTR_ERR(packets);
	else
		ret = submit(context, submission, args, drm_file, packets);
end:
	submission_end(submission);
put_context:
	refgpu_context_put(context);
	return ret;
}
