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

/* Against a neighbour that behaves well, in the same place. */
TEST(costs_nobody, ONCE | SLOW)
{
	static const struct {
		const char *name;
		void (*run)(const char *uuid);
	} hostile[] = {
		{ "endless kernels", hostile_endless },
		{ "doorbells", hostile_doorbells },
		{ "faults", hostile_faults },
	};
	struct outcome good, bad;
	unsigned int i, j;

	scheduler_defaults();
	gpu_set("scheduler", "fixed_share");
	good = beside("a good one", hostile_not);
	for (i = 0; i < 3; i++) {
		bad = beside(hostile[i].name, hostile[i].run);
		for (j = 0; j < VICTIMS; j++)
			CHECK(bad.given[j] >= 0.99 * good.given[j] - bad.slack - good.slack &&
			      bad.given[j] >= 0.99 * 0.25 - bad.slack,
			      "beside %s a neighbour had %.2f %% of the time, %.2f %% beside a good one",
			      hostile[i].name, 100 * bad.given[j],
			      100 * good.given[j]);
	}
}
