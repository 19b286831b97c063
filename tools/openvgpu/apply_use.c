// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_use.c - GPUs that a configuration gives to vfio-pci, or takes back
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "hand_over.h"

/* vGPUs that the configuration removes are in nobody's way; plan_removals() looks at them. */
static enum cli_exit look_hand_over(const struct cli *cli, struct apply_gpu *gpu,
				    const struct ovgpu_device *device,
				    struct refusal *why)
{
	enum cli_exit code;

	/* It does not matter who bound it: "vfio-pci.ids=" on the command line, too. */
	gpu->moves = strcmp(device->driver, VFIO_PCI);
	if (!gpu->moves)
		return CLI_OK;
	code = hand_over_check_bound(cli, device, why);
	if (code == CLI_OK)
		code = hand_over_check_group(cli, device->bdf, why);
	if (code == CLI_OK && !gpu->entry->has_types)
		code = hand_over_check_vgpus(cli, device->bdf, why);
	return code;
}

static enum cli_exit look(const struct cli *cli, struct apply_gpu *gpu,
			  const struct ovgpu_device *device, struct refusal *why)
{
	strcpy(gpu->driver, device->driver);
	if (gpu->entry->use == CONFIG_USE_PASSTHROUGH)
		return look_hand_over(cli, gpu, device, why);
	gpu->moves = take_back_needed(cli, device);
	return gpu->moves ? take_back_check(cli, device, why) : CLI_OK;
}

/**
 * apply_use_look - which driver has a GPU, and whether another can have it
 * @cli: the run
 * @gpu: of an entry with 'use:'; its driver, moves and busy are set
 *
 * What is never possible ends it here; what is in use is for the plan.
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit apply_use_look(const struct cli *cli, struct apply_gpu *gpu)
{
	struct ovgpu_device *device;
	struct refusal why;
	enum cli_exit code;
	int err;

	err = ovgpu_device_get(cli->ovgpu, gpu->bdf, &device);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPU");
	code = look(cli, gpu, device, &why);
	ovgpu_free(device);
	if (code == CLI_BUSY) {
		snprintf(gpu->busy, sizeof(gpu->busy), "%s", why.text);
		code = CLI_OK;
	}
	return code == CLI_OK ? code :
	       cli_fail(cli, code, "line %u: %s", gpu->entry->line, why.text);
}

/**
 * apply_hand_over - give a GPU to vfio-pci
 * @cli: the run
 * @bdf: the GPU
 * @reason: receives why it was refused; may stay empty
 * @size: bytes at @reason
 *
 * Return: 0, or a negative errno.
 */
int apply_hand_over(const struct cli *cli, const char *bdf, char *reason,
		    size_t size)
{
	char driver[OVGPU_NAME_SIZE];
	struct refusal why;

	if (hand_over_driver(cli, VFIO_PCI, bdf, driver, &why) != CLI_OK) {
		snprintf(reason, size, "%s", why.text);
		return -EIO;
	}
	return ovgpu_hand_over(cli->ovgpu, bdf, driver, reason, size);
}

/**
 * apply_take_back - give a GPU to openvgpu
 * @cli: the run
 * @bdf: the GPU
 * @reason: receives why it was refused; may stay empty
 * @size: bytes at @reason
 *
 * Return: 0, or a negative errno.
 */
int apply_take_back(const struct cli *cli, const char *bdf, char *reason,
		    size_t size)
{
	struct ovgpu_device *device;
	struct refusal why;
	enum cli_exit code;
	int err;

	/* The plan is a moment old: whoever opened it since would be waited for. */
	err = ovgpu_device_get(cli->ovgpu, bdf, &device);
	if (err)
		return err;
	code = take_back_check(cli, device, &why);
	ovgpu_free(device);
	if (code == CLI_OK)
		return ovgpu_take_back(cli->ovgpu, bdf, reason, size);
	snprintf(reason, size, "%s", why.text);
	return code == CLI_BUSY ? -EBUSY : -EIO;
}
