/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - VFIO regions of a vGPU
 */
#ifndef BASE_REGION_H
#define BASE_REGION_H

#include <linux/mm_types.h>
#include <linux/types.h>
#include <linux/vfio.h>

#define VGPU_MAX_REGIONS	(VFIO_PCI_NUM_REGIONS + 4)

/* The offset in a VFIO file: region index above, offset in the region below. */
#define VGPU_OFFSET_SHIFT	40
#define VGPU_OFFSET_MASK	((1ULL << VGPU_OFFSET_SHIFT) - 1)

struct vgpu;
struct vgpu_region;
struct vm_fault;

/**
 * struct vgpu_region_ops - what accesses of a region do
 * @read: one access; size is 1, 2, 4 or 8, the offset naturally aligned and
 *	inside the region. May sleep
 * @write: likewise. Return: 0; an errno is for a VMM, what a guest writes never
 *	fails. NULL: it can only be read
 * @fault: put a page into a mapping, with mapping.sem held. NULL: it can't be mapped
 */
struct vgpu_region_ops {
	void (*read)(struct vgpu *vgpu, unsigned int index, u64 offset,
		     unsigned int size, u8 *bytes);
	int (*write)(struct vgpu *vgpu, unsigned int index, u64 offset,
		     unsigned int size, const u8 *bytes);
	vm_fault_t (*fault)(struct vgpu *vgpu, const struct vgpu_region *region,
			    struct vm_fault *vmf, u64 offset);
};

/**
 * struct vgpu_region - one VFIO region of a vGPU; mapped whole or not at all
 * @ops: NULL: it is absent
 * @size: bytes; a power of two for a BAR
 * @in_slice: with vgpu_mapped_ops: it shows the vGPU's slice, from its beginning,
 *	and not what @phys and @io say: a closed vGPU may move
 * @phys: likewise: bus address of the first byte
 * @io: likewise: kernel mapping of it
 * @backed: likewise: bytes that it shows; beyond them a scratch page is shown
 * @write_combine: cache attribute of mappings, must match that of the kernel's
 * @gfx_subtype: VFIO_REGION_SUBTYPE_GFX_*; 0: it has no type
 */
struct vgpu_region {
	const struct vgpu_region_ops *ops;
	u64 size;
	bool in_slice;
	phys_addr_t phys;
	void __iomem *io;
	u64 backed;
	bool write_combine;
	u32 gfx_subtype;
};

/* Every access goes to the personality; vgpu/region.c. */
extern const struct vgpu_region_ops vgpu_trapped_ops;
/* The user page of a GPU that can't be mapped; vgpu/region.c. */
extern const struct vgpu_region_ops vgpu_user_ops;
/* Hardware that is mapped straight into the VMM; pci/mapping.c. */
extern const struct vgpu_region_ops vgpu_mapped_ops;

/* Registers are little endian, as PCI is. */
static inline void vgpu_value_to_bytes(u8 *bytes, u64 value, unsigned int size)
{
	while (size--) {
		*bytes++ = value;
		value >>= 8;
	}
}

static inline u64 vgpu_value_from_bytes(const u8 *bytes, unsigned int size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

#endif /* BASE_REGION_H */
