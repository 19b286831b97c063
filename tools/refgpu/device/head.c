// SPDX-License-Identifier: GPL-2.0-only
/*
 * head.c - virtual heads: modes, flips, vertical blanks, frame CRCs
 *
 * Heads are not part of the engines: they live on while their partition is
 * resident nowhere. One actor, the display, does the vertical blanks of all
 * of them; it sleeps while no head is active.
 *
 * The guest, which writes the registers, is not trusted. The mode of a head is
 * checked when the head is enabled, when a flip is asked for, and at every
 * vertical blank. The pixels are read through a view that has the partition's
 * slice alone (scanout.c), so a check forgotten here shows black pixels.
 *
 * A frame is read only while its CRC is wanted, in slices, in turns with
 * those of other heads. A head whose frame takes longer than the refresh time
 * has fewer vertical blanks; the others do not notice.
 */
#include <string.h>

#include "device/head.h"
#include "device/partition.h"
#include "device/reg.h"
#include "device/state.h"

#define PERIOD_NS	(NS_A_SECOND / REFGPU_HEAD_REFRESH_HZ)

#define CONTROL_ENABLE	(1ULL << 0)
#define CONTROL_CURSOR	(1ULL << 1)
#define STATUS_ACTIVE	(1ULL << 0)
#define STATUS_FLIP	(1ULL << 1)
#define STATUS_REFUSED	(1ULL << 2)

#define FORMAT_XR24	0x34325258ULL
#define FORMAT_AR24	0x34325241ULL
#define CURSOR_MAX	256

#define SCAN_PIXELS	16384	/* one slice: tens of microseconds */
#define WATCH_FRAMES	64	/* that a read of CRC keeps it going */

static u32 low(u64 pair)
{
	return (u32)pair;
}

static u32 high(u64 pair)
{
	return (u32)(pair >> 32);
}

static bool active(const struct head *head)
{
	return head->status & STATUS_ACTIVE;
}

static struct frame *frame_of(const struct head *head)
{
	return &head->partition->frame[head->number];
}

static void frame_cancel(struct frame *frame)
{
	frame->generation++;	/* a frame that is being read is of another life */
	frame->active = false;
	frame->complete = false;
}

/* Would every visible pixel from @base on lie in the slice, in a mode the host allows? */
static bool mode_valid(const struct head *head, u64 base)
{
	const struct partition *p = head->partition;
	u32 width = low(head->size), height = high(head->size);
	unsigned __int128 end;

	if (head->number >= p->heads || !width || !height ||
	    width > low(p->head_max) || height > high(p->head_max))
		return false;
	if ((head->format != FORMAT_XR24 && head->format != FORMAT_AR24) ||
	    head->pitch % 64 || base % 64 || head->pitch < 4 * (u64)width)
		return false;
	end = (unsigned __int128)head->pitch * (height - 1) + 4 * (u64)width + base;
	return end <= p->vram_limit;
}

/* Time of vertical blank @n after the head's epoch: never early, no drift. */
static u64 blank_time(const struct head *head, u64 n)
{
	return head->epoch + (n * NS_A_SECOND + REFGPU_HEAD_REFRESH_HZ - 1) /
	       REFGPU_HEAD_REFRESH_HZ;
}

static u64 blanks_until(const struct head *head, u64 now)
{
	return (now - head->epoch) * REFGPU_HEAD_REFRESH_HZ / NS_A_SECOND;
}

/* ---------------------------------------------------------- on and off */

static void start(struct device *dev, struct head *head)
{
	head->epoch = device_now(dev);
	head->due = blank_time(head, 1);
	frame_cancel(frame_of(head));
	dev->display_partitions |= 1ULL << head->partition->number;
	actor_wake(&dev->display);
}

/*
 * The flip of a head is over, or will never be: rings that wait for it go on.
 * All other blocked rings try again too: one that was restored from another GPU
 * does not know that it waits for a flip.
 */
static void release_rings(struct device *dev, struct head *head)
{
	struct partition *p = head->partition;
	unsigned int r;

	for (r = 0; r < REFGPU_RINGS; r++) {
		struct ring *ring = &p->user.ring[r];

		if (ring->flipping != head->number + 1)
			continue;
		ring->flipping = 0;
		if (!ring_has_packet(ring))
			continue;
		ring->get = (u32)(ring->get + 1);
		p->counters.packets++;
	}
	partition_unblock(p);
	partition_update(dev, p);
}

static void stop(struct device *dev, struct head *head, u64 status)
{
	head->status = status;
	head->flip = 0;
	head->crc = 0;
	head->watch = 0;
	frame_cancel(frame_of(head));
	release_rings(dev, head);
}

void heads_clear(struct device *dev, struct partition *p)
{
	unsigned int h;

	for (h = 0; h < REFGPU_HEADS; h++) {
		struct head *head = &p->user.head[h];

		memset(head, 0, sizeof(*head));
		head->partition = p;
		head->number = h;
		frame_cancel(&p->frame[h]);
	}
	dev->display_partitions &= ~(1ULL << p->number);
}

void heads_resume(struct device *dev, struct partition *p)
{
	unsigned int h;

	for (h = 0; h < REFGPU_HEADS; h++) {
		struct head *head = &p->user.head[h];
		u64 flip = head->status & STATUS_FLIP;

		if (!(head->control & CONTROL_ENABLE)) {
			head->status = 0;
		} else if (!mode_valid(head, head->base)) {
			head->status = STATUS_REFUSED;
		} else {
			head->status = STATUS_ACTIVE | flip;
			start(dev, head);
		}
		if (!active(head))
			frame_cancel(frame_of(head));
		if (!(head->status & STATUS_FLIP))
			release_rings(dev, head);
	}
}

/* ---------------------------------------------------------------- flips */

/* Ask for a flip at the next vertical blank; it replaces one that waits. */
static void flip(struct head *head, u64 base)
{
	head->flip = base;
	head->status |= STATUS_FLIP;
}

enum refgpu_error head_flip(struct partition *p, unsigned int number, u64 base, bool *waits)
{
	struct head *head = &p->user.head[number % REFGPU_HEADS];

	*waits = false;
	if (number >= p->heads)
		return REFGPU_ERROR_PACKET;
	/* The head is off: a driver may switch it off with flips still queued. */
	if (!active(head))
		return REFGPU_ERROR_NONE;
	if (!mode_valid(head, base))
		return REFGPU_ERROR_ADDRESS;
	flip(head, base);
	*waits = true;
	return REFGPU_ERROR_NONE;
}

/*
 * The frame-rate limit. Due times of flips are FLIP_NS apart, and a flip comes
 * at the first vertical blank after its own; so 45 a second are 45 on
 * average, though no two blanks are that far apart. Credit is one blank.
 */
static bool flip_due(const struct head *head, u64 now)
{
	return (head->status & STATUS_FLIP) &&
	       (!head->partition->flip_ns || now >= head->flip_ready);
}

static void flip_count(struct head *head, u64 now)
{
	u64 from = now > PERIOD_NS ? now - PERIOD_NS : 0;

	if (head->flip_ready > from)
		from = head->flip_ready;
	if (__builtin_add_overflow(from, head->partition->flip_ns, &head->flip_ready))
		head->flip_ready = NEVER;
}

/* ------------------------------------------------------ vertical blanks */

/* Freeze the registers that the next frame shows. */
static void frame_begin(const struct head *head)
{
	const struct partition *p = head->partition;
	struct frame *frame = frame_of(head);
	struct scanout *s = &frame->scanout;
	u64 cursor_bytes = 4ULL * low(head->cursor_size) * high(head->cursor_size);

	memset(s, 0, sizeof(*s));
	s->base = head->base;
	s->pitch = head->pitch;
	s->width = low(head->size);
	s->height = high(head->size);
	/* Half a cursor would be a riddle: all of it is in the slice, or none. */
	if ((head->control & CONTROL_CURSOR) && low(head->cursor_size) <= CURSOR_MAX &&
	    high(head->cursor_size) <= CURSOR_MAX && cursor_bytes <= p->vram_limit &&
	    head->cursor_base <= p->vram_limit - cursor_bytes) {
		s->cursor_base = head->cursor_base;
		s->cursor_width = low(head->cursor_size);
		s->cursor_height = high(head->cursor_size);
		s->cursor_x = (s32)low(head->cursor_position);
		s->cursor_y = (s32)high(head->cursor_position);
	}
	frame->active = true;
	frame->complete = false;
}

static void vertical_blank(struct device *dev, struct head *head, u64 now)
{
	u64 n = blanks_until(head, now), time = blank_time(head, n);
	u64 bits = REFGPU_INTR_VBLANK(head->number);
	struct partition *p = head->partition;
	struct frame *frame = frame_of(head);
	bool flipped = false;

	/* The host may have lowered HEADS or HEAD_MAX, or written through the alias. */
	if (!mode_valid(head, head->base)) {
		stop(dev, head, STATUS_REFUSED);
		return;
	}
	head->due = blank_time(head, n + 1);
	head->crc = frame->complete ? frame->scanout.crc : 0;
	frame->complete = false;
	head->vblank_count++;
	head->vblank_time = time + p->timer_offset;
	p->counters.vblanks++;

	if (flip_due(head, time)) {
		if (mode_valid(head, head->flip)) {
			head->base = head->flip;
			p->counters.flips++;
			bits |= REFGPU_INTR_FLIP(head->number);
		}
		flip_count(head, time);
		head->flip = 0;
		head->status &= ~STATUS_FLIP;
		flipped = true;
	}
	if (head->watch) {
		head->watch--;
		frame_begin(head);
	}
	partition_raise(dev, p, bits);
	if (flipped)
		release_rings(dev, head);
}

/* Read some pixels of the next frame that is wanted. Drops the lock. */
static void scan_slice(struct device *dev)
{
	unsigned int i;

	for (i = 0; i < REFGPU_PARTITIONS * REFGPU_HEADS; i++) {
		unsigned int at = (dev->scan_next + i) % (REFGPU_PARTITIONS * REFGPU_HEADS);
		struct partition *p = &dev->partition[at / REFGPU_HEADS];
		struct frame *frame = &p->frame[at % REFGPU_HEADS];
		u32 generation = frame->generation;
		struct scanout scanout;
		bool complete;

		if (!frame->active || !partition_runs(p))
			continue;
		dev->scan_next = at + 1;
		scanout = frame->scanout;
		pthread_mutex_unlock(&dev->lock);
		complete = scanout_run(&scanout, &p->scan_view, SCAN_PIXELS);
		pthread_mutex_lock(&dev->lock);
		if (frame->generation != generation)
			return;
		frame->scanout = scanout;
		frame->complete = complete;
		frame->active = !complete;
		return;
	}
}

/* Do the vertical blanks that are due on the partition's heads; is one active? */
static bool blank_partition(struct device *dev, struct partition *p, u64 now, u64 *next,
			    bool *scanning)
{
	bool some = false;
	unsigned int h;

	for (h = 0; h < REFGPU_HEADS; h++) {
		struct head *head = &p->user.head[h];

		if (!active(head))
			continue;
		some = true;
		if (!partition_runs(p))
			continue;
		if (!p->frame[h].active && head->due <= now)
			vertical_blank(dev, head, now);
		if (p->frame[h].active)
			*scanning = true;
		else if (active(head) && head->due < *next)
			*next = head->due;
	}
	return some;
}

u64 display_step(struct actor *actor)
{
	struct device *dev = actor->dev;
	u64 now = device_now(dev), next = NEVER;
	bool scanning = false;
	unsigned int i;

	if (dev->resetting)
		return NEVER;
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		if (!(dev->display_partitions & 1ULL << i))
			continue;
		if (!blank_partition(dev, &dev->partition[i], now, &next, &scanning))
			dev->display_partitions &= ~(1ULL << i);
	}
	if (!scanning)
		return next;
	scan_slice(dev);
	return device_now(dev);
}

/* ------------------------------------------------------------ registers */

static void write_control(struct device *dev, void *object, u64 value, u64 mask)
{
	struct head *head = object;
	u64 old = head->control;

	if (!ACTS(mask))
		return;
	head->control = value & (CONTROL_ENABLE | CONTROL_CURSOR);
	if (!((old ^ head->control) & CONTROL_ENABLE))
		return;
	stop(dev, head, 0);
	if (!(head->control & CONTROL_ENABLE))
		return;
	head->vblank_count = 0;
	head->vblank_time = 0;
	head->flip_ready = 0;
	if (!mode_valid(head, head->base)) {
		head->status = STATUS_REFUSED;
		return;
	}
	head->status = STATUS_ACTIVE;
	start(dev, head);
}

/* A mode does not change under a head that shows it. */
#define MODE(name)							\
static void write_##name(struct device *dev, void *object, u64 value, u64 mask) \
{									\
	struct head *head = object;					\
									\
	(void)dev;							\
	(void)mask;							\
	if (!active(head))						\
		(*head).name = value;					\
}

MODE(base)
MODE(pitch)
MODE(format)
MODE(size)

static void write_cursor_size(struct device *dev, void *object, u64 value, u64 mask)
{
	(void)dev;
	(void)mask;
	if (low(value) <= CURSOR_MAX && high(value) <= CURSOR_MAX)
		((struct head *)object)->cursor_size = value;
}

static void write_flip(struct device *dev, void *object, u64 value, u64 mask)
{
	struct head *head = object;

	(void)dev;
	/* The high half alone waits for the low one, which acts. */
	if (!ACTS(mask)) {
		head->flip_high = value & mask;
		return;
	}
	value &= mask;
	if (!(mask >> 32))
		value |= head->flip_high;
	head->flip_high = 0;
	if (active(head) && mode_valid(head, value))
		flip(head, value);
}

static u64 read_crc(struct device *dev, void *object)
{
	struct head *head = object;

	(void)dev;
	head->watch = WATCH_FRAMES;
	return head->crc;
}

#define HEAD(name)	offsetof(struct head, name)

static const struct reg head_registers[] = {
	{ REFGPU_HEAD_CONTROL, REG_RW, HEAD(control), NULL, write_control },
	{ REFGPU_HEAD_BASE, REG_RW, HEAD(base), NULL, write_base },
	{ REFGPU_HEAD_PITCH, REG_RW, HEAD(pitch), NULL, write_pitch },
	{ REFGPU_HEAD_FORMAT, REG_RW, HEAD(format), NULL, write_format },
	{ REFGPU_HEAD_SIZE, REG_RW, HEAD(size), NULL, write_size },
	{ REFGPU_HEAD_CURSOR_BASE, REG_RW, HEAD(cursor_base), NULL, NULL },
	{ REFGPU_HEAD_CURSOR_SIZE, REG_RW, HEAD(cursor_size), NULL, write_cursor_size },
	{ REFGPU_HEAD_CURSOR_POSITION, REG_RW, HEAD(cursor_position), NULL, NULL },
	{ REFGPU_HEAD_CURSOR_HOTSPOT, REG_RW, HEAD(cursor_hotspot), NULL, NULL },
	{ REFGPU_HEAD_FLIP, REG_RW, HEAD(flip), NULL, write_flip },
	{ REFGPU_HEAD_VBLANK_COUNT, REG_RO, HEAD(vblank_count), NULL, NULL },
	{ REFGPU_HEAD_VBLANK_TIME, REG_RO, HEAD(vblank_time), NULL, NULL },
	{ REFGPU_HEAD_CRC, REG_RO, HEAD(crc), read_crc, NULL },
	{ REFGPU_HEAD_STATUS, REG_RO, HEAD(status), NULL, NULL },
	{ REFGPU_HEAD_EDID_BYTES, REG_RO, HEAD(edid_bytes), NULL, NULL },
};
static const struct reg_table head_table = REG_TABLE(head_registers);

static bool in_edid(u64 offset)
{
	return offset >= REFGPU_HEAD_EDID && offset < REFGPU_HEAD_EDID + REFGPU_EDID_SIZE;
}

bool head_read(struct device *dev, struct partition *p, unsigned int number, u64 offset,
	       u64 *value)
{
	struct head *head = &p->user.head[number];

	if (in_edid(offset)) {
		*value = head->edid[(offset - REFGPU_HEAD_EDID) / 8];
		return true;
	}
	return reg_table_read(dev, &head_table, head, offset, value);
}

bool head_write(struct device *dev, struct partition *p, unsigned int number, u64 offset,
		u64 value, u64 mask)
{
	if (in_edid(offset))
		return true;	/* RO */
	return reg_table_write(dev, &head_table, &p->user.head[number], offset, value, mask);
}

/* A new EDID is complete when its length is written. */
static void alias_edid_bytes(struct device *dev, struct head *head, u64 value, u64 mask)
{
	struct partition *p = head->partition;

	value = (head->edid_bytes & ~mask) | (value & mask);
	head->edid_changed |= value != head->edid_bytes;
	head->edid_bytes = value;
	if (!ACTS(mask) || !head->edid_changed)
		return;
	head->edid_changed = false;
	if (p->control & REFGPU_PARTITION_ENABLE)
		partition_raise(dev, p, REFGPU_INTR_HOTPLUG(head->number));
}

bool head_alias_write(struct device *dev, struct partition *p, unsigned int number,
		      u64 offset, u64 value, u64 mask)
{
	struct head *head = &p->user.head[number];
	const struct reg *reg = reg_find(&head_table, offset);
	u64 *field, old;

	if (offset == REFGPU_HEAD_EDID_BYTES) {
		alias_edid_bytes(dev, head, value, mask);
		return true;
	}
	if (in_edid(offset))
		field = &head->edid[(offset - REFGPU_HEAD_EDID) / 8];
	else if (reg)
		field = reg_field(reg, head);
	else
		return false;
	old = *field;
	*field = (old & ~mask) | (value & mask);
	if (in_edid(offset))
		head->edid_changed |= *field != old;
	else if (partition_runs(p))
		heads_resume(dev, p);
	return true;
}
