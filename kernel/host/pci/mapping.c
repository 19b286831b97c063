// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping.c - BARs mapped straight into a user's address space
 *
 * Pages are inserted one by one when they are touched, under mapping.sem, and
 * taken out again all at once ("zapped") when what they show must change.
 * A touch raises SIGBUS only while the guest itself has memory decoding off: a
 * virtual CPU that touches such a page stops its VM. When the hardware is not
 * there, or beyond the memory behind a BAR, or where the host has no page for it,
 * a scratch page of the vGPU's own stands in. What the display window shows is in
 * window.c.
 *
 * Zapping needs an inode whose mapping holds all of a vGPU's areas and none
 * of others: see compat/zap_domain.h.
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "base/vgpu.h"
#include "compat/compat.h"
#include "compat/zap_domain.h"
#include "pci/framebuffer.h"
#include "pci/mapping.h"

#define OFFSET_PAGES_SHIFT	(VGPU_OFFSET_SHIFT - PAGE_SHIFT)
#define OFFSET_PAGES_MASK	((1UL << OFFSET_PAGES_SHIFT) - 1)

/* ------------------------------------------------------------------ faults */

/* Somebody copies the slice, and wants to know what is written to it. */
static bool is_tracked(struct vgpu *vgpu, const struct vgpu_region *region)
{
	return vgpu->dirty.touched &&
	       region == &vgpu->region[vgpu->dirty.region];
}

/* With mapping.sem held; tracked. */
static void touch(struct vgpu *vgpu, u64 offset)
{
	lockdep_assert_held(&vgpu->mapping.sem);
	set_bit(offset >> VGPU_GRANULE_SHIFT, vgpu->dirty.touched);
}

static vm_fault_t insert(struct vgpu *vgpu, const struct vgpu_region *region,
			 struct vm_area_struct *vma, unsigned long address,
			 u64 offset)
{
	if (region->in_slice)
		return vgpu_fb_insert(vgpu->gpu, vma, address,
				      vgpu->fb_offset + offset);
	return vmf_insert_pfn(vma, address, PHYS_PFN(region->phys + offset));
}

/*
 * The whole granule counts as written, so that one fault does for all its pages.
 * Those that are there already stay.
 */
static vm_fault_t insert_granule(struct vgpu *vgpu,
				 const struct vgpu_region *region,
				 struct vm_fault *vmf, u64 offset)
{
	u64 first = round_down(offset, VGPU_GRANULE), at;
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret;

	touch(vgpu, offset);
	ret = insert(vgpu, region, vma, vmf->address, offset);
	for (at = first; at < first + VGPU_GRANULE; at += PAGE_SIZE) {
		unsigned long address = vmf->address + at - offset;

		if (at != offset && at < region->backed &&
		    address >= vma->vm_start && address < vma->vm_end)
			insert(vgpu, region, vma, address, at);
	}
	return ret;
}

static vm_fault_t mapped_fault(struct vgpu *vgpu,
			       const struct vgpu_region *region,
			       struct vm_fault *vmf, u64 offset)
{
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret;

	if (!vgpu->mapping.memory_enabled)
		return VM_FAULT_SIGBUS;
	if (vgpu_has_hardware(vgpu) && offset < region->backed) {
		if (is_tracked(vgpu, region))
			ret = insert_granule(vgpu, region, vmf, offset);
		else
			ret = insert(vgpu, region, vma, vmf->address, offset);
		if (ret != VM_FAULT_OOM)
			return ret;
		vgpu_report_fault(vgpu, VGPU_FAULT_NO_MEMORY);
	}
	/* Ordinary memory: with ordinary caching. */
	return vmf_insert_pfn_prot(vma, vmf->address,
				   page_to_pfn(vgpu->mapping.scratch),
				   vm_get_page_prot(vma->vm_flags));
}

/* ------------------------------------------------- accesses without a mapping */

static u64 io_read(const void __iomem *io, unsigned int size)
{
	switch (size) {
	case 8:
		return readq(io);
	case 4:
		return readl(io);
	case 2:
		return readw(io);
	}
	return readb(io);
}

static void io_write(void __iomem *io, unsigned int size, u64 value)
{
	switch (size) {
	case 8:
		writeq(value, io);
		break;
	case 4:
		writel(value, io);
		break;
	case 2:
		writew(value, io);
		break;
	default:
		writeb(value, io);
	}
}

static void backed_access(struct vgpu *vgpu, const struct vgpu_region *region,
			  u64 offset, unsigned int size, u8 *bytes, bool write)
{
	struct vgpu_gpu *gpu = vgpu->gpu;
	void __iomem *io;

	if (region->in_slice && vgpu_fb_is_pages(gpu)) {
		offset += vgpu->fb_offset;
		if (!write)
			vgpu_fb_read(gpu, offset, bytes, size);
		else if (vgpu_fb_write(gpu, offset, bytes, size))
			vgpu_report_fault(vgpu, VGPU_FAULT_NO_MEMORY);
		return;
	}
	io = region->in_slice ? gpu->fb_io + vgpu->fb_offset : region->io;
	if (write)
		io_write(io + offset, size, vgpu_value_from_bytes(bytes, size));
	else
		vgpu_value_to_bytes(bytes, io_read(io + offset, size), size);
}

/* What a mapping would show, with the same rules as mapped_fault(). */
static void mapped_access(struct vgpu *vgpu, const struct vgpu_region *region,
			  u64 offset, unsigned int size, u8 *bytes, bool write)
{
	bool backed;

	down_read(&vgpu->mapping.sem);
	backed = vgpu->mapping.memory_enabled && vgpu_has_hardware(vgpu) &&
		 offset + size <= region->backed;
	if (backed && write && is_tracked(vgpu, region))
		touch(vgpu, offset);
	if (backed)
		backed_access(vgpu, region, offset, size, bytes, write);
	up_read(&vgpu->mapping.sem);
}

static void mapped_read(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, u8 *bytes)
{
	memset(bytes, 0xff, size);
	mapped_access(vgpu, &vgpu->region[index], offset, size, bytes, false);
}

static int mapped_write(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, const u8 *bytes)
{
	/* Only read, since it is a write. */
	mapped_access(vgpu, &vgpu->region[index], offset, size, (u8 *)bytes,
		      true);
	return 0;
}

const struct vgpu_region_ops vgpu_mapped_ops = {
	.read	= mapped_read,
	.write	= mapped_write,
	.fault	= mapped_fault,
};

/**
 * vgpu_mapping_read_slice - copy from a vGPU's slice, as long as it is there
 * @vgpu: the vGPU
 * @offset: where from; the caller has checked that all of it is inside
 * @buf: where to
 * @bytes: how much; a multiple of 8, like @offset. Bounds the time that page
 *	faults wait
 *
 * Return: whether the vGPU has its hardware; if not, nothing was copied.
 */
bool vgpu_mapping_read_slice(struct vgpu *vgpu, u64 offset, void *buf,
			     size_t bytes)
{
	bool there;

	down_read(&vgpu->mapping.sem);
	there = vgpu_has_hardware(vgpu);
	if (there)
		vgpu_fb_read(vgpu->gpu, vgpu->fb_offset + offset, buf, bytes);
	up_read(&vgpu->mapping.sem);
	return there;
}

/**
 * vgpu_mapping_write_slice - the reverse
 * @vgpu: the vGPU
 * @offset: where to; the caller has checked that all of it is inside
 * @buf: where from; NULL: zeros
 * @bytes: how much, likewise
 *
 * Return: whether it is written: not if the vGPU has not its hardware, or that no
 * memory left.
 */
bool vgpu_mapping_write_slice(struct vgpu *vgpu, u64 offset, const void *buf,
			      size_t bytes)
{
	bool written;

	down_read(&vgpu->mapping.sem);
	written = vgpu_has_hardware(vgpu) &&
		  !vgpu_fb_write(vgpu->gpu, vgpu->fb_offset + offset, buf,
				 bytes);
	up_read(&vgpu->mapping.sem);
	return written;
}

/* ---------------------------------------------------------------- mappings */

/*
 * Whether a fault that put its page in says that it wants to be tried again. KVM has
 * the fault of a virtual processor handled and then looks for the page; if it was
 * zapped in between, the VM ends with EFAULT. Only if the fault let go of the lock of
 * the address space does KVM begin anew (hva_to_pfn_remapped() in kvm_main.c). A process
 * that touches the page itself tries again in any case.
 */
static bool is_tried_again(const struct vm_fault *vmf)
{
	return fault_flag_allow_retry_first(vmf->flags) &&
	       !(vmf->flags & (FAULT_FLAG_USER | FAULT_FLAG_RETRY_NOWAIT));
}

static vm_fault_t mapping_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vgpu *vgpu = vma->vm_private_data;
	unsigned long page = vmf->pgoff & OFFSET_PAGES_MASK;
	const struct vgpu_region *region =
		&vgpu->region[vma->vm_pgoff >> OFFSET_PAGES_SHIFT];
	u64 offset = (u64)page << PAGE_SHIFT;
	vm_fault_t ret;

	/* Since the mapping, which was checked, only pages inside can fault. */
	if (!(vmf->flags & FAULT_FLAG_TRIED))
		atomic64_inc(&vgpu->stats.page_faults);
	down_read(&vgpu->mapping.sem);
	ret = region->ops->fault(vgpu, region, vmf, offset);
	up_read(&vgpu->mapping.sem);
	if (ret == VM_FAULT_NOPAGE && is_tried_again(vmf)) {
		/* Who asks for it may unmap the area from now on. */
		mmap_read_unlock(vma->vm_mm);
		return VM_FAULT_RETRY;
	}
	return ret;
}

static const struct vm_operations_struct mapping_ops = {
	.fault = mapping_fault,
};

/**
 * vgpu_region_mappable - whether a VMM may map a region
 * @region: the region
 */
bool vgpu_region_mappable(const struct vgpu_region *region)
{
	return region->ops && region->ops->fault && PAGE_ALIGNED(region->size);
}

/**
 * vgpu_mapping_mmap - map a part of a BAR or of the display window
 * @vgpu: the vGPU
 * @vma: what is asked for; its offset names region and place
 *
 * Return: 0; -EINVAL if it is not inside a mappable region, or not shared;
 * -EPERM: the region can't be written to.
 */
int vgpu_mapping_mmap(struct vgpu *vgpu, struct vm_area_struct *vma)
{
	unsigned long index = vma->vm_pgoff >> OFFSET_PAGES_SHIFT;
	unsigned long first = vma->vm_pgoff & OFFSET_PAGES_MASK;
	const struct vgpu_region *region;
	u64 pages;
	int ret;

	if (index >= vgpu->num_regions || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	index = array_index_nospec(index, vgpu->num_regions);
	region = &vgpu->region[index];
	pages = region->size >> PAGE_SHIFT;
	if (!vgpu_region_mappable(region) || first >= pages ||
	    vma_pages(vma) > pages - first)
		return -EINVAL;
	if (!region->ops->write && (vma->vm_flags & VM_WRITE))
		return -EPERM;

	ret = vgpu_zap_domain_join(vgpu->mapping.inode, vma);
	if (ret)
		return ret;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	if (!region->ops->write)
		vm_flags_clear(vma, VM_MAYWRITE);
	if (region->write_combine)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	else
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	/* Registers are not encrypted, nor is memory of a device. */
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vma->vm_private_data = vgpu;
	vma->vm_ops = &mapping_ops;
	return 0;
}

/* ------------------------------------------------------- what they may show */

static void zap(struct vgpu *vgpu)
{
	lockdep_assert_held_write(&vgpu->mapping.sem);
	unmap_mapping_range(vgpu->mapping.inode->i_mapping, 0, 0, true);
}

/**
 * vgpu_mapping_zap - take all pages out; they are faulted in again when touched
 * @vgpu: the vGPU
 */
void vgpu_mapping_zap(struct vgpu *vgpu)
{
	down_write(&vgpu->mapping.sem);
	zap(vgpu);
	up_write(&vgpu->mapping.sem);
}

/**
 * vgpu_mapping_zap_region - the same for one region
 * @vgpu: the vGPU; mapping.sem is held for writing
 * @index: of the region
 */
void vgpu_mapping_zap_region(struct vgpu *vgpu, unsigned int index)
{
	lockdep_assert_held_write(&vgpu->mapping.sem);
	unmap_mapping_range(vgpu->mapping.inode->i_mapping,
			    (u64)index << VGPU_OFFSET_SHIFT,
			    1ULL << VGPU_OFFSET_SHIFT, true);
}

/**
 * vgpu_mapping_set_memory - the guest switched memory decoding
 * @vgpu: the vGPU
 * @enabled: on or off
 */
void vgpu_mapping_set_memory(struct vgpu *vgpu, bool enabled)
{
	down_write(&vgpu->mapping.sem);
	WRITE_ONCE(vgpu->mapping.memory_enabled, enabled);
	if (!enabled)
		zap(vgpu);
	up_write(&vgpu->mapping.sem);
}

/**
 * vgpu_mapping_enter - change the state of a vGPU, and what its mappings show
 * @vgpu: the vGPU
 * @state: the state to enter
 *
 * When it returns, no mapping shows what it showed before. May sleep.
 *
 * Return: whether vgpu_enter() allowed it.
 */
bool vgpu_mapping_enter(struct vgpu *vgpu, enum vgpu_state state)
{
	bool entered;

	down_write(&vgpu->mapping.sem);
	entered = vgpu_enter(vgpu, state);
	if (entered)
		zap(vgpu);
	up_write(&vgpu->mapping.sem);
	return entered;
}

/**
 * vgpu_mapping_open - state for a new owner
 * @vgpu: the vGPU, with no mapping; it stays where it is
 */
void vgpu_mapping_open(struct vgpu *vgpu)
{
	down_write(&vgpu->mapping.sem);
	WRITE_ONCE(vgpu->mapping.memory_enabled, false);
	/* The former owner may have written to it. */
	memset(page_address(vgpu->mapping.scratch), 0xff, PAGE_SIZE);
	up_write(&vgpu->mapping.sem);
}

/**
 * vgpu_mapping_init - what mappings of a vGPU need
 * @vgpu: the vGPU
 *
 * Return: 0 or -ENOMEM.
 */
int vgpu_mapping_init(struct vgpu *vgpu)
{
	struct inode *inode;

	init_rwsem(&vgpu->mapping.sem);
	vgpu->mapping.scratch = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!vgpu->mapping.scratch)
		return -ENOMEM;
	inode = vgpu_zap_domain_create(&vgpu->vdev);
	if (IS_ERR(inode)) {
		__free_page(vgpu->mapping.scratch);
		return PTR_ERR(inode);
	}
	vgpu->mapping.inode = inode;
	return 0;
}

/**
 * vgpu_mapping_destroy - undo vgpu_mapping_init()
 * @vgpu: the vGPU; no mapping and no file of it is left
 */
void vgpu_mapping_destroy(struct vgpu *vgpu)
{
	vgpu_zap_domain_destroy(vgpu->mapping.inode);
	__free_page(vgpu->mapping.scratch);
}
