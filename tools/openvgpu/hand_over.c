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

static enum cli_exit check_vgpus(const struct cli *cli, const char *bdf)
{
	struct ovgpu_vgpu **vgpus, *first = NULL, *used = NULL;
	enum cli_exit code = CLI_OK;
	size_t count, i, n = 0;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the vGPUs");
	for (i = 0; i < count; i++) {
		if (strcmp(vgpus[i]->gpu, bdf))
			continue;
		if (!n++)
			first = vgpus[i];
		if (vgpus[i]->owner_pid && !used)
			used = vgpus[i];
	}
	if (used)
		code = cli_fail(cli, CLI_BUSY,
				"GPU %s can't be handed over: its vGPU %s is in use by process %s; end that, then remove the GPU's vGPUs",
				bdf, used->uuid, show_owner(used).text);
	else if (n)
		code = cli_fail(cli, CLI_BUSY,
				"GPU %s can't be handed over: it has %zu vGPU%s; remove %s first, as by 'openvgpu remove %s'",
				bdf, n, n == 1 ? "" : "s", n == 1 ? "it" : "them",
				first->uuid);
	ovgpu_free(vgpus);
	return code;
}

/* It has to be openvgpu's: only openvgpu zeroes it on the way. */
static enum cli_exit check_bound(const struct cli *cli,
				 const struct ovgpu_device *device)
{
	if (!strcmp(device->driver, OVGPU_DRIVER))
		return CLI_OK;
	if (device->handed_over)
		return cli_fail(cli, CLI_BUSY,
				"GPU %s is handed over to %s already: take it back first, with 'openvgpu gpu take-back %s'",
				device->bdf, shown(device->driver).text,
				device->bdf);
	return cli_fail_no_gpu(cli, device->bdf);
}

static enum cli_exit hand_over(const struct cli *cli,
			       const struct ovgpu_device *device)
{
	char driver[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE] = "";
	bool vfio = !strcmp(cli->to, "vfio-pci"), there;
	struct json_object *object;
	enum cli_exit code = CLI_OK;
	int err = 0;

	/* Again is no mistake. */
	there = device->handed_over &&
		vfio == !strcmp(device->driver, "vfio-pci");
	strcpy(driver, device->driver);
	if (!there) {
		code = check_bound(cli, device);
		if (code == CLI_OK)
			code = check_vgpus(cli, device->bdf);
		if (code == CLI_OK && vfio)
			code = hand_over_check_group(cli, device->bdf);
		if (code == CLI_OK)
			code = hand_over_driver(cli, device->bdf, driver);
	}
	if (code != CLI_OK)
		return code;
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

/* The console of the host is on the device that fbcon took first, or boots on. */
static bool has_console(const struct cli *cli, const char *bdf)
{
	char text[OVGPU_NAME_SIZE], **names;
	bool bound = false;
	size_t count, i;

	if (!ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
			  "bus/pci/devices/%s/graphics/fb0", bdf) ||
	    ovgpu_directory(cli->ovgpu, OVGPU_SYSFS, &names, &count,
			    "class/vtconsole"))
		return false;
	for (i = 0; i < count; i++)
		bound = bound ||
			(!ovgpu_read(cli->ovgpu, OVGPU_SYSFS, text, sizeof(text),
				     "class/vtconsole/%s/name", names[i]) &&
			 strstr(text, "frame buffer") &&
			 !ovgpu_read(cli->ovgpu, OVGPU_SYSFS, text, sizeof(text),
				     "class/vtconsole/%s/bind", names[i]) &&
			 !strcmp(text, "1"));
	ovgpu_free(names);
	return bound;
}

/*
 * A mistyped address must not take some other device from its driver. One without
 * a driver, and with an override, can be a hand-over that was killed half way.
 */
static enum cli_exit check_is_gpu(const struct cli *cli,
				  const struct ovgpu_device *device)
{
	if (device->known || device->handed_over ||
	    !strcmp(device->driver_override, OVGPU_DRIVER) ||
	    (!device->driver[0] && device->driver_override[0]))
		return CLI_OK;
	return cli_fail(cli, CLI_NOT_FOUND,
			"PCI device %s is no GPU that was handed over",
			device->bdf);
}

static enum cli_exit check_unused(const struct cli *cli,
				  const struct ovgpu_device *device)
{
	struct device_user user;
	struct shown name;

	if (has_console(cli, device->bdf))
		return cli_fail(cli, CLI_BUSY,
				"the host's console is on GPU %s (/sys/class/graphics/fb0): take it away first, by 'echo 0 > bind' in the folder of /sys/class/vtconsole whose name is 'frame buffer device'",
				device->bdf);
	if (!device_user_find(cli, device->bdf, &user))
		return CLI_OK;
	name = shown(user.name);
	if (!cli->force)
		return cli_fail(cli, CLI_BUSY,
				"GPU %s is in use by process %d (%.64s): end it first, or use --force to ask it to let go and wait",
				device->bdf, user.pid, name.text);
	if (!cli->dry_run)
		cli_note("asking process %d (%.64s) to let go of GPU %s; waiting",
			 user.pid, name.text, device->bdf);
	return CLI_OK;
}

/* Whether a hand-over was begun and not ended. */
static bool is_half_way(const struct cli *cli, const struct ovgpu_device *device)
{
	char text[OVGPU_NAME_SIZE];

	if (device->driver_override[0] &&
	    strcmp(device->driver_override, OVGPU_DRIVER))
		return true;
	return !ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, device->bdf,
				    OVGPU_DRIVER, "hand_over", text,
				    sizeof(text)) && !strcmp(text, "1");
}

static enum cli_exit take_back(const struct cli *cli,
			       const struct ovgpu_device *device)
{
	bool bound = !strcmp(device->driver, OVGPU_DRIVER), change;
	char reason[OVGPU_TEXT_SIZE] = "";
	enum cli_exit code = CLI_OK;
	int err = 0;

	change = !bound || is_half_way(cli, device);
	if (!bound)
		code = check_is_gpu(cli, device);
	if (code == CLI_OK && !ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
					    "bus/pci/drivers/" OVGPU_DRIVER))
		code = cli_fail(cli, CLI_FAILURE,
				"the module openvgpu is not loaded: modprobe openvgpu");
	if (code == CLI_OK && !bound)
		code = check_unused(cli, device);
	if (code != CLI_OK)
		return code;
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
