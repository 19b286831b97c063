/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.h - runs tests of the VFIO layer
 *
 * Every test is a process of its own: files of VFIO must not be shared, a
 * crash ends one test only, and what a test leaves behind (processes, vGPUs)
 * is cleared away before the next. A test runs once for each transport the
 * kernel has, unless it says that it has nothing to do with transports.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

#define MIB	(1ULL << 20)

/* Flags of a test. */
#define ONCE		1u /* once, not once for each transport */
#define SLOW		2u /* may take 120 s instead of 30 s */

/**
 * struct harness_test - one test
 * @name: as shown
 * @run: returns if it passed, does not if it failed
 * @flags: ONCE, SLOW
 * @next: list
 */
struct harness_test {
	const char *name;
	void (*run)(void);
	unsigned int flags;
	struct harness_test *next;
};

void harness_add(struct harness_test *test);
void harness_failed(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void harness_skip(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

bool harness_slow_kernel(void);

/* second() - nanoseconds of a second, stretched on a slow kernel */
static inline uint64_t second(void)
{
	return harness_slow_kernel() ? 5000000000ULL : 1000000000ULL;
}

/* The transport this test shall use. */
extern enum rt_transport transport;

#define TEST(title, test_flags) \
	static void test_##title(void); \
	static struct harness_test harness_##title = { \
		.name = #title, .run = test_##title, .flags = test_flags, \
	}; \
	__attribute__((constructor)) static void harness_add_##title(void) \
	{ \
		harness_add(&harness_##title); \
	} \
	static void test_##title(void)

/* CHECK(condition, "what was seen, ..."): ends the test unless it holds */
#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			harness_failed(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* OK(call): the call of the runtime must return 0 */
#define OK(call) \
	do { \
		int harness_error = (call); \
		if (harness_error) \
			harness_failed(__FILE__, __LINE__, "%s: %s (%s)", #call, \
				       strerror(-harness_error), rt_message()); \
	} while (0)

#endif /* HARNESS_H */
