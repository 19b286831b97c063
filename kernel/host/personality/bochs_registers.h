/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bochs_registers.h - the register page of a Bochs-compatible display
 *
 * It is that of QEMU's bochs-display, which firmware and guest drivers know,
 * with three differences: VGA's attribute controller can blank the head, modes
 * are limited to the largest of the type, and 24 bits a pixel are supported.
 * Pure C without calls or locks, so that unit tests compile it in user space.
 */
#ifndef OPENVGPU_BOCHS_REGISTERS_H
#define OPENVGPU_BOCHS_REGISTERS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <linux/types.h>
#endif

#include "base/pack.h"

/* The page. Offsets between registers read 0. */
#define BOCHS_PAGE_SIZE		0x1000
#define BOCHS_EDID		0x000	/* RO: EDID of the monitor */
#define BOCHS_EDID_SIZE		0x400
#define BOCHS_VGA		0x400	/* VGA's ports 0x3c0 to 0x3df */
#define BOCHS_VGA_SIZE		0x020
#define BOCHS_DISPI		0x500	/* 16 bits each, in the order below */
#define BOCHS_EXTENDED_SIZE	0x600	/* RO: bytes of this and the next */
#define BOCHS_BYTE_ORDER	0x604	/* of a pixel; BOCHS_LITTLE or BOCHS_BIG */

/* VGA ports, of which the display has those for blanking. */
#define BOCHS_VGA_ATTRIBUTE	0x00	/* index and data by turns */
#define BOCHS_VGA_STATUS	0x1a	/* reading it makes the next byte an index */
#define BOCHS_VGA_UNBLANK	0x20	/* in the index: the picture is shown */

/**
 * enum bochs_dispi - the 16-bit registers
 * @BOCHS_ID: RO: BOCHS_ID_VALUE; a write is the guest's way of asking for a
 *	version, and changes nothing
 * @BOCHS_XRES, @BOCHS_YRES: size of the picture; read: no larger than the
 *	largest mode, and with BOCHS_GETCAPS that
 * @BOCHS_BPP: bits a pixel: 16, 24 or 32
 * @BOCHS_ENABLE: flags below
 * @BOCHS_BANK: of a window this display does not have
 * @BOCHS_VIRT_WIDTH: pixels from one line to the next, if more than XRES
 * @BOCHS_VIRT_HEIGHT: nothing goes by it
 * @BOCHS_X_OFFSET, @BOCHS_Y_OFFSET: where the picture begins
 * @BOCHS_MEMORY: RO: video memory in units of 64 KiB
 * @BOCHS_DISPI_COUNT: their number
 */
enum bochs_dispi {
	BOCHS_ID,
	BOCHS_XRES,
	BOCHS_YRES,
	BOCHS_BPP,
	BOCHS_ENABLE,
	BOCHS_BANK,
	BOCHS_VIRT_WIDTH,
	BOCHS_VIRT_HEIGHT,
	BOCHS_X_OFFSET,
	BOCHS_Y_OFFSET,
	BOCHS_MEMORY,
	BOCHS_DISPI_COUNT,
};

#define BOCHS_ID_VALUE		0xb0c5
#define BOCHS_ENABLED		0x01
#define BOCHS_GETCAPS		0x02
#define BOCHS_LITTLE		0x1e1e1e1e
#define BOCHS_BIG		0xbebebebe
#define BOCHS_MEMORY_UNIT	0x10000
#define BOCHS_MIN_PIXELS	64	/* a smaller picture is not shown */

/* Results of bochs_registers_write(). */
#define BOCHS_CHANGED		(1u << 0)	/* what is shown may be something else */
#define BOCHS_BAD		(1u << 1)	/* no such register, or not like that */

/**
 * struct bochs_registers - the page of one display
 * @memory: bytes of video memory, a multiple of BOCHS_MEMORY_UNIT
 * @max_x, @max_y: largest picture, pixels
 * @dispi: the 16-bit registers as the guest wrote them
 * @big_endian: byte order of pixels
 * @attribute: index of the attribute controller
 * @attribute_data: what is written there next is data
 * @edid: what the monitor says, zeros behind it
 */
struct bochs_registers {
	__u32 memory;
	__u16 max_x, max_y;
	__u16 dispi[BOCHS_DISPI_COUNT];
	bool big_endian;
	__u8 attribute;
	bool attribute_data;
	__u8 edid[BOCHS_EDID_SIZE];
};

/**
 * struct bochs_picture - the picture of the head
 * @bpp: bits a pixel: 16 (5, 6 and 5 bits), 24 or 32 (8 bits each)
 * @big_endian: red before blue in memory; only with 32
 * @width, @height: pixels
 * @pitch: bytes from one line to the next
 * @base: offset of the first pixel in video memory, bytes
 */
struct bochs_picture {
	unsigned int bpp;
	bool big_endian;
	__u32 width, height;
	__u32 pitch;
	__u64 base;
};

void bochs_registers_init(struct bochs_registers *registers, __u64 memory,
			  unsigned int max_x, unsigned int max_y);
void bochs_registers_reset(struct bochs_registers *registers);
__u64 bochs_registers_read(struct bochs_registers *registers,
			   unsigned int offset, unsigned int size, bool *bad);
unsigned int bochs_registers_write(struct bochs_registers *registers,
				   unsigned int offset, unsigned int size,
				   __u64 value);
void bochs_registers_monitor(struct bochs_registers *registers,
			     const __u8 *edid, unsigned int bytes);
void bochs_registers_save(const struct bochs_registers *registers,
			  struct vgpu_pack *pack);
void bochs_registers_load(struct bochs_registers *registers,
			  struct vgpu_unpack *unpack);
bool bochs_registers_picture(const struct bochs_registers *registers,
			     struct bochs_picture *picture);

#endif /* OPENVGPU_BOCHS_REGISTERS_H */
