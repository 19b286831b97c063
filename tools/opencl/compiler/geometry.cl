// SPDX-License-Identifier: GPL-2.0-only
/*
 * geometry.cl - vectors as places and directions
 */
float OVERLOAD dot(float a, float b) { return a * b; }
float OVERLOAD dot(float2 a, float2 b) { return a.x * b.x + a.y * b.y; }
float OVERLOAD dot(float3 a, float3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
float OVERLOAD dot(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

float3 OVERLOAD cross(float3 a, float3 b) { return a.yzx * b.zxy - a.zxy * b.yzx; }
float4 OVERLOAD cross(float4 a, float4 b) { return (float4)(cross(a.xyz, b.xyz), 0); }

static float largest(float4 a)
{
	a = fabs(a);
	return any(isnan(a)) ? NAN : fmax(fmax(a.x, a.y), fmax(a.z, a.w));
}

/* The largest component is taken out first: squares neither overflow nor vanish. */
#define GEOMETRY(t, four) \
	float OVERLOAD length(t a) { float m = largest(four); \
		if (!(m > 0 && m < INFINITY)) return m; \
		a /= m; return m * sqrt(dot(a, a)); } \
	float OVERLOAD distance(t a, t b) { return length(a - b); } \
	t OVERLOAD normalize(t a) { float m = largest(four); \
		if (!(m > 0 && m < INFINITY)) return m == 0 ? a : (t)NAN; \
		a /= m; return a / sqrt(dot(a, a)); } \
	float OVERLOAD fast_length(t a) { return sqrt(dot(a, a)); } \
	float OVERLOAD fast_distance(t a, t b) { return fast_length(a - b); } \
	t OVERLOAD fast_normalize(t a) { float l = fast_length(a); return l > 0 ? a / l : a; }
GEOMETRY(float, (float4)(a, 0, 0, 0)) GEOMETRY(float2, (float4)(a, 0, 0))
GEOMETRY(float3, (float4)(a, 0)) GEOMETRY(float4, a)
