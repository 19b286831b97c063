// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_settings.c - what can be set about the scheduler, and setting it
 *
 * The ranges are those of doc/sysfs-driver-openvgpu. They are checked here so
 * that a set of several values is refused whole, before the first is written;
 * the driver has the last word.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ovgpu_sched.h"

#define NUMBER(id, min, max, words)	\
	{ .name = (id), .minimum = (min), .maximum = (max), .meaning = (words) }
#define NUMBER_OR_0(id, min, max, words)	\
	{ .name = (id), .minimum = (min), .maximum = (max), .zero = true, \
	  .meaning = (words) }

static const struct ovgpu_setting gpu_settings[OVGPU_GPU_SETTINGS] = {
	[OVGPU_SCHEDULER] = {
		.name = "scheduler", .text = true,
		.meaning = "best_effort, equal_share or fixed_share",
	},
	[OVGPU_SCHED_HZ] =
		NUMBER_OR_0("sched_hz", 1, 10000,
			    "slices a second; 0: the default for the number of vGPUs"),
	[OVGPU_TIMESLICE_US] =
		NUMBER_OR_0("timeslice_us", 100, 1000000,
			    "length of a slice, us: 1000000 / sched_hz; 0: the default"),
	[OVGPU_AVERAGING_FACTOR] =
		NUMBER("averaging_factor", 1, 60,
		       "over how many turns an overrun is paid back; 1: at once"),
	[OVGPU_PREEMPT_TIMEOUT_US] =
		NUMBER("preempt_timeout_us", 100, 10000000,
		       "how long a vGPU may take to yield before it is reset, us"),
	[OVGPU_FAULT_LIMIT] =
		NUMBER_OR_0("fault_limit", 1, 100,
			    "so many resets for a hang make a vGPU faulted; 0: never"),
	[OVGPU_FAULT_WINDOW_S] =
		NUMBER("fault_window_s", 1, 3600,
		       "within so many seconds"),
};

static const struct ovgpu_setting vgpu_settings[OVGPU_VGPU_SETTINGS] = {
	[OVGPU_WEIGHT] =
		NUMBER("weight", 1, 10000,
		       "its part beside others under best_effort; default 100"),
	[OVGPU_CAP_PERCENT] =
		NUMBER("cap_percent", 1, 100,
		       "most it gets of the GPU's time, percent of 100 ms"),
	[OVGPU_VGPU_TIMESLICE_US] =
		NUMBER_OR_0("timeslice_us", 100, 1000000,
			    "length of its slice, us; 0: the GPU's"),
	[OVGPU_FROZEN] =
		NUMBER("frozen", 0, 1,
		       "1: it takes no turns until 0 is set; its work waits"),
};

/**
 * ovgpu_setting - the settings, one by one
 * @object: whose
 * @index: from 0
 *
 * Return: the setting; NULL after the last.
 */
const struct ovgpu_setting *ovgpu_setting(enum ovgpu_object object,
					  unsigned int index)
{
	if (object == OVGPU_GPU)
		return index < OVGPU_GPU_SETTINGS ? &gpu_settings[index] : NULL;
	return index < OVGPU_VGPU_SETTINGS ? &vgpu_settings[index] : NULL;
}

/**
 * ovgpu_setting_find - a setting by its name
 * @object: whose
 * @name: anything
 *
 * Return: the setting; NULL when there is none of that name.
 */
const struct ovgpu_setting *ovgpu_setting_find(enum ovgpu_object object,
					       const char *name)
{
	const struct ovgpu_setting *setting;
	unsigned int i;

	for (i = 0; (setting = ovgpu_setting(object, i)); i++)
		if (!strcmp(setting->name, name))
			return setting;
	return NULL;
}

/* The form of a policy's name; which ones there are the driver knows. */
static bool is_word(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && n < OVGPU_NAME_SIZE && !text[n];
}

/**
 * ovgpu_setting_check - whether a value is one the setting can have
 * @setting: which
 * @value: anything
 *
 * Return: 0, -EINVAL when it has not the form, -ERANGE when it is a number
 * that is too large or too small.
 */
int ovgpu_setting_check(const struct ovgpu_setting *setting, const char *value)
{
	uint64_t number;
	int err;

	if (setting->text)
		return is_word(value) ? 0 : -EINVAL;
	err = ovgpu_number_parse(value, &number);
	if (err)
		return err;
	if (!number && setting->zero)
		return 0;
	return number < setting->minimum || number > setting->maximum ?
	       -ERANGE : 0;
}

static void setting_path(char *path, size_t size, enum ovgpu_object object,
			 const char *of, const struct ovgpu_setting *setting)
{
	snprintf(path, size, "%s/%s/openvgpu/%s",
		 object == OVGPU_GPU ? "bus/pci/devices" : "bus/mdev/devices",
		 of, setting->name);
}

/**
 * ovgpu_setting_exists - whether the loaded module has a setting
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @setting: which
 *
 * Return: true if it has.
 */
bool ovgpu_setting_exists(const struct ovgpu *ovgpu, enum ovgpu_object object,
			  const char *of, const struct ovgpu_setting *setting)
{
	char path[PATH_MAX];

	setting_path(path, sizeof(path), object, of, setting);
	return ovgpu_exists(ovgpu, OVGPU_SYSFS, "%s", path);
}

/**
 * ovgpu_setting_write - set something
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @setting: which
 * @value: one that ovgpu_setting_check() takes
 * @reason: receives why the driver refused; empty when the refusal was not
 *	the driver's
 * @size: bytes at @reason
 *
 * It is in force when this returns.
 *
 * Return: 0 or the kernel's negative errno: -ENOENT or -ENODEV when the object
 * is gone, -EACCES not root, -EINVAL and whatever else the driver answers.
 */
int ovgpu_setting_write(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const struct ovgpu_setting *setting,
			const char *value, char *reason, size_t size)
{
	struct ovgpu_vgpu vgpu;
	char path[PATH_MAX];
	int err;

	reason[0] = '\0';
	setting_path(path, sizeof(path), object, of, setting);
	err = ovgpu_write(ovgpu, value, "%s", path);
	/* These never reached the driver: its last_error is about others. */
	if (!err || err == -ENOENT || err == -ENODEV || err == -EACCES)
		return err;
	if (object == OVGPU_VGPU) {
		if (ovgpu_vgpu_get(ovgpu, of, &vgpu))
			return err;
		of = vgpu.gpu;
	}
	ovgpu_read(ovgpu, OVGPU_SYSFS, reason, size,
		   "bus/pci/devices/%s/openvgpu/last_error", of);
	return err;
}
