// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl_buffers.c - buffers, events and queues of OpenCL, without kernels
 */
#include "opencl.h"

START_TEST(wrong_arguments)
{
	const cl_buffer_region far = { 4096, 1 }, crooked = { 4, 4 };
	cl_mem memory = buffer(4096, NULL);
	char bytes[16] = "";
	cl_int error;

	REFUSED(clGetPlatformIDs(0, NULL, NULL), CL_INVALID_VALUE);
	REFUSED(clGetDeviceIDs(NULL, CL_DEVICE_TYPE_CPU, 1, &device, NULL), CL_DEVICE_NOT_FOUND);
	REFUSED(clGetDeviceIDs(NULL, 0, 1, &device, NULL), CL_INVALID_DEVICE_TYPE);
	REFUSED(clReleaseContext((cl_context)queue), CL_INVALID_CONTEXT);
	REFUSED(clFinish((cl_command_queue)context), CL_INVALID_COMMAND_QUEUE);
	REFUSED(clGetDeviceInfo(device, CL_DEVICE_NAME, 2, bytes, NULL), CL_INVALID_VALUE);
	clCreateBuffer(context, 0, 0, NULL, &error);
	ck_assert_int_eq(error, CL_INVALID_BUFFER_SIZE);
	clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 4, NULL, &error);
	ck_assert_int_eq(error, CL_INVALID_VALUE);
	clCreateBuffer(context, CL_MEM_USE_HOST_PTR, 4, NULL, &error);
	ck_assert_int_eq(error, CL_INVALID_HOST_PTR);
	clCreateSubBuffer(memory, 0, CL_BUFFER_CREATE_TYPE_REGION, &far, &error);
	ck_assert_int_eq(error, CL_INVALID_VALUE);
	clCreateSubBuffer(memory, 0, CL_BUFFER_CREATE_TYPE_REGION, &crooked, &error);
	ck_assert_int_eq(error, CL_MISALIGNED_SUB_BUFFER_OFFSET);
	REFUSED(clEnqueueReadBuffer(queue, memory, CL_TRUE, 4090, 16, bytes, 0, NULL, NULL),
		CL_INVALID_VALUE);
	REFUSED(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, 16, bytes, 1, NULL, NULL),
		CL_INVALID_EVENT_WAIT_LIST);
	REFUSED(clEnqueueCopyBuffer(queue, memory, memory, 0, 8, 16, 0, NULL, NULL),
		CL_MEM_COPY_OVERLAP);
	REFUSED(clEnqueueFillBuffer(queue, memory, bytes, 3, 0, 9, 0, NULL, NULL),
		CL_INVALID_VALUE);
	REFUSED(clEnqueueUnmapMemObject(queue, memory, bytes, 0, NULL, NULL), CL_INVALID_VALUE);
	GOOD(clReleaseMemObject(memory));
}
END_TEST

/* What is in the part is in the whole; a mapping of the application's own memory too. */
START_TEST(parts_and_mappings)
{
	static unsigned char own[4096];
	const cl_buffer_region region = { 1024, 256 };
	cl_uint pattern = 0x01020304, got = 0, count;
	cl_mem whole, part;
	cl_int error;
	char *at;

	whole = clCreateBuffer(context, CL_MEM_USE_HOST_PTR, sizeof(own), own, &error);
	GOOD(error);
	part = clCreateSubBuffer(whole, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
	GOOD(error);
	GOOD(clEnqueueFillBuffer(queue, part, &pattern, 4, 0, 256, 0, NULL, NULL));
	GOOD(clEnqueueReadBuffer(queue, whole, CL_TRUE, 1024 + 252, 4, &got, 0, NULL, NULL));
	ck_assert_uint_eq(got, pattern);
	at = clEnqueueMapBuffer(queue, whole, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 1024, 512, 0,
				NULL, NULL, &error);
	GOOD(error);
	ck_assert_msg((unsigned char *)at == own + 1024, "mapped elsewhere");
	ck_assert_int_eq(at[0], 4);
	at[256] = 77;
	GOOD(clGetMemObjectInfo(whole, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL));
	ck_assert_uint_eq(count, 1);
	GOOD(clEnqueueUnmapMemObject(queue, whole, at, 0, NULL, NULL));
	GOOD(clEnqueueReadBuffer(queue, whole, CL_TRUE, 1280, 1, &got, 0, NULL, NULL));
	ck_assert_uint_eq(got & 0xff, 77);
	GOOD(clReleaseMemObject(part));
	GOOD(clReleaseMemObject(whole));
}
END_TEST

/* Commands wait for the application's event, and the application for none of them. */
START_TEST(queues_do_not_hold_the_caller_up)
{
	cl_ulong times[4];
	cl_uint value = 5, got = 0, i;
	cl_mem memory = buffer(4, &got);
	cl_event gate, write;
	cl_int error, status;

	gate = clCreateUserEvent(context, &error);
	GOOD(error);
	GOOD(clEnqueueWriteBuffer(queue, memory, CL_FALSE, 0, 4, &value, 1, &gate, &write));
	GOOD(clEnqueueReadBuffer(queue, memory, CL_FALSE, 0, 4, &got, 0, NULL, NULL));
	GOOD(clGetEventInfo(write, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			    NULL));
	ck_assert_msg(status > CL_RUNNING, "it did not wait: status %d", status);
	REFUSED(clGetEventProfilingInfo(write, CL_PROFILING_COMMAND_END, 8, times, NULL),
		CL_PROFILING_INFO_NOT_AVAILABLE);
	GOOD(clSetUserEventStatus(gate, CL_COMPLETE));
	REFUSED(clSetUserEventStatus(gate, CL_COMPLETE), CL_INVALID_OPERATION);
	GOOD(clFinish(queue));
	ck_assert_uint_eq(got, 5);
	for (i = 0; i < 4; i++)
		GOOD(clGetEventProfilingInfo(write, CL_PROFILING_COMMAND_QUEUED + i, 8, times + i,
					     NULL));
	for (i = 1; i < 4; i++)
		ck_assert_msg(times[i] >= times[i - 1], "time %u is before the one before", i);
	GOOD(clReleaseEvent(gate));
	GOOD(clReleaseEvent(write));
	GOOD(clReleaseMemObject(memory));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencl_buffers");
	TCase *tests = tcase_create("buffers");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, wrong_arguments);
	tcase_add_test(tests, parts_and_mappings);
	tcase_add_test(tests, queues_do_not_hold_the_caller_up);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl_buffers");
}
