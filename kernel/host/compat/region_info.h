/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region_info.h - decoding of VFIO_DEVICE_GET_REGION_INFO
 *
 * From 6.19 on VFIO's core decodes it and calls an operation of the device; the
 * probe VFIO_REGION_INFO_OP finds out. On older kernels the device's ioctl() calls
 * vgpu_region_info_ioctl(), which does the same.
 */
#ifndef COMPAT_REGION_INFO_H
#define COMPAT_REGION_INFO_H

#include <linux/vfio.h>

typedef int (*vgpu_region_info_fn)(struct vfio_device *vdev,
				   struct vfio_region_info *info,
				   struct vfio_info_cap *caps);

#ifdef VGPU_HAVE_VFIO_REGION_INFO_OP

#define VGPU_VFIO_REGION_INFO_OP(function) .get_region_info_caps = (function),

/* Never reached: the core keeps this ioctl to itself. */
static inline long vgpu_region_info_ioctl(struct vfio_device *vdev,
					  void __user *arg,
					  vgpu_region_info_fn fill)
{
	return -ENOTTY;
}

#else

#define VGPU_VFIO_REGION_INFO_OP(function)

long vgpu_region_info_ioctl(struct vfio_device *vdev, void __user *arg,
			    vgpu_region_info_fn fill);

#endif

#endif /* COMPAT_REGION_INFO_H */
