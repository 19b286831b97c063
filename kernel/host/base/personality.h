/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * personality.h - the device model that a guest sees
 */
#ifndef BASE_PERSONALITY_H
#define BASE_PERSONALITY_H

#include <linux/types.h>

#include "base/fault.h"
#include "display/picture.h"

struct vgpu;
struct vgpu_gpu;
struct vgpu_pack;
struct vgpu_type;
struct vgpu_unpack;

/**
 * struct vgpu_personality - a virtual PCI function model
 * @name: its name in sysfs
 * @supports: true if it suits vGPUs of that GPU and type
 * @init: fill in vgpu->config (ids, BARs, capabilities), vgpu->region[],
 *	vgpu->vectors; allocate vgpu->personality_data. May sleep. 0 or errno.
 * @release: free what @init left in vgpu->personality_data. The vGPU may have
 *	another personality by then, and be open. May sleep.
 * @reset: registers to their power-on values; called at open and at every
 *	reset, with nothing of the vGPU running. May sleep.
 * @stop: reset or close is under way: begin nothing for the guest until @reset.
 *	Called before the scheduler and the guest's memory are taken away; does
 *	not wait for what a VMM can hold up. May be NULL.
 * @read, @write: a trapped region; size is 1, 2, 4 or 8, the offset naturally
 *	aligned and inside the region. Never fail, never block for long: may
 *	sleep, but not wait for hardware progress.
 * @fault: notify the guest of a fault. May sleep.
 * @revoked: the host took guest memory back (dma_unmap). Called under
 *	pins.lock: short. May be NULL.
 * @plane: the present picture of a head; @plane is all zero on entry and stays
 *	so if there is none. NULL: it has no display. May sleep.
 * @monitor: a monitor with that EDID was connected to a head, or taken away
 *	(0 bytes). Called for each head of the type after every @reset, and
 *	when the VMM changes it; with vgpu->lock held. NULL with @plane.
 *	May sleep.
 * @guest_driver: put a value of vgpu->guest_driver into words for sysfs: any
 *	value, since another personality may have set it. Any context. NULL:
 *	drivers of its guests say nothing of themselves.
 * @paced: whether core may pace its flips (frame_rate_limit) through the
 *	family
 * @engine: its guest sees the family's partition, whose state migrates with it
 * @interface: version of what it shows its guest besides, major << 16 | minor; 0:
 *	that has none
 * @quiesce: what the host does for the guest in work items of its own is done, or
 *	has not begun and waits for @unquiesce. Waits for a VMM's memory, not for
 *	ever: with no lock held. 0; -EBUSY: it takes too long; -EINTR. NULL: there
 *	is no such work.
 * @unquiesce: it goes on. Raises its vectors of which an interrupt may have been
 *	lost. NULL with @quiesce.
 * @save: all that its guest can read, but for monitors and memory, when it was
 *	quiesced
 * @load: the reverse, after a @reset, quiesced too. What comes is checked. 0 or
 *	-EBADMSG. The caller looks whether all was there.
 *
 * A personality that learns of a guest's change of mode or scan-out calls
 * vgpu_console_changed().
 *
 * @reset, @stop, @save and @load are called with vgpu->lock held, @revoked with pins.lock,
 * @plane perhaps with gpu->console_lock and what is above it, the others with no
 * lock of core.
 */
struct vgpu_personality {
	const char *name;
	bool (*supports)(const struct vgpu_gpu *gpu, const struct vgpu_type *type);
	int (*init)(struct vgpu *vgpu);
	void (*release)(void *data);
	void (*reset)(struct vgpu *vgpu);
	void (*stop)(struct vgpu *vgpu);
	u64 (*read)(struct vgpu *vgpu, unsigned int region, u64 offset,
		    unsigned int size);
	void (*write)(struct vgpu *vgpu, unsigned int region, u64 offset,
		      unsigned int size, u64 value);
	void (*fault)(struct vgpu *vgpu, enum vgpu_fault code);
	void (*revoked)(struct vgpu *vgpu);
	void (*plane)(struct vgpu *vgpu, unsigned int head,
		      enum vgpu_plane_kind kind, struct vgpu_plane *plane);
	void (*monitor)(struct vgpu *vgpu, unsigned int head,
			const u8 *edid, unsigned int bytes);
	void (*guest_driver)(u64 driver, char *buf, size_t size);
	bool paced;
	bool engine;
	u32 interface;
	int (*quiesce)(struct vgpu *vgpu);
	void (*unquiesce)(struct vgpu *vgpu);
	void (*save)(struct vgpu *vgpu, struct vgpu_pack *pack);
	int (*load)(struct vgpu *vgpu, struct vgpu_unpack *unpack);
};

/* tables.c */
const struct vgpu_personality *vgpu_personality_find(const char *name);
int vgpu_personality_list(const struct vgpu *vgpu, char *buf, size_t size,
			  bool brackets);

/* Reports of a personality; it raises interrupts with vgpu_irq_raise(). */
void vgpu_console_changed(struct vgpu *vgpu);

#endif /* BASE_PERSONALITY_H */
