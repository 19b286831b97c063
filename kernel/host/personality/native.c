// SPDX-License-Identifier: GPL-2.0-only
/*
 * native.c - personality "native": the guest sees the hardware's own interface
 *
 * For every family whose GPU runs a partition's rings by itself and has a user
 * window for each partition. BAR2 is the framebuffer slice and BAR4 the user
 * window, both mapped straight through; BAR0 is a control page for the little
 * that needs the host (uapi/openvgpu_native.h). No job passes through here.
 */
#include <linux/slab.h>

#include "base/vgpu.h"
#include "pci/config_space.h"
#include "personality/native.h"
#include "personality/personalities.h"
#include "vgpu/life.h"

/* ------------------------------------------------------------------ events */

/**
 * native_event - report an event in the control page
 * @native: the personality's data, with its lock held
 * @events: OPENVGPU_NATIVE_EVENT_* bits
 *
 * What the event is about is set under the same lock, so that a guest that sees
 * the one sees the other, too. Process context.
 */
void native_event(struct native *native, u64 events)
{
	lockdep_assert_held(&native->lock);
	if (native_registers_event(&native->registers, events) & NATIVE_RAISE)
		vgpu_irq_raise(native->vgpu, OPENVGPU_NATIVE_VECTOR_CONTROL);
}

static void native_fault(struct vgpu *vgpu, enum vgpu_fault code)
{
	struct native *native = native_of(vgpu);
	u64 events = OPENVGPU_NATIVE_EVENT_FAULT;

	if (code == VGPU_FAULT_GPU_DEAD)
		events |= OPENVGPU_NATIVE_EVENT_DEAD;
	spin_lock(&native->lock);
	native->registers.fault = code;
	native_event(native, events);
	spin_unlock(&native->lock);
}

static void native_revoked(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	spin_lock(&native->lock);
	native_event(native, OPENVGPU_NATIVE_EVENT_REVOKED);
	spin_unlock(&native->lock);
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

static u64 native_read(struct vgpu *vgpu, unsigned int region, u64 offset,
		       unsigned int size)
{
	struct native *native = native_of(vgpu);
	bool bad = false;
	u64 value;

	/* Who reads that the hardware is here finds no scratch page mapped any more. */
	down_read(&vgpu->mapping.sem);
	spin_lock(&native->lock);
	native->registers.mapped = READ_ONCE(vgpu->pins.pages);
	native->registers.state = vgpu_has_hardware(vgpu) ?
				  OPENVGPU_NATIVE_HERE : OPENVGPU_NATIVE_AWAY;
	value = native_registers_read(&native->registers, offset, size, &bad);
	spin_unlock(&native->lock);
	up_read(&vgpu->mapping.sem);
	if (bad)
		atomic64_inc(&vgpu->stats.bad_accesses);
	return value;
}

/* The administrator of the host learns it, too, if one of the two is to be updated. */
static void tell_mismatch(struct vgpu *vgpu)
{
	char text[VGPU_LAST_ERROR_SIZE];

	if (native_mismatch_text(READ_ONCE(vgpu->guest_driver), text,
				 sizeof(text)))
		vgpu_owner_error(vgpu, ": %s", text);
}

static void native_write(struct vgpu *vgpu, unsigned int region, u64 offset,
			 unsigned int size, u64 value)
{
	struct native *native = native_of(vgpu);
	unsigned int todo;

	spin_lock(&native->lock);
	todo = native_registers_write(&native->registers, offset, size, value);
	WRITE_ONCE(vgpu->framebuffer_used, native->registers.framebuffer_used);
	WRITE_ONCE(vgpu->guest_driver, native->registers.guest_driver);
	if (todo & NATIVE_RAISE)
		vgpu_irq_raise(vgpu, OPENVGPU_NATIVE_VECTOR_CONTROL);
	if (todo & NATIVE_MAP)
		queue_work(vgpu->gpu->memory_wq, &native->map_work);
	if (todo & NATIVE_RESET)
		queue_work(vgpu->gpu->wq, &native->reset_work);
	spin_unlock(&native->lock);
	if (todo & NATIVE_BAD)
		atomic64_inc(&vgpu->stats.bad_accesses);
	if (todo & NATIVE_DRIVER)
		tell_mismatch(vgpu);
}

/* ---------------------------------------------------------- reset and stop */

/*
 * The RESET register. Under vgpu->lock no close or open can come between the
 * test and the reset: the request of a former guest never resets the next one.
 */
static void reset_work(struct work_struct *work)
{
	struct native *native = container_of(work, struct native, reset_work);
	struct vgpu *vgpu = native->vgpu;
	bool wanted;

	mutex_lock(&vgpu->lock);
	spin_lock(&native->lock);
	wanted = native->registers.reset_wanted;
	native->registers.reset_wanted = false;
	native->registers.reset_running = wanted;
	spin_unlock(&native->lock);
	if (wanted)
		vgpu_reset_locked(vgpu, VGPU_RESET_GUEST);
	spin_lock(&native->lock);
	native->registers.reset_running = false;
	spin_unlock(&native->lock);
	mutex_unlock(&vgpu->lock);
}

static void native_reset(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	spin_lock(&native->lock);
	native_registers_reset(&native->registers);
	WRITE_ONCE(vgpu->framebuffer_used, 0);
	WRITE_ONCE(vgpu->guest_driver, 0);
	spin_unlock(&native->lock);
}

/* A command that waits for memory may go on; core drops what it maps. */
static void native_stop(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	spin_lock(&native->lock);
	native_registers_stop(&native->registers);
	native->registers.framebuffer_used = 0;
	native->registers.guest_driver = 0;
	WRITE_ONCE(vgpu->framebuffer_used, 0);
	WRITE_ONCE(vgpu->guest_driver, 0);
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

/* --------------------------------------------------------------- migration */

static int native_quiesce(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);
	int ret;

	ret = native_map_hold(native);
	if (ret == -EBUSY)
		vgpu_owner_error(vgpu,
				 ": VM not paused: its guest has memory mapped for the GPU, which its VMM does not provide");
	/* Bounded; a guest that asked for a reset finds it done. */
	flush_work(&native->reset_work);
	return ret;
}

static void native_unquiesce(struct vgpu *vgpu)
{
	struct native *native = native_of(vgpu);

	native_map_go_on(native);
	spin_lock(&native->lock);
	if (native_registers_raised(&native->registers))
		vgpu_irq_raise(vgpu, OPENVGPU_NATIVE_VECTOR_CONTROL);
	spin_unlock(&native->lock);
}

static void native_save(struct vgpu *vgpu, struct vgpu_pack *pack)
{
	struct native *native = native_of(vgpu);

	spin_lock(&native->lock);
	native_registers_save(&native->registers, pack);
	spin_unlock(&native->lock);
}

static int native_load(struct vgpu *vgpu, struct vgpu_unpack *unpack)
{
	struct native *native = native_of(vgpu);
	bool good;

	spin_lock(&native->lock);
	good = native_registers_load(&native->registers, unpack);
	WRITE_ONCE(vgpu->framebuffer_used, native->registers.framebuffer_used);
	WRITE_ONCE(vgpu->guest_driver, native->registers.guest_driver);
	spin_unlock(&native->lock);
	return good ? 0 : -EBADMSG;
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
	vgpu->region[OPENVGPU_NATIVE_BAR_CONTROL] = (struct vgpu_region) {
		.ops	= &vgpu_trapped_ops,
		.size	= OPENVGPU_NATIVE_CONTROL_SIZE,
	};
	vgpu->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER] = (struct vgpu_region) {
		.ops	= &vgpu_mapped_ops,
		.size	= vgpu->type->bar_size,
		.in_slice = true,
		.backed	= vgpu->fb_size,
		.write_combine = true,
	};
	vgpu->region[OPENVGPU_NATIVE_BAR_USER] = (struct vgpu_region) {
		.ops	= vgpu->gpu->family->user_read ? &vgpu_user_ops :
							 &vgpu_mapped_ops,
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
	native->registers.features = features(vgpu);
	native->registers.framebuffer = vgpu->fb_size;
	native->registers.sysmem_pages = vgpu->gpu->sysmem_pages;
	native->registers.heads = vgpu->type->heads;
	native->registers.head_max = (u64)vgpu->type->max_y << 32 |
				     vgpu->type->max_x;
	/* Nothing before the first reset, which open does. */
	native->registers.map_blocked = true;
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
	.stop		= native_stop,
	.read		= native_read,
	.write		= native_write,
	.fault		= native_fault,
	.revoked	= native_revoked,
	.plane		= native_plane,
	.monitor	= native_monitor,
	.guest_driver	= native_driver_text,
	.paced		= true,
	.engine		= true,
	.interface	= NATIVE_VERSION,
	.quiesce	= native_quiesce,
	.unquiesce	= native_unquiesce,
	.save		= native_save,
	.load		= native_load,
};
