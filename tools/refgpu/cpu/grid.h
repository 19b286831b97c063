/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grid.h - a DISPATCH under way
 *
 * A grid starts work-groups in order (x fastest) in up to
 * REFGPU_GROUP_SLOTS group slots, and its work-items take turns of
 * GRID_TURN instructions: the next item of the group, in the next slot. The
 * turn is part of the state, so a grid does the same, instruction for
 * instruction, however often it is stopped, saved, moved and continued.
 *
 * A grid belongs to one thread at a time; it has no lock.
 */
#ifndef REFGPU_GRID_H
#define REFGPU_GRID_H

#include "cpu/hart.h"
#include "refgpu_hw.h"
#include "types.h"

/* Instructions an item retires before the next one has its turn. */
#define GRID_TURN	1024

/* Instructions, and starts of items, in one section of the memory view. */
#define GRID_SECTION	1024

enum grid_item_state {
	GRID_ITEM_NEW		= 0,	/* not started: has no registers yet */
	GRID_ITEM_READY		= 1,
	GRID_ITEM_WAITING	= 2,	/* at a barrier */
	GRID_ITEM_DONE		= 3,
};

/**
 * struct grid_group - a group slot
 * @active: a work-group is in it
 * @id: of the work-group
 * @item: whose turn it is
 * @waiting: items in state WAITING
 * @done: items in state DONE
 * @state: enum grid_item_state of every item
 * @hart: of every item that is READY or WAITING
 */
struct grid_group {
	bool active;
	u32 id[3];
	u32 item;
	u32 waiting;
	u32 done;
	u8 state[REFGPU_GROUP_ITEMS_MAX];
	struct hart hart[REFGPU_GROUP_ITEMS_MAX];
};

/**
 * struct grid - a DISPATCH under way, or none
 * @active: unfinished
 * @dispatch: the packet, checked
 * @items: work-items a group
 * @slots: group slots it may use
 * @next: the next work-group to start
 * @all_started: no work-group is left to start
 * @slot: whose turn it is
 * @turn: instructions left of it, 1..GRID_TURN
 * @instructions: retired so far
 * @items_done: work-items completed so far
 * @group: the slots
 */
struct grid {
	bool active;
	struct refgpu_dispatch dispatch;
	u32 items;
	u32 slots;
	u32 next[3];
	bool all_started;
	u32 slot;
	u32 turn;
	u64 instructions;
	u64 items_done;
	struct grid_group group[REFGPU_GROUP_SLOTS];
};

/**
 * struct grid_environment - the surroundings a grid runs in
 * @view: memory of its partition
 * @time: the partition's timer, nanoseconds
 * @time_context: argument of @time
 */
struct grid_environment {
	struct memory_view *view;
	u64 (*time)(void *context);
	void *time_context;
};

enum grid_status {
	GRID_FINISHED,
	GRID_UNFINISHED,	/* budget used up */
	GRID_FAULTED,		/* the grid is no longer active */
};

/**
 * struct grid_result - how a run went
 * @instructions: retired in this run
 * @items_done: work-items completed in this run
 * @fault: with GRID_FAULTED
 */
struct grid_result {
	u64 instructions;
	u64 items_done;
	struct hart_fault fault;
};

/**
 * grid_create() - get a grid that is not active
 *
 * About 1 MiB of address space; memory is used as items start.
 *
 * Return: the grid, or NULL when out of memory.
 */
struct grid *grid_create(void);

/** grid_destroy() - give a grid back; NULL is allowed */
void grid_destroy(struct grid *grid);

/**
 * grid_start() - begin a DISPATCH
 * @grid: a grid; its former work is dropped
 * @packet: the packet; not trusted. Copied
 * @slots: group slots to use, 1..REFGPU_GROUP_SLOTS (clamped). More slots
 *	   interleave more groups and make a larger context image
 *
 * Nothing is executed. The packet's addresses are not checked here: every
 * access is, when it happens.
 *
 * Return: REFGPU_ERROR_NONE, or REFGPU_ERROR_PACKET; then the grid is not
 * active.
 */
u32 grid_start(struct grid *grid, const struct refgpu_dispatch *packet, u32 slots);

/**
 * grid_set_slots() - change the number of group slots
 * @grid: a grid
 * @slots: as for grid_start()
 *
 * Groups in slots beyond @slots are finished there.
 */
void grid_set_slots(struct grid *grid, u32 slots);

/**
 * grid_run() - go on
 * @grid: an active grid
 * @environment: its surroundings
 * @budget: upper bound of instructions retired plus items started; at least 1
 * @result: filled in
 *
 * Enters and leaves sections of the view; the caller is in none.
 *
 * Return: how it ended.
 */
enum grid_status grid_run(struct grid *grid, const struct grid_environment *environment,
			  u64 budget, struct grid_result *result);

/**
 * grid_pc() - the next instruction of the work-item whose turn it is
 * @grid: a grid
 *
 * Return: its address; 0 when the grid is not active.
 */
u64 grid_pc(const struct grid *grid);

/** grid_cancel() - drop the work under way */
void grid_cancel(struct grid *grid);

/** grid_check_dispatch() - are all fields of the packet valid? Pure; any context */
bool grid_check_dispatch(const struct refgpu_dispatch *packet);

#endif /* REFGPU_GRID_H */
