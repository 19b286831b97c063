// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - events: how far a command has come, and who is told
 */
#include <stdlib.h>

#include "objects.h"

/**
 * event_create - an event that is queued, or submitted if it is a user's
 * @context: a reference is taken
 * @queue: likewise, or NULL
 */
cl_event event_create(cl_context context, cl_command_queue queue, cl_command_type type)
{
	cl_event event = object_create(OBJECT_EVENT, sizeof(*event));

	if (!event)
		return NULL;
	pthread_mutex_init(&event->lock, NULL);
	pthread_cond_init(&event->changed, NULL);
	object_retain(context);
	event->context = context;
	event->queue = queue;
	if (queue)
		object_retain(queue);
	event->type = type;
	event->status = queue ? CL_QUEUED : CL_SUBMITTED;
	event->times[0] = transport_now(context->transport);
	return event;
}

void event_free(cl_event event)
{
	struct callback *callback, *next;

	for (callback = event->callbacks; callback; callback = next) {
		next = callback->next;
		free(callback);
	}
	pthread_mutex_destroy(&event->lock);
	pthread_cond_destroy(&event->changed);
	if (event->queue)
		put_queue(event->queue);
	put_context(event->context);
	free(event);
}

void put_event(cl_event event)
{
	if (object_release(event))
		event_free(event);
}

/* Takes the callbacks out whose status has come; the lock is held. */
static struct callback *due(cl_event event)
{
	struct callback **at = &event->callbacks, *taken = NULL, **end = &taken;

	while (*at) {
		struct callback *callback = *at;

		if (event->status > callback->status) {
			at = &callback->next;
			continue;
		}
		*at = callback->next;
		callback->next = NULL;
		*end = callback;
		end = &callback->next;
	}
	return taken;
}

static void call(cl_event event, struct callback *callback)
{
	struct callback *next;

	for (; callback; callback = next) {
		next = callback->next;
		callback->notify(event, event->status < 0 ? event->status : callback->status,
				 callback->data);
		free(callback);
	}
}

/**
 * event_set - a command has come further, or failed
 */
void event_set(cl_event event, cl_int status)
{
	struct callback *callbacks;

	pthread_mutex_lock(&event->lock);
	event->status = status;
	callbacks = due(event);
	pthread_cond_broadcast(&event->changed);
	pthread_mutex_unlock(&event->lock);
	call(event, callbacks);
}

/**
 * event_wait - wait for the end of a command
 *
 * Return: CL_COMPLETE, or its error.
 */
cl_int event_wait(cl_event event)
{
	cl_int status;

	pthread_mutex_lock(&event->lock);
	while (event->status > CL_COMPLETE)
		pthread_cond_wait(&event->changed, &event->lock);
	status = event->status;
	pthread_mutex_unlock(&event->lock);
	return status;
}

/**
 * event_list_check - is this a list of events to wait for?
 * @context: theirs; NULL: that of the first one
 */
cl_int event_list_check(cl_context context, cl_uint count, const cl_event *list)
{
	cl_uint i;

	if (!count != !list)
		return CL_INVALID_EVENT_WAIT_LIST;
	for (i = 0; i < count; i++) {
		if (!object_valid(list[i], OBJECT_EVENT))
			return CL_INVALID_EVENT_WAIT_LIST;
		if (list[i]->context != (context ? context : list[0]->context))
			return CL_INVALID_CONTEXT;
	}
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clWaitForEvents(cl_uint count, const cl_event *list)
{
	cl_int error, result = CL_SUCCESS;
	cl_uint i;

	if (!count || !list)
		return CL_INVALID_VALUE;
	error = event_list_check(NULL, count, list);
	if (error)
		return error == CL_INVALID_EVENT_WAIT_LIST ? CL_INVALID_EVENT : error;
	for (i = 0; i < count; i++) {
		if (event_wait(list[i]) < 0)
			result = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
	}
	return result;
}

CL_API_ENTRY cl_event CL_API_CALL clCreateUserEvent(cl_context context, cl_int *errcode)
{
	cl_event event;

	if (!object_valid(context, OBJECT_CONTEXT))
		return returned(NULL, CL_INVALID_CONTEXT, errcode);
	event = event_create(context, NULL, CL_COMMAND_USER);
	return returned(event, event ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY, errcode);
}

CL_API_ENTRY cl_int CL_API_CALL clSetUserEventStatus(cl_event event, cl_int status)
{
	bool ended;

	if (!object_valid(event, OBJECT_EVENT) || event->type != CL_COMMAND_USER)
		return CL_INVALID_EVENT;
	if (status > CL_COMPLETE)
		return CL_INVALID_VALUE;
	pthread_mutex_lock(&event->lock);
	ended = event->ended;
	event->ended = true;
	pthread_mutex_unlock(&event->lock);
	if (ended)
		return CL_INVALID_OPERATION;
	event_set(event, status);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clSetEventCallback(cl_event event, cl_int status,
		   void (*notify)(cl_event, cl_int, void *), void *data)
{
	struct callback *callback, **at;

	if (!object_valid(event, OBJECT_EVENT))
		return CL_INVALID_EVENT;
	if (!notify || status < CL_COMPLETE || status > CL_SUBMITTED)
		return CL_INVALID_VALUE;
	callback = calloc(1, sizeof(*callback));
	if (!callback)
		return CL_OUT_OF_HOST_MEMORY;
	callback->status = status;
	callback->notify = notify;
	callback->data = data;
	pthread_mutex_lock(&event->lock);
	for (at = &event->callbacks; *at; at = &(*at)->next)
		;
	*at = callback;
	callback = due(event);
	pthread_mutex_unlock(&event->lock);
	call(event, callback);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clRetainEvent(cl_event event)
{
	if (!object_valid(event, OBJECT_EVENT))
		return CL_INVALID_EVENT;
	object_retain(event);
	return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clReleaseEvent(cl_event event)
{
	if (!object_valid(event, OBJECT_EVENT))
		return CL_INVALID_EVENT;
	put_event(event);
	return CL_SUCCESS;
}

static cl_int status_of(cl_event event)
{
	cl_int status;

	pthread_mutex_lock(&event->lock);
	status = event->status;
	pthread_mutex_unlock(&event->lock);
	return status;
}

CL_API_ENTRY cl_int CL_API_CALL clGetEventInfo(cl_event event, cl_event_info name, size_t room,
					       void *to, size_t *needed)
{
	if (!object_valid(event, OBJECT_EVENT))
		return CL_INVALID_EVENT;
	switch (name) {
	case CL_EVENT_COMMAND_QUEUE:
		return INFO(cl_command_queue, event->queue);
	case CL_EVENT_CONTEXT:
		return INFO(cl_context, event->context);
	case CL_EVENT_COMMAND_TYPE:
		return INFO(cl_command_type, event->type);
	case CL_EVENT_COMMAND_EXECUTION_STATUS:
		return INFO(cl_int, status_of(event));
	case CL_EVENT_REFERENCE_COUNT:
		return INFO(cl_uint, event->object.references);
	default:
		return CL_INVALID_VALUE;
	}
}

CL_API_ENTRY cl_int CL_API_CALL clGetEventProfilingInfo(cl_event event, cl_profiling_info name,
							size_t room, void *to, size_t *needed)
{
	if (!object_valid(event, OBJECT_EVENT))
		return CL_INVALID_EVENT;
	if (!event->queue || !(event->queue->properties & CL_QUEUE_PROFILING_ENABLE) ||
	    status_of(event) != CL_COMPLETE)
		return CL_PROFILING_INFO_NOT_AVAILABLE;
	if (name == CL_PROFILING_COMMAND_COMPLETE)
		name = CL_PROFILING_COMMAND_END;
	if (name < CL_PROFILING_COMMAND_QUEUED || name > CL_PROFILING_COMMAND_END)
		return CL_INVALID_VALUE;
	return INFO(cl_ulong, event->times[name - CL_PROFILING_COMMAND_QUEUED]);
}
