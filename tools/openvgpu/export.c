// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - openvgpu export: what there is, as openvgpu apply reads it
 *
 * The configuration is made as JSON, which is the output with --json, and
 * written as YAML.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "hand_over.h"

/* ------------------------------------------------------------ what there is */

/* A setting as a file has it: a number where it is one. */
static void add_setting(void *data, const struct ovgpu_setting *setting,
			const char *value)
{
	struct json_object *object = data;
	uint64_t number;

	if (setting->kind != OVGPU_NUMBER || ovgpu_number_parse(value, &number))
		json_set_text(object, setting->name, value);
	else
		json_set_number(object, setting->name, number);
}

/* Slices of the GPU's own choice stay its choice. */
static void keep_default_slices(struct ovgpu_vgpu *const *vgpus, size_t count,
				const char *bdf, struct json_object *settings)
{
	struct json_object *slice;

	if (json_object_object_get_ex(settings, "timeslice_us", &slice) &&
	    json_object_get_uint64(slice) ==
	    1000000 / apply_default_hz(vgpus, count, bdf))
		json_set_number(settings, "timeslice_us", 0);
}

/* The list of a type's vGPUs, which may still be missing. */
static struct json_object *list_of_type(struct json_object *types,
					const char *type)
{
	struct json_object *list;

	if (json_object_object_get_ex(types, type, &list))
		return list;
	list = json_object_new_array();
	json_set(types, type, list);
	return list;
}

static int add_vgpus(const struct cli *cli, struct ovgpu_vgpu *const *vgpus,
		     size_t count, const char *bdf, struct json_object *types)
{
	struct json_object *vgpu;
	size_t i;
	int err;

	for (i = 0; i < count; i++) {
		if (strcmp(vgpus[i]->gpu, bdf))
			continue;
		vgpu = json_object_new_object();
		json_set_text(vgpu, "uuid", vgpus[i]->uuid);
		err = kept_of_vgpu(cli, vgpus[i], add_setting, vgpu);
		if (err) {
			json_object_put(vgpu);
			return err;
		}
		json_object_array_add(list_of_type(types, vgpus[i]->type +
						   strlen(OVGPU_TYPE_PREFIX)),
				      vgpu);
	}
	return 0;
}

/* How its compute slices are divided, if they are. */
static void add_division(const struct cli *cli, const struct ovgpu_instance *instance,
			 struct json_object *json)
{
	struct json_object *array;
	char text[OVGPU_NAME_SIZE];
	const char *digit;

	if (division_of(cli, instance, text, sizeof(text)) || !text[0])
		return;
	array = json_object_new_array();
	for (digit = text; *digit; digit++)
		if (*digit != ',')
			json_object_array_add(array, json_object_new_int(*digit - '0'));
	json_set(json, "compute", array);
}

/* The reserved ones: others come and go with their vGPUs. */
static int add_instances(const struct cli *cli, struct ovgpu_vgpu *const *vgpus,
			 size_t vgpu_count, const struct ovgpu_gpu *gpu,
			 struct json_object *entry)
{
	struct json_object *object, *json;
	struct ovgpu_instance **list;
	size_t count, i;
	int err;

	if (!gpu->max_instances.known || !gpu->max_instances.number)
		return 0;
	err = ovgpu_instance_list(cli->ovgpu, gpu->bdf, &list, &count);
	if (err)
		return err;
	object = json_object_new_object();
	json_set(entry, "instances", object);
	for (i = 0; i < count && !err; i++) {
		if (!list[i]->reserved)
			continue;
		json = json_object_new_object();
		json_set_text(json, "profile", list[i]->profile);
		json_set(object, list[i]->name, json);
		add_division(cli, list[i], json);
		err = kept_of_instance(cli, list[i], add_setting, json);
		keep_default_slices(vgpus, vgpu_count, gpu->bdf, json);
	}
	ovgpu_free(list);
	return err;
}

static int add_gpu(const struct cli *cli, const struct ovgpu_gpu *gpu,
		   struct ovgpu_vgpu *const *vgpus, size_t count,
		   struct json_object *entries)
{
	struct json_object *entry = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	struct json_object *settings = json_object_new_object();
	struct json_object *types = json_object_new_object();
	const char *bdf = gpu->bdf;
	int err;

	json_object_array_add(entries, entry);
	json_object_array_add(devices, json_text(bdf));
	json_set(entry, "devices", devices);
	json_set(entry, "settings", settings);
	err = add_instances(cli, vgpus, count, gpu, entry);
	json_set(entry, "vgpu-devices", types);
	err = err ? err : kept_of_gpu(cli, bdf, add_setting, settings);
	keep_default_slices(vgpus, count, bdf, settings);
	return err ? err : add_vgpus(cli, vgpus, count, bdf, types);
}

/* Whole GPUs that VMs have. */
static int add_passed_through(const struct cli *cli, struct json_object *entries,
			      size_t *found)
{
	struct json_object *entry, *list;
	struct ovgpu_device **devices;
	size_t count, i;
	int err;

	err = ovgpu_device_list(cli->ovgpu, &devices, &count);
	for (i = 0; !err && i < count; i++) {
		if (!devices[i]->handed_over ||
		    strcmp(devices[i]->driver, VFIO_PCI) ||
		    (cli->gpu[0] && strcmp(cli->gpu, devices[i]->bdf)))
			continue;
		entry = json_object_new_object();
		list = json_object_new_array();
		json_object_array_add(list, json_text(devices[i]->bdf));
		json_set(entry, "devices", list);
		json_set_text(entry, "use", "passthrough");
		json_object_array_add(entries, entry);
		++*found;
	}
	ovgpu_free(devices);
	return err;
}

/* ------------------------------------------------------------------ as YAML */

/* Words that YAML may take for something else are quoted, as "off". */
static void write_text(const char *text, FILE *stream)
{
	bool plain = strspn(text, "abcdefghijklmnopqrstuvwxyz_-") > 3;

	plain = plain && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")];
	fprintf(stream, plain ? "%s" : "\"%s\"", text);
}

static void write_scalar(struct json_object *value, FILE *stream)
{
	if (json_object_is_type(value, json_type_string))
		write_text(json_object_get_string(value), stream);
	else
		fputs(json_object_get_string(value), stream);
}

static void write_object(struct json_object *object, int indent, FILE *stream);

/* A list of objects, or of words in one line. */
static void write_list(struct json_object *list, int indent, FILE *stream)
{
	size_t count = json_object_array_length(list), i;
	struct json_object *value;

	if (count && json_object_is_type(json_object_array_get_idx(list, 0),
					 json_type_object)) {
		fputc('\n', stream);
		for (i = 0; i < count; i++) {
			fprintf(stream, "%*s- ", indent, "");
			write_object(json_object_array_get_idx(list, i),
				     indent + 2, stream);
		}
		return;
	}
	fputs(" [", stream);
	for (i = 0; i < count; i++) {
		value = json_object_array_get_idx(list, i);
		fputs(i ? ", " : "", stream);
		write_scalar(value, stream);
	}
	fputs("]\n", stream);
}

/* The first line is not indented: something stands before it. */
static void write_object(struct json_object *object, int indent, FILE *stream)
{
	bool first = true;

	json_object_object_foreach(object, key, value) {
		fprintf(stream, "%*s", first ? 0 : indent, "");
		write_text(key, stream);
		fputc(':', stream);
		first = false;
		if (json_object_is_type(value, json_type_array)) {
			write_list(value, indent + 2, stream);
		} else if (!json_object_is_type(value, json_type_object)) {
			fputc(' ', stream);
			write_scalar(value, stream);
			fputc('\n', stream);
		} else if (!json_object_object_length(value)) {
			fputs(" {}\n", stream);
		} else {
			fprintf(stream, "\n%*s", indent + 2, "");
			write_object(value, indent + 2, stream);
		}
	}
}

static int write_yaml(const void *what, FILE *stream)
{
	fputs("# Written by openvgpu export. Where mdevctl, libvirt or others create the vGPUs,\n"
	      "# take every vgpu-devices out: openvgpu apply removes those that are not named.\n",
	      stream);
	write_object((struct json_object *)what, 0, stream);
	return ferror(stream) ? -1 : 0;
}

static int write_json(const void *what, FILE *stream)
{
	struct json_object *object = json_start();

	json_set(object, "config",
		 json_object_get((struct json_object *)what));
	json_write(object, stream);
	return ferror(stream) ? -1 : 0;
}

/* ------------------------------------------------------------------ command */

static enum cli_exit add_gpus(const struct cli *cli, struct json_object *entries)
{
	struct ovgpu_vgpu **vgpus = NULL;
	struct ovgpu_gpu **gpus;
	size_t count, n, i, found = 0;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (!err)
		err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &n);
	for (i = 0; !err && i < count; i++) {
		if (cli->gpu[0] && strcmp(cli->gpu, gpus[i]->bdf))
			continue;
		found++;
		err = add_gpu(cli, gpus[i], vgpus, n, entries);
	}
	if (!err)
		err = add_passed_through(cli, entries, &found);
	ovgpu_free(vgpus);
	ovgpu_free(gpus);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPUs");
	if (!found && cli->gpu[0])
		return cli_fail_no_gpu(cli, cli->gpu);
	if (!found)
		cli_note_no_gpu(cli);
	return CLI_OK;
}

/**
 * command_export - write what there is as a configuration
 * @cli: the run
 *
 * Return: exit status; no GPU at all is no failure.
 */
enum cli_exit command_export(struct cli *cli)
{
	struct json_object *config = json_object_new_object();
	struct json_object *configs = json_object_new_object();
	struct json_object *entries = json_object_new_array();
	cli_write_fn write_config = cli->json ? write_json : write_yaml;
	enum cli_exit code;

	json_set_text(config, "version", "v1");
	json_set(config, "vgpu-configs", configs);
	json_set(configs, APPLY_DEFAULT_LABEL, entries);
	code = add_gpus(cli, entries);
	if (code == CLI_OK && cli->output)
		code = cli_write_file(cli, cli->output, write_config, config);
	else if (code == CLI_OK)
		write_config(config, stdout);
	json_object_put(config);
	return code;
}
