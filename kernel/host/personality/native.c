// SPDX-License-Identifier: GPL-2.0-only
/*
 * native.c - personality "native": the guest sees the hardware's own interface
 *
 * For every family whose GPU runs a partition's rings by itself and has a user
 * window for each partition. BAR2 is the framebuffer slice and BAR4 the user
 * window, both mapped straight through; BAR0 is a control page for the little
 * that needs the host (uapi/openvgpu_native.h). No job passes through here.
 */
#include <linux/bits.h>
#include <linux/slab.h>

#include "base/vgpu.h"
#include "memory/pin.h"
#include "pci/config_space.h"
#include "personality/native.h"
#include "personality/personalities.h"
#include "vgpu/life.h"

#define NATIVE_VERSION	0x00010001

/* ------------------------------------------------------------------ events */

/* Status bits that rise raise the vector if they are enabled. Lock held. */
static void raise_if(struct native *native, u64 bits)
{
	lockdep_assert_held(&native->lock);
	if (bits & native->event_status & native->event_enable)
		vgpu_irq_raise(native->vgpu, OPENVGPU_NATIVE_VECTOR_CONTROL);
}

/**
 * native_event - something happened that the control page shows
 * @native: the personality's data
 * @events: OPENVGPU_NATIVE_EVENT_* bits
 *
 * Process context.
 */
void native_event(struct native *native, u64 events)
{
	spin_lock(&native->lock);
	native->event_status |= events;
	raise_if(native, events);
	spin_unlock(&native->lock);
}

static void native_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	struct native *native = native_of(vgpu);
	u64 events = OPENVGPU_NATIVE_EVENT_FAULT;

	if (code == VGPU_FAULT_GPU_DEAD)
		events |= OPENVGPU_NATIVE_EVENT_DEAD;
	spin_lock(&native->lock);
	native->fault = code;
	spin_unlock(&native->lock);
	native_event(native, events);
}

static void native_revoked(struct vgpu *vgpu)
{
	native_event(native_of(vgpu), OPENVGPU_NATIVE_EVENT_REVOKED);
}

/* --------------------------------------------------------------- registers */

static u64 features(const struct vgpu *vgpu)
{
	u64 bits = 0;

	if (vgpu->gpu->sysmem_pages)
		bits |= OPENVGPU_NATIVE_FEATURE_SYSMEM;
	if (vgpu->type->heads)
		bits |= OPENVGPU_NATIVE_FEATURE_HEADS;
	return bits;
}

static bool resetting(const struct native *native)
{
	return native->reset_wanted || native->reset_running;
}

/* The whole register at @offset; false if there is none. */
static bool read_register(struct native *native, u64 offset, u64 *value)
{
	struct vgpu *vgpu = native->vgpu;

	lockdep_assert_held(&native->lock);
	switch (offset) {
	case OPENVGPU_NATIVE_ID:
		*value = OPENVGPU_NATIVE_ID_VALUE;
		return true;
	case OPENVGPU_NATIVE_VERSION:
		*value = NATIVE_VERSION;
		return true;
	case OPENVGPU_NATIVE_FEATURES:
		*value = features(vgpu);
		return true;
	case OPENVGPU_NATIVE_FRAMEBUFFER:
		*value = vgpu->fb_size;
		return true;
	case OPENVGPU_NATIVE_APERTURE_PAGES:
	case OPENVGPU_NATIVE_PINNED_MAX:
		*value = vgpu->gpu->sysmem_pages;
		return true;
	case OPENVGPU_NATIVE_MAP_PAGES_MAX:
		*value = NATIVE_MAP_PAGES_MAX;
		return true;
	case OPENVGPU_NATIVE_EVENT_STATUS:
		*value = native->event_status;
		return true;
	case OPENVGPU_NATIVE_EVENT_ENABLE:
		*value = native->event_enable;
		return true;
	case OPENVGPU_NATIVE_FAULT:
		*value = native->fault;
		return true;
	case OPENVGPU_NATIVE_MAP_LIST:
		*value = native->map.list;
		return true;
	case OPENVGPU_NATIVE_MAP_FIRST:
		*value = native->map.first;
		return true;
	case OPENVGPU_NATIVE_MAP_PAGES:
		*value = native->map.pages;
		return true;
	case OPENVGPU_NATIVE_MAP_STATUS:
		/* Commands are dropped until the reset is done. */
		*value = resetting(native) ? OPENVGPU_NATIVE_BUSY :
					     native->map_status;
		return true;
	case OPENVGPU_NATIVE_MAPPED:
		*value = READ_ONCE(vgpu->pins.pages);
		return true;
	case OPENVGPU_NATIVE_RESET:
		*value = resetting(native);
		return true;
	case OPENVGPU_NATIVE_FRAMEBUFFER_USED:
		*value = READ_ONCE(vgpu->framebuffer_used);
		return true;
	case OPENVGPU_NATIVE_MAP_COMMAND:
		*value = 0;
		return true;
	}
	*value = 0;
	return false;
}

static void write_enable(struct native *native, u64 value)
{
	u64 fresh = value & ~native->event_enable;

	native->event_enable = value;
	/* What happened before it was enabled must not be missed. */
	raise_if(native, fresh);
}

/*
 * @value replaces the bits of @mask. A register that acts does so when its low
 * half is written. False: no such register, or it is read-only.
 */
static bool write_register(struct native *native, u64 offset, u64 value,
			   u64 mask)
{
	bool low = mask & 1;
	u64 old;

	lockdep_assert_held(&native->lock);
	if (!read_register(native, offset, &old))
		return false;
	switch (offset) {
	case OPENVGPU_NATIVE_EVENT_STATUS:
		native->event_status &= ~(value & mask);
		return true;
	case OPENVGPU_NATIVE_EVENT_ENABLE:
		write_enable(native, (old & ~mask) | (value & mask));
		return true;
	case OPENVGPU_NATIVE_MAP_LIST:
		native->map.list = (old & ~mask) | (value & mask);
		return true;
	case OPENVGPU_NATIVE_MAP_FIRST:
		native->map.first = (old & ~mask) | (value & mask);
		return true;
	case OPENVGPU_NATIVE_MAP_PAGES:
		native->map.pages = (old & ~mask) | (value & mask);
		return true;
	case OPENVGPU_NATIVE_FRAMEBUFFER_USED:
		WRITE_ONCE(native->vgpu->framebuffer_used,
			   (old & ~mask) | (value & mask));
		return true;
	case OPENVGPU_NATIVE_MAP_COMMAND:
		if (low)
			native_map_command(native, value & mask);
		return true;
	case OPENVGPU_NATIVE_RESET:
		if (low && (value & 1)) {
			native->reset_wanted = true;
			queue_work(native->vgpu->gpu->wq, &native->reset_work);
		}
		return true;
	}
	return false;
}

/* The halves of the MSI-X structures are the VMM's; they hold nothing here. */
static bool is_msix(u64 offset)
{
	return offset >= OPENVGPU_NATIVE_MSIX_TABLE;
}

static u64 native_read(struct vgpu *vgpu, unsigned int region, u64 offset,
		       unsigned int size)
{
	struct native *native = native_of(vgpu);
	bool known;
	u64 value;

	if (is_msix(offset))
		return 0;
	if (size < 4) {
		atomic64_inc(&vgpu->stats.bad_accesses);
		return 0;
	}
	spin_lock(&native->lock);
	known = read_register(native, offset & ~7ULL, &value);
	spin_unlock(&native->lock);
	if (!known)
		atomic64_inc(&vgpu->stats.bad_accesses);
	if (size == 8)
		return value;
	return offset & 4 ? upper_32_bits(value) : lower_32_bits(value);
}

static void native_write(struct vgpu *vgpu, unsigned int region, u64 offset,
			 unsigned int size, u64 value)
{
	struct native *native = native_of(vgpu);
	u64 mask = U64_MAX;
	bool known;

	if (is_msix(offset))
		return;
	if (size < 4) {
		atomic64_inc(&vgpu->stats.bad_accesses);
		return;
	}
	if (size == 4) {
		mask = offset & 4 ? GENMASK_ULL(63, 32) : GENMASK_ULL(31, 0);
		value = offset & 4 ? value << 32 : value & mask;
	}
	spin_lock(&native->lock);
	known = write_register(native, offset & ~7ULL, value, mask);
	spin_unlock(&native->lock);
	if (!known)
		atomic64_inc(&vgpu->stats.bad_accesses);
}

/* --------------------------------------------------------- reset and close */

/*
 * The RESET register. Under vgpu->lock no close or open can come between the
 * test and the reset: a former guest's wish never hits the next one.
 */
static void reset_work(struct work_struct *work)
{
	struct native *native = container_of(work, struct native, reset_work);
	struct vgpu *vgpu = native->vgpu;
	bool wanted;

	mutex_lock(&vgpu->lock);
	spin_lock(&native->lock);
	wanted = native->reset_wanted;
	native->reset_wanted = false;
	native->reset_running = wanted;
	spin_unlock(&native->lock);
	if (wanted)
		vgpu_reset_locked(vgpu, VGPU_RESET_GUEST);
	spin_lock(&native->lock);
	native->reset_running = false;
	spin_unlock(&native->lock);
	mutex_unlock(&vgpu->lock);
}

static void native_reset(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	native_map_stop(native);
	/* What it may have mapped since core took all memory back. */
	vgpu_pin_unmap_all(vgpu);

	spin_lock(&native->lock);
	native->event_status = 0;
	native->event_enable = 0;
	native->fault = VGPU_FAULT_NONE;
	WRITE_ONCE(vgpu->framebuffer_used, 0);
	memset(&native->map, 0, sizeof(native->map));
	native->map_status = OPENVGPU_NATIVE_OK;
	native->map_blocked = false;
	/* Another reset came first: the VM may be another one by now. */
	if (!native->reset_running)
		native->reset_wanted = false;
	spin_unlock(&native->lock);
}

static void native_close(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	native_map_stop(native);
	spin_lock(&native->lock);
	WRITE_ONCE(vgpu->framebuffer_used, 0);
	native->reset_wanted = false;
	spin_unlock(&native->lock);
}

/* ------------------------------------------------------------------ heads */

static void native_plane(struct vgpu *vgpu, unsigned int head,
			 enum vgpu_plane_kind kind, struct vgpu_plane *plane)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	if (family->head_plane)
		family->head_plane(vgpu, head, kind, plane);
}

static void native_monitor(struct vgpu *vgpu, unsigned int head,
			   const u8 *edid, unsigned int bytes)
{
	const struct vgpu_family *family = vgpu->gpu->family;

	if (family->head_monitor)
		family->head_monitor(vgpu, head, edid, bytes);
}

/* --------------------------------------------------------- init and release */

static bool native_supports(const struct vgpu_gpu *gpu,
			    const struct vgpu_type *type)
{
	return gpu->family->engine == VGPU_ENGINE_AUTONOMOUS &&
	       gpu->user_vectors == 1;
}

static bool build_config(struct vgpu *vgpu)
{
	const struct vgpu_gpu *gpu = vgpu->gpu;
	struct vgpu_config *config = &vgpu->config;

	vgpu_config_init(config, gpu->vendor_id, gpu->device_id, gpu->vendor_id,
			 gpu->subsystem_id, gpu->class_code, gpu->revision);
	return vgpu_config_add_bar(config, OPENVGPU_NATIVE_BAR_CONTROL,
				   OPENVGPU_NATIVE_CONTROL_SIZE, 0) &&
	       vgpu_config_add_bar(config, OPENVGPU_NATIVE_BAR_FRAMEBUFFER,
				   vgpu->type->bar_size,
				   VGPU_BAR_64 | VGPU_BAR_PREFETCH) &&
	       vgpu_config_add_bar(config, OPENVGPU_NATIVE_BAR_USER,
				   vgpu->user_size, VGPU_BAR_64) &&
	       vgpu_config_add_pcie(config) &&
	       vgpu_config_add_msix(config, OPENVGPU_NATIVE_VECTORS,
				    OPENVGPU_NATIVE_BAR_CONTROL,
				    OPENVGPU_NATIVE_MSIX_TABLE,
				    OPENVGPU_NATIVE_BAR_CONTROL,
				    OPENVGPU_NATIVE_MSIX_PBA);
}

static void fill_regions(struct vgpu *vgpu)
{
	const struct vgpu_gpu *gpu = vgpu->gpu;

	vgpu->region[OPENVGPU_NATIVE_BAR_CONTROL] = (struct vgpu_region) {
		.ops	= &vgpu_trapped_ops,
		.size	= OPENVGPU_NATIVE_CONTROL_SIZE,
	};
	vgpu->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER] = (struct vgpu_region) {
		.ops	= &vgpu_mapped_ops,
		.size	= vgpu->type->bar_size,
		.phys	= gpu->fb_phys + vgpu->fb_offset,
		.io	= gpu->fb_io + vgpu->fb_offset,
		.backed	= vgpu->fb_size,
		.write_combine = true,
	};
	vgpu->region[OPENVGPU_NATIVE_BAR_USER] = (struct vgpu_region) {
		.ops	= &vgpu_mapped_ops,
		.size	= vgpu->user_size,
		.phys	= vgpu->user_phys,
		.io	= vgpu->user_io,
		.backed	= vgpu->user_size,
	};
}

static int native_init(struct vgpu *vgpu)
{
	struct native *native;

	if (!vgpu->user_size)
		return -ENODEV;
	native = kzalloc(sizeof(*native), GFP_KERNEL_ACCOUNT);
	if (!native)
		return -ENOMEM;
	native->vgpu = vgpu;
	/* Nothing before the first reset, which open does. */
	native->map_blocked = true;
	spin_lock_init(&native->lock);
	native_map_init(native);
	INIT_WORK(&native->reset_work, reset_work);
	if (!build_config(vgpu)) {
		kfree(native);
		return -EINVAL;
	}
	fill_regions(vgpu);
	vgpu->vectors = OPENVGPU_NATIVE_VECTORS;
	vgpu->personality_data = native;
	return 0;
}

static void native_release(void *data)
{
	struct native *native = data;

	cancel_work_sync(&native->map_work);
	cancel_work_sync(&native->reset_work);
	kfree(native);
}

const struct vgpu_personality vgpu_personality_native = {
	.name		= "native",
	.supports	= native_supports,
	.init		= native_init,
	.release	= native_release,
	.reset		= native_reset,
	.close		= native_close,
	.read		= native_read,
	.write		= native_write,
	.fault		= native_fault,
	.revoked	= native_revoked,
	.plane		= native_plane,
	.monitor	= native_monitor,
	.paced		= true,
};
