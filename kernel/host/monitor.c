// SPDX-License-Identifier: GPL-2.0-only
/*
 * monitor.c - the monitors at the heads of a vGPU
 *
 * Every head of a vGPU has one, which is made up from its type. A VMM may
 * take that of head 0 away, or put another in its place, through the EDID
 * region: VFIO's struct vfio_region_gfx_edid, and the EDID behind it. The
 * VMM's last word lasts until it closes the vGPU, over resets too.
 */
#include "openvgpu.h"

#define EDID_OFFSET	256	/* of the EDID in its region */

static_assert(EDID_OFFSET + VGPU_EDID_SIZE == VGPU_EDID_REGION_SIZE);

/* -------------------------------------------------------------- connecting */

static unsigned int generate(struct vgpu *vgpu, unsigned int head, u8 *edid)
{
	struct vgpu_edid_info info = {
		.name = "OpenVGPU",
		.uuid = vgpu_name(vgpu),
		.head = head,
		.max_x = vgpu->type->max_x,
		.max_y = vgpu->type->max_y,
	};

	return vgpu_edid_build(&info, edid);
}

/**
 * vgpu_monitors_open - forget what the last VMM wanted
 * @vgpu: the vGPU, about to be opened; its lock is held
 */
void vgpu_monitors_open(struct vgpu *vgpu)
{
	struct vgpu_monitor *monitor = &vgpu->monitor;

	lockdep_assert_held(&vgpu->lock);
	memset(monitor, 0, sizeof(*monitor));
	if (!vgpu->type->heads)
		return;
	monitor->bytes = generate(vgpu, 0, monitor->edid);
	monitor->shown_bytes = monitor->bytes;
	memcpy(monitor->shown, monitor->edid, sizeof(monitor->shown));
	monitor->connected = true;
}

static void connect_first(struct vgpu *vgpu)
{
	const struct vgpu_monitor *monitor = &vgpu->monitor;

	vgpu->personality->monitor(vgpu, 0, monitor->shown,
				   monitor->connected ? monitor->shown_bytes : 0);
}

/**
 * vgpu_monitors_connect - connect every head's monitor
 * @vgpu: the vGPU, which was reset; its lock is held
 *
 * May sleep.
 */
void vgpu_monitors_connect(struct vgpu *vgpu)
{
	u8 edid[VGPU_EDID_SIZE];
	unsigned int head;

	lockdep_assert_held(&vgpu->lock);
	if (!vgpu->personality->monitor || !vgpu->type->heads)
		return;
	connect_first(vgpu);
	for (head = 1; head < vgpu->type->heads; head++)
		vgpu->personality->monitor(vgpu, head, edid,
					   generate(vgpu, head, edid));
}
