// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.c - reads the configuration file
 *
 * The parser follows the file's grammar and stops at the first thing that does
 * not belong there, so that depth and memory are bounded by the grammar and by
 * the size of the file. What YAML has beyond plain data (aliases, tags, several
 * documents) is refused: a file whose meaning is not what it looks like would
 * be applied by root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_reader.h"

/* --------------------------------------------------------------- settings */

static int read_settings(struct reader *reader, struct config_settings *settings)
{
	char name[CONFIG_NAME_SIZE];
	unsigned int line;
	int err;

	if (reader_at_nothing(reader))
		return reader_next(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "settings",
			    "NAME: VALUE");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = reader_scalar(reader, "the name of a setting", name, sizeof(name));
		err = err ?: reader_next(reader);
		err = err ?: reader_add_setting(reader, settings, name, line);
	}
	return err ?: reader_next(reader);
}

/* ------------------------------------------------------------------ vGPUs */

static int read_vgpu(struct reader *reader, struct config_vgpu *vgpu)
{
	char name[CONFIG_NAME_SIZE];
	unsigned int line;
	int err;

	vgpu->line = reader_line(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "a vGPU",
			    "'uuid: UUID' and its settings");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = reader_scalar(reader, "the name of a setting", name, sizeof(name));
		err = err ?: reader_next(reader);
		if (err)
			break;
		if (strcmp(name, "uuid")) {
			err = reader_add_setting(reader, &vgpu->settings, name, line);
			continue;
		}
		if (vgpu->uuid[0])
			return config_fail(reader->error, line,
					   "'uuid' is there twice");
		err = reader_scalar(reader, "uuid", vgpu->uuid, sizeof(vgpu->uuid));
		err = err ?: reader_next(reader);
	}
	if (!err && !vgpu->uuid[0])
		return config_fail(reader->error, vgpu->line,
				   "a vGPU with settings needs 'uuid: UUID'; without settings, give the number of vGPUs");
	return err ?: reader_next(reader);
}

/* Either a number, or a list of vGPUs. */
static int read_type(struct reader *reader, struct config_type *type)
{
	char text[CONFIG_VALUE_SIZE];
	int err;

	if (!reader_at(reader, YAML_SEQUENCE_START_EVENT)) {
		err = reader_scalar(reader, type->type, text, sizeof(text));
		if (err)
			return err;
		if (!reader_count(text, CONFIG_COUNT_MAX, &type->count))
			return config_fail(reader->error, reader_line(reader),
					   "'%s' is not a number of vGPUs: 0 to %d, or a list of vGPUs",
					   text, CONFIG_COUNT_MAX);
		return reader_next(reader);
	}
	err = reader_next(reader);
	while (!err && !reader_at(reader, YAML_SEQUENCE_END_EVENT)) {
		if (type->count == CONFIG_COUNT_MAX)
			return config_fail(reader->error, reader_line(reader),
					   "more than %d vGPUs of a type",
					   CONFIG_COUNT_MAX);
		err = reader_grow(reader, &type->vgpus, type->count,
				  sizeof(*type->vgpus));
		err = err ?: read_vgpu(reader, &type->vgpus[type->count++]);
	}
	return err ?: reader_next(reader);
}

static int read_types(struct reader *reader, struct config_entry *entry)
{
	struct config_type *type;
	size_t i;
	int err;

	entry->has_types = true;
	if (reader_at_nothing(reader))
		return config_fail(reader->error, reader_line(reader),
				   "vgpu-devices is empty: write {} for none, or leave it out to leave the vGPUs alone");
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "vgpu-devices",
			    "TYPE: NUMBER or TYPE: a list of vGPUs");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		err = reader_check_names(reader, entry->type_count, "types");
		err = err ?: reader_grow(reader, &entry->types, entry->type_count,
					 sizeof(*type));
		if (err)
			break;
		type = &entry->types[entry->type_count++];
		type->line = reader_line(reader);
		err = reader_scalar(reader, "the name of a type", type->type,
				    sizeof(type->type));
		for (i = 0; !err && i + 1 < entry->type_count; i++)
			if (!strcmp(entry->types[i].type, type->type))
				err = config_fail(reader->error, type->line,
						  "'%s' is there twice, first on line %u",
						  type->type, entry->types[i].line);
		err = err ?: reader_next(reader);
		err = err ?: read_type(reader, type);
	}
	return err ?: reader_next(reader);
}

/* ---------------------------------------------------------------- entries */

static int read_devices(struct reader *reader, struct config_entry *entry)
{
	const char *form = "'all', or a list of PCI addresses or numbers";
	struct config_device *device;
	char text[CONFIG_VALUE_SIZE];
	int err;

	if (!reader_at(reader, YAML_SEQUENCE_START_EVENT)) {
		if (!reader_at(reader, YAML_SCALAR_EVENT))
			return config_fail(reader->error, reader_line(reader),
					   "devices must be %s", form);
		err = reader_scalar(reader, "devices", text, sizeof(text));
		if (!err && strcmp(text, "all"))
			return config_fail(reader->error, reader_line(reader),
					   "devices must be %s, not '%s'", form,
					   text);
		entry->all = true;
		return err ?: reader_next(reader);
	}
	err = reader_next(reader);
	while (!err && !reader_at(reader, YAML_SEQUENCE_END_EVENT)) {
		err = reader_grow(reader, &entry->devices, entry->device_count,
				  sizeof(*device));
		if (err)
			break;
		device = &entry->devices[entry->device_count++];
		device->line = reader_line(reader);
		err = reader_scalar(reader, "a device", device->text,
				    sizeof(device->text));
		err = err ?: reader_next(reader);
	}
	if (!err && !entry->device_count)
		return config_fail(reader->error, reader_line(reader),
				   "devices must be %s", form);
	return err ?: reader_next(reader);
}

static int read_use(struct reader *reader, struct config_entry *entry)
{
	char text[CONFIG_VALUE_SIZE];
	int err = reader_scalar(reader, "use", text, sizeof(text));

	if (err)
		return err;
	if (!strcmp(text, "vgpu"))
		entry->use = CONFIG_USE_VGPU;
	else if (!strcmp(text, "passthrough"))
		entry->use = CONFIG_USE_PASSTHROUGH;
	else
		return config_fail(reader->error, reader_line(reader),
				   "use can't be '%s': it is vgpu or passthrough",
				   text);
	return reader_next(reader);
}

static int read_entry_settings(struct reader *reader, struct config_entry *entry)
{
	return read_settings(reader, &entry->settings);
}

static int read_entry(struct reader *reader, struct config_entry *entry)
{
	static const struct {
		const char *name;
		int (*read)(struct reader *reader, struct config_entry *entry);
	} keys[] = {
		{ "devices", read_devices },
		{ "use", read_use },
		{ "settings", read_entry_settings },
		{ "vgpu-devices", read_types },
		{ "instances", config_read_instances },
		{ "mig-devices", config_read_mig_devices },
		{ "mig-enabled", config_read_mig_enabled },
	};
	const size_t count = sizeof(keys) / sizeof(keys[0]);
	char name[CONFIG_NAME_SIZE];
	unsigned int line, given = 0;
	size_t i;
	int err;

	entry->line = reader_line(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT,
			    "an entry of a configuration",
			    "devices: with use:, settings:, instances: or vgpu-devices:");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = reader_scalar(reader, "a key", name, sizeof(name));
		for (i = 0; !err && i < count && strcmp(keys[i].name, name); i++)
			;
		if (err)
			break;
		if (i == count)
			return config_fail(reader->error, line,
					   "unknown key '%s': devices, use, settings, instances, mig-devices or vgpu-devices",
					   name);
		if (given & 1U << i)
			return config_fail(reader->error, line,
					   "'%s' is there twice", name);
		given |= 1U << i;
		err = reader_next(reader);
		err = err ?: keys[i].read(reader, entry);
	}
	if (!err && !(given & 1))
		return config_fail(reader->error, entry->line,
				   "an entry without 'devices:'");
	return err ?: reader_next(reader);
}

static int read_label(struct reader *reader, struct config_label *label)
{
	int err;

	err = reader_expect(reader, YAML_SEQUENCE_START_EVENT, "a configuration",
			    "a list of entries, each with devices:");
	while (!err && !reader_at(reader, YAML_SEQUENCE_END_EVENT)) {
		err = reader_grow(reader, &label->entries, label->entry_count,
				  sizeof(*label->entries));
		err = err ?: read_entry(reader,
					&label->entries[label->entry_count++]);
	}
	return err ?: reader_next(reader);
}

static int read_labels(struct reader *reader, struct config *config)
{
	struct config_label *label;
	size_t i;
	int err;

	if (reader_at_nothing(reader))
		return reader_next(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "vgpu-configs",
			    "LABEL: a list of entries");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		err = reader_check_names(reader, config->label_count, "configurations");
		err = err ?: reader_grow(reader, &config->labels, config->label_count,
					 sizeof(*label));
		if (err)
			break;
		label = &config->labels[config->label_count++];
		label->line = reader_line(reader);
		err = reader_scalar(reader, "a label", label->name, sizeof(label->name));
		for (i = 0; !err && i + 1 < config->label_count; i++)
			if (!strcmp(config->labels[i].name, label->name))
				err = config_fail(reader->error, label->line,
						  "'%s' is there twice, first on line %u",
						  label->name,
						  config->labels[i].line);
		err = err ?: reader_next(reader);
		err = err ?: read_label(reader, label);
	}
	return err ?: reader_next(reader);
}

/* ------------------------------------------------------------------- file */

static int read_version(struct reader *reader)
{
	char text[CONFIG_VALUE_SIZE];
	int err;

	err = reader_scalar(reader, "version", text, sizeof(text));
	if (!err && strcmp(text, "v1"))
		return config_fail(reader->error, reader_line(reader),
				   "version '%s' is not known: only v1 is",
				   text);
	return err ?: reader_next(reader);
}

static int read_document(struct reader *reader, struct config *config)
{
	bool version = false, labels = false, tenants = false, entitlement = false;
	char name[CONFIG_NAME_SIZE];
	unsigned int line;
	int err;

	line = reader_line(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "the file",
			    "'version: v1' and 'vgpu-configs:'");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		bool *given;

		line = reader_line(reader);
		err = reader_scalar(reader, "a key", name, sizeof(name));
		if (err)
			break;
		given = !strcmp(name, "version") ? &version :
			!strcmp(name, "tenants") ? &tenants :
			!strcmp(name, "entitlement") ? &entitlement :
			!strcmp(name, "vgpu-configs") ||
			!strcmp(name, "mig-configs") ? &labels : NULL;
		if (!given)
			return config_fail(reader->error, line,
					   "unknown key '%s': version, tenants, entitlement or vgpu-configs",
					   name);
		if (*given)
			return config_fail(reader->error, line,
					   "'%s' is there twice", name);
		*given = true;
		err = reader_next(reader);
		if (!err)
			err = given == &version ? read_version(reader) :
			      given == &tenants ? config_read_tenants(reader, config) :
			      given == &entitlement ?
			      config_read_entitlement(reader, &config->entitlement) :
			      read_labels(reader, config);
	}
	if (!err && !version)
		return config_fail(reader->error, line,
				   "the file lacks 'version: v1'");
	return err ?: reader_next(reader);
}

static int read_stream(struct reader *reader, struct config *config)
{
	int err;

	err = reader_next(reader);			/* the stream starts */
	err = err ?: reader_next(reader);
	if (err || reader_at(reader, YAML_STREAM_END_EVENT))
		return err;			/* comments only */
	err = reader_next(reader);			/* the document starts */
	if (!err && reader_at_nothing(reader))
		err = reader_next(reader);
	else if (!err)
		err = read_document(reader, config);
	err = err ?: reader_next(reader);
	if (!err && !reader_at(reader, YAML_STREAM_END_EVENT))
		return config_fail(reader->error, reader_line(reader),
				   "a second document begins: one is taken");
	return err;
}

/* Everything there is to read; *@size: how much. */
static int read_all(int fd, struct config_error *error, char **text,
		    size_t *size)
{
	char *buffer = malloc(CONFIG_BYTES_MAX + 1);
	size_t used = 0;
	ssize_t n = 0;
	int err;

	if (!buffer) {
		config_fail(error, 0, "out of memory");
		return -ENOMEM;
	}
	while (used <= CONFIG_BYTES_MAX) {
		n = read(fd, buffer + used, CONFIG_BYTES_MAX + 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += n;
	}
	if (n >= 0 && used <= CONFIG_BYTES_MAX) {
		*text = buffer;
		*size = used;
		return 0;
	}
	err = n < 0 ? -errno : -EFBIG;
	free(buffer);
	if (n < 0)
		config_fail(error, 0, "cannot be read: %s", strerror(-err));
	else
		config_fail(error, 0, "is larger than %d bytes",
			    CONFIG_BYTES_MAX);
	return err;
}

/**
 * config_read - read a configuration file
 * @fd: the open file; a pipe will do
 * @config: the result, to be given to config_free()
 * @error: why it is not taken, when this fails
 *
 * Return: 0, -EINVAL when the file's content is not taken, or another negative
 * errno when it could not be read.
 */
int config_read(int fd, struct config **config, struct config_error *error)
{
	struct reader reader = { .error = error };
	struct config *result;
	char *text = NULL;
	size_t size = 0;
	int err;

	*config = NULL;
	memset(error, 0, sizeof(*error));
	err = read_all(fd, error, &text, &size);
	if (err)
		return err;
	result = calloc(1, sizeof(*result));
	if (!result || !yaml_parser_initialize(&reader.yaml)) {
		free(result);
		free(text);
		return reader_no_memory(&reader);
	}
	config_entitlement_default(&result->entitlement);
	/* Not UTF-16, which a file says of itself by its first two bytes. */
	yaml_parser_set_encoding(&reader.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.yaml, (unsigned char *)text, size);
	err = read_stream(&reader, result);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.yaml);
	free(text);
	if (err) {
		config_free(result);
		return err;
	}
	*config = result;
	return 0;
}

static void free_entry(struct config_entry *entry)
{
	size_t i;
	unsigned int n;

	for (i = 0; i < entry->type_count; i++) {
		struct config_type *type = &entry->types[i];

		for (n = 0; type->vgpus && n < type->count; n++)
			free(type->vgpus[n].settings.list);
		free(type->vgpus);
	}
	free(entry->types);
	config_free_instances(entry);
	free(entry->devices);
	free(entry->settings.list);
}

/**
 * config_free - give a configuration back
 * @config: of config_read(); NULL is fine
 */
void config_free(struct config *config)
{
	size_t i, j;

	if (!config)
		return;
	for (i = 0; i < config->label_count; i++) {
		for (j = 0; j < config->labels[i].entry_count; j++)
			free_entry(&config->labels[i].entries[j]);
		free(config->labels[i].entries);
	}
	free(config->labels);
	config_free_tenants(config);
	free(config);
}
