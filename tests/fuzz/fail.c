// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail.c - makes every allocation of the kernel fail once, see fail.h
 */
#include "fail.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#include "host.h"
#include "harness.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAILURES_MAX	3000u	/* an operation with more allocations does not end */

/**
 * fail_prepare - nothing fails that was not asked for; skip the test on other kernels
 */
void fail_prepare(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	char path[128];
	unsigned int i;

	if (access(FAIL_NTH, W_OK))
		harness_skip("this kernel has no fault injection");
	if (access(FAIL_DEBUGFS "/failslab", F_OK))
		mount("debugfs", FAIL_DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), FAIL_DEBUGFS "/%s/verbose", kinds[i]);
		OK(host_write(path, "0"));
		snprintf(path, sizeof(path), FAIL_DEBUGFS "/%s/probability", kinds[i]);
		OK(host_write(path, "0"));
	}
	/* Also allocations that may wait, which most do, and single pages. */
	OK(host_write(FAIL_DEBUGFS "/failslab/ignore-gfp-wait", "N"));
	OK(host_write(FAIL_DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N"));
	OK(host_write(FAIL_DEBUGFS "/fail_page_alloc/min-order", "0"));
}

static int fail_file(void)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, FAIL_NTH ": %s", strerror(errno));
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	/* To write a 0 may be what fails, and then nothing else does. */
	while (pwrite(fd, text, (size_t)length, 0) != length)
		CHECK(errno == EFAULT || errno == ENOMEM, FAIL_NTH ": %s", strerror(errno));
}

/* Whether the failure came; no more will. */
static bool disarm(int fd)
{
	char text[16] = "";

	/* To ask may fail as well. */
	while (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		;
	if (atoi(text))
		arm(fd, 0);
	return !atoi(text);
}

/**
 * fail_each - one operation, with each of its allocations failing once
 * @operation: the operation
 */
void fail_each(const struct fail_operation *operation)
{
	unsigned int nth, errors = 0, done = 0, odd = 0;
	int fd = fail_file(), result;
	bool failed;

	for (nth = 1; ; nth++) {
		CHECK(nth < FAILURES_MAX, "%s: still failing at allocation %u", operation->name,
		      nth);
		arm(fd, nth);
		result = operation->run(operation->context);
		failed = disarm(fd);
		if (!result) {
			operation->undo(operation->context);
			done++;
			if (!failed)
				break;
			continue;
		}
		CHECK(failed, "%s: without a failure it ended with %s", operation->name,
		      strerror(-result));
		errors++;
		/*
		 * EFAULT: a copy to or from the program was what failed. EDQUOT: VFIO
		 * has one error for no memory and for the limit of locked memory.
		 */
		if (result != -ENOMEM && result != -EFAULT && result != -EDQUOT) {
			odd++;
			printf("# %s: with allocation %u failing it ended with %s\n",
			       operation->name, nth, strerror(-result));
		}
		if (operation->check)
			operation->check(operation->context);
	}
	close(fd);
	CHECK(!operation->run(operation->context), "%s: does not work after all this",
	      operation->name);
	operation->undo(operation->context);
	printf("# %s: %u failures, %u errors, %u times all the same done\n", operation->name,
	       nth - 1, errors, done - 1);
	fflush(stdout);
	CHECK(!odd, "%s: %u times ended with an error that does not tell of memory",
	      operation->name, odd);
}
