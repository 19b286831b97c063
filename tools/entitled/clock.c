// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock.c - the clocks of the service
 *
 * Leases live by a clock that goes on only while the service runs and can write,
 * from where the database has it. Whoever sets the time of the day ends no lease,
 * and while the service is away or stuck, its disk is full, or its machine sleeps,
 * when nobody can renew, none ends.
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
	clock->last = now;
}

/**
 * clock_now - what the clock says
 * @clock: clock
 */
int64_t clock_now(struct clock *clock)
{
	int64_t now = seconds(CLOCK_MONOTONIC) + clock->offset;

	if (now > clock->last + CLOCK_STEP_MAX)
		clock_start(clock, clock->last + CLOCK_STEP_MAX);
	else
		clock->last = now;
	return clock->last;
}

/**
 * clock_uptime - a time that goes on whatever happens
 */
int64_t clock_uptime(void)
{
	return seconds(CLOCK_MONOTONIC);
}

/**
 * clock_today - the time of the day, which the ends of tokens are in
 */
int64_t clock_today(void)
{
	return seconds(CLOCK_REALTIME);
}
