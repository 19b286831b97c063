/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state_partition.h - the state of a partition: its entry in the table, its user page, its work
 */
#ifndef REFGPU_STATE_PARTITION_H
#define REFGPU_STATE_PARTITION_H

#include <stdatomic.h>

#include "cpu/memory.h"
#include "device/job.h"
#include "device/state_head.h"
#include "refgpu_hw.h"
#include "types.h"

struct engine;
struct partition;

#define NOBODY		0xff	/* in a record: no partition, ring or block */

#define RING_ENABLE	(1ULL << 0)	/* in CONTROL of a ring */

/* Registers are u64 fields, so that one table can name them all. */

struct ring {
	struct partition *partition;
	unsigned int number;
	u64 base;
	u64 packets;
	u64 control;
	u64 put;		/* 32 bits used, as of get */
	u64 get;
	u64 fence;
	u64 error;
	u64 error_address;
	u64 error_where;
	struct memory_rights rights;
	u64 pc;			/* of its DISPATCH, when the last slice ended */
	bool stopped;
	bool blocked;
	u8 flipping;		/* head whose flip its FLIP packet waits for, plus 1 */
	u32 generation;		/* changes when the ring is enabled or disabled */
};

enum partition_command {
	COMMAND_RESET		= 1 << 0,
	COMMAND_SCRUB		= 1 << 1,
	COMMAND_INVALIDATE	= 1 << 2,
	COMMAND_DIRTY_FETCH	= 1 << 3,
	COMMAND_DIRTY_RETIRE	= 1 << 4,
};

/**
 * struct dirty_map - dirty bits of a partition
 * @next: list of those to be freed
 * @words: in @bits
 * @shift: log2 of the granule
 * @bits: one a granule of the slice
 */
struct dirty_map {
	struct dirty_map *next;
	u64 words;
	unsigned int shift;
	_Atomic u64 bits[];
};

struct user_page {
	u64 intr_status;
	u64 intr_enable;
	u64 error;
	u64 scratch;
	u64 busy_ns;
	struct ring ring[REFGPU_RINGS];
	struct head head[REFGPU_HEADS];
};

struct counters {
	u64 busy_ns;
	u64 resident_ns;
	u64 wait_ns;
	u64 switches;
	u64 switch_ns;
	u64 preempt_max_ns;
	u64 packets;
	u64 doorbells;
	u64 fences;
	u64 items;
	u64 instructions;
	u64 bytes_read;
	u64 bytes_written;
	u64 faults;
	u64 interrupts;
	u64 vblanks;
	u64 flips;
};

struct partition {
	unsigned int number;

	/* the entry in the partition table */
	u64 control;
	u64 vram_base;
	u64 vram_limit;
	u64 slices;
	u64 timer_offset;
	u64 sysmem_base;
	u64 sysmem_pages;
	u64 invalidate_first;
	u64 invalidate_pages;
	u64 dirty_control;
	u64 dirty_first;
	u64 dirty_count;
	u64 dirty_target;
	u64 heads;
	u64 head_max;
	u64 flip_ns;

	/* commands, for the service thread and that of SCRUB */
	u32 commands;		/* bits of enum partition_command asked for */
	u32 working;		/* those under way, one of each thread */

	struct user_page user;
	struct counters counters;

	/* execution */
	struct engine *engine;	/* where it is resident, or NULL */
	bool abort;		/* reset or disabled: its engine must drop it */
	bool hang;		/* injected: its engine makes no progress */
	bool intr_latched;	/* an enabled status bit rose while frozen */
	bool pending;		/* as last computed by partition_update() */
	bool announced;		/* a PENDING event was posted since RUN named it */
	bool pending_at_stop;	/* when its engine decided to stop */
	bool waiting;		/* pending and not resident, since: */
	u64 wait_since;
	unsigned int next_ring;	/* round robin */
	u8 executing;		/* ring whose packet is under way, or NOBODY */
	u64 wakeups;		/* events that may end a SEMAPHORE wait */
	struct job job;		/* the packet under way; see Ownership above */
	struct context_image image; /* unfinished work while not resident */
	u8 saved_ring;		/* whose packet it is */

	struct dirty_map *dirty;	/* or NULL */
	struct dirty_map *dirty_retired; /* to be freed */
	struct memory_view view;

	/* display: frames of the heads, and the slice as the display sees it */
	struct frame frame[REFGPU_HEADS];
	struct memory_view scan_view;
};

#endif /* REFGPU_STATE_PARTITION_H */
