/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched.h - vGPUs take turns on the engine of their instance
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <linux/types.h>

#include "sched/run.h"

struct vgpu;
struct vgpu_instance;

/* queue.c */
int vgpu_sched_init(struct vgpu_instance *instance);
void vgpu_sched_exit(struct vgpu_instance *instance);
void vgpu_sched_inherit(struct vgpu_instance *instance,
			const struct vgpu_instance *from);
void vgpu_sched_kick(struct vgpu_runqueue *rq);
u64 vgpu_sched_timeslice(const struct vgpu_instance *instance);

/* member.c */
struct vgpu_runqueue *vgpu_sched_lock(struct vgpu *vgpu)
	__acquires(vgpu->instance->rq.lock);
void vgpu_sched_change_queue(struct vgpu *vgpu, struct vgpu_instance *instance,
			     unsigned int seats);
void vgpu_sched_prepare(struct vgpu *vgpu);
void vgpu_sched_answer_stop(struct vgpu *vgpu);
void vgpu_sched_add(struct vgpu *vgpu);
void vgpu_sched_remove(struct vgpu *vgpu);
void vgpu_sched_freeze(struct vgpu *vgpu, bool frozen);
bool vgpu_sched_hold(struct vgpu_instance *instance);
void vgpu_sched_let_go(struct vgpu_instance *instance);
void vgpu_sched_slow(struct vgpu *vgpu, u32 percent);
const char *vgpu_sched_state_name(enum vgpu_sched_state state);

/* defaults.c */
void vgpu_sched_defaults(struct vgpu_sched_settings *settings);
const struct sched_policy *vgpu_sched_default_policy(void);

#endif /* SCHED_SCHED_H */
