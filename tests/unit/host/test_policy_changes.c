// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_changes.c - scheduling policies while everything changes
 *
 * vGPUs open, close, freeze, sleep, hang and get new settings at random times
 * on the simulated GPU of tests/sim, and policies change under them.
 */
#include <inttypes.h>

#include "policies.h"

#define SLIVER		SCHED_SLIVER_NS

/* The GPU is idle only when nobody may run. */
static void check_idle(struct sim *s, uint64_t from, uint64_t to)
{
	unsigned int i;

	for (i = 0; i < s->count; i++) {
		struct sched_client *client = &s->vgpu[i].client;

		unit_assert(!client->runnable || client->throttled,
			    "idle from %" PRIu64 " to %" PRIu64 " though vGPU %u has work",
			    from, to, i);
	}
}

static void random_change(struct unit_random *random)
{
	int who = (int)between(random, 0, sim.count - 1);
	static const struct sim_load *const loads[] = {
		&busy, &bursts, &storm, &absent, &hang, &interactive
	};

	switch (between(random, 0, 7)) {
	case 0:
		sim_set_policy(&sim, sim_policies[between(random, 0, 2)]);
		break;
	case 1:
		sim.queue.timeslice_ns = between(random, 100 * SIM_US, 5 * SIM_MS);
		break;
	case 2:
		sim.queue.timeslice_max_ns = between(random, 100 * SIM_US, 20 * SIM_MS);
		sim.queue.cuts_permille = (uint32_t)between(random, 0, 100);
		break;
	case 3:
		sim_close(&sim, who);
		break;
	case 4:
		sim_open(&sim, who);
		break;
	case 5:
		sim_freeze(&sim, who, between(random, 0, 1));
		break;
	case 6:
		sim_set_load(&sim, who, loads[between(random, 0, 5)]);
		break;
	default:
		sim_update(&sim, who, (uint32_t)between(random, 1, 10000),
			   (uint32_t)(between(random, 0, 1) ? 100 : between(random, 1, 100)),
			   between(random, 0, 2) ? 0 : between(random, 100 * SIM_US, 5 * SIM_MS));
		break;
	}
}

/* Whatever happens at whatever time: times add up, nobody is forgotten. */
static void change_at_any_time(unsigned int number)
{
	struct unit_random random;
	struct sim_config config = random_gpu(&random, number);
	uint64_t round, served[SIM_MAX_VGPUS];
	unsigned int changes, i;
	int64_t owed = 0;

	config.policy = sim_policies[between(&random, 0, 2)];
	sim_init(&sim, &config, &sim_module);
	sim.on_idle = check_idle;
	for (i = (unsigned int)between(&random, 1, 8); i; i--)
		sim_add(&sim, between(&random, 0, 1) ? &busy : &bursts);
	for (changes = 0; changes < 40; changes++) {
		sim_run_until(&sim, sim.now + between(&random, 1, 8 * SIM_MS));
		random_change(&random);
		check_times(number);
	}
	/* Then, in peace, everybody who works is served. */
	sim_set_policy(&sim, &sched_best_effort);
	sim.queue.timeslice_ns = SIM_MS;
	sim.queue.timeslice_max_ns = SIM_MS;
	for (i = 0; i < sim.count; i++) {
		sim_update(&sim, (int)i, 100, 100, 0);
		sim_freeze(&sim, (int)i, false);
		sim_set_load(&sim, (int)i, &busy);
	}
	sim_run_until(&sim, sim.now + 20 * SIM_MS);
	for (i = 0; i < sim.count; i++)
		while (!sim_open(&sim, (int)i))
			sim_run_until(&sim, sim.now + SIM_MS);
	sim_run_until(&sim, sim.now + 20 * SIM_MS);
	/* Who owes others waits until they have had it. */
	for (i = 0; i < sim.count; i++) {
		int64_t lag = sched_lag(&sim.queue, &sim.vgpu[i].client, sim.now);

		if (-lag > owed)
			owed = -lag;
	}
	round = sim.count * (SIM_MS + 2 * config.switch_ns + config.overrun_ns + SLIVER);
	sim_run_until(&sim, sim.now + 10 * round + 2 * sim.count * (uint64_t)owed);
	snapshot(served);
	sim_run_until(&sim, sim.now + 10 * round);
	for (i = 0; i < sim.count; i++)
		unit_assert(sim_served(&sim, (int)i) > served[i],
			    "scenario %u: vGPU %u of %u is never served again: runnable %d, throttled %d, lag %lld; GPU %d has %d",
			    number, i, sim.count, sim.vgpu[i].client.runnable,
			    sim.vgpu[i].client.throttled,
			    (long long)sched_lag(&sim.queue, &sim.vgpu[i].client, sim.now),
			    sim.gpu, sim.current);
	check_times(number);
	sim_fini(&sim);
}

START_TEST(test_any_change_at_any_time)
{
	unsigned int number;

	for (number = 0; number < 500; number++)
		change_at_any_time(number);
}
END_TEST

/* A full GPU under fixed share, closing and opening. */
START_TEST(test_fixed_share_fills_up)
{
	struct sim_config config = h200(&sched_fixed_share);
	unsigned int i, round;

	sim_init(&sim, &config, &sim_module);
	for (i = 0; i < 4; i++) {
		sim_add(&sim, &absent);
		sim_close(&sim, (int)i);
		sim.vgpu[i].client.max_instance = 4;
		sim.vgpu[i].load = busy;
	}
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 4; i++) {
			sim_run_until(&sim, sim.now + 777 * SIM_US);
			while (!sim_open(&sim, (int)i))
				sim_run_until(&sim, sim.now + 100 * SIM_US);
		}
		for (i = 0; i < 4; i++) {
			sim_run_until(&sim, sim.now + 777 * SIM_US);
			sim_close(&sim, (int)i);
		}
	}
	ck_assert_uint_eq(sim.queue.members, 0);
	ck_assert_ptr_null(sim.queue.first);
	sim_run_until(&sim, sim.now + 100 * SIM_MS);
	check_times(0);
	sim_fini(&sim);
}
END_TEST

/* Who goes to another queue, which has hardly begun, owes nobody there anything. */
START_TEST(test_another_queue)
{
	struct sim_config config = h200(&sched_best_effort);
	struct sched_client *client;
	struct sched_queue other;
	int64_t lag;

	sim_init(&sim, &config, &sim_module);
	sim_add(&sim, &busy);
	sim_add(&sim, &busy);
	sim_run_until(&sim, 10 * SIM_S);
	sim_close(&sim, 0);
	sim_run_until(&sim, sim.now + 100 * SIM_MS);
	client = &sim.vgpu[0].client;
	sched_queue_init(&other, &sched_best_effort);
	sched_forget(client);
	sched_add(&other, client, sim.now);
	lag = sched_lag(&other, client, sim.now);
	ck_assert_msg(!lag, "it comes with a lag of %lld ns", (long long)lag);
	sim_fini(&sim);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_changes");
	TCase *cases = tcase_create("policy_changes");

	policies_seed("policy_changes");
	tcase_set_timeout(cases, 480);
	tcase_add_test(cases, test_any_change_at_any_time);
	tcase_add_test(cases, test_fixed_share_fills_up);
	tcase_add_test(cases, test_another_queue);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_changes");
}
