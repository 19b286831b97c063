/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bucket.h - tokens for time: of caps, and of shares that are kept
 */
#ifndef POLICY_BUCKET_H
#define POLICY_BUCKET_H

#include <linux/types.h>

#define SCHED_RATE_ONE		(1U << 20)	/* all of the time */

/**
 * struct sched_bucket - tokens for time, in nanoseconds
 * @rate: parts of SCHED_RATE_ONE of real time that come in; 0: no limit
 * @depth: the most it holds
 * @tokens: what it holds; negative: what was overrun
 * @rest: parts of SCHED_RATE_ONE of a nanosecond that it holds beyond that
 * @at: time at which @tokens was right
 * @since: when the limit began: what was used before does not count
 * @lost_ns: what came in and did not fit: time its owner left unused
 */
struct sched_bucket {
	__u32 rate;
	__u64 depth;
	__s64 tokens;
	__u32 rest;
	__u64 at;
	__u64 since;
	__u64 lost_ns;
};

void sched_bucket_set(struct sched_bucket *bucket, __u32 rate, __u64 depth, __u64 now);
void sched_bucket_spend(struct sched_bucket *bucket, __u64 ns, __u64 now);
__u64 sched_bucket_time_to(const struct sched_bucket *bucket, __s64 enough);

#endif /* POLICY_BUCKET_H */
