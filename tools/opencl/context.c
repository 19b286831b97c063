// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - contexts: all of the one device
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/* Copies properties; an error for those that nobody knows. */
static cl_int take_properties(cl_context context, const cl_context_properties *properties)
{
	size_t n = 0;

	if (!properties)
		return CL_SUCCESS;
	for (; properties[n]; n += 2) {
		if (properties[n] == CL_CONTEXT_PLATFORM) {
			if (!object_valid((void *)properties[n + 1], OBJECT_PLATFORM))
				return CL_INVALID_PLATFORM;
		} else if (properties[n] != CL_CONTEXT_INTEROP_USER_SYNC) {
			return CL_INVALID_PROPERTY;
		}
		if (n + 2 >= sizeof(context->properties) / sizeof(context->properties[0]))
			return CL_INVALID_PROPERTY;
		context->properties[n] = properties[n];
		context->properties[n + 1] = properties[n + 1];
	}
	context->property_bytes = (n + 1) * sizeof(*properties);
	return CL_SUCCESS;
}

static cl_context create(const cl_context_properties *properties, cl_int *errcode)
{
	cl_context context = object_create(OBJECT_CONTEXT, sizeof(*context));
	cl_int error;

	if (!context)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	context->transport = the_device.transport;
	error = take_properties(context, properties);
	if (error)
		object_discard(context);
	return returned(context, error, errcode);
}

CL_API_ENTRY cl_context CL_API_CALL
clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
		void (*notify)(const char *, const void *, size_t, void *),
		void *data, cl_int *errcode)
{
	cl_uint i;

	if (!count || !devices || (!notify && data))
		return returned(NULL, CL_INVALID_VALUE, errcode);
	for (i = 0; i < count; i++) {
		if (!object_valid(devices[i], OBJECT_DEVICE))
			return returned(NULL, CL_INVALID_DEVICE, errcode);
	}
	if (!device_ready())
		return returned(NULL, CL_DEVICE_NOT_AVAILABLE, errcode);
	return create(properties, errcode);
}

CL_API_ENTRY cl_context CL_API_CALL
clCreateContextFromType(const cl_context_properties *properties, cl_device_type type,
			void (*notify)(const char *, const void *, size_t, void *),
			void *data, cl_int *errcode)
{
	cl_device_id device;
	cl_int error;

	if (!notify && data)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	error = clGetDeviceIDs(&the_platform, type, 1, &device, NULL);
	if (error)
		return returned(NULL, error, errcode);
	return create(properties, errcode);
}

void context_free(cl_context context)
{
	free(context);
}

void put_context(cl_context context)
{
	if (object_release(context))
		context_free(context);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainContext(cl_context context)
{
	if (!object_valid(context, OBJECT_CONTEXT))
		return CL_INVALID_CONTEXT;
	object_retain(context);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseContext(cl_context context)
{
	if (!object_valid(context, OBJECT_CONTEXT))
		return CL_INVALID_CONTEXT;
	put_context(context);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetContextInfo(cl_context context, cl_context_info name,
						 size_t room, void *to, size_t *needed)
{
	if (!object_valid(context, OBJECT_CONTEXT))
		return CL_INVALID_CONTEXT;
	switch (name) {
	case CL_CONTEXT_REFERENCE_COUNT:
		return INFO(cl_uint, context->object.references);
	case CL_CONTEXT_NUM_DEVICES:
		return INFO(cl_uint, 1);
	case CL_CONTEXT_DEVICES:
		return INFO(cl_device_id, &the_device);
	case CL_CONTEXT_PROPERTIES:
		return info_give(context->properties, context->property_bytes, room, to, needed);
	default:
		return CL_INVALID_VALUE;
	}
}
