// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - openvgpu list: the vGPUs
 */
#include "cli.h"

static void note_empty(const struct cli *cli)
{
	struct ovgpu_gpu **gpus;
	size_t count;

	if (!ovgpu_gpu_list(cli->ovgpu, &gpus, &count) && !count)
		cli_note_no_gpu(cli);
	else
		cli_note("no vGPU exists");
	ovgpu_free(gpus);
}

/**
 * command_list - list all vGPUs
 * @cli: the run
 *
 * Return: exit status; an empty list is no failure.
 */
enum cli_exit command_list(struct cli *cli)
{
	struct json_object *object, *array;
	struct table table = { 0 };
	struct ovgpu_vgpu **vgpus;
	size_t count, i;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the vGPUs");
	if (cli->json) {
		object = json_start();
		array = json_object_new_array();
		for (i = 0; i < count; i++)
			json_object_array_add(array, vgpu_json(vgpus[i]));
		json_set(object, "vgpus", array);
		json_print(object);
	} else if (!count) {
		note_empty(cli);
	} else {
		table_row(&table, 5, "UUID", "TYPE", "GPU", "STATE", "USED BY");
		for (i = 0; i < count; i++)
			table_row(&table, 5, vgpus[i]->uuid, vgpus[i]->type,
				  vgpus[i]->gpu,
				  vgpus[i]->state[0] ? vgpus[i]->state : "-",
				  show_owner(vgpus[i]).text);
		table_print(&table);
	}
	ovgpu_free(vgpus);
	return CLI_OK;
}
