// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - family "refgpu": the reference GPU (doc/refgpu.md)
 *
 * Finding, identifying and resetting the device, and the table of the family's
 * operations.
 */
#include <linux/ctype.h>
#include <linux/slab.h>

#include "base/family.h"
#include "base/gpu.h"
#include "family/families.h"
#include "family/refgpu/regs.h"

#define RESET_TIMEOUT_MS	5000
/* Aperture of a vGPU: 128 MiB of guest memory at a time. */
#define SYSMEM_PAGES		32768

static bool refgpu_match(const struct pci_dev *pdev)
{
	return pdev->vendor == REFGPU_PCI_VENDOR_ID &&
	       pdev->device == REFGPU_PCI_DEVICE_ID && !soft_engine_of(pdev);
}

static bool refgpu_process_match(const struct pci_dev *pdev)
{
	return soft_engine_of(pdev);
}

static bool refgpu_alive(struct vgpu_gpu *gpu)
{
	struct refgpu *refgpu = refgpu_of(gpu);

	return reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_ID) == REFGPU_ID;
}

/* The board's name becomes part of type names: letters and digits only. */
static void read_board(struct vgpu_gpu *gpu, struct refgpu *refgpu)
{
	u64 code = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_BOARD);
	unsigned int i, length = 0;

	for (i = 0; i < sizeof(code); i++) {
		char c = toupper((code >> (8 * i)) & 0x7f);

		if (isupper(c) || isdigit(c))
			gpu->board[length++] = c;
	}
	gpu->board[length] = '\0';
	if (!length)
		strscpy(gpu->board, "REFGPU", sizeof(gpu->board));
}

static_assert((int)REFGPU_MODE_MIXED == (int)OPENVGPU_MIXED &&
	      (int)REFGPU_MODE_GRAPHICS == (int)OPENVGPU_GRAPHICS &&
	      (int)REFGPU_MODE_COMPUTE == (int)OPENVGPU_COMPUTE);

/* What a tenant of the whole GPU left must not come with a reset under the vGPUs. */
static void read_mode(struct vgpu_gpu *gpu, struct refgpu *refgpu)
{
	u64 mode;

	if (!(refgpu->caps & REFGPU_CAP_MODE))
		return;
	mode = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_MODE);
	if (mode >= OPENVGPU_MODES)
		return;
	gpu->has_firmware_modes = true;
	gpu->firmware_mode = mode;
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_NEXT_MODE, mode);
}

static int identify(struct vgpu_gpu *gpu, struct refgpu *refgpu)
{
	struct device *dev = &gpu->pdev->dev;
	u64 version, size, room;

	if (!refgpu_alive(gpu))
		return dev_err_probe(dev, -ENODEV,
				     "it does not answer as a refgpu does\n");
	version = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_VERSION);
	if (version >> 16 != REFGPU_VERSION >> 16)
		return dev_err_probe(dev, -ENODEV,
				     "hardware interface %llu.%llu, this driver knows %u.x\n",
				     version >> 16, version & 0xffff,
				     REFGPU_VERSION >> 16);
	size = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_VRAM_SIZE);
	room = refgpu_host_room(refgpu);
	if (size < REFGPU_VRAM_MIN || size > room)
		return dev_err_probe(dev, -EINVAL,
				     "%llu bytes of video memory where there can be %llu\n",
				     size, room);

	refgpu->caps = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_CAPS);
	refgpu->enable = REFGPU_PARTITION_ENABLE;
	/* Otherwise a guest can fill the event ring. */
	if (refgpu->caps & REFGPU_CAP_PENDING_ONCE)
		refgpu->enable |= REFGPU_PARTITION_PENDING_ONCE;
	read_board(gpu, refgpu);
	gpu->fb_size = size;
	gpu->max_vgpus = min(REFGPU_PARTITIONS, VGPU_MAX_PARTITIONS);
	gpu->heads = refgpu->caps & REFGPU_CAP_HEADS ? REFGPU_HEADS : 0;
	refgpu->slices = reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_SLICES);
	if (refgpu->caps & REFGPU_CAP_SPATIAL) {
		gpu->compute_slices = hweight64(REFGPU_SLICES_COMPUTE(refgpu->slices));
		gpu->memory_slices = hweight64(REFGPU_SLICES_MEMORY(refgpu->slices));
		gpu->shares_memory = refgpu->caps & REFGPU_CAP_SHARED_MEMORY;
	}
	gpu->lingers = refgpu->caps & REFGPU_CAP_LINGER_NS;
	read_mode(gpu, refgpu);
	gpu->user_vectors = 1;
	/* Entries are for pages of 4 KiB; on other hosts VFIO pins larger ones. */
	if ((refgpu->caps & REFGPU_CAP_SYSMEM) && PAGE_SIZE == REFGPU_PAGE_SIZE)
		gpu->sysmem_pages = SYSMEM_PAGES;
	gpu->vendor_id = REFGPU_PCI_VENDOR_ID;
	gpu->device_id = REFGPU_PCI_DEVICE_ID_VGPU;
	gpu->subsystem_id = REFGPU_PCI_SUBSYSTEM_ID;
	gpu->class_code = REFGPU_PCI_CLASS;
	gpu->revision = REFGPU_PCI_REVISION;
	return 0;
}

static int reset_device(struct refgpu *refgpu)
{
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1);
	return reg_wait_zero(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1,
			     RESET_TIMEOUT_MS);
}

static int refgpu_probe(struct vgpu_gpu *gpu)
{
	struct refgpu *refgpu;
	unsigned int p;
	int ret;

	refgpu = kvzalloc(sizeof(*refgpu), GFP_KERNEL);
	if (!refgpu)
		return -ENOMEM;
	refgpu->gpu = gpu;
	mutex_init(&refgpu->events);
	for (p = 0; p < REFGPU_PARTITIONS; p++) {
		struct refgpu_partition *partition = &refgpu->partition[p];

		partition->gpu = gpu;
		partition->number = p;
		mutex_init(&partition->lock);
	}
	gpu->family_data = refgpu;

	ret = refgpu_host_init(refgpu);
	if (ret)
		goto free;
	ret = identify(gpu, refgpu);
	if (ret)
		goto unmap;
	/* A former driver may have left it running. */
	ret = reset_device(refgpu);
	if (ret) {
		dev_err_probe(&gpu->pdev->dev, ret,
			      "the device does not come out of its reset\n");
		goto unmap;
	}
	ret = refgpu_migrate_init(refgpu);
	if (ret)
		goto unmap;
	ret = refgpu_events_init(refgpu);
	if (ret)
		goto migrate_exit;
	return 0;

migrate_exit:
	refgpu_migrate_exit(refgpu);
unmap:
	refgpu_host_exit(refgpu);
free:
	gpu->family_data = NULL;
	kvfree(refgpu);
	return ret;
}

/* Nothing works any more, and the driver's DMA and interrupts are gone. */
static void take_mode(struct vgpu_gpu *gpu, struct refgpu *refgpu)
{
	struct pci_dev *pdev = gpu->pdev;
	int ret;

	if (!vgpu_firmware_mode_changes(gpu))
		return;
	if (vgpu_gpu_is_dead(gpu) || !refgpu_alive(gpu)) {
		dev_err(&pdev->dev,
			"it keeps its firmware mode: it does not answer, or is being reset\n");
		return;
	}
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_NEXT_MODE, gpu->firmware_mode_next);
	ret = refgpu_host_take_mode(refgpu);
	if (reg_read(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_MODE) == gpu->firmware_mode_next)
		return;
	reg_write(refgpu, REFGPU_GLOBAL + REFGPU_GLOBAL_NEXT_MODE, gpu->firmware_mode);
	dev_err(&pdev->dev, "it keeps its firmware mode: its reset did not take another one (%d)\n",
		ret);
}

static void refgpu_remove(struct vgpu_gpu *gpu)
{
	struct refgpu *refgpu = refgpu_of(gpu);

	if (!vgpu_gpu_is_dead(gpu) && refgpu_alive(gpu) && reset_device(refgpu))
		dev_warn(&gpu->pdev->dev,
			 "the device did not complete its reset\n");
	/* In either case it must not write events to memory that is freed. */
	pci_clear_master(gpu->pdev);
	refgpu_events_exit(refgpu);
	refgpu_migrate_exit(refgpu);
	take_mode(gpu, refgpu);
	refgpu_host_exit(refgpu);
	gpu->family_data = NULL;
	kvfree(refgpu);
}

/* The reset that core or firmware did may be incomplete, so reset again. */
static int refgpu_reinit(struct vgpu_gpu *gpu)
{
	struct refgpu *refgpu = refgpu_of(gpu);
	int ret;

	if (!refgpu_alive(gpu))
		return -ENODEV;
	refgpu_fb_forget(gpu, 0, gpu->fb_size);
	ret = reset_device(refgpu);
	if (!ret)
		refgpu_events_program(refgpu);
	return ret;
}

/* What a device and a process have in common: all but how the host reaches them. */
#define OPERATIONS						\
	.name			= "refgpu",			\
	.engine			= VGPU_ENGINE_AUTONOMOUS,	\
	.probe			= refgpu_probe,			\
	.remove			= refgpu_remove,		\
	.reinit			= refgpu_reinit,		\
	.alive			= refgpu_alive,			\
	.partition_setup	= refgpu_partition_setup,	\
	.partition_teardown	= refgpu_partition_teardown,	\
	.partition_enable	= refgpu_partition_enable,	\
	.partition_disable	= refgpu_partition_disable,	\
	.partition_reset	= refgpu_partition_reset,	\
	.scrub			= refgpu_scrub,			\
	.scrub_all		= refgpu_scrub_all,		\
	.notify			= refgpu_notify,		\
	.run			= refgpu_run,			\
	.preempt		= refgpu_preempt,		\
	.run_stage		= refgpu_run_stage,		\
	.slices			= refgpu_slices,		\
	.engine_time		= refgpu_engine_time,		\
	.poll			= refgpu_poll,			\
	.now			= refgpu_now,			\
	.sysmem_set		= refgpu_sysmem_set,		\
	.sysmem_clear		= refgpu_sysmem_clear,		\
	.sysmem_invalidate	= refgpu_sysmem_invalidate,	\
	.counter		= refgpu_counter,		\
	.head_plane		= refgpu_head_plane,		\
	.head_monitor		= refgpu_head_monitor,		\
	.flip_interval		= refgpu_flip_interval,		\
	.stop			= refgpu_stop,			\
	.go			= refgpu_go,			\
	.save			= refgpu_save,			\
	.load			= refgpu_load,			\
	.context_bytes		= refgpu_context_bytes,		\
	.context_save		= refgpu_context_save,		\
	.context_load		= refgpu_context_load,		\
	.dirty_start		= refgpu_dirty_start,		\
	.dirty_stop		= refgpu_dirty_stop,		\
	.dirty_fetch		= refgpu_dirty_fetch

const struct vgpu_family vgpu_family_refgpu = {
	.match			= refgpu_match,
	OPERATIONS
};

const struct vgpu_family vgpu_family_refgpu_process = {
	.match			= refgpu_process_match,
	.fb_page		= refgpu_fb_page,
	.dma_map		= refgpu_dma_map,
	.dma_unmap		= refgpu_dma_unmap,
	.user_read		= refgpu_user_read,
	.user_write		= refgpu_user_write,
	OPERATIONS
};
