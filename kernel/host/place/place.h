/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - which instance, which part of video memory and which partition a vGPU
 * has, and which instances there are
 */
#ifndef PLACE_PLACE_H
#define PLACE_PLACE_H

#include <linux/types.h>

#include "place/layout.h"

struct vgpu;
struct vgpu_gpu;
struct vgpu_instance;
struct vgpu_type;

/* place.c */
int vgpu_place(struct vgpu *vgpu);
void vgpu_unplace(struct vgpu *vgpu);
void vgpu_place_policy(struct vgpu_gpu *gpu);
void vgpu_place_fix(struct vgpu *vgpu, bool fixed);
int vgpu_place_queue(struct vgpu *vgpu, unsigned int number);
int vgpu_reserve(struct vgpu_gpu *gpu, struct layout_profile profile, const char *name,
		 const u8 *parts, unsigned int num_parts);
void vgpu_set_reserved(struct vgpu_instance *instance, bool reserved);
int vgpu_release(struct vgpu_instance *instance);
void vgpu_release_all(struct vgpu_gpu *gpu);

/* refusal.c */
#define VGPU_PROFILE_NAME_SIZE	24
int vgpu_refusal_explain(struct vgpu_gpu *gpu, const struct vgpu *vgpu,
			 struct layout_profile profile, enum layout_refusal refusal,
			 char *why, size_t size);
const char *vgpu_refusal_reason(enum layout_refusal refusal);
void vgpu_profile_name(const struct vgpu_gpu *gpu, struct layout_profile profile,
		       char *buf, size_t size);

#endif /* PLACE_PLACE_H */
