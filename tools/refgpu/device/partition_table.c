// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition_table.c - the partition table: its entries, enabling and disabling
 */
#include <string.h>

#include "device/dirty.h"
#include "device/events.h"
#include "device/head.h"
#include "device/partition.h"
#include "device/partition_table.h"
#include "device/reg.h"
#include "device/stale.h"
#include "device/state.h"

void partition_clear(struct device *dev, struct partition *p)
{
	u32 generation[REFGPU_RINGS];
	unsigned int r;

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
	p->announced = false;
	p->next_ring = 0;
	if (!p->engine)
		job_free(&p->job);
	image_free(&p->image);
	dirty_clear(p);
	partition_update(dev, p);
}

/* The entry itself, which RESET of the partition leaves alone. */
static void clear_entry(struct device *dev, struct partition *p)
{
	p->control = 0;
	p->vram_base = 0;
	p->vram_limit = 0;
	p->slices = dev->slices;
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
	clear_entry(dev, p);
	p->commands = 0;
	p->working = 0;
	p->hang = false;
	p->abort = false;
	p->executing = NOBODY;
	/* Nobody is inside the view: the maps can go at once. */
	dirty_free(p);
	partition_clear(dev, p);
	partition_configure(dev, p);
	memset(&p->counters, 0, sizeof(p->counters));
}

void partition_fini(struct partition *p)
{
	job_free(&p->job);
	image_free(&p->image);
	dirty_free(p);
}

/* ------------------------------------------------------------ registers */

static void write_control(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;
	bool did_run = partition_runs(p);
	u64 old = p->control, bits = REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE;

	if (!ACTS(mask))
		return;
	if (dev->caps & REFGPU_CAP_PENDING_ONCE)
		bits |= REFGPU_PARTITION_PENDING_ONCE;
	p->control = value & bits;
	if ((old ^ p->control) & REFGPU_PARTITION_ENABLE) {
		/* From now on, no section that begins reaches the old slice. */
		partition_configure(dev, p);
		if (old & REFGPU_PARTITION_ENABLE) {
			if (p->engine)
				p->abort = true;
			partition_clear(dev, p);
			stale_forget(dev, p, 0, UINT64_MAX);
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

static void write_vram_limit(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (enabled(p) || value % REFGPU_VRAM_ALIGN ||
	    value > dev->vram.size - p->vram_base)
		return;
	p->vram_limit = value;
	/* The bitmap was made for the old size. */
	dirty_stop(dev, p);
}

static void write_slices(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (!enabled(p))
		p->slices = value & dev->slices;
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
	if (ACTS(mask))
		dirty_control(dev, object, value);
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
	stale_forget(dev, p, p->invalidate_first, p->invalidate_pages);
	/* Often no thread is inside, and the command is done at once. */
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

	(void)mask;
	if (value <= REFGPU_HEADS && dev->caps & REFGPU_CAP_HEADS)
		p->heads = value;
}

static void write_head_max(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (dev->caps & REFGPU_CAP_HEADS)
		p->head_max = value;
}

static void write_flip_ns(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	if (dev->caps & REFGPU_CAP_HEADS)
		p->flip_ns = value;
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
	{ REFGPU_PARTITION_HEAD_MAX, REG_RW, FIELD(head_max), NULL, write_head_max },
	{ REFGPU_PARTITION_FLIP_NS, REG_RW, FIELD(flip_ns), NULL, write_flip_ns },
};
const struct reg_table partition_registers = REG_TABLE(registers);
