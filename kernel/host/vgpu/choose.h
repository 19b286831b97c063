/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * choose.h - which virtual function a vGPU is
 */
#ifndef VGPU_CHOOSE_H
#define VGPU_CHOOSE_H

struct vgpu;
struct vgpu_personality;

int vgpu_personality_init(struct vgpu *vgpu,
			  const struct vgpu_personality *personality);
void vgpu_personality_release(struct vgpu *vgpu);
int vgpu_set_personality(struct vgpu *vgpu, const char *name);

#endif /* VGPU_CHOOSE_H */
