/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - who runs on an engine
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <linux/types.h>

#include "sched/run.h"

/* Ranges of settings, and their defaults. */
#define VGPU_HZ_MIN		1
#define VGPU_HZ_MAX		10000
#define VGPU_TIMESLICE_MIN_US	(SCHED_TIMESLICE_MIN_NS / NSEC_PER_USEC)
#define VGPU_TIMESLICE_MAX_US	(SCHED_TIMESLICE_MAX_NS / NSEC_PER_USEC)
#define VGPU_PREEMPT_TIMEOUT_MIN_US	100
#define VGPU_PREEMPT_TIMEOUT_MAX_US	10000000
/*
 * What a vGPU may take from the others by being stubborn, once: generous, as
 * the 640 ms of other GPU drivers, so that a busy host resets nobody innocent.
 */
#define VGPU_PREEMPT_TIMEOUT_US	500000
#define VGPU_FAULT_LIMIT	3
#define VGPU_FAULT_WINDOW_MIN_S	1
#define VGPU_FAULT_WINDOW_MAX_S	3600
#define VGPU_FAULT_WINDOW_S	60

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
const char *vgpu_sched_state_name(enum vgpu_sched_state state);

/* defaults.c */
void vgpu_sched_defaults(struct vgpu_gpu *gpu);

#endif /* SCHED_SCHED_H */
