// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - open files of the device, and their contexts
 *
 * A context is an entity of the DRM scheduler. Both outlast their users as long as jobs
 * hold them.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "compat.h"
#include "drv.h"

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

/**
 * refgpu_context_create - a new context
 * @file: whose; NULL: the kernel's
 * @priority: of its jobs
 * @scheds: of the rings that they may go to
 * @count: how many
 *
 * Return: the context, for refgpu_context_end(), or an error.
 */
struct refgpu_context *refgpu_context_create(struct refgpu_file *file,
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

/**
 * refgpu_context_end - no job comes any more; those that the scheduler has are cancelled
 * @context: let go of
 *
 * May sleep, until the scheduler has let go of its jobs, too.
 */
void refgpu_context_end(struct refgpu_context *context)
{
	struct refgpu_ring *ring;

	mutex_lock(&context->submit);
	context->ended = true;
	/* Without a new job it stays on this ring. */
	ring = container_of(context->entity.rq->sched, struct refgpu_ring, sched);
	mutex_lock(&ring->ending);
	refgpu_drm_sched_entity_fini(&ring->sched, &context->entity);
	mutex_unlock(&ring->ending);
	mutex_unlock(&context->submit);
	wake_up_all(&context->room);
	refgpu_context_put(context);
}

/**
 * refgpu_context_find - a context by its number
 * @file: whose
 * @id: number
 *
 * Return: the context, to be put, or NULL.
 */
struct refgpu_context *refgpu_context_find(struct refgpu_file *file, u32 id)
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
		refgpu_context_end(context);
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
	context = refgpu_context_create(file, priority, gpu->user_scheds, REFGPU_USER_RINGS);
	if (IS_ERR(context))
		return PTR_ERR(context);
	ret = xa_alloc(&file->contexts, &args->id, context, XA_LIMIT(1, FILE_CONTEXTS_MAX),
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		refgpu_context_end(context);
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
	refgpu_context_end(context);
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
	context = refgpu_context_find(drm_file->driver_priv, args->id);
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
