// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_slices_shared.c - run-control blocks with compute slices of their own and the
 * same memory slices, on the virtual clock
 */
#include "blocks.h"
#include "chance.h"

#define SHARED		REFGPU_RC_SLICES_SHARED
#define WORK_US		20000
#define SHARERS		3u
#define BESIDE		SHARERS		/* a block that does not share */
#define BLOCKS		(SHARERS + 1)

static struct gpu *g;

static void setup(void)
{
	g = gpu_create(true);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static u64 bytes(unsigned int p)
{
	return counter(g, p, REFGPU_COUNTER_BYTES_WRITTEN);
}

static u64 instructions(unsigned int p)
{
	return counter(g, p, REFGPU_COUNTER_INSTRUCTIONS);
}

/* Blocks 0 to 2 have 2, 1 and 1 compute slices over memory 3:0, block 3 the rest. */
static void divide(void)
{
	take(g, 0, SHARED | 0x0f03);
	take(g, 1, SHARED | 0x0f04);
	take(g, 2, SHARED | 0x0f08);
	take(g, BESIDE, 0xf0f0);
}

/* Its partition: those of the first three have one memory slice together. */
static unsigned int partition_of(unsigned int block)
{
	return block == BESIDE ? partition_in(4, 0) : partition_in(1, block);
}

/* What each block gets done, if those in the mask work. */
static void work(void (*start)(struct gpu *g, unsigned int p), u64 (*done)(unsigned int p),
		 unsigned int blocks, u64 *result)
{
	unsigned int b;

	gpu_destroy(g);
	g = gpu_create(true);
	divide();
	for (b = 0; b < BLOCKS; b++) {
		start(g, partition_of(b));
		if (blocks & 1U << b)
			run_on(g, b, partition_of(b), 0, 0);
	}
	step_us(g, WORK_US);
	for (b = 0; b < BLOCKS; b++) {
		ck_assert_uint_eq(state_of(g, b), blocks & 1U << b ? REFGPU_RC_RUNNING :
								     REFGPU_RC_EMPTY);
		result[b] = done(partition_of(b));
	}
}

/* ------------------------------------------------------------ throughput */

/* Compute is each block's own; bytes are shared as compute is, and add up. */
static void expect_parts(void (*start)(struct gpu *g, unsigned int p), u64 (*done)(unsigned int p))
{
	unsigned int p = partition_in(0, 0), b;
	u64 whole, got[BLOCKS], alone[BLOCKS];

	start(g, p);
	run(g, p, 0, 0);
	step_us(g, WORK_US);
	whole = done(p);
	work(start, done, 0xf, got);
	expect_ratio("2 of 4 compute slices", got[0], (double)whole / 4, 0.005);
	expect_ratio("1 of 4 compute slices", got[1], (double)whole / 8, 0.005);
	expect_ratio("1 of 4 compute slices", got[2], (double)whole / 8, 0.005);
	expect_ratio("the sum", got[0] + got[1] + got[2], (double)whole / 2, 0.005);
	expect_ratio("beside them", got[BESIDE], (double)whole / 2, 0.005);
	/* Whether the others work makes no difference. */
	for (b = 0; b < BLOCKS; b++) {
		work(start, done, 1U << b, alone);
		expect_ratio("alone", alone[b], (double)got[b], 0.002);
	}
}

START_TEST(compute)
{
	expect_parts(partition_spins, instructions);
}
END_TEST

START_TEST(fill)
{
	expect_parts(partition_fills, bytes);
}
END_TEST

START_TEST(copy)
{
	expect_parts(partition_copies, bytes);
}
END_TEST

static u64 bytes_meanwhile(unsigned int p)
{
	u64 before = bytes(p);

	step_us(g, WORK_US);
	return bytes(p) - before;
}

/* Blocks come to the memory, and go, during a run. */
START_TEST(sharers_come_and_go)
{
	unsigned int p = partition_in(0, 0);
	u64 alone;

	take(g, 0, SHARED | 0x0f03);
	partition_fills(g, p);
	run(g, p, 0, 0);
	step_us(g, 1000);
	alone = bytes_meanwhile(p);
	take(g, 1, SHARED | 0x0f3c);
	expect_ratio("2 of 6 compute slices", bytes_meanwhile(p), (double)alone / 3, 0.005);
	/* That memory, but nothing to use it with; and other memory. */
	take(g, 2, SHARED | 0x0f00);
	take(g, 3, SHARED | 0xf040);
	expect_ratio("2 of 6 compute slices", bytes_meanwhile(p), (double)alone / 3, 0.005);
	take(g, 1, SHARED | 0x0f0c);
	expect_ratio("2 of 4 compute slices", bytes_meanwhile(p), (double)alone / 2, 0.005);
	take(g, 1, 0);
	expect_ratio("alone again", bytes_meanwhile(p), (double)alone, 0.005);
	ck_assert_uint_eq(state_of(g, 0), REFGPU_RC_RUNNING);
}
END_TEST

/* A block that hangs, and whose partition is reset, beside one of the same memory. */
START_TEST(a_sharer_that_hangs_is_not_noticed)
{
	struct injection hang = { .kind = INJECT_HANG, .partition = partition_of(1) };
	u64 alone;

	divide();
	partition_fills(g, partition_of(0));
	partition_fills(g, partition_of(1));
	run_on(g, 0, partition_of(0), 0, 0);
	step_us(g, 1000);
	alone = bytes_meanwhile(partition_of(0));
	run_on(g, 1, partition_of(1), 0, 0);
	step_us(g, 1000);
	ck_assert_uint_gt(bytes(partition_of(1)), 0);
	ck_assert_int_eq(device_inject(g->dev, &hang), 0);
	expect_ratio("beside a hang", bytes_meanwhile(partition_of(0)), (double)alone, 0.002);
	wr(g, PART(partition_of(1), RESET), 1);
	expect_ratio("after a reset", bytes_meanwhile(partition_of(0)), (double)alone, 0.002);
	ck_assert_uint_eq(state_of(g, 0), REFGPU_RC_RUNNING);
	ck_assert_uint_eq(state_of(g, 1), REFGPU_RC_EMPTY);
}
END_TEST

/* One after the other they run what the memory holds, and go on with what others began. */
START_TEST(a_partition_goes_from_block_to_block)
{
	unsigned int p = partition_in(1, 0), round;
	u64 last = 0;

	divide();
	partition_spins(g, p);
	for (round = 0; round < 30; round++) {
		unsigned int block = round % SHARERS;

		forget_events(g);
		run_on(g, block, p, 0, 1000000);
		/* In one of them at a time. */
		run_on(g, (block + 1) % SHARERS, p, 0, 1000000);
		EXPECT_RUN_END(g, p, REFGPU_END_REJECTED);
		step_us(g, 2000);
		EXPECT_RUN_END(g, p, REFGPU_END_QUANTUM);
		expect_ratio("a quantum", instructions(p) - last, block ? 12500 : 25000, 0.03);
		last = instructions(p);
	}
	forget_events(g);
	run_on(g, BESIDE, p, 0, 1000000);
	EXPECT_RUN_END(g, p, REFGPU_END_REJECTED);
}
END_TEST

/* --------------------------------------------------------------- ownership */

static void expect_dropped(unsigned int block, u64 mask)
{
	u64 before = rd(g, RC(block, SLICES));

	wr(g, RC(block, SLICES), mask);
	ck_assert_msg(rd(g, RC(block, SLICES)) == before, "block %u took %#llx", block,
		      (unsigned long long)mask);
}

START_TEST(memory_that_is_not_shared)
{
	take(g, 0, 0x0f03);
	expect_dropped(1, SHARED | 0x0f04);	/* block 0 does not */
	take(g, 0, SHARED | 0x0f03);
	expect_dropped(1, 0x0f04);		/* block 1 does not */
	expect_dropped(1, SHARED | 0x0704);	/* a part of it */
	expect_dropped(1, SHARED | 0x1f04);	/* more */
	expect_dropped(1, SHARED | 0x1e04);	/* another */
	expect_dropped(1, SHARED | 0x0f06);	/* compute is never shared */
	expect_dropped(1, SHARED << 1 | 0x0f04);
	take(g, 1, SHARED | 0x0f04);
	expect_dropped(0, 0x0f03);
	expect_dropped(0, SHARED | 0x0703);
	take(g, 0, SHARED | 0x0f0b);
	take(g, 1, 0);
	take(g, 0, 0x070b);
	/* No memory is no overlap. */
	take(g, 1, SHARED | 0x0004);
	take(g, 2, SHARED | 0x0010);
	expect_dropped(3, SHARED | 0x0014);
	/* The bit is not a slice that a partition may be permitted. */
	wr(g, PART(5, SLICES), SHARED | 0x0f0f);
	ck_assert_uint_eq(rd(g, PART(5, SLICES)), 0x0f0f);
}
END_TEST

static bool valid(const u64 *masks)
{
	unsigned int a, b;

	for (a = 0; a < REFGPU_RUN_CONTROLS; a++)
		for (b = 0; b < a; b++) {
			bool alike = (masks[a] & SHARED) && (masks[a] ^ masks[b]) < 0x100;

			if ((masks[a] & masks[b] & 0xff) ||
			    (!alike && (masks[a] & masks[b] & 0xff00)))
				return false;
		}
	return true;
}

/* A write is taken if and only if what all blocks have then is permitted. */
START_TEST(any_writes)
{
	u64 masks[REFGPU_RUN_CONTROLS] = { 0xffff };
	unsigned int round, taken = 0, sharing = 0;

	for (round = 0; round < 100000; round++) {
		unsigned int b = (unsigned int)any(REFGPU_RUN_CONTROLS);
		u64 old = masks[b];

		/* Few memory masks, so that some are alike. */
		masks[b] = one_in(4) ? 0 : (one_in(4) ? 0 : SHARED) |
			   (u64)0xf << (8 + 2 * any(3)) | 1ULL << any(8) | 1ULL << any(8);
		wr(g, RC(b, SLICES), masks[b]);
		if (valid(masks)) {
			taken++;
			sharing += masks[b] && (masks[b] ^ masks[(b + 1) % 8]) < 0x100;
		} else {
			masks[b] = old;
		}
		ck_assert_uint_eq(rd(g, RC(b, SLICES)), masks[b]);
	}
	ck_assert_uint_gt(taken, 10000);
	ck_assert_uint_gt(sharing, 1000);
}
END_TEST

START_TEST(a_device_reset_ends_sharing)
{
	unsigned int b;

	divide();
	for (b = 0; b < BLOCKS; b++) {
		partition_fills(g, partition_of(b));
		run_on(g, b, partition_of(b), 0, 0);
	}
	step_us(g, 1000);
	wr(g, REFGPU_GLOBAL_RESET, 1);
	step_us(g, 100);
	for (b = 0; b < BLOCKS; b++)
		ck_assert_uint_eq(rd(g, RC(b, SLICES)), b ? 0 : 0xffff);
}
END_TEST

START_TEST(version_1_0_has_no_such_bit)
{
	gpu_destroy(g);
	g = gpu_create_version(true, REFGPU_VERSION_1_0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_CAPS) & REFGPU_CAP_SHARED_MEMORY, 0);
	wr(g, RC(0, SLICES), SHARED | 0x0f0f);
	ck_assert_uint_eq(rd(g, RC(0, SLICES)), 0x0f0f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slices_shared");
	TCase *tests = tcase_create("slices_shared");

	chance.state = unit_seed("slices_shared");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, compute);
	tcase_add_test(tests, fill);
	tcase_add_test(tests, copy);
	tcase_add_test(tests, sharers_come_and_go);
	tcase_add_test(tests, a_sharer_that_hangs_is_not_noticed);
	tcase_add_test(tests, a_partition_goes_from_block_to_block);
	tcase_add_test(tests, memory_that_is_not_shared);
	tcase_add_test(tests, any_writes);
	tcase_add_test(tests, a_device_reset_ends_sharing);
	tcase_add_test(tests, version_1_0_has_no_such_bit);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "slices_shared");
}
