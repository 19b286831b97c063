// SPDX-License-Identifier: GPL-2.0-only
/*
 * fixed_share.c - every vGPU owns the part of the time its type stands for
 *
 * 1/max_instance of the type, even when it is alone on the GPU; the rest passes
 * idle. The parts of the vGPUs that fit on a GPU never add up to more than the
 * whole: each owns at least 1/max_instance of the framebuffer. Weights have no
 * meaning, and slices keep their length.
 */
#include "policy/policy.h"

static __u32 fixed_share_weight(const struct sched_client *client)
{
	return sched_max(SCHED_WEIGHT_MAX / sched_max(client->max_instance, 1), 1);
}

static __u32 fixed_share_rate(const struct sched_queue *queue, const struct sched_client *client)
{
	(void)queue;
	return client->max_instance < 2 ? 0 : SCHED_RATE_ONE / client->max_instance;
}

const struct sched_policy sched_fixed_share = {
	.name		= "fixed_share",
	.guarantees_share = true,
	.fixed		= true,
	.weight		= fixed_share_weight,
	.rate		= fixed_share_rate,
};
