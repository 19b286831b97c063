// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpu_rescan.c - remove the PCI function that a GPU is, and find it again
 *
 * So the kernel learns anew what it is. After SIGKILL in between a rescan brings the GPU
 * back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mode.h"

#define DEVICES		"bus/pci/devices"
#define PATIENCE_S	30
#define LOOK_NS		50000000
#define SECOND_NS	1000000000ULL

static bool is_there(const struct cli *cli, const char *bdf)
{
	return ovgpu_exists(cli->ovgpu, OVGPU_SYSFS, DEVICES "/%s", bdf);
}

static bool has_driver(const struct cli *cli, const char *bdf)
{
	char driver[OVGPU_NAME_SIZE];

	ovgpu_link(cli->ovgpu, OVGPU_SYSFS, driver, sizeof(driver), DEVICES "/%s/driver",
		   bdf);
	return !strcmp(driver, OVGPU_DRIVER);
}

/* Its bus first: what somebody removed elsewhere shall not come back with it. */
static int find(const struct cli *cli, const char *bdf)
{
	int bus = (int)(strrchr(bdf, ':') - bdf);
	int err = ovgpu_write(cli->ovgpu, "1", "class/pci_bus/%.*s/rescan", bus, bdf);

	if (!is_there(cli, bdf))
		err = ovgpu_write(cli->ovgpu, "1", "bus/pci/rescan");
	return is_there(cli, bdf) ? 0 : err ? err : -ENODEV;
}

/*
 * The kernel binds it before its answer, or not at all, unless the machine was told to
 * bind nothing by itself, or in the background.
 */
static bool wait_for_driver(const struct cli *cli, const char *bdf)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint64_t begin = cli_now(CLOCK_MONOTONIC);
	bool said = false;

	if (!has_driver(cli, bdf))
		ovgpu_write(cli->ovgpu, bdf, "bus/pci/drivers_probe");
	while (has_driver(cli, bdf)) {
		if (ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
				 DEVICES "/%s/" OVGPU_DRIVER "/firmware_mode", bdf))
			return true;
		if (cli_now(CLOCK_MONOTONIC) - begin > PATIENCE_S * SECOND_NS)
			break;
		if (!said && cli_now(CLOCK_MONOTONIC) - begin > SECOND_NS)
			cli_note("waiting for GPU %s, %d seconds at most", bdf, PATIENCE_S);
		said = cli_now(CLOCK_MONOTONIC) - begin > SECOND_NS;
		nanosleep(&pause, NULL);
	}
	return false;
}

/**
 * gpu_rescan - remove the PCI function that a GPU is, and find it again
 * @cli: the run; no signal that can be held back ends it
 * @bdf: the GPU; nobody uses it
 * @err: receives a negative errno if it is not back
 *
 * Return: what became of it.
 */
enum rescan_end gpu_rescan(const struct cli *cli, const char *bdf, int *err)
{
	*err = ovgpu_write(cli->ovgpu, "1", DEVICES "/%s/remove", bdf);
	if (*err)
		return RESCAN_KEPT;
	*err = find(cli, bdf);
	if (*err)
		return RESCAN_GONE;
	return wait_for_driver(cli, bdf) ? RESCAN_BACK : RESCAN_IDLE;
}
