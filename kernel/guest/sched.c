// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched.c - jobs on their way to a ring
 *
 * There is one DRM scheduler a ring. Schedulers never see a ring stop or a job time out:
 * reset.c mends that below them, and then signals the job's fence as always.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <drm/drm_gem.h>
#include <drm/drm_managed.h>

#include "compat.h"
#include "gem.h"

/* --------------------------------------------------------------------- jobs */

static const char *fence_driver_name(struct dma_fence *fence)
{
	return "refgpu";
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "ring";
}

static void fence_work(struct work_struct *work)
{
	struct refgpu_job_fence *fence =
		container_of(to_rcu_work(work), struct refgpu_job_fence, work);
	struct refgpu *gpu = fence->gpu;

	kfree(fence);
	drm_dev_put(&gpu->drm);
	module_put(THIS_MODULE);
}

static void fence_release(struct dma_fence *base)
{
	struct refgpu_job_fence *fence = container_of(base, struct refgpu_job_fence, base);

	if (fence->gpu)
		queue_rcu_work(refgpu_wq, &fence->work);
	else
		kfree_rcu(fence, base.rcu);
}

/*
 * Whoever has a sync file of a job has the scheduler's fence, whose name is in the
 * scheduler. That holds the job's fence, and so device and module. Nobody else gets the
 * fences of the kernel's jobs, and its entity has the last one until the end.
 */
static const struct dma_fence_ops fence_ops = {
	.get_driver_name	= fence_driver_name,
	.get_timeline_name	= fence_timeline_name,
	.release		= fence_release,
};

/**
 * refgpu_job_create - a job that the scheduler does not know yet
 * @context: whose
 * @packets: taken, also in case of error
 * @count: how many
 *
 * Return: the job, or NULL: there is no memory.
 */
struct refgpu_job *refgpu_job_create(struct refgpu_context *context, void *packets,
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
		fence->gpu = context->file->gpu;
		drm_dev_get(&fence->gpu->drm);
		INIT_RCU_WORK(&fence->work, fence_work);
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

/**
 * refgpu_job_free - end a job
 * @job: of which the scheduler does not know, or no longer
 */
void refgpu_job_free(struct refgpu_job *job)
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
	struct refgpu_job *job = job_of(base);

	/* The scheduler's fence of one that never ran may outlast it, too. */
	if (!base->s_fence->parent)
		base->s_fence->parent = dma_fence_get(&job->fence->base);
	drm_sched_job_cleanup(base);
	refgpu_job_free(job);
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

	job = refgpu_job_create(context, packets, count);
	if (!job)
		return ERR_PTR(-ENOMEM);
	drm_gem_object_get(refgpu_bo_object(bo));
	job->bo = bo;
	mutex_lock(&context->submit);
	ret = context->ended ? -ENODEV :
	      refgpu_drm_sched_job_init(&job->base, &context->entity, NULL, 0);
	if (ret) {
		mutex_unlock(&context->submit);
		refgpu_job_free(job);
		return ERR_PTR(ret);
	}
	drm_sched_job_arm(&job->base);
	fence = dma_fence_get(&job->base.s_fence->finished);
	drm_sched_entity_push_job(&job->base);
	mutex_unlock(&context->submit);
	return fence;
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
	context = refgpu_context_create(NULL, DRM_SCHED_PRIORITY_KERNEL, &kernel, 1);
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
	refgpu_context_end(context);
	wait_event(context->room, !atomic_read(&context->jobs));
}
