/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin.h - guest memory in the system-memory aperture
 */
#ifndef MEMORY_PIN_H
#define MEMORY_PIN_H

#include <linux/types.h>

struct vgpu;

void vgpu_pin_init(struct vgpu *vgpu);
int vgpu_pin_map(struct vgpu *vgpu, u32 first, u32 count, const u64 *addr,
		 bool write);
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first);
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length);
void vgpu_pin_unmap_all(struct vgpu *vgpu);

#endif /* MEMORY_PIN_H */
