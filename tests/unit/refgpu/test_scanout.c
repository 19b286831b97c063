// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_scanout.c - reading a frame: the right pixels, and no other byte
 *
 * The slice is an allocation of exactly its size, so that the address
 * sanitizer sees every byte read beyond it.
 */
#include "chance.h"
#include "device/crc32.h"
#include "picture.h"
#include "device/scanout.h"
#include "unit.h"

#define SLICE	(256u << 10)

static struct memory_view view;
static uint8_t *slice;

static void setup(void)
{
	struct memory_map map = { .limit = SLICE, .poison = MEMORY_NO_POISON };
	size_t i;

	chance.state = unit_seed("scanout");
	slice = aligned_alloc(64, SLICE);
	ck_assert_ptr_nonnull(slice);
	for (i = 0; i < SLICE; i++)
		slice[i] = (uint8_t)unit_random(&chance);
	map.vram = slice;
	memory_init(&view, NULL);
	memory_configure(&view, &map);
}

static void teardown(void)
{
	memory_destroy(&view);
	free(slice);
}

static uint32_t scan(struct scanout scanout, uint32_t budget)
{
	while (!scanout_run(&scanout, &view, budget ? budget : 1 + (uint32_t)any(3000)))
		;
	return scanout.crc;
}

/* The figures everybody's CRC-32 has. */
START_TEST(crc_examples)
{
	char text[] = "The quick brown fox jumps over the lazy dog";
	uint32_t crc, i;

	ck_assert_uint_eq(crc32_add(0, "", 0), 0);
	ck_assert_uint_eq(crc32_add(0, "123456789", 9), 0xcbf43926);
	ck_assert_uint_eq(crc32_add(0, text, sizeof(text) - 1), 0x414fa339);
	for (i = 0; i < sizeof(text); i++) {
		crc = crc32_add(0, text, i);
		ck_assert_uint_eq(crc32_add(crc, text + i, sizeof(text) - 1 - i), 0x414fa339);
		if (i == sizeof(text) - 1)
			break;
	}
}
END_TEST

START_TEST(random_pictures)
{
	int i;

	for (i = 0; i < 300; i++) {
		struct scanout s = {
			.width = 1 + (uint32_t)any(i % 10 ? 80 : 1500),
			.height = 1 + (uint32_t)any(20),
			.base = any(100) * 64,
		};
		struct picture p = { .width = s.width, .height = s.height };

		s.pitch = (4 * s.width + 63) / 64 * 64 + any(3) * 64;
		if (s.base + s.pitch * s.height > SLICE)
			continue;
		p.pixels = slice + s.base;
		p.pitch = s.pitch;
		if (any(4)) {
			s.cursor_width = 1 + (uint32_t)any(64);
			p.cursor_width = s.cursor_width;
			s.cursor_height = 1 + (uint32_t)any(16);
			p.cursor_height = s.cursor_height;
			s.cursor_x = (int32_t)any(s.width + 128) - 64;
			p.cursor_x = s.cursor_x;
			s.cursor_y = (int32_t)any(s.height + 32) - 16;
			p.cursor_y = s.cursor_y;
			s.cursor_base = any(SLICE - 4 * 64 * 16);
			p.cursor = slice + s.cursor_base;
		}
		unit_equal(scan(s, 0), picture_crc(&p));
		/* How it was cut into slices does not matter. */
		unit_equal(scan(s, 1u << 30), picture_crc(&p));
	}
}
END_TEST

/* Whatever the numbers, no byte outside the slice; the sanitizer judges. */
START_TEST(random_numbers)
{
	static const uint64_t near[] = {
		0, SLICE, SLICE - 4, SLICE - 64, UINT64_MAX & ~63ULL, 1ULL << 40, 1ULL << 32,
	};
	int i;

	for (i = 0; i < 3000; i++) {
		struct scanout s = {
			.base = near[any(7)] + (any(65) - 32) * 64,
			.pitch = any(2) ? near[any(7)] : any(100) * 64,
			.width = 1 + (uint32_t)any(70000),
			.height = any(8) ? 1 + (uint32_t)any(30) : UINT32_MAX,
			.cursor_base = near[any(7)] + any(300) - 150,
			.cursor_width = (uint32_t)any(257),
			.cursor_height = (uint32_t)any(257),
			.cursor_x = (int32_t)unit_random(&chance),
			.cursor_y = (int32_t)any(40) - 20,
		};
		int slices;

		if (any(2))
			s.cursor_x = (int32_t)any(600) - 300;
		if (!any(4))
			s.cursor_y = any(2) ? INT32_MIN : INT32_MAX;
		for (slices = 0; slices < 40 && !scanout_run(&s, &view, 16384); slices++)
			;
	}
}
END_TEST

/* What can't be read is black. */
START_TEST(outside_is_black)
{
	struct scanout inside = { .base = 0, .pitch = 4096, .width = 1024, .height = 2 };
	struct scanout outside = { .base = SLICE, .pitch = 4096, .width = 1024, .height = 2 };

	memset(slice, 0, 8192);
	ck_assert_uint_eq(scan(outside, 0), scan(inside, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scanout");
	TCase *tests = tcase_create("scanout");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, crc_examples);
	tcase_add_test(tests, random_pictures);
	tcase_add_test(tests, random_numbers);
	tcase_add_test(tests, outside_is_black);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "scanout");
}
