/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * query.h - how a VMM gets the picture of a vGPU
 */
#ifndef DISPLAY_QUERY_H
#define DISPLAY_QUERY_H

#include <linux/mutex.h>
#include <linux/types.h>

struct vgpu;

/**
 * enum vgpu_display_method - how a VMM gets the picture of head 0
 * @VGPU_DISPLAY_REGION: in a region that it maps
 * @VGPU_DISPLAY_DMABUF: as a dma-buf
 * @VGPU_DISPLAY_OFF: not at all
 */
enum vgpu_display_method {
	VGPU_DISPLAY_REGION,
	VGPU_DISPLAY_DMABUF,
	VGPU_DISPLAY_OFF,
};

/**
 * struct vgpu_display - the display of a vGPU
 * @method: how the VMM gets the picture, if the vGPU has a display; vgpu.lock,
 *	constant while it is open
 * @lock: serialises queries of the picture
 */
struct vgpu_display {
	enum vgpu_display_method method;
	struct mutex lock;		/* queries of the picture */
};

void vgpu_display_setup(struct vgpu *vgpu);
long vgpu_display_query(struct vgpu *vgpu, void __user *arg);
void vgpu_display_close(struct vgpu *vgpu);
int vgpu_set_display(struct vgpu *vgpu, const char *name);
int vgpu_display_list(const struct vgpu *vgpu, char *buf);

#endif /* DISPLAY_QUERY_H */
