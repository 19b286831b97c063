// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_device_threads.c - the device on the wall clock, with its threads, a
 * host that schedules and unmaps, and guests; for the thread sanitizer
 */
#include "wall.h"

#define GUESTS	4u

static void setup(void)
{
	g = gpu_create_with(false, GUESTS);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void await_empty(void)
{
	await(REFGPU_RUN_CONTROL(0) + REFGPU_RC_STATE, 0xff, REFGPU_RC_EMPTY, "end of the run");
}

static void spin(unsigned int p)
{
	put_spin(g, p);
	push_dispatch(g, p, 0, 16);
	bell(g, p, 0);
}

START_TEST(idle_costs_nothing)
{
	u64 before;

	/* Nothing resident; then a partition that lingers; then an idle slot. */
	before = cpu_ns();
	usleep(200000);
	run(g, 1, REFGPU_RUN_LINGER, 0);
	usleep(200000);
	preempt(g);
	await_empty();
	run(g, REFGPU_RUN_NONE, 0, 200000000);
	usleep(150000);
	ck_assert_msg(cpu_ns() - before < 30000000, "an idle device used %llu us in 550 ms",
		      (unsigned long long)(cpu_ns() - before) / 1000);
}
END_TEST

START_TEST(registers_answer_while_engines_work)
{
	u64 i, begin, longest = 0, start = now_ns();

	spin(1);
	run(g, 1, 0, 0);
	for (i = 0; i < 2000; i++) {
		u64 took;

		begin = now_ns();
		rd(g, REFGPU_GLOBAL_TIMER);
		took = now_ns() - begin;
		longest = took > longest ? took : longest;
	}
	/* Means, not worst cases: other processes share the machine. */
	ck_assert_msg(now_ns() - start < 2000 * 200000ULL, "%llu ns a read on average",
		      (unsigned long long)(now_ns() - start) / 2000);
	preempt(g);
	await_empty();
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_EVENT) & 0xff,
			  REFGPU_END_PREEMPTED);
}
END_TEST

START_TEST(quantum_on_the_wall)
{
	u64 ran;

	spin(1);
	run(g, 1, 0, 20000000);
	await_empty();
	ran = rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN_NS);
	ck_assert_msg(ran >= 20000000 && ran < 500000000, "a quantum of 20 ms took %llu us",
		      (unsigned long long)ran / 1000);
}
END_TEST

START_TEST(reset_is_quick)
{
	struct injection hang = { .kind = INJECT_HANG, .partition = 2 };
	u64 begin, took, best = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		partition_on(g, 2);
		ring_on(g, 2, 0);
		spin(2);
		if (i % 2)
			device_inject(g->dev, &hang);
		run(g, 2, 0, 0);
		usleep(3000);
		begin = now_ns();
		device_reset(g->dev);
		took = now_ns() - begin;
		best = took < best ? took : best;
		ck_assert_uint_eq(rc_state(g), REFGPU_RC_EMPTY);
		ck_assert_uint_eq(rd(g, REFGPU_PARTITION(2) + REFGPU_PARTITION_CONTROL), 0);
	}
	ck_assert_msg(best < 50000000, "the quickest of 5 resets took %llu us",
		      (unsigned long long)best / 1000);
}
END_TEST

/* A slice of work is nearly always under way when the partition is disabled. */
START_TEST(the_next_owner_finds_nothing)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		spin(1);
		run(g, 1, 0, 0);
		await(REFGPU_USER_PAGE(1) + REFGPU_USER_RING(0) + REFGPU_RING_PC, ~0ULL, AT_CODE,
		      "the kernel runs");
		wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL, 0);
		wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
		await_empty();
		ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_BUSY_NS), 0);
		ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_PC), 0);
		ring_on(g, 1, 0);
	}
}
END_TEST

START_TEST(invalidate_while_hung)
{
	struct injection hang = { .kind = INJECT_HANG, .partition = 1 };

	spin(1);
	run(g, 1, 0, 0);
	await(REFGPU_RUN_CONTROL(0) + REFGPU_RC_STATE, 0xff, REFGPU_RC_RUNNING, "the kernel runs");
	device_inject(g->dev, &hang);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE_PAGES, SYSMEM_PAGES);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE, 1);
	await(REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE, 1, 0, "INVALIDATE");
	preempt(g);
	usleep(20000);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_RESET, 1);
	await(REFGPU_PARTITION(1) + REFGPU_PARTITION_RESET, 1, 0, "RESET");
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_EMPTY);
}
END_TEST

/* To zero much memory takes long. No other partition waits for that, but a device reset does. */
START_TEST(a_scrub_holds_nobody_up)
{
	u64 scrub = REFGPU_PARTITION(9) + REFGPU_PARTITION_SCRUB;
	u64 reset = REFGPU_PARTITION(20) + REFGPU_PARTITION_RESET;
	unsigned int i, overtaken = 0;

	wr(g, REFGPU_PARTITION(9) + REFGPU_PARTITION_VRAM_BASE, GPU_VRAM / 2);
	wr(g, REFGPU_PARTITION(9) + REFGPU_PARTITION_VRAM_LIMIT, GPU_VRAM / 2);
	/* The test may not get a processor in time to see it. */
	for (i = 0; i < 50 && !overtaken; i++) {
		memset(g->vram + GPU_VRAM / 2, 0xee, GPU_VRAM / 2);
		wr(g, scrub, 1);
		wr(g, reset, 1);
		await(reset, 1, 0, "RESET");
		overtaken = (unsigned int)rd(g, scrub);
		await(scrub, 1, 0, "SCRUB");
		ck_assert(!g->vram[GPU_VRAM / 2] && !g->vram[GPU_VRAM - 1]);
	}
	ck_assert_msg(overtaken, "in %u tries RESET ended with the SCRUB of another partition", i);
	memset(g->vram + GPU_VRAM / 2, 0xee, GPU_VRAM / 2);
	wr(g, scrub, 1);
	device_reset(g->dev);
	ck_assert_uint_eq(rd(g, scrub), 0);
	ck_assert(!g->vram[GPU_VRAM / 2] && !g->vram[GPU_VRAM - 1]);
}
END_TEST

/* --------------------------------------------------- everything at once */

static _Atomic u64 victim;	/* page the host takes next */

/* The last partition is hostile: it hits what the host takes away. */
static void *hostile_thread(void *argument)
{
	unsigned int p = GUESTS - 1;
	u64 ring = REFGPU_USER_RING(0);

	(void)argument;
	put_spin(g, p);
	while (!stop) {
		/* The same page over and over, for long. */
		struct refgpu_copy copy = {
			.header = { .opcode = REFGPU_OP_COPY },
			.target = REFGPU_SYSMEM_APERTURE + victim * 4096,
			.bytes = 4096,
			.lines = 1000000,
		};

		ring_on(g, p, 0);
		push(g, p, 0, &copy);
		push_dispatch(g, p, 0, 64);
		bell(g, p, 0);
		usleep(2000);
		user_wr(g, p, ring + REFGPU_RING_DOORBELL, 0xdeadbeef);
		usleep(500);
		user_wr(g, p, ring + REFGPU_RING_CONTROL, 0);
		/* Until then the ring's memory is the device's. */
		while (ring_rd(g, p, 0, REFGPU_RING_STATUS) != REFGPU_RING_DISABLED && !stop)
			usleep(10);
		rounds[p]++;
	}
	return NULL;
}

/* The host takes pages from the hostile guest, waits, and reuses them. */
static void *unmap_thread(void *argument)
{
	u64 part = REFGPU_PARTITION(GUESTS - 1);
	u64 *table = (u64 *)(g->host + AT_TABLES + (GUESTS - 1) * 4096);
	unsigned int i;
	u8 *reused;
	u64 page, entry, resident = REFGPU_PARTITION_IS_RESIDENT;

	(void)argument;
	while (!stop) {
		page = victim;
		/* Best while its engine is at it. */
		if (!(rd(g, part + REFGPU_PARTITION_STATUS) & resident)) {
			usleep(20);
			continue;
		}
		reused = g->host + SYSMEM_AT(GUESTS - 1, page);
		entry = table[page];
		__atomic_store_n(&table[page], 0, __ATOMIC_SEQ_CST);
		wr(g, part + REFGPU_PARTITION_INVALIDATE_FIRST, page);
		wr(g, part + REFGPU_PARTITION_INVALIDATE_PAGES, 1);
		wr(g, part + REFGPU_PARTITION_INVALIDATE, 1);
		while (rd(g, part + REFGPU_PARTITION_INVALIDATE))
			usleep(10);
		/* Somebody else's now: a write of the device would be seen here. */
		memset(reused, 0xee, 4096);
		usleep(300);
		for (i = 0; i < 4096; i++)
			wrong += reused[i] != 0xee;
		__atomic_store_n(&table[page], entry, __ATOMIC_SEQ_CST);
		victim = (page + 1) % SYSMEM_PAGES;
	}
	return NULL;
}

START_TEST(all_at_once)
{
	pthread_t guests[GUESTS], unmapper;
	u64 end = now_ns() + 4000000000ULL, turn = 0, resets = 0;
	unsigned int p;

	stop = false;
	wrong = 0;
	wr(g, REFGPU_PARTITION(GUESTS - 1) + REFGPU_PARTITION_DIRTY_CONTROL, 1 | 12 << 8);
	for (p = 0; p < GUESTS; p++) {
		rounds[p] = 0;
		((u32 *)slice(g, p, AT_CODE))[0] = 0x00008067;
		ck_assert_int_eq(pthread_create(&guests[p], NULL,
						p < GUESTS - 1 ? guest_thread : hostile_thread,
						(void *)(uintptr_t)p), 0);
	}
	ck_assert_int_eq(pthread_create(&unmapper, NULL, unmap_thread, NULL), 0);
	while (now_ns() < end) {
		p = (unsigned int)(turn++ % GUESTS);
		if (!(rd(g, REFGPU_GLOBAL_PENDING) & 1ULL << p))
			continue;
		run(g, p, turn % 3 ? 0 : REFGPU_RUN_LINGER, 300000);
		if (turn % 5 == 0) {
			usleep(100);
			preempt(g);
		}
		if (p == GUESTS - 1 && turn % 16 == 0) {
			wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_RESET, 1);
			await(REFGPU_PARTITION(p) + REFGPU_PARTITION_RESET, 1, 0, "RESET");
			resets++;
		}
		await_empty();
		ck_assert_msg(now_ns() < end + 60000000000ULL, "stuck");
	}
	stop = true;
	for (p = 0; p < GUESTS; p++)
		pthread_join(guests[p], NULL);
	pthread_join(unmapper, NULL);
	ck_assert_msg(!wrong, "%llu words are wrong", (unsigned long long)wrong);
	for (p = 0; p < GUESTS; p++)
		ck_assert_msg(rounds[p] > 5, "guest %u did %llu rounds", p,
			      (unsigned long long)rounds[p]);
	ck_assert_uint_gt(resets, 0);
}
END_TEST

/* What the front end does while others use registers. */
static void *reader_thread(void *argument)
{
	(void)argument;
	while (!stop) {
		free(device_stats(g->dev));
		rd(g, REFGPU_USER_PAGE(1) + REFGPU_USER_TIMER);
		usleep(100);
	}
	return NULL;
}

START_TEST(removal_and_reset_under_load)
{
	struct injection gone = { .kind = INJECT_REMOVE };
	pthread_t reader;
	unsigned int i, p;

	stop = false;
	ck_assert_int_eq(pthread_create(&reader, NULL, reader_thread, NULL), 0);
	for (i = 0; i < 20; i++) {
		for (p = 0; p < GUESTS; p++) {
			partition_on(g, p);
			ring_on(g, p, 0);
			spin(p);
		}
		run(g, i % GUESTS, 0, 0);
		usleep(500 * i);
		if (i % 2) {
			device_inject(g->dev, &gone);
			ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_ID), UINT64_MAX);
		}
		device_reset(g->dev);
		ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_ID), REFGPU_ID);
		ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);
	}
	stop = true;
	pthread_join(reader, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device_threads");
	TCase *tests = tcase_create("device_threads");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, idle_costs_nothing);
	tcase_add_test(tests, registers_answer_while_engines_work);
	tcase_add_test(tests, quantum_on_the_wall);
	tcase_add_test(tests, reset_is_quick);
	tcase_add_test(tests, the_next_owner_finds_nothing);
	tcase_add_test(tests, invalidate_while_hung);
	tcase_add_test(tests, a_scrub_holds_nobody_up);
	tcase_add_test(tests, all_at_once);
	tcase_add_test(tests, removal_and_reset_under_load);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "device_threads");
}
