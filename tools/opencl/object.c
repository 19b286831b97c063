// SPDX-License-Identifier: GPL-2.0-only
/*
 * object.c - what all objects have in common
 */
#include <stdlib.h>
#include <string.h>

#include "objects.h"

/*
 * All objects, by a hash of their address. A handle may be anything: it is compared, and
 * read only if it is one of these.
 */
#define BUCKETS	256u

static struct object *all[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is held. */
static struct object **bucket(const void *object)
{
	return all + ((uintptr_t)object >> 4) % BUCKETS;
}

/**
 * object_create - zeroes that begin with an object, with one reference
 */
void *object_create(enum object_kind kind, size_t bytes)
{
	struct object *object = calloc(1, bytes);

	if (object) {
		object->dispatch = &dispatch_table;
		object->kind = kind;
		object->references = 1;
		pthread_mutex_lock(&lock);
		object->next = *bucket(object);
		*bucket(object) = object;
		pthread_mutex_unlock(&lock);
	}
	return object;
}

/**
 * object_valid - is a handle one of this kind?
 */
bool object_valid(const void *object, enum object_kind kind)
{
	const struct object *known;
	bool valid;

	if (kind == OBJECT_PLATFORM)
		return object == &the_platform;
	if (kind == OBJECT_DEVICE)
		return object == &the_device;
	pthread_mutex_lock(&lock);
	for (known = *bucket(object); known && known != object; known = known->next)
		;
	valid = known && known->kind == kind;
	pthread_mutex_unlock(&lock);
	return valid;
}

/**
 * object_retain - one reference more
 */
void object_retain(void *object)
{
	((struct object *)object)->references++;
}

static void forget(struct object *object)
{
	struct object **at;

	pthread_mutex_lock(&lock);
	for (at = bucket(object); *at != object; at = &(*at)->next)
		;
	*at = object->next;
	pthread_mutex_unlock(&lock);
}

/**
 * object_discard - free one that nobody has seen, and that holds nothing
 */
void object_discard(void *object)
{
	if (!object)
		return;
	forget(object);
	free(object);
}

/**
 * object_release - one less
 *
 * Return: whether it was the last one: then nobody has a handle, and it is to be freed.
 */
bool object_release(void *object)
{
	struct object *o = object;

	if (--o->references)
		return false;
	forget(o);
	return true;
}

cl_int info_give(const void *value, size_t bytes, size_t room, void *to, size_t *needed)
{
	if (to && room < bytes)
		return CL_INVALID_VALUE;
	if (to && bytes)
		memcpy(to, value, bytes);
	if (needed)
		*needed = bytes;
	return CL_SUCCESS;
}
