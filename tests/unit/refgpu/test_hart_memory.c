// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_hart_memory.c - loads, stores and atomics of a hart: what they do, and
 * every access that is refused
 */
#include "one_hart.h"

#define ROUNDS	3000

static void setup(void)
{
	one_hart_setup("test_hart_memory");
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

			*partition_byte(partition, address + i) = byte;
			value |= (uint64_t)byte << 8 * i;
		}
		expected = value;
		if (kind < 3 && value >> (8 * size - 1))
			expected |= ~0ull << 8 * size;
		hart.x[7] = address - (uint64_t)(int64_t)offset;
		before = hart;
		unit_assert(step(rv_i(OP_LOAD, kind, rd, 7, offset)) == HART_READY,
			    "load of %u at 0x%llx refused: %u", size,
			    (unsigned long long)address, fault.error);
		check_step(&before, rv_i(OP_LOAD, kind, rd, 7, offset), rd, expected, AT_CODE + 4);

		kind = unit_random(&source) % 4;
		size = 1u << kind;
		hart.x[7] = address - (uint64_t)(int64_t)offset;
		hart.x[8] = unit_random(&source);
		for (i = 0; i < 8; i++)
			*partition_byte(partition, address + i) = 0x5c;
		before = hart;
		unit_equal(step(rv_s(OP_STORE, kind, 7, 8, offset)), HART_READY);
		check_step(&before, 0, 0, 0, AT_CODE + 4);
		for (i = 0; i < 8; i++)
			unit_equal(*partition_byte(partition, address + i),
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
	memset(partition_byte(partition, REFGPU_SYSMEM_APERTURE + 8184), 0x77, 8);
	hart.x[6] = REFGPU_SYSMEM_APERTURE + 8188;
	hart.x[8] = ~0ull;
	unit_equal(step(rv_s(OP_STORE, 3, 6, 8, 0)), HART_FAULTED);
	for (i = 0; i < 8; i++)
		unit_equal(*partition_byte(partition, REFGPU_SYSMEM_APERTURE + 8184 + i), 0x77);
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
			*partition_byte(partition, address + i) = (uint8_t)(bits >> 8 * i);
		hart.x[4] = address;
		unit_equal(step(rv_i(OP_LOAD_FLOAT, 2, r, 4, 0)), HART_READY);
		unit_equal(hart.f[r], bits); /* a signaling NaN is not touched */
		hart.f[r] = ~bits;
		unit_equal(step(rv_s(OP_STORE_FLOAT, 2, 4, r, 0)), HART_READY);
		for (i = 0, value = 0; i < 4; i++)
			value |= (uint32_t)*partition_byte(partition, address + i) << 8 * i;
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
		return (int32_t)old < (int32_t)with ? old : with;
	case 0x14:
		return (int32_t)old < (int32_t)with ? with : old;
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
		old = *word = (uint32_t)integer_operand();
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
	table[0] = partition_entry(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hart_memory");
	TCase *tests = tcase_create("hart_memory");

	tcase_add_checked_fixture(tests, setup, one_hart_teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, load_and_store);
	tcase_add_test(tests, refused_access);
	tcase_add_test(tests, float_load_and_store);
	tcase_add_loop_test(tests, atomic, 0, 9);
	tcase_add_test(tests, load_reserved_store_conditional);
	tcase_add_test(tests, memory_errors_are_told_apart);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_hart_memory");
}
