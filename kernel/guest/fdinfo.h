/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fdinfo.h - how the DRM core comes by a file's figures
 */
#ifndef REFGPU_FDINFO_H
#define REFGPU_FDINFO_H

struct drm_file;
struct drm_printer;
struct file;
struct seq_file;

void refgpu_show_fdinfo(struct drm_printer *printer, struct drm_file *drm_file);

/* 6.5: the core prints the first lines, and asks the driver for the others. */
#ifdef VGPU_HAVE_SHOW_FDINFO
#define REFGPU_FDINFO_FOP	.show_fdinfo = drm_show_fdinfo,
#define REFGPU_FDINFO_OP	.show_fdinfo = refgpu_show_fdinfo,
#else
void refgpu_fdinfo(struct seq_file *seq, struct file *file);
#define REFGPU_FDINFO_FOP	.show_fdinfo = refgpu_fdinfo,
#define REFGPU_FDINFO_OP
#endif

#endif /* REFGPU_FDINFO_H */
