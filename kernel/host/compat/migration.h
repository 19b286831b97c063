/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migration.h - what VFIO asks of a device that migrates
 *
 * 6.2: VFIO_DEVICE_FEATURE_MIG_DATA_SIZE. 6.3: states in which a device works while
 * it is copied. Older headers do not know them, so their numbers are here: they
 * are the interface to user space, and have no other meaning there.
 */
#ifndef COMPAT_MIGRATION_H
#define COMPAT_MIGRATION_H

#include <linux/uaccess.h>
#include <linux/vfio.h>

#ifdef VGPU_HAVE_VFIO_PRE_COPY

#define VGPU_MIGRATION_PRE_COPY	VFIO_MIGRATION_PRE_COPY

/* 7.1: the core checks the call, and may be asked for a second form of it. */
static inline int vgpu_check_precopy(struct vfio_device *vdev, unsigned int cmd,
				     unsigned long arg,
				     struct vfio_precopy_info *info)
{
#ifdef VGPU_HAVE_VFIO_CHECK_PRECOPY
	return vfio_check_precopy_ioctl(vdev, cmd, arg, info);
#else
	unsigned long minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	if (copy_from_user(info, (void __user *)arg, minsz))
		return -EFAULT;
	return info->argsz < minsz ? -EINVAL : 0;
#endif
}

#else

#define VGPU_MIGRATION_PRE_COPY		0
#define VFIO_DEVICE_STATE_PRE_COPY	6
#define VFIO_DEVICE_STATE_PRE_COPY_P2P	7

#endif

/*
 * 6.6: a VMM can be told what was written only if the kernel was built with
 * CONFIG_IOMMUFD_DRIVER; without it the core takes the order and fails the answer.
 */
#if !defined(VGPU_HAVE_IOVA_BITMAP_STUB) || IS_ENABLED(CONFIG_IOMMUFD_DRIVER)
#define VGPU_DMA_LOGGING	1
#else
#define VGPU_DMA_LOGGING	0
#endif

#ifdef VGPU_HAVE_VFIO_DATA_SIZE

#define VGPU_MIGRATION_DATA_SIZE(function) .migration_get_data_size = (function),
#define VGPU_VFIO_DATA_SIZE_OP(function)

#else

#define VGPU_MIGRATION_DATA_SIZE(function)
#define VGPU_VFIO_DATA_SIZE_OP(function) .device_feature = (function),

#define VFIO_DEVICE_FEATURE_MIG_DATA_SIZE	9

struct vfio_device_feature_mig_data_size {
	__aligned_u64 stop_copy_length;
};

#endif

#endif /* COMPAT_MIGRATION_H */
