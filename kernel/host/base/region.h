/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - VFIO regions of a vGPU
 */
#ifndef BASE_REGION_H
#define BASE_REGION_H

#include <linux/types.h>
#include <linux/vfio.h>

#define VGPU_MAX_REGIONS	(VFIO_PCI_NUM_REGIONS + 4)

/* The offset in a VFIO file: region index above, offset in the region below. */
#define VGPU_OFFSET_SHIFT	40
#define VGPU_OFFSET_MASK	((1ULL << VGPU_OFFSET_SHIFT) - 1)

enum vgpu_region_kind {
	VGPU_REGION_ABSENT,
	VGPU_REGION_TRAPPED,	/* every access goes to the personality */
	VGPU_REGION_MAPPED,	/* mapped whole; pread and pwrite work too */
	VGPU_REGION_WINDOW,	/* the display window: mapped, read only */
	VGPU_REGION_EDID,	/* the EDID of head 0's monitor */
};

/**
 * struct vgpu_region - one VFIO region of a vGPU
 * @kind: absent, trapped or mapped; the last two kinds are core's own
 * @size: bytes; a power of two for a BAR
 * @phys: mapped: bus address of the first byte
 * @io: mapped: kernel mapping of it
 * @backed: mapped: bytes behind @phys; beyond it a scratch page is shown
 * @write_combine: mapped: cache attribute, must match that of @io
 */
struct vgpu_region {
	enum vgpu_region_kind kind;
	u64 size;
	phys_addr_t phys;
	void __iomem *io;
	u64 backed;
	bool write_combine;
};

#endif /* BASE_REGION_H */
