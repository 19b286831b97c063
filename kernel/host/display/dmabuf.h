/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dmabuf.h - pictures of a vGPU as dma-bufs
 */
#ifndef DISPLAY_DMABUF_H
#define DISPLAY_DMABUF_H

#include <linux/list.h>
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

/**
 * struct vgpu_dmabufs - dma-bufs of a vGPU
 * @ids: the last pictures that the VMM was informed of; display.lock
 * @last_id: the last id that was assigned; display.lock
 * @queries: number of queries; display.lock
 * @list: struct exported_picture of each dma-buf; lock of the dma-bufs
 * @count: length of @list; lock of the dma-bufs
 * @copies: how many of them have a copy for other devices; lock of the dma-bufs
 * @gone_first: where in the slice begins what former ones have shown to CPUs; lock of
 *	the dma-bufs
 * @gone_end: where it ends; 0: there is nothing that vgpu_dmabuf_each_mapped() has not
 *	told
 */
struct vgpu_dmabufs {
	struct vgpu_dmabuf_id ids[VGPU_DMABUF_IDS];
	u32 last_id;
	u64 queries;
	struct list_head list;
	unsigned int count;
	unsigned int copies;
	u64 gone_first;
	u64 gone_end;
};

u32 vgpu_dmabuf_id(struct vgpu *vgpu, const struct vgpu_plane *plane);
void vgpu_dmabuf_refresh(struct vgpu *vgpu, const struct vgpu_plane *plane);
long vgpu_dmabuf_get(struct vgpu *vgpu, void __user *arg);
void vgpu_dmabuf_each_mapped(struct vgpu *vgpu,
			     void (*each)(struct vgpu *vgpu, u64 offset,
					  u64 bytes));
void vgpu_dmabuf_set_offline(struct vgpu *vgpu, bool offline);
void vgpu_dmabuf_close(struct vgpu *vgpu);

#endif /* DISPLAY_DMABUF_H */
