// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_head_flips.c - flips of heads, by register and by packet
 */
#include "heads.h"

static struct gpu *g;

static void setup(void)
{
	g = gpu_create_with_heads();
}

static void teardown(void)
{
	gpu_destroy(g);
}

static u64 head0(u64 offset)
{
	return head_rd(g, 0, 0, offset);
}

START_TEST(flip_by_register)
{
	head_show(g, 0, 0, 0);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), AT_PICTURE(1));
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE | FLIPPING);
	device_step(g->dev, BLANK_NS - 10);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(0));
	device_step(g->dev, 20);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(1));
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), 0);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), 1);

	/* The last of several wins, address 0 is one like any other. */
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(2));
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, 0);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE | FLIPPING);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), 0);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), 2);

	/* What is not in the slice is dropped. */
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, SLICE_BYTES - PICTURE_BYTES + 64);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1) + 4);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, REFGPU_SYSMEM_APERTURE);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);

	/* A head that is off has nothing to flip, and forgets what was pending. */
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), 0);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), 0);
}
END_TEST

START_TEST(flip_in_halves)
{
	u64 at = REFGPU_USER_PAGE(0) + REFGPU_USER_HEAD(0) + REFGPU_HEAD_FLIP;
	u32 none = 0, one = 1, low = (u32)AT_PICTURE(1);

	head_show(g, 0, 0, 0);
	device_write(g->dev, at + 4, &none, 4);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);
	device_write(g->dev, at, &low, 4);
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), AT_PICTURE(1));
	/* 4 GiB further is not in the slice. */
	device_write(g->dev, at + 4, &one, 4);
	low = (u32)AT_PICTURE(2);
	device_write(g->dev, at, &low, 4);
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), AT_PICTURE(1));
	device_write(g->dev, at, &low, 4);
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), AT_PICTURE(2));
}
END_TEST

START_TEST(flip_by_packet)
{
	head_show(g, 0, 0, 0);
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), 0);
	push_fence(g, 0, 0, 7, 0, 0);
	bell(g, 0, 0);
	run(g, 0, 0, 0);
	step_us(g, 1000);
	/* Without WAIT the ring goes on at once; the flip waits for the blank. */
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_FENCE), 7);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(0));
	ck_assert_uint_eq(head0(REFGPU_HEAD_FLIP), AT_PICTURE(1));
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(1));
}
END_TEST

/* A flip completes though the partition is resident nowhere. */
START_TEST(flip_packet_that_waits)
{
	struct refgpu_event event;

	head_show(g, 0, 0, 0);
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), REFGPU_FLIP_WAIT);
	push_fence(g, 0, 0, 7, 0, 0);
	bell(g, 0, 0);
	run(g, 0, 0, 0);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 0, REFGPU_END_IDLE);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);

	/* A doorbell of another ring does not make it flip twice. */
	ring_on(g, 0, 1);
	push_fence(g, 0, 1, 1, 0, 0);
	bell(g, 0, 1);
	run(g, 0, 0, 0);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 0, REFGPU_END_IDLE);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	forget_events(g);

	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(1));
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 1);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_FENCE), 0);
	event = next_event(g);
	ck_assert_uint_eq(event.type, REFGPU_EVENT_PENDING);
	ck_assert_uint_eq(event.partition, 0);
	run(g, 0, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_FENCE), 7);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), 1);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_PACKETS), 3);
}
END_TEST

/* One picture a blank, by a ring alone. */
START_TEST(ring_paced_by_blanks)
{
	unsigned int i;

	head_show(g, 0, 0, 0);
	ring_on(g, 0, 0);
	for (i = 0; i < 30; i++)
		push_flip(g, 0, 0, 0, AT_PICTURE(i % 4), REFGPU_FLIP_WAIT);
	bell(g, 0, 0);
	run(g, 0, REFGPU_RUN_LINGER, 0);
	device_step(g->dev, 29 * BLANK_NS);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 29);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 30);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), 30);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE);
}
END_TEST

START_TEST(flip_packets_that_are_wrong)
{
	static const struct {
		u32 head;
		u64 base;
		u64 error;
	} flips[] = {
		{ 1, AT_PICTURE(0), REFGPU_ERROR_PACKET },	/* the host gave it one head */
		{ 4, AT_PICTURE(0), REFGPU_ERROR_PACKET },
		{ 0, AT_PICTURE(0) + 4, REFGPU_ERROR_PACKET },
		{ 0, SLICE_BYTES, REFGPU_ERROR_ADDRESS },
		{ 0, SLICE_BYTES - PICTURE_BYTES + 64, REFGPU_ERROR_ADDRESS },
		{ 0, -64ULL, REFGPU_ERROR_ADDRESS },
		{ 0, REFGPU_SYSMEM_APERTURE, REFGPU_ERROR_ADDRESS },
	};
	size_t i;

	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_HEADS, 1);
	head_show(g, 0, 0, 0);
	for (i = 0; i < sizeof(flips) / sizeof(flips[0]); i++) {
		ring_on(g, 0, 0);
		push_flip(g, 0, 0, flips[i].head, flips[i].base, REFGPU_FLIP_WAIT);
		bell(g, 0, 0);
		run(g, 0, 0, 0);
		step_us(g, 500);
		ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_STOPPED);
		ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_ERROR), flips[i].error);
		if (flips[i].error == REFGPU_ERROR_ADDRESS)
			ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_ERROR_ADDRESS),
					  flips[i].base);
		ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);
	}
}
END_TEST

/* No ring waits for a blank that will not come. */
START_TEST(flip_packet_and_a_head_that_goes)
{
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), REFGPU_FLIP_WAIT);	/* it is off */
	bell(g, 0, 0);
	run(g, 0, REFGPU_RUN_LINGER, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 1);

	head_show(g, 0, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), REFGPU_FLIP_WAIT);
	bell(g, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 1);
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 2);

	head_show(g, 0, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), REFGPU_FLIP_WAIT);
	bell(g, 0, 0);
	step_us(g, 1000);
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_HEADS, 0);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head_status(g, 0, 0), REFUSED);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 3);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), 0);
}
END_TEST

/* A ring that is switched off and on while its flip waits is a new ring. */
START_TEST(flip_packet_and_a_ring_that_goes)
{
	head_show(g, 0, 0, 0);
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(1), REFGPU_FLIP_WAIT);
	bell(g, 0, 0);
	run(g, 0, REFGPU_RUN_LINGER, 0);
	step_us(g, 1000);
	ring_on(g, 0, 0);
	push_semaphore(g, 0, 0, 0, AT_DATA, 1);
	bell(g, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(1));
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 0);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);

	/* And one that was stopped while it waited stays where it was. */
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 0, AT_PICTURE(2), REFGPU_FLIP_WAIT);
	bell(g, 0, 0);
	step_us(g, 1000);
	user_wr(g, 0, REFGPU_USER_RING(0) + REFGPU_RING_DOORBELL, 1000);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_ERROR), REFGPU_ERROR_DOORBELL);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_GET), 0);
}
END_TEST

/* Flips in one second with a limit, when every blank has one waiting. */
static u64 flips_a_second(u64 limit_ns)
{
	u64 i, before = counter(g, 0, REFGPU_COUNTER_FLIPS);

	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_FLIP_NS, limit_ns);
	head_show(g, 0, 0, 0);
	for (i = 0; i < 600; i++) {
		if (!(head_status(g, 0, 0) & FLIPPING))
			head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(i % 4));
		device_step(g->dev, BLANK_NS);
	}
	return (counter(g, 0, REFGPU_COUNTER_FLIPS) - before + 5) / 10;
}

START_TEST(flip_rate_is_limited)
{
	static const u64 rates[] = { 60, 50, 45, 30, 24, 20, 10, 1 };
	size_t i;

	ck_assert_uint_eq(flips_a_second(0), 60);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		ck_assert_uint_eq(flips_a_second(1000000000 / rates[i]), rates[i]);
	/* A limit faster than the display is none. */
	ck_assert_uint_eq(flips_a_second(1000000000 / 144), 60);
	/* Time without flips gives no credit for a burst. */
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_FLIP_NS, 100000000);
	head_show(g, 0, 0, 0);
	step_us(g, 5000000);
	i = counter(g, 0, REFGPU_COUNTER_FLIPS);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), i + 1);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(2));
	device_step(g->dev, 4 * BLANK_NS);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), i + 1);
	device_step(g->dev, 3 * BLANK_NS);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_FLIPS), i + 2);
	/* Nor does the longest one overflow. */
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_FLIP_NS, UINT64_MAX);
	for (i = 0; i < 5; i++) {
		head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
		device_step(g->dev, 10 * BLANK_NS);
	}
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE | FLIPPING);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("head_flips");
	TCase *tests = tcase_create("head_flips");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, flip_by_register);
	tcase_add_test(tests, flip_in_halves);
	tcase_add_test(tests, flip_by_packet);
	tcase_add_test(tests, flip_packet_that_waits);
	tcase_add_test(tests, ring_paced_by_blanks);
	tcase_add_test(tests, flip_packets_that_are_wrong);
	tcase_add_test(tests, flip_packet_and_a_head_that_goes);
	tcase_add_test(tests, flip_packet_and_a_ring_that_goes);
	tcase_add_test(tests, flip_rate_is_limited);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "head_flips");
}
