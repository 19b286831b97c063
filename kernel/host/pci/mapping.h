/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping.h - BARs mapped into a VMM
 */
#ifndef PCI_MAPPING_H
#define PCI_MAPPING_H

#include <linux/mm_types.h>

#include "base/state.h"

struct vgpu;
struct vgpu_region;

int vgpu_mapping_module_init(void);
void vgpu_mapping_module_exit(void);
int vgpu_mapping_init(struct vgpu *vgpu);
void vgpu_mapping_destroy(struct vgpu *vgpu);
void vgpu_mapping_open(struct vgpu *vgpu);
bool vgpu_region_mappable(const struct vgpu_region *region);
int vgpu_mapping_mmap(struct vgpu *vgpu, struct vm_area_struct *vma);
void vgpu_mapping_set_memory(struct vgpu *vgpu, bool enabled);
bool vgpu_mapping_enter(struct vgpu *vgpu, enum vgpu_state state);
void vgpu_mapping_zap(struct vgpu *vgpu);
void vgpu_mapping_zap_region(struct vgpu *vgpu, unsigned int index);

#endif /* PCI_MAPPING_H */
