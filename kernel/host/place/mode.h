/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode.h - what a GPU is for: all vGPUs, those with pictures, or those that compute
 */
#ifndef PLACE_MODE_H
#define PLACE_MODE_H

#include <linux/types.h>

#include "openvgpu_work_mode.h"

struct vgpu_gpu;
struct vgpu_type;

int vgpu_mode_find(const char *name);
const char *vgpu_mode_name(enum openvgpu_work_mode mode);
int vgpu_mode_list(enum openvgpu_work_mode now, u32 modes, char *buf, size_t size);
bool vgpu_work_mode_has(const struct vgpu_gpu *gpu, const struct vgpu_type *type);
const char *vgpu_work_mode_name(const struct vgpu_gpu *gpu);
int vgpu_work_mode_list(struct vgpu_gpu *gpu, char *buf, size_t size);
int vgpu_work_mode_set(struct vgpu_gpu *gpu, const char *name);

#endif /* PLACE_MODE_H */
