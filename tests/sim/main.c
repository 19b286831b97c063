// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - sched-sim: try a policy on a simulated GPU
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MAX_EVENTS	64

struct event {
	uint64_t at;
	char what[16];
	int who;
	const char *value;
};

static const char usage[] =
"usage: sched-sim [options]\n"
"Run one of the scheduling policies of openvgpu.ko on a simulated GPU.\n"
"\n"
"  --policy NAME       best_effort (default), equal_share, fixed_share;\n"
"                      gvt-g-like and gvt-g-stale to compare with\n"
"  --n N               vGPUs, 1 to 64 (default 4)\n"
"  --weights LIST      comma-separated, 1 to 10000; the last one repeats\n"
"  --caps LIST         percent, 1 to 100\n"
"  --instances LIST    max_instance of each one's type (fixed_share)\n"
"  --loads LIST        busy (default), desktop (4 ms each 16 ms), bursts,\n"
"                      storm (10 us jobs), hang (never stops), idle,\n"
"                      interactive (20 us each 2-5 ms), small (0.5 ms jobs)\n"
"  --job-us MIN-MAX    length of the jobs of busy (default 10-50000)\n"
"  --slice-us US       100 to 1000000 (default 2083 below 8 vGPUs, else 1041)\n"
"  --slice-max-us US   longest slice (default 20000)\n"
"  --cuts PERMILLE     of the time, for cutting runs at wake-ups (default 60)\n"
"  --no-linger         runs end as soon as they have no work\n"
"  --switch-us US      cost of a switch (default 152)\n"
"  --overrun-us US     a run lasts up to this longer (default 1)\n"
"  --preempt-us US     and one that is cut up to this (default 50)\n"
"  --timeout-us US     preempt time-out (default 100000)\n"
"  --seconds S         how long (default 10)\n"
"  --seed N            of everything random (default 1)\n"
"  --at MS:WHAT=VALUE  change something, in order of time: policy=NAME,\n"
"                      slice=US, or of one vGPU: weight.I=, cap.I=, load.I=,\n"
"                      open.I=0|1, freeze.I=0|1\n"
"  --trace FILE        write every run and switch as CSV\n"
"  --json              print JSON\n"
"  --help              print this\n";

static void bad(const char *option, const char *value)
{
	fprintf(stderr, "sched-sim: %s: bad value '%s'; see --help\n", option,
		value);
	exit(2);
}

static uint64_t number(const char *option, const char *text, uint64_t min,
		       uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		bad(option, text);
	return value;
}

/* Item @i of a comma-separated list, the last one if it is shorter. */
static const char *item(const char *list, unsigned int i)
{
	static char text[64];
	size_t length;

	for (; i && strchr(list, ','); i--)
		list = strchr(list, ',') + 1;
	length = strcspn(list, ",");
	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	memcpy(text, list, length);
	text[length] = 0;
	return text;
}

static struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };

static struct sim_load load_of(const char *name)
{
	if (!strcmp(name, "busy"))
		return busy;
	if (!strcmp(name, "desktop"))
		return (struct sim_load) { 3 * SIM_MS, 5 * SIM_MS,
					   11 * SIM_MS, 13 * SIM_MS, false, false };
	if (!strcmp(name, "bursts"))
		return (struct sim_load) { 10 * SIM_US, 5 * SIM_MS,
					   10 * SIM_US, 20 * SIM_MS, false, false };
	if (!strcmp(name, "storm"))
		return (struct sim_load) { 10 * SIM_US, 10 * SIM_US,
					   1 * SIM_US, 2 * SIM_US, false, false };
	if (!strcmp(name, "interactive"))
		return (struct sim_load) { 20 * SIM_US, 20 * SIM_US,
					   2 * SIM_MS, 5 * SIM_MS, false, false };
	if (!strcmp(name, "small"))
		return (struct sim_load) { 500 * SIM_US, 500 * SIM_US,
					   5 * SIM_US, 20 * SIM_US, false, false };
	if (!strcmp(name, "hang"))
		return (struct sim_load) { 100 * SIM_S, 100 * SIM_S,
					   1 * SIM_MS, 2 * SIM_MS, true, false };
	if (!strcmp(name, "idle"))
		return (struct sim_load) { .absent = true };
	bad("load", name);
	return busy;
}

static void parse_event(const char *text, struct event *event)
{
	const char *colon = strchr(text, ':'), *equal = strchr(text, '=');
	char at[24], *dot;
	size_t length;

	if (!colon || !equal || equal < colon ||
	    (size_t)(colon - text) >= sizeof(at))
		bad("--at", text);
	length = (size_t)(equal - colon - 1);
	if (length >= sizeof(event->what))
		bad("--at", text);
	memcpy(at, text, (size_t)(colon - text));
	at[colon - text] = 0;
	event->at = number("--at", at, 0, 1000000000) * SIM_MS;
	memcpy(event->what, colon + 1, length);
	event->what[length] = 0;
	event->value = equal + 1;
	event->who = -1;
	dot = strchr(event->what, '.');
	if (dot) {
		*dot = 0;
		event->who = (int)number("--at", dot + 1, 0, SIM_MAX_VGPUS - 1);
	}
}

static void apply(struct sim *sim, const struct event *event)
{
	const struct sched_policy *policy;
	struct sched_client *client;
	struct sim_load load;

	if (event->who < 0) {
		if (!strcmp(event->what, "policy")) {
			policy = sim_policy(event->value);
			if (!policy)
				bad("--at policy", event->value);
			sim_set_policy(sim, policy);
		} else if (!strcmp(event->what, "slice")) {
			sim->queue.timeslice_ns = SIM_US *
				number("--at slice", event->value, 100, 1000000);
		} else {
			bad("--at", event->what);
		}
		return;
	}
	if (event->who >= (int)sim->count)
		bad("--at: no such vGPU", event->what);
	client = &sim->vgpu[event->who].client;
	if (!strcmp(event->what, "weight")) {
		sim_update(sim, event->who, (uint32_t)
			   number("--at weight", event->value, 1, 10000),
			   client->cap_percent, client->timeslice_ns);
	} else if (!strcmp(event->what, "cap")) {
		sim_update(sim, event->who, client->weight, (uint32_t)
			   number("--at cap", event->value, 1, 100),
			   client->timeslice_ns);
	} else if (!strcmp(event->what, "load")) {
		load = load_of(event->value);
		sim_set_load(sim, event->who, &load);
	} else if (!strcmp(event->what, "freeze")) {
		sim_freeze(sim, event->who, number("--at freeze", event->value, 0, 1));
	} else if (!strcmp(event->what, "open")) {
		if (!number("--at open", event->value, 0, 1))
			sim_close(sim, event->who);
		else if (!sim_open(sim, event->who))
			bad("--at open: still running", event->value);
	} else {
		bad("--at", event->what);
	}
}

static void print(struct sim *sim, bool json)
{
	double share[SIM_MAX_VGPUS], total = 0;
	unsigned int i;

	for (i = 0; i < sim->count; i++) {
		share[i] = (double)sim->vgpu[i].served_ns /
			   ((double)sim->vgpu[i].client.weight);
		total += (double)sim->vgpu[i].served_ns;
	}
	if (json)
		printf("{\"scheduler\":\"%s\",\"policy\":\"%s\",\"seed\":%llu,\"time_ns\":%llu,"
		       "\"run_ns\":%llu,\"switch_ns\":%llu,\"linger_ns\":%llu,\"idle_ns\":%llu,"
		       "\"switches\":%llu,\"decisions\":%llu,\"jain\":%.6f,\"min_max\":%.6f,\"vgpus\":[",
		       sim->scheduler->name, sim->config.policy->name,
		       (unsigned long long)sim->config.seed,
		       (unsigned long long)sim->now,
		       (unsigned long long)sim->busy_ns,
		       (unsigned long long)sim->switch_ns,
		       (unsigned long long)sim->stayed_ns,
		       (unsigned long long)sim->idle_ns,
		       (unsigned long long)sim->switches,
		       (unsigned long long)sim->decisions,
		       sim_jain(share, sim->count), sim_min_max(share, sim->count));
	else
		printf("vgpu weight  cap   share  of time  wait p99 us  longest us  switches resets   lag us\n");
	for (i = 0; i < sim->count; i++) {
		struct sim_vgpu *vgpu = &sim->vgpu[i];
		double of_all = total > 0 ? (double)vgpu->served_ns / total : 0;
		double of_time = (double)vgpu->served_ns / (double)sim->now;
		double p99 = (double)sim_wait_quantile(sim, (int)i, 0.99);

		if (json)
			printf("%s{\"weight\":%u,\"cap_percent\":%u,\"run_ns\":%llu,\"share\":%.6f,"
			       "\"of_time\":%.6f,\"wait_p99_ns\":%.0f,\"wait_max_ns\":%llu,"
			       "\"switches\":%llu,\"resets\":%llu,\"lag_ns\":%lld}",
			       i ? "," : "", vgpu->client.weight,
			       vgpu->client.cap_percent,
			       (unsigned long long)vgpu->served_ns, of_all,
			       of_time, p99, (unsigned long long)vgpu->wait_max,
			       (unsigned long long)vgpu->switches,
			       (unsigned long long)vgpu->resets,
			       (long long)sched_lag(&sim->queue, &vgpu->client, sim->now));
		else
			printf("%4u %6u %3u%% %6.2f%%  %6.2f%%  %11.0f %11.0f %9llu %6llu %8.0f\n",
			       i, vgpu->client.weight, vgpu->client.cap_percent,
			       100 * of_all, 100 * of_time, p99 / 1e3,
			       (double)vgpu->wait_max / 1e3,
			       (unsigned long long)vgpu->switches,
			       (unsigned long long)vgpu->resets,
			       (double)sched_lag(&sim->queue, &vgpu->client, sim->now) / 1e3);
	}
	if (json)
		printf("]}\n");
	else
		printf("%.1f%% running, %.1f%% switching, %.1f%% lingering, %.1f%% idle; by weight: Jain %.6f, min/max %.4f\n",
		       100.0 * (double)sim->busy_ns / (double)sim->now,
		       100.0 * (double)sim->switch_ns / (double)sim->now,
		       100.0 * (double)sim->stayed_ns / (double)sim->now,
		       100.0 * (double)sim->idle_ns / (double)sim->now,
		       sim_jain(share, sim->count), sim_min_max(share, sim->count));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "policy", 1, NULL, 'p' },	{ "n", 1, NULL, 'n' },
		{ "weights", 1, NULL, 'w' },	{ "caps", 1, NULL, 'c' },
		{ "instances", 1, NULL, 'i' },	{ "loads", 1, NULL, 'l' },
		{ "job-us", 1, NULL, 'J' },	{ "slice-us", 1, NULL, 's' },
		{ "slice-max-us", 1, NULL, 'M' }, { "cuts", 1, NULL, 'C' },
		{ "no-linger", 0, NULL, 'N' },	{ "switch-us", 1, NULL, 'S' },
		{ "overrun-us", 1, NULL, 'o' },	{ "timeout-us", 1, NULL, 'O' },
		{ "preempt-us", 1, NULL, 'P' },
		{ "seconds", 1, NULL, 't' },	{ "seed", 1, NULL, 'r' },
		{ "at", 1, NULL, 'A' },		{ "trace", 1, NULL, 'T' },
		{ "json", 0, NULL, 'j' },	{ "help", 0, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct sim_config config = {
		.policy = &sched_best_effort, .cuts_permille = 60, .lingers = true,
		.switch_ns = 152 * SIM_US, .overrun_ns = SIM_US, .preempt_ns = 50 * SIM_US,
		.preempt_timeout_ns = 100 * SIM_MS, .reset_ns = SIM_MS, .seed = 1,
	};
	const struct sim_scheduler *scheduler = &sim_module;
	const char *weights = "100", *caps = "100", *loads = "busy", *name = NULL;
	const char *instances = NULL;
	struct event event[MAX_EVENTS];
	unsigned int n = 4, events = 0, i;
	uint64_t end = 10 * SIM_S;
	static struct sim sim;
	bool json = false;
	char *dash;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'p':
			if (!strcmp(optarg, "gvt-g-like"))
				scheduler = &sim_balance;
			else if (!strcmp(optarg, "gvt-g-stale"))
				scheduler = &sim_balance_stale;
			else if (sim_policy(optarg))
				config.policy = sim_policy(optarg);
			else
				bad("--policy", optarg);
			break;
		case 'n':
			n = (unsigned int)number("--n", optarg, 1, SIM_MAX_VGPUS);
			break;
		case 'w':
			weights = optarg;
			break;
		case 'c':
			caps = optarg;
			break;
		case 'i':
			instances = optarg;
			break;
		case 'l':
			loads = optarg;
			break;
		case 'J':
			dash = strchr(optarg, '-');
			if (!dash)
				bad("--job-us", optarg);
			*dash = 0;
			busy.job_min = SIM_US * number("--job-us", optarg, 1, 1000000000);
			busy.job_max = SIM_US * number("--job-us", dash + 1, 1, 1000000000);
			break;
		case 's':
			config.timeslice_ns = SIM_US * number("--slice-us", optarg, 100, 1000000);
			break;
		case 'M':
			config.timeslice_max_ns = SIM_US *
				number("--slice-max-us", optarg, 100, 1000000);
			break;
		case 'C':
			config.cuts_permille = (uint32_t)number("--cuts", optarg, 0, 1000);
			break;
		case 'N':
			config.lingers = false;
			break;
		case 'S':
			config.switch_ns = SIM_US * number("--switch-us", optarg, 0, 1000000);
			break;
		case 'o':
			config.overrun_ns = SIM_US * number("--overrun-us", optarg, 0, 1000000);
			break;
		case 'P':
			config.preempt_ns = SIM_US * number("--preempt-us", optarg, 0, 1000000);
			break;
		case 'O':
			config.preempt_timeout_ns = SIM_US *
				number("--timeout-us", optarg, 1, 10000000);
			break;
		case 't':
			end = SIM_S * number("--seconds", optarg, 1, 100000);
			break;
		case 'r':
			config.seed = number("--seed", optarg, 0, UINT64_MAX);
			break;
		case 'A':
			if (events == MAX_EVENTS)
				bad("--at: too many", optarg);
			parse_event(optarg, &event[events++]);
			break;
		case 'T':
			name = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind != argc)
		bad("argument", argv[optind]);
	if (!config.timeslice_ns)
		config.timeslice_ns = SIM_S / (n < 8 ? 480 : 960);
	if (events && scheduler != &sim_module)
		bad("--at: not with", scheduler->name);
	if (name) {
		config.trace = fopen(name, "we");
		if (!config.trace) {
			fprintf(stderr, "sched-sim: %s: %s\n", name, strerror(errno));
			return 1;
		}
	}
	sim_init(&sim, &config, scheduler);
	for (i = 0; i < n; i++) {
		struct sim_load load = load_of(item(loads, i));
		struct sim_load none = { .absent = true };
		uint32_t weight = (uint32_t)number("--weights", item(weights, i), 1, 10000);
		uint32_t cap = (uint32_t)number("--caps", item(caps, i), 1, 100);
		int who = sim_add(&sim, &none);

		sim_close(&sim, who);
		sim.vgpu[who].client.max_instance = instances ?
			(uint32_t)number("--instances", item(instances, i), 1, 1024) : n;
		sim.vgpu[who].client.weight = weight;
		sim.vgpu[who].client.cap_percent = cap;
		sim.vgpu[who].load = load;
		sim_open(&sim, who);
	}
	for (i = 0; i < events; i++) {
		if (event[i].at < sim.now)
			bad("--at: not in order of time", event[i].what);
		sim_run_until(&sim, event[i].at < end ? event[i].at : end);
		apply(&sim, &event[i]);
	}
	sim_run_until(&sim, end);
	print(&sim, json);
	sim_fini(&sim);
	if (config.trace && fclose(config.trace)) {
		fprintf(stderr, "sched-sim: %s: %s\n", name, strerror(errno));
		return 1;
	}
	return 0;
}
