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

static inline void partition_ready(struct gpu *g, unsigned int p)
{
	partition_on(g, p);
	ring_on(g, p, 0);
}

/* A partition with work that does not end, of the compute engines. */
static inline void partition_spins(struct gpu *g, unsigned int p)
{
	partition_ready(g, p);
	put_spin(g, p);
	push_dispatch(g, p, 0, 16);
	bell(g, p, 0);
}

static inline void partition_fills(struct gpu *g, unsigned int p)
{
	struct refgpu_fill packet = {
		.header = { .opcode = REFGPU_OP_FILL },
		.target = AT_DATA,
		.bytes = 65536,
		.lines = 1000000,
	};

	partition_ready(g, p);
	push(g, p, 0, &packet);
	bell(g, p, 0);
}

static inline void partition_copies(struct gpu *g, unsigned int p)
{
	struct refgpu_copy packet = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = AT_DATA,
		.target = REFGPU_SYSMEM_APERTURE,
		.bytes = 8192,
		.lines = 10000000,
	};

	partition_ready(g, p);
	push(g, p, 0, &packet);
	bell(g, p, 0);
}

static inline void take(struct gpu *g, unsigned int block, u64 mask)
{
	ck_assert_msg(take_slices(g, block, mask), "block %u has slices %#llx, not %#llx", block,
		      (unsigned long long)rd(g, RC(block, SLICES)), (unsigned long long)mask);
}

static inline void expect_ratio(const char *what, u64 got, double wanted, double tolerance)
{
	double ratio = (double)got / wanted;

	ck_assert_msg(ratio > 1 - tolerance && ratio < 1 + tolerance,
		      "%s: %llu, not %.0f within %.1f %%", what, (unsigned long long)got, wanted,
		      tolerance * 100);
}

#endif /* UNIT_BLOCKS_H */
