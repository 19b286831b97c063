/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.h - the display window
 */
#ifndef DISPLAY_WINDOW_H
#define DISPLAY_WINDOW_H

#include <linux/types.h>
#include <linux/vfio.h>

#include "display/plane.h"

struct vgpu;

#define VGPU_WINDOW_REGION	VFIO_PCI_NUM_REGIONS	/* picture of head 0 */

/**
 * struct vgpu_window_content - content of the display window
 * @base: offset of the first byte in the slice, page aligned
 * @bytes: size of the picture, whole pages; zeros follow it
 * @copy: a copy that is shown instead of the slice; NULL: none
 */
struct vgpu_window_content {
	u64 base;
	u64 bytes;
	void *copy;
};

/**
 * struct vgpu_window - the display window of a vGPU
 * @content: what it shows; mapping.sem, and display.lock for writing
 * @reported: the picture that the VMM was informed of last, with the pitch of
 *	the window; display.lock
 * @buffer: memory for copies of pictures, NULL: none; display.lock
 * @buffer_bytes: size of @buffer; display.lock
 */
struct vgpu_window {
	struct vgpu_window_content content;
	struct vgpu_plane reported;
	void *buffer;
	u64 buffer_bytes;
};

extern const struct vgpu_region_ops vgpu_window_ops;

bool vgpu_window_show(struct vgpu *vgpu, struct vgpu_plane *plane);
void vgpu_window_close(struct vgpu *vgpu);

#endif /* DISPLAY_WINDOW_H */
