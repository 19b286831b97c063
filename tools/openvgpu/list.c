// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - openvgpu list: the vGPUs
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "hand_over.h"

#define COLUMNS	15

#define BY_DEFAULT	"UUID,TYPE,GPU,STATE,USED-BY"

/* Tenants and notices are shown where there are any. */
static const char *by_default(struct ovgpu_vgpu *const *vgpus)
{
	bool tenant = false, notice = false;

	for (; *vgpus; vgpus++) {
		tenant = tenant || (*vgpus)->tenant[0];
		notice = notice || (*vgpus)->notice[0];
	}
	if (notice)
		return tenant ? BY_DEFAULT ",TENANT,NOTICE" : BY_DEFAULT ",NOTICE";
	return tenant ? BY_DEFAULT ",TENANT" : BY_DEFAULT;
}

static void note_empty(const struct cli *cli, bool filtered)
{
	struct ovgpu_gpu **gpus;
	size_t count;

	if (filtered)
		cli_note("no such vGPU exists");
	else if (!ovgpu_gpu_list(cli->ovgpu, &gpus, &count) && !count)
		cli_note_no_gpu(cli);
	else
		cli_note("no vGPU exists");
	if (!filtered)
		ovgpu_free(gpus);
}

static struct shown show_number(int number, bool known)
{
	struct ovgpu_value value = { .known = known, .number = number };

	return show_value(value);
}

static void add_row(const struct cli *cli, struct table *table,
		    const struct ovgpu_vgpu *vgpu)
{
	struct ovgpu_vm *vm;

	ovgpu_vm_get(cli->ovgpu, vgpu, &vm);
	table_row(table, COLUMNS, vgpu->uuid, vgpu->type, vgpu->gpu,
		  vgpu->state[0] ? vgpu->state : "-", show_owner(vgpu).text,
		  vgpu->type_name[0] ? vgpu->type_name : "-",
		  show_number(vgpu->owner_pid, vgpu->owner_pid).text,
		  vgpu->owner_name[0] ? vgpu->owner_name : "-",
		  show_number(vgpu->iommu_group, vgpu->iommu_group >= 0).text,
		  vgpu->guest_driver[0] ? vgpu->guest_driver : "-",
		  show_value(vgpu->instance).text,
		  vm && vm->name[0] ? vm->name : "-",
		  vm && vm->uuid[0] ? vm->uuid : "-",
		  vgpu->tenant[0] ? vgpu->tenant : "-",
		  vgpu->notice[0] ? vgpu->notice : "-");
	ovgpu_free(vm);
}

/* A GPU that does not exist has no vGPUs, but is a mistake. */
static enum cli_exit check_gpu(const struct cli *cli)
{
	struct ovgpu_gpu **gpus;
	bool found = false;
	size_t count, i;
	int err;

	if (!cli->gpu[0])
		return CLI_OK;
	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	for (i = 0; i < count; i++)
		found = found || !strcmp(gpus[i]->bdf, cli->gpu);
	ovgpu_free(gpus);
	return found || gpu_is_handed_over(cli->ovgpu, cli->gpu) ? CLI_OK :
	       cli_fail_no_gpu(cli, cli->gpu);
}

/**
 * command_list - list all vGPUs, or those of --gpu and --type
 * @cli: the run
 *
 * Return: exit status; an empty list is no failure.
 */
enum cli_exit command_list(struct cli *cli)
{
	struct json_object *object, *array = json_object_new_array();
	struct table table = { 0 };
	struct ovgpu_vgpu **vgpus = NULL;
	enum cli_exit code;
	size_t count = 0, i;
	int err;

	if (cli->quiet) {
		cli->columns = "UUID";
		cli->no_legend = true;
	}
	table_row(&table, COLUMNS, "UUID", "TYPE", "GPU", "STATE", "USED-BY",
		  "NAME", "PID", "PROCESS", "GROUP", "DRIVER", "INSTANCE",
		  "VM", "VM-UUID", "TENANT", "NOTICE");
	code = check_gpu(cli);
	err = code == CLI_OK ? ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count) : 0;
	if (err)
		code = cli_fail_errno(cli, err, "list the vGPUs");
	if (code == CLI_OK)
		code = table_choose(cli, &table, by_default(vgpus));
	for (i = 0; code == CLI_OK && i < count; i++) {
		if ((cli->gpu[0] && strcmp(cli->gpu, vgpus[i]->gpu)) ||
		    (cli->type[0] && strcmp(cli->type, vgpus[i]->type)))
			continue;
		json_object_array_add(array, vgpu_json(cli, vgpus[i]));
		add_row(cli, &table, vgpus[i]);
		if (!cli->json && !cli->quiet)
			note_mismatch(vgpus[i]);
	}
	ovgpu_free(vgpus);
	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, "vgpus", json_object_get(array));
		json_set(object, "handed_over", handed_over_json(cli));
		json_print(object);
	} else if (code == CLI_OK && table.rows > 1) {
		table_print(&table);
	} else if (code == CLI_OK && !cli->quiet) {
		note_empty(cli, cli->gpu[0] || cli->type[0]);
	}
	if (code == CLI_OK && !cli->json && !cli->quiet)
		handed_over_note(cli);
	json_object_put(array);
	table_free(&table);
	return code;
}
