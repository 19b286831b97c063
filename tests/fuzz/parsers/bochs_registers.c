// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs_registers.c - fuzzes the register page of the bochs personality: DISPI,
 * the ports of VGA, EDID and byte order, and the picture that follows from them
 */
#include "fuzz.h"
#include "personality/bochs_registers.h"

struct picture {
	bool shown;
	struct bochs_picture at;
};

static struct picture look(const struct bochs_registers *page)
{
	struct picture picture;
	const struct bochs_picture *at = &picture.at;

	memset(&picture, 0, sizeof(picture));
	picture.shown = bochs_registers_picture(page, &picture.at);
	if (!picture.shown) {
		memset(&picture, 0, sizeof(picture));
		return picture;
	}
	FUZZ_CHECK(at->bpp == 16 || at->bpp == 24 || at->bpp == 32, "%u bits", at->bpp);
	FUZZ_CHECK(!at->big_endian || at->bpp == 32, "%u bits in the other order", at->bpp);
	FUZZ_CHECK(at->width && at->width <= page->max_x, "%u pixels wide", at->width);
	FUZZ_CHECK(at->height && at->height <= page->max_y, "%u lines", at->height);
	FUZZ_CHECK(at->pitch >= (uint64_t)at->width * (at->bpp / 8),
		   "lines of %u pixels in %u bytes", at->width, at->pitch);
	FUZZ_CHECK(at->base <= page->memory &&
		   (uint64_t)at->pitch * at->height <= page->memory - at->base,
		   "%u lines of %u bytes at 0x%llx in 0x%x bytes", at->height, at->pitch,
		   (unsigned long long)at->base, page->memory);
	return picture;
}

static void write_some(struct fuzz *fuzz, struct bochs_registers *page,
		       unsigned int offset, unsigned int size)
{
	struct bochs_registers before = *page;
	struct picture was = look(page), is;
	unsigned int result;

	result = bochs_registers_write(page, offset, size, fuzz_number(fuzz, size));
	FUZZ_CHECK(!(result & ~(BOCHS_CHANGED | BOCHS_BAD)), "result 0x%x", result);
	is = look(page);
	FUZZ_CHECK(result & BOCHS_CHANGED || !memcmp(&was, &is, sizeof(is)),
		   "the picture changed and nobody is told (0x%x)", offset);
	FUZZ_CHECK(page->memory == before.memory && page->max_x == before.max_x &&
		   page->max_y == before.max_y &&
		   !memcmp(page->edid, before.edid, sizeof(page->edid)),
		   "a write at 0x%x changed what is constant", offset);
	FUZZ_CHECK(offset >= BOCHS_EDID_SIZE || size > BOCHS_EDID_SIZE - offset ||
		   result == BOCHS_BAD || !size, "a write of the EDID gave 0x%x", result);
}

static void read_some(struct bochs_registers *page, unsigned int offset,
		      unsigned int size)
{
	struct bochs_registers copy = *page;
	bool bad = false, bad_byte = false;
	uint64_t value, bytewise = 0;
	unsigned int i;

	value = bochs_registers_read(page, offset, size, &bad);
	for (i = 0; i < size && i < 8; i++)
		bytewise |= bochs_registers_read(&copy, offset + i, 1, &bad_byte) << (8 * i);
	FUZZ_CHECK(value == bytewise && bad == bad_byte,
		   "%u bytes at 0x%x read 0x%llx, one by one 0x%llx", size, offset,
		   (unsigned long long)value, (unsigned long long)bytewise);
	FUZZ_CHECK(size >= 8 || !(value >> (8 * size)), "%u bytes read 0x%llx", size,
		   (unsigned long long)value);
}

/* What a driver writes, in any order. */
static unsigned int interesting(struct fuzz *fuzz)
{
	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return (unsigned int)fuzz_number(fuzz, 4);
	case 1:
		return (unsigned int)fuzz_below(fuzz, BOCHS_PAGE_SIZE);
	case 2:
		return BOCHS_VGA + (unsigned int)fuzz_below(fuzz, BOCHS_VGA_SIZE);
	case 3:
		return BOCHS_EXTENDED_SIZE + (unsigned int)fuzz_below(fuzz, 10);
	default:
		return BOCHS_DISPI + (unsigned int)fuzz_below(fuzz, 2 * BOCHS_DISPI_COUNT + 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bochs_registers *page = malloc(sizeof(*page));
	struct fuzz fuzz = { data, size };
	uint8_t edid[BOCHS_EDID_SIZE];
	uint64_t memory;
	unsigned int x, y;

	if (!page)
		return 0;
	memory = (1 + fuzz_number(&fuzz, 2)) << (8 + fuzz_below(&fuzz, 24));
	x = (unsigned int)fuzz_number(&fuzz, 2);
	y = (unsigned int)fuzz_number(&fuzz, 2);
	bochs_registers_init(page, memory, x, y);
	while (fuzz.left) {
		unsigned int what = (unsigned int)fuzz_number(&fuzz, 1);
		unsigned int bytes = what & 0x20 ? what >> 6 : 1u << (what >> 6);

		switch (what & 15) {
		case 0:
			bochs_registers_reset(page);
			FUZZ_CHECK(!look(page).shown, "a picture after a reset");
			break;
		case 1:
			bytes = (unsigned int)fuzz_below(&fuzz, 3) * 128;
			fuzz_bytes(&fuzz, edid, bytes);
			bochs_registers_monitor(page, edid, bytes);
			break;
		case 2:
		case 3:
		case 4:
		case 5:
			read_some(page, interesting(&fuzz), bytes);
			break;
		default:
			write_some(&fuzz, page, interesting(&fuzz), bytes);
		}
	}
	look(page);
	free(page);
	return 0;
}
