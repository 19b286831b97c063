// SPDX-License-Identifier: GPL-2.0-only
/*
 * slices.c - compute and memory slices; see slices.h
 */
#include "device/slices.h"
#include "device/state.h"

#define COMPUTE(mask)	((mask) & 0xff)
#define MEMORY(mask)	((mask) >> 8 & 0xff)

u64 slices_mask(unsigned int compute, unsigned int memory)
{
	return ((1ULL << compute) - 1) | ((1ULL << memory) - 1) << 8;
}

static unsigned int count(u64 mask)
{
	return (unsigned int)__builtin_popcountll(mask);
}

/* May blocks with these slices have their memory in common? It is the same then. */
static bool share_memory(u64 one, u64 other)
{
	return (one & other & REFGPU_RC_SLICES_SHARED) && MEMORY(one) == MEMORY(other);
}

static bool exclude(u64 one, u64 other)
{
	return COMPUTE(one & other) || (MEMORY(one & other) && !share_memory(one, other));
}

void slices_write(struct engine *e, u64 value)
{
	const struct device *dev = e->actor.dev;
	u64 known = dev->slices;
	unsigned int i;

	if (!(dev->caps & REFGPU_CAP_SPATIAL)) {
		e->slices = value & 0xffff;
		return;
	}
	if (dev->caps & REFGPU_CAP_SHARED_MEMORY)
		known |= REFGPU_RC_SLICES_SHARED;
	/* RUN has checked the slices that it found, and its speed comes from them. */
	if (e->state != REFGPU_RC_EMPTY || (value & ~known))
		return;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		if (i != e->number && exclude(value, dev->engine[i].slices))
			return;
	e->slices = value;
}

/* The mask of the memory slices that the partition's video memory lies in. */
static u64 memory_slices(const struct device *dev, const struct partition *p)
{
	unsigned int slices = count(MEMORY(dev->slices));
	u64 bytes = dev->vram.size / slices / REFGPU_VRAM_ALIGN * REFGPU_VRAM_ALIGN;
	u64 first, last;

	if (!p->vram_limit)
		return 0;
	first = p->vram_base / bytes;
	last = (p->vram_base + p->vram_limit - 1) / bytes;
	/* The last slice has the rest, too. */
	first = first < slices ? first : slices - 1;
	last = last < slices ? last : slices - 1;
	return (2ULL << last) - (1ULL << first);
}

bool slices_permit(const struct engine *e, const struct partition *p)
{
	const struct device *dev = e->actor.dev;
	u64 both = e->slices & p->slices;

	if (!COMPUTE(both))
		return false;
	return !(dev->caps & REFGPU_CAP_SPATIAL) ||
	       (MEMORY(both) && !(memory_slices(dev, p) & ~MEMORY(both)));
}

void slices_take(struct engine *e, const struct partition *p)
{
	const struct device *dev = e->actor.dev;
	bool spatial = dev->caps & REFGPU_CAP_SPATIAL;
	u64 both = spatial ? e->slices & p->slices : dev->slices;

	e->compute.slices = count(COMPUTE(both));
	e->compute.all = count(COMPUTE(dev->slices));
	e->memory.slices = count(MEMORY(both));
	e->memory.all = count(MEMORY(dev->slices));
}

struct share slices_memory(const struct engine *e)
{
	const struct device *dev = e->actor.dev;
	struct share share = e->memory;
	unsigned int i, sharers = 0;

	if (!(e->slices & REFGPU_RC_SLICES_SHARED))
		return share;
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		if (share_memory(e->slices, dev->engine[i].slices))
			sharers += count(COMPUTE(dev->engine[i].slices));
	share.slices *= count(COMPUTE(e->slices));
	share.all *= sharers;
	return share;
}
