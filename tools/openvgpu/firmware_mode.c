// SPDX-License-Identifier: GPL-2.0-only
/*
 * firmware_mode.c - openvgpu mode set --firmware: what the board is for
 *
 * It decides what the PCI function is, as a VM sees it that gets the whole GPU. The
 * driver takes a new mode when it lets go of the GPU; so the function is removed and
 * found again, while nobody uses it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hand_over.h"
#include "mode.h"

#define ATTRIBUTES	"bus/pci/devices/%s/" OVGPU_DRIVER

/* ------------------------------------------------------------------- may it be */

static enum cli_exit check_mode(const struct cli *cli, const char *bdf,
				struct ovgpu_firmware_mode *modes)
{
	struct ovgpu_device *device;
	struct refusal why;
	enum cli_exit code;
	int err;

	if (ovgpu_device_get(cli->ovgpu, bdf, &device))
		return cli_fail_no_gpu(cli, bdf);
	code = hand_over_check_bound(cli, device, &why);
	ovgpu_free(device);
	if (code != CLI_OK)
		return cli_fail(cli, code, "%s", why.text);
	err = ovgpu_firmware_mode_get(cli->ovgpu, bdf, modes);
	if (err == -ENOENT)
		return cli_fail(cli, CLI_FAILURE, "the loaded module has no firmware modes");
	if (err)
		return cli_fail_errno(cli, err, "read the firmware mode");
	if (!modes->now[0])
		return cli_fail(cli, CLI_FAILURE, "GPU %s has no firmware modes", bdf);
	if (cli_is_choice(modes->choices, cli->argument))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "there is no firmware mode '%s': GPU %s has %s",
			shown(cli->argument).text, bdf, shown(modes->choices).text);
}

/* The vGPUs of a GPU, all of which are in the way. */
static enum cli_exit check_vgpus(const struct cli *cli, const char *bdf)
{
	struct ovgpu_vgpu **vgpus;
	enum cli_exit code = CLI_OK;
	char text[OVGPU_TEXT_SIZE];
	size_t count, i, n = 0;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the vGPUs");
	for (i = 0; i < count; i++)
		n += !strcmp(vgpus[i]->gpu, bdf);
	snprintf(text, sizeof(text),
		 "firmware mode of GPU %s not changed: %zu vGPU%s: remove %s first", bdf, n,
		 n == 1 ? " exists" : "s exist", n == 1 ? "it" : "them");
	if (n)
		code = mode_fail_vgpus(cli, bdf, NULL, vgpus, text);
	ovgpu_free(vgpus);
	return code;
}

static enum cli_exit check_unused(const struct cli *cli, const char *bdf)
{
	struct ovgpu_instance **instances;
	char text[OVGPU_NAME_SIZE];
	enum cli_exit code;
	size_t count = 0;

	code = check_vgpus(cli, bdf);
	if (code != CLI_OK)
		return code;
	if (!ovgpu_instance_list(cli->ovgpu, bdf, &instances, &count))
		ovgpu_free(instances);
	if (count)
		return cli_fail(cli, CLI_BUSY,
				"firmware mode of GPU %s not changed: it has GPU instances ('openvgpu instance list'): remove them first",
				bdf);
	if (!ovgpu_read(cli->ovgpu, OVGPU_SYSFS, text, sizeof(text),
			ATTRIBUTES "/hand_over", bdf) && !strcmp(text, "1"))
		return cli_fail(cli, CLI_BUSY,
				"firmware mode of GPU %s not changed: it is being handed over to another driver ('openvgpu gpu take-back %s' calls it off)",
				bdf, bdf);
	return CLI_OK;
}

/* ------------------------------------------------------------------- let it be */

static int write_next(const struct cli *cli, const char *bdf, const char *mode)
{
	return ovgpu_write(cli->ovgpu, mode, ATTRIBUTES "/firmware_mode_next", bdf);
}

static enum cli_exit fail_refused(const struct cli *cli, const char *bdf, int err)
{
	char reason[OVGPU_TEXT_SIZE] = "";

	if (err == -EACCES || err == -EPERM)
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to change the firmware mode: run as root");
	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, reason, sizeof(reason),
		   ATTRIBUTES "/last_error", bdf);
	return cli_fail(cli, cli_exit_of_errno(err),
			"firmware mode of GPU %s not changed: %s", bdf,
			strstr(reason, "firmware_mode_next") ? shown(reason).text :
							       ovgpu_strerror(err));
}

/* What became of the GPU, and how to go on from there. */
static enum cli_exit fail_rescan(const struct cli *cli, const char *bdf,
				 const struct ovgpu_firmware_mode *modes,
				 enum rescan_end end, int err)
{
	char driver[OVGPU_NAME_SIZE] = "";
	struct ovgpu_firmware_mode now;

	switch (end) {
	case RESCAN_KEPT:
		if (write_next(cli, bdf, modes->now))
			return cli_fail(cli, CLI_FAILURE,
					"GPU %s can't be removed (%s) and still is to become %s: 'openvgpu doctor' says what to do",
					bdf, ovgpu_strerror(err), cli->argument);
		return cli_fail(cli, CLI_FAILURE,
				"firmware mode of GPU %s not changed: it can't be removed (%s), and is as it was",
				bdf, ovgpu_strerror(err));
	case RESCAN_GONE:
		return cli_fail(cli, CLI_FAILURE,
				"GPU %s was removed and is not found again (%s): 'echo 1 > /sys/bus/pci/rescan' looks for it, 'dmesg | grep %s' tells why",
				bdf, ovgpu_strerror(err), bdf);
	case RESCAN_IDLE:
		ovgpu_link(cli->ovgpu, OVGPU_SYSFS, driver, sizeof(driver),
			   "bus/pci/devices/%s/driver", bdf);
		if (driver[0] && strcmp(driver, OVGPU_DRIVER))
			return cli_fail(cli, CLI_FAILURE,
					"GPU %s was removed and found again, and driver %s has taken it: 'openvgpu gpu take-back %s' gives it to openvgpu",
					bdf, shown(driver).text, bdf);
		return cli_fail(cli, CLI_FAILURE,
				"GPU %s was removed and found again, and openvgpu has not taken it: 'dmesg | grep %s' tells why, 'openvgpu gpu take-back %s' tries again",
				bdf, bdf, bdf);
	case RESCAN_BACK:
		break;
	}
	ovgpu_firmware_mode_get(cli->ovgpu, bdf, &now);
	return cli_fail(cli, CLI_FAILURE,
			"GPU %s is back with firmware mode %s: its board did not take %s; 'dmesg | grep %s' tells why",
			bdf, now.now[0] ? shown(now.now).text : "none", cli->argument, bdf);
}

static bool is_in_force(const struct cli *cli, const char *bdf)
{
	struct ovgpu_firmware_mode modes;

	return !ovgpu_firmware_mode_get(cli->ovgpu, bdf, &modes) &&
	       !strcmp(modes.now, cli->argument);
}

static enum cli_exit take_mode(const struct cli *cli, const char *bdf,
			       const struct ovgpu_firmware_mode *modes)
{
	enum rescan_end end;
	int err;

	err = write_next(cli, bdf, cli->argument);
	if (err)
		return fail_refused(cli, bdf, err);
	/*
	 * It was to be another one, and stays. If it does not, the module has let no
	 * vGPU be there, nor lets any, until it is removed.
	 */
	if (is_in_force(cli, bdf))
		return CLI_OK;
	cli_note("GPU %s: it is emptied, removed and found again", bdf);
	end = gpu_rescan(cli, bdf, &err);
	if (end == RESCAN_BACK && is_in_force(cli, bdf))
		return CLI_OK;
	return fail_rescan(cli, bdf, modes, end, err);
}

/* A signal in between would leave a GPU that has no vGPUs, or none, and not say so. */
static enum cli_exit take_mode_whole(const struct cli *cli, const char *bdf,
				     const struct ovgpu_firmware_mode *modes)
{
	sigset_t all, before;
	enum cli_exit code;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	code = take_mode(cli, bdf, modes);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

/* With the lock, unless it is a dry run: what is found stays so. */
static enum cli_exit set_mode(const struct cli *cli, const char *bdf)
{
	struct ovgpu_firmware_mode modes;
	enum cli_exit code;
	bool changed;

	code = check_mode(cli, bdf, &modes);
	if (code != CLI_OK)
		return code;
	changed = strcmp(modes.now, cli->argument) || strcmp(modes.next, cli->argument);
	if (changed)
		code = check_unused(cli, bdf);
	if (code == CLI_OK && changed && !cli->dry_run)
		code = take_mode_whole(cli, bdf, &modes);
	if (code == CLI_OK)
		mode_set_print(cli, bdf, "firmware_mode", modes.now, cli->argument, changed);
	return code;
}

/**
 * firmware_mode_set - change what a board is for
 * @cli: the run; its argument is the mode
 * @bdf: the GPU
 *
 * Return: exit status.
 */
enum cli_exit firmware_mode_set(const struct cli *cli, const char *bdf)
{
	enum cli_exit code;
	int fd;

	if (cli->dry_run)
		return set_mode(cli, bdf);
	/* As a hand-over has it: two at once would take the GPU from each other. */
	fd = ovgpu_gpu_lock(cli->ovgpu, bdf);
	if (fd == -EBUSY)
		return cli_fail(cli, CLI_BUSY,
				"firmware mode of GPU %s not changed: another process is handing it over, or changing it",
				bdf);
	if (fd == -ENOENT)
		return cli_fail_no_gpu(cli, bdf);
	if (fd < 0)
		return cli_fail_errno(cli, fd, "lock the GPU");
	code = set_mode(cli, bdf);
	close(fd);
	return code;
}
