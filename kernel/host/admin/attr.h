/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attr.h - attributes that sysfs.c lists and other files define
 *
 * sysfs makes a folder of each group, so those of one folder must be in one
 * list.
 */
#ifndef ADMIN_ATTR_H
#define ADMIN_ATTR_H

#include <linux/device.h>

#include "admin/settings.h"

/* sysfs_sched.c: in the GPU's openvgpu/ */
extern struct device_attribute vgpu_gpu_attr_scheduler;
extern struct device_attribute vgpu_gpu_attr_sched_hz;
extern struct device_attribute vgpu_gpu_attr_timeslice_us;
extern struct device_attribute vgpu_gpu_attr_timeslice_max_us;
extern struct device_attribute vgpu_gpu_attr_wake_budget_permille;
extern struct device_attribute vgpu_gpu_attr_averaging_factor;
extern struct device_attribute vgpu_gpu_attr_preempt_timeout_us;
extern struct device_attribute vgpu_gpu_attr_fault_limit;
extern struct device_attribute vgpu_gpu_attr_fault_window_s;

/* sysfs_display.c: in the GPU's openvgpu/ */
extern struct device_attribute vgpu_gpu_attr_console;

/* sysfs_sched.c: in the vGPU's openvgpu/ */
extern struct device_attribute vgpu_attr_weight;
extern struct device_attribute vgpu_attr_cap_percent;
extern struct device_attribute vgpu_attr_cap_ceiling_percent;
extern struct device_attribute vgpu_attr_timeslice_us;
extern struct device_attribute vgpu_attr_frozen;
extern struct device_attribute vgpu_attr_migration_throttle;
extern struct device_attribute vgpu_attr_sched_state;

/* sysfs_display.c: in the vGPU's openvgpu/ */
extern struct device_attribute vgpu_attr_personality;
extern struct device_attribute vgpu_attr_display;
extern struct device_attribute vgpu_attr_frame_rate_limit;
extern struct device_attribute vgpu_attr_frame_rate_ceiling;

/* sysfs_tenant.c: in the vGPU's openvgpu/ */
extern struct device_attribute vgpu_attr_tenant;
extern struct device_attribute vgpu_attr_notice;
extern struct device_attribute vgpu_attr_admission;

/* sysfs_migrate.c: in the GPU's openvgpu/ */
extern struct device_attribute vgpu_gpu_attr_dma_logging;

/* sysfs_migrate.c: in the vGPU's openvgpu/, and in its stats/ */
extern struct device_attribute vgpu_attr_migration;
extern struct device_attribute vgpu_attr_migration_hello;
extern struct device_attribute vgpu_stat_migration;

/* sysfs_sched.c: in the vGPU's stats/ */
extern struct device_attribute vgpu_stat_overrun_ns;
extern struct device_attribute vgpu_stat_debt_ns;
extern struct device_attribute vgpu_stat_idle_ns;
extern struct device_attribute vgpu_stat_lag_ns;
extern struct device_attribute vgpu_stat_wait_max_ns;
extern struct device_attribute vgpu_stat_wait_sum_ns;
extern struct device_attribute vgpu_stat_wait_histogram;

/* sysfs_instance.c: in the GPU's openvgpu/ */
extern struct device_attribute vgpu_gpu_attr_compute_slices;
extern struct device_attribute vgpu_gpu_attr_memory_slices;
extern struct device_attribute vgpu_gpu_attr_pool_slices;
extern struct device_attribute vgpu_gpu_attr_pool_slices_min;
extern struct device_attribute vgpu_gpu_attr_max_instances;
extern struct device_attribute vgpu_gpu_attr_why_unavailable;

/* sysfs_instance.c: in the vGPU's openvgpu/ */
extern struct device_attribute vgpu_attr_instance;
extern struct device_attribute vgpu_attr_compute_slices;
extern struct device_attribute vgpu_attr_compute_instance;

#define VGPU_QUOTE_CHARS	32	/* of what was written, in a message */
#define VGPU_QUOTE_SIZE		(4 * VGPU_QUOTE_CHARS + 1)

/* sysfs_sched.c */
struct vgpu;
struct vgpu_gpu;
struct vgpu_instance;
ssize_t vgpu_number_show(const struct vgpu_instance *instance, enum vgpu_setting setting,
			 char *buf);
ssize_t vgpu_number_store(struct vgpu_instance *instance, enum vgpu_setting setting,
			  const char *name, const char *buf, size_t count);
ssize_t vgpu_scheduler_show(const struct vgpu_instance *instance, char *buf);
void vgpu_quote(const char *buf, size_t count, char *shown);
int vgpu_parse_number_of(const struct vgpu_instance *instance, const char *what,
			 const char *buf, size_t count, u64 *value);
int vgpu_parse_number(struct vgpu_gpu *gpu, const struct vgpu *vgpu,
		      const char *what, const char *buf, size_t count,
		      u64 *value);

#endif /* ADMIN_ATTR_H */
