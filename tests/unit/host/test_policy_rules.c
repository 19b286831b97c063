// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_rules.c - what a scheduling policy decides, one decision at a time
 *
 * No GPU: the test is the caller of kernel/host/policy/turns.c.
 */
#include "policies.h"

static struct sched_queue queue;
static struct sched_heap_node ready[10001], throttled[10001];
static struct sched_client client[10000];

static void make_queue(unsigned int n, uint64_t now)
{
	unsigned int i;

	sched_queue_init(&queue, &sched_best_effort, ready, throttled, 10000);
	queue.timeslice_ns = 2 * SIM_MS;
	for (i = 0; i < n; i++) {
		sched_client_init(&client[i]);
		ck_assert(sched_add(&queue, &client[i], now));
		sched_wake(&queue, &client[i], now);
	}
}

/* Averaging 1: exactly at once; 0 < A: debt / A a turn, to the last nanosecond. */
START_TEST(test_overrun_is_taken_off)
{
	struct sched_decision decision;
	uint64_t now = 0, over = 330 * SIM_US, paid = 0;
	unsigned int i;

	make_queue(2, now);
	queue.averaging = 1;
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS);
	sched_charge(&queue, SCHED_END_QUANTUM, 2 * SIM_MS + over, now += 3 * SIM_MS);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[1]);
	sched_charge(&queue, SCHED_END_QUANTUM, 2 * SIM_MS, now += 3 * SIM_MS);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS - over);
	sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, now += 3 * SIM_MS);
	ck_assert_uint_eq(client[0].debt_ns, 0);

	make_queue(2, now);
	queue.averaging = 33;
	sched_pick(&queue, now, &decision);
	sched_charge(&queue, SCHED_END_QUANTUM, 2 * SIM_MS + over, now += 3 * SIM_MS);
	for (i = 0; i < 3000; i++) {
		sched_pick(&queue, now, &decision);
		if (decision.client == &client[0])
			paid += 2 * SIM_MS - decision.quantum_ns;
		if (i == 1)
			ck_assert_uint_eq(paid, over / 33);
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, now += 3 * SIM_MS);
	}
	ck_assert_uint_eq(paid, over);
}
END_TEST

/* Sleeping, leaving, and storms of tiny jobs pay nothing. */
START_TEST(test_debt_is_paid_by_running_only)
{
	struct sched_decision decision;
	uint64_t now = 0, debt;
	unsigned int i;

	make_queue(2, now);
	sched_pick(&queue, now, &decision);
	sched_charge(&queue, SCHED_END_RESET, 40 * SIM_MS, now += 40 * SIM_MS);
	debt = client[0].debt_ns;
	ck_assert_uint_eq(debt, 38 * SIM_MS);
	for (i = 0; i < 1000; i++) {
		sched_wake(&queue, &client[0], now);
		sched_pick(&queue, now, &decision);
		if (decision.client == &client[0])
			sched_charge(&queue, SCHED_END_IDLE, 10 * SIM_US, now += 3 * SIM_MS);
		else
			sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns,
				     now += 3 * SIM_MS);
	}
	ck_assert_uint_eq(client[0].debt_ns, debt);
	sched_remove(&queue, &client[0], now);
	ck_assert(sched_add(&queue, &client[0], now));
	sched_wake(&queue, &client[0], now);
	sched_sleep(&queue, &client[0], now);
	ck_assert_uint_eq(client[0].debt_ns, debt);
	/* Debt of more than a turn delays the turn; sleeping meanwhile does not count. */
	queue.averaging = 1;
	sched_wake(&queue, &client[0], now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[1]);
	sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, now += 3 * SIM_MS);
	sched_sleep(&queue, &client[0], now);
	ck_assert_uint_ge(client[0].debt_ns, debt - 4 * SIM_MS);
}
END_TEST

/* A clock that ran for days while somebody slept. */
START_TEST(test_long_sleep)
{
	struct sched_decision decision;
	uint64_t now = SIM_S, hours, i;
	__u64 stop;

	for (hours = 1; hours < 40; hours++) {
		make_queue(3, now);
		sched_sleep(&queue, &client[2], now);
		sched_update(&queue, &client[1], 1, 100, 0, now);
		sched_sleep(&queue, &client[0], now);
		sched_pick(&queue, now, &decision);
		ck_assert_ptr_eq(decision.client, &client[1]);
		ck_assert_uint_eq(decision.quantum_ns, 0);
		/* Each wake-up of a third one brings the virtual clock up to date. */
		for (i = 0; i < hours; i++) {
			now += 3600 * SIM_S / 4;
			sched_wake(&queue, &client[2], now);
			sched_sleep(&queue, &client[2], now);
		}
		sched_wake(&queue, &client[0], now);
		ck_assert(sched_look(&queue, now, &stop));
		ck_assert_uint_le(stop, 2 * SIM_MS);
		now += stop;
		sched_charge(&queue, SCHED_END_PREEMPTED, hours * 3600 * SIM_S / 4 + stop, now);
		sched_pick(&queue, now, &decision);
		ck_assert_msg(decision.client == &client[0],
			      "after %llu quarters of an hour it still waits",
			      (unsigned long long)hours);
	}
}
END_TEST

/* A lone run has no quantum: it must yet end for whoever its cap held back. */
START_TEST(test_lone_run_ends_for_the_capped)
{
	struct sched_decision decision;
	uint64_t now = SIM_S;
	__u64 stop;

	make_queue(2, now);
	sched_sleep(&queue, &client[1], now);
	sched_update(&queue, &client[0], 100, 10, 0, now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, NULL);
	ck_assert(decision.until > now);
	now = decision.until;
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS);
	sched_charge(&queue, SCHED_END_IDLE, 2 * SIM_MS, now += 2 * SIM_MS);
	sched_wake(&queue, &client[1], now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[1]);
	ck_assert_uint_eq(decision.quantum_ns, 0);
	ck_assert(!sched_look(&queue, now, &stop));
	sched_wake(&queue, &client[0], now);
	ck_assert(sched_look(&queue, now, &stop));
	ck_assert_uint_gt(stop, 0);
	ck_assert_uint_le(stop, 40 * SIM_MS);
	/* And for one that holds the GPU without work it ends at once. */
	sched_update(&queue, &client[0], 100, 100, 0, now);
	sched_sleep(&queue, &client[1], now);
	ck_assert(sched_look(&queue, now, &stop));
	ck_assert_uint_eq(stop, 0);
}
END_TEST

/* An idle GPU takes no timer, whatever the policy. */
START_TEST(test_idle_gpu_is_left_alone)
{
	struct sched_decision decision;
	unsigned int p;

	for (p = 0; p < 3; p++) {
		make_queue(3, 0);
		client[0].max_instance = 8;
		sched_set_policy(&queue, sim_policies[p], 0);
		sched_sleep(&queue, &client[0], 0);
		sched_sleep(&queue, &client[1], 0);
		sched_sleep(&queue, &client[2], 0);
		sched_pick(&queue, 0, &decision);
		ck_assert_msg(!decision.client && !decision.until,
			      "%s: idle, and has something to do",
			      sim_policies[p]->name);
	}
}
END_TEST

static void run_one(enum sched_end reason, uint64_t run_ns, uint64_t *now)
{
	sched_charge(&queue, reason, run_ns, *now += run_ns);
}

/* Where virtual time is when a vGPU comes back, its turn begins. */
/*
 * A switch takes time in which tokens come in. They are no reason to go on: that
 * would be slivers of runs, a switch each, until the turn is used up, and the
 * others would wait for all of that.
 */
START_TEST(test_tokens_of_a_switch_are_no_run)
{
	struct sched_decision decision;
	uint64_t now = SIM_S, run, waited = 0;
	unsigned int i, slivers = 0;

	make_queue(2, now);
	sched_update(&queue, &client[0], 300, 20, 10 * SIM_MS, now);
	for (i = 0; i < 400; i++) {
		sched_pick(&queue, now, &decision);
		ck_assert_ptr_nonnull(decision.client);
		run = decision.quantum_ns;
		ck_assert(run && !decision.idle_slot);
		if (decision.client == &client[1]) {
			waited = 0;
		} else {
			slivers += run < SIM_MS;
			waited += run + SIM_MS / 5;
		}
		ck_assert_msg(waited < 25 * SIM_MS, "one beside a capped one waits for %lu us",
			      (unsigned long)(waited / SIM_US));
		/* Saved and reported a fifth of a millisecond later. */
		now += run + SIM_MS / 5;
		sched_charge(&queue, SCHED_END_QUANTUM, run, now);
	}
	ck_assert_msg(slivers < 20, "%u of 400 runs were slivers", slivers);
}
END_TEST

START_TEST(test_new_settings_of_the_capped)
{
	struct sched_decision decision;
	uint64_t now = SIM_S;
	unsigned int i, runs = 0;
	__u64 stop;

	/* It empties its bucket and is held back, ... */
	make_queue(2, now);
	sched_sleep(&queue, &client[1], now);
	sched_update(&queue, &client[0], 100, 1, 0, now);
	sched_pick(&queue, now, &decision);
	now = decision.until;
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	run_one(SCHED_END_QUANTUM, 5 * SIM_MS, &now);
	ck_assert(client[0].throttled);
	/* ... while another runs alone. */
	sched_wake(&queue, &client[1], now);
	for (i = 0; i < 50; i++) {
		sched_pick(&queue, now, &decision);
		ck_assert_ptr_eq(decision.client, &client[1]);
		run_one(SCHED_END_QUANTUM, 2 * SIM_MS, &now);
	}
	ck_assert(client[0].throttled);
	sched_update(&queue, &client[0], 100, 100, 0, now);
	ck_assert(!client[0].throttled);
	ck_assert_int_ge((int64_t)(client[0].start - queue.now), 0);
	sched_look(&queue, now, &stop);
	for (i = 0; i < 20; i++) {
		sched_pick(&queue, now, &decision);
		runs += decision.client == &client[0];
		run_one(SCHED_END_QUANTUM, decision.quantum_ns, &now);
	}
	ck_assert_msg(runs >= 8 && runs <= 11, "uncapped, it had %u turns of 20", runs);
}
END_TEST

/* Tiny jobs end a turn, however much an earlier one left over for it. */
START_TEST(test_sleeps_count_in_a_longer_turn)
{
	struct sched_decision decision;
	uint64_t now = SIM_S;
	unsigned int i;

	make_queue(2, now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	/* 40 us are left: less than a sliver, so the next turn has them. */
	run_one(SCHED_END_PREEMPTED, 2 * SIM_MS - 40 * SIM_US, &now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[1]);
	run_one(SCHED_END_QUANTUM, 2 * SIM_MS, &now);
	for (i = 0; i < SCHED_RUNS_PER_TURN; i++) {
		sched_pick(&queue, now, &decision);
		if (decision.client == &client[1]) {
			run_one(SCHED_END_QUANTUM, 2 * SIM_MS, &now);
			sched_pick(&queue, now, &decision);
		}
		ck_assert_ptr_eq(decision.client, &client[0]);
		ck_assert_uint_gt(decision.quantum_ns, 2 * SIM_MS);
		run_one(SCHED_END_IDLE, 10 * SIM_US, &now);
		sched_wake(&queue, &client[0], now);
	}
	sched_pick(&queue, now, &decision);
	ck_assert_msg(decision.client == &client[1], "after %u jobs the other still waits", i);
}
END_TEST

/*
 * Where idle turns are kept: tiny jobs end nothing, but the rest of the turn
 * passes idle, for each job costs a switch that the others would pay.
 */
START_TEST(test_tiny_jobs_in_a_kept_turn)
{
	struct sched_decision decision;
	uint64_t now = SIM_S, turn = 0;
	__u64 stop;
	unsigned int i;

	make_queue(2, now);
	sched_set_policy(&queue, &sched_equal_share, now);
	for (i = 0; i < SCHED_RUNS_PER_TURN; i++) {
		sched_pick(&queue, now, &decision);
		ck_assert_ptr_eq(decision.client, &client[0]);
		ck_assert(!decision.idle_slot);
		turn += 10 * SIM_US;
		run_one(SCHED_END_IDLE, 10 * SIM_US, &now);
		sched_wake(&queue, &client[0], now);
	}
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	ck_assert_msg(decision.idle_slot, "it runs a job more after %u", i);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS - turn);
	ck_assert_msg(!sched_look(&queue, now, &stop), "its work ends the idle slot");
	run_one(SCHED_END_QUANTUM, decision.quantum_ns, &now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[1]);
	run_one(SCHED_END_QUANTUM, decision.quantum_ns, &now);
	sched_pick(&queue, now, &decision);
	ck_assert_ptr_eq(decision.client, &client[0]);
	ck_assert_msg(!decision.idle_slot, "in its next turn it runs no job");
}
END_TEST

/* Who pays for a timer that is late in an idle slot: nobody does, an owner not. */
START_TEST(test_late_idle_slots)
{
	const uint64_t late = 300 * SIM_US;
	struct sched_decision decision;
	uint64_t now = SIM_S, ran = 0, slots = 0;
	unsigned int i;
	double percent;

	/* 1 of 4 instances, alone: three slots of nobody for each of its runs. */
	make_queue(0, now);
	sched_set_policy(&queue, &sched_fixed_share, now);
	sched_client_init(&client[0]);
	client[0].max_instance = 4;
	ck_assert(sched_add(&queue, &client[0], now));
	sched_wake(&queue, &client[0], now);
	for (i = 0; i < 4000; i++) {
		sched_pick(&queue, now, &decision);
		if (decision.idle_slot) {
			ck_assert_ptr_eq(decision.client, &queue.nobody);
			slots += decision.quantum_ns + late;
			run_one(SCHED_END_QUANTUM, decision.quantum_ns + late, &now);
		} else {
			ran += decision.quantum_ns;
			run_one(SCHED_END_QUANTUM, decision.quantum_ns, &now);
		}
	}
	percent = 100.0 * (double)ran / (double)(ran + slots);
	ck_assert_msg(percent > 24.8 && percent < 25.2, "a quarter is %.2f%%", percent);
	/* What it is paid back for is its own: the next tenant starts afresh. */
	ck_assert_uint_gt(queue.nobody.debt_ns, 0);
	sched_remove(&queue, &client[0], now);
	ck_assert_uint_eq(queue.nobody.debt_ns, 0);

	/* An owner that has no work is not to pay when it has. */
	make_queue(2, now);
	sched_set_policy(&queue, &sched_equal_share, now);
	sched_sleep(&queue, &client[0], now);
	for (i = 0; i < 100; i++) {
		sched_pick(&queue, now, &decision);
		if (decision.idle_slot)
			decision.quantum_ns += late;
		run_one(SCHED_END_QUANTUM, decision.quantum_ns, &now);
	}
	ck_assert_uint_gt(client[0].idle_ns, 90 * SIM_MS);
	ck_assert_uint_eq(client[0].debt_ns, 0);
}
END_TEST

static double comparisons_per_decision(unsigned int n, bool weights)
{
	struct sched_decision decision;
	uint64_t now = 0, before;
	unsigned int i;

	make_queue(n, now);
	for (i = 0; weights && i < n; i++)
		sched_update(&queue, &client[i], 1 + i * 7919 % 10000, 100, 0, now);
	for (i = 0; i < 3 * n; i++) {
		sched_pick(&queue, now, &decision);
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, now += 2 * SIM_MS);
	}
	before = queue.ready.comparisons;
	for (i = 0; i < 20000; i++) {
		sched_pick(&queue, now, &decision);
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, now += 2 * SIM_MS);
	}
	return (double)(queue.ready.comparisons - before) / 20000;
}

/* Bound 7. */
START_TEST(test_decisions_are_cheap)
{
	int weights;

	for (weights = 0; weights < 2; weights++) {
		double few = comparisons_per_decision(64, weights);
		double many = comparisons_per_decision(10000, weights);

		printf("# comparisons a decision, %s weights: %.1f with 64 clients, %.1f with 10000\n",
		       weights ? "different" : "equal", few, many);
		ck_assert_msg(many <= 3 * few, "%.1f with 10000 clients, %.1f with 64", many, few);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_rules");
	TCase *cases = tcase_create("policy_rules");

	policies_seed("policy_rules");
	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, test_overrun_is_taken_off);
	tcase_add_test(cases, test_debt_is_paid_by_running_only);
	tcase_add_test(cases, test_long_sleep);
	tcase_add_test(cases, test_lone_run_ends_for_the_capped);
	tcase_add_test(cases, test_idle_gpu_is_left_alone);
	tcase_add_test(cases, test_tokens_of_a_switch_are_no_run);
	tcase_add_test(cases, test_new_settings_of_the_capped);
	tcase_add_test(cases, test_sleeps_count_in_a_longer_turn);
	tcase_add_test(cases, test_tiny_jobs_in_a_kept_turn);
	tcase_add_test(cases, test_late_idle_slots);
	tcase_add_test(cases, test_decisions_are_cheap);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_rules");
}
