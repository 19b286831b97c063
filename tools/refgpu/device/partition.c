// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition.c - one partition: its rings, its work, its interrupts
 *
 * After a change of a ring, a control bit, the residence or the saved work of a
 * partition, partition_update() derives the rest of its state.
 */
#include "device/events.h"
#include "device/partition.h"
#include "device/state.h"

static bool ring_busy(const struct ring *ring)
{
	return ring_has_packet(ring) && !ring->blocked && !ring->flipping;
}

int partition_find_busy(struct partition *p)
{
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++) {
		unsigned int r = (p->next_ring + i) % REFGPU_RINGS;

		if (ring_busy(&p->user.ring[r]))
			return (int)r;
	}
	return -1;
}

enum refgpu_ring_status ring_status(struct partition *p, unsigned int r)
{
	struct ring *ring = &p->user.ring[r];

	if (!(ring->control & RING_ENABLE)) {
		/* Disabled, but its packet may still be under way. */
		return p->executing == r ? REFGPU_RING_BUSY : REFGPU_RING_DISABLED;
	}
	if (ring->stopped)
		return REFGPU_RING_STOPPED;
	if ((u32)ring->put == (u32)ring->get)
		return REFGPU_RING_IDLE;
	return ring->blocked || ring->flipping ? REFGPU_RING_BLOCKED : REFGPU_RING_BUSY;
}

void partition_unblock(struct partition *p)
{
	unsigned int r;

	for (r = 0; r < REFGPU_RINGS; r++)
		p->user.ring[r].blocked = false;
	p->wakeups++;
}

void partition_announce(struct device *dev, struct partition *p)
{
	struct refgpu_event event = {
		.type = REFGPU_EVENT_PENDING,
		.partition = (u8)p->number,
		.run_control = NOBODY,
	};

	if (p->announced && p->control & REFGPU_PARTITION_PENDING_ONCE)
		return;
	p->announced = true;
	event_post(dev, &event);
}

void partition_update(struct device *dev, struct partition *p)
{
	bool pending = partition_runs(p) && (p->image.size || partition_find_busy(p) >= 0);
	bool waiting = pending && !p->engine;
	bool rose = pending && !p->pending;
	u64 now = device_now(dev);

	p->pending = pending;
	if (waiting && !p->waiting)
		p->wait_since = now;
	if (!waiting && p->waiting)
		p->counters.wait_ns += now - p->wait_since;
	p->waiting = waiting;

	if (rose && !p->engine)
		partition_announce(dev, p);
	/* Work, or a request to stop: the engine finds out which. */
	if (p->engine && (pending || p->abort || !partition_runs(p)))
		actor_wake(&p->engine->actor);
}

void partition_raise(struct device *dev, struct partition *p, u64 bits)
{
	u64 rose = bits & ~p->user.intr_status & p->user.intr_enable;

	p->user.intr_status |= bits;
	if (!rose)
		return;
	if (!partition_runs(p)) {
		p->intr_latched = true;
		return;
	}
	p->counters.interrupts++;
	interrupt_raise(dev, REFGPU_VECTOR_PARTITION(p->number));
}

void partition_stop_ring(struct device *dev, struct partition *p, unsigned int r,
			 enum refgpu_error error, u64 address, u64 where)
{
	struct ring *ring = &p->user.ring[r];

	ring->stopped = true;
	ring->flipping = 0;
	ring->error = error;
	ring->error_address = address;
	ring->error_where = where;
	p->counters.faults++;
	fault_record(dev, error, p->number, r, address, where);
	partition_raise(dev, p, REFGPU_INTR_ERROR);
	partition_drop_saved(p, r);
	partition_update(dev, p);
}

void partition_drop_saved(struct partition *p, unsigned int r)
{
	if (p->image.size && p->saved_ring == r)
		image_free(&p->image);
}

void partition_configure(struct device *dev, struct partition *p)
{
	struct memory_map map = { .poison = MEMORY_NO_POISON };
	u64 poison = dev->injected.poison;

	if (p->control & REFGPU_PARTITION_ENABLE) {
		map.vram = dev->vram.bytes + p->vram_base;
		map.limit = p->vram_limit;
		map.table = p->sysmem_base;
		map.pages = p->sysmem_pages;
		if (p->dirty) {
			map.dirty = p->dirty->bits;
			map.dirty_shift = p->dirty->shift;
		}
		if (poison != MEMORY_NO_POISON && poison >= p->vram_base &&
		    poison - p->vram_base < p->vram_limit)
			map.poison = poison - p->vram_base;
	}
	memory_configure(&p->view, &map);

	/* The display reads the slice and nothing else, and makes nothing dirty. */
	map.pages = 0;
	map.dirty = NULL;
	memory_configure(&p->scan_view, &map);
}

void partition_done(struct device *dev, struct partition *p)
{
	struct refgpu_event event = {
		.type = REFGPU_EVENT_DONE,
		.partition = p->number,
		.run_control = NOBODY,
	};

	event_post(dev, &event);
}

void partition_command(struct device *dev, struct partition *p, u32 command)
{
	p->commands |= command;
	if (command == COMMAND_SCRUB) {
		actor_wake(&dev->scrubber);
		return;
	}
	dev->service_partitions |= 1ULL << p->number;
	actor_wake(&dev->service);
}
