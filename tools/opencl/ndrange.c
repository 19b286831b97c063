// SPDX-License-Identifier: GPL-2.0-only
/*
 * ndrange.c - commands that run kernels
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

#define ALIGN(n, to)	(((n) + (to) - 1) / (to) * (to))
#define TIMES		64u	/* bytes for two timestamps at the beginning */

/**
 * struct dispatch - a kernel to run
 * @program: with a reference
 * @memories: the buffers it was given, with references
 * @arguments: its arguments with their head, complete but for where its memory is
 * @local_bytes: of a group, in all
 * @none: there is no work
 */
struct dispatch {
	struct command command;
	cl_program program;
	cl_mem *memories;
	cl_uint memory_count;
	uint64_t entry;
	uint8_t *arguments;
	size_t argument_bytes;
	size_t local_bytes;
	struct refgpu_dispatch packet;
	bool none;
};

static void release_dispatch(struct command *command)
{
	struct dispatch *dispatch = (struct dispatch *)command;
	cl_uint i;

	for (i = 0; i < dispatch->memory_count; i++)
		put_memory(dispatch->memories[i]);
	free(dispatch->memories);
	free(dispatch->arguments);
	put_program(dispatch->program);
}

static cl_int run_dispatch(struct command *command)
{
	struct dispatch *dispatch = (struct dispatch *)command;
	struct transport *transport = dispatch->program->context->transport;
	struct refgpu_dispatch *packet = &dispatch->packet;
	struct refgpu_timestamp begin = { .header.opcode = REFGPU_OP_TIMESTAMP }, end = begin;
	char packets[3 * REFGPU_PACKET_SIZE];
	struct image_head *head = (struct image_head *)dispatch->arguments;
	uint64_t items = (uint64_t)packet->group[0] * packet->group[1] * packet->group[2];
	uint64_t stacks = REFGPU_GROUP_SLOTS * items * packet->stack_bytes;
	uint64_t locals = REFGPU_GROUP_SLOTS * dispatch->local_bytes;
	uint64_t block = ALIGN(TIMES + dispatch->argument_bytes, 128);
	struct transport_memory memory;
	cl_event event = command->event;
	unsigned int error;

	if (dispatch->none)
		return CL_SUCCESS;
	if (!transport_alloc(transport, block + locals + stacks, &memory))
		return CL_OUT_OF_RESOURCES;
	head->local = memory.address + block;
	head->local_bytes = dispatch->local_bytes;
	head->stack = head->local + locals;
	head->stack_bytes = items * packet->stack_bytes;
	memcpy((char *)memory.host + TIMES, dispatch->arguments, dispatch->argument_bytes);
	packet->code = dispatch->program->code.address + dispatch->entry;
	packet->argument = memory.address + TIMES;
	packet->stack = head->stack;
	begin.address = memory.address;
	end.address = memory.address + 8;
	memcpy(packets, &begin, REFGPU_PACKET_SIZE);
	memcpy(packets + REFGPU_PACKET_SIZE, packet, REFGPU_PACKET_SIZE);
	memcpy(packets + 2 * REFGPU_PACKET_SIZE, &end, REFGPU_PACKET_SIZE);
	error = transport_execute(transport, packets, 3);
	if (!error)
		memcpy(event->times + 2, memory.host, 2 * sizeof(event->times[0]));
	transport_free(transport, &memory);
	return error ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

/* How a dimension is divided when the application does not say: up to 64 items in x. */
static size_t divide(size_t global)
{
	size_t local = global < 64 ? global : 64;

	while (global % local)
		local--;
	return local;
}

static cl_int sizes(struct dispatch *dispatch, const uint32_t *required, cl_uint dimensions,
		    const size_t *global, const size_t *local)
{
	struct refgpu_dispatch *packet = &dispatch->packet;
	size_t items = 1;
	cl_uint d;

	for (d = 0; d < 3; d++) {
		size_t all = d < dimensions ? global[d] : 1, group = 1;

		if (!all) {
			dispatch->none = true;
			continue;
		}
		if (local && d < dimensions)
			group = local[d];
		else if (required[0])
			group = required[d];
		else if (!d)
			group = divide(all);
		if (local && d < dimensions && (!group || group > REFGPU_GROUP_ITEMS_MAX))
			return group ? CL_INVALID_WORK_ITEM_SIZE : CL_INVALID_WORK_GROUP_SIZE;
		if (required[0] && group != required[d])
			return CL_INVALID_WORK_GROUP_SIZE;
		if (all % group)
			return CL_INVALID_WORK_GROUP_SIZE;
		if (all / group > UINT32_MAX)
			return CL_INVALID_GLOBAL_WORK_SIZE;
		items *= group;
		packet->grid[d] = (uint32_t)(all / group);
		packet->group[d] = (uint16_t)group;
	}
	return items > REFGPU_GROUP_ITEMS_MAX ? CL_INVALID_WORK_GROUP_SIZE : CL_SUCCESS;
}

/* The arguments as they are now; the kernel's lock is held. */
static cl_int arguments(struct dispatch *dispatch, cl_kernel kernel)
{
	const struct image_kernel *image = kernel->image;
	cl_uint i;

	for (i = 0; i < image->argument_count; i++) {
		const struct kernel_argument *argument = kernel->arguments + i;
		uint8_t *to = dispatch->arguments + image->arguments[i].offset;
		uint64_t number = 0;

		if (!argument->set)
			return CL_INVALID_KERNEL_ARGS;
		if (argument->value) {
			memcpy(to, argument->value, image->arguments[i].bytes);
			continue;
		}
		if (argument->memory) {
			object_retain(argument->memory);
			dispatch->memories[dispatch->memory_count++] = argument->memory;
			number = argument->memory->memory.address;
		} else if (argument->local_bytes) {
			/* Behind the variables of the program, see compiler/entry.awk. */
			number = dispatch->local_bytes;
			if (argument->local_bytes > LOCAL_BYTES_MAX)
				return CL_OUT_OF_RESOURCES;
			dispatch->local_bytes += ALIGN(argument->local_bytes, 128);
		}
		memcpy(to, &number, sizeof(number));
	}
	return dispatch->local_bytes > LOCAL_BYTES_MAX ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

static struct dispatch *dispatch_of(cl_kernel kernel)
{
	struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

	if (!dispatch)
		return NULL;
	dispatch->command.run = run_dispatch;
	dispatch->command.release = release_dispatch;
	object_retain(kernel->program);
	dispatch->program = kernel->program;
	dispatch->entry = kernel->image->entry;
	dispatch->argument_bytes = kernel->image->argument_bytes;
	dispatch->arguments = calloc(1, dispatch->argument_bytes);
	dispatch->memories = calloc(kernel->image->argument_count + 1, sizeof(cl_mem));
	dispatch->local_bytes = ALIGN(kernel->program->image->local_bytes, 128);
	dispatch->packet.header.opcode = REFGPU_OP_DISPATCH;
	dispatch->packet.stack_bytes = (uint32_t)ALIGN(kernel->program->image->stack_bytes, 128);
	if (dispatch->arguments && dispatch->memories)
		return dispatch;
	release_dispatch(&dispatch->command);
	free(dispatch);
	return NULL;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
		       const size_t *offset, const size_t *global, const size_t *local,
		       cl_uint count, const cl_event *list, cl_event *event)
{
	struct dispatch *dispatch;
	struct image_head *head;
	cl_int error;
	cl_uint d;

	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	if (!object_valid(kernel, OBJECT_KERNEL))
		return CL_INVALID_KERNEL;
	if (kernel->program->context != queue->context)
		return CL_INVALID_CONTEXT;
	if (dimensions < 1 || dimensions > 3)
		return CL_INVALID_WORK_DIMENSION;
	if (!global)
		return CL_INVALID_GLOBAL_WORK_SIZE;
	for (d = 0; offset && d < dimensions; d++) {
		if (offset[d] + global[d] < offset[d])
			return CL_INVALID_GLOBAL_OFFSET;
	}
	dispatch = dispatch_of(kernel);
	if (!dispatch)
		return CL_OUT_OF_HOST_MEMORY;
	head = (struct image_head *)dispatch->arguments;
	head->dimensions = dimensions;
	for (d = 0; offset && d < dimensions; d++)
		head->offset[d] = offset[d];
	error = sizes(dispatch, kernel->image->group, dimensions, global, local);
	if (!error) {
		pthread_mutex_lock(&kernel->lock);
		error = arguments(dispatch, kernel);
		pthread_mutex_unlock(&kernel->lock);
	}
	if (error) {
		release_dispatch(&dispatch->command);
		free(dispatch);
		return error;
	}
	return queue_add(queue, &dispatch->command, CL_COMMAND_NDRANGE_KERNEL, count, list, event,
			 false);
}

CL_API_ENTRY cl_int CL_API_CALL clEnqueueTask(cl_command_queue queue, cl_kernel kernel,
					      cl_uint count, const cl_event *list, cl_event *event)
{
	const size_t one = 1;

	return clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, count, list, event);
}
