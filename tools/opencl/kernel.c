// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.c - kernels and their arguments
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/* The program's lock is held, and it is built. */
static cl_kernel create(cl_program program, const struct image_kernel *image)
{
	cl_kernel kernel = object_create(OBJECT_KERNEL, sizeof(*kernel));

	if (kernel)
		kernel->arguments = calloc(image->argument_count + 1, sizeof(*kernel->arguments));
	if (!kernel || !kernel->arguments) {
		object_discard(kernel);
		return NULL;
	}
	pthread_mutex_init(&kernel->lock, NULL);
	kernel->image = image;
	kernel->program = program;
	object_retain(program);
	program->kernels++;
	return kernel;
}

static void forget_argument(struct kernel_argument *argument)
{
	free(argument->value);
	if (argument->memory)
		put_memory(argument->memory);
}

static void put_kernel(cl_kernel kernel)
{
	cl_uint i;

	if (!object_release(kernel))
		return;
	for (i = 0; i < kernel->image->argument_count; i++)
		forget_argument(kernel->arguments + i);
	free(kernel->arguments);
	pthread_mutex_destroy(&kernel->lock);
	kernel->program->kernels--;
	put_program(kernel->program);
	free(kernel);
}

CL_API_ENTRY cl_kernel CL_API_CALL clCreateKernel(cl_program program, const char *name,
						  cl_int *errcode)
{
	cl_int error = CL_INVALID_PROGRAM_EXECUTABLE;
	cl_kernel kernel = NULL;
	unsigned int i;

	if (!object_valid(program, OBJECT_PROGRAM))
		return returned(NULL, CL_INVALID_PROGRAM, errcode);
	if (!name)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	pthread_mutex_lock(&program->lock);
	if (program->image) {
		const struct image *image = program->image;

		for (i = 0; i < image->kernel_count && strcmp(image->kernels[i].name, name); i++)
			;
		error = CL_INVALID_KERNEL_NAME;
		if (i < image->kernel_count) {
			kernel = create(program, image->kernels + i);
			error = kernel ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
		}
	}
	pthread_mutex_unlock(&program->lock);
	return returned(kernel, error, errcode);
}

/* The program's lock is held. */
static cl_int create_all(cl_program program, cl_uint room, cl_kernel *kernels, cl_uint *count)
{
	cl_uint i;

	if (!program->image)
		return CL_INVALID_PROGRAM_EXECUTABLE;
	if (kernels && room < program->image->kernel_count)
		return CL_INVALID_VALUE;
	for (i = 0; kernels && i < program->image->kernel_count; i++) {
		kernels[i] = create(program, program->image->kernels + i);
		if (!kernels[i])
			return CL_OUT_OF_HOST_MEMORY;
	}
	if (count)
		*count = program->image->kernel_count;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clCreateKernelsInProgram(cl_program program, cl_uint room,
							 cl_kernel *kernels, cl_uint *count)
{
	cl_int error;

	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	pthread_mutex_lock(&program->lock);
	error = create_all(program, room, kernels, count);
	pthread_mutex_unlock(&program->lock);
	return error;
}

CL_API_ENTRY cl_int CL_API_CALL clRetainKernel(cl_kernel kernel)
{
	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	object_retain(kernel);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseKernel(cl_kernel kernel)
{
	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	put_kernel(kernel);
	return CL_SUCCESS;
}

/* What an argument is to be, taken from what the application gives. */
static cl_int take(cl_kernel kernel, const struct image_argument *image, size_t bytes,
		   const void *value, struct kernel_argument *argument)
{
	argument->set = true;
	if (image->space == SPACE_LOCAL) {
		if (value)
			return CL_INVALID_ARG_VALUE;
		if (!bytes)
			return CL_INVALID_ARG_SIZE;
		argument->local_bytes = bytes;
		return CL_SUCCESS;
	}
	if (image->space == SPACE_PRIVATE) {
		if (!value)
			return CL_INVALID_ARG_VALUE;
		if (bytes != image->bytes)
			return CL_INVALID_ARG_SIZE;
		argument->value = malloc(bytes);
		if (!argument->value)
			return CL_OUT_OF_HOST_MEMORY;
		memcpy(argument->value, value, bytes);
		return CL_SUCCESS;
	}
	if (bytes != sizeof(cl_mem))
		return CL_INVALID_ARG_SIZE;
	if (value)
		memcpy(&argument->memory, value, sizeof(cl_mem));
	if (!argument->memory)
		return CL_SUCCESS;
	if (!object_valid(argument->memory, OBJECT_MEMORY) ||
	    argument->memory->context != kernel->program->context)
		return CL_INVALID_MEM_OBJECT;
	object_retain(argument->memory);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clSetKernelArg(cl_kernel kernel, cl_uint index, size_t bytes,
					       const void *value)
{
	struct kernel_argument argument = { 0 }, old;
	cl_int error;

	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	if (index >= kernel->image->argument_count)
		return CL_INVALID_ARG_INDEX;
	error = take(kernel, kernel->image->arguments + index, bytes, value, &argument);
	if (error)
		return error;
	pthread_mutex_lock(&kernel->lock);
	old = kernel->arguments[index];
	kernel->arguments[index] = argument;
	pthread_mutex_unlock(&kernel->lock);
	forget_argument(&old);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_kernel CL_API_CALL clCloneKernel(cl_kernel kernel, cl_int *errcode)
{
	cl_kernel clone;
	cl_uint i;

	if (!object_valid(kernel, OBJECT_KERNEL))
		return returned(NULL, CL_INVALID_KERNEL, errcode);
	clone = create(kernel->program, kernel->image);
	if (!clone)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	pthread_mutex_lock(&kernel->lock);
	for (i = 0; i < kernel->image->argument_count; i++) {
		struct kernel_argument *to = clone->arguments + i;
		size_t bytes = kernel->image->arguments[i].bytes;

		*to = kernel->arguments[i];
		if (to->memory)
			object_retain(to->memory);
		if (to->value) {
			to->value = malloc(bytes);
			to->set = to->value;
			if (to->value)
				memcpy(to->value, kernel->arguments[i].value, bytes);
		}
	}
	pthread_mutex_unlock(&kernel->lock);
	return returned(clone, CL_SUCCESS, errcode);
}

CL_API_ENTRY cl_int CL_API_CALL clGetKernelInfo(cl_kernel kernel, cl_kernel_info name,
						size_t room, void *to, size_t *needed)
{
	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	switch (name) {
	case CL_KERNEL_FUNCTION_NAME:
		return INFO_TEXT(kernel->image->name);
	case CL_KERNEL_NUM_ARGS:
		return INFO(cl_uint, kernel->image->argument_count);
	case CL_KERNEL_REFERENCE_COUNT:
		return INFO(cl_uint, kernel->object.references);
	case CL_KERNEL_CONTEXT:
		return INFO(cl_context, kernel->program->context);
	case CL_KERNEL_PROGRAM:
		return INFO(cl_program, kernel->program);
	case CL_KERNEL_ATTRIBUTES:
		return INFO_TEXT("");
	default:
		return CL_INVALID_VALUE;
	}
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelArgInfo(cl_kernel kernel, cl_uint index, cl_kernel_arg_info name, size_t room,
		   void *to, size_t *needed)
{
	(void)name;
	(void)room;
	(void)to;
	(void)needed;
	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	if (index >= kernel->image->argument_count)
		return CL_INVALID_ARG_INDEX;
	return CL_KERNEL_ARG_INFO_NOT_AVAILABLE;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info name,
			 size_t room, void *to, size_t *needed)
{
	size_t group[3];
	cl_ulong bytes;
	cl_uint i;

	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	if (device && !object_valid(device, OBJECT_DEVICE))
		return CL_INVALID_DEVICE;
	switch (name) {
	case CL_KERNEL_WORK_GROUP_SIZE:
		return INFO(size_t, REFGPU_GROUP_ITEMS_MAX);
	case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
		for (i = 0; i < 3; i++)
			group[i] = kernel->image->group[i];
		return info_give(group, sizeof(group), room, to, needed);
	case CL_KERNEL_LOCAL_MEM_SIZE:
		bytes = kernel->program->image->local_bytes;
		pthread_mutex_lock(&kernel->lock);
		for (i = 0; i < kernel->image->argument_count; i++)
			bytes += kernel->arguments[i].local_bytes;
		pthread_mutex_unlock(&kernel->lock);
		return INFO(cl_ulong, bytes);
	case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
		return INFO(size_t, 1);
	case CL_KERNEL_PRIVATE_MEM_SIZE:
		return INFO(cl_ulong, kernel->program->image->stack_bytes);
	default:
		return CL_INVALID_VALUE;
	}
}
