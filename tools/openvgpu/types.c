// SPDX-License-Identifier: GPL-2.0-only
/*
 * types.c - openvgpu types: what each GPU offers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void add_rows(struct table *table, struct ovgpu_type *const *types,
		     size_t count)
{
	char heads[OVGPU_NAME_SIZE], most[OVGPU_NAME_SIZE], available[16];
	size_t i;

	for (i = 0; i < count; i++) {
		description_value(types[i]->description, "num_heads", heads,
				  sizeof(heads));
		description_value(types[i]->description, "max_instance", most,
				  sizeof(most));
		snprintf(available, sizeof(available), "%u", types[i]->available);
		table_row(table, 7, types[i]->gpu, types[i]->id,
			  show_size(types[i]->framebuffer).text,
			  heads[0] ? heads : "-", most[0] ? most : "-",
			  available, types[i]->name);
	}
}

/**
 * command_types - list the types of every GPU, or of the one of --gpu
 * @cli: the run
 *
 * Return: exit status; no GPU at all is no failure, but an unknown one is.
 */
enum cli_exit command_types(struct cli *cli)
{
	struct json_object *object = NULL, *array = NULL;
	struct ovgpu_type **types;
	struct table table = { 0 };
	struct ovgpu_gpu **gpus;
	size_t count, n, i, j, shown_gpus = 0;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	array = json_object_new_array();
	table_row(&table, 7, "GPU", "TYPE", "FRAMEBUFFER", "HEADS", "MAX",
		  "AVAILABLE", "NAME");
	for (i = 0; i < count; i++) {
		if (cli->gpu[0] && strcmp(cli->gpu, gpus[i]->bdf))
			continue;
		err = ovgpu_type_list(cli->ovgpu, gpus[i]->bdf, &types, &n);
		if (err == -ENOENT && !cli->gpu[0])
			continue;	/* went away meanwhile */
		if (err)
			break;
		shown_gpus++;
		for (j = 0; j < n; j++)
			json_object_array_add(array, type_json(types[j]));
		add_rows(&table, types, n);
		ovgpu_free(types);
	}
	ovgpu_free(gpus);
	if (err == -ENOENT)
		err = 0;
	if (err || (cli->gpu[0] && !shown_gpus)) {
		json_object_put(array);
		free(table.cells);
		if (err)
			return cli_fail_errno(cli, err, "read the types");
		return cli_fail_no_gpu(cli, cli->gpu);
	}
	if (cli->json) {
		object = json_start();
		json_set(object, "types", array);
		json_print(object);
		free(table.cells);
		return CLI_OK;
	}
	json_object_put(array);
	if (shown_gpus) {
		table_print(&table);
	} else {
		free(table.cells);
		cli_note_no_gpu(cli);
	}
	return CLI_OK;
}
