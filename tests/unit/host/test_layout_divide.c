// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_layout_divide.c - GPU instances whose compute slices are divided among several queues
 */
#include <check.h>
#include <string.h>

#include "chance.h"
#include "place/layout.h"
#include "unit.h"

#define HISTORIES	20000
#define STEPS		30
#define MIB		(1ULL << 20)

static struct layout layout;
static struct layout_change change;

static void gpu(unsigned int compute, unsigned int memory)
{
	ck_assert(layout_init(&layout, 1024 * MIB, 6, false, 64, compute, memory));
}

static unsigned int reserve(unsigned int compute, unsigned int memory)
{
	struct layout_profile profile = { .compute = compute, .memory = memory };

	ck_assert_int_eq(layout_reserve(&layout, profile, &change), LAYOUT_OK);
	return change.instance;
}

static void divide(unsigned int instance, unsigned int a, unsigned int b, unsigned int c)
{
	const __u8 parts[] = { a, b, c };

	ck_assert_int_eq(layout_divide(&layout, instance, parts, 1 + !!b + !!c, &change),
			 LAYOUT_OK);
}

/* A vGPU of 64 MiB. Return: its partition. */
static unsigned int add(unsigned int compute, unsigned int memory)
{
	struct layout_profile profile = { .compute = compute, .memory = memory };

	ck_assert_int_eq(layout_add(&layout, profile, 4, &change), LAYOUT_OK);
	return change.vgpu;
}

static unsigned int count(unsigned int bits)
{
	return (unsigned int)__builtin_popcount(bits);
}

START_TEST(two_one_one)
{
	unsigned int other, i;

	gpu(8, 8);
	other = reserve(1, 1);
	i = reserve(4, 4);
	ck_assert_uint_eq(change.parts, 1u << i);
	divide(i, 2, 1, 1);
	ck_assert_uint_eq(other, 1);
	ck_assert_uint_eq(i, 2);
	ck_assert_uint_eq(change.parts, 1u << 2 | 1u << 3 | 1u << 4);
	ck_assert_uint_eq(layout_parts(&layout, 2), change.parts);
	ck_assert_uint_eq(layout.instance[2].compute, 0x1e);
	ck_assert_uint_eq(layout.instance[2].queue, 0x06);
	ck_assert_uint_eq(layout.instance[3].queue, 0x08);
	ck_assert_uint_eq(layout.instance[4].queue, 0x10);
	ck_assert_uint_eq(layout.instance[3].shares, 2);
	ck_assert_uint_eq(layout.instance[3].profile.memory, 0);
	ck_assert_uint_eq(layout_parts(&layout, 3), 0);
	ck_assert_uint_eq(layout_parts(&layout, 1), 1u << 1);
	ck_assert_uint_eq(layout_parts(&layout, 7), 0);
	ck_assert_uint_eq(layout_parts(&layout, LAYOUT_POOL), 1);
	/* One memory, and compute slices of their own. */
	for (i = 2; i <= 4; i++) {
		struct layout_slices slices = layout_slices(&layout, i);

		ck_assert_uint_eq(slices.compute, layout.instance[i].queue);
		ck_assert_uint_eq(slices.memory, 0xf0);
		ck_assert(slices.shared);
	}
	ck_assert_uint_eq(layout_slices(&layout, 1).memory, 0x01);
	ck_assert(!layout_slices(&layout, 1).shared);
	ck_assert_uint_eq(layout_slices(&layout, 7).memory, 0);
	/* The others see one instance. */
	ck_assert_uint_eq(layout_pool_compute(&layout), 3);
	ck_assert_uint_eq(layout_pool_memory(&layout), 3);
	ck_assert_uint_eq(layout_free_bytes(&layout, 2), 512 * MIB);
	ck_assert_uint_eq(layout_free_bytes(&layout, 3), 0);
}
END_TEST

START_TEST(what_is_not_divided_has_one_queue)
{
	unsigned int i;

	gpu(8, 8);
	i = reserve(4, 4);
	ck_assert_uint_eq(layout.instance[i].queue, layout.instance[i].compute);
	divide(i, 4, 0, 0);
	ck_assert_uint_eq(layout.instance[i].queue, layout.instance[i].compute);
	ck_assert_uint_eq(layout_parts(&layout, i), 1u << i);
}
END_TEST

/* Compute slices may be left without a queue; the pool does not get them. */
START_TEST(some_are_left)
{
	unsigned int i;

	gpu(8, 8);
	i = reserve(4, 4);
	divide(i, 1, 1, 0);
	ck_assert_uint_eq(layout.instance[i].compute, 0x0f);
	ck_assert_uint_eq(layout.instance[i].queue, 0x01);
	ck_assert_uint_eq(layout.instance[2].queue, 0x02);
	ck_assert_uint_eq(layout_pool_compute(&layout), 4);
}
END_TEST

static void expect_no(unsigned int instance, unsigned int a, unsigned int b, unsigned int n,
		      enum layout_refusal refusal)
{
	const __u8 parts[LAYOUT_SLICES + 1] = { a, b, 1, 1, 1, 1, 1, 1, 1 };
	struct layout before = layout;

	ck_assert_int_eq(layout_divide(&layout, instance, parts, n, &change), refusal);
	ck_assert_mem_eq(&layout, &before, sizeof(layout));
}

START_TEST(what_can_t_be_divided)
{
	unsigned int i;

	gpu(8, 8);
	i = reserve(4, 4);
	expect_no(i, 0, 0, 0, LAYOUT_BAD_PROFILE);
	expect_no(i, 5, 0, 1, LAYOUT_BAD_PROFILE);
	expect_no(i, 3, 2, 2, LAYOUT_BAD_PROFILE);
	expect_no(i, 0, 4, 2, LAYOUT_BAD_PROFILE);
	expect_no(i, 2, 0, 2, LAYOUT_BAD_PROFILE);
	expect_no(i, 255, 255, 2, LAYOUT_BAD_PROFILE);
	expect_no(i, 1, 1, 9, LAYOUT_BAD_PROFILE);
	expect_no(7, 1, 1, 2, LAYOUT_BAD_PROFILE);
	expect_no(LAYOUT_POOL, 1, 1, 2, LAYOUT_BAD_PROFILE);
	add(4, 4);
	expect_no(i, 2, 2, 2, LAYOUT_OCCUPIED);
	layout_remove(&layout, change.vgpu, &change);
	divide(i, 2, 2, 0);
	/* Once, and not what is a part itself. */
	expect_no(i, 1, 1, 2, LAYOUT_BAD_PROFILE);
	expect_no(2, 1, 1, 2, LAYOUT_BAD_PROFILE);
}
END_TEST

/* The emptiest queue gets the next vGPU. */
START_TEST(vgpus_spread_over_the_queues)
{
	unsigned int i, vgpu[8], n;

	gpu(8, 8);
	i = reserve(4, 4);
	divide(i, 2, 1, 1);
	for (n = 0; n < 6; n++) {
		vgpu[n] = add(4, 4);
		ck_assert_uint_eq(change.instance, i);
		ck_assert_uint_eq(layout.vgpu[vgpu[n]].instance, i);
		ck_assert_uint_eq(layout.vgpu[vgpu[n]].queue, i + n % 3);
	}
	ck_assert_uint_eq(layout_members(&layout, i), 6);
	ck_assert_uint_eq(layout_members(&layout, i + 1), 0);
	ck_assert_uint_eq(layout_queue_members(&layout, i), 2);
	ck_assert_uint_eq(layout_queue_members(&layout, i + 1), 2);
	layout_remove(&layout, vgpu[4], &change);
	ck_assert(!change.removed);
	ck_assert_uint_eq(layout.vgpu[add(4, 4)].queue, i + 1);
	/* In the pool there is one. */
	ck_assert_uint_eq(layout.vgpu[add(0, 0)].queue, LAYOUT_POOL);
	/* A type of one compute slice is not meant for a part of that size. */
	n = add(1, 1);
	ck_assert(change.made);
	ck_assert_uint_eq(layout.vgpu[n].queue, change.instance);
}
END_TEST

START_TEST(it_goes_as_a_whole)
{
	unsigned int i, vgpu;
	struct layout empty;

	gpu(8, 8);
	empty = layout;
	i = reserve(4, 4);
	divide(i, 2, 1, 1);
	/* A part does not go alone. */
	ck_assert_int_eq(layout_release(&layout, i + 1, &change), LAYOUT_BAD_PROFILE);
	vgpu = add(4, 4);
	ck_assert_int_eq(layout_release(&layout, i, &change), LAYOUT_OCCUPIED);
	layout.instance[i].reserved = false;
	layout_remove(&layout, vgpu, &change);
	ck_assert(change.removed);
	ck_assert_uint_eq(change.instance, i);
	ck_assert_uint_eq(change.parts, 7u << i);
	ck_assert_mem_eq(&layout, &empty, sizeof(layout));
	i = reserve(2, 2);
	divide(i, 1, 1, 0);
	ck_assert_int_eq(layout_release(&layout, i, &change), LAYOUT_OK);
	ck_assert_uint_eq(change.parts, 3u << i);
	ck_assert_mem_eq(&layout, &empty, sizeof(layout));
}
END_TEST

START_TEST(eight_queues)
{
	const __u8 ones[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	unsigned int i;

	gpu(8, 8);
	i = reserve(8, 8);
	ck_assert_int_eq(layout_divide(&layout, i, ones, 8, &change), LAYOUT_OK);
	ck_assert_uint_eq(change.parts, 0x1fe);
	for (i = 1; i < LAYOUT_INSTANCES; i++)
		ck_assert_uint_eq(layout.instance[i].queue, 1u << (i - 1));
	gpu(7, 8);
	i = reserve(7, 8);
	ck_assert_int_eq(layout_divide(&layout, i, ones, 7, &change), LAYOUT_OK);
	ck_assert_uint_eq(change.parts, 0xfe);
}
END_TEST

/* It moves as one: the parts have no place of their own. */
START_TEST(a_divided_instance_moves)
{
	unsigned int vgpu, plain, i;

	gpu(8, 8);
	i = reserve(2, 2);
	divide(i, 1, 1, 0);
	vgpu = add(2, 2);
	/* Half of the memory is free only if it goes. */
	layout.instance[i].memory_first = 4;
	layout.vgpu[vgpu].first = 32;
	plain = add(0, 0);
	layout.vgpu[plain].first = 0;
	layout.vgpu[plain].closed = false;
	ck_assert_uint_eq(layout.instance[reserve(4, 4)].memory_first, 4);
	ck_assert_uint_eq(change.moved_instances, 1u << i);
	ck_assert_uint_eq(change.moved_vgpus, 1ULL << vgpu);
	ck_assert_uint_eq(layout.instance[i].memory_first, 2);
	ck_assert_uint_eq(layout.vgpu[vgpu].first, 16);
	ck_assert_uint_eq(layout_parts(&layout, i), 3u << i);
	ck_assert_uint_eq(layout.instance[i + 1].memory_first, 0);
}
END_TEST

/* --------------------------------------------------------- random histories */

static void check_instance(unsigned int i, unsigned int *queues)
{
	const struct layout_instance *in = &layout.instance[i];
	unsigned int parts = layout_parts(&layout, i), sum = 0, p;

	if (!in->profile.compute) {
		ck_assert_uint_eq(in->compute | in->queue | in->shares, 0);
		return;
	}
	ck_assert_uint_eq(count(in->compute), in->profile.compute);
	ck_assert_uint_ne(in->queue, 0);
	ck_assert_uint_eq(in->queue & ~in->compute, 0);
	ck_assert_uint_eq(in->queue & *queues, 0);
	*queues |= in->queue;
	if (in->shares) {
		const struct layout_instance *whole = &layout.instance[in->shares];

		ck_assert(whole->profile.memory && !whole->shares);
		ck_assert_uint_eq(in->compute & ~whole->compute, 0);
		ck_assert_uint_eq(layout_members(&layout, i), 0);
		return;
	}
	for (p = 1; p < LAYOUT_INSTANCES; p++)
		sum += parts & 1u << p ? count(layout.instance[p].queue) : 0;
	ck_assert_uint_le(sum, in->profile.compute);
}

static void check_layout(void)
{
	unsigned int queues = 0, owned = 0, i;

	for (i = 1; i < LAYOUT_INSTANCES; i++) {
		check_instance(i, &queues);
		if (layout.instance[i].shares)
			continue;
		ck_assert_uint_eq(layout.instance[i].compute & owned, 0);
		owned |= layout.instance[i].compute;
	}
	ck_assert_uint_eq(layout_pool_compute(&layout), layout.compute_slices - count(owned));
	/* The last one works on the pool's block. */
	if (layout.instance[8].profile.compute)
		ck_assert_uint_eq(layout_pool_compute(&layout), 0);
	for (i = 0; i < layout.vgpus; i++)
		if (layout.vgpu[i].used)
			ck_assert(layout_parts(&layout, layout.vgpu[i].instance) &
				  1u << layout.vgpu[i].queue);
}

/* Anything that adds up. */
static void divide_anyhow(unsigned int instance)
{
	unsigned int left = layout.instance[instance].profile.compute, n = 0;
	__u8 parts[LAYOUT_SLICES];

	while (left && (!n || !one_in(5))) {
		parts[n] = 1 + (unsigned int)any(left);
		left -= parts[n++];
	}
	ck_assert_int_eq(layout_divide(&layout, instance, parts, n, &change), LAYOUT_OK);
	ck_assert_uint_eq(count(change.parts), n);
}

static void step(void)
{
	unsigned int compute = 1 + (unsigned int)any(layout.compute_slices), i;
	struct layout_profile profile = {
		.compute = compute, .memory = layout_default_memory(&layout, compute),
	};

	switch (any(5)) {
	case 0:
		if (layout_reserve(&layout, profile, &change) == LAYOUT_OK && !one_in(3))
			divide_anyhow(change.instance);
		break;
	case 1:
	case 2:
		if (one_in(4))
			profile = (struct layout_profile) { 0 };
		layout_add(&layout, profile, 3 + (unsigned int)any(4), &change);
		break;
	case 3:
		i = (unsigned int)any(layout.vgpus);
		if (layout.vgpu[i].used && one_in(2))
			layout_set_closed(&layout, i, one_in(2));
		else if (layout.vgpu[i].used)
			layout_remove(&layout, i, &change);
		break;
	default:
		i = 1 + (unsigned int)any(8);
		if (one_in(2))
			layout_release(&layout, i, &change);
		else if (layout_parts(&layout, i))
			layout.instance[i].reserved = one_in(2);
	}
}

START_TEST(histories)
{
	unsigned int history, n, i, most = 0;

	for (history = 0; history < HISTORIES; history++) {
		gpu(one_in(2) ? 7 : 8, 8);
		layout.vgpus = 16;
		for (n = 0; n < STEPS; n++) {
			step();
			check_layout();
			for (i = 1; i < LAYOUT_INSTANCES; i++)
				if (count(layout_parts(&layout, i)) > most)
					most = count(layout_parts(&layout, i));
		}
	}
	ck_assert_uint_ge(most, 6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout_divide");
	TCase *tests = tcase_create("layout_divide");

	chance.state = unit_seed("layout_divide");
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, two_one_one);
	tcase_add_test(tests, what_is_not_divided_has_one_queue);
	tcase_add_test(tests, some_are_left);
	tcase_add_test(tests, what_can_t_be_divided);
	tcase_add_test(tests, vgpus_spread_over_the_queues);
	tcase_add_test(tests, it_goes_as_a_whole);
	tcase_add_test(tests, eight_queues);
	tcase_add_test(tests, a_divided_instance_moves);
	tcase_add_test(tests, histories);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "layout_divide");
}
