/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * picture.h - the pictures of a head
 */
#ifndef DISPLAY_PICTURE_H
#define DISPLAY_PICTURE_H

#include "display/plane.h"

struct vgpu;

/**
 * enum vgpu_plane_kind - the pictures of a head
 * @VGPU_PLANE_PRIMARY: the picture that fills the head
 * @VGPU_PLANE_CURSOR: the cursor above it
 */
enum vgpu_plane_kind {
	VGPU_PLANE_PRIMARY,
	VGPU_PLANE_CURSOR,
};

bool vgpu_plane_fits(const struct vgpu *vgpu, const struct vgpu_plane *plane);
bool vgpu_has_display(const struct vgpu *vgpu);

#endif /* DISPLAY_PICTURE_H */
