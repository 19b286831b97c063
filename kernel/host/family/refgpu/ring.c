// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - reading the event ring of a reference GPU
 *
 * Record n carries the number n + 1, so no register is read as long as nothing is
 * lost. Plain C: the unit tests read with it what the device writes.
 */
#include "family/refgpu/ring.h"

#ifdef __KERNEL__
#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/byteorder/generic.h>
#else
#include <endian.h>
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define dma_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define cpu_to_le32(x)		htole32(x)
#define le32_to_cpu(x)		le32toh(x)
#endif

/* How many records behind a missing one are examined. */
#define HOLE_MAX	16

static struct refgpu_event *slot(const struct refgpu_event_ring *ring, __u64 number)
{
	return &ring->record[number % REFGPU_EVENT_RING_RECORDS];
}

/* Read event @number. Return: false if it is missing, or being overwritten. */
static bool get(const struct refgpu_event_ring *ring, __u64 number, struct refgpu_event *event)
{
	struct refgpu_event *record = slot(ring, number);
	__le32 sequence = cpu_to_le32((__u32)(number + 1));

	if (READ_ONCE(record->sequence) != sequence)
		return false;
	/* The sequence is written last... */
	dma_rmb();
	*event = *record;
	/* ... and changed first when the device overwrites the record. */
	dma_rmb();
	return READ_ONCE(record->sequence) == sequence;
}

/**
 * refgpu_event_ring_read - read the next event
 * @ring: the ring
 * @event: receives it
 *
 * Return: false: there is none.
 */
bool refgpu_event_ring_read(struct refgpu_event_ring *ring, struct refgpu_event *event)
{
	if (!get(ring, ring->next, event))
		return false;
	ring->next++;
	return true;
}

/**
 * refgpu_event_ring_skip_hole - go on behind records that were never written
 * @ring: the ring, whose next event is missing
 *
 * Return: true: a later one is there, and is next. False if none is missing.
 */
bool refgpu_event_ring_skip_hole(struct refgpu_event_ring *ring)
{
	struct refgpu_event event;
	unsigned int i;

	for (i = 0; i < HOLE_MAX; i++) {
		if (get(ring, ring->next + i, &event)) {
			ring->next += i;
			return i;
		}
	}
	return false;
}

/**
 * refgpu_event_ring_is_lapped - is the device a ring ahead?
 * @ring: the ring
 *
 * Then the next record is written over, as are all later ones, so that no hole
 * shows it.
 */
bool refgpu_event_ring_is_lapped(const struct refgpu_event_ring *ring)
{
	__u32 sequence = le32_to_cpu(READ_ONCE(slot(ring, ring->next)->sequence));

	return sequence && (__s32)(sequence - (__u32)(ring->next + 1)) > 0;
}

/**
 * refgpu_event_ring_catch_up - go on with the oldest event that is still there
 * @ring: the ring
 * @put: number of the event that the device posts next
 */
void refgpu_event_ring_catch_up(struct refgpu_event_ring *ring, __u64 put)
{
	struct refgpu_event event;

	if (put - ring->next > REFGPU_EVENT_RING_RECORDS)
		ring->next = put - REFGPU_EVENT_RING_RECORDS;
	while (ring->next != put && !get(ring, ring->next, &event))
		ring->next++;
}
