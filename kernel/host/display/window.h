/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.h - the display window
 */
#ifndef DISPLAY_WINDOW_H
#define DISPLAY_WINDOW_H

#include <linux/types.h>
#include <linux/vfio.h>

struct vgpu;
struct vgpu_plane;

#define VGPU_WINDOW_REGION	VFIO_PCI_NUM_REGIONS	/* picture of head 0 */

/**
 * struct vgpu_window - what the display window shows
 * @base: offset of the first byte in the slice, page aligned
 * @bytes: size of the picture, whole pages; zeros follow it
 * @copy: a copy that is shown instead of the slice; NULL: none
 */
struct vgpu_window {
	u64 base;
	u64 bytes;
	void *copy;
};

extern const struct vgpu_region_ops vgpu_window_ops;

bool vgpu_window_show(struct vgpu *vgpu, struct vgpu_plane *plane);
void vgpu_window_close(struct vgpu *vgpu);

#endif /* DISPLAY_WINDOW_H */
