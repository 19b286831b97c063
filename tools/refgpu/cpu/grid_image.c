// SPDX-License-Identifier: GPL-2.0-only
/*
 * grid_image.c - context image of an unfinished grid
 *
 * An image is little endian, without padding, and a multiple of 8 bytes:
 *
 *	struct image_header
 *	for every work-group that is started and not finished, by slot:
 *		struct image_group
 *		a byte for every item, enum grid_item_state, up to a multiple of 8
 *		for every item that is READY or WAITING:
 *			struct image_hart
 *			integer registers named by its mask, 8 bytes each
 *			floating-point registers named by its mask, 4 bytes
 *			each, up to a multiple of 8
 *
 * So its size grows with the work under way: an item that is not started or done
 * costs a byte, a register that is 0 nothing.
 *
 * An image may come from another host, or from an enemy of the guest: grid_load()
 * checks every value that grid.c or hart.c relies on. The work-item's own state
 * (registers, pc, reservation) may have any value that a work-item could have
 * given it.
 */
#include <string.h>

#include "cpu/grid.h"
#include "cpu/grid_image.h"

#define IMAGE_MAGIC	0x44495247U /* "GRID" */
#define IMAGE_VERSION	1

struct image_header {
	u32 magic;
	u32 version;
	u32 bytes;		/* of the image */
	u32 groups;		/* in it */
	struct refgpu_dispatch dispatch;
	u32 next[3];
	u32 all_started;
	u32 slots;
	u32 slot;
	u32 turn;
	u32 reserved;
	u64 instructions;
	u64 items_done;
};

struct image_group {
	u32 slot;
	u32 id[3];
	u32 item;
	u32 reserved;
};

struct image_hart {
	u64 pc;
	u64 retired;
	u64 reserved_address;
	u32 reserved_value;
	u8 reserved;
	u8 fcsr;
	u16 zero;
	u32 x;			/* mask of integer registers that follow */
	u32 f;
};

_Static_assert(sizeof(struct image_header) == 128, "no padding");
_Static_assert(sizeof(struct image_group) == 24, "no padding");
_Static_assert(sizeof(struct image_hart) == 40, "no padding");
_Static_assert(sizeof(struct image_header) +
	       REFGPU_GROUP_SLOTS * (sizeof(struct image_group) + REFGPU_GROUP_ITEMS_MAX *
				     (1 + sizeof(struct image_hart) + 31 * 8 + 32 * 4)) <=
	       GRID_IMAGE_MAX, "bound of an image");
_Static_assert(GRID_IMAGE_MAX < REFGPU_CONTEXT_BYTES_MAX, "fits the context store");

static size_t round8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

static u32 mask_x(const struct hart *hart)
{
	u32 mask = 0, i;

	for (i = 1; i < 32; i++)
		mask |= (u32)(hart->x[i] != 0) << i;
	return mask;
}

static u32 mask_f(const struct hart *hart)
{
	u32 mask = 0, i;

	for (i = 0; i < 32; i++)
		mask |= (u32)(hart->f[i] != 0) << i;
	return mask;
}

static bool has_registers(u8 state)
{
	return state == GRID_ITEM_READY || state == GRID_ITEM_WAITING;
}

size_t grid_image_size(const struct grid *grid)
{
	size_t size = sizeof(struct image_header);
	const struct grid_group *group;
	u32 slot, i;

	if (!grid->active)
		return 0;
	for (slot = 0; slot < REFGPU_GROUP_SLOTS; slot++) {
		group = &grid->group[slot];
		if (!group->active)
			continue;
		size += sizeof(struct image_group) + round8(grid->items);
		for (i = 0; i < grid->items; i++) {
			if (!has_registers(group->state[i]))
				continue;
			size += sizeof(struct image_hart) +
				8 * (size_t)__builtin_popcount(mask_x(&group->hart[i])) +
				round8(4 * (size_t)__builtin_popcount(mask_f(&group->hart[i])));
		}
	}
	return size;
}

static u8 *save_hart(const struct hart *hart, u8 *out)
{
	struct image_hart image = {
		.pc = hart->pc,
		.retired = hart->retired,
		.reserved_address = hart->reserved_address,
		.reserved_value = hart->reserved_value,
		.reserved = hart->reserved,
		.fcsr = hart->fcsr,
		.x = mask_x(hart),
		.f = mask_f(hart),
	};
	u32 i;

	memcpy(out, &image, sizeof(image));
	out += sizeof(image);
	for (i = 0; i < 32; i++) {
		if (image.x >> i & 1) {
			memcpy(out, &hart->x[i], 8);
			out += 8;
		}
	}
	for (i = 0; i < 32; i++) {
		if (image.f >> i & 1) {
			memcpy(out, &hart->f[i], 4);
			out += 4;
		}
	}
	if (__builtin_popcount(image.f) & 1) {
		memset(out, 0, 4);
		out += 4;
	}
	return out;
}

void grid_save(const struct grid *grid, void *image)
{
	struct image_header header = {
		.magic = IMAGE_MAGIC,
		.version = IMAGE_VERSION,
		.bytes = (u32)grid_image_size(grid),
		.dispatch = grid->dispatch,
		.all_started = grid->all_started,
		.slots = grid->slots,
		.slot = grid->slot,
		.turn = grid->turn,
		.instructions = grid->instructions,
		.items_done = grid->items_done,
	};
	u8 *out = (u8 *)image + sizeof(header);
	u32 slot, i;

	memcpy(header.next, grid->next, sizeof(header.next));
	for (slot = 0; slot < REFGPU_GROUP_SLOTS; slot++) {
		const struct grid_group *group = &grid->group[slot];
		struct image_group group_header = { .slot = slot, .item = group->item };

		if (!group->active)
			continue;
		header.groups++;
		memcpy(group_header.id, group->id, sizeof(group_header.id));
		memcpy(out, &group_header, sizeof(group_header));
		out += sizeof(group_header);
		memset(out, 0, round8(grid->items));
		memcpy(out, group->state, grid->items);
		out += round8(grid->items);
		for (i = 0; i < grid->items; i++) {
			if (has_registers(group->state[i]))
				out = save_hart(&group->hart[i], out);
		}
	}
	memcpy(image, &header, sizeof(header));
}

/* What is left of an image. */
struct reader {
	const u8 *bytes;
	size_t left;
};

static bool take(struct reader *reader, void *to, size_t size)
{
	if (size > reader->left)
		return false;
	memcpy(to, reader->bytes, size);
	reader->bytes += size;
	reader->left -= size;
	return true;
}

static bool load_hart(struct hart *hart, struct reader *reader)
{
	struct image_hart image;
	u32 i, padding;

	if (!take(reader, &image, sizeof(image)))
		return false;
	if (image.pc & 3 || image.reserved > 1 || image.zero || image.x & 1)
		return false;
	memset(hart, 0, sizeof(*hart));
	hart->pc = image.pc;
	hart->retired = image.retired;
	hart->reserved_address = image.reserved_address;
	hart->reserved_value = image.reserved_value;
	hart->reserved = image.reserved;
	hart->fcsr = image.fcsr;
	for (i = 0; i < 32; i++) {
		if (image.x >> i & 1 && !take(reader, &hart->x[i], 8))
			return false;
	}
	for (i = 0; i < 32; i++) {
		if (image.f >> i & 1 && !take(reader, &hart->f[i], 4))
			return false;
	}
	return !(__builtin_popcount(image.f) & 1) || take(reader, &padding, 4);
}

/* Number of a work-group in the order they start in; it may need 96 bits. */
static unsigned __int128 group_number(const u32 id[3], const u32 grid[3])
{
	return ((unsigned __int128)id[2] * grid[1] + id[1]) * grid[0] + id[0];
}

static bool load_group(struct grid *grid, struct reader *reader, s64 *last_slot)
{
	struct image_group image;
	struct grid_group *group;
	u32 i, d;
	u8 padding[8];

	if (!take(reader, &image, sizeof(image)))
		return false;
	if (image.slot >= REFGPU_GROUP_SLOTS || (s64)image.slot <= *last_slot || image.reserved ||
	    image.item >= grid->items)
		return false;
	*last_slot = image.slot;
	for (d = 0; d < 3; d++) {
		if (image.id[d] >= grid->dispatch.grid[d])
			return false;
	}
	if (!grid->all_started && group_number(image.id, grid->dispatch.grid) >=
				  group_number(grid->next, grid->dispatch.grid))
		return false;
	/* A group twice would be run twice. */
	for (i = 0; i < image.slot; i++) {
		if (grid->group[i].active && !memcmp(grid->group[i].id, image.id, sizeof(image.id)))
			return false;
	}

	group = &grid->group[image.slot];
	memcpy(group->id, image.id, sizeof(group->id));
	group->item = image.item;
	group->waiting = 0;
	group->done = 0;
	if (!take(reader, group->state, grid->items) ||
	    !take(reader, padding, round8(grid->items) - grid->items))
		return false;
	for (i = 0; i < grid->items; i++) {
		if (group->state[i] > GRID_ITEM_DONE)
			return false;
		group->waiting += group->state[i] == GRID_ITEM_WAITING;
		group->done += group->state[i] == GRID_ITEM_DONE;
		if (has_registers(group->state[i]) && !load_hart(&group->hart[i], reader))
			return false;
	}
	/* Some item can run, and so can the one whose turn it is. */
	if ((group->waiting && group->done) || group->waiting + group->done == grid->items ||
	    group->state[image.item] > GRID_ITEM_READY)
		return false;
	group->active = true;
	return true;
}

static bool load(struct grid *grid, struct reader *reader)
{
	size_t size = reader->left;
	struct image_header header;
	s64 last_slot = -1;
	u32 i, d;

	if (!take(reader, &header, sizeof(header)))
		return false;
	if (header.magic != IMAGE_MAGIC || header.version != IMAGE_VERSION ||
	    header.bytes != size || !grid_check_dispatch(&header.dispatch))
		return false;
	if (!header.groups || header.groups > REFGPU_GROUP_SLOTS || header.all_started > 1 ||
	    !header.slots || header.slots > REFGPU_GROUP_SLOTS ||
	    header.slot >= REFGPU_GROUP_SLOTS || !header.turn || header.turn > GRID_TURN ||
	    header.reserved)
		return false;
	for (d = 0; d < 3; d++) {
		if (header.all_started ? header.next[d] : header.next[d] >= header.dispatch.grid[d])
			return false;
	}
	grid->dispatch = header.dispatch;
	grid->items = (u32)header.dispatch.group[0] * header.dispatch.group[1] *
		      header.dispatch.group[2];
	memcpy(grid->next, header.next, sizeof(grid->next));
	grid->all_started = header.all_started;
	grid->slots = header.slots;
	grid->slot = header.slot;
	grid->turn = header.turn;
	grid->instructions = header.instructions;
	grid->items_done = header.items_done;
	for (i = 0; i < header.groups; i++) {
		if (!load_group(grid, reader, &last_slot))
			return false;
	}
	return !reader->left && grid->group[grid->slot].active;
}

u32 grid_load(struct grid *grid, const void *image, size_t size)
{
	struct reader reader = { .bytes = image, .left = size };

	grid_cancel(grid);
	if (!load(grid, &reader)) {
		grid_cancel(grid);
		return REFGPU_ERROR_CONTEXT;
	}
	grid->active = true;
	return REFGPU_ERROR_NONE;
}
