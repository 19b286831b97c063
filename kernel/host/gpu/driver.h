/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * driver.h - a physical GPU as a PCI device
 */
#ifndef GPU_DRIVER_H
#define GPU_DRIVER_H

#include <linux/pci.h>
#include <linux/pm.h>

struct vgpu_gpu;
struct work_struct;

extern struct pci_driver vgpu_pci_driver;

/* Attributes of a GPU; in admin/. */
extern const struct attribute_group *vgpu_gpu_groups[];

/* firmware_mode.c */
int vgpu_firmware_mode_list(struct vgpu_gpu *gpu, char *buf, size_t size);
int vgpu_firmware_mode_list_next(struct vgpu_gpu *gpu, char *buf, size_t size);
int vgpu_firmware_mode_set(struct vgpu_gpu *gpu, const char *name);

/* hand_over.c */
void vgpu_gpu_count_users(struct vgpu_gpu *gpu, unsigned int *vgpus,
			  unsigned int *instances);
int vgpu_gpu_scrub(struct vgpu_gpu *gpu);
int vgpu_gpu_hand_over(struct vgpu_gpu *gpu);
int vgpu_gpu_keep(struct vgpu_gpu *gpu);

/* recovery.c */
extern const struct pci_error_handlers vgpu_pci_error_handlers;
extern const struct dev_pm_ops vgpu_pm_ops;
void vgpu_gpu_quiesce(struct vgpu_gpu *gpu);
void vgpu_gpu_dead_work(struct work_struct *work);
void vgpu_gpu_failed_work(struct work_struct *work);
void vgpu_gpu_stuck_work(struct work_struct *work);

#endif /* GPU_DRIVER_H */
