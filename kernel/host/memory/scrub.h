/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scrub.h - zeroing a slice between owners
 */
#ifndef MEMORY_SCRUB_H
#define MEMORY_SCRUB_H

struct vgpu;

void vgpu_scrub_init(struct vgpu *vgpu);
void vgpu_scrub_queue(struct vgpu *vgpu);
int vgpu_scrub_wait(struct vgpu *vgpu);

#endif /* MEMORY_SCRUB_H */
