// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_float.c - every floating-point computation of a hart
 *
 * Results and flags are held against the host's FPU in the four rounding
 * modes it has. Round-to-nearest-ties-away, which it has not, is derived from
 * its round-down and round-up results and an exact comparison with the point
 * between. What RISC-V decides differently from the host is a table.
 */
#include <fenv.h>
#include <math.h>

#include "one_hart.h"
#include "cpu/softfloat.h"

#define ROUNDS	4000

static void setup(void)
{
	one_hart_setup("test_float");
}

/* Numbers of all kinds, and pairs whose sums and products meet edges. */
static uint32_t operand(void)
{
	static const uint32_t edges[] = {
		0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
		0x80800000, 0x00800001, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f7fffff, 0x7f7fffff,
		0xff7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0xffbfffff, 0x7fc00000, 0xffc00001,
		0x7fffffff, 0x4b800000, 0x4b000001, 0x33800000, 0x34000000, 0x40000000, 0x40400000,
		0x00400000, 0x7f000000,
	};
	uint64_t r = unit_random(&source);
	uint32_t bits = (uint32_t)(r >> 32);

	switch (r & 7) {
	case 0:
	case 1:
		return edges[bits % (sizeof(edges) / sizeof(edges[0]))];
	case 2: /* close to one another: cancellation */
		return (bits & 0x80000fff) | 0x3f800000 | (r >> 8 & 3) << 23;
	case 3: /* few bits: exact results and ties */
		return (bits & 0xff900000) ^ (r >> 8 & 3) << 10;
	case 4: /* close to the subnormal numbers */
		return bits & 0x81ffffff;
	case 5:
		return (bits & 0x8fffffff) | 0x38000000;
	default:
		return bits;
	}
}

static float value(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

static uint32_t bits_of(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, 4);
	return float_is_nan(bits) ? FLOAT_CANONICAL_NAN : bits;
}

static uint32_t host_flags(void)
{
	int raised = fetestexcept(FE_ALL_EXCEPT);

	return (raised & FE_INVALID ? FLOAT_FLAG_INVALID : 0) |
	       (raised & FE_DIVBYZERO ? FLOAT_FLAG_DIVISION : 0) |
	       (raised & FE_OVERFLOW ? FLOAT_FLAG_OVERFLOW : 0) |
	       (raised & FE_UNDERFLOW ? FLOAT_FLAG_UNDERFLOW : 0) |
	       (raised & FE_INEXACT ? FLOAT_FLAG_INEXACT : 0);
}

enum kind { ADD, SUBTRACT, MULTIPLY, DIVIDE, ROOT, FMADD, FMSUB, FNMSUB, FNMADD, KINDS };

static const char * const names[KINDS] = {
	"fadd", "fsub", "fmul", "fdiv", "fsqrt", "fmadd", "fmsub", "fnmsub", "fnmadd",
};

static uint32_t encode(enum kind kind, uint32_t mode, uint32_t rd, uint32_t rs1, uint32_t rs2,
		       uint32_t rs3)
{
	static const uint32_t funct7[] = { 0x00, 0x04, 0x08, 0x0c, 0x2c };

	if (kind >= FMADD)
		return rv_r(0x43 + 4 * (kind - FMADD), mode, rs3 << 2, rd, rs1, rs2);
	return rv_r(OP_FLOAT, mode, funct7[kind], rd, rs1, kind == ROOT ? 0 : rs2);
}

/* The host's result and flags. Volatile: computed here, in this rounding mode. */
static uint32_t on_host(enum kind kind, int host_mode, uint32_t a, uint32_t b, uint32_t c,
			uint32_t *flags)
{
	volatile float x, y, z, result;

	if (kind == FNMSUB || kind == FNMADD)
		a ^= FLOAT_SIGN;
	if (kind == FMSUB || kind == FNMADD)
		c ^= FLOAT_SIGN;
	x = value(a);
	y = value(b);
	z = value(c);
	fesetround(host_mode);
	feclearexcept(FE_ALL_EXCEPT);
	switch (kind) {
	case ADD:
		result = x + y;
		break;
	case SUBTRACT:
		result = x - y;
		break;
	case MULTIPLY:
		result = x * y;
		break;
	case DIVIDE:
		result = x / y;
		break;
	case ROOT:
		result = sqrtf(x);
		break;
	default:
		result = fmaf(x, y, z);
		/* RISC-V says so even if the addend is a quiet NaN. */
		if ((float_is_infinite(a) && float_is_zero(b)) ||
		    (float_is_zero(a) && float_is_infinite(b)))
			feraiseexcept(FE_INVALID);
		break;
	}
	*flags = host_flags();
	fesetround(FE_TONEAREST);
	return bits_of(result);
}

/*
 * How does the exact result compare with @middle? False if it can't be told
 * with 113 bits.
 */
static bool compare_exact(enum kind kind, uint32_t a, uint32_t b, uint32_t c, __float128 middle,
			  int *order)
{
	__float128 x = value(a), y = value(b), z = value(c), left, right = middle;
	bool swap = false;

	if (kind == FNMSUB || kind == FNMADD)
		x = -x;
	if (kind == FMSUB || kind == FNMADD)
		z = -z;
	feclearexcept(FE_INEXACT);
	switch (kind) {
	case ADD:
		left = x + y;
		break;
	case SUBTRACT:
		left = x - y;
		break;
	case MULTIPLY:
		left = x * y;
		break;
	case DIVIDE:
		left = x;
		right = middle * y;
		swap = y < 0;
		break;
	case ROOT:
		left = x;
		right = middle * middle;
		break;
	default:
		left = x * y + z;
		break;
	}
	*order = left < right ? -1 : left > right;
	if (swap)
		*order = -*order;
	return !fetestexcept(FE_INEXACT) || *order;
}

/* Ties away from zero. @mask: flags that can be told. False: can't be told at all. */
static bool ties_away(enum kind kind, uint32_t a, uint32_t b, uint32_t c, uint32_t *result,
		      uint32_t *flags, uint32_t *mask)
{
	uint32_t low_flags, high_flags, low, high;
	__float128 l, h;
	int order;

	low = on_host(kind, FE_DOWNWARD, a, b, c, &low_flags);
	high = on_host(kind, FE_UPWARD, a, b, c, &high_flags);
	*mask = 0x1f;
	*flags = low_flags & high_flags;
	if (!(low_flags & FLOAT_FLAG_INEXACT)) {
		/* Exact, or none of rounding's business; but for zero's sign. */
		*result = high;
		*flags = high_flags;
		return true;
	}
	*mask &= ~((low_flags ^ high_flags) & FLOAT_FLAG_UNDERFLOW);
	l = value(low);
	h = value(high);
	/* Infinity stands for the next number there would be. */
	if (float_is_infinite(low))
		l = -340282366920938463463374607431768211456.0Q;
	if (float_is_infinite(high))
		h = 340282366920938463463374607431768211456.0Q;
	if (!compare_exact(kind, a, b, c, (l + h) / 2, &order))
		return false;
	if (!order)
		order = l + h < 0 || (l + h == 0 && low >> 31) ? -1 : 1;
	*result = order < 0 ? low : high;
	if (float_is_infinite(*result))
		*flags |= FLOAT_FLAG_OVERFLOW;
	return true;
}

START_TEST(arithmetic)
{
	static const int host_modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	enum kind kind = _i / 5;
	uint32_t mode = _i % 5, told = 0, seen_flags = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs1 = unit_random(&source) & 31;
		uint32_t rs2 = unit_random(&source) & 31, rs3 = unit_random(&source) & 31;
		uint32_t a, b, c, expected, flags, mask = 0x1f, before_flags, i;
		bool dynamic = unit_random(&source) & 1;
		struct hart before;

		for (i = 0; i < 32; i++)
			hart.f[i] = operand();
		/* Sums overflow only if both are huge: too rare by chance. */
		if (round % 16 == 8) {
			hart.f[rs1] = ((uint32_t)unit_random(&source) & 0x807fffff) | 0x7f000000;
			hart.f[rs2] = ((uint32_t)unit_random(&source) & 0x807fffff) | 0x7f000000;
		}
		/* Close products and addends, so that FMA cancels. */
		if (kind >= FMADD && round & 1)
			hart.f[rs3] = bits_of(value(hart.f[rs1]) * value(hart.f[rs2])) ^
				      (round & 2 ? FLOAT_SIGN : 0) ^ (round & 4 ? 1 : 0);
		a = hart.f[rs1];
		b = hart.f[rs2];
		c = hart.f[rs3];
		if (mode == FLOAT_TO_NEAREST_AWAY) {
			if (!ties_away(kind, a, b, c, &expected, &flags, &mask))
				continue;
		} else {
			expected = on_host(kind, host_modes[mode], a, b, c, &flags);
		}
		told++;
		seen_flags |= flags;
		before_flags = unit_random(&source) & unit_random(&source) & 0x1f;
		hart.fcsr = before_flags | (dynamic ? mode : unit_random(&source) & 7) << 5;
		before = hart;
		unit_assert(step(encode(kind, dynamic ? 7 : mode, rd, rs1, rs2, rs3)) ==
			    HART_READY, "%s refused", names[kind]);
		unit_assert(hart.f[rd] == expected,
			    "%s mode %u of %08x %08x %08x is %08x, not %08x", names[kind], mode,
			    a, b, c, hart.f[rd], expected);
		unit_assert(((hart.fcsr ^ (before_flags | flags)) & mask) == 0,
			    "%s mode %u of %08x %08x %08x: flags %02x, not %02x (had %02x)",
			    names[kind], mode, a, b, c, hart.fcsr & 0x1f, flags, before_flags);
		unit_equal(hart.fcsr >> 5, before.fcsr >> 5);
		hart.f[rd] = before.f[rd];
		unit_equal(memcmp(hart.f, before.f, sizeof(hart.f)), 0);
		unit_equal(memcmp(hart.x, before.x, sizeof(hart.x)), 0);
	}
	ck_assert_uint_gt(told, ROUNDS / 2);
	/* The operands were worth it. */
	unit_equal(seen_flags & (FLOAT_FLAG_INEXACT | FLOAT_FLAG_INVALID),
		   FLOAT_FLAG_INEXACT | FLOAT_FLAG_INVALID);
	if (kind != ROOT)
		ck_assert(seen_flags & FLOAT_FLAG_OVERFLOW);
	if (kind == MULTIPLY || kind == DIVIDE || kind >= FMADD)
		ck_assert(seen_flags & FLOAT_FLAG_UNDERFLOW);
	if (kind == DIVIDE)
		ck_assert(seen_flags & FLOAT_FLAG_DIVISION);
}
END_TEST

/* The default mode runs on the host's FPU: is softfloat.c the same there? */
START_TEST(softfloat_agrees_in_the_default_mode)
{
	int round;

	for (round = 0; round < 10 * ROUNDS; round++) {
		uint32_t a = operand(), b = operand(), c = operand(), flags, host, soft = 0;
		enum kind kind = round % FMSUB;
		uint32_t expected = on_host(kind, FE_TONEAREST, a, b, c, &host), result;

		flags = 0;
		switch (kind) {
		case ADD:
			result = float_add(a, b, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		case SUBTRACT:
			result = float_add(a, b ^ FLOAT_SIGN, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		case MULTIPLY:
			result = float_multiply(a, b, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		case DIVIDE:
			result = float_divide(a, b, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		case ROOT:
			result = float_square_root(a, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		default:
			result = float_multiply_add(a, b, c, FLOAT_TO_NEAREST_EVEN, &flags);
			break;
		}
		soft = result;
		unit_assert(soft == expected && flags == host,
			    "%s of %08x %08x %08x is %08x flags %02x, not %08x flags %02x",
			    names[kind], a, b, c, soft, flags, expected, host);
	}
}
END_TEST

/* The nearest integer in @mode; @inexact. All floats' integers fit __int128. */
static __int128 round_host(float x, uint32_t mode, bool *inexact)
{
	float low = floorf(x), high = ceilf(x), rounded;

	*inexact = low != high;
	switch (mode) {
	case FLOAT_TO_NEAREST_EVEN:
		rounded = rintf(x);
		break;
	case FLOAT_TO_ZERO:
		rounded = truncf(x);
		break;
	case FLOAT_DOWN:
		rounded = low;
		break;
	case FLOAT_UP:
		rounded = high;
		break;
	default:
		rounded = roundf(x); /* ties away from zero */
		break;
	}
	if (rounded > 1e30f)
		return (__int128)1 << 100;
	if (rounded < -1e30f)
		return -((__int128)1 << 100);
	return (__int128)rounded;
}

START_TEST(to_integer)
{
	static const __int128 one = 1;
	const __int128 least[] = { -(one << 31), 0, -(one << 63), 0 };
	const __int128 most[] = { (one << 31) - 1, (one << 32) - 1, (one << 63) - 1,
				  (one << 64) - 1 };
	uint32_t type = _i / 5, mode = _i % 5;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = 1 + unit_random(&source) % 31, rs1 = unit_random(&source) & 31;
		uint32_t a = operand(), flags = 0;
		uint64_t expected;
		__int128 integer;
		bool inexact = false;

		/* Mostly around 0 and around the limits. */
		if (round % 4 == 1)
			a = (a & 0x807fffff) | (uint32_t)(120 + unit_random(&source) % 12) << 23;
		else if (round % 4 == 2)
			a = (a & 0x807fffff) | (uint32_t)(155 + unit_random(&source) % 38) << 23;
		else if (round % 4 == 3) /* ties */
			a = bits_of((float)((int)(unit_random(&source) % 64) - 32) / 2);
		if (float_is_nan(a)) {
			integer = most[type];
			flags = FLOAT_FLAG_INVALID;
		} else {
			integer = round_host(value(a), mode, &inexact);
			flags = inexact ? FLOAT_FLAG_INEXACT : 0;
			if (integer < least[type]) {
				integer = least[type];
				flags = FLOAT_FLAG_INVALID;
			} else if (integer > most[type]) {
				integer = most[type];
				flags = FLOAT_FLAG_INVALID;
			}
		}
		expected = (uint64_t)integer;
		if (type < 2)
			expected = (uint64_t)(int64_t)(int32_t)(uint32_t)expected;
		hart.f[rs1] = a;
		hart.fcsr = 0;
		unit_equal(step(rv_r(OP_FLOAT, mode, 0x60, rd, rs1, type)), HART_READY);
		unit_assert(hart.x[rd] == expected && hart.fcsr == flags,
			    "type %u mode %u of %08x (%a) is 0x%llx flags %02x, not 0x%llx %02x",
			    type, mode, a, value(a), (unsigned long long)hart.x[rd], hart.fcsr,
			    (unsigned long long)expected, flags);
	}
}
END_TEST

START_TEST(from_integer)
{
	static const int host_modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
	uint32_t type = _i / 5, mode = _i % 5, seen = 0;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t rd = unit_random(&source) & 31, rs1 = 1 + unit_random(&source) % 31;
		uint64_t r = unit_random(&source), integer = r >> (r & 63), middle;
		uint32_t expected, flags, low;
		volatile int64_t s;
		volatile uint64_t u;
		volatile float result;

		/* 24 ones and something around a half behind them. */
		if (round & 1) {
			middle = 0x1000000 | (integer & 0xffffff);
			integer = (middle << (r >> 8 & 31)) + ((r >> 16 & 3) - 1);
		}
		if (r >> 20 & 1)
			integer = 0 - integer;
		hart.x[rs1] = integer;
		if (type == 0)
			integer = (uint64_t)(int64_t)(int32_t)(uint32_t)integer;
		else if (type == 1)
			integer = (uint32_t)integer;
		s = (int64_t)integer;
		u = integer;
		fesetround(host_modes[mode & 3]);
		feclearexcept(FE_ALL_EXCEPT);
		if (type & 1)
			result = u;
		else
			result = s;
		flags = host_flags();
		fesetround(FE_TONEAREST);
		expected = bits_of(result);
		if (mode == FLOAT_TO_NEAREST_AWAY && flags) {
			/* 64 bits of mantissa hold the exact value and the middle. */
			long double x = type & 1 ? (long double)u : (long double)s, l, h;

			fesetround(FE_TOWARDZERO);
			result = x;
			fesetround(FE_TONEAREST);
			low = bits_of(result);
			l = fabsl((long double)value(low));
			h = fabsl((long double)value(low + 1));
			expected = fabsl(x) - l >= h - fabsl(x) ? low + 1 : low;
		}
		seen |= flags;
		hart.fcsr = 0;
		unit_equal(step(rv_r(OP_FLOAT, mode, 0x68, rd, rs1, type)), HART_READY);
		unit_assert(hart.f[rd] == expected && hart.fcsr == flags,
			    "type %u mode %u of 0x%llx is %08x flags %02x, not %08x flags %02x",
			    type, mode, (unsigned long long)integer, hart.f[rd], hart.fcsr,
			    expected, flags);
	}
	unit_equal(seen, FLOAT_FLAG_INEXACT);
}
END_TEST

START_TEST(comparison)
{
	int round;

	for (round = 0; round < 5 * ROUNDS; round++) {
		uint32_t a = operand(), b = round % 8 ? operand() : a, kind = round % 3;
		uint32_t rd = 1 + unit_random(&source) % 31;
		bool nan = float_is_nan(a) || float_is_nan(b), expected, invalid;

		hart.f[3] = a;
		hart.f[4] = b;
		hart.fcsr = 0;
		expected = kind == 0 ? value(a) <= value(b) :
			   kind == 1 ? value(a) < value(b) : value(a) == value(b);
		invalid = kind == 2 ? float_is_signaling(a) || float_is_signaling(b) : nan;
		unit_equal(step(rv_r(OP_FLOAT, kind, 0x50, rd, 3, 4)), HART_READY);
		unit_assert(hart.x[rd] == expected, "compare %u %08x %08x", kind, a, b);
		unit_equal(hart.fcsr, invalid ? FLOAT_FLAG_INVALID : 0);
	}
}
END_TEST

START_TEST(minimum_and_maximum)
{
	int round;

	for (round = 0; round < 5 * ROUNDS; round++) {
		uint32_t a = operand(), b = operand(), max = round & 1, expected;
		bool flag = float_is_signaling(a) || float_is_signaling(b);

		if (float_is_nan(a))
			expected = float_is_nan(b) ? FLOAT_CANONICAL_NAN : b;
		else if (float_is_nan(b))
			expected = a;
		else if (value(a) == value(b)) /* of two zeros, by sign */
			expected = max ? a & b : a | b;
		else
			expected = (value(a) < value(b)) != max ? a : b;
		hart.f[3] = a;
		hart.f[4] = b;
		hart.fcsr = 0;
		unit_equal(step(rv_r(OP_FLOAT, max, 0x14, 5, 3, 4)), HART_READY);
		unit_assert(hart.f[5] == expected, "f%s of %08x %08x is %08x",
			    max ? "max" : "min", a, b, hart.f[5]);
		unit_equal(hart.fcsr, flag ? FLOAT_FLAG_INVALID : 0);
	}
}
END_TEST

START_TEST(signs_and_moves)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint32_t a = operand(), b = operand(), class;
		float x = value(a);

		hart.f[3] = a;
		hart.f[4] = b;
		step(rv_r(OP_FLOAT, 0, 0x10, 5, 3, 4));
		unit_equal(hart.f[5], (a & 0x7fffffff) | (b & 0x80000000));
		step(rv_r(OP_FLOAT, 1, 0x10, 5, 3, 4));
		unit_equal(hart.f[5], (a & 0x7fffffff) | (~b & 0x80000000));
		step(rv_r(OP_FLOAT, 2, 0x10, 5, 3, 4));
		unit_equal(hart.f[5], a ^ (b & 0x80000000));
		step(rv_r(OP_FLOAT, 0, 0x70, 6, 3, 0));
		unit_equal(hart.x[6], (uint64_t)(int64_t)(int32_t)a);
		hart.x[7] = unit_random(&source) << 32 | a;
		step(rv_r(OP_FLOAT, 0, 0x78, 8, 7, 0));
		unit_equal(hart.f[8], a);

		switch (fpclassify(x)) {
		case FP_INFINITE:
			class = x < 0 ? 0 : 7;
			break;
		case FP_NORMAL:
			class = x < 0 ? 1 : 6;
			break;
		case FP_SUBNORMAL:
			class = x < 0 ? 2 : 5;
			break;
		case FP_ZERO:
			class = signbit(x) ? 3 : 4;
			break;
		default:
			class = a & 0x400000 ? 9 : 8;
			break;
		}
		step(rv_r(OP_FLOAT, 1, 0x70, 6, 3, 0));
		unit_equal(hart.x[6], 1u << class);
	}
	unit_equal(hart.fcsr, 0);
	step(rv_r(OP_FLOAT, 0, 0x70, 0, 3, 0));
	unit_equal(hart.x[0], 0);
}
END_TEST

/* By the letter of the specification, so that no host has a say. */
START_TEST(specified_results)
{
	static const struct {
		uint32_t instruction;	/* of f1, f2, f3 and x1, to f5 or x5 */
		uint32_t a, b, c;
		uint64_t result;
		uint32_t flags;
	} cases[] = {
		/* fadd 1 + 2^-24: a tie: to even, to zero, down, up, away. */
		{ 0x0020f2d3 & ~0x7000u, 0x3f800000, 0x33800000, 0, 0x3f800000, 1 },
		{ 0x002092d3, 0x3f800000, 0x33800000, 0, 0x3f800000, 1 },
		{ 0x0020a2d3, 0x3f800000, 0x33800000, 0, 0x3f800000, 1 },
		{ 0x0020b2d3, 0x3f800000, 0x33800000, 0, 0x3f800001, 1 },
		{ 0x0020c2d3, 0x3f800000, 0x33800000, 0, 0x3f800001, 1 },
		{ 0x0020c2d3, 0xbf800000, 0xb3800000, 0, 0xbf800001, 1 },
		/* inf - inf, and a quiet NaN with a payload */
		{ 0x002082d3, 0x7f800000, 0xff800000, 0, 0x7fc00000, 0x10 },
		{ 0x002082d3, 0xffc12345, 0x3f800000, 0, 0x7fc00000, 0 },
		{ 0x002082d3, 0x7f812345, 0x3f800000, 0, 0x7fc00000, 0x10 },
		/* 1 - 1: +0, but -0 when rounding down */
		{ 0x082082d3, 0x3f800000, 0x3f800000, 0, 0x00000000, 0 },
		{ 0x0820a2d3, 0x3f800000, 0x3f800000, 0, 0x80000000, 0 },
		/* 1 / 0, 0 / 0, sqrt(-1), sqrt(-0) */
		{ 0x182082d3, 0x3f800000, 0x80000000, 0, 0xff800000, 0x08 },
		{ 0x182082d3, 0x00000000, 0x80000000, 0, 0x7fc00000, 0x10 },
		{ 0x580082d3, 0xbf800000, 0, 0, 0x7fc00000, 0x10 },
		{ 0x580082d3, 0x80000000, 0, 0, 0x80000000, 0 },
		/* largest * 2 in the five modes */
		{ 0x102082d3, 0x7f7fffff, 0x40000000, 0, 0x7f800000, 5 },
		{ 0x102092d3, 0x7f7fffff, 0x40000000, 0, 0x7f7fffff, 5 },
		{ 0x1020a2d3, 0x7f7fffff, 0x40000000, 0, 0x7f7fffff, 5 },
		{ 0x1020b2d3, 0x7f7fffff, 0x40000000, 0, 0x7f800000, 5 },
		{ 0x1020c2d3, 0x7f7fffff, 0x40000000, 0, 0x7f800000, 5 },
		/*
		 * Tininess is detected after rounding: (1 - 2^-24) * 2^-126
		 * is tiny as it is exact to 24 bits; with 25 ones it is not.
		 */
		{ 0x102082d3, 0x00800000, 0x3f7fffff, 0, 0x00800000, 3 },
		{ 0x102082d3, 0x00ffffff, 0x3f000000, 0, 0x00800000, 3 },
		{ 0x1020a2d3, 0x00ffffff, 0x3f000000, 0, 0x007fffff, 3 },
		{ 0x1820a2d3, 0x00000001, 0x40000000, 0, 0x00000000, 3 },
		{ 0x1820b2d3, 0x00000001, 0x40000000, 0, 0x00000001, 3 },
		{ 0x1820c2d3, 0x00000001, 0x40000000, 0, 0x00000001, 3 },
		/* inf * 0 + quiet NaN is invalid all the same */
		{ 0x182082c3, 0x7f800000, 0x00000000, 0x7fc00000, 0x7fc00000, 0x10 },
		{ 0x182082c3, 0x3f800000, 0x3f800000, 0x7fc00000, 0x7fc00000, 0 },
		/* fnmadd: -(1 * 1) - (-1) = +0; fnmsub: -(1 * 1) + 1 */
		{ 0x182082cf, 0x3f800000, 0x3f800000, 0xbf800000, 0x00000000, 0 },
		{ 0x182082cb, 0x3f800000, 0x3f800000, 0x3f800000, 0x00000000, 0 },
		{ 0x182082cb, 0x40000000, 0x40400000, 0x3f800000, 0xc0a00000, 0 },
		{ 0x182082c7, 0x40000000, 0x40400000, 0x3f800000, 0x40a00000, 0 },
		/* fmin, fmax: -0 < +0; a number beats a NaN */
		{ 0x282082d3, 0x00000000, 0x80000000, 0, 0x80000000, 0 },
		{ 0x282092d3, 0x80000000, 0x00000000, 0, 0x00000000, 0 },
		{ 0x282082d3, 0x7fc00000, 0x40000000, 0, 0x40000000, 0 },
		{ 0x282092d3, 0x40000000, 0x7f800001, 0, 0x40000000, 0x10 },
		{ 0x282092d3, 0xffffffff, 0xffc00000, 0, 0x7fc00000, 0 },
	};
	static const struct {
		uint32_t instruction, a;
		uint64_t result;
		uint32_t flags;
	} conversions[] = {
		/* fcvt.w.s rtz, wu, l, lu */
		{ 0xc00092d3, 0xbf8ccccd, 0xffffffffffffffff, 1 },		/* -1.1 */
		{ 0xc00092d3, 0x4f000000, 0x7fffffff, 0x10 },		/* 2^31 */
		{ 0xc00092d3, 0xcf000000, 0xffffffff80000000, 0 },		/* -2^31 */
		{ 0xc00092d3, 0xff800000, 0xffffffff80000000, 0x10 },
		{ 0xc00092d3, 0xffc00000, 0x7fffffff, 0x10 },		/* NaN */
		{ 0xc01092d3, 0x4f7fffff, 0xffffffffffffff00, 0 },		/* sign-extended */
		{ 0xc01092d3, 0xbf666666, 0, 1 },				/* -0.9 */
		{ 0xc01092d3, 0xbf800000, 0, 0x10 },
		{ 0xc010a2d3, 0xbf000000, 0, 0x10 },				/* -0.5 down */
		{ 0xc01092d3, 0x4f800000, 0xffffffffffffffff, 0x10 },
		{ 0xc01092d3, 0x7fc00000, 0xffffffffffffffff, 0x10 },
		{ 0xc02092d3, 0x5f000000, 0x7fffffffffffffff, 0x10 },
		{ 0xc02092d3, 0xdf000000, 0x8000000000000000, 0 },
		{ 0xc02092d3, 0x7f800001, 0x7fffffffffffffff, 0x10 },
		{ 0xc03092d3, 0x5f7fffff, 0xffffff0000000000, 0 },
		{ 0xc03092d3, 0x5f800000, 0xffffffffffffffff, 0x10 },
		{ 0xc03092d3, 0xff800000, 0, 0x10 },
		{ 0xc00082d3, 0x40200000, 2, 1 },				/* 2.5 to even */
		{ 0xc000c2d3, 0x40200000, 3, 1 },				/* away */
		{ 0xc000c2d3, 0xc0200000, 0xfffffffffffffffd, 1 },
		{ 0xc000b2d3, 0x00000001, 1, 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hart.fcsr = 0;
		hart.f[1] = cases[i].a;
		hart.f[2] = cases[i].b;
		hart.f[3] = cases[i].c;
		unit_equal(step(cases[i].instruction), HART_READY);
		unit_assert(hart.f[5] == cases[i].result && hart.fcsr == cases[i].flags,
			    "case %u, %08x of %08x %08x %08x: %08x flags %02x", i,
			    cases[i].instruction, cases[i].a, cases[i].b, cases[i].c, hart.f[5],
			    hart.fcsr);
	}
	for (i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
		hart.fcsr = 0;
		hart.f[1] = conversions[i].a;
		unit_equal(step(conversions[i].instruction), HART_READY);
		unit_assert(hart.x[5] == conversions[i].result &&
			    hart.fcsr == conversions[i].flags,
			    "conversion %u, %08x of %08x: 0x%llx flags %02x", i,
			    conversions[i].instruction, conversions[i].a,
			    (unsigned long long)hart.x[5], hart.fcsr);
	}
}
END_TEST

/* The thread that runs a hart keeps its own rounding mode and flags. */
START_TEST(host_environment_is_kept)
{
	fesetround(FE_UPWARD);
	feclearexcept(FE_ALL_EXCEPT);
	hart.f[1] = 0x3f800000;
	hart.f[2] = 0x33000000;
	hart.fcsr = 0;
	step(encode(ADD, 0, 5, 1, 2, 0));
	unit_equal(fegetround(), FE_UPWARD);
	unit_equal(fetestexcept(FE_ALL_EXCEPT), 0);
	fesetround(FE_TONEAREST);
	unit_equal(hart.f[5], 0x3f800000);
	unit_equal(hart.fcsr, FLOAT_FLAG_INEXACT);

	feraiseexcept(FE_DIVBYZERO);
	hart.fcsr = 0;
	step(encode(ADD, 0, 5, 1, 1, 0));
	unit_equal(hart.fcsr, 0); /* the host's flags are not the hart's */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("float");
	TCase *tests = tcase_create("float");

	tcase_add_checked_fixture(tests, setup, one_hart_teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, arithmetic, 0, KINDS * 5);
	tcase_add_test(tests, softfloat_agrees_in_the_default_mode);
	tcase_add_loop_test(tests, to_integer, 0, 4 * 5);
	tcase_add_loop_test(tests, from_integer, 0, 4 * 5);
	tcase_add_test(tests, comparison);
	tcase_add_test(tests, minimum_and_maximum);
	tcase_add_test(tests, signs_and_moves);
	tcase_add_test(tests, specified_results);
	tcase_add_test(tests, host_environment_is_kept);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_float");
}
