// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * layout_divide.c - several queues over the memory of one GPU instance; see layout.h
 *
 * The queues have compute slices of their own, and no other has them. So there are no
 * more queues than compute slices, and each finds a number, which is a run-control
 * block of the hardware.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "place/layout.h"

/* Takes the lowest @n bits out of @mask, which has as many. */
static __u8 take_bits(__u8 *mask, unsigned int n)
{
	__u8 rest = *mask, taken;

	while (n--)
		rest &= rest - 1;
	taken = *mask & ~rest;
	*mask = rest;
	return taken;
}

static unsigned int free_number(const struct layout *layout)
{
	unsigned int number = 1;

	while (number < LAYOUT_INSTANCES && layout->instance[number].profile.compute)
		number++;
	return number;
}

/**
 * layout_divide - divide the compute slices of a GPU instance
 * @layout: the layout; unchanged if the answer is no
 * @instance: number of the GPU instance, which is whole and has no vGPUs
 * @parts: compute slices of each queue, the first being that of @instance; together
 *	not more than it has, what is left works for none
 * @count: how many
 * @change: the new instances are added to @change->parts
 *
 * Return: LAYOUT_BAD_PROFILE if it can't be divided so, LAYOUT_OCCUPIED if it has
 * vGPUs, or LAYOUT_OK.
 */
enum layout_refusal layout_divide(struct layout *layout, unsigned int instance,
				  const __u8 *parts, unsigned int count,
				  struct layout_change *change)
{
	struct layout_instance *whole = &layout->instance[instance];
	unsigned int i, number, sum = 0;
	__u8 rest = whole->compute;

	for (i = 0; i < count; i++) {
		if (!parts[i])
			return LAYOUT_BAD_PROFILE;
		sum += parts[i];
	}
	if (!count || sum > whole->profile.compute ||
	    layout_parts(layout, instance) != 1u << instance)
		return LAYOUT_BAD_PROFILE;
	if (layout_members(layout, instance))
		return LAYOUT_OCCUPIED;
	whole->queue = take_bits(&rest, parts[0]);
	for (i = 1; i < count; i++) {
		struct layout_instance *part;

		number = free_number(layout);
		part = &layout->instance[number];
		part->profile.compute = parts[i];
		part->compute = take_bits(&rest, parts[i]);
		part->queue = part->compute;
		part->shares = instance;
		change->parts |= 1u << number;
	}
	return LAYOUT_OK;
}

/**
 * layout_parts - the queues over the memory of an instance
 * @layout: the layout
 * @instance: its number, or LAYOUT_POOL
 *
 * Return: bit by number: the instance itself, and those that share its memory; 0 if
 * it is no GPU instance.
 */
__u32 layout_parts(const struct layout *layout, unsigned int instance)
{
	__u32 parts = 1u << instance;
	unsigned int i;

	if (instance == LAYOUT_POOL)
		return parts;
	if (!layout->instance[instance].profile.compute || layout->instance[instance].shares)
		return 0;
	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		if (layout->instance[i].shares == instance)
			parts |= 1u << i;
	}
	return parts;
}

/**
 * layout_members - how many vGPUs have their memory in an instance
 * @layout: the layout
 * @instance: its number, or LAYOUT_POOL
 */
unsigned int layout_members(const struct layout *layout, unsigned int instance)
{
	unsigned int i, n = 0;

	for (i = 0; i < layout->vgpus; i++) {
		if (layout->vgpu[i].used && layout->vgpu[i].instance == instance)
			n++;
	}
	return n;
}

/**
 * layout_queue_members - how many vGPUs are in an instance's queue
 * @layout: the layout
 * @instance: its number, or LAYOUT_POOL
 */
unsigned int layout_queue_members(const struct layout *layout, unsigned int instance)
{
	unsigned int i, n = 0;

	for (i = 0; i < layout->vgpus; i++) {
		if (layout->vgpu[i].used && layout->vgpu[i].queue == instance)
			n++;
	}
	return n;
}

/**
 * layout_slices - the slices that work for the queue of an instance
 * @layout: the layout
 * @instance: its number, not that of the pool, which has the rest
 *
 * Return: none if there is no such instance.
 */
struct layout_slices layout_slices(const struct layout *layout, unsigned int instance)
{
	const struct layout_instance *in = &layout->instance[instance];
	unsigned int owner = in->shares ? in->shares : instance;
	const struct layout_instance *whole = &layout->instance[owner];
	struct layout_slices slices = { 0 };
	__u32 parts = layout_parts(layout, owner);

	if (!in->profile.compute)
		return slices;
	slices.compute = in->queue;
	slices.memory = ((1u << whole->profile.memory) - 1) << whole->memory_first;
	slices.shared = parts & (parts - 1);
	return slices;
}

/**
 * layout_find_queue - the emptiest queue over the memory of an instance
 * @layout: the layout
 * @instance: its number, or LAYOUT_POOL
 *
 * Return: number of an instance, of equals the lowest.
 */
unsigned int layout_find_queue(const struct layout *layout, unsigned int instance)
{
	unsigned int i, n, best = instance, least = ~0u;
	__u32 parts = layout_parts(layout, instance);

	for (i = 0; i < LAYOUT_INSTANCES; i++) {
		n = layout_queue_members(layout, i);
		if (parts & 1u << i && n < least) {
			least = n;
			best = i;
		}
	}
	return best;
}
