// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_runtime_head.c - the runtime's calls for heads, against the device core
 *
 * Registers and framebuffer of the runtime are a partition of a device on
 * the virtual clock, which goes on a little with every register read.
 */
#include "head.h"
#include "heads.h"

#define PART		2u
#define PATIENCE_MS	60000

static struct gpu *g;
static struct rt_device device;
static u64 read_ns;	/* that a register read takes */

uint64_t rt_user_read(const struct rt_device *unused, unsigned int offset)
{
	(void)unused;
	device_step(g->dev, read_ns);
	return user_rd(g, PART, offset);
}

void rt_user_write(struct rt_device *unused, unsigned int offset, uint64_t value)
{
	(void)unused;
	user_wr(g, PART, offset, value);
}

void *rt_framebuffer(const struct rt_device *unused, uint64_t offset)
{
	(void)unused;
	return slice(g, PART, offset);
}

uint64_t rt_framebuffer_alloc(struct rt_device *unused, uint64_t bytes, uint64_t align)
{
	u64 at = (unused->framebuffer_next + align - 1) & ~(align - 1);

	unused->framebuffer_next = at + bytes;
	ck_assert_uint_le(at + bytes, SLICE_BYTES);
	return at;
}

static struct rt_mode mode;

static void setup(void)
{
	unsigned int n;

	g = gpu_create(true);
	heads_on(g, PART, REFGPU_HEADS);
	for (n = 0; n < 4; n++)
		picture_put(g, PART, n);
	device.framebuffer_next = 0;
	read_ns = 300000;
	mode = (struct rt_mode){
		.base = AT_PICTURE(0), .width = WIDTH, .height = HEIGHT, .pitch = PITCH,
		.format = RT_XR24,
	};
}

static void teardown(void)
{
	gpu_destroy(g);
}

START_TEST(show_and_check)
{
	struct picture picture = picture_of(g, PART, 0);
	struct rt_cursor cursor = { .base = AT_CURSOR, .width = 32, .height = 24,
				    .x = -4, .y = 30 };
	u32 crc, i;

	ck_assert_int_eq(rt_head_on(&device, 1, &mode), 0);
	ck_assert_int_eq(rt_head_crc(&device, 1, &crc, PATIENCE_MS), 0);
	ck_assert_uint_eq(crc, rt_frame_crc(&device, &mode, NULL));
	ck_assert_uint_eq(crc, picture_crc(&picture));

	for (i = 0; i < 32 * 24 * 4; i++)
		*(u8 *)slice(g, PART, AT_CURSOR + i) = (u8)(i * 37 >> 2);
	rt_head_cursor(&device, 1, &cursor);
	ck_assert_int_eq(rt_head_crc(&device, 1, &crc, PATIENCE_MS), 0);
	ck_assert_uint_eq(crc, rt_frame_crc(&device, &mode, &cursor));
	picture.cursor = slice(g, PART, AT_CURSOR);
	picture.cursor_width = 32;
	picture.cursor_height = 24;
	picture.cursor_x = -4;
	picture.cursor_y = 30;
	ck_assert_uint_eq(crc, picture_crc(&picture));
	rt_head_cursor(&device, 1, NULL);
	ck_assert_int_eq(rt_head_crc(&device, 1, &crc, PATIENCE_MS), 0);
	ck_assert_uint_eq(crc, rt_frame_crc(&device, &mode, NULL));
}
END_TEST

/* Never the CRC of what was there before, however the call falls between the blanks. */
START_TEST(crc_is_never_stale)
{
	struct unit_random random = { unit_seed("runtime_head") };
	unsigned int i, n;
	u32 crc;

	ck_assert_int_eq(rt_head_on(&device, 0, &mode), 0);
	for (i = 0; i < 300; i++) {
		device_step(g->dev, unit_random(&random) % (3 * BLANK_NS));
		read_ns = 1000 + unit_random(&random) % 5000000;
		for (n = 0; n < 40; n++)
			*(u8 *)slice(g, PART, mode.base + unit_random(&random) % PICTURE_BYTES) ^=
				1 + (u8)(unit_random(&random) % 255);
		if (i % 100 == 99)
			device_step(g->dev, 100 * BLANK_NS);
		read_ns = 1000 + unit_random(&random) % 5000000;
		ck_assert_int_eq(rt_head_crc(&device, 0, &crc, PATIENCE_MS), 0);
		ck_assert_uint_eq(crc, rt_frame_crc(&device, &mode, NULL));
	}
}
END_TEST

START_TEST(flips)
{
	unsigned int i;
	u32 crc;

	ck_assert_int_eq(rt_head_on(&device, 0, &mode), 0);
	for (i = 1; i < 20; i++) {
		mode.base = AT_PICTURE(i % 4);
		ck_assert_int_eq(rt_head_flip(&device, 0, mode.base), 0);
		ck_assert_int_eq(rt_head_wait_flip(&device, 0, PATIENCE_MS), 0);
		ck_assert_uint_eq(rt_head_read(&device, 0, REFGPU_HEAD_BASE), mode.base);
		ck_assert_int_eq(rt_head_crc(&device, 0, &crc, PATIENCE_MS), 0);
		ck_assert_uint_eq(crc, rt_frame_crc(&device, &mode, NULL));
	}
	ck_assert_uint_eq(counter(g, PART, REFGPU_COUNTER_FLIPS), 19);
	ck_assert_int_eq(rt_head_flip(&device, 0, SLICE_BYTES), -EINVAL);
	ck_assert_msg(strstr(rt_message(), "flip to 0x100000"), "%s", rt_message());
}
END_TEST

START_TEST(flips_from_a_ring)
{
	struct rt_ring ring;
	unsigned int i;

	ck_assert_int_eq(rt_head_on(&device, 0, &mode), 0);
	ck_assert_int_eq(rt_ring_create(&device, 0, 16, &ring), 0);
	for (i = 1; i <= 6; i++)
		ck_assert_int_eq(rt_flip(&ring, 0, AT_PICTURE(i % 4), i != 6), 0);
	rt_ring_doorbell(&ring);
	run(g, PART, REFGPU_RUN_LINGER, 0);
	ck_assert_int_eq(rt_head_wait_vblank(&device, 0, 7, PATIENCE_MS), 0);
	ck_assert_uint_eq(rt_ring_register(&ring, REFGPU_RING_GET), 6);
	ck_assert_uint_eq(rt_head_read(&device, 0, REFGPU_HEAD_BASE), AT_PICTURE(6 % 4));
	ck_assert_uint_eq(counter(g, PART, REFGPU_COUNTER_FLIPS), 6);
}
END_TEST

START_TEST(what_goes_wrong_is_told)
{
	u32 crc;

	mode.pitch = 4;
	ck_assert_int_eq(rt_head_on(&device, 0, &mode), -EINVAL);
	ck_assert_msg(strstr(rt_message(), "64x48, pitch 4"), "%s", rt_message());
	mode.pitch = PITCH;
	ck_assert_int_eq(rt_head_wait_vblank(&device, 0, 1, PATIENCE_MS), -ECANCELED);
	ck_assert_int_eq(rt_head_on(&device, 0, &mode), 0);
	read_ns = 0;	/* time stands still */
	ck_assert_int_eq(rt_head_crc(&device, 0, &crc, 1), -ETIMEDOUT);
	ck_assert_int_eq(rt_head_flip(&device, 0, AT_PICTURE(1)), 0);
	ck_assert_int_eq(rt_head_wait_flip(&device, 0, 1), -ETIMEDOUT);
	rt_head_off(&device, 0);
	ck_assert_int_eq(rt_head_wait_flip(&device, 0, 1), -ECANCELED);
}
END_TEST

START_TEST(edid_is_read)
{
	u8 edid[REFGPU_EDID_SIZE], want[REFGPU_EDID_SIZE];
	unsigned int i;
	u64 word;

	ck_assert_int_eq(rt_head_edid(&device, 3, edid), 0);
	for (i = 0; i < sizeof(want); i++)
		want[i] = (u8)(i * 3);
	for (i = 0; i < sizeof(want); i += 8) {
		memcpy(&word, want + i, 8);
		alias_wr(g, PART, REFGPU_USER_HEAD(3) + REFGPU_HEAD_EDID + i, word);
	}
	alias_wr(g, PART, REFGPU_USER_HEAD(3) + REFGPU_HEAD_EDID_BYTES, 256);
	ck_assert_int_eq(rt_head_edid(&device, 3, edid), 256);
	ck_assert(!memcmp(edid, want, sizeof(want)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_head");
	TCase *tests = tcase_create("runtime_head");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, show_and_check);
	tcase_add_test(tests, crc_is_never_stale);
	tcase_add_test(tests, flips);
	tcase_add_test(tests, flips_from_a_ring);
	tcase_add_test(tests, what_goes_wrong_is_told);
	tcase_add_test(tests, edid_is_read);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "runtime_head");
}
