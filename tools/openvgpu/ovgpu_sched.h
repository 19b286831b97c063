/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ovgpu_sched.h - settings, state and counters of the scheduler
 *
 * The same rules as in ovgpu.h: nothing prints, functions return 0 or a
 * negative errno. What a module does not have (an older one, a GPU without
 * engine) is unknown, not an error.
 */
#ifndef OVGPU_SCHED_H
#define OVGPU_SCHED_H

#include "ovgpu.h"

/* --------------------------------------------------------------- settings */

/**
 * enum ovgpu_object - whose setting
 * @OVGPU_GPU: a physical GPU's, named by its PCI address
 * @OVGPU_VGPU: a vGPU's, named by its UUID
 */
enum ovgpu_object {
	OVGPU_GPU,
	OVGPU_VGPU,
};

/* The settings of a GPU, in the order of the table ovgpu_setting() reads. */
enum ovgpu_gpu_setting {
	OVGPU_SCHEDULER,
	OVGPU_SCHED_HZ,
	OVGPU_TIMESLICE_US,
	OVGPU_AVERAGING_FACTOR,
	OVGPU_PREEMPT_TIMEOUT_US,
	OVGPU_FAULT_LIMIT,
	OVGPU_FAULT_WINDOW_S,
	OVGPU_GPU_SETTINGS,
};

/* The settings of a vGPU, likewise. */
enum ovgpu_vgpu_setting {
	OVGPU_WEIGHT,
	OVGPU_CAP_PERCENT,
	OVGPU_VGPU_TIMESLICE_US,
	OVGPU_FROZEN,
	OVGPU_VGPU_SETTINGS,
};

/**
 * struct ovgpu_setting - something about the scheduler that can be set
 * @name: name of the attribute
 * @text: its value is a word, not a number; @minimum and @maximum mean nothing
 * @zero: 0 is taken although it is below @minimum
 * @minimum: smallest number
 * @maximum: largest number
 * @meaning: one line for people, with the unit
 */
struct ovgpu_setting {
	const char *name;
	bool text;
	bool zero;
	uint64_t minimum;
	uint64_t maximum;
	const char *meaning;
};

/* ------------------------------------------------------- state and counters */

/**
 * struct ovgpu_value - a number that may not be there
 * @known: it is
 * @number: what it is
 */
struct ovgpu_value {
	bool known;
	uint64_t number;
};

/**
 * enum ovgpu_counter - counters of a vGPU that tell about its turns
 *
 * Those before OVGPU_RUN_NS are the hardware's, since the vGPU was opened
 * last; the others are the driver's, since it was created. Names ending in
 * _NS count nanoseconds of the GPU's clock.
 */
enum ovgpu_counter {
	OVGPU_BUSY_NS,
	OVGPU_RESIDENT_NS,
	OVGPU_WAIT_NS,
	OVGPU_SWITCHES,
	OVGPU_SWITCH_NS,
	OVGPU_PREEMPT_MAX_NS,
	OVGPU_RUN_NS,
	OVGPU_SLICES,
	OVGPU_PREEMPTIONS,
	OVGPU_OVERRUN_NS,
	OVGPU_DEBT_NS,
	OVGPU_IDLE_NS,
	OVGPU_WAIT_MAX_NS,
	OVGPU_RESETS,
	OVGPU_FAULTS,
	OVGPU_COUNTERS,
};

#define OVGPU_WAIT_BUCKETS	32

/**
 * struct ovgpu_sched_gpu - the scheduler of one GPU
 * @bdf: PCI address
 * @state: of the GPU, as the driver words it; empty when it does not say
 * @scheduler: the policy in force; empty when unknown
 * @schedulers: all policies, separated by blanks
 * @setting: the settings that are numbers, by enum ovgpu_gpu_setting
 */
struct ovgpu_sched_gpu {
	char bdf[OVGPU_BDF_SIZE];
	char state[OVGPU_NAME_SIZE];
	char scheduler[OVGPU_NAME_SIZE];
	char schedulers[OVGPU_TEXT_SIZE];
	struct ovgpu_value setting[OVGPU_GPU_SETTINGS];
};

/**
 * struct ovgpu_sched_vgpu - one vGPU as the scheduler sees it
 * @state: closed, idle, runnable, running, frozen or faulted; empty: unknown
 * @setting: by enum ovgpu_vgpu_setting
 * @framebuffer_size: bytes
 * @framebuffer_used: bytes
 * @last_fault: code, 0: none
 * @last_reset_reason: code and text; empty: unknown
 * @read_at: CLOCK_MONOTONIC when the counters were read, ns
 * @counter: by enum ovgpu_counter; those not asked for are unknown
 * @waits_known: @waits holds something
 * @waits: how many waits were that long: [0] below 1024 ns, [i] from
 *	2^(9 + i) ns to below 2^(10 + i) ns, the last all longer ones
 */
struct ovgpu_sched_vgpu {
	char state[OVGPU_NAME_SIZE];
	struct ovgpu_value setting[OVGPU_VGPU_SETTINGS];
	struct ovgpu_value framebuffer_size;
	struct ovgpu_value framebuffer_used;
	struct ovgpu_value last_fault;
	char last_reset_reason[OVGPU_TEXT_SIZE];
	uint64_t read_at;
	struct ovgpu_value counter[OVGPU_COUNTERS];
	bool waits_known;
	uint64_t waits[OVGPU_WAIT_BUCKETS];
};

/* -------------------------------------------------------------- switch log */

/**
 * struct ovgpu_switch - one run that ended
 * @time_ns: when it ended, GPU's clock
 * @runqueue: which resource
 * @partition: of the vGPU, -1: an idle slot that was nobody's
 * @uuid: of the vGPU; empty: likewise, or the vGPU is gone
 * @reason: why it ended: a word
 * @quantum_ns: what it was given
 * @run_ns: what it took
 * @switch_ns: what switching took
 * @wait_ns: how long its vGPU had waited for it
 */
struct ovgpu_switch {
	uint64_t time_ns;
	unsigned int runqueue;
	int partition;
	char uuid[OVGPU_UUID_SIZE];
	char reason[OVGPU_NAME_SIZE];
	uint64_t quantum_ns;
	uint64_t run_ns;
	uint64_t switch_ns;
	uint64_t wait_ns;
};

/* sched_settings.c */
const struct ovgpu_setting *ovgpu_setting(enum ovgpu_object object,
					  unsigned int index);
const struct ovgpu_setting *ovgpu_setting_find(enum ovgpu_object object,
					       const char *name);
int ovgpu_setting_check(const struct ovgpu_setting *setting, const char *value);
bool ovgpu_setting_exists(const struct ovgpu *ovgpu, enum ovgpu_object object,
			  const char *of, const struct ovgpu_setting *setting);
int ovgpu_setting_write(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const struct ovgpu_setting *setting,
			const char *value, char *reason, size_t size);

/* sched_state.c */
const char *ovgpu_counter_name(enum ovgpu_counter counter);
int ovgpu_sched_gpu_get(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_sched_gpu *gpu);
int ovgpu_sched_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
			 uint64_t counters, bool waits,
			 struct ovgpu_sched_vgpu *vgpu);

/* switch_log.c */
int ovgpu_switch_log(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_switch **switches, size_t *count);

#endif /* OVGPU_SCHED_H */
