// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_layout.c - GPU instances beside the pool: what one can create, what moves,
 * and why something is refused
 */
#include <check.h>
#include <string.h>

#include "place/layout.h"
#include "unit.h"

#define GIB	(1ULL << 30)

/* Levels of a GPU with 8 memory slices and 64 units. */
enum { ALL, HALF, QUARTER, SLICE, HALF_SLICE, QUARTER_SLICE, UNIT };

static const char *const refusals[] = {
	[LAYOUT_OK] = "created",
	[LAYOUT_NO_PARTITION] = "no partition",
	[LAYOUT_NO_COMPUTE] = "no compute slices",
	[LAYOUT_POOL_NEEDED] = "the pool needs them",
	[LAYOUT_POOL_FIXED] = "the pool is fixed",
	[LAYOUT_POOL_EMPTY] = "the pool is empty",
	[LAYOUT_POOL_LENT] = "the pool is lent",
	[LAYOUT_NO_MEMORY] = "no memory",
	[LAYOUT_IN_THE_WAY] = "open vGPUs in the way",
	[LAYOUT_BAD_PROFILE] = "no such profile",
	[LAYOUT_OCCUPIED] = "it has vGPUs",
};

static struct layout layout;
static struct layout_change change;

static void gpu(unsigned int compute, unsigned int memory)
{
	ck_assert_msg(layout_init(&layout, GIB, 6, false, 64, compute, memory),
		      "a GPU of %u compute and %u memory slices is refused", compute, memory);
}

static void expect(enum layout_refusal got, enum layout_refusal expected, const char *what)
{
	ck_assert_msg(got == expected, "%s: %s, and should be: %s", what, refusals[got],
		      refusals[expected]);
}

static struct layout_profile profile(unsigned int compute, unsigned int memory)
{
	return (struct layout_profile){ .compute = compute, .memory = memory };
}

/* A refusal has to leave everything as it was. */
static void refuses(struct layout_profile wanted, unsigned int level,
		    enum layout_refusal expected, const char *what)
{
	struct layout before = layout;

	expect(layout_add(&layout, wanted, level, &change), expected, what);
	ck_assert_msg(!memcmp(&before, &layout, sizeof(layout)),
		      "%s: refused, but the layout is another now", what);
	ck_assert_msg(!layout_available(&layout, wanted, level),
		      "%s: refused, but %u are available", what,
		      layout_available(&layout, wanted, level));
}

/* The partition of a new vGPU. */
static unsigned int add(struct layout_profile wanted, unsigned int level)
{
	expect(layout_add(&layout, wanted, level, &change), LAYOUT_OK, "a vGPU");
	return change.vgpu;
}

static unsigned int add_default(unsigned int compute)
{
	struct layout_profile wanted =
		profile(compute, layout_default_memory(&layout, compute));

	return add(wanted, layout_profile_level(&layout, wanted));
}

static unsigned int add_plain(unsigned int level)
{
	return add(profile(0, 0), level);
}

static unsigned int reserve(unsigned int compute, unsigned int memory)
{
	expect(layout_reserve(&layout, profile(compute, memory), &change), LAYOUT_OK,
	       "an instance");
	return change.instance;
}

static void open_vgpu(unsigned int vgpu)
{
	layout_set_closed(&layout, vgpu, false);
}

START_TEST(test_init_refuses)
{
	static const struct {
		__u64 size;
		unsigned int levels;
		bool reserved;
		unsigned int vgpus, compute, memory;
	} bad[] = {
		{ 0, 6, false, 64, 8, 8 },
		{ GIB + 1, 6, false, 64, 8, 8 },
		{ GIB, LAYOUT_LEVELS + 1, false, 64, 8, 8 },
		{ GIB, 0, true, 64, 0, 0 },
		{ GIB, 6, false, 0, 8, 8 },
		{ GIB, 6, false, LAYOUT_VGPUS + 1, 8, 8 },
		{ GIB, 6, false, 64, LAYOUT_SLICES + 1, 8 },
		{ GIB, 6, false, 64, 8, 16 },
		{ GIB, 6, false, 64, 8, 6 },
		{ GIB, 6, false, 64, 8, 0 },
		{ GIB, 2, false, 4, 8, 8 },
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!layout_init(&layout, bad[i].size, bad[i].levels,
					   bad[i].reserved, bad[i].vgpus, bad[i].compute,
					   bad[i].memory),
			      "GPU %u of the list is accepted", i);
}
END_TEST

/* The profiles that people know, and the types made of them. */
START_TEST(test_profiles)
{
	static const unsigned int memory[] = { 0, 1, 2, 4, 4, 8, 8, 8, 8 };
	unsigned int pairs = 0;

	for (unsigned int slices = 7; slices <= 8; slices++) {
		gpu(slices, 8);
		for (unsigned int compute = 1; compute <= slices; compute++)
			ck_assert_uint_eq(layout_default_memory(&layout, compute),
					  memory[compute]);
	}
	for (unsigned int compute = 1; compute <= 8; compute++) {
		for (unsigned int level = 0; level <= UNIT; level++) {
			struct layout_profile wanted =
				layout_profile_for(&layout, compute, level);

			if (!layout_offers(&layout, compute, level))
				continue;
			pairs++;
			ck_assert_msg(layout_available(&layout, wanted, level),
				      "%ug.%u, level %u: offered, and not to be had on an empty GPU",
				      compute, wanted.memory, level);
		}
	}
	ck_assert_uint_eq(pairs, 39);
	/* A small vGPU shares the default instance, a large one has a larger one. */
	ck_assert_uint_eq(layout_profile_for(&layout, 2, UNIT).memory, 2);
	ck_assert_uint_eq(layout_profile_for(&layout, 2, HALF).memory, 4);
	ck_assert_uint_eq(layout_profile_for(&layout, 0, HALF).compute, 0);
}
END_TEST

START_TEST(test_bad_profiles)
{
	gpu(7, 8);
	refuses(profile(8, 8), ALL, LAYOUT_BAD_PROFILE, "8 of 7 compute slices");
	refuses(profile(1, 16), ALL, LAYOUT_BAD_PROFILE, "16 of 8 memory slices");
	refuses(profile(1, 3), HALF, LAYOUT_BAD_PROFILE, "3 memory slices");
	refuses(profile(1, 0), UNIT, LAYOUT_BAD_PROFILE, "no memory slice");
	refuses(profile(4, 2), QUARTER, LAYOUT_BAD_PROFILE, "4 compute slices on 2 of memory");
	refuses(profile(1, 1), QUARTER, LAYOUT_BAD_PROFILE, "a vGPU larger than its instance");
	refuses(profile(0, 0), UNIT + 1, LAYOUT_BAD_PROFILE, "a vGPU smaller than a unit");
	expect(layout_reserve(&layout, profile(0, 1), &change), LAYOUT_BAD_PROFILE,
	       "an instance without compute slices");
	expect(layout_release(&layout, 3, &change), LAYOUT_BAD_PROFILE,
	       "the end of an instance that does not exist");
	gpu(0, 0);
	refuses(profile(1, 1), UNIT, LAYOUT_BAD_PROFILE, "an instance of a GPU without any");
	ck_assert_uint_eq(layout_available(&layout, profile(0, 0), UNIT), 64);
}
END_TEST

START_TEST(test_type_makes_and_frees_instance)
{
	unsigned int first, second;

	gpu(8, 8);
	first = add(profile(2, 2), SLICE);
	ck_assert(change.made);
	ck_assert_uint_eq(change.instance, 1);
	ck_assert_uint_eq(layout.instance[1].compute, 0x03);
	ck_assert_uint_eq(layout_pool_compute(&layout), 6);
	ck_assert_uint_eq(layout_pool_memory(&layout), 6);
	second = add(profile(2, 2), SLICE);
	ck_assert(!change.made);
	ck_assert_uint_eq(change.instance, 1);
	ck_assert_uint_eq(layout_members(&layout, 1), 2);
	ck_assert_uint_eq(layout_free_bytes(&layout, 1), 0);
	expect(layout_release(&layout, 1, &change), LAYOUT_OCCUPIED, "the end of the instance");

	layout_remove(&layout, first, &change);
	ck_assert(!change.removed);
	layout_remove(&layout, second, &change);
	ck_assert(change.removed);
	ck_assert_uint_eq(change.instance, 1);
	ck_assert_uint_eq(layout_pool_compute(&layout), 8);
	ck_assert_uint_eq(layout_free_bytes(&layout, LAYOUT_POOL), GIB);
}
END_TEST

START_TEST(test_reserved_stays)
{
	unsigned int vgpu;

	gpu(8, 8);
	ck_assert_uint_eq(layout_available_instances(&layout, profile(4, 4)), 2);
	reserve(4, 4);
	vgpu = add(profile(4, 4), HALF);
	ck_assert(!change.made);
	ck_assert_uint_eq(change.instance, 1);
	layout_remove(&layout, vgpu, &change);
	ck_assert(!change.removed);
	ck_assert_uint_eq(layout_free_bytes(&layout, 1), GIB / 2);
	ck_assert_uint_eq(layout_available_instances(&layout, profile(4, 4)), 1);
	expect(layout_release(&layout, 1, &change), LAYOUT_OK, "the end of the instance");
	ck_assert(change.removed);
	ck_assert_uint_eq(layout_pool_compute(&layout), 8);
}
END_TEST

/* Seats are taken where little is left, so that others stay whole. */
START_TEST(test_fullest_instance_first)
{
	unsigned int vgpu;

	gpu(8, 8);
	reserve(2, 2);
	reserve(2, 2);
	vgpu = add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 1);
	add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 1);
	add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 2);
	layout_remove(&layout, vgpu, &change);
	/* One seat of a slice in each, and two that are there to be made. */
	ck_assert_uint_eq(layout_available(&layout, profile(2, 2), SLICE), 2 + 2 * 2);
	add(profile(2, 2), HALF_SLICE);
	ck_assert_uint_eq(change.instance, 1);
	add(profile(2, 2), HALF_SLICE);
	ck_assert_uint_eq(change.instance, 1);
}
END_TEST

START_TEST(test_eight_instances)
{
	gpu(8, 8);
	for (unsigned int i = 1; i <= 8; i++) {
		add_default(1);
		ck_assert_uint_eq(change.instance, i);
		ck_assert_uint_eq(layout_block(i), i % 8);
	}
	refuses(profile(1, 1), SLICE, LAYOUT_NO_COMPUTE, "a ninth instance");
	refuses(profile(0, 0), UNIT, LAYOUT_POOL_EMPTY, "a plain vGPU without a compute slice");
	/* The pool gets a slice back, but not its hardware block. */
	layout_remove(&layout, 2, &change);
	ck_assert(change.removed);
	refuses(profile(0, 0), UNIT, LAYOUT_POOL_LENT, "a plain vGPU beside instance 8");
	layout_remove(&layout, 7, &change);
	add_plain(UNIT);
	refuses(profile(2, 2), QUARTER, LAYOUT_POOL_NEEDED, "all slices of a pool in use");
}
END_TEST

START_TEST(test_pool_keeps_slices)
{
	unsigned int plain;

	gpu(8, 8);
	plain = add_plain(UNIT);
	refuses(profile(8, 8), ALL, LAYOUT_POOL_NEEDED, "all compute slices, beside a plain vGPU");
	add_default(4);
	refuses(profile(4, 4), HALF, LAYOUT_POOL_NEEDED, "the other half");
	layout_remove(&layout, plain, &change);
	layout.pool_min = 2;
	refuses(profile(3, 4), HALF, LAYOUT_POOL_NEEDED, "more than an administrator leaves");
	add(profile(2, 2), QUARTER);
	layout.pool_min = 8;
	refuses(profile(1, 1), SLICE, LAYOUT_POOL_NEEDED, "a pool below what it should have");
	layout.pool_min = 0;
	add(profile(2, 2), QUARTER);
	refuses(profile(1, 1), SLICE, LAYOUT_NO_COMPUTE, "a slice of an empty pool");
}
END_TEST

START_TEST(test_pool_fixed)
{
	unsigned int plain;

	gpu(8, 8);
	reserve(2, 2);
	layout.pool_fixed = true;
	plain = add_plain(HALF);
	refuses(profile(1, 1), SLICE, LAYOUT_POOL_FIXED, "an instance out of a fixed pool");
	/* What is there already takes nothing from anybody. */
	add(profile(2, 2), QUARTER);
	refuses(profile(7, 8), ALL, LAYOUT_NO_COMPUTE, "7 of 6 slices");
	layout_remove(&layout, plain, &change);
	add_default(1);
}
END_TEST

START_TEST(test_memory_is_the_limit)
{
	gpu(8, 8);
	add_plain(HALF);
	add_plain(QUARTER);
	add_default(1);
	refuses(profile(2, 2), QUARTER, LAYOUT_NO_MEMORY, "2 memory slices, 1 is free");
	refuses(profile(0, 0), QUARTER, LAYOUT_NO_MEMORY, "a quarter, an eighth is free");
	ck_assert_uint_eq(layout_free_bytes(&layout, LAYOUT_POOL), GIB / 8);
	/* 3 compute slices need 4 of memory: two such leave nothing. */
	gpu(8, 8);
	add_default(3);
	add_default(3);
	refuses(profile(1, 1), SLICE, LAYOUT_NO_MEMORY, "memory slices are gone, compute is not");
}
END_TEST

START_TEST(test_partitions_are_the_limit)
{
	ck_assert(layout_init(&layout, GIB, 6, false, 3, 8, 8));
	ck_assert_uint_eq(layout_available(&layout, profile(0, 0), UNIT), 3);
	ck_assert_uint_eq(layout_available(&layout, profile(1, 1), UNIT), 3);
	add_default(1);
	add_plain(UNIT);
	add_plain(UNIT);
	refuses(profile(0, 0), UNIT, LAYOUT_NO_PARTITION, "a fourth partition");
	refuses(profile(1, 1), SLICE, LAYOUT_NO_PARTITION, "a fourth partition");
	/* An instance without vGPUs has no partition. */
	reserve(1, 1);
}
END_TEST

/* Four quarters, of which 0 and 2 are open or not: is there half of the GPU? */
START_TEST(test_closed_ones_move)
{
	unsigned int vgpu[4];
	__u64 offset;

	for (int open = 0; open < 2; open++) {
		gpu(8, 8);
		for (unsigned int i = 0; i < 4; i++)
			vgpu[i] = add_plain(QUARTER);
		layout_remove(&layout, vgpu[1], &change);
		layout_remove(&layout, vgpu[3], &change);
		ck_assert_uint_eq(layout_largest(&layout, LAYOUT_POOL), GIB / 4);
		open_vgpu(vgpu[0]);
		if (open) {
			open_vgpu(vgpu[2]);
			refuses(profile(4, 4), HALF, LAYOUT_IN_THE_WAY, "half of the GPU");
			continue;
		}
		offset = layout_offset(&layout, vgpu[0]);
		ck_assert_uint_eq(layout_available(&layout, profile(4, 4), HALF), 1);
		add(profile(4, 4), HALF);
		ck_assert_msg(change.moved_vgpus == 1ULL << vgpu[2],
			      "moved: 0x%llx", (unsigned long long)change.moved_vgpus);
		ck_assert_uint_eq(layout_offset(&layout, vgpu[0]), offset);
		ck_assert_uint_eq(layout_offset(&layout, vgpu[2]), offset ^ GIB / 4);
	}
}
END_TEST

/* An instance moves as a whole, and only if nobody uses any of it. */
START_TEST(test_instances_move_whole)
{
	unsigned int inside[2], plain, instance;
	__u64 before[2];

	gpu(8, 8);
	plain = add_plain(QUARTER);
	inside[0] = add(profile(2, 2), SLICE);
	instance = change.instance;
	inside[1] = add(profile(2, 2), SLICE);
	open_vgpu(add_plain(QUARTER));
	layout_remove(&layout, plain, &change);
	open_vgpu(inside[1]);
	refuses(profile(0, 0), HALF, LAYOUT_IN_THE_WAY, "half of the GPU");

	layout_set_closed(&layout, inside[1], true);
	for (unsigned int i = 0; i < 2; i++)
		before[i] = layout_offset(&layout, inside[i]);
	add_plain(HALF);
	ck_assert_uint_eq(change.moved_instances, 1u << instance);
	ck_assert_uint_eq(change.moved_vgpus, 1ULL << inside[0] | 1ULL << inside[1]);
	ck_assert_uint_eq(layout_offset(&layout, inside[0]) - before[0],
			  layout_offset(&layout, inside[1]) - before[1]);
	ck_assert_uint_eq(layout.instance[instance].memory_first * (GIB / 8),
			  layout_offset(&layout, inside[0]));
}
END_TEST

/* Room is made within an instance, too. */
START_TEST(test_seats_move)
{
	unsigned int vgpu[4];

	gpu(8, 8);
	for (unsigned int i = 0; i < 4; i++)
		vgpu[i] = add(profile(8, 8), QUARTER);
	layout_remove(&layout, vgpu[0], &change);
	layout_remove(&layout, vgpu[2], &change);
	open_vgpu(vgpu[1]);
	open_vgpu(vgpu[3]);
	refuses(profile(8, 8), HALF, LAYOUT_IN_THE_WAY, "half of the instance");
	layout_set_closed(&layout, vgpu[1], true);
	add(profile(8, 8), HALF);
	ck_assert_uint_eq(change.moved_vgpus, 1ULL << vgpu[1]);
	ck_assert_uint_eq(layout_free_bytes(&layout, 1), 0);
}
END_TEST

/* A seat where nothing has to move is better than one where less is left. */
START_TEST(test_seat_without_moves)
{
	unsigned int vgpu[4];

	gpu(8, 8);
	reserve(2, 2);
	for (unsigned int i = 0; i < 4; i++)
		vgpu[i] = add(profile(2, 2), HALF_SLICE);
	layout_remove(&layout, vgpu[0], &change);
	layout_remove(&layout, vgpu[2], &change);
	reserve(2, 2);
	add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 2);
	ck_assert(!change.moved_vgpus);
	/* The other half of that one, and then the seat for which one moves. */
	add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 2);
	add(profile(2, 2), SLICE);
	ck_assert_uint_eq(change.instance, 1);
	ck_assert(change.moved_vgpus);
}
END_TEST

START_TEST(test_small_ones_leave_large_whole)
{
	unsigned int half;

	gpu(8, 8);
	half = add_plain(HALF);
	open_vgpu(add_plain(UNIT));
	layout_remove(&layout, half, &change);
	for (unsigned int i = 0; i < 31; i++)
		open_vgpu(add_plain(UNIT));
	ck_assert_uint_eq(layout_largest(&layout, LAYOUT_POOL), GIB / 2);
	add_default(4);
}
END_TEST

/* What needs no move causes none. */
START_TEST(test_nothing_moves_without_need)
{
	gpu(8, 8);
	for (unsigned int i = 0; i < 7; i++) {
		add_default(1);
		ck_assert(!change.moved_vgpus && !change.moved_instances);
	}
	ck_assert_uint_eq(layout_largest(&layout, LAYOUT_POOL), GIB / 8);
}
END_TEST

START_TEST(test_reserved_unit)
{
	ck_assert(layout_init(&layout, GIB, 6, true, 64, 0, 0));
	ck_assert_uint_eq(layout_available(&layout, profile(0, 0), UNIT), 63);
	ck_assert_uint_eq(layout_available(&layout, profile(0, 0), HALF), 1);
	refuses(profile(0, 0), ALL, LAYOUT_NO_MEMORY, "all memory");
	ck_assert(add_plain(UNIT) == 0 && layout_offset(&layout, 0) == GIB / 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_test(tcase, test_init_refuses);
	tcase_add_test(tcase, test_profiles);
	tcase_add_test(tcase, test_bad_profiles);
	tcase_add_test(tcase, test_type_makes_and_frees_instance);
	tcase_add_test(tcase, test_reserved_stays);
	tcase_add_test(tcase, test_fullest_instance_first);
	tcase_add_test(tcase, test_eight_instances);
	tcase_add_test(tcase, test_pool_keeps_slices);
	tcase_add_test(tcase, test_pool_fixed);
	tcase_add_test(tcase, test_memory_is_the_limit);
	tcase_add_test(tcase, test_partitions_are_the_limit);
	tcase_add_test(tcase, test_closed_ones_move);
	tcase_add_test(tcase, test_instances_move_whole);
	tcase_add_test(tcase, test_seats_move);
	tcase_add_test(tcase, test_seat_without_moves);
	tcase_add_test(tcase, test_small_ones_leave_large_whole);
	tcase_add_test(tcase, test_nothing_moves_without_need);
	tcase_add_test(tcase, test_reserved_unit);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "layout");
}
