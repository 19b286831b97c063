/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mdev.h - a vGPU as a mediated device
 */
#ifndef VGPU_MDEV_H
#define VGPU_MDEV_H

#include <linux/mdev.h>

/* Attributes of a vGPU; in admin/. */
extern const struct attribute_group *vgpu_mdev_groups[];

extern struct mdev_driver vgpu_mdev_driver;

#endif /* VGPU_MDEV_H */
