/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zap_domain.h - an inode whose mapping holds all areas of one VFIO device
 *
 * 6.10: each VFIO device has such an inode, found by the probe VFIO_INODE. On
 * older kernels all VFIO files share one, so zap_domain.c makes them.
 */
#ifndef COMPAT_ZAP_DOMAIN_H
#define COMPAT_ZAP_DOMAIN_H

#include <linux/vfio.h>

#ifdef VGPU_HAVE_VFIO_INODE

static inline int vgpu_zap_domain_module_init(void)
{
	return 0;
}

static inline void vgpu_zap_domain_module_exit(void) { }

static inline struct inode *vgpu_zap_domain_create(struct vfio_device *vdev)
{
	return vdev->inode;
}

static inline void vgpu_zap_domain_destroy(struct inode *inode) { }

static inline int vgpu_zap_domain_join(struct inode *inode,
				       struct vm_area_struct *vma)
{
	return 0;
}

#else

int vgpu_zap_domain_module_init(void);
void vgpu_zap_domain_module_exit(void);
struct inode *vgpu_zap_domain_create(struct vfio_device *vdev);
void vgpu_zap_domain_destroy(struct inode *inode);
int vgpu_zap_domain_join(struct inode *inode, struct vm_area_struct *vma);

#endif

#endif /* COMPAT_ZAP_DOMAIN_H */
