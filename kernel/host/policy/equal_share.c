// SPDX-License-Identifier: GPL-2.0-only
/*
 * equal_share.c - every open vGPU owns the same part of the time
 *
 * N open vGPUs own 1/N each, whether they use it or not, and get no more than
 * that; one that is alone has no limit. Weights have no meaning.
 */
#include "policy/policy.h"

static __u32 equal_share_weight(const struct sched_client *client)
{
	(void)client;
	return SCHED_WEIGHT_DEFAULT;
}

static __u32 equal_share_rate(const struct sched_queue *queue, const struct sched_client *client)
{
	(void)client;
	return queue->members < 2 ? 0 : SCHED_RATE_ONE / queue->members;
}

const struct sched_policy sched_equal_share = {
	.name		= "equal_share",
	.adapts		= true,
	.guarantees_share = true,
	.weight		= equal_share_weight,
	.rate		= equal_share_rate,
};
