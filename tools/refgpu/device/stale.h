/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stale.h - a device that goes on writing to pages it was once given
 *
 * The injection of a GPU that works on although nobody asks it to any more: its
 * driver has lost it, or its link has failed. It obeys what it is asked: the page
 * is dropped by INVALIDATE, by RESET of the partition and by disabling it.
 */
#ifndef REFGPU_STALE_H
#define REFGPU_STALE_H

#include "device/actor.h"
#include "types.h"

#define STALE_PAGES	1024
/* What it writes to the first 64 bytes of each page, and how often. */
#define STALE_PATTERN	0x57a1e57a1e57a1e5ULL
#define STALE_BYTES	64
#define STALE_NS	100000ULL

struct device;
struct partition;

/**
 * struct stale - pages that are written to
 * @actor: writes them
 * @pages: their number
 * @page: @number in the table of @partition, and where it was in the machine
 */
struct stale {
	struct actor actor;
	unsigned int pages;
	struct {
		const struct partition *partition;
		u64 number;
		u64 address;
	} page[STALE_PAGES];
};

/**
 * stale_add() - write to the pages that a partition may write to now
 * @dev: device, lock held
 * @p: partition; disabled: nothing
 *
 * Pages beyond STALE_PAGES are left out.
 */
void stale_add(struct device *dev, const struct partition *p);

/**
 * stale_forget() - write no more to some pages of a partition
 * @dev: device, lock held
 * @p: partition
 * @first: first page in its table
 * @pages: how many; the range is clamped
 */
void stale_forget(struct device *dev, const struct partition *p, u64 first, u64 pages);

/** stale_clear() - write to nothing; lock held */
void stale_clear(struct device *dev);

/** stale_step() - the actor: writes to all pages; on its timeline */
u64 stale_step(struct actor *actor);

#endif /* REFGPU_STALE_H */
