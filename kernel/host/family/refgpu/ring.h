/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - reading the event ring of a reference GPU
 */
#ifndef FAMILY_REFGPU_RING_H
#define FAMILY_REFGPU_RING_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "refgpu_hw.h"

#define REFGPU_EVENT_RING_RECORDS	1024
#define REFGPU_EVENT_RING_SIZE \
	(REFGPU_EVENT_RING_RECORDS * sizeof(struct refgpu_event))

/**
 * struct refgpu_event_ring - the ring as the driver sees it
 * @record: its records, which the device writes at any time
 * @next: number of the next event to read
 */
struct refgpu_event_ring {
	struct refgpu_event *record;
	__u64 next;
};

bool refgpu_event_ring_read(struct refgpu_event_ring *ring, struct refgpu_event *event);
bool refgpu_event_ring_skip_hole(struct refgpu_event_ring *ring);
bool refgpu_event_ring_is_lapped(const struct refgpu_event_ring *ring);
void refgpu_event_ring_catch_up(struct refgpu_event_ring *ring, __u64 put);

#endif /* FAMILY_REFGPU_RING_H */
