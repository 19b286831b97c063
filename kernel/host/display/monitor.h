/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * monitor.h - the monitors at the heads of a vGPU
 */
#ifndef DISPLAY_MONITOR_H
#define DISPLAY_MONITOR_H

#include <linux/types.h>
#include <linux/vfio.h>

#include "display/edid.h"

struct vgpu;

#define VGPU_EDID_REGION	(VFIO_PCI_NUM_REGIONS + 1) /* the monitor of head 0 */
#define VGPU_EDID_REGION_SIZE	512

/**
 * struct vgpu_monitor - the monitor at head 0, as the VMM wants it
 * @edid: what it says of itself: generated, or written by the VMM
 * @bytes: of @edid; as the VMM wrote it, so @edid may not be valid
 * @connected: it is; @edid was valid then
 * @shown: the EDID its head was given last
 * @shown_bytes: of @shown
 */
struct vgpu_monitor {
	u8 edid[VGPU_EDID_SIZE];
	u32 bytes;
	bool connected;
	u8 shown[VGPU_EDID_SIZE];
	u32 shown_bytes;
};

void vgpu_monitors_open(struct vgpu *vgpu);
void vgpu_monitors_connect(struct vgpu *vgpu);
extern const struct vgpu_region_ops vgpu_edid_ops;

#endif /* DISPLAY_MONITOR_H */
