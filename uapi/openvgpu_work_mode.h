/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * openvgpu_work_mode.h - which vGPUs a GPU has in each of its work modes
 *
 * The driver and libopenvgpu decide by it.
 */
#ifndef OPENVGPU_WORK_MODE_H
#define OPENVGPU_WORK_MODE_H

/* In the order of the words of the setting work_mode. */
enum openvgpu_work_mode {
	OPENVGPU_MIXED,		/* all */
	OPENVGPU_GRAPHICS,	/* all but those of the compute series */
	OPENVGPU_COMPUTE,	/* only those */
	OPENVGPU_MODES
};

#define OPENVGPU_COMPUTE_SERIES	'c'

/* Whether there are vGPUs of a series, the last letter of the names of its types. */
static inline int openvgpu_work_mode_has(enum openvgpu_work_mode mode, char series)
{
	return mode == OPENVGPU_MIXED ||
	       (mode == OPENVGPU_COMPUTE) == (series == OPENVGPU_COMPUTE_SERIES);
}

#endif /* OPENVGPU_WORK_MODE_H */
