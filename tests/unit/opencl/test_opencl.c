// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl.c - OpenCL on a GPU in this process: kernels from source and what they
 * compute
 */
#include "opencl.h"

#define COUNT	1000u

static const char sums_source[] =
	"kernel void add(global const float *a, global const float *b, global float *sum,"
	"		 uint count)\n"
	"{\n"
	"	size_t i = get_global_id(0);\n"
	"	if (i < count) sum[i] = a[i] + b[i];\n"
	"}\n";

START_TEST(sums)
{
	cl_kernel kernel = kernel_of(sums_source, "add");
	float a[COUNT], b[COUNT], sum[COUNT];
	cl_uint count = COUNT, i;
	cl_mem memory[3];

	for (i = 0; i < COUNT; i++) {
		a[i] = (float)i / 3;
		b[i] = (float)(i * 7919 % 1000) / 7;
	}
	memory[0] = buffer(sizeof(a), a);
	memory[1] = buffer(sizeof(b), b);
	memory[2] = buffer(sizeof(sum), NULL);
	for (i = 0; i < 3; i++)
		argument(kernel, i, sizeof(cl_mem), &memory[i]);
	argument(kernel, 3, sizeof(count), &count);
	run(kernel, 1024, 64);
	fetch(memory[2], sizeof(sum), sum);
	for (i = 0; i < COUNT; i++)
		ck_assert_msg(sum[i] == a[i] + b[i], "sum %u: %g", i, sum[i]);
	for (i = 0; i < 3; i++)
		GOOD(clReleaseMemObject(memory[i]));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

/* Each group turns its part round, by way of local memory. */
static const char turn[] =
	"kernel void turn(global uint *data, local uint *scratch)\n"
	"{\n"
	"	local uint own[256];\n"
	"	uint n = get_local_size(0), me = get_local_id(0);\n"
	"	own[me] = data[get_global_id(0)];\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	scratch[me] = own[n - 1 - me];\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	data[get_global_id(0)] = scratch[n - 1 - (n - 1 - me)] + get_group_id(0) * 1000000;\n"
	"}\n";

START_TEST(groups_have_their_own_local_memory)
{
	static const size_t groups[] = { 1, 8, 64, 256 };
	cl_kernel kernel = kernel_of(turn, "turn");
	cl_uint data[4096], i;
	size_t n = groups[_i];
	cl_mem memory;

	for (i = 0; i < 4096; i++)
		data[i] = i;
	memory = buffer(sizeof(data), data);
	argument(kernel, 0, sizeof(memory), &memory);
	argument(kernel, 1, n * sizeof(cl_uint), NULL);
	run(kernel, 4096, n);
	fetch(memory, sizeof(data), data);
	for (i = 0; i < 4096; i++) {
		cl_uint group = i / (cl_uint)n, expected;

		expected = group * (cl_uint)n + (cl_uint)n - 1 - i % (cl_uint)n + group * 1000000;
		ck_assert_msg(data[i] == expected, "groups of %zu: word %u is %u, not %u", n, i,
			      data[i], expected);
	}
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

struct odd {
	char first;
	float numbers[9];
};

static const char arguments_of_all_kinds_source[] =
	"struct odd { char first; float numbers[9]; };\n"
	"typedef float4 four;\n"
	"constant int table[4] = { 1, 10, 100, 1000 };\n"
	"kernel void kinds(char c, struct odd odd, four v, global float *out, long l,\n"
	"		   constant int *in, ushort s, global int *nothing)\n"
	"{\n"
	"	out[0] = c; out[1] = odd.first + odd.numbers[8]; out[2] = v.x + v.w;\n"
	"	out[3] = l; out[4] = in[1] + table[in[0]]; out[5] = nothing == 0;\n"
	"	out[6] = s;\n"
	"}\n";

START_TEST(arguments_of_all_kinds)
{
	cl_kernel kernel = kernel_of(arguments_of_all_kinds_source, "kinds");
	static const float expected[7] = { -5, 3 + 2.5f, 1 + 8, -70000, 42 + 100, 1, 65535 };
	struct odd odd = { 3, { [8] = 2.5f } };
	cl_float4 v = { { 1, 2, 4, 8 } };
	cl_int in[2] = { 2, 42 };
	cl_long l = -70000;
	cl_ushort s = 65535;
	cl_char c = -5;
	cl_mem out = buffer(sizeof(expected), NULL), constants = buffer(sizeof(in), in);
	float got[7];
	cl_uint i;

	argument(kernel, 0, sizeof(c), &c);
	argument(kernel, 1, sizeof(odd), &odd);
	argument(kernel, 2, sizeof(v), &v);
	argument(kernel, 3, sizeof(out), &out);
	argument(kernel, 4, sizeof(l), &l);
	argument(kernel, 5, sizeof(constants), &constants);
	argument(kernel, 6, sizeof(s), &s);
	argument(kernel, 7, sizeof(cl_mem), NULL);
	run(kernel, 1, 0);
	fetch(out, sizeof(got), got);
	for (i = 0; i < 7; i++)
		ck_assert_msg(got[i] == expected[i], "number %u: %g, not %g", i, got[i],
			      expected[i]);
	GOOD(clReleaseMemObject(out));
	GOOD(clReleaseMemObject(constants));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static const char identity_of_items_source[] =
	"kernel void who(global ulong *out)\n"
	"{\n"
	"	size_t x = get_global_id(0) - get_global_offset(0);\n"
	"	size_t y = get_global_id(1) - get_global_offset(1);\n"
	"	global ulong *to = out + 8 * (y * get_global_size(0) + x);\n"
	"	to[0] = get_global_id(0); to[1] = get_global_id(1); to[2] = get_local_id(1);\n"
	"	to[3] = get_group_id(0); to[4] = get_num_groups(1); to[5] = get_local_size(0);\n"
	"	to[6] = get_work_dim(); to[7] = get_global_size(2) + get_global_id(7);\n"
	"}\n";

START_TEST(identity_of_items)
{
	cl_kernel kernel = kernel_of(identity_of_items_source, "who");
	const size_t offset[2] = { 5, 70 }, global[2] = { 6, 4 }, local[2] = { 3, 2 };
	cl_ulong out[24][8];
	cl_mem memory = buffer(sizeof(out), NULL);
	cl_uint x, y, i;

	argument(kernel, 0, sizeof(memory), &memory);
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 2, offset, global, local, 0, NULL, NULL));
	fetch(memory, sizeof(out), out);
	for (y = 0; y < 4; y++) {
		for (x = 0; x < 6; x++) {
			const cl_ulong expected[8] = { x + 5, y + 70, y % 2, x / 3, 2, 3, 2, 1 };

			for (i = 0; i < 8; i++)
				ck_assert_msg(out[y * 6 + x][i] == expected[i],
					      "item %u, %u: number %u is %llu", x, y, i,
					      (unsigned long long)out[y * 6 + x][i]);
		}
	}
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static const char atomics_count_source[] =
	"kernel void count(global uint *total)\n"
	"{\n"
	"	local uint here;\n"
	"	if (!get_local_id(0)) here = 0;\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	atomic_add(&here, (uint)get_local_id(0));\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	if (!get_local_id(0)) { atomic_add(total, here); atomic_inc(total + 1); }\n"
	"	atomic_max(total + 2, (uint)get_global_id(0));\n"
	"}\n";

START_TEST(atomics_count)
{
	cl_kernel kernel = kernel_of(atomics_count_source, "count");
	cl_uint total[3] = { 0 };
	cl_mem memory = buffer(sizeof(total), total);

	argument(kernel, 0, sizeof(memory), &memory);
	run(kernel, 4096, 128);
	fetch(memory, sizeof(total), total);
	ck_assert_uint_eq(total[0], 32 * (127 * 128 / 2));
	ck_assert_uint_eq(total[1], 32);
	ck_assert_uint_eq(total[2], 4095);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

/* A command fails, and the queue goes on. */
START_TEST(a_kernel_that_faults)
{
	static const char source[] =
		"kernel void store(global uint *at, ulong offset)\n"
		"{\n"
		"	at[offset] = 7;\n"
		"}\n";
	cl_kernel kernel = kernel_of(source, "store");
	cl_mem memory = buffer(4, NULL);
	cl_ulong offset = 1ULL << 36;
	const size_t one = 1;
	cl_uint got = 0;
	cl_event event;
	cl_int status;

	argument(kernel, 0, sizeof(memory), &memory);
	argument(kernel, 1, sizeof(offset), &offset);
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
	REFUSED(clWaitForEvents(1, &event), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	GOOD(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			    NULL));
	ck_assert_int_eq(status, CL_OUT_OF_RESOURCES);
	/* One that waits for it is not done either. */
	REFUSED(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, 4, &got, 1, &event, NULL),
		CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	GOOD(clReleaseEvent(event));
	offset = 0;
	argument(kernel, 1, sizeof(offset), &offset);
	run(kernel, 1, 0);
	fetch(memory, 4, &got);
	ck_assert_uint_eq(got, 7);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

START_TEST(a_program_that_is_wrong)
{
	static const char *source = "kernel void broken(global int *a) { a[0] = nobody; }\n";
	char log[4096];
	cl_build_status status;
	cl_program program;
	cl_int error;

	program = clCreateProgramWithSource(context, 1, &source, NULL, &error);
	GOOD(error);
	REFUSED(clBuildProgram(program, 0, NULL, "", NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
	GOOD(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_STATUS, sizeof(status),
				   &status, NULL));
	ck_assert_int_eq(status, CL_BUILD_ERROR);
	GOOD(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL));
	ck_assert_msg(strstr(log, "nobody"), "the log does not name what is wrong: %s", log);
	clCreateKernel(program, "broken", &error);
	ck_assert_int_eq(error, CL_INVALID_PROGRAM_EXECUTABLE);
	REFUSED(clBuildProgram(program, 0, NULL, "-fplugin=x.so", NULL, NULL),
		CL_INVALID_BUILD_OPTIONS);
	GOOD(clReleaseProgram(program));
}
END_TEST

START_TEST(binaries_and_options)
{
	static const char source[] =
		"kernel void one(global int *a) { a[0] = VALUE; }\n"
		"kernel void two(global int *a) { a[0] = -VALUE; }\n";
	cl_program program = build(source, "-D VALUE=\"(40 + 2)\""), again;
	cl_kernel kernels[2];
	unsigned char *binary;
	cl_mem memory = buffer(4, NULL);
	cl_int error, status, got[2];
	size_t bytes, number;
	char names[64];
	cl_uint count, i;

	GOOD(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(bytes), &bytes, NULL));
	binary = malloc(bytes);
	GOOD(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL));
	again = clCreateProgramWithBinary(context, 1, &device, &bytes,
					  (const unsigned char **)&binary, &status, &error);
	GOOD(error);
	GOOD(clReleaseProgram(program));
	GOOD(clBuildProgram(again, 0, NULL, NULL, NULL, NULL));
	GOOD(clGetProgramInfo(again, CL_PROGRAM_NUM_KERNELS, sizeof(number), &number, NULL));
	ck_assert_uint_eq(number, 2);
	GOOD(clGetProgramInfo(again, CL_PROGRAM_KERNEL_NAMES, sizeof(names), names, NULL));
	ck_assert_msg(!strcmp(names, "one;two"), "kernels: %s", names);
	GOOD(clCreateKernelsInProgram(again, 2, kernels, &count));
	REFUSED(clBuildProgram(again, 0, NULL, NULL, NULL, NULL), CL_INVALID_OPERATION);
	for (i = 0; i < 2; i++) {
		argument(kernels[i], 0, sizeof(memory), &memory);
		run(kernels[i], 1, 1);
		fetch(memory, 4, &got[i]);
		GOOD(clReleaseKernel(kernels[i]));
	}
	ck_assert_int_eq(got[0], 42);
	ck_assert_int_eq(got[1], -42);
	/* A piece of it is no program. */
	bytes /= 2;
	clCreateProgramWithBinary(context, 1, &device, &bytes, (const unsigned char **)&binary,
				  &status, &error);
	ck_assert_int_eq(error, CL_INVALID_BINARY);
	free(binary);
	GOOD(clReleaseProgram(again));
	GOOD(clReleaseMemObject(memory));
}
END_TEST

static const char large_private_arrays_source[] =
	"kernel void large(global uint *out)\n"
	"{\n"
	"	uint own[5000], sum = 0, me = get_global_id(0);\n"
	"	for (uint i = 0; i < 5000; i++) own[(i * 7 + me) % 5000] = i * (me + 1);\n"
	"	barrier(CLK_GLOBAL_MEM_FENCE);\n"
	"	for (uint i = 0; i < 5000; i++) sum += own[i];\n"
	"	out[me] = sum;\n"
	"}\n";

/* More of everything than a kernel that has little needs. */
START_TEST(large_private_arrays)
{
	cl_kernel kernel = kernel_of(large_private_arrays_source, "large");
	cl_uint out[16], i;
	cl_mem memory = buffer(sizeof(out), NULL);
	cl_ulong bytes;

	argument(kernel, 0, sizeof(memory), &memory);
	run(kernel, 16, 8);
	fetch(memory, sizeof(out), out);
	for (i = 0; i < 16; i++)
		ck_assert_msg(out[i] == (i + 1) * (4999 * 5000 / 2), "item %u: %u", i, out[i]);
	GOOD(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_PRIVATE_MEM_SIZE, sizeof(bytes),
				      &bytes, NULL));
	ck_assert_msg(bytes >= 20000, "private memory: %llu bytes", (unsigned long long)bytes);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static const char a_kernel_says_how_large_its_groups_are_source[] =
	"kernel __attribute__((reqd_work_group_size(4, 2, 1))) void fixed(global uint *out)\n"
	"{\n"
	"	out[get_global_id(1) * 8 + get_global_id(0)] = get_local_size(0) * 10 + get_local_size(1);\n"
	"}\n";

START_TEST(a_kernel_says_how_large_its_groups_are)
{
	cl_kernel kernel = kernel_of(a_kernel_says_how_large_its_groups_are_source, "fixed");
	const size_t global[2] = { 8, 4 }, other[2] = { 2, 4 }, right[2] = { 4, 2 }, line = 8;
	size_t group[3];
	cl_uint out[32], i;
	cl_mem memory = buffer(sizeof(out), NULL);

	GOOD(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
				      sizeof(group), group, NULL));
	ck_assert_msg(group[0] == 4 && group[1] == 2 && group[2] == 1, "%zu %zu %zu", group[0],
		      group[1], group[2]);
	argument(kernel, 0, sizeof(memory), &memory);
	REFUSED(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, global, other, 0, NULL, NULL),
		CL_INVALID_WORK_GROUP_SIZE);
	REFUSED(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &line, NULL, 0, NULL, NULL),
		CL_INVALID_WORK_GROUP_SIZE);
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, global, right, 0, NULL, NULL));
	fetch(memory, sizeof(out), out);
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(out[i], 42);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static const char a_kernel_without_end_source[] =
	"kernel void endless(volatile global uint *at) { while (!*at) ; at[1] = 3; }\n";

/* The command fails when the time is up, and the queue goes on. */
START_TEST(a_kernel_without_end)
{
	cl_kernel kernel = kernel_of(a_kernel_without_end_source, "endless");
	const size_t one = 1;
	cl_uint word[2] = { 0 };
	cl_mem memory = buffer(sizeof(word), word);
	cl_event event;

	argument(kernel, 0, sizeof(memory), &memory);
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
	REFUSED(clWaitForEvents(1, &event), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	GOOD(clReleaseEvent(event));
	word[0] = 1;
	GOOD(clEnqueueWriteBuffer(queue, memory, CL_TRUE, 0, 4, word, 0, NULL, NULL));
	run(kernel, 1, 0);
	fetch(memory, sizeof(word), word);
	ck_assert_uint_eq(word[1], 3);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

/* A program that was compiled before needs no compiler. */
START_TEST(compiled_programs_are_kept)
{
	static const char source[] = "kernel void kept(global int *a) { a[0] = VALUE; }\n";
	cl_program program;
	const char *text = source;
	cl_int error;

	setenv("REFGPU_CLC_CACHE", CACHE "/of-a-test", 1);
	GOOD(clReleaseProgram(build(source, "-DVALUE=3")));
	setenv("REFGPU_CLC_CLANG", "/bin/false", 1);
	GOOD(clReleaseProgram(build(source, "-DVALUE=3")));
	program = clCreateProgramWithSource(context, 1, &text, NULL, &error);
	GOOD(error);
	REFUSED(clBuildProgram(program, 0, NULL, "-DVALUE=4", NULL, NULL),
		CL_BUILD_PROGRAM_FAILURE);
	GOOD(clReleaseProgram(program));
}
END_TEST

static const char a_null_pointer_hurts_nobody_source[] =
	"kernel void nowhere(global uint *at) { at[get_global_id(0)] = 0; }\n";

/* Whoever writes there meets nobody. */
START_TEST(a_null_pointer_hurts_nobody)
{
	cl_kernel kernel = kernel_of(a_null_pointer_hurts_nobody_source, "nowhere");
	const size_t global = 4096;
	cl_event event;
	cl_int status;

	argument(kernel, 0, sizeof(cl_mem), NULL);
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
	GOOD(clFinish(queue));
	GOOD(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			    NULL));
	ck_assert_msg(status == CL_COMPLETE, "status %d", status);
	GOOD(clReleaseEvent(event));
	GOOD(clReleaseKernel(kernel));
}
END_TEST

static void impatient_setup(void)
{
	setenv("REFGPU_CL_TIMEOUT", "5", 1);
	opencl_setup();
}

int main(void)
{
	Suite *suite = suite_create("opencl");
	TCase *tests = tcase_create("kernels");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, sums);
	tcase_add_loop_test(tests, groups_have_their_own_local_memory, 0, 4);
	tcase_add_test(tests, arguments_of_all_kinds);
	tcase_add_test(tests, identity_of_items);
	tcase_add_test(tests, atomics_count);
	tcase_add_test(tests, a_kernel_that_faults);
	tcase_add_test(tests, a_program_that_is_wrong);
	tcase_add_test(tests, binaries_and_options);
	tcase_add_test(tests, large_private_arrays);
	tcase_add_test(tests, a_kernel_says_how_large_its_groups_are);
	tcase_add_test(tests, compiled_programs_are_kept);
	tcase_add_test(tests, a_null_pointer_hurts_nobody);
	suite_add_tcase(suite, tests);
	tests = tcase_create("endless");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, impatient_setup, opencl_teardown);
	tcase_add_test(tests, a_kernel_without_end);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl");
}
