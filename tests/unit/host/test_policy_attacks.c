// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_attacks.c - a hostile vGPU of random habits beside honest ones
 *
 * It changes between some loads, some of which never yield, and closes, opens or
 * freezes at random; beside it are busy ones and one that works now and then. No
 * neighbour may lose more than one of a hundred parts of its share. What once took
 * more is in the list of known attacks.
 */
#include <inttypes.h>
#include <math.h>

#include "policies.h"

#define SECONDS		6
#define LOADS		3

enum trick { NONE, ABSENT, REOPENS, FREEZES };

/**
 * struct habits - what the hostile one does
 * @load: what it works, one after the other
 * @loads: how many of them
 * @period: for how long each
 * @trick: what else it does
 * @pause_min, @pause_max: from one trick to the next
 */
struct habits {
	struct sim_load load[LOADS];
	unsigned int loads;
	uint64_t period;
	enum trick trick;
	uint64_t pause_min, pause_max;
};

static const struct sim_load jobs = { .job_min = 2 * SIM_MS, .job_max = 2 * SIM_MS };

/* Of any order of magnitude. */
static uint64_t some(struct unit_random *random, double min, double max)
{
	double part = (double)between(random, 0, 1000000) / 1e6;

	return (uint64_t)(min * pow(max / min, part));
}

static struct habits random_habits(struct unit_random *random)
{
	struct habits habits = {
		.loads = (unsigned int)between(random, 1, LOADS),
		.period = some(random, 1e6, 5e8),
		.trick = between(random, 0, 1) ? NONE :
			 (enum trick)between(random, ABSENT, FREEZES),
		.pause_min = some(random, 5e4, 2e7),
	};
	unsigned int i;

	habits.pause_max = habits.pause_min * between(random, 1, 4);
	for (i = 0; i < LOADS; i++) {
		struct sim_load *load = &habits.load[i];

		load->job_min = some(random, 2e3, 3e7);
		load->job_max = load->job_min * between(random, 1, 3);
		load->never_yields = !between(random, 0, 7);
		if (!between(random, 0, 5))
			continue;
		load->gap_min = some(random, 5e2, 4e7);
		load->gap_max = load->gap_min * between(random, 1, 3);
	}
	return habits;
}

static void play(struct unit_random *random, const struct habits *habits, uint64_t end)
{
	uint64_t change = habits->period, trick = SIM_MS, next;
	unsigned int load = 0;

	while (sim.now < end) {
		next = habits->loads > 1 && change < end ? change : end;
		if (habits->trick && trick < next)
			next = trick;
		sim_run_until(&sim, next);
		if (habits->loads > 1 && sim.now >= change) {
			load = (load + 1) % habits->loads;
			sim_set_load(&sim, 0, &habits->load[load]);
			change = sim.now + habits->period;
		}
		if (!habits->trick || sim.now < trick)
			continue;
		trick = sim.now + between(random, habits->pause_min, habits->pause_max);
		if (habits->trick == FREEZES) {
			sim_freeze(&sim, 0, !sim.vgpu[0].frozen);
		} else if (habits->trick == ABSENT && sim.vgpu[0].open) {
			sim_close(&sim, 0);
		} else {
			sim_close(&sim, 0);
			sim_open(&sim, 0);
		}
	}
}

/* What the one who got least of the busy ones got; without @habits all are busy. */
static double least_beside(struct unit_random *random, const struct sched_policy *policy,
			   unsigned int n, bool lingers, const struct habits *habits)
{
	struct sim_load interactive_one = interactive;
	struct sim_config config = h200(policy);
	double least = 1e300;
	unsigned int i;

	config.lingers = lingers;
	config.preempt_timeout_ns = 20 * SIM_MS;
	interactive_one.gap_min = (1 + n / 3) * SIM_MS;
	interactive_one.gap_max = 2 * interactive_one.gap_min;
	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < n; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, (int)i);
		sim.vgpu[i].client.max_instance = n;
		sim.vgpu[i].load = i == 1 ? interactive_one : i || !habits ? jobs : habits->load[0];
		sim_open(&sim, (int)i);
	}
	if (habits)
		play(random, habits, SECONDS * SIM_S);
	else
		sim_run_until(&sim, SECONDS * SIM_S);
	for (i = 2; i < n; i++)
		if ((double)sim_served(&sim, (int)i) < least)
			least = (double)sim_served(&sim, (int)i);
	check_times(0);
	sim_fini(&sim);
	return least;
}

START_TEST(test_random_attacks)
{
	const struct sched_policy *policy = sim_policies[_i / 2];
	unsigned int n = _i % 2 ? 8 : 4, number, l, lingers;
	struct unit_random random = { seed + (uint64_t)_i };
	double alone[2], loss;

	for (lingers = 0; lingers < 2; lingers++)
		alone[lingers] = least_beside(&random, policy, n, lingers, NULL);
	for (number = 0; number < 60; number++) {
		struct habits habits;

		random.state = seed + number * 0x9e3779b97f4a7c15ULL + (uint64_t)_i;
		habits = random_habits(&random);
		lingers = (unsigned int)between(&random, 0, 1);
		loss = 100 * (1 - least_beside(&random, policy, n, lingers, &habits) /
				  alone[lingers]);
		for (l = 0; l < habits.loads && !habits.load[l].never_yields; l++)
			;
		/* The last hang may not be paid back when the time is over. */
		unit_assert(loss <= (l < habits.loads ? 1.5 : 1),
			    "%s, %u vGPUs, number %u: a neighbour lost %.2f %% to trick %d",
			    policy->name, n, number, loss, habits.trick);
	}
}
END_TEST

/* It left while its run went on, and came back: time and others' wakes paid for it. */
START_TEST(test_known_attacks)
{
	static const struct habits known[] = {
		{ { { 1762 * SIM_US, 3525 * SIM_US, 531 * SIM_US, 1062 * SIM_US, true, false } },
		  1, SIM_S, REOPENS, 135 * SIM_US, 270 * SIM_US },
		{ { { 6146 * SIM_US, 12292 * SIM_US, SIM_US, SIM_US, true, false } },
		  1, SIM_S, REOPENS, 53 * SIM_US, 215 * SIM_US },
	};
	struct unit_random random = { seed };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		double alone = least_beside(&random, &sched_best_effort, 4, false, NULL);
		double loss = 100 * (1 - least_beside(&random, &sched_best_effort, 4, false,
						      &known[i]) / alone);

		unit_assert(loss <= 1, "attack %u: a neighbour lost %.2f %%", i, loss);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_attacks");
	TCase *cases = tcase_create("policy_attacks");

	policies_seed("policy_attacks");
	tcase_set_timeout(cases, 480);
	tcase_add_loop_test(cases, test_random_attacks, 0, 6);
	tcase_add_test(cases, test_known_attacks);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_attacks");
}
