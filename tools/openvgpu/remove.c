// SPDX-License-Identifier: GPL-2.0-only
/*
 * remove.c - openvgpu remove: the end of a vGPU
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* The driver knows who opened it, and not with whom that process shared it. */
static enum cli_exit fail_in_use(const struct cli *cli,
				 const struct ovgpu_vgpu *vgpu)
{
	char hint[OVGPU_NAME_SIZE] = "";

	if (!vgpu->owner_ended)
		return cli_fail(cli, CLI_BUSY,
				"vGPU %s is in use by process %s: end it first, or use --force to ask it to let go and wait",
				vgpu->uuid, show_owner(vgpu).text);
	if (vgpu->iommu_group >= 0)
		snprintf(hint, sizeof(hint), "; 'fuser -v /dev/vfio/%d' may name it",
			 vgpu->iommu_group);
	return cli_fail(cli, CLI_BUSY,
			"vGPU %s is in use although process %d, which opened it, has ended: something has a file or the memory of that process still, as a process that it started or passed a file to, or a vhost worker of the kernel%s",
			vgpu->uuid, vgpu->owner_pid, hint);
}

/* Asks a process that has it open to let go, and waits, however long it takes. */
static int force(const struct cli *cli, const struct ovgpu_vgpu *vgpu)
{
	if (vgpu->owner_pid)
		cli_note("asking process %s to let go of vGPU %s; waiting",
			 show_owner(vgpu).text, vgpu->uuid);
	return ovgpu_remove(cli->ovgpu, vgpu->uuid);
}

/* Refused: names who has it open now. */
static enum cli_exit fail_busy(const struct cli *cli, const char *uuid)
{
	struct ovgpu_vgpu *vgpu;
	enum cli_exit code;
	int err;

	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	code = vgpu->owner_pid ? fail_in_use(cli, vgpu) :
	       cli_fail(cli, CLI_BUSY, "vGPU %s was in use a moment ago: try again",
			uuid);
	ovgpu_free(vgpu);
	return code;
}

/**
 * command_remove - remove a vGPU
 * @cli: the run; its argument is the UUID
 *
 * Refuses while a process has the vGPU open, unless --force is given.
 *
 * Return: exit status.
 */
enum cli_exit command_remove(struct cli *cli)
{
	char uuid[OVGPU_UUID_SIZE];
	struct json_object *object;
	struct ovgpu_vgpu *vgpu;
	enum cli_exit code;
	int err;

	if (!cli_uuid(cli, cli->argument, uuid, &code))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a UUID: 'openvgpu list' lists those of the vGPUs",
				shown(cli->argument).text);
	if (code != CLI_OK)
		return code;
	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	err = cli->force ? force(cli, vgpu) :
	      ovgpu_remove_idle(cli->ovgpu, uuid);
	ovgpu_free(vgpu);
	if (err == -EBUSY)
		return fail_busy(cli, uuid);
	if (err == -ENOENT || err == -ENODEV)
		return cli_fail(cli, CLI_NOT_FOUND,
				"vGPU %s is being removed by somebody else",
				uuid);
	if (err == -EACCES || err == -EPERM)
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to remove vGPUs: run as root");
	if (err)
		return cli_fail_errno(cli, err, "remove the vGPU");
	if (cli->json) {
		object = json_start();
		json_set_text(object, "removed", uuid);
		json_print(object);
	}
	return CLI_OK;
}
