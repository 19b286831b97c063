// SPDX-License-Identifier: GPL-2.0-only
/* Modes of the device: when they change, and what there is in each. */
#include "heads.h"

static struct gpu *g;

static void setup(void)
{
	g = gpu_create(true);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void expect_mode(u64 mode, u64 next)
{
	u64 caps = rd(g, REFGPU_GLOBAL_CAPS);

	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_MODE), mode);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_NEXT_MODE), next);
	ck_assert_uint_eq(device_mode(g->dev), mode);
	ck_assert_uint_eq(!!(caps & REFGPU_CAP_HEADS), mode != REFGPU_MODE_COMPUTE);
	ck_assert(caps & REFGPU_CAP_MODE);
}

/* A reset of the function takes the next mode, and nothing else does. */
START_TEST(taken_at_a_reset_of_the_function)
{
	u64 mode;

	expect_mode(REFGPU_MODE_MIXED, REFGPU_MODE_MIXED);
	for (mode = REFGPU_MODE_COMPUTE; mode < 3; mode--) {
		u64 before = rd(g, REFGPU_GLOBAL_MODE);

		wr(g, REFGPU_GLOBAL_NEXT_MODE, mode);
		expect_mode(before, mode);
		wr(g, REFGPU_GLOBAL_RESET, 1);
		device_step(g->dev, 1000000);
		ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_RESET), 0);
		expect_mode(before, mode);
		device_reset(g->dev);
		expect_mode(mode, mode);
		device_reset(g->dev);
		expect_mode(mode, mode);
	}
}
END_TEST

START_TEST(values_that_are_none)
{
	const u64 bad[] = { 3, 0x102, 1ULL << 32 | 2, UINT64_MAX };
	unsigned int i;

	wr(g, REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_GRAPHICS);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wr(g, REFGPU_GLOBAL_NEXT_MODE, bad[i]);
		ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_NEXT_MODE), REFGPU_MODE_GRAPHICS);
	}
	wr(g, REFGPU_GLOBAL_MODE, REFGPU_MODE_COMPUTE);
	expect_mode(REFGPU_MODE_MIXED, REFGPU_MODE_GRAPHICS);
}
END_TEST

/* Writes a register and says what it holds then. */
static u64 kept(u64 at, u64 value)
{
	wr(g, at, value);
	return rd(g, at);
}

/* In mode compute nothing of a head is there, and computing is as it was. */
START_TEST(compute_has_no_heads)
{
	const u64 entry = REFGPU_PARTITION(1), alias = REFGPU_USER_ALIAS(1);
	u64 bad;

	wr(g, REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_COMPUTE);
	device_reset(g->dev);
	ck_assert_uint_eq(kept(entry + REFGPU_PARTITION_HEADS, 1), 0);
	ck_assert_uint_eq(kept(entry + REFGPU_PARTITION_HEAD_MAX, 1), 0);
	ck_assert_uint_eq(kept(entry + REFGPU_PARTITION_FLIP_NS, 1), 0);
	partition_on(g, 1);
	bad = rd(g, REFGPU_GLOBAL_BAD_ACCESS);
	user_wr(g, 1, REFGPU_USER_HEAD(0) + REFGPU_HEAD_SIZE, 1);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_HEAD(0) + REFGPU_HEAD_SIZE), 0);
	ck_assert_uint_eq(kept(alias + REFGPU_USER_HEAD(3) + REFGPU_HEAD_EDID, 1), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_BAD_ACCESS), bad + 4);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_CAPS) & REFGPU_CAP_HEADS, 0);

	wr(g, REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_MIXED);
	device_reset(g->dev);
	ck_assert_uint_eq(kept(entry + REFGPU_PARTITION_HEADS, 4), 4);
	ck_assert_uint_eq(kept(entry + REFGPU_PARTITION_HEAD_MAX, 5), 5);
	ck_assert_uint_eq(kept(alias + REFGPU_USER_HEAD(3) + REFGPU_HEAD_EDID, 1), 1);
}
END_TEST

/* Of a device that starts in a mode, and of a version without any. */
START_TEST(at_first)
{
	struct device_config config = { .vram_size = GPU_VRAM, .virtual_clock = true };
	u64 mode;

	for (mode = 0; mode < 3; mode++) {
		config.mode = (u32)mode;
		gpu_destroy(g);
		g = gpu_create_config(config);
		expect_mode(mode, mode);
	}
	config.mode = 3;
	ck_assert_ptr_null(device_create(&config));
	config.mode = REFGPU_MODE_COMPUTE;
	config.version = REFGPU_VERSION_1_0;
	ck_assert_ptr_null(device_create(&config));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("modes");
	TCase *c = tcase_create("modes");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, taken_at_a_reset_of_the_function);
	tcase_add_test(c, values_that_are_none);
	tcase_add_test(c, compute_has_no_heads);
	tcase_add_test(c, at_first);
	suite_add_tcase(s, c);
	return unit_run(s, "modes");
}
