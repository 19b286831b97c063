// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_do.c - makes one thing as a configuration says
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "apply.h"

/* The kernel may hold the UUID of a vGPU that was just removed a bit longer. */
#define CREATE_TRIES		20
#define CREATE_PAUSE_NS		50000000

static enum cli_exit failed(struct apply_change *change, int err,
			    const char *reason)
{
	change->state = APPLY_FAILED;
	if (err == -EACCES || (err == -EPERM && !reason[0]))
		snprintf(change->reason, sizeof(change->reason),
			 "not allowed: run as root");
	else
		snprintf(change->reason, sizeof(change->reason), "%s",
			 reason[0] ? reason : ovgpu_strerror(err));
	return cli_exit_of_errno(err);
}

/* The plan is a moment old: somebody may have opened it since. */
static enum cli_exit failed_in_use(const struct cli *cli,
				   struct apply_change *change)
{
	struct ovgpu_vgpu *vgpu;
	int err;

	err = ovgpu_vgpu_get(cli->ovgpu, change->uuid, &vgpu);
	if (err)
		return failed(change, err, "");
	change->state = APPLY_FAILED;
	snprintf(change->reason, sizeof(change->reason),
		 "process %s began to use it meanwhile", show_owner(vgpu).text);
	ovgpu_free(vgpu);
	return CLI_BUSY;
}

static enum cli_exit do_remove(const struct cli *cli,
			       struct apply_change *change)
{
	int err = ovgpu_remove_idle(cli->ovgpu, change->uuid);

	if (err == -EBUSY)
		return failed_in_use(cli, change);
	return err ? failed(change, err, "") : CLI_OK;
}

static enum cli_exit do_create(const struct cli *cli,
			       struct apply_change *change)
{
	const struct timespec pause = { .tv_nsec = CREATE_PAUSE_NS };
	unsigned int tries = CREATE_TRIES;
	char reason[OVGPU_TEXT_SIZE] = "";
	bool random = !change->uuid[0];
	int err;

	do {
		err = random ? ovgpu_uuid_generate(change->uuid) : 0;
		if (!err)
			err = ovgpu_create(cli->ovgpu, change->gpu, change->type,
					   change->uuid, reason, sizeof(reason));
		if (err == -EEXIST && !random)
			nanosleep(&pause, NULL);
	} while (err == -EEXIST && --tries);
	if (err == -EEXIST)
		return failed(change, err,
			      "a mediated device with this UUID exists already");
	return err ? failed(change, err, reason) : CLI_OK;
}

static enum cli_exit do_move(const struct cli *cli, struct apply_change *change)
{
	char reason[OVGPU_TEXT_SIZE] = "";
	int err = change->action == APPLY_HAND_OVER ?
		  apply_hand_over(cli, change->gpu, reason, sizeof(reason)) :
		  apply_take_back(cli, change->gpu, reason, sizeof(reason));

	return err ? failed(change, err, reason) : CLI_OK;
}

static enum cli_exit do_instance(const struct cli *cli,
				 struct apply_change *change)
{
	char reason[OVGPU_TEXT_SIZE];
	int err = apply_instance(cli, change, reason, sizeof(reason));

	return err ? failed(change, err, reason) : CLI_OK;
}

static enum cli_exit do_set(const struct cli *cli, struct apply_change *change)
{
	enum ovgpu_object object = change->uuid[0] ? OVGPU_VGPU : OVGPU_GPU;
	const char *of = change->uuid[0] ? change->uuid : change->gpu;
	char reason[OVGPU_TEXT_SIZE], is[OVGPU_NAME_SIZE];
	char path[OVGPU_NAME_SIZE];
	int err;

	if (change->instance[0]) {
		object = OVGPU_INSTANCE;
		of = path;
		err = apply_instance_path(cli, change, path, sizeof(path));
		if (err)
			return failed(change, err, "");
	}

	/*
	 * A vGPU that was just created, or a GPU that just came back, may have it
	 * by itself, and what it can't have reads as what it is without.
	 */
	if (!change->from[0] &&
	    !ovgpu_setting_read(cli->ovgpu, object, of, change->setting, is,
				sizeof(is), NULL, 0) &&
	    !strcmp(is, change->to))
		return CLI_OK;
	err = ovgpu_setting_write(cli->ovgpu, object, of, change->setting,
				  change->to, reason, sizeof(reason));
	return err ? failed(change, err, reason) : CLI_OK;
}

/**
 * apply_do - do what a plan says
 * @cli: the run
 * @change: what; its state is changed, and its reason set when it fails
 *
 * Return: exit status; nothing is said.
 */
enum cli_exit apply_do(const struct cli *cli, struct apply_change *change)
{
	enum cli_exit code;

	switch (change->action) {
	case APPLY_TAKE_BACK:
	case APPLY_HAND_OVER:
		code = do_move(cli, change);
		break;
	case APPLY_CREATE_INSTANCE:
	case APPLY_REMOVE_INSTANCE:
		code = do_instance(cli, change);
		break;
	case APPLY_REMOVE:
		code = do_remove(cli, change);
		break;
	case APPLY_CREATE:
		code = do_create(cli, change);
		break;
	default:
		code = do_set(cli, change);
		break;
	}
	if (code == CLI_OK)
		change->state = APPLY_DONE;
	return code;
}
