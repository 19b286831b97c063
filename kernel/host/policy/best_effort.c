// SPDX-License-Identifier: GPL-2.0-only
/*
 * best_effort.c - whoever has work shares the GPU by weight
 *
 * Work-conserving: as long as one vGPU that is not over its cap has work,
 * the GPU is not idle. A vGPU that sleeps keeps no credit and no place.
 */
#include "policy/policy.h"

static __u64 best_effort_weight(const struct sched_client *client)
{
	return client->weight;
}

const struct sched_policy sched_best_effort = {
	.name		= "best_effort",
	.weight		= best_effort_weight,
};
