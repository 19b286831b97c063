/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - which part of video memory and which partition a vGPU has
 */
#ifndef PLACE_PLACE_H
#define PLACE_PLACE_H

struct vgpu;

int vgpu_place(struct vgpu *vgpu);
void vgpu_unplace(struct vgpu *vgpu);

#endif /* PLACE_PLACE_H */
