// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_heap.c - the heap of the scheduling policies
 */
#include "policy/policy.h"
#include "unit.h"

#define CAPACITY	64

static struct sched_heap_node node[CAPACITY];
static struct sched_client client[CAPACITY + 1];
static struct sched_heap heap;

static void make_heap(void)
{
	unsigned int i;

	heap = (struct sched_heap) { .node = node, .capacity = CAPACITY };
	for (i = 0; i < CAPACITY + 1; i++)
		client[i].heap_index = SCHED_HEAP_NONE;
}

START_TEST(test_leaves_in_order)
{
	/* Keys before and after the wrap of the clock; the 7th and 8th are equal. */
	static const __u64 key[] = { 5, -3ULL, 0, -9ULL, 1ULL << 40, 17, 2, 2 };
	static const unsigned int order[] = { 3, 1, 2, 6, 7, 0, 5, 4 };
	unsigned int i;

	make_heap();
	for (i = 0; i < 8; i++)
		ck_assert(sched_heap_insert(&heap, &client[i], key[i], i));
	for (i = 0; i < 8; i++) {
		ck_assert_msg(sched_heap_first(&heap) == &client[order[i]],
			      "%u leaves in place of %u",
			      (unsigned int)(sched_heap_first(&heap) - client), order[i]);
		sched_heap_remove(&heap, &client[order[i]]);
		ck_assert_uint_eq(client[order[i]].heap_index, SCHED_HEAP_NONE);
	}
	ck_assert_ptr_eq(sched_heap_first(&heap), NULL);
}
END_TEST

START_TEST(test_full)
{
	unsigned int i;

	make_heap();
	for (i = 0; i < CAPACITY; i++)
		ck_assert(sched_heap_insert(&heap, &client[i], CAPACITY - i, i));
	ck_assert(!sched_heap_insert(&heap, &client[CAPACITY], 0, i));
	ck_assert_uint_eq(heap.count, CAPACITY);
	ck_assert_uint_eq(client[CAPACITY].heap_index, SCHED_HEAP_NONE);
	ck_assert_ptr_eq(sched_heap_first(&heap), &client[CAPACITY - 1]);
	sched_heap_remove(&heap, &client[0]);
	ck_assert(sched_heap_insert(&heap, &client[CAPACITY], 0, i));
	ck_assert_ptr_eq(sched_heap_first(&heap), &client[CAPACITY]);
}
END_TEST

/* Against a search of all: whoever is taken out, the least remains the first. */
START_TEST(test_random)
{
	struct unit_random random = { unit_seed("heap") };
	__u64 key[CAPACITY], now = -1000ULL;
	unsigned int step, i;

	make_heap();
	for (step = 0; step < 100000; step++) {
		struct sched_client *least = NULL;

		i = (unsigned int)(unit_random(&random) % CAPACITY);
		now += unit_random(&random) % 4;
		if (client[i].heap_index != SCHED_HEAP_NONE) {
			sched_heap_remove(&heap, &client[i]);
		} else {
			/* From few values, so that some are equal. */
			key[i] = now + unit_random(&random) % 32;
			client[i].order = step;
			unit_assert(sched_heap_insert(&heap, &client[i], key[i], step), "full");
		}
		for (i = 0; i < CAPACITY; i++) {
			__s64 ahead;

			if (client[i].heap_index == SCHED_HEAP_NONE)
				continue;
			unit_assert(heap.node[client[i].heap_index].client == &client[i],
				    "step %u: %u is not in its place", step, i);
			ahead = least ? (__s64)(key[i] - key[least - client]) : -1;
			if (ahead < 0 || (!ahead && client[i].order < least->order))
				least = &client[i];
		}
		unit_assert(sched_heap_first(&heap) == least,
			    "step %u: the wrong one is first", step);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heap");
	TCase *cases = tcase_create("heap");

	tcase_add_test(cases, test_leaves_in_order);
	tcase_add_test(cases, test_full);
	tcase_add_test(cases, test_random);
	suite_add_tcase(suite, cases);
	return unit_run(suite, "heap");
}
