// SPDX-License-Identifier: GPL-2.0-only
/*
 * create.c - openvgpu create: a new vGPU
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "hand_over.h"

/* A GPU that has the wanted type. */
struct candidate {
	char bdf[OVGPU_BDF_SIZE];
	unsigned int available;
};

/*
 * Emptiest first: vGPUs spread over the GPUs, each gets more of an engine.
 * Full GPUs stay in the list: the driver knows best why there is no room.
 */
static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->available != y->available)
		return x->available > y->available ? -1 : 1;
	return strcmp(x->bdf, y->bdf);
}

static int find_candidates(const struct cli *cli, const char *type,
			   struct candidate **candidates, size_t *count,
			   size_t *gpu_count, struct suggestion *suggestion)
{
	struct candidate *list;
	struct ovgpu_type **types;
	struct ovgpu_gpu **gpus;
	size_t n, m, i, j, used = 0;
	int err;

	*gpu_count = 0;
	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &n);
	if (err)
		return err;
	list = calloc(n + 1, sizeof(*list));
	if (!list) {
		ovgpu_free(gpus);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		if (cli->gpu[0] && strcmp(cli->gpu, gpus[i]->bdf))
			continue;
		++*gpu_count;
		if (ovgpu_type_list(cli->ovgpu, gpus[i]->bdf, &types, &m))
			continue;
		for (j = 0; j < m; j++) {
			suggest_try(suggestion, type_suffix(types[j]->id));
			if (strcmp(types[j]->id, type))
				continue;
			strcpy(list[used].bdf, gpus[i]->bdf);
			list[used++].available = types[j]->available;
		}
		ovgpu_free(types);
	}
	ovgpu_free(gpus);
	qsort(list, used, sizeof(*list), compare_candidates);
	*candidates = list;
	*count = used;
	return 0;
}

static enum cli_exit fail_no_gpu(const struct cli *cli)
{
	if (!cli->gpu[0])
		return cli_fail(cli, CLI_NOT_FOUND,
				"no GPU is bound to the driver openvgpu: 'openvgpu doctor' tells what to do");
	if (gpu_is_handed_over(cli->ovgpu, cli->gpu))
		return cli_fail_no_gpu(cli, cli->gpu);
	if (ovgpu_exists(cli->ovgpu, OVGPU_SYSFS, "bus/pci/devices/%s",
			 cli->gpu))
		return cli_fail(cli, CLI_NOT_FOUND,
				"device %s is not bound to the driver openvgpu: 'openvgpu doctor' tells what to do",
				cli->gpu);
	return cli_fail(cli, CLI_NOT_FOUND, "there is no PCI device %s",
			cli->gpu);
}

static enum cli_exit fail_refused(const struct cli *cli, int err,
				  const char *bdf, const char *type,
				  const char *uuid, const char *reason)
{
	if (reason[0])
		return cli_fail(cli, cli_exit_of_errno(err),
				"GPU %s: %s", bdf, shown(reason).text);
	switch (-err) {
	case EEXIST:
		return cli_fail(cli, CLI_BUSY,
				"a mediated device with UUID %s exists already",
				uuid);
	case EACCES:
	case EPERM:
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to create vGPUs: run as root");
	default:
		return cli_fail(cli, cli_exit_of_errno(err),
				"GPU %s refused to create a vGPU of type %s: %s",
				bdf, type, ovgpu_strerror(err));
	}
}

/*
 * The kernel may hold the UUID of a vGPU that another GPU just refused for a
 * moment longer: a new one helps, or a little patience with the user's own.
 */
static int create_on(const struct cli *cli, const char *bdf, const char *type,
		     char uuid[OVGPU_UUID_SIZE], bool refused_before,
		     char *reason, size_t size)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	unsigned int patience = refused_before && cli->uuid ? 100 : 0;
	int err;

	if (!cli->uuid) {
		err = ovgpu_uuid_generate(uuid);
		if (err)
			return err;
	}
	while ((err = ovgpu_create(cli->ovgpu, bdf, type, uuid, reason,
				   size)) == -EEXIST && patience--)
		nanosleep(&pause, NULL);
	return err;
}

/**
 * command_create - create a vGPU and print its UUID
 * @cli: the run; its argument is the type
 *
 * Return: exit status.
 */
enum cli_exit command_create(struct cli *cli)
{
	char type[OVGPU_NAME_SIZE], uuid[OVGPU_UUID_SIZE];
	struct suggestion suggestion = { 0 };
	char reason[OVGPU_TEXT_SIZE] = "";
	struct json_object *object;
	struct candidate *candidates;
	size_t count, gpus, i;
	enum cli_exit code;
	int err;

	if (ovgpu_type_parse(cli->argument, type))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not the name of a type: 'openvgpu types' lists them",
				shown(cli->argument).text);
	if (cli->uuid && ovgpu_uuid_parse(cli->uuid, uuid))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a UUID: 36 characters, as 8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f",
				shown(cli->uuid).text);
	suggestion.word = type_suffix(type);
	err = find_candidates(cli, type, &candidates, &count, &gpus,
			      &suggestion);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	if (!count) {
		free(candidates);
		if (!gpus)
			return fail_no_gpu(cli);
		return cli_fail(cli, CLI_NOT_FOUND,
				"%s%s offers %s type %s: 'openvgpu types' lists what there is%s",
				cli->gpu[0] ? "GPU " : "no GPU", cli->gpu,
				cli->gpu[0] ? "no" : "the", type,
				suggest_text(&suggestion).text);
	}
	/* Another creator may be faster: then the next GPU may have room. */
	for (i = 0; i < count; i++) {
		err = create_on(cli, candidates[i].bdf, type, uuid, i > 0,
				reason, sizeof(reason));
		if (!err || cli_exit_of_errno(err) != CLI_NO_CAPACITY)
			break;
		if (i + 1 < count)
			cli_note("GPU %s: %s", candidates[i].bdf,
				 reason[0] ? shown(reason).text : ovgpu_strerror(err));
	}
	if (i == count)
		i--;
	if (err) {
		code = fail_refused(cli, err, candidates[i].bdf, type, uuid,
				    reason);
		free(candidates);
		return code;
	}
	if (cli->json) {
		object = json_start();
		json_set_text(object, "uuid", uuid);
		json_set_text(object, "type", type);
		json_set_text(object, "gpu", candidates[i].bdf);
		json_print(object);
	} else {
		puts(uuid);
	}
	free(candidates);
	return CLI_OK;
}
