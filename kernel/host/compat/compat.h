/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - differences between the kernels the module is built for
 *
 * New names are used everywhere and old kernels adapted here. A shim says which
 * release made the change, but what decides is VGPU_HAVE_...: probes looks
 * for the interface itself in the kernel's headers, because distributions
 * bring newer ones back to older kernels. What takes more than a few lines has
 * a file of its own: zap_domain.c, region_info.c.
 */
#ifndef COMPAT_COMPAT_H
#define COMPAT_COMPAT_H

#include <linux/crc32.h>
#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/shmem_fs.h>
#include <linux/vfio.h>

/* 6.2: the core frees a vfio_device after ->release(), and the call is gone. */
#ifndef VGPU_HAVE_VFIO_FREE_DEVICE
static inline void vfio_free_device(struct vfio_device *vdev) { }
#endif

/* 6.2: emulated devices name their iommufd helpers. */
#ifdef VGPU_HAVE_VFIO_IOMMUFD
#define VGPU_VFIO_IOMMUFD_OPS					\
	.bind_iommufd	= vfio_iommufd_emulated_bind,		\
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,		\
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,	\
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
#else
#define VGPU_VFIO_IOMMUFD_OPS
#endif

/* 6.3: vm_flags is written through helpers. */
#ifndef VGPU_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 7.1: flags of areas are a type of their own. The pages of the file are not reserved. */
static inline struct file *vgpu_shmem_file(const char *name, loff_t bytes)
{
#ifdef VGPU_HAVE_SHMEM_VMA_FLAGS
	return shmem_file_setup(name, bytes, mk_vma_flags(VMA_NORESERVE_BIT));
#else
	return shmem_file_setup(name, bytes, VM_NORESERVE);
#endif
}

/* 6.8: eventfd_signal() lost its count and its result. */
static inline void vgpu_eventfd_signal(struct eventfd_ctx *ctx)
{
#ifdef VGPU_HAVE_EVENTFD_SIGNAL_COUNT
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/*
 * 6.13: MODULE_IMPORT_NS() takes a string, before it a bare word. No probe: what
 * it expands to has not changed.
 */
#define VGPU_IMPORT_NS(namespace)	MODULE_INFO(import_ns, namespace)

/* One more reference to a group that is referred to; 6.1 has no call for it. */
static inline void vgpu_mem_cgroup_get(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	if (memcg)
		css_get(&memcg->css);
#endif
}

/* 6.13 added hrtimer_setup(); 6.15 removed hrtimer_init(). */
#ifndef VGPU_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* 6.14: CRC32C is a call of lib/crc32; before, it went by the crypto layer. */
static inline u32 vgpu_crc32c(u32 crc, const u8 *bytes, size_t count)
{
#ifdef VGPU_HAVE_CRC32C
	return crc32c(crc, bytes, count);
#else
	return __crc32c_le(crc, bytes, count);
#endif
}

/*
 * 6.14: a worker that was created does not run until it is woken, which
 * kthread_run_worker() does. Before, kthread_create_worker() did both.
 */
#ifdef VGPU_HAVE_KTHREAD_RUN_WORKER
#define vgpu_kthread_run_worker(...)	kthread_run_worker(0, __VA_ARGS__)
#else
#define vgpu_kthread_run_worker(...)	kthread_create_worker(0, __VA_ARGS__)
#endif

#endif /* COMPAT_COMPAT_H */
