/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * one_hart.h - a hart and its partition, for tests of single instructions
 */
#ifndef UNIT_ONE_HART_H
#define UNIT_ONE_HART_H

#include "cpu/hart.h"
#include "partition.h"
#include "riscv.h"

static struct partition *partition;
static struct hart hart;
static struct hart_fault fault;		/* of the last run */
static struct unit_random source;
static uint64_t timer = 123456789;	/* what the hart's time CSR reads */
static struct hart_environment environment;

static inline void one_hart_setup(const char *name)
{
	partition = partition_create();
	source.state = unit_seed(name);
	memset(&environment, 0, sizeof(environment));
	environment.view = &partition->view;
	environment.time = partition_time;
	environment.time_context = &timer;
	hart_start(&hart, AT_CODE, 0, 0);
}

static inline void one_hart_teardown(void)
{
	ck_assert(partition_guards_intact(partition));
	partition_destroy(partition);
}

static inline enum hart_status run(uint64_t budget)
{
	enum hart_status status;

	memset(&environment.window, 0, sizeof(environment.window));
	memset(&fault, 0xff, sizeof(fault));
	memory_enter(&partition->view);
	status = hart_run(&hart, &environment, budget, &fault);
	memory_leave(&partition->view);
	return status;
}

static inline void put(uint64_t address, uint32_t instruction)
{
	memcpy(partition->vram + address, &instruction, 4);
}

/* Execute one instruction at AT_CODE. */
static inline enum hart_status step(uint32_t instruction)
{
	put(AT_CODE, instruction);
	hart.pc = AT_CODE;
	return run(1);
}

/* Random numbers, but often the ones where arithmetic has its edges. */
static inline uint64_t integer_operand(void)
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

static inline void randomize_registers(void)
{
	int i;

	for (i = 1; i < 32; i++)
		hart.x[i] = integer_operand();
}

/* After one instruction: only @rd has changed, to @value, and pc went to @pc. */
static inline void check_step(const struct hart *before, uint32_t instruction, uint32_t rd,
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

/* The upper half of a register that holds a 32-bit result is copies of its sign. */
static inline uint64_t sext(uint32_t value)
{
	return (uint64_t)(int64_t)(int32_t)value;
}

#endif /* UNIT_ONE_HART_H */
