/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pacing.h - the frame-rate limit of a vGPU
 */
#ifndef DISPLAY_PACING_H
#define DISPLAY_PACING_H

#include <linux/types.h>

struct vgpu;
struct vgpu_gpu;

void vgpu_pace(struct vgpu *vgpu);
void vgpu_pace_all(struct vgpu_gpu *gpu);
u32 vgpu_frame_rate_limit(const struct vgpu *vgpu);
u32 vgpu_frame_rate_ceiling(const struct vgpu *vgpu);
int vgpu_set_frame_rate_limit(struct vgpu *vgpu, u64 rate);
int vgpu_set_frame_rate_ceiling(struct vgpu *vgpu, u64 rate);

#endif /* DISPLAY_PACING_H */
