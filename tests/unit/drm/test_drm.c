// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_drm.c - librefgpu_drm on a made-up kernel: what it finds, what jobs do, what it
 * says of failures, and that nothing is left behind
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_drm.h"
#include "librefgpu_drm.h"
#include "unit.h"

#define BYTES	0x10000u
#define MS	1000000
#define SECOND	1000000000LL

static struct refgpu_drm *drm;

static void setup(void)
{
	fake_reset();
	ck_assert_int_eq(refgpu_drm_open(&drm, NULL), 0);
}

/* A test gives back what it made, so that this shows what the library forgets. */
static void teardown(void)
{
	ck_assert_uint_eq(fake_left(), 1);
	refgpu_drm_close(drm);
	ck_assert_uint_eq(fake_left(), 0);
}

static struct refgpu_drm_buffer *buffer_of(uint32_t flags)
{
	struct refgpu_drm_buffer *buffer;

	unit_assert(!refgpu_drm_buffer_create(drm, BYTES, flags, &buffer), "%s",
		    refgpu_drm_message());
	return buffer;
}

static uint32_t *words_of(struct refgpu_drm_buffer *buffer)
{
	void *memory;

	unit_assert(!refgpu_drm_buffer_map(buffer, &memory), "%s", refgpu_drm_message());
	return memory;
}

static struct refgpu_drm_context *context_new(void)
{
	struct refgpu_drm_context *context;

	unit_assert(!refgpu_drm_context_create(drm, 0, &context), "%s", refgpu_drm_message());
	return context;
}

static struct refgpu_fill fill_of(const struct refgpu_drm_buffer *buffer, uint32_t pattern)
{
	return (struct refgpu_fill) {
		.header.opcode = REFGPU_OP_FILL,
		.target = buffer->address,
		.bytes = buffer->size,
		.lines = 1,
		.pattern = pattern,
	};
}

static int submit_fill(struct refgpu_drm_context *context,
		       const struct refgpu_drm_buffer *buffer, uint32_t pattern,
		       uint64_t *point)
{
	struct refgpu_fill fill = fill_of(buffer, pattern);
	struct refgpu_drm_job job = { .packets = &fill, .packet_count = 1 };

	return refgpu_drm_submit(context, &job, point);
}

static void says(const char *text)
{
	unit_assert(strstr(refgpu_drm_message(), text), "the message is '%s', without '%s'",
		    refgpu_drm_message(), text);
}

/* ------------------------------------------------------------------ device */

START_TEST(test_open)
{
	struct refgpu_drm *other;

	/* renderD128 is another driver's, renderD129 comes before renderD130. */
	ck_assert_int_ge(refgpu_drm_fd(drm), 0);
	ck_assert_int_eq(refgpu_drm_open(&other, FAKE_CARD), 0);
	refgpu_drm_close(other);
	refgpu_drm_close(NULL);
	ck_assert_int_eq(refgpu_drm_open(&other, FAKE_OTHER), -ENODEV);
	ck_assert_ptr_null(other);
	ck_assert_str_eq(refgpu_drm_message(),
			 FAKE_OTHER ": its driver is 'i915', not 'refgpu': No such device");
	ck_assert_int_eq(refgpu_drm_open(&other, FAKE_NEWER), -EPROTONOSUPPORT);
	says("version 2.0");
	ck_assert_int_eq(refgpu_drm_open(&other, "/nowhere"), -ENOENT);
	ck_assert_str_eq(refgpu_drm_message(), "/nowhere: No such file or directory");
	ck_assert_int_eq(refgpu_drm_open(&other, "/dev/null"), -ENOTTY);
	says("/dev/null: no DRM device");
	ck_assert_str_eq(refgpu_drm_version(), "1.2.3");
}
END_TEST

START_TEST(test_open_any)
{
	struct refgpu_drm *other;

	/* One that can't be opened does not hide the others. */
	fake.other_denied = true;
	ck_assert_int_eq(refgpu_drm_open(&other, NULL), 0);
	refgpu_drm_close(other);
	/* No folder at all, as in a machine without displays. */
	fake.gone = true;
	ck_assert_int_eq(refgpu_drm_open(&other, NULL), -ENODEV);
	ck_assert_str_eq(refgpu_drm_message(), "no render node of driver refgpu: No such device");
}
END_TEST

START_TEST(test_params)
{
	uint64_t value;

	ck_assert_int_eq(refgpu_drm_param(drm, DRM_REFGPU_PARAM_VRAM_SIZE, &value), 0);
	ck_assert_uint_eq(value, FAKE_VRAM);
	ck_assert_int_eq(refgpu_drm_param(drm, 999, &value), -EINVAL);
	ck_assert_str_eq(refgpu_drm_message(), "cannot read parameter 999: Invalid argument");
	ck_assert_uint_eq(value, FAKE_VRAM);
}
END_TEST

/* Signals are the caller's affair, not a failure. */
START_TEST(test_interrupted)
{
	struct refgpu_drm_context *context = context_new();
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM);
	uint64_t point;

	fake.interrupts = 5;
	ck_assert_int_eq(submit_fill(context, buffer, 7, &point), 0);
	ck_assert_uint_eq(fake.interrupts, 0);
	ck_assert_uint_eq(point, 1);
	fake.interrupts = 5;
	ck_assert_int_eq(refgpu_drm_wait(context, point, -1), 0);
	ck_assert_uint_eq(words_of(buffer)[0], 7);
	refgpu_drm_buffer_destroy(buffer);
	refgpu_drm_context_destroy(context);
}
END_TEST

/* ----------------------------------------------------------------- buffers */

START_TEST(test_buffers)
{
	static const uint32_t places[] = { DRM_REFGPU_BO_VRAM, DRM_REFGPU_BO_SYSTEM };
	struct refgpu_drm_buffer *buffer;
	uint32_t *words, i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(refgpu_drm_buffer_create(drm, 5, places[i], &buffer), 0);
		ck_assert_uint_eq(buffer->size, BYTES);
		ck_assert_uint_eq(buffer->flags, places[i]);
		ck_assert_uint_ne(buffer->handle, 0);
		words = words_of(buffer);
		ck_assert_uint_eq(words[0], 0);
		words[BYTES / 4 - 1] = 42;
		ck_assert_ptr_eq(words_of(buffer), words);
		refgpu_drm_buffer_destroy(buffer);
		/* It is no memory any more. */
		ck_assert_int_eq(msync(words, BYTES, MS_ASYNC), -1);
	}
	refgpu_drm_buffer_destroy(NULL);
	ck_assert_int_eq(refgpu_drm_buffer_create(drm, 1ULL << 50, DRM_REFGPU_BO_VRAM, &buffer),
			 -ENOSPC);
	ck_assert_ptr_null(buffer);
	says("1125899906842624 bytes");
	ck_assert_int_eq(refgpu_drm_buffer_create(drm, BYTES, 0, &buffer), -EINVAL);
}
END_TEST

START_TEST(test_many_buffers)
{
	struct refgpu_drm_buffer *buffer[20];
	unsigned int i;

	/* Given back from the middle, the end, the beginning. */
	for (i = 0; i < 20; i++)
		buffer[i] = buffer_of(DRM_REFGPU_BO_VRAM);
	for (i = 0; i < 20; i++)
		refgpu_drm_buffer_destroy(buffer[(i * 7 + 10) % 20]);
	ck_assert_uint_eq(fake_left(), 1);
}
END_TEST

START_TEST(test_map_fails)
{
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM);
	struct drm_gem_close close_it = { .handle = buffer->handle };
	void *memory = &buffer;

	/* Behind the library's back, so that the kernel refuses to map it. */
	ck_assert_int_eq(ioctl(refgpu_drm_fd(drm), DRM_IOCTL_GEM_CLOSE, &close_it), 0);
	ck_assert_int_eq(refgpu_drm_buffer_map(buffer, &memory), -EACCES);
	ck_assert_ptr_null(memory);
	ck_assert_str_eq(refgpu_drm_message(), "cannot map a buffer of 65536 bytes: Permission denied");
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

/* A file has one handle of a buffer: who gives it back first must not end the others. */
START_TEST(test_import_twice)
{
	struct refgpu_drm_buffer *mine = buffer_of(DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);
	struct refgpu_drm_buffer *again, *given, *given_again;
	struct refgpu_drm *other;
	int fd;

	ck_assert_int_eq(refgpu_drm_open(&other, NULL), 0);
	ck_assert_int_eq(refgpu_drm_buffer_export(mine, &fd), 0);
	ck_assert_int_eq(refgpu_drm_buffer_import(drm, fd, &again), 0);
	ck_assert_ptr_eq(again, mine);
	ck_assert_int_eq(refgpu_drm_buffer_import(other, fd, &given), 0);
	ck_assert_int_eq(refgpu_drm_buffer_import(other, fd, &given_again), 0);
	ck_assert_ptr_eq(given_again, given);
	close(fd);
	ck_assert_ptr_ne(given, mine);
	ck_assert_uint_eq(given->address, mine->address);
	ck_assert_uint_eq(given->size, mine->size);
	ck_assert_uint_eq(given->flags, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);

	words_of(mine)[3] = 1234;
	ck_assert_uint_eq(words_of(given)[3], 1234);
	refgpu_drm_buffer_destroy(given);
	ck_assert_uint_eq(words_of(given_again)[3], 1234);
	ck_assert_int_eq(refgpu_drm_buffer_wait(given_again, 0, 0), 0);
	refgpu_drm_buffer_destroy(mine);
	ck_assert_int_eq(refgpu_drm_buffer_wait(again, 0, 0), 0);
	refgpu_drm_buffer_destroy(again);
	refgpu_drm_buffer_destroy(given_again);
	refgpu_drm_close(other);
}
END_TEST

START_TEST(test_export_and_import_refused)
{
	struct refgpu_drm_buffer *private = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_buffer *shared = buffer_of(DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);
	struct refgpu_drm_buffer *imported = shared;
	struct refgpu_drm *other;
	int fd = -7;

	ck_assert_int_eq(refgpu_drm_buffer_export(private, &fd), -EPERM);
	ck_assert_int_eq(fd, -7);
	ck_assert_str_eq(refgpu_drm_message(), "cannot export a buffer: Operation not permitted");
	ck_assert_int_eq(refgpu_drm_buffer_import(drm, refgpu_drm_fd(drm), &imported), -EINVAL);
	ck_assert_ptr_null(imported);
	/* The handle that it had by then is closed. */
	ck_assert_int_eq(refgpu_drm_buffer_export(shared, &fd), 0);
	ck_assert_int_eq(refgpu_drm_open(&other, NULL), 0);
	fake.fail_request = DRM_IOCTL_REFGPU_BO_INFO;
	fake.fail_error = ENODEV;
	ck_assert_int_eq(refgpu_drm_buffer_import(other, fd, &imported), -ENODEV);
	refgpu_drm_close(other);
	close(fd);
	refgpu_drm_buffer_destroy(private);
	refgpu_drm_buffer_destroy(shared);
}
END_TEST

START_TEST(test_buffer_wait)
{
	struct refgpu_drm_buffer *shared = buffer_of(DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);
	struct refgpu_drm_buffer *private = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_context *context = context_new();
	struct refgpu_drm_job job = { .buffers = &shared, .buffer_count = 1 };

	fake.hold = true;
	ck_assert_int_eq(submit_fill(context, private, 1, NULL), 0);
	ck_assert_int_eq(refgpu_drm_buffer_wait(shared, 0, 0), 0);
	ck_assert_int_eq(refgpu_drm_buffer_wait(private, 0, 0), -ETIME);
	ck_assert_int_eq(refgpu_drm_submit(context, &job, NULL), 0);
	ck_assert_int_eq(refgpu_drm_buffer_wait(shared, DRM_REFGPU_BO_WAIT_WRITERS, 20 * MS),
			 -ETIME);
	ck_assert_str_eq(refgpu_drm_message(), "waiting for a buffer's jobs: Timer expired");
	fake_release();
	ck_assert_int_eq(refgpu_drm_buffer_wait(shared, 0, -1), 0);
	ck_assert_int_eq(refgpu_drm_buffer_wait(shared, 1u << 31, 0), -EINVAL);
	refgpu_drm_context_destroy(context);
	refgpu_drm_buffer_destroy(private);
	refgpu_drm_buffer_destroy(shared);
}
END_TEST

/* --------------------------------------------------------------- timelines */

START_TEST(test_timeline)
{
	struct refgpu_drm_timeline *timeline, *same, *none;
	struct refgpu_drm *other;
	uint64_t point = 99;
	int fd;

	ck_assert_int_eq(refgpu_drm_timeline_create(drm, &timeline), 0);
	ck_assert_int_eq(refgpu_drm_timeline_reached(timeline, &point), 0);
	ck_assert_uint_eq(point, 0);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 1, 0), -ETIME);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 1, 20 * MS), -ETIME);
	ck_assert_str_eq(refgpu_drm_message(), "waiting for point 1: Timer expired");

	ck_assert_int_eq(refgpu_drm_open(&other, NULL), 0);
	ck_assert_int_eq(refgpu_drm_timeline_export(timeline, &fd), 0);
	ck_assert_int_eq(refgpu_drm_timeline_import(other, fd, &same), 0);
	close(fd);
	ck_assert_int_eq(refgpu_drm_timeline_signal(same, 5), 0);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 5, INT64_MAX), 0);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 3, 0), 0);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 6, 0), -ETIME);
	ck_assert_int_eq(refgpu_drm_timeline_reached(timeline, &point), 0);
	ck_assert_uint_eq(point, 5);
	ck_assert_int_eq(refgpu_drm_timeline_import(other, -1, &none), -EINVAL);
	ck_assert_ptr_null(none);
	refgpu_drm_timeline_destroy(same);
	refgpu_drm_close(other);
	refgpu_drm_timeline_destroy(timeline);
	refgpu_drm_timeline_destroy(NULL);
}
END_TEST

/* ------------------------------------------------------- contexts and jobs */

START_TEST(test_job)
{
	struct refgpu_drm_buffer *video = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_buffer *system = buffer_of(DRM_REFGPU_BO_SYSTEM);
	struct refgpu_drm_context *context = context_new();
	struct {
		struct refgpu_fill fill;
		struct refgpu_copy copy;
	} packets = {
		.fill = fill_of(video, 0x12345678),
		.copy = {
			.header.opcode = REFGPU_OP_COPY,
			.target = system->address,
			.source = video->address,
			.bytes = BYTES,
			.lines = 1,
		},
	};
	struct refgpu_drm_job job = { .packets = &packets, .packet_count = 2 };
	struct drm_refgpu_context_status status;
	uint64_t point;
	uint32_t i;

	_Static_assert(sizeof(packets) == 2 * REFGPU_PACKET_SIZE, "packets have gaps");
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), 0);
	ck_assert_uint_eq(point, 1);
	ck_assert_int_eq(refgpu_drm_wait(context, point, SECOND), 0);
	for (i = 0; i < BYTES / 4; i++)
		ck_assert_uint_eq(words_of(system)[i], 0x12345678);
	ck_assert_int_eq(submit_fill(context, video, 1, &point), 0);
	ck_assert_uint_eq(point, 2);
	ck_assert_int_eq(refgpu_drm_context_status(context, &status), 0);
	ck_assert_uint_eq(status.state, DRM_REFGPU_CONTEXT_OK);
	/* What was not submitted never comes. */
	ck_assert_int_eq(refgpu_drm_wait(context, 3, -1), -EINVAL);
	says("cannot wait for job 3");
	says("which has 2");
	ck_assert_int_eq(refgpu_drm_wait(context, 0, -1), -EINVAL);
	refgpu_drm_context_destroy(context);
	refgpu_drm_context_destroy(NULL);
	refgpu_drm_buffer_destroy(system);
	refgpu_drm_buffer_destroy(video);
}
END_TEST

/* Contexts that take turns, each job after that of the other, are held at the first. */
START_TEST(test_order)
{
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_context *context[2] = { context_new(), context_new() };
	struct refgpu_drm_timeline *begin, *end;
	struct refgpu_drm_point wait, signal;
	struct refgpu_fill fill = fill_of(buffer, 0);
	struct refgpu_drm_job job = {
		.packets = &fill, .packet_count = 1,
		.waits = &wait, .wait_count = 1,
		.signals = &signal, .signal_count = 1,
	};
	uint64_t point = 0;
	uint32_t i;

	ck_assert_int_eq(refgpu_drm_timeline_create(drm, &begin), 0);
	ck_assert_int_eq(refgpu_drm_timeline_create(drm, &end), 0);
	wait = (struct refgpu_drm_point) { begin, 1 };
	signal = (struct refgpu_drm_point) { end, 1 };
	/* A point that nobody has promised can't be waited for. */
	ck_assert_int_eq(refgpu_drm_submit(context[0], &job, &point), -EINVAL);
	ck_assert_uint_eq(point, 0);

	/* Something that is held promises it. */
	fake.hold = true;
	signal = (struct refgpu_drm_point) { begin, 1 };
	job.packet_count = 0;
	job.wait_count = 0;
	ck_assert_int_eq(refgpu_drm_submit(context[1], &job, &point), 0);
	job.packet_count = 1;
	job.wait_count = 1;
	for (i = 1; i <= 10; i++) {
		fill = fill_of(buffer, i);
		signal = (struct refgpu_drm_point) { end, i };
		ck_assert_int_eq(refgpu_drm_submit(context[i % 2], &job, &point), 0);
		wait = (struct refgpu_drm_point) { context[i % 2]->timeline, point };
	}
	ck_assert_int_eq(refgpu_drm_wait(context[0], point, 20 * MS), -ETIME);
	ck_assert_int_eq(refgpu_drm_timeline_reached(end, &point), 0);
	ck_assert_uint_eq(point, 0);
	fake_release();
	ck_assert_int_eq(refgpu_drm_timeline_wait(end, 10, SECOND), 0);
	ck_assert_uint_eq(words_of(buffer)[0], 10);
	refgpu_drm_timeline_destroy(begin);
	refgpu_drm_timeline_destroy(end);
	refgpu_drm_context_destroy(context[0]);
	refgpu_drm_context_destroy(context[1]);
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_limits)
{
	static const uint8_t nops[(DRM_REFGPU_SUBMIT_PACKETS_MAX + 1) * REFGPU_PACKET_SIZE];
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED);
	struct refgpu_drm_buffer *buffers[DRM_REFGPU_SUBMIT_BOS_MAX + 1] = { buffer, buffer };
	struct refgpu_drm_context *context = context_new();
	struct refgpu_drm_point points[DRM_REFGPU_SUBMIT_SYNCS_MAX];
	struct refgpu_drm_timeline *timeline;
	struct refgpu_drm_job job = { .packets = nops };
	unsigned int calls, i;
	uint64_t point;

	job.packet_count = DRM_REFGPU_SUBMIT_PACKETS_MAX + 1;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	says("cannot submit a job of 257 packets");
	job.packet_count = DRM_REFGPU_SUBMIT_PACKETS_MAX;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), 0);
	/* A refused job takes no point. */
	ck_assert_uint_eq(point, 1);

	ck_assert_int_eq(refgpu_drm_timeline_create(drm, &timeline), 0);
	for (i = 0; i < DRM_REFGPU_SUBMIT_SYNCS_MAX; i++)
		points[i] = (struct refgpu_drm_point) { timeline, i + 1 };
	job.signals = points;
	job.signal_count = DRM_REFGPU_SUBMIT_SYNCS_MAX - 1;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), 0);
	ck_assert_int_eq(refgpu_drm_timeline_wait(timeline, 63, 0), 0);
	/* Lists that do not fit never reach the kernel. */
	calls = fake.calls;
	job.signal_count++;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	says("0 points to wait for, 64 to signal, 0 buffers");
	job.signal_count = 0;
	job.wait_count = UINT32_MAX;
	job.waits = points;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	job.signal_count = 1;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	job.wait_count = 0;
	job.signal_count = 0;
	job.buffers = buffers;
	job.buffer_count = DRM_REFGPU_SUBMIT_BOS_MAX + 1;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	ck_assert_uint_eq(fake.calls, calls);
	job.buffer_count = 2;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), -EINVAL);
	job.buffer_count = 1;
	ck_assert_int_eq(refgpu_drm_submit(context, &job, &point), 0);
	ck_assert_uint_eq(point, 3);
	refgpu_drm_timeline_destroy(timeline);
	refgpu_drm_context_destroy(context);
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_guilty)
{
	struct refgpu_drm_buffer *mine = buffer_of(DRM_REFGPU_BO_VRAM), *theirs;
	struct refgpu_drm_context *context = context_new(), *innocent = context_new();
	struct drm_refgpu_context_status status;
	struct refgpu_drm *other;
	uint64_t first, bad;
	char text[64];

	ck_assert_int_eq(refgpu_drm_open(&other, NULL), 0);
	ck_assert_int_eq(refgpu_drm_buffer_create(other, BYTES, DRM_REFGPU_BO_VRAM, &theirs), 0);
	ck_assert_int_eq(submit_fill(context, mine, 1, &first), 0);
	ck_assert_int_eq(submit_fill(context, theirs, 1, &bad), 0);
	/* The driver says it of a context, not of a job. */
	ck_assert_int_eq(refgpu_drm_wait(context, bad, SECOND), -EIO);
	ck_assert_int_eq(refgpu_drm_wait(context, first, SECOND), -EIO);
	says("failed with error 3, address 0x");
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)theirs->address);
	says(text);
	ck_assert_int_eq(refgpu_drm_context_status(context, &status), 0);
	ck_assert_uint_eq(status.state, DRM_REFGPU_CONTEXT_GUILTY);
	ck_assert_uint_eq(status.address, theirs->address);
	/* It takes no more, and says why. */
	ck_assert_int_eq(submit_fill(context, mine, 2, NULL), -EIO);
	says("failed with error 3");
	ck_assert_int_eq(refgpu_drm_wait(context, bad + 1, 0), -EINVAL);
	ck_assert_int_eq(submit_fill(innocent, mine, 3, &first), 0);
	ck_assert_int_eq(refgpu_drm_wait(innocent, first, SECOND), 0);
	ck_assert_uint_eq(words_of(mine)[0], 3);
	refgpu_drm_buffer_destroy(theirs);
	refgpu_drm_close(other);
	refgpu_drm_context_destroy(context);
	refgpu_drm_context_destroy(innocent);
	refgpu_drm_buffer_destroy(mine);
}
END_TEST

START_TEST(test_lost)
{
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_context *context = context_new();
	uint64_t point;

	fake.hold = true;
	ck_assert_int_eq(submit_fill(context, buffer, 1, &point), 0);
	fake_lose(context->id);
	ck_assert_int_eq(refgpu_drm_wait(context, point, SECOND), -ECANCELED);
	says("lost by a reset");
	ck_assert_int_eq(submit_fill(context, buffer, 1, &point), -ECANCELED);
	ck_assert_uint_eq(words_of(buffer)[0], 0);
	refgpu_drm_context_destroy(context);
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_gone)
{
	static const unsigned long requests[] = {
		DRM_IOCTL_REFGPU_SUBMIT, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT,
		DRM_IOCTL_REFGPU_CONTEXT_STATUS,
	};
	struct refgpu_drm_buffer *buffer = buffer_of(DRM_REFGPU_BO_VRAM);
	struct refgpu_drm_context *context = context_new();
	uint64_t point;

	ck_assert_int_eq(submit_fill(context, buffer, 1, &point), 0);
	fake.fail_error = ENODEV;
	fake.fail_request = requests[_i];
	ck_assert_int_eq(_i ? refgpu_drm_wait(context, point, SECOND) :
			      submit_fill(context, buffer, 1, NULL), -ENODEV);
	says(": No such device");
	fake.fail_request = 0;
	refgpu_drm_context_destroy(context);
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_context_refused)
{
	struct refgpu_drm_context *context = (void *)&context;

	ck_assert_int_eq(refgpu_drm_context_create(drm, 1, &context), -EACCES);
	ck_assert_ptr_null(context);
	ck_assert_str_eq(refgpu_drm_message(), "cannot create a context: Permission denied");
	ck_assert_int_eq(refgpu_drm_context_create(drm, -1, &context), 0);
	refgpu_drm_context_destroy(context);
}
END_TEST

/* Memory runs out at any moment: an error, and teardown() finds nothing left. */
START_TEST(test_no_memory)
{
	struct refgpu_drm_buffer *buffer = NULL, *given = NULL;
	struct refgpu_drm_context *context = NULL;
	struct refgpu_drm_timeline *timeline = NULL, *same = NULL;
	struct refgpu_drm *other = NULL;
	int error, fd = -1;

	fake.allocations = (unsigned int)_i + 1;
	error = refgpu_drm_open(&other, FAKE_CARD);
	if (!error)
		error = refgpu_drm_buffer_create(drm, BYTES,
						 DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SHARED,
						 &buffer);
	if (!error)
		error = refgpu_drm_context_create(drm, 0, &context);
	if (!error)
		error = refgpu_drm_timeline_create(drm, &timeline);
	if (!error)
		error = refgpu_drm_timeline_export(timeline, &fd);
	if (!error) {
		error = refgpu_drm_timeline_import(other, fd, &same);
		close(fd);
	}
	if (!error)
		error = refgpu_drm_buffer_export(buffer, &fd);
	if (!error) {
		error = refgpu_drm_buffer_import(other, fd, &given);
		close(fd);
	}
	fake.allocations = 0;
	ck_assert_int_eq(error, _i < 7 ? -ENOMEM : 0);
	if (error)
		says("Cannot allocate memory");
	refgpu_drm_timeline_destroy(same);
	refgpu_drm_buffer_destroy(given);
	refgpu_drm_close(other);
	refgpu_drm_timeline_destroy(timeline);
	refgpu_drm_context_destroy(context);
	refgpu_drm_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_long_message)
{
	struct refgpu_drm *other;
	char path[600];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(refgpu_drm_open(&other, path), -ENAMETOOLONG);
	ck_assert_uint_eq(strlen(refgpu_drm_message()), 255);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drm");
	TCase *tests = tcase_create("drm");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_open);
	tcase_add_test(tests, test_open_any);
	tcase_add_test(tests, test_params);
	tcase_add_test(tests, test_interrupted);
	tcase_add_test(tests, test_buffers);
	tcase_add_test(tests, test_many_buffers);
	tcase_add_test(tests, test_map_fails);
	tcase_add_test(tests, test_import_twice);
	tcase_add_test(tests, test_export_and_import_refused);
	tcase_add_test(tests, test_buffer_wait);
	tcase_add_test(tests, test_timeline);
	tcase_add_test(tests, test_job);
	tcase_add_test(tests, test_order);
	tcase_add_test(tests, test_limits);
	tcase_add_test(tests, test_guilty);
	tcase_add_test(tests, test_lost);
	tcase_add_loop_test(tests, test_gone, 0, 3);
	tcase_add_test(tests, test_context_refused);
	tcase_add_loop_test(tests, test_no_memory, 0, 8);
	tcase_add_test(tests, test_long_message);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "drm");
}
