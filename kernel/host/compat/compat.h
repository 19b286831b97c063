/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - differences between the kernels the module is built for
 *
 * New names are used everywhere and old kernels adapted here; no other file
 * looks at the kernel's version. A shim says which release made the change.
 */
#ifndef OPENVGPU_COMPAT_H
#define OPENVGPU_COMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/version.h>
#include <linux/vfio.h>

/* 6.2: the core frees a vfio_device after ->release(), and the call is gone. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
static inline void vfio_free_device(struct vfio_device *vdev) { }
#endif

/* 6.2: emulated devices name their iommufd helpers. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define VGPU_VFIO_IOMMUFD_OPS					\
	.bind_iommufd	= vfio_iommufd_emulated_bind,		\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,		\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,	\
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#else
#define VGPU_VFIO_IOMMUFD_OPS
#endif

/* 6.3: vm_flags is written through helpers. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.8: eventfd_signal() lost its count and its result. */
static inline void vgpu_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

/* 6.11: a vfio_device has an inode of its own, so its mappings can be zapped. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define VGPU_OWN_ZAP_DOMAIN	1
#endif

/* 6.13: the namespace of a symbol is a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define VGPU_IMPORT_NS(namespace)	MODULE_IMPORT_NS(#namespace)
#else
#define VGPU_IMPORT_NS(namespace)	MODULE_IMPORT_NS(namespace)
#endif

/* 6.13 added hrtimer_setup(); 6.15 removed hrtimer_init(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* 6.14: a created worker is stopped until it is woken. */
#ifdef kthread_run_worker
#define vgpu_kthread_run_worker(...)	kthread_run_worker(0, __VA_ARGS__)
#else
#define vgpu_kthread_run_worker(...)	kthread_create_worker(0, __VA_ARGS__)
#endif

/* 6.19: the core decodes VFIO_DEVICE_GET_REGION_INFO and calls an op. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define VGPU_VFIO_REGION_INFO_OP(function) .get_region_info_caps = (function),
#else
#define VGPU_VFIO_REGION_INFO_OP(function)
#define VGPU_REGION_INFO_IOCTL	1
#endif

#endif /* OPENVGPU_COMPAT_H */
