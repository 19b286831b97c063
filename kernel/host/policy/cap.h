/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cap.h - the bucket of tokens that a capped client runs from
 */
#ifndef SCHED_CAP_H
#define SCHED_CAP_H

#include "policy/policy.h"

/* The most that is charged at once; of virtual time, 1/4 of what can be told. */
#define RUN_NS_MAX		(1ULL << 42)

/**
 * is_capped - has a client a cap?
 * @client: the client
 */
static inline bool is_capped(const struct sched_client *client)
{
	return client->cap_percent < SCHED_CAP_MAX;
}

void cap_refill(struct sched_client *client, __u64 now);
void cap_charge(struct sched_client *client, __u64 run_ns, __u64 now);
void cap_change(struct sched_client *client, __u32 percent, __u64 now);
__u64 cap_wait(const struct sched_client *client, __u64 slice_ns);

#endif /* SCHED_CAP_H */
