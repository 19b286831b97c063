// SPDX-License-Identifier: GPL-2.0-only
/*
 * integers.cl - functions of integers
 */
#define INTEGER(t, u, bits) \
	t OVERLOAD min(t a, t b) { return a < b ? a : b; } VECTORS2(min, t) \
	t OVERLOAD max(t a, t b) { return a > b ? a : b; } VECTORS2(max, t) \
	t OVERLOAD clamp(t a, t b, t c) { return min(max(a, b), c); } VECTORS3(clamp, t) \
	t OVERLOAD rotate(t a, t b) { uint n = (uint)b & (bits - 1); \
		return (t)((u)a << n | (u)a >> (bits - n & (bits - 1))); } VECTORS2(rotate, t) \
	u OVERLOAD abs_diff(t a, t b) { return a > b ? (u)a - (u)b : (u)b - (u)a; } \
	t OVERLOAD clz(t a) { return a ? (t)(__builtin_clzl((ulong)(u)a) - (64 - bits)) : bits; } VECTORS1(clz, t) \
	t OVERLOAD popcount(t a) { return (t)__builtin_popcountl((ulong)(u)a); } VECTORS1(popcount, t)
INTEGER(char, uchar, 8) INTEGER(uchar, uchar, 8) INTEGER(short, ushort, 16) INTEGER(ushort, ushort, 16)
INTEGER(int, uint, 32) INTEGER(uint, uint, 32) INTEGER(long, ulong, 64) INTEGER(ulong, ulong, 64)

int OVERLOAD mul_hi(int a, int b) { return (int)((long)a * b >> 32); } VECTORS2(mul_hi, int)
uint OVERLOAD mul_hi(uint a, uint b) { return (uint)((ulong)a * b >> 32); } VECTORS2(mul_hi, uint)
int OVERLOAD mul24(int a, int b) { return a * b; } VECTORS2(mul24, int)
uint OVERLOAD mul24(uint a, uint b) { return a * b; } VECTORS2(mul24, uint)
int OVERLOAD mad24(int a, int b, int c) { return a * b + c; } VECTORS3(mad24, int)
uint OVERLOAD mad24(uint a, uint b, uint c) { return a * b + c; } VECTORS3(mad24, uint)

#define INTEGER_BY_ONE(t, H) \
	t##H OVERLOAD min(t##H a, t b) { return min(a, (t##H)b); } \
	t##H OVERLOAD max(t##H a, t b) { return max(a, (t##H)b); } \
	t##H OVERLOAD clamp(t##H a, t b, t c) { return clamp(a, (t##H)b, (t##H)c); }
#define SATURATING(t, H) \
	t##H OVERLOAD add_sat(t##H a, t##H b) { return __builtin_elementwise_add_sat(a, b); } \
	t##H OVERLOAD sub_sat(t##H a, t##H b) { return __builtin_elementwise_sub_sat(a, b); }
#define MORE(t, H) \
	t##H OVERLOAD hadd(t##H a, t##H b) { return (a & b) + ((a ^ b) >> (t##H)1); } \
	t##H OVERLOAD rhadd(t##H a, t##H b) { return (a | b) - ((a ^ b) >> (t##H)1); } \
	t##H OVERLOAD mad_hi(t##H a, t##H b, t##H c) { return mul_hi(a, b) + c; }
#define ALL_MORE(t) MORE(t, ) MORE(t, 2) MORE(t, 3) MORE(t, 4) MORE(t, 8) MORE(t, 16) \
	INTEGER_BY_ONE(t, 2) INTEGER_BY_ONE(t, 3) INTEGER_BY_ONE(t, 4) INTEGER_BY_ONE(t, 8) \
	INTEGER_BY_ONE(t, 16) SATURATING(t, 2) SATURATING(t, 3) SATURATING(t, 4) SATURATING(t, 8) \
	SATURATING(t, 16)
/* clang makes an int of each narrow scalar. */
#define NARROW(t, wide, bits) \
	t OVERLOAD add_sat(t a, t b) { return convert_##t##_sat((int)a + (int)b); } \
	t OVERLOAD sub_sat(t a, t b) { return convert_##t##_sat((int)a - (int)b); } \
	t OVERLOAD mul_hi(t a, t b) { return (t)((wide)a * (wide)b >> bits); } VECTORS2(mul_hi, t) ALL_MORE(t) \
	t OVERLOAD mad_sat(t a, t b, t c) { return convert_##t##_sat((wide)a * b + c); } VECTORS3(mad_sat, t)
NARROW(char, int, 8) NARROW(uchar, int, 8) NARROW(short, int, 16) NARROW(ushort, uint, 16)

int OVERLOAD mad_sat(int a, int b, int c) { return convert_int_sat((long)a * b + c); } VECTORS3(mad_sat, int)
uint OVERLOAD mad_sat(uint a, uint b, uint c) { return convert_uint_sat((ulong)a * b + c); } VECTORS3(mad_sat, uint)
ulong OVERLOAD mul_hi(ulong a, ulong b)
{
	ulong r;

	__asm__("mulhu %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
	return r;
}
VECTORS2(mul_hi, ulong)
long OVERLOAD mul_hi(long a, long b)
{
	long r;

	__asm__("mulh %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
	return r;
}
VECTORS2(mul_hi, long)
SATURATING(int, ) SATURATING(uint, ) SATURATING(long, ) SATURATING(ulong, )
ALL_MORE(int) ALL_MORE(uint) ALL_MORE(long) ALL_MORE(ulong)
ulong OVERLOAD mad_sat(ulong a, ulong b, ulong c)
{
	return mul_hi(a, b) ? ULONG_MAX : add_sat(a * b, c);
}
VECTORS3(mad_sat, ulong)
/* The product in two words; the sum may come back into one. */
long OVERLOAD mad_sat(long a, long b, long c)
{
	ulong low = (ulong)a * (ulong)b, sum = low + (ulong)c;
	long high = mul_hi(a, b) + (c >> 63) + (sum < low);

	return high == (long)sum >> 63 ? (long)sum : high < 0 ? LONG_MIN : LONG_MAX;
}
VECTORS3(mad_sat, long)

#define ABS_SCALAR(t, u) u OVERLOAD abs(t a) { return a < 0 ? -(u)a : (u)a; } u OVERLOAD abs(u a) { return a; } VECTORS1(abs, u)
#define SPLIT_ABS(t, u, h, H) u##H OVERLOAD abs(t##H a) { return (u##H)(abs(a.lo), abs(a.hi)); }
#define SPLIT_DIFFERENCE(t, u, h, H) u##H OVERLOAD abs_diff(t##H a, t##H b) { return (u##H)(abs_diff(a.lo, b.lo), abs_diff(a.hi, b.hi)); }
#define SIGNED_VECTORS(SPLIT, t, u) SPLIT(t, u, , 2) SPLIT(t, u, 2, 4) SPLIT(t, u, 4, 8) SPLIT(t, u, 8, 16)
#define DISTANCES(t, u) SIGNED_VECTORS(SPLIT_DIFFERENCE, t, u) \
	u##3 OVERLOAD abs_diff(t##3 a, t##3 b) { return (u##3)(abs_diff(a.xy, b.xy), abs_diff(a.z, b.z)); }
#define ABSOLUTE(t, u) ABS_SCALAR(t, u) SIGNED_VECTORS(SPLIT_ABS, t, u) \
	u##3 OVERLOAD abs(t##3 a) { return (u##3)(abs(a.xy), abs(a.z)); } DISTANCES(t, u) DISTANCES(u, u)
ABSOLUTE(char, uchar) ABSOLUTE(short, ushort) ABSOLUTE(int, uint) ABSOLUTE(long, ulong)

#define UPSAMPLE(wide, t, low, H) wide##H OVERLOAD upsample(t##H a, low##H b) \
	{ return (convert_##wide##H(a) << (wide##H)(sizeof(t) * 8)) | convert_##wide##H(b); }
#define UPSAMPLES(wide, t, low) UPSAMPLE(wide, t, low, ) UPSAMPLE(wide, t, low, 2) UPSAMPLE(wide, t, low, 3) \
	UPSAMPLE(wide, t, low, 4) UPSAMPLE(wide, t, low, 8) UPSAMPLE(wide, t, low, 16)
UPSAMPLES(short, char, uchar) UPSAMPLES(ushort, uchar, uchar) UPSAMPLES(int, short, ushort)
UPSAMPLES(uint, ushort, ushort) UPSAMPLES(long, int, uint) UPSAMPLES(ulong, uint, uint)
