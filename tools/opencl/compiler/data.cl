// SPDX-License-Identifier: GPL-2.0-only
/*
 * data.cl - loads and stores of vectors, shuffles, copies of a group
 */
#define TYPES(MACRO, ...) MACRO(char, __VA_ARGS__) MACRO(uchar, __VA_ARGS__) MACRO(short, __VA_ARGS__) \
	MACRO(ushort, __VA_ARGS__) MACRO(int, __VA_ARGS__) MACRO(uint, __VA_ARGS__) \
	MACRO(long, __VA_ARGS__) MACRO(ulong, __VA_ARGS__) MACRO(float, __VA_ARGS__)

/* ------------------------------------------------------- loads and stores */

/* A vector of memory is aligned as its scalars are. */
#define LOAD(t, n, space) t##n OVERLOAD vload##n(size_t at, const space t *p) \
	{ t##n v; for (uint i = 0; i < n; i++) ((__private t *)&v)[i] = p[at * n + i]; return v; }
#define STORE(t, n, space) void OVERLOAD vstore##n(t##n v, size_t at, space t *p) \
	{ for (uint i = 0; i < n; i++) p[at * n + i] = ((__private t *)&v)[i]; }
#define LOADS(t, space) LOAD(t, 2, space) LOAD(t, 3, space) LOAD(t, 4, space) LOAD(t, 8, space) LOAD(t, 16, space)
#define STORES(t, space) STORE(t, 2, space) STORE(t, 3, space) STORE(t, 4, space) STORE(t, 8, space) STORE(t, 16, space)
TYPES(LOADS, __global) TYPES(LOADS, __local) TYPES(LOADS, __private) TYPES(LOADS, __constant)
TYPES(STORES, __global) TYPES(STORES, __local) TYPES(STORES, __private)

/* ---------------------------------------------- choosing components by numbers */

#define SHUFFLE(t, mask, m, n) \
	t##n OVERLOAD shuffle(t##m a, mask##n k) \
	{ t##n r; for (uint i = 0; i < n; i++) \
		((__private t *)&r)[i] = ((__private t *)&a)[((__private mask *)&k)[i] & (m - 1)]; return r; } \
	t##n OVERLOAD shuffle2(t##m a, t##m b, mask##n k) \
	{ t##n r; for (uint i = 0; i < n; i++) { mask at = ((__private mask *)&k)[i] & (2 * m - 1); \
		((__private t *)&r)[i] = at < m ? ((__private t *)&a)[at] : ((__private t *)&b)[at - m]; } return r; }
#define SHUFFLE_TO(t, mask, m) SHUFFLE(t, mask, m, 2) SHUFFLE(t, mask, m, 4) SHUFFLE(t, mask, m, 8) SHUFFLE(t, mask, m, 16)
#define SHUFFLES(t, mask) SHUFFLE_TO(t, mask, 2) SHUFFLE_TO(t, mask, 4) SHUFFLE_TO(t, mask, 8) SHUFFLE_TO(t, mask, 16)
SHUFFLES(char, uchar) SHUFFLES(uchar, uchar) SHUFFLES(short, ushort) SHUFFLES(ushort, ushort)
SHUFFLES(int, uint) SHUFFLES(uint, uint) SHUFFLES(long, ulong) SHUFFLES(ulong, ulong) SHUFFLES(float, uint)

/* ------------------------------------------------ copies that a group does together */

/* Every item takes its share at once; waiting is waiting for the others. */
static size_t item(void)
{
	return (get_local_id(2) * get_local_size(1) + get_local_id(1)) * get_local_size(0) + get_local_id(0);
}

static size_t items(void) { return get_local_size(0) * get_local_size(1) * get_local_size(2); }

#define GROUP_COPY(t, to, from) \
	event_t OVERLOAD async_work_group_copy(to t *p, const from t *q, size_t n, event_t e) \
	{ for (size_t i = item(); i < n; i += items()) p[i] = q[i]; return e; }
#define GROUP_COPIES_OF(t) GROUP_COPY(t, __global, __local) GROUP_COPY(t, __local, __global) \
	event_t OVERLOAD async_work_group_strided_copy(__local t *p, const __global t *q, size_t n, size_t stride, event_t e) \
	{ for (size_t i = item(); i < n; i += items()) p[i] = q[i * stride]; return e; } \
	event_t OVERLOAD async_work_group_strided_copy(__global t *p, const __local t *q, size_t n, size_t stride, event_t e) \
	{ for (size_t i = item(); i < n; i += items()) p[i * stride] = q[i]; return e; } \
	void OVERLOAD prefetch(const __global t *p, size_t n) { }
#define GROUP_COPIES(t, ...) GROUP_COPIES_OF(t) GROUP_COPIES_OF(t##2) GROUP_COPIES_OF(t##3) \
	GROUP_COPIES_OF(t##4) GROUP_COPIES_OF(t##8) GROUP_COPIES_OF(t##16)
TYPES(GROUP_COPIES, )

/* Named as clang's declaration is, which knows no space of the list. */
void __attribute__((convergent)) wait_for_copies(int n, __private event_t *list)
	__asm__("_Z17wait_group_eventsiPU9CLgeneric9ocl_event");
void wait_for_copies(int n, __private event_t *list)
{
	barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
}
