// SPDX-License-Identifier: GPL-2.0-only
/*
 * platform.c - the platform, and its one device
 */
#include <string.h>

#include "objects.h"

#define EXTENSIONS "cl_khr_icd cl_khr_byte_addressable_store cl_khr_global_int32_base_atomics " \
	"cl_khr_global_int32_extended_atomics cl_khr_local_int32_base_atomics " \
	"cl_khr_local_int32_extended_atomics"
#define GROUP_ITEMS	((size_t)REFGPU_GROUP_ITEMS_MAX)

struct _cl_platform_id the_platform = {
	.object = { &dispatch_table, OBJECT_PLATFORM, 1, NULL },
};

struct _cl_device_id the_device = {
	.object = { &dispatch_table, OBJECT_DEVICE, 1, NULL },
};

static void open_device(void)
{
	the_device.transport = transport_open();
}

bool device_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_device);
	return the_device.transport;
}

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformIDs(cl_uint room, cl_platform_id *platforms,
						 cl_uint *count)
{
	if ((!room && platforms) || (!platforms && !count))
		return CL_INVALID_VALUE;
	if (platforms)
		platforms[0] = &the_platform;
	if (count)
		*count = 1;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *platforms,
						       cl_uint *count)
{
	return clGetPlatformIDs(room, platforms, count);
}

static const cl_name_version extension_versions[] = {
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_icd" },
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_byte_addressable_store" },
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_global_int32_base_atomics" },
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_global_int32_extended_atomics" },
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_local_int32_base_atomics" },
	{ CL_MAKE_VERSION(1, 0, 0), "cl_khr_local_int32_extended_atomics" },
};

CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id platform, cl_platform_info name,
						  size_t room, void *to, size_t *needed)
{
	if (platform && !object_valid(platform, OBJECT_PLATFORM))
		return CL_INVALID_PLATFORM;
	switch (name) {
	case CL_PLATFORM_PROFILE:
		return INFO_TEXT("EMBEDDED_PROFILE");
	case CL_PLATFORM_VERSION:
		return INFO_TEXT("OpenCL 3.0 OpenVGPU " OPENVGPU_VERSION);
	case CL_PLATFORM_NUMERIC_VERSION:
		return INFO(cl_version, CL_MAKE_VERSION(3, 0, 0));
	case CL_PLATFORM_NAME:
		return INFO_TEXT("OpenVGPU");
	case CL_PLATFORM_VENDOR:
		return INFO_TEXT("The OpenVGPU developers");
	case CL_PLATFORM_EXTENSIONS:
		return INFO_TEXT(EXTENSIONS);
	case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
		return info_give(extension_versions, sizeof(extension_versions), room, to, needed);
	case CL_PLATFORM_HOST_TIMER_RESOLUTION:
		return INFO(cl_ulong, 0);
	case CL_PLATFORM_ICD_SUFFIX_KHR:
		return INFO_TEXT("OVGPU");
	default:
		return CL_INVALID_VALUE;
	}
}

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceIDs(cl_platform_id platform, cl_device_type type,
					       cl_uint room, cl_device_id *devices, cl_uint *count)
{
	if (platform && !object_valid(platform, OBJECT_PLATFORM))
		return CL_INVALID_PLATFORM;
	if (type != CL_DEVICE_TYPE_ALL &&
	    (!type || type & ~(cl_device_type)(CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU |
					       CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_ACCELERATOR |
					       CL_DEVICE_TYPE_CUSTOM)))
		return CL_INVALID_DEVICE_TYPE;
	if ((!room && devices) || (!devices && !count))
		return CL_INVALID_VALUE;
	if (!(type & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT)) || !device_ready()) {
		if (count)
			*count = 0;
		return CL_DEVICE_NOT_FOUND;
	}
	if (devices)
		devices[0] = &the_device;
	if (count)
		*count = 1;
	return CL_SUCCESS;
}

static const cl_name_version c_versions[] = {
	{ CL_MAKE_VERSION(3, 0, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(1, 2, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(1, 1, 0), "OpenCL C" },
	{ CL_MAKE_VERSION(1, 0, 0), "OpenCL C" },
};

/* Names and other texts. */
static cl_int device_text(cl_device_info name, size_t room, void *to, size_t *needed)
{
	switch (name) {
	case CL_DEVICE_NAME:
		return INFO_TEXT("refgpu");
	case CL_DEVICE_VENDOR:
		return INFO_TEXT("The OpenVGPU developers");
	case CL_DRIVER_VERSION:
		return INFO_TEXT(OPENVGPU_VERSION);
	case CL_DEVICE_PROFILE:
		return INFO_TEXT("EMBEDDED_PROFILE");
	case CL_DEVICE_VERSION:
		return INFO_TEXT("OpenCL 3.0 OpenVGPU " OPENVGPU_VERSION);
	case CL_DEVICE_OPENCL_C_VERSION:
		return INFO_TEXT("OpenCL C 1.2 ");
	case CL_DEVICE_EXTENSIONS:
		return INFO_TEXT(EXTENSIONS);
	case CL_DEVICE_BUILT_IN_KERNELS:
	case CL_DEVICE_IL_VERSION:
	case CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED:
		return INFO_TEXT("");
	case CL_DEVICE_EXTENSIONS_WITH_VERSION:
		return info_give(extension_versions, sizeof(extension_versions), room, to, needed);
	case CL_DEVICE_OPENCL_C_ALL_VERSIONS:
		return info_give(c_versions, sizeof(c_versions), room, to, needed);
	case CL_DEVICE_OPENCL_C_FEATURES:
	case CL_DEVICE_ILS_WITH_VERSION:
	case CL_DEVICE_BUILT_IN_KERNELS_WITH_VERSION:
		return info_give(NULL, 0, room, to, needed);
	default:
		return CL_INVALID_VALUE;
	}
}

/* What the device does not have, and what it has of images: nothing. */
static cl_int device_missing(cl_device_info name, size_t room, void *to, size_t *needed)
{
	switch (name) {
	case CL_DEVICE_IMAGE2D_MAX_WIDTH:
	case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
	case CL_DEVICE_IMAGE3D_MAX_WIDTH:
	case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
	case CL_DEVICE_IMAGE3D_MAX_DEPTH:
	case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
	case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE:
	case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
	case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
		return INFO(size_t, 0);
	case CL_DEVICE_LINKER_AVAILABLE:	/* not yet */
	case CL_DEVICE_IMAGE_SUPPORT:
	case CL_DEVICE_ERROR_CORRECTION_SUPPORT:
	case CL_DEVICE_HOST_UNIFIED_MEMORY:
	case CL_DEVICE_PREFERRED_INTEROP_USER_SYNC:
	case CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS:
	case CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT:
	case CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT:
	case CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT:
	case CL_DEVICE_PIPE_SUPPORT:
		return INFO(cl_bool, CL_FALSE);
	case CL_DEVICE_MAX_READ_IMAGE_ARGS:
	case CL_DEVICE_MAX_WRITE_IMAGE_ARGS:
	case CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS:
	case CL_DEVICE_MAX_SAMPLERS:
	case CL_DEVICE_IMAGE_PITCH_ALIGNMENT:
	case CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
	case CL_DEVICE_PARTITION_MAX_SUB_DEVICES:
	case CL_DEVICE_MAX_PIPE_ARGS:
	case CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS:
	case CL_DEVICE_PIPE_MAX_PACKET_SIZE:
	case CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE:
	case CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE:
	case CL_DEVICE_MAX_ON_DEVICE_QUEUES:
	case CL_DEVICE_MAX_ON_DEVICE_EVENTS:
	case CL_DEVICE_MAX_NUM_SUB_GROUPS:
	case CL_DEVICE_PREFERRED_PLATFORM_ATOMIC_ALIGNMENT:
	case CL_DEVICE_PREFERRED_GLOBAL_ATOMIC_ALIGNMENT:
	case CL_DEVICE_PREFERRED_LOCAL_ATOMIC_ALIGNMENT:
		return INFO(cl_uint, 0);
	case CL_DEVICE_DOUBLE_FP_CONFIG:
	case CL_DEVICE_HALF_FP_CONFIG:
	case CL_DEVICE_SVM_CAPABILITIES:
	case CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES:
	case CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES:
	case CL_DEVICE_PARTITION_AFFINITY_DOMAIN:
		return INFO(cl_bitfield, 0);
	case CL_DEVICE_PARTITION_PROPERTIES:
		return INFO(cl_device_partition_property, 0);
	case CL_DEVICE_PARTITION_TYPE:
		return info_give(NULL, 0, room, to, needed);
	case CL_DEVICE_PARENT_DEVICE:
		return INFO(cl_device_id, NULL);
	default:
		return device_text(name, room, to, needed);
	}
}

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceInfo(cl_device_id device, cl_device_info name,
						size_t room, void *to, size_t *needed)
{
	static const size_t sizes[3] = { GROUP_ITEMS, GROUP_ITEMS, GROUP_ITEMS };
	uint64_t bytes;

	if (!object_valid(device, OBJECT_DEVICE) || !device_ready())
		return CL_INVALID_DEVICE;
	bytes = transport_memory_bytes(device->transport);
	switch (name) {
	case CL_DEVICE_TYPE:
		return INFO(cl_device_type, CL_DEVICE_TYPE_GPU);
	case CL_DEVICE_PLATFORM:
		return INFO(cl_platform_id, &the_platform);
	case CL_DEVICE_VENDOR_ID:
		return INFO(cl_uint, REFGPU_PCI_VENDOR_ID);
	case CL_DEVICE_NUMERIC_VERSION:
		return INFO(cl_version, CL_MAKE_VERSION(3, 0, 0));
	case CL_DEVICE_OPENCL_C_NUMERIC_VERSION_KHR:
		return INFO(cl_version, CL_MAKE_VERSION(1, 2, 0));
	case CL_DEVICE_MAX_COMPUTE_UNITS:
		return INFO(cl_uint, REFGPU_GROUP_SLOTS);
	case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS:
		return INFO(cl_uint, 3);
	case CL_DEVICE_MAX_WORK_ITEM_SIZES:
		return info_give(sizes, sizeof(sizes), room, to, needed);
	case CL_DEVICE_MAX_WORK_GROUP_SIZE:
		return INFO(size_t, GROUP_ITEMS);
	case CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
		return INFO(size_t, 1);
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
	case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG:
	case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
	case CL_DEVICE_REFERENCE_COUNT:
		return INFO(cl_uint, 1);
	case CL_DEVICE_MAX_CLOCK_FREQUENCY:
		return INFO(cl_uint, 1000);
	case CL_DEVICE_ADDRESS_BITS:
		return INFO(cl_uint, 64);
	case CL_DEVICE_GLOBAL_MEM_SIZE:
		return INFO(cl_ulong, bytes);
	case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
		return INFO(cl_ulong, bytes / 2);
	case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
		return INFO(cl_ulong, bytes / 4);
	case CL_DEVICE_GLOBAL_MEM_CACHE_TYPE:
		return INFO(cl_device_mem_cache_type, CL_NONE);
	case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
		return INFO(cl_ulong, 0);
	case CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE:
		return INFO(cl_uint, 0);
	case CL_DEVICE_MAX_CONSTANT_ARGS:
		return INFO(cl_uint, 64);
	case CL_DEVICE_MAX_PARAMETER_SIZE:
		return INFO(size_t, 4096);
	case CL_DEVICE_LOCAL_MEM_TYPE:
		return INFO(cl_device_local_mem_type, CL_GLOBAL);
	case CL_DEVICE_LOCAL_MEM_SIZE:
		return INFO(cl_ulong, LOCAL_BYTES_MAX);
	case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
		return INFO(cl_uint, 1024);
	case CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE:
		return INFO(cl_uint, 128);
	case CL_DEVICE_SINGLE_FP_CONFIG:
		return INFO(cl_device_fp_config, CL_FP_INF_NAN |
			    CL_FP_ROUND_TO_NEAREST | CL_FP_FMA |
			    CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT);
	case CL_DEVICE_PROFILING_TIMER_RESOLUTION:
		return INFO(size_t, 1);
	case CL_DEVICE_ENDIAN_LITTLE:
	case CL_DEVICE_AVAILABLE:
	case CL_DEVICE_COMPILER_AVAILABLE:
		return INFO(cl_bool, CL_TRUE);
	case CL_DEVICE_EXECUTION_CAPABILITIES:
		return INFO(cl_device_exec_capabilities, CL_EXEC_KERNEL);
	case CL_DEVICE_QUEUE_PROPERTIES:
		return INFO(cl_command_queue_properties, CL_QUEUE_PROFILING_ENABLE);
	case CL_DEVICE_PRINTF_BUFFER_SIZE:
		return INFO(size_t, 1 << 20);
	case CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES:
		return INFO(cl_device_atomic_capabilities, CL_DEVICE_ATOMIC_ORDER_RELAXED |
			    CL_DEVICE_ATOMIC_SCOPE_WORK_GROUP);
	case CL_DEVICE_ATOMIC_FENCE_CAPABILITIES:
		return INFO(cl_device_atomic_capabilities, CL_DEVICE_ATOMIC_ORDER_RELAXED |
			    CL_DEVICE_ATOMIC_ORDER_ACQ_REL | CL_DEVICE_ATOMIC_SCOPE_WORK_GROUP);
	default:
		return device_missing(name, room, to, needed);
	}
}

/* The device is no part of another: it is not counted. */
CL_API_ENTRY cl_int CL_API_CALL clRetainDevice(cl_device_id device)
{
	return object_valid(device, OBJECT_DEVICE) ? CL_SUCCESS : CL_INVALID_DEVICE;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseDevice(cl_device_id device)
{
	return object_valid(device, OBJECT_DEVICE) ? CL_SUCCESS : CL_INVALID_DEVICE;
}

CL_API_ENTRY cl_int CL_API_CALL clGetDeviceAndHostTimer(cl_device_id device, cl_ulong *at,
							cl_ulong *host)
{
	(void)at;
	(void)host;
	return object_valid(device, OBJECT_DEVICE) ? CL_INVALID_OPERATION : CL_INVALID_DEVICE;
}

CL_API_ENTRY cl_int CL_API_CALL clGetHostTimer(cl_device_id device, cl_ulong *host)
{
	return clGetDeviceAndHostTimer(device, NULL, host);
}

CL_API_ENTRY cl_int CL_API_CALL clUnloadPlatformCompiler(cl_platform_id platform)
{
	return object_valid(platform, OBJECT_PLATFORM) ? CL_SUCCESS : CL_INVALID_PLATFORM;
}

CL_API_ENTRY cl_int CL_API_CALL clUnloadCompiler(void)
{
	return CL_SUCCESS;
}
