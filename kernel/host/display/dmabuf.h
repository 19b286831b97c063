/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dmabuf.h - the picture as a dma-buf
 */
#ifndef DISPLAY_DMABUF_H
#define DISPLAY_DMABUF_H

#include <linux/types.h>

#include "display/plane.h"

struct vgpu;

#define VGPU_DMABUF_NAMES	16	/* a VMM keeps 5 pictures at most */

/**
 * struct vgpu_dmabuf_name - a picture that a VMM may ask for as a dma-buf
 * @id: what it is called; 0: nothing
 * @plane: where it is
 * @asked: when it was seen last, larger is later
 */
struct vgpu_dmabuf_name {
	u32 id;
	struct vgpu_plane plane;
	u64 asked;
};

u32 vgpu_dmabuf_name(struct vgpu *vgpu, const struct vgpu_plane *plane);
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane);
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg);
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline);
void vgpu_dmabuf_close(struct vgpu *vgpu);

#endif /* DISPLAY_DMABUF_H */
