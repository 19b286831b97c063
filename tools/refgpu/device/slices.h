/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slices.h - compute and memory slices: which there are, who has them, who may use them
 *
 * A mask of slices has compute slices in bits 7:0 and memory slices in bits 15:8.
 */
#ifndef REFGPU_SLICES_H
#define REFGPU_SLICES_H

#include "types.h"

struct device;
struct engine;
struct partition;
struct share;

/** slices_mask() - the mask of a device with so many slices, REFGPU_SLICES at most of each */
u64 slices_mask(unsigned int compute, unsigned int memory);

/** slices_write() - RC_SLICES is written; lock held */
void slices_write(struct engine *engine, u64 value);

/** slices_permit() - may the partition run on the block's slices? Lock held */
bool slices_permit(const struct engine *engine, const struct partition *p);

/** slices_take() - set what the partition's run has of the device; it is permitted; lock held */
void slices_take(struct engine *engine, const struct partition *p);

/**
 * slices_memory() - what the block's run has of the memory's speed
 * @engine: it has a run
 *
 * It changes during the run with the blocks that have the same memory. Lock held.
 */
struct share slices_memory(const struct engine *engine);

#endif /* REFGPU_SLICES_H */
