// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * layout_memory.c - where a block of video memory fits, and what moves for it
 *
 * Blocks lie in spaces: instances and plain vGPUs in that of the GPU, which is the
 * pool's, and vGPUs of an instance in that of the instance. A request gets a block
 * of its space, and smaller blocks that may move make room for it, the largest
 * first. Larger ones never need to: blocks are powers of two and aligned, so which
 * places those have does not change how many places are left for a smaller one. For
 * that reason room is found whenever there is any.
 */
#include "place/layout_memory.h"

/* Units of a block of @level. */
static unsigned int units(const struct layout *layout, unsigned int level)
{
	return 1u << (layout->levels - level);
}

/**
 * layout_slice_units - the size of a memory slice
 * @layout: the layout, of a GPU that has instances
 *
 * Return: units.
 */
unsigned int layout_slice_units(const struct layout *layout)
{
	unsigned int n = 1;

	while (n * layout->memory_slices < units(layout, 0))
		n *= 2;
	return n;
}

/* A bit for each unit of a block. */
static __u64 block_mask(const struct layout *layout, unsigned int level,
			unsigned int first)
{
	unsigned int n = units(layout, level);

	return (n < 64 ? (1ULL << n) - 1 : ~0ULL) << first;
}

/* The units of the space of @instance, or LAYOUT_POOL; none if it has none. */
static __u64 space_mask(const struct layout *layout, unsigned int instance)
{
	const struct layout_instance *in = &layout->instance[instance];

	if (instance == LAYOUT_POOL)
		return block_mask(layout, 0, 0) & ~(layout->reserved ? 1ULL : 0);
	if (!layout_has_memory(layout, instance))
		return 0;
	return block_mask(layout, layout_profile_level(layout, in->profile),
			  in->memory_first * layout_slice_units(layout));
}

static void add_block(const struct layout *layout, struct layout_plan *plan, unsigned int id,
		      unsigned int level, unsigned int first, bool movable)
{
	struct layout_block *block = &plan->blocks[plan->count++];

	plan->unused &= ~block_mask(layout, level, first);
	block->id = id;
	block->level = level;
	block->first = first;
	block->to = LAYOUT_NOWHERE;
	block->movable = movable;
}

/* Begins a plan with the blocks of a space. */
static void begin_plan(const struct layout *layout, unsigned int instance,
		       struct layout_plan *plan)
{
	unsigned int i, open_instances = 0;

	plan->count = 0;
	plan->moves = false;
	plan->unused = space_mask(layout, instance);
	for (i = 0; i < layout->vgpus; i++) {
		const struct layout_vgpu *vgpu = &layout->vgpu[i];

		if (!vgpu->used)
			continue;
		if (!vgpu->closed)
			open_instances |= 1u << vgpu->instance;
		if (vgpu->instance == instance)
			add_block(layout, plan, i, vgpu->level, vgpu->first, vgpu->closed);
	}
	if (instance != LAYOUT_POOL)
		return;
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		const struct layout_instance *in = &layout->instance[i];

		if (layout_has_memory(layout, i))
			add_block(layout, plan, LAYOUT_VGPUS + i,
				  layout_profile_level(layout, in->profile),
				  in->memory_first * layout_slice_units(layout),
				  !(open_instances & 1u << i));
	}
}

/* The level of the largest free block that the free block at @first is part of. */
static unsigned int widest(const struct layout *layout, __u64 taken,
			   unsigned int level, unsigned int first)
{
	while (level > 0) {
		first &= ~(units(layout, level - 1) - 1);
		if (block_mask(layout, level - 1, first) & taken)
			break;
		level--;
	}
	return level;
}

/*
 * A block of @level without any unit of @hard, with as few of @avoid as there can be;
 * of equals the one that is part of the smallest free block, so that large ones stay
 * whole; of equals the lowest. LAYOUT_NOWHERE if there is none.
 */
static unsigned int choose(const struct layout *layout, unsigned int level,
			   __u64 hard, __u64 avoid)
{
	unsigned int first, best = LAYOUT_NOWHERE, least = ~0u, best_widest = 0;

	for (first = 0; first < units(layout, 0); first += units(layout, level)) {
		__u64 mask = block_mask(layout, level, first);
		unsigned int cost, wide;

		if (mask & hard)
			continue;
		cost = layout_count_bits(mask & avoid);
		wide = widest(layout, hard | avoid, level, first);
		if (cost > least || (cost == least && wide <= best_widest))
			continue;
		best = first;
		least = cost;
		best_widest = wide;
	}
	return best;
}

/*
 * Makes room among the blocks of @level for what has taken the units @taken: who
 * need not go stays, and the others get places where the least is in the way.
 */
static bool make_room(const struct layout *layout, unsigned int level,
		      struct layout_plan *plan, __u64 *hard, __u64 *avoid, __u64 *taken)
{
	unsigned int i;

	for (i = 0; i < plan->count; i++) {
		const struct layout_block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (!block->movable || block->level != level)
			continue;
		*avoid &= ~mask;
		if (!(mask & *taken))
			*hard |= mask;
	}
	for (i = 0; i < plan->count; i++) {
		struct layout_block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (!block->movable || block->level != level || !(mask & *taken))
			continue;
		block->to = choose(layout, level, *hard, *avoid);
		if (block->to == LAYOUT_NOWHERE)
			return false;
		mask = block_mask(layout, level, block->to);
		*taken |= mask;
		*hard |= mask;
		plan->moves = true;
	}
	return true;
}

/**
 * layout_make_plan - where a block fits, and what must move
 * @layout: the layout
 * @instance: number of the instance in whose space it is to be, or LAYOUT_POOL
 * @level: its size
 * @plan: filled in
 *
 * Return: LAYOUT_NO_MEMORY, LAYOUT_IN_THE_WAY, or LAYOUT_OK.
 */
enum layout_refusal layout_make_plan(const struct layout *layout, unsigned int instance,
				     unsigned int level, struct layout_plan *plan)
{
	__u64 hard = ~space_mask(layout, instance), avoid = 0, taken;
	unsigned int i;

	begin_plan(layout, instance, plan);
	if (layout_count_bits(plan->unused) < units(layout, level))
		return LAYOUT_NO_MEMORY;
	for (i = 0; i < plan->count; i++) {
		const struct layout_block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (block->movable && block->level > level)
			avoid |= mask;
		else
			hard |= mask;
	}
	plan->first = choose(layout, level, hard, avoid);
	if (plan->first == LAYOUT_NOWHERE)
		return LAYOUT_IN_THE_WAY;
	taken = block_mask(layout, level, plan->first);
	hard |= taken;
	for (i = level + 1; i <= layout->levels; i++) {
		if (!make_room(layout, i, plan, &hard, &avoid, &taken))
			return LAYOUT_IN_THE_WAY;
	}
	return LAYOUT_OK;
}

static void move_vgpu(struct layout *layout, unsigned int vgpu, unsigned int first,
		      struct layout_change *change)
{
	layout->vgpu[vgpu].first = first;
	change->moved_vgpus |= 1ULL << vgpu;
}

/* Its vGPUs move with it. */
static void move_instance(struct layout *layout, unsigned int instance,
			  const struct layout_block *block, struct layout_change *change)
{
	unsigned int i;

	layout->instance[instance].memory_first = block->to / layout_slice_units(layout);
	change->moved_instances |= 1u << instance;
	for (i = 0; i < layout->vgpus; i++) {
		const struct layout_vgpu *vgpu = &layout->vgpu[i];

		if (vgpu->used && vgpu->instance == instance)
			move_vgpu(layout, i, vgpu->first - block->first + block->to,
				  change);
	}
}

/**
 * layout_carry_out - move what a plan moves
 * @layout: the layout, as it was when the plan was made
 * @plan: the plan
 * @change: what has moved is added
 */
void layout_carry_out(struct layout *layout, const struct layout_plan *plan,
		      struct layout_change *change)
{
	unsigned int i;

	for (i = 0; i < plan->count; i++) {
		const struct layout_block *block = &plan->blocks[i];

		if (block->to == LAYOUT_NOWHERE)
			continue;
		if (block->id < LAYOUT_VGPUS)
			move_vgpu(layout, block->id, block->to, change);
		else
			move_instance(layout, block->id - LAYOUT_VGPUS, block, change);
	}
}

/**
 * layout_free_bytes - memory for further vGPUs
 * @layout: the layout
 * @instance: number of an instance, or LAYOUT_POOL, whose memory is for instances, too
 */
__u64 layout_free_bytes(const struct layout *layout, unsigned int instance)
{
	struct layout_plan plan;

	begin_plan(layout, instance, &plan);
	return (layout->size >> layout->levels) * layout_count_bits(plan.unused);
}

/**
 * layout_largest - the largest vGPU that fits if none moves
 * @layout: the layout
 * @instance: number of an instance, or LAYOUT_POOL
 *
 * Return: bytes; 0: none fits.
 */
__u64 layout_largest(const struct layout *layout, unsigned int instance)
{
	struct layout_plan plan;
	unsigned int level;

	begin_plan(layout, instance, &plan);
	for (level = 0; level <= layout->levels; level++) {
		if (choose(layout, level, ~plan.unused, 0) != LAYOUT_NOWHERE)
			return layout->size >> level;
	}
	return 0;
}
