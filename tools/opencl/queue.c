// SPDX-License-Identifier: GPL-2.0-only
/*
 * queue.c - command queues: a thread each, which does one command after the other
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

static void command_free(struct command *command)
{
	cl_uint i;

	for (i = 0; i < command->wait_count; i++)
		put_event(command->waits[i]);
	free(command->waits);
	if (command->release)
		command->release(command);
	if (command->event)
		put_event(command->event);
	free(command);
}

/* Wait for what is before a command, do it, and tell its event. */
static void execute(cl_command_queue queue, struct command *command)
{
	struct transport *transport = queue->context->transport;
	cl_event event = command->event;
	cl_int error = CL_SUCCESS;
	cl_uint i;

	event->times[1] = transport_now(transport);
	event_set(event, CL_SUBMITTED);
	for (i = 0; i < command->wait_count; i++) {
		if (event_wait(command->waits[i]) < 0)
			error = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
	}
	event->times[2] = transport_now(transport);
	event_set(event, CL_RUNNING);
	if (!error && command->run)
		error = command->run(command);
	if (!event->times[3])
		event->times[3] = transport_now(transport);
	event_set(event, error);
}

static void *work(void *argument)
{
	cl_command_queue queue = argument;
	struct command *command;

	pthread_mutex_lock(&queue->lock);
	for (;;) {
		command = queue->first;
		if (!command) {
			if (queue->ending)
				break;
			pthread_cond_wait(&queue->changed, &queue->lock);
			continue;
		}
		pthread_mutex_unlock(&queue->lock);
		execute(queue, command);
		pthread_mutex_lock(&queue->lock);
		queue->first = command->next;
		if (!queue->first)
			queue->last = &queue->first;
		pthread_cond_broadcast(&queue->changed);
		pthread_mutex_unlock(&queue->lock);
		/* The last reference to the queue may go with it. */
		command_free(command);
		pthread_mutex_lock(&queue->lock);
	}
	pthread_mutex_unlock(&queue->lock);
	pthread_mutex_destroy(&queue->lock);
	pthread_cond_destroy(&queue->changed);
	put_context(queue->context);
	free(queue);
	return NULL;
}

static cl_command_queue create(cl_context context, cl_device_id device,
			       cl_command_queue_properties properties, cl_int *errcode)
{
	cl_command_queue queue;
	pthread_t thread;

	if (!object_valid(context, OBJECT_CONTEXT))
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	if (!object_valid(device, OBJECT_DEVICE))
		return returned(NULL, CL_INVALID_DEVICE, errcode);
	if (properties & ~(cl_command_queue_properties)(CL_QUEUE_PROFILING_ENABLE |
	    CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_ON_DEVICE |
	    CL_QUEUE_ON_DEVICE_DEFAULT))
		return returned(NULL, CL_INVALID_VALUE, errcode);
	if (properties & ~(cl_command_queue_properties)CL_QUEUE_PROFILING_ENABLE)
		return returned(NULL, CL_INVALID_QUEUE_PROPERTIES, errcode);
	queue = object_create(OBJECT_QUEUE, sizeof(*queue));
	if (!queue)
		return returned(NULL, CL_OUT_OF_HOST_MEMORY, errcode);
	queue->context = context;
	queue->properties = properties;
	queue->last = &queue->first;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->changed, NULL);
	object_retain(context);
	if (pthread_create(&thread, NULL, work, queue)) {
		put_context(context);
		object_discard(queue);
		return returned(NULL, CL_OUT_OF_RESOURCES, errcode);
	}
	pthread_detach(thread);
	return returned(queue, CL_SUCCESS, errcode);
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueue(cl_context context, cl_device_id device,
		     cl_command_queue_properties properties, cl_int *errcode)
{
	return create(context, device, properties, errcode);
}

CL_API_ENTRY cl_command_queue CL_API_CALL
clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
				   const cl_queue_properties *properties, cl_int *errcode)
{
	cl_command_queue_properties flags = 0;
	cl_command_queue queue;
	size_t n = 0;

	for (; properties && properties[n]; n += 2) {
		if (properties[n] != CL_QUEUE_PROPERTIES || n)
			return returned(NULL, CL_INVALID_VALUE, errcode);
		flags = properties[n + 1];
	}
	queue = create(context, device, flags, errcode);
	if (queue && properties) {
		queue->given_bytes = (n + 1) * sizeof(*properties);
		memcpy(queue->given, properties, queue->given_bytes);
	}
	return queue;
}

/* The thread ends when it has done what there is, and frees the queue. */
void put_queue(cl_command_queue queue)
{
	if (!object_release(queue))
		return;
	pthread_mutex_lock(&queue->lock);
	queue->ending = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

CL_API_ENTRY cl_int CL_API_CALL clRetainCommandQueue(cl_command_queue queue)
{
	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	object_retain(queue);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseCommandQueue(cl_command_queue queue)
{
	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	put_queue(queue);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clGetCommandQueueInfo(cl_command_queue queue,
						      cl_command_queue_info name, size_t room,
						      void *to, size_t *needed)
{
	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	switch (name) {
	case CL_QUEUE_CONTEXT:
		return INFO(cl_context, queue->context);
	case CL_QUEUE_DEVICE:
		return INFO(cl_device_id, &the_device);
	case CL_QUEUE_REFERENCE_COUNT:
		return INFO(cl_uint, queue->object.references);
	case CL_QUEUE_PROPERTIES:
		return INFO(cl_command_queue_properties, queue->properties);
	case CL_QUEUE_PROPERTIES_ARRAY:
		return info_give(queue->given, queue->given_bytes, room, to, needed);
	case CL_QUEUE_DEVICE_DEFAULT:
		return INFO(cl_command_queue, NULL);
	default:
		/* CL_QUEUE_SIZE is for queues on the device. */
		return name == CL_QUEUE_SIZE ? CL_INVALID_COMMAND_QUEUE : CL_INVALID_VALUE;
	}
}

/* Commands start by themselves. */
CL_API_ENTRY cl_int CL_API_CALL clFlush(cl_command_queue queue)
{
	return object_valid(queue, OBJECT_QUEUE) ? CL_SUCCESS : CL_INVALID_COMMAND_QUEUE;
}

CL_API_ENTRY cl_int CL_API_CALL clFinish(cl_command_queue queue)
{
	if (!object_valid(queue, OBJECT_QUEUE))
		return CL_INVALID_COMMAND_QUEUE;
	pthread_mutex_lock(&queue->lock);
	while (queue->first)
		pthread_cond_wait(&queue->changed, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
	return CL_SUCCESS;
}

cl_int queue_add(cl_command_queue queue, struct command *command, cl_command_type type,
		 cl_uint count, const cl_event *list, cl_event *event, bool blocking)
{
	cl_event own;
	cl_int status = event_list_check(queue->context, count, list);
	cl_uint i;

	if (!status) {
		command->event = event_create(queue->context, queue, type);
		command->waits = count ? calloc(count, sizeof(*list)) : NULL;
		if (!command->event || (count && !command->waits))
			status = CL_OUT_OF_HOST_MEMORY;
	}
	if (status) {
		command_free(command);
		return status;
	}
	for (i = 0; i < count; i++) {
		object_retain(list[i]);
		command->waits[i] = list[i];
	}
	command->wait_count = count;
	own = command->event;
	if (event || blocking)
		object_retain(own);
	if (event)
		*event = own;
	pthread_mutex_lock(&queue->lock);
	*queue->last = command;
	queue->last = &command->next;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
	if (!blocking)
		return CL_SUCCESS;
	status = event_wait(own);
	if (!event)
		put_event(own);
	return status;
}
