/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty.h - which parts of its slice a partition has written
 */
#ifndef REFGPU_DIRTY_H
#define REFGPU_DIRTY_H

#include "types.h"

struct device;
struct dirty_map;
struct partition;

/** dirty_control() - DIRTY_CONTROL is written: start, change or stop tracking; lock held */
void dirty_control(struct device *dev, struct partition *p, u64 value);

/** dirty_stop() - stop tracking; the service thread frees the map; lock held */
void dirty_stop(struct device *dev, struct partition *p);

/** dirty_clear() - mark all as not written; lock held, nothing runs */
void dirty_clear(struct partition *p);

/** dirty_free() - free all maps of a partition; lock held, nobody is inside its view */
void dirty_free(struct partition *p);

/** dirty_free_list() - free maps that are in use nowhere; any context */
void dirty_free_list(struct dirty_map *map);

/**
 * dirty_fetch() - move dirty bits to the machine's memory
 * @dev: device
 * @map: of a partition; NULL: nothing is moved
 * @first: first granule, a multiple of 64
 * @count: granules, a multiple of 64
 * @target: bus address, a multiple of 8
 *
 * Other arguments move nothing. Bits that the machine's memory does not take
 * stay set.
 *
 * Context: the service thread, without the lock.
 */
void dirty_fetch(struct device *dev, struct dirty_map *map, u64 first, u64 count, u64 target);

#endif /* REFGPU_DIRTY_H */
