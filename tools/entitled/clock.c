// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock.c - the two clocks of the service
 *
 * Leases live by a clock that goes on only while the service runs, from where the
 * database has it. Whoever sets the time of the day ends no lease, and while the
 * service is away or its machine sleeps, when nobody can renew, none ends.
 */
#include <time.h>

#include "clock.h"

static int64_t seconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec;
}

/**
 * clock_start - the clock goes on
 * @clock: clock
 * @now: the time at which it stopped
 */
void clock_start(struct clock *clock, int64_t now)
{
	clock->offset = now - seconds(CLOCK_MONOTONIC);
}

/**
 * clock_now - the time of the store
 * @clock: clock
 */
int64_t clock_now(const struct clock *clock)
{
	return seconds(CLOCK_MONOTONIC) + clock->offset;
}

/**
 * clock_today - the time of the day, which the ends of tokens are in
 */
int64_t clock_today(void)
{
	return seconds(CLOCK_REALTIME);
}
