// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_head_threads.c - heads on the wall clock, with everybody at them at
 * once; for the thread sanitizer
 */
#include <stdatomic.h>
#include <unistd.h>

#include "heads.h"

#define QUIET	1u	/* shows a picture all the while */
#define WILD	2u	/* does everything */
#define ROUNDS	400

static struct gpu *g;
static atomic_bool stop;

static void setup(void)
{
	unsigned int n;

	g = gpu_create(false);
	heads_on(g, QUIET, 1);
	heads_on(g, WILD, REFGPU_HEADS);
	for (n = 0; n < 4; n++)
		picture_put(g, WILD, n);
	picture_put(g, QUIET, 0);
	ring_on(g, WILD, 0);
	stop = false;
}

static void teardown(void)
{
	gpu_destroy(g);
}

/* A guest that programs its heads without rest or sense. */
static void *guest_thread(void *argument)
{
	struct unit_random random = { 7 };

	(void)argument;
	while (!stop) {
		unsigned int h = (unsigned int)unit_random(&random) % REFGPU_HEADS;

		switch (unit_random(&random) % 4) {
		case 0:
			head_show(g, WILD, h, (unsigned int)unit_random(&random) % 4);
			break;
		case 1:
			head_wr(g, WILD, h, REFGPU_HEAD_CONTROL, 0);
			/* All of the slice: many slices of work. */
			mode_write(g, WILD, h, 0, 4096, XR24, PAIR(1024, SLICE_BYTES / 4096));
			head_wr(g, WILD, h, REFGPU_HEAD_CONTROL, 3);
			break;
		default:
			head_wr(g, WILD, h, REFGPU_HEAD_FLIP,
				AT_PICTURE(unit_random(&random) % 4));
		}
		head_rd(g, WILD, h, REFGPU_HEAD_CRC);
		user_wr(g, WILD, REFGPU_USER_INTR_STATUS, UINT64_MAX);
		usleep(500);
	}
	return NULL;
}

/* A host that schedules it, and takes it away. */
static void *host_thread(void *argument)
{
	u64 control = REFGPU_PARTITION(WILD) + REFGPU_PARTITION_CONTROL;
	unsigned int i;

	(void)argument;
	for (i = 0; !stop; i++) {
		ring_on(g, WILD, 0);
		push_fill(g, WILD, 0, AT_PICTURE(i % 4), PICTURE_BYTES, i * 2654435761u);
		push_flip(g, WILD, 0, i % REFGPU_HEADS, AT_PICTURE(i % 4),
			  (u16)(i & REFGPU_FLIP_WAIT));
		push_fence(g, WILD, 0, i, 0, 0);
		bell(g, WILD, 0);
		run(g, WILD, 0, 2000000);
		usleep(2000);
		switch (i % 32) {
		case 8:
			wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
			usleep(2000);
			wr(g, control, REFGPU_PARTITION_ENABLE);
			break;
		case 16:
			wr(g, REFGPU_PARTITION(WILD) + REFGPU_PARTITION_RESET, 1);
			break;
		case 24:
			wr(g, control, 0);
			heads_on(g, WILD, REFGPU_HEADS);
			break;
		default:
			break;
		}
		free(device_stats(g->dev));
	}
	return NULL;
}

/*
 * The quiet one's blanks come, and what it shows is what it drew, whatever its
 * neighbour does.
 */
START_TEST(a_quiet_head_beside_wild_ones)
{
	u64 want = crc_of(g, QUIET, 0), crc, count = 0, seen = 0;
	pthread_t guest, host;
	unsigned int i, idle = 0;

	head_show(g, QUIET, 0, 0);
	user_wr(g, QUIET, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_VBLANK(0));
	ck_assert_int_eq(pthread_create(&guest, NULL, guest_thread, NULL), 0);
	ck_assert_int_eq(pthread_create(&host, NULL, host_thread, NULL), 0);
	for (i = 0; i < ROUNDS; i++) {
		usleep(3000);
		crc = head_rd(g, QUIET, 0, REFGPU_HEAD_CRC);
		ck_assert_msg(!crc || crc == want, "CRC %#llx, not %#llx",
			      (unsigned long long)crc, (unsigned long long)want);
		seen += crc == want;
		idle = vblanks(g, QUIET, 0) == count ? idle + 1 : 0;
		count = vblanks(g, QUIET, 0);
		user_wr(g, QUIET, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	}
	stop = true;
	pthread_join(guest, NULL);
	pthread_join(host, NULL);
	ck_assert_msg(count > 10 && seen > 10 && idle < ROUNDS / 2,
		      "%llu blanks, %llu good CRCs, none for %u rounds",
		      (unsigned long long)count, (unsigned long long)seen, idle);
	ck_assert_uint_gt(g->irqs[QUIET], 10);
	ck_assert_uint_eq(head_status(g, QUIET, 0), ACTIVE);
}
END_TEST

/* Ends of a device with heads at work: no thread outlives it, none hangs. */
START_TEST(reset_and_end_at_work)
{
	struct injection gone = { .kind = INJECT_REMOVE };
	unsigned int i, h;

	for (i = 0; i < 20; i++) {
		heads_on(g, WILD, REFGPU_HEADS);
		for (h = 0; h < REFGPU_HEADS; h++) {
			mode_write(g, WILD, h, 0, 4096, XR24, PAIR(1024, SLICE_BYTES / 4096));
			head_wr(g, WILD, h, REFGPU_HEAD_CONTROL, 1);
			head_rd(g, WILD, h, REFGPU_HEAD_CRC);
		}
		ck_assert_uint_eq(head_status(g, WILD, 0), ACTIVE);
		usleep(2000 * i);
		if (i % 2)
			device_inject(g->dev, &gone);
		device_reset(g->dev);
		ck_assert_uint_eq(head_status(g, WILD, 0), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("head_threads");
	TCase *tests = tcase_create("head_threads");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, a_quiet_head_beside_wild_ones);
	tcase_add_test(tests, reset_and_end_at_work);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "head_threads");
}
