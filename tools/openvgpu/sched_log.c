// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_log.c - openvgpu sched log: the last switches
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static enum cli_exit fail_log(const struct cli *cli, int err, const char *bdf)
{
	switch (-err) {
	case EACCES:
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to read debugfs: run as root");
	case EPERM:
		return cli_fail(cli, CLI_FAILURE,
				"the kernel does not let debugfs be read: it is locked down");
	case ENOTCONN:
		return cli_fail(cli, CLI_FAILURE,
				"debugfs is not mounted: mount -t debugfs none /sys/kernel/debug");
	case EOPNOTSUPP:
		return cli_fail(cli, CLI_FAILURE,
				"this kernel has no debugfs, so there is no log of switches");
	case ENOENT:
		return cli_fail(cli, CLI_FAILURE,
				"the loaded module keeps no log of switches for GPU %s",
				bdf);
	case EPROTO:
		return cli_fail(cli, CLI_FAILURE,
				"the log of GPU %s has a form this program does not know: is it of another version?",
				bdf);
	default:
		return cli_fail_errno(cli, err, "read the log of switches");
	}
}

static struct json_object *switch_json(const struct ovgpu_switch *entry)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "time_ns", entry->time_ns);
	json_set_number(object, "runqueue", entry->runqueue);
	if (entry->partition >= 0)
		json_set_number(object, "partition", entry->partition);
	else
		json_set(object, "partition", NULL);
	json_set(object, "uuid", entry->uuid[0] ? json_text(entry->uuid) : NULL);
	json_set_text(object, "reason", entry->reason);
	json_set_number(object, "quantum_ns", entry->quantum_ns);
	json_set_number(object, "run_ns", entry->run_ns);
	json_set_number(object, "switch_ns", entry->switch_ns);
	json_set_number(object, "wait_ns", entry->wait_ns);
	return object;
}

static void print_log(const char *bdf, struct ovgpu_switch *const *switches,
		      size_t count)
{
	char ended[32], runqueue[16];
	struct table table = { 0 };
	size_t i;

	printf("GPU %s\n", bdf);
	table_row(&table, 8, "ENDED s", "QUEUE", "REASON", "QUANTUM", "RAN",
		  "SWITCH", "WAITED", "UUID");
	for (i = 0; i < count; i++) {
		snprintf(ended, sizeof(ended), "%llu.%09llu",
			 (unsigned long long)switches[i]->time_ns / 1000000000,
			 (unsigned long long)switches[i]->time_ns % 1000000000);
		snprintf(runqueue, sizeof(runqueue), "%u", switches[i]->runqueue);
		/* A lone vGPU runs until somebody else wants to. */
		table_row(&table, 8, ended, runqueue, switches[i]->reason,
			  switches[i]->quantum_ns ?
			  show_time(switches[i]->quantum_ns).text : "-",
			  show_time(switches[i]->run_ns).text,
			  show_time(switches[i]->switch_ns).text,
			  show_time(switches[i]->wait_ns).text,
			  switches[i]->uuid[0] ? switches[i]->uuid : "-");
	}
	table_print(&table);
}

static enum cli_exit log_gpu(const struct cli *cli, const char *bdf,
			     struct json_object *gpus)
{
	struct json_object *object, *array;
	struct ovgpu_switch **switches;
	size_t count, i;
	int err;

	err = ovgpu_switch_log(cli->ovgpu, bdf, &switches, &count);
	if (err)
		return fail_log(cli, err, bdf);
	if (cli->json) {
		object = json_object_new_object();
		array = json_object_new_array();
		for (i = 0; i < count; i++)
			json_object_array_add(array, switch_json(switches[i]));
		json_set_text(object, "gpu", bdf);
		json_set(object, "switches", array);
		json_object_array_add(gpus, object);
	} else {
		print_log(bdf, switches, count);
	}
	ovgpu_free(switches);
	return CLI_OK;
}

/**
 * command_sched_log - show the last switches of one GPU, or of all
 * @cli: the run; its argument is a PCI address, or none
 *
 * Return: exit status.
 */
enum cli_exit command_sched_log(struct cli *cli)
{
	struct json_object *object, *array;
	enum cli_exit code = CLI_OK;
	char bdf[OVGPU_BDF_SIZE] = "";
	struct ovgpu_gpu **gpus;
	size_t count, i, found = 0;
	int err;

	if (cli->argument && ovgpu_bdf_parse(cli->argument, bdf))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a PCI address, as 0000:3b:00.0",
				shown(cli->argument).text);
	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	array = json_object_new_array();
	for (i = 0; code == CLI_OK && i < count; i++) {
		if (bdf[0] && strcmp(bdf, gpus[i]->bdf))
			continue;
		found++;
		code = log_gpu(cli, gpus[i]->bdf, array);
	}
	ovgpu_free(gpus);
	if (code == CLI_OK && bdf[0] && !found)
		code = cli_fail_no_gpu(cli, bdf);
	else if (code == CLI_OK && !found && !cli->json)
		cli_note_no_gpu(cli);
	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, "gpus", array);
		json_print(object);
		return CLI_OK;
	}
	json_object_put(array);
	return code;
}
