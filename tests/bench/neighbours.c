// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbours.c - what a noisy neighbour costs a vGPU: where both take turns on the GPU,
 * and where each has half of its slices
 *
 * neighbours RESULTS: runs inside the host machine and writes the "results" of
 * build/bench/spatial.json to the file RESULTS. All by the GPU's counters and clock.
 * Every value is the median of some runs, the spread their greatest difference. The
 * value is that of half of the slices, the peer that of turns, measured just before.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "admin.h"
#include "hostile.h"
#include "jobs.h"
#include "load.h"

#define MS		1000000UL
#define RUNS		3
#define WINDOW_NS	(1000 * MS)
#define JOBS		60
#define PAUSE_NS	(4 * MS)
#define PATIENCE_MS	60000

/* How the GPU is shared by two. */
enum way { TURNS, HALVES, WAYS };

static const char *const type_of[] = { "512mq", "4-512mq" };
static const double part_of[] = { 1, 0.5 };	/* of the GPU's slices, while at work */

static const struct neighbour {
	const char *name;
	void (*run)(const char *uuid);
	const char *counter;
	uint64_t enough;
} neighbours[] = {
	{ "none", NULL, NULL, 0 },
	{ "one endless job", hostile_not, "doorbells", 1 },
	{ "endless kernels on all rings", hostile_endless, "doorbells", 1 },
	{ "doorbells without work", hostile_doorbells, "doorbells", 100 },
	{ "faults", hostile_faults, "doorbells", 10 },
	{ "resets", hostile_resets, "resets", 2 },
};

#define NEIGHBOURS	(sizeof(neighbours) / sizeof(neighbours[0]))

/**
 * struct cost - what a vGPU gets beside a neighbour
 * @service: with endless work, percent of the whole GPU's work
 * @wait: with work now and then, until it begins, us
 * @wait_max: the longest of these
 */
struct cost {
	double service;
	double wait;
	double wait_max;
};

static FILE *out;
static bool first = true;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const double *value, double *spread)
{
	double sorted[RUNS];

	memcpy(sorted, value, sizeof(sorted));
	qsort(sorted, RUNS, sizeof(*sorted), by_value);
	*spread = sorted[RUNS - 1] - sorted[0];
	return sorted[RUNS / 2];
}

/* @value: of halves, and then of turns; @target: NULL: none */
static void report(const char *name, double value[WAYS][RUNS], const char *unit, bool higher,
		   const double *target, const char *neighbour)
{
	double spread, turns = median(value[TURNS], &spread);
	double halves = median(value[HALVES], &spread);
	bool met = !target || (higher ? halves >= *target : halves <= *target);

	fprintf(out, "%s{\"name\":\"%s\",\"source\":\"module\",\"value\":%.9g,\"unit\":\"%s\",\"better\":\"%s\",",
		first ? "" : ",\n", name, halves, unit, higher ? "higher" : "lower");
	if (target)
		fprintf(out, "\"target\":%.9g,\"target_met\":%s,", *target, met ? "true" : "false");
	else
		fprintf(out, "\"target\":null,\"target_met\":null,");
	fprintf(out, "\"peer\":\"time slicing of the whole GPU, best_effort\",\"peer_value\":%.9g,\"n\":%d,\"spread\":%.9g,",
		turns, RUNS, spread);
	fprintf(out, "\"conditions\":{\"types\":\"2 of %s; peer: 2 of %s\",\"neighbour\":\"%s\",\"clock\":\"of the GPU, real time\"}}",
		type_of[HALVES], type_of[TURNS], neighbour);
	first = false;
	printf("%-14s %10.5g %-8s time slicing %10.5g %s beside %s\n", name, halves, unit,
	       turns, met ? "" : " MISSED", neighbour);
	fflush(stdout);
}

static pid_t neighbour_begin(const struct neighbour *neighbour, const char *uuid)
{
	pid_t child;

	if (!neighbour->run)
		return 0;
	fflush(NULL);
	child = fork();
	if (!child)
		neighbour->run(uuid);
	while (host_stat(uuid, neighbour->counter) < neighbour->enough)
		usleep(5000);
	return child;
}

static void neighbour_end(pid_t child)
{
	if (!child)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static double service(const struct neighbour *neighbour, enum way way, const char *uuid)
{
	struct look from, to;
	struct load load;
	pid_t child;

	load_make(&load, 1, type_of[way]);
	child = neighbour_begin(neighbour, uuid);
	load_start(&load);
	clock_wait(&load.vgpu[0], 50 * MS);
	from = service_look(&load.vgpu[0]);
	clock_wait(&load.vgpu[0], WINDOW_NS);
	to = service_look(&load.vgpu[0]);
	load_stop(&load);
	neighbour_end(child);
	load_remove(&load);
	return 100 * part_of[way] * (double)(to.held - from.held) /
		(double)(to.clock - from.clock);
}

static void waits(const struct neighbour *neighbour, enum way way, const char *uuid,
		  struct cost *cost)
{
	struct vgpu vgpu;
	struct jobs jobs;
	uint64_t before;
	double wait;
	pid_t child;
	int i;

	vgpu_make(&vgpu, type_of[way]);
	child = neighbour_begin(neighbour, uuid);
	jobs_create(&jobs, vgpu.device, 1000, 1);
	for (i = 0; i < JOBS; i++) {
		before = host_stat(vgpu.uuid, "wait_ns");
		jobs_submit(&jobs);
		OK(rt_ring_wait(&jobs.ring, jobs.submitted, PATIENCE_MS));
		wait = (double)(host_stat(vgpu.uuid, "wait_ns") - before) / 1000;
		cost->wait += wait / JOBS;
		if (wait > cost->wait_max)
			cost->wait_max = wait;
		clock_wait(&vgpu, PAUSE_NS);
	}
	jobs_finish(&jobs);
	neighbour_end(child);
	vgpu_remove(&vgpu);
}

static struct cost measure(const struct neighbour *neighbour, enum way way)
{
	char uuid[UUID_LENGTH + 1];
	struct cost cost = { 0 };

	OK(host_create_any(type_of[way], uuid));
	cost.service = service(neighbour, way, uuid);
	waits(neighbour, way, uuid, &cost);
	OK(host_remove(uuid));
	return cost;
}

int main(int argc, char **argv)
{
	static double given[NEIGHBOURS][WAYS][RUNS], wait[NEIGHBOURS][WAYS][RUNS];
	static double wait_max[NEIGHBOURS][WAYS][RUNS], lost[WAYS][RUNS];
	static const double nothing = 1;
	struct cost cost;
	unsigned int n, run;
	double spread;
	enum way way;

	if (argc != 2 || !strcmp(argv[1], "--help")) {
		fprintf(stderr, "usage: %s RESULTS\n", argv[0]);
		return 2;
	}
	out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	if (host_init()) {
		fprintf(stderr, "%s\n", rt_message());
		return 1;
	}
	scheduler_defaults();
	for (run = 0; run < RUNS; run++)
		for (n = 0; n < NEIGHBOURS; n++)
			for (way = TURNS; way < WAYS; way++) {
				cost = measure(&neighbours[n], way);
				given[n][way][run] = cost.service;
				wait[n][way][run] = cost.wait;
				wait_max[n][way][run] = cost.wait_max;
			}
	for (n = 0; n < NEIGHBOURS; n++) {
		report("service", given[n], "percent", true, NULL, neighbours[n].name);
		report("wait_mean", wait[n], "us", false, NULL, neighbours[n].name);
		report("wait_max", wait_max[n], "us", false, NULL, neighbours[n].name);
		if (!n)
			continue;
		for (way = TURNS; way < WAYS; way++)
			for (run = 0; run < RUNS; run++)
				lost[way][run] = 100 - 100 * given[n][way][run] /
					median(given[0][way], &spread);
		report("service_lost", lost, "percent", false, &nothing, neighbours[n].name);
	}
	return fclose(out) ? 1 : 0;
}
