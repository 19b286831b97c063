// SPDX-License-Identifier: GPL-2.0-only
/*
 * program.c - programs, from source or as they were made before
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

static cl_program create(cl_context context)
{
	cl_program program = object_create(OBJECT_PROGRAM, sizeof(*program));

	if (!program)
		return NULL;
	pthread_mutex_init(&program->lock, NULL);
	object_retain(context);
	program->context = context;
	program->status = CL_BUILD_NONE;
	return program;
}

/* What a build made goes; the lock is held, or nobody else knows the program. */
static void forget(cl_program program)
{
	image_release(program->image);
	program->image = NULL;
	transport_free(program->context->transport, &program->code);
}

void program_free(cl_program program)
{
	forget(program);
	free(program->binary);
	free(program->source);
	free(program->options);
	free(program->log);
	pthread_mutex_destroy(&program->lock);
	put_context(program->context);
	free(program);
}

void put_program(cl_program program)
{
	if (object_release(program))
		program_free(program);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
			  const size_t *lengths, cl_int *errcode)
{
	cl_program program;
	size_t bytes = 0;
	cl_uint i;

	if (!object_valid(context, OBJECT_CONTEXT))
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	if (!count || !texts)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	for (i = 0; i < count; i++) {
		if (!texts[i])
			return returned(NULL, CL_INVALID_VALUE, errcode);
		bytes += lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
	}
	program = create(context);
	if (!program)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	program->source = malloc(bytes + 1);
	if (!program->source) {
		put_program(program);
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	}
	bytes = 0;
	for (i = 0; i < count; i++) {
		size_t length = lengths && lengths[i] ? lengths[i] : strlen(texts[i]);

		memcpy(program->source + bytes, texts[i], length);
		bytes += length;
	}
	program->source[bytes] = 0;
	return returned(program, CL_SUCCESS, errcode);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices,
			  const size_t *lengths, const unsigned char **binaries, cl_int *status,
			  cl_int *errcode)
{
	struct image *image;
	cl_program program;

	if (!object_valid(context, OBJECT_CONTEXT))
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	if (count != 1 || !devices || !lengths || !binaries)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if (!object_valid(devices[0], OBJECT_DEVICE))
		return returned(NULL, CL_INVALID_DEVICE, errcode);
	if (!lengths[0] || !binaries[0]) {
		if (status)
			*status = CL_INVALID_VALUE;
		return returned(NULL, CL_INVALID_VALUE, errcode);
	}
	image = image_read(binaries[0], lengths[0]);
	if (status)
		*status = image ? CL_SUCCESS : CL_INVALID_BINARY;
	if (!image)
		return returned(NULL, CL_INVALID_BINARY, errcode);
	image_release(image);
	program = create(context);
	if (program)
		program->binary = malloc(lengths[0]);
	if (!program || !program->binary) {
		if (program)
			put_program(program);
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	}
	memcpy(program->binary, binaries[0], lengths[0]);
	program->binary_bytes = lengths[0];
	return returned(program, CL_SUCCESS, errcode);
}

/* Load what was made; the lock is held. */
static cl_int load(cl_program program)
{
	program->image = image_read(program->binary, program->binary_bytes);
	if (!program->image)
		return CL_INVALID_BINARY;
	/* A program without kernels has nothing to load. */
	if (!program->image->bytes)
		return CL_SUCCESS;
	if (!transport_alloc(program->context->transport, program->image->bytes, &program->code))
		return CL_OUT_OF_RESOURCES;
	memcpy(program->code.host, program->image->code, program->image->bytes);
	return CL_SUCCESS;
}

/* The lock is held. */
static cl_int build(cl_program program, const char *options)
{
	cl_int error = CL_SUCCESS;

	forget(program);
	free(program->options);
	free(program->log);
	program->log = NULL;
	program->options = strdup(options);
	program->status = CL_BUILD_ERROR;
	if (!program->options)
		return CL_OUT_OF_HOST_MEMORY;
	if (program->source) {
		free(program->binary);
		program->binary = NULL;
		program->binary_bytes = 0;
		error = program_compile(program->source, options, &program->binary,
					&program->binary_bytes, &program->log);
	}
	if (!error)
		error = load(program);
	if (error)
		forget(program);
	else
		program->status = CL_BUILD_SUCCESS;
	return error;
}

static cl_int check_devices(cl_uint count, const cl_device_id *devices)
{
	cl_uint i;

	if (!count != !devices)
		return CL_INVALID_VALUE;
	for (i = 0; i < count; i++) {
		if (!object_valid(devices[i], OBJECT_DEVICE))
			return CL_INVALID_DEVICE;
	}
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
	       const char *options, void (*notify)(cl_program, void *), void *data)
{
	cl_int error;

	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	error = check_devices(count, devices);
	if (error)
		return error;
	if (!notify && data)
		return CL_INVALID_VALUE;
	pthread_mutex_lock(&program->lock);
	error = program->kernels ? CL_INVALID_OPERATION : build(program, options ? options : "");
	pthread_mutex_unlock(&program->lock);
	if (notify)
		notify(program, data);
	return error;
}

CL_API_ENTRY cl_int CL_API_CALL clRetainProgram(cl_program program)
{
	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	object_retain(program);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseProgram(cl_program program)
{
	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	put_program(program);
	return CL_SUCCESS;
}

/* Names of all kernels, with ';' between them. */
static cl_int kernel_names(cl_program program, size_t room, void *to, size_t *needed)
{
	const struct image *image = program->image;
	size_t bytes = 1;
	unsigned int i;
	cl_int error;
	char *text;

	for (i = 0; i < image->kernel_count; i++)
		bytes += strlen(image->kernels[i].name) + 1;
	text = calloc(1, bytes);
	if (!text)
		return CL_OUT_OF_HOST_MEMORY;
	for (i = 0; i < image->kernel_count; i++)
		sprintf(text + strlen(text), "%s%s", i ? ";" : "", image->kernels[i].name);
	error = INFO_TEXT(text);
	free(text);
	return error;
}

static cl_int program_info(cl_program program, cl_program_info name, size_t room, void *to,
			   size_t *needed)
{
	switch (name) {
	case CL_PROGRAM_REFERENCE_COUNT:
		return INFO(cl_uint, program->object.references);
	case CL_PROGRAM_CONTEXT:
		return INFO(cl_context, program->context);
	case CL_PROGRAM_NUM_DEVICES:
		return INFO(cl_uint, 1);
	case CL_PROGRAM_DEVICES:
		return INFO(cl_device_id, &the_device);
	case CL_PROGRAM_SOURCE:
		return INFO_TEXT(program->source ? program->source : "");
	case CL_PROGRAM_IL:
		return info_give(NULL, 0, room, to, needed);
	case CL_PROGRAM_BINARY_SIZES:
		return INFO(size_t, program->binary_bytes);
	case CL_PROGRAM_BINARIES:
		if (to && room < sizeof(void *))
			return CL_INVALID_VALUE;
		if (to && *(void **)to && program->binary)
			memcpy(*(void **)to, program->binary, program->binary_bytes);
		if (needed)
			*needed = sizeof(void *);
		return CL_SUCCESS;
	case CL_PROGRAM_NUM_KERNELS:
		return program->image ? INFO(size_t, program->image->kernel_count) :
					CL_INVALID_PROGRAM_EXECUTABLE;
	case CL_PROGRAM_KERNEL_NAMES:
		return program->image ? kernel_names(program, room, to, needed) :
					CL_INVALID_PROGRAM_EXECUTABLE;
	case CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT:
	case CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT:
		return INFO(cl_bool, CL_FALSE);
	default:
		return CL_INVALID_VALUE;
	}
}

CL_API_ENTRY cl_int CL_API_CALL clGetProgramInfo(cl_program program, cl_program_info name,
						 size_t room, void *to, size_t *needed)
{
	cl_int error;

	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	pthread_mutex_lock(&program->lock);
	error = program_info(program, name, room, to, needed);
	pthread_mutex_unlock(&program->lock);
	return error;
}

static cl_int build_info(cl_program program, cl_program_build_info name, size_t room, void *to,
			 size_t *needed)
{
	switch (name) {
	case CL_PROGRAM_BUILD_STATUS:
		return INFO(cl_build_status, program->status);
	case CL_PROGRAM_BUILD_OPTIONS:
		return INFO_TEXT(program->options ? program->options : "");
	case CL_PROGRAM_BUILD_LOG:
		return INFO_TEXT(program->log ? program->log : "");
	case CL_PROGRAM_BINARY_TYPE:
		return INFO(cl_program_binary_type, program->image ?
			    CL_PROGRAM_BINARY_TYPE_EXECUTABLE : CL_PROGRAM_BINARY_TYPE_NONE);
	case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
		return INFO(size_t, 0);
	default:
		return CL_INVALID_VALUE;
	}
}

CL_API_ENTRY cl_int CL_API_CALL
clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info name,
		      size_t room, void *to, size_t *needed)
{
	cl_int error;

	if (!object_valid(program, OBJECT_PROGRAM))
		return CL_INVALID_PROGRAM;
	if (!object_valid(device, OBJECT_DEVICE))
		return CL_INVALID_DEVICE;
	pthread_mutex_lock(&program->lock);
	error = build_info(program, name, room, to, needed);
	pthread_mutex_unlock(&program->lock);
	return error;
}
