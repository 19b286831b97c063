// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rights.c - tables of rights: what a guest's kernel keeps from its processes
 *
 * The slice of a partition has 16 granules here, its aperture half of one. Granule
 * 0 has the rings, 1 a program, 2 data, 15 the table.
 */
#include "chance.h"
#include "gpu.h"

#define P		3u
#define GRANULE		REFGPU_RIGHTS_GRANULE
#define GRANULES	(SLICE_BYTES / GRANULE)
#define AT_TABLE	(15 * GRANULE)
#define AT_SECRET	(8 * GRANULE)	/* a granule that is not permitted */
#define AT_READ_ONLY	(9 * GRANULE)
#define AT_WRITE_ONLY	(10 * GRANULE)
#define READ		REFGPU_RIGHTS_READ
#define BOTH		(REFGPU_RIGHTS_READ | REFGPU_RIGHTS_WRITE)
#define SECRET		0x5ec2e75ec2e75ec2ULL

/* Programs; a0 is the argument. */
#define I_RETURN	0x00008067u
#define I_LD		0x00053383u	/* ld t2, 0(a0) */
#define I_LW		0x00052383u	/* lw t2, 0(a0) */
#define I_SD		0x00753023u	/* sd t2, 0(a0) */
#define I_LR		0x100523afu	/* lr.w t2, (a0) */
#define I_AMOADD	0x007523afu	/* amoadd.w t2, t2, (a0) */
#define I_JR		0x00050067u	/* jr a0 */
#define I_BACK		0xffdff06fu	/* to the instruction before */

static struct gpu *g;

static void set(u64 granule, u64 bits)
{
	u64 *word = (u64 *)slice(g, P, AT_TABLE) + granule / REFGPU_RIGHTS_A_WORD;
	unsigned int shift = granule % REFGPU_RIGHTS_A_WORD * 2;

	*word = (*word & ~(3ULL << shift)) | bits << shift;
}

static void set_sysmem(u64 bits)
{
	((u64 *)slice(g, P, AT_TABLE))[1] = bits;
}

static void push_rights(unsigned int r, u64 table, u64 vram, u64 sysmem)
{
	struct refgpu_rights packet = {
		.header = { .opcode = REFGPU_OP_RIGHTS },
		.table = table,
		.vram_granules = vram,
		.sysmem_granules = sysmem,
	};

	push(g, P, r, &packet);
}

static void push_timestamp(u64 address)
{
	struct refgpu_timestamp packet = {
		.header = { .opcode = REFGPU_OP_TIMESTAMP },
		.address = address,
	};

	push(g, P, 0, &packet);
}

static void push_program(unsigned int r, u64 argument)
{
	struct refgpu_dispatch packet = {
		.header = { .opcode = REFGPU_OP_DISPATCH },
		.code = AT_CODE,
		.argument = argument,
		.grid = { 1, 1, 1 },
		.group = { 1, 1, 1 },
	};

	push(g, P, r, &packet);
}

static void setup(void)
{
	g = gpu_create(true);
	partition_on(g, P);
	ring_on(g, P, 0);
	set(AT_CODE / GRANULE, READ);
	set(AT_DATA / GRANULE, BOTH);
	set(AT_READ_ONLY / GRANULE, READ);
	set(AT_WRITE_ONLY / GRANULE, REFGPU_RIGHTS_WRITE);
	*(u64 *)slice(g, P, AT_SECRET) = SECRET;
	*(u64 *)slice(g, P, AT_READ_ONLY) = SECRET;
	*(u64 *)slice(g, P, AT_WRITE_ONLY) = SECRET;
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void run_idle(unsigned int r)
{
	bell(g, P, r);
	run(g, P, 0, 0);
	step_us(g, 1000000);
	EXPECT_RUN_END(g, P, REFGPU_END_IDLE);
}

/* A word of the slice; 0 behind it. */
static u64 at(u64 address)
{
	if (address >= SLICE_BYTES)
		return 0;
	return *(u64 *)slice(g, P, address & ~7ULL);
}

/* Ring 0 begins anew, restricted by the table. */
static void restricted(void)
{
	ring_on(g, P, 0);
	push_rights(0, AT_TABLE, GRANULES, 1);
}

#define EXPECT_RIGHTS(r, a, v, s) do {						\
	ck_assert_uint_eq(ring_rd(g, P, r, REFGPU_RING_RIGHTS), a);		\
	ck_assert_uint_eq(ring_rd(g, P, r, REFGPU_RING_RIGHTS_VRAM), v);	\
	ck_assert_uint_eq(ring_rd(g, P, r, REFGPU_RING_RIGHTS_SYSMEM), s);	\
} while (0)

#define EXPECT_STOPPED(e, a) do {						\
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_STOPPED); \
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR), e);		\
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR_ADDRESS), a);	\
} while (0)

#define EXPECT_DONE() \
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE)

/* ------------------------------------------------------------ what obeys */

START_TEST(packets_reach_what_is_permitted)
{
	restricted();
	push_fill(g, P, 0, AT_DATA, 4096, 7);
	push_copy(g, P, 0, AT_READ_ONLY, AT_DATA + 8, 8);
	push_timestamp(AT_DATA + 64);
	run_idle(0);
	EXPECT_DONE();
	EXPECT_RIGHTS(0, AT_TABLE, GRANULES, 1);
	ck_assert_uint_eq(at(AT_DATA), 0x700000007ULL);
	ck_assert_uint_eq(at(AT_DATA + 8), SECRET);
	ck_assert_uint_ne(at(AT_DATA + 64), 0x700000007ULL);
}
END_TEST

START_TEST(packets_reach_nothing_else)
{
	static const struct {
		u16 opcode;
		u64 source, target, refused;
	} cases[] = {
		{ REFGPU_OP_FILL, 0, AT_SECRET, AT_SECRET },
		{ REFGPU_OP_FILL, 0, AT_READ_ONLY, AT_READ_ONLY },
		{ REFGPU_OP_FILL, 0, AT_WRITE_ONLY, AT_WRITE_ONLY },
		{ REFGPU_OP_FILL, 0, AT_TABLE, AT_TABLE },
		{ REFGPU_OP_FILL, 0, AT_RING(0) + 4096 - 8, AT_RING(0) + 4096 - 8 },
		{ REFGPU_OP_COPY, AT_SECRET, AT_DATA, AT_SECRET },
		{ REFGPU_OP_COPY, AT_WRITE_ONLY, AT_DATA, AT_WRITE_ONLY },
		{ REFGPU_OP_COPY, AT_DATA, AT_SECRET, AT_SECRET },
		{ REFGPU_OP_COPY, AT_DATA, AT_READ_ONLY, AT_READ_ONLY },
		{ REFGPU_OP_COPY, REFGPU_SYSMEM_APERTURE, AT_DATA, REFGPU_SYSMEM_APERTURE },
		{ REFGPU_OP_COPY, AT_DATA, REFGPU_SYSMEM_APERTURE, REFGPU_SYSMEM_APERTURE },
		{ REFGPU_OP_TIMESTAMP, 0, AT_SECRET, AT_SECRET },
		{ REFGPU_OP_TIMESTAMP, 0, AT_READ_ONLY, AT_READ_ONLY },
	};
	u64 before, data = at(AT_DATA);

	restricted();
	before = at(cases[_i].target);
	switch (cases[_i].opcode) {
	case REFGPU_OP_FILL:
		push_fill(g, P, 0, cases[_i].target, 8, 7);
		break;
	case REFGPU_OP_COPY:
		push_copy(g, P, 0, cases[_i].source, cases[_i].target, 8);
		break;
	default:
		push_timestamp(cases[_i].target);
	}
	push_fence(g, P, 0, 1, 0, 0);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, cases[_i].refused);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_FENCE), 0);
	ck_assert_uint_eq(at(AT_DATA), data);
	ck_assert_uint_eq(at(cases[_i].target), before);
	ck_assert_uint_eq(*(u64 *)(g->host + SYSMEM_AT(P, 0)), 0);
	ck_assert_uint_eq(rd(g, REFGPU_FAULT + REFGPU_FAULT_PUT), 1);
}
END_TEST
#define REFUSED_PACKETS	13

/* The first granule is written, the second is where it ends. */
START_TEST(a_range_ends_where_the_rights_do)
{
	restricted();
	push_fill(g, P, 0, AT_DATA + GRANULE - 4096, 8192, 7);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, AT_DATA + GRANULE);
	ck_assert_uint_eq(at(AT_DATA + GRANULE - 8), 0x700000007ULL);
	ck_assert_uint_eq(at(AT_DATA + GRANULE), 0);
}
END_TEST

START_TEST(programs_reach_nothing_else)
{
	static const struct {
		u32 instruction;
		u64 argument;
		u32 error;	/* 0: it ends */
		u64 refused;
	} cases[] = {
		{ I_LD, AT_DATA, 0, 0 },
		{ I_SD, AT_DATA, 0, 0 },
		{ I_AMOADD, AT_DATA, 0, 0 },
		{ I_LD, AT_READ_ONLY, 0, 0 },
		{ I_LR, AT_READ_ONLY, 0, 0 },
		{ I_LD, AT_SECRET, REFGPU_ERROR_LOAD, AT_SECRET },
		{ I_LD, AT_WRITE_ONLY, REFGPU_ERROR_LOAD, AT_WRITE_ONLY },
		{ I_LR, AT_SECRET, REFGPU_ERROR_LOAD, AT_SECRET },
		{ I_LD, AT_TABLE, REFGPU_ERROR_LOAD, AT_TABLE },
		{ I_LD, AT_RING(0), REFGPU_ERROR_LOAD, AT_RING(0) },
		{ I_SD, AT_SECRET, REFGPU_ERROR_STORE, AT_SECRET },
		{ I_SD, AT_READ_ONLY, REFGPU_ERROR_STORE, AT_READ_ONLY },
		{ I_SD, AT_WRITE_ONLY, REFGPU_ERROR_STORE, AT_WRITE_ONLY },
		{ I_SD, AT_CODE, REFGPU_ERROR_STORE, AT_CODE },
		{ I_AMOADD, AT_READ_ONLY, REFGPU_ERROR_STORE, AT_READ_ONLY },
		{ I_AMOADD, AT_WRITE_ONLY, REFGPU_ERROR_STORE, AT_WRITE_ONLY },
		{ I_LD, REFGPU_SYSMEM_APERTURE + 8, REFGPU_ERROR_LOAD, REFGPU_SYSMEM_APERTURE + 8 },
		/* Across the end of a granule, in both directions. */
		{ I_LD, AT_SECRET + GRANULE - 4, REFGPU_ERROR_LOAD, AT_SECRET + GRANULE - 4 },
		{ I_LD, AT_DATA + GRANULE - 4, REFGPU_ERROR_LOAD, AT_DATA + GRANULE - 4 },
		{ I_SD, AT_DATA + GRANULE - 4, REFGPU_ERROR_STORE, AT_DATA + GRANULE - 4 },
		{ I_LD, AT_DATA + GRANULE - 8, 0, 0 },
		{ I_JR, AT_SECRET, REFGPU_ERROR_FETCH, AT_SECRET },
		{ I_JR, REFGPU_SYSMEM_APERTURE, REFGPU_ERROR_FETCH, REFGPU_SYSMEM_APERTURE },
	};
	u32 *code = slice(g, P, AT_CODE);
	u64 a = cases[_i].argument, before = at(a);

	code[0] = cases[_i].instruction;
	code[1] = I_RETURN;
	restricted();
	push_program(0, a);
	run_idle(0);
	if (cases[_i].error)
		EXPECT_STOPPED(cases[_i].error, cases[_i].refused);
	else
		EXPECT_DONE();
	/* What was loaded is 0, so a store would be seen but to the data. */
	if (a != AT_CODE && a != AT_RING(0))
		ck_assert_uint_eq(at(a), before);
	if (a == AT_CODE)
		ck_assert_uint_eq(code[0], I_SD);
}
END_TEST
#define PROGRAMS	23

/* The kernel's own packets are not restricted, and nor is reading packets. */
START_TEST(the_kernel_is_privileged)
{
	restricted();
	push_fence(g, P, 0, 77, REFGPU_FENCE_WRITE, AT_SECRET);
	push_semaphore(g, P, 0, REFGPU_SEMAPHORE_SIGNAL, AT_SECRET + 8, 78);
	push_semaphore(g, P, 0, 0, AT_SECRET + 8, 78);
	push_rights(0, AT_TABLE, 0, 0);
	push_fence(g, P, 0, 79, REFGPU_FENCE_WRITE, AT_SECRET + 16);
	push_rights(0, 0, 0, 0);
	push_fill(g, P, 0, AT_SECRET + 24, 8, 5);
	run_idle(0);
	EXPECT_DONE();
	EXPECT_RIGHTS(0, 0, 0, 0);
	ck_assert_uint_eq(at(AT_SECRET), 77);
	ck_assert_uint_eq(at(AT_SECRET + 8), 78);
	ck_assert_uint_eq(at(AT_SECRET + 16), 79);
	ck_assert_uint_eq(at(AT_SECRET + 24), 0x500000005ULL);
}
END_TEST

START_TEST(system_memory_has_granules_too)
{
	static const struct {
		u64 bits, granules;
		bool reads, writes;
	} cases[] = {
		{ BOTH, 1, true, true }, { READ, 1, true, false }, { 0, 1, false, false },
		{ ~0ULL, 0, false, false }, { BOTH << 2, 1, false, false },
	};
	u64 *host = (u64 *)(g->host + SYSMEM_AT(P, 1));
	u64 seen = cases[_i].reads * SECRET, stored = cases[_i].writes * SECRET;

	set_sysmem(cases[_i].bits);
	host[0] = SECRET;
	push_rights(0, AT_TABLE, GRANULES, cases[_i].granules);
	push_copy(g, P, 0, REFGPU_SYSMEM_APERTURE + 4096, AT_DATA, 8);
	push_fence(g, P, 0, 1, 0, 0);
	push_copy(g, P, 0, AT_DATA, REFGPU_SYSMEM_APERTURE + 4096 + 8, 8);
	push_fence(g, P, 0, 2, 0, 0);
	run_idle(0);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_FENCE),
			  (cases[_i].reads) + (cases[_i].writes));
	ck_assert_uint_eq(host[1], stored);
	ck_assert_uint_eq(at(AT_DATA), seen);
}
END_TEST
#define SYSMEM_CASES	5

/* A granule of one memory is not the granule of that number in the other one. */
START_TEST(memories_are_not_mixed_up)
{
	struct refgpu_dispatch packet = {
		.header = { .opcode = REFGPU_OP_DISPATCH },
		.code = REFGPU_SYSMEM_APERTURE,
		.argument = 64,
		.grid = { 1, 1, 1 },
		.group = { 1, 1, 1 },
	};
	u32 *code = (u32 *)(g->host + SYSMEM_AT(P, 0));

	*(u64 *)slice(g, P, AT_TABLE) = BOTH;
	code[0] = I_LD;
	code[1] = I_RETURN;
	push_rights(0, AT_TABLE, 0, 1);
	push(g, P, 0, &packet);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_LOAD, 64);
	ring_on(g, P, 0);
	packet.argument = REFGPU_SYSMEM_APERTURE;
	packet.code = 0;
	*(u32 *)slice(g, P, 0) = I_LD;
	push_rights(0, AT_TABLE, 1, 0);
	push(g, P, 0, &packet);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_LOAD, REFGPU_SYSMEM_APERTURE);
}
END_TEST

/* The second word begins with granule 32: a table of 33 has bits for it there. */
START_TEST(words_are_where_the_manual_says)
{
	u64 *table = slice(g, P, AT_TABLE);

	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_CONTROL, 0);
	step_us(g, 1000);
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_VRAM_LIMIT, 34 * GRANULE);
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	ring_on(g, P, 0);
	table[0] = 0;
	table[1] = BOTH | BOTH << 2;
	table[2] = BOTH;
	push_rights(0, AT_TABLE, 33, 1);
	push_fill(g, P, 0, 32 * GRANULE, 8, 1);
	push_fill(g, P, 0, REFGPU_SYSMEM_APERTURE, 8, 2);
	push_fence(g, P, 0, 1, 0, 0);
	push_fill(g, P, 0, 33 * GRANULE, 8, 3);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, 33 * GRANULE);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_FENCE), 1);
	ck_assert_uint_eq(*(u32 *)(g->host + SYSMEM_AT(P, 0)), 2);
}
END_TEST

/* ---------------------------------------------------------- life of rights */

START_TEST(each_ring_has_its_own)
{
	ring_on(g, P, 1);
	restricted();
	push_fence(g, P, 0, 1, 0, 0);
	run_idle(0);
	push_fill(g, P, 1, AT_SECRET, 8, 9);
	push_fence(g, P, 1, 5, 0, 0);
	run_idle(1);
	ck_assert_uint_eq(ring_rd(g, P, 1, REFGPU_RING_FENCE), 5);
	ck_assert_uint_eq(at(AT_SECRET), 0x900000009ULL);
	EXPECT_RIGHTS(0, AT_TABLE, GRANULES, 1);
	EXPECT_RIGHTS(1, 0, 0, 0);
	push_fill(g, P, 0, AT_SECRET, 8, 1);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, AT_SECRET);
	/* Enabling the ring, resetting the partition: there is no table any more. */
	EXPECT_RIGHTS(0, AT_TABLE, GRANULES, 1);
	ring_on(g, P, 0);
	EXPECT_RIGHTS(0, 0, 0, 0);
	push_rights(0, AT_TABLE, 1, 0);
	run_idle(0);
	EXPECT_RIGHTS(0, AT_TABLE, 1, 0);
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_RESET, 1);
	step_us(g, 1000);
	EXPECT_RIGHTS(0, 0, 0, 0);
}
END_TEST

/* Two rings take turns packet by packet, and each is judged by its own table. */
START_TEST(turns_do_not_mix_rights)
{
	unsigned int i;

	ring_on(g, P, 1);
	restricted();
	for (i = 0; i < 20; i++) {
		push_fill(g, P, 0, AT_DATA, 65536, i);
		push_fill(g, P, 1, AT_SECRET, 65536, i);
	}
	push_fill(g, P, 0, AT_SECRET, 4, 0xbad);
	bell(g, P, 1);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, AT_SECRET);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_GET), 21);
	ck_assert_uint_eq(ring_rd(g, P, 1, REFGPU_RING_GET), 20);
	ck_assert_uint_eq(at(AT_SECRET), 0x1300000013ULL);
}
END_TEST

/* A job that was stopped and saved goes on under the same rights. */
START_TEST(saved_work_keeps_its_rights)
{
	u32 *code = slice(g, P, AT_CODE);

	/* Loads until that is not 0, then loads from where it leads. */
	code[0] = 0x00053383;	/* ld t2, 0(a0) */
	code[1] = 0xfe038ee3;	/* beqz t2, -4 */
	code[2] = 0x0003b383;	/* ld t2, 0(t2) */
	code[3] = I_RETURN;
	restricted();
	push_program(0, AT_DATA);
	bell(g, P, 0);
	run(g, P, 0, 100000);
	step_us(g, 1000);
	EXPECT_RUN_END(g, P, REFGPU_END_QUANTUM);
	*(u64 *)slice(g, P, AT_DATA) = AT_SECRET;
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_LOAD, AT_SECRET);
}
END_TEST

/* What the host saves of a ring and puts back has its rights. */
START_TEST(the_alias_has_rights)
{
	u64 alias = REFGPU_USER_ALIAS(P) + REFGPU_USER_RING(0), control =
		REFGPU_PARTITION(P) + REFGPU_PARTITION_CONTROL, saved[14];
	unsigned int i;

	restricted();
	run_idle(0);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	for (i = 0; i < 14; i++)
		saved[i] = rd(g, alias + 8 * i);
	ck_assert_uint_eq(saved[11], AT_TABLE);
	wr(g, control, 0);
	step_us(g, 1000);
	EXPECT_RIGHTS(0, 0, 0, 0);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	for (i = 0; i < 14; i++)
		wr(g, alias + 8 * i, saved[i]);
	wr(g, control, REFGPU_PARTITION_ENABLE);
	EXPECT_RIGHTS(0, AT_TABLE, GRANULES, 1);
	push_fill(g, P, 0, AT_DATA, 4, 3);
	push_fill(g, P, 0, AT_SECRET, 4, 3);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, AT_SECRET);
	ck_assert_uint_eq(at(AT_DATA), 3);
	/* A guest cannot write them. */
	user_wr(g, P, REFGPU_USER_RING(0) + REFGPU_RING_RIGHTS, 0);
	EXPECT_RIGHTS(0, AT_TABLE, GRANULES, 1);
}
END_TEST

/* -------------------------------------------------------- tables that are bad */

START_TEST(a_table_lies_in_memory)
{
	static const struct {
		u64 table, vram, sysmem;
		bool good;
	} cases[] = {
		{ SLICE_BYTES - 8, 32, 0, true },
		{ SLICE_BYTES - 8, 33, 0, false },
		{ SLICE_BYTES - 8, 1, 1, false },	/* a word each */
		{ SLICE_BYTES - 16, 1, 1, true },
		{ SLICE_BYTES, 1, 0, false },
		{ SLICE_BYTES, 0, 0, true },
		{ SLICE_BYTES - 8, 1 << 20, 0, false },
		{ REFGPU_SYSMEM_APERTURE - 8, 1, 0, false },
		{ REFGPU_SYSMEM_APERTURE, 1 << 16, 1 << 12, true },
		{ REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096 - 8, 33, 0, false },
		{ 1ULL << 63, 1, 1, false },
		{ UINT64_MAX - 15, 1, 0, false },
	};

	push_rights(0, cases[_i].table, cases[_i].vram, cases[_i].sysmem);
	run_idle(0);
	if (cases[_i].good) {
		EXPECT_DONE();
		EXPECT_RIGHTS(0, cases[_i].table, cases[_i].vram, cases[_i].sysmem);
		return;
	}
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR), REFGPU_ERROR_ADDRESS);
	/* Those of before are still in force. */
	EXPECT_RIGHTS(0, 0, 0, 0);
}
END_TEST
#define TABLES	12

/* Who can write to the table gives itself rights, and to nothing but its partition. */
START_TEST(a_table_that_its_files_reach)
{
	u64 *outside = (u64 *)(g->vram + SLICE_BASE(P) + SLICE_BYTES);

	outside[0] = SECRET;
	set(AT_TABLE / GRANULE, BOTH);
	/* As many granules as a table can have room for, all permitted. */
	push_rights(0, AT_TABLE, 64 << 10, 1 << 16);
	push_fill(g, P, 0, AT_TABLE, GRANULE, 0xffffffff);
	push_fence(g, P, 0, 1, 0, 0);
	push_fill(g, P, 0, AT_SECRET, 8, 6);
	push_fence(g, P, 0, 2, 0, 0);
	push_copy(g, P, 0, SLICE_BYTES, AT_DATA, 8);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, SLICE_BYTES);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_FENCE), 2);
	ck_assert_uint_eq(at(AT_SECRET), 0x600000006ULL);
	ring_on(g, P, 0);
	push_rights(0, AT_TABLE, 64 << 10, 1 << 16);
	push_fill(g, P, 0, SLICE_BYTES, 8, 6);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, SLICE_BYTES);
	ring_on(g, P, 0);
	push_rights(0, AT_TABLE, 64 << 10, 1 << 16);
	push_fill(g, P, 0, REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096, 8, 6);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_ADDRESS, REFGPU_SYSMEM_APERTURE + SYSMEM_PAGES * 4096);
	ck_assert_uint_eq(outside[0], SECRET);
}
END_TEST

/* A program that loads for ever, and what takes its memory from it meanwhile. */
static void load_for_ever(void)
{
	u32 *code = slice(g, P, AT_CODE);

	code[0] = I_LW;
	code[1] = I_BACK;
	push_program(0, AT_DATA);
	bell(g, P, 0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_BUSY);
}

START_TEST(a_table_that_changes_under_a_job)
{
	restricted();
	load_for_ever();
	set(AT_DATA / GRANULE, 0);
	step_us(g, 1000);
	EXPECT_STOPPED(REFGPU_ERROR_LOAD, AT_DATA);
}
END_TEST

START_TEST(a_table_that_moves_under_a_job)
{
	u64 control = REFGPU_PARTITION(P) + REFGPU_PARTITION_CONTROL;

	restricted();
	load_for_ever();
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	step_us(g, 1000);
	EXPECT_RUN_END(g, P, REFGPU_END_FROZEN);
	wr(g, REFGPU_USER_ALIAS(P) + REFGPU_USER_RING(0) + REFGPU_RING_RIGHTS, AT_TABLE + 4096);
	wr(g, control, REFGPU_PARTITION_ENABLE);
	run(g, P, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_STOPPED);
	/* Not even its own code is permitted there. */
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR), REFGPU_ERROR_FETCH);
}
END_TEST

/* The ring begins anew while its job still executes: that one is not freed of its rights. */
START_TEST(a_ring_enabled_under_a_job)
{
	restricted();
	load_for_ever();
	ring_on(g, P, 0);
	EXPECT_RIGHTS(0, 0, 0, 0);
	*(u32 *)slice(g, P, AT_CODE) = I_SD;
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE);
	ck_assert_uint_eq(rd(g, REFGPU_FAULT + REFGPU_FAULT_PUT), 0);
}
END_TEST

START_TEST(a_table_in_system_memory_that_goes_away)
{
	u64 *entry = (u64 *)(g->host + AT_TABLES + P * 4096);
	u64 *table = (u64 *)(g->host + SYSMEM_AT(P, 2));

	table[0] = READ << (AT_CODE / GRANULE * 2) | BOTH << (AT_DATA / GRANULE * 2);
	push_rights(0, REFGPU_SYSMEM_APERTURE + 2 * 4096, GRANULES, 0);
	load_for_ever();
	entry[2] = 0;
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_INVALIDATE_FIRST, 2);
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_INVALIDATE_PAGES, 1);
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_INVALIDATE, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_STATUS), REFGPU_RING_STOPPED);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR), REFGPU_ERROR_FETCH);
}
END_TEST

/* A bus that does not answer is no matter of addresses. */
START_TEST(a_table_that_does_not_answer)
{
	struct injection error = {
		.kind = INJECT_MEMORY_ERROR,
		.address = SLICE_BASE(P) + AT_TABLE,
	};
	u64 *entry = (u64 *)(g->host + AT_TABLES + P * 4096);

	entry[2] = (HOST_BASE + HOST_BYTES) | REFGPU_SYSMEM_VALID;
	push_rights(0, REFGPU_SYSMEM_APERTURE + 2 * 4096, GRANULES, 0);
	push_fill(g, P, 0, AT_DATA, 4, 1);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_DMA, AT_DATA);
	device_inject(g->dev, &error);
	restricted();
	push_fill(g, P, 0, AT_DATA, 4, 1);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_MEMORY, AT_DATA);
}
END_TEST

#define HIDDEN	0x5ec2e7ULL	/* high half of what may not be read */

static u64 first_word(u64 rights, u64 granule)
{
	return (rights & READ ? 0x600dULL : HIDDEN) << 32 | granule << 16;
}

/*
 * Random tables, and packets and programs that go anywhere. What they may not write
 * stays as it is, and what they may not read turns up nowhere.
 */
START_TEST(random_tables)
{
	u64 rights[GRANULES], *words = slice(g, P, 0), i, word, done = 0, refused = 0;
	unsigned int round, turn, n;

	chance.state = unit_seed("rights") + (u64)_i;
	for (round = 0; round < 60; round++) {
		/* Granules 0 and 15 are the kernel's, 1 has the program. */
		for (i = 2; i < GRANULES - 1; i++) {
			rights[i] = any(4);
			set(i, rights[i]);
			for (n = 0; n < GRANULE / 8; n++)
				words[i * GRANULE / 8 + n] = first_word(rights[i], i);
		}
		set(0, 0);
		set(1, READ);
		set(15, 0);
		for (turn = 0; turn < 40; turn++) {
			u64 a = any(SLICE_BYTES + 4096) & ~7ULL, b = any(SLICE_BYTES) & ~7ULL;
			u32 *code = slice(g, P, AT_CODE);

			restricted();
			switch (any(3)) {
			case 0:
				push_copy(g, P, 0, a, b, 1 + any(2 * GRANULE));
				break;
			case 1:
				push_fill(g, P, 0, a, 4 + any(20000) / 4 * 4, 0xf111);
				break;
			default:
				/* Loads, and stores that elsewhere, granule by granule. */
				code[0] = one_in(2) ? I_LD : I_AMOADD;
				code[1] = I_SD | (u32)any(32) << 7;
				code[2] = 0x000105b7;	/* lui a1, 16: a granule */
				code[3] = 0x00b50533;	/* add a0, a0, a1 */
				code[4] = 0xff1ff06f;	/* jal x0, -16 */
				push_program(0, (a + any(8)) & ~(one_in(2) ? 0ULL : 7ULL));
			}
			bell(g, P, 0);
			run(g, P, 0, 1000000);
			step_us(g, 3000);
			if (ring_rd(g, P, 0, REFGPU_RING_STATUS) == REFGPU_RING_STOPPED)
				refused++;
			else
				done++;
			forget_events(g);
		}
		for (i = 2; i < GRANULES - 1; i++) {
			for (n = 0; n < GRANULE / 8; n++) {
				word = words[i * GRANULE / 8 + n];
				if (rights[i] != BOTH)
					unit_equal(word, first_word(rights[i], i));
				else
					unit_assert(word >> 32 != HIDDEN, "granule %llu has %#llx",
						    (unsigned long long)i,
						    (unsigned long long)word);
			}
		}
	}
	ck_assert_msg(refused > 500 && done > 100, "%llu were refused, %llu not",
		      (unsigned long long)refused, (unsigned long long)done);
}
END_TEST

/* Whatever stands in the registers, nothing but the partition can be reached. */
START_TEST(registers_of_any_value)
{
	u64 alias = REFGPU_USER_ALIAS(P) + REFGPU_USER_RING(0);
	u8 *before = slice(g, P, 0) - 65536, *after = slice(g, P, SLICE_BYTES);
	u64 odd[] = { 0, 1, 7, 8, AT_TABLE, AT_TABLE + 4, SLICE_BYTES - 8, SLICE_BYTES - 4,
		      REFGPU_SYSMEM_APERTURE, REFGPU_SYSMEM_APERTURE - 8, 1ULL << 48, 1ULL << 63,
		      UINT64_MAX, UINT64_MAX - 7, UINT64_MAX - 30, GPU_VRAM };
	unsigned int i, j;

	chance.state = unit_seed("rights registers");
	memset(before, 0xa7, 65536);
	memset(after, 0xa7, 65536);
	for (i = 0; i < 3000; i++) {
		ring_on(g, P, 0);
		for (j = 0; j < 3; j++)
			wr(g, alias + REFGPU_RING_RIGHTS + 8 * j,
			   odd[any(16)] + (one_in(3) ? any(129) - 64 : 0));
		push_fill(g, P, 0, any(2 * SLICE_BYTES) & ~3ULL, 4096, 0x11111111);
		push_copy(g, P, 0, REFGPU_SYSMEM_APERTURE + any(SYSMEM_PAGES * 8192), AT_DATA, 8);
		bell(g, P, 0);
		run(g, P, 0, 0);
		step_us(g, 2000);
		forget_events(g);
	}
	for (i = 0; i < 65536; i++)
		unit_assert(before[i] == 0xa7 && after[i] == 0xa7, "byte %u outside", i);
}
END_TEST

START_TEST(rights_need_version_1_1)
{
	gpu_destroy(g);
	g = gpu_create_version(true, REFGPU_VERSION_1_0);
	partition_on(g, P);
	ring_on(g, P, 0);
	push_rights(0, 0, 0, 0);
	run_idle(0);
	EXPECT_STOPPED(REFGPU_ERROR_OPCODE, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rights");
	TCase *tests = tcase_create("rights");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, packets_reach_what_is_permitted);
	tcase_add_loop_test(tests, packets_reach_nothing_else, 0, REFUSED_PACKETS);
	tcase_add_test(tests, a_range_ends_where_the_rights_do);
	tcase_add_loop_test(tests, programs_reach_nothing_else, 0, PROGRAMS);
	tcase_add_test(tests, the_kernel_is_privileged);
	tcase_add_loop_test(tests, system_memory_has_granules_too, 0, SYSMEM_CASES);
	tcase_add_test(tests, memories_are_not_mixed_up);
	tcase_add_test(tests, words_are_where_the_manual_says);
	tcase_add_test(tests, each_ring_has_its_own);
	tcase_add_test(tests, turns_do_not_mix_rights);
	tcase_add_test(tests, saved_work_keeps_its_rights);
	tcase_add_test(tests, the_alias_has_rights);
	tcase_add_loop_test(tests, a_table_lies_in_memory, 0, TABLES);
	tcase_add_test(tests, a_table_that_its_files_reach);
	tcase_add_test(tests, a_table_that_changes_under_a_job);
	tcase_add_test(tests, a_table_that_moves_under_a_job);
	tcase_add_test(tests, a_ring_enabled_under_a_job);
	tcase_add_test(tests, a_table_in_system_memory_that_goes_away);
	tcase_add_test(tests, a_table_that_does_not_answer);
	tcase_add_loop_test(tests, random_tables, 0, 3);
	tcase_add_test(tests, registers_of_any_value);
	tcase_add_test(tests, rights_need_version_1_1);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "rights");
}
