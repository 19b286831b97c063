// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl_builtins.c - OpenCL's functions that have one right answer
 */
#include "opencl.h"

static const char builtins_are_exact_source[] =
	"kernel void f(global const float *in, global float *out, global int *i)\n"
	"{\n"
	"	float a = in[0], b = in[1]; int4 v = (int4)(1, -2, 3, -4);\n"
	"	float4 w = (float4)(a, b, -a, 0.25f);\n"
	"	out[0] = sqrt(a); out[1] = fma(a, b, 1.0f); out[2] = floor(-a);\n"
	"	out[3] = ceil(b); out[4] = rint(2.5f * in[2]); out[5] = round(2.5f * in[2]);\n"
	"	out[6] = clamp(a, 0.0f, 1.0f); out[7] = dot(w, w); out[8] = sqrt(fabs(w)).z;\n"
	"	i[0] = max(v, (int4)(0)).w + min(v, (int4)(0)).y; i[1] = clz(v.x);\n"
	"	i[2] = rotate(0x80000001u, 4u); i[3] = mul_hi(0x40000000, 16);\n"
	"	i[4] = abs(v.y); i[5] = popcount(v.y);\n"
	"}\n";

START_TEST(builtins_are_exact)
{
	cl_kernel kernel = kernel_of(builtins_are_exact_source, "f");
	static const cl_int integers[6] = { -2, 31, 0x18, 4, 2, 31 };
	float in[3] = { 2.25f, -0.5f, 1 }, out[9];
	const float expected[9] = { 1.5f, -0.125f, -3, 0, 2, 3, 1,
				    2 * 2.25f * 2.25f + 0.25f + 0.0625f, 1.5f };
	cl_mem memory[3] = { buffer(sizeof(in), in), buffer(sizeof(out), NULL),
			     buffer(sizeof(integers), NULL) };
	cl_int got[6];
	cl_uint i;

	for (i = 0; i < 3; i++)
		argument(kernel, i, sizeof(cl_mem), &memory[i]);
	run(kernel, 1, 0);
	fetch(memory[1], sizeof(out), out);
	fetch(memory[2], sizeof(got), got);
	for (i = 0; i < 9; i++)
		ck_assert_msg(out[i] == expected[i], "float %u: %g, not %g", i, out[i],
			      expected[i]);
	for (i = 0; i < 6; i++)
		ck_assert_msg(got[i] == integers[i], "integer %u: %d, not %d", i, got[i],
			      integers[i]);
	for (i = 0; i < 3; i++)
		GOOD(clReleaseMemObject(memory[i]));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static const char data[] =
	"kernel void data(global const uchar *in, global int *out, local int *group)\n"
	"{\n"
	"	uchar4 bytes = vload4(1, in + 1);\n"
	"	float4 f = (float4)(-3.5f, 2.5f, 300.7f, NAN);\n"
	"	uchar16 many = vload16(0, in);\n"
	"	int4 chosen;\n"
	"	event_t e = async_work_group_copy(group, (global const int *)in, 4, 0);\n"
	"	wait_group_events(1, &e);\n"
	"	vstore4(convert_int4(bytes), 0, out); out += 4;\n"
	"	vstore4(convert_int4(convert_uchar4_sat_rte(f)), 0, out); out += 4;\n"
	"	vstore4(convert_int4_sat_rtp(f), 0, out); out += 4;\n"
	"	vstore3(convert_int3_rtn(f.xyz), 0, out); out += 3;\n"
	"	chosen = select((int4)(1), (int4)(2), isless(f, (float4)(0)));\n"
	"	vstore4(chosen, 0, out); out += 4;\n"
	"	vstore4(convert_int4(shuffle2(many.lo, many.hi, (uchar4)(0, 15, 8, 7))), 0, out); out += 4;\n"
	"	*out++ = any(isnan(f)); *out++ = all(isnan(f)); *out++ = isnan(f.w);\n"
	"	*out++ = add_sat((char)100, (char)100); *out++ = sub_sat((uchar)3, (uchar)5);\n"
	"	*out++ = hadd((uchar)255, (uchar)254); *out++ = rhadd((uchar)255, (uchar)254);\n"
	"	*out++ = upsample((short)-2, (ushort)3); *out++ = mad_sat(INT_MAX, 2, -7);\n"
	"	*out++ = mul_hi(LONG_MIN, 8L); *out++ = abs_diff((char)-128, (char)127);\n"
	"	*out++ = group[3]; *out++ = abs((char4)(-128, 1, 2, 3)).x;\n"
	"	*out++ = bitselect(0x12345678, 0x7bcdef01, 0x00ffff00);\n"
	"	*out++ = as_int(convert_float_rtz(0xffffffffu)); *out++ = as_int(convert_float(0xffffffffu));\n"
	"	*out++ = (int)dot(cross((float3)(1, 2, 3), (float3)(4, 5, 6)), (float3)(1, 10, 100));\n"
	"	*out++ = as_int(length((float2)(3e30f, 4e30f))) - as_int(5e30f);\n"
	"	out[0] = frexp(48.0f, out + 1) == 0.75f;\n"
	"	out[2] = (int)(8 * fract(2.75f, (global float *)out + 4)); out[3] = (int)smoothstep(0.0f, 2.0f, 3.0f);\n"
	"}\n";

START_TEST(data_and_relations)
{
	static const cl_int expected[] = {
		15, 16, 17, 18, 0, 2, 255, 0, -3, 3, 301, 0, -4, 2, 300, 2, 1, 1, 1, 10, 25, 18, 17,
		1, 0, 1, 127, 0, 254, 255, -2 * 65536 + 3, INT32_MAX, -4, 255,
		22 | 23 << 8 | 24 << 16 | 25 << 24, 128, 0x12cdef78, 0x4f7fffff, 0x4f800000,
		-3 + 60 - 300, 0, 1, 6, 6, 1, 0x40000000,
	};
	cl_kernel kernel = kernel_of(data, "data");
	unsigned char in[16];
	cl_int got[sizeof(expected) / sizeof(expected[0])];
	cl_mem memory[2];
	cl_uint i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(10 + i);
	memory[0] = buffer(sizeof(in), in);
	memory[1] = buffer(sizeof(got), NULL);
	argument(kernel, 0, sizeof(cl_mem), &memory[0]);
	argument(kernel, 1, sizeof(cl_mem), &memory[1]);
	argument(kernel, 2, 16, NULL);
	run(kernel, 1, 0);
	fetch(memory[1], sizeof(got), got);
	for (i = 0; i < sizeof(got) / sizeof(got[0]); i++)
		ck_assert_msg(got[i] == expected[i], "number %u: %d, not %d", i, got[i],
			      expected[i]);
	GOOD(clReleaseMemObject(memory[0]));
	GOOD(clReleaseMemObject(memory[1]));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencl_builtins");
	TCase *tests = tcase_create("functions");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, builtins_are_exact);
	tcase_add_test(tests, data_and_relations);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl_builtins");
}
