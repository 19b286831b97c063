/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * life.h - open, close, reset, stop and start of a vGPU
 */
#ifndef VGPU_LIFE_H
#define VGPU_LIFE_H

#include "base/fault.h"
#include "base/limits.h"

struct vgpu;

void vgpu_refuse_opens(struct vgpu *vgpu, bool refuse);
enum vgpu_admission vgpu_set_admission(struct vgpu *vgpu, enum vgpu_admission admission);
int vgpu_open(struct vgpu *vgpu);
void vgpu_close(struct vgpu *vgpu);
void vgpu_update_master(struct vgpu *vgpu);
int vgpu_reset(struct vgpu *vgpu, enum vgpu_reset_reason reason);
int vgpu_reset_locked(struct vgpu *vgpu, enum vgpu_reset_reason reason);
void vgpu_quiesce(struct vgpu *vgpu);
void vgpu_lose(struct vgpu *vgpu);
int vgpu_recover(struct vgpu *vgpu);
void vgpu_pause(struct vgpu *vgpu);
void vgpu_go_on(struct vgpu *vgpu);
int vgpu_empty(struct vgpu *vgpu);
void vgpu_restore_config(struct vgpu *vgpu, const u8 *data);

#endif /* VGPU_LIFE_H */
