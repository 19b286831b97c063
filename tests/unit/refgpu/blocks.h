/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * blocks.h - run-control blocks of a device that is divided by its slices
 */
#ifndef UNIT_BLOCKS_H
#define UNIT_BLOCKS_H

#include "gpu.h"

#define RC(block, reg)		(REFGPU_RUN_CONTROL(block) + REFGPU_RC_##reg)
#define PART(p, reg)		(REFGPU_PARTITION(p) + REFGPU_PARTITION_##reg)

/* A mask of @count compute and as many memory slices from @first on. */
#define SLICES(first, count)	((((1ULL << (count)) - 1) << (first)) * 0x101)

/* The partition whose video memory is in that memory slice, the @n-th of 4. */
static inline unsigned int partition_in(unsigned int memory_slice, unsigned int n)
{
	return (memory_slice * 4 + n + 31) % 32;
}

static inline void run_on(struct gpu *g, unsigned int block, unsigned int p, u64 flags,
			  u64 quantum_ns)
{
	wr(g, RC(block, RUN), REFGPU_RUN(p, flags, quantum_ns));
}

static inline u64 state_of(struct gpu *g, unsigned int block)
{
	return rd(g, RC(block, STATE)) & 0xff;
}

/* Write the slices of a block, and see whether it has them. */
static inline bool take_slices(struct gpu *g, unsigned int block, u64 mask)
{
	wr(g, RC(block, SLICES), mask);
	return rd(g, RC(block, SLICES)) == mask;
}

#endif /* UNIT_BLOCKS_H */
