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
struct vgpu_pack;
struct vgpu_unpack;

#define VGPU_HEADS_MAX		4	/* of a vGPU of any type */
#define VGPU_EDID_REGION	(VFIO_PCI_NUM_REGIONS + 1) /* the monitor of head 0 */
#define VGPU_EDID_REGION_SIZE	512

/**
 * struct vgpu_edid - the EDID of a monitor
 * @data: it
 * @bytes: of @data; 0: there is no monitor
 */
struct vgpu_edid {
	u8 data[VGPU_EDID_SIZE];
	u32 bytes;
};

/**
 * struct vgpu_monitor - the monitor of head 0, and the others
 * @edid: EDID in the EDID region: generated, or written by the VMM
 * @bytes: size of @edid; the VMM writes both, so they may not be valid
 * @connected: whether the monitor is connected
 * @active: EDID of the monitor, a valid one
 * @active_bytes: size of @active
 * @other: monitors of heads 1 and up
 */
struct vgpu_monitor {
	u8 edid[VGPU_EDID_SIZE];
	u32 bytes;
	bool connected;
	u8 active[VGPU_EDID_SIZE];
	u32 active_bytes;
	struct vgpu_edid other[VGPU_HEADS_MAX - 1];
};

void vgpu_monitors_open(struct vgpu *vgpu);
void vgpu_monitors_connect(struct vgpu *vgpu);
unsigned int vgpu_monitors_of_guest(const struct vgpu *vgpu);
void vgpu_monitors_save(struct vgpu *vgpu, struct vgpu_pack *pack);
int vgpu_monitors_load(struct vgpu *vgpu, struct vgpu_unpack *unpack);
extern const struct vgpu_region_ops vgpu_edid_ops;

#endif /* DISPLAY_MONITOR_H */
