// SPDX-License-Identifier: GPL-2.0-only
/*
 * objects.c - GPUs, types and vGPUs as JSON
 */
#include <stdio.h>
#include <string.h>

#include "instance.h"

/**
 * description_value - look a key up in a type's description
 * @description: "key=value, key=value"
 * @key: which
 * @value: receives the value; empty when the key is not there
 * @size: bytes at @value
 *
 * Return: true if the key is there and the value fits.
 */
bool description_value(const char *description, const char *key, char *value,
		       size_t size)
{
	size_t length = strlen(key), n;

	value[0] = '\0';
	while (*description) {
		description += strspn(description, ", ");
		n = strcspn(description, ",");
		if (n > length && description[length] == '=' &&
		    !strncmp(description, key, length)) {
			if (n - length - 1 >= size)
				return false;
			memcpy(value, description + length + 1, n - length - 1);
			value[n - length - 1] = '\0';
			return true;
		}
		description += n;
	}
	return false;
}

/* A number where the description has one, else null. */
static void set_description_number(struct json_object *object, const char *name,
				   const char *description, const char *key)
{
	char value[OVGPU_NAME_SIZE];
	uint64_t number;

	if (description_value(description, key, value, sizeof(value)) &&
	    !ovgpu_number_parse(value, &number))
		json_set_number(object, name, number);
	else
		json_set(object, name, NULL);
}

/**
 * type_suffix - the part of a type's id that people type
 * @id: as "openvgpu-1q"; may be empty
 *
 * Return: as "1q".
 */
const char *type_suffix(const char *id)
{
	return id[0] ? id + strlen(OVGPU_TYPE_PREFIX) : id;
}

/**
 * type_series - what the vGPUs of a type are for
 * @type: the type
 *
 * Return: a word; NULL: its name does not say.
 */
const char *type_series(const struct ovgpu_type *type)
{
	switch (type->id[0] ? type->id[strlen(type->id) - 1] : '\0') {
	case 'q':
		return "workstation";
	case 'b':
		return "desktop";
	case 'a':
		return "application";
	case 'c':
		return "compute";
	default:
		return NULL;
	}
}

/* "5120x2880"; null where it has no heads. */
static void set_resolution(struct json_object *object, const char *description)
{
	struct ovgpu_value width = { 0 }, height = { 0 };
	char text[OVGPU_NAME_SIZE], *x;

	description_value(description, "max_resolution", text, sizeof(text));
	x = strchr(text, 'x');
	if (x) {
		*x = '\0';
		width.known = !ovgpu_number_parse(text, &width.number) &&
			      !ovgpu_number_parse(x + 1, &height.number) &&
			      width.number && height.number;
		height.known = width.known;
	}
	json_set_value(object, "max_width", width);
	json_set_value(object, "max_height", height);
}

/**
 * type_json - a type as JSON
 * @type: the type
 *
 * Return: the object.
 */
struct json_object *type_json(const struct ovgpu_type *type)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "gpu", type->gpu);
	json_set_text(object, "type", type->id);
	json_set_text(object, "name", type->name);
	json_set_text(object, "device_api", type->device_api);
	json_set_number(object, "available_instances", type->available);
	set_description_number(object, "max_instance", type->description,
			       "max_instance");
	set_description_number(object, "num_heads", type->description,
			       "num_heads");
	json_set_number(object, "framebuffer_bytes", type->framebuffer);
	json_set_text(object, "description", type->description);
	json_set_number(object, "compute_slices", type->compute_slices);
	json_set(object, "why_unavailable", type->why_unavailable[0] ?
		 json_text(type->why_unavailable) : NULL);
	json_set(object, "series", type_series(type) ?
		 json_text(type_series(type)) : NULL);
	set_resolution(object, type->description);
	set_description_number(object, "frame_rate_limit", type->description,
			       "frl_config");
	return object;
}

/**
 * vgpu_json - a vGPU as JSON
 * @cli: the run
 * @vgpu: the vGPU
 *
 * Return: the object; what does not apply is null.
 */
struct json_object *vgpu_json(const struct cli *cli,
			      const struct ovgpu_vgpu *vgpu)
{
	struct json_object *object = json_object_new_object();
	struct ovgpu_vm *vm;

	json_set_text(object, "uuid", vgpu->uuid);
	json_set_text(object, "gpu", vgpu->gpu);
	json_set_text(object, "type", vgpu->type);
	json_set_text(object, "name", vgpu->type_name);
	json_set(object, "state",
		 vgpu->state[0] ? json_text(vgpu->state) : NULL);
	if (vgpu->owner_pid)
		json_set_number(object, "owner_pid", vgpu->owner_pid);
	else
		json_set(object, "owner_pid", NULL);
	json_set(object, "owner_name",
		 vgpu->owner_name[0] ? json_text(vgpu->owner_name) : NULL);
	json_set(object, "owner_ended", vgpu->owner_pid ?
		 json_object_new_boolean(vgpu->owner_ended) : NULL);
	if (vgpu->iommu_group >= 0)
		json_set_number(object, "iommu_group", vgpu->iommu_group);
	else
		json_set(object, "iommu_group", NULL);
	json_set(object, "guest_driver",
		 vgpu->guest_driver[0] ? json_text(vgpu->guest_driver) : NULL);
	json_set(object, "guest_interface", vgpu->guest_interface[0] ?
		 json_text(vgpu->guest_interface) : NULL);
	json_set(object, "guest_verdict", vgpu->guest_verdict[0] ?
		 json_text(vgpu->guest_verdict) : NULL);
	json_set_value(object, "instance", vgpu->instance);
	json_set_value(object, "compute_slices", vgpu->compute_slices);
	json_set_value(object, "compute_instance", vgpu->compute_instance);
	json_set(object, "tenant", vgpu->tenant[0] ? json_text(vgpu->tenant) : NULL);
	json_set(object, "notice", vgpu->notice[0] ? json_text(vgpu->notice) : NULL);
	ovgpu_vm_get(cli->ovgpu, vgpu, &vm);
	json_set(object, "vm_name",
		 vm && vm->name[0] ? json_text(vm->name) : NULL);
	json_set(object, "vm_uuid",
		 vm && vm->uuid[0] ? json_text(vm->uuid) : NULL);
	ovgpu_free(vm);
	return object;
}

/**
 * instance_json - a GPU instance as JSON
 * @instance: the instance
 *
 * Return: the object; what is not known is null.
 */
struct json_object *instance_json(const struct ovgpu_instance *instance)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "id", instance->id);
	json_set_text(object, "name", instance->name);
	json_set_text(object, "profile", instance->profile);
	json_set_number(object, "compute_mask", instance->compute_mask);
	json_set_number(object, "compute_slices", instance->compute_slices);
	json_set_number(object, "memory_first", instance->memory_first);
	json_set_number(object, "memory_slices", instance->memory_slices);
	json_set_number(object, "framebuffer_bytes", instance->framebuffer);
	json_set(object, "reserved", json_object_new_boolean(instance->reserved));
	json_set_number(object, "vgpus", instance->vgpus);
	json_set(object, "scheduler", instance->scheduler[0] ?
		 json_text(instance->scheduler) : NULL);
	json_set_value(object, "timeslice_us", instance->timeslice_us);
	json_set_value(object, "busy_ns", instance->busy_ns);
	json_set_value(object, "idle_ns", instance->idle_ns);
	return object;
}

/**
 * instance_queues_json - a GPU instance with its queues as JSON
 * @cli: the run
 * @instance: the instance
 *
 * Return: as instance_json(), and "queues".
 */
struct json_object *instance_queues_json(const struct cli *cli,
					 const struct ovgpu_instance *instance)
{
	struct json_object *object = instance_json(instance), *queue;
	struct json_object *array = json_object_new_array();
	struct ovgpu_queue **queues;
	size_t count, i;

	json_set(object, "queues", array);
	if (ovgpu_queue_list(cli->ovgpu, instance->gpu, instance->id, &queues,
			     &count))
		return object;
	for (i = 0; i < count; i++) {
		queue = json_object_new_object();
		json_set_number(queue, "id", queues[i]->id);
		json_set_text(queue, "name", queues[i]->name);
		json_set_number(queue, "compute_mask", queues[i]->compute_mask);
		json_set_number(queue, "compute_slices",
				queues[i]->compute_slices);
		json_set_number(queue, "vgpus", queues[i]->vgpus);
		json_set(queue, "scheduler", queues[i]->scheduler[0] ?
			 json_text(queues[i]->scheduler) : NULL);
		json_set_value(queue, "timeslice_us", queues[i]->timeslice_us);
		json_set_value(queue, "busy_ns", queues[i]->busy_ns);
		json_set_value(queue, "idle_ns", queues[i]->idle_ns);
		json_object_array_add(array, queue);
	}
	ovgpu_free(queues);
	return object;
}

/**
 * instances_json - the GPU instances of a GPU as JSON
 * @cli: the run
 * @bdf: its PCI address
 *
 * Return: an array, empty where it has none.
 */
struct json_object *instances_json(const struct cli *cli, const char *bdf)
{
	struct json_object *array = json_object_new_array();
	struct ovgpu_instance **instances;
	size_t count, i;

	if (ovgpu_instance_list(cli->ovgpu, bdf, &instances, &count))
		return array;
	for (i = 0; i < count; i++)
		json_object_array_add(array, instance_queues_json(cli, instances[i]));
	ovgpu_free(instances);
	return array;
}

/*
 * Attributes that are names or text even where they look like a number: the
 * type of a JSON value must not depend on what it says today.
 */
static bool is_text_attribute(const char *name)
{
	static const char *const names[] = {
		"board", "driver_version", "family", "guest_driver", "last_error",
		"last_fault_name", "last_reset_reason", "migration_hello",
		"personality",
		"sched_state", "notice", "scheduler", "serial", "state", "tenant", "type_name",
		"wait_histogram", "why_unavailable", "work_mode",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/**
 * attributes_json - a group of attributes as JSON
 * @attributes: the attributes
 * @count: their number
 *
 * Return: an object with a member for each file: a number or a string.
 */
struct json_object *
attributes_json(struct ovgpu_attribute *const *attributes, size_t count)
{
	struct json_object *object = json_object_new_object();
	uint64_t number;
	size_t i;

	for (i = 0; i < count; i++)
		if (!is_text_attribute(attributes[i]->name) &&
		    !ovgpu_number_parse(attributes[i]->value, &number))
			json_set_number(object, attributes[i]->name, number);
		else
			json_set_text(object, attributes[i]->name,
				      attributes[i]->value);
	return object;
}
