/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - how much of the time switches may take
 */
#ifndef POLICY_PACE_H
#define POLICY_PACE_H

#include "policy/policy.h"

/* What was used is forgotten by an eighth each epoch... */
#define SCHED_EPOCH_NS		10000000ULL
#define SCHED_FORGET_SHIFT	3
/* ... so a budget of the time is full at that part of this. */
#define SCHED_BUDGET_NS		(SCHED_EPOCH_NS << SCHED_FORGET_SHIFT)

void sched_pace_slice(struct sched_queue *queue, __u64 now);
void sched_pace_forget(struct sched_queue *queue, __u64 now);
__s64 sched_pace_least_lag(const struct sched_queue *queue);
bool sched_pace_may_cut(struct sched_queue *queue, const struct sched_client *client, __u64 now);
void sched_pace_cut(struct sched_queue *queue, struct sched_client *client, __u64 cost_ns);
void sched_pace_little_work(struct sched_queue *queue, __u64 switch_ns);
bool sched_pace_waking_counts(const struct sched_queue *queue);

/* eevdf.c */
bool sched_owes_much(const struct sched_queue *queue, const struct sched_client *client);

#endif /* POLICY_PACE_H */
