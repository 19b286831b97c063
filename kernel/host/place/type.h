/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * type.h - which types a GPU has, and how many of each can be created
 */
#ifndef PLACE_TYPE_H
#define PLACE_TYPE_H

#include <linux/mdev.h>
#include <linux/types.h>

struct vgpu_gpu;
struct vgpu_type;

int vgpu_types_create(struct vgpu_gpu *gpu);
void vgpu_types_free(struct vgpu_gpu *gpu);
void vgpu_types_adopt(struct vgpu_gpu *gpu);
unsigned int vgpu_type_available(struct mdev_type *mdev_type);
const char *vgpu_type_unavailable(const struct vgpu_type *type);
ssize_t vgpu_type_description(struct mdev_type *mdev_type, char *buf);

#endif /* PLACE_TYPE_H */
