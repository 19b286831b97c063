// SPDX-License-Identifier: GPL-2.0-only
/*
 * unsupported.c - functions of what the device does not have: images, samplers, pipes,
 * shared virtual memory, sub-devices, compiling and linking apart
 */
#include "objects.h"

/* -------------------------------------------------- images, samplers, pipes */

CL_API_ENTRY cl_int CL_API_CALL
clGetSupportedImageFormats(cl_context context, cl_mem_flags flags, cl_mem_object_type type,
			   cl_uint room, cl_image_format *formats, cl_uint *count)
{
	(void)flags;
	(void)type;
	if (!object_valid(context, OBJECT_CONTEXT))
		return CL_INVALID_CONTEXT;
	if (!room && formats)
		return CL_INVALID_VALUE;
	if (count)
		*count = 0;
	return CL_SUCCESS;
}

static void *refuse_creation(cl_context context, cl_int *errcode)
{
	return returned(NULL, object_valid(context, OBJECT_CONTEXT) ? CL_INVALID_OPERATION :
			CL_INVALID_CONTEXT, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage(cl_context context, cl_mem_flags flags, const cl_image_format *format,
	      const cl_image_desc *description, void *host, cl_int *errcode)
{
	(void)flags;
	(void)format;
	(void)description;
	(void)host;
	return refuse_creation(context, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImageWithProperties(cl_context context, const cl_mem_properties *properties,
			    cl_mem_flags flags, const cl_image_format *format,
			    const cl_image_desc *description, void *host, cl_int *errcode)
{
	(void)properties;
	return clCreateImage(context, flags, format, description, host, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage2D(cl_context context, cl_mem_flags flags, const cl_image_format *format,
		size_t width, size_t height, size_t pitch, void *host, cl_int *errcode)
{
	(void)width;
	(void)height;
	(void)pitch;
	return clCreateImage(context, flags, format, NULL, host, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateImage3D(cl_context context, cl_mem_flags flags, const cl_image_format *format,
		size_t width, size_t height, size_t depth, size_t row, size_t slice, void *host,
		cl_int *errcode)
{
	(void)depth;
	(void)slice;
	return clCreateImage2D(context, flags, format, width, height, row, host, errcode);
}

CL_API_ENTRY cl_sampler CL_API_CALL
clCreateSampler(cl_context context, cl_bool normalized, cl_addressing_mode addressing,
		cl_filter_mode filter, cl_int *errcode)
{
	(void)normalized;
	(void)addressing;
	(void)filter;
	return refuse_creation(context, errcode);
}

CL_API_ENTRY cl_sampler CL_API_CALL
clCreateSamplerWithProperties(cl_context context, const cl_sampler_properties *properties,
			      cl_int *errcode)
{
	(void)properties;
	return refuse_creation(context, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint bytes, cl_uint packets,
	     const cl_pipe_properties *properties, cl_int *errcode)
{
	(void)flags;
	(void)bytes;
	(void)packets;
	(void)properties;
	return refuse_creation(context, errcode);
}

CL_API_ENTRY void *CL_API_CALL
clEnqueueMapImage(cl_command_queue queue, cl_mem image, cl_bool blocking, cl_map_flags flags,
		  const size_t *origin, const size_t *region, size_t *row, size_t *slice,
		  cl_uint count, const cl_event *list, cl_event *event, cl_int *errcode)
{
	(void)image;
	(void)blocking;
	(void)flags;
	(void)origin;
	(void)region;
	(void)row;
	(void)slice;
	(void)count;
	(void)list;
	(void)event;
	return returned(NULL, object_valid(queue, OBJECT_QUEUE) ? CL_INVALID_MEM_OBJECT :
			CL_INVALID_COMMAND_QUEUE, errcode);
}

/* ------------------------------------------------------ compiling and linking */

CL_API_ENTRY cl_int CL_API_CALL
clCompileProgram(cl_program program, cl_uint count, const cl_device_id *devices,
		 const char *options, cl_uint header_count, const cl_program *headers,
		 const char **names, void (*notify)(cl_program, void *), void *data)
{
	(void)count;
	(void)devices;
	(void)options;
	(void)header_count;
	(void)headers;
	(void)names;
	(void)notify;
	(void)data;
	return object_valid(program, OBJECT_PROGRAM) ? CL_COMPILER_NOT_AVAILABLE :
						       CL_INVALID_PROGRAM;
}

CL_API_ENTRY cl_program CL_API_CALL
clLinkProgram(cl_context context, cl_uint count, const cl_device_id *devices,
	      const char *options, cl_uint program_count, const cl_program *programs,
	      void (*notify)(cl_program, void *), void *data, cl_int *errcode)
{
	(void)count;
	(void)devices;
	(void)options;
	(void)program_count;
	(void)programs;
	(void)notify;
	(void)data;
	return returned(NULL, object_valid(context, OBJECT_CONTEXT) ? CL_LINKER_NOT_AVAILABLE :
			CL_INVALID_CONTEXT, errcode);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBuiltInKernels(cl_context context, cl_uint count, const cl_device_id *devices,
				  const char *names, cl_int *errcode)
{
	(void)count;
	(void)devices;
	(void)names;
	return returned(NULL, object_valid(context, OBJECT_CONTEXT) ? CL_INVALID_VALUE :
			CL_INVALID_CONTEXT, errcode);
}

CL_API_ENTRY cl_program CL_API_CALL clCreateProgramWithIL(cl_context context, const void *text,
							  size_t bytes, cl_int *errcode)
{
	(void)text;
	(void)bytes;
	return refuse_creation(context, errcode);
}

/* -------------------------------------------------- shared virtual memory, others */

CL_API_ENTRY void *CL_API_CALL clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size,
					  cl_uint alignment)
{
	(void)context;
	(void)flags;
	(void)size;
	(void)alignment;
	return NULL;
}

CL_API_ENTRY void CL_API_CALL clSVMFree(cl_context context, void *memory)
{
	(void)context;
	(void)memory;
}

CL_API_ENTRY cl_int CL_API_CALL clCreateSubDevices(cl_device_id device,
						   const cl_device_partition_property *properties,
						   cl_uint room, cl_device_id *devices,
						   cl_uint *count)
{
	(void)properties;
	(void)room;
	(void)devices;
	(void)count;
	return object_valid(device, OBJECT_DEVICE) ? CL_INVALID_VALUE : CL_INVALID_DEVICE;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetContextDestructorCallback(cl_context context, void (*notify)(cl_context, void *),
			       void *data)
{
	(void)notify;
	(void)data;
	return object_valid(context, OBJECT_CONTEXT) ? CL_INVALID_OPERATION : CL_INVALID_CONTEXT;
}
