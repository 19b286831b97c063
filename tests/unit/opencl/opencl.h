/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opencl.h - a context and a queue to test, and kernels from source
 */
#ifndef UNIT_OPENCL_H
#define UNIT_OPENCL_H

#include <stdlib.h>
#include <string.h>

#include "objects.h"
#include "unit.h"

#define GOOD(call) do {								\
	cl_int good_ = (call);							\
	ck_assert_msg(good_ == CL_SUCCESS, #call ": error %d", good_);		\
} while (0)

#define REFUSED(call, why) do {							\
	cl_int refused_ = (call);						\
	ck_assert_msg(refused_ == (why), #call ": %d, not " #why, refused_);	\
} while (0)

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;

static inline void opencl_setup(void)
{
	cl_platform_id platform;
	cl_int error;

	setenv("REFGPU_CLC", COMPILER, 1);
	setenv("REFGPU_CLC_CACHE", CACHE, 1);
	GOOD(clGetPlatformIDs(1, &platform, NULL));
	GOOD(clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &device, NULL));
	context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
	GOOD(error);
	queue = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &error);
	GOOD(error);
}

static inline void opencl_teardown(void)
{
	GOOD(clFinish(queue));
	GOOD(clReleaseCommandQueue(queue));
	GOOD(clReleaseContext(context));
}

static inline cl_program build(const char *source, const char *options)
{
	char log[4096] = "";
	cl_program program;
	cl_int error;

	program = clCreateProgramWithSource(context, 1, &source, NULL, &error);
	GOOD(error);
	error = clBuildProgram(program, 1, &device, options, NULL, NULL);
	clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
	ck_assert_msg(!error, "build: error %d: %s", error, log);
	return program;
}

/* A kernel that keeps its program. */
static inline cl_kernel kernel_of(const char *source, const char *name)
{
	cl_program program = build(source, NULL);
	cl_int error;
	cl_kernel kernel = clCreateKernel(program, name, &error);

	GOOD(error);
	GOOD(clReleaseProgram(program));
	return kernel;
}

static inline cl_mem buffer(size_t size, void *content)
{
	cl_int error;
	cl_mem memory = clCreateBuffer(context, content ? CL_MEM_COPY_HOST_PTR : 0, size, content,
				       &error);

	GOOD(error);
	return memory;
}

static inline void argument(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
	GOOD(clSetKernelArg(kernel, index, size, value));
}

static inline void run(cl_kernel kernel, size_t global, size_t local)
{
	GOOD(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, local ? &local : NULL, 0,
				    NULL, NULL));
}

static inline void fetch(cl_mem memory, size_t size, void *to)
{
	GOOD(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, size, to, 0, NULL, NULL));
}

#endif /* UNIT_OPENCL_H */
