// SPDX-License-Identifier: GPL-2.0-only
/*
 * transfer.c - commands that move bytes of buffers, and those that do nothing
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/**
 * struct region - lines of bytes in one of several planes
 * @offset: of the first byte
 * @row: from line to line
 * @slice: from plane to plane
 */
struct region {
	size_t offset, row, slice;
};

/**
 * struct transfer - bytes that go from one place to another
 * @from: a buffer, or NULL: @source
 * @to: a buffer, or NULL: @target
 * @size: bytes a line, lines a plane, planes
 */
struct transfer {
	struct command command;
	cl_mem from, to;
	const char *source;
	char *target;
	struct region source_region, target_region;
	size_t size[3];
};

static cl_int run_transfer(struct command *command)
{
	struct transfer *t = (struct transfer *)command;
	const char *source = t->from ? t->from->memory.host : t->source;
	char *target = t->to ? t->to->memory.host : t->target;
	size_t y, z;

	for (z = 0; z < t->size[2]; z++) {
		for (y = 0; y < t->size[1]; y++)
			memmove(target + t->target_region.offset + y * t->target_region.row +
				z * t->target_region.slice,
				source + t->source_region.offset + y * t->source_region.row +
				z * t->source_region.slice, t->size[0]);
	}
	return CL_SUCCESS;
}

static void release_transfer(struct command *command)
{
	struct transfer *t = (struct transfer *)command;

	if (t->from)
		put_memory(t->from);
	if (t->to)
		put_memory(t->to);
}

static cl_int check(cl_command_queue queue, cl_mem memory)
{
	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	return memory->context == queue->context ? CL_SUCCESS : CL_INVALID_CONTEXT;
}

static bool inside(cl_mem memory, size_t offset, size_t size)
{
	return offset <= memory->size && size <= memory->size - offset;
}

static cl_int add(cl_command_queue queue, const struct transfer *transfer, cl_command_type type,
		  cl_uint count, const cl_event *list, cl_event *event, bool blocking)
{
	struct transfer *t = malloc(sizeof(*t));

	if (!t)
		return CL_OUT_OF_HOST_MEMORY;
	*t = *transfer;
	t->command.run = run_transfer;
	t->command.release = release_transfer;
	if (t->from)
		object_retain(t->from);
	if (t->to)
		object_retain(t->to);
	return queue_add(queue, &t->command, type, count, list, event, blocking);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
		    size_t size, void *target, cl_uint count, const cl_event *list,
		    cl_event *event)
{
	struct transfer t = { .from = memory, .target = target,
			      .source_region.offset = offset, .size = { size, 1, 1 } };
	cl_int error = check(queue, memory);

	if (error)
		return error;
	if (!target || !inside(memory, offset, size))
		return CL_INVALID_VALUE;
	if (memory->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS))
		return CL_INVALID_OPERATION;
	return add(queue, &t, CL_COMMAND_READ_BUFFER, count, list, event, blocking);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
		     size_t size, const void *source, cl_uint count, const cl_event *list,
		     cl_event *event)
{
	struct transfer t = { .to = memory, .source = source,
			      .target_region.offset = offset, .size = { size, 1, 1 } };
	cl_int error = check(queue, memory);

	if (error)
		return error;
	if (!source || !inside(memory, offset, size))
		return CL_INVALID_VALUE;
	if (memory->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS))
		return CL_INVALID_OPERATION;
	return add(queue, &t, CL_COMMAND_WRITE_BUFFER, count, list, event, blocking);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t source, size_t target,
		    size_t size, cl_uint count, const cl_event *list, cl_event *event)
{
	struct transfer t = { .from = from, .to = to, .source_region.offset = source,
			      .target_region.offset = target, .size = { size, 1, 1 } };
	cl_int error = check(queue, from);

	if (!error)
		error = check(queue, to);
	if (error)
		return error;
	if (!size || !inside(from, source, size) || !inside(to, target, size))
		return CL_INVALID_VALUE;
	source += from->memory.address;
	target += to->memory.address;
	if (source < target + size && target < source + size)
		return CL_MEM_COPY_OVERLAP;
	return add(queue, &t, CL_COMMAND_COPY_BUFFER, count, list, event, false);
}

/* Pitches of a rectangle, with what 0 stands for; false: they do not fit. */
static bool rectangle(const size_t origin[3], const size_t size[3], size_t row, size_t slice,
		      struct region *region, size_t *end)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!size[i] || size[i] > UINT32_MAX || origin[i] > UINT32_MAX)
			return false;
	}
	region->row = row ? row : size[0];
	region->slice = slice ? slice : size[1] * region->row;
	if (region->row < size[0] || region->row > UINT32_MAX ||
	    region->slice < size[1] * region->row || region->slice % region->row)
		return false;
	return !__builtin_mul_overflow(origin[2] + size[2], region->slice, end) &&
	       !__builtin_add_overflow(origin[2] * region->slice + origin[1] * region->row,
				       origin[0], &region->offset) &&
	       !__builtin_add_overflow((size[2] - 1) * region->slice +
				       (size[1] - 1) * region->row + size[0], region->offset, end);
}

static cl_int rect(cl_command_queue queue, cl_mem memory, bool read, cl_bool blocking,
		   const size_t *origin, const size_t *host_origin, const size_t *size,
		   size_t row, size_t slice, size_t host_row, size_t host_slice, void *host,
		   cl_uint count, const cl_event *list, cl_event *event)
{
	struct transfer t = { 0 };
	struct region own, other;
	cl_int error = check(queue, memory);
	size_t end, ignored;

	if (error)
		return error;
	if (!host || !origin || !host_origin || !size ||
	    !rectangle(origin, size, row, slice, &own, &end) || end > memory->size ||
	    !rectangle(host_origin, size, host_row, host_slice, &other, &ignored))
		return CL_INVALID_VALUE;
	if (memory->flags & ((read ? CL_MEM_HOST_WRITE_ONLY : CL_MEM_HOST_READ_ONLY) |
			     CL_MEM_HOST_NO_ACCESS))
		return CL_INVALID_OPERATION;
	memcpy(t.size, size, sizeof(t.size));
	t.from = read ? memory : NULL;
	t.to = read ? NULL : memory;
	t.source = host;
	t.target = host;
	t.source_region = read ? own : other;
	t.target_region = read ? other : own;
	return add(queue, &t, read ? CL_COMMAND_READ_BUFFER_RECT : CL_COMMAND_WRITE_BUFFER_RECT,
		   count, list, event, blocking);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueReadBufferRect(cl_command_queue queue, cl_mem memory, cl_bool blocking,
			const size_t *origin, const size_t *host_origin, const size_t *size,
			size_t row, size_t slice, size_t host_row, size_t host_slice,
			void *target, cl_uint count, const cl_event *list, cl_event *event)
{
	return rect(queue, memory, true, blocking, origin, host_origin, size, row, slice,
		    host_row, host_slice, target, count, list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueWriteBufferRect(cl_command_queue queue, cl_mem memory, cl_bool blocking,
			 const size_t *origin, const size_t *host_origin, const size_t *size,
			 size_t row, size_t slice, size_t host_row, size_t host_slice,
			 const void *source, cl_uint count, const cl_event *list, cl_event *event)
{
	return rect(queue, memory, false, blocking, origin, host_origin, size, row, slice,
		    host_row, host_slice, (void *)source, count, list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueCopyBufferRect(cl_command_queue queue, cl_mem from, cl_mem to,
			const size_t *from_origin, const size_t *to_origin, const size_t *size,
			size_t from_row, size_t from_slice, size_t to_row, size_t to_slice,
			cl_uint count, const cl_event *list, cl_event *event)
{
	struct transfer t = { .from = from, .to = to };
	cl_int error = check(queue, from);
	size_t from_end, to_end;

	if (!error)
		error = check(queue, to);
	if (error)
		return error;
	if (!from_origin || !to_origin || !size ||
	    !rectangle(from_origin, size, from_row, from_slice, &t.source_region, &from_end) ||
	    !rectangle(to_origin, size, to_row, to_slice, &t.target_region, &to_end) ||
	    from_end > from->size || to_end > to->size)
		return CL_INVALID_VALUE;
	memcpy(t.size, size, sizeof(t.size));
	return add(queue, &t, CL_COMMAND_COPY_BUFFER_RECT, count, list, event, false);
}

/* --------------------------------------------------------------------- fill */

struct fill {
	struct command command;
	cl_mem memory;
	size_t offset, size, pattern_bytes;
	char pattern[128];
};

static cl_int run_fill(struct command *command)
{
	struct fill *fill = (struct fill *)command;
	char *target = (char *)fill->memory->memory.host + fill->offset;
	size_t i;

	for (i = 0; i < fill->size; i += fill->pattern_bytes)
		memcpy(target + i, fill->pattern, fill->pattern_bytes);
	return CL_SUCCESS;
}

static void release_fill(struct command *command)
{
	put_memory(((struct fill *)command)->memory);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern,
		    size_t pattern_bytes, size_t offset, size_t size, cl_uint count,
		    const cl_event *list, cl_event *event)
{
	cl_int error = check(queue, memory);
	struct fill *fill;

	if (error)
		return error;
	if (!pattern || !pattern_bytes || pattern_bytes > sizeof(fill->pattern) ||
	    pattern_bytes & (pattern_bytes - 1) || offset % pattern_bytes ||
	    size % pattern_bytes || !inside(memory, offset, size))
		return CL_INVALID_VALUE;
	fill = calloc(1, sizeof(*fill));
	if (!fill)
		return CL_OUT_OF_HOST_MEMORY;
	fill->command.run = run_fill;
	fill->command.release = release_fill;
	object_retain(memory);
	fill->memory = memory;
	fill->offset = offset;
	fill->size = size;
	fill->pattern_bytes = pattern_bytes;
	memcpy(fill->pattern, pattern, pattern_bytes);
	return queue_add(queue, &fill->command, CL_COMMAND_FILL_BUFFER, count, list, event, false);
}

/* ------------------------------------------------------- nothing but an order */

static cl_int nothing(cl_command_queue queue, cl_command_type type, cl_uint count,
		      const cl_event *list, cl_event *event)
{
	struct command *command;

	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	command = calloc(1, sizeof(*command));
	if (!command)
		return CL_OUT_OF_HOST_MEMORY;
	return queue_add(queue, command, type, count, list, event, false);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint count, const cl_event *list,
			    cl_event *event)
{
	return nothing(queue, CL_COMMAND_MARKER, count, list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueBarrierWithWaitList(cl_command_queue queue, cl_uint count, const cl_event *list,
			     cl_event *event)
{
	return nothing(queue, CL_COMMAND_BARRIER, count, list, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueMarker(cl_command_queue queue, cl_event *event)
{
	if (object_valid(queue, OBJECT_QUEUE) && !event)
		return CL_INVALID_VALUE;
	return nothing(queue, CL_COMMAND_MARKER, 0, NULL, event);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueBarrier(cl_command_queue queue)
{
	return nothing(queue, CL_COMMAND_BARRIER, 0, NULL, NULL);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueWaitForEvents(cl_command_queue queue, cl_uint count,
						       const cl_event *list)
{
	if (object_valid(queue, OBJECT_QUEUE) && (!count || !list))
		return CL_INVALID_VALUE;
	return nothing(queue, CL_COMMAND_BARRIER, count, list, NULL);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueMigrateMemObjects(cl_command_queue queue, cl_uint memory_count, const cl_mem *memories,
			   cl_mem_migration_flags flags, cl_uint count, const cl_event *list,
			   cl_event *event)
{
	cl_uint i;

	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	if (!memory_count || !memories ||
	    flags & ~(cl_mem_migration_flags)(CL_MIGRATE_MEM_OBJECT_HOST |
					      CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED))
		return CL_INVALID_VALUE;
	for (i = 0; i < memory_count; i++) {
		cl_int error = check(queue, memories[i]);

		if (error)
			return error;
	}
	return nothing(queue, CL_COMMAND_MIGRATE_MEM_OBJECTS, count, list, event);
}
