/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio.h - a vGPU as a VFIO device
 */
#ifndef VGPU_VFIO_H
#define VGPU_VFIO_H

#include <linux/types.h>
#include <linux/vfio.h>

struct vgpu;

extern const struct vfio_device_ops vgpu_vfio_ops;

/* region.c */
extern const struct vgpu_region_ops vgpu_config_ops;
ssize_t vgpu_region_rw(struct vgpu *vgpu, char __user *buf, size_t count,
		       loff_t *ppos, bool write);

#endif /* VGPU_VFIO_H */
