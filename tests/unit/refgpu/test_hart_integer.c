// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hart_integer.c - every integer computation, branch and jump of a hart,
 * against the host's own arithmetic
 */
#include "one_hart.h"

#define ROUNDS	3000

static void setup(void)
{
	one_hart_setup("test_hart_integer");
}

typedef int64_t s;
typedef uint64_t u;
typedef int32_t sw;
typedef uint32_t uw;

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
static u do_sraw(u a, u b) { return sext((sw)a < 0 ? ~(~(uw)a >> b % 32) : (uw)a >> b % 32); }
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

int main(void)
{
	Suite *suite = suite_create("hart_integer");
	TCase *tests = tcase_create("hart_integer");

	tcase_add_checked_fixture(tests, setup, one_hart_teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, register_register, 0, REGISTER_INSTRUCTIONS);
	tcase_add_loop_test(tests, register_immediate, 0, IMMEDIATE_INSTRUCTIONS);
	tcase_add_test(tests, upper_immediate);
	tcase_add_loop_test(tests, branch, 0, 6);
	tcase_add_test(tests, jump);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_hart_integer");
}
