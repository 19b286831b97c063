// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_drm_example.c - doc/example-job.c on a made-up kernel
 */
#define main example
#include "../../../doc/example-job.c"
#undef main

#include <string.h>
#include <unistd.h>

#include "fake_drm.h"
#include "unit.h"

/* What it prints to a stream, with its exit status in front. */
static void run(const char *node, FILE *stream, char *said, size_t size)
{
	char path[64], *argv[] = { path, path, NULL };
	int saved = dup(fileno(stream)), pipe_fd[2], status;
	ssize_t length;

	snprintf(path, sizeof(path), "%s", node);
	if (pipe(pipe_fd))
		abort();
	fflush(stream);
	dup2(pipe_fd[1], fileno(stream));
	status = example(2, argv);
	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
	close(pipe_fd[1]);
	length = snprintf(said, size, "%d ", status);
	length += read(pipe_fd[0], said + length, size - 1 - (size_t)length);
	said[length] = '\0';
	close(pipe_fd[0]);
}

START_TEST(test_example)
{
	char said[256];

	fake_reset();
	run(FAKE_NODE, stdout, said, sizeof(said));
	ck_assert_str_eq(said, "0 The first word is 0x12345678, the last 0x12345678.\n");
	ck_assert_uint_eq(fake_left(), 0);
	run("/nowhere", stderr, said, sizeof(said));
	ck_assert_str_eq(said, "1 /nowhere: No such file or directory\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drm_example");
	TCase *tests = tcase_create("drm_example");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_example);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "drm_example");
}
