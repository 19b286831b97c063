// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_registers.c - every register of the header, and every other offset
 */
#include <stdbool.h>

#include "gpu.h"

enum block {
	BLOCK_GLOBAL, BLOCK_RC, BLOCK_PARTITION, BLOCK_FAULT, BLOCK_FAULT_WORD, BLOCK_CONTEXT,
	BLOCK_COUNTER, BLOCK_USER, BLOCK_RING, BLOCK_HEAD,
};

enum access { ACCESS_RO, ACCESS_RW, ACCESS_WO, ACCESS_W1C };

static const struct {
	const char *name;
	enum block block;
	u64 offset;
	enum access access;
	bool has_reset;
	u64 reset;
} registers[] = {
#include "registers.inc"
};

#define REGISTERS	(sizeof(registers) / sizeof(registers[0]))
#define BAR_WORDS	(REFGPU_BAR_REGISTERS_SIZE / 8)

/* Which register each word of BAR0 is, as number + 1; 0: none. */
static u16 *names;
static struct gpu *g;

static void name(u64 base, enum block block)
{
	size_t i, j;

	for (i = 0; i < REGISTERS; i++) {
		if (registers[i].block != block)
			continue;
		names[(base + registers[i].offset) / 8] = (u16)(i + 1);
		if (!strcmp(registers[i].name, "REFGPU_HEAD_EDID"))
			for (j = 0; j < REFGPU_EDID_SIZE / 8; j++)
				names[(base + registers[i].offset) / 8 + j] = (u16)(i + 1);
	}
}

static void name_page(u64 base)
{
	unsigned int i;

	name(base, BLOCK_USER);
	for (i = 0; i < REFGPU_RINGS; i++)
		name(base + REFGPU_USER_RING(i), BLOCK_RING);
	for (i = 0; i < REFGPU_HEADS; i++)
		name(base + REFGPU_USER_HEAD(i), BLOCK_HEAD);
}

static void setup(void)
{
	unsigned int i;

	names = calloc(BAR_WORDS, sizeof(*names));
	ck_assert_ptr_nonnull(names);
	name(REFGPU_GLOBAL, BLOCK_GLOBAL);
	name(REFGPU_FAULT, BLOCK_FAULT);
	name(REFGPU_CONTEXT, BLOCK_CONTEXT);
	for (i = 0; i < REFGPU_RUN_CONTROLS; i++)
		name(REFGPU_RUN_CONTROL(i), BLOCK_RC);
	for (i = 0; i < REFGPU_FAULT_RECORDS; i++)
		name(REFGPU_FAULT + REFGPU_FAULT_RECORD(i), BLOCK_FAULT_WORD);
	for (i = 0; i < REFGPU_PARTITIONS; i++) {
		name(REFGPU_PARTITION(i), BLOCK_PARTITION);
		name(REFGPU_COUNTERS(i), BLOCK_COUNTER);
		name_page(REFGPU_USER_PAGE(i));
		name_page(REFGPU_USER_ALIAS(i));
	}
	g = gpu_create(true);
	device_reset(g->dev);
}

static void teardown(void)
{
	gpu_destroy(g);
	free(names);
}

static bool is(u64 word, const char *name)
{
	return names[word] && !strcmp(registers[names[word] - 1].name, name);
}

static bool in(u64 offset, u64 start, u64 end)
{
	return offset >= start && offset < end;
}

/* The header's reset values; blocks differ where it says so. */
static bool expected_reset(u64 word, u64 *value)
{
	if (!registers[names[word] - 1].has_reset)
		return false;
	*value = registers[names[word] - 1].reset;
	/* "0 while the partition is disabled", and it is. */
	if (is(word, "REFGPU_USER_ID"))
		*value = 0;
	return true;
}

START_TEST(all_of_bar0_after_power_on)
{
	u64 word, bad = rd(g, REFGPU_GLOBAL_BAD_ACCESS), now, value, want;
	unsigned int named = 0;

	for (word = 0; word < BAR_WORDS; word++) {
		device_read(g->dev, word * 8, &value, 8);
		now = rd(g, REFGPU_GLOBAL_BAD_ACCESS);
		if (!names[word]) {
			ck_assert_msg(value == 0 && now == bad + 1,
				      "offset %#llx: reads %#llx, counted %llu times",
				      (unsigned long long)word * 8, (unsigned long long)value,
				      (unsigned long long)(now - bad));
		} else {
			named++;
			ck_assert_msg(now == bad, "%s at %#llx is not there",
				      registers[names[word] - 1].name,
				      (unsigned long long)word * 8);
			if (!is(word, "REFGPU_GLOBAL_BAD_ACCESS") && expected_reset(word, &want))
				ck_assert_msg(value == want, "%s at %#llx reads %#llx, not %#llx",
					      registers[names[word] - 1].name,
					      (unsigned long long)word * 8,
					      (unsigned long long)value, (unsigned long long)want);
		}
		bad = now;
	}
	ck_assert_uint_gt(named, 20000);
}
END_TEST

START_TEST(values_that_depend_on_the_device)
{
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_VRAM_SIZE), GPU_VRAM);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SWITCH_NS), GPU_SWITCH_NS);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_BOARD), 0x555047464552ULL); /* "REFGPU" */
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_CAPS),
			  REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY | REFGPU_CAP_HEADS |
			  REFGPU_CAP_SYSMEM | REFGPU_CAP_DIRTY | REFGPU_CAP_CONTEXT |
			  REFGPU_CAP_VIRTUAL_CLOCK | REFGPU_CAP_SPATIAL | REFGPU_CAP_RIGHTS |
			  REFGPU_CAP_BUSY | REFGPU_CAP_LINGER_NS | REFGPU_CAP_PENDING_ONCE |
			  REFGPU_CAP_PC | REFGPU_CAP_SHARED_MEMORY | REFGPU_CAP_MODE);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SLICES), 0xffff);
	ck_assert_uint_eq(rd(g, REFGPU_PARTITION(0) + REFGPU_PARTITION_SLICES), 0xffff);
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_SLICES), 0xffff);
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(7) + REFGPU_RC_SLICES), 0);
	partition_on(g, 63);
	ck_assert_uint_eq(user_rd(g, 63, REFGPU_USER_ID), REFGPU_ID);
	ck_assert_uint_eq(user_rd(g, 63, REFGPU_USER_CAPS),
			  rd(g, REFGPU_GLOBAL_CAPS) & ~REFGPU_CAP_MODE);
	ck_assert_uint_eq(user_rd(g, 63, REFGPU_USER_VRAM_SIZE), SLICE_BYTES);
	ck_assert_uint_eq(user_rd(g, 63, REFGPU_USER_SYSMEM_PAGES), SYSMEM_PAGES);
	ck_assert_uint_eq(user_rd(g, 63, REFGPU_USER_SLICES), 0xffff);
}
END_TEST

/* What a later version has in addition is not there at all. */
START_TEST(version_1_0)
{
	const u64 later[] = {
		REFGPU_USER_BUSY_NS, REFGPU_USER_RING(0) + REFGPU_RING_RIGHTS,
		REFGPU_USER_RING(3) + REFGPU_RING_RIGHTS_VRAM,
		REFGPU_USER_RING(3) + REFGPU_RING_RIGHTS_SYSMEM,
		REFGPU_USER_RING(3) + REFGPU_RING_PC,
	};
	struct gpu *old = gpu_create_version(true, REFGPU_VERSION_1_0);
	u64 bad;
	unsigned int i;

	partition_on(old, 1);
	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_VERSION), 0x10000);
	ck_assert_uint_eq(user_rd(old, 1, REFGPU_USER_VERSION), 0x10000);
	ck_assert_uint_eq(user_rd(old, 1, REFGPU_USER_CAPS),
			  REFGPU_CAP_COMPUTE | REFGPU_CAP_COPY | REFGPU_CAP_HEADS |
			  REFGPU_CAP_SYSMEM | REFGPU_CAP_DIRTY | REFGPU_CAP_CONTEXT |
			  REFGPU_CAP_VIRTUAL_CLOCK);
	bad = rd(old, REFGPU_GLOBAL_BAD_ACCESS);
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		user_wr(old, 1, later[i], 8);
		wr(old, REFGPU_USER_ALIAS(1) + later[i], 8);
		ck_assert_uint_eq(user_rd(old, 1, later[i]), 0);
		ck_assert_uint_eq(rd(old, REFGPU_USER_ALIAS(1) + later[i]), 0);
	}
	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_BAD_ACCESS), bad + 4 * i);
	wr(old, REFGPU_GLOBAL_NEXT_MODE, REFGPU_MODE_COMPUTE);
	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_NEXT_MODE), 0);
	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_MODE), 0);
	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_BAD_ACCESS), bad + 4 * i + 3);
	gpu_destroy(old);
}
END_TEST

/* Read-only registers do not change, and read-write ones without meaning do. */
START_TEST(access_of_every_register)
{
	u64 word, before, after, pattern = 0x5a5aa5a512345678ULL;
	unsigned int plain = 0;

	for (word = 0; word < BAR_WORDS; word++) {
		u64 offset = word * 8;
		bool alias = in(offset, REFGPU_USER_ALIAS(0), REFGPU_USER_ALIAS(64));

		if (!names[word] || is(word, "REFGPU_GLOBAL_RESET"))
			continue;
		before = rd(g, offset);
		wr(g, offset, registers[names[word] - 1].access == ACCESS_W1C ? UINT64_MAX :
									       pattern);
		after = rd(g, offset);
		switch (registers[names[word] - 1].access) {
		case ACCESS_RO:
			ck_assert_msg(alias || after == before, "%s changed from %#llx to %#llx",
				      registers[names[word] - 1].name,
				      (unsigned long long)before, (unsigned long long)after);
			if (alias && after == pattern)
				plain++;
			break;
		case ACCESS_WO:
			ck_assert_uint_eq(after, 0);
			break;
		case ACCESS_W1C:
			ck_assert(alias || after == 0);
			break;
		case ACCESS_RW:
			/* A disabled partition's user page holds its reset values. */
			if (in(offset, REFGPU_USER_PAGE(0), REFGPU_USER_PAGE(64)))
				ck_assert_uint_eq(after, before);
			else
				plain += after == pattern;
			break;
		}
		device_step(g->dev, 1000);
	}
	/* Most of an alias is plain storage, "RO" and EDID of the heads included. */
	ck_assert_msg(plain > 64 * 200, "%u registers hold what is written", plain);
}
END_TEST

START_TEST(halves)
{
	u32 low = 0x11111111, high = 0x22222222, half;
	u64 at = REFGPU_GLOBAL_SCRATCH;
	u16 small = 0x3333;

	device_write(g->dev, at + 4, &high, 4);
	ck_assert_uint_eq(rd(g, at), 0x2222222200000000ULL);
	device_write(g->dev, at, &low, 4);
	ck_assert_uint_eq(rd(g, at), 0x2222222211111111ULL);
	device_read(g->dev, at + 4, &half, 4);
	ck_assert_uint_eq(half, high);
	device_write(g->dev, at, &small, 2);
	device_write(g->dev, at + 2, &low, 4);
	device_write(g->dev, at + 4, &(u64){ 5 }, 8);
	ck_assert_uint_eq(rd(g, at), 0x2222222211111111ULL);
	small = 7;
	device_read(g->dev, at, &small, 2);
	ck_assert_uint_eq(small, 0);
	/* The high half alone rings no doorbell. */
	partition_on(g, 0);
	ring_on(g, 0, 0);
	device_write(g->dev, REFGPU_USER_PAGE(0) + REFGPU_USER_RING(0) + REFGPU_RING_DOORBELL + 4,
		     &high, 4);
	ck_assert_uint_eq(counter(g, 0, REFGPU_COUNTER_DOORBELLS), 0);
	/* Each half of a W1C register clears its own bits. */
	wr(g, REFGPU_USER_ALIAS(0) + REFGPU_USER_INTR_STATUS, UINT64_MAX);
	half = 1;
	device_write(g->dev, REFGPU_USER_PAGE(0) + REFGPU_USER_INTR_STATUS + 4, &half, 4);
	ck_assert_uint_eq(user_rd(g, 0, REFGPU_USER_INTR_STATUS), ~(1ULL << 32));
}
END_TEST

/*
 * Anything anywhere, while work runs: the sanitizers judge. A partition that
 * nobody may touch through its own registers keeps its canary.
 */
START_TEST(random_accesses)
{
	struct unit_random random = { unit_seed("registers") };
	u64 *words = calloc(REGISTERS * 400, sizeof(*words)), n = 0, i, word;
	u8 data[64];

	ck_assert_ptr_nonnull(words);
	for (word = 0; word < BAR_WORDS; word++)
		if (names[word])
			words[n++] = word;
	for (i = 0; i < 300000; i++) {
		u64 r = unit_random(&random), offset = words[unit_random(&random) % n] * 8;
		u64 value = unit_random(&random) >> (r >> 40) % 64;
		size_t size = r % 16 ? 8 : (r >> 8) % 65;

		/* The first partitions see most of it, so that things happen. */
		if (r >> 16 & 3) {
			unsigned int p = (unsigned int)(r >> 20) % 3;

			offset = words[unit_random(&random) % n] * 8;
			if (offset >= REFGPU_USER_PAGE(0) && offset < REFGPU_USER_PAGE(64))
				offset = REFGPU_USER_PAGE(p) + offset % 0x10000;
			else if (offset >= REFGPU_USER_ALIAS(0) && (r >> 30 & 3))
				offset = REFGPU_PARTITION(p) + (offset % 0xa8 & ~7ULL);
			else if (offset >= REFGPU_USER_ALIAS(0))
				offset = REFGPU_USER_ALIAS(p) + offset % 0x10000;
		}
		if (r % 32 == 1)
			offset += (r >> 24) % 16;
		switch (r >> 32 & 7) {
		case 0:
			value = 1;
			break;
		case 1:
			value = REFGPU_RUN((r >> 48) % 4, (r >> 56) % 2, (r >> 50) * 100);
			break;
		case 2:
			value &= 0xffff0000;
			break;
		case 3:
			value = HOST_BASE + (value & 0xff000);
			break;
		default:
			break;
		}
		memcpy(data, &value, 8);
		if (r >> 60 & 1)
			device_read(g->dev, offset, data, size);
		else
			device_write(g->dev, offset, data, size);
		if (i % 16 == 0)
			device_step(g->dev, unit_random(&random) % 100000);
		if (i % 50000 == 49999)
			device_reset(g->dev);
	}
	free(words);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registers");
	TCase *tests = tcase_create("registers");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, all_of_bar0_after_power_on);
	tcase_add_test(tests, values_that_depend_on_the_device);
	tcase_add_test(tests, version_1_0);
	tcase_add_test(tests, access_of_every_register);
	tcase_add_test(tests, halves);
	tcase_add_test(tests, random_accesses);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "registers");
}
