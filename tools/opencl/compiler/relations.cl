// SPDX-License-Identifier: GPL-2.0-only
/*
 * relations.cl - comparisons and choices
 *
 * Of scalars they give 1, of vectors -1.
 */
#define RELATION_OF_SIZE(name, H, expression) int##H OVERLOAD name(float##H a, float##H b) { return expression; }
#define RELATION(name, expression) RELATION_OF_SIZE(name, , expression) RELATION_OF_SIZE(name, 2, expression) \
	RELATION_OF_SIZE(name, 3, expression) RELATION_OF_SIZE(name, 4, expression) \
	RELATION_OF_SIZE(name, 8, expression) RELATION_OF_SIZE(name, 16, expression)
RELATION(isequal, a == b) RELATION(isnotequal, a != b) RELATION(isgreater, a > b)
RELATION(isgreaterequal, a >= b) RELATION(isless, a < b) RELATION(islessequal, a <= b)
RELATION(islessgreater, (a < b) | (a > b)) RELATION(isordered, (a == a) & (b == b))
RELATION(isunordered, (a != a) | (b != b))

#define KIND_OF_SIZE(name, H, expression) int##H OVERLOAD name(float##H a) { return expression; }
#define KIND(name, expression) KIND_OF_SIZE(name, , expression) KIND_OF_SIZE(name, 2, expression) \
	KIND_OF_SIZE(name, 3, expression) KIND_OF_SIZE(name, 4, expression) \
	KIND_OF_SIZE(name, 8, expression) KIND_OF_SIZE(name, 16, expression)
KIND(isnan, a != a) KIND(isinf, fabs(a) == INFINITY) KIND(isfinite, fabs(a) < INFINITY)
KIND(isnormal, (fabs(a) < INFINITY) & (fabs(a) >= FLT_MIN))
int OVERLOAD signbit(float a) { return as_uint(a) >> 31; }
#define SIGN_BIT(H) int##H OVERLOAD signbit(float##H a) { return as_int##H(a) >> 31; }
SIGN_BIT(2) SIGN_BIT(3) SIGN_BIT(4) SIGN_BIT(8) SIGN_BIT(16)

#define ANY_ALL_PARTS(t, H) \
	int OVERLOAD any(t##H a) { return any(a.lo | a.hi); } \
	int OVERLOAD all(t##H a) { return all(a.lo & a.hi); }
#define ANY_ALL(t) \
	int OVERLOAD any(t a) { return a < 0; } int OVERLOAD all(t a) { return a < 0; } \
	int OVERLOAD any(t##2 a) { return any((t)(a.x | a.y)); } \
	int OVERLOAD all(t##2 a) { return all((t)(a.x & a.y)); } \
	ANY_ALL_PARTS(t, 4) ANY_ALL_PARTS(t, 8) ANY_ALL_PARTS(t, 16) \
	int OVERLOAD any(t##3 a) { return any((t)(a.x | a.y | a.z)); } \
	int OVERLOAD all(t##3 a) { return all((t)(a.x & a.y & a.z)); }
ANY_ALL(char) ANY_ALL(short) ANY_ALL(int) ANY_ALL(long)

/* t: what is chosen from; c: of the condition, as wide; its top bit decides in vectors. */
#define SELECT_VECTOR(t, s, c, H) \
	t##H OVERLOAD select(t##H a, t##H b, c##H m) { s##H k = as_##s##H(m) >> (s##H)(sizeof(s) * 8 - 1); \
		return as_##t##H((as_##s##H(a) & ~k) | (as_##s##H(b) & k)); }
#define SELECT(t, s, c) t OVERLOAD select(t a, t b, c m) { return m ? b : a; } \
	SELECT_VECTOR(t, s, c, 2) SELECT_VECTOR(t, s, c, 3) SELECT_VECTOR(t, s, c, 4) \
	SELECT_VECTOR(t, s, c, 8) SELECT_VECTOR(t, s, c, 16)
#define BITSELECT_SIZE(t, s, H) t##H OVERLOAD bitselect(t##H a, t##H b, t##H m) \
	{ return as_##t##H((s##H)((as_##s##H(a) & ~as_##s##H(m)) | (as_##s##H(b) & as_##s##H(m)))); }
#define BITSELECT(t, s) BITSELECT_SIZE(t, s, ) BITSELECT_SIZE(t, s, 2) BITSELECT_SIZE(t, s, 3) \
	BITSELECT_SIZE(t, s, 4) BITSELECT_SIZE(t, s, 8) BITSELECT_SIZE(t, s, 16)
#define CHOICES(t, s, u) SELECT(t, s, s) SELECT(t, s, u) BITSELECT(t, s)
CHOICES(char, char, uchar) CHOICES(uchar, char, uchar) CHOICES(short, short, ushort)
CHOICES(ushort, short, ushort) CHOICES(int, int, uint) CHOICES(uint, int, uint)
CHOICES(long, long, ulong) CHOICES(ulong, long, ulong) CHOICES(float, int, uint)
