// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_shares.c - who gets how much of the GPU, by the GPU's own counters
 *
 * What is asserted are the bounds of doc/scheduler.md, with the overrun that
 * was really seen. The shares themselves are printed.
 */
#include <stdio.h>

#include "load.h"
#include "switch_log.h"

#define MS	1000000UL

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void equal(unsigned int count)
{
	struct load load;

	scheduler_defaults();
	load_make(&load, count, "64mq");
	CHECK(gpu_number("sched_hz") == (count < 8 ? 480 : 960),
	      "sched_hz is %lu with %u vGPUs open", gpu_number("sched_hz"), count);
	load_run(&load, 2000 * MS);
	load_expect_shares(&load, NULL, 20 * MS);
}

TEST(two, ONCE)
{
	equal(2);
}

TEST(four, ONCE)
{
	equal(4);
}

TEST(eight, ONCE | SLOW)
{
	equal(8);
}

TEST(sixteen, ONCE | SLOW)
{
	equal(16);
}

TEST(weights, ONCE)
{
	static const unsigned int weight[] = { 100, 200, 400 };
	struct load load;
	unsigned int i;

	scheduler_defaults();
	load_make(&load, 3, "64mq");
	for (i = 0; i < 3; i++)
		vgpu_set(&load.vgpu[i], "weight", weight[i]);
	load_run(&load, 3000 * MS);
	load_expect_shares(&load, weight, 20 * MS);
}

/*
 * A cap, or a ceiling below it, holds whether others want the GPU or not. With slices
 * that are long beside what a switch costs: a quarter of the time must be there to be
 * had.
 */
static void capped(unsigned int count, const char *by)
{
	struct load load;
	double share;

	scheduler_defaults();
	gpu_set("timeslice_us", "20000");
	load_make(&load, count, "64mq");
	vgpu_set(&load.vgpu[0], by, 25);
	load_run(&load, 4000 * MS);
	share = percent(load.served[0].run, load.passed);
	/*
	 * Beside another it waits for its turn, and may not use up its cap; nor
	 * when this machine stands still and its bucket is full. How near it
	 * comes is for the benchmark to say.
	 */
	CHECK(share > 15 && share < 27,
	      "a vGPU with %s 25, %u others: %.2f %%", by, count - 1, share);
	printf("# %s 25, %u others: %.2f %%; in all %.2f %%\n", by, count - 1,
	       share, percent(load.total, load.passed));
	if (count > 1)
		CHECK(load.served[1].run > load.served[0].run,
		      "%.2f %% were left by a cap of 25 %%, another used %.2f %%",
		      100 - share, percent(load.served[1].run, load.passed));
}

TEST(cap, ONCE)
{
	capped(1, "cap_percent");
}

TEST(cap_beside_another, ONCE)
{
	capped(2, "cap_percent");
}

TEST(ceiling, ONCE)
{
	capped(1, "cap_ceiling_percent");
}

/* A slice of its own: longer turns, and for equal weights as much time. */
TEST(own_timeslice, ONCE)
{
	struct switch_log log;
	struct load load;
	uint64_t own = 8 * MS, slice, longest[2] = { 0 }, sliver = 0;
	size_t k;

	scheduler_defaults();
	gpu_set("timeslice_max_us", "100");
	load_make(&load, 2, "64mq");
	slice = slice_ns();
	vgpu_set(&load.vgpu[0], "timeslice_us", own / 1000);
	load_start(&load);
	clock_wait(&load.vgpu[0], 1000 * MS);
	switch_log_begin(&log);
	clock_wait(&load.vgpu[0], 500 * MS);
	switch_log_read(&log);
	load_stop(&load);
	CHECK(log.count > 20, "only %zu switches in half a second", log.count);
	for (k = 0; k < log.count; k++) {
		int i = strcmp(log.entry[k].uuid, load.vgpu[0].uuid) ? 1 : 0;

		if (log.entry[k].quantum > longest[i])
			longest[i] = log.entry[k].quantum;
		if (log.entry[k].cost > sliver)
			sliver = log.entry[k].cost;
	}
	/*
	 * A turn is shorter by what is paid back, longer by half of the shortest
	 * slice there is, and by a switch that it has paid for already. The
	 * attribute holds whole microseconds.
	 */
	sliver += 50000 + 1000;
	CHECK(longest[0] > 2 * slice && longest[0] <= own + sliver,
	      "the longest of its slices was given %lu us, of %lu us",
	      longest[0] / 1000, own / 1000);
	CHECK(longest[1] && longest[1] <= slice + sliver,
	      "the other's longest slice was given %lu us, of %lu us",
	      longest[1] / 1000, slice / 1000);
	load_expect_shares(&load, NULL, 20 * MS);
}

/*
 * What a bucket of tokens allows in that time beyond its rate: its depth, a slice
 * with its switch, and what was overrun.
 */
static uint64_t burst(const struct load *load, uint64_t slice)
{
	return 8 * MS + 2 * slice + load->served[0].overrun + load->skew;
}

/* Alone, and still no more than what its type stands for. */
TEST(fixed_share_alone, ONCE)
{
	struct switch_log log;
	uint64_t run = 0, slice, held;
	struct load load;
	size_t k;

	scheduler_defaults();
	gpu_set("scheduler", "fixed_share");
	load_make(&load, 1, "256mq");
	slice = slice_ns();
	switch_log_begin(&log);
	load_start(&load);
	for (k = 0; k < 15; k++) {
		clock_wait(&load.vgpu[0], 200 * MS);
		switch_log_read(&log);
	}
	load_stop(&load);
	/* Counter and log are compared: both with the last run, which has a quantum. */
	vgpu_wait_state(load.vgpu[0].uuid, "idle");
	load_read(&load);
	switch_log_read(&log);
	CHECK(!log.gap, "the log of switches was not read in time");
	for (k = 0; k < log.count; k++)
		run += log.entry[k].run;
	held = load.total + load.served[0].switch_ns;
	printf("# 1 of 4 fixed shares, alone: %.2f %% of the clock, %.2f %% with its switches\n",
	       percent(load.total, load.passed), percent(held, load.passed));
	CHECK(run == load.total,
	      "the log of switches has %lu us of it, its counter %lu us",
	      run / 1000, load.total / 1000);
	CHECK(held <= load.passed / 4 + burst(&load, slice),
	      "one of four fixed shares, alone, had %.2f %% of the clock",
	      percent(held, load.passed));
	/* The host and its timers are late; a tenth of it is not lost by that. */
	CHECK(held + burst(&load, slice) >= load.passed / 4 * 9 / 10,
	      "one of four fixed shares, alone, had %.2f %% of the clock",
	      percent(held, load.passed));
}

/* What an idle vGPU does with its part: nothing, or it gives it away. */
static void idle_peer(const char *policy, bool gives)
{
	struct vgpu peer;
	struct load load;
	uint64_t idle, held;
	double share;

	scheduler_defaults();
	gpu_set("scheduler", "%s", policy);
	load_make(&load, 1, "64mq");
	vgpu_make(&peer, "64mq");
	load_start(&load);
	clock_wait(&load.vgpu[0], 2000 * MS);
	load_stop(&load);
	idle = host_stat(peer.uuid, "idle_ns");
	held = load.total + load.served[0].switch_ns;
	/* Whom nobody disturbs runs on and on: no run of it has ended. */
	share = gives ? percent(load.served[0].busy, load.ended) :
		percent(held, load.passed);
	printf("# beside an idle vGPU, %s: %.2f %% of the clock, %lu ms of the idle one's share unused\n",
	       policy, share, idle / MS);
	CHECK(!host_stat(peer.uuid, "switches"), "the idle vGPU was run %lu times",
	      host_stat(peer.uuid, "switches"));
	if (gives) {
		CHECK(share > 90, "beside an idle vGPU it had %.2f %% of the clock",
		      share);
		CHECK(!idle, "%lu us were kept for an idle vGPU", idle / 1000);
		return;
	}
	CHECK(held <= load.passed / 2 + burst(&load, 20 * MS),
	      "it used %.2f %% of the clock though half is its idle peer's", share);
	CHECK(idle + burst(&load, 20 * MS) >= held,
	      "%lu us of the idle one's share were unused, the other had %lu us",
	      idle / 1000, held / 1000);
}

TEST(equal_share_keeps, ONCE)
{
	idle_peer("equal_share", false);
}

TEST(best_effort_gives, ONCE)
{
	idle_peer("best_effort", true);
}

static unsigned int histogram(const char *uuid, uint64_t bucket[32])
{
	char path[128], text[1024], *at = text, *end;
	unsigned int count = 0;

	snprintf(path, sizeof(path),
		 "/sys/bus/mdev/devices/%s/stats/wait_histogram", uuid);
	OK(host_read(path, text, sizeof(text)));
	for (; count < 32; count++, at = end) {
		bucket[count] = strtoull(at, &end, 10);
		if (end == at)
			break;
	}
	return count;
}

static void check_waits(const struct vgpu *vgpu)
{
	uint64_t bucket[32], sum = 0, longest, slices;
	unsigned int i, top = 0;

	CHECK(histogram(vgpu->uuid, bucket) == 32,
	      "wait_histogram has not 32 numbers");
	longest = host_stat(vgpu->uuid, "wait_max_ns");
	slices = host_stat(vgpu->uuid, "slices");
	for (i = 0; i < 32; i++) {
		sum += bucket[i];
		if (bucket[i])
			top = i;
	}
	/* A run that found its vGPU at work already did not wait: alone. */
	CHECK(sum <= slices && sum + 3 >= slices,
	      "%lu slices, %lu waits in the histogram", slices, sum);
	CHECK(longest < 1ULL << (10 + top) &&
	      (!top || longest >= 1ULL << (9 + top)),
	      "the longest wait is %lu ns, the histogram's last bucket is %u",
	      longest, top);
}

/* A vGPU that was never opened has used nothing, whoever was there before. */
TEST(begins_with_nothing, ONCE)
{
	static const char *const counter[] = {
		"busy_ns", "resident_ns", "wait_ns", "switches", "switch_ns",
		"fences", "doorbells", "run_ns", "slices", "idle_ns", "debt_ns",
		"lag_ns", "overrun_ns", "wait_max_ns", "wait_sum_ns",
	};
	char uuid[UUID_LENGTH + 1];
	struct vgpu vgpu;
	unsigned int i;

	scheduler_defaults();
	vgpu_make(&vgpu, "64mq");
	vgpu_works(&vgpu, 1);
	CHECK(host_stat(vgpu.uuid, "fences"), "work of a vGPU was not counted");
	vgpu_remove(&vgpu);
	OK(host_create_any("64mq", uuid));
	for (i = 0; i < sizeof(counter) / sizeof(counter[0]); i++)
		CHECK(!host_stat(uuid, counter[i]),
		      "%s of a vGPU that was never opened is %lu", counter[i],
		      host_stat(uuid, counter[i]));
}

/* No time is lost, and none is counted twice. */
TEST(accounting, ONCE)
{
	uint64_t used = 0, executed = 0, mine, run_ns;
	struct service *served;
	struct load load;
	unsigned int i, left = 0;

	scheduler_defaults();
	load_make(&load, 4, "64mq");
	load_run(&load, 2000 * MS);
	for (i = 0; i < load.count; i++) {
		served = &load.served[i];
		check_waits(&load.vgpu[i]);
		executed += served->run;
		used += served->run + served->switch_ns + served->idle;
		CHECK(served->busy <= served->resident,
		      "vGPU %u was busy %lu ns in %lu ns", i, served->busy,
		      served->resident);
		/* It had work all the time: it ran, waited, or was switched. */
		mine = served->busy + served->wait + served->switch_ns;
		CHECK(mine <= load.ended,
		      "vGPU %u: %lu us executing, %lu us waiting, %lu us of switches; only %lu us passed",
		      i, served->busy / 1000, served->wait / 1000,
		      served->switch_ns / 1000, load.ended / 1000);
		/* The last one stays on the engine, its run has not ended. */
		if (vgpu_sched_state(load.vgpu[i].uuid, "running"))
			continue;
		left++;
		run_ns = host_stat(load.vgpu[i].uuid, "run_ns");
		CHECK(run_ns == served->resident,
		      "vGPU %u: run_ns %lu, the GPU counted %lu", i, run_ns,
		      served->resident);
		CHECK(host_stat(load.vgpu[i].uuid, "slices") == served->switches,
		      "vGPU %u: %lu slices, the GPU counted %lu switches", i,
		      host_stat(load.vgpu[i].uuid, "slices"), served->switches);
		mine += served->resident - served->busy;
		CHECK(mine + load.skew >= load.passed,
		      "vGPU %u: %lu us on the engine, %lu us waiting, %lu us of switches; %lu us passed",
		      i, served->resident / 1000, served->wait / 1000,
		      served->switch_ns / 1000, load.passed / 1000);
	}
	CHECK(left >= 3, "%u vGPUs hold the engine", 4 - left);
	CHECK(used <= load.ended, "%lu us were handed out in %lu us", used / 1000,
	      load.ended / 1000);
	printf("# of the GPU's time: %.2f %% executing, %.2f %% switching, %.2f %% between runs\n",
	       percent(executed, load.ended), percent(used - executed, load.ended),
	       percent(load.ended - used, load.ended));
}
