// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sched_state.c - the scheduler's settings, state and counters as they are now
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

/**
 * struct sched_gpu - what is behind a struct ovgpu_sched_gpu
 * @shown: what callers see
 * @setting: the settings that are numbers
 */
struct sched_gpu {
	struct ovgpu_sched_gpu shown;
	struct ovgpu_value setting[OVGPU_GPU_SETTINGS];
};

/**
 * struct sched_vgpu - what is behind a struct ovgpu_sched_vgpu
 * @shown: what callers see
 * @setting: the settings that are numbers
 * @counter: those not asked for are unknown
 * @waits: of the histogram
 * @wait_count: how many; 0: it is not known
 */
struct sched_vgpu {
	struct ovgpu_sched_vgpu shown;
	struct ovgpu_value setting[OVGPU_VGPU_SETTINGS];
	struct ovgpu_value counter[OVGPU_COUNTERS];
	uint64_t waits[OVGPU_WAIT_BUCKETS];
	size_t wait_count;
};

static const struct {
	const char *name;
	bool hardware;
} known[OVGPU_COUNTERS] = {
	[OVGPU_BUSY_NS] = { "busy_ns", true },
	[OVGPU_RESIDENT_NS] = { "resident_ns", true },
	[OVGPU_WAIT_NS] = { "wait_ns", true },
	[OVGPU_SWITCHES] = { "switches", true },
	[OVGPU_SWITCH_NS] = { "switch_ns", true },
	[OVGPU_PREEMPT_MAX_NS] = { "preempt_max_ns", true },
	[OVGPU_RUN_NS] = { "run_ns", false },
	[OVGPU_SLICES] = { "slices", false },
	[OVGPU_PREEMPTIONS] = { "preemptions", false },
	[OVGPU_OVERRUN_NS] = { "overrun_ns", false },
	[OVGPU_DEBT_NS] = { "debt_ns", false },
	[OVGPU_IDLE_NS] = { "idle_ns", false },
	[OVGPU_WAIT_MAX_NS] = { "wait_max_ns", false },
	[OVGPU_RESETS] = { "resets", false },
	[OVGPU_FAULTS] = { "faults", false },
	[OVGPU_WAIT_SUM_NS] = { "wait_sum_ns", false },
};

/**
 * ovgpu_counter_name - name of a counter's file
 * @counter: which, of enum ovgpu_counter, from 0
 *
 * Return: the name, as "run_ns"; NULL after the last.
 */
const char *ovgpu_counter_name(unsigned int counter)
{
	return counter < OVGPU_COUNTERS ? known[counter].name : NULL;
}

/**
 * ovgpu_counter_is_hardware - whether the hardware counts, not the driver
 * @counter: which, of enum ovgpu_counter
 *
 * The hardware's begin at 0 whenever the vGPU is opened, and each costs an
 * access to the GPU.
 *
 * Return: true if it does; false also for what is no counter.
 */
bool ovgpu_counter_is_hardware(unsigned int counter)
{
	return counter < OVGPU_COUNTERS && known[counter].hardware;
}

static struct ovgpu_value read_number(const struct ovgpu *ovgpu,
				      enum ovgpu_object object, const char *of,
				      const char *group, const char *name)
{
	struct ovgpu_value value = { 0 };
	char text[OVGPU_NAME_SIZE];

	value.known = !ovgpu_attribute_get(ovgpu, object, of, group, name, text,
					   sizeof(text)) &&
		      !ovgpu_number_parse(text, &value.number);
	return value;
}

static void read_lag(const struct ovgpu *ovgpu, const char *uuid,
		     struct ovgpu_sched_vgpu *shown)
{
	char text[OVGPU_NAME_SIZE];
	uint64_t number;
	bool owes;

	if (ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, "stats", "lag_ns", text,
				sizeof(text)))
		return;
	owes = text[0] == '-';
	if (ovgpu_number_parse(text + owes, &number) || number > INT64_MAX)
		return;
	shown->lag_known = true;
	shown->lag_ns = owes ? -(int64_t)number : (int64_t)number;
}

static struct ovgpu_value read_setting(const struct ovgpu *ovgpu,
				       enum ovgpu_object object,
				       const char *of, unsigned int index)
{
	const struct ovgpu_setting *setting = ovgpu_setting(object, index);
	const struct ovgpu_value unknown = { 0 };

	if (setting->kind != OVGPU_NUMBER || !setting->scheduler)
		return unknown;
	return read_number(ovgpu, object, of, OVGPU_DRIVER, setting->name);
}

/**
 * ovgpu_sched_gpu_get - look at the scheduler of a GPU
 * @ovgpu: handle
 * @bdf: as ovgpu_bdf_parse() gives it
 * @gpu: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Return: 0, -ENOENT when no such GPU is bound to the driver, -EINVAL or
 * -ENOMEM.
 */
int ovgpu_sched_gpu_get(const struct ovgpu *ovgpu, const char *bdf,
			struct ovgpu_sched_gpu **gpu)
{
	struct sched_gpu *found;
	unsigned int i;

	*gpu = NULL;
	if (!ovgpu_object_valid(OVGPU_GPU, bdf))
		return -EINVAL;
	found = calloc(1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	snprintf(found->shown.bdf, sizeof(found->shown.bdf), "%s", bdf);
	ovgpu_attribute_get(ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER, "state",
			    found->shown.state, sizeof(found->shown.state));
	ovgpu_setting_read(ovgpu, OVGPU_GPU, bdf,
			   ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER),
			   found->shown.scheduler,
			   sizeof(found->shown.scheduler),
			   found->shown.schedulers,
			   sizeof(found->shown.schedulers));
	for (i = 0; i < OVGPU_GPU_SETTINGS; i++)
		found->setting[i] = read_setting(ovgpu, OVGPU_GPU, bdf, i);
	/* Here, since it may go while it is read. */
	if (!ovgpu_exists(ovgpu, OVGPU_SYSFS,
			  "bus/pci/drivers/" OVGPU_DRIVER "/%s", bdf)) {
		free(found);
		return -ENOENT;
	}
	*gpu = &found->shown;
	return 0;
}

/**
 * ovgpu_sched_gpu_setting - a setting of a GPU's scheduler that is a number
 * @gpu: of ovgpu_sched_gpu_get()
 * @setting: which, of enum ovgpu_gpu_setting
 *
 * Return: the number; unknown when it is none, or is not about the scheduler.
 */
struct ovgpu_value ovgpu_sched_gpu_setting(const struct ovgpu_sched_gpu *gpu,
					   unsigned int setting)
{
	const struct sched_gpu *found = (const struct sched_gpu *)gpu;
	const struct ovgpu_value unknown = { 0 };

	return setting < OVGPU_GPU_SETTINGS ? found->setting[setting] : unknown;
}

static void read_waits(const struct ovgpu *ovgpu, const char *uuid,
		       struct sched_vgpu *vgpu)
{
	char text[OVGPU_ATTRIBUTE_SIZE], *word, *rest = NULL;
	size_t n = 0;

	if (ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, "stats",
				"wait_histogram", text, sizeof(text)))
		return;
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (n == OVGPU_WAIT_BUCKETS ||
		    ovgpu_number_parse(word, &vgpu->waits[n++]))
			return;
	if (n == OVGPU_WAIT_BUCKETS)
		vgpu->wait_count = n;
}

/**
 * ovgpu_sched_vgpu_get - look at a vGPU as the scheduler sees it
 * @ovgpu: handle
 * @uuid: as ovgpu_uuid_parse() gives it
 * @counters: which to read: OVGPU_COUNTER(OVGPU_xxx) | ..., OVGPU_NO_COUNTERS
 *	or OVGPU_ALL_COUNTERS. The hardware's cost an access to the GPU each.
 * @waits: read the histogram of waits as well, and the lag
 * @vgpu: the result, to be given to ovgpu_free(); NULL on failure
 *
 * Return: 0, -ENOENT when there is none, -EINVAL or -ENOMEM.
 */
int ovgpu_sched_vgpu_get(const struct ovgpu *ovgpu, const char *uuid,
			 uint64_t counters, bool waits,
			 struct ovgpu_sched_vgpu **vgpu)
{
	struct ovgpu_sched_vgpu *shown;
	struct sched_vgpu *found;
	struct timespec now;
	unsigned int i;

	*vgpu = NULL;
	if (!ovgpu_object_valid(OVGPU_VGPU, uuid))
		return -EINVAL;
	found = calloc(1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	shown = &found->shown;
	ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
			    "sched_state", shown->state, sizeof(shown->state));
	for (i = 0; i < OVGPU_VGPU_SETTINGS; i++)
		found->setting[i] = read_setting(ovgpu, OVGPU_VGPU, uuid, i);
	shown->framebuffer_size = read_number(ovgpu, OVGPU_VGPU, uuid,
					      OVGPU_DRIVER, "framebuffer_size");
	shown->framebuffer_used = read_number(ovgpu, OVGPU_VGPU, uuid,
					      OVGPU_DRIVER, "framebuffer_used");
	shown->last_fault = read_number(ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
					"last_fault");
	ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
			    "last_reset_reason", shown->last_reset_reason,
			    sizeof(shown->last_reset_reason));
	clock_gettime(CLOCK_MONOTONIC, &now);
	shown->read_at = now.tv_sec * 1000000000ULL + now.tv_nsec;
	for (i = 0; i < OVGPU_COUNTERS; i++)
		if (counters & OVGPU_COUNTER(i))
			found->counter[i] = read_number(ovgpu, OVGPU_VGPU, uuid,
							"stats",
							known[i].name);
	if (waits) {
		read_waits(ovgpu, uuid, found);
		read_lag(ovgpu, uuid, shown);
	}
	/* Gone while it was read: what was read is half of it. */
	if (!ovgpu_exists(ovgpu, OVGPU_SYSFS, OVGPU_MDEV_PATH "/%s", uuid)) {
		free(found);
		return -ENOENT;
	}
	*vgpu = shown;
	return 0;
}

/**
 * ovgpu_sched_vgpu_setting - a setting of a vGPU that is a number
 * @vgpu: of ovgpu_sched_vgpu_get()
 * @setting: which, of enum ovgpu_vgpu_setting
 *
 * Return: the number; unknown when it is none, or is not about the scheduler.
 */
struct ovgpu_value ovgpu_sched_vgpu_setting(const struct ovgpu_sched_vgpu *vgpu,
					    unsigned int setting)
{
	const struct sched_vgpu *found = (const struct sched_vgpu *)vgpu;
	const struct ovgpu_value unknown = { 0 };

	return setting < OVGPU_VGPU_SETTINGS ? found->setting[setting] : unknown;
}

/**
 * ovgpu_sched_vgpu_counter - a counter
 * @vgpu: of ovgpu_sched_vgpu_get()
 * @counter: which, of enum ovgpu_counter
 *
 * Return: the number; unknown when it was not asked for or is not there.
 */
struct ovgpu_value ovgpu_sched_vgpu_counter(const struct ovgpu_sched_vgpu *vgpu,
					    unsigned int counter)
{
	const struct sched_vgpu *found = (const struct sched_vgpu *)vgpu;
	const struct ovgpu_value unknown = { 0 };

	return counter < OVGPU_COUNTERS ? found->counter[counter] : unknown;
}

/**
 * ovgpu_sched_vgpu_waits - how many waits were how long
 * @vgpu: of ovgpu_sched_vgpu_get()
 * @waits: the result, a part of @vgpu: [0] counts those below 1024 ns, [i]
 *	those from 2^(9 + i) ns to below 2^(10 + i) ns, the last all longer ones
 *
 * Return: how many numbers that are; 0 when they are not known.
 */
size_t ovgpu_sched_vgpu_waits(const struct ovgpu_sched_vgpu *vgpu,
			      const uint64_t **waits)
{
	const struct sched_vgpu *found = (const struct sched_vgpu *)vgpu;

	*waits = found->waits;
	return found->wait_count;
}
