// SPDX-License-Identifier: GPL-2.0-only
/*
 * bars.c - kernel mappings of a GPU's BARs, for every family
 */
#include <linux/pci.h>

#include "base/gpu.h"
#include "family/bars.h"

/**
 * vgpu_map_bars - map registers and video memory of a GPU
 * @gpu: the GPU; gpu->fb_io is set
 * @registers_bar: number of the BAR with registers, which must be large enough
 * @memory_bar: number of the BAR with video memory
 * @registers: receives the mapping of @registers_bar
 *
 * At probe. May sleep.
 *
 * Return: 0, or -ENOMEM, which is logged.
 */
int vgpu_map_bars(struct vgpu_gpu *gpu, unsigned int registers_bar,
		  unsigned int memory_bar, void __iomem **registers)
{
	struct pci_dev *pdev = gpu->pdev;

	*registers = pci_iomap(pdev, registers_bar, 0);
	if (!*registers)
		return dev_err_probe(&pdev->dev, -ENOMEM,
				     "registers can't be mapped\n");
	/* The first mapping sets the cache attribute that guests get, too. */
	gpu->fb_io = pci_iomap_wc(pdev, memory_bar, 0);
	if (!gpu->fb_io) {
		pci_iounmap(pdev, *registers);
		return dev_err_probe(&pdev->dev, -ENOMEM,
				     "video memory can't be mapped\n");
	}
	return 0;
}

/**
 * vgpu_unmap_bars - undo vgpu_map_bars()
 * @gpu: the GPU
 * @registers: the mapping of its registers
 */
void vgpu_unmap_bars(struct vgpu_gpu *gpu, void __iomem *registers)
{
	pci_iounmap(gpu->pdev, gpu->fb_io);
	gpu->fb_io = NULL;
	pci_iounmap(gpu->pdev, registers);
}
