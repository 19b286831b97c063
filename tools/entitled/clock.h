/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - the two clocks of the service
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/**
 * struct clock - the time of the store
 * @offset: from CLOCK_MONOTONIC
 */
struct clock {
	int64_t offset;
};

void clock_start(struct clock *clock, int64_t now);
int64_t clock_now(const struct clock *clock);
int64_t clock_today(void);

#endif /* CLOCK_H */
