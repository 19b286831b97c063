// SPDX-License-Identifier: GPL-2.0-only
/*
 * waits.c - what a vGPU that works now and then waits beside busy ones, how even the
 * shares of busy ones are, and what hostile ones cost
 *
 * waits WAITS: runs inside the host machine, with the module that is loaded: of this
 * tree, or of a former one, so it reads and writes only what all have. Prints a
 * figure a line, and writes each wait, in ns, to the file WAITS. All by the GPU's
 * counters and clock.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "hostile.h"
#include "load.h"
#include "switch_log.h"

#define MS		1000000UL
#define RUNS		3
#define VICTIMS		3
#define ROUNDS		200
#define PATIENCE_MS	60000

/*
 * The slice of an NVIDIA H200, and pauses of 2 to 5 ms, each this many times as long:
 * so much longer than there (152 us) a switch takes in the emulated machine.
 */
#define SCALE		4
#define SLICE_US	(2091 * SCALE)

static struct load load;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *value)
{
	qsort(value, RUNS, sizeof(*value), by_value);
	return value[RUNS / 2];
}

/* Until all are at work, and have had some turns. */
static void begin(unsigned int count, const char *type)
{
	unsigned int i;

	load_make(&load, count, type);
	load_start(&load);
	for (i = 0; i < count; i++)
		while (host_stat(load.vgpu[i].uuid, "slices") < 2 * count)
			usleep(10000);
}

static void finish(void)
{
	unsigned int i;

	for (i = 0; i < load.count; i++)
		work_stop(load.vgpu[i].device, load.stop[i]);
	for (i = 0; i < load.count; i++)
		OK(rt_ring_wait(&load.ring[i], load.ring[i].fence, PATIENCE_MS));
	load_remove(&load);
}

/* A little work each 2 to 5 ms (times SCALE) beside @busy that always have some. */
static void now_and_then(unsigned int busy, FILE *file)
{
	struct switch_log log;
	struct vgpu vgpu;
	struct rt_ring ring;
	uint64_t target, end;
	double wait[20000];
	unsigned int waits = 0, i;
	size_t k;

	gpu_set("timeslice_us", "%u", SLICE_US);
	begin(busy, "64mq");
	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	target = rt_framebuffer_alloc(vgpu.device, 65536, 4096);
	switch_log_begin(&log);
	end = clock_ns(&vgpu) + 30000 * MS;
	for (i = 0; clock_ns(&vgpu) < end; i++) {
		clock_wait(&vgpu, SCALE * (2000 + 1000 * (i * 7 % 4)) * 1000);
		OK(rt_fill(&ring, target, 65536, i));
		OK(rt_ring_finish(&ring, PATIENCE_MS));
		switch_log_read(&log);
		CHECK(!log.gap, "the log of switches was not read in time");
	}
	for (k = 0; k < log.count && waits < sizeof(wait) / sizeof(*wait); k++) {
		if (strcmp(log.entry[k].uuid, vgpu.uuid) || !log.entry[k].wait)
			continue;
		wait[waits++] = (double)log.entry[k].wait;
		fprintf(file, "%lu\n", log.entry[k].wait);
	}
	CHECK(waits > 100, "only %u waits", waits);
	qsort(wait, waits, sizeof(*wait), by_value);
	printf("wait_p50 %.9g\nwait_p99 %.9g\nwaits %u\n", wait[waits / 2] / 1e6,
	       wait[waits * 99 / 100] / 1e6, waits);
	fflush(stdout);
	switch_log_end(&log);
	vgpu_remove(&vgpu);
	finish();
	gpu_set("sched_hz", "0");
}

/*
 * Who had least by who had most, switches included, from one run of the first vGPU to
 * a later one.
 */
static double min_max(const struct switch_log *log)
{
	double run[LOAD_MAX] = { 0 }, had[LOAD_MAX] = { 0 }, least = 1e300, most = 0;
	bool begun = false;
	unsigned int i;
	size_t k;

	for (k = 0; k < log->count; k++) {
		for (i = 0; i < load.count; i++)
			if (!strcmp(log->entry[k].uuid, load.vgpu[i].uuid))
				break;
		if (begun && i < load.count)
			run[i] += (double)(log->entry[k].run + log->entry[k].cost);
		if (i)
			continue;
		begun = true;
		memcpy(had, run, sizeof(had));
	}
	for (i = 0; i < load.count; i++) {
		least = had[i] < least ? had[i] : least;
		most = had[i] > most ? had[i] : most;
	}
	return least / most;
}

static void even(unsigned int count)
{
	double ratio[RUNS];
	struct switch_log log;
	unsigned int run;
	uint64_t end;

	for (run = 0; run < RUNS; run++) {
		begin(count, "64mq");
		switch_log_begin(&log);
		end = clock_ns(&load.vgpu[0]) + 20000 * MS;
		while (log.count < ROUNDS * count && clock_ns(&load.vgpu[0]) < end) {
			clock_wait(&load.vgpu[0], 30 * MS);
			switch_log_read(&log);
			CHECK(!log.gap, "the log of switches was not read in time");
		}
		ratio[run] = min_max(&log);
		switch_log_end(&log);
		finish();
	}
	printf("min_max_%u %.9g\n", count, median(ratio));
	fflush(stdout);
}

/* What the GPU did for a vGPU, switches included. */
static double served(const char *uuid)
{
	return (double)(host_stat(uuid, "run_ns") + host_stat(uuid, "switch_ns"));
}

/* The part of all that is handed out that three vGPUs get beside @neighbour. */
static double beside(void (*neighbour)(const char *uuid))
{
	char uuid[UUID_LENGTH + 1];
	double mine = 0, its;
	unsigned int i;
	pid_t child;

	OK(host_create_any("256mq", uuid));
	fflush(NULL);
	child = fork();
	if (!child)
		neighbour(uuid);
	begin(VICTIMS, "256mq");
	while (host_stat(uuid, "slices") < 2)
		usleep(10000);
	its = -served(uuid);
	for (i = 0; i < VICTIMS; i++)
		mine -= served(load.vgpu[i].uuid);
	clock_wait(&load.vgpu[0], 4000 * MS);
	its += served(uuid);
	for (i = 0; i < VICTIMS; i++)
		mine += served(load.vgpu[i].uuid);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	finish();
	OK(host_remove(uuid));
	return mine / (mine + its);
}

static void hostile(void)
{
	static const struct {
		const char *name;
		void (*run)(const char *uuid);
	} kind[] = {
		{ "endless", hostile_endless },
		{ "doorbells", hostile_doorbells },
		{ "rings", hostile_rings },
		{ "faults", hostile_faults },
	};
	double good[RUNS], bad[RUNS];
	unsigned int i, run;

	gpu_set("scheduler", "fixed_share");
	for (run = 0; run < RUNS; run++)
		good[run] = beside(hostile_not);
	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		for (run = 0; run < RUNS; run++)
			bad[run] = beside(kind[i].run);
		printf("hostile_cost_%s %.9g\n", kind[i].name,
		       100 * (1 - median(bad) / median(good)));
		fflush(stdout);
	}
	gpu_set("scheduler", "best_effort");
}

int main(int argc, char **argv)
{
	FILE *file;

	if (argc != 2 || !strcmp(argv[1], "--help")) {
		fprintf(stderr, "usage: %s WAITS\n", argv[0]);
		return 2;
	}
	file = fopen(argv[1], "we");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	if (host_init()) {
		fprintf(stderr, "%s\n", rt_message());
		return 1;
	}
	gpu_set("scheduler", "best_effort");
	gpu_set("sched_hz", "0");
	gpu_set("preempt_timeout_us", "1000000");
	now_and_then(7, file);
	even(2);
	even(4);
	even(8);
	hostile();
	return fclose(file) ? 1 : 0;
}
