// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * layout.c - who has which compute slices and which video memory of a GPU
 *
 * Here are the requests: what is refused before memory is looked at, which compute
 * slices an instance gets, and which instance a vGPU. Where memory is, and what moves
 * for it, is in layout_memory.c.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "place/layout_memory.h"

static unsigned int power_of_two(unsigned int least)
{
	unsigned int power = 1;

	while (power < least)
		power *= 2;
	return power;
}

static bool same_profile(struct layout_profile a, struct layout_profile b)
{
	return a.compute == b.compute && a.memory == b.memory;
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
		if (layout_exists(layout, i))
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
	return layout_exists(layout, LAYOUT_INSTANCES - 1) ? LAYOUT_POOL_LENT : LAYOUT_OK;
}

static enum layout_refusal make_instance(struct layout *layout,
					 struct layout_profile profile,
					 struct layout_plan *plan,
					 struct layout_change *change)
{
	unsigned int level = layout_profile_level(layout, profile);
	enum layout_refusal refusal = check_compute(layout, profile.compute);
	struct layout_instance *instance;
	unsigned int number = 1;

	if (refusal)
		return refusal;
	/* As many as there can be slices: one is free, the last if all others exist. */
	while (number < LAYOUT_INSTANCES - 1 && layout_exists(layout, number))
		number++;
	refusal = layout_make_plan(layout, LAYOUT_POOL, level, plan);
	if (refusal)
		return refusal;
	layout_carry_out(layout, plan, change);
	instance = &layout->instance[number];
	instance->compute = lowest_bits(pool_mask(layout), profile.compute);
	instance->queue = instance->compute;
	instance->profile = profile;
	instance->reserved = false;
	instance->memory_first = plan->first / layout_slice_units(layout);
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
			      unsigned int level, struct layout_plan *plan, bool *in_the_way)
{
	unsigned int i, best = LAYOUT_POOL, least = ~0u;

	*in_the_way = false;
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		enum layout_refusal refusal;
		unsigned int cost;

		if (!layout_exists(layout, i) ||
		    !same_profile(layout->instance[i].profile, profile))
			continue;
		refusal = layout_make_plan(layout, i, level, plan);
		if (refusal == LAYOUT_IN_THE_WAY)
			*in_the_way = true;
		if (refusal)
			continue;
		cost = layout_count_bits(plan->unused);
		if (plan->moves)
			cost += 1u << layout->levels;
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return best;
}

/* Gives partition @number a block in the space of change->instance. */
static enum layout_refusal make_vgpu(struct layout *layout, unsigned int number,
				     unsigned int level, struct layout_plan *plan,
				     struct layout_change *change)
{
	enum layout_refusal refusal = layout_make_plan(layout, change->instance, level, plan);
	struct layout_vgpu *vgpu = &layout->vgpu[number];

	if (refusal)
		return refusal;
	layout_carry_out(layout, plan, change);
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
	struct layout_plan plan;

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
	struct layout_plan plan;

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
	if (!layout_exists(layout, instance) || layout->instance[instance].reserved ||
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
	if (instance >= LAYOUT_INSTANCES || !layout_has_memory(layout, instance))
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
	return layout_count_bits(pool_mask(layout));
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
