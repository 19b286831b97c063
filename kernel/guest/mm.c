// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm.c - video memory, the aperture, and who may reach what
 *
 * A buffer keeps its address for life, because kernels hold addresses and nothing can
 * be paged. So memory is given out by a drm_mm, in granules of 64 KiB, the unit of
 * rights. The driver's own things (rings, tables) need less: they are packed at the low
 * end, in granules where no buffer is.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <drm/drm_managed.h>

#include "gem.h"

#define KERNEL_ALIGN	SZ_4K

static void mm_end(struct drm_device *drm, void *unused)
{
	struct refgpu *gpu = refgpu_of(drm);

	drm_mm_takedown(&gpu->aperture_mm);
	drm_mm_takedown(&gpu->vram_mm);
}

/**
 * refgpu_mm_init - all memory is free
 * @gpu: with the sizes known
 */
int refgpu_mm_init(struct refgpu *gpu)
{
	int ret;

	ret = drmm_mutex_init(&gpu->drm, &gpu->memory);
	if (!ret)
		ret = drmm_mutex_init(&gpu->drm, &gpu->dma);
	if (!ret)
		ret = drmm_mutex_init(&gpu->drm, &gpu->mapping);
	if (!ret)
		ret = drmm_mutex_init(&gpu->drm, &gpu->rights);
	if (ret)
		return ret;
	INIT_LIST_HEAD(&gpu->tables);
	INIT_LIST_HEAD(&gpu->saved);
	INIT_LIST_HEAD(&gpu->systems);
	INIT_LIST_HEAD(&gpu->zombies);
	INIT_LIST_HEAD(&gpu->buried);
	gpu->vram_free = gpu->vram_size;
	drm_mm_init(&gpu->vram_mm, 0, gpu->vram_size);
	drm_mm_init(&gpu->aperture_mm, 0, max_t(u64, gpu->aperture_pages, 1));
	return drmm_add_action_or_reset(&gpu->drm, mm_end, NULL);
}

static int insert(struct refgpu *gpu, struct drm_mm *mm, struct drm_mm_node *node, u64 size,
		  u64 align, enum drm_mm_insert_mode mode)
{
	int ret;

	mutex_lock(&gpu->memory);
	ret = drm_mm_insert_node_in_range(mm, node, size, align, 0, 0, U64_MAX, mode);
	if (!ret && mm == &gpu->vram_mm)
		gpu->vram_free -= size;
	mutex_unlock(&gpu->memory);
	return ret;
}

/**
 * refgpu_mm_vram - take video memory; its content is what it was
 * @gpu: the GPU
 * @node: all zero; receives the place, in bytes
 * @bytes: for a buffer, a multiple of the granule
 * @kernel: it is the driver's own, and no buffer
 *
 * Return: -ENOSPC.
 */
int refgpu_mm_vram(struct refgpu *gpu, struct drm_mm_node *node, u64 bytes, bool kernel)
{
	if (kernel)
		return insert(gpu, &gpu->vram_mm, node, ALIGN(bytes, KERNEL_ALIGN), KERNEL_ALIGN,
			      DRM_MM_INSERT_LOW);
	return insert(gpu, &gpu->vram_mm, node, bytes, REFGPU_GRANULE, DRM_MM_INSERT_HIGH);
}

/**
 * refgpu_mm_aperture - take a part of the aperture
 * @gpu: the GPU
 * @node: all zero; receives the place, in pages
 * @bytes: a multiple of the granule
 *
 * Return: -ENOSPC.
 */
int refgpu_mm_aperture(struct refgpu *gpu, struct drm_mm_node *node, u64 bytes)
{
	if (!gpu->aperture_pages)
		return -ENOSPC;
	return insert(gpu, &gpu->aperture_mm, node, bytes >> REFGPU_PAGE_SHIFT,
		      REFGPU_GRANULE >> REFGPU_PAGE_SHIFT, DRM_MM_INSERT_BEST);
}

/**
 * refgpu_mm_free - give a place back
 * @gpu: the GPU
 * @node: of either; nothing happens when it has no place
 */
void refgpu_mm_free(struct refgpu *gpu, struct drm_mm_node *node)
{
	mutex_lock(&gpu->memory);
	if (drm_mm_node_allocated(node)) {
		if (node->mm == &gpu->vram_mm)
			gpu->vram_free += node->size;
		drm_mm_remove_node(node);
	}
	mutex_unlock(&gpu->memory);
}

/* -------------------------------------------------------------------- sleep */

/**
 * struct saved - a copy of one piece of video memory
 * @link: in struct refgpu.saved
 * @start: first byte
 * @bytes: how many
 * @data: the copy
 */
struct saved {
	struct list_head link;
	u64 start;
	u64 bytes;
	void *data;
};

static int save(struct refgpu *gpu, const struct drm_mm_node *node)
{
	struct saved *saved = kzalloc(sizeof(*saved), GFP_KERNEL);

	if (!saved)
		return -ENOMEM;
	saved->start = node->start;
	saved->bytes = node->size;
	saved->data = vmalloc(node->size);
	if (!saved->data) {
		kfree(saved);
		return -ENOMEM;
	}
	memcpy_fromio(saved->data, gpu->vram + node->start, node->size);
	list_add(&saved->link, &gpu->saved);
	return 0;
}

/**
 * refgpu_mm_discard - what was saved is not needed any more
 * @gpu: the GPU
 */
void refgpu_mm_discard(struct refgpu *gpu)
{
	struct saved *saved, *next;

	list_for_each_entry_safe(saved, next, &gpu->saved, link) {
		list_del(&saved->link);
		vfree(saved->data);
		kfree(saved);
	}
}

static int save_all(struct refgpu *gpu)
{
	struct drm_mm_node *node;
	int ret = 0;

	mutex_lock(&gpu->memory);
	drm_mm_for_each_node(node, &gpu->vram_mm) {
		/* Then it is a scratch page, which any program may have written to. */
		ret = refgpu_is_away(gpu) ? -EAGAIN : save(gpu, node);
		if (ret)
			break;
	}
	mutex_unlock(&gpu->memory);
	if (!ret && refgpu_is_away(gpu))
		ret = -EAGAIN;
	if (ret)
		refgpu_mm_discard(gpu);
	return ret;
}

/**
 * refgpu_mm_save - copy all video memory that somebody has to system memory
 * @gpu: does not run; user space is frozen
 *
 * Return: 0, or nothing is saved: -ENOMEM; -EAGAIN: the host resets the GPU just now, or
 * did when the machine woke up, and what was saved is not back yet.
 */
int refgpu_mm_save(struct refgpu *gpu)
{
	int ret = list_empty(&gpu->saved) ? save_all(gpu) : -EAGAIN;

	if (ret == -EAGAIN)
		drm_err(&gpu->drm, "the host resets the GPU just now: the machine can't sleep\n");
	else if (ret)
		drm_err(&gpu->drm,
			"no room for a copy of %llu MiB of video memory: the machine can't sleep\n",
			(gpu->vram_size - gpu->vram_free) >> 20);
	return ret;
}

/**
 * refgpu_mm_restore - copy back what was saved, if anything was
 * @gpu: does not run; rings and rights are written anew after this
 *
 * Return: false: what is written is lost, since the host has the GPU. It stays saved.
 */
bool refgpu_mm_restore(struct refgpu *gpu)
{
	struct saved *saved;

	if (list_empty(&gpu->saved))
		return true;
	if (refgpu_is_away(gpu))
		return false;
	list_for_each_entry(saved, &gpu->saved, link)
		memcpy_toio(gpu->vram + saved->start, saved->data, saved->bytes);
	if (refgpu_is_away(gpu))
		return false;
	refgpu_mm_discard(gpu);
	return true;
}

/* ------------------------------------------------------------- the aperture */

/* A mapping that failed half way may be there all the same: @mapped stays set. */
static int map(struct refgpu *gpu, struct refgpu_bo *bo)
{
	bool write = !(bo->flags & DRM_REFGPU_BO_GPU_READONLY);
	int ret;

	lockdep_assert_held(&gpu->mapping);
	if (gpu->gone)
		return -ENODEV;
	ret = gpu->backend->map(gpu, bo->node.start, bo->shmem.sgt, write);
	bo->mapped = !ret || ret == -ETIMEDOUT;
	return ret;
}

/**
 * refgpu_mm_map - let the GPU reach a buffer of system memory
 * @bo: with pages and a place in the aperture
 *
 * May sleep as long as the host takes, ten seconds at most.
 *
 * Return: -EDQUOT: the host does not allow so much; -EFAULT: it does not take such
 * memory; -ENODEV.
 */
int refgpu_mm_map(struct refgpu_bo *bo)
{
	struct refgpu *gpu = refgpu_of(refgpu_bo_object(bo)->dev);
	int ret;

	mutex_lock(&gpu->mapping);
	ret = map(gpu, bo);
	if (ret == -ETIMEDOUT) {
		/* It may still happen. The reset maps it again. */
		refgpu_recover(gpu, REFGPU_LOST);
		ret = 0;
	}
	if (!ret)
		list_add_tail(&bo->link, &gpu->systems);
	mutex_unlock(&gpu->mapping);
	return ret;
}

/**
 * refgpu_mm_unmap - the GPU shall not reach a buffer of system memory any more
 * @bo: the buffer, which is going; with struct refgpu.dma held
 *
 * Return: true: its memory can be freed. Else it is the GPU's until the next reset,
 * which frees it (refgpu_gem_bury()).
 */
bool refgpu_mm_unmap(struct refgpu_bo *bo)
{
	struct drm_gem_object *object = refgpu_bo_object(bo);
	struct refgpu *gpu = refgpu_of(object->dev);

	lockdep_assert_held(&gpu->dma);
	mutex_lock(&gpu->mapping);
	list_del_init(&bo->link);
	if (gpu->aperture_is_empty)
		bo->mapped = false;
	else if (bo->mapped && !test_bit(REFGPU_LEFT, &gpu->flags))
		bo->mapped = gpu->backend->unmap(gpu, bo->node.start,
						 object->size >> REFGPU_PAGE_SHIFT);
	if (bo->mapped) {
		/* One that no reset ever frees keeps what it has its memory of. */
		drm_dev_get(&gpu->drm);
		list_add_tail(&bo->link, &gpu->zombies);
		if (!gpu->gone)
			refgpu_recover(gpu, REFGPU_LOST);
	}
	mutex_unlock(&gpu->mapping);
	return !bo->mapped;
}

/* Return: how many buffers the host does not take any more. */
static unsigned int map_all(struct refgpu *gpu)
{
	unsigned int failed = 0;
	struct refgpu_bo *bo;

	list_for_each_entry(bo, &gpu->systems, link)
		if (map(gpu, bo))
			failed++;
	return failed;
}

static void report(struct refgpu *gpu, unsigned int failed)
{
	if (failed)
		drm_warn(&gpu->drm,
			 "the host does not map %u buffers in system memory any more: jobs that use them will fail\n",
			 failed);
}

/**
 * refgpu_mm_remap - the host took mappings back by itself: ask for them again
 * @gpu: the GPU
 */
void refgpu_mm_remap(struct refgpu *gpu)
{
	unsigned int failed;
	struct refgpu_bo *bo;

	mutex_lock(&gpu->mapping);
	list_for_each_entry(bo, &gpu->systems, link)
		if (!gpu->gone && bo->mapped)
			gpu->backend->unmap(gpu, bo->node.start,
					    refgpu_bo_object(bo)->size >> REFGPU_PAGE_SHIFT);
	failed = map_all(gpu);
	mutex_unlock(&gpu->mapping);
	report(gpu, failed);
}

static void forget(struct refgpu *gpu)
{
	lockdep_assert_held(&gpu->mapping);
	gpu->aperture_is_empty = true;
	list_splice_init(&gpu->zombies, &gpu->buried);
}

/**
 * refgpu_mm_forget - nothing is mapped any more: there is no GPU that could reach it
 * @gpu: unplugged, or dead, as the host says
 *
 * The caller calls refgpu_mm_bury() when it has no locks any more.
 */
void refgpu_mm_forget(struct refgpu *gpu)
{
	mutex_lock(&gpu->mapping);
	forget(gpu);
	mutex_unlock(&gpu->mapping);
}

/**
 * refgpu_mm_reset - reset the GPU, and map again what was mapped
 * @gpu: the GPU, with its rings stopped
 * @again: it shall work again
 *
 * The caller calls refgpu_mm_bury() when it has no locks any more.
 *
 * Return: an error of the back end; the GPU is of no use then.
 */
int refgpu_mm_reset(struct refgpu *gpu, bool again)
{
	unsigned int failed = 0;
	int ret;

	mutex_lock(&gpu->mapping);
	ret = gpu->backend->reset(gpu);
	if (!ret || ret == -ENODEV)
		forget(gpu);
	if (!ret && again) {
		gpu->aperture_is_empty = false;
		ret = gpu->backend->start(gpu);
	}
	if (!ret && again)
		failed = map_all(gpu);
	mutex_unlock(&gpu->mapping);
	report(gpu, failed);
	return ret;
}

/**
 * refgpu_mm_bury - free the buffers that a reset has taken from the GPU
 * @gpu: the GPU; no lock is held, because that takes reservations
 */
void refgpu_mm_bury(struct refgpu *gpu)
{
	struct refgpu_bo *bo, *next;
	LIST_HEAD(buried);

	mutex_lock(&gpu->mapping);
	list_splice_init(&gpu->buried, &buried);
	mutex_unlock(&gpu->mapping);
	/* Mostly there are none, and a recovery then waits for nobody's reservation. */
	if (list_empty(&buried))
		return;
	mutex_lock(&gpu->dma);
	list_for_each_entry_safe(bo, next, &buried, link) {
		list_del(&bo->link);
		refgpu_gem_bury(bo);
		drm_dev_put(&gpu->drm);
	}
	mutex_unlock(&gpu->dma);
}

/**
 * refgpu_mm_leave - end all mappings for DMA: the device is another driver's next
 * @gpu: unplugged, with its recovery ended
 *
 * Buffers stay, with their pages, as long as somebody has them.
 */
void refgpu_mm_leave(struct refgpu *gpu)
{
	struct refgpu_bo *bo;

	/* Who asks for a file descriptor of a buffer looks at its attachment with this. */
	mutex_lock(&gpu->drm.object_name_lock);
	mutex_lock(&gpu->dma);
	/* None ends meanwhile, and none is new: nobody changes the lists. */
	list_for_each_entry(bo, &gpu->systems, link)
		refgpu_gem_unmap(bo);
	/* The reset has failed: their memory is never freed. */
	list_for_each_entry(bo, &gpu->zombies, link)
		refgpu_gem_unmap(bo);
	set_bit(REFGPU_LEFT, &gpu->flags);
	mutex_unlock(&gpu->dma);
	mutex_unlock(&gpu->drm.object_name_lock);
}

/* ------------------------------------------------------------------- rights */

static unsigned int vram_granules(struct refgpu *gpu)
{
	return div64_u64(gpu->vram_size, REFGPU_GRANULE);
}

static unsigned int system_granules(struct refgpu *gpu)
{
	return DIV_ROUND_UP(gpu->aperture_pages << REFGPU_PAGE_SHIFT, REFGPU_GRANULE);
}

/* Words of the table before those of the aperture. */
static unsigned int vram_words(struct refgpu *gpu)
{
	return DIV_ROUND_UP(vram_granules(gpu), REFGPU_RIGHTS_A_WORD);
}

static unsigned int table_words(struct refgpu *gpu)
{
	return vram_words(gpu) + DIV_ROUND_UP(system_granules(gpu), REFGPU_RIGHTS_A_WORD);
}

/* Calls may come after the end: then there is no video memory, or it is another's. */
static void write_table(struct refgpu_file *file, unsigned int first, unsigned int last)
{
	void __iomem *table = file->gpu->vram + file->rights_node.start;
	unsigned int i;
	int section;

	if (!drm_dev_enter(&file->gpu->drm, &section))
		return;
	for (i = first; i <= last; i++)
		writeq(file->rights[i], table + i * sizeof(u64));
	/* Seen by the GPU before the doorbell of a job, or the end of this call. */
	wmb();
	drm_dev_exit(section);
}

/**
 * refgpu_rights_create - give a file a table of rights
 * @file: before its first context, lock held
 *
 * Nothing happens where the GPU has no rights, or the file has a table.
 */
int refgpu_rights_create(struct refgpu_file *file)
{
	struct refgpu *gpu = file->gpu;
	unsigned int words = table_words(gpu);
	struct refgpu_grant *grant;
	unsigned long index;
	int ret;

	lockdep_assert_held(&file->lock);
	if (!refgpu_isolates(gpu) || file->rights)
		return 0;
	ret = refgpu_mm_vram(gpu, &file->rights_node, words * sizeof(u64), true);
	if (ret)
		return ret;
	file->rights = kvcalloc(words, sizeof(u64), GFP_KERNEL_ACCOUNT);
	if (!file->rights) {
		refgpu_mm_free(gpu, &file->rights_node);
		return -ENOMEM;
	}
	mutex_lock(&gpu->rights);
	write_table(file, 0, words - 1);
	list_add(&file->table, &gpu->tables);
	mutex_unlock(&gpu->rights);
	xa_for_each(&file->grants, index, grant)
		refgpu_rights_set(file, grant->bo, !grant->revoked);
	return 0;
}

/**
 * refgpu_rights_destroy - take it back
 * @file: without contexts
 */
void refgpu_rights_destroy(struct refgpu_file *file)
{
	if (!file->rights)
		return;
	mutex_lock(&file->gpu->rights);
	list_del(&file->table);
	mutex_unlock(&file->gpu->rights);
	refgpu_mm_free(file->gpu, &file->rights_node);
	kvfree(file->rights);
	file->rights = NULL;
}

/**
 * refgpu_rights_set - say whether a file's jobs may reach a buffer
 * @file: lock held
 * @bo: the buffer
 * @granted: they may
 */
void refgpu_rights_set(struct refgpu_file *file, struct refgpu_bo *bo, bool granted)
{
	struct refgpu *gpu = file->gpu;
	u64 begin = bo->node.start, size = bo->node.size;
	u64 granule, bits = 0, count, i;
	unsigned int base = 0;

	lockdep_assert_held(&file->lock);
	if (!file->rights)
		return;
	if (granted)
		bits = REFGPU_RIGHTS_READ |
		       (bo->flags & DRM_REFGPU_BO_GPU_READONLY ? 0 : REFGPU_RIGHTS_WRITE);
	if (!refgpu_bo_is_vram(bo)) {
		begin <<= REFGPU_PAGE_SHIFT;
		size <<= REFGPU_PAGE_SHIFT;
		base = vram_words(gpu);
	}
	granule = div64_u64(begin, REFGPU_GRANULE);
	count = div64_u64(size, REFGPU_GRANULE);
	mutex_lock(&gpu->rights);
	for (i = granule; i < granule + count; i++) {
		u64 *word = &file->rights[base + i / REFGPU_RIGHTS_A_WORD];
		unsigned int shift = i % REFGPU_RIGHTS_A_WORD * 2;

		*word = (*word & ~(3ULL << shift)) | bits << shift;
	}
	write_table(file, base + granule / REFGPU_RIGHTS_A_WORD,
		    base + (granule + count - 1) / REFGPU_RIGHTS_A_WORD);
	mutex_unlock(&gpu->rights);
}

/**
 * refgpu_rights_restore - write all tables again: a reset may have cleared video memory
 * @gpu: its rings do not run
 *
 * Jobs may wait for the caller: nobody waits for them with the lock held.
 */
void refgpu_rights_restore(struct refgpu *gpu)
{
	unsigned int words = table_words(gpu);
	struct refgpu_file *file;

	mutex_lock(&gpu->rights);
	list_for_each_entry(file, &gpu->tables, table)
		write_table(file, 0, words - 1);
	mutex_unlock(&gpu->rights);
}

/**
 * refgpu_rights_packet - the packet that puts a file's rights into force
 * @gpu: has REFGPU_CAP_RIGHTS
 * @file: with a table; NULL: the kernel, which may reach everything
 * @packet: receives it
 */
void refgpu_rights_packet(struct refgpu *gpu, struct refgpu_file *file,
			  struct refgpu_rights *packet)
{
	*packet = (struct refgpu_rights) { .header.opcode = REFGPU_OP_RIGHTS };
	if (!file)
		return;
	packet->table = file->rights_node.start;
	packet->vram_granules = vram_granules(gpu);
	packet->sysmem_granules = system_granules(gpu);
}
