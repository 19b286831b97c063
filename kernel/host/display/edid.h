/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * edid.h - EDIDs of virtual monitors
 *
 * EDID 1.4, which guests read from a head: name, serial number, size, and the
 * modes up to the largest of the type. Modes too large for the base block are in
 * a DisplayID extension. Pure C without calls or locks, so that unit tests
 * compile it in user space.
 */
#ifndef OPENVGPU_EDID_H
#define OPENVGPU_EDID_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

#define VGPU_EDID_BLOCK		128
#define VGPU_EDID_SIZE		256	/* largest result of vgpu_edid_build() */
#define VGPU_EDID_MIN_X		640	/* every monitor has this mode */
#define VGPU_EDID_MIN_Y		480

/**
 * struct vgpu_edid_info - the monitor to describe
 * @name: name of the monitor; ASCII, the first 13 characters are used
 * @uuid: UUID of the vGPU, any text; the serial number is a hash of it
 * @head: 0.., so that the monitors of a vGPU differ
 * @max_x, @max_y: the largest mode, pixels
 * @preferred_x, @preferred_y: the preferred mode; 0 or too large: a common mode
 *	is chosen. The width is rounded down to a multiple of 8
 */
struct vgpu_edid_info {
	const char *name;
	const char *uuid;
	unsigned int head;
	__u32 max_x, max_y;
	__u32 preferred_x, preferred_y;
};

unsigned int vgpu_edid_build(const struct vgpu_edid_info *info,
			     __u8 edid[VGPU_EDID_SIZE]);
bool vgpu_edid_valid(const __u8 *edid, size_t bytes);

#endif /* OPENVGPU_EDID_H */
