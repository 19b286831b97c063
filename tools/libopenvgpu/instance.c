// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * instance.c - GPU instances: compute slices and memory that vGPUs have for
 * themselves
 *
 * As in device.c, what vanishes between the listing and the reading is left out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placement.h"

#define INSTANCES_PATH	OVGPU_PCI_PATH "/%s/instances"

static bool is_gpu(const struct ovgpu *ovgpu, const char *bdf)
{
	return ovgpu_exists(ovgpu, OVGPU_SYSFS,
			    "bus/pci/drivers/" OVGPU_DRIVER "/%s", bdf);
}

/* A file of an instance. */
static struct ovgpu_value number_of(const struct ovgpu *ovgpu, const char *bdf,
				    unsigned int id, const char *name)
{
	struct ovgpu_value value = { 0 };
	char text[OVGPU_NAME_SIZE];

	value.known = !ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text),
				  INSTANCES_PATH "/%u/%s", bdf, id, name) &&
		      !ovgpu_number_parse(text, &value.number);
	return value;
}

static uint32_t mask_of(const struct ovgpu *ovgpu, const char *bdf,
			unsigned int id, const char *name)
{
	char text[OVGPU_NAME_SIZE], *end;
	unsigned long mask;

	if (ovgpu_read(ovgpu, OVGPU_SYSFS, text, sizeof(text),
		       INSTANCES_PATH "/%u/%s", bdf, id, name) || !text[0])
		return 0;
	mask = strtoul(text, &end, 16);
	return *end || mask > UINT32_MAX ? 0 : mask;
}

static int instance_fill(const struct ovgpu *ovgpu, const char *bdf,
			 unsigned int id, struct ovgpu_instance *instance)
{
	const struct ovgpu_setting *policy =
		ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER);
	char path[OVGPU_NAME_SIZE];
	unsigned int compute;
	int err;

	memset(instance, 0, sizeof(*instance));
	snprintf(instance->gpu, sizeof(instance->gpu), "%s", bdf);
	instance->id = id;
	instance->compute_mask = mask_of(ovgpu, bdf, id, "compute_mask");
	instance->compute_slices = __builtin_popcount(instance->compute_mask);
	instance->memory_first = number_of(ovgpu, bdf, id, "memory_first").number;
	instance->memory_slices =
		number_of(ovgpu, bdf, id, "memory_slices").number;
	instance->reserved = number_of(ovgpu, bdf, id, "reserved").number == 1;
	instance->vgpus = number_of(ovgpu, bdf, id, "members").number;
	instance->timeslice_us = number_of(ovgpu, bdf, id, "timeslice_us");
	instance->busy_ns = number_of(ovgpu, bdf, id, "busy_ns");
	instance->idle_ns = number_of(ovgpu, bdf, id, "idle_ns");
	ovgpu_read(ovgpu, OVGPU_SYSFS, instance->name, sizeof(instance->name),
		   INSTANCES_PATH "/%u/name", bdf, id);
	err = ovgpu_instance_path(bdf, id, path, sizeof(path));
	if (err)
		return err;
	ovgpu_setting_read(ovgpu, OVGPU_INSTANCE, path, policy,
			   instance->scheduler, sizeof(instance->scheduler),
			   NULL, 0);
	/* Last: gone while it was read, what was read is half of it. */
	err = ovgpu_read(ovgpu, OVGPU_SYSFS, instance->profile,
			 sizeof(instance->profile),
			 INSTANCES_PATH "/%u/profile", bdf, id);
	if (!err)
		ovgpu_profile_parse(instance->profile, &compute,
				    &instance->framebuffer);
	return err;
}

static int compare_instances(const void *a, const void *b)
{
	const struct ovgpu_instance *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* What an instance, of either kind, has for itself. */
static int queue_fill(const struct ovgpu *ovgpu, const char *bdf,
		      unsigned int id, struct ovgpu_queue *queue)
{
	struct ovgpu_value members;
	char path[OVGPU_NAME_SIZE];
	int err;

	memset(queue, 0, sizeof(*queue));
	queue->id = id;
	queue->compute_mask = mask_of(ovgpu, bdf, id, "queue_mask");
	members = number_of(ovgpu, bdf, id, "queue_members");
	/* An older module knows no queues: each instance is one. */
	if (!members.known) {
		queue->compute_mask = mask_of(ovgpu, bdf, id, "compute_mask");
		members = number_of(ovgpu, bdf, id, "members");
	}
	queue->compute_slices = __builtin_popcount(queue->compute_mask);
	queue->vgpus = members.number;
	queue->timeslice_us = number_of(ovgpu, bdf, id, "timeslice_us");
	queue->busy_ns = number_of(ovgpu, bdf, id, "busy_ns");
	queue->idle_ns = number_of(ovgpu, bdf, id, "idle_ns");
	err = ovgpu_instance_path(bdf, id, path, sizeof(path));
	if (err)
		return err;
	ovgpu_setting_read(ovgpu, OVGPU_INSTANCE, path,
			   ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER),
			   queue->scheduler, sizeof(queue->scheduler), NULL, 0);
	return ovgpu_read(ovgpu, OVGPU_SYSFS, queue->name, sizeof(queue->name),
			  INSTANCES_PATH "/%u/name", bdf, id);
}

/**
 * ovgpu_instance_list - the GPU instances of a GPU
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @instances: the result, sorted by number, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0, also where the GPU is not divisible; -ENOENT when no such GPU is
 * bound to the driver, or another negative errno.
 */
int ovgpu_instance_list(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_instance ***instances, size_t *count)
{
	struct ovgpu_instance *list;
	char **names = NULL;
	size_t n = 0, i, used = 0;
	uint64_t id;
	int err;

	*instances = NULL;
	*count = 0;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	err = ovgpu_directory(ovgpu, OVGPU_SYSFS, &names, &n, INSTANCES_PATH,
			      bdf);
	if (err && (err != -ENOENT || !is_gpu(ovgpu, bdf)))
		return err;
	list = calloc(n + 1, sizeof(*list));
	for (i = 0; list && i < n; i++)
		if (!ovgpu_number_parse(names[i], &id) && id &&
		    id <= OVGPU_INSTANCE_MAX &&
		    !number_of(ovgpu, bdf, id, "memory_of").number &&
		    !instance_fill(ovgpu, bdf, id, &list[used]))
			used++;
	ovgpu_free(names);
	if (!list)
		return -ENOMEM;
	qsort(list, used, sizeof(*list), compare_instances);
	*instances = ovgpu_list_pack(list, used, sizeof(*list));
	free(list);
	if (!*instances)
		return -ENOMEM;
	*count = used;
	return 0;
}

/**
 * ovgpu_queue_list - the queues over the memory of a GPU instance
 * @ovgpu: handle
 * @bdf: of its GPU, as ovgpu_bdf_parse() gives it
 * @id: its number
 * @queues: the result, its own first, and then by number, to be given to ovgpu_free()
 * @count: their number; 0: there is no such GPU instance
 *
 * Return: 0 or a negative errno.
 */
int ovgpu_queue_list(const struct ovgpu *ovgpu, const char *bdf,
		     unsigned int id, struct ovgpu_queue ***queues,
		     size_t *count)
{
	struct ovgpu_queue list[OVGPU_INSTANCE_MAX];
	size_t used = 0;
	unsigned int i;

	*queues = NULL;
	*count = 0;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf) || !id ||
	    id > OVGPU_INSTANCE_MAX)
		return -EINVAL;
	if (!number_of(ovgpu, bdf, id, "memory_of").number &&
	    !queue_fill(ovgpu, bdf, id, &list[used]))
		used++;
	for (i = 1; used && i <= OVGPU_INSTANCE_MAX; i++)
		if (number_of(ovgpu, bdf, i, "memory_of").number == id &&
		    !queue_fill(ovgpu, bdf, i, &list[used]))
			used++;
	*queues = ovgpu_list_pack(list, used, sizeof(*list));
	if (!*queues)
		return -ENOMEM;
	*count = used;
	return 0;
}

/**
 * ovgpu_instance_path - the name by which the functions for attributes and
 * settings know a GPU instance
 * @bdf: of its GPU, as ovgpu_bdf_parse() gives it
 * @id: its number
 * @path: receives it, as "0000:3b:00.0/1"
 * @size: bytes at @path; OVGPU_NAME_SIZE is enough
 *
 * Return: 0 or -EINVAL.
 */
int ovgpu_instance_path(const char *bdf, unsigned int id, char *path,
			size_t size)
{
	int n;

	if (!ovgpu_object_valid(OVGPU_GPU, bdf) || !id ||
	    id > OVGPU_INSTANCE_MAX)
		return -EINVAL;
	n = snprintf(path, size, "%s/%u", bdf, id);
	return n < 0 || (size_t)n >= size ? -EINVAL : 0;
}

/* Letters, digits and what is between them in names; ends up in a line. */
static bool is_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

	return n && n <= OVGPU_INSTANCE_NAME_MAX && !name[n];
}

/* Numbers with commas in between; the driver knows what they mean. */
static bool is_division(const char *compute)
{
	size_t n = strspn(compute, "0123456789,");

	return n && n <= OVGPU_INSTANCE_NAME_MAX && !compute[n];
}

/* The number of the instance of that name; 0: there is none. */
static unsigned int find_name(const struct ovgpu *ovgpu, const char *bdf,
			      const char *name)
{
	struct ovgpu_instance **list;
	unsigned int id = 0;
	size_t count, i;

	if (ovgpu_instance_list(ovgpu, bdf, &list, &count))
		return 0;
	for (i = 0; i < count && !id; i++)
		if (!strcmp(list[i]->name, name))
			id = list[i]->id;
	ovgpu_free(list);
	return id;
}

/* A bit for each number that is taken. */
static uint64_t numbers(const struct ovgpu *ovgpu, const char *bdf)
{
	struct ovgpu_instance **list;
	uint64_t taken = 0;
	size_t count, i;

	if (ovgpu_instance_list(ovgpu, bdf, &list, &count))
		return 0;
	for (i = 0; i < count; i++)
		taken |= UINT64_C(1) << list[i]->id;
	ovgpu_free(list);
	return taken;
}

/**
 * ovgpu_instance_create - create a GPU instance that stays without vGPUs
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @profile: its shape, as "4g.512m"
 * @name: its name, which no other of the GPU has; NULL: the driver chooses one
 * @compute: compute slices of each of its queues, as "2,1,1", together not more than
 *	it has; NULL: one queue has all
 * @id: receives its number; 0 when it is not known, since it is gone again or,
 *	without a name, somebody else made one at the same time
 * @reason: receives why the driver refused; empty when the refusal was not
 *	the driver's
 * @size: bytes at @reason
 *
 * vGPUs of a type with that profile join it. It lasts until it is removed or the
 * machine restarts.
 *
 * Return: 0 or the kernel's negative errno: -ENOENT when there is no such GPU,
 * -EOPNOTSUPP when it is not divisible, or its queues can't share memory, -EINVAL a
 * bad profile, name or division, -EEXIST
 * another has the name, -ENOSPC not enough memory or compute slices are free or
 * open vGPUs lie in the way, -EUSERS no number is free, -EBUSY the pool needs
 * the slices or the GPU is being reset, -EPERM plain vGPUs exist whose policy
 * promises them unchanging service, -EACCES not root, -EPROTO the module is not
 * one that this library was made for.
 */
int ovgpu_instance_create(const struct ovgpu *ovgpu, const char *bdf,
			  const char *profile, const char *name,
			  const char *compute, unsigned int *id, char *reason, size_t size)
{
	char request[4 * OVGPU_NAME_SIZE];
	uint64_t before, made;
	int err;

	reason[0] = '\0';
	*id = 0;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf) || !is_name(profile) ||
	    (name && !is_name(name)) || (compute && !is_division(compute)))
		return -EINVAL;
	if (!is_gpu(ovgpu, bdf))
		return -ENOENT;
	if (!ovgpu_exists(ovgpu, OVGPU_SYSFS, INSTANCES_PATH "/create", bdf))
		return -EOPNOTSUPP;
	err = ovgpu_abi_check(ovgpu, OVGPU_GPU, bdf, reason, size);
	if (err)
		return err;
	before = numbers(ovgpu, bdf);
	snprintf(request, sizeof(request), "%s%s%s%s%s", profile, name ? " " : "",
		 name ? name : "", compute ? " compute=" : "",
		 compute ? compute : "");
	err = ovgpu_write(ovgpu, request, INSTANCES_PATH "/create", bdf);
	if (err) {
		if (err != -ENOENT && err != -EACCES)
			ovgpu_refusal(ovgpu, bdf, "instance", reason, size);
		return err;
	}
	if (name) {
		*id = find_name(ovgpu, bdf, name);
		return 0;
	}
	made = numbers(ovgpu, bdf) & ~before;
	if (made && !(made & (made - 1)))
		*id = __builtin_ctzll(made);
	return 0;
}

/**
 * ovgpu_instance_remove - remove a GPU instance that has no vGPUs
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @id: its number
 * @reason: as of ovgpu_instance_create()
 * @size: bytes at @reason
 *
 * Return: 0 or a negative errno: -ENOENT when there is none, -EBUSY it has
 * vGPUs, or the GPU is being reset, -EACCES not root, -EPROTO as of
 * ovgpu_instance_create().
 */
int ovgpu_instance_remove(const struct ovgpu *ovgpu, const char *bdf,
			  unsigned int id, char *reason, size_t size)
{
	int err;

	reason[0] = '\0';
	if (!ovgpu_object_valid(OVGPU_GPU, bdf) || !id ||
	    id > OVGPU_INSTANCE_MAX)
		return -EINVAL;
	err = ovgpu_abi_check(ovgpu, OVGPU_GPU, bdf, reason, size);
	if (err)
		return err;
	err = ovgpu_write(ovgpu, "1", INSTANCES_PATH "/%u/remove", bdf, id);
	if (err && err != -ENOENT && err != -EACCES)
		ovgpu_refusal(ovgpu, bdf, "instance", reason, size);
	return err;
}
