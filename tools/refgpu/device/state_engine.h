/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state_engine.h - the state of a run-control block
 */
#ifndef REFGPU_STATE_ENGINE_H
#define REFGPU_STATE_ENGINE_H

#include "device/actor.h"
#include "device/job.h"
#include "refgpu_hw.h"
#include "types.h"

struct partition;

/* struct share - so many slices of all that the device has */
struct share {
	u32 slices;
	u32 all;
};

/**
 * struct engine - a run-control block
 * @busy_ns: up to @state_since, as of @idle_ns
 * @state_since: since when it has accounted for no time
 * @linger: it stays when it is out of work, and @linger_end is when that ends
 * @linger_limit: @linger_ns when RUN was written
 * @until: LOADING, SAVING: when that is done
 * @quantum_end: when the quantum is used up, or NEVER
 * @preempt_since: when PREEMPT asked it to stop, or NEVER
 * @switch_since: when the load or save began
 * @wakeups: the partition's, when the slice began
 * @compute: what the run has of the device, as of @memory; see slices_memory()
 * @due: wall clock: when it will have had the time that its work takes
 * @piece_begin: when the piece of work last done began
 * @slice: result of that piece of work, not accounted for yet
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
	u64 linger_ns;
	u64 busy_ns;
	u64 idle_ns;

	enum refgpu_rc_state state;
	u64 state_since;
	struct partition *partition;
	bool linger;
	u64 linger_limit;
	u64 linger_end;
	u64 quantum_ns;
	u64 until;
	u64 run_start;
	u64 quantum_end;
	u64 preempt_since;
	enum refgpu_run_end reason;
	u64 switch_since;
	u64 wakeups;
	struct share compute;
	struct share memory;
	u64 due;

	u64 piece_begin;
	bool slice_done;
	u64 slice_end;
	struct job_slice slice;
};

#endif /* REFGPU_STATE_ENGINE_H */
