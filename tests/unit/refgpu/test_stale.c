// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stale.c - pages that the device goes on writing to, and a device that does
 * not answer, on the virtual clock
 */
#include "device/stale.h"
#include "gpu.h"

#define PART(p, reg)	(REFGPU_PARTITION(p) + REFGPU_PARTITION_##reg)

static struct gpu *g;

static void setup(void)
{
	g = gpu_create_with(true, 3);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static u64 *sysmem(unsigned int p, unsigned int page)
{
	return (u64 *)(g->host + SYSMEM_AT(p, page));
}

static u64 *table(unsigned int p)
{
	return (u64 *)(g->host + AT_TABLES + p * 4096);
}

static int inject(enum injection_kind kind, u32 partition, u64 count)
{
	const struct injection injection = {
		.kind = kind, .partition = partition, .count = count,
	};

	return device_inject(g->dev, &injection);
}

/* Which pages of partition @p are written to: bit by bit. */
static unsigned int written(unsigned int p)
{
	unsigned int page, bits = 0;

	for (page = 0; page < SYSMEM_PAGES; page++)
		*sysmem(p, page) = 0;
	step_us(g, 1000);
	for (page = 0; page < SYSMEM_PAGES; page++)
		if (*sysmem(p, page) == STALE_PATTERN)
			bits |= 1u << page;
	return bits;
}

static bool says(const char *part)
{
	char *text = device_stats(g->dev);
	bool found = strstr(text, part);

	free(text);
	return found;
}

START_TEST(writable_pages_of_one_partition)
{
	table(1)[2] &= ~REFGPU_SYSMEM_WRITE;
	table(1)[5] = 0;
	ck_assert_int_eq(inject(INJECT_STALE, 1, 1), 0);
	/* What the table says later is of no interest. */
	memset(table(1), 0, 4096);
	ck_assert_uint_eq(written(1), 0xff & ~(1u << 2 | 1u << 5));
	ck_assert_uint_eq(written(0) | written(2), 0);
	ck_assert_uint_eq(sysmem(1, 0)[STALE_BYTES / 8 - 1], STALE_PATTERN);
	ck_assert_uint_eq(sysmem(1, 0)[STALE_BYTES / 8], 0);
	ck_assert(says("\"stale_pages\":6,"));
	ck_assert_int_eq(inject(INJECT_STALE, 1, 0), 0);
	ck_assert_uint_eq(written(1), 0);
	ck_assert_int_eq(inject(INJECT_STALE, REFGPU_PARTITIONS, 1), -EINVAL);
}
END_TEST

START_TEST(all_partitions)
{
	ck_assert_int_eq(inject(INJECT_STALE, INJECT_ANY, 1), 0);
	ck_assert_uint_eq(written(0), 0xff);
	ck_assert_uint_eq(written(2), 0xff);
	ck_assert(says("\"stale_pages\":24,"));
}
END_TEST

START_TEST(no_more_than_it_can_keep)
{
	const u64 entry = (HOST_BASE + SYSMEM_AT(1, 0)) | REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;
	u64 *big = (u64 *)(g->host + 0x200000);
	unsigned int i;

	for (i = 0; i < 2 * STALE_PAGES; i++)
		big[i] = entry;
	wr(g, PART(1, CONTROL), 0);
	wr(g, PART(1, SYSMEM_BASE), HOST_BASE + 0x200000);
	wr(g, PART(1, SYSMEM_PAGES), 2 * STALE_PAGES);
	wr(g, PART(1, CONTROL), REFGPU_PARTITION_ENABLE);
	ck_assert_int_eq(inject(INJECT_STALE, 1, 1), 0);
	ck_assert(says("\"stale_pages\":1024,"));
	ck_assert_uint_eq(written(1), 1);
}
END_TEST

/* Partition 2 is not asked to let go of anything. */
START_TEST(it_lets_go_when_asked)
{
	ck_assert_int_eq(inject(INJECT_STALE, INJECT_ANY, 1), 0);
	wr(g, PART(1, INVALIDATE_FIRST), 2);
	wr(g, PART(1, INVALIDATE_PAGES), 3);
	wr(g, PART(1, INVALIDATE), 1);
	ck_assert_uint_eq(written(1), 0xff & ~(7u << 2));
	/* A range that would wrap around is clamped. */
	wr(g, PART(1, INVALIDATE_FIRST), 6);
	wr(g, PART(1, INVALIDATE_PAGES), UINT64_MAX);
	wr(g, PART(1, INVALIDATE), 1);
	ck_assert_uint_eq(written(1), 0x23);
	wr(g, PART(1, RESET), 1);
	step_us(g, 20);
	ck_assert_uint_eq(rd(g, PART(1, RESET)), 0);
	ck_assert_uint_eq(written(1), 0);
	wr(g, PART(0, CONTROL), 0);
	ck_assert_uint_eq(written(0), 0);
	ck_assert_uint_eq(written(2), 0xff);
	wr(g, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(written(2), 0);
}
END_TEST

/* As with bus mastering off: what does not arrive is not the end of it. */
START_TEST(it_goes_on_when_memory_answers_again)
{
	ck_assert_int_eq(inject(INJECT_STALE, 1, 1), 0);
	inject(INJECT_DMA_FAULT, 0, UINT64_MAX);
	ck_assert_uint_eq(written(1), 0);
	inject(INJECT_DMA_FAULT, 0, 0);
	ck_assert_uint_eq(written(1), 0xff);
	device_reset(g->dev);
	ck_assert_uint_eq(written(1), 0);
}
END_TEST

START_TEST(mute)
{
	ck_assert_int_eq(inject(INJECT_STALE, 1, 1), 0);
	ck_assert_int_eq(inject(INJECT_MUTE, 0, 1), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL + REFGPU_GLOBAL_ID), UINT64_MAX);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_INTR_ENABLE), UINT64_MAX);
	wr(g, PART(1, RESET), 1);
	wr(g, PART(1, CONTROL), 0);
	wr(g, REFGPU_GLOBAL + REFGPU_GLOBAL_RESET, 1);
	ck_assert_uint_eq(written(1), 0xff);
	/* Work goes on too. */
	push_fence(g, 0, 0, 7, REFGPU_FENCE_WRITE, REFGPU_SYSMEM_APERTURE);
	inject(INJECT_MUTE, 0, 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
	bell(g, 0, 0);
	run(g, 0, 0, 0);
	inject(INJECT_MUTE, 0, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(*sysmem(0, 0), 7);
	device_reset(g->dev);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL + REFGPU_GLOBAL_ID), REFGPU_ID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stale");
	TCase *tests = tcase_create("stale");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, writable_pages_of_one_partition);
	tcase_add_test(tests, all_partitions);
	tcase_add_test(tests, no_more_than_it_can_keep);
	tcase_add_test(tests, it_lets_go_when_asked);
	tcase_add_test(tests, it_goes_on_when_memory_answers_again);
	tcase_add_test(tests, mute);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "stale");
}
