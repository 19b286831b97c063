// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio.c - a vGPU as a VFIO device: open, close, reset, ioctls
 */
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"
#include "compat/compat.h"
#include "compat/migration.h"
#include "compat/region_info.h"
#include "display/dmabuf.h"
#include "display/query.h"
#include "memory/pin.h"
#include "memory/scrub.h"
#include "pci/irq.h"
#include "pci/mapping.h"
#include "vgpu/life.h"
#include "vgpu/migrate.h"
#include "vgpu/vfio.h"

/* ---------------------------------------------------- life of the struct */

static int vgpu_vfio_init(struct vfio_device *vdev)
{
	struct vgpu *vgpu = vgpu_from_vdev(vdev);
	int ret;

	mutex_init(&vgpu->lock);
	mutex_init(&vgpu->config_lock);
	mutex_init(&vgpu->irq.lock);
	mutex_init(&vgpu->display.lock);
	INIT_LIST_HEAD(&vgpu->node);
	INIT_LIST_HEAD(&vgpu->dmabufs.list);
	vgpu_pin_init(vgpu);
	vgpu_scrub_init(vgpu);
	vgpu_fault_init(vgpu);
	vgpu_flood_init(vgpu);
	vgpu_migrate_init(vgpu);
	ret = vgpu_mapping_init(vgpu);
	if (ret)
		return ret;
	vgpu_live_get();
	return 0;
}

/* May come after the GPU's remove: only memory is left to be freed. */
static void vgpu_vfio_release(struct vfio_device *vdev)
{
	struct vgpu *vgpu = vgpu_from_vdev(vdev);

	vgpu_mapping_destroy(vgpu);
	mutex_destroy(&vgpu->display.lock);
	mutex_destroy(&vgpu->irq.lock);
	mutex_destroy(&vgpu->config_lock);
	mutex_destroy(&vgpu->lock);
	mutex_destroy(&vgpu->migration.serial);
	vgpu_gpu_put(vgpu->gpu);
	vfio_free_device(vdev);
	vgpu_live_put();
}

/* --------------------------------------------------------- open and close */

static int vgpu_vfio_open(struct vfio_device *vdev)
{
	return vgpu_open(vgpu_from_vdev(vdev));
}

static void vgpu_vfio_close(struct vfio_device *vdev)
{
	vgpu_close(vgpu_from_vdev(vdev));
}

/* ------------------------------------------------------------------ ioctls */

static long ioctl_get_info(struct vgpu *vgpu, void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = { };

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = vgpu->num_regions;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	if (copy_to_user(arg, &info, min_t(size_t, info.argsz, sizeof(info))))
		return -EFAULT;
	return 0;
}

/*
 * Fills in what VFIO_DEVICE_GET_REGION_INFO answers. A region is mapped whole or
 * not at all.
 */
static int vgpu_vfio_region_info(struct vfio_device *vdev,
				 struct vfio_region_info *info,
				 struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_type gfx_type = {
		.header.id	= VFIO_REGION_INFO_CAP_TYPE,
		.header.version	= 1,
		.type		= VFIO_REGION_TYPE_GFX,
	};
	struct vgpu *vgpu = vgpu_from_vdev(vdev);
	const struct vgpu_region *region;
	u32 index = info->index;

	if (index >= vgpu->num_regions)
		return -EINVAL;
	index = array_index_nospec(index, vgpu->num_regions);
	region = &vgpu->region[index];
	info->offset = (u64)index << VGPU_OFFSET_SHIFT;
	info->size = region->size;
	info->flags = 0;
	if (!region->ops)
		return 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ;
	if (region->ops->write)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (vgpu_region_mappable(region))
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (!region->gfx_subtype)
		return 0;
	gfx_type.subtype = region->gfx_subtype;
	return vfio_info_add_capability(caps, &gfx_type.header,
					sizeof(gfx_type));
}

static long ioctl_get_irq_info(struct vgpu *vgpu, void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info = { };
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	ret = vgpu_irq_info(vgpu, &info);
	if (ret)
		return ret;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long ioctl_set_irqs(struct vgpu *vgpu, void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_info info = { };
	struct vfio_irq_set hdr;
	size_t data_size = 0;
	void *data = NULL;
	long ret;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	info.index = hdr.index;
	ret = vgpu_irq_info(vgpu, &info);
	if (ret)
		return ret;
	ret = vfio_set_irqs_validate_and_prepare(&hdr, info.count,
						 VFIO_PCI_NUM_IRQS, &data_size);
	if (ret)
		return ret;
	if (data_size) {
		data = memdup_user(arg + minsz, data_size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = vgpu_irq_set(vgpu, &hdr, data);
	kfree(data);
	return ret;
}

static long vgpu_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd,
			    unsigned long arg)
{
	struct vgpu *vgpu = vgpu_from_vdev(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return ioctl_get_info(vgpu, uarg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return vgpu_region_info_ioctl(vdev, uarg, vgpu_vfio_region_info);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return ioctl_get_irq_info(vgpu, uarg);
	case VFIO_DEVICE_SET_IRQS:
		return ioctl_set_irqs(vgpu, uarg);
	case VFIO_DEVICE_RESET:
		return vgpu_reset(vgpu, VGPU_RESET_VMM);
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return vgpu_display_query(vgpu, uarg);
	case VFIO_DEVICE_GET_GFX_DMABUF:
		return vgpu_dmabuf_get(vgpu, uarg);
	}
	return -ENOTTY;
}

#ifndef VGPU_HAVE_VFIO_DATA_SIZE
/* The one feature that this kernel's VFIO does not know, but VMMs do. */
static int vgpu_vfio_device_feature(struct vfio_device *vdev, u32 flags,
				    void __user *arg, size_t argsz)
{
	struct vfio_device_feature_mig_data_size size = { };
	unsigned long bytes;
	int ret;

	if ((flags & VFIO_DEVICE_FEATURE_MASK) !=
	    VFIO_DEVICE_FEATURE_MIG_DATA_SIZE || !vdev->mig_ops)
		return -ENOTTY;
	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(size));
	if (ret != 1)
		return ret;
	ret = vgpu_migrate_data_size(vdev, &bytes);
	if (ret)
		return ret;
	size.stop_copy_length = bytes;
	return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
}
#endif

/* ------------------------------------------------------- the other operations */

static ssize_t vgpu_vfio_read(struct vfio_device *vdev, char __user *buf,
			      size_t count, loff_t *ppos)
{
	return vgpu_region_rw(vgpu_from_vdev(vdev), buf, count, ppos, false);
}

static ssize_t vgpu_vfio_write(struct vfio_device *vdev, const char __user *buf,
			       size_t count, loff_t *ppos)
{
	return vgpu_region_rw(vgpu_from_vdev(vdev), (char __user *)buf, count,
			      ppos, true);
}

static int vgpu_vfio_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	return vgpu_mapping_mmap(vgpu_from_vdev(vdev), vma);
}

/*
 * Somebody removes the vGPU while it is in use, and waits for its user from here
 * on. VFIO repeats it every 10 s, in the same thread. It is said once of each user:
 * an open that was under way when the removal began makes a process one later.
 */
static void vgpu_vfio_request(struct vfio_device *vdev, unsigned int count)
{
	struct vgpu *vgpu = vgpu_from_vdev(vdev);
	pid_t owner = READ_ONCE(vgpu->owner_pid);
	bool asked = vgpu_irq_request(vgpu);

	if (count && owner == vgpu->asked_pid)
		return;
	vgpu->asked_pid = owner;
	if (owner)
		dev_notice(&vgpu->gpu->pdev->dev,
			   "vGPU %s is to be removed by %s (%d) but process %d has it open%s\n",
			   vgpu_name(vgpu), current->comm, task_tgid_nr(current),
			   owner,
			   asked ? ", which was asked to let go" :
				   " and takes no requests: end it");
	else
		dev_notice(&vgpu->gpu->pdev->dev,
			   "vGPU %s is to be removed by %s (%d) but a process is about to open it, or has its file in /dev/vfio/devices open\n",
			   vgpu_name(vgpu), current->comm, task_tgid_nr(current));
	vgpu_uevent_process(vgpu, "request", task_tgid_nr(current));
}

static void vgpu_vfio_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	vgpu_pin_unmap_iova(vgpu_from_vdev(vdev), iova, length);
}

const struct vfio_device_ops vgpu_vfio_ops = {
	.name		= VGPU_DRIVER_NAME,
	.init		= vgpu_vfio_init,
	.release	= vgpu_vfio_release,
	.open_device	= vgpu_vfio_open,
	.close_device	= vgpu_vfio_close,
	.read		= vgpu_vfio_read,
	.write		= vgpu_vfio_write,
	.ioctl		= vgpu_vfio_ioctl,
	.mmap		= vgpu_vfio_mmap,
	.request	= vgpu_vfio_request,
	.dma_unmap	= vgpu_vfio_dma_unmap,
	VGPU_VFIO_DATA_SIZE_OP(vgpu_vfio_device_feature)
	VGPU_VFIO_REGION_INFO_OP(vgpu_vfio_region_info)
	VGPU_VFIO_IOMMUFD_OPS
};
