/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin.h - guest memory in the system-memory aperture
 */
#ifndef MEMORY_PIN_H
#define MEMORY_PIN_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "memory/pin_log.h"

/* Pages of one vgpu_pin_map(), at most: all are taken back together. */
#define VGPU_MAP_PAGES_MAX	4096

struct mem_cgroup;
struct vgpu;
struct vgpu_pack;

/**
 * struct vgpu_pins - what of its guest's memory a vGPU has pinned
 * @lock: protects the rest; taken in dma_unmap
 * @runs: interval tree of guest pages that are or may be pinned, by guest page
 * @batches: interval tree of map commands in force, by aperture page
 * @revoked: batches that the hardware does not reach any more, to be unpinned
 * @unpin_work: does it
 * @unmappings: threads that take guest memory away; see unmapping.c
 * @blind: there may be others, until @blind_until
 * @blind_until: jiffies
 * @dma: DMA mappings of guest pages, by guest page; see pin_batch.c
 * @payer: memory control group of the VMM that has it open; referred to
 * @wait: woken when @changes or @epoch has changed
 * @changes: how many batches have been given back
 * @epoch: how often all was revoked; READ_ONCE without the lock
 * @refusals: how often VFIO refused for the limit of locked memory, lately
 * @refused_at: jiffies when it did last
 * @log: who wants to know what was written
 * @pages: in force, at most gpu->sysmem_pages; READ_ONCE without the lock
 */
struct vgpu_pins {
	struct mutex lock;	/* never held over a call into VFIO */
	struct rb_root_cached runs;
	struct rb_root_cached batches;
	struct list_head revoked;
	struct work_struct unpin_work;
	struct list_head unmappings;
	bool blind;
	unsigned long blind_until;
	struct xarray dma;
	struct mem_cgroup *payer;
	wait_queue_head_t wait;
	unsigned int changes;
	unsigned int epoch;
	unsigned int refusals;
	unsigned long refused_at;
	unsigned long pages;
	struct vgpu_pin_log log;
};

void vgpu_pin_init(struct vgpu *vgpu);
void vgpu_pin_open(struct vgpu *vgpu);
unsigned int vgpu_pin_epoch(const struct vgpu *vgpu);
struct mem_cgroup *vgpu_pin_payer(struct vgpu *vgpu);
int vgpu_pin_map(struct vgpu *vgpu, unsigned int epoch, u32 first, u32 count,
		 const u64 *addr, bool write);
int vgpu_pin_unmap(struct vgpu *vgpu, u32 first);
void vgpu_pin_unmap_iova(struct vgpu *vgpu, u64 iova, u64 length);
void vgpu_pin_revoke_all(struct vgpu *vgpu);
void vgpu_pin_drain(struct vgpu *vgpu);
void vgpu_pin_exit(struct vgpu *vgpu);

/* pin_save.c */
size_t vgpu_pin_save_bytes(struct vgpu *vgpu, size_t header);
bool vgpu_pin_save(struct vgpu *vgpu, unsigned long *first,
		   struct vgpu_pack *pack);

#endif /* MEMORY_PIN_H */
