// SPDX-License-Identifier: GPL-2.0-only
/*
 * stale.c - a device that goes on writing to pages it was once given; see stale.h
 *
 * The device's lock is held while pages are written, so that a register write that
 * drops a page has no write of it behind it.
 */
#include "device/stale.h"
#include "device/state.h"

#define ENTRIES	(REFGPU_PAGE_SIZE / sizeof(u64))	/* read at a time */

static void add_page(struct stale *stale, const struct partition *p, u64 number, u64 entry)
{
	const u64 writable = REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;

	if ((entry & writable) != writable || stale->pages == STALE_PAGES)
		return;
	stale->page[stale->pages].partition = p;
	stale->page[stale->pages].number = number;
	stale->page[stale->pages].address = entry & REFGPU_SYSMEM_ADDRESS;
	stale->pages++;
}

void stale_add(struct device *dev, const struct partition *p)
{
	u64 entry[ENTRIES], first, i, count;

	if (!(p->control & REFGPU_PARTITION_ENABLE))
		return;
	for (first = 0; first < p->sysmem_pages; first += count) {
		count = p->sysmem_pages - first;
		if (count > ENTRIES)
			count = ENTRIES;
		if (!bus_copy(&dev->bus, p->sysmem_base + first * sizeof(u64), entry,
			      count * sizeof(u64), false))
			break;
		for (i = 0; i < count; i++)
			add_page(&dev->stale, p, first + i, entry[i]);
	}
	actor_wake(&dev->stale.actor);
}

void stale_forget(struct device *dev, const struct partition *p, u64 first, u64 pages)
{
	struct stale *stale = &dev->stale;
	unsigned int i, kept = 0;

	for (i = 0; i < stale->pages; i++)
		if (stale->page[i].partition != p || stale->page[i].number < first ||
		    stale->page[i].number - first >= pages)
			stale->page[kept++] = stale->page[i];
	stale->pages = kept;
}

void stale_clear(struct device *dev)
{
	dev->stale.pages = 0;
}

u64 stale_step(struct actor *actor)
{
	struct device *dev = actor->dev;
	u64 pattern[STALE_BYTES / sizeof(u64)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pattern); i++)
		pattern[i] = STALE_PATTERN;
	/* While bus mastering is off nothing arrives. */
	for (i = 0; i < dev->stale.pages; i++)
		bus_copy(&dev->bus, dev->stale.page[i].address, pattern, sizeof(pattern), true);
	return dev->stale.pages ? device_now(dev) + STALE_NS : NEVER;
}
