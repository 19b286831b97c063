// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_policy_rules.c - what a scheduling policy decides, one decision at a time
 *
 * No GPU: the test is the caller of kernel/host/policy/eevdf.c.
 */
#include "policies.h"

#define SWITCH	(100 * SIM_US)

static struct sched_queue queue;
static struct sched_client client[65];
static struct sched_decision decision;
static uint64_t now;

static void make_queue(unsigned int n)
{
	unsigned int i;

	now = SIM_S;
	sched_queue_init(&queue, &sched_best_effort);
	queue.timeslice_ns = 2 * SIM_MS;
	queue.timeslice_max_ns = 2 * SIM_MS;
	queue.switch_ns = SWITCH;
	for (i = 0; i < n; i++) {
		sched_client_init(&client[i]);
		sched_add(&queue, &client[i], now);
		sched_wake(&queue, &client[i], now);
	}
}

static struct sched_client *pick(void)
{
	sched_pick(&queue, now, &decision);
	return decision.client;
}

/* The run ends after that long, its switch included. */
static void end(enum sched_end reason, uint64_t run_ns)
{
	now += run_ns + SWITCH;
	sched_charge(&queue, reason, run_ns, SWITCH, now);
}

static void use_quantum(void)
{
	end(SCHED_END_QUANTUM, decision.quantum_ns);
}

/* Until it is @who's turn; what the others had meanwhile, switches included. */
static uint64_t others_until(struct sched_client *who)
{
	uint64_t from = now;
	unsigned int i;

	for (i = 0; i < 100000 && pick() != who; i++)
		use_quantum();
	unit_assert(decision.client == who, "it is never its turn again");
	return now - from;
}

/* What a run is too long the next one is shorter, to the nanosecond. */
START_TEST(test_overrun_is_taken_off)
{
	const uint64_t over = 330 * SIM_US;

	make_queue(2);
	ck_assert_ptr_nonnull(pick());
	struct sched_client *one = decision.client;

	end(SCHED_END_QUANTUM, decision.quantum_ns + over);
	others_until(one);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS - over);
	use_quantum();
	others_until(one);
	ck_assert_uint_eq(decision.quantum_ns, 2 * SIM_MS);
}
END_TEST

/* A hang is paid back, and neither sleep nor a reset pays it. */
static void pays_for_a_hang(bool resets, bool sleeps)
{
	uint64_t others;

	make_queue(3);
	pick();
	struct sched_client *one = decision.client;

	end(SCHED_END_RESET, 400 * SIM_MS);
	if (resets) {
		sched_remove(&queue, one, now);
		sched_add(&queue, one, now);
	}
	sched_wake(&queue, one, now);
	if (sleeps) {
		sched_sleep(&queue, one, now);
		sched_wake(&queue, one, now);
	}
	others = others_until(one);
	/* Two others, 400 ms each. */
	unit_assert(others > 780 * SIM_MS && others < 820 * SIM_MS,
		    "after a hang of 400 ms %s the two others had %.1f ms",
		    resets ? "and a reset" : sleeps ? "and a nap" : "", (double)others / 1e6);
}

START_TEST(test_hangs_are_paid_back)
{
	pays_for_a_hang(false, false);
	pays_for_a_hang(true, false);
	pays_for_a_hang(false, true);
}
END_TEST

/* A run that goes on when its owner has left is no time away, that pays. */
START_TEST(test_running_on_pays_nothing)
{
	int64_t lag;

	make_queue(4);
	pick();
	struct sched_client *one = decision.client;

	now += SIM_MS;
	sched_remove(&queue, one, now);
	lag = sched_lag(&queue, one, now);
	now += 40 * SIM_MS;
	sched_charge(&queue, SCHED_END_RESET, 41 * SIM_MS - SWITCH, SWITCH, now);
	sched_add(&queue, one, now);
	unit_assert(lag - sched_lag(&queue, one, now) >= 39 * (int64_t)SIM_MS,
		    "40 ms after it left cost it %lld us",
		    (long long)(lag - sched_lag(&queue, one, now)) / 1000);
}
END_TEST

/* While a hang lasts, and after, the others owe and are owed what they were. */
START_TEST(test_hang_moves_nobody)
{
	int64_t before;

	make_queue(4);
	sched_sleep(&queue, &client[0], now);
	use_quantum();
	pick();
	use_quantum();
	pick();
	before = sched_lag(&queue, &client[0], now);
	now += 300 * SIM_MS;
	unit_assert(sched_lag(&queue, &client[0], now) - before <= 2 * (int64_t)SIM_MS,
		    "during a hang a sleeper came to be owed %lld ns",
		    (long long)(sched_lag(&queue, &client[0], now) - before));
	sched_charge(&queue, SCHED_END_RESET, 300 * SIM_MS - SWITCH, SWITCH, now);
	unit_assert(sched_lag(&queue, &client[0], now) - before <= 2 * (int64_t)SIM_MS,
		    "after a hang a sleeper is owed %lld ns",
		    (long long)(sched_lag(&queue, &client[0], now) - before));
}
END_TEST

/* A run alone makes no debt, however far the GPU's clock is from the kernel's. */
START_TEST(test_run_alone_is_free)
{
	static const uint64_t said[] = { 0, 3500 * SIM_S, 3700 * SIM_S, UINT64_MAX };
	unsigned int i;
	int64_t lag;

	for (i = 0; i < 4; i++) {
		make_queue(2);
		sched_sleep(&queue, &client[1], now);
		ck_assert_ptr_eq(pick(), &client[0]);
		ck_assert_uint_eq(decision.quantum_ns, 0);
		ck_assert_uint_eq(decision.linger_ns, SCHED_FOREVER);
		ck_assert_uint_eq(sched_look(&queue, now), SCHED_FOREVER);
		now += 3600 * SIM_S;
		sched_wake(&queue, &client[1], now);
		ck_assert_uint_eq(sched_look(&queue, now), 0);
		sched_charge(&queue, SCHED_END_PREEMPTED, said[i], 0, now);
		lag = sched_lag(&queue, &client[0], now);
		unit_assert(lag <= 0 && lag > -8 * (int64_t)SIM_MS,
			    "an hour alone left a debt of %lld ns", (long long)-lag);
		ck_assert_ptr_eq(pick(), &client[1]);
	}
}
END_TEST

/* The GPU says that a run took for ever: no more is believed than has passed. */
START_TEST(test_lies_of_the_device)
{
	uint64_t others;

	make_queue(2);
	pick();
	struct sched_client *one = decision.client;

	now += 3 * SIM_MS;
	sched_charge(&queue, SCHED_END_QUANTUM, UINT64_MAX, UINT64_MAX, now);
	ck_assert_uint_eq(one->charged_ns, 3 * SIM_MS);
	others = others_until(one);
	unit_assert(others < 5 * SIM_MS, "a lie cost it %.1f ms", (double)others / 1e6);
}
END_TEST

/* A new weight changes nothing of what is owed already. */
START_TEST(test_weight_changes_no_debt)
{
	int64_t lag;
	uint32_t weight;

	for (weight = 1; weight <= 10000; weight *= 10) {
		make_queue(3);
		pick();
		struct sched_client *one = decision.client;

		end(SCHED_END_RESET, 50 * SIM_MS);
		lag = sched_lag(&queue, one, now);
		sched_update(&queue, one, weight, 100, 0, now);
		unit_assert(sched_lag(&queue, one, now) - lag < 2 &&
			    lag - sched_lag(&queue, one, now) < 2,
			    "with weight %u it owes %lld ns instead of %lld", weight,
			    (long long)-sched_lag(&queue, one, now), (long long)-lag);
	}
}
END_TEST

/* Who sleeps is owed 8 ms at most, however long. */
START_TEST(test_credit_is_bounded)
{
	unsigned int i;
	uint64_t had = 0;

	make_queue(3);
	sched_sleep(&queue, &client[0], now);
	for (i = 0; i < 2000; i++) {
		pick();
		use_quantum();
	}
	ck_assert_int_le(sched_lag(&queue, &client[0], now), 8 * (int64_t)SIM_MS);
	ck_assert_int_ge(sched_lag(&queue, &client[0], now), 7 * (int64_t)SIM_MS);
	sched_wake(&queue, &client[0], now);
	for (i = 0; i < 30; i++) {
		if (pick() == &client[0])
			had += decision.quantum_ns;
		use_quantum();
	}
	/* A third of 30 slices, and the credit. */
	unit_assert(had < 20 * SIM_MS + 10 * SIM_MS, "it had %.1f of 60 ms", (double)had / 1e6);
}
END_TEST

/* Who wakes has the run cut, and pays both switches; the other goes on. */
START_TEST(test_a_cut_is_paid_by_who_woke)
{
	uint64_t before, rest;
	unsigned int i;

	make_queue(3);
	sched_sleep(&queue, &client[0], now);
	for (i = 0; i < 100; i++) {
		pick();
		use_quantum();
	}
	pick();
	struct sched_client *cut = decision.client;

	rest = decision.quantum_ns - SIM_MS;
	now += SWITCH + SIM_MS;
	ck_assert_uint_eq(sched_look(&queue, now), SCHED_FOREVER);
	sched_wake(&queue, &client[0], now);
	ck_assert_uint_eq(sched_look(&queue, now), 0);
	before = client[0].charged_ns;
	sched_charge(&queue, SCHED_END_PREEMPTED, SIM_MS, SWITCH, now);
	ck_assert_ptr_eq(pick(), &client[0]);
	/* It is safe from the next that wakes, and about to be done. */
	end(SCHED_END_IDLE, 20 * SIM_US);
	ck_assert_uint_eq(client[0].charged_ns - before, 2 * SWITCH + 20 * SIM_US);
	before = cut->charged_ns;
	ck_assert_ptr_eq(pick(), cut);
	ck_assert_uint_eq(decision.quantum_ns, rest);
	use_quantum();
	ck_assert_uint_eq(cut->charged_ns - before, rest);
	ck_assert_uint_eq(queue.cuts, 1);
}
END_TEST

/* Clients 0 and 1 sleep and are owed their credit; another is SIM_MS into its run. */
static struct sched_client *run_beside_sleepers(void)
{
	unsigned int i;

	make_queue(4);
	sched_sleep(&queue, &client[0], now);
	sched_sleep(&queue, &client[1], now);
	for (i = 0; i < 100; i++) {
		pick();
		use_quantum();
	}
	pick();
	now += SWITCH + SIM_MS;
	return decision.client;
}

/* Who has a run cut and leaves before it has ended pays all the same. */
START_TEST(test_leaving_is_no_way_out_of_a_cut)
{
	struct sched_client *cut = run_beside_sleepers();
	uint64_t before = client[0].charged_ns, cut_before = cut->charged_ns;

	sched_wake(&queue, &client[0], now);
	ck_assert_uint_eq(sched_look(&queue, now), 0);
	sched_remove(&queue, &client[0], now);
	sched_charge(&queue, SCHED_END_PREEMPTED, SIM_MS, SWITCH, now);
	ck_assert_uint_eq(client[0].charged_ns - before, SWITCH);
	ck_assert_uint_eq(queue.cuts, 1);
	ck_assert_ptr_eq(pick(), cut);
	use_quantum();
	/* Of two switches it pays one. */
	ck_assert_uint_eq(cut->charged_ns - cut_before,
			  SIM_MS + SWITCH + decision.quantum_ns);
}
END_TEST

/* Neighbours whose switches take long make no cut dearer. */
START_TEST(test_price_of_a_cut_is_its_own)
{
	uint64_t cost, before;
	unsigned int i;

	make_queue(4);
	for (i = 0; i < 200; i++) {
		if (i == 100) {
			sched_sleep(&queue, &client[0], now);
			sched_sleep(&queue, &client[1], now);
		}
		cost = pick() > &client[1] ? 20 * SWITCH : SWITCH;
		now += decision.quantum_ns + cost;
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, cost, now);
	}
	pick();
	now += 20 * SWITCH + SIM_MS;
	sched_wake(&queue, &client[0], now);
	ck_assert_uint_eq(sched_look(&queue, now), 0);
	before = client[0].charged_ns;
	sched_charge(&queue, SCHED_END_PREEMPTED, SIM_MS, 20 * SWITCH, now);
	ck_assert_uint_eq(queue.cuts, 1);
	ck_assert_uint_eq(client[0].charged_ns - before, SWITCH);
}
END_TEST

/* A run that ends for another reason before it is cut costs whoever woke nothing. */
START_TEST(test_nobody_pays_for_a_cut_that_was_not)
{
	struct sched_client *ran;
	uint64_t before;

	run_beside_sleepers();
	sched_charge(&queue, SCHED_END_QUANTUM, SIM_MS, SWITCH, now);
	sched_wake(&queue, &client[0], now);
	ck_assert_ptr_eq(ran = pick(), &client[0]);
	now += SWITCH + SIM_MS / 10;
	/* Another that wakes may cut this run, but not yet. */
	sched_wake(&queue, &client[1], now);
	ck_assert_uint_ne(sched_look(&queue, now), 0);
	before = client[1].charged_ns;
	sched_remove(&queue, ran, now);
	sched_charge(&queue, SCHED_END_PREEMPTED, SIM_MS / 10, SWITCH, now);
	ck_assert_uint_eq(client[1].charged_ns, before);
	ck_assert_uint_eq(queue.cuts, 0);
	ck_assert_uint_eq(ran->prepaid_ns, 0);
}
END_TEST

/* Of a load that hung the device tells no time; it is charged all the same. */
START_TEST(test_reset_is_charged_by_the_clock)
{
	make_queue(2);
	pick();
	struct sched_client *one = decision.client;

	now += 600 * SIM_MS;
	sched_charge(&queue, SCHED_END_RESET, 0, 0, now);
	ck_assert_uint_eq(one->charged_ns, 600 * SIM_MS);
}
END_TEST

/* A client that hung and stays away owes as much when it is back, if the others had little work. */
START_TEST(test_debt_outlasts_absence)
{
	static const uint64_t away[] = { SIM_S, 100 * SIM_S, 6 * 3600 * SIM_S };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		make_queue(2);
		sched_sleep(&queue, &client[1], now);
		pick();
		sched_wake(&queue, &client[1], now);
		sched_charge(&queue, SCHED_END_PREEMPTED, 0, SWITCH, now += SWITCH);
		others_until(&client[0]);
		end(SCHED_END_RESET, SIM_S);
		sched_remove(&queue, &client[0], now);
		sched_sleep(&queue, &client[1], now);
		now += away[i];
		sched_add(&queue, &client[0], now);
		unit_assert(sched_lag(&queue, &client[0], now) < -400 * (int64_t)SIM_MS,
			    "after %lu s away it owes %lld us of a second",
			    (unsigned long)(away[i] / SIM_S),
			    (long long)-sched_lag(&queue, &client[0], now) / 1000);
	}
}
END_TEST

/* Runs of a capped one that are short beside their switches. */
START_TEST(test_a_cap_counts_switches_of_tiny_jobs)
{
	uint64_t begin, until = 0;

	make_queue(2);
	sched_update(&queue, &client[0], 100, 2, 0, now);
	sched_sleep(&queue, &client[1], now);
	sched_sleep(&queue, &client[0], now);
	for (begin = now; now < begin + 10 * SIM_S;) {
		sched_wake(&queue, &client[0], now);
		if (pick())
			end(SCHED_END_IDLE, 5 * SIM_US);
		else
			until = decision.until;
		now = until > now ? until : now + 100 * SIM_US;
	}
	unit_assert(client[0].charged_ns < 10 * SIM_S / 25 + 10 * SIM_MS,
		    "with a cap of 2 %% it was charged %.1f %%",
		    (double)client[0].charged_ns / 1e8);
	unit_assert(client[0].charged_ns > 10 * SIM_S / 50, "it was charged %.1f %%",
		    (double)client[0].charged_ns / 1e8);
}
END_TEST

/* However often a bucket is looked at, the same comes in. */
START_TEST(test_a_bucket_loses_nothing)
{
	struct sched_bucket often = { 0 }, once = { 0 };
	uint64_t at;

	sched_bucket_set(&often, SCHED_RATE_ONE / 64 + 1, SIM_S, SIM_S);
	once = often;
	for (at = SIM_S; at < SIM_S + 60 * SIM_MS; at += 600)
		sched_bucket_set(&often, often.rate, SIM_S, at);
	sched_bucket_set(&often, often.rate, SIM_S, at);
	sched_bucket_set(&once, once.rate, SIM_S, at);
	ck_assert_int_gt(once.tokens, 900 * (int64_t)SIM_US);
	ck_assert_int_eq(often.tokens, once.tokens);
}
END_TEST

/* A lone run of least weight is looked at for two months; its numbers stay in range. */
START_TEST(test_months_alone)
{
	unsigned int minute;

	make_queue(2);
	sched_sleep(&queue, &client[1], now);
	sched_update(&queue, &client[0], 1, 100, 0, now);
	ck_assert_ptr_eq(pick(), &client[0]);
	for (minute = 0; minute < 60 * 24 * 60; minute++) {
		now += 60 * SIM_S;
		ck_assert_uint_eq(sched_look(&queue, now), SCHED_FOREVER);
		ck_assert_int_le(client[0].due, 0);
	}
}
END_TEST

/* One that owes the others wakes as often as it likes. */
START_TEST(test_who_owes_cuts_nobody)
{
	unsigned int i;

	make_queue(2);
	for (i = 0; i < 50; i++) {
		struct sched_client *one = pick();
		struct sched_client *two = one == &client[0] ? &client[1] : &client[0];

		ck_assert_ptr_nonnull(one);
		now += SWITCH + decision.quantum_ns / 2;
		if (sched_lag(&queue, two, now) < 0) {
			sched_sleep(&queue, two, now);
			sched_wake(&queue, two, now);
			ck_assert_uint_ne(sched_look(&queue, now), 0);
		}
		now += decision.quantum_ns - decision.quantum_ns / 2;
		sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, SWITCH, now);
	}
}
END_TEST

/* Who is back sooner than a switch takes is waited for the next time, that long. */
START_TEST(test_short_gaps_are_waited_for)
{
	make_queue(2);
	queue.lingers = true;
	sched_sleep(&queue, &client[1], now);
	sched_sleep(&queue, &client[0], now);
	sched_wake(&queue, &client[0], now += SIM_MS);
	sched_wake(&queue, &client[1], now);
	others_until(&client[0]);
	ck_assert_uint_eq(decision.linger_ns, 0);
	end(SCHED_END_IDLE, 500 * SIM_US);
	sched_wake(&queue, &client[0], now += SWITCH / 2);
	others_until(&client[0]);
	ck_assert_uint_eq(decision.linger_ns, SWITCH);
	/* It was waited for in vain: not again. */
	end(SCHED_END_IDLE, 500 * SIM_US);
	sched_wake(&queue, &client[0], now += SIM_MS);
	others_until(&client[0]);
	ck_assert_uint_eq(decision.linger_ns, 0);
}
END_TEST

/* A lone run has no quantum: it must yet end for whoever its cap held back. */
START_TEST(test_lone_run_ends_for_the_capped)
{
	uint64_t in;

	make_queue(2);
	sched_sleep(&queue, &client[1], now);
	sched_update(&queue, &client[0], 100, 10, 0, now);
	ck_assert_ptr_null(pick());
	ck_assert_uint_gt(decision.until, now);
	now = decision.until;
	ck_assert_ptr_eq(pick(), &client[0]);
	ck_assert_uint_le(decision.quantum_ns, 2 * SIM_MS + 1);
	end(SCHED_END_IDLE, 2 * SIM_MS);
	sched_wake(&queue, &client[1], now);
	ck_assert_ptr_eq(pick(), &client[1]);
	ck_assert_uint_eq(decision.quantum_ns, 0);
	ck_assert_uint_eq(sched_look(&queue, now), SCHED_FOREVER);
	sched_wake(&queue, &client[0], now);
	in = sched_look(&queue, now);
	ck_assert_uint_gt(in, 0);
	ck_assert_uint_le(in, 40 * SIM_MS);
	/* And for one that holds the GPU without work it ends at once. */
	sched_update(&queue, &client[0], 100, 100, 0, now);
	sched_sleep(&queue, &client[1], now);
	ck_assert_uint_eq(sched_look(&queue, now), 0);
}
END_TEST

/* An idle GPU takes no timer, whatever the policy. */
START_TEST(test_idle_gpu_is_left_alone)
{
	unsigned int p;

	for (p = 0; p < 3; p++) {
		make_queue(3);
		client[0].max_instance = 8;
		sched_set_policy(&queue, sim_policies[p], now);
		sched_sleep(&queue, &client[0], now);
		sched_sleep(&queue, &client[1], now);
		sched_sleep(&queue, &client[2], now);
		ck_assert_msg(!pick() && !decision.until, "%s: idle, and has something to do",
			      sim_policies[p]->name);
	}
}
END_TEST

/*
 * A switch takes time in which tokens come in. They are no reason to go on: that
 * would be slivers of runs, a switch each.
 */
START_TEST(test_tokens_of_a_switch_are_no_run)
{
	unsigned int i, slivers = 0;
	uint64_t waited = 0;

	make_queue(2);
	sched_update(&queue, &client[0], 300, 20, 10 * SIM_MS, now);
	for (i = 0; i < 400; i++) {
		ck_assert_ptr_nonnull(pick());
		if (decision.client == &client[1]) {
			waited = 0;
		} else {
			slivers += decision.quantum_ns < SIM_MS;
			waited += decision.quantum_ns + SWITCH;
		}
		ck_assert_msg(waited < 25 * SIM_MS, "one beside a capped one waits for %lu us",
			      (unsigned long)(waited / SIM_US));
		use_quantum();
	}
	ck_assert_msg(slivers < 20, "%u of 400 runs were slivers", slivers);
}
END_TEST

START_TEST(test_new_settings_of_the_capped)
{
	unsigned int i, runs = 0;

	/* It empties its bucket and is held back, while another runs. */
	make_queue(2);
	sched_sleep(&queue, &client[1], now);
	sched_update(&queue, &client[0], 100, 1, 0, now);
	pick();
	now = decision.until;
	ck_assert_ptr_eq(pick(), &client[0]);
	end(SCHED_END_QUANTUM, 5 * SIM_MS);
	sched_wake(&queue, &client[1], now);
	for (i = 0; i < 50; i++) {
		ck_assert_ptr_eq(pick(), &client[1]);
		use_quantum();
	}
	sched_update(&queue, &client[0], 100, 100, 0, now);
	for (i = 0; i < 20; i++) {
		runs += pick() == &client[0];
		use_quantum();
	}
	ck_assert_msg(runs >= 9 && runs <= 15, "uncapped, it had %u turns of 20", runs);
}
END_TEST

/* Whole rounds: slices grow to 50 switches, and a round to 50 ms. */
START_TEST(test_slices_grow)
{
	static const unsigned int sizes[] = { 2, 6, 8, 16, 24, 40, 64 };
	unsigned int s, i, n;
	uint64_t round, window;

	for (s = 0; s < 7; s++) {
		n = sizes[s];
		make_queue(n);
		queue.timeslice_max_ns = 20 * SIM_MS;
		queue.switch_ns = 150 * SIM_US;
		for (i = 0; i < 20 * n; i++) {
			pick();
			now += decision.quantum_ns + 150 * SIM_US;
			sched_charge(&queue, SCHED_END_QUANTUM, decision.quantum_ns, 150 * SIM_US,
				     now);
		}
		round = n * (queue.slice_ns + queue.switch_ns);
		unit_assert(queue.slice_ns >= 2 * SIM_MS && queue.slice_ns <= 20 * SIM_MS,
			    "%u: a slice of %llu ns", n, queue.slice_ns);
		if (n * 2150 * SIM_US <= 50 * SIM_MS)
			unit_assert(round <= 50 * SIM_MS, "%u: a round of %.1f ms", n,
				    (double)round / 1e6);
		unit_assert(n > 6 || queue.slice_ns >= 7 * SIM_MS, "%u: a slice of %llu ns", n,
			    queue.slice_ns);
		window = n * 2150 * SIM_US > 50 * SIM_MS ? SIM_S : SIM_S / 10;
		unit_assert((window + 100 * n) % round <= 200 * n, "%u: rounds of %.3f ms do not fit",
			    n, (double)round / 1e6);
	}
}
END_TEST

static double ns_per_decision(unsigned int n)
{
	struct timespec from, to;
	unsigned int i;

	make_queue(n);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < 20000; i++) {
		struct sched_client *one = pick();

		end(i & 1 ? SCHED_END_IDLE : SCHED_END_QUANTUM, SIM_MS);
		sched_wake(&queue, one, now);
		sched_look(&queue, now);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
		(double)(to.tv_nsec - from.tv_nsec)) / 20000;
}

/* With a sanitizer, on whatever machine: only nothing absurd. */
START_TEST(test_decisions_are_cheap)
{
	double few = ns_per_decision(2), many = ns_per_decision(65);

	printf("# a decision: %.0f ns with 2 clients, %.0f with 65\n", few, many);
	ck_assert_msg(many < 1e6, "a decision takes %.0f ns", many);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_rules");
	TCase *cases = tcase_create("policy_rules");

	policies_seed("policy_rules");
	tcase_set_timeout(cases, 480);
	tcase_add_test(cases, test_overrun_is_taken_off);
	tcase_add_test(cases, test_hangs_are_paid_back);
	tcase_add_test(cases, test_running_on_pays_nothing);
	tcase_add_test(cases, test_hang_moves_nobody);
	tcase_add_test(cases, test_run_alone_is_free);
	tcase_add_test(cases, test_lies_of_the_device);
	tcase_add_test(cases, test_weight_changes_no_debt);
	tcase_add_test(cases, test_credit_is_bounded);
	tcase_add_test(cases, test_a_cut_is_paid_by_who_woke);
	tcase_add_test(cases, test_leaving_is_no_way_out_of_a_cut);
	tcase_add_test(cases, test_price_of_a_cut_is_its_own);
	tcase_add_test(cases, test_nobody_pays_for_a_cut_that_was_not);
	tcase_add_test(cases, test_reset_is_charged_by_the_clock);
	tcase_add_test(cases, test_debt_outlasts_absence);
	tcase_add_test(cases, test_a_cap_counts_switches_of_tiny_jobs);
	tcase_add_test(cases, test_a_bucket_loses_nothing);
	tcase_add_test(cases, test_months_alone);
	tcase_add_test(cases, test_who_owes_cuts_nobody);
	tcase_add_test(cases, test_short_gaps_are_waited_for);
	tcase_add_test(cases, test_lone_run_ends_for_the_capped);
	tcase_add_test(cases, test_idle_gpu_is_left_alone);
	tcase_add_test(cases, test_tokens_of_a_switch_are_no_run);
	tcase_add_test(cases, test_new_settings_of_the_capped);
	tcase_add_test(cases, test_slices_grow);
	tcase_add_test(cases, test_decisions_are_cheap);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "policy_rules");
}
