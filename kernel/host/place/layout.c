// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * layout.c - who has which compute slices and which video memory of a GPU
 *
 * Blocks lie in spaces: instances and plain vGPUs in that of the GPU, which is the
 * pool's, and vGPUs of an instance in that of the instance. A request gets a block
 * of its space, and smaller blocks that may move make room for it, the largest
 * first. Larger ones never need to: blocks are powers of two and aligned, so which
 * places those have does not change how many places are left for a smaller one. For
 * that reason room is found whenever there is any.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "place/layout.h"

/* Blocks of the GPU's space at most: vGPUs, and then instances. */
#define BLOCKS		(LAYOUT_VGPUS + LAYOUT_INSTANCES)
#define NOWHERE		0xff

/**
 * struct block - a block of a space
 * @id: a partition, or LAYOUT_VGPUS and the number of an instance
 * @level: its size
 * @first: its first unit
 * @to: its first unit after the move, NOWHERE as long as it stays
 * @movable: nobody uses it
 */
struct block {
	__u8 id;
	__u8 level;
	__u8 first;
	__u8 to;
	bool movable;
};

/**
 * struct plan - where a request goes, and what moves for it
 * @first: first unit of the request
 * @moves: something moves
 * @unused: a bit for each unit of the space that is free before
 * @count: blocks in the space
 * @blocks: they
 */
struct plan {
	unsigned int first;
	bool moves;
	__u64 unused;
	unsigned int count;
	struct block blocks[BLOCKS];
};

static unsigned int power_of_two(unsigned int least)
{
	unsigned int power = 1;

	while (power < least)
		power *= 2;
	return power;
}

static unsigned int count_bits(__u64 bits)
{
	unsigned int n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

/* Units of a block of @level. */
static unsigned int units(const struct layout *layout, unsigned int level)
{
	return 1u << (layout->levels - level);
}

/* Units of a memory slice. */
static unsigned int slice(const struct layout *layout)
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

static bool same_profile(struct layout_profile a, struct layout_profile b)
{
	return a.compute == b.compute && a.memory == b.memory;
}

static bool exists(const struct layout *layout, unsigned int instance)
{
	return instance != LAYOUT_POOL && layout->instance[instance].profile.compute;
}

static bool has_memory(const struct layout *layout, unsigned int instance)
{
	return exists(layout, instance) && !layout->instance[instance].shares;
}

/* The units of the space of @instance, or LAYOUT_POOL; none if it has none. */
static __u64 space_mask(const struct layout *layout, unsigned int instance)
{
	const struct layout_instance *in = &layout->instance[instance];

	if (instance == LAYOUT_POOL)
		return block_mask(layout, 0, 0) & ~(layout->reserved ? 1ULL : 0);
	if (!has_memory(layout, instance))
		return 0;
	return block_mask(layout, layout_profile_level(layout, in->profile),
			  in->memory_first * slice(layout));
}

static void add_block(const struct layout *layout, struct plan *plan, unsigned int id,
		      unsigned int level, unsigned int first, bool movable)
{
	struct block *block = &plan->blocks[plan->count++];

	plan->unused &= ~block_mask(layout, level, first);

	block->id = id;
	block->level = level;
	block->first = first;
	block->to = NOWHERE;
	block->movable = movable;
}

/* Begins a plan with the blocks of a space. */
static void begin_plan(const struct layout *layout, unsigned int instance,
		       struct plan *plan)
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

		if (has_memory(layout, i))
			add_block(layout, plan, LAYOUT_VGPUS + i,
				  layout_profile_level(layout, in->profile),
				  in->memory_first * slice(layout),
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
 * whole; of equals the lowest. NOWHERE if there is none.
 */
static unsigned int choose(const struct layout *layout, unsigned int level,
			   __u64 hard, __u64 avoid)
{
	unsigned int first, best = NOWHERE, least = ~0u, best_widest = 0;

	for (first = 0; first < units(layout, 0); first += units(layout, level)) {
		__u64 mask = block_mask(layout, level, first);
		unsigned int cost, wide;

		if (mask & hard)
			continue;
		cost = count_bits(mask & avoid);
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
		      struct plan *plan, __u64 *hard, __u64 *avoid, __u64 *taken)
{
	unsigned int i;

	for (i = 0; i < plan->count; i++) {
		const struct block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (!block->movable || block->level != level)
			continue;
		*avoid &= ~mask;
		if (!(mask & *taken))
			*hard |= mask;
	}
	for (i = 0; i < plan->count; i++) {
		struct block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (!block->movable || block->level != level || !(mask & *taken))
			continue;
		block->to = choose(layout, level, *hard, *avoid);
		if (block->to == NOWHERE)
			return false;
		mask = block_mask(layout, level, block->to);
		*taken |= mask;
		*hard |= mask;
		plan->moves = true;
	}
	return true;
}

/*
 * Where a block of @level fits into the space of @instance, and what must move;
 * or LAYOUT_NO_MEMORY, LAYOUT_IN_THE_WAY.
 */
static enum layout_refusal make_plan(const struct layout *layout, unsigned int instance,
				     unsigned int level, struct plan *plan)
{
	__u64 hard = ~space_mask(layout, instance), avoid = 0, taken;
	unsigned int i;

	begin_plan(layout, instance, plan);
	if (count_bits(plan->unused) < units(layout, level))
		return LAYOUT_NO_MEMORY;
	for (i = 0; i < plan->count; i++) {
		const struct block *block = &plan->blocks[i];
		__u64 mask = block_mask(layout, block->level, block->first);

		if (block->movable && block->level > level)
			avoid |= mask;
		else
			hard |= mask;
	}
	plan->first = choose(layout, level, hard, avoid);
	if (plan->first == NOWHERE)
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
			  const struct block *block, struct layout_change *change)
{
	unsigned int i;

	layout->instance[instance].memory_first = block->to / slice(layout);
	change->moved_instances |= 1u << instance;
	for (i = 0; i < layout->vgpus; i++) {
		const struct layout_vgpu *vgpu = &layout->vgpu[i];

		if (vgpu->used && vgpu->instance == instance)
			move_vgpu(layout, i, vgpu->first - block->first + block->to,
				  change);
	}
}

static void carry_out(struct layout *layout, const struct plan *plan,
		      struct layout_change *change)
{
	unsigned int i;

	for (i = 0; i < plan->count; i++) {
		const struct block *block = &plan->blocks[i];

		if (block->to == NOWHERE)
			continue;
		if (block->id < LAYOUT_VGPUS)
			move_vgpu(layout, block->id, block->to, change);
		else
			move_instance(layout, block->id - LAYOUT_VGPUS, block, change);
	}
}

/**
 * layout_init - an empty layout
 * @layout: filled in
 * @size: bytes of video memory, a multiple of 1 << @levels
 * @levels: how often it may be halved, at most LAYOUT_LEVELS
 * @reserved: the first block of the finest level is not to be given away
 * @vgpus: partitions, at most LAYOUT_VGPUS
 * @compute_slices: of the GPU, at most LAYOUT_SLICES; 0: it has no instances
 * @memory_slices: likewise; a power of two, and at most 1 << @levels
 *
 * Return: false if that is no GPU.
 */
bool layout_init(struct layout *layout, __u64 size, unsigned int levels, bool reserved,
		 unsigned int vgpus, unsigned int compute_slices,
		 unsigned int memory_slices)
{
	if (levels > LAYOUT_LEVELS || !size || size & ((1ULL << levels) - 1) ||
	    (reserved && !levels) || !vgpus || vgpus > LAYOUT_VGPUS ||
	    compute_slices > LAYOUT_SLICES)
		return false;
	if (compute_slices &&
	    (!memory_slices || memory_slices > LAYOUT_SLICES ||
	     memory_slices > 1u << levels ||
	     power_of_two(memory_slices) != memory_slices))
		return false;
	memset(layout, 0, sizeof(*layout));
	layout->size = size;
	layout->levels = levels;
	layout->reserved = reserved;
	layout->vgpus = vgpus;
	layout->compute_slices = compute_slices;
	layout->memory_slices = compute_slices ? memory_slices : 0;
	return true;
}

/**
 * layout_default_memory - memory slices that go with compute slices
 * @layout: the layout, of a GPU that can have instances
 * @compute: how many compute slices
 *
 * Return: so many, rounded up to a power of two, and all if @compute is all.
 */
unsigned int layout_default_memory(const struct layout *layout, unsigned int compute)
{
	unsigned int memory = power_of_two(compute);

	if (compute >= layout->compute_slices || memory > layout->memory_slices)
		return layout->memory_slices;
	return memory;
}

/**
 * layout_profile_level - the size of an instance's memory
 * @layout: the layout
 * @profile: of the instance
 *
 * Return: how often video memory is halved to get it.
 */
unsigned int layout_profile_level(const struct layout *layout,
				  struct layout_profile profile)
{
	unsigned int level = 0;

	while (profile.memory && (unsigned int)profile.memory << level < layout->memory_slices)
		level++;
	return level;
}

/**
 * layout_profile_for - the instance that a spatial type needs
 * @layout: the layout
 * @compute: compute slices of the type; 0: a plain type, which needs none
 * @level: size of its vGPUs
 *
 * Return: its memory is the default for @compute, or more if a vGPU needs more.
 */
struct layout_profile layout_profile_for(const struct layout *layout,
					 unsigned int compute, unsigned int level)
{
	struct layout_profile profile = { .compute = compute };

	if (compute) {
		profile.memory = layout_default_memory(layout, compute);
		if (layout->memory_slices >> level > profile.memory)
			profile.memory = layout->memory_slices >> level;
	}
	return profile;
}

/**
 * layout_offers - whether there is a type of that shape
 * @layout: the layout
 * @compute: compute slices; 0: a plain type
 * @level: size of its vGPUs
 *
 * A spatial type has an eighth of what is the default for @compute, or more.
 */
bool layout_offers(const struct layout *layout, unsigned int compute, unsigned int level)
{
	struct layout_profile profile = { .compute = compute };

	if (level > layout->levels || compute > layout->compute_slices)
		return false;
	if (!compute)
		return true;
	profile.memory = layout_default_memory(layout, compute);
	return level <= layout_profile_level(layout, profile) + 3;
}

/**
 * layout_block - the run-control block of an instance
 * @instance: its number, or LAYOUT_POOL
 *
 * Instance 8 has that of the pool: it exists only when the pool has no slices.
 */
unsigned int layout_block(unsigned int instance)
{
	return instance % LAYOUT_SLICES;
}

/**
 * layout_offset - where a vGPU's memory begins
 * @layout: the layout
 * @vgpu: its partition
 *
 * Return: bytes from the beginning of video memory.
 */
__u64 layout_offset(const struct layout *layout, unsigned int vgpu)
{
	return (layout->size >> layout->levels) * layout->vgpu[vgpu].first;
}

static bool valid_profile(const struct layout *layout, struct layout_profile profile)
{
	return profile.compute && profile.compute <= layout->compute_slices &&
		profile.memory >= layout_default_memory(layout, profile.compute) &&
		profile.memory <= layout->memory_slices &&
		power_of_two(profile.memory) == profile.memory;
}

/* The compute slices that no instance has. */
static unsigned int pool_mask(const struct layout *layout)
{
	unsigned int mask = (1u << layout->compute_slices) - 1, i;

	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		if (exists(layout, i))
			mask &= ~layout->instance[i].compute;
	}
	return mask;
}

/* The lowest @n bits of @mask, which has as many. */
static unsigned int lowest_bits(unsigned int mask, unsigned int n)
{
	unsigned int rest = mask;

	while (n--)
		rest &= rest - 1;
	return mask & ~rest;
}

/* Whether the pool can spare compute slices for a new instance. */
static enum layout_refusal check_compute(const struct layout *layout,
					 unsigned int compute)
{
	unsigned int plain = layout_members(layout, LAYOUT_POOL);
	unsigned int keep = layout->pool_min;

	if (compute > layout_pool_compute(layout))
		return LAYOUT_NO_COMPUTE;
	if (plain && layout->pool_fixed)
		return LAYOUT_POOL_FIXED;
	if (plain && !keep)
		keep = 1;
	return compute + keep > layout_pool_compute(layout) ? LAYOUT_POOL_NEEDED :
							      LAYOUT_OK;
}

/* Whether the pool can take one more plain vGPU, but for memory. */
static enum layout_refusal check_pool(const struct layout *layout)
{
	if (!layout->compute_slices)
		return LAYOUT_OK;
	if (!layout_pool_compute(layout))
		return LAYOUT_POOL_EMPTY;
	return exists(layout, LAYOUT_INSTANCES - 1) ? LAYOUT_POOL_LENT : LAYOUT_OK;
}

static enum layout_refusal make_instance(struct layout *layout,
					 struct layout_profile profile,
					 struct plan *plan,
					 struct layout_change *change)
{
	unsigned int level = layout_profile_level(layout, profile);
	enum layout_refusal refusal = check_compute(layout, profile.compute);
	struct layout_instance *instance;
	unsigned int number = 1;

	if (refusal)
		return refusal;
	/* As many as there can be slices: one is free, the last if all others exist. */
	while (number < LAYOUT_INSTANCES - 1 && exists(layout, number))
		number++;
	refusal = make_plan(layout, LAYOUT_POOL, level, plan);
	if (refusal)
		return refusal;
	carry_out(layout, plan, change);
	instance = &layout->instance[number];
	instance->compute = lowest_bits(pool_mask(layout), profile.compute);
	instance->queue = instance->compute;
	instance->profile = profile;
	instance->reserved = false;
	instance->memory_first = plan->first / slice(layout);
	change->instance = number;
	change->made = true;
	change->parts = 1u << number;
	return LAYOUT_OK;
}

/*
 * An instance of @profile that has a seat of @level: rather one in which nothing has
 * to move, and then the fullest. LAYOUT_POOL if there is none; @in_the_way then says
 * whether one has memory enough.
 */
static unsigned int find_seat(const struct layout *layout, struct layout_profile profile,
			      unsigned int level, struct plan *plan, bool *in_the_way)
{
	unsigned int i, best = LAYOUT_POOL, least = ~0u;

	*in_the_way = false;
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		enum layout_refusal refusal;
		unsigned int cost;

		if (!exists(layout, i) ||
		    !same_profile(layout->instance[i].profile, profile))
			continue;
		refusal = make_plan(layout, i, level, plan);
		if (refusal == LAYOUT_IN_THE_WAY)
			*in_the_way = true;
		if (refusal)
			continue;
		cost = count_bits(plan->unused);
		if (plan->moves)
			cost += units(layout, 0);
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

/* Gives partition @number a block in the space of change->instance. */
static enum layout_refusal make_vgpu(struct layout *layout, unsigned int number,
				     unsigned int level, struct plan *plan,
				     struct layout_change *change)
{
	enum layout_refusal refusal = make_plan(layout, change->instance, level, plan);
	struct layout_vgpu *vgpu = &layout->vgpu[number];

	if (refusal)
		return refusal;
	carry_out(layout, plan, change);
	vgpu->queue = layout_find_queue(layout, change->instance);
	vgpu->used = true;
	vgpu->closed = true;
	vgpu->instance = change->instance;
	vgpu->level = level;
	vgpu->first = plan->first;
	change->vgpu = number;
	return LAYOUT_OK;
}

/**
 * layout_add - a new vGPU
 * @layout: the layout; unchanged if the answer is no
 * @profile: of its instance; @profile.compute is 0: it is plain, in the pool
 * @level: its size
 * @change: which partition and which instance it got, and what has moved
 *
 * It is closed. Closed vGPUs move if it does not fit otherwise.
 *
 * Return: why it is impossible, or LAYOUT_OK.
 */
enum layout_refusal layout_add(struct layout *layout, struct layout_profile profile,
			       unsigned int level, struct layout_change *change)
{
	enum layout_refusal refusal = LAYOUT_OK;
	unsigned int number = 0;
	bool in_the_way;
	struct plan plan;

	memset(change, 0, sizeof(*change));
	if (level > layout->levels ||
	    (profile.compute && (!valid_profile(layout, profile) ||
				 level < layout_profile_level(layout, profile))))
		return LAYOUT_BAD_PROFILE;
	while (number < layout->vgpus && layout->vgpu[number].used)
		number++;
	if (number == layout->vgpus)
		return LAYOUT_NO_PARTITION;
	if (!profile.compute) {
		refusal = check_pool(layout);
	} else {
		change->instance = find_seat(layout, profile, level, &plan, &in_the_way);
		if (change->instance == LAYOUT_POOL)
			refusal = make_instance(layout, profile, &plan, change);
		if (refusal && in_the_way)
			refusal = LAYOUT_IN_THE_WAY;
	}
	return refusal ? refusal : make_vgpu(layout, number, level, &plan, change);
}

/**
 * layout_reserve - a new instance without vGPUs
 * @layout: the layout; unchanged if the answer is no
 * @profile: of the instance
 * @change: which number it got, and what has moved
 *
 * It stays when it has no vGPUs, until layout_release().
 *
 * Return: why it is impossible, or LAYOUT_OK.
 */
enum layout_refusal layout_reserve(struct layout *layout, struct layout_profile profile,
				   struct layout_change *change)
{
	enum layout_refusal refusal;
	struct plan plan;

	memset(change, 0, sizeof(*change));
	if (!valid_profile(layout, profile))
		return LAYOUT_BAD_PROFILE;
	refusal = make_instance(layout, profile, &plan, change);
	if (!refusal)
		layout->instance[change->instance].reserved = true;
	return refusal;
}

static void free_instance(struct layout *layout, unsigned int instance,
			  struct layout_change *change)
{
	unsigned int i;

	change->instance = instance;
	change->removed = true;
	change->parts = layout_parts(layout, instance);
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		if (change->parts & 1u << i)
			memset(&layout->instance[i], 0, sizeof(layout->instance[i]));
	}
}

/**
 * layout_remove - a vGPU goes
 * @layout: the layout
 * @vgpu: its partition
 * @change: which instance it had, and whether that went with it
 */
void layout_remove(struct layout *layout, unsigned int vgpu, struct layout_change *change)
{
	unsigned int instance = layout->vgpu[vgpu].instance;

	memset(change, 0, sizeof(*change));
	memset(&layout->vgpu[vgpu], 0, sizeof(layout->vgpu[vgpu]));
	change->vgpu = vgpu;
	change->instance = instance;
	if (!exists(layout, instance) || layout->instance[instance].reserved ||
	    layout_members(layout, instance))
		return;
	free_instance(layout, instance, change);
}

/**
 * layout_release - an instance goes
 * @layout: the layout
 * @instance: its number
 * @change: says the same
 *
 * Return: LAYOUT_OCCUPIED if it has vGPUs, LAYOUT_BAD_PROFILE if there is no such
 * GPU instance.
 */
enum layout_refusal layout_release(struct layout *layout, unsigned int instance,
				   struct layout_change *change)
{
	memset(change, 0, sizeof(*change));
	if (instance >= LAYOUT_INSTANCES || !has_memory(layout, instance))
		return LAYOUT_BAD_PROFILE;
	if (layout_members(layout, instance))
		return LAYOUT_OCCUPIED;
	free_instance(layout, instance, change);
	return LAYOUT_OK;
}

/**
 * layout_set_closed - a vGPU is opened, or is closed and scrubbed
 * @layout: the layout
 * @vgpu: its partition
 * @closed: it holds nothing but zeroes
 */
void layout_set_closed(struct layout *layout, unsigned int vgpu, bool closed)
{
	layout->vgpu[vgpu].closed = closed;
}

/**
 * layout_available - how many vGPUs can be added now
 * @layout: the layout
 * @profile: as in layout_add()
 * @level: likewise
 */
unsigned int layout_available(const struct layout *layout, struct layout_profile profile,
			      unsigned int level)
{
	struct layout copy = *layout;
	struct layout_change change;
	unsigned int n = 0;

	while (layout_add(&copy, profile, level, &change) == LAYOUT_OK)
		n++;
	return n;
}

/**
 * layout_available_instances - how many instances can be reserved now
 * @layout: the layout
 * @profile: of the instances
 */
unsigned int layout_available_instances(const struct layout *layout,
					struct layout_profile profile)
{
	struct layout copy = *layout;
	struct layout_change change;
	unsigned int n = 0;

	while (layout_reserve(&copy, profile, &change) == LAYOUT_OK)
		n++;
	return n;
}

/**
 * layout_pool_compute - how many compute slices the pool has
 * @layout: the layout
 */
unsigned int layout_pool_compute(const struct layout *layout)
{
	return count_bits(pool_mask(layout));
}

/**
 * layout_pool_memory - how many memory slices are in no instance
 * @layout: the layout
 */
unsigned int layout_pool_memory(const struct layout *layout)
{
	unsigned int n = layout->memory_slices, i;

	for (i = 1; i < LAYOUT_INSTANCES; i++)
		n -= layout->instance[i].profile.memory;
	return n;
}

/**
 * layout_free_bytes - memory for further vGPUs
 * @layout: the layout
 * @instance: number of an instance, or LAYOUT_POOL, whose memory is for instances, too
 */
__u64 layout_free_bytes(const struct layout *layout, unsigned int instance)
{
	struct plan plan;

	begin_plan(layout, instance, &plan);
	return (layout->size >> layout->levels) * count_bits(plan.unused);
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
	unsigned int level;
	struct plan plan;

	begin_plan(layout, instance, &plan);
	for (level = 0; level <= layout->levels; level++) {
		if (choose(layout, level, ~plan.unused, 0) != NOWHERE)
			return layout->size >> level;
	}
	return 0;
}
