/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * openvgpu_settings.h - the settings of GPUs and vGPUs: names, ranges, defaults
 *
 * The one list of them. The driver, libopenvgpu and the answers to mdevctl are
 * made from it; a unit test (tests/unit/documents/test_settings.py) compares it
 * with the shell completion, the manual pages and the documents. Each setting is
 * an attribute of its name, which doc/sysfs-driver-openvgpu describes.
 *
 * A list calls one macro for each setting, by what its value is:
 *
 *   NUMBER(ID, name, minimum, maximum, default, flags, meaning)
 *	a decimal number
 *   CHOICE(ID, name, words, flags, meaning)
 *	one of the words; the first is the default of a vGPU or GPU that can be
 *	all of them
 *   UUID(ID, name, flags, meaning)
 *	the UUID of a vGPU, or "none", the default
 *   NAME(ID, name, flags, meaning)
 *	openvgpu_name_valid(), or "none", the default; only of vGPUs
 *
 * ID is what identifiers in C are made of, and is unique in both lists. The
 * meaning is one line for people, with the unit.
 */
#ifndef OPENVGPU_SETTINGS_H
#define OPENVGPU_SETTINGS_H

#define OPENVGPU_OR_ZERO	1	/* 0 is taken, though below the minimum */
#define OPENVGPU_SCHEDULING	2	/* it is about the scheduler */
#define OPENVGPU_CLOSED_ONLY	4	/* it can't change while the vGPU is open */
#define OPENVGPU_TYPE_DEFAULT	8	/* the default is that of the vGPU's type */
#define OPENVGPU_FOR_NOW	16	/* no configuration keeps it */

#define OPENVGPU_NAME_MAX	63	/* letters of a name */

#define OPENVGPU_GPU_SETTINGS(NUMBER, CHOICE, UUID)				\
	CHOICE(SCHEDULER, scheduler,						\
	       "best_effort equal_share fixed_share", OPENVGPU_SCHEDULING,	\
	       "best_effort, equal_share or fixed_share")			\
	NUMBER(SCHED_HZ, sched_hz, 1, 10000, 0,					\
	       OPENVGPU_OR_ZERO | OPENVGPU_SCHEDULING,				\
	       "slices a second; 0: the default for the number of vGPUs")	\
	NUMBER(TIMESLICE_US, timeslice_us, 100, 1000000, 0,			\
	       OPENVGPU_OR_ZERO | OPENVGPU_SCHEDULING,				\
	       "length of a slice, us: 1000000 / sched_hz; 0: the default")	\
	NUMBER(TIMESLICE_MAX_US, timeslice_max_us, 100, 1000000, 20000,		\
	       OPENVGPU_SCHEDULING,						\
	       "most that slices grow to while nobody waits for it, us")	\
	NUMBER(WAKE_BUDGET_PERMILLE, wake_budget_permille, 0, 1000, 60,		\
	       OPENVGPU_SCHEDULING,						\
	       "of the time, to cut runs short when others wake; 0: none")	\
	NUMBER(AVERAGING_FACTOR, averaging_factor, 1, 60, 33,			\
	       OPENVGPU_SCHEDULING,						\
	       "no effect any more: an overrun is paid back at once")		\
	NUMBER(PREEMPT_TIMEOUT_US, preempt_timeout_us, 100, 10000000, 500000,	\
	       OPENVGPU_SCHEDULING,						\
	       "how long a vGPU may take to yield before it is reset, us")	\
	NUMBER(FAULT_LIMIT, fault_limit, 1, 100, 3,				\
	       OPENVGPU_OR_ZERO | OPENVGPU_SCHEDULING,				\
	       "so many resets for a hang make a vGPU faulted; 0: never")	\
	NUMBER(FAULT_WINDOW_S, fault_window_s, 1, 3600, 60,			\
	       OPENVGPU_SCHEDULING,						\
	       "within so many seconds")					\
	NUMBER(POOL_SLICES_MIN, pool_slices_min, 0, 8, 0, 0,			\
	       "compute slices that GPU instances leave to the pool")		\
	UUID(CONSOLE, console, 0,						\
	     "UUID of the vGPU that the GPU's output shows, or none")		\
	CHOICE(WORK_MODE, work_mode,						\
	       "mixed graphics compute", 0,					\
	       "which vGPUs it has: mixed, graphics (no C) or compute (only C)")

#define OPENVGPU_VGPU_SETTINGS(NUMBER, CHOICE, UUID, NAME)			\
	NUMBER(WEIGHT, weight, 1, 10000, 100,					\
	       OPENVGPU_SCHEDULING,						\
	       "its part beside others under best_effort; default 100")	\
	NUMBER(CAP_PERCENT, cap_percent, 1, 100, 100,				\
	       OPENVGPU_SCHEDULING,						\
	       "most it gets of the GPU's time, percent of 100 ms")		\
	NUMBER(VGPU_TIMESLICE_US, timeslice_us, 100, 1000000, 0,		\
	       OPENVGPU_OR_ZERO | OPENVGPU_SCHEDULING,				\
	       "length of its slice, us; 0: the GPU's")			\
	NUMBER(FROZEN, frozen, 0, 1, 0,						\
	       OPENVGPU_SCHEDULING | OPENVGPU_FOR_NOW,				\
	       "1: it takes no turns until 0 is set; its work waits")		\
	CHOICE(DISPLAY, display,						\
	       "region dmabuf off", OPENVGPU_CLOSED_ONLY,			\
	       "how a VMM gets its picture: region, dmabuf or off")		\
	CHOICE(PERSONALITY, personality,					\
	       "native bochs", OPENVGPU_CLOSED_ONLY,				\
	       "what its guest sees: native or bochs")				\
	NUMBER(FRAME_RATE_LIMIT, frame_rate_limit, 1, 60, 0,			\
	       OPENVGPU_OR_ZERO | OPENVGPU_TYPE_DEFAULT,			\
	       "pictures a second of each head; 0: no limit")		\
	CHOICE(MIGRATION, migration,						\
	       "auto stop_copy off", OPENVGPU_CLOSED_ONLY,			\
	       "what a VMM may move of it: auto, stop_copy or off")		\
	NUMBER(MIGRATION_THROTTLE, migration_throttle, 0, 1, 0,		\
	       0,								\
	       "1: slowed down while it writes faster than it is moved")	\
	NAME(TENANT, tenant, 0,							\
	     "whose it is: a name, or none")					\
	NUMBER(CAP_CEILING_PERCENT, cap_ceiling_percent, 1, 100, 100,		\
	       OPENVGPU_SCHEDULING | OPENVGPU_FOR_NOW,				\
	       "what cap_percent is in force with at most")			\
	NUMBER(FRAME_RATE_CEILING, frame_rate_ceiling, 1, 60, 0,		\
	       OPENVGPU_OR_ZERO | OPENVGPU_FOR_NOW,				\
	       "what frame_rate_limit is in force with at most; 0: any")	\
	CHOICE(NOTICE, notice,							\
	       "none grace limited", OPENVGPU_FOR_NOW,				\
	       "why there are ceilings: none, grace (soon) or limited (now)")	\
	CHOICE(ADMISSION, admission,						\
	       "allow refuse", OPENVGPU_FOR_NOW,				\
	       "who may open it: allow (anybody) or refuse (nobody)")

/* OPENVGPU_<ID>_MIN, _MAX and _DEFAULT of every number */
#define OPENVGPU_RANGE(id, name, minimum, maximum, by_default, flags, meaning)	\
	OPENVGPU_##id##_MIN = (minimum),					\
	OPENVGPU_##id##_MAX = (maximum),					\
	OPENVGPU_##id##_DEFAULT = (by_default),
#define OPENVGPU_NO_NUMBER(...)

enum openvgpu_ranges {
	OPENVGPU_GPU_SETTINGS(OPENVGPU_RANGE, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER)
	OPENVGPU_VGPU_SETTINGS(OPENVGPU_RANGE, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER,
			       OPENVGPU_NO_NUMBER)
};

/* Whether a name may be one: 1 to 63 letters, digits, dots, dashes and underscores. */
static inline int openvgpu_name_valid(const char *name, unsigned long length)
{
	unsigned long i;

	for (i = 0; i < length; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '.' && name[i] != '-' && name[i] != '_')
			return 0;
	return length && length <= OPENVGPU_NAME_MAX;
}

#endif /* OPENVGPU_SETTINGS_H */
