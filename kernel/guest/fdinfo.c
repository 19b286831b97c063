// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdinfo.c - what /proc/PID/fdinfo says of a file, as tools such as gputop read it
 *
 * And the home of the tracepoints.
 */
#include <linux/seq_file.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
#include "compat.h"
#include "fdinfo.h"

/**
 * refgpu_show_fdinfo - see struct drm_driver
 * @printer: receives it
 * @drm_file: the file
 *
 * Resident is what is total, because nothing is ever paged out.
 */
void refgpu_show_fdinfo(struct drm_printer *printer, struct drm_file *drm_file)
{
	struct refgpu_file *file = drm_file->driver_priv;
	struct refgpu *gpu = file->gpu;
	u64 vram, system;
	int section;

	if (drm_dev_enter(&gpu->drm, &section)) {
		refgpu_account(gpu);
		drm_dev_exit(section);
	}
	mutex_lock(&file->lock);
	vram = file->vram_bytes >> 10;
	system = file->system_bytes >> 10;
	mutex_unlock(&file->lock);
	drm_printf(printer, "drm-engine-compute:\t%llu ns\n",
		   (u64)atomic64_read(&file->busy_ns));
	drm_printf(printer, "drm-total-vram:\t%llu KiB\n", vram);
	drm_printf(printer, "drm-resident-vram:\t%llu KiB\n", vram);
	drm_printf(printer, "drm-total-system:\t%llu KiB\n", system);
	drm_printf(printer, "drm-resident-system:\t%llu KiB\n", system);
}

#ifndef VGPU_HAVE_SHOW_FDINFO
/**
 * refgpu_fdinfo - see struct file_operations; newer kernels have drm_show_fdinfo()
 * @seq: receives it
 * @file: the file
 */
void refgpu_fdinfo(struct seq_file *seq, struct file *file)
{
	struct drm_file *drm_file = file->private_data;
	struct refgpu_file *client = drm_file->driver_priv;
	struct drm_printer printer = drm_seq_file_printer(seq);

	drm_printf(&printer, "drm-driver:\trefgpu\n");
	drm_printf(&printer, "drm-client-id:\t%llu\n", client->id);
	drm_printf(&printer, "drm-pdev:\t%s\n", pci_name(client->gpu->pdev));
	refgpu_show_fdinfo(&printer, drm_file);
}
#endif
