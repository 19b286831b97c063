// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl_random.c - a caller that knows what OpenCL's functions are, and little else
 *
 * Handles are right, of another kind, of what is gone, or no addresses at all; sizes,
 * offsets and flags are often out of range. The sanitizers watch. A wrong handle has to be
 * refused, and at the end a kernel still computes what it should.
 */
#include "chance.h"
#include "opencl.h"

#define CALLS	60000u
#define SLOTS	8u
#define BYTES	4096u

enum kind { BUFFER, EVENT, USER_EVENT, KERNEL, KINDS };

static void *handles[KINDS][SLOTS];
static bool ended[SLOTS];	/* user events */
static bool wrong;		/* a handle of this call is */
static char scratch[2][BYTES];	/* commands read and write here at any time */

static const char source[] =
	"kernel void fill(global uint *at, uint value) { at[get_global_id(0)] = value; }\n"
	"kernel void turn(global uint *at, local uint *own)\n"
	"{\n"
	"	own[get_local_id(0)] = at[get_global_id(0)];\n"
	"	barrier(CLK_LOCAL_MEM_FENCE);\n"
	"	at[get_global_id(0)] = own[get_local_size(0) - 1 - get_local_id(0)];\n"
	"}\n";

static void release(enum kind kind, void *handle)
{
	if (kind == BUFFER)
		GOOD(clReleaseMemObject(handle));
	else if (kind == KERNEL)
		GOOD(clReleaseKernel(handle));
	else
		GOOD(clReleaseEvent(handle));
}

/* What was there once: nothing else knows it. */
static void *gone(void)
{
	void *handle;

	switch (any(3)) {
	case 0:
		handle = buffer(1 + any(BYTES), NULL);
		GOOD(clReleaseMemObject(handle));
		return handle;
	case 1:
		handle = clCreateUserEvent(context, NULL);
		GOOD(clReleaseEvent(handle));
		return handle;
	default:
		handle = malloc(64);
		free(handle);
		return handle;
	}
}

static void *pick(enum kind kind)
{
	void *handle = handles[kind][any(SLOTS)];

	if (handle && !one_in(10))
		return handle;
	wrong = true;
	switch (any(4)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(uintptr_t)any(1ULL << 40);
	case 2:
		return one_in(2) ? (void *)queue : (void *)context;
	default:
		return gone();
	}
}

static cl_command_queue pick_queue(void)
{
	if (!one_in(50))
		return queue;
	wrong = true;
	return one_in(2) ? gone() : (void *)context;
}

static void keep(enum kind kind, void *handle)
{
	unsigned int slot = (unsigned int)any(SLOTS);

	if (!handle)
		return;
	if (kind == USER_EVENT) {
		/* Nobody may wait for one for ever. */
		if (handles[kind][slot] && !ended[slot])
			GOOD(clSetUserEventStatus(handles[kind][slot], CL_COMPLETE));
		ended[slot] = false;
	}
	if (handles[kind][slot])
		release(kind, handles[kind][slot]);
	handles[kind][slot] = handle;
}

/* A size or an offset: mostly one that may do. */
static size_t size(void)
{
	return one_in(12) ? (size_t)unit_random(&chance) : (size_t)any(BYTES / 2);
}

static cl_event list[2];

static cl_uint waits(void)
{
	cl_uint count = one_in(3) ? 1 + (cl_uint)any(2) : 0, i;

	for (i = 0; i < count; i++)
		list[i] = pick(one_in(8) ? USER_EVENT : EVENT);
	return count;
}

/* Two parts of this process's memory, as lines: never out of it. */
static cl_int rectangle(cl_event *event)
{
	const size_t origin[3] = { size(), any(4), any(2) }, host[3] = { any(8), any(4), any(2) };
	const size_t region[3] = { 1 + any(32), 1 + any(4), 1 + any(2) };
	size_t row = one_in(2) ? 0 : any(128), slice = one_in(2) ? 0 : row * any(16);
	cl_uint count = waits();

	return clEnqueueReadBufferRect(pick_queue(), pick(BUFFER), CL_FALSE, origin, host, region,
				       row, slice, 64, 512, scratch[0], count,
				       count ? list : NULL, event);
}

static cl_int mapping(cl_event *event)
{
	cl_mem memory = pick(BUFFER);
	cl_int error;
	void *at = clEnqueueMapBuffer(queue, memory, CL_FALSE, 1 << any(4), size(), size(), 0,
				      NULL, NULL, &error);

	return error ? error : clEnqueueUnmapMemObject(queue, memory, at, 0, NULL, event);
}

static cl_int dispatch(cl_event *event)
{
	const size_t global[3] = { any(300), any(3), any(3) }, local[3] = { any(300), 1, 1 };
	cl_uint count = waits();

	return clEnqueueNDRangeKernel(pick_queue(), pick(KERNEL), (cl_uint)any(5), NULL, global,
				      one_in(2) ? local : NULL, count, count ? list : NULL, event);
}

static cl_int argue(void)
{
	cl_kernel kernel = pick(KERNEL);
	cl_mem memory;
	cl_uint value = (cl_uint)any(100);
	bool before = wrong;
	cl_int error;

	/* A kernel that has less local memory than it uses writes where others are: no less. */
	if (one_in(2))
		return clSetKernelArg(kernel, 1, one_in(2) ? 4 * 300 + any(9000) : 4,
				      one_in(2) ? NULL : &value);
	wrong = false;
	memory = pick(BUFFER);
	/* No buffer is a value, too; a size that is wrong may be one of a mistake before it. */
	error = clSetKernelArg(kernel, 2 * (cl_uint)any(2), one_in(9) ? 4 : sizeof(memory),
			       &memory);
	wrong = before || (wrong && memory);
	return error;
}

static cl_int ask(void)
{
	char answer[64];
	size_t room = any(sizeof(answer) + 1), needed;
	cl_uint name = (cl_uint)any(32);

	switch (any(6)) {
	case 0:
		return clGetMemObjectInfo(pick(BUFFER), CL_MEM_TYPE + name, room, answer, &needed);
	case 1:
		return clGetEventInfo(pick(EVENT), CL_EVENT_COMMAND_QUEUE + name, room, answer,
				      &needed);
	case 2:
		return clGetKernelInfo(pick(KERNEL), CL_KERNEL_FUNCTION_NAME + name, room, answer,
				       &needed);
	case 3:
		return clGetKernelWorkGroupInfo(pick(KERNEL), device,
						CL_KERNEL_WORK_GROUP_SIZE + name, room, answer,
						&needed);
	case 4:
		return clGetCommandQueueInfo(pick_queue(), CL_QUEUE_CONTEXT + name, room, answer,
					     &needed);
	default:
		return clGetEventProfilingInfo(pick(EVENT), CL_PROFILING_COMMAND_QUEUED + name,
					       room, answer, &needed);
	}
}

static cl_int one_call(void)
{
	const cl_buffer_region region = { size() / 128 * 128, size() };
	cl_event event = NULL;
	cl_uint count, pattern = 7;
	cl_int error = CL_SUCCESS;
	void *handle;

	switch (any(14)) {
	case 0:
		handle = clCreateBuffer(one_in(20) ? (wrong = true, gone()) : (void *)context,
					one_in(4) ? any(1 << 10) : 0, size(), NULL, &error);
		keep(BUFFER, handle);
		break;
	case 1:
		handle = clCreateSubBuffer(pick(BUFFER), any(8), CL_BUFFER_CREATE_TYPE_REGION,
					   &region, &error);
		keep(BUFFER, handle);
		break;
	case 2:
		count = waits();
		error = clEnqueueReadBuffer(pick_queue(), pick(BUFFER), CL_FALSE, size(),
					    any(BYTES), scratch[0], count, count ? list : NULL,
					    &event);
		break;
	case 3:
		count = waits();
		error = clEnqueueWriteBuffer(pick_queue(), pick(BUFFER), CL_FALSE, size(),
					     any(BYTES), scratch[1], count, count ? list : NULL,
					     &event);
		break;
	case 4:
		count = waits();
		error = clEnqueueCopyBuffer(pick_queue(), pick(BUFFER), pick(BUFFER), size(),
					    size(), size(), count, count ? list : NULL, &event);
		break;
	case 5:
		error = clEnqueueFillBuffer(pick_queue(), pick(BUFFER), &pattern, any(6),
					    size() & ~3ULL, size() & ~3ULL, 0, NULL, &event);
		break;
	case 6:
		count = waits();
		error = clEnqueueMarkerWithWaitList(pick_queue(), count, count ? list : NULL,
						    &event);
		break;
	case 7:
		keep(USER_EVENT, clCreateUserEvent(context, NULL));
		break;
	case 8:
		count = (cl_uint)any(SLOTS);
		if (!handles[USER_EVENT][count] || ended[count])
			break;
		ended[count] = true;
		error = clSetUserEventStatus(handles[USER_EVENT][count],
					     one_in(4) ? -5 : CL_COMPLETE);
		break;
	case 9:
		error = rectangle(&event);
		break;
	case 10:
		error = mapping(&event);
		break;
	case 11:
		error = argue();
		break;
	case 12:
		error = dispatch(&event);
		break;
	default:
		error = ask();
		break;
	}
	keep(EVENT, event);
	return error;
}

START_TEST(any_call_at_all)
{
	cl_program program = build(source, NULL);
	unsigned int good = 0, i, kind;
	cl_uint value = 77, got[64] = { 0 };
	const size_t items = 64;
	cl_mem memory;
	cl_kernel kernel;

	chance.state = unit_seed("test_opencl_random");
	for (i = 0; i < SLOTS; i++) {
		handles[BUFFER][i] = buffer(BYTES, NULL);
		handles[KERNEL][i] = clCreateKernel(program, i & 1 ? "fill" : "turn", NULL);
		handles[USER_EVENT][i] = clCreateUserEvent(context, NULL);
	}
	for (i = 0; i < CALLS; i++) {
		cl_int error;

		wrong = false;
		error = one_call();
		good += !error;
		ck_assert_msg(!wrong || error, "call %u: a wrong handle was taken", i);
	}
	ck_assert_msg(good > CALLS / 4, "only %u calls of %u were good", good, CALLS);
	for (i = 0; i < SLOTS; i++) {
		if (!ended[i])
			GOOD(clSetUserEventStatus(handles[USER_EVENT][i], CL_COMPLETE));
	}
	for (kind = 0; kind < KINDS; kind++) {
		for (i = 0; i < SLOTS; i++) {
			if (handles[kind][i])
				release(kind, handles[kind][i]);
		}
	}
	kernel = clCreateKernel(program, "fill", NULL);
	memory = buffer(sizeof(got), NULL);
	argument(kernel, 0, sizeof(memory), &memory);
	argument(kernel, 1, sizeof(value), &value);
	run(kernel, items, 0);
	fetch(memory, sizeof(got), got);
	for (i = 0; i < items; i++)
		ck_assert_msg(got[i] == value, "at the end word %u is %u", i, got[i]);
	GOOD(clReleaseMemObject(memory));
	GOOD(clReleaseKernel(kernel));
	GOOD(clReleaseProgram(program));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencl_random");
	TCase *tests = tcase_create("calls");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, any_call_at_all);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl_random");
}
