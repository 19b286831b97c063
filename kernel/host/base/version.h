/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * version.h - names and versions of the driver; the tools are built with the same
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define VGPU_DRIVER_NAME	"openvgpu"
#define VGPU_DRIVER_VERSION	"0.1.0"
#define VGPU_ABI_VERSION	1	/* of sysfs */

#endif /* BASE_VERSION_H */
