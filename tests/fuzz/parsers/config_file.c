// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_file.c - fuzzes the reader of /etc/openvgpu/config.yaml
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"

static unsigned int lines;

static void check_line(unsigned int line)
{
	FUZZ_CHECK(line >= 1 && line <= lines, "line %u of %u", line, lines);
}

static void check_settings(const struct config_settings *settings)
{
	size_t i, j;

	FUZZ_CHECK(settings->count <= CONFIG_NAMES_MAX, "%zu settings", settings->count);
	for (i = 0; i < settings->count; i++) {
		check_line(settings->list[i].line);
		FUZZ_CHECK(settings->list[i].name[0], "a setting without a name");
		for (j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(settings->list[i].name, settings->list[j].name),
				   "'%s' is there twice", settings->list[i].name);
	}
}

static void check_type(const struct config_type *type)
{
	unsigned int i;

	check_line(type->line);
	FUZZ_CHECK(type->count <= CONFIG_COUNT_MAX, "%u vGPUs", type->count);
	for (i = 0; type->vgpus && i < type->count; i++) {
		check_line(type->vgpus[i].line);
		FUZZ_CHECK(type->vgpus[i].uuid[0], "a vGPU without a name");
		check_settings(&type->vgpus[i].settings);
	}
}

/* GPU instances: named ones are one each, counted ones have no settings. */
static void check_instances(const struct config_entry *entry)
{
	size_t i, j;

	FUZZ_CHECK(entry->has_instances || !entry->instance_count,
		   "GPU instances that are not there");
	FUZZ_CHECK(entry->instance_count <= CONFIG_NAMES_MAX, "%zu GPU instances",
		   entry->instance_count);
	for (i = 0; i < entry->instance_count; i++) {
		const struct config_instance *instance = &entry->instances[i];

		check_line(instance->line);
		check_settings(&instance->settings);
		FUZZ_CHECK(instance->profile[0], "a GPU instance without a profile");
		FUZZ_CHECK(instance->name[0] ? instance->count == 1 :
			   instance->count <= CONFIG_NAMES_MAX &&
			   !instance->settings.count,
			   "%u GPU instances '%s'", instance->count, instance->name);
		for (j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(instance->name, entry->instances[j].name) ||
				   (!instance->name[0] &&
				    strcmp(instance->profile, entry->instances[j].profile)),
				   "'%s' is there twice", instance->name);
	}
}

static void check_entry(const struct config_entry *entry)
{
	size_t i, j;

	check_line(entry->line);
	FUZZ_CHECK(entry->all == !entry->device_count, "all %d, %zu devices", entry->all,
		   entry->device_count);
	for (i = 0; i < entry->device_count; i++)
		check_line(entry->devices[i].line);
	check_settings(&entry->settings);
	check_instances(entry);
	FUZZ_CHECK(entry->has_types || !entry->type_count, "types that are not there");
	for (i = 0; i < entry->type_count; i++) {
		check_type(&entry->types[i]);
		for (j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(entry->types[i].type, entry->types[j].type),
				   "'%s' is there twice", entry->types[i].type);
	}
}

static void check_config(const struct config *config)
{
	size_t i, j;

	FUZZ_CHECK(config->label_count <= CONFIG_NAMES_MAX, "%zu labels", config->label_count);
	for (i = 0; i < config->label_count; i++) {
		check_line(config->labels[i].line);
		for (j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(config->labels[i].name, config->labels[j].name),
				   "'%s' is there twice", config->labels[i].name);
		for (j = 0; j < config->labels[i].entry_count; j++)
			check_entry(&config->labels[i].entries[j]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error error = { 0 };
	struct config *config = NULL;
	int fd = memfd_create("config", MFD_CLOEXEC), result;
	size_t i;

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no memory");
	lseek(fd, 0, SEEK_SET);
	/* YAML knows other ends of a line as well. */
	for (lines = 2, i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	result = config_read(fd, &config, &error);
	close(fd);
	FUZZ_CHECK(!result == !!config, "returned %d", result);
	if (config) {
		check_config(config);
		config_free(config);
		return 0;
	}
	FUZZ_CHECK(result == -EINVAL || result == -EFBIG, "returned %d", result);
	FUZZ_CHECK(error.text[0] && memchr(error.text, 0, sizeof(error.text)), "no reason");
	FUZZ_CHECK(error.line <= lines, "line %u of %u: %s", error.line, lines, error.text);
	return 0;
}
