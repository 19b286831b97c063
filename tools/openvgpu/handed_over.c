// SPDX-License-Identifier: GPL-2.0-only
/*
 * handed_over.c - what other commands say of GPUs that are handed over
 */
#include <stdio.h>
#include <string.h>

#include "hand_over.h"

/**
 * gpu_missing - why the driver openvgpu does not have a GPU
 * @ovgpu: access to the machine
 * @bdf: PCI address
 *
 * Return: one line.
 */
struct shown gpu_missing(const struct ovgpu *ovgpu, const char *bdf)
{
	struct ovgpu_device *device;
	struct shown text;

	snprintf(text.text, sizeof(text.text),
		 "no GPU %s is bound to the driver openvgpu", bdf);
	if (ovgpu_device_get(ovgpu, bdf, &device))
		return text;
	if (device->handed_over)
		snprintf(text.text, sizeof(text.text),
			 "GPU %s is handed over to %.64s: take it back with 'openvgpu gpu take-back %s'",
			 bdf, shown(device->driver).text, bdf);
	ovgpu_free(device);
	return text;
}

/**
 * gpu_is_handed_over - whether another driver has a GPU on purpose
 * @ovgpu: access to the machine
 * @bdf: PCI address
 *
 * Return: true if one has.
 */
bool gpu_is_handed_over(const struct ovgpu *ovgpu, const char *bdf)
{
	struct ovgpu_device *device;
	bool result;

	if (ovgpu_device_get(ovgpu, bdf, &device))
		return false;
	result = device->handed_over;
	ovgpu_free(device);
	return result;
}

/* Whether a listing that is restricted to --gpu, if to any, has it. */
static bool is_listed(const struct cli *cli, const struct ovgpu_device *device)
{
	return device->handed_over &&
	       (!cli->gpu[0] || !strcmp(cli->gpu, device->bdf));
}

/**
 * handed_over_note - say which GPUs are handed over, a line each
 * @cli: the run; its --gpu restricts it
 */
void handed_over_note(const struct cli *cli)
{
	struct ovgpu_device **devices;
	struct device_user user;
	char used[128] = "";
	size_t count, i;

	if (ovgpu_device_list(cli->ovgpu, &devices, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!is_listed(cli, devices[i]))
			continue;
		used[0] = '\0';
		if (device_user_find(cli, devices[i]->bdf, &user))
			snprintf(used, sizeof(used), ", used by process %d (%.64s)",
				 user.pid, shown(user.name).text);
		cli_note("GPU %s is handed over to %s%s; take it back with 'openvgpu gpu take-back %s'",
			 devices[i]->bdf, shown(devices[i]->driver).text, used,
			 devices[i]->bdf);
	}
	ovgpu_free(devices);
}

/**
 * handed_over_json - GPUs that are handed over
 * @cli: the run; its --gpu restricts it
 *
 * Return: an array, perhaps empty.
 */
struct json_object *handed_over_json(const struct cli *cli)
{
	struct json_object *array = json_object_new_array(), *object;
	struct ovgpu_device **devices;
	struct device_user user;
	size_t count, i;

	if (ovgpu_device_list(cli->ovgpu, &devices, &count))
		return array;
	for (i = 0; i < count; i++) {
		if (!is_listed(cli, devices[i]))
			continue;
		object = json_object_new_object();
		json_set_text(object, "gpu", devices[i]->bdf);
		json_set_text(object, "driver", devices[i]->driver);
		device_user_find(cli, devices[i]->bdf, &user);
		if (user.pid)
			json_set_number(object, "owner_pid", user.pid);
		else
			json_set(object, "owner_pid", NULL);
		json_set(object, "owner_name",
			 user.name[0] ? json_text(user.name) : NULL);
		json_object_array_add(array, object);
	}
	ovgpu_free(devices);
	return array;
}
