// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_slices_threads.c - a device divided by its slices, on the wall clock: eight
 * blocks at work at once; for the thread sanitizer
 */
#include "wall.h"

#include "blocks.h"

#define BLOCKS		REFGPU_RUN_CONTROLS
#define STORM		4u	/* its guest rings and does no work */
#define RESETS		5u	/* it hangs, and is reset */
#define MOVES		6u	/* it and the next get slices and partitions of each other */
#define AT_BITS(p)	(0x60000 + (p) * 4096ULL)	/* dirty bits, in the machine's memory */
#define DIRTY_BYTES	(SLICE_BYTES >> 12 >> 3)

static void setup(void)
{
	unsigned int b, p;

	g = gpu_create(false);
	for (b = 0; b < BLOCKS; b++) {
		p = partition_in(b, 0);
		partition_on(g, p);
		wr(g, PART(p, CONTROL), REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_PENDING_ONCE);
		ring_on(g, p, 0);
		ck_assert(take_slices(g, b, SLICES(b, 1)));
	}
}

static void teardown(void)
{
	gpu_destroy(g);
}

/* Work without end, and many more doorbells than anybody needs. */
static void *storm_thread(void *argument)
{
	unsigned int p = (unsigned int)(uintptr_t)argument, i;

	put_spin(g, p);
	while (!stop) {
		ring_on(g, p, 0);
		push_dispatch(g, p, 0, 16);
		for (i = 0; i < 200; i++)
			bell(g, p, 0);
		while (ring_rd(g, p, 0, REFGPU_RING_GET) && !stop)
			usleep(10);
		user_wr(g, p, REFGPU_USER_RING(0) + REFGPU_RING_CONTROL, 0);
		while (ring_rd(g, p, 0, REFGPU_RING_STATUS) != REFGPU_RING_DISABLED && !stop)
			usleep(10);
		rounds[p]++;
	}
	return NULL;
}

/* What the guest has written since the last time, added to @bits. */
static void fetch_dirty(unsigned int p, u8 *bits)
{
	const u8 *fetched = g->host + AT_BITS(p);
	unsigned int i;

	wr(g, PART(p, DIRTY_COUNT), SLICE_BYTES >> 12);
	wr(g, PART(p, DIRTY_TARGET), HOST_BASE + AT_BITS(p));
	wr(g, PART(p, DIRTY_FETCH), 1);
	await(REFGPU_PARTITION(p) + REFGPU_PARTITION_DIRTY_FETCH, 1, 0, "DIRTY_FETCH");
	for (i = 0; i < DIRTY_BYTES; i++)
		bits[i] |= fetched[i];
}

/*
 * Two blocks, which are empty, change places with their memory, and so their partitions.
 * Each has a compute slice, or one has both.
 */
static void move_slices(u64 turn)
{
	unsigned int first = MOVES + turn % 2, second = MOVES + !(turn % 2);

	wr(g, RC(MOVES, SLICES), 0);
	wr(g, RC(MOVES + 1, SLICES), 0);
	ck_assert(take_slices(g, first, turn % 3 ? 0x4040 : 0x40c0));
	ck_assert(take_slices(g, second, turn % 3 ? 0x8080 : 0x8000));
}

/* Run what the block's memory slices have, if it has slices for it. */
static bool run_block(unsigned int b, u64 turn)
{
	u64 slices = rd(g, RC(b, SLICES));
	unsigned int p = partition_in((unsigned int)__builtin_ctzll(slices >> 8), 0);

	if (!(slices & 0xff) || !(rd(g, REFGPU_GLOBAL_PENDING) & 1ULL << p))
		return false;
	run_on(g, b, p, turn % 3 ? 0 : REFGPU_RUN_LINGER, 1000000);
	return true;
}

static void reset_storm(u64 turn)
{
	unsigned int p = partition_in(RESETS, 0);
	struct injection hang = { .kind = INJECT_HANG, .partition = p };

	if (turn % 2)
		device_inject(g->dev, &hang);
	wr(g, PART(p, RESET), 1);
	await(REFGPU_PARTITION(p) + REFGPU_PARTITION_RESET, 1, 0, "RESET");
	ring_on(g, p, 0);
	push_dispatch(g, p, 0, 16);
	bell(g, p, 0);
	rounds[p]++;
}

static u64 count_run_ends(void)
{
	u64 ends = 0;

	while (next_run_end(g).type)
		ends++;
	return ends;
}

START_TEST(all_blocks_at_once)
{
	pthread_t guests[BLOCKS];
	u64 end = now_ns() + 4000000000ULL, turn = 0, runs = 0, ends = 0;
	u8 dirty[RESETS][DIRTY_BYTES] = { 0 };
	unsigned int b, p;

	stop = false;
	wrong = 0;
	put_spin(g, partition_in(RESETS, 0));
	for (b = 0; b < BLOCKS; b++) {
		p = partition_in(b, 0);
		rounds[p] = 0;
		if (b < STORM)
			wr(g, PART(p, DIRTY_CONTROL), 1 | 12 << 8);
		if (b == RESETS)
			continue;
		if (b != STORM)
			((u32 *)slice(g, p, AT_CODE))[0] = 0x00008067;
		ck_assert_int_eq(pthread_create(&guests[b], NULL,
						b == STORM ? storm_thread : guest_thread,
						(void *)(uintptr_t)p), 0);
	}
	while (now_ns() < end) {
		for (b = 0; b < BLOCKS; b++)
			if (state_of(g, b) == REFGPU_RC_EMPTY)
				runs += run_block(b, turn + b);
		if (turn % 8 == 0) {
			wr(g, RC(MOVES, PREEMPT), 1);
			wr(g, RC(MOVES + 1, PREEMPT), 1);
			await(RC(MOVES, STATE), 0xff, REFGPU_RC_EMPTY, "end of a run");
			await(RC(MOVES + 1, STATE), 0xff, REFGPU_RC_EMPTY, "end of a run");
			move_slices(turn / 8);
		}
		if (turn % 4 == 1)
			reset_storm(turn / 4);
		if (turn % 16 == 2)
			fetch_dirty(partition_in(turn / 16 % STORM, 0), dirty[turn / 16 % STORM]);
		if (turn % 16 == 3)
			free(device_stats(g->dev));
		wr(g, RC(turn % BLOCKS, PREEMPT), 1);
		ends += count_run_ends();
		turn++;
		usleep(500);
	}
	stop = true;
	for (b = 0; b < BLOCKS; b++)
		if (b != RESETS)
			pthread_join(guests[b], NULL);
	wr(g, PART(partition_in(RESETS, 0), RESET), 1);
	for (b = 0; b < BLOCKS; b++) {
		wr(g, RC(b, PREEMPT), 1);
		await(RC(b, STATE), 0xff, REFGPU_RC_EMPTY, "end of a run");
	}
	ends += count_run_ends();
	ck_assert_msg(!wrong, "%llu words are wrong", (unsigned long long)wrong);
	ck_assert_uint_eq(ends, runs);
	for (b = 0; b < BLOCKS; b++) {
		p = partition_in(b, 0);
		ck_assert_msg(rounds[p] > 3, "the guest of block %u did %llu rounds", b,
			      (unsigned long long)rounds[p]);
		ck_assert_uint_gt(rd(g, RC(b, BUSY_NS)), 0);
		if (b >= STORM)
			continue;
		fetch_dirty(p, dirty[b]);
		/* Granules of 4 KiB, 8 a byte: what FILL and COPY write, and nothing else. */
		ck_assert_uint_eq(dirty[b][AT_DATA / 32768], 0x0f);
		ck_assert_uint_eq(dirty[b][0x30000 / 32768], 0x0f);
		ck_assert_uint_eq(dirty[b][AT_CODE / 32768], 0);
	}
}
END_TEST

/* The work of one slice of eight, without end: the thread of the block sleeps most of the time. */
START_TEST(a_part_of_the_slices_takes_its_part_of_the_processor)
{
	unsigned int p = partition_in(0, 0);
	u64 began, cpu, wall;

	put_spin(g, p);
	push_dispatch(g, p, 0, 16);
	bell(g, p, 0);
	began = now_ns();
	cpu = cpu_ns();
	run_on(g, 0, p, 0, 0);
	usleep(500000);
	cpu = cpu_ns() - cpu;
	wall = now_ns() - began;
	ck_assert_uint_gt(counter(g, p, REFGPU_COUNTER_INSTRUCTIONS), 0);
	ck_assert_msg(cpu < wall * 2 / 5, "%llu us of %llu us", (unsigned long long)cpu / 1000,
		      (unsigned long long)wall / 1000);
}
END_TEST

START_TEST(a_device_reset_stops_all)
{
	unsigned int i, b, p;

	for (i = 0; i < 10; i++) {
		for (b = 0; b < BLOCKS; b++) {
			p = partition_in(b, 0);
			partition_on(g, p);
			ring_on(g, p, 0);
			put_spin(g, p);
			push_dispatch(g, p, 0, 16);
			bell(g, p, 0);
			ck_assert(take_slices(g, b, SLICES(b, 1)));
			run_on(g, b, p, 0, 0);
		}
		usleep(300 * i);
		device_reset(g->dev);
		for (b = 0; b < BLOCKS; b++) {
			ck_assert_uint_eq(rd(g, RC(b, STATE)), 0xff00 | REFGPU_RC_EMPTY);
			ck_assert_uint_eq(rd(g, RC(b, SLICES)), b ? 0 : 0xffff);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slices_threads");
	TCase *tests = tcase_create("slices_threads");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, all_blocks_at_once);
	tcase_add_test(tests, a_part_of_the_slices_takes_its_part_of_the_processor);
	tcase_add_test(tests, a_device_reset_stops_all);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "slices_threads");
}
