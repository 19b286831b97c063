// SPDX-License-Identifier: GPL-2.0-only
/*
 * recovery.c - reset, bus errors and suspend of a physical GPU
 *
 * All three take the hardware away from running vGPUs and give it back, or
 * find that it is gone. In between the GPU's state is RESET: nobody touches
 * it, guests see scratch pages, opens are refused with EBUSY. Afterwards
 * every vGPU that was open has lost its engine state and gets
 * VGPU_FAULT_GPU_RESET; what is left of its framebuffer depends on the device.
 *
 * The PCI core calls all of this with the device lock held.
 */
#include <linux/pm.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "display/console.h"
#include "gpu/driver.h"
#include "pci/irq.h"
#include "pci/mapping.h"
#include "place/instance.h"
#include "vgpu/life.h"

/*
 * The PCI core gives up the recovery from an error without a word to the driver,
 * for instance when another function of the slot has no handlers.
 */
#define STUCK_WAIT	(60 * HZ)

/* The device must not be touched from here on. Death is final. */
static void enter_reset(struct vgpu_gpu *gpu)
{
	enum vgpu_gpu_state state = READ_ONCE(gpu->state);

	while (state != VGPU_GPU_DEAD &&
	       !try_cmpxchg(&gpu->state, &state, VGPU_GPU_RESET))
		;
}

/**
 * vgpu_gpu_quiesce - take the hardware away from every vGPU
 * @gpu: the GPU
 *
 * Engines are stopped, guest memory is taken away, BAR mappings show scratch
 * pages. The state is RESET after it, unless the GPU is dead, and nobody touches
 * the hardware any more. May sleep, bounded: waits for nothing that a VMM can
 * hold up. Not from a work item of gpu->wq.
 */
void vgpu_gpu_quiesce(struct vgpu_gpu *gpu)
{
	struct vgpu *vgpu;

	mutex_lock(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node)
		vgpu_quiesce(vgpu);
	enter_reset(gpu);
	mutex_unlock(&gpu->state_lock);
	/* All who looked at the state before. */
	synchronize_srcu(&gpu->access);
}

/*
 * The same when the device must not be touched any more. It can't be asked to let
 * go of guest memory, so its DMA ends before anybody takes that away.
 */
static void gpu_isolate(struct vgpu_gpu *gpu)
{
	pci_clear_master(gpu->pdev);
	enter_reset(gpu);
	vgpu_gpu_quiesce(gpu);
	queue_delayed_work(gpu->wq, &gpu->stuck_work, STUCK_WAIT);
}

/*
 * The device works again, divided as before. Nobody else touches it before it is UP,
 * and nobody runs there before its instances have their slices. Returns whether it is
 * UP.
 */
static bool bring_up(struct vgpu_gpu *gpu)
{
	lockdep_assert_held(&gpu->place_lock);
	if (gpu->family->reinit(gpu)) {
		vgpu_gpu_dead(gpu, "it does not come back after a reset");
		return false;
	}
	/*
	 * For the next slot reset: restoring has used up what was saved. The
	 * device remembers no memory now, so it may access memory again.
	 */
	pci_clear_master(gpu->pdev);
	pci_save_state(gpu->pdev);
	pci_set_master(gpu->pdev);
	WRITE_ONCE(gpu->recoveries, gpu->recoveries + 1);
	if (cmpxchg(&gpu->state, VGPU_GPU_RESET, VGPU_GPU_UP) != VGPU_GPU_RESET)
		return false;
	if (!vgpu_instances_restore(gpu))
		return true;
	vgpu_gpu_dead(gpu, "it can't be divided again after a reset");
	return false;
}

/* Give the hardware back. The device was reset and its config restored. */
static void gpu_recover(struct vgpu_gpu *gpu)
{
	struct vgpu *vgpu;
	bool up;
	int ret;

	mutex_lock(&gpu->state_lock);
	cancel_delayed_work(&gpu->stuck_work);
	if (READ_ONCE(gpu->state) != VGPU_GPU_RESET)
		goto unlock;
	mutex_lock(&gpu->place_lock);
	up = bring_up(gpu);
	mutex_unlock(&gpu->place_lock);
	if (!up)
		goto unlock;
	list_for_each_entry(vgpu, &gpu->vgpus, node) {
		ret = vgpu_recover(vgpu);
		if (ret) {
			vgpu_gpu_dead(gpu, "a vGPU can't be set up again after a reset");
			goto unlock;
		}
	}
	list_for_each_entry(vgpu, &gpu->vgpus, node) {
		if (!vgpu_is_open(vgpu))
			continue;
		vgpu_report_fault(vgpu, VGPU_FAULT_GPU_RESET);
		vgpu_report_recovery(vgpu);
	}
	vgpu_console_refresh(gpu);
	dev_info(&gpu->pdev->dev, "GPU is up again after a reset\n");
unlock:
	mutex_unlock(&gpu->state_lock);
}

/**
 * vgpu_gpu_dead_work - tell every vGPU that its GPU is dead
 * @work: dead_work of the GPU; queued by vgpu_gpu_dead()
 *
 * A work item, because the death may be found in any context.
 */
void vgpu_gpu_dead_work(struct work_struct *work)
{
	struct vgpu_gpu *gpu = container_of(work, struct vgpu_gpu, dead_work);
	struct vgpu *vgpu;

	mutex_lock(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node)
		vgpu_lose(vgpu);
	mutex_unlock(&gpu->state_lock);
}

/**
 * vgpu_gpu_failed_work - declare a GPU dead that failed, unless it was reset
 * @work: failed_work of the GPU; queued by vgpu_gpu_failed()
 */
void vgpu_gpu_failed_work(struct work_struct *work)
{
	struct vgpu_gpu *gpu = container_of(to_delayed_work(work),
					    struct vgpu_gpu, failed_work);

	mutex_lock(&gpu->state_lock);
	/* In RESET, whoever resets it finds out. */
	if (READ_ONCE(gpu->state) != VGPU_GPU_RESET &&
	    gpu->recoveries == READ_ONCE(gpu->failed_recoveries))
		vgpu_gpu_dead(gpu, READ_ONCE(gpu->failed_why));
	mutex_unlock(&gpu->state_lock);
}

/**
 * vgpu_gpu_stuck_work - declare a GPU dead whose recovery was given up
 * @work: stuck_work of the GPU; queued when it was isolated
 */
void vgpu_gpu_stuck_work(struct work_struct *work)
{
	struct vgpu_gpu *gpu = container_of(to_delayed_work(work),
					    struct vgpu_gpu, stuck_work);

	mutex_lock(&gpu->state_lock);
	if (READ_ONCE(gpu->state) == VGPU_GPU_RESET)
		vgpu_gpu_dead(gpu, "nobody has reset it since the bus error");
	mutex_unlock(&gpu->state_lock);
}

/* ---------------------------------------- reset by an administrator (sysfs) */

static unsigned int gpu_users(struct vgpu_gpu *gpu)
{
	unsigned int users = 0;
	struct vgpu *vgpu;

	mutex_lock(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node)
		users += vgpu_is_open(vgpu);
	mutex_unlock(&gpu->state_lock);
	return users;
}

/* Can't refuse: the PCI core takes no answer. */
static void gpu_reset_prepare(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);
	unsigned int users;

	if (!gpu)
		return;
	users = gpu_users(gpu);
	if (users)
		vgpu_gpu_error(gpu,
			       "GPU is reset while %u vGPUs are in use: each gets fault %d and its guest must start over; close them first next time",
			       users, VGPU_FAULT_GPU_RESET);
	/* One that has failed does not let go when it is asked to. */
	if (delayed_work_pending(&gpu->failed_work))
		gpu_isolate(gpu);
	else
		vgpu_gpu_quiesce(gpu);
}

static void gpu_reset_done(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	if (gpu)
		gpu_recover(gpu);
}

/* ------------------------------------------------- bus errors (AER, DPC) */

static pci_ers_result_t gpu_error_detected(struct pci_dev *pdev,
					   pci_channel_state_t channel)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);
	struct vgpu *vgpu;

	if (!gpu)
		return PCI_ERS_RESULT_DISCONNECT;
	if (channel == pci_channel_io_normal)
		return PCI_ERS_RESULT_CAN_RECOVER;
	if (channel == pci_channel_io_perm_failure) {
		vgpu_gpu_dead(gpu, "its PCIe link failed for good");
		return PCI_ERS_RESULT_DISCONNECT;
	}
	vgpu_gpu_error(gpu,
		       "fatal PCIe error: the GPU is reset and every open vGPU gets fault %d",
		       VGPU_FAULT_GPU_RESET);
	gpu_isolate(gpu);
	mutex_lock(&gpu->state_lock);
	list_for_each_entry(vgpu, &gpu->vgpus, node)
		vgpu_irq_error(vgpu);
	mutex_unlock(&gpu->state_lock);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t gpu_mmio_enabled(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	if (!gpu)
		return PCI_ERS_RESULT_DISCONNECT;
	if (vgpu_gpu_is_dead(gpu))
		return PCI_ERS_RESULT_RECOVERED;
	/* The error may be why it failed, even if it answers now. */
	if (!delayed_work_pending(&gpu->failed_work) && gpu->family->alive(gpu))
		return PCI_ERS_RESULT_RECOVERED;
	gpu_isolate(gpu);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t gpu_slot_reset(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	if (!gpu)
		return PCI_ERS_RESULT_DISCONNECT;
	/* Another function of the slot may have asked for it. */
	if (READ_ONCE(gpu->state) == VGPU_GPU_UP)
		gpu_isolate(gpu);
	if (READ_ONCE(gpu->state) == VGPU_GPU_DEAD)
		return PCI_ERS_RESULT_DISCONNECT;
	/* With bus mastering off, for it may not really have been reset. */
	pci_restore_state(pdev);
	if (pci_device_is_present(pdev))
		return PCI_ERS_RESULT_RECOVERED;
	vgpu_gpu_dead(gpu, "it does not answer after a slot reset");
	return PCI_ERS_RESULT_DISCONNECT;
}

static void gpu_resume(struct pci_dev *pdev)
{
	struct vgpu_gpu *gpu = pci_get_drvdata(pdev);

	if (gpu)
		gpu_recover(gpu);
}

const struct pci_error_handlers vgpu_pci_error_handlers = {
	.error_detected	= gpu_error_detected,
	.mmio_enabled	= gpu_mmio_enabled,
	.slot_reset	= gpu_slot_reset,
	.resume		= gpu_resume,
	.reset_prepare	= gpu_reset_prepare,
	.reset_done	= gpu_reset_done,
};

/* --------------------------------------------------------- system suspend */

/*
 * A guest's framebuffer and engine state would be lost silently, so the
 * machine stays awake while a vGPU is open.
 */
static int gpu_pm_prepare(struct device *dev)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);
	unsigned int users = gpu ? gpu_users(gpu) : 0;

	if (!users)
		return 0;
	vgpu_gpu_error(gpu,
		       "suspend refused: %u vGPUs are in use; stop their VMs first",
		       users);
	return -EBUSY;
}

static int gpu_pm_suspend(struct device *dev)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);

	if (gpu)
		vgpu_gpu_quiesce(gpu);
	return 0;
}

static int gpu_pm_resume(struct device *dev)
{
	struct vgpu_gpu *gpu = dev_get_drvdata(dev);

	if (gpu)
		gpu_recover(gpu);
	return 0;
}

const struct dev_pm_ops vgpu_pm_ops = {
	.prepare = pm_sleep_ptr(gpu_pm_prepare),
	SYSTEM_SLEEP_PM_OPS(gpu_pm_suspend, gpu_pm_resume)
};
