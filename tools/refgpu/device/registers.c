// SPDX-License-Identifier: GPL-2.0-only
/*
 * registers.c - decoding of BAR0, and the blocks that are little but storage
 */
#include <string.h>

#include "device/context.h"
#include "device/device.h"
#include "device/engine.h"
#include "device/events.h"
#include "device/partition_table.h"
#include "device/reg.h"
#include "device/reset.h"
#include "device/state.h"
#include "device/user_page.h"

/* ---------------------------------------------------------- global block */

static u64 read_id(struct device *dev, void *object)
{
	(void)dev;
	(void)object;
	return REFGPU_ID;
}

static u64 read_timer(struct device *dev, void *object)
{
	(void)object;
	return device_now(dev);
}

static u64 read_reset(struct device *dev, void *object)
{
	(void)object;
	return dev->resetting;
}

static void write_reset(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	if (ACTS(mask) && (value & 1))
		reset_start(dev);
}

static u64 read_pending(struct device *dev, void *object)
{
	u64 pending = 0;
	unsigned int i;

	(void)object;
	for (i = 0; i < REFGPU_PARTITIONS; i++)
		if (dev->partition[i].pending)
			pending |= 1ULL << i;
	return pending;
}

static void write_event_base(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	(void)mask;
	if (value % REFGPU_PAGE_SIZE == 0)
		dev->event_base = value;
}

static void write_event_records(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	(void)mask;
	if (!value || (value >= 16 && value <= 65536 && !(value & (value - 1))))
		dev->event_records = value;
}

static void write_next_mode(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	(void)mask;
	if (value <= REFGPU_MODE_COMPUTE)
		dev->next_mode = value;
}

#define GLOBAL(name)	offsetof(struct device, name)

static const struct reg global_registers[] = {
	{ REFGPU_GLOBAL_ID, REG_RO, 0, read_id, NULL },
	{ REFGPU_GLOBAL_VERSION, REG_RO, GLOBAL(version), NULL, NULL },
	{ REFGPU_GLOBAL_CAPS, REG_RO, GLOBAL(caps), NULL, NULL },
	{ REFGPU_GLOBAL_VRAM_SIZE, REG_RO, GLOBAL(vram.size), NULL, NULL },
	{ REFGPU_GLOBAL_BOARD, REG_RO, GLOBAL(board), NULL, NULL },
	{ REFGPU_GLOBAL_TIMER, REG_RO, 0, read_timer, NULL },
	{ REFGPU_GLOBAL_RESET, REG_RW, 0, read_reset, write_reset },
	{ REFGPU_GLOBAL_PENDING, REG_RO, 0, read_pending, NULL },
	{ REFGPU_GLOBAL_EVENT_BASE, REG_RW, GLOBAL(event_base), NULL, write_event_base },
	{ REFGPU_GLOBAL_EVENT_RECORDS, REG_RW, GLOBAL(event_records), NULL, write_event_records },
	{ REFGPU_GLOBAL_EVENT_PUT, REG_RO, GLOBAL(event_put), NULL, NULL },
	{ REFGPU_GLOBAL_SWITCH_NS, REG_RW, GLOBAL(switch_ns), NULL, NULL },
	{ REFGPU_GLOBAL_SWITCH_BYTES, REG_RW, GLOBAL(switch_bytes), NULL, NULL },
	{ REFGPU_GLOBAL_BAD_ACCESS, REG_RO, GLOBAL(bad_access), NULL, NULL },
	{ REFGPU_GLOBAL_SLICES, REG_RO, GLOBAL(slices), NULL, NULL },
	{ REFGPU_GLOBAL_SCRATCH, REG_RW, GLOBAL(scratch), NULL, NULL },
	{ REFGPU_GLOBAL_MODE, REG_RO, GLOBAL(mode), NULL, NULL },
	{ REFGPU_GLOBAL_NEXT_MODE, REG_RW, GLOBAL(next_mode), NULL, write_next_mode },
};
static const struct reg_table global_table = REG_TABLE(global_registers);
/* Without REFGPU_CAP_MODE: all but the last two. */
static const struct reg_table global_table_without_mode = {
	global_registers, ARRAY_SIZE(global_registers) - 2
};

/* ------------------------------------------------------------ fault ring */

static void write_fault_get(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)object;
	dev->fault_get = value;
	if (ACTS(mask))
		fault_consumed(dev);
}

static const struct reg fault_registers[] = {
	{ REFGPU_FAULT_PUT, REG_RO, GLOBAL(fault_put), NULL, NULL },
	{ REFGPU_FAULT_GET, REG_RW, GLOBAL(fault_get), NULL, write_fault_get },
	{ REFGPU_FAULT_DROPPED, REG_RO, GLOBAL(fault_dropped), NULL, NULL },
};
static const struct reg_table fault_table = REG_TABLE(fault_registers);

#define FAULT(name)	offsetof(struct fault, name)

static const struct reg fault_words[] = {
	{ REFGPU_FAULT_WORD_SOURCE, REG_RO, FAULT(source), NULL, NULL },
	{ REFGPU_FAULT_WORD_ADDRESS, REG_RO, FAULT(address), NULL, NULL },
	{ REFGPU_FAULT_WORD_WHERE, REG_RO, FAULT(where), NULL, NULL },
	{ REFGPU_FAULT_WORD_TIME, REG_RO, FAULT(time), NULL, NULL },
};
static const struct reg_table fault_word_table = REG_TABLE(fault_words);

/* -------------------------------------------------------------- counters */

static u64 read_wait(struct device *dev, void *object)
{
	struct partition *p = object;

	return p->counters.wait_ns + (p->waiting ? device_now(dev) - p->wait_since : 0);
}

static u64 read_resident(struct device *dev, void *object)
{
	struct partition *p = object;
	struct engine *e = p->engine;
	u64 ns = p->counters.resident_ns;

	if (e && (e->state == REFGPU_RC_RUNNING || e->state == REFGPU_RC_LINGERING))
		ns += device_now(dev) - e->run_start;
	return ns;
}

static void write_clear(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;
	struct engine *e = p->engine;
	u64 now = device_now(dev);

	(void)value;
	if (!ACTS(mask))
		return;
	memset(&p->counters, 0, sizeof(p->counters));
	p->wait_since = now;
	/* A run under way counts from here: subtract the part that is over. */
	if (e && (e->state == REFGPU_RC_RUNNING || e->state == REFGPU_RC_LINGERING))
		p->counters.resident_ns = e->run_start - now;
}

#define COUNTER(name)	offsetof(struct partition, counters.name)

static const struct reg counter_registers[] = {
	{ REFGPU_COUNTER_BUSY_NS, REG_RO, COUNTER(busy_ns), NULL, NULL },
	{ REFGPU_COUNTER_RESIDENT_NS, REG_RO, 0, read_resident, NULL },
	{ REFGPU_COUNTER_WAIT_NS, REG_RO, 0, read_wait, NULL },
	{ REFGPU_COUNTER_SWITCHES, REG_RO, COUNTER(switches), NULL, NULL },
	{ REFGPU_COUNTER_SWITCH_NS, REG_RO, COUNTER(switch_ns), NULL, NULL },
	{ REFGPU_COUNTER_PREEMPT_MAX_NS, REG_RO, COUNTER(preempt_max_ns), NULL, NULL },
	{ REFGPU_COUNTER_PACKETS, REG_RO, COUNTER(packets), NULL, NULL },
	{ REFGPU_COUNTER_DOORBELLS, REG_RO, COUNTER(doorbells), NULL, NULL },
	{ REFGPU_COUNTER_FENCES, REG_RO, COUNTER(fences), NULL, NULL },
	{ REFGPU_COUNTER_ITEMS, REG_RO, COUNTER(items), NULL, NULL },
	{ REFGPU_COUNTER_INSTRUCTIONS, REG_RO, COUNTER(instructions), NULL, NULL },
	{ REFGPU_COUNTER_BYTES_READ, REG_RO, COUNTER(bytes_read), NULL, NULL },
	{ REFGPU_COUNTER_BYTES_WRITTEN, REG_RO, COUNTER(bytes_written), NULL, NULL },
	{ REFGPU_COUNTER_FAULTS, REG_RO, COUNTER(faults), NULL, NULL },
	{ REFGPU_COUNTER_INTERRUPTS, REG_RO, COUNTER(interrupts), NULL, NULL },
	{ REFGPU_COUNTER_VBLANKS, REG_RO, COUNTER(vblanks), NULL, NULL },
	{ REFGPU_COUNTER_FLIPS, REG_RO, COUNTER(flips), NULL, NULL },
	{ REFGPU_COUNTER_CLEAR, REG_WO, 0, NULL, write_clear },
};
static const struct reg_table counter_table = REG_TABLE(counter_registers);

/* ------------------------------------------------------------------ BAR0 */

/* Where an offset leads: a table and the object its fields are of. */
struct place {
	const struct reg_table *table;
	void *object;
	u64 offset;
};

/* Is @offset in an array of @n blocks @stride bytes apart? */
static bool in_array(u64 offset, u64 start, u64 stride, unsigned int n,
		     unsigned int *index, u64 *within)
{
	if (offset < start || offset >= start + stride * n)
		return false;
	*index = (unsigned int)((offset - start) / stride);
	*within = (offset - start) % stride;
	return true;
}

#define ARRAY_START(macro)	macro(0)
#define ARRAY_STRIDE(macro)	((u64)macro(1) - macro(0))

static bool find_place(struct device *dev, u64 offset, struct place *place)
{
	unsigned int i;
	u64 at;

#define PLACE(t, o) do {		\
	place->table = (t);		\
	place->object = (o);		\
	place->offset = at;		\
	return true;			\
} while (0)

	if (in_array(offset, REFGPU_GLOBAL, 0x1000, 1, &i, &at))
		PLACE(dev->caps & REFGPU_CAP_MODE ? &global_table : &global_table_without_mode,
		      dev);
	if (in_array(offset, ARRAY_START(REFGPU_RUN_CONTROL), ARRAY_STRIDE(REFGPU_RUN_CONTROL),
		     REFGPU_RUN_CONTROLS, &i, &at))
		PLACE(&engine_registers, &dev->engine[i]);
	if (in_array(offset, ARRAY_START(REFGPU_PARTITION), ARRAY_STRIDE(REFGPU_PARTITION),
		     REFGPU_PARTITIONS, &i, &at))
		PLACE(&partition_registers, &dev->partition[i]);
	if (in_array(offset, REFGPU_FAULT, 0x1000, 1, &i, &at))
		PLACE(&fault_table, dev);
	if (in_array(offset, REFGPU_FAULT + ARRAY_START(REFGPU_FAULT_RECORD),
		     ARRAY_STRIDE(REFGPU_FAULT_RECORD), REFGPU_FAULT_RECORDS, &i, &at))
		PLACE(&fault_word_table, &dev->fault[i]);
	if (in_array(offset, REFGPU_CONTEXT, 0x1000, 1, &i, &at))
		PLACE(&context_registers, dev);
	if (in_array(offset, ARRAY_START(REFGPU_COUNTERS), ARRAY_STRIDE(REFGPU_COUNTERS),
		     REFGPU_PARTITIONS, &i, &at))
		PLACE(&counter_table, &dev->partition[i]);
#undef PLACE
	return false;
}

static bool bar_read(struct device *dev, u64 offset, u64 *value)
{
	struct place place;
	unsigned int i;
	u64 at;

	if (in_array(offset, ARRAY_START(REFGPU_USER_PAGE), ARRAY_STRIDE(REFGPU_USER_PAGE),
		     REFGPU_PARTITIONS, &i, &at))
		return user_read(dev, &dev->partition[i], at, value);
	if (in_array(offset, ARRAY_START(REFGPU_USER_ALIAS), ARRAY_STRIDE(REFGPU_USER_ALIAS),
		     REFGPU_PARTITIONS, &i, &at))
		return user_read(dev, &dev->partition[i], at, value);
	return find_place(dev, offset, &place) &&
	       reg_table_read(dev, place.table, place.object, place.offset, value);
}

static bool bar_write(struct device *dev, u64 offset, u64 value, u64 mask)
{
	struct place place;
	unsigned int i;
	u64 at;

	if (in_array(offset, ARRAY_START(REFGPU_USER_PAGE), ARRAY_STRIDE(REFGPU_USER_PAGE),
		     REFGPU_PARTITIONS, &i, &at))
		return user_write(dev, &dev->partition[i], at, value, mask);
	if (in_array(offset, ARRAY_START(REFGPU_USER_ALIAS), ARRAY_STRIDE(REFGPU_USER_ALIAS),
		     REFGPU_PARTITIONS, &i, &at))
		return user_alias_write(dev, &dev->partition[i], at, value, mask);
	return find_place(dev, offset, &place) &&
	       reg_table_write(dev, place.table, place.object, place.offset, value, mask);
}

static bool is_register_access(u64 offset, size_t size)
{
	return (size == 4 || size == 8) && offset % size == 0;
}

void device_read(struct device *dev, u64 offset, void *data, size_t size)
{
	u64 value = 0;

	if (atomic_load(&dev->bus.removed)) {
		memset(data, 0xff, size);
		return;
	}
	memset(data, 0, size);
	pthread_mutex_lock(&dev->lock);
	if (dev->injected.mute)
		memset(data, 0xff, size);
	else if (is_register_access(offset, size) && bar_read(dev, offset & ~7ULL, &value))
		memcpy(data, (u8 *)&value + offset % 8, size);
	else
		dev->bad_access++;
	pthread_mutex_unlock(&dev->lock);
}

void device_write(struct device *dev, u64 offset, const void *data, size_t size)
{
	u64 value = 0, mask;
	bool good = false;

	if (atomic_load(&dev->bus.removed))
		return;
	pthread_mutex_lock(&dev->lock);
	/* A device under reset drops writes. */
	if (dev->resetting || dev->injected.mute) {
		good = true;
	} else if (is_register_access(offset, size)) {
		mask = size == 8 ? UINT64_MAX : 0xffffffffULL << offset % 8 * 8;
		memcpy((u8 *)&value + offset % 8, data, size);
		good = bar_write(dev, offset & ~7ULL, value, mask);
	}
	if (!good)
		dev->bad_access++;
	pthread_mutex_unlock(&dev->lock);
}
