/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - the state of a device: the structs, and the rules for their use
 *
 * The functions of a part stand in the header of that part, not here, so that the
 * includes of a file say which parts it calls.
 *
 * Threads (wall clock): the front end's, which read and write registers; one
 * engine thread for each working run-control block; one service thread for
 * commands that take time, and one for SCRUB, which takes longest; one display
 * thread for the heads; one thread for stale pages. On the virtual clock
 * device_step() plays all but the front end's. Both run the same state machines:
 * engine_step(), service_step(), scrub_step(), display_step() and stale_step() do a
 * small piece of work and say when they want to be called again.
 *
 * Locks, outermost first:
 *
 *   1. device.lock		all state below, if not marked otherwise.
 *				Held for microseconds, never while work is done
 *   2. memory_view.lock	inside memory.c
 *   3. the front end's DMA section (device_ops.dma_enter)
 *
 * No thread takes device.lock inside a memory section (memory_enter()) or a DMA
 * section, so a thread that waits for a section to end may hold anything; and the
 * lock is never held while waiting for memory_synchronise().
 *
 * Ownership: partition.job belongs to the engine the partition is resident
 * on (partition.engine), which touches it without the lock while it executes
 * a slice. All others ask the engine to stop and wait for partition.engine to
 * become NULL, which no hang can prevent.
 */
#ifndef REFGPU_STATE_H
#define REFGPU_STATE_H

#include <pthread.h>

#include "device/actor.h"
#include "device/bus.h"
#include "device/job.h"
#include "device/stale.h"
#include "device/state_engine.h"
#include "device/state_partition.h"
#include "device/vram.h"
#include "refgpu_hw.h"
#include "types.h"

#define LATE_INTERRUPTS		64

/* struct fault - a record of the fault ring; all are registers */
struct fault {
	u64 source;
	u64 address;
	u64 where;
	u64 time;
};

/**
 * struct context_window - the registers that move images of unfinished work
 * @staging: image that the host is storing piece by piece
 *
 * All before @staging are registers.
 */
struct context_window {
	u64 partition;
	u64 offset;
	u64 length;
	u64 target;
	u64 command;
	u64 result;
	struct context_image staging;
};

/* struct late_interrupt - an interrupt that an injected error holds back until @due */
struct late_interrupt {
	u64 due;
	unsigned int vector;
};

/* struct injected - errors to produce, by the INJECT_* that asked for them */
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
	bool mute;			/* MUTE */
};

struct device {
	/* constant */
	u64 board;
	u64 version;
	u64 all_caps;			/* those that some modes lack included */
	u64 slices;			/* it has, a mask as RC_SLICES */
	u64 initial_switch_ns;
	u64 initial_switch_bytes;

	struct vram vram;
	struct bus bus;
	struct timeline timeline;

	pthread_mutex_t lock;
	pthread_cond_t idle;		/* a reset has completed */
	bool resetting;
	bool function_reset;		/* it takes the next mode */
	u64 resets;			/* completed */

	/* change with a reset of the function, when nothing executes */
	u64 caps;
	u64 mode;

	/* registers */
	u64 event_base;
	u64 event_records;
	u64 event_put;
	u64 switch_ns;
	u64 switch_bytes;
	u64 bad_access;
	u64 scratch;
	u64 next_mode;			/* no reset changes it */
	u64 fault_put;
	u64 fault_get;
	u64 fault_dropped;
	struct fault fault[REFGPU_FAULT_RECORDS];
	struct context_window context;

	struct engine engine[REFGPU_RUN_CONTROLS];
	struct actor service;
	struct actor scrubber;
	u64 service_partitions;		/* bit p: partition p has commands for the service */
	struct actor display;
	u64 display_partitions;		/* bit p: partition p may have an active head */
	unsigned int scan_next;		/* whose frame is next, partition by partition */
	struct partition partition[REFGPU_PARTITIONS];

	struct late_interrupt late[LATE_INTERRUPTS];
	unsigned int lates;
	struct injected injected;
	struct stale stale;
};

/** device_now() - TIMER, nanoseconds; any context */
static inline u64 device_now(const struct device *dev)
{
	return timeline_now(&dev->timeline);
}

#endif /* REFGPU_STATE_H */
