// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * profile.c - the shapes of GPU instances, and who has what of a GPU now
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "placement.h"

/**
 * ovgpu_profile_parse - take the name of a profile apart
 * @text: anything
 * @compute: receives the compute slices of "4g" or "4g.512m"
 * @memory: receives the bytes behind the point; 0: there is none
 *
 * Return: whether it has the form of one.
 */
bool ovgpu_profile_parse(const char *text, unsigned int *compute,
			 uint64_t *memory)
{
	size_t n = strspn(text, "0123456789");
	unsigned int shift;

	if (!n || n > 2 || text[n] != 'g')
		return false;
	*compute = strtoul(text, NULL, 10);
	*memory = 0;
	text += n + 1;
	if (!*text)
		return *compute;
	if (*text++ != '.')
		return false;
	n = strspn(text, "0123456789");
	shift = text[n] == 'g' ? 30 : 20;
	if (!n || n > 6 || (text[n] != 'g' && text[n] != 'm') || text[n + 1])
		return false;
	*memory = (uint64_t)strtoul(text, NULL, 10) << shift;
	return *compute && *memory;
}

/**
 * ovgpu_profile_name - the name of a profile
 * @layout: of the GPU
 * @profile: which
 * @name: receives it, as "4g.512m"
 * @size: bytes at @name
 */
void ovgpu_profile_name(const struct layout *layout,
			struct layout_profile profile, char *name, size_t size)
{
	uint64_t mib = layout->size / layout->memory_slices * profile.memory >> 20;
	bool gib = mib && !(mib & 1023);

	snprintf(name, size, "%ug.%llu%c", profile.compute,
		 (unsigned long long)(gib ? mib >> 10 : mib), gib ? 'g' : 'm');
}

/* ------------------------------------------------------------- who has what */

/* Video memory is halved until the smallest plain type, and may lack one such. */
static bool read_memory(const struct ovgpu *ovgpu, const char *bdf,
			const struct ovgpu_placement *placement, uint64_t *size,
			unsigned int *levels, bool *reserved)
{
	struct ovgpu_value total = ovgpu_gpu_number(ovgpu, bdf, "framebuffer_total");
	uint64_t unit = 0, units;
	size_t i;

	for (i = 0; i < placement->type_count; i++) {
		const struct ovgpu_type *type = placement->types[i];

		if (!type->compute_slices && type->framebuffer &&
		    (!unit || type->framebuffer < unit))
			unit = type->framebuffer;
	}
	if (!total.known || !unit || total.number % unit)
		return false;
	units = total.number / unit;
	*reserved = units & (units - 1);
	units += *reserved;
	*size = units * unit;
	for (*levels = 0; units > 1; units /= 2, ++*levels)
		if (units % 2)
			return false;
	return true;
}

static bool read_gpu(const struct ovgpu *ovgpu, const char *bdf,
		     struct ovgpu_placement *placement)
{
	struct ovgpu_value compute, memory, vgpus, pool_min;
	char policy[OVGPU_NAME_SIZE];
	unsigned int levels;
	uint64_t size;
	bool reserved;

	compute = ovgpu_gpu_number(ovgpu, bdf, "compute_slices");
	memory = ovgpu_gpu_number(ovgpu, bdf, "memory_slices");
	vgpus = ovgpu_gpu_number(ovgpu, bdf, "max_vgpus");
	pool_min = ovgpu_gpu_number(ovgpu, bdf, "pool_slices_min");
	if (!compute.known || !memory.known || !vgpus.known ||
	    compute.number > LAYOUT_SLICES || memory.number > LAYOUT_SLICES ||
	    vgpus.number > LAYOUT_VGPUS ||
	    !read_memory(ovgpu, bdf, placement, &size, &levels, &reserved) ||
	    !layout_init(&placement->layout, size, levels, reserved,
			 vgpus.number, compute.number, memory.number))
		return false;
	ovgpu_setting_read(ovgpu, OVGPU_GPU, bdf,
			   ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER), policy,
			   sizeof(policy), NULL, 0);
	placement->layout.pool_min = pool_min.number;
	placement->layout.pool_fixed = !strcmp(policy, "fixed_share");
	return true;
}

static bool add_instance(struct layout *layout,
			 const struct ovgpu_instance *instance)
{
	struct layout_instance *in;

	if (instance->id >= LAYOUT_INSTANCES || !instance->compute_slices ||
	    instance->compute_mask >> layout->compute_slices ||
	    !instance->memory_slices ||
	    instance->memory_first + instance->memory_slices >
	    layout->memory_slices)
		return false;
	in = &layout->instance[instance->id];
	in->profile.compute = instance->compute_slices;
	in->profile.memory = instance->memory_slices;
	in->reserved = instance->reserved;
	in->compute = instance->compute_mask;
	in->queue = instance->compute_mask;
	in->memory_first = instance->memory_first;
	return true;
}

/* What of its compute slices works for which queue. */
static int add_queues(const struct ovgpu *ovgpu,
		      const struct ovgpu_instance *instance,
		      struct layout *layout)
{
	struct ovgpu_queue **queues;
	size_t count, i;
	int err;

	err = ovgpu_queue_list(ovgpu, instance->gpu, instance->id, &queues,
			       &count);
	if (err)
		return err;
	for (i = 0; i < count && !err; i++) {
		const struct ovgpu_queue *queue = queues[i];
		struct layout_instance *in;

		if (queue->id >= LAYOUT_INSTANCES || !queue->compute_slices ||
		    queue->compute_mask & ~instance->compute_mask) {
			err = -EPROTO;
			break;
		}
		in = &layout->instance[queue->id];
		in->queue = queue->compute_mask;
		if (queue->id == instance->id)
			continue;
		in->profile.compute = queue->compute_slices;
		in->compute = queue->compute_mask;
		in->shares = instance->id;
	}
	ovgpu_free(queues);
	return err;
}

static bool add_vgpu(const struct ovgpu *ovgpu, const struct ovgpu_vgpu *vgpu,
		     struct ovgpu_placement *placement)
{
	static const char *const names[] = {
		"partition", "framebuffer_offset", "framebuffer_size"
	};
	struct layout *layout = &placement->layout;
	uint64_t number[3], unit = layout->size >> layout->levels;
	char text[OVGPU_NAME_SIZE];
	struct layout_vgpu *slot;
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (ovgpu_attribute_get(ovgpu, OVGPU_VGPU, vgpu->uuid,
					OVGPU_DRIVER, names[i], text,
					sizeof(text)) ||
		    ovgpu_number_parse(text, &number[i]))
			return false;
	if (number[0] >= layout->vgpus || number[1] >= layout->size ||
	    number[1] % unit || !vgpu->instance.known ||
	    vgpu->instance.number >= LAYOUT_INSTANCES)
		return false;
	slot = &layout->vgpu[number[0]];
	slot->used = true;
	slot->closed = !vgpu->owner_pid;
	slot->instance = vgpu->instance.number;
	slot->queue = vgpu->compute_instance.known ?
		      vgpu->compute_instance.number : vgpu->instance.number;
	slot->first = number[1] / unit;
	while (slot->level < layout->levels &&
	       layout->size >> slot->level > number[2])
		slot->level++;
	strcpy(placement->uuid[number[0]], vgpu->uuid);
	return layout->size >> slot->level == number[2];
}

static int read_users(const struct ovgpu *ovgpu, const char *bdf,
		      struct ovgpu_placement *placement)
{
	struct ovgpu_instance **instances;
	struct ovgpu_vgpu **vgpus;
	size_t count, i;
	int err;

	err = ovgpu_instance_list(ovgpu, bdf, &instances, &count);
	if (err)
		return err;
	for (i = 0; i < count && !err; i++)
		err = add_instance(&placement->layout, instances[i]) ?
		      add_queues(ovgpu, instances[i], &placement->layout) : -EPROTO;
	ovgpu_free(instances);
	if (!err)
		err = ovgpu_vgpu_list(ovgpu, &vgpus, &count);
	if (err)
		return err;
	for (i = 0; i < count && !err; i++)
		if (!strcmp(vgpus[i]->gpu, bdf) &&
		    !add_vgpu(ovgpu, vgpus[i], placement))
			err = -EPROTO;
	ovgpu_free(vgpus);
	return err;
}

/**
 * ovgpu_placement_read - who has what of a GPU now
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @placement: the result; its types are to be given to ovgpu_free() if this
 *	succeeds
 *
 * Return: 0, -ENOENT when there is no such GPU, -EOPNOTSUPP when it is not
 * divisible, -EPROTO when what the module says is not understood (things come
 * and go meanwhile: it may be at the next try), or -ENOMEM.
 */
int ovgpu_placement_read(const struct ovgpu *ovgpu, const char *bdf,
			 struct ovgpu_placement *placement)
{
	struct ovgpu_value most;
	int err;

	memset(placement, 0, sizeof(*placement));
	err = ovgpu_type_list(ovgpu, bdf, &placement->types,
			      &placement->type_count);
	if (err)
		return err;
	most = ovgpu_gpu_number(ovgpu, bdf, "max_instances");
	if (!most.known || !most.number)
		err = -EOPNOTSUPP;
	else if (!read_gpu(ovgpu, bdf, placement))
		err = -EPROTO;
	else
		err = read_users(ovgpu, bdf, placement);
	if (err)
		ovgpu_free(placement->types);
	return err;
}

/* ----------------------------------------------------------------- profiles */

/**
 * ovgpu_profile_list - the shapes that GPU instances of a GPU can have
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @profiles: the result, smallest first, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0, -ENOENT when there is no such GPU, -EOPNOTSUPP when it is not
 * divisible, -EPROTO when what the module says is not understood, or another
 * negative errno.
 */
int ovgpu_profile_list(const struct ovgpu *ovgpu, const char *bdf,
		       struct ovgpu_profile ***profiles, size_t *count)
{
	struct ovgpu_profile list[LAYOUT_SLICES * LAYOUT_SLICES];
	struct ovgpu_placement placement;
	struct layout *layout = &placement.layout;
	struct layout_profile profile;
	unsigned int compute, memory, usual;
	size_t n = 0;
	int err;

	*profiles = NULL;
	*count = 0;
	err = ovgpu_placement_read(ovgpu, bdf, &placement);
	if (err)
		return err;
	memset(list, 0, sizeof(list));
	for (compute = 1; compute <= layout->compute_slices; compute++) {
		usual = layout_default_memory(layout, compute);
		for (memory = usual; memory <= layout->memory_slices; memory *= 2) {
			profile.compute = compute;
			profile.memory = memory;
			ovgpu_profile_name(layout, profile, list[n].name,
					   sizeof(list[n].name));
			list[n].compute_slices = compute;
			list[n].memory_slices = memory;
			list[n].framebuffer =
				layout->size / layout->memory_slices * memory;
			list[n].available =
				layout_available_instances(layout, profile);
			list[n++].usual = memory == usual;
		}
	}
	ovgpu_free(placement.types);
	*profiles = ovgpu_list_pack(list, n, sizeof(*list));
	if (!*profiles)
		return -ENOMEM;
	*count = n;
	return 0;
}
