/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pin_batch.h - the guest pages of one map command; only for memory/
 */
#ifndef MEMORY_PIN_BATCH_H
#define MEMORY_PIN_BATCH_H

#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/types.h>

struct pin_batch;
struct vgpu;

/**
 * struct pin_told - when it was told that pages may have been written
 * @slices: of the vGPU, until then
 * @running: it held the engine then
 */
struct pin_told {
	u64 slices;
	bool running;
};

/**
 * struct pin_run - guest pages in one piece
 * @node: in vgpu->pins.runs, by guest page number
 * @batch: what it is part of
 * @first: index of its first page in the batch
 * @pages: how many
 * @mapped: how many of them have a DMA address
 * @pinned: VFIO has pinned it
 * @begun: when its first page was told of last
 * @told: when all of it was told of last: when that began
 * @first_told: its batch was given back, and its first page was told of since
 */
struct pin_run {
	struct interval_tree_node node;
	struct pin_batch *batch;
	u32 first;
	u32 pages;
	u32 mapped;
	bool pinned;
	bool first_told;
	struct pin_told begun;
	struct pin_told told;
};

/**
 * enum pin_state - where a batch is in its life
 * @PIN_CLAIMED: its ranges are taken and its pages are being pinned
 * @PIN_VALID: complete, and in the hardware's table
 * @PIN_REVOKED: the hardware does not reach it any more; its pages are to be
 *	unpinned by whoever has it: the thread that claimed it, or the list of
 *	revoked batches
 */
enum pin_state {
	PIN_CLAIMED,
	PIN_VALID,
	PIN_REVOKED,
};

/**
 * struct pin_batch - what one map command mapped
 * @node: in vgpu->pins.batches, by aperture page, unless it is revoked
 * @revoked: in vgpu->pins.revoked
 * @state: changes with pins.lock held
 * @write: the device may write
 * @reached: it was in the hardware's table
 * @pages: how many
 * @untold: of its runs, those in the tree of pin_log.c
 * @runs: number of elements in @run
 * @dma: DMA address of each page
 * @run: the runs
 */
struct pin_batch {
	struct interval_tree_node node;
	struct list_head revoked;
	enum pin_state state;
	bool write;
	bool reached;
	u32 pages;
	u32 untold;
	u32 runs;
	dma_addr_t *dma;
	struct pin_run *run;
};

struct pin_batch *pin_batch_alloc(u32 first, u32 count, const u64 *addr,
				  bool write);
void pin_batch_free(struct pin_batch *batch);
int pin_batch_pin(struct vgpu *vgpu, struct pin_batch *batch);
void pin_batch_unmap_dma(struct vgpu *vgpu, struct pin_batch *batch);
void pin_batch_unpin(struct vgpu *vgpu, struct pin_batch *batch);

#endif /* MEMORY_PIN_BATCH_H */
