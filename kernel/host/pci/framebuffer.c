// SPDX-License-Identifier: GPL-2.0-only
/*
 * framebuffer.c - video memory, behind a BAR or in pages of the host
 *
 * A GPU has its video memory behind a BAR, unless its family has the operation
 * fb_page: then it is ordinary memory, of which a page exists when somebody has
 * written to it or mapped it. Until then it reads as zeros.
 */
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "base/gpu.h"
#include "pci/framebuffer.h"

/**
 * vgpu_fb_is_pages - whether video memory is ordinary memory
 * @gpu: the GPU
 */
bool vgpu_fb_is_pages(const struct vgpu_gpu *gpu)
{
	return gpu->family->fb_page;
}

static size_t within_page(u64 offset, size_t bytes)
{
	return min_t(size_t, bytes, PAGE_SIZE - offset_in_page(offset));
}

static void read_pages(struct vgpu_gpu *gpu, u64 offset, void *to, size_t bytes)
{
	size_t done, size;

	for (done = 0; done < bytes; done += size) {
		struct page *page = gpu->family->fb_page(gpu, offset + done,
							 false);

		size = within_page(offset + done, bytes - done);
		if (page)
			memcpy_from_page(to + done, page,
					 offset_in_page(offset + done), size);
		else
			memset(to + done, 0, size);
	}
}

static int write_pages(struct vgpu_gpu *gpu, u64 offset, const void *from,
		       size_t bytes)
{
	size_t done, size;

	for (done = 0; done < bytes; done += size) {
		struct page *page = gpu->family->fb_page(gpu, offset + done,
							 from);

		size = within_page(offset + done, bytes - done);
		if (page && from)
			memcpy_to_page(page, offset_in_page(offset + done),
				       from + done, size);
		else if (page)
			memzero_page(page, offset_in_page(offset + done), size);
		else if (from)
			return -ENOMEM;
	}
	return 0;
}

/**
 * vgpu_fb_read - copy from video memory
 * @gpu: the GPU, which has its hardware
 * @offset: where from; the caller has checked that all of it is inside
 * @to: where to
 * @bytes: how much
 */
void vgpu_fb_read(struct vgpu_gpu *gpu, u64 offset, void *to, size_t bytes)
{
	if (vgpu_fb_is_pages(gpu))
		read_pages(gpu, offset, to, bytes);
	else
		memcpy_fromio(to, gpu->fb_io + offset, bytes);
}

/**
 * vgpu_fb_write - the reverse
 * @gpu: the GPU, which has its hardware
 * @offset: where to; the caller has checked that all of it is inside
 * @from: where from; NULL: zeros
 * @bytes: how much
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM, which only pages of the host can cause: a part is written.
 */
int vgpu_fb_write(struct vgpu_gpu *gpu, u64 offset, const void *from,
		  size_t bytes)
{
	if (vgpu_fb_is_pages(gpu))
		return write_pages(gpu, offset, from, bytes);
	if (from)
		memcpy_toio(gpu->fb_io + offset, from, bytes);
	else
		memset_io(gpu->fb_io + offset, 0, bytes);
	return 0;
}

/**
 * vgpu_fb_insert - put a page of video memory into a mapping
 * @gpu: the GPU, which has its hardware
 * @vma: the mapping, made for a BAR
 * @address: where in it
 * @offset: which page
 *
 * For a page fault. It is the caller who takes it out again before its slice gets
 * another owner.
 *
 * Return: as vmf_insert_pfn(); VM_FAULT_OOM also when the host has no page for it.
 * Nobody who touches video memory is made to wait or killed for that: the caller
 * shows another page.
 */
vm_fault_t vgpu_fb_insert(struct vgpu_gpu *gpu, struct vm_area_struct *vma,
			  unsigned long address, u64 offset)
{
	struct page *page;

	if (!vgpu_fb_is_pages(gpu))
		return vmf_insert_pfn(vma, address,
				      PHYS_PFN(gpu->fb_phys + offset));
	page = gpu->family->fb_page(gpu, offset, true);
	if (!page)
		return VM_FAULT_OOM;
	/* Ordinary memory: with ordinary caching. */
	return vmf_insert_pfn_prot(vma, address, page_to_pfn(page),
				   vm_get_page_prot(vma->vm_flags));
}
