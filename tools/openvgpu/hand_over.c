// SPDX-License-Identifier: GPL-2.0-only
/*
 * hand_over.c - openvgpu gpu hand-over, openvgpu gpu take-back: a whole GPU to
 * another driver, and back
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hand_over.h"

/* ------------------------------------------------------------ what is common */

/* A GPU whichever driver has it; the reason is said if there is none. */
static enum cli_exit get_device(const struct cli *cli,
				struct ovgpu_device **device)
{
	char bdf[OVGPU_BDF_SIZE];
	int err;

	if (ovgpu_bdf_parse(cli->argument, bdf))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a PCI address, as 0000:3b:00.0",
				shown(cli->argument).text);
	err = ovgpu_device_get(cli->ovgpu, bdf, device);
	if (err == -ENOENT)
		return cli_fail(cli, CLI_NOT_FOUND, "there is no PCI device %s",
				bdf);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPU");
	return CLI_OK;
}

static enum cli_exit fail_refused(const struct cli *cli, const char *bdf,
				  const char *what, int err, const char *reason)
{
	if (err == -EACCES || err == -EPERM)
		return cli_fail(cli, CLI_FAILURE, "not allowed to %s GPUs: run as root",
				what);
	return cli_fail(cli, cli_exit_of_errno(err), "can't %s GPU %s: %s", what,
			bdf, reason[0] ? shown(reason).text : ovgpu_strerror(err));
}

static void print_change(const struct ovgpu_device *device, const char *to)
{
	printf("GPU %s: driver: %s -> %s\n", device->bdf,
	       device->driver[0] ? shown(device->driver).text : "none",
	       shown(to).text);
}

static struct json_object *change_json(const struct cli *cli,
				       const struct ovgpu_device *device,
				       const char *to, bool changed)
{
	struct json_object *object = json_start();

	json_set(object, "dry_run", json_object_new_boolean(cli->dry_run));
	json_set_text(object, "gpu", device->bdf);
	json_set(object, "from",
		 device->driver[0] ? json_text(device->driver) : NULL);
	json_set_text(object, "to", to);
	json_set(object, "changed", json_object_new_boolean(changed));
	return object;
}

/* ----------------------------------------------------------------- hand-over */

static enum cli_exit hand_over(const struct cli *cli,
			       const struct ovgpu_device *device)
{
	char driver[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE] = "";
	bool vfio = !strcmp(cli->to, VFIO_PCI), there;
	struct json_object *object;
	struct refusal why;
	enum cli_exit code = CLI_OK;
	int err = 0;

	/* Again is no mistake. */
	there = device->handed_over &&
		vfio == !strcmp(device->driver, VFIO_PCI);
	strcpy(driver, device->driver);
	if (!there) {
		code = hand_over_check_bound(cli, device, &why);
		if (code == CLI_OK)
			code = hand_over_check_vgpus(cli, device->bdf, &why);
		if (code == CLI_OK && vfio)
			code = hand_over_check_group(cli, device->bdf, &why);
		if (code == CLI_OK)
			code = hand_over_driver(cli, cli->to, device->bdf, driver,
						&why);
	}
	if (code != CLI_OK)
		return cli_fail(cli, code, "%s", why.text);
	if (!there && !cli->dry_run)
		err = ovgpu_hand_over(cli->ovgpu, device->bdf, driver, reason,
				      sizeof(reason));
	if (err)
		return fail_refused(cli, device->bdf, "hand over", err, reason);
	if (cli->json) {
		object = change_json(cli, device, driver, !there);
		hand_over_group_json(cli, device->bdf, object);
		json_print(object);
	} else if (there) {
		cli_note("GPU %s is handed over to %s already", device->bdf, driver);
	} else {
		print_change(device, driver);
	}
	return CLI_OK;
}

/**
 * command_hand_over - give a whole GPU to vfio-pci, or to the host's own driver
 * @cli: the run; its argument is the GPU, --to says to whom
 *
 * Return: exit status.
 */
enum cli_exit command_hand_over(struct cli *cli)
{
	struct ovgpu_device *device;
	enum cli_exit code;

	if (!cli->to)
		return cli_fail(cli, CLI_USAGE,
				"'gpu hand-over' needs --to vfio-pci, for a VM, or --to host, for the host's own driver");
	code = get_device(cli, &device);
	if (code != CLI_OK)
		return code;
	code = hand_over(cli, device);
	ovgpu_free(device);
	return code;
}

/* ----------------------------------------------------------------- take-back */

static enum cli_exit take_back(const struct cli *cli,
			       const struct ovgpu_device *device)
{
	bool bound = !strcmp(device->driver, OVGPU_DRIVER);
	bool change = take_back_needed(cli, device);
	char reason[OVGPU_TEXT_SIZE] = "";
	struct refusal why;
	enum cli_exit code;
	int err = 0;

	code = take_back_check(cli, device, &why);
	if (code != CLI_OK)
		return cli_fail(cli, code, "%s", why.text);
	if (change && !cli->dry_run)
		err = ovgpu_take_back(cli->ovgpu, device->bdf, reason,
				      sizeof(reason));
	if (err)
		return fail_refused(cli, device->bdf, "take back", err, reason);
	if (cli->json)
		json_print(change_json(cli, device, OVGPU_DRIVER, change));
	else if (!bound)
		print_change(device, OVGPU_DRIVER);
	else if (change)
		printf("GPU %s: is not handed over after all\n", device->bdf);
	else
		cli_note("GPU %s is not handed over", device->bdf);
	return CLI_OK;
}

/**
 * command_take_back - give a GPU to openvgpu
 * @cli: the run; its argument is the GPU
 *
 * Return: exit status.
 */
enum cli_exit command_take_back(struct cli *cli)
{
	struct ovgpu_device *device;
	enum cli_exit code = get_device(cli, &device);

	if (code != CLI_OK)
		return code;
	code = take_back(cli, device);
	ovgpu_free(device);
	return code;
}
