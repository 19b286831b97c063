// SPDX-License-Identifier: GPL-2.0-only
/*
 * user_page.c - the user pages and their privileged aliases
 *
 * The guest, which writes user pages, is not trusted: it writes any value at any
 * time, also while an engine executes that very ring. All state is read again
 * under the lock when an engine picks or retires a packet.
 */
#include "device/head.h"
#include "device/partition.h"
#include "device/reg.h"
#include "device/state.h"
#include "device/user_page.h"

static u64 read_id(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return p->control & REFGPU_PARTITION_ENABLE ? REFGPU_ID : 0;
}

static u64 read_version(struct device *dev, void *object)
{
	(void)object;
	return dev->version;
}

static u64 read_caps(struct device *dev, void *object)
{
	(void)object;
	/* What whoever has the whole function can change is nothing to rely on. */
	return dev->caps & ~REFGPU_CAP_MODE;
}

static u64 read_timer(struct device *dev, void *object)
{
	struct partition *p = object;

	return device_now(dev) + p->timer_offset;
}

static u64 read_slices(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return p->slices;
}

static u64 read_vram_size(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return p->vram_limit;
}

static u64 read_sysmem_pages(struct device *dev, void *object)
{
	struct partition *p = object;

	(void)dev;
	return p->sysmem_pages;
}

static void clear_intr_status(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	p->user.intr_status &= ~(value & mask);
}

static void clear_error(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)dev;
	(void)value;
	if (ACTS(mask))
		p->user.error = 0;
}

/* The host restores the status, or tells the guest of a reset. */
static void alias_intr_status(struct device *dev, void *object, u64 value, u64 mask)
{
	struct partition *p = object;

	(void)mask;
	p->user.intr_status &= value;
	partition_raise(dev, p, value);
}

static void drop(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	(void)object;
	(void)value;
	(void)mask;
}

#define USER(name)	offsetof(struct partition, user.name)

static const struct reg user_registers[] = {
	{ REFGPU_USER_ID, REG_RO, 0, read_id, NULL },
	{ REFGPU_USER_VERSION, REG_RO, 0, read_version, NULL },
	{ REFGPU_USER_CAPS, REG_RO, 0, read_caps, NULL },
	{ REFGPU_USER_TIMER, REG_RO, 0, read_timer, NULL },
	{ REFGPU_USER_VRAM_SIZE, REG_RO, 0, read_vram_size, NULL },
	{ REFGPU_USER_SYSMEM_PAGES, REG_RO, 0, read_sysmem_pages, NULL },
	{ REFGPU_USER_INTR_STATUS, REG_W1C, USER(intr_status), NULL, clear_intr_status },
	{ REFGPU_USER_INTR_ENABLE, REG_RW, USER(intr_enable), NULL, NULL },
	{ REFGPU_USER_ERROR, REG_W1C, USER(error), NULL, clear_error },
	{ REFGPU_USER_SLICES, REG_RO, 0, read_slices, NULL },
	{ REFGPU_USER_SCRATCH, REG_RW, USER(scratch), NULL, NULL },
	{ REFGPU_USER_BUSY_NS, REG_RO, USER(busy_ns), NULL, NULL },
};
static const struct reg_table user_table = REG_TABLE(user_registers);

/* What differs in the alias: all that is not computed can be written. */
static const struct reg alias_registers[] = {
	{ REFGPU_USER_ID, REG_RW, 0, read_id, drop },
	{ REFGPU_USER_VERSION, REG_RW, 0, read_version, drop },
	{ REFGPU_USER_CAPS, REG_RW, 0, read_caps, drop },
	{ REFGPU_USER_TIMER, REG_RW, 0, read_timer, drop },
	{ REFGPU_USER_VRAM_SIZE, REG_RW, 0, read_vram_size, drop },
	{ REFGPU_USER_SYSMEM_PAGES, REG_RW, 0, read_sysmem_pages, drop },
	{ REFGPU_USER_INTR_STATUS, REG_RW, USER(intr_status), NULL, alias_intr_status },
	{ REFGPU_USER_INTR_ENABLE, REG_RW, USER(intr_enable), NULL, NULL },
	{ REFGPU_USER_ERROR, REG_RW, USER(error), NULL, NULL },
	{ REFGPU_USER_SLICES, REG_RW, 0, read_slices, drop },
	{ REFGPU_USER_SCRATCH, REG_RW, USER(scratch), NULL, NULL },
	{ REFGPU_USER_BUSY_NS, REG_RW, USER(busy_ns), NULL, NULL },
};
static const struct reg_table alias_table = REG_TABLE(alias_registers);

/* ---------------------------------------------------------------- rings */

/*
 * Could the ring lie in the partition's memory? Whether every page of system
 * memory is valid turns out when a packet is fetched.
 */
static bool ring_valid(const struct partition *p, const struct ring *ring)
{
	u64 bytes, room, offset = ring->base;

	if (ring->packets < REFGPU_RING_PACKETS_MIN ||
	    ring->packets > REFGPU_RING_PACKETS_MAX ||
	    ring->packets & (ring->packets - 1) || ring->base % REFGPU_PACKET_SIZE)
		return false;
	bytes = ring->packets * REFGPU_PACKET_SIZE;
	room = p->vram_limit;
	if (offset >= REFGPU_SYSMEM_APERTURE) {
		offset -= REFGPU_SYSMEM_APERTURE;
		room = p->sysmem_pages * REFGPU_PAGE_SIZE;
	}
	return bytes <= room && offset <= room - bytes;
}

/* BASE and PACKETS do not change under a ring that runs. */
static void ring_write_base(struct device *dev, void *object, u64 value, u64 mask)
{
	struct ring *ring = object;

	(void)dev;
	(void)mask;
	if (!(ring->control & RING_ENABLE))
		ring->base = value;
}

static void ring_write_packets(struct device *dev, void *object, u64 value, u64 mask)
{
	struct ring *ring = object;

	(void)dev;
	(void)mask;
	if (!(ring->control & RING_ENABLE))
		ring->packets = value;
}

static void ring_write_control(struct device *dev, void *object, u64 value, u64 mask)
{
	struct ring *ring = object;

	value &= RING_ENABLE;
	if (!ACTS(mask) || value == ring->control)
		return;
	ring->control = value;
	ring->generation++;	/* a packet under way is of another life */
	ring->stopped = false;
	ring->blocked = false;
	ring->flipping = 0;
	partition_drop_saved(ring->partition, ring->number);
	if (value) {
		ring->get = 0;
		ring->put = 0;
		ring->fence = 0;
		ring->error = 0;
		ring->error_address = 0;
		ring->error_where = 0;
		ring->rights = (struct memory_rights){ 0 };
		ring->pc = 0;
		if (!ring_valid(ring->partition, ring))
			partition_stop_ring(dev, ring->partition, ring->number,
					    REFGPU_ERROR_RING, ring->base, 0);
	}
	partition_update(dev, ring->partition);
}

static void ring_write_doorbell(struct device *dev, void *object, u64 value, u64 mask)
{
	struct ring *ring = object;
	struct partition *p = ring->partition;
	u32 put = (u32)value, get = (u32)ring->get;

	if (!ACTS(mask))
		return;
	p->counters.doorbells++;
	if (!(ring->control & RING_ENABLE) || ring->stopped)
		return;
	if ((u32)(put - get) > ring->packets) {
		partition_stop_ring(dev, p, ring->number, REFGPU_ERROR_DOORBELL, 0, put);
		return;
	}
	/* Doorbells of two processors may arrive in any order: PUT never goes back. */
	if ((u32)(put - get) > (u32)((u32)ring->put - get))
		ring->put = put;
	partition_unblock(p);
	partition_update(dev, p);
}

static u64 read_zero(struct device *dev, void *object)
{
	(void)dev;
	(void)object;
	return 0;
}

static u64 ring_read_status(struct device *dev, void *object)
{
	struct ring *ring = object;

	(void)dev;
	return ring_status(ring->partition, ring->number);
}

static void alias_write_status(struct device *dev, void *object, u64 value, u64 mask)
{
	struct ring *ring = object;

	(void)dev;
	if (!ACTS(mask))
		return;
	ring->stopped = (u32)value == REFGPU_RING_STOPPED;
	ring->blocked = (u32)value == REFGPU_RING_BLOCKED;
	ring->flipping = 0;
}

static void alias_write_control(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	if (ACTS(mask))
		((struct ring *)object)->control = value & RING_ENABLE;
}

static void alias_write_put(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	(void)mask;
	((struct ring *)object)->put = (u32)value;
}

static void alias_write_get(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	(void)mask;
	((struct ring *)object)->get = (u32)value;
}

#define RING(name)	offsetof(struct ring, name)

static const struct reg ring_registers[] = {
	{ REFGPU_RING_BASE, REG_RW, RING(base), NULL, ring_write_base },
	{ REFGPU_RING_PACKETS, REG_RW, RING(packets), NULL, ring_write_packets },
	{ REFGPU_RING_CONTROL, REG_RW, RING(control), NULL, ring_write_control },
	{ REFGPU_RING_DOORBELL, REG_WO, 0, NULL, ring_write_doorbell },
	{ REFGPU_RING_PUT, REG_RO, RING(put), NULL, NULL },
	{ REFGPU_RING_GET, REG_RO, RING(get), NULL, NULL },
	{ REFGPU_RING_FENCE, REG_RO, RING(fence), NULL, NULL },
	{ REFGPU_RING_STATUS, REG_RO, 0, ring_read_status, NULL },
	{ REFGPU_RING_ERROR, REG_RO, RING(error), NULL, NULL },
	{ REFGPU_RING_ERROR_ADDRESS, REG_RO, RING(error_address), NULL, NULL },
	{ REFGPU_RING_ERROR_WHERE, REG_RO, RING(error_where), NULL, NULL },
	{ REFGPU_RING_RIGHTS, REG_RO, RING(rights.table), NULL, NULL },
	{ REFGPU_RING_RIGHTS_VRAM, REG_RO, RING(rights.vram_granules), NULL, NULL },
	{ REFGPU_RING_RIGHTS_SYSMEM, REG_RO, RING(rights.sysmem_granules), NULL, NULL },
	{ REFGPU_RING_PC, REG_RO, RING(pc), NULL, NULL },
};
static const struct reg_table ring_table = REG_TABLE(ring_registers);

static const struct reg ring_alias_registers[] = {
	{ REFGPU_RING_BASE, REG_RW, RING(base), NULL, NULL },
	{ REFGPU_RING_PACKETS, REG_RW, RING(packets), NULL, NULL },
	{ REFGPU_RING_CONTROL, REG_RW, RING(control), NULL, alias_write_control },
	{ REFGPU_RING_DOORBELL, REG_RW, 0, read_zero, drop },
	{ REFGPU_RING_PUT, REG_RW, RING(put), NULL, alias_write_put },
	{ REFGPU_RING_GET, REG_RW, RING(get), NULL, alias_write_get },
	{ REFGPU_RING_FENCE, REG_RW, RING(fence), NULL, NULL },
	{ REFGPU_RING_STATUS, REG_RW, 0, ring_read_status, alias_write_status },
	{ REFGPU_RING_ERROR, REG_RW, RING(error), NULL, NULL },
	{ REFGPU_RING_ERROR_ADDRESS, REG_RW, RING(error_address), NULL, NULL },
	{ REFGPU_RING_ERROR_WHERE, REG_RW, RING(error_where), NULL, NULL },
	{ REFGPU_RING_RIGHTS, REG_RW, RING(rights.table), NULL, NULL },
	{ REFGPU_RING_RIGHTS_VRAM, REG_RW, RING(rights.vram_granules), NULL, NULL },
	{ REFGPU_RING_RIGHTS_SYSMEM, REG_RW, RING(rights.sysmem_granules), NULL, NULL },
	{ REFGPU_RING_PC, REG_RW, RING(pc), NULL, NULL },
};
static const struct reg_table ring_alias_table = REG_TABLE(ring_alias_registers);

/* ------------------------------------------------------------- the page */

#define RINGS_START	REFGPU_USER_RING(0)
#define RINGS_END	REFGPU_USER_RING(REFGPU_RINGS)
#define RING_STRIDE	(REFGPU_USER_RING(1) - REFGPU_USER_RING(0))
#define HEADS_START	REFGPU_USER_HEAD(0)
#define HEADS_END	REFGPU_USER_HEAD(REFGPU_HEADS)
#define HEAD_STRIDE	(REFGPU_USER_HEAD(1) - REFGPU_USER_HEAD(0))

static struct ring *ring_at(struct partition *p, u64 offset)
{
	return &p->user.ring[(offset - RINGS_START) / RING_STRIDE];
}

/* What comes with a capability is no register of a device without it. */
static bool exists(const struct device *dev, u64 offset)
{
	if (offset == REFGPU_USER_BUSY_NS)
		return dev->caps & REFGPU_CAP_BUSY;
	if (offset >= HEADS_START && offset < HEADS_END)
		return dev->caps & REFGPU_CAP_HEADS;
	if (offset < RINGS_START || offset >= RINGS_END)
		return true;
	offset = (offset - RINGS_START) % RING_STRIDE;
	if (offset >= REFGPU_RING_PC)
		return dev->caps & REFGPU_CAP_PC;
	if (offset >= REFGPU_RING_RIGHTS)
		return dev->caps & REFGPU_CAP_RIGHTS;
	return true;
}

bool user_read(struct device *dev, struct partition *p, u64 offset, u64 *value)
{
	if (!exists(dev, offset))
		return false;
	if (offset >= RINGS_START && offset < RINGS_END)
		return reg_table_read(dev, &ring_table, ring_at(p, offset),
				      (offset - RINGS_START) % RING_STRIDE, value);
	if (offset >= HEADS_START && offset < HEADS_END)
		return head_read(dev, p, (unsigned int)((offset - HEADS_START) / HEAD_STRIDE),
				 (offset - HEADS_START) % HEAD_STRIDE, value);
	return reg_table_read(dev, &user_table, p, offset, value);
}

bool user_write(struct device *dev, struct partition *p, u64 offset, u64 value, u64 mask)
{
	/* A disabled partition holds reset values; the host may be restoring it. */
	if (!(p->control & REFGPU_PARTITION_ENABLE))
		mask = 0;
	if (!exists(dev, offset))
		return false;
	if (offset >= RINGS_START && offset < RINGS_END)
		return reg_table_write(dev, &ring_table, ring_at(p, offset),
				       (offset - RINGS_START) % RING_STRIDE, value, mask);
	if (offset >= HEADS_START && offset < HEADS_END)
		return head_write(dev, p, (unsigned int)((offset - HEADS_START) / HEAD_STRIDE),
				  (offset - HEADS_START) % HEAD_STRIDE, value, mask);
	return reg_table_write(dev, &user_table, p, offset, value, mask);
}

bool user_alias_write(struct device *dev, struct partition *p, u64 offset, u64 value, u64 mask)
{
	if (!exists(dev, offset))
		return false;
	if (offset >= RINGS_START && offset < RINGS_END) {
		if (!reg_table_write(dev, &ring_alias_table, ring_at(p, offset),
				     (offset - RINGS_START) % RING_STRIDE, value, mask))
			return false;
		partition_update(dev, p);
		return true;
	}
	if (offset >= HEADS_START && offset < HEADS_END)
		return head_alias_write(dev, p,
					(unsigned int)((offset - HEADS_START) / HEAD_STRIDE),
					(offset - HEADS_START) % HEAD_STRIDE, value, mask);
	return reg_table_write(dev, &alias_table, p, offset, value, mask);
}
