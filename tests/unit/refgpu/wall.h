/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wall.h - a device on the wall clock, with its threads, and guests that use it
 */
#ifndef UNIT_WALL_H
#define UNIT_WALL_H

#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gpu.h"

static struct gpu *g;

static inline u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

static inline u64 cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (u64)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
	       (u64)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

/* Wait until a register has a value; a machine under load may be slow. */
static inline void await(u64 offset, u64 mask, u64 value, const char *what)
{
	u64 end = now_ns() + 20000000000ULL;

	while ((rd(g, offset) & mask) != value) {
		ck_assert_msg(now_ns() < end, "%s: not within 20 s", what);
		usleep(50);
	}
}

/* Guests go on until @stop is set; @wrong counts words that are not as they should be. */
static _Atomic bool stop;
static _Atomic u64 rounds[REFGPU_PARTITIONS];
static _Atomic u64 wrong;

/*
 * A guest: fills and copies inside its slice, moves the result to system
 * memory, runs a kernel and checks. Its system memory page 0 always stays.
 */
static inline void *guest_thread(void *argument)
{
	unsigned int p = (unsigned int)(uintptr_t)argument, i;
	u32 *copy = slice(g, p, 0x30000), *host = (u32 *)(g->host + SYSMEM_AT(p, 0));
	u64 round = 0;

	while (!stop) {
		u64 end = now_ns() + 30000000000ULL;
		u32 pattern = (u32)(p << 24 | (++round & 0xffffff));

		push_fill(g, p, 0, AT_DATA, 16384, pattern);
		push_copy(g, p, 0, AT_DATA, 0x30000, 16384);
		push_copy(g, p, 0, 0x30000, REFGPU_SYSMEM_APERTURE, 4096);
		push_dispatch(g, p, 0, 8);
		push_fence(g, p, 0, round, REFGPU_FENCE_INTERRUPT, 0);
		bell(g, p, 0);
		while (ring_rd(g, p, 0, REFGPU_RING_FENCE) != round) {
			if (stop || now_ns() > end)
				return NULL;
			usleep(20);
		}
		user_wr(g, p, REFGPU_USER_INTR_STATUS, REFGPU_INTR_FENCE);
		for (i = 0; i < 4096; i++)
			wrong += copy[i] != pattern;
		for (i = 0; i < 1024; i++)
			wrong += host[i] != pattern;
		rounds[p]++;
	}
	return NULL;
}

#endif /* UNIT_WALL_H */
