// SPDX-License-Identifier: GPL-2.0-only
/*
 * shares.c - how well the module shares a GPU, by the GPU's counters and clock
 *
 * shares RESULTS SWITCH_US [first]: runs inside the host machine, on the GPU
 * that OPENVGPU_GPU names, and appends the module's part of the results of
 * build/bench/scheduler.json to the file RESULTS, with a comma before it unless
 * it is the first. SWITCH_US is what a switch of that GPU costs, for the
 * conditions. Every value is the median of some runs, the spread their greatest
 * difference.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "hostile.h"
#include "load.h"

#define MS	1000000UL
#define RUNS	3
#define BUCKETS	32
#define ROUNDS	110	/* a hundred, and some until all are at work */

static FILE *out;
static bool first;
static const char *switch_us;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* @target NULL: none; @more: conditions, ending with a comma, or empty */
static void report(const char *name, double *value, const char *unit,
		   bool higher, const double *target, const char *more)
{
	double middle;
	bool met;

	qsort(value, RUNS, sizeof(*value), by_value);
	middle = value[RUNS / 2];
	met = !target || (higher ? middle >= *target : middle <= *target);
	fprintf(out, "%s{\"name\":\"%s\",\"source\":\"module\",\"value\":%.9g,\"unit\":\"%s\",\"better\":\"%s\",",
		first ? "" : ",\n", name, middle, unit, higher ? "higher" : "lower");
	if (target)
		fprintf(out, "\"target\":%.9g,\"target_met\":%s,", *target,
			met ? "true" : "false");
	else
		fprintf(out, "\"target\":null,\"target_met\":null,");
	fprintf(out, "\"peer\":null,\"peer_value\":null,\"n\":%d,\"spread\":%.9g,\"conditions\":{%s\"switch_us\":%s,\"clock\":\"of the GPU, real time\"}}",
		RUNS, value[RUNS - 1] - value[0], more, switch_us);
	first = false;
	fflush(out);
	printf("%-26s %12.6g %-7s %s%s switch %s us\n", name, middle, unit, more,
	       met ? "" : " MISSED", switch_us);
	fflush(stdout);
}

static double jain(const struct load *load, bool owed)
{
	double sum = 0, squares = 0, v;
	unsigned int i;

	for (i = 0; i < load->count; i++) {
		v = owed ? service_entitled(&load->served[i]) :
			   (double)load->served[i].run;
		sum += v;
		squares += v * v;
	}
	return sum * sum / (load->count * squares);
}

static double min_max(const struct load *load)
{
	uint64_t least = UINT64_MAX, most = 1;
	unsigned int i;

	for (i = 0; i < load->count; i++) {
		if (load->served[i].run < least)
			least = load->served[i].run;
		if (load->served[i].run > most)
			most = load->served[i].run;
	}
	return (double)least / (double)most;
}

/* The wait that 99 of 100 do not exceed: upper end of its bucket. */
static double wait_p99(const struct load *load)
{
	uint64_t bucket[BUCKETS] = { 0 }, all = 0, sum = 0;
	char path[128], text[1024], *at;
	unsigned int i, b;

	for (i = 0; i < load->count; i++) {
		snprintf(path, sizeof(path),
			 "/sys/bus/mdev/devices/%s/stats/wait_histogram",
			 load->vgpu[i].uuid);
		OK(host_read(path, text, sizeof(text)));
		for (b = 0, at = text; b < BUCKETS; b++)
			bucket[b] += strtoull(at, &at, 10);
	}
	for (b = 0; b < BUCKETS; b++)
		all += bucket[b];
	for (b = 0; b < BUCKETS - 1; b++) {
		sum += bucket[b];
		if (100 * sum >= 99 * all)
			break;
	}
	return (double)(1ULL << (10 + b));
}

/* All at work for a second, or for a hundred rounds if that is longer. */
static void run_rounds(struct load *load)
{
	unsigned int i;

	load_start(load);
	clock_wait(&load->vgpu[0], 1000 * MS);
	for (i = 0; i < 200 && host_stat(load->vgpu[0].uuid, "slices") < ROUNDS; i++)
		clock_wait(&load->vgpu[0], 100 * MS);
	load_stop(load);
}

static void equal(unsigned int count)
{
	static const double even = 0.9999, near = 0.99;
	double fair[RUNS], level[RUNS], ratio[RUNS], wait[RUNS], useful[RUNS];
	double cost[RUNS], between[RUNS];
	uint64_t switches, switch_ns;
	char conditions[160];
	struct load load;
	unsigned int i, run;

	for (run = 0; run < RUNS; run++) {
		load_make(&load, count, "64mq");
		run_rounds(&load);
		fair[run] = jain(&load, false);
		level[run] = jain(&load, true);
		ratio[run] = min_max(&load);
		wait[run] = wait_p99(&load);
		useful[run] = 100.0 * (double)load.total / (double)load.ended;
		switches = 0;
		switch_ns = 0;
		for (i = 0; i < count; i++) {
			switches += load.served[i].switches;
			switch_ns += load.served[i].switch_ns;
		}
		cost[run] = (double)switch_ns / (double)switches;
		between[run] = ((double)load.ended - (double)load.total -
				(double)switch_ns) / (double)switches;
		load_remove(&load);
	}
	snprintf(conditions, sizeof(conditions),
		 "\"policy\":\"best_effort\",\"vgpus\":%u,\"slice_us\":%u,\"window\":\"max(1 s, 100 rounds)\",",
		 count, 1000000 / (count < 8 ? 480 : 960));
	report("fairness_jain", fair, "index", true, &even, conditions);
	report("fairness_jain_entitled", level, "index", true, &even, conditions);
	report("fairness_min_max", ratio, "ratio", true, &near, conditions);
	report("wait_p99", wait, "ns", false, NULL, conditions);
	report("useful_time", useful, "percent", true, NULL, conditions);
	report("switch_cost", cost, "ns", false, NULL, conditions);
	report("decision_cost", between, "ns", false, NULL, conditions);
}

static void weights(void)
{
	static const unsigned int weight[] = { 100, 200, 400 };
	static const double target = 1;
	double error[RUNS], off, part;
	struct load load;
	unsigned int run, i;

	for (run = 0; run < RUNS; run++) {
		load_make(&load, 3, "64mq");
		for (i = 0; i < 3; i++)
			vgpu_set(&load.vgpu[i], "weight", weight[i]);
		run_rounds(&load);
		error[run] = 0;
		for (i = 0; i < 3; i++) {
			part = weight[i] / 700.0;
			off = 100 * ((double)load.served[i].run / (double)load.total - part);
			if (off < 0)
				off = -off;
			if (off > error[run])
				error[run] = off;
		}
		load_remove(&load);
	}
	report("weight_share_error", error, "points", false, &target,
	       "\"policy\":\"best_effort\",\"weights\":\"1:2:4\",\"slice_us\":2083,\"window\":\"max(1 s, 100 rounds)\",");
}

static void cap(void)
{
	static const double target = 2;
	double error[RUNS];
	struct load load;
	unsigned int run;

	gpu_set("timeslice_us", "10000");
	for (run = 0; run < RUNS; run++) {
		load_make(&load, 1, "64mq");
		vgpu_set(&load.vgpu[0], "cap_percent", 25);
		load_run(&load, 3000 * MS);
		error[run] = 100.0 * (double)load.total / (double)load.passed - 25;
		if (error[run] < 0)
			error[run] = -error[run];
		load_remove(&load);
	}
	gpu_set("sched_hz", "0");
	report("cap_error", error, "points", false, &target,
	       "\"policy\":\"best_effort\",\"cap_percent\":25,\"vgpus\":1,\"slice_us\":10000,\"window\":\"3 s\",");
}

/* What three neighbours had of what was handed out, and of the clock. */
static void beside(void (*neighbour)(const char *uuid), double *given,
		   double *clock)
{
	struct service before, after;
	char uuid[UUID_LENGTH + 1];
	struct load load;
	double mine = 0;
	unsigned int i;
	pid_t child;

	OK(host_create_any("256mq", uuid));
	load_make(&load, 3, "256mq");
	fflush(NULL);
	child = fork();
	if (!child)
		neighbour(uuid);
	while (host_stat(uuid, "slices") < 2)
		usleep(10000);
	service_read(uuid, &before);
	load_run(&load, 2000 * MS);
	service_read(uuid, &after);
	for (i = 0; i < 3; i++)
		mine += service_entitled(&load.served[i]);
	*given = mine / (mine + service_entitled(&after) - service_entitled(&before));
	*clock = (double)load.total / (double)load.passed;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	load_remove(&load);
	OK(host_remove(uuid));
}

static void hostile(void)
{
	static const struct {
		const char *name;
		void (*run)(const char *uuid);
	} kind[] = {
		{ "endless kernels", hostile_endless },
		{ "doorbell storm", hostile_doorbells },
		{ "fault storm", hostile_faults },
	};
	static const double target = 1;
	double good[RUNS], good_clock[RUNS], lost[RUNS], lost_clock[RUNS];
	double given, clock;
	char conditions[160];
	unsigned int run, i;

	gpu_set("scheduler", "fixed_share");
	for (run = 0; run < RUNS; run++)
		beside(hostile_not, &good[run], &good_clock[run]);
	qsort(good, RUNS, sizeof(*good), by_value);
	qsort(good_clock, RUNS, sizeof(*good_clock), by_value);
	for (i = 0; i < 3; i++) {
		for (run = 0; run < RUNS; run++) {
			beside(kind[i].run, &given, &clock);
			lost[run] = 100 * (1 - given / good[RUNS / 2]);
			lost_clock[run] = 100 * (1 - clock / good_clock[RUNS / 2]);
		}
		snprintf(conditions, sizeof(conditions),
			 "\"policy\":\"fixed_share\",\"hostile\":\"%s\",\"neighbours\":3,\"slice_us\":2083,\"window\":\"2 s\",",
			 kind[i].name);
		report("hostile_cost", lost, "percent", false, &target, conditions);
		/* The host's processors, which emulate the machine, are in this one. */
		report("hostile_cost_of_clock", lost_clock, "percent", false, NULL,
		       conditions);
	}
	gpu_set("scheduler", "best_effort");
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4 || !strcmp(argv[1], "--help")) {
		fprintf(stderr, "usage: %s RESULTS SWITCH_US [first]\n", argv[0]);
		return 2;
	}
	switch_us = argv[2];
	first = argc == 4;
	out = fopen(argv[1], "ae");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	if (host_init()) {
		fprintf(stderr, "%s\n", rt_message());
		return 1;
	}
	scheduler_defaults();
	equal(2);
	equal(4);
	equal(8);
	equal(16);
	weights();
	cap();
	hostile();
	return fclose(out) ? 1 : 0;
}
