/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console.h - the physical output of a GPU
 */
#ifndef DISPLAY_CONSOLE_H
#define DISPLAY_CONSOLE_H

#include <linux/types.h>

struct vgpu;
struct vgpu_gpu;

void vgpu_console_init(struct vgpu_gpu *gpu);
void vgpu_console_stop(struct vgpu_gpu *gpu);
void vgpu_console_refresh(struct vgpu_gpu *gpu);
void vgpu_console_closed(struct vgpu *vgpu);
void vgpu_console_forget(struct vgpu *vgpu);
ssize_t vgpu_console_name(struct vgpu_gpu *gpu, char *buf);
int vgpu_console_set(struct vgpu_gpu *gpu, const char *text);

#endif /* DISPLAY_CONSOLE_H */
