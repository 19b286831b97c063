// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_commands.c - reset, scrub, invalidate, dirty bits, the context window
 * and surprise removal, on the virtual clock
 */
#include "gpu.h"

static struct gpu *g;

#define PART(p, reg)	(REFGPU_PARTITION(p) + REFGPU_PARTITION_##reg)
#define CONTEXT(reg)	(REFGPU_CONTEXT + REFGPU_CONTEXT_##reg)

static void setup(void)
{
	g = gpu_create_with(true, 4);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void command(unsigned int p, u64 offset)
{
	forget_events(g);
	wr(g, REFGPU_PARTITION(p) + offset, 1);
	step_us(g, 20);
	ck_assert_uint_eq(rd(g, REFGPU_PARTITION(p) + offset), 0);
}

/* Leave an unfinished DISPATCH in the context store. */
static void save_spin(unsigned int p, u16 items)
{
	put_spin(g, p);
	push_dispatch(g, p, 0, items);
	bell(g, p, 0);
	run(g, p, 0, 3000000);
	step_us(g, 10000);
	ck_assert(rd(g, PART(p, STATUS)) & REFGPU_PARTITION_IS_SAVED);
}

/* Is what RESET clears at its reset values? */
static void expect_clear(unsigned int p)
{
	unsigned int r, h;
	u64 i;

	ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_INTR_STATUS), 0);
	ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_INTR_ENABLE), 0);
	ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_ERROR), 0);
	ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_SCRATCH), 0);
	for (r = 0; r < REFGPU_RINGS; r++)
		for (i = 0; i <= REFGPU_RING_PC; i += 8)
			ck_assert_uint_eq(ring_rd(g, p, r, i), 0);
	for (h = 0; h < REFGPU_HEADS; h++)
		for (i = 0; i <= REFGPU_HEAD_EDID_BYTES; i += 8)
			ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_HEAD(h) + i), 0);
	ck_assert_uint_eq(rd(g, PART(p, STATUS)), 0);
}

/* Give everything in the user page a value. */
static void dirty_user_page(unsigned int p)
{
	unsigned int h;

	user_wr(g, p, REFGPU_USER_SCRATCH, 1);
	wr(g, REFGPU_USER_ALIAS(p) + REFGPU_USER_ERROR, REFGPU_ERROR_HANG);
	wr(g, REFGPU_USER_ALIAS(p) + REFGPU_USER_INTR_STATUS, ~0ULL);
	for (h = 0; h < REFGPU_HEADS; h++)
		wr(g, REFGPU_USER_ALIAS(p) + REFGPU_USER_HEAD(h) + REFGPU_HEAD_EDID, 1);
}

START_TEST(reset_of_a_partition)
{
	unsigned int when;

	/* Not resident; loading; running; lingering; being saved. */
	for (when = 0; when < 5; when++) {
		ring_on(g, 1, 0);
		dirty_user_page(1);
		put_spin(g, 1);
		if (when != 3) {
			push_dispatch(g, 1, 0, 8);
			bell(g, 1, 0);
		}
		if (when == 0)
			save_spin(1, 1);
		else
			run(g, 1, REFGPU_RUN_LINGER, 0);
		if (when > 1)
			step_us(g, 1000);
		if (when == 4) {
			preempt(g);
			step_us(g, 45);		/* a slice may be under way */
			ck_assert_uint_eq(rc_state(g), REFGPU_RC_SAVING);
		}
		forget_events(g);
		wr(g, PART(1, RESET), 1);
		ck_assert_uint_eq(rd(g, PART(1, RESET)), 1);
		/* Not while that lasts. */
		run(g, 1, 0, 0);
		EXPECT_RUN_END(g, 1, REFGPU_END_REJECTED);
		step_us(g, 20);
		ck_assert_msg(!rd(g, PART(1, RESET)), "reset %u does not end", when);
		if (when)
			EXPECT_RUN_END(g, 1, REFGPU_END_RESET);
		ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_DONE);
		EXPECT_NO_EVENT(g);
		expect_clear(1);
		ck_assert_uint_eq(rd(g, PART(1, CONTROL)), REFGPU_PARTITION_ENABLE);
		ck_assert_uint_eq(rd(g, PART(1, VRAM_LIMIT)), SLICE_BYTES);
		ck_assert_uint_eq(rc_state(g), REFGPU_RC_EMPTY);
		/* Memory stays. */
		ck_assert_uint_eq(*(u32 *)slice(g, 1, AT_CODE), 0x0000006f);
	}
}
END_TEST

START_TEST(disabling_a_partition)
{
	put_spin(g, 1);
	push_dispatch(g, 1, 0, 8);
	bell(g, 1, 0);
	dirty_user_page(1);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	forget_events(g);
	wr(g, PART(1, CONTROL), 0);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_ID), 0);
	step_us(g, 20);
	EXPECT_RUN_END(g, 1, REFGPU_END_RESET);
	expect_clear(1);
	/* The user page is dead, the alias is not. */
	user_wr(g, 1, REFGPU_USER_SCRATCH, 5);
	user_wr(g, 1, REFGPU_USER_RING(0) + REFGPU_RING_CONTROL, 1);
	expect_clear(1);
	wr(g, REFGPU_USER_ALIAS(1) + REFGPU_USER_SCRATCH, 6);
	wr(g, PART(1, CONTROL), REFGPU_PARTITION_ENABLE);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_SCRATCH), 6);
	ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_ID), REFGPU_ID);
}
END_TEST

START_TEST(the_entry_is_checked)
{
	static const struct {
		u64 base, limit;
		bool good;
	} cases[] = {
		{ 0, GPU_VRAM, true }, { 0, GPU_VRAM + REFGPU_VRAM_ALIGN, false },
		{ REFGPU_VRAM_ALIGN, GPU_VRAM, false }, { 0, 4096, false },
		{ 0, UINT64_MAX & ~(REFGPU_VRAM_ALIGN - 1), false },
		{ GPU_VRAM - REFGPU_VRAM_ALIGN, REFGPU_VRAM_ALIGN, true },
	};
	unsigned int p = 9;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wr(g, PART(p, VRAM_LIMIT), 0);
		wr(g, PART(p, VRAM_BASE), cases[i].base);
		wr(g, PART(p, VRAM_LIMIT), cases[i].limit);
		if (!cases[i].good)
			ck_assert_uint_eq(rd(g, PART(p, VRAM_LIMIT)), 0);
		else
			ck_assert_uint_eq(rd(g, PART(p, VRAM_LIMIT)), cases[i].limit);
	}
	/* The base can't move the end out, either. */
	wr(g, PART(p, VRAM_BASE), GPU_VRAM);
	ck_assert_uint_eq(rd(g, PART(p, VRAM_BASE)), GPU_VRAM - REFGPU_VRAM_ALIGN);
	wr(g, PART(p, VRAM_BASE), 4096);
	ck_assert_uint_eq(rd(g, PART(p, VRAM_BASE)), GPU_VRAM - REFGPU_VRAM_ALIGN);
	wr(g, PART(p, SYSMEM_PAGES), REFGPU_SYSMEM_PAGES_MAX + 1ULL);
	wr(g, PART(p, SYSMEM_BASE), 0x123);
	ck_assert_uint_eq(rd(g, PART(p, SYSMEM_PAGES)) | rd(g, PART(p, SYSMEM_BASE)), 0);

	/* While it is enabled, none of them changes. */
	wr(g, PART(1, VRAM_BASE), 0);
	wr(g, PART(1, VRAM_LIMIT), REFGPU_VRAM_ALIGN);
	wr(g, PART(1, SYSMEM_BASE), 0x1000);
	wr(g, PART(1, SYSMEM_PAGES), 1);
	wr(g, PART(1, SLICES), 1);
	ck_assert_uint_eq(rd(g, PART(1, VRAM_BASE)), SLICE_BASE(1));
	ck_assert_uint_eq(rd(g, PART(1, VRAM_LIMIT)), SLICE_BYTES);
	ck_assert_uint_eq(rd(g, PART(1, SYSMEM_BASE)), HOST_BASE + AT_TABLES + 4096);
	ck_assert_uint_eq(rd(g, PART(1, SYSMEM_PAGES)), SYSMEM_PAGES);
	ck_assert_uint_eq(rd(g, PART(1, SLICES)), 0xffff);
}
END_TEST

START_TEST(scrub_zeroes_one_slice)
{
	memset(slice(g, 1, 0) - 4096, 0xa5, SLICE_BYTES + 8192);
	save_spin(1, 1);
	wr(g, PART(1, CONTROL), 0);
	step_us(g, 1000);
	command(1, REFGPU_PARTITION_SCRUB);
	ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_DONE);
	u8 *bytes = slice(g, 1, 0);
	u64 i;

	for (i = 0; i < SLICE_BYTES; i++)
		ck_assert_msg(!bytes[i], "byte %#llx of the slice is left",
			      (unsigned long long)i);
	for (i = 1; i <= 4096; i++) {
		ck_assert_uint_eq(bytes[-(s64)i], 0xa5);
		ck_assert_uint_eq(bytes[SLICE_BYTES - 1 + i], 0xa5);
	}
}
END_TEST

static void fence_at(u64 address, u64 value)
{
	push_fence(g, 1, 0, value, REFGPU_FENCE_WRITE, address);
	bell(g, 1, 0);
	run(g, 1, 0, 0);
	step_us(g, 1000);
}

START_TEST(a_cleared_entry_is_used_until_invalidated)
{
	u64 *table = (u64 *)(g->host + AT_TABLES + 1 * 4096);
	u64 at = REFGPU_SYSMEM_APERTURE + 3 * 4096;
	u64 *word = (u64 *)(g->host + SYSMEM_AT(1, 3));

	fence_at(at, 1);
	ck_assert_uint_eq(*word, 1);
	table[3] = 0;
	fence_at(at, 2);
	ck_assert_msg(*word == 2, "a driver that forgets INVALIDATE is not caught");
	/* Other pages do not matter. */
	wr(g, PART(1, INVALIDATE_FIRST), 4);
	wr(g, PART(1, INVALIDATE_PAGES), 100);
	command(1, REFGPU_PARTITION_INVALIDATE);
	fence_at(at, 3);
	ck_assert_uint_eq(*word, 3);
	wr(g, PART(1, INVALIDATE_FIRST), 0);
	wr(g, PART(1, INVALIDATE_PAGES), 4);
	command(1, REFGPU_PARTITION_INVALIDATE);
	fence_at(at, 4);
	ck_assert_uint_eq(*word, 3);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_ERROR), REFGPU_ERROR_ADDRESS);
}
END_TEST

START_TEST(dirty_bits)
{
	u64 *bits = (u64 *)(g->host + AT_FREE + 0x200000);
	u32 *code = slice(g, 1, AT_CODE);

	/* sw a0, 0(a0); ret */
	code[0] = 0x00a52023;
	code[1] = 0x00008067;
	wr(g, PART(1, DIRTY_CONTROL), 1 | 12 << 8);
	ck_assert_uint_eq(rd(g, PART(1, DIRTY_CONTROL)), 1 | 12 << 8);
	push_fill(g, 1, 0, 0x80ff0, 0x20, 7);		/* pages 0x80, 0x81 */
	push_copy(g, 1, 0, 0x90000, 0xfffff, 1);	/* page 0xff */
	push_dispatch(g, 1, 0, 1);			/* page 0x20 */
	fence_at(REFGPU_SYSMEM_APERTURE, 1);		/* none */
	wr(g, PART(1, DIRTY_TARGET), HOST_BASE + AT_FREE + 0x200000);
	wr(g, PART(1, DIRTY_COUNT), 256);
	memset(bits, 0xff, 64);
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_DONE);
	ck_assert_uint_eq(bits[0], 1ULL << 0x20);
	ck_assert_uint_eq(bits[1], 0);
	ck_assert_uint_eq(bits[2], 3);
	ck_assert_uint_eq(bits[3], 1ULL << 63);
	ck_assert_uint_eq(bits[4], UINT64_MAX);
	/* They are cleared by that. */
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	ck_assert_uint_eq(bits[0] | bits[1] | bits[2] | bits[3], 0);
	/* If host memory does not answer they are kept. */
	fence_at(0x3000, 1);
	wr(g, PART(1, DIRTY_TARGET), 0x1000);
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	wr(g, PART(1, DIRTY_TARGET), HOST_BASE + AT_FREE + 0x200000);
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	ck_assert_uint_eq(bits[0], 1ULL << 3);
	/* A part: granules 64..127 land at the target's start. */
	fence_at(0x40000, 1);
	wr(g, PART(1, DIRTY_FIRST), 64);
	wr(g, PART(1, DIRTY_COUNT), 64);
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	ck_assert_uint_eq(bits[0], 1);
	/* Off and on, while it runs. */
	run(g, 1, REFGPU_RUN_LINGER, 0);
	step_us(g, 100);
	wr(g, PART(1, DIRTY_CONTROL), 0);
	wr(g, PART(1, DIRTY_CONTROL), 1 | 16 << 8);
	push_fence(g, 1, 0, 1, REFGPU_FENCE_WRITE, 0x50000);
	bell(g, 1, 0);
	step_us(g, 100);
	wr(g, PART(1, DIRTY_FIRST), 0);
	command(1, REFGPU_PARTITION_DIRTY_FETCH);
	ck_assert_uint_eq(bits[0], 1ULL << 5);
}
END_TEST

/* ---------------------------------------------------------------- context */

static u64 context(u64 what)
{
	wr(g, CONTEXT(COMMAND), what);
	step_us(g, 10);
	ck_assert_uint_eq(rd(g, CONTEXT(COMMAND)), 0);
	return rd(g, CONTEXT(RESULT));
}

#define AT_IMAGE	(AT_FREE + 0x200000)

/* Move a vGPU from partition @from to @to as a migration does. */
static void migrate(unsigned int from, unsigned int to)
{
	u64 offset, bytes, length, i;
	unsigned int r;

	wr(g, PART(from, CONTROL), REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	step_us(g, 1000);
	memcpy(slice(g, to, 0), slice(g, from, 0), SLICE_BYTES);
	wr(g, CONTEXT(PARTITION), from);
	wr(g, CONTEXT(LENGTH), 4096);
	bytes = rd(g, CONTEXT(BYTES));
	ck_assert_msg(bytes > 4096, "an image of %llu bytes tests little",
		      (unsigned long long)bytes);
	for (offset = 0; offset < bytes; offset += length) {
		length = bytes - offset < 4096 ? bytes - offset : 4096;
		wr(g, CONTEXT(OFFSET), offset);
		wr(g, CONTEXT(LENGTH), length);
		wr(g, CONTEXT(TARGET), HOST_BASE + AT_IMAGE + offset);
		ck_assert_uint_eq(context(REFGPU_CONTEXT_FETCH), 0);
	}
	wr(g, PART(to, CONTROL), REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	wr(g, CONTEXT(PARTITION), to);
	for (offset = 0; offset < bytes; offset += length) {
		length = bytes - offset < 65536 ? bytes - offset : 65536;
		wr(g, CONTEXT(OFFSET), offset);
		wr(g, CONTEXT(LENGTH), length);
		wr(g, CONTEXT(TARGET), HOST_BASE + AT_IMAGE + offset);
		ck_assert_uint_eq(context(REFGPU_CONTEXT_STORE), 0);
	}
	for (r = 0; r < REFGPU_RINGS; r++)
		for (i = 0; i <= REFGPU_RING_PC; i += 8)
			wr(g, REFGPU_USER_ALIAS(to) + REFGPU_USER_RING(r) + i,
			   rd(g, REFGPU_USER_ALIAS(from) + REFGPU_USER_RING(r) + i));
	for (i = REFGPU_USER_INTR_STATUS; i <= REFGPU_USER_BUSY_NS; i += 8)
		wr(g, REFGPU_USER_ALIAS(to) + i, rd(g, REFGPU_USER_ALIAS(from) + i));
	ck_assert_uint_eq(context(REFGPU_CONTEXT_COMMIT), 0);
	wr(g, PART(from, CONTROL), 0);
	wr(g, PART(to, CONTROL), REFGPU_PARTITION_ENABLE);
}

START_TEST(work_moves_to_another_partition)
{
	struct refgpu_rights rights = {
		.header = { .opcode = REFGPU_OP_RIGHTS },
		.table = 15 * REFGPU_RIGHTS_GRANULE,
		.vram_granules = 16,
	};
	unsigned int i;
	u64 busy;

	/* It reads its code and writes its data, in granules 1 and 2, and no more. */
	*(u64 *)slice(g, 1, rights.table) = 1 << 2 | 3 << 4;
	push(g, 1, 0, &rights);
	put_count(g, 1, 0x000022b7);	/* lui t0, 2: 8192 */
	push_dispatch(g, 1, 0, 100);
	push_fence(g, 1, 0, 7, REFGPU_FENCE_INTERRUPT, 0);
	bell(g, 1, 0);
	run(g, 1, 0, 3000000);
	step_us(g, 10000);
	busy = user_rd(g, 1, REFGPU_USER_BUSY_NS);
	migrate(1, 2);
	ck_assert_uint_ge(user_rd(g, 2, REFGPU_USER_BUSY_NS), busy);
	memset(slice(g, 1, 0), 0x5a, SLICE_BYTES);
	run(g, 2, 0, 10000000);
	step_us(g, 15000);
	migrate(2, 3);
	memset(slice(g, 2, 0), 0x5a, SLICE_BYTES);
	run(g, 3, 0, 0);
	step_us(g, 300000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 7);
	ck_assert_uint_eq(g->irqs[3], 1);
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(((u32 *)slice(g, 3, AT_DATA))[i], 3 * 8192);
	ck_assert_uint_eq(counter(g, 1, REFGPU_COUNTER_INSTRUCTIONS) +
			  counter(g, 2, REFGPU_COUNTER_INSTRUCTIONS) +
			  counter(g, 3, REFGPU_COUNTER_INSTRUCTIONS),
			  100 * (5 + 5 * 8192));
	/* Its ring is restricted there as it was here. */
	ck_assert_uint_gt(busy, 2000000);
	g->put[3][0] = 3;
	push_fill(g, 3, 0, AT_STACK, 4, 1);
	bell(g, 3, 0);
	run(g, 3, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR), REFGPU_ERROR_ADDRESS);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR_ADDRESS), AT_STACK);
}
END_TEST

START_TEST(context_images_are_checked)
{
	struct unit_random random = { unit_seed("commands") };
	u8 *image = g->host + AT_IMAGE, *good;
	unsigned int i, accepted = 0;
	u64 bytes;

	save_spin(1, 20);
	wr(g, CONTEXT(PARTITION), 1);
	wr(g, CONTEXT(TARGET), HOST_BASE + AT_IMAGE);
	wr(g, CONTEXT(LENGTH), 64);
	/* Not while it could run. */
	ck_assert_uint_eq(context(REFGPU_CONTEXT_FETCH), REFGPU_ERROR_CONTEXT);
	wr(g, PART(1, CONTROL), REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	bytes = rd(g, CONTEXT(BYTES));
	ck_assert_uint_eq(bytes % 8, 0);
	wr(g, CONTEXT(LENGTH), bytes + 8);
	ck_assert_uint_eq(context(REFGPU_CONTEXT_FETCH), REFGPU_ERROR_PACKET);
	wr(g, CONTEXT(LENGTH), bytes);
	ck_assert_uint_eq(context(REFGPU_CONTEXT_FETCH), 0);
	ck_assert_uint_eq(context(99), REFGPU_ERROR_PACKET);
	wr(g, CONTEXT(TARGET), 0x1000);
	ck_assert_uint_eq(context(REFGPU_CONTEXT_FETCH), REFGPU_ERROR_DMA);
	ck_assert_uint_eq(context(REFGPU_CONTEXT_STORE), REFGPU_ERROR_DMA);
	wr(g, CONTEXT(TARGET), HOST_BASE + AT_IMAGE);
	wr(g, CONTEXT(OFFSET), 8);
	ck_assert_uint_eq(context(REFGPU_CONTEXT_STORE), REFGPU_ERROR_PACKET);
	wr(g, CONTEXT(OFFSET), 0);

	good = malloc(bytes);
	ck_assert_ptr_nonnull(good);
	memcpy(good, image, bytes);
	for (i = 0; i < 400; i++) {
		unsigned int n = 1 + unit_random(&random) % 3;
		u64 length = bytes;
		u64 result;

		memcpy(image, good, bytes);
		if (unit_random(&random) % 8 == 0)
			length = 8 + unit_random(&random) % (bytes / 8) * 8;
		while (n--) {
			/* Most of the meaning is at the start. */
			u64 room = unit_random(&random) % 2 ? 256 : bytes;

			image[unit_random(&random) % room] = (u8)unit_random(&random);
		}
		wr(g, CONTEXT(LENGTH), length);
		ck_assert_uint_eq(context(REFGPU_CONTEXT_STORE), 0);
		result = context(REFGPU_CONTEXT_COMMIT);
		ck_assert(result == 0 || result == REFGPU_ERROR_CONTEXT);
		if (result)
			continue;
		/* Accepted: then it may run, and touches nothing but the slice. */
		accepted++;
		memset(slice(g, 0, 0), 0x77, SLICE_BYTES);
		memset(slice(g, 2, 0), 0x77, SLICE_BYTES);
		wr(g, PART(1, CONTROL), REFGPU_PARTITION_ENABLE);
		run(g, 1, 0, 200000);
		step_us(g, 1000);
		wr(g, PART(1, CONTROL), REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
		step_us(g, 1000);
		ck_assert_uint_eq(*(u64 *)slice(g, 0, AT_DATA), 0x7777777777777777ULL);
		ck_assert(!memcmp(slice(g, 0, 0), slice(g, 2, 0), SLICE_BYTES));
	}
	ck_assert_msg(accepted > 20, "only %u of 400 images ran", accepted);
	free(good);
}
END_TEST

/* ----------------------------------------------------------- whole device */

static void expect_new_device(void)
{
	unsigned int p;

	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_ID), REFGPU_ID);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_RESET), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_EVENT_BASE), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_EVENT_PUT), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SWITCH_NS), GPU_SWITCH_NS);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SCRATCH), 0);
	ck_assert_uint_eq(rd(g, REFGPU_FAULT + REFGPU_FAULT_PUT), 0);
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_STATE), 0xff00);
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_SLICES), 0xffff);
	ck_assert_uint_eq(rd(g, REFGPU_RUN_CONTROL(1) + REFGPU_RC_SLICES), 0);
	for (p = 0; p < REFGPU_PARTITIONS; p++) {
		ck_assert_uint_eq(rd(g, PART(p, CONTROL)) | rd(g, PART(p, VRAM_LIMIT)), 0);
		ck_assert_uint_eq(counter(g, p, REFGPU_COUNTER_DOORBELLS), 0);
		expect_clear(p);
	}
	ck_assert_uint_eq(*(u32 *)slice(g, 1, AT_CODE), 0);
}

START_TEST(reset_of_the_device)
{
	struct injection hang = { .kind = INJECT_HANG, .partition = 1 };
	u64 before, fence = 0;
	unsigned int when;

	for (when = 0; when < 4; when++) {
		put_spin(g, 1);
		push_dispatch(g, 1, 0, 8);
		bell(g, 1, 0);
		wr(g, REFGPU_GLOBAL_SCRATCH, 4);
		wr(g, REFGPU_GLOBAL_SWITCH_NS, 9);
		if (when == 1)
			device_inject(g->dev, &hang);
		run(g, when == 2 ? REFGPU_RUN_NONE : 1, 0, 1000000000);
		step_us(g, 1000);
		before = rd(g, REFGPU_GLOBAL_TIMER);
		if (when % 2) {
			wr(g, REFGPU_GLOBAL_RESET, 1);
			ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_RESET), 1);
			step_us(g, 10);
		} else {
			device_reset(g->dev);
		}
		ck_assert(rd(g, REFGPU_GLOBAL_TIMER) >= before);
		expect_new_device();
		/* And it works. */
		gpu_events_on(g);
		memset(g->host + AT_EVENTS, 0, 16384);
		partition_on(g, 1);
		ring_on(g, 1, 0);
		push_fence(g, 1, 0, ++fence, 0, 0);
		bell(g, 1, 0);
		run(g, 1, 0, 0);
		step_us(g, 1000);
		EXPECT_RUN_END(g, 1, REFGPU_END_IDLE);
		ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_FENCE), fence);
	}
}
END_TEST

START_TEST(surprise_removal)
{
	struct injection gone = { .kind = INJECT_REMOVE };
	unsigned int i, irqs = 0;
	u32 half;

	put_spin(g, 1);
	push_dispatch(g, 1, 0, 8);
	push_fence(g, 1, 0, 1, REFGPU_FENCE_INTERRUPT | REFGPU_FENCE_WRITE,
		   REFGPU_SYSMEM_APERTURE);
	bell(g, 1, 0);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	forget_events(g);
	for (i = 0; i < REFGPU_VECTORS; i++)
		g->irqs[i] = 0;
	device_inject(g->dev, &gone);
	wr(g, PART(1, RESET), 1);
	step_us(g, 100000);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_ID), UINT64_MAX);
	ck_assert_uint_eq(rd(g, REFGPU_USER_PAGE(1)), UINT64_MAX);
	device_read(g->dev, 4, &half, 4);
	ck_assert_uint_eq(half, UINT32_MAX);
	EXPECT_NO_EVENT(g);
	for (i = 0; i < REFGPU_VECTORS; i++)
		irqs += g->irqs[i];
	ck_assert_uint_eq(irqs, 0);
	device_reset(g->dev);
	expect_new_device();
}
END_TEST

START_TEST(memory_and_dma_errors)
{
	struct injection bad = { .kind = INJECT_MEMORY_ERROR,
					.address = SLICE_BASE(1) + 0x5000 };
	struct injection dma = { .kind = INJECT_DMA_FAULT, .count = 2 };
	struct refgpu_event event;

	forget_events(g);
	device_inject(g->dev, &bad);
	event = next_event(g);
	ck_assert_uint_eq(event.type, REFGPU_EVENT_MEMORY);
	ck_assert_uint_eq(event.partition, 1);
	fence_at(0x4ff8, 1);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_ERROR), 0);
	fence_at(0x5038, 2);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_ERROR), REFGPU_ERROR_MEMORY);
	ring_on(g, 1, 0);
	push_fence(g, 1, 0, 3, REFGPU_FENCE_WRITE, REFGPU_SYSMEM_APERTURE);
	bell(g, 1, 0);
	run(g, 1, 0, 0);
	device_inject(g->dev, &dma);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_ERROR), REFGPU_ERROR_DMA);
	bad.address = GPU_VRAM;
	ck_assert_int_eq(device_inject(g->dev, &bad), -EINVAL);
}
END_TEST

START_TEST(a_bad_line_is_not_a_bad_page)
{
	struct injection bad = { .kind = INJECT_MEMORY_ERROR,
					.address = SLICE_BASE(1) + AT_CODE + 0x100 };

	/* j .+2, in a line that can be read: the program's own fault. */
	*(u32 *)slice(g, 1, AT_CODE) = 0x0020006f;
	device_inject(g->dev, &bad);
	push_dispatch(g, 1, 0, 1);
	bell(g, 1, 0);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_ERROR), REFGPU_ERROR_FETCH);
}
END_TEST

START_TEST(stats_are_json)
{
	char *text = device_stats(g->dev);
	int depth = 0;
	char *c;

	ck_assert_ptr_nonnull(text);
	for (c = text; *c; c++) {
		depth += *c == '{' || *c == '[';
		depth -= *c == '}' || *c == ']';
		ck_assert(depth > 0 || !c[1]);
	}
	ck_assert_int_eq(depth, 0);
	ck_assert_ptr_nonnull(strstr(text, "\"partition\":3,\"enabled\":true"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commands");
	TCase *tests = tcase_create("commands");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, reset_of_a_partition);
	tcase_add_test(tests, disabling_a_partition);
	tcase_add_test(tests, the_entry_is_checked);
	tcase_add_test(tests, scrub_zeroes_one_slice);
	tcase_add_test(tests, a_cleared_entry_is_used_until_invalidated);
	tcase_add_test(tests, dirty_bits);
	tcase_add_test(tests, work_moves_to_another_partition);
	tcase_add_test(tests, context_images_are_checked);
	tcase_add_test(tests, reset_of_the_device);
	tcase_add_test(tests, surprise_removal);
	tcase_add_test(tests, memory_and_dma_errors);
	tcase_add_test(tests, a_bad_line_is_not_a_bad_page);
	tcase_add_test(tests, stats_are_json);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "commands");
}
