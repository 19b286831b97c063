/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty.h - which granules of a slice a copy elsewhere lacks
 */
#ifndef MEMORY_DIRTY_H
#define MEMORY_DIRTY_H

#include <linux/types.h>

struct vgpu;

/**
 * struct vgpu_dirty - granules of a vGPU's slice to be copied
 * @bits: which; NULL: nobody copies. Of whoever copies, by locks of its own
 * @granules: how many of the slice are copied, from its beginning on
 * @next: where to look for the next one
 * @collected_at: kernel clock of the last vgpu_dirty_collect(), ns
 * @touched: those that a CPU may have written since then, set with mapping.sem
 *	held; NULL: nobody wants to know. mapping.sem
 * @region: index of the region that shows the slice
 */
struct vgpu_dirty {
	unsigned long *bits;
	u64 granules;
	u64 next;
	u64 collected_at;
	unsigned long *touched;
	unsigned int region;
};

int vgpu_dirty_start(struct vgpu *vgpu, unsigned int region, u64 bytes);
int vgpu_dirty_track(struct vgpu *vgpu);
void vgpu_dirty_stop(struct vgpu *vgpu);
int vgpu_dirty_collect(struct vgpu *vgpu);
void vgpu_dirty_all(struct vgpu *vgpu);
u64 vgpu_dirty_left(const struct vgpu *vgpu);
bool vgpu_dirty_take(struct vgpu *vgpu, u64 *granule);
void vgpu_dirty_return(struct vgpu *vgpu, u64 granule);
void vgpu_dirty_add(struct vgpu *vgpu, u64 offset, u64 bytes);

#endif /* MEMORY_DIRTY_H */
