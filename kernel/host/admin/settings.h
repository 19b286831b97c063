/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settings.h - what an administrator may change at any time
 */
#ifndef ADMIN_SETTINGS_H
#define ADMIN_SETTINGS_H

#include <linux/types.h>

struct vgpu;
struct vgpu_instance;

int vgpu_set_scheduler(struct vgpu_instance *instance, const char *name);
int vgpu_set_timeslice(struct vgpu_instance *instance, u64 us);
int vgpu_set_hz(struct vgpu_instance *instance, u64 hz);
int vgpu_set_averaging(struct vgpu_instance *instance, u64 factor);
int vgpu_set_preempt_timeout(struct vgpu_instance *instance, u64 us);
int vgpu_set_fault_limit(struct vgpu_instance *instance, u64 limit);
int vgpu_set_fault_window(struct vgpu_instance *instance, u64 seconds);
int vgpu_set_weight(struct vgpu *vgpu, u64 weight);
int vgpu_set_cap(struct vgpu *vgpu, u64 percent);
int vgpu_set_own_timeslice(struct vgpu *vgpu, u64 us);
int vgpu_set_frozen(struct vgpu *vgpu, u64 frozen);

#endif /* ADMIN_SETTINGS_H */
