// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_machine.c - the GPUs that a configuration is about, and what they have
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "hand_over.h"

/* ------------------------------------------------------------------- GPUs */

static bool is_bound(struct ovgpu_gpu *const *gpus, size_t count, const char *bdf)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(gpus[i]->bdf, bdf))
			return true;
	return false;
}

/* The GPU that is named; *@bdf is empty when --gpu leaves it out. */
static enum cli_exit resolve_device(const struct cli *cli,
				    const struct config_entry *entry,
				    const struct config_device *device,
				    struct ovgpu_gpu *const *gpus, size_t count,
				    char *bdf)
{
	uint64_t number;

	if (ovgpu_bdf_parse(device->text, bdf)) {
		bdf[0] = '\0';
		if (ovgpu_number_parse(device->text, &number))
			number = count;
		if (number < count)
			strcpy(bdf, gpus[number]->bdf);
		else if (!cli->gpu[0])
			return cli_fail(cli, CLI_NOT_FOUND,
					"line %u: there is no GPU number %s: %zu GPUs are bound to the driver openvgpu",
					device->line, shown(device->text).text,
					count);
	}
	if (cli->gpu[0]) {
		if (strcmp(cli->gpu, bdf))
			bdf[0] = '\0';
		return CLI_OK;
	}
	if (entry->use ? ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
				      "bus/pci/devices/%s", bdf) :
			 is_bound(gpus, count, bdf))
		return CLI_OK;
	return cli_fail(cli, CLI_NOT_FOUND,
			"line %u: %s", device->line,
			gpu_missing(cli->ovgpu, bdf).text);
}

static enum cli_exit add_gpu(const struct cli *cli,
			     struct apply_machine *machine, const char *bdf,
			     const struct config_entry *entry)
{
	struct apply_gpu *gpu;
	enum cli_exit code;
	size_t i;
	int err;

	for (i = 0; i < machine->gpu_count; i++)
		if (!strcmp(machine->gpus[i].bdf, bdf))
			return cli_fail(cli, CLI_USAGE,
					"line %u: GPU %s is in the configuration twice, first on line %u",
					entry->line, bdf,
					machine->gpus[i].entry->line);
	gpu = reallocarray(machine->gpus, machine->gpu_count + 1, sizeof(*gpu));
	if (!gpu)
		return cli_fail_errno(cli, -ENOMEM, "look at the GPUs");
	machine->gpus = gpu;
	gpu += machine->gpu_count++;
	memset(gpu, 0, sizeof(*gpu));
	strcpy(gpu->bdf, bdf);
	gpu->entry = entry;
	if (entry->use) {
		code = apply_use_look(cli, gpu);
		if (code != CLI_OK || apply_gpu_comes_back(gpu) ||
		    entry->use == CONFIG_USE_PASSTHROUGH)
			return code;
	}
	err = ovgpu_type_list(cli->ovgpu, bdf, &gpu->types, &gpu->type_count);
	if (err == -ENOENT)
		return cli_fail(cli, CLI_NOT_FOUND,
				"GPU %s offers no types: 'openvgpu doctor' tells what to do",
				bdf);
	return err ? cli_fail_errno(cli, err, "read the types") :
	       apply_instances_look(cli, gpu);
}

/* Also those that another driver has. */
static enum cli_exit add_all_devices(const struct cli *cli,
				     struct apply_machine *machine,
				     const struct config_entry *entry)
{
	struct ovgpu_device **devices;
	enum cli_exit code = CLI_OK;
	size_t count, i;
	int err;

	err = ovgpu_device_list(cli->ovgpu, &devices, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	for (i = 0; i < count && code == CLI_OK; i++)
		if (!cli->gpu[0] || !strcmp(cli->gpu, devices[i]->bdf))
			code = add_gpu(cli, machine, devices[i]->bdf, entry);
	ovgpu_free(devices);
	return code;
}

static enum cli_exit add_entry(const struct cli *cli,
			       struct apply_machine *machine,
			       const struct config_entry *entry,
			       struct ovgpu_gpu *const *gpus, size_t count)
{
	enum cli_exit code = CLI_OK;
	char bdf[OVGPU_BDF_SIZE];
	size_t i;

	if (entry->all && entry->use)
		return add_all_devices(cli, machine, entry);
	for (i = 0; entry->all && i < count && code == CLI_OK; i++)
		if (!cli->gpu[0] || !strcmp(cli->gpu, gpus[i]->bdf))
			code = add_gpu(cli, machine, gpus[i]->bdf, entry);
	for (i = 0; i < entry->device_count && code == CLI_OK; i++) {
		code = resolve_device(cli, entry, &entry->devices[i], gpus, count,
				      bdf);
		if (code == CLI_OK && bdf[0])
			code = add_gpu(cli, machine, bdf, entry);
	}
	return code;
}

/* Whether a configuration can be about GPUs that another driver has. */
static bool has_use(const struct config_label *label)
{
	size_t i;

	for (i = 0; i < label->entry_count; i++)
		if (label->entries[i].use)
			return true;
	return false;
}

static enum cli_exit add_gpus(const struct cli *cli,
			      const struct config_label *label,
			      struct apply_machine *machine)
{
	enum cli_exit code = CLI_OK;
	struct ovgpu_gpu **gpus;
	size_t count, i;
	bool missing;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	missing = cli->gpu[0] && !is_bound(gpus, count, cli->gpu);
	if (missing && !has_use(label))
		code = cli_fail_no_gpu(cli, cli->gpu);
	else if (!count && label->entry_count && !has_use(label))
		code = cli_fail(cli, CLI_NOT_FOUND,
				"no GPU is bound to the driver openvgpu: 'openvgpu doctor' tells what to do");
	for (i = 0; i < label->entry_count && code == CLI_OK; i++)
		code = add_entry(cli, machine, &label->entries[i], gpus, count);
	ovgpu_free(gpus);
	if (code == CLI_OK && missing && !machine->gpu_count)
		code = cli_fail_no_gpu(cli, cli->gpu);
	return code;
}

/* --------------------------------------------------- what the GPUs can do */

static const struct ovgpu_type *find_type(const struct apply_gpu *gpu,
					  const char *id)
{
	size_t i;

	for (i = 0; i < gpu->type_count; i++)
		if (!strcmp(gpu->types[i]->id, id))
			return gpu->types[i];
	return NULL;
}

/* All vGPUs together: more than that will never fit, whatever is removed. */
static enum cli_exit check_capacity(const struct cli *cli,
				    const struct apply_gpu *gpu)
{
	char text[OVGPU_NAME_SIZE], id[OVGPU_NAME_SIZE];
	uint64_t bytes = 0, vgpus = 0, most;
	const struct ovgpu_type *type;
	size_t i;

	for (i = 0; i < gpu->entry->type_count; i++) {
		const struct config_type *wanted = &gpu->entry->types[i];

		if (ovgpu_type_parse(wanted->type, id))
			continue;	/* apply_check() has refused it */
		type = find_type(gpu, id);
		if (!type)
			return cli_fail(cli, CLI_NOT_FOUND,
					"line %u: GPU %s offers no type %s: 'openvgpu types' lists what there is",
					wanted->line, gpu->bdf, id);
		bytes += type->framebuffer * wanted->count;
		vgpus += wanted->count;
	}
	if (!ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, gpu->bdf, OVGPU_DRIVER,
				 "framebuffer_total", text, sizeof(text)) &&
	    !ovgpu_number_parse(text, &most) && bytes > most)
		return cli_fail(cli, CLI_NO_CAPACITY,
				"line %u: the vGPUs of GPU %s would need %llu MiB, and it has %llu MiB",
				gpu->entry->line, gpu->bdf,
				(unsigned long long)(bytes >> 20),
				(unsigned long long)(most >> 20));
	if (!ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, gpu->bdf, OVGPU_DRIVER,
				 "max_vgpus", text, sizeof(text)) &&
	    !ovgpu_number_parse(text, &most) && vgpus > most)
		return cli_fail(cli, CLI_NO_CAPACITY,
				"line %u: GPU %s can have %llu vGPUs, not %llu",
				gpu->entry->line, gpu->bdf,
				(unsigned long long)most,
				(unsigned long long)vgpus);
	return CLI_OK;
}

static enum cli_exit check_gpu_setting(const struct cli *cli,
				       const struct apply_gpu *gpu,
				       const struct config_setting *set)
{
	const struct ovgpu_setting *setting;
	char value[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	int err;

	setting = ovgpu_setting_find(OVGPU_GPU, set->name);
	err = ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, gpu->bdf, setting, value,
				 sizeof(value), choices, sizeof(choices));
	if (err == -ENOENT)
		return cli_fail(cli, CLI_FAILURE,
				"line %u: the loaded module has no setting %s",
				set->line, set->name);
	if (err)
		return cli_fail_errno(cli, err, "read the GPU's settings");
	if (setting->kind != OVGPU_CHOICE || cli_is_choice(choices, set->value))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE,
			"line %u: %s can't be '%s': GPU %s has %s", set->line,
			set->name, shown(set->value).text, gpu->bdf,
			choices[0] ? shown(choices).text : "none");
}

static enum cli_exit check_gpu(const struct cli *cli,
			       const struct apply_gpu *gpu)
{
	const struct config_settings *settings = &gpu->entry->settings;
	enum cli_exit code;
	size_t i, j;

	/* What it can do shows when openvgpu has it. */
	if (apply_gpu_comes_back(gpu))
		return CLI_OK;
	code = check_capacity(cli, gpu);
	for (i = 0; i < settings->count && code == CLI_OK; i++)
		code = check_gpu_setting(cli, gpu, &settings->list[i]);
	/* A GPU instance can have what the pool can have. */
	for (i = 0; i < gpu->entry->instance_count; i++) {
		settings = &gpu->entry->instances[i].settings;
		for (j = 0; j < settings->count && code == CLI_OK; j++)
			code = check_gpu_setting(cli, gpu, &settings->list[j]);
	}
	return code;
}

/**
 * apply_machine_get - look at what a configuration is about
 * @cli: the run; --gpu narrows it down to one GPU
 * @label: the configuration
 * @machine: the result, to be given to apply_machine_free()
 *
 * What the configuration wants and the GPUs can't have ends it here.
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit apply_machine_get(const struct cli *cli,
				const struct config_label *label,
				struct apply_machine *machine)
{
	enum cli_exit code;
	size_t i;
	int err;

	memset(machine, 0, sizeof(*machine));
	code = add_gpus(cli, label, machine);
	for (i = 0; i < machine->gpu_count && code == CLI_OK; i++)
		code = check_gpu(cli, &machine->gpus[i]);
	if (code == CLI_OK) {
		err = ovgpu_vgpu_list(cli->ovgpu, &machine->vgpus,
				      &machine->vgpu_count);
		if (err)
			code = cli_fail_errno(cli, err, "list the vGPUs");
	}
	if (code != CLI_OK)
		apply_machine_free(machine);
	return code;
}

/**
 * apply_machine_free - give it back
 * @machine: of apply_machine_get()
 */
void apply_machine_free(struct apply_machine *machine)
{
	size_t i;

	for (i = 0; i < machine->gpu_count; i++) {
		ovgpu_free(machine->gpus[i].types);
		apply_instances_free(&machine->gpus[i]);
	}
	free(machine->gpus);
	ovgpu_free(machine->vgpus);
	memset(machine, 0, sizeof(*machine));
}

/**
 * apply_gpu_find - a GPU that the configuration is about
 * @machine: what there is
 * @bdf: its PCI address
 *
 * Return: the GPU, or NULL: the configuration says nothing of it.
 */
const struct apply_gpu *apply_gpu_find(const struct apply_machine *machine,
				       const char *bdf)
{
	size_t i;

	for (i = 0; i < machine->gpu_count; i++)
		if (!strcmp(machine->gpus[i].bdf, bdf))
			return &machine->gpus[i];
	return NULL;
}
