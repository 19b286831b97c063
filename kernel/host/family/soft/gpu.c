// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpu.c - family "soft": GPUs that are software, for testing
 *
 * Such a GPU has no engine: each vGPU, of series A or B, is a display with its own
 * video memory. That is memory of the host, of which a page exists when somebody
 * has written to it or mapped it, until the vGPU is closed.
 *
 * There are as many as the module's parameter says, and by default none. Those whose
 * engine is a process are of family "refgpu"; the device for them is made here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "base/vgpu.h"
#include "family/families.h"
#include "family/soft_engine.h"
#include "family/soft/soft.h"

#define MIB_MIN		16	/* one vGPU of the smallest type, see place/type.c */
#define MIB_MAX		65536
#define MIB_DEFAULT	1024

/* -------------------------------------------------------------- parameters */

static unsigned int soft_gpus;
static unsigned int soft_vram = MIB_DEFAULT;

static int set_in_range(const char *text, const struct kernel_param *param,
			unsigned int min, unsigned int max)
{
	int ret = param_set_uint_minmax(text, param, min, max);

	if (ret)
		pr_err("parameter %s must be a number from %u to %u\n",
		       param->name, min, max);
	return ret;
}

static int gpus_set(const char *text, const struct kernel_param *param)
{
	return set_in_range(text, param, 0, SOFT_SLOTS);
}

static int vram_set(const char *text, const struct kernel_param *param)
{
	return set_in_range(text, param, MIB_MIN, MIB_MAX);
}

static const struct kernel_param_ops gpus_ops = {
	.set = gpus_set,
	.get = param_get_uint,
};

static const struct kernel_param_ops vram_ops = {
	.set = vram_set,
	.get = param_get_uint,
};

module_param_cb(soft_gpus, &gpus_ops, &soft_gpus, 0444);
MODULE_PARM_DESC(soft_gpus, "Software GPUs, for testing, 0 (default) to 32");
module_param_cb(soft_vram, &vram_ops, &soft_vram, 0444);
MODULE_PARM_DESC(soft_vram, "MiB of video memory of each software GPU, 16 to 65536 (default 1024)");

/* ------------------------------------------------------------ video memory */

/**
 * struct soft - a software GPU that is bound
 * @pages: its video memory, by page number. No page goes away while its vGPU has
 *	it, so who has found one may use it
 */
struct soft {
	struct xarray pages;
};

static struct soft *soft_of(struct vgpu_gpu *gpu)
{
	return gpu->family_data;
}

static struct page *soft_fb_page(struct vgpu_gpu *gpu, u64 offset, bool make)
{
	struct xarray *pages = &soft_of(gpu)->pages;
	unsigned long index = offset >> PAGE_SHIFT;
	struct page *page = xa_load(pages, index), *earlier;

	if (page || !make)
		return page;
	page = alloc_page(SOFT_GFP | __GFP_ZERO);
	if (!page)
		return NULL;
	earlier = xa_cmpxchg(pages, index, NULL, page, SOFT_GFP);
	if (!earlier)
		return page;
	__free_page(page);
	return xa_is_err(earlier) ? NULL : earlier;
}

/* Without their pages they are zero. Nothing maps them any more. */
static void drop_pages(struct vgpu_gpu *gpu, u64 offset, u64 bytes)
{
	struct xarray *pages = &soft_of(gpu)->pages;
	unsigned long index;
	struct page *page;

	xa_for_each_range(pages, index, page, offset >> PAGE_SHIFT,
			  (offset + bytes - 1) >> PAGE_SHIFT) {
		/* Nobody else has dropped it meanwhile. */
		page = xa_erase(pages, index);
		if (page)
			__free_page(page);
		cond_resched();
	}
}

/* See soft_decode_memory(). */
static bool soft_alive(struct vgpu_gpu *gpu)
{
	u16 command = 0;

	pci_read_config_word(gpu->pdev, PCI_COMMAND, &command);
	return command & PCI_COMMAND_MEMORY;
}

static int scrub(struct vgpu_gpu *gpu, u64 offset, u64 bytes)
{
	bool alive;
	int section;

	if (!vgpu_gpu_begin(gpu, &section))
		return -EAGAIN;
	alive = soft_alive(gpu);
	if (alive)
		drop_pages(gpu, offset, bytes);
	vgpu_gpu_end(gpu, section);
	return alive ? 0 : -ENODEV;
}

static int soft_scrub(struct vgpu *vgpu)
{
	return scrub(vgpu->gpu, vgpu->fb_offset, vgpu->fb_size);
}

static int soft_scrub_all(struct vgpu_gpu *gpu)
{
	return scrub(gpu, 0, gpu->fb_size);
}

/* -------------------------------------------------------- probe and remove */

static bool soft_match(const struct pci_dev *pdev)
{
	return soft_bridge_has(pdev) && pdev->device == SOFT_DEVICE_ID;
}

static int soft_probe(struct vgpu_gpu *gpu)
{
	struct soft *soft = kzalloc(sizeof(*soft), GFP_KERNEL);

	if (!soft)
		return -ENOMEM;
	xa_init(&soft->pages);
	gpu->family_data = soft;
	strscpy(gpu->board, "SOFT", sizeof(gpu->board));
	gpu->fb_size = (u64)soft_vram << 20;
	gpu->max_vgpus = min_t(u64, soft_vram / MIB_MIN, VGPU_MAX_PARTITIONS);
	gpu->heads = 1;
	/* A slice and nothing else, which only CPUs write. */
	gpu->migrates = true;
	gpu->tracks_writes = true;
	soft_decode_memory(gpu->pdev);
	dev_info(&gpu->pdev->dev, "software GPU, for testing\n");
	return 0;
}

static void soft_remove(struct vgpu_gpu *gpu)
{
	struct soft *soft = soft_of(gpu);

	drop_pages(gpu, 0, gpu->fb_size);
	xa_destroy(&soft->pages);
	gpu->family_data = NULL;
	kfree(soft);
}

/* A reset is one of the function; memory of the host stays. */
static int soft_reinit(struct vgpu_gpu *gpu)
{
	return soft_alive(gpu) ? 0 : -ENODEV;
}

/* ------------------------------------------------------------- the devices */

static int soft_devices_add(void)
{
	int ret;

	ret = soft_engines_init();
	if (ret)
		return ret;
	ret = soft_gpus ? soft_bridge_add(soft_gpus) : 0;
	if (!ret)
		return 0;
	pr_err("soft_gpus=%u: there can't be software GPUs here (%d)\n",
	       soft_gpus, ret);
	soft_engines_exit();
	return ret;
}

static void soft_devices_remove(void)
{
	soft_engines_exit();
	soft_bridge_remove();
}

const struct vgpu_family vgpu_family_soft = {
	.name			= "soft",
	.engine			= VGPU_ENGINE_NONE,
	.devices_add		= soft_devices_add,
	.devices_remove		= soft_devices_remove,
	.match			= soft_match,
	.probe			= soft_probe,
	.remove			= soft_remove,
	.reinit			= soft_reinit,
	.fb_page		= soft_fb_page,
	.alive			= soft_alive,
	.scrub			= soft_scrub,
	.scrub_all		= soft_scrub_all,
};
