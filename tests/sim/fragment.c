// SPDX-License-Identifier: GPL-2.0-only
/*
 * fragment.c - fragment-sim: how often a GPU instance is refused although enough
 * compute slices and memory are free
 *
 * Instances of random profiles come and go on a GPU of 7 compute and 8 memory
 * slices. The module's own placement is compared with a GPU whose profiles have a
 * few fixed places, as hardware without it has them.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place/layout.h"

#define COMPUTE		7
#define MEMORY		8
#define LIVE_MAX	8

static const char usage[] =
"usage: fragment-sim [--requests N] [--load N] [--seed N]\n"
"Count instances that are refused although enough is free, in JSON.\n"
"\n"
"  --requests N   how many instances are asked for (default 200000)\n"
"  --load N       how many would exist if none were refused (default 5)\n"
"  --seed N       of everything random (default 1)\n"
"  --help         print this\n";

/* What is asked for, and where fixed places begin: memory slices. */
static const struct profile {
	unsigned int compute, memory;
	unsigned int places, place[COMPUTE];
} profiles[] = {
	{ 1, 1, 7, { 0, 1, 2, 3, 4, 5, 6 } },
	{ 2, 2, 3, { 0, 2, 4 } },
	{ 3, 4, 2, { 0, 4 } },
	{ 4, 4, 1, { 0 } },
	{ 7, 8, 1, { 0 } },
};

#define PROFILES	(sizeof(profiles) / sizeof(profiles[0]))

struct live {
	const struct profile *profile;
	unsigned int leaves;	/* when this request is made */
	unsigned int place;	/* first memory slice, or partition in the layout */
};

/* A GPU under one strategy, and what became of the requests. */
struct gpu {
	struct live live[LIVE_MAX];
	unsigned int count;
	struct layout layout;
	unsigned int refused, in_vain;
};

struct strategy {
	const char *name;
	bool (*place)(struct gpu *gpu, struct live *live, bool closed);
	unsigned int closed_percent;
};

static uint64_t random_state;

static uint64_t next_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int memory_mask(unsigned int first, unsigned int slices)
{
	return ((1u << slices) - 1) << first;
}

static unsigned int taken_mask(const struct gpu *gpu)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < gpu->count; i++)
		mask |= memory_mask(gpu->live[i].place, gpu->live[i].profile->memory);
	return mask;
}

/* How many places all profiles have if @taken is taken. */
static unsigned int choices(unsigned int taken)
{
	unsigned int n = 0;

	for (const struct profile *p = profiles; p < profiles + PROFILES; p++) {
		for (unsigned int i = 0; i < p->places; i++)
			n += !(taken & memory_mask(p->place[i], p->memory));
	}
	return n;
}

static bool fixed_place(struct gpu *gpu, struct live *live, bool best)
{
	const struct profile *profile = live->profile;
	unsigned int taken = taken_mask(gpu), most = 0;
	bool found = false;

	for (unsigned int i = 0; i < profile->places; i++) {
		unsigned int mask = memory_mask(profile->place[i], profile->memory);
		unsigned int left = choices(taken | mask);

		if (taken & mask || (found && left <= most))
			continue;
		live->place = profile->place[i];
		most = left;
		found = true;
		if (!best)
			break;
	}
	return found;
}

static bool fixed_first(struct gpu *gpu, struct live *live, bool closed)
{
	(void)closed;
	return fixed_place(gpu, live, false);
}

static bool fixed_best(struct gpu *gpu, struct live *live, bool closed)
{
	(void)closed;
	return fixed_place(gpu, live, true);
}

static bool by_layout(struct gpu *gpu, struct live *live, bool closed)
{
	struct layout_profile profile = {
		.compute = live->profile->compute,
		.memory = live->profile->memory,
	};
	struct layout_change change;

	if (layout_add(&gpu->layout, profile,
		       layout_profile_level(&gpu->layout, profile), &change) != LAYOUT_OK)
		return false;
	layout_set_closed(&gpu->layout, change.vgpu, closed);
	live->place = change.vgpu;
	return true;
}

static bool enough_free(const struct gpu *gpu, const struct profile *profile)
{
	unsigned int compute = profile->compute, memory = profile->memory;

	for (unsigned int i = 0; i < gpu->count; i++) {
		compute += gpu->live[i].profile->compute;
		memory += gpu->live[i].profile->memory;
	}
	return compute <= COMPUTE && memory <= MEMORY;
}

static void let_go(struct gpu *gpu, const struct strategy *strategy, unsigned int now)
{
	struct layout_change change;

	for (unsigned int i = gpu->count; i-- > 0; ) {
		if (gpu->live[i].leaves > now)
			continue;
		if (strategy->place == by_layout)
			layout_remove(&gpu->layout, gpu->live[i].place, &change);
		gpu->live[i] = gpu->live[--gpu->count];
	}
}

static void simulate(struct gpu *gpu, const struct strategy *strategy,
		     unsigned int requests, unsigned int load)
{
	memset(gpu, 0, sizeof(*gpu));
	layout_init(&gpu->layout, 1 << 20, 3, false, LIVE_MAX, COMPUTE, MEMORY);
	for (unsigned int now = 0; now < requests; now++) {
		struct live live = { .profile = &profiles[next_random() % PROFILES] };
		bool closed = next_random() % 100 < strategy->closed_percent;

		/* It stays for @load requests in the mean. */
		live.leaves = now + 1;
		while (next_random() % ((uint64_t)load + 1))
			live.leaves++;
		let_go(gpu, strategy, now);
		if (strategy->place(gpu, &live, closed)) {
			gpu->live[gpu->count++] = live;
			continue;
		}
		gpu->refused++;
		gpu->in_vain += enough_free(gpu, live.profile);
	}
}

static unsigned int number(const char *text, unsigned int min, unsigned int max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min || value > max) {
		fprintf(stderr, "fragment-sim: bad value '%s'; see --help\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct strategy strategies[] = {
		{ "fixed places, the first", fixed_first, 0 },
		{ "fixed places, the best", fixed_best, 0 },
		{ "openvgpu, nothing closed", by_layout, 0 },
		{ "openvgpu, 30 % closed", by_layout, 30 },
		{ "openvgpu, all closed", by_layout, 100 },
	};
	const size_t count = sizeof(strategies) / sizeof(strategies[0]);
	unsigned int requests = 200000, load = 5, seed = 1;
	struct gpu gpu;

	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "--requests")) {
			requests = number(value, 1, 100000000);
		} else if (!strcmp(argv[i], "--load")) {
			load = number(value, 1, 1000);
		} else if (!strcmp(argv[i], "--seed")) {
			seed = number(value, 0, ~0u);
		} else {
			fputs(usage, strcmp(argv[i], "--help") ? stderr : stdout);
			return strcmp(argv[i], "--help") ? 2 : 0;
		}
	}
	printf("{\"compute_slices\":%u,\"memory_slices\":%u,\"requests\":%u,\"load\":%u,\"seed\":%u,\n \"strategies\":[",
	       COMPUTE, MEMORY, requests, load, seed);
	for (size_t i = 0; i < count; i++) {
		random_state = seed;
		simulate(&gpu, &strategies[i], requests, load);
		printf("%s\n  {\"name\":\"%s\",\"refused_percent\":%.2f,\"refused_though_free_percent\":%.2f}",
		       i ? "," : "", strategies[i].name, 100.0 * gpu.refused / requests,
		       100.0 * gpu.in_vain / requests);
	}
	printf("\n ]}\n");
	return 0;
}
