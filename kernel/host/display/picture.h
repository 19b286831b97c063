/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * picture.h - the pictures a head is made of
 */
#ifndef DISPLAY_PICTURE_H
#define DISPLAY_PICTURE_H

#include "display/plane.h"

struct vgpu;

/**
 * enum vgpu_plane_kind - the pictures a head is made of
 * @VGPU_PLANE_PRIMARY: the one that fills it
 * @VGPU_PLANE_CURSOR: the one above that
 */
enum vgpu_plane_kind {
	VGPU_PLANE_PRIMARY,
	VGPU_PLANE_CURSOR,
};

bool vgpu_plane_fits(const struct vgpu *vgpu, const struct vgpu_plane *plane);
bool vgpu_has_display(const struct vgpu *vgpu);

#endif /* DISPLAY_PICTURE_H */
