/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - the last switches, in debugfs
 */
#ifndef SCHED_LOG_H
#define SCHED_LOG_H

struct vgpu_gpu;
struct vgpu_switch;

void vgpu_sched_log_module_init(void);
void vgpu_sched_log_module_exit(void);
int vgpu_sched_log_init(struct vgpu_gpu *gpu);
void vgpu_sched_log_exit(struct vgpu_gpu *gpu);
void vgpu_sched_log_add(struct vgpu_gpu *gpu, const struct vgpu_switch *entry);

#endif /* SCHED_LOG_H */
