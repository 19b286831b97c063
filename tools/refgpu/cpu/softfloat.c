// SPDX-License-Identifier: GPL-2.0-only
/*
 * softfloat.c - IEEE 754 binary32 arithmetic as RISC-V defines it, in integers
 */
#include "cpu/softfloat.h"

typedef unsigned __int128 u128;

/* A finite number: (-1)^negative * mantissa * 2^exponent. */
struct number {
	bool negative;
	int exponent;
	u32 mantissa;
};

static struct number unpack(u32 a)
{
	struct number n = {
		.negative = a >> 31,
		.exponent = (int)(a >> 23 & 0xff) - 150,
		.mantissa = a & 0x7fffff,
	};

	if (n.exponent == -150)
		n.exponent = -149;
	else
		n.mantissa |= 0x800000;
	return n;
}

/* Shift a mantissa that is not zero left until it has 24 bits. */
static struct number normalize(struct number n)
{
	int shift = __builtin_clz(n.mantissa) - 8;

	n.mantissa <<= shift;
	n.exponent -= shift;
	return n;
}

/*
 * Does rounding add one to a magnitude? @odd is its lowest bit. @rest compares
 * the bits that were cut off with one half: 0 none, 1 less, 2 equal, 3 more.
 */
static bool rounds_up(bool negative, bool odd, unsigned int rest, enum float_rounding mode)
{
	switch (mode) {
	case FLOAT_TO_NEAREST_EVEN:
		return rest == 3 || (rest == 2 && odd);
	case FLOAT_TO_NEAREST_AWAY:
		return rest >= 2;
	case FLOAT_DOWN:
		return rest && negative;
	case FLOAT_UP:
		return rest && !negative;
	default:
		return false;
	}
}

/* Cut @shift (1..) bits off @mantissa; see rounds_up() for @rest. */
static u64 cut(u64 mantissa, unsigned int shift, bool sticky, unsigned int *rest)
{
	u64 half, remainder;

	if (shift > 64) {
		*rest = mantissa || sticky;
		return 0;
	}
	half = 1ULL << (shift - 1);
	remainder = shift == 64 ? mantissa : mantissa & ((half << 1) - 1);
	if (remainder > half || (remainder == half && sticky))
		*rest = 3;
	else if (remainder == half)
		*rest = 2;
	else
		*rest = remainder || sticky;
	return shift == 64 ? 0 : mantissa >> shift;
}

/*
 * Round (mantissa + e) * 2^exponent, mantissa not 0, where 0 < e < 1 if
 * @sticky, else e = 0. With @sticky, mantissa has at least 26 bits.
 */
static u32 round_pack(bool negative, int exponent, u64 mantissa, bool sticky,
		      enum float_rounding mode, u32 *flags)
{
	unsigned int shift = 40, rest;
	u32 sign = negative ? FLOAT_SIGN : 0;
	bool tiny = false;
	u64 kept;
	int top;

	top = __builtin_clzll(mantissa);
	mantissa <<= top;
	exponent -= top;
	top = exponent + 63; /* exponent of the highest bit */

	if (top < -126) {
		/*
		 * RISC-V detects tininess after rounding: not tiny if, with
		 * an unbounded exponent, it would round to the smallest
		 * normal number.
		 */
		kept = cut(mantissa, 40, sticky, &rest);
		tiny = top < -127 || kept + rounds_up(negative, kept & 1, rest, mode) < 1U << 24;
		shift = 40 + (unsigned int)(-126 - top);
		top = -126;
	}
	kept = cut(mantissa, shift, sticky, &rest);
	kept += rounds_up(negative, kept & 1, rest, mode);
	if (rest) {
		*flags |= FLOAT_FLAG_INEXACT;
		if (tiny)
			*flags |= FLOAT_FLAG_UNDERFLOW;
	}
	if (kept == 1U << 24) {
		kept >>= 1;
		top++;
	}
	if (top > 127) {
		*flags |= FLOAT_FLAG_OVERFLOW | FLOAT_FLAG_INEXACT;
		if (mode == FLOAT_TO_ZERO || (mode == FLOAT_DOWN && !negative) ||
		    (mode == FLOAT_UP && negative))
			return sign | (FLOAT_INFINITY - 1);
		return sign | FLOAT_INFINITY;
	}
	/* A subnormal has no implied bit and so gets exponent field 0. */
	if (!(kept >> 23))
		return sign | (u32)kept;
	return sign | (u32)(top + 127) << 23 | (kept & 0x7fffff);
}

static u32 invalid(u32 *flags)
{
	*flags |= FLOAT_FLAG_INVALID;
	return FLOAT_CANONICAL_NAN;
}

/* The result if an operand is a NaN. */
static u32 propagate(u32 a, u32 b, u32 c, u32 *flags)
{
	if (float_is_signaling(a) || float_is_signaling(b) || float_is_signaling(c))
		*flags |= FLOAT_FLAG_INVALID;
	return FLOAT_CANONICAL_NAN;
}

/* x + y for 48-bit mantissas. */
static u32 add_numbers(bool x_negative, int x_exponent, u64 x, bool y_negative, int y_exponent,
		       u64 y, enum float_rounding mode, u32 *flags)
{
	bool sticky = false;
	u128 big, small;
	int shift;

	if (!x && !y) {
		if (x_negative == y_negative)
			return x_negative ? FLOAT_SIGN : 0;
		return mode == FLOAT_DOWN ? FLOAT_SIGN : 0;
	}
	if (!x)
		return round_pack(y_negative, y_exponent, y, false, mode, flags);
	if (!y)
		return round_pack(x_negative, x_exponent, x, false, mode, flags);

	/* Highest bit to bit 125: room for a carry, and for 77 bits below. */
	shift = __builtin_clzll(x);
	big = (u128)(x << shift) << 62;
	x_exponent -= shift + 62;
	shift = __builtin_clzll(y);
	small = (u128)(y << shift) << 62;
	y_exponent -= shift + 62;

	if (y_exponent > x_exponent || (y_exponent == x_exponent && small > big)) {
		u128 mantissa = big;
		int exponent = x_exponent;
		bool negative = x_negative;

		big = small;
		x_exponent = y_exponent;
		x_negative = y_negative;
		small = mantissa;
		y_exponent = exponent;
		y_negative = negative;
	}
	shift = x_exponent - y_exponent;
	if (shift >= 128) {
		small = 0;
		sticky = true;
	} else if (shift) {
		sticky = small << (128 - shift) != 0;
		small >>= shift;
	}
	if (x_negative == y_negative) {
		big += small;
	} else {
		/* What was cut off borrows one; the rest of it stays. */
		big -= small + sticky;
		if (!big)
			return mode == FLOAT_DOWN ? FLOAT_SIGN : 0;
	}
	/* Bits cut off are far below the result's: cancellation of more than
	 * one bit happens only where nothing was cut off.
	 */
	if (big >> 64) {
		shift = 64 - __builtin_clzll((u64)(big >> 64));
		sticky |= big << (128 - shift) != 0;
		big >>= shift;
		x_exponent += shift;
	}
	return round_pack(x_negative, x_exponent, (u64)big, sticky, mode, flags);
}

/** float_multiply_add - @a * @b + @c with one rounding */
u32 float_multiply_add(u32 a, u32 b, u32 c, enum float_rounding mode, u32 *flags)
{
	struct number x, y, z;
	u32 sign = (a ^ b) & FLOAT_SIGN;

	/* RISC-V: invalid even if the addend is a quiet NaN. */
	if ((float_is_infinite(a) && float_is_zero(b)) ||
	    (float_is_zero(a) && float_is_infinite(b)))
		return invalid(flags);
	if (float_is_nan(a) || float_is_nan(b) || float_is_nan(c))
		return propagate(a, b, c, flags);
	if (float_is_infinite(a) || float_is_infinite(b)) {
		if (float_is_infinite(c) && (c & FLOAT_SIGN) != sign)
			return invalid(flags);
		return sign | FLOAT_INFINITY;
	}
	if (float_is_infinite(c))
		return c;
	x = unpack(a);
	y = unpack(b);
	z = unpack(c);
	return add_numbers(sign, x.exponent + y.exponent, (u64)x.mantissa * y.mantissa,
			   z.negative, z.exponent, z.mantissa, mode, flags);
}

/** float_add - @a + @b; subtract by flipping the sign of @b */
u32 float_add(u32 a, u32 b, enum float_rounding mode, u32 *flags)
{
	struct number x, y;

	if (float_is_nan(a) || float_is_nan(b))
		return propagate(a, b, 0, flags);
	if (float_is_infinite(a)) {
		if (float_is_infinite(b) && a != b)
			return invalid(flags);
		return a;
	}
	if (float_is_infinite(b))
		return b;
	x = unpack(a);
	y = unpack(b);
	return add_numbers(x.negative, x.exponent, x.mantissa, y.negative, y.exponent, y.mantissa,
			   mode, flags);
}

/** float_multiply - @a * @b */
u32 float_multiply(u32 a, u32 b, enum float_rounding mode, u32 *flags)
{
	u32 sign = (a ^ b) & FLOAT_SIGN;
	struct number x, y;

	if (float_is_nan(a) || float_is_nan(b))
		return propagate(a, b, 0, flags);
	if (float_is_infinite(a) || float_is_infinite(b)) {
		if (float_is_zero(a) || float_is_zero(b))
			return invalid(flags);
		return sign | FLOAT_INFINITY;
	}
	if (float_is_zero(a) || float_is_zero(b))
		return sign;
	x = unpack(a);
	y = unpack(b);
	return round_pack(sign, x.exponent + y.exponent, (u64)x.mantissa * y.mantissa, false, mode,
			  flags);
}

/** float_divide - @a / @b */
u32 float_divide(u32 a, u32 b, enum float_rounding mode, u32 *flags)
{
	u32 sign = (a ^ b) & FLOAT_SIGN;
	struct number x, y;
	u64 dividend;

	if (float_is_nan(a) || float_is_nan(b))
		return propagate(a, b, 0, flags);
	if (float_is_infinite(a))
		return float_is_infinite(b) ? invalid(flags) : sign | FLOAT_INFINITY;
	if (float_is_infinite(b))
		return sign;
	if (float_is_zero(b)) {
		if (float_is_zero(a))
			return invalid(flags);
		*flags |= FLOAT_FLAG_DIVISION;
		return sign | FLOAT_INFINITY;
	}
	if (float_is_zero(a))
		return sign;
	x = normalize(unpack(a));
	y = normalize(unpack(b));
	dividend = (u64)x.mantissa << 40;
	return round_pack(sign, x.exponent - 40 - y.exponent, dividend / y.mantissa,
			  dividend % y.mantissa != 0, mode, flags);
}

/** float_square_root - square root of @a */
u32 float_square_root(u32 a, enum float_rounding mode, u32 *flags)
{
	u64 rest, root = 0, bit;
	struct number x;

	if (float_is_nan(a))
		return propagate(a, 0, 0, flags);
	if (float_is_zero(a))
		return a;
	if (a & FLOAT_SIGN)
		return invalid(flags);
	if (float_is_infinite(a))
		return a;
	x = normalize(unpack(a));
	/* An even exponent, and 62 or 63 bits, so that the root has 31 or 32. */
	rest = (u64)x.mantissa << 38;
	x.exponent -= 38;
	if (x.exponent & 1) {
		rest <<= 1;
		x.exponent--;
	}
	for (bit = 1ULL << 62; bit; bit >>= 2) {
		if (rest >= root + bit) {
			rest -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return round_pack(false, x.exponent / 2, root, rest != 0, mode, flags);
}

/* Less, with -0 below +0, for numbers that are no NaN. */
static bool ordered_less(u32 a, u32 b)
{
	if ((a ^ b) & FLOAT_SIGN)
		return a >> 31;
	return a >> 31 ? a > b : a < b;
}

static u32 choose(u32 a, u32 b, bool first, u32 *flags)
{
	if (float_is_signaling(a) || float_is_signaling(b))
		*flags |= FLOAT_FLAG_INVALID;
	if (float_is_nan(a))
		return float_is_nan(b) ? FLOAT_CANONICAL_NAN : b;
	if (float_is_nan(b))
		return a;
	return first ? a : b;
}

/** float_minimum - the smaller one; the number if one is a NaN; -0 < +0 */
u32 float_minimum(u32 a, u32 b, u32 *flags)
{
	return choose(a, b, ordered_less(a, b), flags);
}

/** float_maximum - the larger one; the number if one is a NaN; -0 < +0 */
u32 float_maximum(u32 a, u32 b, u32 *flags)
{
	return choose(a, b, ordered_less(b, a), flags);
}

/** float_equal - quiet: invalid for signaling NaNs only */
bool float_equal(u32 a, u32 b, u32 *flags)
{
	if (float_is_nan(a) || float_is_nan(b)) {
		propagate(a, b, 0, flags);
		return false;
	}
	return a == b || (float_is_zero(a) && float_is_zero(b));
}

/** float_less - signaling: invalid for any NaN */
bool float_less(u32 a, u32 b, u32 *flags)
{
	if (float_is_nan(a) || float_is_nan(b)) {
		invalid(flags);
		return false;
	}
	return ordered_less(a, b) && !(float_is_zero(a) && float_is_zero(b));
}

/** float_less_or_equal - signaling: invalid for any NaN */
bool float_less_or_equal(u32 a, u32 b, u32 *flags)
{
	if (float_is_nan(a) || float_is_nan(b)) {
		invalid(flags);
		return false;
	}
	return !ordered_less(b, a) || (float_is_zero(a) && float_is_zero(b));
}

/** float_class - the one-hot mask of FCLASS.S */
u32 float_class(u32 a)
{
	bool negative = a >> 31;

	if (float_is_nan(a))
		return float_is_signaling(a) ? 1U << 8 : 1U << 9;
	if (float_is_infinite(a))
		return negative ? 1U << 0 : 1U << 7;
	if (float_is_zero(a))
		return negative ? 1U << 3 : 1U << 4;
	if (!(a & FLOAT_INFINITY))
		return negative ? 1U << 2 : 1U << 5;
	return negative ? 1U << 1 : 1U << 6;
}

/** float_from_integer - convert sign and magnitude */
u32 float_from_integer(bool negative, u64 magnitude, enum float_rounding mode, u32 *flags)
{
	if (!magnitude)
		return 0;
	return round_pack(negative, 0, magnitude, false, mode, flags);
}

/**
 * float_to_integer - convert to an integer of 32 or 64 bits
 * @a: value
 * @is_signed: to a signed integer
 * @bits: 32 or 64
 * @mode: rounding mode
 * @flags: exception flags to add to
 *
 * What does not fit saturates and is invalid, a NaN counting as +infinity.
 *
 * Return: the integer, sign-extended from @bits (unsigned ones too, as
 * RISC-V wants it).
 */
u64 float_to_integer(u32 a, bool is_signed, unsigned int bits, enum float_rounding mode,
		     u32 *flags)
{
	u64 largest = ~0ULL >> (64 - bits) >> is_signed, limit, magnitude;
	struct number n = unpack(a);
	unsigned int rest = 0;
	bool negative = a >> 31;

	if (float_is_nan(a))
		negative = false;
	limit = !negative ? largest : is_signed ? largest + 1 : 0;
	if ((a & FLOAT_INFINITY) == FLOAT_INFINITY || n.exponent > 40) {
		magnitude = limit;
		*flags |= FLOAT_FLAG_INVALID;
	} else {
		if (n.exponent >= 0) {
			magnitude = (u64)n.mantissa << n.exponent;
		} else {
			magnitude = cut(n.mantissa, (unsigned int)-n.exponent, false, &rest);
			magnitude += rounds_up(negative, magnitude & 1, rest, mode);
		}
		if (magnitude > limit) {
			magnitude = limit;
			*flags |= FLOAT_FLAG_INVALID;
		} else if (rest) {
			*flags |= FLOAT_FLAG_INEXACT;
		}
	}
	magnitude = negative ? 0 - magnitude : magnitude;
	return bits == 32 ? (u64)(s64)(s32)(u32)magnitude : magnitude;
}
