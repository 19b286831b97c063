/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * layout_memory.h - where a block of video memory fits, and what moves for it
 *
 * For the layout alone; what others may ask is in layout.h.
 */
#ifndef PLACE_LAYOUT_MEMORY_H
#define PLACE_LAYOUT_MEMORY_H

#include "place/layout.h"

/* Blocks of the GPU's space at most: vGPUs, and then instances. */
#define LAYOUT_BLOCKS		(LAYOUT_VGPUS + LAYOUT_INSTANCES)
#define LAYOUT_NOWHERE		0xff

/**
 * struct layout_block - a block of a space
 * @id: a partition, or LAYOUT_VGPUS and the number of an instance
 * @level: its size
 * @first: its first unit
 * @to: its first unit after the move, LAYOUT_NOWHERE as long as it stays
 * @movable: nobody uses it
 */
struct layout_block {
	__u8 id;
	__u8 level;
	__u8 first;
	__u8 to;
	bool movable;
};

/**
 * struct layout_plan - where a request goes, and what moves for it
 * @first: first unit of the request
 * @moves: something moves
 * @unused: a bit for each unit of the space that is free before
 * @count: blocks in the space
 * @blocks: they
 */
struct layout_plan {
	unsigned int first;
	bool moves;
	__u64 unused;
	unsigned int count;
	struct layout_block blocks[LAYOUT_BLOCKS];
};

static inline bool layout_exists(const struct layout *layout, unsigned int instance)
{
	return instance != LAYOUT_POOL && layout->instance[instance].profile.compute;
}

/* It is a GPU instance: no compute instance. */
static inline bool layout_has_memory(const struct layout *layout, unsigned int instance)
{
	return layout_exists(layout, instance) && !layout->instance[instance].shares;
}

static inline unsigned int layout_count_bits(__u64 bits)
{
	unsigned int n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

unsigned int layout_slice_units(const struct layout *layout);
enum layout_refusal layout_make_plan(const struct layout *layout, unsigned int instance,
				     unsigned int level, struct layout_plan *plan);
void layout_carry_out(struct layout *layout, const struct layout_plan *plan,
		      struct layout_change *change);

#endif /* PLACE_LAYOUT_MEMORY_H */
