// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev.c - the life of a vGPU, from `echo UUID > create` to its removal
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "base/state.h"
#include "base/uevent.h"
#include "base/vgpu.h"
#include "display/console.h"
#include "memory/scrub.h"
#include "place/place.h"
#include "place/type.h"
#include "sched/sched.h"
#include "vgpu/choose.h"
#include "vgpu/mdev.h"
#include "vgpu/migrate.h"
#include "vgpu/vfio.h"

/* Makes the GPU's parts of a vGPU: slice, partition, virtual function. */
static int vgpu_setup(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	const struct vgpu_family *family = gpu->family;
	int ret;

	vgpu_sched_prepare(vgpu);
	ret = vgpu_place(vgpu);
	if (ret)
		return ret;
	ret = family->partition_setup ? family->partition_setup(vgpu) : 0;
	if (ret) {
		vgpu_error(vgpu, " not created: partition %u can't be set up (%d)",
			   vgpu->partition, ret);
		goto unplace;
	}
	ret = vgpu_personality_init(vgpu, vgpu->type->personality);
	if (ret) {
		vgpu_error(vgpu, " not created: personality %s failed (%d)",
			   vgpu->personality->name, ret);
		goto teardown;
	}
	return 0;

teardown:
	if (family->partition_teardown)
		family->partition_teardown(vgpu);
unplace:
	vgpu_unplace(vgpu);
	return ret;
}

static void vgpu_teardown(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	vgpu_pin_exit(vgpu);
	/* The slice goes to somebody else: it must be zero before. */
	flush_work(&vgpu->scrub.work);
	vgpu_personality_release(vgpu);
	if (family->partition_teardown)
		family->partition_teardown(vgpu);
	vgpu_unplace(vgpu);
}

/* From here on reset, death and suspend of the GPU concern this vGPU. */
static int vgpu_link(struct vgpu *vgpu)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	int ret = 0;

	mutex_lock(&gpu->state_lock);
	if (READ_ONCE(gpu->state) == VGPU_GPU_UP)
		list_add_tail(&vgpu->node, &gpu->vgpus);
	else
		ret = READ_ONCE(gpu->state) == VGPU_GPU_RESET ? -EBUSY : -ENODEV;
	mutex_unlock(&gpu->state_lock);
	if (ret)
		vgpu_error(vgpu, " not created: the GPU is in state %s",
			   vgpu_gpu_state_name(gpu));
	return ret;
}

/*
 * From here on they do not, and nothing more is said of it: what was still to be
 * told is told here, or dropped. The vGPU is closed.
 */
static void vgpu_unlink(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->gpu->state_lock);
	list_del(&vgpu->node);
	mutex_unlock(&vgpu->gpu->state_lock);
	vgpu_console_forget(vgpu);
	vgpu_fault_exit(vgpu);
	vgpu_flood_exit(vgpu);
}

static int vgpu_mdev_probe(struct mdev_device *mdev)
{
	struct vgpu_type *type = vgpu_type_from_mdev(mdev->type);
	struct vgpu *vgpu;
	int ret;

	vgpu = vfio_alloc_device(vgpu, vdev, &mdev->dev, &vgpu_vfio_ops);
	if (IS_ERR(vgpu))
		return PTR_ERR(vgpu);
	vgpu_gpu_get(type->gpu);
	vgpu->gpu = type->gpu;
	vgpu->mdev = mdev;
	vgpu->type = type;
	vgpu->limits = (struct vgpu_limits){
		.cap_percent		= OPENVGPU_CAP_PERCENT_DEFAULT,
		.cap_ceiling_percent	= OPENVGPU_CAP_CEILING_PERCENT_DEFAULT,
		.frame_rate		= type->series->frl_config,
	};
	vgpu_migrate_setup(vgpu);

	ret = vgpu_setup(vgpu);
	if (ret)
		goto put;
	ret = vgpu_link(vgpu);
	if (ret)
		goto teardown;
	/* After that, or a reset of the GPU might follow that nobody notes here. */
	vgpu_scrub_queue(vgpu);
	dev_set_drvdata(mdev_dev(mdev), vgpu);
	/* The driver core (dev_groups) would add them after the event. */
	ret = sysfs_create_groups(&mdev_dev(mdev)->kobj, vgpu_mdev_groups);
	if (ret) {
		vgpu_error(vgpu, " not created: no attributes (%d)", ret);
		goto unlink;
	}
	ret = vfio_register_emulated_iommu_dev(&vgpu->vdev);
	if (ret) {
		vgpu_error(vgpu, " not created: VFIO refuses it (%d)", ret);
		goto remove_groups;
	}
	dev_info(&vgpu->gpu->pdev->dev,
		 "vGPU %s created: %s, partition %u, framebuffer at %llu MiB\n",
		 vgpu_name(vgpu), type->sysfs_name, vgpu->partition,
		 vgpu->fb_offset >> 20);
	vgpu_uevent(vgpu, "create", NULL, NULL);
	return 0;

remove_groups:
	sysfs_remove_groups(&mdev_dev(mdev)->kobj, vgpu_mdev_groups);
unlink:
	vgpu_unlink(vgpu);
teardown:
	vgpu_teardown(vgpu);
put:
	vfio_put_device(&vgpu->vdev);
	return ret;
}

static void vgpu_mdev_remove(struct mdev_device *mdev)
{
	struct vgpu *vgpu = dev_get_drvdata(mdev_dev(mdev));
	struct vgpu_gpu *gpu = vgpu->gpu;

	/* Waits until the user has closed it; see the request operation. */
	vfio_unregister_group_dev(&vgpu->vdev);
	vgpu_unlink(vgpu);
	vgpu_uevent(vgpu, "remove", NULL, NULL);
	sysfs_remove_groups(&mdev_dev(mdev)->kobj, vgpu_mdev_groups);
	vgpu_teardown(vgpu);
	dev_info(&gpu->pdev->dev, "vGPU %s removed by %s (%d)\n",
		 vgpu_name(vgpu), current->comm, task_tgid_nr(current));
	vfio_put_device(&vgpu->vdev);
}

struct mdev_driver vgpu_mdev_driver = {
	.device_api		= VFIO_DEVICE_API_PCI_STRING,
	.driver = {
		.name		= "openvgpu_mdev",
		.owner		= THIS_MODULE,
		.mod_name	= KBUILD_MODNAME,
	},
	.probe			= vgpu_mdev_probe,
	.remove			= vgpu_mdev_remove,
	.get_available		= vgpu_type_available,
	.show_description	= vgpu_type_description,
};
