// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition.c - the partition table, and what follows from a partition's state
 */
#include <stdlib.h>
#include <string.h>

#include "device/state.h"

#define ENTRY_MASK_SLICES	0xffffULL
#define DIRTY_TRACK		(1ULL << 0)
#define DIRTY_SHIFT(control)	((unsigned int)((control) >> 8 & 0xff))
#define DIRTY_SHIFT_MIN		12
#define DIRTY_SHIFT_MAX		21

static bool ring_busy(const struct ring *ring)
{
	return (ring->control & 1) && !ring->stopped && !ring->blocked && !ring->flipping &&
	       (u32)ring->put != (u32)ring->get;
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

	if (!(ring->control & 1)) {
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

	if (rose && !p->engine) {
		struct refgpu_event event = {
			.type = REFGPU_EVENT_PENDING,
			.partition = p->number,
			.run_control = NOBODY,
		};

		event_post(dev, &event);
	}
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

void partition_clear(struct device *dev, struct partition *p)
{
	u32 generation[REFGPU_RINGS];
	unsigned int r;
	u64 i;

	/* Generations outlive the rings, or an old job would look current. */
	for (r = 0; r < REFGPU_RINGS; r++)
		generation[r] = p->user.ring[r].generation + 1;
	memset(&p->user, 0, sizeof(p->user));
	for (r = 0; r < REFGPU_RINGS; r++) {
		p->user.ring[r].generation = generation[r];
		p->user.ring[r].partition = p;
		p->user.ring[r].number = r;
	}
	heads_clear(dev, p);

	p->intr_latched = false;
	p->next_ring = 0;
	if (!p->engine)
		job_free(&p->job);
	image_free(&p->image);
	for (i = 0; p->dirty && i < p->dirty->words; i++)
		atomic_store_explicit(&p->dirty->bits[i], 0, memory_order_relaxed);
	partition_update(dev, p);
}

static void free_dirty(struct dirty_map *map)
{
	while (map) {
		struct dirty_map *next = map->next;

		free(map);
		map = next;
	}
}

/* The entry itself, which RESET of the partition leaves alone. */
static void clear_entry(struct partition *p)
{
	p->control = 0;
	p->vram_base = 0;
	p->vram_limit = 0;
	p->slices = ALL_SLICES;
	p->timer_offset = 0;
	p->sysmem_base = 0;
	p->sysmem_pages = 0;
	p->invalidate_first = 0;
	p->invalidate_pages = 0;
	p->dirty_control = 0;
	p->dirty_first = 0;
	p->dirty_count = 0;
	p->dirty_target = 0;
	p->heads = 0;
	p->head_max = 0;
	p->flip_ns = 0;
}

void partition_init(struct device *dev, struct partition *p)
{
	clear_entry(p);
	p->commands = 0;
	p->working = 0;
	p->hang = false;
	p->abort = false;
	p->executing = NOBODY;
	/* Nobody is inside the view: the maps can go at once. */
	free_dirty(p->dirty);
	free_dirty(p->dirty_retired);
	p->dirty = NULL;
	p->dirty_retired = NULL;
	partition_clear(dev, p);
	partition_configure(dev, p);
	memset(&p->counters, 0, sizeof(p->counters));
}

void partition_fini(struct partition *p)
{
	job_free(&p->job);
	image_free(&p->image);
	free_dirty(p->dirty);
	free_dirty(p->dirty_retired);
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
		map.dirty = p->dirty ? p->dirty->bits : NULL;
		map.dirty_shift = DIRTY_SHIFT(p->dirty_control);
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
	dev->service_partitions |= 1ULL << p->number;
	actor_wake(&dev->service);
}

/* ------------------------------------------------------------ registers */

static void write_control(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;
	bool did_run = partition_runs(p);
	u64 old = p->control;

	if (!ACTS(mask))
		return;
	p->control = value & (REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	if ((old ^ p->control) & REFGPU_PARTITION_ENABLE) {
		/* From now on, no section that begins reaches the old slice. */
		partition_configure(dev, p);
		if (old & REFGPU_PARTITION_ENABLE) {
			if (p->engine)
				p->abort = true;
			partition_clear(dev, p);
		}
	}
	if (partition_runs(p) && !did_run)
		heads_resume(dev, p);
	if (partition_runs(p) && p->intr_latched) {
		p->intr_latched = false;
		if (p->user.intr_status & p->user.intr_enable) {
			p->counters.interrupts++;
			interrupt_raise(dev, REFGPU_VECTOR_PARTITION(p->number));
		}
	}
	partition_update(dev, p);
}

static u64 read_status(struct device *dev, void *object)
{
	struct partition *p = object;
	u64 status = 0;
	unsigned int r;

	(void)dev;
	if (p->engine)
		status |= REFGPU_PARTITION_IS_RESIDENT;
	if (p->pending)
		status |= REFGPU_PARTITION_IS_PENDING;
	if (p->image.size)
		status |= REFGPU_PARTITION_IS_SAVED;
	for (r = 0; r < REFGPU_RINGS; r++)
		if (ring_status(p, r) == REFGPU_RING_STOPPED)
			status |= REFGPU_PARTITION_IS_STOPPED;
	return status;
}

static bool enabled(const struct partition *p)
{
	return p->control & REFGPU_PARTITION_ENABLE;
}

static void write_vram_base(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (enabled(p) || value % REFGPU_VRAM_ALIGN || value > dev->vram.size ||
	    p->vram_limit > dev->vram.size - value)
		return;
	p->vram_base = value;
}

/*
 * An engine may be marking bits in the old bitmap: the service thread frees it
 * when the section under way has ended.
 */
static void dirty_retire(struct device *dev, struct partition *p)
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

static void write_vram_limit(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (enabled(p) || value % REFGPU_VRAM_ALIGN ||
	    value > dev->vram.size - p->vram_base)
		return;
	p->vram_limit = value;
	/* The bitmap was made for the old size. */
	dirty_retire(dev, p);
}

static void write_slices(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	(void)mask;
	if (!enabled(p))
		p->slices = value & ENTRY_MASK_SLICES;
}

static void write_sysmem_base(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	(void)mask;
	if (!enabled(p) && value % REFGPU_PAGE_SIZE == 0)
		p->sysmem_base = value;
}

static void write_sysmem_pages(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	(void)mask;
	if (!enabled(p) && value <= REFGPU_SYSMEM_PAGES_MAX)
		p->sysmem_pages = value;
}

static void write_dirty_control(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;
	unsigned int shift = DIRTY_SHIFT(value);
	u64 words;

	value &= 0xff00 | DIRTY_TRACK;
	if (!ACTS(mask) || value == p->dirty_control)
		return;
	if (!(value & DIRTY_TRACK)) {
		dirty_retire(dev, p);
		return;
	}
	if (shift < DIRTY_SHIFT_MIN || shift > DIRTY_SHIFT_MAX)
		return;
	dirty_retire(dev, p);
	words = ((p->vram_limit >> shift) + 63) / 64 + 1;
	p->dirty = calloc(1, sizeof(*p->dirty) + words * sizeof(p->dirty->bits[0]));
	if (!p->dirty) {
		bus_log(&dev->bus, "partition %u: no memory for dirty bits", p->number);
		return;
	}
	p->dirty->words = words;
	p->dirty_control = value;
	partition_configure(dev, p);
}

#define COMMAND(name, bit)						\
static u64 read_##name(struct device *dev, void *object)		\
{									\
	struct partition *p = object;					\
									\
	(void)dev;							\
	return !!((p->commands | p->working) & (bit));			\
}									\
									\
static void write_##name(struct device *dev, void *object, u64 value, u64 mask) \
{									\
	if (ACTS(mask) && (value & 1))					\
		partition_command(dev, object, bit);			\
}

COMMAND(scrub, COMMAND_SCRUB)
COMMAND(dirty_fetch, COMMAND_DIRTY_FETCH)

static u64 read_invalidate(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return !!((p->commands | p->working) & COMMAND_INVALIDATE);
}

static void write_invalidate(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	if (!ACTS(mask) || !(value & 1))
		return;
	memory_forget(&p->view, p->invalidate_first, p->invalidate_pages);
	/* Often nobody is inside, and there is nothing to wait for. */
	if (!memory_busy(&p->view) && !(p->working & COMMAND_INVALIDATE))
		partition_done(dev, p);
	else
		partition_command(dev, p, COMMAND_INVALIDATE);
}

static u64 read_reset(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return !!((p->commands | p->working) & COMMAND_RESET);
}

static void write_reset(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	if (!ACTS(mask) || !(value & 1))
		return;
	if (p->engine) {
		p->abort = true;
		actor_wake(&p->engine->actor);
	}
	partition_command(dev, p, COMMAND_RESET);
}

static void write_heads(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	(void)mask;
	if (value <= REFGPU_HEADS)
		p->heads = value;
}

#define FIELD(name)	offsetof(struct partition, name)

static const struct reg registers[] = {
	{ REFGPU_PARTITION_CONTROL, REG_RW, FIELD(control), NULL, write_control },
	{ REFGPU_PARTITION_STATUS, REG_RO, 0, read_status, NULL },
	{ REFGPU_PARTITION_VRAM_BASE, REG_RW, FIELD(vram_base), NULL, write_vram_base },
	{ REFGPU_PARTITION_VRAM_LIMIT, REG_RW, FIELD(vram_limit), NULL, write_vram_limit },
	{ REFGPU_PARTITION_SLICES, REG_RW, FIELD(slices), NULL, write_slices },
	{ REFGPU_PARTITION_TIMER_OFFSET, REG_RW, FIELD(timer_offset), NULL, NULL },
	{ REFGPU_PARTITION_SYSMEM_BASE, REG_RW, FIELD(sysmem_base), NULL, write_sysmem_base },
	{ REFGPU_PARTITION_SYSMEM_PAGES, REG_RW, FIELD(sysmem_pages), NULL, write_sysmem_pages },
	{ REFGPU_PARTITION_RESET, REG_RW, 0, read_reset, write_reset },
	{ REFGPU_PARTITION_SCRUB, REG_RW, 0, read_scrub, write_scrub },
	{ REFGPU_PARTITION_INVALIDATE, REG_RW, 0, read_invalidate, write_invalidate },
	{ REFGPU_PARTITION_INVALIDATE_FIRST, REG_RW, FIELD(invalidate_first), NULL, NULL },
	{ REFGPU_PARTITION_INVALIDATE_PAGES, REG_RW, FIELD(invalidate_pages), NULL, NULL },
	{ REFGPU_PARTITION_DIRTY_CONTROL, REG_RW, FIELD(dirty_control), NULL, write_dirty_control },
	{ REFGPU_PARTITION_DIRTY_FIRST, REG_RW, FIELD(dirty_first), NULL, NULL },
	{ REFGPU_PARTITION_DIRTY_COUNT, REG_RW, FIELD(dirty_count), NULL, NULL },
	{ REFGPU_PARTITION_DIRTY_TARGET, REG_RW, FIELD(dirty_target), NULL, NULL },
	{ REFGPU_PARTITION_DIRTY_FETCH, REG_RW, 0, read_dirty_fetch, write_dirty_fetch },
	{ REFGPU_PARTITION_HEADS, REG_RW, FIELD(heads), NULL, write_heads },
	{ REFGPU_PARTITION_HEAD_MAX, REG_RW, FIELD(head_max), NULL, NULL },
	{ REFGPU_PARTITION_FLIP_NS, REG_RW, FIELD(flip_ns), NULL, NULL },
};
const struct reg_table partition_registers = REG_TABLE(registers);
