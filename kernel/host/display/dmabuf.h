/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dmabuf.h - pictures of a vGPU as dma-bufs
 */
#ifndef DISPLAY_DMABUF_H
#define DISPLAY_DMABUF_H

#include <linux/types.h>

#include "display/plane.h"

struct vgpu;

#define VGPU_DMABUF_IDS	16	/* QEMU keeps five pictures */

/**
 * struct vgpu_dmabuf_id - a picture that a VMM may request as a dma-buf
 * @id: its id; 0: the entry is free
 * @plane: its place and layout
 * @last_query: number of the last query that returned it
 */
struct vgpu_dmabuf_id {
	u32 id;
	struct vgpu_plane plane;
	u64 last_query;
};

u32 vgpu_dmabuf_id(struct vgpu *vgpu, const struct vgpu_plane *plane);
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane);
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg);
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline);
void vgpu_dmabuf_close(struct vgpu *vgpu);

#endif /* DISPLAY_DMABUF_H */
