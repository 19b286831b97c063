// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hart.c - how a hart starts, fetches, runs and ends, its CSRs, and what
 * it refuses to execute; test_hart_integer.c, test_hart_memory.c and
 * test_float.c have the instructions
 */
#include "one_hart.h"

static void setup(void)
{
	one_hart_setup("test_hart");
}

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
		memcpy(partition_byte(partition, REFGPU_SYSMEM_APERTURE + 4096 - 16 + 4 * i),
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

int main(void)
{
	Suite *suite = suite_create("hart");
	TCase *tests = tcase_create("hart");

	tcase_add_checked_fixture(tests, setup, one_hart_teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, csr_access);
	tcase_add_test(tests, refused_instructions);
	tcase_add_test(tests, fetch);
	tcase_add_test(tests, start_run_and_end);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_hart");
}
