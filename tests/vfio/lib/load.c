// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - vGPUs that always have work, see load.h
 */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin.h"

/* What is left of a slice below this is added to the next: policy/policy.h. */
#define SLIVER_NS	50000

/* Where nothing but a lost wake-up can take so long. */
#define PATIENCE_MS	60000
#define LOOKS		20

/**
 * gpu_set - write a setting of the GPU
 * @name: of the file
 * @format: value
 */
void gpu_set(const char *name, const char *format, ...)
{
	char value[64];
	va_list list;

	va_start(list, format);
	vsnprintf(value, sizeof(value), format, list);
	va_end(list);
	admin_set(admin_gpu_path(name), value);
}

/**
 * gpu_number - read a setting of the GPU
 * @name: of the file
 */
uint64_t gpu_number(const char *name)
{
	return admin_number(admin_gpu_path(name));
}

/**
 * scheduler_defaults - as after loading the module
 *
 * But for patience: the reference GPU is a process beside others. Each test
 * calls it first, for the one before may have failed.
 */
void scheduler_defaults(void)
{
	gpu_set("scheduler", "best_effort");
	gpu_set("sched_hz", "0");
	gpu_set("timeslice_max_us", "20000");
	gpu_set("wake_budget_permille", "60");
	gpu_set("fault_limit", "3");
	gpu_set("fault_window_s", "60");
	gpu_set("preempt_timeout_us", "1000000");
}

static const char *vgpu_path(const char *uuid, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "openvgpu/%s", name);
	return admin_vgpu_path(uuid, file);
}

/**
 * vgpu_set - write a setting of a vGPU
 * @vgpu: which
 * @name: of the file
 * @value: what to write
 */
void vgpu_set(const struct vgpu *vgpu, const char *name, uint64_t value)
{
	admin_set_number(vgpu_path(vgpu->uuid, name), value);
}

/**
 * vgpu_sched_state - is a vGPU in this state?
 * @uuid: which vGPU
 * @state: as sched_state shows it
 */
bool vgpu_sched_state(const char *uuid, const char *state)
{
	char text[TEXT_SIZE];

	admin_text(vgpu_path(uuid, "sched_state"), text);
	return !strcmp(text, state);
}

/**
 * vgpu_wait_state - a vGPU must come into this state
 * @uuid: which vGPU
 * @state: as sched_state shows it
 */
void vgpu_wait_state(const char *uuid, const char *state)
{
	uint64_t end = rt_now_ns() + PATIENCE_MS * 1000000ULL;
	char text[TEXT_SIZE];

	while (!vgpu_sched_state(uuid, state)) {
		if (rt_now_ns() > end) {
			admin_text(vgpu_path(uuid, "sched_state"), text);
			CHECK(0, "vGPU is %s and does not become %s", text, state);
		}
		usleep(2000);
	}
}

/**
 * clock_ns - the GPU's clock, as a vGPU sees it
 * @vgpu: open; each has an origin of its own
 */
uint64_t clock_ns(const struct vgpu *vgpu)
{
	return rt_user_read(vgpu->device, REFGPU_USER_TIMER);
}

/**
 * clock_wait - let time pass on the GPU's clock
 * @vgpu: open
 * @ns: how much
 */
void clock_wait(const struct vgpu *vgpu, uint64_t ns)
{
	uint64_t end = clock_ns(vgpu) + ns, now;

	while (now = clock_ns(vgpu), now < end)
		usleep((useconds_t)((end - now) / 1000 + 1));
}

/**
 * slice_ns - the slice in force on the GPU
 */
uint64_t slice_ns(void)
{
	return gpu_number("timeslice_us") * 1000;
}

/**
 * load_make - create and open vGPUs
 * @load: receives them
 * @count: up to LOAD_MAX
 * @type: as "64mq"
 */
void load_make(struct load *load, unsigned int count, const char *type)
{
	unsigned int i;

	memset(load, 0, sizeof(*load));
	load->count = count;
	for (i = 0; i < count; i++) {
		vgpu_make(&load->vgpu[i], type);
		OK(rt_ring_create(load->vgpu[i].device, 0, 64, &load->ring[i]));
	}
}

/**
 * load_start - give each an endless job
 * @load: all idle
 */
void load_start(struct load *load)
{
	unsigned int i;

	load->clock = clock_ns(&load->vgpu[0]);
	for (i = 0; i < load->count; i++)
		OK(work_spin(&load->ring[i], &load->stop[i]));
	load->skew = clock_ns(&load->vgpu[0]) - load->clock;
}

/**
 * service_read - what the GPU counted of a vGPU since it was opened
 * @uuid: which
 * @service: receives it
 */
void service_read(const char *uuid, struct service *service)
{
	service->run = host_stat(uuid, "run_ns");
	service->resident = host_stat(uuid, "resident_ns");
	service->busy = host_stat(uuid, "busy_ns");
	service->wait = host_stat(uuid, "wait_ns");
	service->switches = host_stat(uuid, "switches");
	service->switch_ns = host_stat(uuid, "switch_ns");
	service->idle = host_stat(uuid, "idle_ns");
	service->lag = (int64_t)host_stat(uuid, "lag_ns");
	service->overrun = host_stat(uuid, "overrun_ns");
}

/**
 * service_look - what a vGPU has been given, and when that was
 * @vgpu: open
 *
 * Return: the shortest of some looks: this machine may stand still in any of them.
 */
struct look service_look(const struct vgpu *vgpu)
{
	struct look best = { .width = UINT64_MAX }, look;
	unsigned int i;

	for (i = 0; i < LOOKS; i++) {
		look.clock = clock_ns(vgpu);
		look.held = host_stat(vgpu->uuid, "resident_ns");
		look.width = clock_ns(vgpu) - look.clock;
		look.runs = host_stat(vgpu->uuid, "slices");
		if (look.width < best.width)
			best = look;
	}
	return best;
}

/**
 * load_read - read what was counted
 * @load: stopped
 *
 * A run ends after its job, and the host hears of it later still. load_stop()
 * does not wait for that, since where there is no quantum the last run goes on;
 * who needs the last run waits for the state idle and reads again.
 */
void load_read(struct load *load)
{
	unsigned int i;

	load->total = 0;
	for (i = 0; i < load->count; i++) {
		service_read(load->vgpu[i].uuid, &load->served[i]);
		load->total += load->served[i].run;
	}
}

/**
 * load_stop - end all jobs at once, and read what was counted
 * @load: started
 *
 * Each job must come to its end: that is no lost wake-up. The last one stays
 * on the engine, where it has no work; that is not counted.
 */
void load_stop(struct load *load)
{
	unsigned int i;

	load->passed = clock_ns(&load->vgpu[0]) - load->clock;
	for (i = 0; i < load->count; i++)
		work_stop(load->vgpu[i].device, load->stop[i]);
	for (i = 0; i < load->count; i++)
		OK(rt_ring_wait(&load->ring[i], load->ring[i].fence, PATIENCE_MS));
	load->ended = clock_ns(&load->vgpu[0]) - load->clock;
	load_read(load);
}

/**
 * load_run - all at work for a while
 * @load: made, never started
 * @ns: of the GPU's clock
 */
void load_run(struct load *load, uint64_t ns)
{
	load_start(load);
	clock_wait(&load->vgpu[0], ns);
	load_stop(load);
}

/**
 * load_remove - close and remove the vGPUs
 * @load: made
 */
void load_remove(struct load *load)
{
	unsigned int i;

	for (i = 0; i < load->count; i++)
		vgpu_remove(&load->vgpu[i]);
	load->count = 0;
}

/**
 * service_entitled - what a vGPU is entitled to so far
 * @service: of it
 *
 * It is charged for runs and the switches to them, and had what it owes by now,
 * or has not yet had what it is owed.
 */
double service_entitled(const struct service *service)
{
	return (double)service->run + (double)service->switch_ns + (double)service->lag;
}

/**
 * load_error - how far a vGPU's service is from its part
 * @load: stopped; all of it always had work
 * @i: which vGPU
 * @part: what it should have had of all, 0..1
 *
 * What a run lasted beyond its quantum, because the GPU or the host was late,
 * is owed to the others; so the error is the scheduler's own, on however slow a
 * machine.
 */
uint64_t load_error(const struct load *load, unsigned int i, double part)
{
	double sum = 0, error;
	unsigned int other;

	for (other = 0; other < load->count; other++)
		sum += service_entitled(&load->served[other]);
	error = service_entitled(&load->served[i]) - part * sum;
	return (uint64_t)(error < 0 ? -error : error);
}

/**
 * load_error_bound - how large load_error() may be
 * @load: stopped
 * @slice: longest slice, ns
 * @part: what a vGPU should have had, 0..1
 *
 * E * (1 + max(0, N - 2) * p) of doc/scheduler.md. The counters are read after the
 * jobs, and who is idle by then has lost what it was owed beyond its credit: at
 * most what others' runs lasted too long. The jobs began and ended one after the
 * other, and the first did not wait for the last.
 */
uint64_t load_error_bound(const struct load *load, uint64_t slice, double part)
{
	unsigned int others = load->count > 2 ? load->count - 2 : 0, i;
	uint64_t overrun = 0;

	for (i = 0; i < load->count; i++)
		if (load->served[i].overrun > overrun)
			overrun = load->served[i].overrun;
	return (uint64_t)((double)(slice + overrun + SLIVER_NS) *
			  (1 + others * part)) +
	       load->skew + load->ended - load->passed;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/**
 * load_expect_shares - each was given its part: its weight of the sum of weights
 * @load: stopped; all of it always had work
 * @weight: of each; NULL: all the same
 * @slice: longest slice, ns
 */
void load_expect_shares(const struct load *load, const unsigned int *weight,
			uint64_t slice)
{
	uint64_t error, bound, off, worst = 0, worst_off = 0;
	unsigned int i, sum = 0;
	double part;

	for (i = 0; i < load->count; i++)
		sum += weight ? weight[i] : 1;
	for (i = 0; i < load->count; i++) {
		part = (weight ? weight[i] : 1) / (double)sum;
		error = load_error(load, i, part);
		bound = load_error_bound(load, slice, part);
		CHECK(error <= bound,
		      "vGPU %u of %u had %.3f %% of the time, not %.3f %%: %lu us off, bound %lu us (skew %lu us, lag %ld us, overrun %lu us)",
		      i, load->count, percent(load->served[i].run, load->total),
		      100 * part, error / 1000, bound / 1000, load->skew / 1000,
		      load->served[i].lag / 1000, load->served[i].overrun / 1000);
		off = distance(load->served[i].run,
			       (uint64_t)(part * (double)load->total));
		if (error > worst)
			worst = error;
		if (off > worst_off)
			worst_off = off;
	}
	printf("# %u vGPUs, %lu ms of %lu served: share error at most %.3f points, %.3f with what is still to be paid back\n",
	       load->count, load->total / 1000000, load->passed / 1000000,
	       percent(worst, load->total), percent(worst_off, load->total));
}
