// SPDX-License-Identifier: GPL-2.0-only
/*
 * types.c - openvgpu types: what each GPU offers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define COLUMNS	12

static const char by_default[] =
	"GPU,TYPE,FRAMEBUFFER,HEADS,MAX,AVAILABLE,NAME";
/* Where the driver says why there can be no more of some. */
static const char by_default_why[] =
	"GPU,TYPE,FRAMEBUFFER,HEADS,MAX,AVAILABLE,NAME,WHY";
/* Where a GPU is divisible. */
static const char by_default_divisible[] =
	"GPU,TYPE,SLICES,FRAMEBUFFER,HEADS,MAX,AVAILABLE,WHY";

static void add_row(struct table *table, const struct ovgpu_type *type)
{
	char heads[OVGPU_NAME_SIZE], most[OVGPU_NAME_SIZE], available[16];
	char slices[16] = "-", size[OVGPU_NAME_SIZE], rate[OVGPU_NAME_SIZE];

	description_value(type->description, "num_heads", heads, sizeof(heads));
	description_value(type->description, "max_instance", most, sizeof(most));
	description_value(type->description, "max_resolution", size, sizeof(size));
	description_value(type->description, "frl_config", rate, sizeof(rate));
	snprintf(available, sizeof(available), "%u", type->available);
	if (type->compute_slices)
		snprintf(slices, sizeof(slices), "%u", type->compute_slices);
	table_row(table, COLUMNS, type->gpu, type->id, slices,
		  show_size(type->framebuffer).text, heads[0] ? heads : "-",
		  most[0] ? most : "-", available, type->name,
		  type->why_unavailable[0] ? type->why_unavailable : "-",
		  type_series(type) ? type_series(type) : "-",
		  size[0] ? size : "-", rate[0] ? rate : "-");
}

/* Ends the command where nothing is as --gpu and --type say. */
static enum cli_exit fail_nothing(const struct cli *cli, bool gpu_found,
				  const struct suggestion *suggestion)
{
	if (!gpu_found)
		return cli_fail_no_gpu(cli, cli->gpu);
	return cli_fail(cli, CLI_NOT_FOUND,
			"%s%s offers %s type %s: 'openvgpu types' lists what there is%s",
			cli->gpu[0] ? "GPU " : "no GPU", cli->gpu,
			cli->gpu[0] ? "no" : "the", cli->type,
			suggest_text(suggestion).text);
}

/**
 * command_types - list the types of every GPU, or of the one of --gpu
 * @cli: the run
 *
 * Return: exit status; no GPU at all is no failure, but an unknown one is.
 */
enum cli_exit command_types(struct cli *cli)
{
	struct suggestion suggestion = { .word = type_suffix(cli->type) };
	struct json_object *object, *array = json_object_new_array();
	enum cli_exit code = CLI_OK;
	struct ovgpu_type **types;
	struct table table = { 0 };
	struct ovgpu_gpu **gpus;
	size_t count, n, i, j, shown_gpus = 0;
	bool divisible = false, why = false;
	int err;

	table_row(&table, COLUMNS, "GPU", "TYPE", "SLICES", "FRAMEBUFFER", "HEADS",
		  "MAX", "AVAILABLE", "NAME", "WHY", "SERIES", "RESOLUTION", "FRAMES");
	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	for (i = 0; !err && i < count; i++) {
		if (cli->gpu[0] && strcmp(cli->gpu, gpus[i]->bdf))
			continue;
		err = ovgpu_type_list(cli->ovgpu, gpus[i]->bdf, &types, &n);
		if (err == -ENOENT) {
			err = 0;	/* went away meanwhile */
			continue;
		}
		if (err)
			break;
		shown_gpus++;
		for (j = 0; j < n; j++) {
			suggest_try(&suggestion, type_suffix(types[j]->id));
			if (cli->type[0] && strcmp(cli->type, types[j]->id))
				continue;
			divisible |= types[j]->compute_slices != 0;
			why |= types[j]->why_unavailable[0] != '\0';
			json_object_array_add(array, type_json(types[j]));
			add_row(&table, types[j]);
		}
		ovgpu_free(types);
	}
	ovgpu_free(gpus);
	if (err)
		code = cli_fail_errno(cli, err, "read the types");
	else if ((cli->gpu[0] && !shown_gpus) ||
		 (cli->type[0] && shown_gpus && table.rows == 1))
		code = fail_nothing(cli, shown_gpus, &suggestion);
	else
		code = table_choose(cli, &table, divisible ? by_default_divisible :
				    why ? by_default_why : by_default);
	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, "types", json_object_get(array));
		json_print(object);
	} else if (code == CLI_OK && shown_gpus) {
		table_print(&table);
	} else if (code == CLI_OK) {
		cli_note_no_gpu(cli);
	}
	json_object_put(array);
	table_free(&table);
	return code;
}
