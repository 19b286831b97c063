// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_heads_bounds.c - heads never read outside their partition's slice
 *
 * All of video memory but the slice of one partition can't be read by this
 * process: a single byte too many ends the test by a signal. The partition
 * programs its heads at random, with numbers at and over every border; the
 * host disables, freezes, resets and limits it at random meanwhile.
 */
#include <sys/mman.h>

#include "chance.h"
#include "heads.h"

#define HOSTILE		1u

static struct gpu *g;

static void fence_off(int protection)
{
	u64 base = SLICE_BASE(HOSTILE), end = base + SLICE_BYTES;

	ck_assert_int_eq(mprotect(g->vram, base, protection), 0);
	ck_assert_int_eq(mprotect(g->vram + end, GPU_VRAM - end, protection), 0);
}

static void setup(void)
{
	u64 i;

	chance.state = unit_seed("heads_bounds");
	g = gpu_create(true);
	for (i = 0; i < SLICE_BYTES; i += 8)
		*(u64 *)slice(g, HOSTILE, i) = unit_random(&chance);
	fence_off(PROT_NONE);
}

static void teardown(void)
{
	fence_off(PROT_READ | PROT_WRITE);
	gpu_destroy(g);
}

static u64 address(void)
{
	static const u64 near[] = {
		0, SLICE_BYTES, SLICE_BYTES - PICTURE_BYTES, GPU_VRAM, 2 * SLICE_BYTES,
		REFGPU_SYSMEM_APERTURE, 1ULL << 32, 1ULL << 63, SLICE_BASE(HOSTILE),
		-(u64)PICTURE_BYTES, -SLICE_BASE(HOSTILE),
	};

	if (one_in(2))
		return any(SLICE_BYTES / 64) * 64;
	if (one_in(3))
		return SLICE_BYTES - any(40) * 1024;
	return near[any(sizeof(near) / sizeof(near[0]))] + (any(65) - 32) * (one_in(4) ? 4 : 64);
}

static u64 length(void)
{
	static const u64 odd[] = { 0, 1, 63, 1024, 4096, 65536, 0x7fffffff, 0xffffffff };

	return one_in(4) ? odd[any(sizeof(odd) / sizeof(odd[0]))] : 1 + any(600);
}

static u64 pitch(void)
{
	static const u64 odd[] = { 0, 4, 1ULL << 32, 1ULL << 63, -64ULL, SLICE_BYTES };

	return one_in(6) ? odd[any(sizeof(odd) / sizeof(odd[0]))] : any(64) * 64;
}

static u64 format(void)
{
	return one_in(10) ? unit_random(&chance) : one_in(2) ? XR24 : AR24;
}

/* A value for a register of a head that is not all nonsense. */
static u64 value_for(u64 offset)
{
	switch (offset) {
	case REFGPU_HEAD_CONTROL:
		return any(4);
	case REFGPU_HEAD_BASE:
	case REFGPU_HEAD_CURSOR_BASE:
	case REFGPU_HEAD_FLIP:
		return address();
	case REFGPU_HEAD_PITCH:
		return pitch();
	case REFGPU_HEAD_FORMAT:
		return format();
	case REFGPU_HEAD_SIZE:
		return PAIR(length(), length());
	case REFGPU_HEAD_CURSOR_SIZE:
		return PAIR(any(300), any(300));
	case REFGPU_HEAD_CURSOR_POSITION:
		return one_in(4) ? unit_random(&chance) : PAIR(any(600) - 300, any(600) - 300);
	default:
		return unit_random(&chance);
	}
}

static void write_any(unsigned int h)
{
	u64 offset = any(15) * 8, value = value_for(offset);
	u64 page = one_in(8) ? REFGPU_USER_ALIAS(HOSTILE) : REFGPU_USER_PAGE(HOSTILE);

	if (one_in(8)) {
		u32 half = (u32)(value >> 32);

		device_write(g->dev, page + REFGPU_USER_HEAD(h) + offset + 4, &half, 4);
		half = (u32)value;
		device_write(g->dev, page + REFGPU_USER_HEAD(h) + offset, &half, 4);
	} else {
		wr(g, page + REFGPU_USER_HEAD(h) + offset, value);
	}
}

/* A mode that is often good, so that a lot is shown. */
static void set_mode(unsigned int h)
{
	u64 width = length(), height = length();

	head_wr(g, HOSTILE, h, REFGPU_HEAD_CONTROL, 0);
	mode_write(g, HOSTILE, h, address(), one_in(3) ? pitch() : (4 * width + 63) / 64 * 64,
		   format(), PAIR(width, height));
	head_wr(g, HOSTILE, h, REFGPU_HEAD_CURSOR_BASE, address());
	head_wr(g, HOSTILE, h, REFGPU_HEAD_CURSOR_SIZE, PAIR(any(257), any(257)));
	head_wr(g, HOSTILE, h, REFGPU_HEAD_CURSOR_POSITION,
		value_for(REFGPU_HEAD_CURSOR_POSITION));
	head_wr(g, HOSTILE, h, REFGPU_HEAD_CONTROL, 1 + 2 * any(2));
}

static void flip_packets(void)
{
	unsigned int r = (unsigned int)any(REFGPU_RINGS), i;

	if (rc_state(g) == REFGPU_RC_EMPTY)
		run(g, HOSTILE, REFGPU_RUN_LINGER, 0);
	if (one_in(2) || ring_rd(g, HOSTILE, r, REFGPU_RING_STATUS) == REFGPU_RING_STOPPED)
		ring_on(g, HOSTILE, r);
	for (i = 0; i < 3; i++)
		push_flip(g, HOSTILE, r, (u32)any(5), address(), (u16)any(2));
	bell(g, HOSTILE, r);
}

static void host_acts(void)
{
	u64 entry = REFGPU_PARTITION(HOSTILE);

	switch (any(6)) {
	case 0:
		wr(g, entry + REFGPU_PARTITION_CONTROL, 0);
		break;
	case 1:
		wr(g, entry + REFGPU_PARTITION_CONTROL,
		   REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
		break;
	case 2:
		wr(g, entry + REFGPU_PARTITION_RESET, 1);
		break;
	case 3:
		wr(g, entry + REFGPU_PARTITION_HEADS, any(6));
		break;
	case 4:
		wr(g, entry + REFGPU_PARTITION_HEAD_MAX, PAIR(length(), length()));
		break;
	default:
		wr(g, entry + REFGPU_PARTITION_FLIP_NS, any(2) * any(100000000));
	}
	device_step(g->dev, any(2 * BLANK_NS));
	heads_on(g, HOSTILE, REFGPU_HEADS);
	wr(g, entry + REFGPU_PARTITION_HEAD_MAX,
	   one_in(3) ? UINT64_MAX : PAIR(4096, 4096));
}

START_TEST(random_programming)
{
	u64 i, shown = 0, crcs = 0, flips = 0, refused = 0;
	unsigned int h;

	heads_on(g, HOSTILE, REFGPU_HEADS);
	for (i = 0; i < 20000; i++) {
		h = (unsigned int)any(REFGPU_HEADS);
		switch (any(8)) {
		case 0:
			set_mode(h);
			break;
		case 1:
			flip_packets();
			break;
		case 2:
			head_wr(g, HOSTILE, h, REFGPU_HEAD_FLIP, address());
			break;
		case 3:
			if (one_in(4))
				host_acts();
			break;
		default:
			write_any(h);
		}
		for (h = 0; h < REFGPU_HEADS; h++) {
			shown += head_status(g, HOSTILE, h) & ACTIVE;
			refused += head_status(g, HOSTILE, h) == REFUSED;
			crcs += head_rd(g, HOSTILE, h, REFGPU_HEAD_CRC) != 0;
		}
		device_step(g->dev, any(3 * BLANK_NS));
		if (i % 100 == 99) {
			flips += counter(g, HOSTILE, REFGPU_COUNTER_FLIPS);
			wr(g, REFGPU_COUNTERS(HOSTILE) + REFGPU_COUNTER_CLEAR, 1);
		}
	}
	/* Did anything happen at all? */
	printf("heads_bounds: %llu shown, %llu refused, %llu CRCs, %llu flips\n",
	       (unsigned long long)shown, (unsigned long long)refused, (unsigned long long)crcs,
	       (unsigned long long)flips);
	ck_assert_uint_gt(shown, 2000);
	ck_assert_uint_gt(refused, 200);
	ck_assert_uint_gt(crcs, 1000);
	ck_assert_uint_gt(flips, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heads_bounds");
	TCase *tests = tcase_create("heads_bounds");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, random_programming);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "heads_bounds");
}
