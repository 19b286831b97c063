// SPDX-License-Identifier: GPL-2.0-only
/*
 * drv.c - refgpu.ko: the PCI driver, the DRM device, and what does not fit elsewhere
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <drm/drm_atomic_helper.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/drm_modeset_helper.h>
#include <drm/drm_prime.h>

#include "compat.h"
#include "console.h"
#include "fdinfo.h"
#include "gem.h"
#include "kms.h"

/* What may sleep and is nobody's call: recovery, the end of files and grants. */
struct workqueue_struct *refgpu_wq;

/* ------------------------------------------------------------------- ioctls */

static int get_param_ioctl(struct drm_device *drm, void *data, struct drm_file *drm_file)
{
	struct drm_refgpu_get_param *args = data;
	struct refgpu *gpu = refgpu_of(drm);

	if (args->pad)
		return -EINVAL;
	switch (args->param) {
	case DRM_REFGPU_PARAM_HARDWARE_VERSION:
		args->value = gpu->version;
		return 0;
	case DRM_REFGPU_PARAM_CAPABILITIES:
		args->value = gpu->caps;
		return 0;
	case DRM_REFGPU_PARAM_VRAM_SIZE:
		args->value = gpu->vram_size;
		return 0;
	case DRM_REFGPU_PARAM_VRAM_FREE:
		mutex_lock(&gpu->memory);
		args->value = gpu->vram_free;
		mutex_unlock(&gpu->memory);
		return 0;
	case DRM_REFGPU_PARAM_APERTURE_SIZE:
		args->value = gpu->aperture_pages << REFGPU_PAGE_SHIFT;
		return 0;
	case DRM_REFGPU_PARAM_HEADS:
		args->value = gpu->heads;
		return 0;
	case DRM_REFGPU_PARAM_ISOLATION:
		args->value = refgpu_isolates(gpu);
		return 0;
	case DRM_REFGPU_PARAM_HOST_VERSION:
		args->value = gpu->host_version;
		return 0;
	default:
		return -EINVAL;
	}
}

#define IOCTL(name, function)	\
	DRM_IOCTL_DEF_DRV(REFGPU_##name, function, DRM_RENDER_ALLOW)

static const struct drm_ioctl_desc ioctls[] = {
	IOCTL(GET_PARAM, get_param_ioctl),
	IOCTL(BO_CREATE, refgpu_bo_create_ioctl),
	IOCTL(BO_INFO, refgpu_bo_info_ioctl),
	IOCTL(BO_WAIT, refgpu_bo_wait_ioctl),
	IOCTL(CONTEXT_CREATE, refgpu_context_create_ioctl),
	IOCTL(CONTEXT_DESTROY, refgpu_context_destroy_ioctl),
	IOCTL(CONTEXT_STATUS, refgpu_context_status_ioctl),
	IOCTL(SUBMIT, refgpu_submit_ioctl),
};

static const struct file_operations file_operations = {
	.owner = THIS_MODULE,
	DRM_GEM_FOPS,
	REFGPU_FDINFO_FOP
};

static const struct drm_driver drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE | DRIVER_MODESET | DRIVER_ATOMIC,
	.name		= "refgpu",
	.desc		= "reference GPU, whole or a vGPU of OpenVGPU",
	REFGPU_DATE
	.major		= REFGPU_DRIVER_MAJOR,
	.minor		= REFGPU_DRIVER_MINOR,
	.fops		= &file_operations,
	.open		= refgpu_open,
	.postclose	= refgpu_postclose,
	.ioctls		= ioctls,
	.num_ioctls	= ARRAY_SIZE(ioctls),
	.dumb_create	= refgpu_dumb_create,
	.gem_create_object = refgpu_gem_create_object,
	.gem_prime_import = refgpu_gem_prime_import,
	.gem_prime_import_sg_table = refgpu_gem_import,
	REFGPU_PRIME_OPS
	REFGPU_FDINFO_OP
	REFGPU_CONSOLE_OPS
};

/* ---------------------------------------------------------------- registers */

static void unmap(struct drm_device *drm, void *data)
{
	iounmap((void __iomem *)data);
}

/**
 * refgpu_iomap - map a piece of a BAR until the last user of the device is gone
 * @gpu: the GPU
 * @bar: number of the BAR
 * @offset: first byte
 * @bytes: how many
 * @combine: writes may be combined
 * @mapping: receives it
 *
 * What is left of a GPU that was unplugged reads all ones, and does no harm.
 */
int refgpu_iomap(struct refgpu *gpu, unsigned int bar, u64 offset, u64 bytes, bool combine,
		 void __iomem **mapping)
{
	phys_addr_t start = pci_resource_start(gpu->pdev, bar);
	u64 length = pci_resource_len(gpu->pdev, bar);
	void __iomem *io;

	if (offset > length || bytes > length - offset || !bytes)
		return -ENODEV;
	io = combine ? ioremap_wc(start + offset, bytes) : ioremap(start + offset, bytes);
	if (!io)
		return -ENOMEM;
	*mapping = io;
	return drmm_add_action_or_reset(&gpu->drm, unmap, (void __force *)io);
}

/**
 * refgpu_identify - read from the user page what the GPU is
 * @gpu: with the user page mapped
 *
 * Return: -ENODEV: it is not one that this driver knows.
 */
int refgpu_identify(struct refgpu *gpu)
{
	u64 id = user_read(gpu, REFGPU_USER_ID);

	gpu->version = user_read(gpu, REFGPU_USER_VERSION);
	if (id != REFGPU_ID || gpu->version >> 16 != REFGPU_VERSION >> 16) {
		drm_err(&gpu->drm, "unknown hardware: id 0x%llx, version 0x%llx\n", id,
			gpu->version);
		return -ENODEV;
	}
	gpu->caps = user_read(gpu, REFGPU_USER_CAPS);
	gpu->vram_size = user_read(gpu, REFGPU_USER_VRAM_SIZE);
	gpu->aperture_pages = min_t(u64, user_read(gpu, REFGPU_USER_SYSMEM_PAGES),
				    REFGPU_SYSMEM_PAGES_MAX);
	if (!gpu->vram_size || gpu->vram_size % REFGPU_GRANULE)
		return -ENODEV;
	return 0;
}

/**
 * refgpu_interrupt_enable - change which interrupts of the user page come
 * @gpu: the GPU
 * @set: these shall
 * @clear: these shall not
 *
 * Any context.
 */
void refgpu_interrupt_enable(struct refgpu *gpu, u64 set, u64 clear)
{
	unsigned long flags;

	spin_lock_irqsave(&gpu->interrupt_lock, flags);
	gpu->interrupt_enable = (gpu->interrupt_enable | set) & ~clear;
	user_write(gpu, REFGPU_USER_INTR_ENABLE, gpu->interrupt_enable);
	/* A bit that is set already raises nothing until it has been cleared. */
	if (set)
		user_write(gpu, REFGPU_USER_INTR_STATUS, set);
	spin_unlock_irqrestore(&gpu->interrupt_lock, flags);
}

static irqreturn_t user_interrupt(int irq, void *data)
{
	struct refgpu *gpu = data;
	u64 status = user_read(gpu, REFGPU_USER_INTR_STATUS);
	unsigned int i;

	if (!status)
		return IRQ_NONE;
	if (status == REFGPU_GONE) {
		refgpu_recover(gpu, 0);
		return IRQ_HANDLED;
	}
	user_write(gpu, REFGPU_USER_INTR_STATUS, status);
	if (status & REFGPU_INTR_FENCE)
		for (i = 0; i < REFGPU_RINGS; i++)
			/* A trap a job is too much, but for the kernel's: those clear memory. */
			refgpu_ring_retire(&gpu->rings[i], !i);
	if (status & REFGPU_INTR_ERROR)
		refgpu_recover(gpu, 0);
	if (gpu->kms)
		refgpu_kms_interrupt(gpu, status);
	return IRQ_HANDLED;
}

static irqreturn_t backend_interrupt(int irq, void *data)
{
	struct refgpu *gpu = data;

	return gpu->backend->interrupt(gpu);
}

static void irqs_end(struct refgpu *gpu)
{
	free_irq(pci_irq_vector(gpu->pdev, 0), gpu);
	if (gpu->backend->interrupt)
		free_irq(pci_irq_vector(gpu->pdev, 1), gpu);
	pci_free_irq_vectors(gpu->pdev);
}

static int irqs_init(struct refgpu *gpu)
{
	int vectors = gpu->backend->interrupt ? 2 : 1, ret;

	ret = pci_alloc_irq_vectors(gpu->pdev, vectors, vectors, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(gpu->pdev, 0), user_interrupt, 0, "refgpu", gpu);
	if (ret)
		goto free_vectors;
	if (!gpu->backend->interrupt)
		return 0;
	ret = request_irq(pci_irq_vector(gpu->pdev, 1), backend_interrupt, 0, "refgpu-host", gpu);
	if (!ret)
		return 0;
	free_irq(pci_irq_vector(gpu->pdev, 0), gpu);
free_vectors:
	pci_free_irq_vectors(gpu->pdev);
	return ret;
}

/* ------------------------------------------------------------- begin and end */

/**
 * refgpu_depart - take the device away from its users
 * @gpu: the GPU is gone, or the driver leaves it
 *
 * Files stay open until they are closed, and can do nothing any more.
 */
void refgpu_depart(struct refgpu *gpu)
{
	if (!test_and_set_bit(REFGPU_UNPLUGGED, &gpu->flags))
		drm_dev_unplug(&gpu->drm);
}

static int init_gpu(struct refgpu *gpu)
{
	int ret;

	spin_lock_init(&gpu->interrupt_lock);
	ret = gpu->backend->init(gpu);
	if (ret)
		return ret;
	gpu->vram_phys = pci_resource_start(gpu->pdev, gpu->vram_bar);
	ret = refgpu_iomap(gpu, gpu->vram_bar, 0, gpu->vram_size, true, &gpu->vram);
	if (!ret)
		ret = refgpu_mm_init(gpu);
	if (!ret)
		ret = refgpu_recovery_init(gpu);
	if (!ret)
		ret = refgpu_rings_init(gpu);
	if (!ret)
		ret = refgpu_sched_init(gpu);
	if (!ret)
		ret = refgpu_kms_init(gpu);
	return ret;
}

static void release_regions(void *pdev)
{
	pci_release_regions(pdev);
}

static int refgpu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct refgpu_backend *backend = (const void *)id->driver_data;
	struct refgpu *gpu;
	int ret;

	if (backend->wanted && !backend->wanted()) {
		dev_info(&pdev->dev, "a %s is not driven without refgpu.whole=1\n",
			 backend->name);
		return -ENODEV;
	}
	gpu = devm_drm_dev_alloc(&pdev->dev, &drm_driver, struct refgpu, drm);
	if (IS_ERR(gpu))
		return PTR_ERR(gpu);
	gpu->pdev = pdev;
	gpu->backend = backend;
	pci_set_drvdata(pdev, gpu);
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = pci_request_regions(pdev, "refgpu");
	if (!ret)
		ret = devm_add_action_or_reset(&pdev->dev, release_regions, pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(52));
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = init_gpu(gpu);
	if (ret)
		goto end_sched;
	if (!gpu->kms)
		gpu->drm.driver_features &= ~(DRIVER_MODESET | DRIVER_ATOMIC);
	ret = irqs_init(gpu);
	if (ret)
		goto end_sched;
	ret = refgpu_start(gpu);
	if (ret)
		goto stop;
	refgpu_kms_start(gpu);
	ret = drm_dev_register(&gpu->drm, 0);
	if (ret)
		goto stop;
	if (gpu->kms)
		refgpu_console_setup(&gpu->drm);
	drm_info(&gpu->drm, "%s, hardware %llu.%llu, %llu MiB, %u heads%s\n", gpu->backend->name,
		 gpu->version >> 16, gpu->version & 0xffff, gpu->vram_size >> 20, gpu->heads,
		 refgpu_isolates(gpu) ? "" : "; processes are not kept apart");
	return 0;

stop:
	irqs_end(gpu);
	refgpu_recovery_end(gpu);
	refgpu_kms_cancel(gpu);
end_sched:
	refgpu_sched_end(gpu);
	return ret;
}

static void refgpu_remove(struct pci_dev *pdev)
{
	struct refgpu *gpu = pci_get_drvdata(pdev);

	refgpu_jobs_end(gpu);
	refgpu_depart(gpu);
	/* It may be at it, or be frozen. */
	cancel_work_sync(&gpu->depart);
	refgpu_kms_end(gpu);
	irqs_end(gpu);
	refgpu_recovery_end(gpu);
	refgpu_kms_cancel(gpu);
	refgpu_sched_end(gpu);
	/* It may have been taken away in the machine's sleep. */
	refgpu_mm_discard(gpu);
	/* Also if it could not be reset. */
	pci_clear_master(pdev);
	refgpu_mm_leave(gpu);
}

/* The next kernel shall find a GPU that writes no memory. */
static void refgpu_shutdown(struct pci_dev *pdev)
{
	struct refgpu *gpu = pci_get_drvdata(pdev);

	refgpu_jobs_end(gpu);
	if (gpu->kms)
		drm_atomic_helper_shutdown(&gpu->drm);
	refgpu_recovery_end(gpu);
}

/* -------------------------------------------------------------------- sleep */

static int go_to_sleep(struct refgpu *gpu, bool save)
{
	int ret;

	ret = refgpu_drain(gpu);
	if (ret)
		return ret;
	if (save && !READ_ONCE(gpu->gone)) {
		ret = refgpu_mm_save(gpu);
		if (ret) {
			refgpu_start(gpu);
			return ret;
		}
	}
	gpu->backend->stop(gpu);
	return 0;
}

static int sleep_device(struct device *dev, bool save)
{
	struct refgpu *gpu = dev_get_drvdata(dev);
	int ret = 0;

	if (gpu->kms)
		ret = drm_mode_config_helper_suspend(&gpu->drm);
	if (ret)
		return ret;
	ret = go_to_sleep(gpu, save);
	if (ret && gpu->kms)
		drm_mode_config_helper_resume(&gpu->drm);
	return ret;
}

static int refgpu_suspend(struct device *dev)
{
	struct refgpu *gpu = dev_get_drvdata(dev);

	return sleep_device(dev, gpu->backend->sleep_clears);
}

/* Hibernation: the machine that wakes up has another vGPU, or the same one cleared. */
static int refgpu_freeze(struct device *dev)
{
	return sleep_device(dev, true);
}

/* What is needed is in the image, which is on disk already. */
static int refgpu_poweroff(struct device *dev)
{
	return sleep_device(dev, false);
}

static int refgpu_resume(struct device *dev)
{
	struct refgpu *gpu = dev_get_drvdata(dev);
	int ret, error = 0;

	ret = refgpu_start(gpu);
	if (ret) {
		drm_err(&gpu->drm, "the GPU does not wake up: %d\n", ret);
		refgpu_recover(gpu, REFGPU_DEAD);
	} else {
		refgpu_kms_start(gpu);
	}
	/* Also of a GPU that is dead: what was suspended is held until it is resumed. */
	if (gpu->kms)
		error = drm_mode_config_helper_resume(&gpu->drm);
	return ret ? ret : error;
}

static const struct dev_pm_ops pm_ops = {
	.suspend	= refgpu_suspend,
	.resume		= refgpu_resume,
	.freeze		= refgpu_freeze,
	.thaw		= refgpu_resume,
	.poweroff	= refgpu_poweroff,
	.restore	= refgpu_resume,
};

/* ------------------------------------------------------------------- module */

static const struct pci_device_id ids[] = {
	{
		PCI_DEVICE(REFGPU_PCI_VENDOR_ID, REFGPU_PCI_DEVICE_ID_VGPU),
		.driver_data = (kernel_ulong_t)&refgpu_backend_native,
	},
	{
		PCI_DEVICE(REFGPU_PCI_VENDOR_ID, REFGPU_PCI_DEVICE_ID),
		.driver_data = (kernel_ulong_t)&refgpu_backend_whole,
	},
	{ }
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver pci_driver = {
	.name		= "refgpu",
	.id_table	= ids,
	.probe		= refgpu_probe,
	.remove		= refgpu_remove,
	.shutdown	= refgpu_shutdown,
	.driver.pm	= pm_sleep_ptr(&pm_ops),
};

static int __init refgpu_module_init(void)
{
	int ret;

	refgpu_wq = alloc_workqueue("refgpu", WQ_UNBOUND, 0);
	if (!refgpu_wq)
		return -ENOMEM;
	ret = pci_register_driver(&pci_driver);
	if (ret)
		destroy_workqueue(refgpu_wq);
	return ret;
}

static void __exit refgpu_module_exit(void)
{
	pci_unregister_driver(&pci_driver);
	/* The last files and fences have let go of the module there, a moment ago. */
	destroy_workqueue(refgpu_wq);
}

module_init(refgpu_module_init);
module_exit(refgpu_module_exit);

MODULE_DESCRIPTION("DRM driver of the reference GPU and its vGPUs");
MODULE_AUTHOR("The OpenVGPU developers");
MODULE_LICENSE("GPL");
/* 6.13: MODULE_IMPORT_NS() takes a string, before it a bare word. */
MODULE_INFO(import_ns, "DMA_BUF");
