// SPDX-License-Identifier: GPL-2.0-only
/*
 * bucket.c - tokens for time: of caps, and of shares that are kept
 *
 * Real time fills a bucket at its rate up to its depth, running empties it. So in
 * any window T no more is spent than rate * T + depth, and what one run takes too
 * much at its end.
 */
#include "policy/bucket.h"
#include "policy/policy.h"

static void refill(struct sched_bucket *bucket, __u64 now)
{
	__u64 passed = now - bucket->at, gained;

	if ((__s64)passed <= 0)
		return;
	bucket->at = now;
	/* Nothing is rounded off, so it does not matter how often it is done. */
	gained = sched_min(passed, SCHED_NS_MAX) * bucket->rate + bucket->rest;
	bucket->tokens += gained / SCHED_RATE_ONE;
	bucket->rest = gained % SCHED_RATE_ONE;
	if (bucket->rate && bucket->tokens > (__s64)bucket->depth) {
		bucket->lost_ns += bucket->tokens - bucket->depth;
		bucket->tokens = bucket->depth;
	}
}

/**
 * sched_bucket_set - bring a bucket up to the present, with that rate and depth
 * @bucket: the bucket
 * @rate: parts of SCHED_RATE_ONE, 0: no limit
 * @depth: nanoseconds
 * @now: time
 *
 * A limit that is new begins with an empty bucket.
 */
void sched_bucket_set(struct sched_bucket *bucket, __u32 rate, __u64 depth, __u64 now)
{
	refill(bucket, now);
	if (!bucket->rate)
		bucket->since = now;
	bucket->rate = rate;
	bucket->depth = depth;
	if (!rate)
		bucket->tokens = 0;
}

/**
 * sched_bucket_spend - take out what was used
 * @bucket: the bucket; no effect without a limit
 * @ns: how much
 * @now: time
 */
void sched_bucket_spend(struct sched_bucket *bucket, __u64 ns, __u64 now)
{
	refill(bucket, now);
	if (bucket->rate)
		bucket->tokens -= sched_min(sched_min(ns, now - bucket->since), SCHED_NS_MAX);
}

/**
 * sched_bucket_time_to - in how many nanoseconds a bucket holds that much
 * @bucket: the bucket; without a limit it always does
 * @enough: how much
 */
__u64 sched_bucket_time_to(const struct sched_bucket *bucket, __s64 enough)
{
	if (!bucket->rate || bucket->tokens >= enough)
		return 0;
	return div64_u64((__u64)(enough - bucket->tokens) * SCHED_RATE_ONE, bucket->rate) + 1;
}
