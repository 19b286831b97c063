// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_targets.c - figures the scheduling policies are to reach
 *
 * On the simulated GPU of tests/sim, with the times of an NVIDIA H200.
 * tests/bench/scheduler.c prints these figures and more, over longer times.
 */
#include <inttypes.h>

#include "policies.h"

static const struct sim_load jobs = { .job_min = 2 * SIM_MS, .job_max = 2 * SIM_MS };

/* One that works now and then, within its share, beside busy ones. */
START_TEST(test_interactive)
{
	static const unsigned int sizes[] = { 2, 4, 8, 16, 32, 64 };
	unsigned int n = sizes[_i], i, cuts, many = n < 8 ? 8 : n;
	const struct sim_load load = {
		20 * SIM_US, 20 * SIM_US, 2 * SIM_MS * many / 8, 5 * SIM_MS * many / 8, false, false
	};

	for (cuts = 0; cuts < 2; cuts++) {
		struct sim_config config = h200(&sched_best_effort);
		uint64_t wait, most = cuts ? SIM_MS / 2 : 2395 * SIM_US;

		config.cuts_permille *= cuts;
		sim_init(&sim, &config, &sim_module);
		sim_add(&sim, &load);
		for (i = 1; i < n; i++)
			sim_add(&sim, &jobs);
		sim_run_until(&sim, 2 * SIM_S);
		sim_forget_waits(&sim);
		sim_run_until(&sim, 12 * SIM_S);
		wait = sim_wait_quantile(&sim, 0, 0.99);
		unit_assert(wait <= most, "%u vGPUs, %s cuts: 99 %% of the waits are up to %llu us",
			    n, cuts ? "with" : "without", wait / SIM_US);
		check_times(n);
		sim_fini(&sim);
	}
}
END_TEST

/* Busy ones alone: equal in any second, and most of the time is useful. */
START_TEST(test_busy)
{
	static const unsigned int sizes[] = { 2, 4, 6, 8, 16, 32, 64 };
	static const double useful[] = { 98, 98, 98, 97, 95, 93.2, 93.2 };
	struct sim_config config = h200(&sched_best_effort);
	unsigned int n = sizes[_i], i, second;
	uint64_t before[SIM_MAX_VGPUS], began;
	double got[SIM_MAX_VGPUS];

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < n; i++)
		sim_add(&sim, &jobs);
	sim_run_until(&sim, 2 * SIM_S);
	sim_forget_waits(&sim);
	began = sim.busy_ns;
	for (second = 0; second < 10; second++) {
		snapshot(before);
		sim_run_until(&sim, sim.now + SIM_S);
		for (i = 0; i < n; i++)
			got[i] = (double)(sim_served(&sim, (int)i) - before[i]);
		unit_assert(sim_jain(got, n) >= 0.9999, "Jain %.6f of %u", sim_jain(got, n), n);
		unit_assert(sim_min_max(got, n) >= 0.99, "min/max %.4f of %u",
			    sim_min_max(got, n), n);
		/* As if it could be any second. */
		sim_run_until(&sim, sim.now + 37 * SIM_MS);
	}
	sim_run_until(&sim, 13 * SIM_S);
	got[0] = 100.0 * (double)(sim.busy_ns - began) / (11.0 * SIM_S);
	unit_assert(got[0] >= useful[_i], "%u: %.2f %% of the time is useful", n, got[0]);
	for (i = 0; i < n && n <= 22; i++)
		unit_assert(sim.vgpu[i].wait_max <= 55 * SIM_MS, "%u: one waited %.1f ms", n,
			    (double)sim.vgpu[i].wait_max / 1e6);
	sim_fini(&sim);
}
END_TEST

/* A desktop within its share, and one that wants twice as much. */
START_TEST(test_desktop)
{
	static const struct {
		uint64_t gap, wait;
	} kind[] = { { 46 * SIM_MS, SIM_MS }, { 12 * SIM_MS, 19700 * SIM_US } };
	unsigned int k, i;

	for (k = 0; k < 2; k++) {
		const struct sim_load load = { 4 * SIM_MS, 4 * SIM_MS, kind[k].gap, kind[k].gap,
					       false, false };
		struct sim_config config = h200(&sched_best_effort);
		uint64_t wait;

		sim_init(&sim, &config, &sim_module);
		sim_add(&sim, &load);
		for (i = 1; i < 8; i++)
			sim_add(&sim, &jobs);
		sim_run_until(&sim, 2 * SIM_S);
		sim_forget_waits(&sim);
		sim_run_until(&sim, 22 * SIM_S);
		wait = sim_wait_quantile(&sim, 0, 0.99);
		unit_assert(wait <= kind[k].wait, "4 ms each %llu ms: it waits %llu us",
			    4 + kind[k].gap / SIM_MS, wait / SIM_US);
		sim_fini(&sim);
	}
}
END_TEST

/* 50 ms beside 0.5 ms, with gaps so short that nothing else may run in them. */
START_TEST(test_unequal_jobs)
{
	const struct sim_load small = { 500 * SIM_US, 500 * SIM_US, 5 * SIM_US, 20 * SIM_US,
					false, false };
	const struct sim_load large = { .job_min = 50 * SIM_MS, .job_max = 50 * SIM_MS };
	struct sim_config config = h200(&sched_best_effort);
	double ratio;

	sim_init(&sim, &config, &sim_module);
	sim_add(&sim, &large);
	sim_add(&sim, &small);
	sim_run_until(&sim, 10 * SIM_S);
	ratio = (double)sim.vgpu[0].served_ns /
		(double)(sim.vgpu[1].served_ns + sim.vgpu[1].stayed_ns);
	unit_assert(ratio > 0.97 && ratio < 1.03, "they held the GPU %.3f : 1", ratio);
	sim_fini(&sim);
}
END_TEST

START_TEST(test_weights)
{
	struct sim_config config = h200(&sched_best_effort);
	uint64_t before[SIM_MAX_VGPUS];
	unsigned int i, window;

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < 4; i++) {
		sim_add(&sim, &jobs);
		sim_update(&sim, (int)i, 100U << i, 100, 0);
	}
	sim_run_until(&sim, SIM_S);
	for (window = 0; window < 5; window++) {
		double total = 0;

		snapshot(before);
		sim_run_until(&sim, sim.now + SIM_S);
		for (i = 0; i < 4; i++)
			total += (double)(sim_served(&sim, (int)i) - before[i]);
		for (i = 0; i < 4; i++) {
			double share = (double)(sim_served(&sim, (int)i) - before[i]) / total;
			double error = share - (double)(1 << i) / 15;

			unit_assert(error < 0.01 && error > -0.01,
				    "weight %u: share %.4f over 1 s", 100U << i, share);
		}
	}
	sim_fini(&sim);
}
END_TEST

/* A tenth of a point of a cap, alone or not. */
START_TEST(test_cap_accuracy)
{
	static const uint32_t caps[] = { 5, 10, 25, 50, 75, 90 };
	unsigned int i, others;

	for (others = 0; others < 2; others++) {
		for (i = 0; i < 6; i++) {
			struct sim_config config = h200(&sched_best_effort);
			uint64_t before;
			double off;

			if (others && caps[i] > 40)
				continue;
			sim_init(&sim, &config, &sim_module);
			sim_add(&sim, &jobs);
			if (others)
				sim_add(&sim, &jobs);
			sim_update(&sim, 0, 100, caps[i], 0);
			sim_run_until(&sim, SIM_S / 5);
			before = sim_served(&sim, 0);
			sim_run_until(&sim, sim.now + 10 * SIM_S);
			off = (double)(sim_served(&sim, 0) - before) / 1e8 - caps[i];
			unit_assert(off <= 0.1 && off >= -0.1, "cap %u%%: ran %.2f points off",
				    caps[i], off);
			sim_fini(&sim);
		}
	}
}
END_TEST

/* One that is slowed down for a while has its own settings again afterwards. */
START_TEST(test_slowed_down)
{
	static const uint32_t percent[] = { 100, 75, 20, 5, 100, 80, 100 };
	static const double wanted[] = { 60, 60, 20, 5, 60, 60, 60 };
	struct sim_config config = h200(&sched_best_effort);
	unsigned int i;

	sim_init(&sim, &config, &sim_module);
	sim_add(&sim, &jobs);
	sim_update(&sim, 0, 100, 60, 0);
	for (i = 0; i < sizeof(percent) / sizeof(percent[0]); i++) {
		uint64_t before;
		double off;

		sim_slow(&sim, 0, percent[i]);
		sim_run_until(&sim, sim.now + SIM_S / 2);
		before = sim_served(&sim, 0);
		sim_run_until(&sim, sim.now + 10 * SIM_S);
		off = (double)(sim_served(&sim, 0) - before) / 1e8 - wanted[i];
		unit_assert(off <= 0.2 && off >= -0.2, "slowed down to %u%%: ran %.2f points off",
			    percent[i], off);
	}
	sim_fini(&sim);
}
END_TEST

/* ---- hostile neighbours */

/* Microseconds of a job, and from one to the next. */
#define LOAD(job, gap_min, gap_max)						\
	{ (job) * SIM_US, (job) * SIM_US, (gap_min) * SIM_US, (gap_max) * SIM_US, false, false }

enum trick { NONE, RESETS, LEAVES, FLIPS };

/* What the one who got least of seven busy ones got in 10 s beside @load. */
static double least_beside(const struct sched_policy *policy, const struct sim_load *load,
			   enum trick trick, uint32_t weight)
{
	struct sim_config config = h200(policy);
	uint64_t before = 0;
	double least = 1e300;
	unsigned int i, step;

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < 8; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, (int)i);
		sim.vgpu[i].client.max_instance = 8;
		sim.vgpu[i].load = i ? jobs : *load;
		sim_open(&sim, (int)i);
	}
	sim_update(&sim, 0, weight, 100, 0);
	for (step = 0; step < 200000; step++) {
		sim_run_until(&sim, sim.now + 50 * SIM_US);
		if (trick == FLIPS && !(step % 1000)) {
			sim_update(&sim, 0, step % 2000 ? 1 : 199, 100, 0);
		} else if (trick == LEAVES && !sim.vgpu[0].open) {
			sim_open(&sim, 0);
		} else if (trick == LEAVES && !sim.current && sim.gpu == SIM_RUNNING &&
			   sim.now - sim.began > 1900 * SIM_US) {
			sim_close(&sim, 0);
		} else if (trick == RESETS && sim.current && sim.vgpu[0].served_ns != before) {
			before = sim.vgpu[0].served_ns;
			sim_close(&sim, 0);
			sim_open(&sim, 0);
		}
	}
	for (i = 1; i < 8; i++)
		if ((double)sim_served(&sim, (int)i) < least)
			least = (double)sim_served(&sim, (int)i);
	check_times(0);
	sim_fini(&sim);
	return least;
}

/* No vGPU takes more than 1 % from any other, whatever it does. */
START_TEST(test_hostile)
{
	static const struct {
		const char *name;
		struct sim_load load;
		enum trick trick;
		uint32_t weight;
	} attack[] = {
		{ "storm without gaps", LOAD(10, 1, 2), NONE, 100 },
		{ "storm with gaps", LOAD(10, 160, 160), NONE, 100 },
		{ "storm", LOAD(10, 1, 400), NONE, 100 },
		{ "10 us each 1 ms", LOAD(10, 1000, 1000), NONE, 100 },
		{ "10 us each 3 ms", LOAD(10, 3000, 3000), NONE, 100 },
		{ "nap before the end of a slice", LOAD(1900, 1, 1), NONE, 100 },
		{ "half a slice", LOAD(1000, 400, 400), NONE, 100 },
		{ "1.5 ms", LOAD(1500, 100, 300), NONE, 100 },
		{ "4 ms", LOAD(4000, 12000, 12000), NONE, 100 },
		{ "reset after each run", LOAD(2000, 0, 0), RESETS, 100 },
		{ "reset in each run", LOAD(2000, 0, 0), LEAVES, 100 },
		{ "changing weight", LOAD(2000, 0, 0), FLIPS, 100 },
		{ "reset, weight 10", LOAD(2000, 0, 0), RESETS, 10 },
		{ "hangs", { 100 * SIM_S, 100 * SIM_S, SIM_MS, 2 * SIM_MS, true, false },
		  NONE, 100 },
	};
	const struct sched_policy *policy = sim_policies[_i];
	double alone, loss;
	unsigned int a;

	for (a = 0; a < sizeof(attack) / sizeof(*attack); a++) {
		alone = least_beside(policy, &jobs, NONE, attack[a].weight);
		loss = 100 * (1 - least_beside(policy, &attack[a].load, attack[a].trick,
					       attack[a].weight) / alone);
		/* The last hang may not be paid back when the time is over. */
		unit_assert(loss <= (attack[a].load.never_yields ? 1.5 : 1),
			    "%s, %s: a neighbour lost %.2f %%", policy->name, attack[a].name, loss);
	}
}
END_TEST

/* Four that cost switches: the others have more than their share, and most time is of use. */
START_TEST(test_coalition)
{
	static const uint64_t gaps[] = { SIM_MS, 160 * SIM_US };
	unsigned int k, i;

	for (k = 0; k < 2; k++) {
		const struct sim_load hostile = { 10 * SIM_US, 10 * SIM_US, gaps[k], gaps[k],
						  false, false };
		struct sim_config config = h200(&sched_best_effort);
		double useful;

		sim_init(&sim, &config, &sim_module);
		for (i = 0; i < 8; i++)
			sim_add(&sim, i < 4 ? &hostile : i < 5 ? &interactive : &jobs);
		sim_run_until(&sim, 20 * SIM_S);
		useful = 100.0 * (double)sim.busy_ns / (double)sim.now;
		unit_assert(useful >= 75, "gaps of %llu us: %.1f %% of the time is useful",
			    gaps[k] / SIM_US, useful);
		for (i = 5; i < 8; i++)
			unit_assert(sim.vgpu[i].client.charged_ns >= sim.now / 8 * 99 / 100,
				    "a busy one had %.1f %% of the time",
				    100.0 * (double)sim.vgpu[i].client.charged_ns /
				    (double)sim.now);
		sim_fini(&sim);
	}
}
END_TEST

/* Where shares are kept, such a coalition wastes its own: an honest one does not wait. */
START_TEST(test_coalition_beside_kept_shares)
{
	const struct sim_load hostile = LOAD(3, 100, 200);
	struct sim_config config = h200(sim_policies[1 + _i]);
	uint64_t wait;
	unsigned int i;

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < 8; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, (int)i);
		sim.vgpu[i].client.max_instance = 8;
		sim.vgpu[i].load = i < 4 ? hostile : i < 5 ? interactive : jobs;
		sim_open(&sim, (int)i);
	}
	sim_run_until(&sim, SIM_S);
	sim_forget_waits(&sim);
	sim_run_until(&sim, 11 * SIM_S);
	wait = sim_wait_quantile(&sim, 4, 0.99);
	unit_assert(wait <= 3 * SIM_MS, "%s: 99 %% of the waits are up to %llu us",
		    config.policy->name, wait / SIM_US);
	for (i = 5; i < 8; i++)
		unit_assert(sim.vgpu[i].client.charged_ns >= sim.now / 8 * 99 / 100,
			    "%s: a busy one had %.1f %% of the time", config.policy->name,
			    100.0 * (double)sim.vgpu[i].client.charged_ns / (double)sim.now);
	sim_fini(&sim);
}
END_TEST

/*
 * GVT-g once charged a run when it ended. A vGPU alone for seconds that paused
 * once then had a huge debt and starved. The peer shows that the scenario is
 * the one: it starves there.
 */
static uint64_t lone_runner(const struct sim_scheduler *scheduler)
{
	const struct sim_load pauses = {
		5 * SIM_S, 5 * SIM_S, 3 * SIM_MS, 3 * SIM_MS, false, false
	};
	struct sim_config config = h200(&sched_best_effort);
	uint64_t longest;

	sim_init(&sim, &config, scheduler);
	sim_add(&sim, &pauses);
	sim_add(&sim, &absent);
	sim_run_until(&sim, 5 * SIM_S + SIM_MS);
	sim_forget_waits(&sim);
	sim_set_load(&sim, 0, &jobs);
	sim.vgpu[1].load = jobs;
	sim.vgpu[1].wake_at = sim.now + 1;
	sim_run_until(&sim, 8 * SIM_S);
	longest = sim.vgpu[0].wait_max;
	sim_fini(&sim);
	return longest;
}

START_TEST(test_gvtg_lone_runner_that_pauses)
{
	/* A long slice of the other, and the credit it had when it came. */
	uint64_t bound = 20 * SIM_MS, ours = lone_runner(&sim_module);
	uint64_t theirs = lone_runner(&sim_balance_stale);

	unit_assert(ours <= bound, "it waited %" PRIu64 " ns, bound %" PRIu64, ours, bound);
	unit_assert(theirs > 100 * SIM_MS,
		    "the scenario does not show the failure: %" PRIu64 " ns", theirs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_targets");
	TCase *cases = tcase_create("policy_targets");

	policies_seed("policy_targets");
	tcase_set_timeout(cases, 480);
	tcase_add_loop_test(cases, test_interactive, 0, 6);
	tcase_add_loop_test(cases, test_busy, 0, 7);
	tcase_add_test(cases, test_desktop);
	tcase_add_test(cases, test_unequal_jobs);
	tcase_add_test(cases, test_weights);
	tcase_add_test(cases, test_cap_accuracy);
	tcase_add_test(cases, test_slowed_down);
	tcase_add_loop_test(cases, test_hostile, 0, 3);
	tcase_add_test(cases, test_coalition);
	tcase_add_loop_test(cases, test_coalition_beside_kept_shares, 0, 2);
	tcase_add_test(cases, test_gvtg_lone_runner_that_pauses);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_targets");
}
