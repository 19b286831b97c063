// SPDX-License-Identifier: GPL-2.0-only
/*
 * fixed_share.c - every vGPU owns the part of the time its type stands for
 *
 * 1/max_instance of the type, even when it is alone on the GPU; the rest
 * belongs to nobody and passes as idle slots. The parts of the vGPUs that fit
 * on a GPU never add up to more than the whole: each owns at least
 * 1/max_instance of the framebuffer. Weights have no meaning.
 */
#include "policy/policy.h"

static __u64 fixed_share_weight(const struct sched_client *client)
{
	__u32 part = SCHED_RESERVE_TOTAL;

	if (client->max_instance)
		part /= client->max_instance;
	return part ? part : 1;
}

const struct sched_policy sched_fixed_share = {
	.name		= "fixed_share",
	.keeps_idle	= true,
	.guarantees_share = true,
	.reserves	= true,
	.weight		= fixed_share_weight,
};
