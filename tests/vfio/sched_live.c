// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_live.c - what changes while vGPUs are at work
 *
 * The order of turns is taken from the log of switches. A change must be in
 * force two rounds later at the latest; in a round everybody has had a turn.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "jobs.h"
#include "load.h"
#include "switch_log.h"
#include "vm.h"

#define MS		1000000UL
#define SLIVER_NS	50000
#define WORKERS		3
#define AHEAD		60	/* jobs */
#define ELEMENTS	100000	/* a job adds up, in some milliseconds */

/**
 * struct shift - workers with queued jobs, and one vGPU that never has any
 * @vgpu: workers, then the idle one
 * @jobs: of the workers
 * @log: all switches since the beginning
 */
struct shift {
	struct vgpu vgpu[WORKERS + 1];
	struct jobs jobs[WORKERS];
	struct switch_log log;
};

/**
 * struct turns - what happened in a stretch of the log
 * @log: the log
 * @from: first entry of the stretch
 * @to: one after the last
 * @count: runs
 * @passed_ns: from its beginning to its end
 * @served_ns: what each worker was charged, with its switches
 * @idle_one: runs of the one that has no work
 * @overrun_ns: the longest that one of them went beyond its quantum
 * @cost_ns: the most that a switch took
 * @quantum_min, @quantum_max: of the workers' runs
 */
struct turns {
	const struct switch_log *log;
	size_t from, to;
	unsigned int count, idle_one;
	uint64_t passed_ns;
	uint64_t served_ns[WORKERS];
	uint64_t overrun_ns, cost_ns;
	uint64_t quantum_min, quantum_max;
};

static void shift_begin(struct shift *shift)
{
	unsigned int i;

	scheduler_defaults();
	/* Slices of one length: few rounds show whether the parts are right. */
	gpu_set("timeslice_max_us", "100");
	for (i = 0; i <= WORKERS; i++)
		vgpu_make(&shift->vgpu[i], "128mq");
	for (i = 0; i < WORKERS; i++)
		jobs_create(&shift->jobs[i], shift->vgpu[i].device, ELEMENTS, i);
	for (i = 0; i < WORKERS; i++)
		jobs_keep(&shift->jobs[i], AHEAD);
	switch_log_begin(&shift->log);
}

/* Work goes on until so many more switches are in the log. */
static void shift_go_on(struct shift *shift, size_t switches)
{
	size_t until = shift->log.count + switches;
	unsigned int i;

	while (shift->log.count < until) {
		for (i = 0; i < WORKERS; i++)
			jobs_keep(&shift->jobs[i], AHEAD);
		usleep(5000);
		switch_log_read(&shift->log);
		CHECK(!shift->log.gap, "the log of switches was not read in time");
	}
}

static void shift_end(struct shift *shift)
{
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		jobs_finish(&shift->jobs[i]);
		all += shift->jobs[i].checked;
		CHECK(!host_stat(shift->vgpu[i].uuid, "faults"),
		      "vGPU %u was faulted", i);
	}
	printf("# %lu jobs, %zu switches\n", all, shift->log.count);
	switch_log_end(&shift->log);
}

static unsigned int owner_of(const struct shift *shift,
			     const struct switch_entry *entry)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		if (!strcmp(entry->uuid, shift->vgpu[i].uuid))
			return i;
	return WORKERS;
}

static struct turns turns_count(const struct shift *shift, size_t from, size_t to)
{
	struct turns turns = {
		.log = &shift->log, .from = from, .to = to, .quantum_min = UINT64_MAX,
	};
	size_t k;

	for (k = from; k < to && k < shift->log.count; k++) {
		const struct switch_entry *entry = &shift->log.entry[k];
		unsigned int owner = owner_of(shift, entry);

		turns.count++;
		turns.passed_ns = entry->time - shift->log.entry[from].time;
		if (owner == WORKERS) {
			turns.idle_one++;
			continue;
		}
		turns.served_ns[owner] += entry->run + entry->cost;
		if (entry->run > entry->quantum + turns.overrun_ns)
			turns.overrun_ns = entry->run - entry->quantum;
		if (entry->cost > turns.cost_ns)
			turns.cost_ns = entry->cost;
		if (entry->quantum < turns.quantum_min)
			turns.quantum_min = entry->quantum;
		if (entry->quantum > turns.quantum_max)
			turns.quantum_max = entry->quantum;
	}
	return turns;
}

/*
 * What happens in @count turns from two rounds after now on; the setting was
 * just written, so any switch that is read from here on may already obey it.
 */
static struct turns turns_after(struct shift *shift, unsigned int round,
				unsigned int count)
{
	size_t from;

	switch_log_read(&shift->log);
	from = shift->log.count + 2 * round;
	shift_go_on(shift, 2 * round + count);
	return turns_count(shift, from, from + count);
}

/*
 * Everybody was served by their weight, as well as doc/scheduler.md promises
 * for any window, with the overrun and the switches that were seen: how busy the
 * machine was makes the bound wider, not the test fail.
 */
static void expect_parts(const char *what, const struct turns *turns,
			 const unsigned int weight[WORKERS])
{
	uint64_t given = 0, off, bound, slice = slice_ns();
	double part, others = 0;
	unsigned int i, sum = 0, owners = 0;

	for (i = 0; i < WORKERS; i++) {
		given += turns->served_ns[i];
		sum += weight[i];
		owners += weight[i] > 0;
	}
	for (i = 0; i < WORKERS; i++) {
		part = (double)weight[i] / sum;
		off = turns->served_ns[i] > part * given ?
		      turns->served_ns[i] - part * given :
		      part * given - turns->served_ns[i];
		others = owners > 2 ? (owners - 2) * part : 0;
		bound = 2 * (1 + others) *
			(2 * slice + turns->cost_ns + 2 * turns->overrun_ns + SLIVER_NS);
		if (off > bound)
			switch_log_print(turns->log, turns->from > 30 ? turns->from - 30 : 0,
					 turns->to);
		CHECK(off <= bound,
		      "%s: worker %u had %lu of %lu us, %lu us off, bound %lu us (overrun %lu us)",
		      what, i, turns->served_ns[i] / 1000, given / 1000,
		      off / 1000, bound / 1000, turns->overrun_ns / 1000);
	}
}

/* No worker had more than that part of the time, but for what a bucket holds. */
static void expect_limit(const char *what, const struct turns *turns, unsigned int part)
{
	uint64_t most = turns->passed_ns / part + 8 * MS + 2 * slice_ns() + turns->overrun_ns;
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		CHECK(turns->served_ns[i] <= most,
		      "%s: worker %u had %lu of %lu us, at most %lu us are its own",
		      what, i, turns->served_ns[i] / 1000, turns->passed_ns / 1000,
		      most / 1000);
}

TEST(policy, ONCE)
{
	static const unsigned int same[WORKERS] = { 1, 1, 1 };
	struct shift shift;
	struct turns turns;

	shift_begin(&shift);
	shift_go_on(&shift, 60);

	/* The idle one owns a quarter, too. */
	gpu_set("scheduler", "equal_share");
	turns = turns_after(&shift, WORKERS + 1, 120);
	expect_parts("equal_share", &turns, same);
	expect_limit("equal_share", &turns, WORKERS + 1);

	/* One of eight. */
	gpu_set("scheduler", "fixed_share");
	turns = turns_after(&shift, 8, 160);
	expect_parts("fixed_share", &turns, same);
	expect_limit("fixed_share", &turns, 8);

	gpu_set("scheduler", "best_effort");
	turns = turns_after(&shift, 8, 120);
	expect_parts("best_effort", &turns, same);
	CHECK(!turns.idle_one, "one without work was run %u times", turns.idle_one);
	shift_end(&shift);
}

TEST(weight, ONCE)
{
	static const unsigned int first[WORKERS] = { 4, 1, 1 };
	static const unsigned int second[WORKERS] = { 1, 2, 1 };
	struct shift shift;
	struct turns turns;

	shift_begin(&shift);
	shift_go_on(&shift, 30);
	vgpu_set(&shift.vgpu[0], "weight", 400);
	turns = turns_after(&shift, 6, 120);
	expect_parts("weights 4:1:1", &turns, first);
	vgpu_set(&shift.vgpu[0], "weight", 100);
	vgpu_set(&shift.vgpu[1], "weight", 200);
	turns = turns_after(&shift, 6, 120);
	expect_parts("weights 1:2:1", &turns, second);
	shift_end(&shift);
}

TEST(timeslice, ONCE)
{
	static const unsigned int slice_us[] = { 1000, 5000, 500 };
	struct shift shift;
	struct turns turns;
	uint64_t slice;
	unsigned int i;

	shift_begin(&shift);
	shift_go_on(&shift, 30);
	for (i = 0; i < 3; i++) {
		gpu_set("timeslice_us", "%u", slice_us[i]);
		slice = slice_us[i] * 1000UL;
		turns = turns_after(&shift, WORKERS, 30);
		/* Less than a switch left of a slice is added to the next. */
		CHECK(turns.quantum_max <= slice + turns.cost_ns + SLIVER_NS &&
		      turns.quantum_max > slice / 2,
		      "a slice of %u us: turns were given %lu to %lu us",
		      slice_us[i], turns.quantum_min / 1000,
		      turns.quantum_max / 1000);
	}
	/* A vGPU's own wins. */
	vgpu_set(&shift.vgpu[1], "timeslice_us", 3000);
	turns = turns_after(&shift, 2 * 6, 30);
	CHECK(turns.quantum_max <= 3000000 + turns.cost_ns + SLIVER_NS &&
	      turns.quantum_max > 1500000 &&
	      turns.quantum_min <= slice + turns.cost_ns + SLIVER_NS,
	      "own slice 3000 us beside 500 us: turns were given %lu to %lu us",
	      turns.quantum_min / 1000, turns.quantum_max / 1000);
	shift_end(&shift);
}

/* The longest overrun of a quantum, and the longest switch. */
static void longest_in(const struct switch_log *log, uint64_t *overrun, uint64_t *cost)
{
	size_t k;

	*overrun = 0;
	*cost = 0;
	for (k = 0; k < log->count; k++) {
		const struct switch_entry *entry = &log->entry[k];

		if (entry->quantum && entry->run > entry->quantum + *overrun)
			*overrun = entry->run - entry->quantum;
		if (entry->cost > *cost)
			*cost = entry->cost;
	}
}

/*
 * The bound of a wait beside one other, with the slice, the overrun and the
 * costs that were seen: a run of the other, two switches, and what the host
 * takes to decide, which is the time between two entries of the log.
 */
static uint64_t wait_bound(const struct switch_log *log, uint64_t slice)
{
	uint64_t overrun, cost, late = 0, begin;
	size_t k;

	longest_in(log, &overrun, &cost);
	for (k = 0; k < log->count; k++) {
		const struct switch_entry *entry = &log->entry[k];

		begin = entry->time - entry->run - entry->cost;
		if (k && begin > entry[-1].time + late)
			late = begin - entry[-1].time;
	}
	return slice + SLIVER_NS + overrun + 2 * cost + 2 * late;
}

/*
 * A lone vGPU that ran for seconds and comes back beside another waits no
 * longer than anybody: what it used while nobody wanted it is not held
 * against it.
 */
TEST(return_of_the_lone_one, ONCE)
{
	struct rt_ring ring[2];
	struct switch_log log;
	struct vgpu vgpu[2];
	uint64_t stop[2], slice, longest, bound, before, solo, allowed, overrun, cost;
	uint64_t others = 0, most = 0;
	unsigned int i, mine = 0;
	size_t k, at = 0;

	scheduler_defaults();
	gpu_set("timeslice_max_us", "100");
	for (i = 0; i < 2; i++) {
		vgpu_make(&vgpu[i], "64mq");
		OK(rt_ring_create(vgpu[i].device, 0, 64, &ring[i]));
	}
	slice = slice_ns();
	OK(work_spin(&ring[0], &stop[0]));
	clock_wait(&vgpu[0], 3000 * MS);
	*(volatile uint32_t *)rt_framebuffer(vgpu[0].device, stop[0]) = 1;
	OK(rt_ring_wait(&ring[0], ring[0].fence, 20000));
	solo = host_stat(vgpu[0].uuid, "busy_ns");
	CHECK(solo > 2500 * MS, "alone it had %lu ms of 3 s", solo / MS);
	before = host_stat(vgpu[0].uuid, "wait_max_ns");

	OK(work_spin(&ring[1], &stop[1]));
	clock_wait(&vgpu[1], 200 * MS);
	switch_log_begin(&log);
	OK(work_spin(&ring[0], &stop[0]));
	clock_wait(&vgpu[0], 300 * MS);
	switch_log_read(&log);
	for (i = 0; i < 2; i++)
		work_stop(vgpu[i].device, stop[i]);
	for (i = 0; i < 2; i++)
		OK(rt_ring_wait(&ring[i], ring[i].fence, 20000));

	/*
	 * From as far behind as two of one weight may be (doc/scheduler.md, Bounds)
	 * to as far ahead. Mostly that is a slice and a little; but a switch that
	 * took long, for the machine was busy, is paid back, too.
	 */
	longest_in(&log, &overrun, &cost);
	allowed = 2 * (slice + 2 * cost + 2 * overrun + 2 * SLIVER_NS);
	for (k = 0; k < log.count; k++) {
		if (!strcmp(log.entry[k].uuid, vgpu[0].uuid)) {
			mine++;
			others = 0;
			continue;
		}
		others += log.entry[k].quantum;
		if (others > most) {
			most = others;
			at = k;
		}
	}
	CHECK(mine > 10, "back beside another it had %u turns in 300 ms", mine);
	if (most > allowed)
		switch_log_print(&log, at > 40 ? at - 40 : 0, at + 10);
	CHECK(most <= allowed,
	      "while it waited the other was given %lu us, at most %lu us are right (slice %lu us, longest switch %lu us)",
	      most / 1000, allowed / 1000, slice / 1000, cost / 1000);
	longest = host_stat(vgpu[0].uuid, "wait_max_ns");
	bound = wait_bound(&log, slice);
	printf("# alone for %lu ms (longest wait %lu us); back beside another: longest wait %lu us, bound %lu us\n",
	       solo / MS, before / 1000, longest / 1000, bound / 1000);
	/* The host may have been late when nothing was logged of it, too. */
	CHECK(longest <= (bound > before ? bound : before) + solo / 10,
	      "it waited %lu us, the bound is %lu us", longest / 1000,
	      bound / 1000);
}

#define QUEUED	100

/* The guest queues work and is stopped; later it looks at the results. */
static void paused_guest(const char *uuid)
{
	struct rt_device *device = rt_open_vfio(uuid, transport, NULL);
	struct jobs jobs;
	int i;

	CHECK(device, "open: %s", rt_message());
	jobs_create(&jobs, device, ELEMENTS, 7);
	for (i = 0; i < QUEUED; i++)
		jobs_submit(&jobs);
	raise(SIGSTOP);
	jobs_finish(&jobs);
	rt_close(device);
	_exit(0);
}

TEST(paused_guest, ONCE)
{
	struct service at_stop, later;
	char uuid[UUID_LENGTH + 1];
	uint64_t fences, run_ns;
	struct load load;
	int status;
	pid_t child;

	scheduler_defaults();
	OK(host_create_any("64mq", uuid));
	load_make(&load, 1, "64mq");
	load_start(&load);
	child = fork();
	if (!child)
		paused_guest(uuid);
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status),
	      "the guest ended before it was stopped: 0x%x", status);
	service_read(uuid, &at_stop);
	fences = host_stat(uuid, "fences");
	CHECK(fences < QUEUED - 10,
	      "%lu of %d jobs were done when the guest stopped: too few to tell",
	      fences, QUEUED);
	/* Back to waiting for work, with all of it done. */
	vgpu_wait_state(uuid, "idle");
	service_read(uuid, &later);
	CHECK(host_stat(uuid, "fences") == QUEUED,
	      "%lu of %d jobs of a stopped guest were done",
	      host_stat(uuid, "fences"), QUEUED);
	run_ns = host_stat(uuid, "run_ns");
	CHECK(later.busy > at_stop.busy + 10 * MS &&
	      later.resident > at_stop.resident + 10 * MS && run_ns >= later.busy,
	      "its work took %lu us, it was charged %lu us",
	      (later.busy - at_stop.busy) / 1000, run_ns / 1000);
	kill(child, SIGCONT);
	wait_child(child, "the guest that was stopped");
	load_stop(&load);
	printf("# %lu of %d jobs ran while the guest was stopped: %lu ms, charged %lu ms\n",
	       QUEUED - fences, QUEUED, later.busy / MS, run_ns / MS);
}
