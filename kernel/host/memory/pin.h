/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin.h - guest memory in the system-memory aperture
 */
#ifndef MEMORY_PIN_H
#define MEMORY_PIN_H

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct vgpu;

/**
 * struct vgpu_pins - what of its guest's memory a vGPU has pinned
 * @lock: protects the rest; taken in dma_unmap
 * @runs: interval tree of pinned guest pages, by guest page
 * @batches: interval tree of map commands, by aperture page
 * @dma: DMA mappings of guest pages, by guest page; see pin.c
 * @wait: woken when pinning that was under way has ended
 * @ended: how often it has
 * @unmapped_at: jiffies of the last dma_unmap
 * @pages: pinned, at most gpu->sysmem_pages; READ_ONCE without the lock
 */
struct vgpu_pins {
	struct mutex lock;	/* never held over vfio_pin_pages() */
	struct rb_root_cached runs;
	struct rb_root_cached batches;
	struct xarray dma;
	wait_queue_head_t wait;
	unsigned int ended;
	unsigned long unmapped_at;
	unsigned long pages;
};

void vgpu_pin_init(struct vgpu *vgpu);
int vgpu_pin_map(struct vgpu *vgpu, u32 first, u32 count, const u64 *addr,
		 bool write);
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first);
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length);
void vgpu_pin_unmap_all(struct vgpu *vgpu);

#endif /* MEMORY_PIN_H */
