/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bars.h - kernel mappings of a GPU's BARs, for every family
 */
#ifndef FAMILY_BARS_H
#define FAMILY_BARS_H

#include <linux/compiler_types.h>

struct vgpu_gpu;

int vgpu_map_bars(struct vgpu_gpu *gpu, unsigned int registers_bar,
		  unsigned int memory_bar, void __iomem **registers);
void vgpu_unmap_bars(struct vgpu_gpu *gpu, void __iomem *registers);

#endif /* FAMILY_BARS_H */
