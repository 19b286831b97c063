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

#include "mode.h"

#define COLUMNS	6

static const char by_default[] = "GPU,MODE,GRAPHICS,COMPUTE,FIRMWARE";

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

/* What it is, and what it will be if that is something else. */
static struct shown show_firmware(const struct ovgpu_firmware_mode *modes)
{
	char text[2 * OVGPU_NAME_SIZE + 8];

	if (!modes->now[0])
		return shown("-");
	if (!strcmp(modes->now, modes->next))
		return shown(modes->now);
	snprintf(text, sizeof(text), "%s, next %s", modes->now, modes->next);
	return shown(text);
}

static int add_gpu(const struct cli *cli, struct ovgpu_vgpu *const *vgpus,
		   const char *bdf, struct table *table, struct json_object *array)
{
	struct ovgpu_value graphics = { true, count_vgpus(vgpus, bdf, "compute", false) };
	struct ovgpu_value compute = { true, count_vgpus(vgpus, bdf, "graphics", false) };
	char mode[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	struct ovgpu_firmware_mode firmware;
	struct json_object *object;
	int err;

	err = ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, bdf, work_mode(), mode,
				 sizeof(mode), choices, sizeof(choices));
	/* With an older module it has all. */
	if (err && err != -ENOENT)
		return err;
	err = ovgpu_firmware_mode_get(cli->ovgpu, bdf, &firmware);
	if (err && err != -ENOENT)
		return err;
	table_row(table, COLUMNS, bdf, mode[0] ? mode : "-", show_value(graphics).text,
		  show_value(compute).text, choices[0] ? choices : "-",
		  show_firmware(&firmware).text);
	object = json_object_new_object();
	json_set_text(object, "gpu", bdf);
	json_set(object, "work_mode", mode[0] ? json_text(mode) : NULL);
	json_set(object, "choices", choices[0] ? json_text(choices) : NULL);
	json_set_value(object, "graphics_vgpus", graphics);
	json_set_value(object, "compute_vgpus", compute);
	json_set(object, "firmware_mode", firmware.now[0] ? json_text(firmware.now) : NULL);
	json_set(object, "firmware_mode_next",
		 firmware.next[0] ? json_text(firmware.next) : NULL);
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

	table_row(&table, COLUMNS, "GPU", "MODE", "GRAPHICS", "COMPUTE", "CHOICES",
		  "FIRMWARE");
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

/**
 * mode_fail_vgpus - say that vGPUs are in the way, and name all of them, a line each
 * @cli: the run
 * @bdf: the GPU
 * @mode: those that this work mode has not; NULL: all of the GPU
 * @vgpus: a list of vGPUs
 * @text: the reason, one line
 *
 * Return: CLI_BUSY.
 */
enum cli_exit mode_fail_vgpus(const struct cli *cli, const char *bdf, const char *mode,
			      struct ovgpu_vgpu *const *vgpus, const char *text)
{
	struct json_object *object, *array = json_object_new_array();

	for (; *vgpus; vgpus++) {
		if (strcmp((*vgpus)->gpu, bdf) ||
		    (mode && ovgpu_work_mode_has(mode, (*vgpus)->type)))
			continue;
		json_object_array_add(array, json_text((*vgpus)->uuid));
		cli_note("vGPU %s is of type %s, used by %s", (*vgpus)->uuid,
			 type_suffix((*vgpus)->type),
			 (*vgpus)->owner_pid ? show_owner(*vgpus).text : "nobody");
	}
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
	char text[OVGPU_TEXT_SIZE];
	unsigned int in_the_way;
	size_t count;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the vGPUs");
	in_the_way = count_vgpus(vgpus, bdf, mode, false);
	snprintf(text, sizeof(text),
		 "work mode of GPU %s not changed: %u vGPU%s of types that %s has not: remove %s first",
		 bdf, in_the_way, in_the_way == 1 ? " is" : "s are", mode,
		 in_the_way == 1 ? "it" : "them");
	if (in_the_way)
		code = mode_fail_vgpus(cli, bdf, mode, vgpus, text);
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
 * mode_set_print - say what mode set has changed
 * @cli: the run
 * @bdf: the GPU
 * @name: "work_mode" or "firmware_mode"
 * @from: the mode before
 * @to: the mode
 * @changed: whether there was something to do
 */
void mode_set_print(const struct cli *cli, const char *bdf, const char *name,
		    const char *from, const char *to, bool changed)
{
	struct json_object *object;

	if (cli->json) {
		object = json_start();
		json_set(object, "dry_run", json_object_new_boolean(cli->dry_run));
		json_set_text(object, "gpu", bdf);
		json_set_text(object, "mode", name);
		json_set_text(object, "from", from);
		json_set_text(object, "to", to);
		json_set(object, "changed", json_object_new_boolean(changed));
		json_print(object);
	} else if (changed) {
		printf("GPU %s: %s: %s -> %s\n", bdf, name, shown(from).text, to);
	} else {
		cli_note("GPU %s has %s %s already", bdf, name, to);
	}
}

static enum cli_exit set_work_mode(const struct cli *cli, const char *bdf)
{
	char from[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE];
	const char *mode = cli->argument;
	enum cli_exit code;
	bool changed;
	int err = 0;

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
	mode_set_print(cli, bdf, "work_mode", from, mode, changed);
	return CLI_OK;
}

/**
 * command_mode_set - change what a GPU is for
 * @cli: the run; its argument is the mode
 *
 * Return: exit status.
 */
enum cli_exit command_mode_set(struct cli *cli)
{
	char bdf[OVGPU_BDF_SIZE];
	enum cli_exit code = CLI_OK;

	strcpy(bdf, cli->gpu);
	if (!bdf[0])
		code = cli_only_gpu(cli, bdf);
	if (code != CLI_OK)
		return code;
	return cli->firmware ? firmware_mode_set(cli, bdf) : set_work_mode(cli, bdf);
}
