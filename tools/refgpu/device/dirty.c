// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - dirty bits: the granules of its slice that a partition has written
 *
 * Engines mark bits of the map in the partition's view, without the lock. A map
 * that is replaced is freed by the service thread, once the section that may
 * be marking it has ended.
 */
#include <stdlib.h>

#include "device/dirty.h"
#include "device/partition.h"
#include "device/state.h"

#define DIRTY_TRACK		(1ULL << 0)
#define DIRTY_SHIFT(control)	((unsigned int)((control) >> 8 & 0xff))
#define DIRTY_SHIFT_MIN		12
#define DIRTY_SHIFT_MAX		21

#define FETCH_WORDS		512

void dirty_free_list(struct dirty_map *map)
{
	while (map) {
		struct dirty_map *next = map->next;

		free(map);
		map = next;
	}
}

void dirty_free(struct partition *p)
{
	dirty_free_list(p->dirty);
	dirty_free_list(p->dirty_retired);
	p->dirty = NULL;
	p->dirty_retired = NULL;
}

void dirty_clear(struct partition *p)
{
	u64 i;

	for (i = 0; p->dirty && i < p->dirty->words; i++)
		atomic_store_explicit(&p->dirty->bits[i], 0, memory_order_relaxed);
}

void dirty_stop(struct device *dev, struct partition *p)
{
	struct dirty_map *old = p->dirty;

	p->dirty = NULL;
	p->dirty_control = 0;
	partition_configure(dev, p);
	if (!old)
		return;
	old->next = p->dirty_retired;
	p->dirty_retired = old;
	partition_command(dev, p, COMMAND_DIRTY_RETIRE);
}

void dirty_control(struct device *dev, struct partition *p, u64 value)
{
	unsigned int shift = DIRTY_SHIFT(value);
	u64 words;

	value &= 0xff00 | DIRTY_TRACK;
	if (value == p->dirty_control)
		return;
	if (!(value & DIRTY_TRACK)) {
		dirty_stop(dev, p);
		return;
	}
	if (shift < DIRTY_SHIFT_MIN || shift > DIRTY_SHIFT_MAX)
		return;
	dirty_stop(dev, p);
	words = ((p->vram_limit >> shift) + 63) / 64 + 1;
	p->dirty = calloc(1, sizeof(*p->dirty) + words * sizeof(p->dirty->bits[0]));
	if (!p->dirty) {
		bus_log(&dev->bus, "partition %u: no memory for dirty bits", p->number);
		return;
	}
	p->dirty->words = words;
	p->dirty->shift = shift;
	p->dirty_control = value;
	partition_configure(dev, p);
}

/*
 * Move dirty bits to host memory. A bit is set before the byte is written, in
 * one section; the caller waits for the section's end before it reports, so
 * the host copies pages that are as new as the bits.
 */
void dirty_fetch(struct device *dev, struct dirty_map *map, u64 first, u64 count, u64 target)
{
	u64 at = first / 64, end = at + count / 64;

	if (!map || first % 64 || count % 64 || target % 8 || at >= map->words)
		return;
	if (end < at || end > map->words)
		end = map->words;
	while (at < end) {
		u64 words[FETCH_WORDS], n = end - at < FETCH_WORDS ? end - at : FETCH_WORDS;
		u64 i;

		for (i = 0; i < n; i++)
			words[i] = atomic_exchange(&map->bits[at + i], 0);
		if (!bus_copy(&dev->bus, target, words, n * 8, true)) {
			/* They did not reach the host: keep them. */
			for (i = 0; i < n; i++)
				atomic_fetch_or(&map->bits[at + i], words[i]);
			bus_log(&dev->bus, "dirty bits: no host memory at %#llx",
				(unsigned long long)target);
			return;
		}
		at += n;
		target += n * 8;
	}
}
