// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_buddy.c - placement of framebuffers, the very source the module has
 *
 * What an administrator relies on: slices never overlap, the figure in
 * available_instances is exactly how many creates succeed, whatever mix came
 * before, and an empty GPU is whole again.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place/buddy.h"
#include "unit.h"

#define MIB		(1ULL << 20)
#define GIB		(1ULL << 30)
#define LIVE_MAX	4096

struct block {
	unsigned int level;
	__u64 offset;
};

struct space {
	struct buddy buddy;
	uint8_t storage[2 << BUDDY_MAX_LEVEL];
	struct block live[LIVE_MAX];
	unsigned int count;
};

static struct space space;

static void space_init(uint64_t size, unsigned int levels)
{
	space.count = 0;
	memset(space.storage, 0x5a, sizeof(space.storage));
	ck_assert_msg(buddy_init(&space.buddy, space.storage, size, levels),
		      "%llu bytes with %u levels refused",
		      (unsigned long long)size, levels);
}

static uint64_t block_size(const struct block *block)
{
	return space.buddy.size >> block->level;
}

static bool take(unsigned int level)
{
	struct block *block = &space.live[space.count];

	block->level = level;
	if (!buddy_alloc(&space.buddy, level, &block->offset))
		return false;
	ck_assert_msg(block->offset % block_size(block) == 0 &&
		      block->offset + block_size(block) <= space.buddy.size,
		      "level %u block at %llu is not one of its halves", level,
		      (unsigned long long)block->offset);
	for (unsigned int i = 0; i < space.count; i++) {
		const struct block *other = &space.live[i];

		if (block->offset < other->offset + block_size(other) &&
		    other->offset < block->offset + block_size(block))
			ck_abort_msg("blocks at %llu (level %u) and %llu (level %u) overlap",
				     (unsigned long long)block->offset, level,
				     (unsigned long long)other->offset, other->level);
	}
	space.count++;
	return true;
}

static void give_back(unsigned int i)
{
	const struct block *block = &space.live[i];

	ck_assert_msg(buddy_free(&space.buddy, block->level, block->offset),
		      "level %u block at %llu can't be given back", block->level,
		      (unsigned long long)block->offset);
	space.live[i] = space.live[--space.count];
}

static void check_whole(void)
{
	ck_assert_uint_eq(buddy_free_bytes(&space.buddy), space.buddy.size);
	ck_assert_uint_eq(buddy_largest(&space.buddy), space.buddy.size);
	for (unsigned int level = 0; level <= space.buddy.levels; level++)
		ck_assert_uint_eq(buddy_count(&space.buddy, level), 1u << level);
}

/* Takes as many of @level as there are, and gives them back. */
static void check_count_exact(unsigned int level)
{
	unsigned int promised = buddy_count(&space.buddy, level);
	unsigned int before = space.count, got = 0;

	while (space.count < LIVE_MAX && take(level)) {
		got++;
		ck_assert_msg(buddy_count(&space.buddy, level) == promised - got,
			      "level %u: %u of %u taken, %u promised", level, got,
			      promised, buddy_count(&space.buddy, level));
	}
	ck_assert_msg(got == promised, "level %u: %u promised, %u taken", level,
		      promised, got);
	while (space.count > before)
		give_back(space.count - 1);
}

static uint64_t live_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < space.count; i++)
		sum += block_size(&space.live[i]);
	return sum;
}

START_TEST(test_init_refuses)
{
	struct buddy buddy;
	uint8_t storage[64];

	ck_assert(!buddy_init(&buddy, storage, 0, 0));
	ck_assert(!buddy_init(&buddy, storage, 3 * MIB + 1, 1));
	ck_assert(!buddy_init(&buddy, storage, GIB, BUDDY_MAX_LEVEL + 1));
	ck_assert(buddy_init(&buddy, storage, 3, 0));
}
END_TEST

START_TEST(test_fill_each_level)
{
	static const uint64_t sizes[] = { 64 * MIB, GIB, 24 * GIB, 48 * GIB, 64 * GIB };

	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		space_init(sizes[i], 6);
		for (unsigned int level = 0; level <= 6; level++)
			check_count_exact(level);
		check_whole();
	}
}
END_TEST

START_TEST(test_finest)
{
	space_init(64 * GIB, BUDDY_MAX_LEVEL);
	check_count_exact(BUDDY_MAX_LEVEL);
	check_whole();
}
END_TEST

START_TEST(test_small_ones_leave_large_whole)
{
	space_init(GIB, 6);
	ck_assert(take(6));
	ck_assert(take(6));
	ck_assert(take(3));
	/* All three fit into one half: the other is free. */
	ck_assert_uint_eq(buddy_largest(&space.buddy), GIB / 2);
	ck_assert_uint_eq(buddy_count(&space.buddy, 1), 1);
	ck_assert_uint_eq(buddy_count(&space.buddy, 0), 0);
}
END_TEST

START_TEST(test_free_refuses)
{
	space_init(GIB, 6);
	ck_assert(take(2));
	/* Not taken, not so taken, inside, outside, twice. */
	ck_assert(!buddy_free(&space.buddy, 2, GIB / 4));
	ck_assert(!buddy_free(&space.buddy, 1, 0));
	ck_assert(!buddy_free(&space.buddy, 3, 0));
	ck_assert(!buddy_free(&space.buddy, 2, 4096));
	ck_assert(!buddy_free(&space.buddy, 2, GIB));
	ck_assert(!buddy_free(&space.buddy, 7, 0));
	ck_assert_uint_eq(buddy_free_bytes(&space.buddy), GIB - GIB / 4);
	give_back(0);
	ck_assert(!buddy_free(&space.buddy, 2, 0));
	check_whole();
}
END_TEST

START_TEST(test_out_of_range)
{
	__u64 offset;

	space_init(GIB, 3);
	ck_assert(!buddy_alloc(&space.buddy, 4, &offset));
	ck_assert_uint_eq(buddy_count(&space.buddy, 4), 0);
	ck_assert(take(0));
	ck_assert_uint_eq(buddy_largest(&space.buddy), 0);
	ck_assert_uint_eq(buddy_free_bytes(&space.buddy), 0);
	for (unsigned int level = 0; level <= 3; level++)
		ck_assert(!buddy_alloc(&space.buddy, level, &offset));
}
END_TEST

START_TEST(test_random_mixes)
{
	struct unit_random random = { unit_seed("buddy") };

	for (unsigned int round = 0; round < 200; round++) {
		unsigned int levels = unit_random(&random) % 7;
		uint64_t size = (64 + unit_random(&random) % 1024) * MIB;

		space_init(size, levels);
		for (unsigned int step = 0; step < 300; step++) {
			unsigned int level = unit_random(&random) % (levels + 1);

			if (unit_random(&random) % 5 < 3) {
				unsigned int promised = buddy_count(&space.buddy, level);

				ck_assert_msg(take(level) == (promised > 0),
					      "round %u step %u: level %u promised %u",
					      round, step, level, promised);
			} else if (space.count) {
				give_back(unit_random(&random) % space.count);
			}
			ck_assert_uint_eq(buddy_free_bytes(&space.buddy) + live_bytes(),
					  size);
			if (step % 16 == 0)
				check_count_exact(level);
		}
		while (space.count)
			give_back(unit_random(&random) % space.count);
		check_whole();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buddy");
	TCase *tcase = tcase_create("buddy");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_init_refuses);
	tcase_add_test(tcase, test_fill_each_level);
	tcase_add_test(tcase, test_finest);
	tcase_add_test(tcase, test_small_ones_leave_large_whole);
	tcase_add_test(tcase, test_free_refuses);
	tcase_add_test(tcase, test_out_of_range);
	tcase_add_test(tcase, test_random_mixes);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "buddy");
}
