/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dmabuf_copy.h - the copy of a picture that other devices see
 */
#ifndef DISPLAY_DMABUF_COPY_H
#define DISPLAY_DMABUF_COPY_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct device;
struct iosys_map;
struct sg_table;
struct vgpu_copy;

struct vgpu_copy *vgpu_copy_create(size_t bytes);
void vgpu_copy_free(struct vgpu_copy *copy);
void *vgpu_copy_at(struct vgpu_copy *copy, size_t offset);
void vgpu_copy_show(struct vgpu_copy *copy);
void vgpu_copy_clear(struct vgpu_copy *copy);
struct sg_table *vgpu_copy_map(struct vgpu_copy *copy, struct device *device,
			       enum dma_data_direction direction);
void vgpu_copy_unmap(struct vgpu_copy *copy, struct sg_table *table);
void vgpu_copy_address(struct vgpu_copy *copy, struct iosys_map *map);

#endif /* DISPLAY_DMABUF_COPY_H */
