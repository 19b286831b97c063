// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmabuf_copy.c - memory of the host in which other devices see a picture
 *
 * A device that has imported a dma-buf can't be forced to release it: neither
 * when the vGPU is closed, nor when its slice gets another owner. So the device
 * never reaches the slice, but a copy of the picture, which is updated at each
 * query of the picture and cleared when the vGPU is closed.
 */
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "display/dmabuf_copy.h"

/**
 * struct vgpu_copy - the copy of one picture
 * @memory: from vmalloc, initially zero
 * @bytes: size of @memory, whole pages
 * @lock: @mappings; nests inside the reservation lock of the dma-buf
 * @mappings: list of struct copy_mapping, one for each attached device
 */
struct vgpu_copy {
	void *memory;
	size_t bytes;
	struct mutex lock;		/* mappings */
	struct list_head mappings;
};

/**
 * struct copy_mapping - the mapping of a copy for one device
 * @node: in vgpu_copy.mappings
 * @device: the device
 * @direction: DMA direction
 * @table: the pages and their bus addresses
 */
struct copy_mapping {
	struct list_head node;
	struct device *device;
	enum dma_data_direction direction;
	struct sg_table table;
};

/**
 * vgpu_copy_create - allocate a copy
 * @bytes: its size, whole pages
 *
 * Charged to the caller's memory cgroup. May sleep.
 *
 * Return: the copy, filled with zeros, or NULL.
 */
struct vgpu_copy *vgpu_copy_create(size_t bytes)
{
	struct vgpu_copy *copy = kzalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);

	if (!copy)
		return NULL;
	copy->memory = __vmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				 __GFP_NOWARN);
	if (!copy->memory) {
		kfree(copy);
		return NULL;
	}
	copy->bytes = bytes;
	mutex_init(&copy->lock);
	INIT_LIST_HEAD(&copy->mappings);
	return copy;
}

/**
 * vgpu_copy_free - free a copy
 * @copy: the copy, which is not mapped; NULL does nothing
 */
void vgpu_copy_free(struct vgpu_copy *copy)
{
	if (!copy)
		return;
	mutex_destroy(&copy->lock);
	vfree(copy->memory);
	kfree(copy);
}

/**
 * vgpu_copy_at - where a part of the picture is to be copied to
 * @copy: the copy
 * @offset: offset of the part in the copy, bytes
 *
 * Devices see the change after vgpu_copy_show().
 */
void *vgpu_copy_at(struct vgpu_copy *copy, size_t offset)
{
	return copy->memory + offset;
}

/**
 * vgpu_copy_show - make changes of a copy visible to devices
 * @copy: the copy
 *
 * May sleep.
 */
void vgpu_copy_show(struct vgpu_copy *copy)
{
	struct copy_mapping *mapping;

	mutex_lock(&copy->lock);
	list_for_each_entry(mapping, &copy->mappings, node)
		dma_sync_sgtable_for_device(mapping->device, &mapping->table,
					    mapping->direction);
	mutex_unlock(&copy->lock);
}

/**
 * vgpu_copy_clear - overwrite a copy with zeros, visibly for devices
 * @copy: the copy
 *
 * May sleep.
 */
void vgpu_copy_clear(struct vgpu_copy *copy)
{
	memset(copy->memory, 0, copy->bytes);
	vgpu_copy_show(copy);
}

static struct page **copy_pages(const struct vgpu_copy *copy)
{
	unsigned int i, n = copy->bytes >> PAGE_SHIFT;
	struct page **pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL);

	for (i = 0; pages && i < n; i++)
		pages[i] = vmalloc_to_page(copy->memory + (size_t)i * PAGE_SIZE);
	return pages;
}

/* SWIOTLB maps small segments only, for a device that can't address all memory. */
static unsigned int segment_max(struct device *device)
{
	size_t max = min_t(size_t, dma_get_max_seg_size(device),
			   dma_max_mapping_size(device));

	return max(ALIGN_DOWN(max, PAGE_SIZE), PAGE_SIZE);
}

static int fill_table(const struct vgpu_copy *copy, struct copy_mapping *mapping)
{
	struct page **pages = copy_pages(copy);
	int ret;

	if (!pages)
		return -ENOMEM;
	ret = sg_alloc_table_from_pages_segment(&mapping->table, pages,
						copy->bytes >> PAGE_SHIFT, 0,
						copy->bytes,
						segment_max(mapping->device),
						GFP_KERNEL);
	kvfree(pages);
	if (ret)
		return ret;
	ret = dma_map_sgtable(mapping->device, &mapping->table,
			      mapping->direction, 0);
	if (ret)
		sg_free_table(&mapping->table);
	return ret;
}

/**
 * vgpu_copy_map - map a copy for a device
 * @copy: the copy
 * @device: the device
 * @direction: DMA direction; what the device writes is never read
 *
 * May sleep.
 *
 * Return: the mapping, which vgpu_copy_unmap() takes back, or an error pointer.
 */
struct sg_table *vgpu_copy_map(struct vgpu_copy *copy, struct device *device,
			       enum dma_data_direction direction)
{
	struct copy_mapping *mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	int ret;

	if (!mapping)
		return ERR_PTR(-ENOMEM);
	mapping->device = device;
	mapping->direction = direction;
	ret = fill_table(copy, mapping);
	if (ret) {
		kfree(mapping);
		return ERR_PTR(ret);
	}
	mutex_lock(&copy->lock);
	list_add_tail(&mapping->node, &copy->mappings);
	mutex_unlock(&copy->lock);
	return &mapping->table;
}

/**
 * vgpu_copy_unmap - undo vgpu_copy_map()
 * @copy: the copy
 * @table: the mapping that vgpu_copy_map() returned
 *
 * May sleep.
 */
void vgpu_copy_unmap(struct vgpu_copy *copy, struct sg_table *table)
{
	struct copy_mapping *mapping =
		container_of(table, struct copy_mapping, table);

	mutex_lock(&copy->lock);
	list_del(&mapping->node);
	mutex_unlock(&copy->lock);
	dma_unmap_sgtable(mapping->device, table, mapping->direction, 0);
	sg_free_table(table);
	kfree(mapping);
}

/**
 * vgpu_copy_address - map a copy for the processor
 * @copy: the copy
 * @map: receives its address, valid as long as the copy is
 */
void vgpu_copy_address(struct vgpu_copy *copy, struct iosys_map *map)
{
	iosys_map_set_vaddr(map, copy->memory);
}
