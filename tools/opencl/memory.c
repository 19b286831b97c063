// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - buffers and their parts
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

#define ACCESS	(CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY)
#define HOST	(CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)
#define PLACE	(CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)

static bool several(cl_mem_flags flags)
{
	return flags & (flags - 1);
}

static cl_int check_flags(cl_mem_flags flags, const void *host)
{
	if (flags & ~(cl_mem_flags)(ACCESS | HOST | PLACE) || several(flags & ACCESS) ||
	    several(flags & HOST) || (flags & CL_MEM_USE_HOST_PTR && several(flags & PLACE)))
		return CL_INVALID_VALUE;
	if (!host != !(flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)))
		return CL_INVALID_HOST_PTR;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
					       void *host, cl_int *errcode)
{
	cl_int error;
	cl_mem memory;

	if (!object_valid(context, OBJECT_CONTEXT))
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	error = check_flags(flags, host);
	if (!error && (!size || size > transport_memory_bytes(context->transport) / 2))
		error = CL_INVALID_BUFFER_SIZE;
	if (error)
		return returned(NULL, error, errcode);
	memory = object_create(OBJECT_MEMORY, sizeof(*memory));
	if (!memory)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	if (!transport_alloc(context->transport, size, &memory->memory)) {
		object_discard(memory);
		return returned(NULL, CL_MEM_OBJECT_ALLOCATION_FAILURE, errcode);
	}
	object_retain(context);
	memory->context = context;
	memory->flags = flags & ACCESS ? flags : flags | CL_MEM_READ_WRITE;
	memory->size = size;
	if (host)
		memcpy(memory->memory.host, host, size);
	if (flags & CL_MEM_USE_HOST_PTR)
		memory->host = host;
	return returned(memory, CL_SUCCESS, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL
clCreateBufferWithProperties(cl_context context, const cl_mem_properties *properties,
			     cl_mem_flags flags, size_t size, void *host, cl_int *errcode)
{
	if (object_valid(context, OBJECT_CONTEXT) && properties && *properties)
		return returned(NULL, CL_INVALID_PROPERTY, errcode);
	return clCreateBuffer(context, flags, size, host, errcode);
}

CL_API_ENTRY cl_mem CL_API_CALL clCreateSubBuffer(cl_mem parent, cl_mem_flags flags,
						  cl_buffer_create_type type, const void *info,
						  cl_int *errcode)
{
	const cl_buffer_region *region = info;
	cl_mem memory;

	if (!object_valid(parent, OBJECT_MEMORY) || parent->parent)
		return returned(NULL, CL_INVALID_MEM_OBJECT, errcode);
	if (type != CL_BUFFER_CREATE_TYPE_REGION || !region || flags & PLACE ||
	    check_flags(flags, NULL))
		return returned(NULL, CL_INVALID_VALUE, errcode);
	/* It may do no more than the whole. */
	if ((parent->flags & ACCESS) != CL_MEM_READ_WRITE && flags & ACCESS &&
	    (flags & ACCESS) != (parent->flags & ACCESS))
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if (parent->flags & HOST && flags & HOST && (flags & HOST) != (parent->flags & HOST) &&
	    (flags & HOST) != CL_MEM_HOST_NO_ACCESS)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if (!region->size)
		return returned(NULL, CL_INVALID_BUFFER_SIZE, errcode);
	if (region->origin > parent->size || region->size > parent->size - region->origin)
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if (region->origin % 128)
		return returned(NULL, CL_MISALIGNED_SUB_BUFFER_OFFSET, errcode);
	memory = object_create(OBJECT_MEMORY, sizeof(*memory));
	if (!memory)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	object_retain(parent);
	object_retain(parent->context);
	memory->context = parent->context;
	memory->parent = parent;
	memory->flags = (flags & ACCESS ? flags & ACCESS : parent->flags & ACCESS) |
			(flags & HOST ? flags & HOST : parent->flags & HOST) |
			(parent->flags & PLACE);
	memory->size = region->size;
	memory->origin = region->origin;
	memory->host = parent->host ? (char *)parent->host + region->origin : NULL;
	memory->memory.address = parent->memory.address + region->origin;
	memory->memory.host = (char *)parent->memory.host + region->origin;
	return returned(memory, CL_SUCCESS, errcode);
}

void memory_free(cl_mem memory)
{
	struct memory_callback *callback, *next;

	for (callback = memory->callbacks; callback; callback = next) {
		next = callback->next;
		callback->notify(memory, callback->data);
		free(callback);
	}
	memory_forget_mappings(memory);
	transport_free(memory->context->transport, &memory->memory);
	if (memory->parent)
		put_memory(memory->parent);
	put_context(memory->context);
	free(memory);
}

void put_memory(cl_mem memory)
{
	if (object_release(memory))
		memory_free(memory);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainMemObject(cl_mem memory)
{
	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	object_retain(memory);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseMemObject(cl_mem memory)
{
	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	put_memory(memory);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetMemObjectDestructorCallback(cl_mem memory, void (*notify)(cl_mem, void *),
				 void *data)
{
	struct memory_callback *callback;

	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	if (!notify)
		return CL_INVALID_VALUE;
	callback = malloc(sizeof(*callback));
	if (!callback)
		return CL_OUT_OF_HOST_MEMORY;
	*callback = (struct memory_callback){ .notify = notify, .data = data };
	callback->next = memory->callbacks;
	while (!atomic_compare_exchange_weak(&memory->callbacks, &callback->next, callback))
		;
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetMemObjectInfo(cl_mem memory, cl_mem_info name, size_t room,
						   void *to, size_t *needed)
{
	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	switch (name) {
	case CL_MEM_TYPE:
		return INFO(cl_mem_object_type, CL_MEM_OBJECT_BUFFER);
	case CL_MEM_FLAGS:
		return INFO(cl_mem_flags, memory->flags);
	case CL_MEM_SIZE:
		return INFO(size_t, memory->size);
	case CL_MEM_HOST_PTR:
		return INFO(void *, memory->host);
	case CL_MEM_MAP_COUNT:
		return INFO(cl_uint, memory_mappings(memory));
	case CL_MEM_REFERENCE_COUNT:
		return INFO(cl_uint, memory->object.references);
	case CL_MEM_CONTEXT:
		return INFO(cl_context, memory->context);
	case CL_MEM_ASSOCIATED_MEMOBJECT:
		return INFO(cl_mem, memory->parent);
	case CL_MEM_OFFSET:
		return INFO(size_t, memory->origin);
	case CL_MEM_USES_SVM_POINTER:
		return INFO(cl_bool, CL_FALSE);
	case CL_MEM_PROPERTIES:
		return info_give(NULL, 0, room, to, needed);
	default:
		return CL_INVALID_VALUE;
	}
}
