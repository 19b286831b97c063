// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_heads.c - what a display driver in a guest sees of its heads
 */
#include "heads.h"

static struct gpu *g;

static void setup(void)
{
	g = gpu_create_with_heads();
}

static void teardown(void)
{
	gpu_destroy(g);
}

static u64 head0(u64 offset)
{
	return head_rd(g, 0, 0, offset);
}

/* ---------------------------------------------------------------- modes */

START_TEST(sixty_blanks_a_second)
{
	u64 start = rd(g, REFGPU_GLOBAL_TIMER), n, before = 0;

	ck_assert(rd(g, REFGPU_GLOBAL_CAPS) & REFGPU_CAP_HEADS);
	step_us(g, 100000);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_VBLANKS), 0);
	start = rd(g, REFGPU_GLOBAL_TIMER);
	head_show(g, 0, 0, 0);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);
	ck_assert_uint_eq(vblanks(g, 0, 0), 0);
	for (n = 1; n <= 60; n++) {
		/* None is early, none is late. */
		device_step(g->dev, start + n * 1000000000 / 60 - 1 - rd(g, REFGPU_GLOBAL_TIMER));
		ck_assert_uint_eq(vblanks(g, 0, 0), n - 1);
		device_step(g->dev, 2);
		ck_assert_uint_eq(vblanks(g, 0, 0), n);
		ck_assert_uint_gt(head0(REFGPU_HEAD_VBLANK_TIME), before);
		before = head0(REFGPU_HEAD_VBLANK_TIME);
	}
	ck_assert_uint_eq(before, start + 1000000000);
	step_us(g, 3600ULL * 1000000);
	ck_assert_uint_eq(vblanks(g, 0, 0), 60 * 3601);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_VBLANKS), 60 * 3601);

	/* Off is off; on again counts from the start. */
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	ck_assert_uint_eq(head_status(g, 0, 0), 0);
	step_us(g, 1000000);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_VBLANKS), 60 * 3601);
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 1);
	ck_assert_uint_eq(vblanks(g, 0, 0), 0);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(vblanks(g, 0, 0), 1);
}
END_TEST

START_TEST(time_of_a_blank_has_the_offset)
{
	head_show(g, 0, 0, 0);
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_TIMER_OFFSET, 5000000000000ULL);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_TIMER), head0(REFGPU_HEAD_VBLANK_TIME));
}
END_TEST

START_TEST(modes_that_are_refused)
{
	static const struct {
		const char *why;
		u64 base, pitch, format, size;
	} modes[] = {
		{ "no size", 0, PITCH, XR24, 0 },
		{ "no width", 0, PITCH, XR24, PAIR(0, HEIGHT) },
		{ "no height", 0, PITCH, XR24, PAIR(WIDTH, 0) },
		{ "wider than its pitch", 0, PITCH, XR24, PAIR(WIDTH + 1, HEIGHT) },
		{ "pitch of no whole 64 bytes", 0, PITCH + 4, XR24, PAIR(WIDTH, HEIGHT) },
		{ "base of no whole 64 bytes", 4, PITCH, XR24, PAIR(WIDTH, HEIGHT) },
		{ "unknown format", 0, PITCH, 0x36314752, PAIR(WIDTH, HEIGHT) },
		{ "no format", 0, PITCH, 0, PAIR(WIDTH, HEIGHT) },
		{ "wider than allowed", 0, 4 * 4160, XR24, PAIR(4097, 1) },
		{ "higher than allowed", 0, 64, XR24, PAIR(1, 4097) },
		{ "one line too far", SLICE_BYTES - PICTURE_BYTES + 64, PITCH, XR24,
		  PAIR(WIDTH, HEIGHT) },
		{ "behind the slice", SLICE_BYTES, PITCH, XR24, PAIR(1, 1) },
		{ "before the slice", -64ULL, PITCH, XR24, PAIR(WIDTH, HEIGHT) },
		{ "pitch that wraps", 0, 1ULL << 63, XR24, PAIR(WIDTH, 3) },
		{ "in system memory", REFGPU_SYSMEM_APERTURE, PITCH, XR24, PAIR(1, 1) },
	};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		mode_write(g, 0, 0, modes[i].base, modes[i].pitch, modes[i].format,
			   modes[i].size);
		head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 1);
		ck_assert_msg(head_status(g, 0, 0) == REFUSED, "%s: status %u", modes[i].why,
			      (unsigned int)head_status(g, 0, 0));
		step_us(g, 100000);
		ck_assert_uint_eq(vblanks(g, 0, 0), 0);
		head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
		ck_assert_uint_eq(head_status(g, 0, 0), 0);
	}
	/* And the largest that fits. */
	mode_write(g, 0, 0, SLICE_BYTES - PICTURE_BYTES, PITCH, AR24, PAIR(WIDTH, HEIGHT));
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 1);
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE);
}
END_TEST

START_TEST(mode_stays_while_shown)
{
	head_show(g, 0, 0, 0);
	mode_write(g, 0, 0, 0, 64, AR24, PAIR(1, 1));
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(0));
	ck_assert_uint_eq(head0(REFGPU_HEAD_PITCH), PITCH);
	ck_assert_uint_eq(head0(REFGPU_HEAD_FORMAT), XR24);
	ck_assert_uint_eq(head0(REFGPU_HEAD_SIZE), PAIR(WIDTH, HEIGHT));
	/* Enabling what is enabled changes nothing. */
	device_step(g->dev, 5 * BLANK_NS);
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 3);
	ck_assert_uint_eq(vblanks(g, 0, 0), 5);
}
END_TEST

/* The host says how many heads there are, and how large; also afterwards. */
START_TEST(host_limits_heads)
{
	u64 entry = REFGPU_PARTITION(0);

	wr(g, entry + REFGPU_PARTITION_HEADS, 2);
	wr(g, entry + REFGPU_PARTITION_HEADS, 5);
	ck_assert_uint_eq(rd(g, entry + REFGPU_PARTITION_HEADS), 2);
	head_show(g, 0, 1, 0);
	head_show(g, 0, 2, 0);
	ck_assert_uint_eq(head_status(g, 0, 1), ACTIVE);
	ck_assert_uint_eq(head_status(g, 0, 2), REFUSED);

	wr(g, entry + REFGPU_PARTITION_HEAD_MAX, PAIR(WIDTH - 1, HEIGHT));
	device_step(g->dev, 3 * BLANK_NS);
	ck_assert_uint_eq(head_status(g, 0, 1), REFUSED);
	ck_assert_uint_eq(vblanks(g, 0, 1), 0);
	wr(g, entry + REFGPU_PARTITION_HEAD_MAX, PAIR(WIDTH, HEIGHT));
	head_show(g, 0, 1, 0);
	ck_assert_uint_eq(head_status(g, 0, 1), ACTIVE);
}
END_TEST
/* ----------------------------------------------------------- interrupts */

START_TEST(interrupts)
{
	u64 bits = REFGPU_INTR_VBLANK(1) | REFGPU_INTR_FLIP(1);

	head_show(g, 0, 0, 0);
	head_show(g, 0, 1, 0);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_INTR_STATUS),
			  REFGPU_INTR_VBLANK(0) | REFGPU_INTR_VBLANK(1));
	ck_assert_uint_eq(g->irqs[0], 0);

	user_wr(g, 0, REFGPU_USER_INTR_ENABLE, bits);
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(g->irqs[0], 1);
	/* Set is set: no second interrupt before the guest has looked. */
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(g->irqs[0], 1);
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	head_wr(g, 0, 1, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	device_step(g->dev, BLANK_NS);
	/* A flip and its blank are one message. */
	ck_assert_uint_eq(g->irqs[0], 2);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_INTR_STATUS), bits | REFGPU_INTR_VBLANK(0));
	ck_assert_uint_eq(g->irqs[1], 0);
}
END_TEST

static void edid_put(unsigned int h, u8 first, u64 bytes)
{
	u64 at = REFGPU_USER_HEAD(h);
	u8 edid[REFGPU_EDID_SIZE];
	unsigned int i;
	u64 word;

	for (i = 0; i < REFGPU_EDID_SIZE; i++)
		edid[i] = (u8)(first + i);
	for (i = 0; i < REFGPU_EDID_SIZE; i += 8) {
		memcpy(&word, edid + i, 8);
		alias_wr(g, 0, at + REFGPU_HEAD_EDID + i, word);
	}
	alias_wr(g, 0, at + REFGPU_HEAD_EDID_BYTES, bytes);
}

START_TEST(edid_and_hotplug)
{
	u64 word;
	u8 byte;

	user_wr(g, 0, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_HOTPLUG(2));
	ck_assert_uint_eq(head_rd(g, 0, 2, REFGPU_HEAD_EDID_BYTES), 0);
	edid_put(2, 10, 256);
	ck_assert_uint_eq(g->irqs[0], 1);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_INTR_STATUS), REFGPU_INTR_HOTPLUG(2));
	ck_assert_uint_eq(head_rd(g, 0, 2, REFGPU_HEAD_EDID_BYTES), 256);
	word = head_rd(g, 0, 2, REFGPU_HEAD_EDID + 248);
	memcpy(&byte, (u8 *)&word + 7, 1);
	ck_assert_uint_eq(byte, (u8)(10 + 255));

	/* The guest can't change it, and the other heads have none. */
	head_wr(g, 0, 2, REFGPU_HEAD_EDID, 0);
	head_wr(g, 0, 2, REFGPU_HEAD_EDID_BYTES, 0);
	ck_assert_uint_eq(head_rd(g, 0, 2, REFGPU_HEAD_EDID), 0x11100f0e0d0c0b0aULL);
	ck_assert_uint_eq(head_rd(g, 0, 2, REFGPU_HEAD_EDID_BYTES), 256);
	ck_assert_uint_eq(head_rd(g, 0, 1, REFGPU_HEAD_EDID_BYTES), 0);

	/* The same again is no news; another is; so is a length of 0, unplugged. */
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	edid_put(2, 10, 256);
	ck_assert_uint_eq(g->irqs[0], 1);
	edid_put(2, 11, 256);
	ck_assert_uint_eq(g->irqs[0], 2);
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	alias_wr(g, 0, REFGPU_USER_HEAD(2) + REFGPU_HEAD_EDID_BYTES, 0);
	ck_assert_uint_eq(g->irqs[0], 3);
	/* A head that shows a picture goes on: the cable is the guest's affair. */
	head_show(g, 0, 2, 0);
	device_step(g->dev, 3 * BLANK_NS);
	edid_put(2, 12, 128);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(vblanks(g, 0, 2), 4);
}
END_TEST

/* An EDID that was there when the partition was enabled is no hot-plug. */
START_TEST(edid_before_enable)
{
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_CONTROL, 0);
	edid_put(0, 1, 128);
	wr(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	ck_assert_uint_eq(head0(REFGPU_HEAD_EDID_BYTES), 128);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_INTR_STATUS), 0);
}
END_TEST

/* ------------------------------------------------------------------ CRC */

START_TEST(crc_is_what_is_shown)
{
	unsigned int n;

	head_show(g, 0, 0, 0);
	for (n = 0; n < 4; n++) {
		head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(n));
		device_step(g->dev, BLANK_NS);
		ck_assert_uint_eq(head_crc(g, 0, 0), crc_of(g, 0, n));
	}
	/* The fourth byte of a pixel is not visible, in either format. */
	for (n = 3; n < PICTURE_BYTES; n += 4)
		*(u8 *)slice(g, 0, AT_PICTURE(3) + n) ^= 0x55;
	ck_assert_uint_eq(head_crc(g, 0, 0), crc_of(g, 0, 3));
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	head_wr(g, 0, 0, REFGPU_HEAD_FORMAT, AR24);
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 1);
	ck_assert_uint_eq(head_crc(g, 0, 0), crc_of(g, 0, 3));
	/* A single pixel counts, and what lies between the lines does not. */
	*(u8 *)slice(g, 0, AT_PICTURE(3) + PICTURE_BYTES - 4) ^= 1;
	ck_assert_uint_eq(head_crc(g, 0, 0), crc_of(g, 0, 3));
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	head_wr(g, 0, 0, REFGPU_HEAD_SIZE, PAIR(WIDTH - 1, HEIGHT));
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 1);
	n = (unsigned int)head_crc(g, 0, 0);
	*(u8 *)slice(g, 0, AT_PICTURE(3) + PITCH - 4) ^= 1;
	ck_assert_uint_eq(head_crc(g, 0, 0), n);
}
END_TEST

/* It belongs to the frame that ended, and costs nothing while nobody looks. */
START_TEST(crc_of_the_last_frame)
{
	unsigned int i;

	head_show(g, 0, 0, 0);
	device_step(g->dev, 3 * BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), 0);	/* it begins to look */
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), 0);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), crc_of(g, 0, 0));
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), crc_of(g, 0, 0));
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), crc_of(g, 0, 1));
	/* Nobody has looked for a second: an old value must not look new. */
	device_step(g->dev, 70 * BLANK_NS);
	*(u8 *)slice(g, 0, AT_PICTURE(1)) ^= 1;
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), 0);
	for (i = 0; i < 200; i++) {
		device_step(g->dev, BLANK_NS);
		if (i >= 2)
			ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), crc_of(g, 0, 1));
		else
			head0(REFGPU_HEAD_CRC);
	}
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 0);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), 0);
}
END_TEST

START_TEST(crc_with_cursor)
{
	static const int places[][2] = {
		{ 0, 0 }, { 10, 20 }, { -5, -7 }, { 60, 40 }, { -31, 0 }, { 0, -15 },
		{ 64, 0 }, { 0, 48 }, { -32, 0 }, { 1 << 30, 1 << 30 }, { -(1 << 30), 5 },
		{ -2147483647 - 1, -2147483647 - 1 }, { 2147483647, 2147483647 },
	};
	struct picture picture = picture_of(g, 0, 0);
	struct unit_random random = { 5 };
	u8 *cursor = slice(g, 0, AT_CURSOR);
	unsigned int i;
	u32 plain;

	for (i = 0; i < 32 * 16 * 4; i++)
		cursor[i] = i % 4 == 3 && i % 3 == 0 ? 0xff : (u8)unit_random(&random);
	head_show(g, 0, 0, 0);
	plain = picture_crc(&picture);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, AT_CURSOR);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_SIZE, PAIR(32, 16));
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_HOTSPOT, PAIR(3, 3)); /* of no effect on pixels */
	ck_assert_uint_eq(head_crc(g, 0, 0), plain);
	head_wr(g, 0, 0, REFGPU_HEAD_CONTROL, 3);

	picture.cursor = cursor;
	picture.cursor_width = 32;
	picture.cursor_height = 16;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		picture.cursor_x = places[i][0];
		picture.cursor_y = places[i][1];
		head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_POSITION, PAIR(places[i][0], places[i][1]));
		ck_assert_msg(head_crc(g, 0, 0) == picture_crc(&picture), "cursor at %d, %d",
			      places[i][0], places[i][1]);
	}

	/* Larger than 256 is dropped; what is not all in the slice is not shown. */
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_SIZE, PAIR(257, 1));
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_SIZE, PAIR(1, 257));
	ck_assert_uint_eq(head0(REFGPU_HEAD_CURSOR_SIZE), PAIR(32, 16));
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_POSITION, 0);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, SLICE_BYTES - 32 * 16 * 4 + 1);
	ck_assert_uint_eq(head_crc(g, 0, 0), plain);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, -4ULL);
	ck_assert_uint_eq(head_crc(g, 0, 0), plain);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, REFGPU_SYSMEM_APERTURE);
	ck_assert_uint_eq(head_crc(g, 0, 0), plain);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, AT_CURSOR);
	head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_SIZE, 0);
	ck_assert_uint_eq(head_crc(g, 0, 0), plain);
}
END_TEST

/* A frame of many slices, beside small ones. */
START_TEST(crc_of_all_heads)
{
	struct picture large = { .pixels = slice(g, 0, 0), .pitch = 2048, .width = 512,
				 .height = 512 };
	unsigned int h;

	mode_write(g, 0, 3, 0, 2048, XR24, PAIR(512, 512));
	head_wr(g, 0, 3, REFGPU_HEAD_CONTROL, 1);
	for (h = 0; h < 3; h++)
		head_show(g, 0, h, h);
	heads_on(g, 5, 1);
	picture_put(g, 5, 3);
	head_show(g, 5, 0, 3);
	for (h = 0; h < REFGPU_HEADS; h++)
		head_rd(g, 0, h, REFGPU_HEAD_CRC);
	ck_assert_uint_eq(head_crc(g, 5, 0), crc_of(g, 5, 3));
	for (h = 0; h < 3; h++)
		ck_assert_uint_eq(head_rd(g, 0, h, REFGPU_HEAD_CRC), crc_of(g, 0, h));
	ck_assert_uint_eq(head_rd(g, 0, 3, REFGPU_HEAD_CRC), picture_crc(&large));
}
END_TEST

/* Bad memory is black. */
START_TEST(crc_over_a_memory_error)
{
	struct injection injection = {
		.kind = INJECT_MEMORY_ERROR,
		.address = SLICE_BASE(0) + AT_PICTURE(0) + 70,
	};

	head_show(g, 0, 0, 0);
	ck_assert_int_eq(device_inject(g->dev, &injection), 0);
	/* The line it lies in is read at once, and so lost as a whole. */
	memset(slice(g, 0, AT_PICTURE(0)), 0, PITCH);
	ck_assert_uint_eq(head_crc(g, 0, 0), crc_of(g, 0, 0));
}
END_TEST

/* ----------------------------------------------- freeze, reset, restore */

START_TEST(freeze)
{
	u64 control = REFGPU_PARTITION(0) + REFGPU_PARTITION_CONTROL;

	user_wr(g, 0, REFGPU_USER_INTR_ENABLE, UINT64_MAX);
	head_show(g, 0, 0, 0);
	device_step(g->dev, 2 * BLANK_NS);
	head_rd(g, 0, 0, REFGPU_HEAD_CRC);
	head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	device_step(g->dev, 100 * BLANK_NS);
	ck_assert_uint_eq(vblanks(g, 0, 0), 2);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(0));
	ck_assert_uint_eq(head_status(g, 0, 0), ACTIVE | FLIPPING);
	ck_assert_uint_eq(g->irqs[0], 1);

	wr(g, control, REFGPU_PARTITION_ENABLE);
	ck_assert_uint_eq(vblanks(g, 0, 0), 2);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(vblanks(g, 0, 0), 3);
	ck_assert_uint_eq(head0(REFGPU_HEAD_BASE), AT_PICTURE(1));
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head0(REFGPU_HEAD_CRC), crc_of(g, 0, 1));
}
END_TEST

/* Copy everything the host can of partition @from to @to, as a migration does. */
static void migrate(unsigned int from, unsigned int to)
{
	u64 frozen = REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE, at;
	unsigned int i;

	wr(g, REFGPU_PARTITION(from) + REFGPU_PARTITION_CONTROL, frozen);
	step_us(g, 1000);
	memcpy(slice(g, to, 0), slice(g, from, 0), SLICE_BYTES);
	heads_on(g, to, REFGPU_HEADS);
	wr(g, REFGPU_PARTITION(to) + REFGPU_PARTITION_CONTROL, frozen);
	for (i = 0; i < REFGPU_RINGS; i++)
		for (at = 0; at <= REFGPU_RING_ERROR_WHERE; at += 8)
			alias_wr(g, to, REFGPU_USER_RING(i) + at,
				 alias_rd(g, from, REFGPU_USER_RING(i) + at));
	for (i = 0; i < REFGPU_HEADS; i++) {
		for (at = 0; at <= REFGPU_HEAD_EDID_BYTES; at += 8)
			alias_wr(g, to, REFGPU_USER_HEAD(i) + at,
				 alias_rd(g, from, REFGPU_USER_HEAD(i) + at));
		for (at = 0; at < REFGPU_EDID_SIZE; at += 8)
			alias_wr(g, to, REFGPU_USER_HEAD(i) + REFGPU_HEAD_EDID + at,
				 alias_rd(g, from, REFGPU_USER_HEAD(i) + REFGPU_HEAD_EDID + at));
	}
	alias_wr(g, to, REFGPU_USER_INTR_ENABLE, alias_rd(g, from, REFGPU_USER_INTR_ENABLE));
	alias_wr(g, to, REFGPU_USER_INTR_STATUS, alias_rd(g, from, REFGPU_USER_INTR_STATUS));
	wr(g, REFGPU_PARTITION(from) + REFGPU_PARTITION_CONTROL, 0);
	wr(g, REFGPU_PARTITION(to) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
}

/* The guest sees its heads go on as they were, a ring that waits for one too. */
START_TEST(moved_to_another_partition)
{
	user_wr(g, 0, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FLIP(1) | REFGPU_INTR_HOTPLUG(1));
	edid_put(1, 3, 256);
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	head_show(g, 0, 1, 0);
	mode_write(g, 0, 2, 1, 2, 3, 4);
	head_wr(g, 0, 2, REFGPU_HEAD_CONTROL, 1);
	device_step(g->dev, 10 * BLANK_NS);
	ring_on(g, 0, 0);
	push_flip(g, 0, 0, 1, AT_PICTURE(2), REFGPU_FLIP_WAIT);
	push_fence(g, 0, 0, 9, 0, 0);
	bell(g, 0, 0);
	run(g, 0, 0, 0);
	step_us(g, 1000);
	user_wr(g, 0, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	ck_assert_uint_eq(head_status(g, 0, 1), ACTIVE | FLIPPING);

	migrate(0, 9);
	ck_assert_uint_eq(g->irqs[9], 0);
	ck_assert_uint_eq(vblanks(g, 9, 1), 10);
	ck_assert_uint_eq(head_rd(g, 9, 1, REFGPU_HEAD_EDID_BYTES), 256);
	ck_assert_uint_eq(head_status(g, 9, 1), ACTIVE | FLIPPING);
	ck_assert_uint_eq(head_status(g, 9, 2), REFUSED);
	ck_assert_uint_eq(head_status(g, 9, 0), 0);
	run(g, 9, REFGPU_RUN_LINGER, 0);
	device_step(g->dev, BLANK_NS);
	ck_assert_uint_eq(head_rd(g, 9, 1, REFGPU_HEAD_BASE), AT_PICTURE(2));
	ck_assert_uint_eq(g->irqs[9], 1);
	device_step(g->dev, 3 * BLANK_NS);
	ck_assert_uint_eq(ring_rd(g, 9, 0, REFGPU_RING_FENCE), 9);
	ck_assert_uint_eq(head_crc(g, 9, 1), crc_of(g, 9, 2));
	/* And nothing is left behind. */
	ck_assert_uint_eq(head_rd(g, 0, 1, REFGPU_HEAD_SIZE), 0);
	ck_assert_uint_eq(head_rd(g, 0, 1, REFGPU_HEAD_EDID), 0);
}
END_TEST

/* Every way a vGPU ends leaves dark heads that read as after power-on. */
START_TEST(disable_and_resets)
{
	u64 entry = REFGPU_PARTITION(0), at, count;
	int way;

	for (way = 0; way < 4; way++) {
		edid_put(0, 1, 128);
		head_show(g, 0, 0, 0);
		head_wr(g, 0, 0, REFGPU_HEAD_CURSOR_BASE, 0x1234);
		ck_assert_uint_ne(head_crc(g, 0, 0), 0);
		head_wr(g, 0, 0, REFGPU_HEAD_FLIP, AT_PICTURE(1));
		count = counter(g, 0, REFGPU_COUNTER_VBLANKS);
		switch (way) {
		case 0:
			wr(g, entry + REFGPU_PARTITION_CONTROL, 0);
			break;
		case 1:
			wr(g, entry + REFGPU_PARTITION_RESET, 1);
			step_us(g, 1000);
			break;
		case 2:
			wr(g, REFGPU_GLOBAL_RESET, 1);
			step_us(g, 100000);
			count = 0;
			break;
		default:
			device_reset(g->dev);
			count = 0;
		}
		for (at = 0; at < 0x400; at += 8)
			ck_assert_msg(!head0(at), "way %d: head register %#llx reads %#llx", way,
				      (unsigned long long)at, (unsigned long long)head0(at));
		step_us(g, 1000000);
		ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_VBLANKS), count);
		gpu_events_on(g);
		heads_on(g, 0, REFGPU_HEADS);
		picture_put(g, 0, 0);
		picture_put(g, 0, 1);
	}
}
END_TEST

/* A disabled partition's page takes nothing, and shows nothing. */
START_TEST(disabled_partition)
{
	head_show(g, 3, 0, 0);
	ck_assert_uint_eq(head_rd(g, 3, 0, REFGPU_HEAD_CONTROL), 0);
	ck_assert_uint_eq(head_rd(g, 3, 0, REFGPU_HEAD_SIZE), 0);
	head_wr(g, 3, 0, REFGPU_HEAD_FLIP, 64);
	step_us(g, 100000);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_VBLANKS), 0);
}
END_TEST

START_TEST(stats_tell_of_heads)
{
	char *text;

	head_show(g, 0, 1, 0);
	device_step(g->dev, 3 * BLANK_NS);
	text = device_stats(g->dev);
	ck_assert_msg(strstr(text, "\"vblanks\":3,\"flips\":0"), "%s", text);
	ck_assert_msg(strstr(text, "{\"status\":1,\"width\":64,\"height\":48,"), "%s", text);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heads");
	TCase *tests = tcase_create("heads");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, sixty_blanks_a_second);
	tcase_add_test(tests, time_of_a_blank_has_the_offset);
	tcase_add_test(tests, modes_that_are_refused);
	tcase_add_test(tests, mode_stays_while_shown);
	tcase_add_test(tests, host_limits_heads);
	tcase_add_test(tests, interrupts);
	tcase_add_test(tests, edid_and_hotplug);
	tcase_add_test(tests, edid_before_enable);
	tcase_add_test(tests, crc_is_what_is_shown);
	tcase_add_test(tests, crc_of_the_last_frame);
	tcase_add_test(tests, crc_with_cursor);
	tcase_add_test(tests, crc_of_all_heads);
	tcase_add_test(tests, crc_over_a_memory_error);
	tcase_add_test(tests, freeze);
	tcase_add_test(tests, moved_to_another_partition);
	tcase_add_test(tests, disable_and_resets);
	tcase_add_test(tests, disabled_partition);
	tcase_add_test(tests, stats_tell_of_heads);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "heads");
}
