// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmabuf_copy.c - memory of the host in which other devices see a picture
 *
 * A device that a dma-buf was imported into can't be made to let go of it: not
 * when the vGPU is closed, nor when its slice gets another owner. So it never
 * gets at the slice, but at a copy, which is made anew when the VMM asks for
 * the picture and is cleared when the vGPU is closed.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "display/dmabuf_copy.h"

/**
 * struct vgpu_copy - the copy of one picture
 * @memory: from vmalloc, zeroed at first
 * @bytes: whole pages
 * @lock: @mappings; nests inside the reservation lock of the dma-buf
 * @mappings: struct copy_mapping, for each device that reaches it
 */
struct vgpu_copy {
	void *memory;
	size_t bytes;
	struct mutex lock;		/* mappings */
	struct list_head mappings;
};

/**
 * struct copy_mapping - a copy as one device sees it
 * @node: in vgpu_copy.mappings
 * @device: which
 * @direction: what it may do
 * @table: where it finds the pages
 */
struct copy_mapping {
	struct list_head node;
	struct device *device;
	enum dma_data_direction direction;
	struct sg_table table;
};

/**
 * vgpu_copy_create - room for a copy
 * @bytes: whole pages
 *
 * Charged to the caller's memory cgroup. May sleep.
 *
 * Return: the copy, of zeros, or NULL.
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
 * vgpu_copy_free - give it back
 * @copy: mapped by nobody; NULL does nothing
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
 * vgpu_copy_read - copy a part of the picture
 * @copy: where to
 * @offset: of the part
 * @bytes: of the part, which ends inside the copy
 * @from: the part in video memory
 *
 * Devices may see it after vgpu_copy_show() only.
 */
void vgpu_copy_read(struct vgpu_copy *copy, size_t offset, size_t bytes,
		    const void __iomem *from)
{
	memcpy_fromio(copy->memory + offset, from, bytes);
}

/**
 * vgpu_copy_show - let devices see what was copied
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
 * vgpu_copy_clear - nothing is to be seen in it any more
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

/* A device that can't reach all memory has it bounced, in small pieces. */
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
 * vgpu_copy_map - map it for a device
 * @copy: the copy
 * @device: which
 * @direction: what it may do; it may write, and nobody reads that
 *
 * May sleep.
 *
 * Return: where the device finds it, to be given to vgpu_copy_unmap(), or an
 * error pointer.
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
 * vgpu_copy_unmap - a device is done with it
 * @copy: the copy
 * @table: of vgpu_copy_map()
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
 * vgpu_copy_address - map it for the processor
 * @copy: the copy
 * @map: receives its address, good as long as the copy is
 */
void vgpu_copy_address(struct vgpu_copy *copy, struct iosys_map *map)
{
	iosys_map_set_vaddr(map, copy->memory);
}
