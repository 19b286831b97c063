// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - which granules of a slice a copy elsewhere lacks
 *
 * Engines' writes are noted by the hardware. A CPU's are found by its page faults:
 * as long as somebody wants to know, what maps a granule notes it, and when the
 * notes are collected, the pages are taken out again. So a read counts as a
 * write. Pages that can only be read would tell them apart, but KVM emulates an
 * instruction that writes to such a page, and ends the VM at one that it does not
 * know.
 *
 * What is written while it is copied is noted again and copied once more: first
 * collect, then copy.
 */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/state.h"
#include "base/vgpu.h"
#include "memory/dirty.h"
#include "pci/mapping.h"

static u64 all_granules(const struct vgpu *vgpu)
{
	return vgpu->fb_size >> VGPU_GRANULE_SHIFT;
}

static unsigned long *alloc_bits(const struct vgpu *vgpu)
{
	/* Families write whole words of 64 bits. */
	return kvcalloc(ALIGN(all_granules(vgpu), 64) / BITS_PER_LONG,
			sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
}

/**
 * vgpu_dirty_start - a copy is to be made, of everything at first
 * @vgpu: the vGPU, with its lock held; nobody copies it
 * @region: index of the region that shows its slice
 * @bytes: of the slice that are copied, whole granules from its beginning on
 *
 * Return: 0 or -ENOMEM.
 */
int vgpu_dirty_start(struct vgpu *vgpu, unsigned int region, u64 bytes)
{
	struct vgpu_dirty *dirty = &vgpu->dirty;

	dirty->bits = alloc_bits(vgpu);
	if (!dirty->bits)
		return -ENOMEM;
	dirty->region = region;
	dirty->granules = bytes >> VGPU_GRANULE_SHIFT;
	vgpu_dirty_all(vgpu);
	return 0;
}

/**
 * vgpu_dirty_track - note what is written from now on
 * @vgpu: the vGPU, after vgpu_dirty_start()
 *
 * With vgpu->lock held. May sleep.
 *
 * Return: 0; -ENOMEM; the error of the family.
 */
int vgpu_dirty_track(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;
	unsigned long *touched = alloc_bits(vgpu);
	int ret = 0;

	if (!touched)
		return -ENOMEM;
	if (family->dirty_start)
		ret = family->dirty_start(vgpu);
	if (ret) {
		kvfree(touched);
		return ret;
	}
	down_write(&vgpu->mapping.sem);
	vgpu->dirty.touched = touched;
	vgpu_mapping_zap_region(vgpu, vgpu->dirty.region);
	up_write(&vgpu->mapping.sem);
	return 0;
}

/**
 * vgpu_dirty_stop - undo vgpu_dirty_start(), and vgpu_dirty_track() if it was called
 * @vgpu: the vGPU; nobody copies it any more
 *
 * With vgpu->lock held. May sleep.
 */
void vgpu_dirty_stop(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;
	struct vgpu_dirty *dirty = &vgpu->dirty;
	unsigned long *touched;

	down_write(&vgpu->mapping.sem);
	touched = dirty->touched;
	dirty->touched = NULL;
	up_write(&vgpu->mapping.sem);
	if (touched && family->dirty_stop)
		family->dirty_stop(vgpu);
	kvfree(touched);
	kvfree(dirty->bits);
	dirty->bits = NULL;
}

/* With mapping.sem held for writing. */
static void take_out(struct vgpu *vgpu, u64 first, u64 granules)
{
	unmap_mapping_range(vgpu->mapping.inode->i_mapping,
			    ((u64)vgpu->dirty.region << VGPU_OFFSET_SHIFT) +
			    (first << VGPU_GRANULE_SHIFT),
			    granules << VGPU_GRANULE_SHIFT, true);
}

static void collect_touched(struct vgpu *vgpu)
{
	struct vgpu_dirty *dirty = &vgpu->dirty;
	unsigned long first, end;

	lockdep_assert_held_write(&vgpu->mapping.sem);
	for_each_set_bitrange(first, end, dirty->touched, dirty->granules) {
		bitmap_set(dirty->bits, first, end - first);
		bitmap_clear(dirty->touched, first, end - first);
		take_out(vgpu, first, end - first);
	}
}

/**
 * vgpu_dirty_collect - what was written until now is to be copied
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 *
 * No effect unless it is tracked. May sleep, bounded.
 *
 * Return: 0, or the error of the family: nobody knows what was written.
 */
int vgpu_dirty_collect(struct vgpu *vgpu)
{
	const struct vgpu_family *family = vgpu->gpu->family;
	struct vgpu_dirty *dirty = &vgpu->dirty;
	u64 all = all_granules(vgpu);
	bool tracked;
	int ret = 0;

	dirty->collected_at = ktime_get_ns();
	down_write(&vgpu->mapping.sem);
	tracked = dirty->touched;
	if (tracked)
		collect_touched(vgpu);
	up_write(&vgpu->mapping.sem);
	if (!tracked || !family->dirty_fetch)
		return 0;
	ret = family->dirty_fetch(vgpu, dirty->bits);
	bitmap_clear(dirty->bits, dirty->granules, all - dirty->granules);
	return ret;
}

/**
 * vgpu_dirty_all - everything is to be copied
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 */
void vgpu_dirty_all(struct vgpu *vgpu)
{
	if (vgpu->dirty.bits)
		bitmap_set(vgpu->dirty.bits, 0, vgpu->dirty.granules);
	vgpu->dirty.next = 0;
}

/**
 * vgpu_dirty_left - how much is to be copied
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 *
 * Return: bytes.
 */
u64 vgpu_dirty_left(const struct vgpu *vgpu)
{
	if (!vgpu->dirty.bits)
		return 0;
	return (u64)bitmap_weight(vgpu->dirty.bits, vgpu->dirty.granules) <<
	       VGPU_GRANULE_SHIFT;
}

/**
 * vgpu_dirty_take - which granule is to be copied next
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 * @granule: receives its number; it is not to be copied any more
 *
 * Return: false: none is left.
 */
bool vgpu_dirty_take(struct vgpu *vgpu, u64 *granule)
{
	struct vgpu_dirty *dirty = &vgpu->dirty;
	u64 found;

	found = find_next_bit(dirty->bits, dirty->granules, dirty->next);
	if (found >= dirty->granules && dirty->next)
		found = find_first_bit(dirty->bits, dirty->granules);
	if (found >= dirty->granules)
		return false;
	__clear_bit(found, dirty->bits);
	dirty->next = found + 1;
	*granule = found;
	return true;
}

/**
 * vgpu_dirty_return - it was not copied after all, and comes next
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 * @granule: of vgpu_dirty_take()
 */
void vgpu_dirty_return(struct vgpu *vgpu, u64 granule)
{
	__set_bit(granule, vgpu->dirty.bits);
	vgpu->dirty.next = granule;
}

/**
 * vgpu_dirty_add - a part of the slice is to be copied
 * @vgpu: the vGPU; the caller holds the locks that dirty.bits wants
 * @offset: where
 * @bytes: how much; what is not copied at all makes no difference
 */
void vgpu_dirty_add(struct vgpu *vgpu, u64 offset, u64 bytes)
{
	u64 end = DIV_ROUND_UP_ULL(offset + bytes, VGPU_GRANULE);
	u64 first = offset >> VGPU_GRANULE_SHIFT;

	end = min(end, vgpu->dirty.granules);
	if (first < end)
		bitmap_set(vgpu->dirty.bits, first, end - first);
}
