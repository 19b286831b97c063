// SPDX-License-Identifier: GPL-2.0-only
/*
 * best_effort.c - whoever has work shares the GPU by weight
 *
 * Work-conserving: as long as one vGPU that is not over its cap has work, the
 * GPU is not idle.
 */
#include "policy/policy.h"

static __u32 best_effort_weight(const struct sched_client *client)
{
	return client->weight;
}

static __u32 best_effort_rate(const struct sched_queue *queue, const struct sched_client *client)
{
	(void)queue;
	(void)client;
	return 0;
}

const struct sched_policy sched_best_effort = {
	.name		= "best_effort",
	.adapts		= true,
	.weight		= best_effort_weight,
	.rate		= best_effort_rate,
};
