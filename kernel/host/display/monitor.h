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
 * struct vgpu_monitor - the monitor of head 0
 * @edid: EDID in the EDID region: generated, or written by the VMM
 * @bytes: size of @edid; the VMM writes both, so they may not be valid
 * @connected: whether the monitor is connected
 * @active: EDID of the monitor, a valid one
 * @active_bytes: size of @active
 */
struct vgpu_monitor {
	u8 edid[VGPU_EDID_SIZE];
	u32 bytes;
	bool connected;
	u8 active[VGPU_EDID_SIZE];
	u32 active_bytes;
};

void vgpu_monitors_open(struct vgpu *vgpu);
void vgpu_monitors_connect(struct vgpu *vgpu);
extern const struct vgpu_region_ops vgpu_edid_ops;

#endif /* DISPLAY_MONITOR_H */
