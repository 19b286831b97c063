// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_drm_threads.c - one device of librefgpu_drm used by many threads at once, under
 * the thread sanitizer: a context whose jobs several submit and wait for, buffers that
 * come and go, and one that is imported and given back by all
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "fake_drm.h"
#include "librefgpu_drm.h"
#include "unit.h"

#define THREADS	6
#define ROUNDS	100
#define BYTES	0x10000u

static struct refgpu_drm *drm;
static struct refgpu_drm_context *context;
static struct refgpu_drm_buffer *target, *shared;
static int shared_file;
static uint64_t points[THREADS * ROUNDS + 1]; /* how often each was given out */

static void *use(void *data)
{
	uint32_t number = (uint32_t)(uintptr_t)data;
	struct refgpu_fill fill = {
		.header.opcode = REFGPU_OP_FILL,
		.target = target->address + number * 4,
		.bytes = 4,
		.lines = 1,
	};
	struct refgpu_drm_job job = { .packets = &fill, .packet_count = 1 };
	struct refgpu_drm_buffer *imported;
	struct refgpu_drm *other;
	void *first, *second, *words;
	uint64_t point;
	uint32_t i;
	int error;

	refgpu_drm_buffer_map(target, &words);
	for (i = 1; i <= ROUNDS; i++) {
		fill.pattern = i;
		error = refgpu_drm_submit(context, &job, &point);
		unit_assert(!error, "submit: %s", refgpu_drm_message());
		unit_assert(point <= THREADS * ROUNDS, "point %llu", (unsigned long long)point);
		__atomic_fetch_add(&points[point], 1, __ATOMIC_RELAXED);
		error = refgpu_drm_wait(context, point, -1);
		unit_assert(!error, "wait: %s", refgpu_drm_message());
		unit_equal(((uint32_t *)words)[number], i);

		error = refgpu_drm_buffer_import(drm, shared_file, &imported);
		unit_assert(!error && imported == shared, "import: %s", refgpu_drm_message());
		refgpu_drm_buffer_map(imported, &first);
		refgpu_drm_buffer_map(shared, &second);
		unit_assert(first == second, "a buffer is mapped twice");
		refgpu_drm_buffer_destroy(imported);
		/* What failed here is what this thread reads, whatever the others do. */
		unit_equal(refgpu_drm_wait(context, 1000000 + number, 0), -EINVAL);
		unit_assert(strstr(refgpu_drm_message(), "cannot wait for job 100000") &&
			    refgpu_drm_message()[26] == (char)('0' + number),
			    "thread %u reads '%s'", number, refgpu_drm_message());
		if (i % 25)
			continue;
		error = refgpu_drm_buffer_create(drm, BYTES, DRM_REFGPU_BO_VRAM, &imported);
		unit_assert(!error, "create: %s", refgpu_drm_message());
		refgpu_drm_buffer_destroy(imported);
		unit_equal(refgpu_drm_open(&other, FAKE_OTHER), -ENODEV);
	}
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t thread[THREADS];
	uintptr_t i;

	fake_reset();
	unit_equal(refgpu_drm_open(&drm, NULL), 0);
	unit_equal(refgpu_drm_context_create(drm, 0, &context), 0);
	unit_equal(refgpu_drm_buffer_create(drm, BYTES, DRM_REFGPU_BO_VRAM, &target), 0);
	unit_equal(refgpu_drm_buffer_create(drm, BYTES,
					    DRM_REFGPU_BO_SYSTEM | DRM_REFGPU_BO_SHARED,
					    &shared), 0);
	unit_equal(refgpu_drm_buffer_export(shared, &shared_file), 0);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, use, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 1; i <= THREADS * ROUNDS; i++)
		unit_assert(points[i] == 1, "point %u was given out %u times", (unsigned int)i,
			    (unsigned int)points[i]);
	close(shared_file);
	refgpu_drm_buffer_destroy(shared);
	refgpu_drm_buffer_destroy(target);
	refgpu_drm_context_destroy(context);
	refgpu_drm_close(drm);
	unit_equal(fake_left(), 0);
}
END_TEST

/* A submission that waits for room in a context does not make others wait. */
static void *fill_context(void *unused)
{
	struct refgpu_drm_job job = { 0 };
	uint32_t i;

	(void)unused;
	for (i = 0; i <= FAKE_JOBS; i++)
		unit_equal(refgpu_drm_submit(context, &job, NULL), 0);
	return NULL;
}

START_TEST(test_full_context)
{
	struct refgpu_drm_buffer *buffer;
	pthread_t thread;

	fake_reset();
	unit_equal(refgpu_drm_open(&drm, NULL), 0);
	unit_equal(refgpu_drm_context_create(drm, 0, &context), 0);
	fake.hold = true;
	pthread_create(&thread, NULL, fill_context, NULL);
	while (refgpu_drm_wait(context, FAKE_JOBS, 0) == -EINVAL)
		usleep(1000);
	unit_equal(refgpu_drm_wait(context, FAKE_JOBS, 1000000), -ETIME);
	unit_equal(refgpu_drm_buffer_create(drm, BYTES, DRM_REFGPU_BO_VRAM, &buffer), 0);
	refgpu_drm_buffer_destroy(buffer);
	fake_release();
	pthread_join(thread, NULL);
	unit_equal(refgpu_drm_wait(context, FAKE_JOBS + 1, -1), 0);
	refgpu_drm_context_destroy(context);
	refgpu_drm_close(drm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drm_threads");
	TCase *tests = tcase_create("drm_threads");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_threads);
	tcase_add_test(tests, test_full_context);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "drm_threads");
}
