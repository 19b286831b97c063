/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instance.h - the instances of a GPU: their run queues and the hardware's slices
 */
#ifndef PLACE_INSTANCE_H
#define PLACE_INSTANCE_H

#include <linux/types.h>

struct layout;
struct vgpu_gpu;
struct vgpu_instance;

void vgpu_instances_init(struct vgpu_gpu *gpu);
bool vgpu_instance_named(const struct vgpu_gpu *gpu, const char *name);
int vgpu_instance_start(struct vgpu_instance *instance, struct vgpu_instance *whole,
			const char *name);
void vgpu_instance_stop(struct vgpu_instance *instance);
bool vgpu_instances_hold(struct vgpu_gpu *gpu, const struct layout *next);
void vgpu_instances_let_go(struct vgpu_gpu *gpu);
bool vgpu_instances_are_held(const struct vgpu_gpu *gpu, const struct layout *next);
int vgpu_instances_program(struct vgpu_gpu *gpu);
int vgpu_instances_restore(struct vgpu_gpu *gpu);
int vgpu_instance_time(struct vgpu_instance *instance, u64 *busy_ns, u64 *idle_ns);

/* Attributes of an instance; in admin/. With place_lock held. */
int vgpu_instance_show(struct vgpu_instance *instance);
void vgpu_instance_hide(struct vgpu_instance *instance);
/* The folder that they are in. */
int vgpu_instances_show(struct vgpu_gpu *gpu);
void vgpu_instances_hide(struct vgpu_gpu *gpu);

#endif /* PLACE_INSTANCE_H */
