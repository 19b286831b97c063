// SPDX-License-Identifier: GPL-2.0-only
/*
 * gem.c - buffers, and which file has which
 *
 * A file has a buffer as long as it has a handle of it, and on until the jobs are done
 * that it submitted meanwhile: kernels may hold any address, so nobody knows which jobs
 * use which buffer. Video memory is cleared before anybody can have it.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/iosys-map.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
#include <drm/drm_utils.h>

#include "compat.h"
#include "gem.h"

#define CLEAR_BYTES	SZ_64M	/* of one packet, so that other rings get their turns */
#define CLEAR_PACKETS	64u

/* ------------------------------------------------------------------- grants */

static void retire(struct refgpu_grant *grant);

static void charge(struct refgpu_grant *grant, int sign)
{
	s64 bytes = sign * (s64)refgpu_bo_object(grant->bo)->size;

	if (refgpu_bo_is_vram(grant->bo))
		grant->file->vram_bytes += bytes;
	else
		grant->file->system_bytes += bytes;
}

static void grant_work(struct work_struct *work)
{
	struct refgpu_grant *grant = container_of(work, struct refgpu_grant, work);
	struct refgpu_file *file = grant->file;
	struct refgpu_bo *bo = grant->bo;

	mutex_lock(&file->lock);
	dma_fence_put(grant->waits_for);
	grant->waits_for = NULL;
	if (!grant->handles)
		retire(grant);
	mutex_unlock(&file->lock);
	drm_gem_object_put(refgpu_bo_object(bo));
	refgpu_file_put(file);
}

static void grant_signalled(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct refgpu_grant *grant = container_of(cb, struct refgpu_grant, cb);

	queue_work(refgpu_wq, &grant->work);
}

/* Return: whether there are jobs of the file: grant_work() comes when they are done. */
static bool waits_for_jobs(struct refgpu_grant *grant)
{
	struct refgpu_file *file = grant->file;
	struct dma_resv *jobs = file->reservation->resv;
	struct dma_fence *fence = NULL;

	if (dma_resv_get_singleton(jobs, DMA_RESV_USAGE_BOOKKEEP, &fence))
		dma_resv_wait_timeout(jobs, DMA_RESV_USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT);
	if (!fence)
		return false;
	grant->waits_for = fence;
	refgpu_file_get(file);
	drm_gem_object_get(refgpu_bo_object(grant->bo));
	if (!dma_fence_add_callback(fence, &grant->cb, grant_signalled))
		return true;
	/* They are done. The caller holds references of its own. */
	grant->waits_for = NULL;
	dma_fence_put(fence);
	drm_gem_object_put(refgpu_bo_object(grant->bo));
	refgpu_file_put(file);
	return false;
}

/*
 * The last handle is gone. Jobs that were submitted before it went may use the buffer.
 * Then the right ends, but for packets that run already: only when all jobs that there
 * are now are done, too, nobody of this file reaches the memory.
 */
static void retire(struct refgpu_grant *grant)
{
	struct refgpu_file *file = grant->file;

	lockdep_assert_held(&file->lock);
	if (waits_for_jobs(grant))
		return;
	if (!grant->revoked) {
		refgpu_rights_set(file, grant->bo, false);
		grant->revoked = true;
		if (waits_for_jobs(grant))
			return;
	}
	charge(grant, -1);
	xa_erase(&file->grants, (unsigned long)grant->bo);
	kfree(grant);
}

static int bo_open(struct drm_gem_object *object, struct drm_file *drm_file)
{
	struct refgpu_file *file = drm_file->driver_priv;
	struct refgpu_bo *bo = refgpu_bo_of(object);
	struct refgpu_grant *grant;
	int ret = 0;

	/* By name (GEM_OPEN) or as somebody's framebuffer (GETFB2). */
	if (bo->owner && bo->owner != file)
		return -EPERM;
	mutex_lock(&file->lock);
	grant = xa_load(&file->grants, (unsigned long)bo);
	if (grant) {
		grant->handles++;
		if (grant->revoked)
			refgpu_rights_set(file, bo, true);
		grant->revoked = false;
		goto unlock;
	}
	grant = kzalloc(sizeof(*grant), GFP_KERNEL_ACCOUNT);
	if (!grant) {
		ret = -ENOMEM;
		goto unlock;
	}
	grant->file = file;
	grant->bo = bo;
	grant->handles = 1;
	INIT_WORK(&grant->work, grant_work);
	ret = xa_err(xa_store(&file->grants, (unsigned long)bo, grant, GFP_KERNEL_ACCOUNT));
	if (ret) {
		kfree(grant);
		goto unlock;
	}
	charge(grant, 1);
	refgpu_rights_set(file, bo, true);
unlock:
	mutex_unlock(&file->lock);
	return ret;
}

static void bo_close(struct drm_gem_object *object, struct drm_file *drm_file)
{
	struct refgpu_file *file = drm_file->driver_priv;
	struct refgpu_grant *grant;

	mutex_lock(&file->lock);
	grant = xa_load(&file->grants, (unsigned long)refgpu_bo_of(object));
	/* One that waits already looks again when it is woken. */
	if (grant && !--grant->handles && !grant->waits_for)
		retire(grant);
	mutex_unlock(&file->lock);
}

/* -------------------------------------------------------------- the objects */

static struct dma_buf *bo_export(struct drm_gem_object *object, int flags)
{
	struct dma_buf *buffer;

	if (refgpu_bo_of(object)->owner)
		return ERR_PTR(-EPERM);
	buffer = drm_gem_prime_export(object, flags);
	/* What is mapped by way of it ends with the device, as all that is mapped. */
	if (!IS_ERR(buffer))
		buffer->file->f_mapping = object->dev->anon_inode->i_mapping;
	return buffer;
}

/**
 * refgpu_gem_bury - free a buffer that the GPU can't reach any more
 * @bo: without references
 */
void refgpu_gem_bury(struct refgpu_bo *bo)
{
	struct drm_gem_object *object = refgpu_bo_object(bo);
	struct refgpu_file *owner = bo->owner;
	struct dma_buf *detached = bo->detached;

	refgpu_mm_free(refgpu_of(object->dev), &bo->node);
	if (bo->stand_in)
		__free_page(bo->stand_in);
	if (refgpu_bo_is_vram(bo)) {
		drm_gem_object_release(object);
		kfree(bo);
	} else {
		drm_gem_shmem_free(&bo->shmem);
	}
	if (detached)
		dma_buf_put(detached);
	if (owner)
		refgpu_file_put(owner);
}

/**
 * refgpu_gem_unmap - no device's DMA finds a buffer's pages any more; they stay
 * @bo: in system memory, with struct refgpu.dma held
 */
void refgpu_gem_unmap(struct refgpu_bo *bo)
{
	struct drm_gem_object *object = refgpu_bo_object(bo);
	struct dma_buf_attachment *attachment = object->import_attach;
	struct sg_table *sgt = bo->shmem.sgt;

	lockdep_assert_held(&refgpu_of(object->dev)->dma);
	bo->shmem.sgt = NULL;
	if (!sgt)
		return;
	if (attachment) {
		/* Its driver may keep it mapped for as long as the device is attached. */
		bo->detached = attachment->dmabuf;
		object->import_attach = NULL;
		refgpu_unmap_attachment(attachment, sgt);
		dma_buf_detach(bo->detached, attachment);
		return;
	}
	dma_unmap_sgtable(object->dev->dev, sgt, DMA_BIDIRECTIONAL, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static void vram_free(struct drm_gem_object *object)
{
	refgpu_gem_bury(refgpu_bo_of(object));
}

static void system_free(struct drm_gem_object *object)
{
	struct refgpu_bo *bo = refgpu_bo_of(object);
	struct refgpu *gpu = refgpu_of(object->dev);

	mutex_lock(&gpu->dma);
	if (refgpu_mm_unmap(bo))
		refgpu_gem_bury(bo);
	mutex_unlock(&gpu->dma);
}

static int vram_mmap(struct drm_gem_object *object, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_writecombine(vm_get_page_prot(vma->vm_flags));
	return 0;
}

/* The GPU is gone, the program is not: it gets a page that nobody else sees. */
static vm_fault_t fault_stand_in(struct vm_fault *fault, struct refgpu_bo *bo)
{
	struct page *page = READ_ONCE(bo->stand_in);

	if (!page) {
		page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!page)
			return VM_FAULT_OOM;
		if (cmpxchg(&bo->stand_in, NULL, page)) {
			__free_page(page);
			page = bo->stand_in;
		}
	}
	return vmf_insert_pfn_prot(fault->vma, fault->address, page_to_pfn(page),
				   vm_get_page_prot(fault->vma->vm_flags));
}

static vm_fault_t vram_fault(struct vm_fault *fault)
{
	struct drm_gem_object *object = fault->vma->vm_private_data;
	struct refgpu *gpu = refgpu_of(object->dev);
	struct refgpu_bo *bo = refgpu_bo_of(object);
	unsigned long page = fault->pgoff - drm_vma_node_start(&object->vma_node);
	vm_fault_t ret;
	int section;

	if (page >= object->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	if (!drm_dev_enter(&gpu->drm, &section))
		return fault_stand_in(fault, bo);
	ret = vmf_insert_pfn(fault->vma, fault->address,
			     PHYS_PFN(gpu->vram_phys + bo->node.start) + page);
	drm_dev_exit(section);
	return ret;
}

static int vram_vmap(struct drm_gem_object *object, struct iosys_map *map)
{
	void *nowhere;

	/* The console asks for each piece that it writes, also when all is over. */
	if (drm_dev_is_unplugged(object->dev)) {
		nowhere = vzalloc(object->size);
		if (!nowhere)
			return -ENOMEM;
		iosys_map_set_vaddr(map, nowhere);
		return 0;
	}
	iosys_map_set_vaddr_iomem(map, refgpu_of(object->dev)->vram +
				       refgpu_bo_of(object)->node.start);
	return 0;
}

static void vram_vunmap(struct drm_gem_object *object, struct iosys_map *map)
{
	if (!map->is_iomem)
		vfree(map->vaddr);
}

/* Other devices can't reach video memory; who imports it can map it for processors. */
static struct sg_table *vram_get_sg_table(struct drm_gem_object *object)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static const struct vm_operations_struct vram_vm_ops = {
	.fault	= vram_fault,
	.open	= drm_gem_vm_open,
	.close	= drm_gem_vm_close,
};

static const struct drm_gem_object_funcs vram_funcs = {
	.free		= vram_free,
	.open		= bo_open,
	.close		= bo_close,
	.export		= bo_export,
	.get_sg_table	= vram_get_sg_table,
	.vmap		= vram_vmap,
	.vunmap		= vram_vunmap,
	.mmap		= vram_mmap,
	.vm_ops		= &vram_vm_ops,
};

/* An imported buffer is its own driver's to map, and that only while we are attached to it. */
static int system_mmap(struct drm_gem_object *object, struct vm_area_struct *vma)
{
	int section, ret;

	if (object->filp)
		return drm_gem_shmem_object_mmap(object, vma);
	if (!drm_dev_enter(object->dev, &section))
		return -ENODEV;
	ret = drm_gem_shmem_object_mmap(object, vma);
	drm_dev_exit(section);
	return ret;
}

static const struct drm_gem_object_funcs system_funcs = {
	.free		= system_free,
	.open		= bo_open,
	.close		= bo_close,
	.export		= bo_export,
	.print_info	= drm_gem_shmem_object_print_info,
	.pin		= drm_gem_shmem_object_pin,
	.unpin		= drm_gem_shmem_object_unpin,
	.get_sg_table	= drm_gem_shmem_object_get_sg_table,
	.vmap		= drm_gem_shmem_object_vmap,
	.vunmap		= drm_gem_shmem_object_vunmap,
	.mmap		= system_mmap,
	.vm_ops		= &drm_gem_shmem_vm_ops,
};

static struct refgpu_bo *bo_alloc(u32 flags, const struct drm_gem_object_funcs *funcs)
{
	struct refgpu_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);

	if (!bo)
		return NULL;
	bo->flags = flags;
	INIT_LIST_HEAD(&bo->link);
	refgpu_bo_object(bo)->funcs = funcs;
	return bo;
}

/**
 * refgpu_gem_create_object - see struct drm_driver; for the helper for system memory
 * @drm: the device
 * @size: bytes
 */
struct drm_gem_object *refgpu_gem_create_object(struct drm_device *drm, size_t size)
{
	struct refgpu_bo *bo = bo_alloc(DRM_REFGPU_BO_SYSTEM | DRM_REFGPU_BO_SHARED,
					&system_funcs);

	return bo ? refgpu_bo_object(bo) : ERR_PTR(-ENOMEM);
}

/* The owner's other buffers, and their jobs, share its reservation. */
static void set_owner(struct refgpu_bo *bo, struct refgpu_file *owner)
{
	if (!owner)
		return;
	bo->owner = refgpu_file_get(owner);
	refgpu_bo_object(bo)->resv = owner->reservation->resv;
}

/* --------------------------------------------------------------- to make one */

struct waiter {
	struct dma_fence_cb cb;
	struct completion done;
};

static void wake(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	complete(&container_of(cb, struct waiter, cb)->done);
}

static int wait_killable(struct dma_fence *fence)
{
	struct waiter waiter;
	int ret = 0;

	init_completion(&waiter.done);
	if (!dma_fence_add_callback(fence, &waiter.cb, wake)) {
		ret = wait_for_completion_killable(&waiter.done);
		if (ret)
			dma_fence_remove_callback(fence, &waiter.cb);
	}
	return ret ? ret : min(dma_fence_get_status(fence), 0);
}

static int clear(struct refgpu *gpu, struct refgpu_bo *bo)
{
	u64 size = refgpu_bo_object(bo)->size, at = bo->node.start, end = at + size, bytes;
	struct refgpu_fill *packets;
	struct dma_fence *fence;
	unsigned int count = 0;
	int ret, section;

	if (gpu->display_only) {
		if (!drm_dev_enter(&gpu->drm, &section))
			return -ENODEV;
		memset_io(gpu->vram + at, 0, size);
		drm_dev_exit(section);
		return 0;
	}
	bytes = ALIGN(DIV_ROUND_UP_ULL(size, CLEAR_PACKETS), REFGPU_GRANULE);
	bytes = max_t(u64, bytes, CLEAR_BYTES);
	packets = kcalloc(CLEAR_PACKETS, sizeof(*packets), GFP_KERNEL_ACCOUNT);
	if (!packets)
		return -ENOMEM;
	for (; at < end; at += bytes)
		packets[count++] = (struct refgpu_fill) {
			.header.opcode = REFGPU_OP_FILL,
			.target = at,
			.bytes = min(bytes, end - at),
			.lines = 1,
		};
	fence = refgpu_kernel_job(gpu, bo, packets, count);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	ret = wait_killable(fence);
	dma_fence_put(fence);
	return ret;
}

static struct refgpu_bo *vram_create(struct refgpu *gpu, struct refgpu_file *owner, u64 size,
				     u32 flags)
{
	struct refgpu_bo *bo = bo_alloc(flags, &vram_funcs);
	struct drm_gem_object *object;
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	ret = refgpu_mm_vram(gpu, &bo->node, size, false);
	if (ret) {
		kfree(bo);
		return ERR_PTR(ret);
	}
	object = refgpu_bo_object(bo);
	drm_gem_private_object_init(&gpu->drm, object, size);
	set_owner(bo, owner);
	ret = drm_gem_create_mmap_offset(object);
	if (!ret)
		ret = clear(gpu, bo);
	if (ret) {
		drm_gem_object_put(object);
		return ERR_PTR(ret);
	}
	return bo;
}

/* With the device entered: refgpu_mm_leave() comes after it, or finds nothing to unmap. */
static struct refgpu_bo *system_create(struct refgpu *gpu, struct refgpu_file *owner, u64 size,
				       u32 flags)
{
	struct drm_gem_shmem_object *shmem;
	struct refgpu_bo *bo;
	struct sg_table *sgt;
	int ret;

	if (size >> REFGPU_PAGE_SHIFT > gpu->aperture_pages)
		return ERR_PTR(-ENOSPC);
	shmem = drm_gem_shmem_create(&gpu->drm, size);
	if (IS_ERR(shmem))
		return ERR_CAST(shmem);
	bo = refgpu_bo_of(&shmem->base);
	bo->flags = flags;
	set_owner(bo, owner);
	ret = refgpu_mm_aperture(gpu, &bo->node, size);
	if (ret)
		goto put;
	sgt = drm_gem_shmem_get_pages_sgt(shmem);
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto put;
	}
	ret = refgpu_mm_map(bo);
	if (ret)
		goto put;
	return bo;

put:
	drm_gem_object_put(&shmem->base);
	return ERR_PTR(ret);
}

/**
 * refgpu_gem_prime_import - see struct drm_driver
 * @drm: the device
 * @buffer: of any driver
 *
 * As system_create().
 */
struct drm_gem_object *refgpu_gem_prime_import(struct drm_device *drm, struct dma_buf *buffer)
{
	struct drm_gem_object *object;
	int section;

	if (!drm_dev_enter(drm, &section))
		return ERR_PTR(-ENODEV);
	object = drm_gem_prime_import(drm, buffer);
	drm_dev_exit(section);
	return object;
}

/**
 * refgpu_gem_import - see struct drm_driver
 * @drm: the device
 * @attachment: of another driver's buffer
 * @sgt: its pages
 */
struct drm_gem_object *refgpu_gem_import(struct drm_device *drm,
					 struct dma_buf_attachment *attachment,
					 struct sg_table *sgt)
{
	struct refgpu *gpu = refgpu_of(drm);
	struct drm_gem_object *object;
	struct refgpu_bo *bo;
	int ret;

	object = drm_gem_shmem_prime_import_sg_table(drm, attachment, sgt);
	if (IS_ERR(object))
		return object;
	bo = refgpu_bo_of(object);
	ret = refgpu_mm_aperture(gpu, &bo->node, ALIGN(object->size, REFGPU_GRANULE));
	if (!ret)
		ret = refgpu_mm_map(bo);
	if (ret) {
		/* The caller frees the table. */
		bo->shmem.sgt = NULL;
		drm_gem_object_put(object);
		return ERR_PTR(ret);
	}
	return object;
}

static int create_handle(struct drm_file *drm_file, struct refgpu_bo *bo, u32 *handle)
{
	int ret = drm_gem_handle_create(drm_file, refgpu_bo_object(bo), handle);

	drm_gem_object_put(refgpu_bo_object(bo));
	return ret;
}

/**
 * refgpu_dumb_create - see struct drm_driver
 * @drm_file: whose
 * @drm: the device
 * @args: of the ioctl
 */
int refgpu_dumb_create(struct drm_file *drm_file, struct drm_device *drm,
		       struct drm_mode_create_dumb *args)
{
	u64 pitch = ALIGN(DIV_ROUND_UP_ULL((u64)args->width * args->bpp, 8), 64), size;
	struct refgpu *gpu = refgpu_of(drm);
	struct refgpu_bo *bo;

	if (pitch > U32_MAX || args->height > gpu->vram_size)
		return -EINVAL;
	size = ALIGN(pitch * args->height, REFGPU_GRANULE);
	if (!size || size > gpu->vram_size)
		return -ENOSPC;
	bo = vram_create(gpu, NULL, size, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	args->pitch = pitch;
	args->size = size;
	return create_handle(drm_file, bo, &args->handle);
}

/**
 * refgpu_bo_create_ioctl - DRM_IOCTL_REFGPU_BO_CREATE
 * @drm: the device
 * @data: struct drm_refgpu_bo_create
 * @drm_file: whose
 */
int refgpu_bo_create_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	const u32 places = DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SYSTEM;
	struct refgpu_file *owner = drm_file->driver_priv;
	struct drm_refgpu_bo_create *args = data;
	struct refgpu *gpu = refgpu_of(drm);
	struct refgpu_bo *bo;
	int section;
	u64 size;

	if (args->flags & ~(places | DRM_REFGPU_BO_GPU_READONLY | DRM_REFGPU_BO_SHARED) ||
	    hweight32(args->flags & places) != 1 || !args->size)
		return -EINVAL;
	if (args->size > max(gpu->vram_size, gpu->aperture_pages << REFGPU_PAGE_SHIFT))
		return -ENOSPC;
	size = ALIGN(args->size, REFGPU_GRANULE);
	if (args->flags & DRM_REFGPU_BO_SHARED)
		owner = NULL;
	if (args->flags & DRM_REFGPU_BO_VRAM) {
		bo = vram_create(gpu, owner, size, args->flags);
	} else {
		if (!drm_dev_enter(drm, &section))
			return -ENODEV;
		bo = system_create(gpu, owner, size, args->flags);
		drm_dev_exit(section);
	}
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	args->size = size;
	args->address = refgpu_bo_address(bo);
	args->mmap_offset = drm_vma_node_offset_addr(&refgpu_bo_object(bo)->vma_node);
	return create_handle(drm_file, bo, &args->handle);
}

/**
 * refgpu_bo_info_ioctl - DRM_IOCTL_REFGPU_BO_INFO
 * @drm: the device
 * @data: struct drm_refgpu_bo_info
 * @drm_file: whose
 */
int refgpu_bo_info_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_bo_info *args = data;
	struct drm_gem_object *object = drm_gem_object_lookup(drm_file, args->handle);
	struct refgpu_bo *bo;

	if (!object)
		return -ENOENT;
	bo = refgpu_bo_of(object);
	args->flags = bo->flags;
	args->size = object->size;
	args->address = refgpu_bo_address(bo);
	args->mmap_offset = drm_vma_node_offset_addr(&object->vma_node);
	drm_gem_object_put(object);
	return 0;
}

/**
 * refgpu_bo_wait_ioctl - DRM_IOCTL_REFGPU_BO_WAIT
 * @drm: the device
 * @data: struct drm_refgpu_bo_wait
 * @drm_file: whose
 */
int refgpu_bo_wait_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_bo_wait *args = data;
	enum dma_resv_usage usage = DMA_RESV_USAGE_BOOKKEEP;
	signed long timeout = drm_timeout_abs_to_jiffies(args->timeout_ns);
	struct drm_gem_object *object;
	signed long ret;

	if (args->flags & ~DRM_REFGPU_BO_WAIT_WRITERS)
		return -EINVAL;
	if (args->flags & DRM_REFGPU_BO_WAIT_WRITERS)
		usage = DMA_RESV_USAGE_WRITE;
	object = drm_gem_object_lookup(drm_file, args->handle);
	if (!object)
		return -ENOENT;
	if (timeout > 0)
		ret = dma_resv_wait_timeout(object->resv, usage, true, timeout);
	else
		ret = dma_resv_test_signaled(object->resv, usage);
	drm_gem_object_put(object);
	return ret > 0 ? 0 : ret ? ret : -ETIME;
}
