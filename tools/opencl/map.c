// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - mapping buffers
 *
 * The process sees the GPU's memory, so a mapping is that; of a buffer in the
 * application's own memory it is there, and the bytes go to and fro.
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/**
 * struct mapping - bytes that the application was given to see
 * @at: where
 * @offset: of the first byte in the buffer
 * @write: it may change them
 */
struct mapping {
	struct mapping *next;
	char *at;
	size_t offset, size;
	bool write;
};

/**
 * struct move - the bytes of a mapping are to move
 * @memory: with a reference
 * @out: to the application, which begins the mapping; otherwise it has ended
 */
struct move {
	struct command command;
	cl_mem memory;
	struct mapping mapping;
	bool out;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all mappings */

/**
 * memory_mappings - how many there are of a buffer
 */
unsigned int memory_mappings(cl_mem memory)
{
	const struct mapping *mapping;
	unsigned int count = 0;

	pthread_mutex_lock(&lock);
	for (mapping = memory->mappings; mapping; mapping = mapping->next)
		count++;
	pthread_mutex_unlock(&lock);
	return count;
}

/**
 * memory_forget_mappings - the buffer goes
 */
void memory_forget_mappings(cl_mem memory)
{
	struct mapping *mapping;

	while ((mapping = memory->mappings)) {
		memory->mappings = mapping->next;
		free(mapping);
	}
}

/* Takes a mapping out of the books; false: there is none at this place. */
static bool take(cl_mem memory, const char *at, struct mapping *taken)
{
	struct mapping **link, *mapping;

	pthread_mutex_lock(&lock);
	for (link = &memory->mappings; *link && (*link)->at != at; link = &(*link)->next)
		;
	mapping = *link;
	if (mapping) {
		*link = mapping->next;
		*taken = *mapping;
	}
	pthread_mutex_unlock(&lock);
	free(mapping);
	return mapping;
}

static bool remember(cl_mem memory, const struct mapping *mapping)
{
	struct mapping *new = malloc(sizeof(*new));

	if (!new)
		return false;
	*new = *mapping;
	pthread_mutex_lock(&lock);
	new->next = memory->mappings;
	memory->mappings = new;
	pthread_mutex_unlock(&lock);
	return true;
}

static cl_int run_move(struct command *command)
{
	struct move *move = (struct move *)command;
	char *host = move->memory->host, *gpu = move->memory->memory.host;
	size_t offset = move->mapping.offset, size = move->mapping.size;

	if (host && move->out)
		memcpy(host + offset, gpu + offset, size);
	else if (host && move->mapping.write)
		memcpy(gpu + offset, host + offset, size);
	return CL_SUCCESS;
}

static void release_move(struct command *command)
{
	put_memory(((struct move *)command)->memory);
}

static struct move *move_of(cl_mem memory, const struct mapping *mapping, bool out)
{
	struct move *move = calloc(1, sizeof(*move));

	if (!move)
		return NULL;
	move->command.run = run_move;
	move->command.release = release_move;
	object_retain(memory);
	move->memory = memory;
	move->mapping = *mapping;
	move->out = out;
	return move;
}

CL_API_ENTRY void *CL_API_CALL
clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, cl_map_flags flags,
		   size_t offset, size_t size, cl_uint count, const cl_event *list,
		   cl_event *event, cl_int *errcode)
{
	const cl_map_flags write = CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION;
	struct mapping mapping = { .offset = offset, .size = size, .write = flags & write };
	struct move *move;
	cl_int error;

	if (!object_valid(queue, OBJECT_QUEUE))
		return returned(NULL, CL_INVALID_COMMAND_QUEUE, errcode);
	if (!object_valid(memory, OBJECT_MEMORY))
		return returned(NULL, CL_INVALID_MEM_OBJECT, errcode);
	if (memory->context != queue->context)
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	if (!size || offset > memory->size || size > memory->size - offset ||
	    flags & ~(write | CL_MAP_READ) ||
	    (flags & CL_MAP_WRITE_INVALIDATE_REGION && flags & (CL_MAP_READ | CL_MAP_WRITE)))
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if ((flags & CL_MAP_READ &&
	     memory->flags & (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS)) ||
	    (flags & write && memory->flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)))
		return returned(NULL, CL_INVALID_OPERATION, errcode);
	mapping.at = (char *)(memory->host ? memory->host : memory->memory.host) + offset;
	move = move_of(memory, &mapping, true);
	if (!move || !remember(memory, &mapping)) {
		if (move)
			put_memory(memory);
		free(move);
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	}
	error = queue_add(queue, &move->command, CL_COMMAND_MAP_BUFFER, count, list, event,
			  blocking);
	if (error)
		take(memory, mapping.at, &mapping);
	return returned(mapping.at, error, errcode);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *mapped, cl_uint count,
			const cl_event *list, cl_event *event)
{
	struct mapping mapping;
	struct move *move;
	cl_int error;

	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	if (!object_valid(memory, OBJECT_MEMORY))
		return CL_INVALID_MEM_OBJECT;
	if (memory->context != queue->context)
		return CL_INVALID_CONTEXT;
	error = event_list_check(queue->context, count, list);
	if (error)
		return error;
	if (!take(memory, mapped, &mapping))
		return CL_INVALID_VALUE;
	move = move_of(memory, &mapping, false);
	if (!move)
		return CL_OUT_OF_HOST_MEMORY;
	return queue_add(queue, &move->command, CL_COMMAND_UNMAP_MEM_OBJECT, count, list, event,
			 false);
}
