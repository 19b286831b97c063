/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unit.h - what the unit tests share: the end of main(), and random numbers
 */
#ifndef OPENVGPU_UNIT_H
#define OPENVGPU_UNIT_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * libcheck's assertions report to the parent process each time that they hold,
 * which took most of the time of tests that assert a million times. Only where
 * a crash is said to have happened depends on it, and the sanitizers say that.
 */
#define _mark_point(file, line)	((void)0)

#define unit_assert(condition, ...)					\
	do {								\
		if (!(condition))					\
			ck_abort_msg(__VA_ARGS__);			\
	} while (0)

#define unit_equal(got, expected)					\
	do {								\
		uint64_t unit_got = (uint64_t)(got);			\
		uint64_t unit_expected = (uint64_t)(expected);		\
									\
		unit_assert(unit_got == unit_expected,			\
			    "%s is 0x%llx, not %s = 0x%llx", #got,	\
			    (unsigned long long)unit_got, #expected,	\
			    (unsigned long long)unit_expected);		\
	} while (0)

/** unit_run() - run a suite, print its summary line; the value for main() */
static inline int unit_run(Suite *suite, const char *name)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	printf("%s: %d passed, %d failed\n", name, srunner_ntests_run(runner) - failed, failed);
	srunner_free(runner);
	return failed != 0;
}

/** struct unit_random - a repeatable source of random numbers (splitmix64) */
struct unit_random {
	uint64_t state;
};

static inline uint64_t unit_random(struct unit_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/** unit_seed() - a seed, UNIT_SEED of the environment or new; printed */
static inline uint64_t unit_seed(const char *name)
{
	const char *given = getenv("UNIT_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = given ? strtoull(given, NULL, 0) :
		       (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec;
	printf("%s: UNIT_SEED=0x%llx repeats this\n", name, (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif /* OPENVGPU_UNIT_H */
