// SPDX-License-Identifier: GPL-2.0-only
/*
 * window.c - the display window: a region in which a VMM sees a picture
 *
 * VMMs map the window once, and expect the first pixel at its first byte. So
 * its size is that of the largest picture, and the content of its pages changes:
 * pages of the slice from the picture's first byte on, and zeros behind them. A
 * picture that does not begin with a page, or whose pitch does not suit, is
 * copied at each query of the VMM.
 *
 * Unlike a BAR, the window shows its picture while the guest has disabled memory
 * decoding: heads work without it, and it must not kill a VMM that redraws its
 * display.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>

#include "base/vgpu.h"
#include "display/plane.h"
#include "display/window.h"
#include "pci/framebuffer.h"
#include "pci/mapping.h"

static u64 slice_offset(const struct vgpu *vgpu, u64 offset)
{
	return vgpu->fb_offset + vgpu->window.content.base + offset;
}

/* ----------------------------------------------------------------- accesses */

static vm_fault_t window_fault(struct vgpu *vgpu,
			       const struct vgpu_region *region,
			       struct vm_fault *vmf, u64 offset)
{
	const struct vgpu_window_content *content = &vgpu->window.content;
	unsigned long pfn = page_to_pfn(ZERO_PAGE(vmf->address));
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret;

	lockdep_assert_held(&vgpu->mapping.sem);
	if (vgpu_has_hardware(vgpu) && offset < content->bytes) {
		if (content->copy) {
			pfn = vmalloc_to_pfn(content->copy + offset);
		} else {
			ret = vgpu_fb_insert(vgpu->gpu, vma, vmf->address,
					     slice_offset(vgpu, offset));
			if (ret != VM_FAULT_OOM)
				return ret;
		}
	}
	/* Ordinary memory: with ordinary caching. */
	return vmf_insert_pfn_prot(vma, vmf->address, pfn,
				   vm_get_page_prot(vma->vm_flags));
}

static void window_read(struct vgpu *vgpu, unsigned int index, u64 offset,
			unsigned int size, u8 *bytes)
{
	const struct vgpu_window_content *content = &vgpu->window.content;

	memset(bytes, 0, size);
	down_read(&vgpu->mapping.sem);
	if (vgpu_has_hardware(vgpu) && offset < content->bytes) {
		if (content->copy)
			memcpy(bytes, content->copy + offset, size);
		else
			vgpu_fb_read(vgpu->gpu, slice_offset(vgpu, offset),
				     bytes, size);
	}
	up_read(&vgpu->mapping.sem);
}

const struct vgpu_region_ops vgpu_window_ops = {
	.read	= window_read,
	.fault	= window_fault,
};

/* ------------------------------------------------------------------ content */

/* Change what all pages show, in one step for the VMM. */
static void set_content(struct vgpu *vgpu, const struct vgpu_window_content *to)
{
	struct vgpu_window_content *content = &vgpu->window.content;

	lockdep_assert_held(&vgpu->display.lock);
	/* The usual case: the VMM polls. */
	if (content->base == to->base && content->bytes == to->bytes &&
	    content->copy == to->copy)
		return;
	down_write(&vgpu->mapping.sem);
	*content = *to;
	vgpu_mapping_zap_region(vgpu, VGPU_WINDOW_REGION);
	up_write(&vgpu->mapping.sem);
}

/* A buffer for a copy, the former one if it is large enough. */
static void *copy_buffer(struct vgpu *vgpu, u64 bytes)
{
	u64 size = min(roundup_pow_of_two(PAGE_ALIGN(bytes)),
		       vgpu->region[VGPU_WINDOW_REGION].size);

	lockdep_assert_held(&vgpu->display.lock);
	if (vgpu->window.buffer && vgpu->window.buffer_bytes >= bytes)
		return vgpu->window.buffer;
	/* No mapping may show pages that are about to be freed. */
	set_content(vgpu, &(struct vgpu_window_content) { });
	vfree(vgpu->window.buffer);
	vgpu->window.buffer = __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				      __GFP_NOWARN);
	vgpu->window.buffer_bytes = vgpu->window.buffer ? size : 0;
	return vgpu->window.buffer;
}

/* Return: false if the hardware is gone, or the caller is being killed. */
static bool copy_line(struct vgpu *vgpu, void *to, u64 from, size_t bytes)
{
	bool there;

	down_read(&vgpu->mapping.sem);
	there = vgpu_has_hardware(vgpu);
	if (there)
		vgpu_fb_read(vgpu->gpu, vgpu->fb_offset + from, to, bytes);
	up_read(&vgpu->mapping.sem);
	cond_resched();
	return there && !fatal_signal_pending(current);
}

/* Show a copy with that pitch, which @plane gets. */
static bool show_copy(struct vgpu *vgpu, struct vgpu_plane *plane, u32 pitch)
{
	size_t line = plane->width * vgpu_plane_pixel_bytes(plane->format);
	u32 from = plane->pitch;
	struct vgpu_window_content to = { };
	unsigned int i;

	plane->pitch = pitch;
	to.bytes = PAGE_ALIGN(vgpu_plane_bytes(plane));
	to.copy = copy_buffer(vgpu, to.bytes);
	if (!to.copy)
		return false;
	for (i = 0; i < plane->height; i++)
		if (!copy_line(vgpu, to.copy + (size_t)i * pitch,
			       plane->base + (u64)i * from, line))
			return false;
	set_content(vgpu, &to);
	return true;
}

/**
 * vgpu_window_show - show a picture in the window
 * @vgpu: the vGPU, open; display.lock is held
 * @plane: the picture, which fits; its pitch becomes that of the window. All
 *	zero: show nothing
 *
 * When it returns, no mapping shows another picture. May sleep; reads the
 * whole picture if it has to be copied.
 *
 * Return: whether it is shown. If there is no memory or the hardware is gone,
 * it is not, and the window shows nothing or the former picture.
 */
bool vgpu_window_show(struct vgpu *vgpu, struct vgpu_plane *plane)
{
	struct vgpu_window_content to = { };
	u32 pitch;

	lockdep_assert_held(&vgpu->display.lock);
	if (!plane->format) {
		set_content(vgpu, &to);
		return false;
	}
	pitch = vgpu_plane_window_pitch(plane, &vgpu->window.reported,
					vgpu->region[VGPU_WINDOW_REGION].size);
	if (!PAGE_ALIGNED(plane->base) || plane->pitch != pitch) {
		if (!show_copy(vgpu, plane, pitch))
			return false;
	} else {
		to.base = plane->base;
		to.bytes = PAGE_ALIGN(vgpu_plane_bytes(plane));
		set_content(vgpu, &to);
	}
	vgpu->window.reported = *plane;
	return true;
}

/**
 * vgpu_window_close - show nothing, and free the copy
 * @vgpu: the vGPU; it is closed and not mapped
 */
void vgpu_window_close(struct vgpu *vgpu)
{
	mutex_lock(&vgpu->display.lock);
	set_content(vgpu, &(struct vgpu_window_content) { });
	vfree(vgpu->window.buffer);
	vgpu->window.buffer = NULL;
	vgpu->window.buffer_bytes = 0;
	memset(&vgpu->window.reported, 0, sizeof(vgpu->window.reported));
	mutex_unlock(&vgpu->display.lock);
}
