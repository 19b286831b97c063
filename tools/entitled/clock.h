/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - the clocks of the service
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* It is asked every second; after a longer silence it has not gone on. */
#define CLOCK_STEP_MAX	30

/**
 * struct clock - a clock that goes on while it is asked
 * @offset: from CLOCK_MONOTONIC
 * @last: what it said last
 */
struct clock {
	int64_t offset;
	int64_t last;
};

void clock_start(struct clock *clock, int64_t now);
int64_t clock_now(struct clock *clock);
int64_t clock_uptime(void);
int64_t clock_today(void);

#endif /* CLOCK_H */
