// SPDX-License-Identifier: GPL-2.0-only
/*
 * maths.cl - functions of floats that libclc computes
 *
 * A name of libclc's is that of C++ (libclc.sed), with the number of its letters.
 */
#define NAMED(n, name, signature) __asm__("clc_Z" #n #name #signature)

#define MATHS1(n, name) float clc_##name(float a) NAMED(n, name, f); \
	float OVERLOAD name(float a) { return clc_##name(a); } VECTORS1(name, float)
MATHS1(4, acos) MATHS1(5, acosh) MATHS1(6, acospi) MATHS1(4, asin) MATHS1(5, asinh)
MATHS1(6, asinpi) MATHS1(4, atan) MATHS1(5, atanh) MATHS1(6, atanpi) MATHS1(4, cbrt)
MATHS1(3, cos) MATHS1(4, cosh) MATHS1(5, cospi) MATHS1(3, erf) MATHS1(4, erfc) MATHS1(3, exp)
MATHS1(5, exp10) MATHS1(4, exp2) MATHS1(5, expm1) MATHS1(6, lgamma) MATHS1(3, log)
MATHS1(5, log10) MATHS1(5, log1p) MATHS1(4, log2) MATHS1(4, logb) MATHS1(3, sin)
MATHS1(4, sinh) MATHS1(5, sinpi) MATHS1(3, tan) MATHS1(4, tanh) MATHS1(5, tanpi)
MATHS1(6, tgamma)

#define MATHS2(n, name) float clc_##name(float a, float b) NAMED(n, name, ff); \
	float OVERLOAD name(float a, float b) { return clc_##name(a, b); } VECTORS2(name, float)
MATHS2(5, atan2) MATHS2(7, atan2pi) MATHS2(4, fdim) MATHS2(4, fmod) MATHS2(5, hypot)
MATHS2(9, nextafter) MATHS2(3, pow) MATHS2(4, powr) MATHS2(9, remainder)

/* Of a float and an integer. */
#define MIXED(name, h, H) float##H OVERLOAD name(float##H a, int##H b) \
	{ return (float##H)(name(a.lo, b.lo), name(a.hi, b.hi)); }
#define MIXED_VECTORS(name) MIXED(name, , 2) float3 OVERLOAD name(float3 a, int3 b) \
	{ return (float3)(name(a.xy, b.xy), name(a.z, b.z)); } \
	MIXED(name, 2, 4) MIXED(name, 4, 8) MIXED(name, 8, 16)
#define MATHSI(n, name) float clc_##name(float a, int b) NAMED(n, name, fi); \
	float OVERLOAD name(float a, int b) { return clc_##name(a, b); } MIXED_VECTORS(name)
MATHSI(5, ldexp) MATHSI(4, pown) MATHSI(5, rootn)
#define LDEXP_BY_ONE(H) float##H OVERLOAD ldexp(float##H a, int b) { return ldexp(a, (int##H)b); }
LDEXP_BY_ONE(2) LDEXP_BY_ONE(3) LDEXP_BY_ONE(4) LDEXP_BY_ONE(8) LDEXP_BY_ONE(16)

int clc_ilogb(float a) NAMED(5, ilogb, f);
int OVERLOAD ilogb(float a) { return clc_ilogb(a); }
#define ILOGB(h, H) int##H OVERLOAD ilogb(float##H a) { return (int##H)(ilogb(a.lo), ilogb(a.hi)); }
ILOGB(, 2) int3 OVERLOAD ilogb(float3 a) { return (int3)(ilogb(a.xy), ilogb(a.z)); }
ILOGB(2, 4) ILOGB(4, 8) ILOGB(8, 16)

float OVERLOAD nan(uint a) { return as_float(a | 0x7fc00000u); }

/* -------------------------------------------------- two results, one by a pointer */

#define SPACES(MACRO, ...) MACRO(__global, __VA_ARGS__) MACRO(__local, __VA_ARGS__) MACRO(__private, __VA_ARGS__)

/* Vectors, from halves: the second result goes through a variable. */
#define POINTED(space, name, t, h, H) float##H OVERLOAD name(float##H a, space t##H *p) \
	{ t##h l, u; float##H r = (float##H)(name(a.lo, &l), name(a.hi, &u)); *p = (t##H)(l, u); return r; }
#define POINTED_VECTORS(space, name, t) POINTED(space, name, t, , 2) POINTED(space, name, t, 2, 4) \
	float3 OVERLOAD name(float3 a, space t##3 *p) { t##4 q; float3 r = name(a.xyzz, &q).xyz; *p = q.xyz; return r; } \
	POINTED(space, name, t, 4, 8) POINTED(space, name, t, 8, 16)
#define POINTED_SCALAR(space, name, t) float OVERLOAD name(float a, space t *p) \
	{ t q; float r = clc_##name(a, &q); *p = q; return r; }
#define POINTER(n, name, t, signature) float clc_##name(float a, __private t *p) NAMED(n, name, signature); \
	SPACES(POINTED_SCALAR, name, t) POINTED_VECTORS(__private, name, t) \
	POINTED_VECTORS(__global, name, t) POINTED_VECTORS(__local, name, t)
POINTER(5, fract, float, fPf) POINTER(4, modf, float, fPf) POINTER(6, sincos, float, fPf)
POINTER(5, frexp, int, fPi) POINTER(8, lgamma_r, int, fPi)

float clc_remquo(float a, float b, __private int *p) NAMED(6, remquo, ffPi);
#define REMQUO(space, ...) float OVERLOAD remquo(float a, float b, space int *p) \
	{ int q; float r = clc_remquo(a, b, &q); *p = q; return r; }
SPACES(REMQUO, )

/* ---------------------------------------- faster ones: as exact, and no faster */

#define ALSO1(name, other) float OVERLOAD name(float a) { return other(a); } VECTORS1(name, float)
#define ALSO2(name, other) float OVERLOAD name(float a, float b) { return other(a, b); } VECTORS2(name, float)
#define FASTER(name) ALSO1(native_##name, name) ALSO1(half_##name, name)
FASTER(cos) FASTER(exp) FASTER(exp2) FASTER(exp10) FASTER(log) FASTER(log2) FASTER(log10)
FASTER(sin) FASTER(tan) ALSO1(half_rsqrt, rsqrt) ALSO1(half_recip, native_recip)
ALSO2(native_powr, powr) ALSO2(half_powr, powr) ALSO2(half_divide, native_divide)

float OVERLOAD degrees(float a) { return a * 57.2957795130823f; } VECTORS1(degrees, float)
float OVERLOAD radians(float a) { return a * 0.0174532925199433f; } VECTORS1(radians, float)
float OVERLOAD smoothstep(float a, float b, float x)
{
	float t = clamp((x - a) / (b - a), 0.0f, 1.0f);

	return t * t * (3 - 2 * t);
}
VECTORS3(smoothstep, float)
float OVERLOAD maxmag(float a, float b) { return fabs(a) > fabs(b) ? a : fabs(b) > fabs(a) ? b : fmax(a, b); } VECTORS2(maxmag, float)
float OVERLOAD minmag(float a, float b) { return fabs(a) < fabs(b) ? a : fabs(b) < fabs(a) ? b : fmin(a, b); } VECTORS2(minmag, float)

/* A number for all components. */
#define BY_ONE(H) \
	float##H OVERLOAD fmin(float##H a, float b) { return fmin(a, (float##H)b); } \
	float##H OVERLOAD fmax(float##H a, float b) { return fmax(a, (float##H)b); } \
	float##H OVERLOAD min(float##H a, float b) { return min(a, (float##H)b); } \
	float##H OVERLOAD max(float##H a, float b) { return max(a, (float##H)b); } \
	float##H OVERLOAD clamp(float##H a, float b, float c) { return clamp(a, (float##H)b, (float##H)c); } \
	float##H OVERLOAD mix(float##H a, float##H b, float c) { return mix(a, b, (float##H)c); } \
	float##H OVERLOAD step(float a, float##H b) { return step((float##H)a, b); } \
	float##H OVERLOAD smoothstep(float a, float b, float##H x) { return smoothstep((float##H)a, (float##H)b, x); }
BY_ONE(2) BY_ONE(3) BY_ONE(4) BY_ONE(8) BY_ONE(16)
