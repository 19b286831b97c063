/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bochs_guest.h - what firmware and guest drivers do to a vGPU with the bochs
 * personality; every failure ends the test
 *
 * The numbers are those drivers have, not taken from the module.
 */
#ifndef BOCHS_GUEST_H
#define BOCHS_GUEST_H

#include <linux/vfio.h>

#include "plain.h"

#define BOCHS_BAR_MEMORY	0
#define BOCHS_BAR_REGISTERS	2
#define BOCHS_REGISTERS_SIZE	4096u

#define BOCHS_PORT_ATTRIBUTE	0x400u	/* 0x3c0 */
#define BOCHS_PORT_MISC		0x402u	/* 0x3c2 */
#define BOCHS_PORT_STATUS	0x41au	/* 0x3da */
#define BOCHS_DISPI		0x500u
#define BOCHS_EXTENDED		0x600u
#define BOCHS_BYTE_ORDER	0x604u

enum {
	DISPI_ID, DISPI_XRES, DISPI_YRES, DISPI_BPP, DISPI_ENABLE, DISPI_BANK,
	DISPI_VIRT_WIDTH, DISPI_VIRT_HEIGHT, DISPI_X_OFFSET, DISPI_Y_OFFSET,
	DISPI_MEMORY_64K,
};

#define FOURCC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)
#define FOURCC_XR24	FOURCC('X', 'R', '2', '4')
#define FOURCC_BX24	FOURCC('B', 'X', '2', '4')
#define FOURCC_RG24	FOURCC('R', 'G', '2', '4')
#define FOURCC_RG16	FOURCC('R', 'G', '1', '6')

void bochs_make(struct vgpu *vgpu, const char *type);
uint64_t bochs_read(struct vgpu *vgpu, unsigned int offset, unsigned int size);
void bochs_write(struct vgpu *vgpu, unsigned int offset, unsigned int size,
		 uint64_t value);
uint16_t bochs_get(struct vgpu *vgpu, unsigned int index);
void bochs_set(struct vgpu *vgpu, unsigned int index, uint16_t value);
void bochs_mode(struct vgpu *vgpu, unsigned int x, unsigned int y,
		unsigned int bpp);
void bochs_blank(struct vgpu *vgpu, bool blank);
bool bochs_shown(struct vgpu *vgpu, struct vfio_device_gfx_plane_info *plane);
void bochs_plane(struct vgpu *vgpu, uint32_t format, unsigned int x,
		 unsigned int y, unsigned int pitch);
const void *bochs_window(struct vgpu *vgpu);

#endif /* BOCHS_GUEST_H */
