// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial.c - the GPU instances of a GPU, see spatial.h
 */
#include "spatial.h"

#include <stdio.h>

/* ----------------------------------------------------------- the whole GPU */

static struct geometry read_geometry(void)
{
	struct geometry geometry = {
		.compute = (unsigned int)admin_number(admin_gpu_path("compute_slices")),
		.memory = (unsigned int)admin_number(admin_gpu_path("memory_slices")),
		.total = admin_number(admin_gpu_path("framebuffer_total")),
	};

	CHECK(geometry.memory, "memory_slices is 0");
	geometry.slice = geometry.total / geometry.memory;
	return geometry;
}

/**
 * spatial_begin - begin a test with a GPU that is all pool
 *
 * Whatever the test before left goes. Skips the test where the GPU can't be divided.
 */
struct geometry spatial_begin(void)
{
	if (access(admin_pci_path("instances"), F_OK))
		harness_skip("GPU %s can't be divided", host_gpu());
	spatial_clear();
	return read_geometry();
}

/**
 * spatial_clear - remove every vGPU and every instance; the pool may be empty
 */
void spatial_clear(void)
{
	struct instance instance;
	unsigned int id;

	OK(host_clean());
	for (id = 1; id < INSTANCES; id++)
		if (instance_read(id, &instance))
			instance_remove(id);
	admin_set(admin_gpu_path("pool_slices_min"), "0");
	admin_set(admin_gpu_path("scheduler"), "best_effort");
	admin_expect_number(admin_gpu_path("pool_slices"),
			    admin_number(admin_gpu_path("compute_slices")));
}

static unsigned int bits(unsigned int mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

/* What is written down of all instances, while they are looked at. */
struct books {
	struct geometry geometry;
	struct instance instance[INSTANCES];
	unsigned int compute;	/* slices that are taken */
	unsigned int queue;	/* of them, those that work for a queue */
	unsigned int memory;
	unsigned int members[INSTANCES];
};

/* It has nothing that its GPU instance has not. */
static void check_part(const struct books *books, unsigned int id, const char *when)
{
	const struct instance *part = &books->instance[id];
	const struct instance *whole = &books->instance[part->memory_of];

	CHECK(part->memory_of < id && whole->compute && !whole->memory_of,
	      "%s: instance %u is a part of %u", when, id, part->memory_of);
	CHECK(!(part->compute & ~whole->compute) && part->compute == part->queue,
	      "%s: instance %u has compute slices 0x%x, its GPU instance 0x%x", when, id,
	      part->compute, whole->compute);
	CHECK(part->memory_first == whole->memory_first &&
	      part->memory_slices == whole->memory_slices &&
	      part->reserved == whole->reserved,
	      "%s: instance %u is not as its GPU instance", when, id);
}

static void check_instance(struct books *books, unsigned int id, const char *when)
{
	struct instance *instance = &books->instance[id];
	unsigned int memory, compute;

	if (!instance_read(id, instance))
		return;
	CHECK(instance->queue && !(instance->queue & ~instance->compute) &&
	      !(instance->queue & books->queue),
	      "%s: slices 0x%x of 0x%x work for instance %u; 0x%x for others", when,
	      instance->queue, instance->compute, id, books->queue);
	books->queue |= instance->queue;
	if (instance->memory_of) {
		check_part(books, id, when);
		return;
	}
	CHECK(instance->compute &&
	      !(instance->compute >> books->geometry.compute) &&
	      !(instance->compute & books->compute),
	      "%s: instance %u has compute slices 0x%x; others have 0x%x", when, id,
	      instance->compute, books->compute);
	books->compute |= instance->compute;
	CHECK(sscanf(instance->profile, "%ug.", &compute) == 1 &&
	      compute == bits(instance->compute),
	      "%s: instance %u, %s, has compute slices 0x%x", when, id,
	      instance->profile, instance->compute);
	CHECK(instance->memory_slices &&
	      instance->memory_first % instance->memory_slices == 0 &&
	      instance->memory_first + instance->memory_slices <= books->geometry.memory,
	      "%s: instance %u has memory slices %u..%u", when, id,
	      instance->memory_first,
	      instance->memory_first + instance->memory_slices - 1);
	memory = ((1U << instance->memory_slices) - 1) << instance->memory_first;
	CHECK(!(memory & books->memory),
	      "%s: instance %u has memory slices 0x%x; others have 0x%x", when, id,
	      memory, books->memory);
	books->memory |= memory;
	CHECK(instance->members || instance->reserved,
	      "%s: instance %u is empty, not reserved, and there", when, id);
}

static void check_vgpu(struct books *books, const char *uuid, uint64_t at,
		       uint64_t bytes, const char *when)
{
	unsigned int id = instance_of(uuid), queue = queue_of(uuid), compute;
	const struct instance *instance = &books->instance[id];
	uint64_t slice = books->geometry.slice;
	uint64_t first = instance->memory_first * slice;

	CHECK(!id || instance->compute, "%s: a vGPU is in instance %u, which is not there",
	      when, id);
	books->members[id]++;
	CHECK(queue == id || (id && books->instance[queue].memory_of == id),
	      "%s: a vGPU of instance %u is in the queue of %u", when, id, queue);
	if (queue != id)
		books->members[queue]++;
	compute = bits(id ? books->instance[queue].queue :
		       ~books->compute & ((1U << books->geometry.compute) - 1));
	CHECK(host_attribute(uuid, "compute_slices") == compute && compute,
	      "%s: a vGPU of instance %u has %llu compute slices, its instance %u", when,
	      id, (unsigned long long)host_attribute(uuid, "compute_slices"), compute);
	CHECK(at % bytes == 0 && at + bytes <= books->geometry.total,
	      "%s: a vGPU of 0x%llx bytes lies at 0x%llx", when,
	      (unsigned long long)bytes, (unsigned long long)at);
	if (id)
		CHECK(at >= first && at + bytes <= first + instance->memory_slices * slice,
		      "%s: a vGPU lies at 0x%llx, its instance %u in memory slices %u..%u",
		      when, (unsigned long long)at, id, instance->memory_first,
		      instance->memory_first + instance->memory_slices - 1);
	/* Blocks are aligned: one that reaches into a slice begins in it, or has all of it. */
	for (; !id && bytes; bytes -= bytes < slice ? bytes : slice, at += slice)
		CHECK(!(books->memory & 1U << at / slice),
		      "%s: a vGPU of the pool lies at 0x%llx; instances have memory slices 0x%x",
		      when, (unsigned long long)at, books->memory);
}

/**
 * spatial_check - what is true of every GPU at rest
 * @when: for the message
 *
 * Nothing belongs to two, all lies where it must, and the books balance.
 */
void spatial_check(const char *when)
{
	struct books books = { .geometry = read_geometry() };
	static char uuid[VGPUS][UUID_LENGTH + 1];
	uint64_t at[VGPUS], bytes[VGPUS];
	unsigned int count, i, j, id, pool;

	for (id = 1; id < INSTANCES; id++)
		check_instance(&books, id, when);
	pool = books.geometry.compute - bits(books.compute);
	CHECK(admin_number(admin_gpu_path("pool_slices")) == pool,
	      "%s: the pool has %llu slices, instances 0x%x", when,
	      (unsigned long long)admin_number(admin_gpu_path("pool_slices")),
	      books.compute);
	count = host_list(uuid, VGPUS);
	for (i = 0; i < count; i++) {
		at[i] = host_attribute(uuid[i], "framebuffer_offset");
		bytes[i] = host_attribute(uuid[i], "framebuffer_size");
		check_vgpu(&books, uuid[i], at[i], bytes[i], when);
		for (j = 0; j < i; j++)
			CHECK(at[i] + bytes[i] <= at[j] || at[j] + bytes[j] <= at[i],
			      "%s: vGPUs overlap: 0x%llx bytes at 0x%llx, 0x%llx at 0x%llx",
			      when, (unsigned long long)bytes[i],
			      (unsigned long long)at[i], (unsigned long long)bytes[j],
			      (unsigned long long)at[j]);
	}
	for (id = 1; id < INSTANCES; id++)
		CHECK(books.members[id] == books.instance[id].members,
		      "%s: instance %u counts %u members, there are %u", when, id,
		      books.instance[id].members, books.members[id]);
}

/**
 * spatial_unavailable - what the GPU says of a type that can't be created
 * @type: as "2-256mq"
 * @reason: receives it
 *
 * Return: false: it says nothing.
 */
bool spatial_unavailable(const char *type, char reason[TEXT_SIZE])
{
	FILE *file = fopen(admin_gpu_path("why_unavailable"), "re");
	size_t length = strlen(type);
	char line[TEXT_SIZE];
	bool named = false;

	CHECK(file, "why_unavailable: %s", strerror(errno));
	while (!named && fgets(line, sizeof(line), file)) {
		CHECK(strchr(line, '\n'), "a line of why_unavailable has no end: %s", line);
		if (strncmp(line, type, length) || strncmp(line + length, ": ", 2))
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(reason, TEXT_SIZE, "%.*s", TEXT_SIZE - 1 - (int)length - 2,
			 line + length + 2);
		named = true;
	}
	fclose(file);
	return named;
}

/* ------------------------------------------------------------------- names */

/**
 * size_name - how a size is written in types and profiles
 * @bytes: a power of two, a MiB at least
 * @name: receives it, as "256m"
 */
void size_name(uint64_t bytes, char name[SIZE_NAME])
{
	if (bytes >> 30)
		snprintf(name, SIZE_NAME, "%llug", (unsigned long long)bytes >> 30);
	else
		snprintf(name, SIZE_NAME, "%llum", (unsigned long long)bytes >> 20);
}

/**
 * profile_name - how the shape of an instance is written
 * @geometry: of the GPU
 * @compute: compute slices
 * @memory: memory slices
 * @name: receives it, as "2g.256m"
 */
void profile_name(const struct geometry *geometry, unsigned int compute,
		  unsigned int memory, char name[2 * SIZE_NAME])
{
	char size[SIZE_NAME];

	size_name(memory * geometry->slice, size);
	snprintf(name, 2 * SIZE_NAME, "%ug.%s", compute, size);
}

/**
 * default_memory - memory slices of an instance with so many compute slices
 * @geometry: of the GPU
 * @compute: from 1 on
 */
unsigned int default_memory(const struct geometry *geometry, unsigned int compute)
{
	unsigned int slices = 1;

	if (compute >= geometry->compute)
		return geometry->memory;
	while (slices < compute && slices < geometry->memory)
		slices *= 2;
	return slices;
}

/* --------------------------------------------------------------- instances */

/**
 * instance_path - an attribute of an instance
 * @id: 1..8
 * @name: of the file
 *
 * Return: its path, valid for some calls.
 */
const char *instance_path(unsigned int id, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "instances/%u/%s", id, name);
	return admin_pci_path(file);
}

static unsigned int number_of(unsigned int id, const char *name)
{
	return (unsigned int)admin_number(instance_path(id, name));
}

/**
 * instance_read - all that is said of an instance
 * @id: 1..8
 * @instance: receives it
 *
 * Return: false: it does not exist, nor comes or goes meanwhile.
 */
bool instance_read(unsigned int id, struct instance *instance)
{
	memset(instance, 0, sizeof(*instance));
	if (access(instance_path(id, "profile"), F_OK))
		return false;
	OK(host_read(instance_path(id, "name"), instance->name,
		     sizeof(instance->name)));
	OK(host_read(instance_path(id, "profile"), instance->profile,
		     sizeof(instance->profile)));
	instance->compute = number_of(id, "compute_mask");
	instance->queue = number_of(id, "queue_mask");
	instance->memory_of = number_of(id, "memory_of");
	instance->memory_first = number_of(id, "memory_first");
	instance->memory_slices = number_of(id, "memory_slices");
	instance->reserved = number_of(id, "reserved");
	instance->members = number_of(id, "members");
	return true;
}

/**
 * instance_count - how many instances exist
 */
unsigned int instance_count(void)
{
	unsigned int id, count = 0;

	for (id = 1; id < INSTANCES; id++)
		count += !access(instance_path(id, "profile"), F_OK);
	return count;
}

/**
 * instances_read - all that is said of all instances
 * @instance: receives it, by number; zeroes where there is none
 *
 * Return: how many there are.
 */
unsigned int instances_read(struct instance instance[INSTANCES])
{
	unsigned int id, count = 0;

	memset(instance, 0, INSTANCES * sizeof(*instance));
	for (id = 1; id < INSTANCES; id++)
		count += instance_read(id, &instance[id]);
	return count;
}

/**
 * instances_unchanged - instances are as they were
 * @before: instances_read() then
 * @when: for the message
 */
void instances_unchanged(const struct instance before[INSTANCES], const char *when)
{
	struct instance after[INSTANCES];
	unsigned int id;

	instances_read(after);
	for (id = 1; id < INSTANCES; id++)
		CHECK(!memcmp(&before[id], &after[id], sizeof(*after)),
		      "%s: instance %u was a '%s' with slices 0x%x, is a '%s' with 0x%x", when,
		      id, before[id].profile, before[id].compute, after[id].profile,
		      after[id].compute);
}

/**
 * instance_try - make a reserved instance, if that can be
 * @profile: as "2g.256m"
 * @name: its name; NULL: whatever it gets
 *
 * Return: 0 or a negative errno.
 */
int instance_try(const char *profile, const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "%s%s%s\n", profile, name ? " " : "",
		 name ? name : "");
	return host_write(admin_pci_path("instances/create"), text);
}

/**
 * instance_reserve - make a reserved instance
 * @profile: as "2g.256m"
 * @name: its name
 *
 * Return: its number.
 */
unsigned int instance_reserve(const char *profile, const char *name)
{
	struct instance instance;
	char why[TEXT_SIZE] = "";
	int error = instance_try(profile, name);
	unsigned int id;

	if (error)
		host_last_error(why, sizeof(why));
	CHECK(!error, "instance %s of profile %s: %s; last_error: %s", name, profile,
	      strerror(-error), why);
	for (id = 1; id < INSTANCES; id++)
		if (instance_read(id, &instance) && !strcmp(instance.name, name))
			return id;
	CHECK(0, "instance %s was made and is not there", name);
	return 0;
}

/**
 * instance_remove - remove an instance without vGPUs
 * @id: 1..8
 */
void instance_remove(unsigned int id)
{
	admin_set(instance_path(id, "remove"), "1");
	CHECK(access(instance_path(id, "profile"), F_OK),
	      "instance %u was removed and is there", id);
}

/* ------------------------------------------------------------------- vGPUs */

/**
 * type_available - available_instances of a type that exists
 * @type: as "2-256mq"
 */
int type_available(const char *type)
{
	int count = host_available(type);

	CHECK(count >= 0 && count <= VGPUS, "available_instances of %s: %d, %s", type,
	      count, rt_message());
	return count;
}

/**
 * vgpu_offset - where a vGPU lies in video memory
 * @vgpu: any
 */
uint64_t vgpu_offset(const struct vgpu *vgpu)
{
	return host_attribute(vgpu->uuid, "framebuffer_offset");
}

/**
 * instance_of - the instance of a vGPU
 * @uuid: which
 *
 * Return: its number, POOL: none.
 */
unsigned int instance_of(const char *uuid)
{
	uint64_t id = host_attribute(uuid, "instance");

	CHECK(id < INSTANCES, "a vGPU is in instance %llu", (unsigned long long)id);
	return (unsigned int)id;
}

/**
 * queue_of - the instance whose queue a vGPU is in
 * @uuid: which
 *
 * Return: its number; mostly that of instance_of().
 */
unsigned int queue_of(const char *uuid)
{
	uint64_t id = host_attribute(uuid, "compute_instance");

	CHECK(id < INSTANCES, "a vGPU is in queue %llu", (unsigned long long)id);
	return (unsigned int)id;
}

/**
 * expect_slices_told - a guest is told of the slices of its queue
 * @vgpu: open
 * @when: for the message
 *
 * It may run on no others. In the pool they come and go without it.
 */
void expect_slices_told(const struct vgpu *vgpu, const char *when)
{
	uint64_t told = rt_user_read(vgpu->device, REFGPU_USER_SLICES);
	unsigned int id = queue_of(vgpu->uuid), memory;
	struct instance instance;

	if (id == POOL) {
		CHECK(host_attribute(vgpu->uuid, "compute_slices") ==
		      admin_number(admin_gpu_path("pool_slices")),
		      "%s: a vGPU in the pool has %lu slices, the pool %lu", when,
		      host_attribute(vgpu->uuid, "compute_slices"),
		      admin_number(admin_gpu_path("pool_slices")));
		return;
	}
	CHECK(instance_read(id, &instance), "%s: instance %u is not there", when, id);
	memory = ((1U << instance.memory_slices) - 1) << instance.memory_first;
	CHECK(told == (instance.queue | memory << 8),
	      "%s: a guest in instance %u is told of slices 0x%lx, not 0x%x", when, id, told,
	      instance.queue | memory << 8);
}

/**
 * refused - something was refused, and last_error says why
 * @got: what it returned
 * @error: what it must return, positive
 * @what: it was, for the message
 * @words: what the one line of last_error names
 * @count: of @words
 */
void refused(int got, int error, const char *what, const char *const words[],
	     unsigned int count)
{
	char why[TEXT_SIZE];
	unsigned int i;

	OK(host_last_error(why, sizeof(why)));
	CHECK(got == -error, "%s: %s, not %s; last_error: %s", what,
	      got ? strerror(-got) : "taken", strerror(error), why);
	for (i = 0; i < count; i++)
		CHECK(strstr(why, words[i]), "%s: last_error '%s' does not say '%s'",
		      what, why, words[i]);
	CHECK(!strchr(why, '\n'), "%s: last_error has two lines: '%s'", what, why);
}

/**
 * refused_type - a vGPU of this type can't be made, which is said before and after
 * @type: as "2-256mq"
 * @error: what the create returns, positive
 * @words: what last_error says
 * @count: of @words
 */
void refused_type(const char *type, int error, const char *const words[],
		  unsigned int count)
{
	char uuid[UUID_LENGTH + 1], reason[TEXT_SIZE];

	CHECK(!host_available(type), "%s: %d are available", type,
	      host_available(type));
	CHECK(spatial_unavailable(type, reason),
	      "why_unavailable does not name %s, which is not available", type);
	CHECK(strlen(reason) > 10, "why_unavailable says of %s '%s'", type, reason);
	refused(host_create_any(type, uuid), error, type, words, count);
	CHECK(!host_exists(uuid), "%s was refused and is there", type);
}
