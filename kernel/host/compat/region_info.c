// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_info.c - VFIO_DEVICE_GET_REGION_INFO, for kernels whose VFIO core
 * leaves it to the device (before 6.19)
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/region_info.h"

/* Capabilities follow the structure if there is room; argsz says how much. */
static int copy_region_info(void __user *arg, struct vfio_region_info *info,
			    struct vfio_info_cap *caps)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	u32 room = info->argsz;

	if (caps->size) {
		info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info->argsz = sizeof(*info) + caps->size;
		if (room >= info->argsz) {
			vfio_info_cap_shift(caps, sizeof(*info));
			if (copy_to_user(arg + sizeof(*info), caps->buf,
					 caps->size))
				return -EFAULT;
			info->cap_offset = sizeof(*info);
		}
	}
	return copy_to_user(arg, info, minsz) ? -EFAULT : 0;
}

/**
 * vgpu_region_info_ioctl - answer VFIO_DEVICE_GET_REGION_INFO
 * @vdev: the device
 * @arg: struct vfio_region_info of user space
 * @fill: fills in the information of a region, and adds capabilities
 *
 * Return: 0; -EFAULT, -EINVAL, or what @fill returns.
 */
long vgpu_region_info_ioctl(struct vfio_device *vdev, void __user *arg,
			    vgpu_region_info_fn fill)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = { };
	struct vfio_region_info info = { };
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.cap_offset = 0;
	ret = fill(vdev, &info, &caps);
	if (!ret)
		ret = copy_region_info(arg, &info, &caps);
	kfree(caps.buf);
	return ret;
}
