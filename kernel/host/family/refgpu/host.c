// SPDX-License-Identifier: GPL-2.0-only
/*
 * host.c - what a reference GPU and the host have of each other: registers, video memory,
 * and memory that the GPU reaches
 *
 * A device has it behind its BARs and by DMA, a process by soft_engine.h.
 */
#include <linux/dma-mapping.h>

#include "family/bars.h"
#include "family/refgpu/regs.h"

/**
 * refgpu_host_init - reach a GPU's registers and video memory
 * @refgpu: the GPU
 *
 * Return: 0 or errno, which is logged; -EPROBE_DEFER: the process must not be asked yet.
 */
int refgpu_host_init(struct refgpu *refgpu)
{
	struct pci_dev *pdev = refgpu->gpu->pdev;

	refgpu->engine = soft_engine_of(pdev);
	if (refgpu->engine) {
		if (!soft_engine_is_shown(refgpu->engine))
			return -EPROBE_DEFER;
		soft_decode_memory(pdev);
		dev_info(&pdev->dev, "software GPU, for testing\n");
		return 0;
	}
	if (pci_resource_len(pdev, REFGPU_BAR_REGISTERS) <
	    REFGPU_BAR_REGISTERS_SIZE)
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "the register BAR is too small or was given no address\n");
	refgpu->gpu->fb_phys = pci_resource_start(pdev, REFGPU_BAR_VRAM);
	return vgpu_map_bars(refgpu->gpu, REFGPU_BAR_REGISTERS, REFGPU_BAR_VRAM,
			     &refgpu->regs);
}

/**
 * refgpu_host_exit - undo refgpu_host_init()
 * @refgpu: the GPU
 */
void refgpu_host_exit(struct refgpu *refgpu)
{
	if (refgpu->engine)
		soft_engine_vram_forget(refgpu->engine, 0,
					soft_engine_vram_bytes(refgpu->engine));
	else
		vgpu_unmap_bars(refgpu->gpu, refgpu->regs);
}

/**
 * refgpu_host_take_mode - reset the function, so that it takes its next firmware mode
 * @refgpu: the GPU
 *
 * Its registers can be reached afterwards.
 *
 * Return: 0 or errno. Which mode it took it says itself.
 */
int refgpu_host_take_mode(struct refgpu *refgpu)
{
	struct pci_dev *pdev = refgpu->gpu->pdev;
	int ret;

	if (refgpu->engine) {
		soft_take_mode(refgpu->engine);
		return 0;
	}
	/*
	 * The reset clears what the PCI core has set up, and no program may read or
	 * write configuration space in between.
	 */
	pci_cfg_access_lock(pdev);
	pci_save_state(pdev);
	ret = __pci_reset_function_locked(pdev);
	pci_restore_state(pdev);
	pci_cfg_access_unlock(pdev);
	return ret;
}

/**
 * refgpu_host_room - so much video memory it can have
 * @refgpu: the GPU
 */
u64 refgpu_host_room(struct refgpu *refgpu)
{
	return refgpu->engine ? soft_engine_vram_bytes(refgpu->engine) :
	       pci_resource_len(refgpu->gpu->pdev, REFGPU_BAR_VRAM);
}

/**
 * refgpu_alloc - memory of the kernel that the GPU reaches, too
 * @refgpu: the GPU
 * @bytes: how much
 * @address: receives its bus address
 *
 * Return: the memory, all zero, or NULL.
 */
void *refgpu_alloc(struct refgpu *refgpu, size_t bytes, dma_addr_t *address)
{
	return refgpu->engine ?
	       soft_engine_alloc(refgpu->engine, bytes, address) :
	       dma_alloc_coherent(&refgpu->gpu->pdev->dev, bytes, address,
				  GFP_KERNEL);
}

/**
 * refgpu_free - undo refgpu_alloc()
 * @refgpu: the GPU
 * @bytes: how much it is
 * @memory: the memory
 * @address: its bus address
 */
void refgpu_free(struct refgpu *refgpu, size_t bytes, void *memory,
		 dma_addr_t address)
{
	if (refgpu->engine)
		soft_engine_free(refgpu->engine, bytes, memory, address);
	else
		dma_free_coherent(&refgpu->gpu->pdev->dev, bytes, memory,
				  address);
}

/* ------------------------------------------------------------------ user pages */

/**
 * refgpu_user_page - tell core where a partition's user page is
 * @vgpu: the vGPU
 */
void refgpu_user_page(struct vgpu *vgpu)
{
	struct refgpu *refgpu = refgpu_of(vgpu->gpu);
	u32 page = REFGPU_USER_PAGE(vgpu->partition);

	vgpu->user_size = REFGPU_USER_PAGE_SIZE;
	if (refgpu->engine)
		return;
	vgpu->user_phys = pci_resource_start(vgpu->gpu->pdev,
					     REFGPU_BAR_REGISTERS) + page;
	vgpu->user_io = refgpu->regs + page;
}

/**
 * refgpu_user_read - see struct vgpu_family; of a process only
 * @vgpu: the vGPU
 * @offset: in the page
 * @size: of the access
 *
 * Return: the value; all ones when it is gone.
 */
u64 refgpu_user_read(struct vgpu *vgpu, u64 offset, unsigned int size)
{
	u64 value = REFGPU_GONE;
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return value;
	value = soft_engine_read(refgpu_of(vgpu->gpu)->engine,
				 REFGPU_USER_PAGE(vgpu->partition) + offset, size);
	vgpu_gpu_end(vgpu->gpu, section);
	return value;
}

/**
 * refgpu_user_write - see struct vgpu_family; of a process only
 * @vgpu: the vGPU
 * @offset: in the page
 * @size: of the access
 * @value: what is written
 */
void refgpu_user_write(struct vgpu *vgpu, u64 offset, unsigned int size,
		       u64 value)
{
	int section;

	if (!vgpu_gpu_begin(vgpu->gpu, &section))
		return;
	soft_engine_write(refgpu_of(vgpu->gpu)->engine,
			  REFGPU_USER_PAGE(vgpu->partition) + offset, size, value);
	vgpu_gpu_end(vgpu->gpu, section);
}

/* ---------------------------------------------------------------------- memory */

/**
 * refgpu_fb_page - see struct vgpu_family; of a process only
 * @gpu: the GPU
 * @offset: in video memory
 * @make: make it, if there is none
 *
 * Return: the page or NULL.
 */
struct page *refgpu_fb_page(struct vgpu_gpu *gpu, u64 offset, bool make)
{
	return soft_engine_vram_page(refgpu_of(gpu)->engine, offset, make);
}

/**
 * refgpu_fb_forget - the GPU zeroes video memory, which nothing maps
 * @gpu: the GPU
 * @offset: where
 * @bytes: how much
 */
void refgpu_fb_forget(struct vgpu_gpu *gpu, u64 offset, u64 bytes)
{
	struct refgpu *refgpu = refgpu_of(gpu);

	if (refgpu->engine)
		soft_engine_vram_forget(refgpu->engine, offset, bytes);
}

/**
 * refgpu_dma_map - see struct vgpu_family; of a process only
 * @gpu: the GPU
 * @page: the page
 * @write: the GPU may write to it
 * @address: receives its bus address
 *
 * Return: 0 or -ENOMEM.
 */
int refgpu_dma_map(struct vgpu_gpu *gpu, struct page *page, bool write,
		   dma_addr_t *address)
{
	return soft_engine_map(refgpu_of(gpu)->engine, page, write, address);
}

/**
 * refgpu_dma_unmap - see struct vgpu_family; of a process only
 * @gpu: the GPU
 * @address: bus addresses
 * @count: how many
 */
void refgpu_dma_unmap(struct vgpu_gpu *gpu, const dma_addr_t *address, u32 count)
{
	soft_engine_unmap(refgpu_of(gpu)->engine, address, count);
}
