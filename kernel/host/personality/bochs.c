// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs.c - personality "bochs": the guest sees a display it has a driver for
 *
 * Firmware and operating systems drive it as QEMU's bochs-display: BAR0 is video
 * memory, mapped straight through, and BAR2 a page of registers that set a
 * mode. It has one head, no engine and no interrupt. It suits every family,
 * since it needs only a slice of video memory.
 *
 * BAR0 is a 32-bit BAR, because a BIOS maps no other, and has at most 256 MiB: two
 * pictures of 7680x4320. A guest reaches no memory beyond it. Drivers compare
 * its size with a register, so it is rounded down to a power of two, not up.
 */
#include <drm/drm_fourcc.h>
#include <linux/log2.h>
#include <linux/pci_ids.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "pci/config_space.h"
#include "personality/bochs_registers.h"
#include "personality/personalities.h"

#define BOCHS_VENDOR_ID		0x1234
#define BOCHS_DEVICE_ID		0x1111
#define BOCHS_SUBSYSTEM_ID	0x4f56	/* QEMU's devices have another one */
#define BOCHS_REVISION		2	/* from 2 on the byte order can be set */
#define BOCHS_BAR_MEMORY	0
#define BOCHS_BAR_REGISTERS	2
#define BOCHS_MEMORY_MIN	0x400000ULL	/* below it drivers give up */
#define BOCHS_MEMORY_MAX	0x10000000ULL

/**
 * struct bochs - a vGPU with this personality
 * @lock: protects @registers
 * @registers: the guest's registers
 */
struct bochs {
	spinlock_t lock;	/* innermost */
	struct bochs_registers registers;
};

static struct bochs *bochs_of(struct vgpu *vgpu)
{
	return vgpu->personality_data;
}

/* --------------------------------------------------------------- registers */

static u64 bochs_read(struct vgpu *vgpu, unsigned int region, u64 offset,
		      unsigned int size)
{
	struct bochs *bochs = bochs_of(vgpu);
	bool bad = false;
	u64 value;

	spin_lock(&bochs->lock);
	value = bochs_registers_read(&bochs->registers, offset, size, &bad);
	spin_unlock(&bochs->lock);
	if (bad)
		atomic64_inc(&vgpu->stats.bad_accesses);
	return value;
}

static void bochs_write(struct vgpu *vgpu, unsigned int region, u64 offset,
			unsigned int size, u64 value)
{
	struct bochs *bochs = bochs_of(vgpu);
	unsigned int result;

	spin_lock(&bochs->lock);
	result = bochs_registers_write(&bochs->registers, offset, size, value);
	spin_unlock(&bochs->lock);
	if (result & BOCHS_BAD)
		atomic64_inc(&vgpu->stats.bad_accesses);
	if (result & BOCHS_CHANGED)
		vgpu_console_changed(vgpu);
}

static void bochs_reset(struct vgpu *vgpu)
{
	struct bochs *bochs = bochs_of(vgpu);

	spin_lock(&bochs->lock);
	bochs_registers_reset(&bochs->registers);
	spin_unlock(&bochs->lock);
	vgpu_console_changed(vgpu);
}

/* ----------------------------------------------------------------- display */

static u32 format_of(const struct bochs_picture *picture)
{
	switch (picture->bpp) {
	case 16:
		return DRM_FORMAT_RGB565;
	case 24:
		return DRM_FORMAT_RGB888;
	default:
		return picture->big_endian ? DRM_FORMAT_BGRX8888 :
					     DRM_FORMAT_XRGB8888;
	}
}

static void bochs_plane(struct vgpu *vgpu, unsigned int head,
			enum vgpu_plane_kind kind, struct vgpu_plane *plane)
{
	struct bochs *bochs = bochs_of(vgpu);
	struct bochs_picture picture;
	bool visible;

	if (head || kind != VGPU_PLANE_PRIMARY)
		return;
	spin_lock(&bochs->lock);
	visible = bochs_registers_picture(&bochs->registers, &picture);
	spin_unlock(&bochs->lock);
	if (!visible)
		return;
	plane->format = format_of(&picture);
	plane->width = picture.width;
	plane->height = picture.height;
	plane->pitch = picture.pitch;
	plane->base = picture.base;
}

/* The guest is not notified: its driver reads the EDID when it needs modes. */
static void bochs_monitor(struct vgpu *vgpu, unsigned int head, const u8 *edid,
			  unsigned int bytes)
{
	struct bochs *bochs = bochs_of(vgpu);

	if (head)
		return;
	spin_lock(&bochs->lock);
	bochs_registers_monitor(&bochs->registers, edid, bytes);
	spin_unlock(&bochs->lock);
}

/* --------------------------------------------------------------- migration */

static void bochs_save(struct vgpu *vgpu, struct vgpu_pack *pack)
{
	struct bochs *bochs = bochs_of(vgpu);

	spin_lock(&bochs->lock);
	bochs_registers_save(&bochs->registers, pack);
	spin_unlock(&bochs->lock);
}

static int bochs_load(struct vgpu *vgpu, struct vgpu_unpack *unpack)
{
	struct bochs *bochs = bochs_of(vgpu);

	spin_lock(&bochs->lock);
	bochs_registers_load(&bochs->registers, unpack);
	spin_unlock(&bochs->lock);
	vgpu_console_changed(vgpu);
	return 0;
}

/* ------------------------------------------------------- init and release */

static u64 memory_size(u64 slice)
{
	return min_t(u64, rounddown_pow_of_two(slice), BOCHS_MEMORY_MAX);
}

static bool bochs_supports(const struct vgpu_gpu *gpu,
			   const struct vgpu_type *type)
{
	return type->heads && type->fb_size >= BOCHS_MEMORY_MIN;
}

static bool build_config(struct vgpu_config *config, u64 memory)
{
	vgpu_config_init(config, BOCHS_VENDOR_ID, BOCHS_DEVICE_ID,
			 BOCHS_VENDOR_ID, BOCHS_SUBSYSTEM_ID,
			 PCI_CLASS_DISPLAY_OTHER << 8, BOCHS_REVISION);
	return vgpu_config_add_bar(config, BOCHS_BAR_MEMORY, memory,
				   VGPU_BAR_PREFETCH) &&
	       vgpu_config_add_bar(config, BOCHS_BAR_REGISTERS,
				   BOCHS_PAGE_SIZE, 0) &&
	       vgpu_config_add_pcie(config);
}

static int bochs_init(struct vgpu *vgpu)
{
	u64 memory = memory_size(vgpu->fb_size);
	struct bochs *bochs;

	if (!build_config(&vgpu->config, memory))
		return -EINVAL;
	bochs = kzalloc(sizeof(*bochs), GFP_KERNEL_ACCOUNT);
	if (!bochs)
		return -ENOMEM;
	spin_lock_init(&bochs->lock);
	bochs_registers_init(&bochs->registers, memory, vgpu->type->max_x,
			     vgpu->type->max_y);
	vgpu->region[BOCHS_BAR_MEMORY] = (struct vgpu_region) {
		.ops	= &vgpu_mapped_ops,
		.size	= memory,
		.in_slice = true,
		.backed	= memory,
		.write_combine = true,
	};
	vgpu->region[BOCHS_BAR_REGISTERS] = (struct vgpu_region) {
		.ops	= &vgpu_trapped_ops,
		.size	= BOCHS_PAGE_SIZE,
	};
	vgpu->vectors = 0;
	vgpu->personality_data = bochs;
	return 0;
}

static void bochs_release(void *data)
{
	kfree(data);
}

const struct vgpu_personality vgpu_personality_bochs = {
	.name		= "bochs",
	.supports	= bochs_supports,
	.init		= bochs_init,
	.release	= bochs_release,
	.reset		= bochs_reset,
	.read		= bochs_read,
	.write		= bochs_write,
	.plane		= bochs_plane,
	.monitor	= bochs_monitor,
	.save		= bochs_save,
	.load		= bochs_load,
};
