/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - differences between the kernels the module is built for
 *
 * As in kernel/host/compat: new names are used everywhere, a shim says which release
 * made the change, and what decides is what kernel/probe.sh finds in the headers.
 */
#ifndef REFGPU_COMPAT_H
#define REFGPU_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <drm/drm_atomic.h>
#include <drm/drm_drv.h>
#include <drm/drm_edid.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_framebuffer_helper.h>
#include <drm/drm_plane.h>
#include <drm/gpu_scheduler.h>

/* 6.3: vm_flags is written through helpers. */
#ifndef VGPU_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/* 6.6: drivers need not ask for mmap() of what they export. */
#ifdef VGPU_HAVE_GEM_PRIME_MMAP
#define REFGPU_PRIME_OPS						\
	.prime_handle_to_fd	= drm_gem_prime_handle_to_fd,		\
	.prime_fd_to_handle	= drm_gem_prime_fd_to_handle,		\
	.gem_prime_mmap		= drm_gem_prime_mmap,
#else
#define REFGPU_PRIME_OPS
#endif

/* 6.2, and 6.1.y: who unmaps a buffer of another driver need not know of its lock. */
static inline void refgpu_unmap_attachment(struct dma_buf_attachment *attachment,
					   struct sg_table *sgt)
{
#ifdef VGPU_HAVE_DMA_BUF_UNLOCKED
	dma_buf_unmap_attachment_unlocked(attachment, sgt, DMA_BIDIRECTIONAL);
#else
	dma_buf_unmap_attachment(attachment, sgt, DMA_BIDIRECTIONAL);
#endif
}

/* 6.14: a driver has no date. */
#ifdef VGPU_HAVE_DRIVER_DATE
#define REFGPU_DATE	.date = "20261129",
#else
#define REFGPU_DATE
#endif

/* 7.1: what a commit consists of was called its state. */
#ifdef VGPU_HAVE_ATOMIC_COMMIT
#define drm_atomic_state	drm_atomic_commit
#define drm_atomic_state_put	drm_atomic_commit_put
#endif

/* 6.5: an EDID's modes are added in a second step. */
static inline int refgpu_drm_edid_modes(struct drm_connector *connector,
					const struct drm_edid *edid)
{
	int modes = drm_edid_connector_update(connector, edid);

#ifdef VGPU_HAVE_EDID_ADD_MODES
	modes = drm_edid_connector_add_modes(connector);
#endif
	return modes;
}

/* 6.17: DRM says what the format is; since 6.4 it looks whether any plane has it. */
#ifdef VGPU_HAVE_FB_CREATE_INFO
#define refgpu_fb_create	drm_gem_fb_create
#else
static inline struct drm_framebuffer *refgpu_fb_create(struct drm_device *drm,
						       struct drm_file *file,
						       const struct drm_mode_fb_cmd2 *wanted)
{
	if (!drm_any_plane_has_format(drm, wanted->pixel_format, wanted->modifier[0]))
		return ERR_PTR(-EINVAL);
	return drm_gem_fb_create(drm, file, wanted);
}
#endif

/* 6.8: the lowest priority is the last, and called LOW. */
#ifndef VGPU_HAVE_SCHED_PRIORITY_LOW
#define DRM_SCHED_PRIORITY_LOW	DRM_SCHED_PRIORITY_MIN
#endif

/*
 * 6.14: drm_sched_init() takes a struct; since 6.8 one says how many run queues there
 * are. Jobs never time out: reset.c looks after them.
 */
static inline int refgpu_drm_sched_init(struct drm_gpu_scheduler *sched,
					const struct drm_sched_backend_ops *ops,
					u32 limit, const char *name, struct device *dev)
{
#if defined(VGPU_HAVE_SCHED_INIT_ARGS)
	const struct drm_sched_init_args args = {
		.ops		= ops,
#ifdef VGPU_HAVE_SCHED_RUN_QUEUES
		.num_rqs	= DRM_SCHED_PRIORITY_COUNT,
#endif
		.credit_limit	= limit,
		.timeout	= MAX_SCHEDULE_TIMEOUT,
		.name		= name,
		.dev		= dev,
	};

	return drm_sched_init(sched, &args);
#elif defined(VGPU_HAVE_SCHED_RUN_QUEUES)
	return drm_sched_init(sched, ops, NULL, DRM_SCHED_PRIORITY_COUNT, limit, 0,
			      MAX_SCHEDULE_TIMEOUT, NULL, NULL, name, dev);
#else
	return drm_sched_init(sched, ops, limit, 0, MAX_SCHEDULE_TIMEOUT, NULL, NULL,
			      name, dev);
#endif
}

/*
 * 6.8: a scheduler takes jobs in a work item. One that has just taken a job of an entity puts
 * the entity on its run queue again, if it has another job (drm_sched_entity_pop_job(), read
 * in 6.12), even if drm_sched_entity_fini() has taken it off in between. Then the queue has
 * memory that is freed. So no work item goes on meanwhile.
 */
static inline void refgpu_drm_sched_entity_fini(struct drm_gpu_scheduler *sched,
						struct drm_sched_entity *entity)
{
#ifdef VGPU_HAVE_SCHED_WORK_ITEMS
	drm_sched_wqueue_stop(sched);
	drm_sched_entity_fini(entity);
	drm_sched_wqueue_start(sched);
#else
	drm_sched_entity_fini(entity);
#endif
}

/* 6.8: a job says how much of the queue it takes; 6.17: and whose it is. */
static inline int refgpu_drm_sched_job_init(struct drm_sched_job *job,
					    struct drm_sched_entity *entity,
					    void *owner, u64 client)
{
#if defined(VGPU_HAVE_SCHED_JOB_CLIENT)
	return drm_sched_job_init(job, entity, 1, owner, client);
#elif defined(VGPU_HAVE_SCHED_JOB_CREDITS)
	return drm_sched_job_init(job, entity, 1, owner);
#else
	return drm_sched_job_init(job, entity, owner);
#endif
}

#endif /* REFGPU_COMPAT_H */
