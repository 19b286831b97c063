// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_bochs_registers.c - the register page of the bochs personality, the very
 * source the module has, as drivers and firmware use it and as nobody should
 */
#include <string.h>

#include "unit.h"
#include "personality/bochs_registers.h"

#define MIB		(1u << 20)
#define MEMORY		(16 * MIB)
#define MAX_X		1280u
#define MAX_Y		1024u

#define DISPI(index)	(BOCHS_DISPI + 2 * (index))

static struct bochs_registers page;
static struct bochs_picture picture;

static void setup(void)
{
	bochs_registers_init(&page, MEMORY, MAX_X, MAX_Y);
}

static uint64_t get(unsigned int offset, unsigned int size)
{
	bool bad = false;
	uint64_t value = bochs_registers_read(&page, offset, size, &bad);

	ck_assert_msg(!bad, "a read of %u bytes at 0x%x is bad", size, offset);
	return value;
}

static unsigned int put(unsigned int offset, unsigned int size, uint64_t value)
{
	return bochs_registers_write(&page, offset, size, value);
}

static void dispi(unsigned int index, uint16_t value)
{
	unsigned int result = put(DISPI(index), 2, value);

	ck_assert_msg(!(result & BOCHS_BAD), "register %u refuses 0x%x", index,
		      value);
}

static bool shown(void)
{
	memset(&picture, 0, sizeof(picture));
	return bochs_registers_picture(&page, &picture);
}

/* In the order of Linux's driver. */
static void set_mode(unsigned int x, unsigned int y, unsigned int bpp)
{
	dispi(BOCHS_ENABLE, 0);
	dispi(BOCHS_BPP, bpp);
	dispi(BOCHS_XRES, x);
	dispi(BOCHS_YRES, y);
	dispi(BOCHS_BANK, 0);
	dispi(BOCHS_VIRT_WIDTH, x);
	dispi(BOCHS_VIRT_HEIGHT, MEMORY / (x * 4));
	dispi(BOCHS_X_OFFSET, 0);
	dispi(BOCHS_Y_OFFSET, 0);
	dispi(BOCHS_ENABLE, 0x41);
}

static void expect(unsigned int x, unsigned int y, unsigned int pitch,
		   uint64_t base)
{
	ck_assert_msg(shown(), "nothing is shown");
	ck_assert_uint_eq(picture.width, x);
	ck_assert_uint_eq(picture.height, y);
	ck_assert_uint_eq(picture.pitch, pitch);
	ck_assert_uint_eq(picture.base, base);
}

START_TEST(what_drivers_check)
{
	ck_assert_uint_eq(get(DISPI(BOCHS_ID), 2), 0xb0c5);
	ck_assert_uint_eq(get(DISPI(BOCHS_MEMORY), 2) * 65536, MEMORY);
	ck_assert_uint_eq(get(BOCHS_EXTENDED_SIZE, 4), 8);
	ck_assert_uint_eq(get(BOCHS_BYTE_ORDER, 4), 0x1e1e1e1e);
	ck_assert(!shown());
	/* The old handshake: which version do you know? */
	ck_assert_uint_eq(put(DISPI(BOCHS_ID), 2, 0xb0c0), 0);
	ck_assert_uint_eq(get(DISPI(BOCHS_ID), 2), 0xb0c5);
	ck_assert_uint_eq(put(DISPI(BOCHS_MEMORY), 2, 1), BOCHS_BAD);
	ck_assert_uint_eq(get(DISPI(BOCHS_MEMORY), 2) * 65536, MEMORY);
	/* More than 16 bits can tell of. */
	bochs_registers_init(&page, 1ULL << 40, MAX_X, MAX_Y);
	ck_assert_uint_eq(get(DISPI(BOCHS_MEMORY), 2), 0xffff);
}
END_TEST

START_TEST(mode_of_linux)
{
	set_mode(1024, 768, 32);
	expect(1024, 768, 4096, 0);
	ck_assert_uint_eq(picture.bpp, 32);
	ck_assert(!picture.big_endian);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), 1024);
	ck_assert_uint_eq(get(DISPI(BOCHS_ENABLE), 2), 0x41);
	/* Flips, by virtual offset. */
	dispi(BOCHS_Y_OFFSET, 768);
	expect(1024, 768, 4096, 768 * 4096);
	dispi(BOCHS_X_OFFSET, 16);
	dispi(BOCHS_Y_OFFSET, 1);
	expect(1024, 768, 4096, 4096 + 64);
	/* A longer line. */
	dispi(BOCHS_VIRT_WIDTH, 1100);
	expect(1024, 768, 4400, 4400 + 64);
	/* A shorter one than the picture is none. */
	dispi(BOCHS_VIRT_WIDTH, 100);
	expect(1024, 768, 4096, 4096 + 64);
	dispi(BOCHS_ENABLE, 0);
	ck_assert(!shown());
}
END_TEST

/* It writes four registers and never the virtual width. */
START_TEST(mode_of_seabios)
{
	dispi(BOCHS_XRES, 1024);
	dispi(BOCHS_YRES, 768);
	dispi(BOCHS_BPP, 32);
	dispi(BOCHS_ENABLE, 1);
	put(BOCHS_VGA, 1, 0x20);
	expect(1024, 768, 4096, 0);
}
END_TEST

START_TEST(changes_are_told)
{
	set_mode(640, 480, 32);
	ck_assert_uint_eq(put(DISPI(BOCHS_Y_OFFSET), 2, 480), BOCHS_CHANGED);
	ck_assert_uint_eq(put(DISPI(BOCHS_Y_OFFSET), 2, 480), 0);
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER, 4, 0xbebebebe), BOCHS_CHANGED);
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER, 4, 0xbebebebe), 0);
	ck_assert_uint_eq(put(BOCHS_VGA, 1, 0x00), BOCHS_CHANGED);
	get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
	ck_assert_uint_eq(put(BOCHS_VGA, 1, 0x20), BOCHS_CHANGED);
}
END_TEST

START_TEST(formats)
{
	static const struct {
		unsigned int bpp, pitch;
	} good[] = { { 16, 1280 }, { 24, 1920 }, { 32, 2560 } };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		set_mode(640, 480, good[i].bpp);
		expect(640, 480, good[i].pitch, 0);
		ck_assert_uint_eq(picture.bpp, good[i].bpp);
		/* Only whole words can be swapped. */
		put(BOCHS_BYTE_ORDER, 4, 0xbebebebe);
		ck_assert_uint_eq(get(BOCHS_BYTE_ORDER, 4), 0xbebebebe);
		ck_assert(shown());
		ck_assert_int_eq(picture.big_endian, good[i].bpp == 32);
		put(BOCHS_BYTE_ORDER, 4, 0x1e1e1e1e);
	}
	for (i = 0; i <= 0xffff; i++) {
		if (i == 16 || i == 24 || i == 32)
			continue;
		page.dispi[BOCHS_BPP] = i;
		unit_assert(!shown(), "%u bits a pixel are shown", i);
	}
	/* Odd ones too: who shows pictures must cope. */
	set_mode(641, 480, 16);
	expect(641, 480, 1282, 0);
	dispi(BOCHS_X_OFFSET, 1);
	expect(641, 480, 1282, 2);
}
END_TEST

START_TEST(byte_order_takes_two_values)
{
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER, 4, 0xbebebebe), BOCHS_CHANGED);
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER, 4, 0), BOCHS_BAD);
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER, 2, 0x1e1e), BOCHS_BAD);
	ck_assert_uint_eq(put(BOCHS_BYTE_ORDER + 3, 1, 0x1e), BOCHS_BAD);
	ck_assert_uint_eq(put(BOCHS_EXTENDED_SIZE, 4, 4096), BOCHS_BAD);
	ck_assert_uint_eq(get(BOCHS_EXTENDED_SIZE, 8), 0xbebebebe00000008);
	/* Both at once: the size can't be written, the order can. */
	ck_assert_uint_eq(put(BOCHS_EXTENDED_SIZE, 8, 0x1e1e1e1e00000008),
			  BOCHS_BAD | BOCHS_CHANGED);
	ck_assert_uint_eq(get(BOCHS_BYTE_ORDER, 4), 0x1e1e1e1e);
}
END_TEST

START_TEST(limits_of_the_type)
{
	set_mode(1600, 1200, 32);
	/* The line stays as long as the guest thinks it is. */
	expect(MAX_X, MAX_Y, 6400, 0);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), MAX_X);
	ck_assert_uint_eq(get(DISPI(BOCHS_YRES), 2), MAX_Y);
	dispi(BOCHS_ENABLE, BOCHS_GETCAPS);
	dispi(BOCHS_XRES, 640);
	dispi(BOCHS_BPP, 16);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), MAX_X);
	ck_assert_uint_eq(get(DISPI(BOCHS_YRES), 2), MAX_Y);
	ck_assert_uint_eq(get(DISPI(BOCHS_BPP), 2), 32);
	dispi(BOCHS_ENABLE, 0);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), 640);
	ck_assert_uint_eq(get(DISPI(BOCHS_BPP), 2), 16);
	set_mode(BOCHS_MIN_PIXELS, BOCHS_MIN_PIXELS - 1, 32);
	ck_assert(!shown());
	dispi(BOCHS_YRES, BOCHS_MIN_PIXELS);
	expect(BOCHS_MIN_PIXELS, BOCHS_MIN_PIXELS, 4 * BOCHS_MIN_PIXELS, 0);
}
END_TEST

START_TEST(limits_of_memory)
{
	unsigned int pitch = 4 * 8192;

	/* 512 lines of 8192 pixels are all there is. */
	set_mode(800, 600, 32);
	dispi(BOCHS_VIRT_WIDTH, 8192);
	expect(800, 512, pitch, 0);
	dispi(BOCHS_Y_OFFSET, 1);
	ck_assert(!shown());
	/* The last picture that fits, and the one behind it. */
	set_mode(1024, 768, 32);
	dispi(BOCHS_Y_OFFSET, MEMORY / 4096 - 768);
	expect(1024, 768, 4096, MEMORY - 768 * 4096);
	dispi(BOCHS_X_OFFSET, 1);
	ck_assert(!shown());
	dispi(BOCHS_X_OFFSET, 0);
	dispi(BOCHS_Y_OFFSET, MEMORY / 4096 - 767);
	ck_assert(!shown());
	dispi(BOCHS_Y_OFFSET, 0xffff);
	dispi(BOCHS_X_OFFSET, 0xffff);
	dispi(BOCHS_VIRT_WIDTH, 0xffff);
	ck_assert(!shown());
}
END_TEST

START_TEST(blanking)
{
	unsigned int i;

	set_mode(640, 480, 32);
	ck_assert(shown());
	for (i = 0; i < 3; i++) {
		/* Linux: colour on, forget what the port waits for, index. */
		put(BOCHS_VGA + 2, 1, 1);
		get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
		put(BOCHS_VGA, 1, 0);
		ck_assert(!shown());
		put(BOCHS_VGA + 2, 1, 1);
		get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
		put(BOCHS_VGA, 1, 0x20);
		ck_assert(shown());
	}
	/* The second of two writes is data, and blanks nothing. */
	get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
	put(BOCHS_VGA, 1, 0x30);
	put(BOCHS_VGA, 1, 0x00);
	ck_assert(shown());
	ck_assert_uint_eq(get(BOCHS_VGA, 1), 0x30);
	/* A write of a word goes to two ports, lowest first. */
	put(BOCHS_VGA, 2, 0x2000);
	ck_assert(!shown());
	/* Reading all of VGA at once resets the port too. */
	get(BOCHS_VGA + 0x18, 8);
	put(BOCHS_VGA, 1, 0x20);
	ck_assert(shown());
	get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
	put(BOCHS_VGA, 1, 0);
	bochs_registers_reset(&page);
	set_mode(640, 480, 32);
	ck_assert(shown());
}
END_TEST

START_TEST(monitor)
{
	uint8_t edid[BOCHS_EDID_SIZE + 16];
	unsigned int i;

	for (i = 0; i < sizeof(edid); i++)
		edid[i] = (uint8_t)(i * 7 + 1);
	ck_assert_uint_eq(get(0, 8), 0);
	bochs_registers_monitor(&page, edid, 256);
	for (i = 0; i < BOCHS_EDID_SIZE; i++)
		ck_assert_uint_eq(get(i, 1), i < 256 ? edid[i] : 0);
	bochs_registers_monitor(&page, edid, 128);
	ck_assert_uint_eq(get(127, 1), edid[127]);
	ck_assert_uint_eq(get(128, 1), 0);
	bochs_registers_monitor(&page, edid, sizeof(edid));
	ck_assert_uint_eq(get(BOCHS_EDID_SIZE - 1, 1), edid[BOCHS_EDID_SIZE - 1]);
	ck_assert_uint_eq(get(BOCHS_VGA, 1), BOCHS_VGA_UNBLANK);
	ck_assert_uint_eq(put(0, 1, 0xff), BOCHS_BAD);
	ck_assert_uint_eq(get(0, 1), edid[0]);
	bochs_registers_monitor(&page, NULL, 0);
	ck_assert_uint_eq(get(0, 8), 0);
	bochs_registers_monitor(&page, edid, 128);
	bochs_registers_reset(&page);
	ck_assert_uint_eq(get(0, 8), 0);
}
END_TEST

START_TEST(sizes_of_access)
{
	unsigned int i;

	put(DISPI(BOCHS_XRES), 2, 0x0304);
	put(DISPI(BOCHS_XRES), 1, 0x02);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), 0x0302);
	put(DISPI(BOCHS_XRES) + 1, 1, 0x01);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 2), 0x0102);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES), 1), 0x02);
	ck_assert_uint_eq(get(DISPI(BOCHS_XRES) + 1, 1), 0x01);
	/* Two at once. */
	put(DISPI(BOCHS_YRES), 4, 0x002001e0);
	ck_assert_uint_eq(get(DISPI(BOCHS_YRES), 2), 0x1e0);
	ck_assert_uint_eq(get(DISPI(BOCHS_BPP), 2), 0x20);
	ck_assert_uint_eq(get(DISPI(BOCHS_YRES), 4), 0x002001e0);
	put(DISPI(BOCHS_ENABLE), 8, 0x0004000300020001);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(get(DISPI(BOCHS_ENABLE + i), 2), i + 1);
	ck_assert_uint_eq(get(DISPI(BOCHS_ENABLE), 8), 0x0004000300020001);
}
END_TEST

/* Every offset, every size; unknown ones read zeros and are bad. */
START_TEST(every_access)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	unsigned int at, s;

	for (at = 0; at < BOCHS_PAGE_SIZE; at++)
		for (s = 0; s < 4 && !(at % sizes[s]); s++) {
			unsigned int end = at + sizes[s];
			bool bad = false, hole;
			uint64_t value;

			hole = (end > 0x420 && at < 0x500) ||
			       (end > 0x516 && at < 0x600) || end > 0x608;
			value = bochs_registers_read(&page, at, sizes[s], &bad);
			unit_assert(bad == hole, "0x%x, %u bytes: %sbad", at,
				    sizes[s], bad ? "" : "not ");
			if (sizes[s] < 8)
				unit_assert(!(value >> (8 * sizes[s])),
					    "0x%x: more than %u bytes", at,
					    sizes[s]);
			if (at >= 0x608 || (at >= 0x420 && end <= 0x500))
				unit_equal(value, 0);
			bochs_registers_write(&page, at, sizes[s], ~0ULL);
		}
}
END_TEST

/* Whatever a guest writes: no picture that does not lie in its memory. */
START_TEST(hostile)
{
	struct unit_random random = { unit_seed("bochs_registers") };
	unsigned int i, pictures = 0;

	for (i = 0; i < 3000000; i++) {
		uint64_t r = unit_random(&random);
		unsigned int size = 1u << (r & 3);
		unsigned int at = (r >> 2 & 7) ?
				  BOCHS_DISPI + (r >> 8) % 0x20 :
				  (r >> 8) % BOCHS_PAGE_SIZE;
		uint64_t value = unit_random(&random);
		bool bad = false;

		/* Often something sensible, or there is never a picture. */
		switch (r >> 32 & 7) {
		case 0:
			value &= 0x07ff07ff07ff07ff;
			break;
		case 1:
			put(DISPI(BOCHS_BPP), 2, 32);
			put(DISPI(BOCHS_ENABLE), 2, 1);
			break;
		case 2:
			get(BOCHS_VGA + BOCHS_VGA_STATUS, 1);
			put(BOCHS_VGA, 1, 0x20);
			break;
		}
		at &= ~(size - 1);
		bochs_registers_write(&page, at, size, value);
		bochs_registers_read(&page, at, size, &bad);
		if (!shown())
			continue;
		pictures++;
		unit_assert(picture.width >= BOCHS_MIN_PIXELS &&
			    picture.width <= MAX_X &&
			    picture.height >= BOCHS_MIN_PIXELS &&
			    picture.height <= MAX_Y, "%ux%u pixels",
			    picture.width, picture.height);
		unit_assert(picture.pitch >= picture.width * picture.bpp / 8,
			    "%u pixels in %u bytes", picture.width, picture.pitch);
		unit_assert(picture.base + (uint64_t)picture.pitch *
			    picture.height <= MEMORY,
			    "0x%llx + %u * %u is beyond memory",
			    (unsigned long long)picture.base, picture.pitch,
			    picture.height);
	}
	ck_assert_uint_gt(pictures, 1000);
}
END_TEST

/* What a guest has set is there after a move. */
START_TEST(moved)
{
	struct bochs_registers there;
	uint8_t bytes[64];
	struct vgpu_pack pack = { .at = bytes, .left = sizeof(bytes) };
	struct vgpu_unpack unpack = { .at = bytes };
	bool bad = false;
	unsigned int offset;

	for (offset = BOCHS_DISPI; offset < BOCHS_DISPI + 2 * BOCHS_DISPI_COUNT; offset += 2)
		bochs_registers_write(&page, offset, 2, offset * 7);
	bochs_registers_write(&page, BOCHS_BYTE_ORDER, 4, BOCHS_BIG);
	bochs_registers_write(&page, BOCHS_VGA, 1, 0x25);
	bochs_registers_save(&page, &pack);
	ck_assert(!pack.full);
	bochs_registers_init(&there, MEMORY, MAX_X, MAX_Y);
	unpack.left = pack.at - bytes;
	bochs_registers_load(&there, &unpack);
	ck_assert(vgpu_unpacked(&unpack));
	ck_assert(there.attribute_data);
	for (offset = BOCHS_VGA; offset < BOCHS_BYTE_ORDER + 4; offset++)
		ck_assert_msg(bochs_registers_read(&there, offset, 1, &bad) ==
			      bochs_registers_read(&page, offset, 1, &bad),
			      "byte 0x%x differs", offset);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bochs_registers");
	TCase *tests = tcase_create("bochs_registers");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, what_drivers_check);
	tcase_add_test(tests, mode_of_linux);
	tcase_add_test(tests, mode_of_seabios);
	tcase_add_test(tests, changes_are_told);
	tcase_add_test(tests, formats);
	tcase_add_test(tests, byte_order_takes_two_values);
	tcase_add_test(tests, limits_of_the_type);
	tcase_add_test(tests, limits_of_memory);
	tcase_add_test(tests, blanking);
	tcase_add_test(tests, monitor);
	tcase_add_test(tests, sizes_of_access);
	tcase_add_test(tests, every_access);
	tcase_add_test(tests, hostile);
	tcase_add_test(tests, moved);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "bochs_registers");
}
