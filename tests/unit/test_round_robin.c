// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_round_robin.c - the round-robin policy, the very source the module has
 *
 * The properties its header comment states, over long random sequences with
 * fixed seeds: a failure names the seed and the step.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/host/sched/policy.h"

#define ENTITIES	64
#define STEPS		50000
#define SLICE		2000000ULL

/* As ck_assert_msg, which costs a system call even when it holds. */
#define MUST(condition, ...)					\
	do {							\
		if (!(condition))				\
			ck_abort_msg(__VA_ARGS__);		\
	} while (0)

static const struct sched_policy *policy = &sched_round_robin;

static uint64_t random_state;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;

	return (uint32_t)((random_state >> 16) % below);
}

/* Every link leads back, and the ring holds exactly what is runnable. */
static void check_ring(const struct sched_queue *queue,
		       const struct sched_client *entities, unsigned int count,
		       unsigned int step)
{
	const struct sched_client *entity = queue->head;
	unsigned int runnable = 0, length = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (entities[i].runnable) {
			runnable++;
			MUST(entities[i].next && entities[i].previous,
			     "step %u: runnable entity %u is in no ring", step, i);
		} else {
			MUST(!entities[i].next && !entities[i].previous,
			     "step %u: sleeping entity %u has a link left", step, i);
		}
	}
	MUST(queue->runnable == runnable,
	     "step %u: queue counts %u, %u are runnable", step,
	     queue->runnable, runnable);
	if (!entity) {
		MUST(!runnable, "step %u: no head, %u runnable", step, runnable);
		return;
	}
	do {
		MUST(entity->runnable, "step %u: a sleeper in the ring", step);
		MUST(entity->next->previous == entity &&
		     entity->previous->next == entity,
		     "step %u: a link does not lead back", step);
		entity = entity->next;
		length++;
		MUST(length <= runnable, "step %u: the ring does not close", step);
	} while (entity != queue->head);
	MUST(length == runnable, "step %u: %u in the ring, %u runnable", step,
	     length, runnable);
}

START_TEST(test_empty)
{
	struct sched_queue queue = { 0 };
	struct sched_client entity = { 0 };
	__u64 quantum = 0;

	ck_assert_ptr_null(policy->pick(&queue, &quantum));
	/* Sleeping what sleeps, and charging it, does nothing. */
	policy->sleep(&queue, &entity);
	policy->charge(&queue, &entity, SCHED_END_RESET, 5);
	ck_assert_uint_eq(queue.runnable, 0);
	ck_assert_uint_eq(entity.run_ns, 5);
	check_ring(&queue, &entity, 1, 0);
}
END_TEST

START_TEST(test_alone)
{
	struct sched_queue queue = { .timeslice_ns = SLICE };
	struct sched_client entity = { 0 };
	__u64 quantum = 0;

	policy->wake(&queue, &entity);
	policy->wake(&queue, &entity);
	ck_assert_uint_eq(queue.runnable, 1);
	for (unsigned int i = 0; i < 10; i++) {
		ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entity);
		ck_assert_uint_eq(quantum, SLICE);
		policy->charge(&queue, &entity, SCHED_END_QUANTUM, quantum);
	}
	ck_assert_uint_eq(entity.run_ns, 10 * SLICE);
	policy->sleep(&queue, &entity);
	ck_assert_ptr_null(policy->pick(&queue, &quantum));
	check_ring(&queue, &entity, 1, 0);
}
END_TEST

START_TEST(test_default_slice)
{
	struct sched_queue queue = { 0 };
	struct sched_client entity = { 0 };
	__u64 quantum = 0;

	policy->wake(&queue, &entity);
	policy->pick(&queue, &quantum);
	/* 0 would mean "no quantum" to the hardware: nobody else would run. */
	ck_assert_uint_gt(quantum, 0);
}
END_TEST

/* All busy all the time: equal times at every moment, to within one slice. */
START_TEST(test_fair)
{
	struct sched_client entities[ENTITIES];
	struct sched_queue queue = { .timeslice_ns = SLICE };
	unsigned int count = (unsigned int)_i;
	__u64 quantum;

	memset(entities, 0, sizeof(entities));
	for (unsigned int i = 0; i < count; i++)
		policy->wake(&queue, &entities[i]);

	for (unsigned int step = 0; step < 1000 * count; step++) {
		struct sched_client *entity = policy->pick(&queue, &quantum);
		__u64 least = UINT64_MAX, most = 0;

		MUST(entity, "%u runnable, pick gives none", count);
		policy->charge(&queue, entity, SCHED_END_QUANTUM, quantum);
		for (unsigned int i = 0; i < count; i++) {
			if (entities[i].run_ns < least)
				least = entities[i].run_ns;
			if (entities[i].run_ns > most)
				most = entities[i].run_ns;
		}
		MUST(most - least <= SLICE,
		     "%u entities, step %u: %llu ns apart", count, step,
		     (unsigned long long)(most - least));
	}
}
END_TEST

/*
 * Wakes, sleeps and run ends in any order, sleeps of the running entity and
 * wakes during its run included. Nobody runnable waits longer than one run of
 * each other runnable entity.
 */
START_TEST(test_random)
{
	static const enum sched_end ends[] = {
		SCHED_END_IDLE, SCHED_END_QUANTUM, SCHED_END_PREEMPTED,
		SCHED_END_RESET, SCHED_END_REJECTED,
	};
	struct sched_client entities[ENTITIES];
	unsigned int waited[ENTITIES] = { 0 };
	struct sched_queue queue = { .timeslice_ns = SLICE };
	struct sched_client *current = NULL;
	unsigned int runs = 0;
	__u64 quantum;

	memset(entities, 0, sizeof(entities));
	random_state = 0x9e3779b97f4a7c15ULL * (uint64_t)(_i + 1);

	for (unsigned int step = 0; step < STEPS; step++) {
		unsigned int who = next_random(ENTITIES);

		switch (next_random(8)) {
		case 0: case 1:
			if (!entities[who].runnable)
				waited[who] = 0;
			policy->wake(&queue, &entities[who]);
			break;
		case 2:
			policy->sleep(&queue, &entities[who]);
			break;
		default:
			if (!current) {
				current = policy->pick(&queue, &quantum);
				MUST(!current == !queue.runnable,
				     "seed %d, step %u: %u runnable, pick gives %s",
				     _i, step, queue.runnable,
				     current ? "one" : "none");
				if (!current)
					break;
				MUST(current->runnable, "step %u: picked a sleeper", step);
				runs++;
				for (unsigned int i = 0; i < ENTITIES; i++) {
					if (&entities[i] == current)
						waited[i] = 0;
					else if (entities[i].runnable)
						waited[i]++;
					MUST(waited[i] < ENTITIES,
					     "seed %d, step %u: entity %u starves",
					     _i, step, i);
				}
			} else {
				enum sched_end end = ends[next_random(5)];

				policy->charge(&queue, current, end, 1000);
				if (end == SCHED_END_IDLE)
					policy->sleep(&queue, current);
				current = NULL;
			}
		}
		check_ring(&queue, entities, ENTITIES, step);
	}
	ck_assert_uint_gt(runs, STEPS / 10);
}
END_TEST

/* A vGPU that leaves while it runs, and comes back, is as good as new. */
START_TEST(test_leave_and_return)
{
	struct sched_client entities[3];
	struct sched_queue queue = { .timeslice_ns = SLICE };
	__u64 quantum;

	memset(entities, 0, sizeof(entities));
	for (unsigned int i = 0; i < 3; i++)
		policy->wake(&queue, &entities[i]);

	ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entities[0]);
	policy->sleep(&queue, &entities[0]);
	policy->charge(&queue, &entities[0], SCHED_END_RESET, 10);
	check_ring(&queue, entities, 3, 0);
	ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entities[1]);
	policy->wake(&queue, &entities[0]);
	policy->charge(&queue, &entities[1], SCHED_END_QUANTUM, SLICE);
	ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entities[2]);
	policy->charge(&queue, &entities[2], SCHED_END_QUANTUM, SLICE);
	/* Woke while 1 ran, so it is behind 2, and 1 is behind it. */
	ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entities[0]);
	policy->charge(&queue, &entities[0], SCHED_END_QUANTUM, SLICE);
	ck_assert_ptr_eq(policy->pick(&queue, &quantum), &entities[1]);
	check_ring(&queue, entities, 3, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("round_robin");
	TCase *tcase = tcase_create("policy");
	SRunner *runner;
	int passed, failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_empty);
	tcase_add_test(tcase, test_alone);
	tcase_add_test(tcase, test_default_slice);
	tcase_add_loop_test(tcase, test_fair, 1, 17);
	tcase_add_loop_test(tcase, test_random, 0, 8);
	tcase_add_test(tcase, test_leave_and_return);
	suite_add_tcase(suite, tcase);

	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	passed = srunner_ntests_run(runner) - failed;
	srunner_free(runner);
	printf("%d passed, %d failed\n", passed, failed);

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
