// SPDX-License-Identifier: GPL-2.0-only
/*
 * mode.c - openvgpu mode show, openvgpu mode set: what a GPU is for
 *
 * The module has the last word. What is in the way is looked for here because all of
 * it is named, and before anything is changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define COLUMNS	5

static const char by_default[] = "GPU,MODE,GRAPHICS,COMPUTE";

static const struct ovgpu_setting *work_mode(void)
{
	return ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE);
}

/* vGPUs of a GPU that a mode has, or has not. */
static unsigned int count_vgpus(struct ovgpu_vgpu *const *vgpus, const char *bdf,
				const char *mode, bool has)
{
	unsigned int count = 0;

	for (; *vgpus; vgpus++)
		count += !strcmp((*vgpus)->gpu, bdf) &&
			 ovgpu_work_mode_has(mode, (*vgpus)->type) == has;
	return count;
}

/* --------------------------------------------------------------------- show */

static int add_gpu(const struct cli *cli, struct ovgpu_vgpu *const *vgpus,
		   const char *bdf, struct table *table, struct json_object *array)
{
	struct ovgpu_value graphics = { true, count_vgpus(vgpus, bdf, "compute", false) };
	struct ovgpu_value compute = { true, count_vgpus(vgpus, bdf, "graphics", false) };
	char mode[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	struct json_object *object;
	int err;

	err = ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, bdf, work_mode(), mode,
				 sizeof(mode), choices, sizeof(choices));
	/* With an older module it has all. */
	if (err && err != -ENOENT)
		return err;
	table_row(table, COLUMNS, bdf, mode[0] ? mode : "-", show_value(graphics).text,
		  show_value(compute).text, choices[0] ? choices : "-");
	object = json_object_new_object();
	json_set_text(object, "gpu", bdf);
	json_set(object, "work_mode", mode[0] ? json_text(mode) : NULL);
	json_set(object, "choices", choices[0] ? json_text(choices) : NULL);
	json_set_value(object, "graphics_vgpus", graphics);
	json_set_value(object, "compute_vgpus", compute);
	json_object_array_add(array, object);
	return 0;
}

static enum cli_exit add_gpus(const struct cli *cli, const char *only,
			      struct table *table, struct json_object *array)
{
	struct ovgpu_vgpu **vgpus = NULL;
	struct ovgpu_gpu **gpus;
	size_t count, n, i;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (!err)
		err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &n);
	for (i = 0; !err && i < count; i++)
		if (!only[0] || !strcmp(only, gpus[i]->bdf))
			err = add_gpu(cli, vgpus, gpus[i]->bdf, table, array);
	ovgpu_free(vgpus);
	ovgpu_free(gpus);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPUs");
	if (table->rows > 1)
		return CLI_OK;
	if (only[0])
		return cli_fail_no_gpu(cli, only);
	cli_note_no_gpu(cli);
	return CLI_OK;
}

/**
 * command_mode_show - show what GPUs are for
 * @cli: the run; its argument may be a GPU
 *
 * Return: exit status; no GPU at all is no failure.
 */
enum cli_exit command_mode_show(struct cli *cli)
{
	struct json_object *object, *array = json_object_new_array();
	char only[OVGPU_BDF_SIZE] = "";
	struct table table = { 0 };
	enum cli_exit code = CLI_OK;

	table_row(&table, COLUMNS, "GPU", "MODE", "GRAPHICS", "COMPUTE", "CHOICES");
	if (cli->argument && ovgpu_bdf_parse(cli->argument, only))
		code = cli_fail(cli, CLI_USAGE, "'%s' is not a PCI address, as 0000:3b:00.0",
				shown(cli->argument).text);
	if (code == CLI_OK)
		code = table_choose(cli, &table, by_default);
	if (code == CLI_OK)
		code = add_gpus(cli, only, &table, array);
	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, "gpus", json_object_get(array));
		json_print(object);
	} else if (code == CLI_OK && table.rows > 1) {
		table_print(&table);
	}
	json_object_put(array);
	table_free(&table);
	return code;
}

/* ---------------------------------------------------------------------- set */

/* Names all that a mode has not, a line each. */
static enum cli_exit fail_contradicted(const struct cli *cli, const char *bdf,
				       const char *mode,
				       struct ovgpu_vgpu *const *vgpus,
				       unsigned int count)
{
	struct json_object *object, *array = json_object_new_array();
	char text[OVGPU_TEXT_SIZE];

	for (; *vgpus; vgpus++) {
		if (strcmp((*vgpus)->gpu, bdf) || ovgpu_work_mode_has(mode, (*vgpus)->type))
			continue;
		json_object_array_add(array, json_text((*vgpus)->uuid));
		cli_note("vGPU %s is of type %s, used by %s", (*vgpus)->uuid,
			 type_suffix((*vgpus)->type),
			 (*vgpus)->owner_pid ? show_owner(*vgpus).text : "nobody");
	}
	snprintf(text, sizeof(text),
		 "work mode of GPU %s not changed: %u vGPU%s of types that %s has not: remove %s first",
		 bdf, count, count == 1 ? " is" : "s are", mode,
		 count == 1 ? "it" : "them");
	cli_note("%s", text);
	if (cli->json) {
		object = json_error(CLI_BUSY, text);
		json_set_text(object, "gpu", bdf);
		json_set(object, "contradicting", array);
		json_print(object);
	} else {
		json_object_put(array);
	}
	return CLI_BUSY;
}

static enum cli_exit check_vgpus(const struct cli *cli, const char *bdf, const char *mode)
{
	struct ovgpu_vgpu **vgpus;
	enum cli_exit code = CLI_OK;
	unsigned int in_the_way;
	size_t count;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the vGPUs");
	in_the_way = count_vgpus(vgpus, bdf, mode, false);
	if (in_the_way)
		code = fail_contradicted(cli, bdf, mode, vgpus, in_the_way);
	ovgpu_free(vgpus);
	return code;
}

/* What it is, and that it can be @mode; @from may be that already. */
static enum cli_exit check_mode(const struct cli *cli, const char *bdf, const char *mode,
				char *from, size_t size)
{
	char choices[OVGPU_TEXT_SIZE];
	struct ovgpu_sched_gpu *gpu;
	int err;

	if (ovgpu_sched_gpu_get(cli->ovgpu, bdf, &gpu))
		return cli_fail_no_gpu(cli, bdf);
	ovgpu_free(gpu);
	err = ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, bdf, work_mode(), from, size,
				 choices, sizeof(choices));
	if (err == -ENOENT)
		return cli_fail(cli, CLI_FAILURE, "the loaded module has no work modes");
	if (err)
		return cli_fail_errno(cli, err, "read the work mode");
	if (cli_is_choice(choices, mode))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "there is no work mode '%s': GPU %s has %s",
			shown(mode).text, bdf, choices[0] ? shown(choices).text : "none");
}

static enum cli_exit fail_refused(const struct cli *cli, const char *bdf, int err,
				  const char *reason)
{
	if (err == -EACCES || (err == -EPERM && !reason[0]))
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to change the work mode: run as root");
	return cli_fail(cli, cli_exit_of_errno(err), "work mode of GPU %s not changed: %s",
			bdf, reason[0] ? shown(reason).text : ovgpu_strerror(err));
}

/**
 * command_mode_set - change what a GPU is for
 * @cli: the run; its argument is the mode
 *
 * Return: exit status.
 */
enum cli_exit command_mode_set(struct cli *cli)
{
	char from[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE];
	const char *mode = cli->argument;
	struct json_object *object;
	char bdf[OVGPU_BDF_SIZE];
	enum cli_exit code = CLI_OK;
	bool changed;
	int err = 0;

	strcpy(bdf, cli->gpu);
	if (!bdf[0])
		code = cli_only_gpu(cli, bdf);
	if (code == CLI_OK)
		code = check_mode(cli, bdf, mode, from, sizeof(from));
	if (code == CLI_OK)
		code = check_vgpus(cli, bdf, mode);
	if (code != CLI_OK)
		return code;
	changed = strcmp(from, mode);
	if (changed && !cli->dry_run)
		err = ovgpu_setting_write(cli->ovgpu, OVGPU_GPU, bdf, work_mode(), mode,
					  reason, sizeof(reason));
	if (err)
		return fail_refused(cli, bdf, err, reason);
	if (cli->json) {
		object = json_start();
		json_set(object, "dry_run", json_object_new_boolean(cli->dry_run));
		json_set_text(object, "gpu", bdf);
		json_set_text(object, "from", from);
		json_set_text(object, "to", mode);
		json_set(object, "changed", json_object_new_boolean(changed));
		json_print(object);
	} else if (changed) {
		printf("GPU %s: work_mode: %s -> %s\n", bdf, shown(from).text, mode);
	} else {
		cli_note("GPU %s is in work mode %s already", bdf, mode);
	}
	return CLI_OK;
}
