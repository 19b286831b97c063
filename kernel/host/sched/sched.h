/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - vGPUs take turns on the engine of their instance
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
 * The most a vGPU that does not stop takes from the others, once. It is
 * generous, so that no innocent vGPU is reset on a busy host.
 */
#define VGPU_PREEMPT_TIMEOUT_US	500000
#define VGPU_FAULT_LIMIT	3
#define VGPU_FAULT_WINDOW_MIN_S	1
#define VGPU_FAULT_WINDOW_MAX_S	3600
#define VGPU_FAULT_WINDOW_S	60

struct vgpu;
struct vgpu_instance;

/* queue.c */
int vgpu_sched_init(struct vgpu_instance *instance);
void vgpu_sched_exit(struct vgpu_instance *instance);
void vgpu_sched_kick(struct vgpu_runqueue *rq);
u64 vgpu_sched_timeslice(const struct vgpu_instance *instance);

/* member.c */
void vgpu_sched_prepare(struct vgpu *vgpu);
void vgpu_sched_add(struct vgpu *vgpu);
void vgpu_sched_remove(struct vgpu *vgpu);
void vgpu_sched_freeze(struct vgpu *vgpu, bool frozen);
const char *vgpu_sched_state_name(enum vgpu_sched_state state);

/* defaults.c */
void vgpu_sched_defaults(struct vgpu_sched_settings *settings);
const struct sched_policy *vgpu_sched_default_policy(void);

#endif /* SCHED_SCHED_H */
