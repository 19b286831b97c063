// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_event_ring.c - the driver's reader of the event ring, on what the device writes
 */
#include "family/refgpu/ring.h"
#include "gpu.h"

static struct gpu *g;
static struct refgpu_event_ring ring;

#define RECORDS		REFGPU_EVENT_RING_RECORDS
#define AT_RECORDS	(HOST_BYTES - REFGPU_EVENT_RING_SIZE)

static void setup(void)
{
	g = gpu_create_with(true, 2);
	wr(g, REFGPU_GLOBAL_EVENT_RECORDS, RECORDS);
	wr(g, REFGPU_GLOBAL_EVENT_BASE, HOST_BASE + AT_RECORDS);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_EVENT_BASE), HOST_BASE + AT_RECORDS);
	ring.record = (struct refgpu_event *)(g->host + AT_RECORDS);
	ring.next = rd(g, REFGPU_GLOBAL_EVENT_PUT);
}

static void teardown(void)
{
	gpu_destroy(g);
}

/* As a guest does it from its user page. */
static void post(unsigned int events)
{
	while (events--) {
		ring_on(g, 1, 0);
		push_fence(g, 1, 0, 1, 0, 0);
		bell(g, 1, 0);
	}
}

static void lose(u64 events)
{
	struct injection lost = { .kind = INJECT_LOST_EVENT, .count = events };

	ck_assert_int_eq(device_inject(g->dev, &lost), 0);
	post((unsigned int)events);
}

static u64 drain(void)
{
	struct refgpu_event event;
	u64 events = 0;

	while (refgpu_event_ring_read(&ring, &event)) {
		ck_assert_uint_eq(event.type, REFGPU_EVENT_PENDING);
		ck_assert_uint_eq(event.partition, 1);
		events++;
	}
	return events;
}

/* Whatever happened: the next event that is posted is read without a register. */
static void reads_on(void)
{
	post(1);
	ck_assert_msg(drain() == 1, "the next event is not found");
	ck_assert(!refgpu_event_ring_is_lapped(&ring));
}

START_TEST(in_order)
{
	unsigned int i;

	ck_assert_uint_eq(drain(), 0);
	for (i = 0; i < 5 * RECORDS; i += 100) {
		post(100);
		ck_assert(!refgpu_event_ring_is_lapped(&ring));
		ck_assert_uint_eq(drain(), 100);
	}
	/* A ring full, and nothing is lost. */
	post(RECORDS);
	ck_assert(!refgpu_event_ring_is_lapped(&ring));
	ck_assert_uint_eq(drain(), RECORDS);
	reads_on();
	/* Nothing is missing, so nothing is skipped. */
	post(3);
	ck_assert(!refgpu_event_ring_skip_hole(&ring));
	ck_assert_uint_eq(drain(), 3);
}
END_TEST

START_TEST(holes)
{
	post(3);
	lose(15);
	post(1);
	ck_assert_uint_eq(drain(), 3);
	ck_assert(!refgpu_event_ring_is_lapped(&ring));
	ck_assert(refgpu_event_ring_skip_hole(&ring));
	ck_assert_uint_eq(drain(), 1);
	ck_assert(!refgpu_event_ring_skip_hole(&ring));
	/* Too large to be seen; the register says where the device is. */
	lose(200);
	post(2);
	ck_assert_uint_eq(drain(), 0);
	ck_assert(!refgpu_event_ring_skip_hole(&ring));
	refgpu_event_ring_catch_up(&ring, rd(g, REFGPU_GLOBAL_EVENT_PUT));
	ck_assert_uint_eq(drain(), 2);
	reads_on();
}
END_TEST

/* The device is a ring ahead, by a little or by much: no later record says so. */
START_TEST(lapped)
{
	static const unsigned int ahead[] = { 1, 2, 15, 16, 17, 500, 1023, 1024, 1025, 5000 };
	unsigned int i;
	u64 put;

	for (i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		post(3);
		ck_assert_uint_eq(drain(), 3);
		post(RECORDS + ahead[i]);
		ck_assert_uint_eq(drain(), 0);
		ck_assert_msg(refgpu_event_ring_is_lapped(&ring), "%u ahead: not noticed",
			      ahead[i]);
		put = rd(g, REFGPU_GLOBAL_EVENT_PUT);
		refgpu_event_ring_catch_up(&ring, put);
		ck_assert_uint_eq(drain(), RECORDS);
		ck_assert_uint_eq(ring.next, put);
		reads_on();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event_ring");
	TCase *tests = tcase_create("event_ring");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, in_order);
	tcase_add_test(tests, holes);
	tcase_add_test(tests, lapped);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "event_ring");
}
