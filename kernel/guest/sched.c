// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched.c - files, contexts, and jobs on their way to a ring
 *
 * A context is an entity of the DRM scheduler, one scheduler a ring. Schedulers never
 * see a ring stop or a job time out: reset.c mends that below them, and then signals
 * the job's fence as always.
 */
#include <linux/capability.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>
#include <drm/drm_syncobj.h>

#include "compat.h"
#include "gem.h"
#include "trace.h"

#define CONTEXT_JOBS_MAX	64
#define FILE_CONTEXTS_MAX	4096

/* -------------------------------------------------------------------- files */

static void reservation_free(struct drm_gem_object *object)
{
	drm_gem_object_release(object);
	kfree(object);
}

static const struct drm_gem_object_funcs reservation_funcs = { .free = reservation_free };

/* In a work item: the last job may have gone in the scheduler's own context. */
static void file_work(struct work_struct *work)
{
	struct refgpu_file *file = container_of(work, struct refgpu_file, work);
	struct refgpu *gpu = file->gpu;

	refgpu_rights_destroy(file);
	xa_destroy(&file->contexts);
	xa_destroy(&file->grants);
	mutex_destroy(&file->lock);
	drm_gem_object_put(file->reservation);
	cmpxchg(&gpu->owner, file, NULL);
	drm_dev_put(&gpu->drm);
	if (file->has_module)
		module_put(THIS_MODULE);
	kfree(file);
}

static void file_release(struct kref *ref)
{
	struct refgpu_file *file = container_of(ref, struct refgpu_file, ref);

	queue_work(refgpu_wq, &file->work);
}

/**
 * refgpu_file_get - hold a file
 * @file: the file
 */
struct refgpu_file *refgpu_file_get(struct refgpu_file *file)
{
	kref_get(&file->ref);
	return file;
}

/**
 * refgpu_file_put - let go of it
 * @file: the file
 *
 * Any context.
 */
void refgpu_file_put(struct refgpu_file *file)
{
	kref_put(&file->ref, file_release);
}

/**
 * refgpu_open - see struct drm_driver
 * @drm: the device
 * @drm_file: the new file
 */
int refgpu_open(struct drm_device *drm, struct drm_file *drm_file)
{
	static atomic64_t next_id;
	struct refgpu *gpu = refgpu_of(drm);
	struct refgpu_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->reservation = kzalloc(sizeof(*file->reservation), GFP_KERNEL_ACCOUNT);
	if (!file->reservation) {
		kfree(file);
		return -ENOMEM;
	}
	drm_gem_private_object_init(drm, file->reservation, 0);
	file->reservation->funcs = &reservation_funcs;
	file->gpu = gpu;
	file->id = atomic64_inc_return(&next_id);
	kref_init(&file->ref);
	INIT_WORK(&file->work, file_work);
	xa_init_flags(&file->contexts, XA_FLAGS_ALLOC1);
	mutex_init(&file->lock);
	xa_init(&file->grants);
	/* Its jobs may outlast it. */
	drm_dev_get(drm);
	drm_file->driver_priv = file;
	return 0;
}

/* ----------------------------------------------------------------- contexts */

static void context_release(struct kref *ref)
{
	struct refgpu_context *context = container_of(ref, struct refgpu_context, ref);

	if (context->file)
		refgpu_file_put(context->file);
	kfree(context);
}

/**
 * refgpu_context_put - let go of a context
 * @context: the context
 */
void refgpu_context_put(struct refgpu_context *context)
{
	kref_put(&context->ref, context_release);
}

static struct refgpu_context *context_create(struct refgpu_file *file,
					     enum drm_sched_priority priority,
					     struct drm_gpu_scheduler **scheds,
					     unsigned int count)
{
	struct refgpu_context *context = kzalloc(sizeof(*context), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!context)
		return ERR_PTR(-ENOMEM);
	ret = drm_sched_entity_init(&context->entity, priority, scheds, count, NULL);
	if (ret) {
		kfree(context);
		return ERR_PTR(ret);
	}
	kref_init(&context->ref);
	mutex_init(&context->submit);
	spin_lock_init(&context->lock);
	init_waitqueue_head(&context->room);
	if (file)
		context->file = refgpu_file_get(file);
	return context;
}

/* No job comes any more; those that the scheduler has are cancelled. */
static void context_end(struct refgpu_context *context)
{
	mutex_lock(&context->submit);
	context->ended = true;
	drm_sched_entity_fini(&context->entity);
	mutex_unlock(&context->submit);
	wake_up_all(&context->room);
	refgpu_context_put(context);
}

static struct refgpu_context *context_find(struct refgpu_file *file, u32 id)
{
	struct refgpu_context *context;

	xa_lock(&file->contexts);
	context = xa_load(&file->contexts, id);
	if (context)
		kref_get(&context->ref);
	xa_unlock(&file->contexts);
	return context;
}

/**
 * refgpu_postclose - see struct drm_driver
 * @drm: the device
 * @drm_file: a file without handles
 */
void refgpu_postclose(struct drm_device *drm, struct drm_file *drm_file)
{
	struct refgpu_file *file = drm_file->driver_priv;
	struct refgpu_context *context;
	unsigned long id;

	xa_for_each(&file->contexts, id, context) {
		xa_erase(&file->contexts, id);
		context_end(context);
	}
	refgpu_file_put(file);
}

/**
 * refgpu_context_takes_jobs - are its jobs still to be executed?
 * @context: the context
 */
bool refgpu_context_takes_jobs(struct refgpu_context *context)
{
	enum drm_refgpu_context_state state = READ_ONCE(context->state);

	return state == DRM_REFGPU_CONTEXT_OK || state == DRM_REFGPU_CONTEXT_INNOCENT;
}

/**
 * refgpu_context_blame - note what happened to a context; the worst stays
 * @context: the context; never the kernel's: its jobs are right
 * @state: of it
 * @error: enum refgpu_error
 * @address: see struct drm_refgpu_context_status
 * @where: likewise
 */
void refgpu_context_blame(struct refgpu_context *context, enum drm_refgpu_context_state state,
			  u32 error, u64 address, u64 where)
{
	if (!context->file)
		return;
	spin_lock(&context->lock);
	if (refgpu_context_takes_jobs(context)) {
		context->error = error;
		context->address = address;
		context->where = where;
		WRITE_ONCE(context->state, state);
	}
	spin_unlock(&context->lock);
	wake_up_all(&context->room);
}

/**
 * refgpu_context_create_ioctl - DRM_IOCTL_REFGPU_CONTEXT_CREATE
 * @drm: the device
 * @data: struct drm_refgpu_context_create
 * @drm_file: whose
 */
int refgpu_context_create_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_context_create *args = data;
	enum drm_sched_priority priority = DRM_SCHED_PRIORITY_NORMAL;
	struct refgpu_file *file = drm_file->driver_priv, *owner;
	struct refgpu *gpu = refgpu_of(drm);
	struct refgpu_context *context;
	int ret;

	if (args->flags || args->pad)
		return -EINVAL;
	if (gpu->display_only)
		return -EOPNOTSUPP;
	if (args->priority > 0) {
		if (!capable(CAP_SYS_NICE))
			return -EACCES;
		priority = DRM_SCHED_PRIORITY_HIGH;
	} else if (args->priority < 0) {
		priority = DRM_SCHED_PRIORITY_LOW;
	}
	if (!refgpu_isolates(gpu)) {
		/* Its jobs reach all of the GPU's memory, and so all of the guest. */
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		owner = cmpxchg(&gpu->owner, NULL, file);
		if (owner && owner != file)
			return -EBUSY;
	}
	mutex_lock(&file->lock);
	ret = refgpu_rights_create(file);
	/* Not in refgpu_open(): the console's file is of the module itself. */
	if (!ret && !file->has_module) {
		__module_get(THIS_MODULE);
		file->has_module = true;
	}
	mutex_unlock(&file->lock);
	if (ret)
		return ret;
	context = context_create(file, priority, gpu->user_scheds, REFGPU_USER_RINGS);
	if (IS_ERR(context))
		return PTR_ERR(context);
	ret = xa_alloc(&file->contexts, &args->id, context, XA_LIMIT(1, FILE_CONTEXTS_MAX),
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		context_end(context);
	return ret == -EBUSY ? -ENOSPC : ret;
}

/**
 * refgpu_context_destroy_ioctl - DRM_IOCTL_REFGPU_CONTEXT_DESTROY
 * @drm: the device
 * @data: struct drm_refgpu_context_destroy
 * @drm_file: whose
 */
int refgpu_context_destroy_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_context_destroy *args = data;
	struct refgpu_file *file = drm_file->driver_priv;
	struct refgpu_context *context;

	if (args->pad)
		return -EINVAL;
	context = xa_erase(&file->contexts, args->id);
	if (!context)
		return -ENOENT;
	context_end(context);
	return 0;
}

/**
 * refgpu_context_status_ioctl - DRM_IOCTL_REFGPU_CONTEXT_STATUS
 * @drm: the device
 * @data: struct drm_refgpu_context_status
 * @drm_file: whose
 */
int refgpu_context_status_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_context_status *args = data;
	struct refgpu_context *context;

	if (args->pad)
		return -EINVAL;
	context = context_find(drm_file->driver_priv, args->id);
	if (!context)
		return -ENOENT;
	spin_lock(&context->lock);
	args->state = context->state;
	args->error = context->error;
	args->address = context->address;
	args->where = context->where;
	spin_unlock(&context->lock);
	refgpu_context_put(context);
	return 0;
}

/* --------------------------------------------------------------------- jobs */

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "refgpu";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "ring";
}

static void fence_free(struct rcu_head *rcu)
{
	struct dma_fence *base = container_of(rcu, struct dma_fence, rcu);
	struct refgpu_job_fence *fence = container_of(base, struct refgpu_job_fence, base);
	bool has_module = fence->has_module;

	kfree(fence);
	if (has_module)
		module_put(THIS_MODULE);
}

static void fence_release(struct dma_fence *fence)
{
	call_rcu(&fence->rcu, fence_free);
}

/*
 * Whoever has a sync file of a job has its fence, and so keeps the module. Nobody else
 * gets the fences of the kernel's jobs, and its entity has the last one until the end.
 */
static const struct dma_fence_ops fence_ops = {
	.get_driver_name	= fence_driver_name,
	.get_timeline_name	= fence_timeline_name,
	.release		= fence_release,
};

/* Takes @packets. */
static struct refgpu_job *job_create(struct refgpu_context *context, void *packets,
				     unsigned int count)
{
	struct refgpu_job *job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	struct refgpu_job_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);

	if (!job || !fence) {
		kfree(job);
		kfree(fence);
		kvfree(packets);
		return NULL;
	}
	if (context->file) {
		__module_get(THIS_MODULE);
		fence->has_module = true;
	}
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	job->fence = fence;
	job->packets = packets;
	job->count = count;
	INIT_LIST_HEAD(&job->node);
	kref_get(&context->ref);
	job->context = context;
	atomic_inc(&context->jobs);
	return job;
}

static void job_free(struct refgpu_job *job)
{
	struct refgpu_context *context = job->context;

	dma_fence_put(&job->fence->base);
	kvfree(job->packets);
	if (job->bo)
		drm_gem_object_put(refgpu_bo_object(job->bo));
	kfree(job);
	atomic_dec(&context->jobs);
	wake_up_all(&context->room);
	refgpu_context_put(context);
}

static struct refgpu_job *job_of(struct drm_sched_job *base)
{
	return container_of(base, struct refgpu_job, base);
}

static struct dma_fence *sched_run(struct drm_sched_job *base)
{
	struct refgpu_ring *ring = container_of(base->sched, struct refgpu_ring, sched);
	struct refgpu_job *job = job_of(base);
	struct dma_fence *fence;

	if (!refgpu_context_takes_jobs(job->context))
		return ERR_PTR(-ECANCELED);
	fence = dma_fence_get(&job->fence->base);
	refgpu_ring_add(ring, job);
	return fence;
}

static void sched_free(struct drm_sched_job *base)
{
	drm_sched_job_cleanup(base);
	job_free(job_of(base));
}

/* No timedout_job: no scheduler has a timeout. */
static const struct drm_sched_backend_ops sched_ops = {
	.run_job	= sched_run,
	.free_job	= sched_free,
};

/**
 * refgpu_kernel_job - submit a job of the kernel, which may reach everything
 * @gpu: the GPU
 * @bo: what it is about; stays until it is done
 * @packets: taken, also in case of error
 * @count: how many
 *
 * Return: its fence, for the caller to put.
 */
struct dma_fence *refgpu_kernel_job(struct refgpu *gpu, struct refgpu_bo *bo, void *packets,
				    unsigned int count)
{
	struct refgpu_context *context = gpu->kernel;
	struct dma_fence *fence;
	struct refgpu_job *job;
	int ret;

	job = job_create(context, packets, count);
	if (!job)
		return ERR_PTR(-ENOMEM);
	drm_gem_object_get(refgpu_bo_object(bo));
	job->bo = bo;
	mutex_lock(&context->submit);
	ret = context->ended ? -ENODEV :
	      refgpu_drm_sched_job_init(&job->base, &context->entity, NULL, 0);
	if (ret) {
		mutex_unlock(&context->submit);
		job_free(job);
		return ERR_PTR(ret);
	}
	drm_sched_job_arm(&job->base);
	fence = dma_fence_get(&job->base.s_fence->finished);
	drm_sched_entity_push_job(&job->base);
	mutex_unlock(&context->submit);
	return fence;
}

/* ------------------------------------------------------------------- submit */

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

	job = job_create(context, packets, args->packet_count);
	if (!job)
		return -ENOMEM;
	mutex_lock(&context->submit);
	ret = context->ended ? -ENOENT :
	      refgpu_drm_sched_job_init(&job->base, &context->entity, drm_file,
					context->file->id);
	if (ret) {
		job_free(job);
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
	if (ret)
		sched_free(&job->base);
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
	context = context_find(drm_file->driver_priv, args->context);
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

/* ---------------------------------------------------------- begin and end */

static void scheds_end(struct drm_device *drm, void *unused)
{
	struct refgpu *gpu = refgpu_of(drm);
	unsigned int i;

	if (gpu->kernel)
		refgpu_context_put(gpu->kernel);
	for (i = 0; i < REFGPU_RINGS; i++)
		if (gpu->rings[i].sched.ready)
			drm_sched_fini(&gpu->rings[i].sched);
}

/**
 * refgpu_sched_init - put a scheduler in front of every ring
 * @gpu: with rings
 */
int refgpu_sched_init(struct refgpu *gpu)
{
	static const char * const names[REFGPU_RINGS] = {
		"refgpu-0", "refgpu-1", "refgpu-2", "refgpu-3",
	};
	struct drm_gpu_scheduler *kernel = &gpu->rings[0].sched;
	struct refgpu_context *context;
	unsigned int i;
	int ret;

	ret = drmm_add_action_or_reset(&gpu->drm, scheds_end, NULL);
	for (i = 0; i < REFGPU_RINGS && !ret; i++) {
		ret = refgpu_drm_sched_init(&gpu->rings[i].sched, &sched_ops,
					    REFGPU_JOBS_IN_RING, names[i], gpu->drm.dev);
		if (i)
			gpu->user_scheds[i - 1] = &gpu->rings[i].sched;
	}
	if (ret)
		return ret;
	context = context_create(NULL, DRM_SCHED_PRIORITY_KERNEL, &kernel, 1);
	if (IS_ERR(context))
		return PTR_ERR(context);
	/* Calls that were begun before the end may still look at it after. */
	kref_get(&context->ref);
	gpu->kernel = context;
	return 0;
}

/**
 * refgpu_sched_end - no more jobs of the kernel; wait for those that there are
 * @gpu: gone, so that none takes long
 */
void refgpu_sched_end(struct refgpu *gpu)
{
	struct refgpu_context *context = gpu->kernel;

	if (!context)
		return;
	context_end(context);
	wait_event(context->room, !atomic_read(&context->jobs));
}
