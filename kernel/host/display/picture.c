// SPDX-License-Identifier: GPL-2.0-only
/*
 * picture.c - which vGPUs can show pictures, and which pictures can be shown
 */
#include "base/vgpu.h"
#include "display/picture.h"
#include "display/plane.h"

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

/**
 * vgpu_plane_fits - whether a picture can be shown
 * @vgpu: the vGPU
 * @plane: the picture, as the guest describes it
 *
 * True if its format is known, it has no more pixels than the largest mode of
 * the type, and every pixel lies in the slice. Any context.
 */
bool vgpu_plane_fits(const struct vgpu *vgpu, const struct vgpu_plane *plane)
{
	return vgpu_plane_inside(plane, vgpu->fb_size,
				 (u64)vgpu->type->max_x * vgpu->type->max_y);
}
