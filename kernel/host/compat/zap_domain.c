// SPDX-License-Identifier: GPL-2.0-only
/*
 * zap_domain.c - zap domains of our own, for kernels whose VFIO devices have
 * no inode (before 6.10)
 *
 * A pseudo file system has an inode for each vGPU. An area that a VMM maps is
 * moved to a file on it, which keeps the VFIO file instead of the area.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "compat/zap_domain.h"

#define VGPU_FS_MAGIC	0x76477075	/* "vGpu" */

static int vgpu_fs_init(struct fs_context *fc)
{
	return init_pseudo(fc, VGPU_FS_MAGIC) ? 0 : -ENOMEM;
}

/*
 * Without an owner: the mount lives as long as the module and must not keep
 * it from being unloaded.
 */
static struct file_system_type vgpu_fs_type = {
	.name		 = "openvgpu",
	.init_fs_context = vgpu_fs_init,
	.kill_sb	 = kill_anon_super,
};

static struct vfsmount *vgpu_mount;

/**
 * vgpu_zap_domain_module_init - at module load
 *
 * Return: 0 or errno.
 */
int vgpu_zap_domain_module_init(void)
{
	vgpu_mount = kern_mount(&vgpu_fs_type);
	return PTR_ERR_OR_ZERO(vgpu_mount);
}

/**
 * vgpu_zap_domain_module_exit - at module unload, when no vGPU is left
 */
void vgpu_zap_domain_module_exit(void)
{
	kern_unmount(vgpu_mount);
}

/**
 * vgpu_zap_domain_create - an inode for the areas of one vGPU
 * @vdev: the VFIO device of the vGPU
 *
 * Return: the inode, for vgpu_zap_domain_destroy(), or ERR_PTR.
 */
struct inode *vgpu_zap_domain_create(struct vfio_device *vdev)
{
	return alloc_anon_inode(vgpu_mount->mnt_sb);
}

/**
 * vgpu_zap_domain_destroy - undo vgpu_zap_domain_create()
 * @inode: no area of it is left
 */
void vgpu_zap_domain_destroy(struct inode *inode)
{
	iput(inode);
}

/* The area's file keeps the VFIO file, which it took the place of. */
static int bar_file_release(struct inode *inode, struct file *file)
{
	fput(file->private_data);
	return 0;
}

static const struct file_operations bar_file_ops = {
	.owner	 = THIS_MODULE,
	.release = bar_file_release,
};

/**
 * vgpu_zap_domain_join - move an area to the mapping of an inode
 * @inode: from vgpu_zap_domain_create()
 * @vma: the area, of a VFIO file; mmap() of that file is under way
 *
 * Return: 0 or errno.
 */
int vgpu_zap_domain_join(struct inode *inode, struct vm_area_struct *vma)
{
	struct file *file;

	/* Dropped by the last fput(), but not taken by alloc_file_pseudo(). */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ihold(inode);
	file = alloc_file_pseudo(inode, vgpu_mount, "openvgpu-bar", O_RDWR,
				 &bar_file_ops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
		return PTR_ERR(file);
	}
	file->private_data = get_file(vma->vm_file);
	vma_set_file(vma, file);
	fput(file);
	return 0;
}
