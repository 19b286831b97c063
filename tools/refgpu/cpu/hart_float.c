// SPDX-License-Identifier: GPL-2.0-only
/*
 * hart_float.c - floating-point computation of a hart
 *
 * Arithmetic in the default rounding mode runs on the host's FPU, whose
 * exception flags are sticky as RISC-V's are: they are fetched once when the
 * hart stops or looks at them, not at every instruction. All the rest goes
 * to softfloat.c. Results are the same bits either way; a unit test holds one
 * against the other.
 *
 * A host must detect tininess after rounding, as x86 does, for the underflow
 * flag to be exact. Others take softfloat.c's way always.
 */
#include <math.h>
#include <string.h>

#include "cpu/hart.h"
#include "cpu/hart_float.h"
#include "cpu/softfloat.h"

#if defined(__SSE2__)
#define HOST_FLOAT 1

#define MXCSR_DEFAULT		0x1f80U	/* all masked, to nearest, no flags, no flush to zero */
#define MXCSR_INVALID		(1U << 0)
#define MXCSR_DIVISION		(1U << 2)
#define MXCSR_OVERFLOW		(1U << 3)
#define MXCSR_UNDERFLOW		(1U << 4)
#define MXCSR_INEXACT		(1U << 5)

/*
 * A compiler does not know that arithmetic depends on MXCSR. The memory
 * clobbers keep it before a later access, because results are stored to
 * struct hart; OPERANDS_READY() keeps it behind open_host_float().
 */
#define OPERANDS_READY(a, b, c) __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c))

static inline u32 host_float_control(void)
{
	u32 value;

	__asm__ volatile("stmxcsr %0" : "=m"(value) : : "memory");
	return value;
}

static inline void host_float_set(u32 value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value) : "memory");
}

static inline void open_host_float(struct hart_float *host_float)
{
	if (unlikely(!host_float->open)) {
		host_float->open = true;
		host_float->saved = host_float_control();
		host_float_set(MXCSR_DEFAULT);
	}
}

void hart_float_settle(struct hart *hart, struct hart_float *host_float)
{
	u32 flags;

	if (!host_float->open)
		return;
	flags = host_float_control();
	host_float_set(host_float->saved);
	host_float->open = false;
	if (flags & MXCSR_INVALID)
		hart->fcsr |= FLOAT_FLAG_INVALID;
	if (flags & MXCSR_DIVISION)
		hart->fcsr |= FLOAT_FLAG_DIVISION;
	if (flags & MXCSR_OVERFLOW)
		hart->fcsr |= FLOAT_FLAG_OVERFLOW;
	if (flags & MXCSR_UNDERFLOW)
		hart->fcsr |= FLOAT_FLAG_UNDERFLOW;
	if (flags & MXCSR_INEXACT)
		hart->fcsr |= FLOAT_FLAG_INEXACT;
}

#else
#define HOST_FLOAT 0
#define OPERANDS_READY(a, b, c) do { (void)(a); (void)(b); (void)(c); } while (0)

static inline void open_host_float(struct hart_float *host_float)
{
	(void)host_float;
}

void hart_float_settle(struct hart *hart, struct hart_float *host_float)
{
	(void)hart;
	(void)host_float;
}
#endif

enum operation {
	OPERATION_ADD		= 0x00,
	OPERATION_SUBTRACT	= 0x04,
	OPERATION_MULTIPLY	= 0x08,
	OPERATION_DIVIDE	= 0x0c,
	OPERATION_ROOT		= 0x2c,
	OPERATION_SIGN		= 0x10,
	OPERATION_EXTREME	= 0x14,
	OPERATION_COMPARE	= 0x50,
	OPERATION_TO_INTEGER	= 0x60,
	OPERATION_FROM_INTEGER	= 0x68,
	OPERATION_TO_BITS	= 0x70,
	OPERATION_FROM_BITS	= 0x78,
};

static inline float from_bits(u32 bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline u32 to_bits(float value)
{
	u32 bits;

	memcpy(&bits, &value, sizeof(bits));
	return unlikely(float_is_nan(bits)) ? FLOAT_CANONICAL_NAN : bits;
}

/* Rounding mode of an instruction, or -1. */
static inline int rounding_mode(const struct hart *hart, u32 instruction)
{
	unsigned int mode = instruction >> 12 & 7;

	if (mode == 7)
		mode = hart->fcsr >> 5;
	return mode > FLOAT_TO_NEAREST_AWAY ? -1 : (int)mode;
}

static bool multiply_add(struct hart *hart, struct hart_float *host_float, u32 instruction)
{
	u32 a = hart->f[instruction >> 15 & 31];
	u32 b = hart->f[instruction >> 20 & 31];
	u32 c = hart->f[instruction >> 27 & 31];
	u32 *result = &hart->f[instruction >> 7 & 31];
	int mode = rounding_mode(hart, instruction);
	u32 flags = 0;

	if (mode < 0 || instruction >> 25 & 3)
		return false;
	/* FMADD, FMSUB, FNMSUB, FNMADD: the sign of the product, of the addend. */
	if (instruction & 8)
		a ^= FLOAT_SIGN;
	if (instruction & 4)
		c ^= FLOAT_SIGN;

	/* A NaN addend hides an invalid product from the host's FPU. */
	if (HOST_FLOAT && mode == FLOAT_TO_NEAREST_EVEN && likely(!float_is_nan(c))) {
		open_host_float(host_float);
		OPERANDS_READY(a, b, c);
		*result = to_bits(fmaf(from_bits(a), from_bits(b), from_bits(c)));
		return true;
	}
	*result = float_multiply_add(a, b, c, mode, &flags);
	hart->fcsr |= flags;
	return true;
}

static bool arithmetic(struct hart *hart, struct hart_float *host_float, u32 instruction,
		       enum operation operation)
{
	u32 a = hart->f[instruction >> 15 & 31];
	u32 b = hart->f[instruction >> 20 & 31];
	u32 *result = &hart->f[instruction >> 7 & 31];
	int mode = rounding_mode(hart, instruction);
	u32 flags = 0;

	if (mode < 0)
		return false;
	if (operation == OPERATION_ROOT && instruction >> 20 & 31)
		return false;

	if (HOST_FLOAT && mode == FLOAT_TO_NEAREST_EVEN) {
		float x, y, z;

		open_host_float(host_float);
		OPERANDS_READY(a, b, flags);
		x = from_bits(a);
		y = from_bits(b);
		switch (operation) {
		case OPERATION_ADD:
			z = x + y;
			break;
		case OPERATION_SUBTRACT:
			z = x - y;
			break;
		case OPERATION_MULTIPLY:
			z = x * y;
			break;
		case OPERATION_DIVIDE:
			z = x / y;
			break;
		default:
			z = sqrtf(x);
			break;
		}
		*result = to_bits(z);
		return true;
	}
	switch (operation) {
	case OPERATION_ADD:
		*result = float_add(a, b, mode, &flags);
		break;
	case OPERATION_SUBTRACT:
		*result = float_add(a, b ^ FLOAT_SIGN, mode, &flags);
		break;
	case OPERATION_MULTIPLY:
		*result = float_multiply(a, b, mode, &flags);
		break;
	case OPERATION_DIVIDE:
		*result = float_divide(a, b, mode, &flags);
		break;
	default:
		*result = float_square_root(a, mode, &flags);
		break;
	}
	hart->fcsr |= flags;
	return true;
}

static bool convert(struct hart *hart, u32 instruction, bool to_integer)
{
	unsigned int type = instruction >> 20 & 31;
	bool is_signed = !(type & 1);
	unsigned int bits = type & 2 ? 64 : 32;
	unsigned int source = instruction >> 15 & 31;
	unsigned int target = instruction >> 7 & 31;
	int mode = rounding_mode(hart, instruction);
	u32 flags = 0;
	bool negative;
	u64 value;

	if (mode < 0 || type > 3)
		return false;
	if (to_integer) {
		value = float_to_integer(hart->f[source], is_signed, bits, mode, &flags);
		if (target)
			hart->x[target] = value;
	} else {
		value = hart->x[source];
		if (bits == 32)
			value = is_signed ? (u64)(s64)(s32)(u32)value : (u32)value;
		negative = is_signed && value >> 63;
		hart->f[target] = float_from_integer(negative, negative ? 0 - value : value, mode,
						     &flags);
	}
	hart->fcsr |= flags;
	return true;
}

/* Instructions without a rounding mode: funct3 selects. */
static bool simple(struct hart *hart, u32 instruction, enum operation operation)
{
	unsigned int select = instruction >> 12 & 7;
	unsigned int target = instruction >> 7 & 31;
	unsigned int source = instruction >> 15 & 31;
	u32 a = hart->f[source];
	u32 b = hart->f[instruction >> 20 & 31];
	bool lone = !(instruction >> 20 & 31); /* rs2 field as one-operand instructions need it */
	u32 flags = 0;
	u64 value;

	switch (operation) {
	case OPERATION_SIGN:
		if (select == 0)
			a = (a & ~FLOAT_SIGN) | (b & FLOAT_SIGN);
		else if (select == 1)
			a = (a & ~FLOAT_SIGN) | (~b & FLOAT_SIGN);
		else if (select == 2)
			a ^= b & FLOAT_SIGN;
		else
			return false;
		hart->f[target] = a;
		return true;
	case OPERATION_EXTREME:
		if (select == 0)
			a = float_minimum(a, b, &flags);
		else if (select == 1)
			a = float_maximum(a, b, &flags);
		else
			return false;
		hart->f[target] = a;
		hart->fcsr |= flags;
		return true;
	case OPERATION_COMPARE:
		if (select == 0)
			value = float_less_or_equal(a, b, &flags);
		else if (select == 1)
			value = float_less(a, b, &flags);
		else if (select == 2)
			value = float_equal(a, b, &flags);
		else
			return false;
		hart->fcsr |= flags;
		break;
	case OPERATION_TO_BITS:
		if (!lone || select > 1)
			return false;
		value = select ? float_class(a) : (u64)(s64)(s32)a;
		break;
	case OPERATION_FROM_BITS:
		if (!lone || select)
			return false;
		hart->f[target] = (u32)hart->x[source];
		return true;
	default:
		return false;
	}
	if (target)
		hart->x[target] = value;
	return true;
}

bool hart_float_execute(struct hart *hart, struct hart_float *host_float, u32 instruction)
{
	unsigned int operation = instruction >> 25;

	if ((instruction & 0x7f) != 0x53)
		return multiply_add(hart, host_float, instruction);
	switch (operation) {
	case OPERATION_ADD:
	case OPERATION_SUBTRACT:
	case OPERATION_MULTIPLY:
	case OPERATION_DIVIDE:
	case OPERATION_ROOT:
		return arithmetic(hart, host_float, instruction, operation);
	case OPERATION_TO_INTEGER:
	case OPERATION_FROM_INTEGER:
		return convert(hart, instruction, operation == OPERATION_TO_INTEGER);
	default:
		return simple(hart, instruction, operation);
	}
}
