// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_log.c - a VMM asks which guest memory a vGPU has written
 *
 * For kernels whose VFIO can be asked. On the others the VMM's own container tells:
 * all that is pinned counts as written, each time.
 */
#include <linux/bitmap.h>
#include <linux/iova_bitmap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "compat/compat.h"
#include "compat/migration.h"
#include "memory/pin_log.h"
#include "vgpu/migrate_file.h"

#define WINDOW_PAGES	32768	/* told of at a time, with no lock held */

VGPU_IMPORT_NS("IOMMUFD");

static int log_start(struct vfio_device *vdev, struct rb_root_cached *ranges,
		     u32 count, u64 *page_size)
{
	*page_size = PAGE_SIZE;
	return vgpu_pin_log_start(vgpu_from_vdev(vdev));
}

static int log_stop(struct vfio_device *vdev)
{
	vgpu_pin_log_stop(vgpu_from_vdev(vdev));
	return 0;
}

/* The bitmap is user memory: with no lock held. */
static void tell(struct iova_bitmap *dirty, unsigned long page,
		 const unsigned long *bits)
{
	unsigned int first, end;

	for_each_set_bitrange(first, end, bits, WINDOW_PAGES)
		iova_bitmap_set(dirty, (page + first) << PAGE_SHIFT,
				(unsigned long)(end - first) << PAGE_SHIFT);
}

static int log_read_and_clear(struct vfio_device *vdev, unsigned long iova,
			      unsigned long length, struct iova_bitmap *dirty)
{
	struct vgpu *vgpu = vgpu_from_vdev(vdev);
	unsigned long first = iova >> PAGE_SHIFT;
	unsigned long last = (iova + length - 1) >> PAGE_SHIFT;
	unsigned long *bits;
	int ret = 0;

	if (!length)
		return 0;
	if (!READ_ONCE(vgpu->pins.log.on))
		return -EINVAL;
	bits = bitmap_alloc(WINDOW_PAGES, GFP_KERNEL_ACCOUNT);
	if (!bits)
		return -ENOMEM;
	while (first <= last &&
	       vgpu_pin_log_next(vgpu, &first, last, bits, WINDOW_PAGES)) {
		tell(dirty, first, bits);
		first += WINDOW_PAGES;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	bitmap_free(bits);
	return ret;
}

const struct vfio_log_ops migrate_log_ops = {
	.log_start		= log_start,
	.log_stop		= log_stop,
	.log_read_and_clear	= log_read_and_clear,
};
