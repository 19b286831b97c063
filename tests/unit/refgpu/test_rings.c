// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rings.c - rings and packets as a guest sees them, on the virtual clock
 */
#include "gpu.h"

static struct gpu *g;

static void setup(void)
{
	g = gpu_create(true);
	partition_on(g, 3);
	ring_on(g, 3, 0);
}

static void teardown(void)
{
	gpu_destroy(g);
}

/* Run partition 3 until it is out of work. */
static void run_idle(void)
{
	run(g, 3, 0, 0);
	step_us(g, 1000000);
	EXPECT_RUN_END(g, 3, REFGPU_END_IDLE);
}

#define EXPECT_STOPPED(r, e) do {						\
	ck_assert_uint_eq(ring_rd(g, 3, r, REFGPU_RING_STATUS), REFGPU_RING_STOPPED); \
	ck_assert_uint_eq(ring_rd(g, 3, r, REFGPU_RING_ERROR), e);		\
} while (0)

START_TEST(fence_reports_and_interrupts)
{
	push_fence(g, 3, 0, 0x1122334455667788ULL,
		   REFGPU_FENCE_WRITE | REFGPU_FENCE_INTERRUPT, AT_DATA + 8);
	bell(g, 3, 0);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_BUSY);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 0x1122334455667788ULL);
	ck_assert_uint_eq(*(u64 *)slice(g, 3, AT_DATA + 8), 0x1122334455667788ULL);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_GET), 1);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE);
	ck_assert_uint_eq(user_rd(g, 3, REFGPU_USER_INTR_STATUS), REFGPU_INTR_FENCE);
	ck_assert_uint_eq(g->irqs[3], 1);

	/* A bit that is still set does not raise the vector again. */
	push_fence(g, 3, 0, 2, REFGPU_FENCE_INTERRUPT, 0);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(g->irqs[3], 1);
	user_wr(g, 3, REFGPU_USER_INTR_STATUS, REFGPU_INTR_FENCE);
	push_fence(g, 3, 0, 3, REFGPU_FENCE_INTERRUPT, 0);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(g->irqs[3], 2);
}
END_TEST

START_TEST(fill_and_copy_move_bytes)
{
	u8 *from = slice(g, 3, AT_DATA), *to = slice(g, 3, 0x81003);
	u64 i;

	push_fill(g, 3, 0, AT_DATA, 0x5004, 0xdeadbeef);
	push_copy(g, 3, 0, AT_DATA + 1, 0x81003, 0x4fff);
	bell(g, 3, 0);
	run_idle();
	for (i = 0; i < 0x5004 / 4; i++)
		ck_assert_uint_eq(((u32 *)from)[i], 0xdeadbeef);
	ck_assert(!memcmp(from + 1, to, 0x4fff));
	ck_assert_uint_eq(to[-1], 0);
	ck_assert_uint_eq(to[0x4fff], 0);
	ck_assert_uint_eq(((u32 *)from)[0x5004 / 4], 0);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_BYTES_WRITTEN), 0x5004 + 0x4fff);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_BYTES_READ), 0x4fff + 2 * 64);
}
END_TEST

START_TEST(lines_have_pitches)
{
	struct refgpu_copy copy = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = AT_DATA,
		.target = 0x80000,
		.bytes = 3,
		.source_pitch = 5,
		.target_pitch = 1000,
		.lines = 40,
	};
	u8 *from = slice(g, 3, AT_DATA), *to = slice(g, 3, 0x80000);
	int i, j;

	for (i = 0; i < 256; i++)
		from[i] = (u8)(i + 1);
	push(g, 3, 0, &copy);
	bell(g, 3, 0);
	run_idle();
	for (i = 0; i < 40; i++) {
		for (j = 0; j < 3; j++)
			ck_assert_uint_eq(to[i * 1000 + j], from[i * 5 + j]);
		ck_assert_uint_eq(to[i * 1000 + 3], 0);
	}
}
END_TEST

START_TEST(system_memory_both_ways)
{
	u8 *from = slice(g, 3, AT_DATA);
	int i;

	for (i = 0; i < 10000; i++)
		from[i] = (u8)(i * 7);
	push_copy(g, 3, 0, AT_DATA, REFGPU_SYSMEM_APERTURE + 100, 10000);
	push_copy(g, 3, 0, REFGPU_SYSMEM_APERTURE + 100, 0x80000, 10000);
	bell(g, 3, 0);
	run_idle();
	ck_assert(!memcmp(g->host + SYSMEM_AT(3, 0) + 100, from, 10000));
	ck_assert(!memcmp(slice(g, 3, 0x80000), from, 10000));
}
END_TEST

START_TEST(timestamp_has_the_offset)
{
	struct refgpu_timestamp stamp = {
		.header = { .opcode = REFGPU_OP_TIMESTAMP },
		.address = AT_DATA,
	};
	u64 before, after, offset = -123456789012ULL;

	wr(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_TIMER_OFFSET, offset);
	push(g, 3, 0, &stamp);
	bell(g, 3, 0);
	before = rd(g, REFGPU_GLOBAL_TIMER) + offset;
	run_idle();
	after = user_rd(g, 3, REFGPU_USER_TIMER);
	ck_assert(*(u64 *)slice(g, 3, AT_DATA) - before <= after - before);
	ck_assert_uint_eq(after, rd(g, REFGPU_GLOBAL_TIMER) + offset);
}
END_TEST

/* What a packet that is refused does: its ring stops with it, others go on. */
static void expect_refused(const void *packet, enum refgpu_error error, u64 address)
{
	ring_on(g, 3, 0);
	ring_on(g, 3, 1);
	user_wr(g, 3, REFGPU_USER_INTR_STATUS, ~0ULL);
	g->irqs[3] = 0;
	push_fence(g, 3, 0, 1, 0, 0);
	push(g, 3, 0, packet);
	push_fence(g, 3, 0, 2, 0, 0);
	bell(g, 3, 0);
	push_fence(g, 3, 1, 3, 0, 0);
	bell(g, 3, 1);
	run_idle();
	EXPECT_STOPPED(0, error);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR_ADDRESS), address);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR_WHERE), 1);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 1);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_GET), 1);
	ck_assert_uint_eq(ring_rd(g, 3, 1, REFGPU_RING_FENCE), 3);
	ck_assert_uint_eq(user_rd(g, 3, REFGPU_USER_INTR_STATUS), REFGPU_INTR_ERROR);
	ck_assert_uint_eq(g->irqs[3], 1);
	ck_assert(rd(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_STATUS) &
		  REFGPU_PARTITION_IS_STOPPED);
}

START_TEST(bad_packets_stop_their_ring_only)
{
	struct refgpu_packet_header unknown[8] = { { .opcode = 99 } };
	struct refgpu_packet_header trap[8] = { { .opcode = REFGPU_OP_TRAP } };
	struct refgpu_flip flip = { .header = { .opcode = REFGPU_OP_FLIP } };
	struct refgpu_fill fill = {
		.header = { .opcode = REFGPU_OP_FILL },
		.target = SLICE_BYTES - 8, .bytes = 16, .lines = 1,
	};
	struct refgpu_copy copy = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = SLICE_BYTES, .target = 0, .bytes = 1, .lines = 1,
	};
	struct refgpu_fence fence = {
		.header = { .opcode = REFGPU_OP_FENCE, .flags = REFGPU_FENCE_WRITE },
		.address = SLICE_BYTES,
	};

	expect_refused(unknown, REFGPU_ERROR_OPCODE, 0);
	expect_refused(&flip, REFGPU_ERROR_PACKET, 0);	/* it has no head */
	expect_refused(trap, REFGPU_ERROR_TRAP, 0);
	expect_refused(&fill, REFGPU_ERROR_ADDRESS, SLICE_BYTES);
	ck_assert_msg(!*(u64 *)slice(g, 3, SLICE_BYTES - 8), "a refused FILL wrote");
	fill.bytes = 6;
	expect_refused(&fill, REFGPU_ERROR_PACKET, 0);
	expect_refused(&copy, REFGPU_ERROR_ADDRESS, SLICE_BYTES);
	copy.source = REFGPU_SYSMEM_APERTURE - 1;
	expect_refused(&copy, REFGPU_ERROR_ADDRESS, REFGPU_SYSMEM_APERTURE - 1);
	copy.source = REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096 - 1;
	copy.bytes = 2;
	expect_refused(&copy, REFGPU_ERROR_ADDRESS,
		       REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096);
	copy.source = UINT64_MAX - 1;
	expect_refused(&copy, REFGPU_ERROR_PACKET, 0);
	expect_refused(&fence, REFGPU_ERROR_ADDRESS, SLICE_BYTES);
}
END_TEST

START_TEST(table_entries_are_obeyed)
{
	u64 *table = (u64 *)(g->host + AT_TABLES + 3 * 4096);
	struct refgpu_fence fence = {
		.header = { .opcode = REFGPU_OP_FENCE, .flags = REFGPU_FENCE_WRITE },
		.address = REFGPU_SYSMEM_APERTURE + 2 * 4096,
	};
	struct refgpu_copy copy = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = REFGPU_SYSMEM_APERTURE + 2 * 4096, .bytes = 8, .lines = 1,
	};

	table[2] &= ~REFGPU_SYSMEM_VALID;
	expect_refused(&fence, REFGPU_ERROR_ADDRESS, fence.address);
	expect_refused(&copy, REFGPU_ERROR_ADDRESS, fence.address);
	/* An entry without VALID is not remembered: no INVALIDATE is needed. */
	table[2] = (HOST_BASE + SYSMEM_AT(3, 2)) | REFGPU_SYSMEM_VALID;
	expect_refused(&fence, REFGPU_ERROR_ADDRESS, fence.address);
	ring_on(g, 3, 0);
	push(g, 3, 0, &copy);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE);
	/* A bus address nobody has is not the guest's fault. */
	table[2] = 0x7000000000ULL | REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;
	wr(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_INVALIDATE_FIRST, 2);
	wr(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_INVALIDATE_PAGES, 1);
	wr(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_INVALIDATE, 1);
	step_us(g, 1);
	expect_refused(&fence, REFGPU_ERROR_DMA, fence.address);
}
END_TEST

START_TEST(doorbells)
{
	u64 ring = REFGPU_USER_RING(0);
	unsigned int i;

	for (i = 0; i < RING_PACKETS; i++)
		push_fence(g, 3, 0, i, 0, 0);
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, 5);
	/* PUT never goes back. */
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, 3);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_PUT), 5);
	/* A whole ring is allowed. */
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, RING_PACKETS);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_GET), RING_PACKETS);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), RING_PACKETS - 1);
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, 2 * RING_PACKETS + 1);
	EXPECT_STOPPED(0, REFGPU_ERROR_DOORBELL);
	/* A ring that is stopped takes no doorbell. */
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, RING_PACKETS + 1);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_PUT), RING_PACKETS);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_DOORBELLS), 5);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);
}
END_TEST

/* Positions run over 32 bits. */
START_TEST(positions_wrap)
{
	u64 alias = REFGPU_USER_ALIAS(3) + REFGPU_USER_RING(0);
	unsigned int i;

	wr(g, alias + REFGPU_RING_GET, 0xfffffffe);
	wr(g, alias + REFGPU_RING_PUT, 0xfffffffe);
	g->put[3][0] = 0xfffffffe;
	for (i = 0; i < 5; i++)
		push_fence(g, 3, 0, 100 + i, 0, 0);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_GET), 3);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 104);
}
END_TEST

START_TEST(ring_geometry)
{
	static const struct {
		u64 base, packets;
		bool good;
	} cases[] = {
		{ 0, 2, true }, { 0, 1, false }, { 0, 0, false }, { 0, 3, false },
		{ 32, 4, false }, { SLICE_BYTES - 256, 4, true },
		{ SLICE_BYTES - 192, 4, false }, { SLICE_BYTES, 2, false },
		{ UINT64_MAX & ~63ULL, 2, false }, { 0, 65536, false }, { 0, 16384, true },
		{ REFGPU_SYSMEM_APERTURE, 512, true }, { REFGPU_SYSMEM_APERTURE, 1024, false },
		{ REFGPU_SYSMEM_APERTURE - 64, 2, false }, { 0, 1ULL << 63, false },
	};
	u64 ring = REFGPU_USER_RING(2);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		user_wr(g, 3, ring + REFGPU_RING_CONTROL, 0);
		user_wr(g, 3, ring + REFGPU_RING_BASE, cases[i].base);
		user_wr(g, 3, ring + REFGPU_RING_PACKETS, cases[i].packets);
		user_wr(g, 3, ring + REFGPU_RING_CONTROL, 1);
		if (cases[i].good)
			ck_assert_msg(ring_rd(g, 3, 2, REFGPU_RING_STATUS) == REFGPU_RING_IDLE,
				      "ring %#llx of %llu refused",
				      (unsigned long long)cases[i].base,
				      (unsigned long long)cases[i].packets);
		else
			EXPECT_STOPPED(2, REFGPU_ERROR_RING);
		/* They can't be changed now. */
		user_wr(g, 3, ring + REFGPU_RING_BASE, 0x40);
		ck_assert_uint_eq(ring_rd(g, 3, 2, REFGPU_RING_BASE), cases[i].base);
	}
}
END_TEST

START_TEST(ring_in_system_memory)
{
	u64 ring = REFGPU_USER_RING(1);
	struct refgpu_fence fence = { .header = { .opcode = REFGPU_OP_FENCE }, .value = 77 };

	user_wr(g, 3, ring + REFGPU_RING_BASE, REFGPU_SYSMEM_APERTURE + 4096);
	user_wr(g, 3, ring + REFGPU_RING_PACKETS, 4);
	user_wr(g, 3, ring + REFGPU_RING_CONTROL, 1);
	memcpy(g->host + SYSMEM_AT(3, 1), &fence, sizeof(fence));
	user_wr(g, 3, ring + REFGPU_RING_DOORBELL, 1);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 1, REFGPU_RING_FENCE), 77);
}
END_TEST

START_TEST(semaphores)
{
	u64 *word = slice(g, 3, AT_DATA);

	ring_on(g, 3, 1);
	push_semaphore(g, 3, 0, 0, AT_DATA, 5);
	push_fence(g, 3, 0, 1, 0, 0);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);

	/* Memory alone wakes nobody. */
	*word = 5;
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	/* A doorbell does, of any ring. */
	push_fence(g, 3, 1, 9, 0, 0);
	bell(g, 3, 1);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 1 << 3);
	run_idle();
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 1);

	/* So does a SIGNAL, without help from the host. */
	push_semaphore(g, 3, 0, REFGPU_SEMAPHORE_EQUAL, AT_DATA, 7);
	push_fence(g, 3, 0, 2, 0, 0);
	bell(g, 3, 0);
	run(g, 3, REFGPU_RUN_LINGER, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_BLOCKED);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LINGERING);
	push_semaphore(g, 3, 1, REFGPU_SEMAPHORE_SIGNAL, AT_DATA, 8);
	bell(g, 3, 1);
	step_us(g, 1000);
	ck_assert_msg(ring_rd(g, 3, 0, REFGPU_RING_STATUS) == REFGPU_RING_BLOCKED,
		      "8 was taken for 7");
	push_semaphore(g, 3, 1, REFGPU_SEMAPHORE_SIGNAL, AT_DATA, 7);
	bell(g, 3, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 2);
	preempt(g);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 3, REFGPU_END_PREEMPTED);
}
END_TEST

START_TEST(rings_take_turns)
{
	struct refgpu_timestamp stamp = { .header = { .opcode = REFGPU_OP_TIMESTAMP } };
	u64 *times = slice(g, 3, AT_DATA);
	unsigned int i, r;

	for (r = 0; r < 2; r++) {
		ring_on(g, 3, r);
		for (i = 0; i < 8; i++) {
			stamp.address = AT_DATA + (i * 2 + r) * 8;
			push(g, 3, r, &stamp);
		}
		bell(g, 3, r);
	}
	run_idle();
	for (i = 1; i < 16; i++)
		ck_assert_msg(times[i] > times[i - 1], "packet %u before packet %u", i, i - 1);
}
END_TEST

START_TEST(dispatch_and_its_faults)
{
	static const struct {
		u32 code[3];
		enum refgpu_error error;
		u64 address, where;
	} cases[] = {
		{ { 0 }, REFGPU_ERROR_INSTRUCTION, 0, AT_CODE },
		{ { 0x00000013, 0x00100073 }, REFGPU_ERROR_BREAKPOINT, 0, AT_CODE + 4 },
		{ { 0x00000073 }, REFGPU_ERROR_INSTRUCTION, 0, AT_CODE },
		/* addi a1, x0, -1; lb a2, 0(a1) */
		{ { 0xfff00593, 0x00058603 }, REFGPU_ERROR_LOAD, UINT64_MAX, AT_CODE + 4 },
		/* lui a1, 0x100000; sw x0, 0(a1): the first byte after the slice */
		{ { 0x001005b7, 0x0005a023 }, REFGPU_ERROR_STORE, SLICE_BYTES, AT_CODE + 4 },
	};
	u32 *code = slice(g, 3, AT_CODE);
	size_t i;

	/* sw a0, 0(a0); ret */
	code[0] = 0x00a52023;
	code[1] = 0x00008067;
	push_dispatch(g, 3, 0, 7);
	bell(g, 3, 0);
	run_idle();
	ck_assert_uint_eq(*(u32 *)slice(g, 3, AT_DATA), AT_DATA);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_ITEMS), 7);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_INSTRUCTIONS), 14);

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ring_on(g, 3, 0);
		memcpy(code, cases[i].code, sizeof(cases[i].code));
		push_dispatch(g, 3, 0, 1);
		bell(g, 3, 0);
		run_idle();
		EXPECT_STOPPED(0, cases[i].error);
		ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR_ADDRESS),
				  cases[i].address);
		ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_ERROR_WHERE), cases[i].where);
	}
}
END_TEST

START_TEST(disabling_a_ring_drops_its_packet)
{
	u64 ring = REFGPU_USER_RING(0);

	put_spin(g, 3);
	push_dispatch(g, 3, 0, 4);
	bell(g, 3, 0);
	run(g, 3, REFGPU_RUN_LINGER, 0);
	step_us(g, 10000);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	user_wr(g, 3, ring + REFGPU_RING_CONTROL, 0);
	ck_assert_msg(ring_rd(g, 3, 0, REFGPU_RING_STATUS) == REFGPU_RING_BUSY,
		      "reads disabled while its packet is under way");
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_STATUS), REFGPU_RING_DISABLED);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LINGERING);

	/* Off and on at once: the old packet does not advance the new ring. */
	ring_on(g, 3, 0);
	push_dispatch(g, 3, 0, 4);
	bell(g, 3, 0);
	step_us(g, 1000);
	ring_on(g, 3, 0);
	push_fence(g, 3, 0, 42, 0, 0);
	bell(g, 3, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_FENCE), 42);
	ck_assert_uint_eq(ring_rd(g, 3, 0, REFGPU_RING_GET), 1);

	/* The same with the packet in the context store. */
	push_dispatch(g, 3, 0, 4);
	bell(g, 3, 0);
	step_us(g, 1000);
	preempt(g);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 3, REFGPU_END_PREEMPTED);
	ck_assert(rd(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_STATUS) &
		  REFGPU_PARTITION_IS_SAVED);
	user_wr(g, 3, ring + REFGPU_RING_CONTROL, 0);
	ck_assert_uint_eq(rd(g, REFGPU_PARTITION(3) + REFGPU_PARTITION_STATUS), 0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);
}
END_TEST

START_TEST(fault_ring_fills_and_drains)
{
	struct refgpu_packet_header trap[8] = { { .opcode = REFGPU_OP_TRAP } };
	unsigned int i;
	u64 record;

	for (i = 0; i < REFGPU_FAULT_RECORDS + 3; i++) {
		ring_on(g, 3, 0);
		push(g, 3, 0, trap);
		bell(g, 3, 0);
		run_idle();
	}
	ck_assert_uint_eq(rd(g, REFGPU_FAULT + REFGPU_FAULT_PUT), REFGPU_FAULT_RECORDS);
	ck_assert_uint_eq(rd(g, REFGPU_FAULT + REFGPU_FAULT_DROPPED), 3);
	ck_assert_msg(g->irqs[REFGPU_VECTOR_FAULT] == 1, "%u interrupts before the driver looked",
		      g->irqs[REFGPU_VECTOR_FAULT]);
	record = REFGPU_FAULT + REFGPU_FAULT_RECORD(7);
	ck_assert_uint_eq(rd(g, record + REFGPU_FAULT_WORD_SOURCE),
			  REFGPU_ERROR_TRAP | 3 << 8 | 0 << 16);
	ck_assert_uint_eq(rd(g, record + REFGPU_FAULT_WORD_WHERE), 0);
	ck_assert(rd(g, record + REFGPU_FAULT_WORD_TIME) <= rd(g, REFGPU_GLOBAL_TIMER));
	/* What is left raises the vector again. */
	wr(g, REFGPU_FAULT + REFGPU_FAULT_GET, 5);
	ck_assert_uint_eq(g->irqs[REFGPU_VECTOR_FAULT], 2);
	wr(g, REFGPU_FAULT + REFGPU_FAULT_GET, REFGPU_FAULT_RECORDS);
	ck_assert_uint_eq(g->irqs[REFGPU_VECTOR_FAULT], 2);
	ck_assert_uint_eq(counter(g, 3, REFGPU_COUNTER_FAULTS), REFGPU_FAULT_RECORDS + 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rings");
	TCase *tests = tcase_create("rings");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, fence_reports_and_interrupts);
	tcase_add_test(tests, fill_and_copy_move_bytes);
	tcase_add_test(tests, lines_have_pitches);
	tcase_add_test(tests, system_memory_both_ways);
	tcase_add_test(tests, timestamp_has_the_offset);
	tcase_add_test(tests, bad_packets_stop_their_ring_only);
	tcase_add_test(tests, table_entries_are_obeyed);
	tcase_add_test(tests, doorbells);
	tcase_add_test(tests, positions_wrap);
	tcase_add_test(tests, ring_geometry);
	tcase_add_test(tests, ring_in_system_memory);
	tcase_add_test(tests, semaphores);
	tcase_add_test(tests, rings_take_turns);
	tcase_add_test(tests, dispatch_and_its_faults);
	tcase_add_test(tests, disabling_a_ring_drops_its_packet);
	tcase_add_test(tests, fault_ring_fills_and_drains);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "rings");
}
