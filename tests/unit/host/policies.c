// SPDX-License-Identifier: GPL-2.0-only
/*
 * policies.c - what the tests of the scheduling policies share
 */
#include <inttypes.h>
#include <stdlib.h>

#include "policies.h"

uint64_t seed;
struct sim sim;

const struct sim_load busy = { .job_min = 10 * SIM_US, .job_max = 50 * SIM_MS };
const struct sim_load bursts = {
	10 * SIM_US, 5 * SIM_MS, 10 * SIM_US, 20 * SIM_MS, false, false
};
const struct sim_load storm = {
	10 * SIM_US, 10 * SIM_US, 1 * SIM_US, 2 * SIM_US, false, false
};
const struct sim_load interactive = {
	20 * SIM_US, 20 * SIM_US, 2 * SIM_MS, 5 * SIM_MS, false, false
};
const struct sim_load absent = { .absent = true };
const struct sim_load hang = {
	100 * SIM_S, 100 * SIM_S, 1 * SIM_MS, 2 * SIM_MS, true, false
};

/**
 * policies_seed() - the same scenarios each time, or those of OPENVGPU_SEED
 * @name: of the program
 */
void policies_seed(const char *name)
{
	const char *given = getenv("OPENVGPU_SEED");

	seed = given ? strtoull(given, NULL, 0) : 0x6f70656e76677075ULL;
	printf("%s: OPENVGPU_SEED=0x%" PRIx64 " repeats this\n", name, seed);
	fflush(stdout);
}

/** between() - a random number from @min to @max */
uint64_t between(struct unit_random *random, uint64_t min, uint64_t max)
{
	return sim_between(&random->state, min, max);
}

/** random_gpu() - the GPU of scenario @number, and the start of what is random there */
struct sim_config random_gpu(struct unit_random *random, unsigned int number)
{
	random->state = seed + number * 0x9e3779b97f4a7c15ULL;
	return (struct sim_config) {
		.policy = &sched_best_effort,
		.timeslice_ns = between(random, 300 * SIM_US, 4 * SIM_MS),
		.timeslice_max_ns = between(random, 300 * SIM_US, 20 * SIM_MS),
		.cuts_permille = (uint32_t)(between(random, 0, 2) ? between(random, 0, 100) : 0),
		.lingers = between(random, 0, 1),
		.switch_ns = between(random, 0, 3) ? between(random, 0, 700 * SIM_US) : 0,
		.overrun_ns = between(random, 0, 250 * SIM_US),
		.preempt_timeout_ns = SIM_MS,
		.reset_ns = 200 * SIM_US,
		.seed = unit_random(random),
	};
}

/** h200() - a GPU with the times of an NVIDIA H200, and the default settings */
struct sim_config h200(const struct sched_policy *policy)
{
	return (struct sim_config) {
		.policy = policy,
		.timeslice_ns = 2091 * SIM_US,
		.cuts_permille = OPENVGPU_WAKE_BUDGET_PERMILLE_DEFAULT,
		.lingers = true,
		.switch_ns = 152 * SIM_US,
		.overrun_ns = SIM_US,
		.preempt_ns = 50 * SIM_US,
		.preempt_timeout_ns = 100 * SIM_MS,
		.reset_ns = SIM_MS,
		.seed = seed,
	};
}

/** longest_request() - that a scenario can bring about: Q + s of the bounds */
uint64_t longest_request(const struct sim_config *config)
{
	uint64_t slice = config->timeslice_ns;

	if (config->timeslice_max_ns > slice)
		slice = config->timeslice_max_ns;
	return slice + config->switch_ns;
}

/**
 * check_times() - times add up, and what was charged is what was held and what
 * switches took: bound 7
 * @number: of the scenario
 */
void check_times(unsigned int number)
{
	uint64_t sum = sim.busy_ns + sim.switch_ns + sim.stayed_ns + sim.idle_ns;
	uint64_t held = sim.busy_ns + sim.switch_ns + sim.stayed_ns, charged = 0, prepaid = 0;
	unsigned int i;

	if (sim.gpu != SIM_FREE)
		sum += sim.now - sim.began;
	unit_assert(sum == sim.now, "scenario %u: %" PRIu64 " ns passed, %" PRIu64 " are accounted for",
		    number, sim.now, sum);
	/* A switch that has ended is charged with the run. */
	if (sim.gpu == SIM_RUNNING)
		held -= sim.switched_ns;
	for (i = 0; i < sim.count; i++) {
		struct sched_client *client = &sim.vgpu[i].client;

		unit_assert(client->run_ns == sim.vgpu[i].served_ns + sim.vgpu[i].stayed_ns,
			    "scenario %u: vGPU %u held the GPU for %" PRIu64 " ns and was charged %llu",
			    number, i, sim.vgpu[i].served_ns + sim.vgpu[i].stayed_ns,
			    client->run_ns);
		charged += client->charged_ns;
		prepaid += client->prepaid_ns;
	}
	unit_assert(charged == held + prepaid,
		    "scenario %u: %" PRIu64 " ns were charged for %" PRIu64 ", %" PRIu64 " of them in advance",
		    number, charged, held, prepaid);
}

/** snapshot() - how long each vGPU ran so far */
void snapshot(uint64_t *served)
{
	unsigned int i;

	for (i = 0; i < sim.count; i++)
		served[i] = sim_served(&sim, (int)i);
}
