// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs_registers.c - the register page of a Bochs-compatible display
 *
 * A read of any size is done byte by byte, and a write register by register,
 * low first; so sizes and alignments need no special cases. Registers hold what
 * the guest wrote. bochs_registers_picture() decides whether that is a valid
 * picture.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "personality/bochs_registers.h"

#define DISPI_END	(BOCHS_DISPI + 2 * BOCHS_DISPI_COUNT)
#define EXTENDED_BYTES	8
#define EXTENDED_END	(BOCHS_EXTENDED_SIZE + EXTENDED_BYTES)
#define CAPS_BPP	32
#define ATTRIBUTE_MASK	0x3f

static __u32 smaller(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/**
 * bochs_registers_init - a display with registers after power-on
 * @registers: filled in
 * @memory: bytes of video memory; memory beyond the range of the 16-bit
 *	register is not used
 * @max_x: largest width, pixels
 * @max_y: largest height, pixels
 */
void bochs_registers_init(struct bochs_registers *registers, __u64 memory,
			  unsigned int max_x, unsigned int max_y)
{
	__u64 units = memory / BOCHS_MEMORY_UNIT;

	memset(registers, 0, sizeof(*registers));
	registers->memory = (units < 0xffff ? units : 0xffff) *
			    BOCHS_MEMORY_UNIT;
	registers->max_x = smaller(max_x, 0xffff);
	registers->max_y = smaller(max_y, 0xffff);
	bochs_registers_reset(registers);
}

/**
 * bochs_registers_reset - the state after power-on, without a monitor
 * @registers: the display
 */
void bochs_registers_reset(struct bochs_registers *registers)
{
	memset(registers->dispi, 0, sizeof(registers->dispi));
	memset(registers->edid, 0, sizeof(registers->edid));
	registers->big_endian = false;
	/* Drivers of displays without VGA do not unblank. */
	registers->attribute = BOCHS_VGA_UNBLANK;
	registers->attribute_data = false;
}

/* ------------------------------------------------------------------ reading */

static __u16 dispi_read(const struct bochs_registers *registers,
			unsigned int index)
{
	bool caps = registers->dispi[BOCHS_ENABLE] & BOCHS_GETCAPS;

	switch (index) {
	case BOCHS_ID:
		return BOCHS_ID_VALUE;
	case BOCHS_XRES:
		return caps ? registers->max_x :
			      smaller(registers->dispi[index], registers->max_x);
	case BOCHS_YRES:
		return caps ? registers->max_y :
			      smaller(registers->dispi[index], registers->max_y);
	case BOCHS_BPP:
		return caps ? CAPS_BPP : registers->dispi[index];
	case BOCHS_MEMORY:
		return registers->memory / BOCHS_MEMORY_UNIT;
	}
	return registers->dispi[index];
}

static __u8 vga_read(struct bochs_registers *registers, unsigned int port)
{
	if (port == BOCHS_VGA_STATUS)
		registers->attribute_data = false;
	if (port == BOCHS_VGA_ATTRIBUTE && !registers->attribute_data)
		return registers->attribute;
	return 0;
}

static __u8 extended_read(const struct bochs_registers *registers,
			  unsigned int offset)
{
	__u32 value = EXTENDED_BYTES;

	if (offset >= BOCHS_BYTE_ORDER)
		value = registers->big_endian ? BOCHS_BIG : BOCHS_LITTLE;
	return value >> (offset % 4 * 8);
}

static __u8 read_byte(struct bochs_registers *registers, unsigned int offset,
		      bool *bad)
{
	if (offset < BOCHS_EDID_SIZE)
		return registers->edid[offset];
	if (offset < BOCHS_VGA + BOCHS_VGA_SIZE)
		return vga_read(registers, offset - BOCHS_VGA);
	if (offset >= BOCHS_DISPI && offset < DISPI_END)
		return dispi_read(registers, (offset - BOCHS_DISPI) / 2) >>
		       (offset % 2 * 8);
	if (offset >= BOCHS_EXTENDED_SIZE && offset < EXTENDED_END)
		return extended_read(registers, offset);
	*bad = true;
	return 0;
}

/**
 * bochs_registers_read - the guest reads
 * @registers: the display
 * @offset: offset in the page
 * @size: bytes, at most 8
 * @bad: set to true if a byte of it belongs to no register
 *
 * Return: the bytes, the first lowest.
 */
__u64 bochs_registers_read(struct bochs_registers *registers,
			   unsigned int offset, unsigned int size, bool *bad)
{
	__u64 value = 0;
	unsigned int i;

	for (i = 0; i < size && i < 8; i++)
		value |= (__u64)read_byte(registers, offset + i, bad) << (8 * i);
	return value;
}

/* ------------------------------------------------------------------ writing */

/* Replaces the bits of @mask. */
static unsigned int dispi_write(struct bochs_registers *registers,
				unsigned int index, __u16 value, __u16 mask)
{
	__u16 old = registers->dispi[index];

	if (index == BOCHS_ID)
		return 0;
	if (index == BOCHS_MEMORY)
		return BOCHS_BAD;
	registers->dispi[index] = (old & ~mask) | (value & mask);
	return registers->dispi[index] == old ? 0 : BOCHS_CHANGED;
}

static unsigned int vga_write(struct bochs_registers *registers,
			      unsigned int port, __u8 value)
{
	__u8 old = registers->attribute;

	/* Drivers write the other VGA registers, too, which have no effect. */
	if (port != BOCHS_VGA_ATTRIBUTE)
		return 0;
	if (!registers->attribute_data)
		registers->attribute = value & ATTRIBUTE_MASK;
	registers->attribute_data = !registers->attribute_data;
	return (old ^ registers->attribute) & BOCHS_VGA_UNBLANK ?
	       BOCHS_CHANGED : 0;
}

static unsigned int byte_order_write(struct bochs_registers *registers,
				     __u32 value)
{
	bool old = registers->big_endian;

	if (value == BOCHS_BIG)
		registers->big_endian = true;
	else if (value == BOCHS_LITTLE)
		registers->big_endian = false;
	else
		return BOCHS_BAD;
	return registers->big_endian == old ? 0 : BOCHS_CHANGED;
}

/*
 * Write to the register at @offset, from @left bytes of @value. Adds to @result.
 * Return: the number of bytes that the register took.
 */
static unsigned int write_register(struct bochs_registers *registers,
				   unsigned int offset, unsigned int left,
				   __u64 value, unsigned int *result)
{
	if (offset >= BOCHS_VGA && offset < BOCHS_VGA + BOCHS_VGA_SIZE) {
		*result |= vga_write(registers, offset - BOCHS_VGA, value);
		return 1;
	}
	if (offset >= BOCHS_DISPI && offset < DISPI_END) {
		unsigned int index = (offset - BOCHS_DISPI) / 2;
		bool high = offset & 1, both = !high && left > 1;

		*result |= dispi_write(registers, index,
				       high ? value << 8 : value,
				       both ? 0xffff : high ? 0xff00 : 0x00ff);
		return both ? 2 : 1;
	}
	if (offset == BOCHS_BYTE_ORDER && left >= 4) {
		*result |= byte_order_write(registers, value);
		return 4;
	}
	*result |= BOCHS_BAD;
	return 1;
}

/**
 * bochs_registers_write - the guest writes
 * @registers: the display
 * @offset: in the page
 * @size: bytes, at most 8
 * @value: the bytes, the first lowest
 *
 * Return: BOCHS_CHANGED, BOCHS_BAD.
 */
unsigned int bochs_registers_write(struct bochs_registers *registers,
				   unsigned int offset, unsigned int size,
				   __u64 value)
{
	unsigned int done = 0, result = 0;

	while (done < size && done < 8)
		done += write_register(registers, offset + done, size - done,
				       value >> (8 * done), &result);
	return result;
}

/**
 * bochs_registers_monitor - the monitor has changed
 * @registers: the display
 * @edid: its EDID, which is cut off at BOCHS_EDID_SIZE
 * @bytes: size of @edid; 0: no monitor is connected
 */
void bochs_registers_monitor(struct bochs_registers *registers,
			     const __u8 *edid, unsigned int bytes)
{
	memset(registers->edid, 0, sizeof(registers->edid));
	if (bytes)
		memcpy(registers->edid, edid, smaller(bytes, BOCHS_EDID_SIZE));
}

/* ---------------------------------------------------------------- migration */

/**
 * bochs_registers_save - what the guest wrote
 * @registers: the display
 * @pack: receives it
 */
void bochs_registers_save(const struct bochs_registers *registers,
			  struct vgpu_pack *pack)
{
	unsigned int i;

	for (i = 0; i < BOCHS_DISPI_COUNT; i++)
		vgpu_pack(pack, 2, registers->dispi[i]);
	vgpu_pack(pack, 1, registers->big_endian);
	vgpu_pack(pack, 1, registers->attribute);
	vgpu_pack(pack, 1, registers->attribute_data);
}

/**
 * bochs_registers_load - the reverse
 * @registers: the display, after a reset
 * @unpack: has it; a guest may have written anything
 */
void bochs_registers_load(struct bochs_registers *registers,
			  struct vgpu_unpack *unpack)
{
	unsigned int i;

	for (i = 0; i < BOCHS_DISPI_COUNT; i++)
		registers->dispi[i] = vgpu_unpack(unpack, 2);
	registers->big_endian = vgpu_unpack(unpack, 1);
	registers->attribute = vgpu_unpack(unpack, 1) & ATTRIBUTE_MASK;
	registers->attribute_data = vgpu_unpack(unpack, 1);
}

/* ------------------------------------------------------------------ picture */

/**
 * bochs_registers_picture - the picture that the registers describe
 * @registers: the display
 * @picture: filled in if there is one; it lies in video memory
 *
 * A mode that is too large is cut off at the right and the bottom. A picture
 * that begins so late that it does not fit is not shown: between the writes of
 * its two offsets a flip often looks like that.
 *
 * Return: whether there is a picture.
 */
bool bochs_registers_picture(const struct bochs_registers *registers,
			     struct bochs_picture *picture)
{
	const __u16 *dispi = registers->dispi;
	unsigned int bytes = dispi[BOCHS_BPP] / 8;
	__u32 line;

	if (!(dispi[BOCHS_ENABLE] & BOCHS_ENABLED) ||
	    !(registers->attribute & BOCHS_VGA_UNBLANK))
		return false;
	if (dispi[BOCHS_BPP] != 16 && dispi[BOCHS_BPP] != 24 &&
	    dispi[BOCHS_BPP] != 32)
		return false;
	picture->bpp = dispi[BOCHS_BPP];
	/* In the emulated device, too, only this depth has a byte order. */
	picture->big_endian = registers->big_endian && picture->bpp == 32;
	line = dispi[BOCHS_VIRT_WIDTH] > dispi[BOCHS_XRES] ?
	       dispi[BOCHS_VIRT_WIDTH] : dispi[BOCHS_XRES];
	picture->pitch = line * bytes;
	if (!picture->pitch)
		return false;
	picture->width = smaller(dispi[BOCHS_XRES], registers->max_x);
	picture->height = smaller(smaller(dispi[BOCHS_YRES], registers->max_y),
				  registers->memory / picture->pitch);
	picture->base = (__u64)dispi[BOCHS_X_OFFSET] * bytes +
			(__u64)dispi[BOCHS_Y_OFFSET] * picture->pitch;
	return picture->width >= BOCHS_MIN_PIXELS &&
	       picture->height >= BOCHS_MIN_PIXELS &&
	       picture->base + (__u64)picture->pitch * picture->height <=
	       registers->memory;
}
