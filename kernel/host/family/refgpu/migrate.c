// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate.c - partitions of a reference GPU stand still, are saved and loaded
 *
 * A partition that is frozen can be read and written as a whole: its registers
 * through the privileged alias, unfinished work through the context window, of
 * which there is one for all partitions. What is loaded may come from anybody.
 * The device trusts what it finds in the alias, so it is checked here; images of
 * unfinished work are checked by the device.
 */
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "base/pack.h"
#include "base/vgpu.h"
#include "family/refgpu/regs.h"

/* The device completes these whatever its engines do; the timeouts are for defects. */
#define CONTEXT_TIMEOUT_MS	500
#define FETCH_TIMEOUT_MS	500

#define RING_ENABLE		BIT_ULL(0)
#define HEAD_CONTROL_BITS	GENMASK_ULL(1, 0)
#define HEAD_STATUS_BITS	GENMASK_ULL(2, 0)
#define CURSOR_MAX		256
#define DIRTY_TRACK		BIT_ULL(0)
#define DIRTY_GRANULE(shift)	((u64)(shift) << 8)

/* What is fetched at a time: a bit for each granule of 32 GiB. */
#define WINDOW_BYTES		REFGPU_CONTEXT_LENGTH_MAX
#define WINDOW_GRANULES		(8ULL * WINDOW_BYTES)

static void control(struct refgpu_partition *partition, u64 flags)
{
	entry_write(partition, REFGPU_PARTITION_CONTROL,
		    refgpu_of(partition->gpu)->enable | flags);
}

static u64 alias_read(struct refgpu_partition *partition, u32 offset)
{
	return reg_read(refgpu_of(partition->gpu),
			REFGPU_USER_ALIAS(partition->number) + offset);
}

static void alias_write(struct refgpu_partition *partition, u32 offset,
			u64 value)
{
	reg_write(refgpu_of(partition->gpu),
		  REFGPU_USER_ALIAS(partition->number) + offset, value);
}

/* It does not answer with all ones, which is a value like any other. */
static bool is_there(struct refgpu_partition *partition)
{
	return alias_read(partition, REFGPU_USER_ID) == REFGPU_ID;
}

/*
 * Begin to touch a partition that stands still: takes its lock. Return: 0, -ENODEV
 * or -EIO; then untouch() is not called.
 */
static int touch(struct vgpu *vgpu, int *section)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);

	if (!vgpu_gpu_begin(vgpu->gpu, section))
		return -ENODEV;
	mutex_lock(&partition->lock);
	if (partition->enabled && partition->frozen)
		return 0;
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, *section);
	return -EIO;
}

static void untouch(struct vgpu *vgpu, int section)
{
	mutex_unlock(&refgpu_partition_of(vgpu)->lock);
	vgpu_gpu_end(vgpu->gpu, section);
}

/* ---------------------------------------------------------------- stop and go */

static void freeze(struct refgpu_partition *partition)
{
	control(partition, REFGPU_PARTITION_FREEZE);
	if (entry_wait(partition, REFGPU_PARTITION_STATUS,
		       REFGPU_PARTITION_IS_RESIDENT, STOP_TIMEOUT_MS))
		vgpu_gpu_failed(partition->gpu, "a partition can't be frozen");
	partition->timer = alias_read(partition, REFGPU_USER_TIMER);
	partition->frozen = true;
}

/**
 * refgpu_stop - see struct vgpu_family
 * @vgpu: the vGPU, which has no turns
 */
void refgpu_stop(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	mutex_lock(&partition->lock);
	if (partition->enabled && !partition->frozen)
		freeze(partition);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
}

/* The clock goes on from where it was. Returns whether the guest may have missed one. */
static bool thaw(struct refgpu_partition *partition)
{
	struct refgpu *refgpu = refgpu_of(partition->gpu);
	u64 now = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_TIMER);
	u64 raised = alias_read(partition, REFGPU_USER_INTR_STATUS) &
		     alias_read(partition, REFGPU_USER_INTR_ENABLE);

	entry_write(partition, REFGPU_PARTITION_TIMER_OFFSET,
		    partition->timer - now);
	control(partition, 0);
	return raised;
}

/**
 * refgpu_go - see struct vgpu_family
 * @vgpu: the vGPU
 */
void refgpu_go(struct vgpu *vgpu)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	bool raised = false;
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	mutex_lock(&partition->lock);
	if (partition->enabled && partition->frozen)
		raised = thaw(partition);
	partition->frozen = false;
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	if (raised)
		vgpu_irq_raise(vgpu, 0);
}

/* ------------------------------------------------------------------ registers */

/* The status after the bits that let it raise the vector. */
static const u16 user_registers[] = {
	REFGPU_USER_INTR_ENABLE, REFGPU_USER_INTR_STATUS, REFGPU_USER_ERROR,
	REFGPU_USER_SCRATCH, REFGPU_USER_BUSY_NS,
};

enum {
	RING_BASE, RING_PACKETS, RING_CONTROL, RING_PUT, RING_GET, RING_FENCE,
	RING_STATUS, RING_ERROR, RING_ERROR_ADDRESS, RING_ERROR_WHERE,
	RING_RIGHTS, RING_RIGHTS_VRAM, RING_RIGHTS_SYSMEM, RING_PC,
	RING_REGISTERS
};

static const u16 ring_registers[RING_REGISTERS] = {
	[RING_BASE]		= REFGPU_RING_BASE,
	[RING_PACKETS]		= REFGPU_RING_PACKETS,
	[RING_CONTROL]		= REFGPU_RING_CONTROL,
	[RING_PUT]		= REFGPU_RING_PUT,
	[RING_GET]		= REFGPU_RING_GET,
	[RING_FENCE]		= REFGPU_RING_FENCE,
	[RING_STATUS]		= REFGPU_RING_STATUS,
	[RING_ERROR]		= REFGPU_RING_ERROR,
	[RING_ERROR_ADDRESS]	= REFGPU_RING_ERROR_ADDRESS,
	[RING_ERROR_WHERE]	= REFGPU_RING_ERROR_WHERE,
	[RING_RIGHTS]		= REFGPU_RING_RIGHTS,
	[RING_RIGHTS_VRAM]	= REFGPU_RING_RIGHTS_VRAM,
	[RING_RIGHTS_SYSMEM]	= REFGPU_RING_RIGHTS_SYSMEM,
	[RING_PC]		= REFGPU_RING_PC,
};

/* A head is checked by the device when its partition goes on. */
enum {
	HEAD_BASE, HEAD_PITCH, HEAD_FORMAT, HEAD_SIZE, HEAD_CURSOR_BASE,
	HEAD_CURSOR_SIZE, HEAD_CURSOR_POSITION, HEAD_CURSOR_HOTSPOT, HEAD_FLIP,
	HEAD_VBLANK_COUNT, HEAD_VBLANK_TIME, HEAD_CRC, HEAD_STATUS, HEAD_CONTROL,
	HEAD_REGISTERS
};

static const u16 head_registers[HEAD_REGISTERS] = {
	[HEAD_BASE]		= REFGPU_HEAD_BASE,
	[HEAD_PITCH]		= REFGPU_HEAD_PITCH,
	[HEAD_FORMAT]		= REFGPU_HEAD_FORMAT,
	[HEAD_SIZE]		= REFGPU_HEAD_SIZE,
	[HEAD_CURSOR_BASE]	= REFGPU_HEAD_CURSOR_BASE,
	[HEAD_CURSOR_SIZE]	= REFGPU_HEAD_CURSOR_SIZE,
	[HEAD_CURSOR_POSITION]	= REFGPU_HEAD_CURSOR_POSITION,
	[HEAD_CURSOR_HOTSPOT]	= REFGPU_HEAD_CURSOR_HOTSPOT,
	[HEAD_FLIP]		= REFGPU_HEAD_FLIP,
	[HEAD_VBLANK_COUNT]	= REFGPU_HEAD_VBLANK_COUNT,
	[HEAD_VBLANK_TIME]	= REFGPU_HEAD_VBLANK_TIME,
	[HEAD_CRC]		= REFGPU_HEAD_CRC,
	[HEAD_STATUS]		= REFGPU_HEAD_STATUS,
	[HEAD_CONTROL]		= REFGPU_HEAD_CONTROL,
};

/**
 * struct image - the registers of a partition
 * @user: as user_registers
 * @ring: as ring_registers
 * @head: as head_registers
 */
struct image {
	u64 user[ARRAY_SIZE(user_registers)];
	u64 ring[REFGPU_RINGS][RING_REGISTERS];
	u64 head[REFGPU_HEADS][HEAD_REGISTERS];
};

/* A device without a capability has no such register, and counts accesses of it. */
static bool exists(struct refgpu_partition *partition, u32 base, u32 offset)
{
	u64 caps = refgpu_of(partition->gpu)->caps;

	if (!base)
		return offset != REFGPU_USER_BUSY_NS || caps & REFGPU_CAP_BUSY;
	if (base >= REFGPU_USER_HEAD(0))
		return caps & REFGPU_CAP_HEADS;
	if (offset < REFGPU_RING_RIGHTS)
		return true;
	return caps & (offset == REFGPU_RING_PC ? REFGPU_CAP_PC :
						  REFGPU_CAP_RIGHTS);
}

static void read_some(struct refgpu_partition *partition, u32 base,
		      const u16 *registers, unsigned int count, u64 *values)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		values[i] = exists(partition, base, registers[i]) ?
			    alias_read(partition, base + registers[i]) : 0;
}

static void write_some(struct refgpu_partition *partition, u32 base,
		       const u16 *registers, unsigned int count,
		       const u64 *values)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (exists(partition, base, registers[i]))
			alias_write(partition, base + registers[i], values[i]);
}

/**
 * refgpu_save - see struct vgpu_family
 * @vgpu: the vGPU, which stands still
 * @pack: receives it
 *
 * Takes some milliseconds: each register costs 50 to 100 microseconds.
 *
 * Return: 0, -ENODEV, -EIO or -ENOMEM.
 */
int refgpu_save(struct vgpu *vgpu, struct vgpu_pack *pack)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct image *image;
	const u64 *values;
	unsigned int i;
	int section, ret;

	image = kzalloc(sizeof(*image), GFP_KERNEL);
	if (!image)
		return -ENOMEM;
	ret = touch(vgpu, &section);
	if (ret)
		goto free;
	read_some(partition, 0, user_registers, ARRAY_SIZE(user_registers),
		  image->user);
	for (i = 0; i < REFGPU_RINGS; i++)
		read_some(partition, REFGPU_USER_RING(i), ring_registers,
			  RING_REGISTERS, image->ring[i]);
	for (i = 0; i < REFGPU_HEADS; i++)
		read_some(partition, REFGPU_USER_HEAD(i), head_registers,
			  HEAD_REGISTERS, image->head[i]);
	vgpu_pack(pack, 8, partition->timer);
	if (!is_there(partition))
		ret = -EIO;
	untouch(vgpu, section);
	values = (const u64 *)image;
	for (i = 0; i < sizeof(*image) / sizeof(*values); i++)
		vgpu_pack(pack, 8, values[i]);
free:
	kfree(image);
	return ret;
}

/* The table of rights has an address that can be formed. */
static bool rights_valid(const u64 *ring)
{
	u64 vram = ring[RING_RIGHTS_VRAM], sysmem = ring[RING_RIGHTS_SYSMEM];
	u64 words, end;

	if (!ring[RING_RIGHTS])
		return !vram && !sysmem;
	if (vram > REFGPU_RIGHTS_VRAM_MAX || sysmem > REFGPU_RIGHTS_SYSMEM_MAX)
		return false;
	words = DIV_ROUND_UP_ULL(vram, REFGPU_RIGHTS_A_WORD) +
		DIV_ROUND_UP_ULL(sysmem, REFGPU_RIGHTS_A_WORD);
	return ring[RING_RIGHTS] % 8 == 0 &&
	       !check_add_overflow(ring[RING_RIGHTS], 8 * words, &end);
}

static bool ring_fits(const struct vgpu *vgpu, const u64 *ring)
{
	u64 room = vgpu->fb_size, at = ring[RING_BASE];
	u64 bytes = ring[RING_PACKETS] * REFGPU_PACKET_SIZE;

	if (ring[RING_PACKETS] < REFGPU_RING_PACKETS_MIN ||
	    ring[RING_PACKETS] > REFGPU_RING_PACKETS_MAX ||
	    !is_power_of_2(ring[RING_PACKETS]) || at % REFGPU_PACKET_SIZE)
		return false;
	if (at >= REFGPU_SYSMEM_APERTURE) {
		at -= REFGPU_SYSMEM_APERTURE;
		room = (u64)vgpu->gpu->sysmem_pages * REFGPU_PAGE_SIZE;
	}
	return bytes <= room && at <= room - bytes;
}

/* What the device would have let a guest and its engines make of the ring. */
static bool ring_valid(const struct vgpu *vgpu, const u64 *ring)
{
	u32 ahead = ring[RING_PUT] - ring[RING_GET];

	if (ring[RING_CONTROL] & ~RING_ENABLE ||
	    ring[RING_STATUS] > REFGPU_RING_STOPPED ||
	    ring[RING_PUT] > U32_MAX || ring[RING_GET] > U32_MAX ||
	    !rights_valid(ring))
		return false;
	/* One that is disabled or stopped may have got anything written to it. */
	if (!(ring[RING_CONTROL] & RING_ENABLE) ||
	    ring[RING_STATUS] == REFGPU_RING_STOPPED)
		return true;
	return ring_fits(vgpu, ring) && ahead <= ring[RING_PACKETS];
}

static bool head_valid(const u64 *head)
{
	return !(head[HEAD_CONTROL] & ~HEAD_CONTROL_BITS) &&
	       !(head[HEAD_STATUS] & ~HEAD_STATUS_BITS) &&
	       lower_32_bits(head[HEAD_CURSOR_SIZE]) <= CURSOR_MAX &&
	       upper_32_bits(head[HEAD_CURSOR_SIZE]) <= CURSOR_MAX;
}

static bool image_valid(const struct vgpu *vgpu, const struct image *image)
{
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++)
		if (!ring_valid(vgpu, image->ring[i]))
			return false;
	for (i = 0; i < REFGPU_HEADS; i++)
		if (!head_valid(image->head[i]))
			return false;
	return true;
}

static void write_image(struct refgpu_partition *partition,
			const struct image *image)
{
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++)
		write_some(partition, REFGPU_USER_RING(i), ring_registers,
			   RING_REGISTERS, image->ring[i]);
	for (i = 0; i < REFGPU_HEADS; i++)
		write_some(partition, REFGPU_USER_HEAD(i), head_registers,
			   HEAD_REGISTERS, image->head[i]);
	/* Monitors that were connected have set bits of the status. */
	write_some(partition, 0, user_registers, ARRAY_SIZE(user_registers),
		   image->user);
}

/**
 * refgpu_load - see struct vgpu_family
 * @vgpu: the vGPU, which stands still
 * @unpack: what refgpu_save() of another has written, or anything
 *
 * Return: 0, -EBADMSG, -ENODEV, -EIO or -ENOMEM.
 */
int refgpu_load(struct vgpu *vgpu, struct vgpu_unpack *unpack)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct image *image;
	unsigned int i;
	int section, ret;
	u64 *values;
	u64 timer;

	image = kzalloc(sizeof(*image), GFP_KERNEL);
	if (!image)
		return -ENOMEM;
	values = (u64 *)image;
	timer = vgpu_unpack(unpack, 8);
	for (i = 0; i < sizeof(*image) / sizeof(*values); i++)
		values[i] = vgpu_unpack(unpack, 8);
	ret = -EBADMSG;
	if (!vgpu_unpacked(unpack) || !image_valid(vgpu, image))
		goto free;
	ret = touch(vgpu, &section);
	if (ret)
		goto free;
	write_image(partition, image);
	partition->timer = timer;
	if (!is_there(partition))
		ret = -EIO;
	untouch(vgpu, section);
free:
	kfree(image);
	return ret;
}

/* ------------------------------------------------------------ unfinished work */

static void window_write(struct refgpu *refgpu, u32 offset, u64 value)
{
	reg_write(refgpu, REFGPU_CONTEXT + offset, value);
}

/* With the window's lock, and that of the partition whose image it is. */
static int window_command(struct refgpu *refgpu, unsigned int command)
{
	int ret;

	lockdep_assert_held(&refgpu->window_lock);
	window_write(refgpu, REFGPU_CONTEXT_COMMAND, command);
	ret = reg_wait_zero(refgpu, REFGPU_CONTEXT + REFGPU_CONTEXT_COMMAND,
			    ~0ULL, CONTEXT_TIMEOUT_MS);
	/* It may still write to our buffer. */
	if (ret) {
		vgpu_gpu_failed(refgpu->gpu, "its context window is stuck");
		return -EIO;
	}
	return reg_read(refgpu, REFGPU_CONTEXT + REFGPU_CONTEXT_RESULT) ?
	       -EBADMSG : 0;
}

static void window_open(struct refgpu_partition *partition)
{
	struct refgpu *refgpu = refgpu_of(partition->gpu);

	mutex_lock(&refgpu->window_lock);
	window_write(refgpu, REFGPU_CONTEXT_PARTITION, partition->number);
	window_write(refgpu, REFGPU_CONTEXT_TARGET, refgpu->window_bus);
}

static void window_close(struct refgpu *refgpu)
{
	mutex_unlock(&refgpu->window_lock);
}

static void window_piece(struct refgpu *refgpu, u32 at, u32 bytes)
{
	window_write(refgpu, REFGPU_CONTEXT_OFFSET, at);
	window_write(refgpu, REFGPU_CONTEXT_LENGTH, bytes);
}

/**
 * refgpu_context_bytes - see struct vgpu_family
 * @vgpu: the vGPU, which stands still
 *
 * Return: bytes, -ENODEV or -EIO.
 */
int refgpu_context_bytes(struct vgpu *vgpu)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	int section, ret;
	u64 bytes;

	ret = touch(vgpu, &section);
	if (ret)
		return ret;
	window_open(refgpu_partition_of(vgpu));
	bytes = reg_read(refgpu, REFGPU_CONTEXT + REFGPU_CONTEXT_BYTES);
	window_close(refgpu);
	untouch(vgpu, section);
	/* The window moves whole words. */
	return bytes > REFGPU_CONTEXT_BYTES_MAX || bytes % 8 ? -EIO : bytes;
}

/**
 * refgpu_context_save - see struct vgpu_family
 * @vgpu: the vGPU, which stands still
 * @image: receives it
 * @bytes: of it
 *
 * Return: 0, -ENODEV or -EIO.
 */
int refgpu_context_save(struct vgpu *vgpu, u8 *image, u32 bytes)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	u32 at, size;
	int section, ret;

	ret = touch(vgpu, &section);
	if (ret)
		return ret;
	window_open(refgpu_partition_of(vgpu));
	for (at = 0; at < bytes && !ret; at += size) {
		size = min_t(u32, bytes - at, WINDOW_BYTES);
		window_piece(refgpu, at, size);
		ret = window_command(refgpu, REFGPU_CONTEXT_FETCH);
		rmb();	/* what the device has written before it said so */
		memcpy(image + at, refgpu->window, size);
	}
	window_close(refgpu);
	untouch(vgpu, section);
	return ret ? -EIO : 0;
}

/**
 * refgpu_context_load - see struct vgpu_family
 * @vgpu: the vGPU, which stands still
 * @image: what refgpu_context_save() of another has read, or anything
 * @bytes: of it
 *
 * Return: 0, -EBADMSG, -ENODEV or -EIO.
 */
int refgpu_context_load(struct vgpu *vgpu, const u8 *image, u32 bytes)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	u32 at, size;
	int section, ret;

	if (!bytes || bytes > REFGPU_CONTEXT_BYTES_MAX || bytes % 8)
		return -EBADMSG;
	ret = touch(vgpu, &section);
	if (ret)
		return ret;
	window_open(refgpu_partition_of(vgpu));
	for (at = 0; at < bytes && !ret; at += size) {
		size = min_t(u32, bytes - at, WINDOW_BYTES);
		memcpy(refgpu->window, image + at, size);
		wmb();	/* before the device reads it */
		window_piece(refgpu, at, size);
		ret = window_command(refgpu, REFGPU_CONTEXT_STORE);
	}
	if (!ret)
		ret = window_command(refgpu, REFGPU_CONTEXT_COMMIT);
	window_close(refgpu);
	untouch(vgpu, section);
	return ret;
}

/* -------------------------------------------------------------- dirty tracking */

/* Return: 0, -ENODEV or -EIO. */
static int set_tracking(struct vgpu *vgpu, u64 value)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	int section, ret = 0;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -ENODEV;
	mutex_lock(&partition->lock);
	partition->forgotten = false;
	/* The same value once more clears no bits. */
	entry_write(partition, REFGPU_PARTITION_DIRTY_CONTROL, 0);
	entry_write(partition, REFGPU_PARTITION_DIRTY_CONTROL, value);
	/* The device may have no memory for the bits. */
	if (entry_read(partition, REFGPU_PARTITION_DIRTY_CONTROL) != value)
		ret = -EIO;
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	return ret;
}

/**
 * refgpu_dirty_start - see struct vgpu_family
 * @vgpu: the vGPU; its partition is enabled
 *
 * Return: 0, -ENODEV or -EIO.
 */
int refgpu_dirty_start(struct vgpu *vgpu)
{
	return set_tracking(vgpu,
			    DIRTY_TRACK | DIRTY_GRANULE(VGPU_GRANULE_SHIFT));
}

/**
 * refgpu_dirty_stop - see struct vgpu_family
 * @vgpu: the vGPU
 */
void refgpu_dirty_stop(struct vgpu *vgpu)
{
	set_tracking(vgpu, 0);
}

/* With the locks of the partition and the window. */
static int fetch_bits(struct refgpu_partition *partition, u64 first, u64 count)
{
	struct refgpu *refgpu = refgpu_of(partition->gpu);
	int ret;

	/* A device that can't write to memory says that it is done: all is dirty then. */
	memset(refgpu->window, 0xff, BITS_TO_BYTES(count));
	wmb();	/* before the device writes to it */
	entry_write(partition, REFGPU_PARTITION_DIRTY_FIRST, first);
	entry_write(partition, REFGPU_PARTITION_DIRTY_COUNT, count);
	entry_write(partition, REFGPU_PARTITION_DIRTY_TARGET, refgpu->window_bus);
	ret = entry_command(partition, REFGPU_PARTITION_DIRTY_FETCH,
			    FETCH_TIMEOUT_MS);
	rmb();	/* what the device has written before it said so */
	if (ret)
		vgpu_gpu_failed(partition->gpu, "it does not say what it wrote");
	return ret ? -EIO : 0;
}

/**
 * refgpu_dirty_fetch - see struct vgpu_family
 * @vgpu: the vGPU
 * @bits: gets more bits
 *
 * Return: 0, -ENODEV or -EIO.
 */
int refgpu_dirty_fetch(struct vgpu *vgpu, unsigned long *bits)
{
	struct refgpu_partition *partition = refgpu_partition_of(vgpu);
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	u64 granules = vgpu->fb_size >> VGPU_GRANULE_SHIFT;
	u64 first, count, i;
	int section, ret = 0;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return -ENODEV;
	mutex_lock(&partition->lock);
	if (partition->forgotten)
		bitmap_set(bits, 0, granules);
	partition->forgotten = false;
	mutex_lock(&refgpu->window_lock);
	for (first = 0; first < granules && !ret; first += count) {
		count = min_t(u64, granules - first, WINDOW_GRANULES);
		ret = fetch_bits(partition, first, ALIGN(count, 64));
		for (i = 0; i < count && !ret; i++)
			if (refgpu->window[i / 8] >> (i % 8) & 1)
				__set_bit(first + i, bits);
	}
	mutex_unlock(&refgpu->window_lock);
	mutex_unlock(&partition->lock);
	vgpu_gpu_end(vgpu->gpu, section);
	return ret;
}

/* ------------------------------------------------------------- init and exit */

/**
 * refgpu_migrate_init - what saving and loading needs
 * @refgpu: the GPU
 *
 * Return: 0 or -ENOMEM.
 */
int refgpu_migrate_init(struct refgpu *refgpu)
{
	struct vgpu_gpu *gpu = refgpu->gpu;

	mutex_init(&refgpu->window_lock);
	refgpu->window = refgpu_alloc(refgpu, WINDOW_BYTES, &refgpu->window_bus);
	if (!refgpu->window)
		return -ENOMEM;
	gpu->hardware_version = reg_read(refgpu, REFGPU_GLOBAL +
					 REFGPU_GLOBAL_VERSION);
	gpu->capabilities = refgpu->caps & ~REFGPU_CAP_MODE;
	gpu->head_capabilities = REFGPU_CAP_HEADS;
	gpu->migrates = refgpu->caps & REFGPU_CAP_CONTEXT;
	gpu->tracks_writes = refgpu->caps & REFGPU_CAP_DIRTY;
	gpu->context_max = REFGPU_CONTEXT_BYTES_MAX;
	return 0;
}

/**
 * refgpu_migrate_exit - undo refgpu_migrate_init()
 * @refgpu: the GPU: reset, dead, or without bus mastering
 */
void refgpu_migrate_exit(struct refgpu *refgpu)
{
	refgpu_free(refgpu, WINDOW_BYTES, refgpu->window, refgpu->window_bus);
}
