/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - vGPUs that always have work, and what the GPU counted of them
 *
 * All of this judges by the GPU's own counters and clock: how fast the machine
 * is, and whether it stood still for a while, plays no part.
 */
#ifndef LOAD_H
#define LOAD_H

#include "vgpu.h"

#define LOAD_MAX	16

/**
 * struct service - what a vGPU was given, ns of the GPU's clock
 * @run: it held the engine, in runs that have ended: what it is charged for
 * @resident: it held the engine, and may hold it still, without work
 * @busy: and executed work
 * @wait: it had work and did not hold the engine
 * @switches: how often it was switched to
 * @switch_ns: cost of that
 * @idle: of its share, what it left unused where nobody else may have it
 * @lag: what it is owed; negative: owes
 * @overrun: how long its runs lasted beyond their quanta
 */
struct service {
	uint64_t run;
	uint64_t resident;
	uint64_t busy;
	uint64_t wait;
	uint64_t switches;
	uint64_t switch_ns;
	uint64_t idle;
	int64_t lag;
	uint64_t overrun;
};

/**
 * struct look - what a vGPU was given until a moment
 * @clock: the moment, of the GPU's clock
 * @width: how long it took to look, ns
 * @held: ns for which it held the engine
 * @runs: how often it got it
 */
struct look {
	uint64_t clock;
	uint64_t width;
	uint64_t held;
	uint64_t runs;
};

/**
 * struct load - vGPUs of one VM, each with an endless job, begun together
 * @count: their number
 * @vgpu: the vGPUs
 * @ring: of each
 * @stop: framebuffer offset of the word that ends the job
 * @clock: GPU's clock when the first job was submitted
 * @skew: how much later the last was, ns
 * @passed: from the first submission to the stop, ns
 * @ended: from the first submission until all had come to their end, ns
 * @served: receives what each was given
 * @total: sum of their runs
 */
struct load {
	unsigned int count;
	struct vgpu vgpu[LOAD_MAX];
	struct rt_ring ring[LOAD_MAX];
	uint64_t stop[LOAD_MAX];
	uint64_t clock;
	uint64_t skew;
	uint64_t passed;
	uint64_t ended;
	struct service served[LOAD_MAX];
	uint64_t total;
};

/* settings */
void scheduler_defaults(void);
void gpu_set(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
uint64_t gpu_number(const char *name);
void vgpu_set(const struct vgpu *vgpu, const char *name, uint64_t value);
bool vgpu_sched_state(const char *uuid, const char *state);
void vgpu_wait_state(const char *uuid, const char *state);

/* the GPU's clock */
uint64_t clock_ns(const struct vgpu *vgpu);
void clock_wait(const struct vgpu *vgpu, uint64_t ns);

/* loads */
void load_make(struct load *load, unsigned int count, const char *type);
void load_start(struct load *load);
void load_stop(struct load *load);
void load_read(struct load *load);
void load_run(struct load *load, uint64_t ns);
void load_remove(struct load *load);
double service_entitled(const struct service *service);
struct look service_look(const struct vgpu *vgpu);
void service_read(const char *uuid, struct service *service);
uint64_t slice_ns(void);
uint64_t load_error(const struct load *load, unsigned int i, double part);
uint64_t load_error_bound(const struct load *load, uint64_t slice, double part);
void load_expect_shares(const struct load *load, const unsigned int *weight,
			uint64_t slice);

#endif /* LOAD_H */
