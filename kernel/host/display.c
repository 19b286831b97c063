// SPDX-License-Identifier: GPL-2.0-only
/*
 * display.c - how a VMM sees what head 0 of a vGPU shows
 *
 * Either in the display window, a region of fixed size whose pages follow the
 * picture (window.c), or as dma-bufs (dmabuf.c). What a guest programs is not
 * trusted: no picture leaves this file that does not lie in the vGPU's slice,
 * or that a VMM could trip over.
 */
#include <drm/drm_fourcc.h>
#include <linux/overflow.h>

#include "openvgpu.h"

/* A VMM's image library takes 32767, and lines of whole 32-bit words. */
#define PIXELS_MAX	16384
#define PITCH_ALIGN	4

/* Pixels that fit the largest mode of a type, whatever the format. */
#define PIXEL_BYTES_MAX	4

/* -------------------------------------------------------------- pictures */

/**
 * vgpu_plane_pixel_bytes - the size of a pixel
 * @format: DRM fourcc
 *
 * Any context.
 *
 * Return: bytes; 0: not a format that can be shown.
 */
unsigned int vgpu_plane_pixel_bytes(u32 format)
{
	switch (format) {
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
	case DRM_FORMAT_XBGR8888:
	case DRM_FORMAT_ABGR8888:
	case DRM_FORMAT_BGRX8888:
		return 4;
	case DRM_FORMAT_RGB888:
		return 3;
	case DRM_FORMAT_RGB565:
	case DRM_FORMAT_XRGB1555:
		return 2;
	}
	return 0;
}

/**
 * vgpu_plane_fits - whether a picture can be shown
 * @vgpu: whose
 * @plane: the picture, as the guest says
 *
 * True if its format is known, its size is sane and not beyond the largest
 * mode of the type, and every pixel lies in the slice. Any context.
 */
bool vgpu_plane_fits(const struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	unsigned int pixel = vgpu_plane_pixel_bytes(plane->format);
	u64 line, end;

	if (!pixel || !plane->width || plane->width > PIXELS_MAX ||
	    !plane->height || plane->height > PIXELS_MAX)
		return false;
	/* Either way up, and as wide as it likes: only the area counts. */
	if ((u64)plane->width * plane->height >
	    (u64)vgpu->type->max_x * vgpu->type->max_y)
		return false;
	line = (u64)plane->width * pixel;
	if (plane->pitch < line || plane->base >= vgpu->fb_size)
		return false;
	/* At most 2^32 * 2^14: no overflow before the sum. */
	end = (u64)plane->pitch * (plane->height - 1) + line;
	return end <= vgpu->fb_size - plane->base;
}

/* --------------------------------------------------------------- regions */

/**
 * vgpu_has_display - whether a vGPU can show a VMM a picture
 * @vgpu: the vGPU
 *
 * Depends on its type and its personality alone. Any context.
 */
bool vgpu_has_display(const struct vgpu *vgpu)
{
	return vgpu->type->heads && vgpu->personality->plane;
}

/* As large as the largest mode: what a VMM mapped must do for good. */
static u64 window_size(const struct vgpu *vgpu)
{
	return PAGE_ALIGN((u64)vgpu->type->max_x * vgpu->type->max_y *
			  PIXEL_BYTES_MAX);
}

/**
 * vgpu_display_setup - the regions that the display needs
 * @vgpu: the vGPU, closed; its personality has filled in the others
 *
 * To be called when the personality or the display attribute has changed,
 * with vgpu->lock held or before anybody else knows the vGPU.
 */
void vgpu_display_setup(struct vgpu *vgpu)
{
	struct vgpu_region *window = &vgpu->region[VGPU_WINDOW_REGION];
	struct vgpu_region *edid = &vgpu->region[VGPU_EDID_REGION];

	memset(window, 0, sizeof(*window));
	memset(edid, 0, sizeof(*edid));
	vgpu->num_regions = max_t(unsigned int, vgpu->num_regions,
				  VGPU_EDID_REGION + 1);
	if (!vgpu_has_display(vgpu) || vgpu->display == VGPU_DISPLAY_OFF)
		return;
	if (vgpu->display == VGPU_DISPLAY_REGION) {
		window->kind = VGPU_REGION_WINDOW;
		window->size = window_size(vgpu);
	}
	edid->kind = VGPU_REGION_EDID;
	edid->size = VGPU_EDID_REGION_SIZE;
}

/**
 * vgpu_display_changed - a guest changed a mode or what a head shows
 * @vgpu: the vGPU
 *
 * For who shows pictures without being asked for them. VMMs ask by
 * themselves. Process context; takes no lock that a personality may hold.
 */
void vgpu_display_changed(struct vgpu *vgpu)
{
	vgpu_console_changed(vgpu);
}
