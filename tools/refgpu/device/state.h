/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what the parts of librefgpu share; nobody else includes it
 *
 * Threads (wall clock): the front end's, which read and write registers; one
 * engine thread for each working run-control block; one service thread for
 * commands that take time; one display thread for the heads. On the virtual
 * clock device_step() plays all but the front end's. Both run the same state
 * machines: engine_step(), service_step() and display_step() do a small piece
 * of work and say when they want to be called again.
 *
 * Locks, outermost first:
 *
 *   1. refgpu.lock		all state below but what is marked otherwise.
 *				Held for microseconds, never while work is done
 *   2. memory_view.lock	inside memory.c
 *   3. the front end's DMA section (device_ops.dma_enter)
 *
 * Nobody takes refgpu.lock inside a memory section (memory_enter()) or a DMA
 * section, so whoever waits for a section to end may hold anything; and the
 * lock is never held while waiting for memory_synchronise().
 *
 * Ownership: partition.job belongs to the engine the partition is resident
 * on (partition.engine), which touches it without the lock while it executes
 * a slice. Everybody else asks the engine to stop and waits for
 * partition.engine to become NULL, which no hang can prevent.
 */
#ifndef REFGPU_STATE_H
#define REFGPU_STATE_H

#include <pthread.h>

#include "cpu/memory.h"
#include "device/actor.h"
#include "device/bus.h"
#include "device/job.h"
#include "device/packets.h"
#include "device/reg.h"
#include "device/scanout.h"
#include "device/vram.h"
#include "refgpu_hw.h"
#include "types.h"

#define NOBODY			0xff	/* no partition, ring or block in a record */
#define LATE_INTERRUPTS		64
#define ALL_SLICES		(((1ULL << REFGPU_SLICES) - 1) * 0x101)

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
	bool stopped;
	bool blocked;
	u8 flipping;		/* head whose flip its FLIP packet waits for, plus 1 */
	u32 generation;		/* changes when the ring is enabled or disabled */
};

/**
 * struct head - a virtual head
 * @epoch: when it was enabled; vertical blanks are counted from there
 * @due: of the next vertical blank; an active head's only
 * @flip_ready: no flip before, because of FLIP_NS
 * @flip_high: high half of FLIP, written before the low one
 * @watch: frames whose CRC is still wanted
 * @edid_changed: since EDID_BYTES was written
 *
 * What comes before @partition are registers.
 */
struct head {
	u64 control;
	u64 base;
	u64 pitch;
	u64 format;
	u64 size;
	u64 cursor_base;
	u64 cursor_size;
	u64 cursor_position;
	u64 cursor_hotspot;
	u64 flip;
	u64 vblank_count;
	u64 vblank_time;
	u64 crc;
	u64 status;
	u64 edid_bytes;
	u64 edid[REFGPU_EDID_SIZE / 8];
	struct partition *partition;
	unsigned int number;
	u64 epoch;
	u64 due;
	u64 flip_ready;
	u64 flip_high;
	u32 watch;
	bool edid_changed;
};

/**
 * struct frame - a frame whose CRC is wanted
 * @scanout: how far it has been read
 * @generation: changes when it is dropped
 * @active: it is being read
 * @complete: all of it was read; @scanout has the CRC
 */
struct frame {
	struct scanout scanout;
	u32 generation;
	bool active;
	bool complete;
};

struct user_page {
	u64 intr_status;
	u64 intr_enable;
	u64 error;
	u64 scratch;
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

	/* commands, for the service thread */
	u32 commands;		/* bits of enum partition_command asked for */
	u32 working;		/* the one under way */

	struct user_page user;
	struct counters counters;

	/* execution */
	struct engine *engine;	/* where it is resident, or NULL */
	bool abort;		/* reset or disabled: its engine must drop it */
	bool hang;		/* injected: its engine makes no progress */
	bool intr_latched;	/* an enabled status bit rose while frozen */
	bool pending;		/* as last computed by partition_update() */
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
 * @bits: one a granule of the slice
 */
struct dirty_map {
	struct dirty_map *next;
	u64 words;
	_Atomic u64 bits[];
};

/**
 * struct engine - a run-control block
 * @until: LOADING, SAVING: when that is done
 * @quantum_end: when the quantum is used up, or NEVER
 * @stop_since: when PREEMPT or the end of the quantum asked it to stop; NEVER: not
 * @switch_since: when the load or save began
 * @wakeups: the partition's, when the slice began
 * @slice: result of the piece of work last done, not accounted for yet
 */
struct engine {
	struct actor actor;	/* first */
	unsigned int number;

	/* registers */
	u64 slices;
	u64 run_request;	/* both halves of RC_RUN */
	u64 event;
	u64 run_ns;
	u64 switch_ns;
	u64 sequence;

	enum refgpu_rc_state state;
	struct partition *partition;
	bool linger;
	u64 quantum_ns;
	u64 until;
	u64 run_start;
	u64 quantum_end;
	u64 preempt_since;
	enum refgpu_run_end reason;
	u64 switch_since;
	u64 wakeups;

	bool slice_done;
	u64 slice_end;
	struct job_slice slice;
};

struct fault {
	u64 source;
	u64 address;
	u64 where;
	u64 time;
};

struct context_window {
	u64 partition;
	u64 offset;
	u64 length;
	u64 target;
	u64 command;
	u64 result;
	struct context_image staging;
};

struct late_interrupt {
	u64 due;
	unsigned int vector;
};

struct injected {
	u64 stop_ns;			/* SLOW_PREEMPT */
	u64 lost_preempts;
	u64 lost_interrupts;
	u64 extra_interrupts;
	u64 late_interrupts;
	u64 late_ns;
	u32 vector;			/* of the three above */
	u64 lost_events;
	bool hang_next;			/* HANG of any partition */
	u64 poison;			/* MEMORY_ERROR, or MEMORY_NO_POISON */
};

struct device {
	/* constant */
	u64 board;
	u64 caps;
	u64 initial_switch_ns;
	u64 initial_switch_bytes;

	struct vram vram;
	struct bus bus;
	struct timeline timeline;

	pthread_mutex_t lock;
	pthread_cond_t idle;		/* a reset has completed */
	bool resetting;
	u64 resets;			/* completed */

	/* registers */
	u64 event_base;
	u64 event_records;
	u64 event_put;
	u64 switch_ns;
	u64 switch_bytes;
	u64 bad_access;
	u64 scratch;
	u64 fault_put;
	u64 fault_get;
	u64 fault_dropped;
	struct fault fault[REFGPU_FAULT_RECORDS];
	struct context_window context;

	struct engine engine[REFGPU_RUN_CONTROLS];
	struct actor service;
	u64 service_partitions;		/* bit p: partition p has commands */
	struct actor display;
	u64 display_partitions;		/* bit p: partition p may have an active head */
	unsigned int scan_next;		/* whose frame is next, partition by partition */
	struct partition partition[REFGPU_PARTITIONS];

	struct late_interrupt late[LATE_INTERRUPTS];
	unsigned int lates;
	struct injected injected;
};

/* ------------------------------------------------------------- device.c */

/** device_now() - TIMER, nanoseconds; any context */
static inline u64 device_now(const struct device *dev)
{
	return timeline_now(&dev->timeline);
}

/** device_start_reset() - have the service thread reset the device; lock held */
void device_start_reset(struct device *dev);

/** device_clear() - registers to their reset values; lock held, nothing resident */
void device_clear(struct device *dev);

/* ---------------------------------------------------------- user_page.c */

/** user_read() - a register of a user page or of its privileged alias; lock held */
bool user_read(struct device *dev, struct partition *p, u64 offset, u64 *value);

/** user_write() - the guest writes the register; lock held; see reg_table_write() */
bool user_write(struct device *dev, struct partition *p, u64 offset, u64 value, u64 mask);

/** user_alias_write() - the host writes the register through the alias; lock held */
bool user_alias_write(struct device *dev, struct partition *p, u64 offset, u64 value,
		      u64 mask);

/* ---------------------------------------------------------- partition.c */

/** partition_runs() - is it enabled and not frozen? Lock held */
static inline bool partition_runs(const struct partition *p)
{
	return (p->control & REFGPU_PARTITION_ENABLE) &&
	       !(p->control & REFGPU_PARTITION_FREEZE);
}

/** partition_find_busy() - next ring with a packet it could execute, or -1; lock held */
int partition_find_busy(struct partition *p);

/** partition_unblock() - let all rings look at their SEMAPHOREs again; lock held */
void partition_unblock(struct partition *p);

/** ring_status() - enum refgpu_ring_status; lock held */
enum refgpu_ring_status ring_status(struct partition *p, unsigned int r);

/**
 * partition_update() - recompute what follows from a partition's state
 *
 * After every change of rings, control bits, residence or image: pending bit
 * with its event, waiting time, the engine's wake-up. Lock held.
 */
void partition_update(struct device *dev, struct partition *p);

/** partition_raise() - set INTR_STATUS bits and raise the vector if due; lock held */
void partition_raise(struct device *dev, struct partition *p, u64 bits);

/** partition_stop_ring() - stop a ring by an error, and record the fault; lock held */
void partition_stop_ring(struct device *dev, struct partition *p, unsigned int r,
			 enum refgpu_error error, u64 address, u64 where);

/** partition_drop_saved() - forget saved work if it belongs to ring @r; lock held */
void partition_drop_saved(struct partition *p, unsigned int r);

/** partition_done() - a command of the partition has completed; lock held */
void partition_done(struct device *dev, struct partition *p);

/** partition_init() - everything to reset values; not resident; lock held */
void partition_init(struct device *dev, struct partition *p);

/** partition_fini() - free what a partition holds; nothing runs any more */
void partition_fini(struct partition *p);

/** partition_clear() - what RESET clears; lock held, not resident or about to leave */
void partition_clear(struct device *dev, struct partition *p);

/** partition_configure() - make the view show what the entry says; lock held */
void partition_configure(struct device *dev, struct partition *p);

/** partition_command() - ask the service thread for something; lock held */
void partition_command(struct device *dev, struct partition *p, u32 command);

extern const struct reg_table partition_registers;

/* ------------------------------------------------------------- engine.c */

/** engine_step() - the run-control state machine, an actor's step */
u64 engine_step(struct actor *actor);

/** engine_clear() - block registers to reset values; lock held, state EMPTY */
void engine_clear(struct engine *engine);

extern const struct reg_table engine_registers;

/* --------------------------------------------------------------- head.c */

/** display_step() - vertical blanks and frame CRCs of all heads, an actor's step */
u64 display_step(struct actor *actor);

/** heads_clear() - all heads of a partition to reset values; lock held */
void heads_clear(struct device *dev, struct partition *p);

/**
 * heads_resume() - show what the registers of the heads say
 *
 * When a partition is enabled or no longer frozen, or the host has written
 * registers through the alias. Lock held; partition_update() is up to the
 * caller.
 */
void heads_resume(struct device *dev, struct partition *p);

/**
 * head_flip() - a FLIP packet: show something else from the next vblank on
 * @p: partition
 * @number: of the head, as the packet names it
 * @base: address of the first pixel
 * @waits: set to whether there is a vblank to wait for: false when the head
 *	   is off, and then nothing was done
 *
 * Lock held.
 *
 * Return: REFGPU_ERROR_NONE, _PACKET (no such head) or _ADDRESS.
 */
enum refgpu_error head_flip(struct partition *p, unsigned int number, u64 base, bool *waits);

/** head_read() - a register of head @number < REFGPU_HEADS; lock held; see reg_table_read() */
bool head_read(struct device *dev, struct partition *p, unsigned int number, u64 offset,
	       u64 *value);

/** head_write() - the counterpart of head_read() */
bool head_write(struct device *dev, struct partition *p, unsigned int number, u64 offset,
		u64 value, u64 mask);

/** head_alias_write() - the host writes the register through the alias; lock held */
bool head_alias_write(struct device *dev, struct partition *p, unsigned int number,
		      u64 offset, u64 value, u64 mask);

/* ------------------------------------------------------------ service.c */

/** service_step() - commands and late interrupts, an actor's step */
u64 service_step(struct actor *actor);

/* ------------------------------------------------------------ context.c */

/** context_serve() - do the context window's command; lock held, may drop it */
void context_serve(struct device *dev);

extern const struct reg_table context_registers;

/* ------------------------------------------------------------- events.c */

/** event_post() - add a record to the event ring; @event's time and sequence are set here */
void event_post(struct device *dev, const struct refgpu_event *event);

/** fault_record() - add a record to the fault ring; lock held */
void fault_record(struct device *dev, enum refgpu_error error, unsigned int partition,
		  unsigned int ring, u64 address, u64 where);

/** interrupt_raise() - raise a vector, as injected errors allow; lock held */
void interrupt_raise(struct device *dev, unsigned int vector);

/** interrupt_late() - raise the late ones that are due; returns when the next is */
u64 interrupt_late(struct device *dev);

/** fault_consumed() - FAULT_GET was written: raise again if records are left */
void fault_consumed(struct device *dev);

#endif /* REFGPU_STATE_H */
