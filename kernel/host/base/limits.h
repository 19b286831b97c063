/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limits.h - how much a vGPU may have: the least of what its type, its administrator
 * and a ceiling allow
 *
 * A ceiling is set for a while by somebody who watches over a contract, and the
 * administrator's own value comes back when it is taken away. Why there is one, only
 * that one knows; "notice" says a word of it to people.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <linux/minmax.h>
#include <linux/types.h>

/**
 * enum vgpu_notice - what people should know of the ceilings
 * @VGPU_NOTICE_NONE: nothing
 * @VGPU_NOTICE_GRACE: there will be some, unless something is done
 * @VGPU_NOTICE_LIMITED: there are some
 */
enum vgpu_notice {
	VGPU_NOTICE_NONE,
	VGPU_NOTICE_GRACE,
	VGPU_NOTICE_LIMITED,
};

/**
 * enum vgpu_admission - who may open it
 * @VGPU_ADMISSION_ALLOW: anybody
 * @VGPU_ADMISSION_REFUSE: nobody; who has it open keeps it
 */
enum vgpu_admission {
	VGPU_ADMISSION_ALLOW,
	VGPU_ADMISSION_REFUSE,
};

/**
 * struct vgpu_limits - what is allowed to a vGPU
 * @cap_percent: the administrator's, of an engine's time; lock of the run queue
 * @cap_ceiling_percent: likewise the ceiling
 * @frame_rate: the administrator's, at first the type's, flips of a head in a second;
 *	0: any. vgpu.lock for writing; READ_ONCE, WRITE_ONCE
 * @frame_rate_ceiling: likewise the ceiling
 * @notice: READ_ONCE, WRITE_ONCE
 * @admission: vgpu.lock for writing; READ_ONCE, WRITE_ONCE
 */
struct vgpu_limits {
	u32 cap_percent;
	u32 cap_ceiling_percent;
	u32 frame_rate;
	u32 frame_rate_ceiling;
	enum vgpu_notice notice;
	enum vgpu_admission admission;
};

/* What is in force of an engine's time, percent. */
static inline u32 vgpu_limits_cap(const struct vgpu_limits *limits)
{
	return min(limits->cap_percent, limits->cap_ceiling_percent);
}

/* And of flips of a head in a second; 0: any. @only_ceiling: a policy limits no frames. */
static inline u32 vgpu_limits_frame_rate(const struct vgpu_limits *limits, bool only_ceiling)
{
	u32 rate = only_ceiling ? 0 : READ_ONCE(limits->frame_rate);

	return min_not_zero(rate, READ_ONCE(limits->frame_rate_ceiling));
}

#endif /* BASE_LIMITS_H */
