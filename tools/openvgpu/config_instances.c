// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_instances.c - the GPU instances of a configuration file
 *
 * By name, as
 *
 *	instances: {train: {profile: 4g.512m, scheduler: fixed_share}}
 *
 * or counted, in the form of the files of NVIDIA's MIG partition editor,
 *
 *	mig-devices: {1g.5gb: 2}
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_reader.h"

/* One more instance, zero. NULL: no room, which is said. */
static struct config_instance *add_instance(struct reader *reader,
					    struct config_entry *entry, int *err)
{
	struct config_instance *instance;

	*err = reader_check_names(reader, entry->instance_count,
				  "GPU instances");
	if (!*err)
		*err = reader_grow(reader, &entry->instances,
				   entry->instance_count, sizeof(*instance));
	if (*err)
		return NULL;
	instance = &entry->instances[entry->instance_count++];
	instance->line = reader_line(reader);
	instance->count = 1;
	return instance;
}

static int begin(struct reader *reader, struct config_entry *entry)
{
	if (entry->has_instances)
		return config_fail(reader->error, reader_line(reader),
				   "instances, mig-devices and 'mig-enabled: false' are forms of the same: give one");
	entry->has_instances = true;
	return 0;
}

/**
 * config_division_valid - whether a text divides compute slices among queues
 * @text: anything
 *
 * Return: whether it is numbers of one digit with commas in between.
 */
bool config_division_valid(const char *text)
{
	size_t n = 0;

	for (;; text += 2) {
		if (*text < '1' || *text > '9' || ++n > 8)
			return false;
		if (!text[1])
			return true;
		if (text[1] != ',')
			return false;
	}
}

/* "[2, 1, 1]", or "2,1,1". */
static int read_compute(struct reader *reader, struct config_instance *instance)
{
	char text[CONFIG_VALUE_SIZE];
	size_t n = 0;
	int err = 0;

	if (!reader_at(reader, YAML_SEQUENCE_START_EVENT)) {
		err = reader_scalar(reader, "compute", instance->compute,
				    sizeof(instance->compute));
	} else {
		err = reader_next(reader);
		while (!err && !reader_at(reader, YAML_SEQUENCE_END_EVENT)) {
			err = reader_scalar(reader, "compute", text, sizeof(text));
			if (!err && n < sizeof(instance->compute))
				n += snprintf(instance->compute + n,
					      sizeof(instance->compute) - n,
					      "%s%s", n ? "," : "", text);
			err = err ?: reader_next(reader);
		}
	}
	if (!err && !config_division_valid(instance->compute))
		err = config_fail(reader->error, reader_line(reader),
				  "compute can't be '%s': it is compute slices of each queue, as [2, 1, 1]",
				  instance->compute);
	return err ?: reader_next(reader);
}

/* What stands behind its name: its profile and settings. */
static int read_instance(struct reader *reader, struct config_instance *instance)
{
	char name[CONFIG_NAME_SIZE];
	unsigned int line;
	int err;

	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "a GPU instance",
			    "{profile: PROFILE} and its settings");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = reader_scalar(reader, "the name of a setting", name,
				    sizeof(name));
		err = err ?: reader_next(reader);
		if (err)
			break;
		if (!strcmp(name, "compute") && instance->compute[0])
			return config_fail(reader->error, line,
					   "'compute' is there twice");
		if (!strcmp(name, "compute")) {
			err = read_compute(reader, instance);
			continue;
		}
		if (strcmp(name, "profile")) {
			err = reader_add_setting(reader, &instance->settings,
						 name, line);
			continue;
		}
		if (instance->profile[0])
			return config_fail(reader->error, line,
					   "'profile' is there twice");
		err = reader_scalar(reader, "profile", instance->profile,
				    sizeof(instance->profile));
		err = err ?: reader_next(reader);
	}
	if (!err && !instance->profile[0])
		return config_fail(reader->error, instance->line,
				   "GPU instance '%s' lacks 'profile:'",
				   instance->name);
	return err ?: reader_next(reader);
}

/* It must not be there already. */
static int check_twice(struct reader *reader, const struct config_entry *entry,
		       const struct config_instance *instance)
{
	const struct config_instance *before;

	for (before = entry->instances; before < instance; before++)
		if (!strcmp(before->name, instance->name) &&
		    (instance->name[0] ||
		     !strcmp(before->profile, instance->profile)))
			return config_fail(reader->error, instance->line,
					   "'%s' is there twice, first on line %u",
					   instance->name[0] ? instance->name :
					   instance->profile, before->line);
	return 0;
}

/**
 * config_read_instances - read what is behind "instances:"
 * @reader: of the file
 * @entry: receives it
 *
 * Return: 0 or a negative errno.
 */
int config_read_instances(struct reader *reader, struct config_entry *entry)
{
	struct config_instance *instance;
	int err = begin(reader, entry);

	if (!err && reader_at_nothing(reader))
		return config_fail(reader->error, reader_line(reader),
				   "instances is empty: write {} for none, or leave it out to leave the GPU instances alone");
	err = err ?: reader_expect(reader, YAML_MAPPING_START_EVENT, "instances",
				   "NAME: {profile: PROFILE}");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		instance = add_instance(reader, entry, &err);
		err = err ?: reader_scalar(reader, "the name of a GPU instance",
					   instance->name, sizeof(instance->name));
		err = err ?: check_twice(reader, entry, instance);
		err = err ?: reader_next(reader);
		err = err ?: read_instance(reader, instance);
	}
	return err ?: reader_next(reader);
}

/**
 * config_read_mig_devices - read what is behind "mig-devices:"
 * @reader: of the file
 * @entry: receives it
 *
 * Return: 0 or a negative errno.
 */
int config_read_mig_devices(struct reader *reader, struct config_entry *entry)
{
	struct config_instance *instance;
	char text[CONFIG_VALUE_SIZE];
	int err = begin(reader, entry);

	err = err ?: reader_expect(reader, YAML_MAPPING_START_EVENT,
				   "mig-devices", "PROFILE: NUMBER");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		instance = add_instance(reader, entry, &err);
		err = err ?: reader_scalar(reader, "the name of a profile",
					   instance->profile,
					   sizeof(instance->profile));
		err = err ?: check_twice(reader, entry, instance);
		err = err ?: reader_next(reader);
		err = err ?: reader_scalar(reader, "a number of GPU instances",
					   text, sizeof(text));
		if (!err && !reader_count(text, CONFIG_NAMES_MAX,
					  &instance->count))
			return config_fail(reader->error, reader_line(reader),
					   "'%s' is not a number of GPU instances: 0 to %d",
					   text, CONFIG_NAMES_MAX);
		err = err ?: reader_next(reader);
	}
	return err ?: reader_next(reader);
}

/**
 * config_read_mig_enabled - read what is behind "mig-enabled:"
 * @reader: of the file
 * @entry: false: it has no GPU instances
 *
 * There is no such mode: true says nothing.
 *
 * Return: 0 or a negative errno.
 */
int config_read_mig_enabled(struct reader *reader, struct config_entry *entry)
{
	char text[CONFIG_VALUE_SIZE];
	int err = reader_scalar(reader, "mig-enabled", text, sizeof(text));

	if (!err && !strcmp(text, "false"))
		err = begin(reader, entry);
	else if (!err && strcmp(text, "true"))
		err = config_fail(reader->error, reader_line(reader),
				  "mig-enabled can't be '%s': it is true or false",
				  text);
	return err ?: reader_next(reader);
}

/**
 * config_free_instances - give the GPU instances of an entry back
 * @entry: the entry
 */
void config_free_instances(struct config_entry *entry)
{
	size_t i;

	for (i = 0; i < entry->instance_count; i++)
		free(entry->instances[i].settings.list);
	free(entry->instances);
}
