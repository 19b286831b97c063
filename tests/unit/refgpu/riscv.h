/* SPDX-License-Identifier: GPL-2.0-only */
/* riscv.h - RISC-V instruction formats, for tests that make their own code */
#ifndef UNIT_RISCV_H
#define UNIT_RISCV_H

#include <stdint.h>

#define OP_LOAD		0x03
#define OP_LOAD_FLOAT	0x07
#define OP_FENCE	0x0f
#define OP_IMMEDIATE	0x13
#define OP_AUIPC	0x17
#define OP_IMMEDIATE32	0x1b
#define OP_STORE	0x23
#define OP_STORE_FLOAT	0x27
#define OP_ATOMIC	0x2f
#define OP_REGISTER	0x33
#define OP_LUI		0x37
#define OP_REGISTER32	0x3b
#define OP_FLOAT	0x53
#define OP_BRANCH	0x63
#define OP_JALR		0x67
#define OP_JAL		0x6f
#define OP_SYSTEM	0x73

#define RV_ECALL	0x00000073u
#define RV_EBREAK	0x00100073u
#define RV_RETURN	0x00008067u	/* jalr x0, 0(ra) */
#define RV_NOP		0x00000013u

static inline uint32_t rv_r(uint32_t opcode, uint32_t funct3, uint32_t funct7, uint32_t rd,
			    uint32_t rs1, uint32_t rs2)
{
	return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct7 << 25;
}

static inline uint32_t rv_i(uint32_t opcode, uint32_t funct3, uint32_t rd, uint32_t rs1,
			    int32_t immediate)
{
	return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | (uint32_t)immediate << 20;
}

static inline uint32_t rv_s(uint32_t opcode, uint32_t funct3, uint32_t rs1, uint32_t rs2,
			    int32_t immediate)
{
	uint32_t i = (uint32_t)immediate;

	return opcode | (i & 0x1f) << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 |
	       (i >> 5 & 0x7f) << 25;
}

static inline uint32_t rv_b(uint32_t funct3, uint32_t rs1, uint32_t rs2, int32_t immediate)
{
	uint32_t i = (uint32_t)immediate;

	return OP_BRANCH | (i >> 11 & 1) << 7 | (i >> 1 & 0xf) << 8 | funct3 << 12 | rs1 << 15 |
	       rs2 << 20 | (i >> 5 & 0x3f) << 25 | (i >> 12 & 1) << 31;
}

static inline uint32_t rv_u(uint32_t opcode, uint32_t rd, uint32_t immediate)
{
	return opcode | rd << 7 | (immediate & 0xfffff000u);
}

static inline uint32_t rv_j(uint32_t rd, int32_t immediate)
{
	uint32_t i = (uint32_t)immediate;

	return OP_JAL | rd << 7 | (i & 0xff000) | (i >> 11 & 1) << 20 | (i >> 1 & 0x3ff) << 21 |
	       (i >> 20 & 1) << 31;
}

#endif /* UNIT_RISCV_H */
