/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * softfloat.h - IEEE 754 binary32 arithmetic as RISC-V defines it, in integers
 *
 * The host's FPU has no "ties to maximum magnitude", and changing its
 * rounding mode costs more than an operation. So a hart uses the host's FPU
 * for the default rounding mode only, and these functions, which know all
 * five modes, for the rest and for every conversion and comparison.
 *
 * Values are bit patterns. A NaN result is always the canonical NaN.
 * @flags accumulates FLOAT_FLAG_* bits and is never cleared.
 */
#ifndef REFGPU_SOFTFLOAT_H
#define REFGPU_SOFTFLOAT_H

#include "types.h"

#define FLOAT_CANONICAL_NAN	0x7fc00000U
#define FLOAT_SIGN		0x80000000U
#define FLOAT_INFINITY		0x7f800000U

/* Exception flags, in their places in fcsr. */
#define FLOAT_FLAG_INEXACT	(1U << 0)
#define FLOAT_FLAG_UNDERFLOW	(1U << 1)
#define FLOAT_FLAG_OVERFLOW	(1U << 2)
#define FLOAT_FLAG_DIVISION	(1U << 3)
#define FLOAT_FLAG_INVALID	(1U << 4)

/* Rounding modes, as in frm and in the rm field. */
enum float_rounding {
	FLOAT_TO_NEAREST_EVEN	= 0,	/* RNE */
	FLOAT_TO_ZERO		= 1,	/* RTZ */
	FLOAT_DOWN		= 2,	/* RDN */
	FLOAT_UP		= 3,	/* RUP */
	FLOAT_TO_NEAREST_AWAY	= 4,	/* RMM */
};

static inline bool float_is_nan(u32 a)
{
	return (a & ~FLOAT_SIGN) > FLOAT_INFINITY;
}

static inline bool float_is_signaling(u32 a)
{
	return float_is_nan(a) && !(a & 0x00400000U);
}

static inline bool float_is_infinite(u32 a)
{
	return (a & ~FLOAT_SIGN) == FLOAT_INFINITY;
}

static inline bool float_is_zero(u32 a)
{
	return !(a & ~FLOAT_SIGN);
}

u32 float_multiply_add(u32 a, u32 b, u32 c, enum float_rounding mode, u32 *flags);
u32 float_add(u32 a, u32 b, enum float_rounding mode, u32 *flags);
u32 float_multiply(u32 a, u32 b, enum float_rounding mode, u32 *flags);
u32 float_divide(u32 a, u32 b, enum float_rounding mode, u32 *flags);
u32 float_square_root(u32 a, enum float_rounding mode, u32 *flags);

u32 float_minimum(u32 a, u32 b, u32 *flags);
u32 float_maximum(u32 a, u32 b, u32 *flags);
bool float_equal(u32 a, u32 b, u32 *flags);
bool float_less(u32 a, u32 b, u32 *flags);
bool float_less_or_equal(u32 a, u32 b, u32 *flags);
u32 float_class(u32 a);

u32 float_from_integer(bool negative, u64 magnitude, enum float_rounding mode, u32 *flags);
u64 float_to_integer(u32 a, bool is_signed, unsigned int bits, enum float_rounding mode,
		     u32 *flags);

#endif /* REFGPU_SOFTFLOAT_H */
