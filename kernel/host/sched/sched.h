/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - who runs on an engine
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <linux/types.h>

#include "sched/run.h"

struct vgpu;
struct vgpu_gpu;

int vgpu_sched_init(struct vgpu_gpu *gpu);
void vgpu_sched_exit(struct vgpu_gpu *gpu);
void vgpu_sched_prepare(struct vgpu *vgpu);
void vgpu_sched_add(struct vgpu *vgpu);
void vgpu_sched_remove(struct vgpu *vgpu);
void vgpu_sched_freeze(struct vgpu *vgpu, bool frozen);
void vgpu_sched_kick(struct vgpu_runqueue *rq);
u64 vgpu_sched_timeslice(struct vgpu_gpu *gpu);
u64 vgpu_sched_clock(struct vgpu_gpu *gpu);
void vgpu_sched_enter_stage(struct vgpu_runqueue *rq,
			    enum vgpu_sched_stage stage, u64 now,
			    u64 patience_ns);
enum vgpu_sched_state vgpu_sched_resting_state(const struct vgpu *vgpu);
const char *vgpu_sched_state_name(enum vgpu_sched_state state);

/* overdue.c: runs that do not end */
void vgpu_sched_overdue(struct vgpu_runqueue *rq, struct vgpu *vgpu);

/* defaults.c */
void vgpu_sched_defaults(struct vgpu_gpu *gpu);

#endif /* SCHED_SCHED_H */
