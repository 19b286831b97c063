/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * framebuffer.h - video memory, behind a BAR or in pages of the host
 */
#ifndef PCI_FRAMEBUFFER_H
#define PCI_FRAMEBUFFER_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct vgpu_gpu;

bool vgpu_fb_is_pages(const struct vgpu_gpu *gpu);
void vgpu_fb_read(struct vgpu_gpu *gpu, u64 offset, void *to, size_t bytes);
int vgpu_fb_write(struct vgpu_gpu *gpu, u64 offset, const void *from,
		  size_t bytes);
vm_fault_t vgpu_fb_insert(struct vgpu_gpu *gpu, struct vm_area_struct *vma,
			  unsigned long address, u64 offset);

#endif /* PCI_FRAMEBUFFER_H */
