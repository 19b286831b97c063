// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hart.c - every integer, memory, control and CSR instruction of a hart,
 * against the host's own arithmetic; test_float.c has the floating-point ones
 */
#include <limits.h>

#include "hart.h"
#include "partition.h"
#include "riscv.h"

#define ROUNDS	3000

static struct partition *partition;
static struct hart hart;
static struct hart_fault fault;
static struct unit_random source;
static uint64_t timer = 123456789;
static struct hart_environment environment;

static void setup(void)
{
	partition = partition_create();
	source.state = unit_seed("test_hart");
	memset(&environment, 0, sizeof(environment));
	environment.view = &partition->view;
	environment.time = partition_time;
	environment.time_context = &timer;
	hart_start(&hart, AT_CODE, 0, 0);
}

static void teardown(void)
{
	ck_assert(partition_guards_intact(partition));
	partition_destroy(partition);
}

static enum hart_status run(uint64_t budget)
{
	enum hart_status status;

	memset(&environment.window, 0, sizeof(environment.window));
	memset(&fault, 0xff, sizeof(fault));
	memory_enter(&partition->view);
	status = hart_run(&hart, &environment, budget, &fault);
	memory_leave(&partition->view);
	return status;
}

static void put(uint64_t address, uint32_t instruction)
{
	memcpy(partition->vram + address, &instruction, 4);
}

/* Execute one instruction at AT_CODE. */
static enum hart_status step(uint32_t instruction)
{
	put(AT_CODE, instruction);
	hart.pc = AT_CODE;
	return run(1);
}

/* Random numbers, but often the ones where arithmetic has its edges. */
static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0, 1, 2, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff, 0x80000000,
		0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
		0x8000000000000001, 0xffffffff80000000, 0xffffffff7fffffff, ~0ull, ~1ull,
	};
	uint64_t r = unit_random(&source);

	switch (r & 7) {
	case 0:
	case 1:
	case 2:
		return edges[(r >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	case 3:
		return (r >> 8) % 200 - 100;
	case 4:
		return (uint64_t)(int64_t)(int32_t)(r >> 8);
	case 5:
		return r >> (r >> 58);
	default:
		return unit_random(&source);
	}
}

static void randomize_registers(void)
{
	int i;

	for (i = 1; i < 32; i++)
		hart.x[i] = operand();
}

/* After one instruction: only @rd has changed, to @value, and pc went to @pc. */
static void check_step(const struct hart *before, uint32_t instruction, uint32_t rd,
		       uint64_t value, uint64_t pc)
{
	unsigned int i;

	unit_assert(hart.pc == pc, "%08x: pc 0x%llx, not 0x%llx", instruction,
		    (unsigned long long)hart.pc, (unsigned long long)pc);
	unit_equal(hart.retired, before->retired + 1);
	for (i = 0; i < 32; i++) {
		uint64_t expected = i == 0 ? 0 : i == rd ? value : before->x[i];

		unit_assert(hart.x[i] == expected,
			    "%08x: x%u is 0x%llx, not 0x%llx (rs1 0x%llx, rs2 0x%llx)",
			    instruction, i, (unsigned long long)hart.x[i],
			    (unsigned long long)expected,
			    (unsigned long long)before->x[instruction >> 15 & 31],
			    (unsigned long long)before->x[instruction >> 20 & 31]);
		unit_equal(hart.f[i], before->f[i]);
	}
}

typedef int64_t s;
typedef uint64_t u;
typedef int32_t sw;
typedef uint32_t uw;

static u sext(uw value)
{
	return (u)(s)(sw)value;
}

static u do_add(u a, u b) { return a + b; }
static u do_sub(u a, u b) { return a - b; }
static u do_sll(u a, u b) { return a << b % 64; }
static u do_slt(u a, u b) { return (s)a < (s)b; }
static u do_sltu(u a, u b) { return a < b; }
static u do_xor(u a, u b) { return a ^ b; }
static u do_srl(u a, u b) { return a >> b % 64; }
static u do_sra(u a, u b) { return (s)a < 0 ? ~(~a >> b % 64) : a >> b % 64; }
static u do_or(u a, u b) { return a | b; }
static u do_and(u a, u b) { return a & b; }
static u do_mul(u a, u b) { return a * b; }
static u do_mulh(u a, u b) { return (u)(((__int128)(s)a * (__int128)(s)b) >> 64); }
/* At most 127 bits, so that a signed product can't overflow. */
static u do_mulhsu(u a, u b) { return (u)(((__int128)(s)a * (__int128)b) >> 64); }
static u do_mulhu(u a, u b) { return (u)(((__uint128_t)a * b) >> 64); }
static u do_div(u a, u b) { return !b ? ~0ull : b == ~0ull ? -a : (u)((s)a / (s)b); }
static u do_divu(u a, u b) { return b ? a / b : ~0ull; }
static u do_rem(u a, u b) { return !b ? a : b == ~0ull ? 0 : (u)((s)a % (s)b); }
static u do_remu(u a, u b) { return b ? a % b : a; }
static u do_addw(u a, u b) { return sext((uw)a + (uw)b); }
static u do_subw(u a, u b) { return sext((uw)a - (uw)b); }
static u do_sllw(u a, u b) { return sext((uw)a << b % 32); }
static u do_srlw(u a, u b) { return sext((uw)a >> b % 32); }
static u do_sraw(u a, u b) { return (sw)a < 0 ? sext(~(~(uw)a >> b % 32)) : sext((uw)a >> b % 32); }
static u do_mulw(u a, u b) { return sext((uw)a * (uw)b); }
static u do_divw(u a, u b)
{
	return !(uw)b ? ~0ull : (uw)b == ~0u ? sext(-(uw)a) : sext((uw)((sw)a / (sw)b));
}
static u do_divuw(u a, u b) { return (uw)b ? sext((uw)a / (uw)b) : ~0ull; }
static u do_remw(u a, u b)
{
	return !(uw)b ? sext((uw)a) : (uw)b == ~0u ? 0 : sext((uw)((sw)a % (sw)b));
}
static u do_remuw(u a, u b) { return (uw)b ? sext((uw)a % (uw)b) : sext((uw)a); }

static const struct {
	const char *name;
	uint32_t opcode, funct3, funct7;
	u (*function)(u a, u b);
} register_instructions[] = {
	{ "add", OP_REGISTER, 0, 0x00, do_add },
	{ "sub", OP_REGISTER, 0, 0x20, do_sub },
	{ "sll", OP_REGISTER, 1, 0x00, do_sll },
	{ "slt", OP_REGISTER, 2, 0x00, do_slt },
	{ "sltu", OP_REGISTER, 3, 0x00, do_sltu },
	{ "xor", OP_REGISTER, 4, 0x00, do_xor },
	{ "srl", OP_REGISTER, 5, 0x00, do_srl },
	{ "sra", OP_REGISTER, 5, 0x20, do_sra },
	{ "or", OP_REGISTER, 6, 0x00, do_or },
	{ "and", OP_REGISTER, 7, 0x00, do_and },
	{ "mul", OP_REGISTER, 0, 0x01, do_mul },
	{ "mulh", OP_REGISTER, 1, 0x01, do_mulh },
	{ "mulhsu", OP_REGISTER, 2, 0x01, do_mulhsu },
	{ "mulhu", OP_REGISTER, 3, 0x01, do_mulhu },
	{ "div", OP_REGISTER, 4, 0x01, do_div },
	{ "divu", OP_REGISTER, 5, 0x01, do_divu },
	{ "rem", OP_REGISTER, 6, 0x01, do_rem },
	{ "remu", OP_REGISTER, 7, 0x01, do_remu },
	{ "addw", OP_REGISTER32, 0, 0x00, do_addw },
	{ "subw", OP_REGISTER32, 0, 0x20, do_subw },
	{ "sllw", OP_REGISTER32, 1, 0x00, do_sllw },
	{ "srlw", OP_REGISTER32, 5, 0x00, do_srlw },
	{ "sraw", OP_REGISTER32, 5, 0x20, do_sraw },
	{ "mulw", OP_REGISTER32, 0, 0x01, do_mulw },
	{ "divw", OP_REGISTER32, 4, 0x01, do_divw },
	{ "divuw", OP_REGISTER32, 5, 0x01, do_divuw },
	{ "remw", OP_REGISTER32, 6, 0x01, do_remw },
	{ "remuw", OP_REGISTER32, 7, 0x01, do_remuw },
};

#define REGISTER_INSTRUCTIONS	(sizeof(register_instructions) / sizeof(register_instructions[0]))

START_TEST(register_register)
{
	struct hart before;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs1 = unit_random(&source) & 31;
		uint32_t rs2 = unit_random(&source) & 31;
		uint32_t instruction = rv_r(register_instructions[_i].opcode,
					    register_instructions[_i].funct3,
					    register_instructions[_i].funct7, rd, rs1, rs2);

		randomize_registers();
		before = hart;
		unit_assert(step(instruction) == HART_READY, "%s refused",
			    register_instructions[_i].name);
		check_step(&before, instruction, rd,
			   register_instructions[_i].function(before.x[rs1], before.x[rs2]),
			   AT_CODE + 4);
	}
}
END_TEST

static const struct {
	const char *name;
	uint32_t opcode, funct3;
	int shift;		/* 0: a 12-bit immediate; else bits of a shift amount */
	uint32_t high;		/* what is above the shift amount */
	u (*function)(u a, u b);
} immediate_instructions[] = {
	{ "addi", OP_IMMEDIATE, 0, 0, 0, do_add },
	{ "slti", OP_IMMEDIATE, 2, 0, 0, do_slt },
	{ "sltiu", OP_IMMEDIATE, 3, 0, 0, do_sltu },
	{ "xori", OP_IMMEDIATE, 4, 0, 0, do_xor },
	{ "ori", OP_IMMEDIATE, 6, 0, 0, do_or },
	{ "andi", OP_IMMEDIATE, 7, 0, 0, do_and },
	{ "slli", OP_IMMEDIATE, 1, 6, 0, do_sll },
	{ "srli", OP_IMMEDIATE, 5, 6, 0, do_srl },
	{ "srai", OP_IMMEDIATE, 5, 6, 0x400, do_sra },
	{ "addiw", OP_IMMEDIATE32, 0, 0, 0, do_addw },
	{ "slliw", OP_IMMEDIATE32, 1, 5, 0, do_sllw },
	{ "srliw", OP_IMMEDIATE32, 5, 5, 0, do_srlw },
	{ "sraiw", OP_IMMEDIATE32, 5, 5, 0x400, do_sraw },
};

#define IMMEDIATE_INSTRUCTIONS	\
	(sizeof(immediate_instructions) / sizeof(immediate_instructions[0]))

START_TEST(register_immediate)
{
	int shift = immediate_instructions[_i].shift, round;
	struct hart before;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs1 = unit_random(&source) & 31;
		int32_t immediate = (int32_t)(unit_random(&source) & 0xfff) - 0x800;
		uint32_t instruction;

		if (shift)
			immediate &= (1 << shift) - 1;
		instruction = rv_i(immediate_instructions[_i].opcode,
				   immediate_instructions[_i].funct3, rd, rs1,
				   immediate | (int32_t)immediate_instructions[_i].high);
		randomize_registers();
		before = hart;
		unit_assert(step(instruction) == HART_READY, "%s refused",
			    immediate_instructions[_i].name);
		check_step(&before, instruction, rd,
			   immediate_instructions[_i].function(before.x[rs1], (u)(s)immediate),
			   AT_CODE + 4);
	}
}
END_TEST

START_TEST(upper_immediate)
{
	struct hart before;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31;
		uint32_t immediate = (uint32_t)unit_random(&source) & 0xfffff000;

		before = hart;
		unit_equal(step(rv_u(OP_LUI, rd, immediate)), HART_READY);
		check_step(&before, rv_u(OP_LUI, rd, immediate), rd, sext(immediate), AT_CODE + 4);
		before = hart;
		unit_equal(step(rv_u(OP_AUIPC, rd, immediate)), HART_READY);
		check_step(&before, rv_u(OP_AUIPC, rd, immediate), rd, AT_CODE + sext(immediate),
			   AT_CODE + 4);
	}
}
END_TEST

static bool branches(uint32_t funct3, u a, u b)
{
	switch (funct3) {
	case 0:
		return a == b;
	case 1:
		return a != b;
	case 4:
		return (s)a < (s)b;
	case 5:
		return (s)a >= (s)b;
	case 6:
		return a < b;
	default:
		return a >= b;
	}
}

START_TEST(branch)
{
	static const uint32_t kinds[] = { 0, 1, 4, 5, 6, 7 };
	struct hart before;
	int round, taken = 0;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rs1 = unit_random(&source) & 31, rs2 = unit_random(&source) & 31;
		int32_t offset = ((int32_t)(unit_random(&source) & 0x1ffc)) - 0x1000;
		uint32_t instruction = rv_b(kinds[_i], rs1, rs2, offset);
		bool expected;

		randomize_registers();
		if (round & 1)
			hart.x[rs2] = rs2 ? hart.x[rs1] : 0;
		before = hart;
		expected = branches(kinds[_i], hart.x[rs1], hart.x[rs2]);
		taken += expected;
		unit_equal(step(instruction), HART_READY);
		check_step(&before, instruction, 0, 0,
			   expected ? AT_CODE + (u)(s)offset : AT_CODE + 4);
	}
	ck_assert_int_gt(taken, 100);
	ck_assert_int_lt(taken, ROUNDS - 100);

	/* A target between instructions faults at the branch, if it is taken. */
	hart.x[1] = 5;
	hart.x[2] = 5;
	if (branches(kinds[_i], 5, 5)) {
		unit_equal(step(rv_b(kinds[_i], 1, 2, 6)), HART_FAULTED);
		unit_equal(fault.error, REFGPU_ERROR_FETCH);
		unit_equal(fault.pc, AT_CODE);
		unit_equal(fault.address, AT_CODE + 6);
	} else {
		unit_equal(step(rv_b(kinds[_i], 1, 2, 6)), HART_READY);
	}
}
END_TEST

START_TEST(jump)
{
	struct hart before;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs1 = 1 + unit_random(&source) % 31;
		int32_t far = ((int32_t)(unit_random(&source) & 0x1ffffc)) - 0x100000;
		int32_t near = ((int32_t)(unit_random(&source) & 0xfff)) - 0x800;

		before = hart;
		unit_equal(step(rv_j(rd, far)), HART_READY);
		check_step(&before, rv_j(rd, far), rd, AT_CODE + 4, AT_CODE + (u)(s)far);

		/* Bit 0 of the target is dropped. */
		hart.x[rs1] = (unit_random(&source) & ~3ull) - (u)(s)(near & ~1);
		before = hart;
		unit_equal(step(rv_i(OP_JALR, 0, rd, rs1, near)), HART_READY);
		check_step(&before, rv_i(OP_JALR, 0, rd, rs1, near), rd, AT_CODE + 4,
			   (before.x[rs1] + (u)(s)near) & ~1ull);
	}
	before = hart;
	unit_equal(step(rv_j(1, 2)), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_FETCH);
	unit_equal(fault.pc, AT_CODE);
	unit_equal(hart.x[1], before.x[1]);
	hart.x[5] = 0x2002;
	unit_equal(step(rv_i(OP_JALR, 0, 1, 5, 0)), HART_FAULTED);
	unit_equal(fault.address, 0x2002);
	unit_equal(hart.x[1], before.x[1]);
}
END_TEST

/* Bytes where a partition's address lies, by the test's own knowledge. */
static uint8_t *byte_at(uint64_t address)
{
	uint64_t offset = address - REFGPU_SYSMEM_APERTURE;

	if (address < VRAM)
		return partition->vram + address;
	return partition->machine + partition_pages[offset >> 12] * 4096 + (offset & 4095);
}

/* Places to access, misaligned ones and across pages of system memory too. */
static uint64_t place(void)
{
	uint64_t r = unit_random(&source);

	switch (r % 4) {
	case 0:
		return REFGPU_SYSMEM_APERTURE + 4096 - 8 + (r >> 8) % 16;
	case 1:
		return REFGPU_SYSMEM_APERTURE + (r >> 8) % (2 * 4096 - 8);
	default:
		return AT_DATA + (r >> 8) % (VRAM - AT_DATA - 8);
	}
}

START_TEST(load_and_store)
{
	struct hart before;
	unsigned int size, i;
	int round;

	for (round = 0; round < 10 * ROUNDS; round++) {
		uint32_t kind = unit_random(&source) % 7, rd = unit_random(&source) & 31;
		int32_t offset = (int32_t)(unit_random(&source) & 0xfff) - 0x800;
		uint64_t address = place(), value = 0, expected;

		size = 1u << (kind & 3);
		for (i = 0; i < size; i++) {
			uint8_t byte = (uint8_t)unit_random(&source);

			*byte_at(address + i) = byte;
			value |= (uint64_t)byte << 8 * i;
		}
		expected = value;
		if (kind < 3 && value >> (8 * size - 1))
			expected |= ~0ull << 8 * size;
		hart.x[7] = address - (u)(s)offset;
		before = hart;
		unit_assert(step(rv_i(OP_LOAD, kind, rd, 7, offset)) == HART_READY,
			    "load of %u at 0x%llx refused: %u", size,
			    (unsigned long long)address, fault.error);
		check_step(&before, rv_i(OP_LOAD, kind, rd, 7, offset), rd, expected, AT_CODE + 4);

		kind = unit_random(&source) % 4;
		size = 1u << kind;
		hart.x[7] = address - (u)(s)offset;
		hart.x[8] = unit_random(&source);
		for (i = 0; i < 8; i++)
			*byte_at(address + i) = 0x5c;
		before = hart;
		unit_equal(step(rv_s(OP_STORE, kind, 7, 8, offset)), HART_READY);
		check_step(&before, 0, 0, 0, AT_CODE + 4);
		for (i = 0; i < 8; i++)
			unit_equal(*byte_at(address + i),
				   i < size ? (uint8_t)(hart.x[8] >> 8 * i) : 0x5c);
	}
}
END_TEST

START_TEST(refused_access)
{
	static const struct {
		uint64_t address;
		uint32_t kind;	/* log2 of bytes */
		bool load, store;
	} cases[] = {
		{ 0, 3, true, true },
		{ VRAM - 8, 3, true, true },
		{ VRAM - 7, 3, false, false },
		{ VRAM - 1, 0, true, true },
		{ VRAM - 1, 1, false, false },
		{ VRAM, 0, false, false },
		{ 1ull << 39, 0, false, false },
		{ REFGPU_SYSMEM_APERTURE - 1, 0, false, false },
		{ REFGPU_SYSMEM_APERTURE - 1, 1, false, false },
		{ REFGPU_SYSMEM_APERTURE - 4, 3, false, false },
		{ REFGPU_SYSMEM_APERTURE, 3, true, true },
		{ REFGPU_SYSMEM_APERTURE + 4092, 3, true, true },	/* pages 0, 1 */
		{ REFGPU_SYSMEM_APERTURE + 8188, 3, false, false },	/* pages 1, 2: absent */
		{ REFGPU_SYSMEM_APERTURE + 8192, 0, false, false },
		{ REFGPU_SYSMEM_APERTURE + 3 * 4096 - 4, 3, false, false },
		{ REFGPU_SYSMEM_APERTURE + 3 * 4096, 3, true, false },	/* read-only */
		{ REFGPU_SYSMEM_APERTURE + 5 * 4096 + 4090, 3, true, true },
		{ REFGPU_SYSMEM_APERTURE + 6 * 4096 + 4090, 3, false, false },
		{ REFGPU_SYSMEM_APERTURE + TABLE_PAGES * 4096, 0, false, false },
		{ REFGPU_SYSMEM_APERTURE + (1ull << 32), 0, false, false },
		{ 1ull << 63, 0, false, false },
		{ ~0ull, 0, false, false },
		{ ~0ull - 3, 3, false, false },
		{ ~0ull - 7, 3, false, false },
	};
	enum hart_status expected;
	struct hart before;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hart.x[6] = cases[i].address;
		hart.x[8] = 0;
		before = hart;
		expected = HART_FAULTED;
		if (cases[i].load)
			expected = HART_READY;
		unit_assert(step(rv_i(OP_LOAD, cases[i].kind, 9, 6, 0)) == expected,
			    "load at 0x%llx", (unsigned long long)cases[i].address);
		if (!cases[i].load) {
			unit_equal(fault.error, REFGPU_ERROR_LOAD);
			unit_equal(fault.address, cases[i].address);
			unit_equal(fault.pc, AT_CODE);
			unit_equal(hart.pc, AT_CODE);
			unit_equal(hart.retired, before.retired);
			unit_equal(hart.x[9], before.x[9]);
		}
		before = hart;
		expected = HART_FAULTED;
		if (cases[i].store)
			expected = HART_READY;
		unit_assert(step(rv_s(OP_STORE, cases[i].kind, 6, 8, 0)) == expected,
			    "store at 0x%llx", (unsigned long long)cases[i].address);
		if (!cases[i].store) {
			unit_equal(fault.error, REFGPU_ERROR_STORE);
			unit_equal(fault.address, cases[i].address);
			unit_equal(hart.retired, before.retired);
		}
	}
	/* A store across the end of a writable page stores nothing. */
	memset(byte_at(REFGPU_SYSMEM_APERTURE + 8184), 0x77, 8);
	hart.x[6] = REFGPU_SYSMEM_APERTURE + 8188;
	hart.x[8] = ~0ull;
	unit_equal(step(rv_s(OP_STORE, 3, 6, 8, 0)), HART_FAULTED);
	for (i = 0; i < 8; i++)
		unit_equal(*byte_at(REFGPU_SYSMEM_APERTURE + 8184 + i), 0x77);
}
END_TEST

START_TEST(float_load_and_store)
{
	uint32_t value;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t address = place();
		uint32_t bits = (uint32_t)unit_random(&source), r = unit_random(&source) & 31;
		unsigned int i;

		for (i = 0; i < 4; i++)
			*byte_at(address + i) = (uint8_t)(bits >> 8 * i);
		hart.x[4] = address;
		unit_equal(step(rv_i(OP_LOAD_FLOAT, 2, r, 4, 0)), HART_READY);
		unit_equal(hart.f[r], bits); /* a signaling NaN is not touched */
		hart.f[r] = ~bits;
		unit_equal(step(rv_s(OP_STORE_FLOAT, 2, 4, r, 0)), HART_READY);
		for (i = 0, value = 0; i < 4; i++)
			value |= (uint32_t)*byte_at(address + i) << 8 * i;
		unit_equal(value, ~bits);
	}
	unit_equal(hart.fcsr, 0);
}
END_TEST

static uint32_t do_atomic(uint32_t function, uint32_t old, uint32_t with)
{
	switch (function) {
	case 0x01:
		return with;
	case 0x00:
		return old + with;
	case 0x04:
		return old ^ with;
	case 0x0c:
		return old & with;
	case 0x08:
		return old | with;
	case 0x10:
		return (sw)old < (sw)with ? old : with;
	case 0x14:
		return (sw)old < (sw)with ? with : old;
	case 0x18:
		return old < with ? old : with;
	default:
		return old < with ? with : old;
	}
}

START_TEST(atomic)
{
	static const uint32_t functions[] = { 0, 1, 4, 8, 0xc, 0x10, 0x14, 0x18, 0x1c };
	uint32_t *word = (uint32_t *)(partition->vram + AT_DATA), old, instruction, order;
	struct hart before;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs2 = unit_random(&source) & 31;

		randomize_registers();
		hart.x[6] = AT_DATA;
		order = unit_random(&source) & 3;
		instruction = rv_r(OP_ATOMIC, 2, functions[_i] << 2 | order, rd, 6, rs2);
		old = *word = (uint32_t)operand();
		before = hart;
		unit_equal(step(instruction), HART_READY);
		check_step(&before, instruction, rd, sext(old), AT_CODE + 4);
		unit_equal(*word, do_atomic(functions[_i], old, (uint32_t)before.x[rs2]));
	}
	instruction = rv_r(OP_ATOMIC, 2, functions[_i] << 2, 5, 6, 7);
	hart.x[6] = AT_DATA + 2;
	unit_equal(step(instruction), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_MISALIGNED);
	unit_equal(fault.address, AT_DATA + 2);
	hart.x[6] = REFGPU_SYSMEM_APERTURE + READ_ONLY_PAGE * 4096;
	unit_equal(step(instruction), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_STORE);
	hart.x[6] = VRAM;
	unit_equal(step(instruction), HART_FAULTED);
	/* 64-bit atomics are not there. */
	unit_equal(step(instruction | 1u << 12), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_INSTRUCTION);
}
END_TEST

START_TEST(load_reserved_store_conditional)
{
	const uint32_t lr = rv_r(OP_ATOMIC, 2, 0x02 << 2, 5, 6, 0);
	const uint32_t sc = rv_r(OP_ATOMIC, 2, 0x03 << 2, 5, 6, 7);
	uint32_t *word = (uint32_t *)(partition->vram + AT_DATA);

	hart.x[6] = AT_DATA;
	hart.x[7] = 99;
	*word = 0x80000000;
	unit_equal(step(sc), HART_READY);
	unit_equal(hart.x[5], 1); /* no reservation */
	unit_equal(*word, 0x80000000);

	unit_equal(step(lr), HART_READY);
	unit_equal(hart.x[5], 0xffffffff80000000);
	unit_equal(step(sc), HART_READY);
	unit_equal(hart.x[5], 0);
	unit_equal(*word, 99);
	unit_equal(step(sc), HART_READY);
	unit_equal(hart.x[5], 1); /* used up */

	step(lr);
	*word = 98; /* somebody else */
	step(sc);
	unit_equal(hart.x[5], 1);
	unit_equal(*word, 98);

	step(lr);
	hart.x[6] += 4;
	step(sc); /* another word */
	unit_equal(hart.x[5], 1);

	/* Reading needs no right to write. */
	hart.x[6] = REFGPU_SYSMEM_APERTURE + READ_ONLY_PAGE * 4096;
	unit_equal(step(lr), HART_READY);
	unit_equal(step(sc), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_STORE);
	hart.x[6] = ~0ull - 3;
	unit_equal(step(lr), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_LOAD);
	unit_equal(step(lr | 1u << 20), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_INSTRUCTION);
}
END_TEST

static uint32_t csr(uint32_t function, uint32_t number, uint32_t rd, uint32_t rs1)
{
	return rv_i(OP_SYSTEM, function, rd, rs1, (int32_t)number);
}

START_TEST(csr_access)
{
	static const struct hart_ids ids = {
		.item = 17,	/* of 4 x 3 x 2: x 1, y 1, z 1 */
		.group_id = { 0xffffffff, 7, 9 },
		.grid = { 0xffffffff, 100, 200 },
		.group = { 4, 3, 2 },
	};
	static const struct {
		uint32_t number;
		uint64_t value;
	} ids_read[] = {
		{ REFGPU_CSR_GLOBAL_ID(0), 0xffffffffull * 4 + 1 },
		{ REFGPU_CSR_GLOBAL_ID(1), 7 * 3 + 1 },
		{ REFGPU_CSR_GLOBAL_ID(2), 9 * 2 + 1 },
		{ REFGPU_CSR_LOCAL_ID(0), 1 }, { REFGPU_CSR_LOCAL_ID(1), 1 },
		{ REFGPU_CSR_LOCAL_ID(2), 1 },
		{ REFGPU_CSR_GROUP_ID(0), 0xffffffff }, { REFGPU_CSR_GROUP_ID(1), 7 },
		{ REFGPU_CSR_GROUP_ID(2), 9 },
		{ REFGPU_CSR_GRID(0), 0xffffffff }, { REFGPU_CSR_GRID(1), 100 },
		{ REFGPU_CSR_GRID(2), 200 },
		{ REFGPU_CSR_GROUP(0), 4 }, { REFGPU_CSR_GROUP(1), 3 }, { REFGPU_CSR_GROUP(2), 2 },
		{ 0xc01, 123456789 },
	};
	uint32_t number, function, known;
	uint64_t before;
	unsigned int i;

	environment.ids = ids;
	for (i = 0; i < sizeof(ids_read) / sizeof(ids_read[0]); i++) {
		unit_equal(step(csr(2, ids_read[i].number, 5, 0)), HART_READY);
		unit_assert(hart.x[5] == ids_read[i].value, "csr 0x%x reads 0x%llx",
			    ids_read[i].number, (unsigned long long)hart.x[5]);
		/* csrrc and their immediate forms read too if they write nothing. */
		unit_equal(step(csr(3, ids_read[i].number, 5, 0)), HART_READY);
		unit_equal(step(csr(6, ids_read[i].number, 5, 0)), HART_READY);
		unit_equal(step(csr(7, ids_read[i].number, 5, 0)), HART_READY);
		unit_equal(hart.x[5], ids_read[i].value);
		/* They can't be written, not even with what they hold. */
		hart.x[6] = 0;
		for (function = 1; function < 8; function++) {
			if (function == 4)
				continue;
			unit_equal(step(csr(function, ids_read[i].number, 0, 6)),
				   HART_FAULTED);
			unit_equal(fault.error, REFGPU_ERROR_INSTRUCTION);
		}
	}
	before = hart.retired;
	step(csr(2, 0xc02, 5, 0));
	unit_equal(hart.x[5], before);
	step(csr(2, 0xc00, 5, 0));
	unit_equal(hart.x[5], before + 1);

	/* fcsr is fflags and frm, in all six ways to write. */
	hart.x[6] = 0xffffffffffffff65;
	step(csr(1, 0x003, 5, 6));
	unit_equal(hart.fcsr, 0x65);
	step(csr(1, 0x001, 5, 6));
	unit_equal(hart.x[5], 5);
	step(csr(5, 0x002, 5, 1));
	unit_equal(hart.x[5], 3);
	unit_equal(hart.fcsr, 0x25);
	step(csr(6, 0x001, 5, 0x0a));
	unit_equal(hart.fcsr, 0x2f);
	step(csr(7, 0x003, 5, 0x06));
	unit_equal(hart.x[5], 0x2f);
	unit_equal(hart.fcsr, 0x29);
	hart.x[6] = 0xa0;
	step(csr(2, 0x003, 5, 6));
	unit_equal(hart.fcsr, 0xa9);
	step(csr(3, 0x003, 0, 6));
	unit_equal(hart.fcsr, 0x09);
	step(csr(2, 0x002, 5, 0));
	unit_equal(hart.x[5], 0);

	/* Nothing else is there. */
	for (number = 0, known = 0; number < 4096; number++) {
		enum hart_status status = step(csr(2, number, 5, 0));

		if (status == HART_READY)
			known++;
		else
			unit_equal(fault.error, REFGPU_ERROR_INSTRUCTION);
	}
	unit_equal(known, 3 + 3 + 15);
}
END_TEST

START_TEST(refused_instructions)
{
	static const uint32_t illegal[] = {
		0x00000000, 0xffffffff, 0x00000001, RV_ECALL, 0x30200073 /* mret */,
		0x10500073 /* wfi */, 0x00200073, 0x00004073, 0x0000100b /* custom-0 */,
		0x0000008b, 0x0100000b, 0x0000002b /* custom-1 */, 0x0000700f, 0x02001013 | 1 << 31,
		0x4000101b, 0x0200101b, 0x0200501b, 0x40005013 | 1 << 27, 0x02000033 | 1 << 26,
		0x40001033, 0x0200103b /* mulhw? */, 0x00007003 /* load of 16 */, 0x00004023,
		0x00003007 /* fld */, 0x00003027 /* fsd */, 0x02000053 /* fadd.d */,
		0x02000043 /* fmadd.d */, 0x00002063, 0x00003063, 0x00001067,
		0x00005053 /* rounding mode 5 */, 0x00006053, 0x58100053 /* fsqrt with rs2 */,
		0x20003053, 0x28002053, 0xa0003053, 0xe0002053, 0xe0100053, 0xf0001053, 0xc0400053,
		0x2000202f /* function 4 + 0 is xor */ | 1 << 27,
	};
	unsigned int i;

	for (i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++) {
		unit_assert(step(illegal[i]) == HART_FAULTED, "%08x executed", illegal[i]);
		unit_assert(fault.error == REFGPU_ERROR_INSTRUCTION, "%08x: error %u",
			    illegal[i], fault.error);
		unit_equal(fault.pc, AT_CODE);
	}
	unit_equal(step(RV_EBREAK), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_BREAKPOINT);
	unit_equal(hart.retired, 0);
	/* frm may hold a reserved mode; using it is what is refused. */
	step(csr(5, 0x002, 0, 5));
	unit_equal(step(0x00007053), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_INSTRUCTION);
	unit_equal(step(0x00000053), HART_READY);
	unit_equal(step(0x0ff0000f), HART_READY); /* fence */
	unit_equal(step(0x0000100f), HART_READY); /* fence.i */
}
END_TEST

START_TEST(fetch)
{
	uint64_t bad[] = { VRAM, ~0ull - 7, REFGPU_SYSMEM_APERTURE - 4,
			   REFGPU_SYSMEM_APERTURE + 2 * 4096, 1ull << 63 };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		hart.pc = bad[i];
		unit_equal(run(1), HART_FAULTED);
		unit_equal(fault.error, REFGPU_ERROR_FETCH);
		unit_equal(fault.address, bad[i]);
		unit_equal(fault.pc, bad[i]);
	}
	/* Code runs in system memory, on through pages that lie apart. */
	for (i = 0; i < 8; i++)
		memcpy(byte_at(REFGPU_SYSMEM_APERTURE + 4096 - 16 + 4 * i),
		       &(uint32_t){ rv_i(OP_IMMEDIATE, 0, 5, 5, 1) }, 4);
	hart.pc = REFGPU_SYSMEM_APERTURE + 4096 - 16;
	hart.x[5] = 0;
	unit_equal(run(8), HART_READY);
	unit_equal(hart.x[5], 8);

	/* Off the end of video memory. */
	put(VRAM - 4, RV_NOP);
	hart.pc = VRAM - 4;
	unit_equal(run(2), HART_FAULTED);
	unit_equal(fault.address, VRAM);
}
END_TEST

START_TEST(start_run_and_end)
{
	unsigned int i;

	hart_start(&hart, AT_CODE, 0x1234, 0x5670);
	unit_equal(hart.x[1], REFGPU_EXIT_ADDRESS);
	unit_equal(hart.x[2], 0x5670);
	unit_equal(hart.x[10], 0x1234);
	for (i = 0; i < 10; i++)
		put(AT_CODE + 4 * i, rv_i(OP_IMMEDIATE, 0, 11, 11, 1));
	put(AT_CODE + 20, REFGPU_INSTRUCTION_BARRIER);
	put(AT_CODE + 40, RV_RETURN);
	unit_equal(run(3), HART_READY);
	unit_equal(hart.x[11], 3);
	unit_equal(run(100), HART_BARRIER);
	unit_equal(hart.pc, AT_CODE + 24);
	unit_equal(hart.retired, 6);
	/* The end is seen with the jump there, not with the next budget. */
	unit_equal(run(5), HART_EXITED);
	unit_equal(hart.retired, 11);
	unit_equal(hart.x[11], 9);
	unit_equal(run(5), HART_EXITED);
	unit_equal(hart.retired, 11);

	/* An endless loop takes its budget and no more. */
	put(AT_CODE, rv_j(0, 0));
	hart.pc = AT_CODE;
	unit_equal(run(1000), HART_READY);
	unit_equal(hart.retired, 1011);

	/* Code may change itself: fence.i or not. */
	put(AT_CODE, rv_s(OP_STORE, 2, 12, 13, 4));
	put(AT_CODE + 4, RV_EBREAK);
	hart.pc = AT_CODE;
	hart.x[12] = AT_CODE;
	hart.x[13] = rv_i(OP_IMMEDIATE, 0, 14, 0, 42);
	unit_equal(run(2), HART_READY);
	unit_equal(hart.x[14], 42);
}
END_TEST

START_TEST(memory_errors_are_told_apart)
{
	struct memory_map map = {
		.vram = partition->vram, .limit = VRAM, .table = 4096, .pages = TABLE_PAGES,
		.poison = AT_DATA + 72,
	};
	uint64_t *table = (uint64_t *)(partition->machine + 4096);

	memory_configure(&partition->view, &map);
	hart.x[6] = AT_DATA + 64;
	unit_equal(step(rv_i(OP_LOAD, 3, 5, 6, 0)), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_MEMORY);
	hart.x[6] = AT_DATA + 128;
	unit_equal(step(rv_i(OP_LOAD, 3, 5, 6, 0)), HART_READY);

	/* Code in the page of the error runs, but not in its line. */
	put(AT_DATA, RV_NOP);
	hart.pc = AT_DATA;
	unit_equal(run(1), HART_READY);
	hart.pc = AT_DATA + 64;
	unit_equal(run(1), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_MEMORY);

	table[0] = 0x4000000000ull | REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;
	hart.x[6] = REFGPU_SYSMEM_APERTURE;
	unit_equal(step(rv_i(OP_LOAD, 3, 5, 6, 0)), HART_FAULTED);
	unit_equal(fault.error, REFGPU_ERROR_DMA);
	table[0] = partition_pages[0] * 4096ull | REFGPU_SYSMEM_VALID | REFGPU_SYSMEM_WRITE;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hart");
	TCase *tests = tcase_create("hart");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, register_register, 0, REGISTER_INSTRUCTIONS);
	tcase_add_loop_test(tests, register_immediate, 0, IMMEDIATE_INSTRUCTIONS);
	tcase_add_test(tests, upper_immediate);
	tcase_add_loop_test(tests, branch, 0, 6);
	tcase_add_test(tests, jump);
	tcase_add_test(tests, load_and_store);
	tcase_add_test(tests, refused_access);
	tcase_add_test(tests, float_load_and_store);
	tcase_add_loop_test(tests, atomic, 0, 9);
	tcase_add_test(tests, load_reserved_store_conditional);
	tcase_add_test(tests, csr_access);
	tcase_add_test(tests, refused_instructions);
	tcase_add_test(tests, fetch);
	tcase_add_test(tests, start_run_and_end);
	tcase_add_test(tests, memory_errors_are_told_apart);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_hart");
}
