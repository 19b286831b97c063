// SPDX-License-Identifier: GPL-2.0-only
/*
 * kept.c - which settings in force are written down, to be set again later
 *
 * export writes them into a configuration, mdevctl into a definition. Both give
 * up at a value that the driver refuses, so what can't be written is left out.
 */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "files.h"

/**
 * struct place - whose settings
 * @object: a GPU, a GPU instance or a vGPU
 * @name: its
 * @gpu: PCI address of the GPU
 */
struct place {
	enum ovgpu_object object;
	const char *name;
	const char *gpu;
};

/* False where the host schedules no engine. */
static bool schedules(const struct cli *cli, const char *gpu)
{
	const struct ovgpu_setting *scheduler =
		ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER);
	char now[OVGPU_NAME_SIZE];

	return !ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, gpu, scheduler, now,
				   sizeof(now), NULL, 0) &&
	       now[0] && strcmp(now, "none");
}

/* Whether a vGPU's pictures can be limited: its type has heads, or says nothing. */
static bool has_heads(const struct cli *cli, const char *uuid)
{
	char description[OVGPU_TEXT_SIZE], heads[16] = "";

	ovgpu_read(cli->ovgpu, OVGPU_SYSFS, description, sizeof(description),
		   "bus/mdev/devices/%s/mdev_type/description", uuid);
	description_value(description, "num_heads", heads, sizeof(heads));
	return strcmp(heads, "0");
}

/* What a bochs display shows has no limit. */
static bool is_bochs(const struct cli *cli, const char *uuid)
{
	const struct ovgpu_setting *personality =
		ovgpu_setting(OVGPU_VGPU, OVGPU_PERSONALITY);
	char now[OVGPU_NAME_SIZE];

	return !ovgpu_setting_read(cli->ovgpu, OVGPU_VGPU, uuid, personality,
				   now, sizeof(now), NULL, 0) &&
	       !strcmp(now, "bochs");
}

/* Whether a GPU can have GPU instances. */
static bool is_divisible(const struct cli *cli, const char *bdf)
{
	char most[OVGPU_NAME_SIZE];

	return !ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, bdf, OVGPU_DRIVER,
				    "max_instances", most, sizeof(most)) &&
	       strcmp(most, "0");
}

static bool is_kept(const struct cli *cli, const struct place *place,
		    unsigned int index)
{
	if (place->object == OVGPU_GPU && index == OVGPU_POOL_SLICES_MIN)
		return is_divisible(cli, place->name);
	if (place->object != OVGPU_VGPU)
		/* Another form of timeslice_us. */
		return ovgpu_setting(place->object, index) !=
		       ovgpu_setting(OVGPU_GPU, OVGPU_SCHED_HZ);
	/* Nobody expects a vGPU that stands still after a restart. */
	if (ovgpu_setting(place->object, index)->for_now)
		return false;
	switch (index) {
	case OVGPU_FRAME_RATE_LIMIT:
		return has_heads(cli, place->name) &&
		       !is_bochs(cli, place->name);
	case OVGPU_MIGRATION_THROTTLE:
		return schedules(cli, place->gpu);
	}
	return true;
}

/* One of them, if it is kept. */
static int keep(const struct cli *cli, const struct place *place,
		unsigned int index, kept_fn callback, void *data)
{
	const struct ovgpu_setting *setting = ovgpu_setting(place->object, index);
	char now[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	int err;

	if (!is_kept(cli, place, index))
		return 0;
	err = ovgpu_setting_read(cli->ovgpu, place->object, place->name, setting,
				 now, sizeof(now), choices, sizeof(choices));
	/* An older module lacks it. */
	if (err)
		return err == -ENOENT ? 0 : err;
	/* One choice is no choice, and writing it may be refused. */
	if (now[0] &&
	    (setting->kind != OVGPU_CHOICE || strchr(choices, ' ')))
		callback(data, setting, now);
	return 0;
}

/* In the order in which they can be written: others depend on the personality. */
static int keep_all(const struct cli *cli, const struct place *place,
		    kept_fn callback, void *data)
{
	bool scheduled = schedules(cli, place->gpu);
	const struct ovgpu_setting *setting;
	unsigned int i;
	int err = 0;

	if (place->object == OVGPU_VGPU)
		err = keep(cli, place, OVGPU_PERSONALITY, callback, data);
	for (i = 0; !err && (setting = ovgpu_setting(place->object, i)); i++)
		if ((scheduled || !setting->scheduler) &&
		    !(place->object == OVGPU_VGPU && i == OVGPU_PERSONALITY))
			err = keep(cli, place, i, callback, data);
	return err;
}

/**
 * kept_of_gpu - the settings of a GPU that are written down
 * @cli: the run
 * @bdf: its PCI address
 * @callback: called for each, in the order in which they can be written
 * @data: for @callback
 *
 * Return: 0 or a negative errno.
 */
int kept_of_gpu(const struct cli *cli, const char *bdf, kept_fn callback,
		void *data)
{
	const struct place place = { OVGPU_GPU, bdf, bdf };

	return keep_all(cli, &place, callback, data);
}

/**
 * kept_of_instance - the settings of a GPU instance that are written down
 * @cli: the run
 * @instance: the GPU instance
 * @callback: called for each, in the order in which they can be written
 * @data: for @callback
 *
 * Return: 0 or a negative errno.
 */
int kept_of_instance(const struct cli *cli, const struct ovgpu_instance *instance,
		     kept_fn callback, void *data)
{
	struct place place = { OVGPU_INSTANCE, NULL, instance->gpu };
	char path[OVGPU_NAME_SIZE];
	int err;

	err = ovgpu_instance_path(instance->gpu, instance->id, path, sizeof(path));
	if (err)
		return err;
	place.name = path;
	return keep_all(cli, &place, callback, data);
}

/**
 * kept_of_vgpu - the settings of a vGPU that are written down
 * @cli: the run
 * @vgpu: the vGPU
 * @callback: called for each, in the order in which they can be written
 * @data: for @callback
 *
 * Return: 0 or a negative errno.
 */
int kept_of_vgpu(const struct cli *cli, const struct ovgpu_vgpu *vgpu,
		 kept_fn callback, void *data)
{
	const struct place place = { OVGPU_VGPU, vgpu->uuid, vgpu->gpu };

	return keep_all(cli, &place, callback, data);
}
