// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_bounds.c - the bounds of the scheduling policies
 *
 * Random scenarios on the simulated GPU of tests/sim. The bounds are those the
 * comment of kernel/host/policy/turns.c derives, by the numbers it gives them.
 */
#include <inttypes.h>
#include <string.h>

#include "policies.h"

#define PAIRS		8
#define SLIVER		SCHED_SLIVER_NS
#define RUNS		SCHED_RUNS_PER_TURN

static uint64_t wait_bound;
static unsigned int scenario;

static void check_wait(struct sim *s, int who, uint64_t wait)
{
	unit_assert(wait <= wait_bound,
		    "scenario %u: vGPU %d of %u waited %" PRIu64 " ns, bound %" PRIu64,
		    scenario, who, s->count, wait, wait_bound);
}

/* Bound 1. */
static void waits_in(unsigned int number)
{
	struct unit_random random;
	struct sim_config config = random_gpu(&random, number);
	bool all_busy = between(&random, 0, 1);
	unsigned int runs = all_busy ? 1 : RUNS;
	unsigned int i, n;

	scenario = number;
	config.policy = sim_policies[between(&random, 0, 1)];
	n = (unsigned int)between(&random, 2, 16);
	if (config.overrun_ns > config.timeslice_ns - SLIVER)
		config.overrun_ns = config.timeslice_ns - SLIVER;
	wait_bound = (n - 1) * (config.timeslice_ns + SLIVER + config.overrun_ns +
				runs * config.switch_ns) + config.switch_ns;
	/* The rest of its own turn, in which it ran out of work too often. */
	if (config.policy->keeps_idle && !all_busy)
		wait_bound += config.timeslice_ns + SLIVER + config.overrun_ns;
	sim_init(&sim, &config, &sim_turns);
	sim.on_wait = check_wait;
	for (i = 0; i < n; i++)
		sim_add(&sim, all_busy ? &busy :
			between(&random, 0, 2) == 0 ? &storm :
			between(&random, 0, 1) ? &bursts : &busy);
	sim_run_until(&sim, SIM_S / 5);
	check_times(scenario);
	sim_fini(&sim);
}

START_TEST(test_wait)
{
	unsigned int number;

	for (number = 0; number < 600; number++)
		waits_in(number);
}
END_TEST

/* Scenarios in which once somebody waited longer. */
START_TEST(test_known_waits)
{
	/* Two storms whose turns were longer than a slice. */
	seed = 8299113;
	waits_in(84);
}
END_TEST

/*
 * Bound 2: how far one of the first @pairs may be ahead of another, since all
 * were level and in any window.
 */
static int64_t low[PAIRS][PAIRS], high[PAIRS][PAIRS];
static int64_t level_bound, window_bound;
static unsigned int pairs;

static void check_service(struct sim *s, int who, uint64_t run_ns,
			  enum sched_end reason, bool idle_slot)
{
	unsigned int i, j;

	(void)who, (void)run_ns, (void)reason, (void)idle_slot;
	for (i = 0; i < pairs; i++) {
		for (j = 0; j < pairs; j++) {
			int64_t d = (int64_t)s->vgpu[i].served_ns -
				    (int64_t)s->vgpu[j].served_ns;

			if (d < low[i][j])
				low[i][j] = d;
			if (d > high[i][j])
				high[i][j] = d;
			unit_assert(d <= level_bound,
				    "scenario %u: vGPU %u is %" PRId64 " ns ahead of %u, "
				    "bound %" PRId64,
				    scenario, i, d, j, level_bound);
			unit_assert(high[i][j] - low[i][j] <= window_bound,
				    "scenario %u: in some window vGPU %u got %" PRId64
				    " ns more than %u, bound %" PRId64,
				    scenario, i, high[i][j] - low[i][j], j, window_bound);
		}
	}
}

/* A GPU whose clock begins at @now, and on it @pairs vGPUs that always have work. */
static void begin_service(const struct sim_config *config, uint64_t now)
{
	unsigned int i;

	memset(low, 0, sizeof(low));
	memset(high, 0, sizeof(high));
	sim_init(&sim, config, &sim_turns);
	sim.queue.now = now;
	sim.on_run = check_service;
	for (i = 0; i < pairs; i++)
		sim_add(&sim, &busy);
}

/* Bound 2: with any averaging factor, others coming and going, clock wrapping. */
START_TEST(test_service)
{
	struct unit_random random;
	unsigned int i;
	uint64_t debts;
	bool skips;

	for (scenario = 0; scenario < 600; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);

		if (between(&random, 0, 1))
			config.averaging = 1;
		if (!between(&random, 0, 3))
			config.overrun_ns = between(&random, 0, 4 * config.timeslice_ns);
		debts = config.averaging * config.overrun_ns + SLIVER;
		skips = config.overrun_ns > config.timeslice_ns - SLIVER;
		level_bound = (int64_t)(config.timeslice_ns + debts);
		window_bound = (int64_t)(config.timeslice_ns * (skips ? 2 : 1) + 2 * debts);
		pairs = (unsigned int)between(&random, 2, PAIRS);
		begin_service(&config, 0 - between(&random, 0, 1ULL << 40));
		for (i = between(&random, 0, 4); i; i--)
			sim_add(&sim, between(&random, 0, 1) ? &bursts : &storm);
		sim_run_until(&sim, SIM_S / 4);
		sim_fini(&sim);
	}
}
END_TEST

/*
 * Bound 2 where it is one slice and one overrun. Without overrun it is one slice
 * in any window; with averaging 1 it holds since all were level, and in any
 * window one overrun, that of the other before, comes on top.
 */
START_TEST(test_one_slice_and_one_overrun)
{
	struct unit_random random;

	for (scenario = 0; scenario < 400; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);

		if (config.overrun_ns > config.timeslice_ns - SLIVER)
			config.overrun_ns = config.timeslice_ns - SLIVER;
		if (scenario % 2)
			config.overrun_ns = 0;
		else
			config.averaging = 1;
		level_bound = (int64_t)(config.timeslice_ns + config.overrun_ns);
		window_bound = (int64_t)(config.timeslice_ns + 2 * config.overrun_ns);
		pairs = (unsigned int)between(&random, 2, PAIRS);
		begin_service(&config, 0);
		sim_run_until(&sim, SIM_S / 4);
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 3 between two moments. */
static void check_shares(const uint64_t *from, const uint64_t *to,
			 unsigned int n, const uint32_t *weight, double e,
			 const char *when)
{
	double total = 0, weights = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		total += (double)(to[i] - from[i]);
		weights += weight[i];
	}
	for (i = 0; i < n; i++) {
		double p = weight[i] / weights;
		double off = (double)(to[i] - from[i]) - p * total;
		double bound = e * (1 + (n > 2 ? n - 2 : 0) * p);

		if (off < 0)
			off = -off;
		unit_assert(off <= bound,
			    "scenario %u: %s, vGPU %u of %u with weight %u got %.0f of %.0f ns, off by %.0f, bound %.0f",
			    scenario, when, i, n, weight[i],
			    (double)(to[i] - from[i]), total, off, bound);
	}
}

/* Bound 3 in any window; after a change of weights or slice at once. */
START_TEST(test_weights)
{
	struct unit_random random;
	uint64_t served[12][SIM_MAX_VGPUS];
	uint32_t weight[SIM_MAX_VGPUS];
	unsigned int i, j, n, change;

	for (scenario = 0; scenario < 300; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		uint32_t most = between(&random, 0, 1) ? 10000 : 8;

		uint64_t slice = config.timeslice_ns;

		n = (unsigned int)between(&random, 2, 12);
		sim_init(&sim, &config, &sim_turns);
		sim.queue.now = 0 - between(&random, 0, 1ULL << 40);
		for (i = 0; i < n; i++) {
			sim_add(&sim, &busy);
			weight[i] = 100;
		}
		for (change = 0; change < 4; change++) {
			double e;

			if (change && between(&random, 0, 1))
				sim.queue.timeslice_ns = between(&random, 200 * SIM_US, 5 * SIM_MS);
			if (slice < sim.queue.timeslice_ns)
				slice = sim.queue.timeslice_ns;
			e = (double)(slice + config.averaging * config.overrun_ns + SLIVER);
			if (change == 3) {
				/* A detour: weights have no meaning there. */
				sim_set_policy(&sim, &sched_equal_share);
				sim_run_until(&sim, sim.now + 20 * SIM_MS);
				sim_set_policy(&sim, &sched_best_effort);
			}
			for (i = 0; i < n; i++) {
				weight[i] = (uint32_t)between(&random, 1, most);
				sim_update(&sim, (int)i, weight[i], 100, 0);
			}
			snapshot(served[0]);
			for (i = 1; i < 12; i++) {
				sim_run_until(&sim, sim.now + between(&random, 1, 20 * SIM_MS));
				snapshot(served[i]);
				for (j = 0; j < i; j++)
					check_shares(served[j], served[i], n, weight, e,
						     change ? "after a change" : "at first");
			}
		}
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 4. */
START_TEST(test_cap)
{
	struct unit_random random;
	uint64_t served[40], at[40];
	unsigned int i, j;

	for (scenario = 0; scenario < 300; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		uint32_t cap = (uint32_t)between(&random, 1, 99);
		bool alone = between(&random, 0, 1);
		double o = (double)(config.overrun_ns + SLIVER);
		double q = (double)config.timeslice_ns;

		config.policy = sim_policies[alone ? 0 : between(&random, 0, 1)];
		sim_init(&sim, &config, &sim_turns);
		sim_add(&sim, alone || between(&random, 0, 1) ? &busy : &bursts);
		for (i = alone ? 0 : (unsigned int)between(&random, 1, 3); i; i--)
			sim_add(&sim, between(&random, 0, 1) ? &busy : &bursts);
		sim_run_until(&sim, between(&random, 1, 200 * SIM_MS));
		sim_update(&sim, 0, 100, cap, 0);
		sim_run_until(&sim, sim.now + 10 * SIM_MS);
		for (i = 0; i < 40; i++) {
			sim_run_until(&sim, sim.now + between(&random, 1, 40 * SIM_MS));
			served[i] = sim_served(&sim, 0);
			at[i] = sim.now;
			for (j = 0; j < i; j++) {
				double run = (double)(served[i] - served[j]);
				double t = (double)(at[i] - at[j]);
				double most = cap / 100.0 * (t + SCHED_CAP_WINDOW_NS) + o;
				double least = cap / 100.0 * (t - (double)config.switch_ns) - q - o;

				unit_assert(run <= most,
					    "scenario %u: cap %u%%: ran %.0f of %.0f ns, at most %.0f",
					    scenario, cap, run, t, most);
				unit_assert(!alone || run >= least,
					    "scenario %u: cap %u%%: ran %.0f of %.0f ns, at least %.0f",
					    scenario, cap, run, t, least);
			}
		}
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 6, equal share: what an idle vGPU leaves is nobody's. */
START_TEST(test_equal_share_is_not_redistributed)
{
	struct unit_random random;
	unsigned int i, n, workers;

	for (scenario = 0; scenario < 200; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		double all = 0, e;

		config.policy = &sched_equal_share;
		n = (unsigned int)between(&random, 2, 12);
		workers = (unsigned int)between(&random, 1, n - 1);
		sim_init(&sim, &config, &sim_turns);
		for (i = 0; i < n; i++)
			sim_add(&sim, i < workers ? &busy :
				between(&random, 0, 1) ? &absent : &bursts);
		/* Out of its tokens is idle too. */
		if (workers < n - 1)
			sim_update(&sim, (int)n - 1, 9999, 1, 0);
		sim_run_until(&sim, SIM_S / 3);
		for (i = 0; i < n; i++)
			all += (double)(sim.vgpu[i].client.run_ns + sim.vgpu[i].client.idle_ns);
		e = (double)(config.timeslice_ns + config.averaging * config.overrun_ns + SLIVER);
		for (i = 0; i < workers; i++) {
			double off = (double)sim.vgpu[i].client.run_ns - all / n;
			double bound = e * (1 + (double)(n - 2) / n);

			unit_assert(off <= bound && off >= -bound,
				    "scenario %u: worker %u of %u vGPUs is %.0f ns off 1/%u of %.0f, bound %.0f",
				    scenario, i, n, off, n, all, bound);
		}
		check_times(scenario);
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 6, fixed share: 1/max_instance, alone or not, and no more. */
START_TEST(test_fixed_share_is_all_it_gets)
{
	struct unit_random random;
	unsigned int i, n, instances;

	for (scenario = 0; scenario < 200; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		double t = (double)SIM_S / 3, e, useful, run, most, least;
		int who;

		instances = 1U << between(&random, 1, 6);
		n = (unsigned int)between(&random, 0, 1) ? 1 :
		    (unsigned int)between(&random, 1, instances < 8 ? instances : 8);
		config.policy = &sched_fixed_share;
		/* Timers that are late in the slots of nobody. */
		if (between(&random, 0, 1))
			config.late_ns = config.overrun_ns;
		sim_init(&sim, &config, &sim_turns);
		for (i = 0; i < n; i++) {
			who = sim_add(&sim, &absent);
			sim_close(&sim, who);
			sim.vgpu[who].client.max_instance = instances;
			sim.vgpu[who].load = i && between(&random, 0, 1) ? bursts : busy;
			sim_open(&sim, who);
		}
		sim_run_until(&sim, (uint64_t)t);
		e = (double)(config.timeslice_ns + config.averaging * config.overrun_ns + SLIVER);
		run = (double)sim_served(&sim, 0);
		most = t / instances + 2 * e;
		/* Less what timers were late in the idle slots of owners. */
		useful = (double)(sim.busy_ns + sim.queue.nobody.idle_ns);
		for (i = 0; i < n; i++)
			useful += (double)sim.vgpu[i].client.idle_ns;
		least = useful / instances - e * (1 + (double)(n + 1) / instances);
		unit_assert(run <= most,
			    "scenario %u: 1 of %u instances, %u open: ran %.0f of %.0f ns, at most %.0f",
			    scenario, instances, n, run, t, most);
		unit_assert(run >= least,
			    "scenario %u: 1 of %u instances, %u open: ran %.0f of %.0f ns, at least %.0f",
			    scenario, instances, n, run, useful, least);
		check_times(scenario);
		sim_fini(&sim);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_bounds");
	TCase *cases = tcase_create("policy_bounds");

	policies_seed("policy_bounds");
	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, test_wait);
	tcase_add_test(cases, test_known_waits);
	tcase_add_test(cases, test_service);
	tcase_add_test(cases, test_one_slice_and_one_overrun);
	tcase_add_test(cases, test_weights);
	tcase_add_test(cases, test_cap);
	tcase_add_test(cases, test_equal_share_is_not_redistributed);
	tcase_add_test(cases, test_fixed_share_is_all_it_gets);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_bounds");
}
