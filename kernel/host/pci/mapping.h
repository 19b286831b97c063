/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping.h - BARs mapped into a VMM
 */
#ifndef PCI_MAPPING_H
#define PCI_MAPPING_H

#include <linux/mm_types.h>
#include <linux/rwsem.h>

#include "base/state.h"

struct inode;
struct vgpu;
struct vgpu_region;

/**
 * struct vgpu_mapping - what the mappings of a vGPU may show
 * @sem: protects it, and the state of the vGPU, against page faults
 * @memory_enabled: COMMAND bit 1 of the guest; READ_ONCE without @sem
 * @scratch: one page of this vGPU alone, all ones at open
 * @inode: keeps the mappings together, see compat/zap_domain.h
 */
struct vgpu_mapping {
	struct rw_semaphore sem;
	bool memory_enabled;
	struct page *scratch;
	struct inode *inode;
};

int vgpu_mapping_init(struct vgpu *vgpu);
void vgpu_mapping_destroy(struct vgpu *vgpu);
void vgpu_mapping_open(struct vgpu *vgpu);
bool vgpu_region_mappable(const struct vgpu_region *region);
int vgpu_mapping_mmap(struct vgpu *vgpu, struct vm_area_struct *vma);
void vgpu_mapping_set_memory(struct vgpu *vgpu, bool enabled);
bool vgpu_mapping_enter(struct vgpu *vgpu, enum vgpu_state state);
void vgpu_mapping_zap(struct vgpu *vgpu);
bool vgpu_mapping_read_slice(struct vgpu *vgpu, u64 offset, void *buf,
			     size_t bytes);
bool vgpu_mapping_write_slice(struct vgpu *vgpu, u64 offset, const void *buf,
			      size_t bytes);
void vgpu_mapping_zap_region(struct vgpu *vgpu, unsigned int index);

#endif /* PCI_MAPPING_H */
