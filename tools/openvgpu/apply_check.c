// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_check.c - is what a configuration file says possible anywhere
 *
 * All configurations of a file are checked, also those that are not applied
 * now: what is wrong shows when it is written, not on the night it is needed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

static int check_setting(enum ovgpu_object object,
			 const struct config_setting *set,
			 struct config_error *error)
{
	static const char *const kinds[] = {
		[OVGPU_GPU] = "GPU", [OVGPU_VGPU] = "vGPU",
		[OVGPU_INSTANCE] = "GPU instance",
	};
	const struct ovgpu_setting *setting;

	setting = ovgpu_setting_find(object, set->name);
	if (!setting)
		return config_fail(error, set->line,
				   "a %s has no setting '%s': 'openvgpu set --help' lists them",
				   kinds[object], set->name);
	/* As a pause, something one does, not something a machine is. */
	if (setting->for_now)
		return config_fail(error, set->line,
				   "'%s' is for the moment, not a setting to keep: use 'openvgpu set'",
				   set->name);
	if (!ovgpu_setting_check(setting, set->value))
		return 0;
	if (setting->kind != OVGPU_NUMBER)
		return config_fail(error, set->line, "%s can't be '%s': it is %s",
				   set->name, set->value, setting->meaning);
	return config_fail(error, set->line,
			   "%s can't be '%s': it is a number of %s%llu to %llu",
			   set->name, set->value, setting->zero ? "0, or " : "",
			   (unsigned long long)setting->minimum,
			   (unsigned long long)setting->maximum);
}

static int check_settings(enum ovgpu_object object,
			  const struct config_settings *settings,
			  struct config_error *error)
{
	const struct config_setting *hz = NULL, *us = NULL;
	size_t i;
	int err;

	for (i = 0; i < settings->count; i++) {
		const struct config_setting *set = &settings->list[i];

		err = check_setting(object, set, error);
		if (err)
			return err;
		if (!strcmp(set->name, "sched_hz"))
			hz = set;
		if (!strcmp(set->name, "timeslice_us"))
			us = set;
	}
	if (hz && us)
		return config_fail(error, hz->line > us->line ? hz->line : us->line,
				   "sched_hz and timeslice_us are two forms of the same: give one");
	return 0;
}

/* A PCI address or a number. */
static int check_device(const struct config_device *device,
			struct config_error *error)
{
	char bdf[OVGPU_BDF_SIZE];
	uint64_t number;

	if (!ovgpu_bdf_parse(device->text, bdf) ||
	    (!ovgpu_number_parse(device->text, &number) &&
	     number <= CONFIG_INDEX_MAX))
		return 0;
	return config_fail(error, device->line,
			   "'%s' is neither a PCI address, as 0000:3b:00.0, nor the number of a GPU, from 0",
			   device->text);
}

/* A UUID of a configuration, complete. */
struct named {
	char uuid[OVGPU_UUID_SIZE];
	unsigned int line;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->uuid, y->uuid);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Copies all UUIDs of a configuration to @list; NULL: only counts them. */
static size_t collect(const struct config_label *label, struct named *list)
{
	size_t i, j, count = 0;
	unsigned int n;

	for (i = 0; i < label->entry_count; i++)
		for (j = 0; j < label->entries[i].type_count; j++) {
			const struct config_type *type = &label->entries[i].types[j];

			for (n = 0; type->vgpus && n < type->count; n++, count++) {
				if (!list)
					continue;
				ovgpu_uuid_parse(type->vgpus[n].uuid,
						 list[count].uuid);
				list[count].line = type->vgpus[n].line;
			}
		}
	return count;
}

/* A vGPU is there once. The forms of the UUIDs have been checked. */
static int check_uuids(const struct config_label *label,
		       struct config_error *error)
{
	size_t count = collect(label, NULL), i;
	struct named *list = calloc(count + 1, sizeof(*list));
	int err = 0;

	if (!list) {
		config_fail(error, 0, "out of memory");
		return -ENOMEM;
	}
	collect(label, list);
	qsort(list, count, sizeof(*list), compare_named);
	for (i = 1; i < count && !err; i++)
		if (!strcmp(list[i - 1].uuid, list[i].uuid))
			err = config_fail(error, list[i].line,
					  "vGPU %s is there twice, first on line %u",
					  list[i].uuid, list[i - 1].line);
	free(list);
	return err;
}

/* Of the settings of a GPU; NULL: they do not say. */
static const struct config_setting *work_mode(const struct config_settings *settings)
{
	return config_setting_find(settings,
				   ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE)->name);
}

static int check_type(const struct config_entry *entry,
		      const struct config_type *type, struct config_error *error)
{
	const struct config_setting *mode = work_mode(&entry->settings);
	char id[OVGPU_NAME_SIZE], other[OVGPU_NAME_SIZE], uuid[OVGPU_UUID_SIZE];
	const struct config_type *before;
	unsigned int n;
	int err;

	if (ovgpu_type_parse(type->type, id))
		return config_fail(error, type->line,
				   "'%s' is not the name of a type, as 1q",
				   type->type);
	/* "1q" and "openvgpu-1q" are one type. */
	for (before = entry->types; before < type; before++)
		if (!ovgpu_type_parse(before->type, other) && !strcmp(id, other))
			return config_fail(error, type->line,
					   "'%s' is there twice, first on line %u",
					   id, before->line);
	if (mode && type->count && !ovgpu_work_mode_has(mode->value, id))
		return config_fail(error, type->line,
				   "work mode %s, of line %u, has no vGPUs of type %s",
				   mode->value, mode->line, id);
	if (type->vgpus && (entry->all || entry->device_count > 1))
		return config_fail(error, type->line,
				   "vGPUs with a UUID can be on one GPU only: name one device");
	for (n = 0; type->vgpus && n < type->count; n++) {
		const struct config_vgpu *vgpu = &type->vgpus[n];

		if (ovgpu_uuid_parse(vgpu->uuid, uuid))
			return config_fail(error, vgpu->line,
					   "'%s' is not a UUID: 36 characters, as 8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f",
					   vgpu->uuid);
		err = check_settings(OVGPU_VGPU, &vgpu->settings, error);
		if (err)
			return err;
	}
	return 0;
}

/* GPU instances that are counted have a profile of other files' names, too. */
static int check_instance(const struct config_instance *instance,
			  struct config_error *error)
{
	unsigned int compute;
	uint64_t memory;

	if (instance->name[0] && !instance_name_valid(instance->name))
		return config_fail(error, instance->line,
				   "'%s' can't be the name of a GPU instance: 1 to 31 letters, digits, dots, dashes and underscores",
				   instance->name);
	if (!profile_is_mig(instance->profile, &compute, &memory))
		return config_fail(error, instance->line,
				   "'%s' is not the name of a profile, as 4g.512m",
				   instance->profile);
	return check_settings(OVGPU_INSTANCE, &instance->settings, error);
}

/* What belongs to openvgpu can't be kept of a GPU that is another driver's. */
static int check_passthrough(const struct config_entry *entry,
			     struct config_error *error)
{
	if (entry->settings.count)
		return config_fail(error, entry->settings.list[0].line,
				   "a GPU that is passed through has no settings");
	if (entry->instance_count)
		return config_fail(error, entry->instances[0].line,
				   "a GPU that is passed through has no GPU instances");
	if (entry->type_count)
		return config_fail(error, entry->types[0].line,
				   "a GPU that is passed through has no vGPUs: write {} to have them removed");
	return 0;
}

/* The numbers of GPUs are of those that openvgpu has, which this changes. */
static int check_numbers(const struct config_label *label,
			 struct config_error *error)
{
	const struct config_device *number = NULL;
	char bdf[OVGPU_BDF_SIZE];
	bool use = false;
	size_t i, j;

	for (i = 0; i < label->entry_count; i++) {
		const struct config_entry *entry = &label->entries[i];

		use = use || entry->use;
		for (j = 0; j < entry->device_count && !number; j++)
			if (ovgpu_bdf_parse(entry->devices[j].text, bdf))
				number = &entry->devices[j];
	}
	if (!use || !number)
		return 0;
	return config_fail(error, number->line,
			   "GPUs are named by their PCI addresses in a configuration with 'use:', since that changes their numbers; '%s' is none",
			   number->text);
}

static int check_entry(const struct config_entry *entry,
		       struct config_error *error)
{
	size_t i;
	int err;

	if (entry->use == CONFIG_USE_PASSTHROUGH) {
		err = check_passthrough(entry, error);
		if (err)
			return err;
	}
	for (i = 0; i < entry->device_count; i++) {
		err = check_device(&entry->devices[i], error);
		if (err)
			return err;
	}
	err = check_settings(OVGPU_GPU, &entry->settings, error);
	for (i = 0; !err && i < entry->instance_count; i++)
		err = check_instance(&entry->instances[i], error);
	for (i = 0; !err && i < entry->type_count; i++)
		err = check_type(entry, &entry->types[i], error);
	return err;
}

/**
 * apply_check - check all that can be checked without the machine
 * @config: the file
 * @error: what is wrong with it, when this fails
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int apply_check(const struct config *config, struct config_error *error)
{
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < config->label_count; i++) {
		const struct config_label *label = &config->labels[i];

		for (j = 0; !err && j < label->entry_count; j++)
			err = check_entry(&label->entries[j], error);
		if (!err)
			err = check_numbers(label, error);
		if (!err)
			err = check_uuids(label, error);
	}
	return err;
}
