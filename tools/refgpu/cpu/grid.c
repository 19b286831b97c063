// SPDX-License-Identifier: GPL-2.0-only
/*
 * grid.c - a DISPATCH under way
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/grid.h"

struct grid *grid_create(void)
{
	return calloc(1, sizeof(struct grid));
}

void grid_destroy(struct grid *grid)
{
	free(grid);
}

bool grid_check_dispatch(const struct refgpu_dispatch *packet)
{
	u32 items = 1;
	int d;

	for (d = 0; d < 3; d++) {
		if (!packet->grid[d] || !packet->group[d])
			return false;
		items *= packet->group[d];
		/* Checked every time round, so that it can't wrap. */
		if (items > REFGPU_GROUP_ITEMS_MAX)
			return false;
	}
	for (d = 0; d < 5; d++) {
		if (packet->reserved[d])
			return false;
	}
	return packet->header.opcode == REFGPU_OP_DISPATCH && !packet->header.flags &&
	       !packet->header.reserved && !(packet->code & 3) && !(packet->stack_bytes & 15);
}

/* Start work-groups in free slots, as long as there are both. */
static void fill_slots(struct grid *grid)
{
	struct grid_group *group;
	u32 slot;
	int d;

	for (slot = 0; slot < grid->slots && !grid->all_started; slot++) {
		group = &grid->group[slot];
		if (group->active)
			continue;
		group->active = true;
		memcpy(group->id, grid->next, sizeof(group->id));
		group->item = 0;
		group->waiting = 0;
		group->done = 0;
		memset(group->state, GRID_ITEM_NEW, grid->items);
		for (d = 0; d < 3; d++) {
			if (++grid->next[d] < grid->dispatch.grid[d])
				break;
			grid->next[d] = 0;
		}
		grid->all_started = d == 3;
	}
}

u32 grid_start(struct grid *grid, const struct refgpu_dispatch *packet, u32 slots)
{
	grid_cancel(grid);
	/* Checked is the copy: the original may lie in a guest's memory. */
	grid->dispatch = *packet;
	if (!grid_check_dispatch(&grid->dispatch))
		return REFGPU_ERROR_PACKET;
	grid->items = (u32)grid->dispatch.group[0] * grid->dispatch.group[1] *
		      grid->dispatch.group[2];
	memset(grid->next, 0, sizeof(grid->next));
	grid->all_started = false;
	grid->slot = 0;
	grid->turn = GRID_TURN;
	grid->instructions = 0;
	grid->items_done = 0;
	grid->active = true;
	grid_set_slots(grid, slots);
	return REFGPU_ERROR_NONE;
}

void grid_set_slots(struct grid *grid, u32 slots)
{
	grid->slots = slots < 1 ? 1 : slots > REFGPU_GROUP_SLOTS ? REFGPU_GROUP_SLOTS : slots;
	if (grid->active)
		fill_slots(grid);
}

u64 grid_pc(const struct grid *grid)
{
	const struct grid_group *group = &grid->group[grid->slot];

	if (!grid->active)
		return 0;
	return group->state[group->item] == GRID_ITEM_NEW ? grid->dispatch.code :
							    group->hart[group->item].pc;
}

void grid_cancel(struct grid *grid)
{
	u32 slot;

	grid->active = false;
	for (slot = 0; slot < REFGPU_GROUP_SLOTS; slot++)
		grid->group[slot].active = false;
}

/* The turn of this group's next item that can run; there is one. */
static void next_item(struct grid *grid, struct grid_group *group)
{
	u32 i;

	for (i = 0; i < grid->items; i++) {
		if (++group->item >= grid->items)
			group->item = 0;
		if (group->state[group->item] <= GRID_ITEM_READY)
			return;
	}
}

/* The turn of the next slot that has a group; if none has, it stays here. */
static void next_slot(struct grid *grid)
{
	u32 i;

	grid->turn = GRID_TURN;
	for (i = 0; i < REFGPU_GROUP_SLOTS; i++) {
		grid->slot = (grid->slot + 1) % REFGPU_GROUP_SLOTS;
		if (grid->group[grid->slot].active)
			return;
	}
}

static void start_item(struct grid *grid, u32 slot, u32 item)
{
	const struct refgpu_dispatch *dispatch = &grid->dispatch;
	u64 stack = 0;

	if (dispatch->stack_bytes)
		stack = dispatch->stack + ((u64)slot * grid->items + item + 1) *
		       dispatch->stack_bytes;
	hart_start(&grid->group[slot].hart[item], dispatch->code, dispatch->argument, stack);
	grid->group[slot].state[item] = GRID_ITEM_READY;
}

/*
 * An item came to a barrier or ended. Return false if now some item waits
 * for one that has ended.
 */
static bool settle_group(struct grid *grid, struct grid_group *group, struct hart_fault *fault)
{
	u32 i;

	if (group->waiting && group->done) {
		for (i = 0; group->state[i] != GRID_ITEM_WAITING; i++)
			;
		fault->error = REFGPU_ERROR_BARRIER;
		fault->address = 0;
		fault->pc = group->hart[i].pc - 4;
		return false;
	}
	if (group->waiting == grid->items) {
		memset(group->state, GRID_ITEM_READY, grid->items);
		group->waiting = 0;
	}
	if (group->done == grid->items) {
		group->active = false;
		fill_slots(grid);
	} else {
		next_item(grid, group);
	}
	return true;
}

/*
 * Let the item whose turn it is run. Return how much of @budget that used (at
 * least 1), or 0 after a fault.
 */
static u64 run_item(struct grid *grid, struct hart_environment *environment, u64 budget,
		    struct grid_result *result)
{
	struct grid_group *group = &grid->group[grid->slot];
	u32 item = group->item;
	struct hart *hart = &group->hart[item];
	enum hart_status status;
	u64 retired, used = 0;

	if (group->state[item] == GRID_ITEM_NEW) {
		start_item(grid, grid->slot, item);
		used = 1;
		if (budget == 1)
			return used;
		budget--;
	}
	if (budget > grid->turn)
		budget = grid->turn;
	environment->ids.item = item;
	memcpy(environment->ids.group_id, group->id, sizeof(group->id));

	retired = hart->retired;
	status = hart_run(hart, environment, budget, &result->fault);
	retired = hart->retired - retired;
	result->instructions += retired;
	used += retired;
	grid->turn -= retired;

	switch (status) {
	case HART_READY:
		if (!grid->turn) {
			next_item(grid, group);
			next_slot(grid);
		}
		return used;
	case HART_BARRIER:
		group->state[item] = GRID_ITEM_WAITING;
		group->waiting++;
		break;
	case HART_EXITED:
		group->state[item] = GRID_ITEM_DONE;
		group->done++;
		result->items_done++;
		break;
	default:
		return 0;
	}
	if (!settle_group(grid, group, &result->fault))
		return 0;
	next_slot(grid);
	/* An item loaded from an image may exit at once: that too must end. */
	return used ? used : 1;
}

/* next_slot() stops at an empty slot only if all are empty. */
static bool is_under_way(const struct grid *grid)
{
	return grid->group[grid->slot].active;
}

enum grid_status grid_run(struct grid *grid, const struct grid_environment *environment,
			  u64 budget, struct grid_result *result)
{
	struct hart_environment hart_environment = {
		.view = environment->view,
		.time = environment->time,
		.time_context = environment->time_context,
	};
	enum grid_status status = GRID_UNFINISHED;
	u64 section, used = 0;
	int d;

	memset(result, 0, sizeof(*result));
	for (d = 0; d < 3; d++) {
		hart_environment.ids.grid[d] = grid->dispatch.grid[d];
		hart_environment.ids.group[d] = grid->dispatch.group[d];
	}
	while (status == GRID_UNFINISHED && budget) {
		memset(&hart_environment.window, 0, sizeof(hart_environment.window));
		memory_enter(environment->view);
		section = budget < GRID_SECTION ? budget : GRID_SECTION;
		budget -= section;
		while (section) {
			if (!is_under_way(grid)) {
				status = GRID_FINISHED;
				break;
			}
			used = run_item(grid, &hart_environment, section, result);
			if (!used) {
				status = GRID_FAULTED;
				break;
			}
			section -= used;
		}
		memory_leave(environment->view);
	}
	if (status == GRID_UNFINISHED && !is_under_way(grid))
		status = GRID_FINISHED;
	grid->instructions += result->instructions;
	grid->items_done += result->items_done;
	if (status != GRID_UNFINISHED)
		grid_cancel(grid);
	return status;
}
