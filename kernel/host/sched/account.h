/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account.h - the waits and runs of vGPUs
 */
#ifndef SCHED_ACCOUNT_H
#define SCHED_ACCOUNT_H

#include "sched/run.h"

struct vgpu;

void vgpu_account_wake(struct vgpu *vgpu, u64 time);
void vgpu_account_rest(struct vgpu *vgpu);
void vgpu_account_run(struct vgpu_runqueue *rq, struct vgpu *vgpu,
		      enum sched_end reason, u64 time, u64 run_ns,
		      u64 switch_ns);

#endif /* SCHED_ACCOUNT_H */
