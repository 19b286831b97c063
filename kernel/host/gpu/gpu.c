// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpu.c - the life of a physical GPU: probe, death, removal
 *
 * States and who changes them:
 *
 *	UP -> GOING	pci remove
 *	UP <-> RESET	reset, error recovery and suspend (recovery.c)
 *	any -> DEAD	whoever finds that the device does not answer
 *
 * All but the last hold the device lock of the PCI function, so they exclude
 * each other; death may come at any time, so every change is a cmpxchg.
 */
#include <linux/aperture.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "base/family.h"
#include "base/gpu.h"
#include "base/state.h"
#include "display/console.h"
#include "gpu/driver.h"
#include "place/instance.h"
#include "place/place.h"
#include "place/type.h"
#include "sched/log.h"
#include "sched/sched.h"
#include "vgpu/mdev.h"

static void gpu_release(struct kref *kref)
{
	struct vgpu_gpu *gpu = container_of(kref, struct vgpu_gpu, kref);

	vgpu_types_free(gpu);
	mutex_destroy(&gpu->lock);
	mutex_destroy(&gpu->place_lock);
	mutex_destroy(&gpu->console_lock);
	mutex_destroy(&gpu->state_lock);
	cleanup_srcu_struct(&gpu->access);
	kfree(gpu);
	vgpu_live_put();
}

static struct vgpu_gpu *gpu_alloc(struct pci_dev *pdev,
				  const struct vgpu_family *family)
{
	struct vgpu_gpu *gpu = kzalloc(sizeof(*gpu), GFP_KERNEL);

	if (!gpu)
		return NULL;
	if (init_srcu_struct(&gpu->access)) {
		kfree(gpu);
		return NULL;
	}
	kref_init(&gpu->kref);
	gpu->pdev = pdev;
	gpu->family = family;
	gpu->state = VGPU_GPU_UP;
	mutex_init(&gpu->state_lock);
	mutex_init(&gpu->place_lock);
	mutex_init(&gpu->lock);
	INIT_LIST_HEAD(&gpu->vgpus);
	INIT_WORK(&gpu->dead_work, vgpu_gpu_dead_work);
	INIT_DELAYED_WORK(&gpu->failed_work, vgpu_gpu_failed_work);
	INIT_DELAYED_WORK(&gpu->stuck_work, vgpu_gpu_stuck_work);
	gpu->release = gpu_release;
	vgpu_instances_init(gpu);
	vgpu_console_init(gpu);
	vgpu_live_get();
	return gpu;
}

static int start_workqueues(struct vgpu_gpu *gpu)
{
	const char *name = pci_name(gpu->pdev);

	gpu->wq = alloc_workqueue("openvgpu-%s", WQ_UNBOUND, 0, name);
	if (!gpu->wq)
		return -ENOMEM;
	gpu->memory_wq = alloc_workqueue("openvgpu-%s-memory", WQ_UNBOUND, 0,
					 name);
	if (gpu->memory_wq)
		return 0;
	destroy_workqueue(gpu->wq);
	return -ENOMEM;
}

static void stop_workqueues(struct vgpu_gpu *gpu)
{
	cancel_delayed_work_sync(&gpu->failed_work);
	cancel_delayed_work_sync(&gpu->stuck_work);
	destroy_workqueue(gpu->memory_wq);
	destroy_workqueue(gpu->wq);
}

static int gpu_enable(struct pci_dev *pdev)
{
	int ret;

	/* A board the firmware draws on belongs to somebody. */
	ret = aperture_remove_conflicting_pci_devices(pdev, VGPU_DRIVER_NAME);
	if (ret)
		return dev_err_probe(&pdev->dev, ret,
				     "can't take the firmware's framebuffer over\n");
	ret = pci_enable_device(pdev);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "can't enable the device\n");
	ret = pci_request_regions(pdev, VGPU_DRIVER_NAME);
	if (ret) {
		dev_err_probe(&pdev->dev, ret,
			      "a BAR is in use by somebody else, see /proc/iomem\n");
		goto disable;
	}
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		dev_err_probe(&pdev->dev, ret, "no 64-bit DMA\n");
		goto release_regions;
	}
	/* Whoever drove it before may have left it anything to write to. */
	pci_clear_master(pdev);
	return 0;

release_regions:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
	return ret;
}

static void gpu_disable(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
}

static int gpu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct vgpu_family *family = vgpu_family_find(pdev);
	struct vgpu_gpu *gpu;
	int ret;

	if (!family)
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "no GPU family of this driver knows %04x:%04x\n",
				     pdev->vendor, pdev->device);
	gpu = gpu_alloc(pdev, family);
	if (!gpu)
		return -ENOMEM;
	ret = gpu_enable(pdev);
	if (ret)
		goto put;
	ret = start_workqueues(gpu);
	if (ret)
		goto disable;
	ret = family->probe(gpu);
	if (ret) {
		dev_err_probe(&pdev->dev, ret, "%s: the GPU can't be used\n",
			      family->name);
		goto stop_workqueues;
	}
	gpu->firmware_mode_next = gpu->firmware_mode;
	/* For the error recovery: what that restores has bus mastering off. */
	pci_save_state(pdev);
	/* The family has reset it: what it writes from here on is ours. */
	pci_set_master(pdev);
	/* Whoever drove it before may have left a picture. */
	vgpu_console_refresh(gpu);
	ret = vgpu_sched_log_init(gpu);
	if (ret)
		goto family_remove;
	ret = vgpu_sched_init(vgpu_gpu_pool(gpu));
	if (ret)
		goto log_exit;
	vgpu_gpu_pool(gpu)->started = true;
	/* Another driver may have given it to a tenant. */
	ret = vgpu_gpu_scrub(gpu);
	if (ret) {
		dev_err_probe(&pdev->dev, ret,
			      "its video memory can't be zeroed\n");
		goto sched_exit;
	}
	ret = vgpu_types_create(gpu);
	if (ret)
		goto sched_exit;
	pci_set_drvdata(pdev, gpu);
	ret = vgpu_instances_show(gpu);
	if (ret)
		goto sched_exit;
	ret = mdev_register_parent(&gpu->parent, &pdev->dev, &vgpu_mdev_driver,
				   gpu->mdev_types, gpu->num_types);
	if (ret) {
		dev_err_probe(&pdev->dev, ret, "can't offer vGPUs\n");
		goto instances_hide;
	}
	vgpu_types_adopt(gpu);
	dev_info(&pdev->dev, "%s %s: %llu MiB for up to %u vGPUs of %u types\n",
		 family->name, gpu->board,
		 (gpu->fb_size - gpu->fb_reserved) >> 20, gpu->max_vgpus,
		 gpu->num_types);
	return 0;

instances_hide:
	/* A program may have found the folder already. */
	cmpxchg(&gpu->state, VGPU_GPU_UP, VGPU_GPU_GOING);
	vgpu_release_all(gpu);
	vgpu_instances_hide(gpu);
sched_exit:
	vgpu_sched_exit(vgpu_gpu_pool(gpu));
log_exit:
	vgpu_sched_log_exit(gpu);
family_remove:
	family->remove(gpu);
stop_workqueues:
	stop_workqueues(gpu);
disable:
	gpu_disable(pdev);
put:
	vgpu_gpu_put(gpu);
	return ret;
}

/*
 * The next driver may give it to somebody else. Nobody can be refused any more:
 * who wants to be sure writes to hand_over before.
 */
static void scrub_last(struct vgpu_gpu *gpu)
{
	int ret = vgpu_gpu_scrub(gpu);

	if (ret && pci_device_is_present(gpu->pdev))
		dev_err(&gpu->pdev->dev,
			"its video memory was not zeroed (%d): the next driver can read what vGPUs left; power it off, or bind openvgpu again\n",
			ret);
}

static void gpu_remove(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	/* Opens and creates hold it: after this they see the new state. */
	mutex_lock(&gpu->state_lock);
	cmpxchg(&gpu->state, VGPU_GPU_UP, VGPU_GPU_GOING);
	mutex_unlock(&gpu->state_lock);
	if (!pci_device_is_present(pdev) ||
	    (!vgpu_gpu_is_dead(gpu) && !gpu->family->alive(gpu)))
		vgpu_gpu_dead(gpu, "it was removed");
	/*
	 * No guest may still see its pages while we wait for the users below:
	 * the addresses may go to another device.
	 */
	flush_work(&gpu->dead_work);

	/* Removes every vGPU; waits for those that are open. */
	mdev_unregister_parent(&gpu->parent);
	vgpu_release_all(gpu);
	vgpu_instances_hide(gpu);
	scrub_last(gpu);
	vgpu_sched_exit(vgpu_gpu_pool(gpu));
	vgpu_sched_log_exit(gpu);
	vgpu_console_stop(gpu);
	gpu->family->remove(gpu);
	/* vgpu_gpu_dead() may have been called until here. */
	stop_workqueues(gpu);
	gpu_disable(pdev);
	pci_set_drvdata(pdev, NULL);
	vgpu_gpu_put(gpu);
}

/* The machine stops, or another kernel takes over: no DMA after this. */
static void gpu_shutdown(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	if (!gpu)
		return;
	vgpu_gpu_quiesce(gpu);
	pci_clear_master(pdev);
}

struct pci_driver vgpu_pci_driver = {
	.name		= VGPU_DRIVER_NAME,
	.id_table	= vgpu_pci_ids,
	.probe		= gpu_probe,
	.remove		= gpu_remove,
	.shutdown	= gpu_shutdown,
	.err_handler	= &vgpu_pci_error_handlers,
	.dev_groups	= vgpu_gpu_groups,
	.driver.pm	= pm_sleep_ptr(&vgpu_pm_ops),
};
