// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_bounds.c - the bounds of the scheduling policies
 *
 * Random scenarios on the simulated GPU of tests/sim, with neighbours of every
 * kind. The bounds are those that the comment of kernel/host/policy/eevdf.c
 * states, by its numbers and letters.
 */
#include <inttypes.h>
#include <string.h>

#include "policies.h"

#define PAIRS		8
#define SLIVER		SCHED_SLIVER_NS

static unsigned int scenario;

static uint64_t stopping(const struct sim_config *config)
{
	return config->overrun_ns > config->preempt_ns ? config->overrun_ns : config->preempt_ns;
}

static struct sim_load any_load(struct unit_random *random)
{
	static const struct sim_load *const loads[] = {
		&busy, &bursts, &storm, &interactive, &hang
	};
	struct sim_load load = *loads[between(random, 0, 4)];

	if (between(random, 0, 2))
		return load;
	load = (struct sim_load) { .job_min = between(random, 5, 3000) * SIM_US,
				   .gap_min = between(random, 1, 4000) * SIM_US };
	load.job_max = load.job_min;
	load.gap_max = load.gap_min * between(random, 1, 3);
	return load;
}

/* Somebody closes, opens, is frozen or gets another weight; the first @spared do not. */
static void disturb(struct unit_random *random, unsigned int spared)
{
	int who = (int)between(random, spared, sim.count - 1);

	if (spared >= sim.count)
		return;
	switch (between(random, 0, 4)) {
	case 0:
		sim_close(&sim, who);
		break;
	case 1:
		sim_close(&sim, who);
		sim_open(&sim, who);
		break;
	case 2:
		sim_open(&sim, who);
		break;
	case 3:
		sim_freeze(&sim, who, between(random, 0, 1));
		break;
	default:
		sim_update(&sim, who, (uint32_t)between(random, 1, 400), 100, 0);
	}
}

/* Bound 1, and 7. */
static int64_t pair_bound;
static unsigned int pairs;

static void check_pairs(struct sim *s, int who, uint64_t run_ns, enum sched_end reason)
{
	unsigned int i, j;

	(void)who, (void)run_ns, (void)reason;
	for (i = 0; i < pairs; i++) {
		for (j = 0; j < pairs; j++) {
			int64_t d = (int64_t)s->vgpu[i].client.charged_ns -
				    (int64_t)s->vgpu[j].client.charged_ns;

			unit_assert(d <= pair_bound,
				    "scenario %u at %" PRIu64 ": vGPU %u was charged %" PRId64
				    " ns more than %u, bound %" PRId64,
				    scenario, s->now, i, d, j, pair_bound);
		}
	}
}

START_TEST(test_pairs)
{
	struct unit_random random;
	unsigned int i, others, changes;

	for (scenario = 0; scenario < 500; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);

		pairs = (unsigned int)between(&random, 2, PAIRS);
		others = (unsigned int)between(&random, 0, 6);
		pair_bound = (int64_t)(longest_request(&config) + 2 * stopping(&config) +
				       2 * SLIVER + config.switch_ns);
		sim_init(&sim, &config, &sim_module);
		sim.on_run = check_pairs;
		for (i = 0; i < pairs; i++)
			sim_add(&sim, &busy);
		for (i = 0; i < others; i++) {
			struct sim_load load = any_load(&random);

			sim_add(&sim, &load);
		}
		for (changes = 0; changes < 25; changes++) {
			sim_run_until(&sim, sim.now + between(&random, 1, 20 * SIM_MS));
			if (others)
				disturb(&random, pairs);
			check_times(scenario);
		}
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 2. */
static uint64_t wait_bound, waits, longest;

static void check_wait(struct sim *s, int who, uint64_t wait)
{
	if (who || s->now < SIM_S)
		return;
	waits++;
	longest = wait > longest ? wait : longest;
	unit_assert(wait <= wait_bound,
		    "scenario %u at %" PRIu64 ": it waited %" PRIu64 " beside %u, bound %" PRIu64,
		    scenario, s->now, wait, s->count - 1, wait_bound);
}

START_TEST(test_waits_within_a_share)
{
	struct unit_random random;
	uint64_t all = 0;
	unsigned int i, n;

	for (scenario = 0; scenario < 200; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		uint64_t cost, period;
		struct sim_load load;

		n = (unsigned int)between(&random, 2, 12);
		config.switch_ns = between(&random, 20 * SIM_US, 300 * SIM_US);
		cost = 20 * SIM_US + 2 * config.switch_ns;
		/* A third of its share, and of the budget. */
		period = 3 * cost * n;
		if (config.cuts_permille && period < 3000 * config.switch_ns / config.cuts_permille)
			period = 3000 * config.switch_ns / config.cuts_permille;
		/* Slices are short for 200 ms after it was kept waiting by one. */
		if (period > 100 * SIM_MS)
			continue;
		/* The switch of the run it may have to wait for to begin. */
		load = (struct sim_load) { 20 * SIM_US, 20 * SIM_US, period / 2, period * 3 / 2,
					   false, false };
		wait_bound = 2 * config.switch_ns + stopping(&config) +
			     (config.cuts_permille ? SLIVER : config.timeslice_ns);
		waits = 0;
		sim_init(&sim, &config, &sim_module);
		sim.on_wait = check_wait;
		sim_add(&sim, &load);
		for (i = 1; i < n; i++)
			sim_add(&sim, &busy);
		sim_run_until(&sim, 3 * SIM_S);
		check_times(scenario);
		all += waits;
		sim_fini(&sim);
	}
	unit_assert(all > 5000, "only %" PRIu64 " waits were looked at", all);
}
END_TEST

/* Bound 3. */
START_TEST(test_weights)
{
	struct unit_random random;
	uint32_t weight[16];
	unsigned int i, n;

	for (scenario = 0; scenario < 200; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		uint32_t most = between(&random, 0, 1) ? 10000 : 8;
		double total = 0, weights = 0, e;

		n = (unsigned int)between(&random, 2, 12);
		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < n; i++) {
			sim_add(&sim, &busy);
			weight[i] = (uint32_t)between(&random, 1, most);
			weights += weight[i];
			sim_update(&sim, (int)i, weight[i], 100, 0);
		}
		sim_run_until(&sim, SIM_S);
		for (i = 0; i < n; i++)
			total += (double)sim.vgpu[i].client.charged_ns;
		e = (double)(longest_request(&config) + 2 * stopping(&config) + SLIVER);
		for (i = 0; i < n; i++) {
			double p = weight[i] / weights;
			double off = (double)sim.vgpu[i].client.charged_ns - p * total;
			double bound = 2 * e * (1 + (n - 2) * p);

			unit_assert(off <= bound && off >= -bound,
				    "scenario %u: vGPU %u of %u with weight %u is %.0f ns off, bound %.0f",
				    scenario, i, n, weight[i], off, bound);
		}
		check_times(scenario);
		sim_fini(&sim);
	}
}
END_TEST

static uint64_t held(int who)
{
	uint64_t ns = sim.vgpu[who].client.run_ns;

	return sim.current == who && sim.gpu == SIM_RUNNING ? ns + sim.now - sim.began : ns;
}

/* What of the time a cap leaves to one that is alone: each slice has its switch. */
static double capped_part(const struct sim_config *config, double cap)
{
	double useful = (double)config->timeslice_ns /
			(double)(config->timeslice_ns + config->switch_ns);

	return cap < useful ? cap : useful;
}

/* Bound 4. */
START_TEST(test_cap)
{
	struct unit_random random;
	uint64_t run[40], at[40];
	unsigned int i, j;

	for (scenario = 0; scenario < 300; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		uint32_t cap = (uint32_t)between(&random, 1, 99);
		bool alone = between(&random, 0, 1);
		double o = (double)(stopping(&config) + SLIVER);

		config.policy = sim_policies[alone ? 0 : between(&random, 0, 1)];
		sim_init(&sim, &config, &sim_module);
		sim_add(&sim, alone || between(&random, 0, 1) ? &busy : &bursts);
		for (i = alone ? 0 : (unsigned int)between(&random, 1, 3); i; i--)
			sim_add(&sim, between(&random, 0, 1) ? &busy : &bursts);
		sim_run_until(&sim, between(&random, 1, 200 * SIM_MS));
		sim_update(&sim, 0, 100, cap, 0);
		sim_run_until(&sim, sim.now + 10 * SIM_MS);
		for (i = 0; i < 40; i++) {
			sim_run_until(&sim, sim.now + between(&random, 1, 40 * SIM_MS));
			run[i] = held(0);
			at[i] = sim.now;
			for (j = 0; j < i; j++) {
				double ran = (double)(run[i] - run[j]), t = (double)(at[i] - at[j]);
				double most = cap / 100.0 * (t + SCHED_CAP_WINDOW_NS) + o;
				double least = capped_part(&config, cap / 100.0) * t -
					       (double)longest_request(&config) - o;

				unit_assert(ran <= most,
					    "scenario %u: cap %u%%: ran %.0f of %.0f ns, at most %.0f",
					    scenario, cap, ran, t, most);
				unit_assert(!alone || ran >= least,
					    "scenario %u: cap %u%%: ran %.0f of %.0f ns, at least %.0f",
					    scenario, cap, ran, t, least);
			}
		}
		check_times(scenario);
		sim_fini(&sim);
	}
}
END_TEST

static uint64_t held_with_switches(int who)
{
	const struct sched_client *client = &sim.vgpu[who].client;
	uint64_t ns = 0;

	if (sim.current == who)
		ns = sim.now - sim.began + (sim.gpu == SIM_RUNNING ? sim.switched_ns : 0);
	return client->charged_ns + ns - sched_min(ns, client->prepaid_ns);
}

/* Bound 5: equal and fixed share, whatever the others do; nobody hangs. */
START_TEST(test_kept_shares)
{
	static const struct sim_load *const loads[] = {
		&busy, &bursts, &storm, &absent, &interactive
	};
	struct unit_random random;
	uint64_t got[40], at[40], waited;
	unsigned int i, j, n, instances;

	for (scenario = 0; scenario < 300; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		double p, o = (double)(stopping(&config) + SLIVER), r, depth, most, t;
		bool equal = between(&random, 0, 1);

		instances = 1U << between(&random, 1, 5);
		n = (unsigned int)between(&random, equal ? 2 : 1, instances < 8 ? instances : 8);
		config.policy = equal ? &sched_equal_share : &sched_fixed_share;
		p = 1.0 / (equal ? n : instances);
		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < n; i++) {
			sim_add(&sim, &absent);
			sim_close(&sim, (int)i);
			sim.vgpu[i].client.max_instance = instances;
			sim.vgpu[i].load = i ? *loads[between(&random, 0, 4)] : busy;
			sim_open(&sim, (int)i);
		}
		r = (double)longest_request(&config);
		depth = r > 8e6 ? r : 8e6;
		sim_run_until(&sim, SIM_S / 5);
		sim_forget_waits(&sim);
		for (i = 0; i < 40; i++) {
			sim_run_until(&sim, sim.now + between(&random, 1, 40 * SIM_MS));
			got[i] = held_with_switches(0);
			at[i] = sim.now;
			waited = sim.vgpu[0].wait_max;
			for (j = 0; j < i; j++) {
				t = (double)(at[i] - at[j]);
				most = p * (t + (double)waited) + depth + r + o;
				unit_assert((double)(got[i] - got[j]) <= most,
					    "scenario %u: %s, %u: had %.0f of %.0f ns, at most %.0f",
					    scenario, config.policy->name, equal ? n : instances,
					    (double)(got[i] - got[j]), t, most);
			}
		}
		t = (double)(at[39] - at[0]);
		unit_assert((double)(got[39] - got[0]) >= p * t - depth - 2 * n * (r + o),
			    "scenario %u: %s, %u: had %.0f of %.0f ns", scenario,
			    config.policy->name, equal ? n : instances,
			    (double)(got[39] - got[0]), t);
		check_times(scenario);
		sim_fini(&sim);
	}
}
END_TEST

/* Bound 6. */
START_TEST(test_budget)
{
	struct unit_random random;
	uint64_t cuts[60], at[60];
	unsigned int i, j, n;

	for (scenario = 0; scenario < 200; scenario++) {
		struct sim_config config = random_gpu(&random, scenario);
		config.cuts_permille = (uint32_t)between(&random, 0, 100);
		config.switch_ns = between(&random, 20 * SIM_US, 300 * SIM_US);
		n = (unsigned int)between(&random, 2, 16);
		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < n; i++) {
			struct sim_load load = any_load(&random);

			sim_add(&sim, between(&random, 0, 1) ? &load : &busy);
		}
		for (i = 0; i < 60; i++) {
			sim_run_until(&sim, sim.now + between(&random, 1, 60 * SIM_MS));
			cuts[i] = sim.queue.cuts;
			at[i] = sim.now;
			for (j = 0; j < i; j++) {
				double took = (double)((cuts[i] - cuts[j]) * config.switch_ns);
				double t = (double)(at[i] - at[j] + SCHED_EPOCH_NS);
				double most = config.cuts_permille / 1000.0 *
					      (t + SCHED_BUDGET_NS) + (double)config.switch_ns;

				unit_assert(took <= most,
					    "scenario %u: %" PRIu64 " cuts of %" PRIu64 " ns in %.0f ns, for at most %.0f",
					    scenario, cuts[i] - cuts[j], config.switch_ns, t, most);
			}
		}
		unit_assert(config.cuts_permille || !sim.queue.cuts,
			    "scenario %u: cuts without a budget", scenario);
		sim_fini(&sim);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_bounds");
	TCase *cases = tcase_create("policy_bounds");

	policies_seed("policy_bounds");
	tcase_set_timeout(cases, 480);
	tcase_add_test(cases, test_pairs);
	tcase_add_test(cases, test_waits_within_a_share);
	tcase_add_test(cases, test_weights);
	tcase_add_test(cases, test_cap);
	tcase_add_test(cases, test_kept_shares);
	tcase_add_test(cases, test_budget);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_bounds");
}
