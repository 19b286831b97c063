// SPDX-License-Identifier: GPL-2.0-only
/*
 * builtins.cl - built-in functions of OpenCL C, linked into every program as bitcode
 *
 * Each scalar function is followed by its vectors: item by item.
 */
#define OVERLOAD __attribute__((overloadable))

/* ------------------------------------------------------------ work-items */

#define READ(csr) ({ ulong value; __asm__ volatile("csrr %0, %1" : "=r"(value) : "i"(csr)); value; })
#define PICK(first, d) ((d) == 0 ? READ(first) : (d) == 1 ? READ((first) + 1) : READ((first) + 2))

/* struct image_head, see image.h; the entry put it into gp. */
static __global ulong *head(void)
{
	__global ulong *at;

	__asm__("mv %0, gp" : "=r"(at));
	return at;
}

uint OVERLOAD get_work_dim(void) { return (uint)head()[4]; }
size_t OVERLOAD get_global_offset(uint d) { return d < 3 ? head()[5 + d] : 0; }
size_t OVERLOAD get_global_id(uint d) { return d < 3 ? PICK(0xcc0, d) + head()[5 + d] : 0; }
size_t OVERLOAD get_local_id(uint d) { return d < 3 ? PICK(0xcc4, d) : 0; }
size_t OVERLOAD get_group_id(uint d) { return d < 3 ? PICK(0xcc8, d) : 0; }
size_t OVERLOAD get_num_groups(uint d) { return d < 3 ? PICK(0xccc, d) : 1; }
size_t OVERLOAD get_local_size(uint d) { return d < 3 ? PICK(0xcd0, d) : 1; }
size_t OVERLOAD get_global_size(uint d) { return d < 3 ? PICK(0xccc, d) * PICK(0xcd0, d) : 1; }

void OVERLOAD __attribute__((convergent)) barrier(cl_mem_fence_flags flags)
{
	__asm__ volatile("fence\n\t.insn r 0x0b, 0, 0, x0, x0, x0" : : : "memory");
}
void OVERLOAD mem_fence(cl_mem_fence_flags flags) { __asm__ volatile("fence" : : : "memory"); }
void OVERLOAD read_mem_fence(cl_mem_fence_flags flags) { __asm__ volatile("fence" : : : "memory"); }
void OVERLOAD write_mem_fence(cl_mem_fence_flags flags) { __asm__ volatile("fence" : : : "memory"); }

/* --------------------------------------------------------------- atomics */

#define ATOMIC(name, type, builtin) \
	type OVERLOAD atomic_##name(volatile __global type *p, type v) { return builtin(p, v, __ATOMIC_RELAXED); } \
	type OVERLOAD atom_##name(volatile __global type *p, type v) { return builtin(p, v, __ATOMIC_RELAXED); } \
	type OVERLOAD atomic_##name(volatile __local type *p, type v) { return builtin(p, v, __ATOMIC_RELAXED); } \
	type OVERLOAD atom_##name(volatile __local type *p, type v) { return builtin(p, v, __ATOMIC_RELAXED); }
#define ATOMICS(type) \
	ATOMIC(add, type, __atomic_fetch_add) ATOMIC(sub, type, __atomic_fetch_sub) \
	ATOMIC(and, type, __atomic_fetch_and) ATOMIC(or, type, __atomic_fetch_or) \
	ATOMIC(xor, type, __atomic_fetch_xor) ATOMIC(min, type, __atomic_fetch_min) \
	ATOMIC(max, type, __atomic_fetch_max) ATOMIC(xchg, type, __atomic_exchange_n)
ATOMICS(int)
ATOMICS(uint)

#define STEPS(type, space) \
	type OVERLOAD atomic_inc(volatile space type *p) { return __atomic_fetch_add(p, 1, __ATOMIC_RELAXED); } \
	type OVERLOAD atomic_dec(volatile space type *p) { return __atomic_fetch_sub(p, 1, __ATOMIC_RELAXED); } \
	type OVERLOAD atomic_cmpxchg(volatile space type *p, type old, type v) \
	{ __atomic_compare_exchange_n(p, &old, v, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED); return old; }
STEPS(int, __global) STEPS(uint, __global) STEPS(int, __local) STEPS(uint, __local)

/* --------------------------------------------- functions of each component */

#define HALVES1(name, t, h, H) t##H OVERLOAD name(t##H a) { return (t##H)(name(a.lo), name(a.hi)); }
#define HALVES2(name, t, h, H) t##H OVERLOAD name(t##H a, t##H b) { return (t##H)(name(a.lo, b.lo), name(a.hi, b.hi)); }
#define HALVES3(name, t, h, H) t##H OVERLOAD name(t##H a, t##H b, t##H c) \
	{ return (t##H)(name(a.lo, b.lo, c.lo), name(a.hi, b.hi, c.hi)); }
#define VECTORS1(name, t) HALVES1(name, t, , 2) \
	t##3 OVERLOAD name(t##3 a) { return (t##3)(name(a.xy), name(a.z)); } \
	HALVES1(name, t, 2, 4) HALVES1(name, t, 4, 8) HALVES1(name, t, 8, 16)
#define VECTORS2(name, t) HALVES2(name, t, , 2) \
	t##3 OVERLOAD name(t##3 a, t##3 b) { return (t##3)(name(a.xy, b.xy), name(a.z, b.z)); } \
	HALVES2(name, t, 2, 4) HALVES2(name, t, 4, 8) HALVES2(name, t, 8, 16)
#define VECTORS3(name, t) HALVES3(name, t, , 2) \
	t##3 OVERLOAD name(t##3 a, t##3 b, t##3 c) { return (t##3)(name(a.xy, b.xy, c.xy), name(a.z, b.z, c.z)); } \
	HALVES3(name, t, 2, 4) HALVES3(name, t, 4, 8) HALVES3(name, t, 8, 16)

/* ----------------------------------------------- floats: the exact functions */

float OVERLOAD fabs(float a) { return __builtin_fabsf(a); } VECTORS1(fabs, float)
float OVERLOAD copysign(float a, float b) { return __builtin_copysignf(a, b); } VECTORS2(copysign, float)
float OVERLOAD fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); } VECTORS3(fma, float)
float OVERLOAD mad(float a, float b, float c) { return __builtin_fmaf(a, b, c); } VECTORS3(mad, float)
float OVERLOAD fmin(float a, float b) { return __builtin_fminf(a, b); } VECTORS2(fmin, float)
float OVERLOAD fmax(float a, float b) { return __builtin_fmaxf(a, b); } VECTORS2(fmax, float)
float OVERLOAD min(float a, float b) { return b < a ? b : a; } VECTORS2(min, float)
float OVERLOAD max(float a, float b) { return a < b ? b : a; } VECTORS2(max, float)
float OVERLOAD clamp(float a, float b, float c) { return fmin(fmax(a, b), c); } VECTORS3(clamp, float)
float OVERLOAD sqrt(float a) { float r; __asm__("fsqrt.s %0, %1" : "=f"(r) : "f"(a)); return r; } VECTORS1(sqrt, float)
float OVERLOAD native_sqrt(float a) { return sqrt(a); } VECTORS1(native_sqrt, float)
float OVERLOAD half_sqrt(float a) { return sqrt(a); } VECTORS1(half_sqrt, float)
float OVERLOAD rsqrt(float a) { return 1.0f / sqrt(a); } VECTORS1(rsqrt, float)
float OVERLOAD native_rsqrt(float a) { return 1.0f / sqrt(a); } VECTORS1(native_rsqrt, float)
float OVERLOAD native_recip(float a) { return 1.0f / a; } VECTORS1(native_recip, float)
float OVERLOAD native_divide(float a, float b) { return a / b; } VECTORS2(native_divide, float)
float OVERLOAD mix(float a, float b, float c) { return a + (b - a) * c; } VECTORS3(mix, float)
float OVERLOAD sign(float a) { return a > 0 ? 1.0f : a < 0 ? -1.0f : a == 0 ? a : 0.0f; } VECTORS1(sign, float)
float OVERLOAD step(float a, float b) { return b < a ? 0.0f : 1.0f; } VECTORS2(step, float)

/* From 2^23 on a float has no fraction. */
#define ROUND(name, mode) float OVERLOAD name(float a) { int i; \
	if (!(fabs(a) < 8388608.0f)) return a; \
	__asm__("fcvt.w.s %0, %1, " mode : "=r"(i) : "f"(a)); return copysign((float)i, a); } VECTORS1(name, float)
ROUND(floor, "rdn") ROUND(ceil, "rup") ROUND(trunc, "rtz") ROUND(rint, "rne") ROUND(round, "rmm")

#include "relations.cl"
#include "integers.cl"
#include "data.cl"
#include "convert.cl"	/* by convert.awk */
#include "maths.cl"
#include "geometry.cl"
