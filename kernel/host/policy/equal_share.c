// SPDX-License-Identifier: GPL-2.0-only
/*
 * equal_share.c - every open vGPU owns the same part of the time
 *
 * N open vGPUs own 1/N each, whether they use it or not: the turn of one that
 * has no work, or is over its cap, passes as an idle slot. Weights have no
 * meaning. While nobody has work, no slots pass.
 */
#include "policy/policy.h"

static __u64 equal_share_weight(const struct sched_client *client)
{
	(void)client;
	return SCHED_WEIGHT_DEFAULT;
}

const struct sched_policy sched_equal_share = {
	.name		= "equal_share",
	.keeps_idle	= true,
	.guarantees_share = true,
	.weight		= equal_share_weight,
};
