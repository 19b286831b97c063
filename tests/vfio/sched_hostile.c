// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_hostile.c - what a hostile vGPU costs its neighbours under fixed_share
 *
 * Three neighbours at work, each owner of a quarter of the GPU; the fourth
 * quarter belongs to a vGPU that behaves well, then to one that does not. The
 * neighbours' part of the time that is handed out must stay the same.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "hostile.h"
#include "load.h"

#define MS		1000000UL
#define VICTIMS		3
#define WINDOW_NS	(4000 * MS)

/**
 * struct outcome - what the neighbours had
 * @given: each, in millionths of what was handed out to all four
 * @clock: all of them, in millionths of the time that passed
 * @slack: how much @given may be off: the scheduler's bound
 */
struct outcome {
	double given[VICTIMS];
	double clock;
	double slack;
};

static struct outcome beside(const char *name, void (*neighbour)(const char *uuid))
{
	char uuid[UUID_LENGTH + 1];
	struct service before, after;
	double total, own;
	struct outcome outcome;
	struct load load;
	unsigned int i;
	uint64_t end;
	pid_t child;

	OK(host_create_any("256mq", uuid));
	load_make(&load, VICTIMS, "256mq");
	child = fork();
	if (!child)
		neighbour(uuid);
	end = rt_now_ns() + 20 * second();
	while (host_stat(uuid, "slices") < 2) {
		CHECK(rt_now_ns() < end, "the neighbour does not come to work");
		usleep(10000);
	}
	service_read(uuid, &before);
	load_run(&load, WINDOW_NS);
	service_read(uuid, &after);

	/* What was overrun is paid back later: it is not what was meant. */
	own = service_entitled(&after) - service_entitled(&before);
	total = own;
	for (i = 0; i < VICTIMS; i++)
		total += service_entitled(&load.served[i]);
	for (i = 0; i < VICTIMS; i++)
		outcome.given[i] = service_entitled(&load.served[i]) / total;
	outcome.clock = (double)load.total / (double)load.passed;
	outcome.slack = (double)load_error_bound(&load, slice_ns(), 0.25) / total;
	printf("# beside %-15s: %.2f %% %.2f %% %.2f %% of what was handed out, bound %.2f points; together %.2f %% of the clock; the neighbour %.2f %%, %lu runs\n",
	       name, 100 * outcome.given[0], 100 * outcome.given[1],
	       100 * outcome.given[2], 100 * outcome.slack, 100 * outcome.clock,
	       100 * own / total, host_stat(uuid, "slices"));
	fflush(stdout);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	load_remove(&load);
	OK(host_remove(uuid));
	return outcome;
}

/* Interrupts of the GPU's event ring so far, on all processors. */
static uint64_t event_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char name[64], line[4096], *at, *end;
	uint64_t sum = 0, number;

	CHECK(file, "/proc/interrupts can't be read");
	snprintf(name, sizeof(name), "openvgpu-%s-event", host_gpu());
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, name))
			continue;
		at = strchr(line, ':') + 1;
		while (number = strtoull(at, &end, 10), end != at && *end == ' ') {
			sum += number;
			at = end;
		}
	}
	fclose(file);
	return sum;
}

/*
 * A guest has work and has it no more, thousands of times a second. The host hears
 * of that once a run: it has its processors for others.
 */
TEST(events_are_the_hosts, ONCE)
{
	char uuid[UUID_LENGTH + 1];
	uint64_t events, runs, end;
	struct load load;
	pid_t child;

	scheduler_defaults();
	OK(host_create_any("256mq", uuid));
	load_make(&load, 1, "256mq");
	child = fork();
	if (!child)
		hostile_rings(uuid);
	/* Alone it runs on and on: no run of it ends. */
	end = rt_now_ns() + 20 * second();
	while (host_stat(uuid, "doorbells") < 100) {
		CHECK(rt_now_ns() < end, "the neighbour does not come to work");
		usleep(10000);
	}
	events = event_interrupts();
	runs = host_stat(uuid, "slices") + host_stat(load.vgpu[0].uuid, "slices");
	load_run(&load, 1000 * MS);
	events = event_interrupts() - events;
	runs = host_stat(uuid, "slices") + host_stat(load.vgpu[0].uuid, "slices") - runs;
	printf("# beside a storm of rings: %lu doorbells, %lu interrupts of the event ring, %lu runs\n",
	       host_stat(uuid, "doorbells"), events, runs);
	CHECK(events <= 2 * runs + 20, "%lu events in %lu runs", events, runs);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	load_remove(&load);
	OK(host_remove(uuid));
}

/* Against a neighbour that behaves well, in the same place. */
TEST(costs_nobody, ONCE | SLOW)
{
	static const struct {
		const char *name;
		void (*run)(const char *uuid);
	} hostile[] = {
		{ "endless kernels", hostile_endless },
		{ "doorbells", hostile_doorbells },
		{ "rings", hostile_rings },
		{ "faults", hostile_faults },
	};
	struct outcome good, bad;
	unsigned int i, j;

	scheduler_defaults();
	gpu_set("scheduler", "fixed_share");
	good = beside("a good one", hostile_not);
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		bad = beside(hostile[i].name, hostile[i].run);
		for (j = 0; j < VICTIMS; j++)
			CHECK(bad.given[j] >= 0.99 * good.given[j] - bad.slack - good.slack &&
			      bad.given[j] >= 0.99 * 0.25 - bad.slack,
			      "beside %s a neighbour had %.2f %% of the time, %.2f %% beside a good one",
			      hostile[i].name, 100 * bad.given[j],
			      100 * good.given[j]);
	}
}
