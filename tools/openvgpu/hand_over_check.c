// SPDX-License-Identifier: GPL-2.0-only
/*
 * hand_over_check.c - may a GPU change hands, and if not, why
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hand_over.h"

/**
 * hand_over_refuse - say why something is not done
 * @why: receives it
 * @code: exit status
 * @format: printf format of the reason, one line
 *
 * Return: @code.
 */
enum cli_exit hand_over_refuse(struct refusal *why, enum cli_exit code,
			       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return code;
}

/* ----------------------------------------------------------------- hand-over */

/**
 * hand_over_check_vgpus - has a GPU no vGPUs
 * @cli: the run
 * @bdf: the GPU
 * @why: receives which it has
 *
 * Return: exit status.
 */
enum cli_exit hand_over_check_vgpus(const struct cli *cli, const char *bdf,
				    struct refusal *why)
{
	struct ovgpu_vgpu **vgpus, *first = NULL, *used = NULL;
	enum cli_exit code = CLI_OK;
	size_t count, i, n = 0;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return hand_over_refuse(why, cli_exit_of_errno(err), "cannot list the vGPUs: %s",
					ovgpu_strerror(err));
	for (i = 0; i < count; i++) {
		if (strcmp(vgpus[i]->gpu, bdf))
			continue;
		if (!n++)
			first = vgpus[i];
		if (vgpus[i]->owner_pid && !used)
			used = vgpus[i];
	}
	if (used)
		code = hand_over_refuse(why, CLI_BUSY,
					"GPU %s can't be handed over: its vGPU %s is in use by process %s; end that, then remove the GPU's vGPUs",
					bdf, used->uuid, show_owner(used).text);
	else if (n)
		code = hand_over_refuse(why, CLI_BUSY,
					"GPU %s can't be handed over: it has %zu vGPU%s; remove %s first, as by 'openvgpu remove %s'",
					bdf, n, n == 1 ? "" : "s", n == 1 ? "it" : "them",
					first->uuid);
	ovgpu_free(vgpus);
	return code;
}

/**
 * hand_over_check_bound - has openvgpu the GPU
 * @cli: the run
 * @device: the GPU
 * @why: receives which driver has it
 *
 * Only openvgpu zeroes it on the way.
 *
 * Return: exit status.
 */
enum cli_exit hand_over_check_bound(const struct cli *cli,
				    const struct ovgpu_device *device,
				    struct refusal *why)
{
	if (!strcmp(device->driver, OVGPU_DRIVER))
		return CLI_OK;
	if (device->handed_over)
		return hand_over_refuse(why, CLI_BUSY,
					"GPU %s is handed over to %s already: take it back first, with 'openvgpu gpu take-back %s'",
					device->bdf, shown(device->driver).text, device->bdf);
	return hand_over_refuse(why, CLI_NOT_FOUND, "%s",
				gpu_missing(cli->ovgpu, device->bdf).text);
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
static enum cli_exit check_is_gpu(const struct ovgpu_device *device,
				  struct refusal *why)
{
	if (device->known || device->handed_over ||
	    !strcmp(device->driver_override, OVGPU_DRIVER) ||
	    (!device->driver[0] && device->driver_override[0]))
		return CLI_OK;
	return hand_over_refuse(why, CLI_NOT_FOUND,
				"PCI device %s is no GPU that was handed over", device->bdf);
}

static enum cli_exit check_unused(const struct cli *cli,
				  const struct ovgpu_device *device,
				  struct refusal *why)
{
	struct device_user user;
	struct shown name;

	if (has_console(cli, device->bdf))
		return hand_over_refuse(why, CLI_BUSY,
					"the host's console is on GPU %s (/sys/class/graphics/fb0): take it away first, by 'echo 0 > bind' in the folder of /sys/class/vtconsole whose name is 'frame buffer device'",
					device->bdf);
	if (!device_user_find(cli, device->bdf, &user))
		return CLI_OK;
	name = shown(user.name);
	if (!cli->force)
		return hand_over_refuse(why, CLI_BUSY,
					"GPU %s is in use by process %d (%.64s): end it first, or ask it to let go and wait, with 'openvgpu gpu take-back --force %s'",
					device->bdf, user.pid, name.text, device->bdf);
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

/**
 * take_back_needed - has openvgpu a GPU not, or not for good
 * @cli: the run
 * @device: the GPU
 *
 * Return: whether there is something to take back.
 */
bool take_back_needed(const struct cli *cli, const struct ovgpu_device *device)
{
	return strcmp(device->driver, OVGPU_DRIVER) || is_half_way(cli, device);
}

/**
 * take_back_check - can openvgpu have a GPU
 * @cli: the run; with --force the processes that use the GPU are asked to let go
 * @device: the GPU
 * @why: receives the reason if not
 *
 * Return: exit status.
 */
enum cli_exit take_back_check(const struct cli *cli,
			      const struct ovgpu_device *device,
			      struct refusal *why)
{
	bool bound = !strcmp(device->driver, OVGPU_DRIVER);
	enum cli_exit code = CLI_OK;

	if (!bound)
		code = check_is_gpu(device, why);
	if (code == CLI_OK && !ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
					    "bus/pci/drivers/" OVGPU_DRIVER))
		code = hand_over_refuse(why, CLI_FAILURE,
					"the module openvgpu is not loaded: modprobe openvgpu");
	if (code == CLI_OK && !bound)
		code = check_unused(cli, device, why);
	return code;
}
