// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_plane.c - what a guest says of a picture, against arithmetic that can't
 * overflow
 */
#include "display/plane.h"
#include "unit.h"

#define XR24	0x34325258u
#define RG24	0x34324752u
#define RG16	0x36314752u
#define MIB	(1ull << 20)
#define PAGE	4096u
#define PIXELS	(1600ull * 1200)
#define WINDOW	((4 * PIXELS + PAGE - 1) & ~(PAGE - 1ull))

static const uint32_t formats[] = { XR24, RG24, RG16 };
static const unsigned int sizes[] = { 4, 3, 2 };

static struct vgpu_plane plane_of(uint32_t width, uint32_t height,
				  uint32_t pitch, uint64_t base)
{
	return (struct vgpu_plane){
		.format = XR24, .width = width, .height = height,
		.pitch = pitch, .base = base,
	};
}

START_TEST(test_edges)
{
	struct vgpu_plane p = plane_of(640, 480, 2560, 0);
	uint64_t bytes = 640 * 480 * 4;

	ck_assert(vgpu_plane_inside(&p, bytes, PIXELS));
	ck_assert(!vgpu_plane_inside(&p, bytes - 1, PIXELS));
	p.base = 1;
	ck_assert(!vgpu_plane_inside(&p, bytes, PIXELS));
	ck_assert(vgpu_plane_inside(&p, bytes + 1, PIXELS));
	p.base = 0;
	/* The last line is as long as its pixels, not as the pitch. */
	p.pitch = 4096;
	ck_assert(vgpu_plane_inside(&p, 4096 * 479 + 2560, PIXELS));
	ck_assert(!vgpu_plane_inside(&p, 4096 * 479 + 2559, PIXELS));
	p.pitch = 2559;
	ck_assert(!vgpu_plane_inside(&p, 64 * MIB, PIXELS));
	/* Upright, and one pixel too many. */
	p = plane_of(1200, 1600, 4800, 0);
	ck_assert(vgpu_plane_inside(&p, 64 * MIB, PIXELS));
	p.height++;
	ck_assert(!vgpu_plane_inside(&p, 64 * MIB, PIXELS));
	/* More than a VMM can be told of, in a slice that has room for it. */
	p = plane_of(1, 2, UINT32_MAX, 0);
	ck_assert(!vgpu_plane_inside(&p, 1ull << 40, PIXELS));
	p = plane_of(1, 16385, 4, 0);
	ck_assert(!vgpu_plane_inside(&p, 64 * MIB, PIXELS));
}
END_TEST

START_TEST(test_formats)
{
	struct vgpu_plane p = plane_of(64, 64, 256, 0);
	unsigned int i;

	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(vgpu_plane_pixel_bytes(formats[i]), sizes[i]);
	ck_assert_uint_eq(vgpu_plane_pixel_bytes(0), 0);
	ck_assert_uint_eq(vgpu_plane_pixel_bytes(UINT32_MAX), 0);
	p.format = 0;
	ck_assert(!vgpu_plane_inside(&p, 64 * MIB, PIXELS));
	p.format = 0x20203843;	/* "C8  ": there is nobody to ask for its palette */
	ck_assert(!vgpu_plane_inside(&p, 64 * MIB, PIXELS));
}
END_TEST

/* Values a guest would try, beside anything. */
static uint64_t value(struct unit_random *random)
{
	uint64_t any = unit_random(random);
	static const uint64_t edge[] = {
		0, 1, 3, 4, 63, 64, 640, 1200, 1600, 2560, 4095, 4096, 6400,
		16384, 65536, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
		1ull << 32, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX,
	};

	switch (any % 4) {
	case 0:
		return unit_random(random);
	case 1:
		return unit_random(random) % (4 * MIB);
	case 2:
		return unit_random(random) % 2048;
	default:
		return edge[(any >> 8) % (sizeof(edge) / sizeof(edge[0]))];
	}
}

START_TEST(test_any_values)
{
	struct unit_random random = { 4 };
	const struct vgpu_plane told = { 0 };
	unsigned int i, shown = 0, copied = 0;

	for (i = 0; i < 3000000; i++) {
		unsigned int f = unit_random(&random) % 3;
		struct vgpu_plane p = {
			.format = formats[f],
			.width = (uint32_t)value(&random),
			.height = (uint32_t)value(&random),
			.pitch = (uint32_t)value(&random),
			.base = value(&random),
		};
		uint64_t slice = 16 * MIB << unit_random(&random) % 12;
		unsigned __int128 last = (unsigned __int128)p.base +
			(unsigned __int128)p.pitch * ((uint64_t)p.height - 1) +
			(uint64_t)p.width * sizes[f];
		uint64_t bytes;
		uint32_t pitch;

		if (!vgpu_plane_inside(&p, slice, PIXELS))
			continue;
		shown++;
		unit_assert(p.width && p.height && last <= slice &&
			    p.pitch >= (uint64_t)p.width * sizes[f] &&
			    (uint64_t)p.width * p.height <= PIXELS,
			    "%ux%u, pitch %u, at 0x%llx in 0x%llx", p.width,
			    p.height, p.pitch, (unsigned long long)p.base,
			    (unsigned long long)slice);
		bytes = vgpu_plane_bytes(&p);
		unit_assert(bytes == last - p.base && bytes < UINT32_MAX - PAGE,
			    "%llu bytes", (unsigned long long)bytes);
		pitch = vgpu_plane_window_pitch(&p, &told, WINDOW);
		if (p.pitch != pitch || p.base % PAGE) {
			p.pitch = pitch;
			p.base = 0;
			copied++;
		}
		/* What a VMM is told of never ends it. */
		unit_assert(!(p.pitch % 4) && !(p.base % PAGE) &&
			    p.pitch >= p.width * sizes[f] &&
			    vgpu_plane_bytes(&p) <= WINDOW &&
			    (uint64_t)p.pitch * p.height <= WINDOW + p.pitch,
			    "%ux%u, pitch %u in the window", p.width, p.height,
			    p.pitch);
	}
	ck_assert_msg(shown > 1000 && copied > 100 && copied < shown,
		      "%u shown, %u of them copied: nothing was tested", shown,
		      copied);
}
END_TEST

/* Every picture that may be shown fits as a copy: exactly, where it is largest. */
START_TEST(test_copies)
{
	uint32_t width;
	unsigned int f;

	for (f = 0; f < 3; f++) {
		for (width = 1; width <= 16384; width++) {
			struct vgpu_plane p = plane_of(width, 1, 0, 0);

			p.format = formats[f];
			p.height = (uint32_t)(PIXELS / width);
			if (p.height > 16384)
				p.height = 16384;
			unit_assert((uint64_t)vgpu_plane_packed_pitch(&p) *
				    p.height <= WINDOW, "%ux%u does not fit",
				    width, p.height);
		}
	}
}
END_TEST

/* QEMU does not look at a pitch unless size or format changed. */
START_TEST(test_pitch_stays)
{
	struct vgpu_plane told = plane_of(800, 600, 3264, 0);
	struct vgpu_plane p = plane_of(800, 600, 3200, 4096);

	ck_assert_uint_eq(vgpu_plane_window_pitch(&p, &told, WINDOW), 3264);
	p.pitch = 65536;
	ck_assert_uint_eq(vgpu_plane_window_pitch(&p, &told, WINDOW), 3264);
	p = plane_of(800, 599, 3328, 4096);
	ck_assert_uint_eq(vgpu_plane_window_pitch(&p, &told, WINDOW), 3328);
	p = plane_of(800, 600, 3202, 4096);
	p.format = formats[1];
	ck_assert_uint_eq(vgpu_plane_window_pitch(&p, &told, WINDOW),
			  vgpu_plane_packed_pitch(&p));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plane");
	TCase *tcase = tcase_create("plane");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_edges);
	tcase_add_test(tcase, test_formats);
	tcase_add_test(tcase, test_any_values);
	tcase_add_test(tcase, test_copies);
	tcase_add_test(tcase, test_pitch_stays);
	suite_add_tcase(suite, tcase);
	return unit_run(suite, "plane");
}
