/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode.h - what a GPU is for: for its vGPUs (work mode), and for whoever gets all of it
 * (firmware mode)
 */
#ifndef MODE_H
#define MODE_H

#include "cli.h"

/* mode.c */
enum cli_exit mode_fail_vgpus(const struct cli *cli, const char *bdf, const char *mode,
			      struct ovgpu_vgpu *const *vgpus, const char *text);
void mode_set_print(const struct cli *cli, const char *bdf, const char *name,
		    const char *from, const char *to, bool changed);

/* firmware_mode.c */
enum cli_exit firmware_mode_set(const struct cli *cli, const char *bdf);

/* gpu_rescan.c */

/**
 * enum rescan_end - what became of a GPU that was to be removed and found again
 * @RESCAN_BACK: openvgpu has it
 * @RESCAN_KEPT: it could not be removed
 * @RESCAN_GONE: it was removed, and is not found
 * @RESCAN_IDLE: it is there, and openvgpu has not taken it
 */
enum rescan_end {
	RESCAN_BACK,
	RESCAN_KEPT,
	RESCAN_GONE,
	RESCAN_IDLE,
};

enum rescan_end gpu_rescan(const struct cli *cli, const char *bdf, int *err);

#endif /* MODE_H */
