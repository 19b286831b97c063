// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_targets.c - figures the scheduling policies are to reach
 *
 * On the simulated GPU of tests/sim, with switches of 50, 200 and 700 us.
 * tests/bench/scheduler.c prints the same figures.
 */
#include <inttypes.h>
#include <string.h>

#include "policies.h"

#define SLIVER		SCHED_SLIVER_NS

static uint64_t round_end, at_round_end[SIM_MAX_VGPUS];

static void stop_after_round(struct sim *s, int who, uint64_t run_ns,
			     enum sched_end reason, bool idle_slot)
{
	(void)run_ns, (void)reason, (void)idle_slot;
	if (who != (int)s->count - 1 || s->now < round_end || s->stopped)
		return;
	snapshot(at_round_end);
	s->stopped = true;
}

START_TEST(test_targets_equal)
{
	static const unsigned int sizes[] = { 2, 4, 8, 16, 32, 64 };
	static const uint64_t switches[] = { 50 * SIM_US, 200 * SIM_US, 700 * SIM_US };
	unsigned int i = (unsigned int)_i % 6, n = sizes[i], j;
	struct sim_config config = plain_gpu(&sched_best_effort, n, switches[_i / 6], 50 * SIM_US);
	uint64_t round = n * (config.timeslice_ns + config.switch_ns + config.overrun_ns / 2);
	uint64_t window = 100 * round > SIM_S ? 100 * round : SIM_S;
	uint64_t bound = (n - 1) * (config.timeslice_ns + config.overrun_ns + config.switch_ns) +
			 config.switch_ns + 100 * SIM_US;
	uint64_t before[SIM_MAX_VGPUS];
	double got[SIM_MAX_VGPUS];

	sim_init(&sim, &config, &sim_turns);
	for (j = 0; j < n; j++)
		sim_add(&sim, &busy);
	sim.on_run = stop_after_round;
	/* Windows of whole rounds: the end of one adds a turn in a hundred. */
	round_end = window / 2;
	sim_run_until(&sim, 10 * window);
	memcpy(before, at_round_end, sizeof(before));
	round_end = sim.now + window;
	sim_run_until(&sim, 10 * window);
	for (j = 0; j < n; j++) {
		got[j] = (double)(at_round_end[j] - before[j]);
		ck_assert_uint_le(sim_wait_quantile(&sim, (int)j, 0.99), bound);
	}
	ck_assert_msg(sim_jain(got, n) >= 0.9999, "Jain %.6f of %u vGPUs", sim_jain(got, n), n);
	ck_assert_msg(sim_min_max(got, n) >= 0.99,
		      "min/max %.4f of %u vGPUs", sim_min_max(got, n), n);
	sim_fini(&sim);
}
END_TEST

START_TEST(test_targets_weights)
{
	struct sim_config config = plain_gpu(&sched_best_effort, 4, 200 * SIM_US, 100 * SIM_US);
	uint64_t before[SIM_MAX_VGPUS];
	unsigned int i, window;

	sim_init(&sim, &config, &sim_turns);
	for (i = 0; i < 4; i++) {
		sim_add(&sim, &busy);
		sim_update(&sim, (int)i, 100U << i, 100, 0);
	}
	for (window = 0; window < 5; window++) {
		double total = 0;

		snapshot(before);
		sim_run_until(&sim, sim.now + SIM_S);
		for (i = 0; i < 4; i++)
			total += (double)(sim_served(&sim, (int)i) - before[i]);
		for (i = 0; i < 4; i++) {
			double share = (double)(sim_served(&sim, (int)i) - before[i]) / total;
			double error = share - (double)(1 << i) / 15;

			ck_assert_msg(error < 0.01 && error > -0.01,
				      "weight %u: share %.4f over 1 s",
				      100U << i, share);
		}
	}
	sim_fini(&sim);
}
END_TEST

/* Three well-behaved vGPUs under fixed share do not feel who the fourth is. */
START_TEST(test_targets_hostile)
{
	const struct sim_load *const fourth[] = { &busy, &storm, &hang };
	double alone = 0;
	unsigned int i, j;

	for (i = 0; i < 3; i++) {
		struct sim_config config = plain_gpu(&sched_fixed_share, 4, 50 * SIM_US,
						     50 * SIM_US);
		double others = 0;

		sim_init(&sim, &config, &sim_turns);
		for (j = 0; j < 4; j++) {
			sim_add(&sim, &absent);
			sim_close(&sim, (int)j);
			sim.vgpu[j].client.max_instance = 4;
			sim.vgpu[j].load = j < 3 ? busy : *fourth[i];
			sim_open(&sim, (int)j);
		}
		sim_run_until(&sim, 20 * SIM_S);
		for (j = 0; j < 3; j++)
			others += (double)sim_served(&sim, (int)j);
		if (!i)
			alone = others;
		ck_assert_msg(others >= 0.99 * alone, "%s: the others lost %.2f%% of their time",
			      i == 1 ? "doorbell storm" : "hangs", 100 - 100 * others / alone);
		sim_fini(&sim);
	}
}
END_TEST

/* The target: half a point of a cap over a second, alone or not. */
START_TEST(test_cap_accuracy)
{
	static const uint32_t caps[] = { 5, 10, 25, 50, 75, 90 };
	unsigned int i, others;

	for (others = 0; others < 2; others++) {
		for (i = 0; i < 6; i++) {
			struct sim_config config = plain_gpu(&sched_best_effort, 2, 50 * SIM_US,
							     100 * SIM_US);
			uint64_t before;
			double percent, loss;

			if (others && caps[i] > 40)
				continue;
			sim_init(&sim, &config, &sim_turns);
			sim_add(&sim, &busy);
			if (others)
				sim_add(&sim, &busy);
			sim_update(&sim, 0, 100, caps[i], 0);
			sim_run_until(&sim, SIM_S / 5);
			before = sim_served(&sim, 0);
			sim_run_until(&sim, sim.now + SIM_S);
			percent = (double)(sim_served(&sim, 0) - before) / 1e7;
			loss = percent - caps[i];
			unit_assert(loss <= 0.5 && loss >= -0.5, "cap %u%%: ran %.2f%% of a second",
				    caps[i], percent);
			sim_fini(&sim);
		}
	}
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
	struct sim_config config = plain_gpu(&sched_best_effort, 2, 200 * SIM_US, 100 * SIM_US);
	uint64_t longest;

	sim_init(&sim, &config, scheduler);
	sim_add(&sim, &pauses);
	sim_add(&sim, &absent);
	sim_run_until(&sim, 5 * SIM_S + SIM_MS);
	sim_forget_waits(&sim);
	sim_set_load(&sim, 0, &busy);
	sim.vgpu[0].load.job_max = SIM_MS;
	sim.vgpu[1].load = busy;
	sim.vgpu[1].load.job_max = SIM_MS;
	sim.vgpu[1].wake_at = sim.now + 1;
	sim_run_until(&sim, 8 * SIM_S);
	longest = sim.vgpu[0].wait_max;
	sim_fini(&sim);
	return longest;
}

START_TEST(test_gvtg_lone_runner_that_pauses)
{
	uint64_t bound = SIM_S / 480 + SLIVER + 100 * SIM_US + 3 * 200 * SIM_US;
	uint64_t ours = lone_runner(&sim_turns);
	uint64_t theirs = lone_runner(&sim_balance_stale);

	ck_assert_msg(ours <= bound, "it waited %" PRIu64 " ns, bound %" PRIu64, ours, bound);
	ck_assert_msg(theirs > 100 * SIM_MS,
		      "the scenario does not show the failure: %" PRIu64 " ns", theirs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_targets");
	TCase *cases = tcase_create("policy_targets");

	policies_seed("policy_targets");
	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, test_targets_equal, 0, 18);
	tcase_add_test(cases, test_targets_weights);
	tcase_add_test(cases, test_targets_hostile);
	tcase_add_test(cases, test_cap_accuracy);
	tcase_add_test(cases, test_gvtg_lone_runner_that_pauses);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_targets");
}
