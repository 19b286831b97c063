/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hart.h - one work-item: an RV64IMF hart with 32-bit atomics
 *
 * Interprets instructions out of a partition's memory, can stop between any
 * two of them, and keeps all its state in struct hart. What the specification
 * calls an exception ends the hart with a fault; there is no privileged mode.
 *
 * Exact semantics a programmer may ask for:
 * - Misaligned loads and stores work, also across pages of system memory
 *   (then byte by byte). Misaligned atomics fault.
 * - A jump to an address that is not a multiple of 4 faults at the jump.
 * - cycle and instret both count instructions retired by this work-item, so
 *   that they do not depend on preemption; time is the partition's timer.
 * - SC.W succeeds if the word still has the value LR.W read; a word that was
 *   changed and changed back is not noticed.
 * - FENCE orders against everybody; FENCE.I is not needed, but allowed.
 */
#ifndef REFGPU_HART_H
#define REFGPU_HART_H

#include "cpu/memory.h"
#include "types.h"

/**
 * struct hart - state of a hart
 * @pc: address of the next instruction, a multiple of 4
 * @x: integer registers; x[0] is 0
 * @retired: instructions retired
 * @reserved_address: LR.W: address of the reserved word
 * @reserved_value: value it had
 * @reserved: the reservation is valid
 * @fcsr: flags in bits 4:0, rounding mode in 7:5
 * @f: floating-point registers, bit patterns
 */
struct hart {
	u64 pc;
	u64 x[32];
	u64 retired;
	u64 reserved_address;
	u32 reserved_value;
	u8 reserved;
	u8 fcsr;
	u32 f[32];
};

/**
 * struct hart_ids - the values of the identity CSRs
 * @item: number of the work-item in its group, x fastest
 * @group_id: work-group in the grid
 * @grid: work-groups in the grid
 * @group: work-items in a group
 */
struct hart_ids {
	u32 item;
	u32 group_id[3];
	u32 grid[3];
	u32 group[3];
};

/* Code bytes translated in the current section. */
struct hart_window {
	u64 base;
	u64 size;
	const u8 *host;
};

/* The host's FPU while a hart uses it. */
struct hart_float {
	bool open;
	u32 saved;
};

/**
 * struct hart_environment - the surroundings a hart runs in
 * @view: its memory; the caller is inside a section during hart_run()
 * @ids: of the work-item
 * @time: the partition's timer, nanoseconds
 * @time_context: argument of @time
 * @window: private to hart.c, but must be zeroed at the start of a section
 * @host_float: private to hart.c; zero at first
 */
struct hart_environment {
	struct memory_view *view;
	struct hart_ids ids;
	u64 (*time)(void *context);
	void *time_context;
	struct hart_window window;
	struct hart_float host_float;
};

/**
 * struct hart_fault - why a hart cannot go on
 * @error: enum refgpu_error
 * @address: address refused, else 0
 * @pc: address of the instruction
 */
struct hart_fault {
	u32 error;
	u64 address;
	u64 pc;
};

enum hart_status {
	HART_READY,	/* budget used up; run it again */
	HART_EXITED,	/* jumped to REFGPU_EXIT_ADDRESS */
	HART_BARRIER,	/* retired a barrier; run it again when the group has arrived */
	HART_FAULTED,
};

/**
 * hart_start() - put a hart into the state a work-item starts with
 * @hart: to set up, whole
 * @code: address of the first instruction, multiple of 4
 * @argument: for a0
 * @stack: for sp
 */
void hart_start(struct hart *hart, u64 code, u64 argument, u64 stack);

/**
 * hart_run() - retire at most @budget instructions
 * @hart: the hart; on return exactly between two instructions
 * @environment: its surroundings
 * @budget: at least 1
 * @fault: filled in with HART_FAULTED
 *
 * Inside one section of the environment's view. The host's floating-point
 * environment is as before on return.
 */
enum hart_status hart_run(struct hart *hart, struct hart_environment *environment,
			  u64 budget, struct hart_fault *fault);

#endif /* REFGPU_HART_H */
