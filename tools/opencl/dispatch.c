// SPDX-License-Identifier: GPL-2.0-only
/*
 * dispatch.c - the table in which the loader finds all functions
 *
 * None is missing up to OpenCL 3.0: an application that calls what the device does not have
 * gets an error. Functions of extensions that it does
 * not name stay empty.
 */
#include <string.h>

#include "objects.h"

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
	if (name && !strcmp(name, "clIcdGetPlatformIDsKHR"))
		return (void *)clIcdGetPlatformIDsKHR;
	/* A loader looks for it here before it knows a platform. */
	if (name && !strcmp(name, "clGetPlatformInfo"))
		return (void *)clGetPlatformInfo;
	return NULL;
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddressForPlatform(cl_platform_id platform,
									const char *name)
{
	return object_valid(platform, OBJECT_PLATFORM) ? clGetExtensionFunctionAddress(name) : NULL;
}

/* No object of these kinds exists, so no handle is one. */
static cl_int no_memory_object(void)
{
	return CL_INVALID_MEM_OBJECT;
}

static cl_int no_sampler(void)
{
	return CL_INVALID_SAMPLER;
}

static cl_int no_operation(void)
{
	return CL_INVALID_OPERATION;
}

#define REFUSE(function, by) .function = (__typeof__(function) *)(void (*)(void))(by)
#define HAVE(function) .function = function

const cl_icd_dispatch dispatch_table = {
	HAVE(clGetPlatformIDs),
	HAVE(clGetPlatformInfo),
	HAVE(clGetDeviceIDs),
	HAVE(clGetDeviceInfo),
	HAVE(clCreateContext),
	HAVE(clCreateContextFromType),
	HAVE(clRetainContext),
	HAVE(clReleaseContext),
	HAVE(clGetContextInfo),
	HAVE(clCreateCommandQueue),
	HAVE(clRetainCommandQueue),
	HAVE(clReleaseCommandQueue),
	HAVE(clGetCommandQueueInfo),
	HAVE(clCreateBuffer),
	HAVE(clCreateImage2D),
	HAVE(clCreateImage3D),
	HAVE(clRetainMemObject),
	HAVE(clReleaseMemObject),
	HAVE(clGetSupportedImageFormats),
	HAVE(clGetMemObjectInfo),
	HAVE(clCreateSampler),
	HAVE(clCreateProgramWithSource),
	HAVE(clCreateProgramWithBinary),
	HAVE(clRetainProgram),
	HAVE(clReleaseProgram),
	HAVE(clBuildProgram),
	HAVE(clUnloadCompiler),
	HAVE(clGetProgramInfo),
	HAVE(clGetProgramBuildInfo),
	HAVE(clCreateKernel),
	HAVE(clCreateKernelsInProgram),
	HAVE(clRetainKernel),
	HAVE(clReleaseKernel),
	HAVE(clSetKernelArg),
	HAVE(clGetKernelInfo),
	HAVE(clGetKernelWorkGroupInfo),
	HAVE(clWaitForEvents),
	HAVE(clGetEventInfo),
	HAVE(clRetainEvent),
	HAVE(clReleaseEvent),
	HAVE(clGetEventProfilingInfo),
	HAVE(clFlush),
	HAVE(clFinish),
	HAVE(clEnqueueReadBuffer),
	HAVE(clEnqueueWriteBuffer),
	HAVE(clEnqueueCopyBuffer),
	HAVE(clEnqueueMapBuffer),
	HAVE(clEnqueueMapImage),
	HAVE(clEnqueueUnmapMemObject),
	HAVE(clEnqueueNDRangeKernel),
	HAVE(clEnqueueTask),
	HAVE(clEnqueueMarker),
	HAVE(clEnqueueWaitForEvents),
	HAVE(clEnqueueBarrier),
	HAVE(clGetExtensionFunctionAddress),
	HAVE(clSetEventCallback),
	HAVE(clCreateSubBuffer),
	HAVE(clSetMemObjectDestructorCallback),
	HAVE(clCreateUserEvent),
	HAVE(clSetUserEventStatus),
	HAVE(clEnqueueReadBufferRect),
	HAVE(clEnqueueWriteBufferRect),
	HAVE(clEnqueueCopyBufferRect),
	HAVE(clCreateSubDevices),
	HAVE(clRetainDevice),
	HAVE(clReleaseDevice),
	HAVE(clCreateImage),
	HAVE(clCreateProgramWithBuiltInKernels),
	HAVE(clCompileProgram),
	HAVE(clLinkProgram),
	HAVE(clUnloadPlatformCompiler),
	HAVE(clGetKernelArgInfo),
	HAVE(clEnqueueFillBuffer),
	HAVE(clEnqueueMigrateMemObjects),
	HAVE(clEnqueueMarkerWithWaitList),
	HAVE(clEnqueueBarrierWithWaitList),
	HAVE(clGetExtensionFunctionAddressForPlatform),
	HAVE(clCreateCommandQueueWithProperties),
	HAVE(clCreatePipe),
	HAVE(clSVMAlloc),
	HAVE(clSVMFree),
	HAVE(clCreateSamplerWithProperties),
	HAVE(clCloneKernel),
	HAVE(clCreateProgramWithIL),
	HAVE(clGetDeviceAndHostTimer),
	HAVE(clGetHostTimer),
	HAVE(clCreateBufferWithProperties),
	HAVE(clCreateImageWithProperties),
	HAVE(clSetContextDestructorCallback),
	REFUSE(clSetCommandQueueProperty, no_operation),
	REFUSE(clGetImageInfo, no_memory_object),
	REFUSE(clRetainSampler, no_sampler),
	REFUSE(clReleaseSampler, no_sampler),
	REFUSE(clGetSamplerInfo, no_sampler),
	REFUSE(clEnqueueReadImage, no_memory_object),
	REFUSE(clEnqueueWriteImage, no_memory_object),
	REFUSE(clEnqueueCopyImage, no_memory_object),
	REFUSE(clEnqueueCopyImageToBuffer, no_memory_object),
	REFUSE(clEnqueueCopyBufferToImage, no_memory_object),
	REFUSE(clEnqueueNativeKernel, no_operation),
	REFUSE(clEnqueueFillImage, no_memory_object),
	REFUSE(clGetPipeInfo, no_memory_object),
	REFUSE(clEnqueueSVMFree, no_operation),
	REFUSE(clEnqueueSVMMemcpy, no_operation),
	REFUSE(clEnqueueSVMMemFill, no_operation),
	REFUSE(clEnqueueSVMMap, no_operation),
	REFUSE(clEnqueueSVMUnmap, no_operation),
	REFUSE(clSetKernelArgSVMPointer, no_operation),
	REFUSE(clSetKernelExecInfo, no_operation),
	REFUSE(clEnqueueSVMMigrateMem, no_operation),
	REFUSE(clGetKernelSubGroupInfo, no_operation),
	REFUSE(clSetDefaultDeviceCommandQueue, no_operation),
	REFUSE(clSetProgramReleaseCallback, no_operation),
	REFUSE(clSetProgramSpecializationConstant, no_operation),
};
