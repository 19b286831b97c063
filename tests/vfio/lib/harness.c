// SPDX-License-Identifier: GPL-2.0-only
/*
 * harness.c - runs tests of the VFIO layer, see harness.h
 *
 * PROGRAM [--list] [NAME]...: runs all tests of the program, or those named.
 * OPENVGPU_TRANSPORT=group or iommufd restricts the transports.
 */
#include "harness.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "host.h"

#define STATUS_SKIP	77

enum rt_transport transport;

static struct harness_test *tests;
static char *report; /* shared with the test's process */
#define REPORT_SIZE	4096
static unsigned int passed, failed, skipped;

/**
 * harness_add - a test exists; called by TEST()
 * @test: static
 */
void harness_add(struct harness_test *test)
{
	struct harness_test **end = &tests;

	while (*end)
		end = &(*end)->next;
	*end = test;
}

/**
 * harness_failed - end the test's process
 * @file: source file
 * @line: of it
 * @format: what was seen
 *
 * Works in children of the test's process too, if their parent looks at their
 * exit status.
 */
void harness_failed(const char *file, int line, const char *format, ...)
{
	va_list list;
	char text[REPORT_SIZE - 100];

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (!report[0]) /* the first complaint is the cause of later ones */
		snprintf(report, REPORT_SIZE, "%.3900s (%s:%d)", text, file, line);
	_exit(1);
}

/**
 * harness_skip - end the test's process: it cannot run here
 * @format: why
 */
void harness_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(report, REPORT_SIZE, format, list);
	va_end(list);
	_exit(STATUS_SKIP);
}

/**
 * harness_slow_kernel - does everything take ten times as long?
 *
 * A debug kernel under emulation does; tests of mere numbers can take less.
 */
bool harness_slow_kernel(void)
{
	const char *kernel = getenv("OPENVGPU_KERNEL");

	return kernel && !strcmp(kernel, "debug");
}

static double seconds(void)
{
	return (double)rt_now_ns() / 1e9;
}

static void run(struct harness_test *test, const char *name)
{
	unsigned int limit = test->flags & SLOW ? 120 : 30;
	double begin = seconds();
	int status = 0;
	bool late = false;
	pid_t child;

	if (harness_slow_kernel())
		limit *= 4;
	report[0] = 0;
	fflush(stdout);
	child = fork();
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (!child) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		test->run();
		fflush(stdout);
		_exit(0);
	}
	setpgid(child, child);
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (seconds() - begin > limit) {
			late = true;
			host_show_blocked(child);
			kill(-child, SIGKILL);
			if (waitpid(child, &status, 0) == child)
				break;
		}
		usleep(2000);
	}
	/* Grandchildren that outlived it. */
	kill(-child, SIGKILL);
	if (late) {
		failed++;
		printf("not ok %s: still running after %u s%s%s\n", name, limit,
		       report[0] ? "; " : "", report);
	} else if (WIFSIGNALED(status)) {
		failed++;
		printf("not ok %s: killed by signal %d (%s); last message: %s\n",
		       name, WTERMSIG(status), strsignal(WTERMSIG(status)),
		       rt_message());
	} else if (WEXITSTATUS(status) == STATUS_SKIP) {
		skipped++;
		printf("skip %s: %s\n", name, report);
	} else if (WEXITSTATUS(status)) {
		failed++;
		printf("not ok %s: %s\n", name,
		       report[0] ? report : "ended without a word");
	} else {
		passed++;
		printf("ok %s (%.1f s)\n", name, seconds() - begin);
	}
	fflush(stdout);
	if (host_clean()) {
		printf("not ok %s.clean: %s\n", name, rt_message());
		failed++;
	}
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	if (argc < 2)
		return true;
	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const enum rt_transport all[] = { RT_VFIO_GROUP, RT_VFIO_IOMMUFD };
	const char *only = getenv("OPENVGPU_TRANSPORT");
	const char *program = strrchr(argv[0], '/');
	struct harness_test *test;
	char name[128];
	bool any = false;
	unsigned int i;

	program = program ? program + 1 : argv[0];
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		printf("usage: %s [--list] [TEST]...\n", argv[0]);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (test = tests; test; test = test->next)
			printf("%s\n", test->name);
		return 0;
	}
	report = mmap(NULL, REPORT_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	if (host_init()) {
		printf("not ok %s: %s\n0 passed, 1 failed\n", program, rt_message());
		return 1;
	}
	for (test = tests; test; test = test->next) {
		if (!wanted(test->name, argc, argv))
			continue;
		any = true;
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			if (!rt_transport_available(all[i]) ||
			    (only && strcmp(only, rt_transport_name(all[i]))))
				continue;
			transport = all[i];
			if (test->flags & ONCE)
				snprintf(name, sizeof(name), "%s.%s", program,
					 test->name);
			else
				snprintf(name, sizeof(name), "%s.%s.%s", program,
					 test->name, rt_transport_name(all[i]));
			run(test, name);
			if (test->flags & ONCE)
				break;
		}
	}
	if (!any) {
		fprintf(stderr, "%s: no such test\n", program);
		return 2;
	}
	if (!passed && !failed && !skipped) {
		printf("not ok %s: no transport to run on\n", program);
		failed++;
	}
	printf("%u passed, %u failed", passed, failed);
	if (skipped)
		printf(", %u skipped", skipped);
	printf("\n");
	return failed ? 1 : 0;
}
