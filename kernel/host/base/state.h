/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - names, refusals, references and the end of GPUs
 */
#ifndef BASE_STATE_H
#define BASE_STATE_H

#include <linux/compiler.h>

struct vgpu;
struct vgpu_gpu;

void vgpu_live_get(void);
void vgpu_live_put(void);
void vgpu_live_wait(void);
void vgpu_gpu_get(struct vgpu_gpu *gpu);
void vgpu_gpu_put(struct vgpu_gpu *gpu);
void vgpu_gpu_error(struct vgpu_gpu *gpu, const char *fmt, ...) __printf(2, 3);
void vgpu_gpu_dead(struct vgpu_gpu *gpu, const char *why);
const char *vgpu_gpu_state_name(const struct vgpu_gpu *gpu);
const char *vgpu_name(const struct vgpu *vgpu);

#endif /* BASE_STATE_H */
