/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * families.h - the families of physical GPUs this module drives
 *
 * A new family is a file beside this one, a line here, and a line in the table
 * of tables.c; see doc/porting.md.
 */
#ifndef OPENVGPU_FAMILIES_H
#define OPENVGPU_FAMILIES_H

#include "base/vgpu.h"

extern const struct vgpu_family vgpu_family_bochs;
extern const struct vgpu_family vgpu_family_refgpu;
extern const struct vgpu_family vgpu_family_refgpu_process;
extern const struct vgpu_family vgpu_family_soft;

#endif /* OPENVGPU_FAMILIES_H */
