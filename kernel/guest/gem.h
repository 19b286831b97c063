/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gem.h - buffers
 */
#ifndef REFGPU_GEM_H
#define REFGPU_GEM_H

#include <drm/drm_gem_shmem_helper.h>

#include "drv.h"

/**
 * struct refgpu_bo - a buffer
 * @shmem: the GEM object; of system memory, the pages too
 * @owner: the file that alone may have it, NULL: it is SHARED
 * @flags: DRM_REFGPU_BO_*
 * @node: bytes of video memory, or pages of the aperture
 * @link: in the GPU's list of buffers in the aperture, or of zombies
 * @mapped: the GPU may reach it through the aperture; with @link, protected by
 *	struct refgpu.mapping
 * @detached: another driver's buffer that it is, when the device is not attached to that
 *	any more
 * @stand_in: page that processors see in its place when the GPU is gone
 */
struct refgpu_bo {
	struct drm_gem_shmem_object shmem; /* first: the helper frees it */
	struct refgpu_file *owner;
	u32 flags;
	struct drm_mm_node node;
	struct list_head link;
	bool mapped;
	struct dma_buf *detached;
	struct page *stand_in;
};

/**
 * struct refgpu_grant - a buffer that a file has, or had when it submitted jobs
 * @file: the file
 * @bo: the buffer
 * @handles: the file's handles of it
 * @revoked: jobs that begin now can't reach it
 * @waits_for: jobs that may use it; NULL: it does not wait
 * @cb: called when they are done
 * @work: takes the grant back then
 */
struct refgpu_grant {
	struct refgpu_file *file;
	struct refgpu_bo *bo;
	unsigned int handles;
	bool revoked;
	struct dma_fence *waits_for;
	struct dma_fence_cb cb;
	struct work_struct work;
};

static inline struct refgpu_bo *refgpu_bo_of(struct drm_gem_object *object)
{
	return container_of(to_drm_gem_shmem_obj(object), struct refgpu_bo, shmem);
}

static inline struct drm_gem_object *refgpu_bo_object(struct refgpu_bo *bo)
{
	return &bo->shmem.base;
}

static inline bool refgpu_bo_is_vram(struct refgpu_bo *bo)
{
	return bo->flags & DRM_REFGPU_BO_VRAM;
}

/* Where packets, kernels and heads find it. */
static inline u64 refgpu_bo_address(struct refgpu_bo *bo)
{
	if (refgpu_bo_is_vram(bo))
		return bo->node.start;
	return REFGPU_SYSMEM_APERTURE + (bo->node.start << REFGPU_PAGE_SHIFT);
}

struct drm_gem_object *refgpu_gem_create_object(struct drm_device *drm, size_t size);
struct drm_gem_object *refgpu_gem_import(struct drm_device *drm,
					 struct dma_buf_attachment *attachment,
					 struct sg_table *sgt);
int refgpu_dumb_create(struct drm_file *drm_file, struct drm_device *drm,
		       struct drm_mode_create_dumb *args);
int refgpu_bo_create_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);
int refgpu_bo_info_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);
int refgpu_bo_wait_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file);
struct drm_gem_object *refgpu_gem_prime_import(struct drm_device *drm, struct dma_buf *buffer);
void refgpu_gem_bury(struct refgpu_bo *bo);
void refgpu_gem_unmap(struct refgpu_bo *bo);

#endif /* REFGPU_GEM_H */
