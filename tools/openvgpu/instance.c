// SPDX-License-Identifier: GPL-2.0-only
/*
 * instance.c - openvgpu instance list, profiles, create and remove
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"

#define LIST_COLUMNS	10
#define PROFILE_COLUMNS	6

static const char list_by_default[] =
	"GPU,ID,NAME,PROFILE,COMPUTE,MEMORY,VGPUS,RESERVED,SCHEDULER";
static const char profiles_by_default[] =
	"GPU,PROFILE,COMPUTE,MEMORY,FRAMEBUFFER,AVAILABLE";

static bool is_divisible(const struct ovgpu_gpu *gpu)
{
	return gpu->max_instances.known && gpu->max_instances.number;
}

static struct shown show_number(unsigned long long number)
{
	const struct ovgpu_value value = { true, number };

	return show_value(value);
}

/**
 * fail_not_divisible - end a command that needs GPU instances
 * @cli: the run
 * @bdf: the GPU
 * @err: what the library answered
 *
 * Return: exit status.
 */
enum cli_exit fail_not_divisible(const struct cli *cli, const char *bdf, int err)
{
	if (err == -ENOENT)
		return cli_fail_no_gpu(cli, bdf);
	if (err == -EOPNOTSUPP)
		return cli_fail(cli, CLI_NOT_FOUND,
				"GPU %s is not divisible into GPU instances", bdf);
	return cli_fail_errno(cli, err, "look at the GPU instances");
}

/* The divisible GPUs, or that of --gpu, which has to be one. */
static enum cli_exit find_gpus(const struct cli *cli, struct ovgpu_gpu ***gpus,
			       size_t *count)
{
	size_t all, i;
	int err;

	*count = 0;
	err = ovgpu_gpu_list(cli->ovgpu, gpus, &all);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	for (i = 0; i < all; i++) {
		if (cli->gpu[0] && strcmp(cli->gpu, (*gpus)[i]->bdf))
			continue;
		if (is_divisible((*gpus)[i]))
			(*gpus)[(*count)++] = (*gpus)[i];
		else if (cli->gpu[0])
			err = -EOPNOTSUPP;
	}
	if (*count)
		return CLI_OK;
	ovgpu_free(*gpus);
	*gpus = NULL;
	if (cli->gpu[0])
		return fail_not_divisible(cli, cli->gpu, err ? err : -ENOENT);
	return cli_fail(cli, CLI_NOT_FOUND, all ?
			"no GPU is divisible into GPU instances" :
			"no GPU is bound to the driver openvgpu: 'openvgpu doctor' tells what to do");
}

/**
 * instance_gpu - the GPU that a command is about
 * @cli: the run; --gpu
 * @bdf: receives its PCI address: that of --gpu, or the only one that is divisible
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit instance_gpu(const struct cli *cli, char *bdf)
{
	struct ovgpu_gpu **gpus;
	enum cli_exit code;
	size_t count;

	code = find_gpus(cli, &gpus, &count);
	if (code != CLI_OK)
		return code;
	strcpy(bdf, gpus[0]->bdf);
	ovgpu_free(gpus);
	if (count > 1)
		return cli_fail(cli, CLI_USAGE,
				"%zu GPUs are divisible: name one with --gpu",
				count);
	return CLI_OK;
}

/* --------------------------------------------------------------------- list */

static void add_pool(struct table *table, const struct cli *cli,
		     const struct ovgpu_gpu *gpu,
		     struct ovgpu_instance *const *instances, size_t count)
{
	uint32_t mask = (1U << (gpu->compute_slices.number & 31)) - 1;
	unsigned int vgpus = gpu->vgpus;
	char policy[OVGPU_NAME_SIZE];
	size_t i;

	for (i = 0; i < count; i++) {
		mask &= ~instances[i]->compute_mask;
		vgpus -= instances[i]->vgpus < vgpus ? instances[i]->vgpus : vgpus;
	}
	ovgpu_setting_read(cli->ovgpu, OVGPU_GPU, gpu->bdf,
			   ovgpu_setting(OVGPU_GPU, OVGPU_SCHEDULER), policy,
			   sizeof(policy), NULL, 0);
	table_row(table, LIST_COLUMNS, gpu->bdf, "0", "pool", "-",
		  show_slices(mask).text, "-", show_number(vgpus).text, "-",
		  policy[0] ? policy : "-", "-");
}

/* Queues beside its own. */
static void add_queues(struct table *table, const struct cli *cli,
		       const struct ovgpu_instance *instance)
{
	char profile[2 * OVGPU_NAME_SIZE];
	struct ovgpu_queue **queues;
	size_t count, i;

	if (ovgpu_queue_list(cli->ovgpu, instance->gpu, instance->id, &queues,
			     &count))
		return;
	for (i = 1; i < count; i++) {
		snprintf(profile, sizeof(profile), "%uc.%s",
			 queues[i]->compute_slices, instance->profile);
		table_row(table, LIST_COLUMNS, instance->gpu,
			  show_number(queues[i]->id).text, queues[i]->name,
			  profile, show_slices(queues[i]->compute_mask).text,
			  show_range(instance->memory_first,
				     instance->memory_slices).text,
			  show_number(queues[i]->vgpus).text,
			  instance->reserved ? "yes" : "no",
			  queues[i]->scheduler[0] ? queues[i]->scheduler : "-",
			  show_size(instance->framebuffer).text);
	}
	ovgpu_free(queues);
}

static void add_instance(struct table *table, const struct cli *cli,
			 const struct ovgpu_instance *instance)
{
	table_row(table, LIST_COLUMNS, instance->gpu,
		  show_number(instance->id).text, instance->name,
		  instance->profile, show_slices(instance->compute_mask).text,
		  show_range(instance->memory_first, instance->memory_slices).text,
		  show_number(instance->vgpus).text,
		  instance->reserved ? "yes" : "no",
		  instance->scheduler[0] ? instance->scheduler : "-",
		  show_size(instance->framebuffer).text);
	add_queues(table, cli, instance);
}

static struct json_object *gpu_json(const struct cli *cli,
				    const struct ovgpu_gpu *gpu,
				    struct ovgpu_instance *const *instances,
				    size_t count)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();
	size_t i;

	json_set_text(object, "gpu", gpu->bdf);
	json_set_value(object, "compute_slices", gpu->compute_slices);
	json_set_value(object, "memory_slices", gpu->memory_slices);
	json_set_value(object, "pool_slices", gpu->pool_slices);
	json_set_value(object, "pool_slices_min", gpu->pool_slices_min);
	json_set_value(object, "max_instances", gpu->max_instances);
	for (i = 0; i < count; i++)
		json_object_array_add(array, instance_queues_json(cli, instances[i]));
	json_set(object, "instances", array);
	return object;
}

/* A list is printed, in one form or the other, and all of it freed. */
static enum cli_exit end_list(const struct cli *cli, enum cli_exit code, const char *key,
			      struct json_object *array, struct table *table)
{
	struct json_object *object;

	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, key, json_object_get(array));
		json_print(object);
	} else if (code == CLI_OK) {
		table_print(table);
	}
	json_object_put(array);
	table_free(table);
	return code;
}

/**
 * command_instance_list - list the GPU instances, and what is left to the pool
 * @cli: the run
 *
 * Return: exit status.
 */
enum cli_exit command_instance_list(struct cli *cli)
{
	struct json_object *array = json_object_new_array();
	struct ovgpu_instance **instances;
	struct ovgpu_gpu **gpus = NULL;
	struct table table = { 0 };
	enum cli_exit code;
	size_t count = 0, n, i, j;
	int err = 0;

	table_row(&table, LIST_COLUMNS, "GPU", "ID", "NAME", "PROFILE", "COMPUTE",
		  "MEMORY", "VGPUS", "RESERVED", "SCHEDULER", "FRAMEBUFFER");
	code = table_choose(cli, &table, list_by_default);
	if (code == CLI_OK)
		code = find_gpus(cli, &gpus, &count);
	for (i = 0; i < count && code == CLI_OK; i++) {
		err = ovgpu_instance_list(cli->ovgpu, gpus[i]->bdf, &instances, &n);
		if (err == -ENOENT)
			continue;	/* went away meanwhile */
		if (err) {
			code = cli_fail_errno(cli, err, "list the GPU instances");
			break;
		}
		add_pool(&table, cli, gpus[i], instances, n);
		for (j = 0; j < n; j++)
			add_instance(&table, cli, instances[j]);
		json_object_array_add(array, gpu_json(cli, gpus[i], instances, n));
		ovgpu_free(instances);
	}
	ovgpu_free(gpus);
	return end_list(cli, code, "gpus", array, &table);
}

/* ----------------------------------------------------------------- profiles */

static struct json_object *profile_json(const char *bdf,
					const struct ovgpu_profile *profile)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "gpu", bdf);
	json_set_text(object, "profile", profile->name);
	json_set_number(object, "compute_slices", profile->compute_slices);
	json_set_number(object, "memory_slices", profile->memory_slices);
	json_set_number(object, "framebuffer_bytes", profile->framebuffer);
	json_set_number(object, "available", profile->available);
	json_set(object, "usual", json_object_new_boolean(profile->usual));
	return object;
}

static void add_profile(struct table *table, const char *bdf,
			const struct ovgpu_profile *profile)
{
	table_row(table, PROFILE_COLUMNS, bdf, profile->name,
		  show_number(profile->compute_slices).text,
		  show_number(profile->memory_slices).text,
		  show_size(profile->framebuffer).text,
		  show_number(profile->available).text);
}

/**
 * command_instance_profiles - list the shapes that GPU instances can have
 * @cli: the run
 *
 * Return: exit status.
 */
enum cli_exit command_instance_profiles(struct cli *cli)
{
	struct json_object *array = json_object_new_array();
	struct ovgpu_profile **profiles;
	struct ovgpu_gpu **gpus = NULL;
	struct table table = { 0 };
	enum cli_exit code;
	size_t count = 0, n, i, j;
	int err = 0;

	table_row(&table, PROFILE_COLUMNS, "GPU", "PROFILE", "COMPUTE", "MEMORY",
		  "FRAMEBUFFER", "AVAILABLE");
	code = table_choose(cli, &table, profiles_by_default);
	if (code == CLI_OK)
		code = find_gpus(cli, &gpus, &count);
	for (i = 0; i < count && code == CLI_OK; i++) {
		err = ovgpu_profile_list(cli->ovgpu, gpus[i]->bdf, &profiles, &n);
		if (err) {
			code = fail_not_divisible(cli, gpus[i]->bdf, err);
			break;
		}
		for (j = 0; j < n; j++) {
			add_profile(&table, gpus[i]->bdf, profiles[j]);
			json_object_array_add(array, profile_json(gpus[i]->bdf,
								  profiles[j]));
		}
		ovgpu_free(profiles);
	}
	ovgpu_free(gpus);
	return end_list(cli, code, "profiles", array, &table);
}

/* ------------------------------------------------------------------- create */

/* The GPU with most room for the profile, and the profile's full name there. */
static enum cli_exit find_place(const struct cli *cli, char *bdf, char *name)
{
	struct suggestion suggestion = { .word = cli->argument };
	const struct ovgpu_profile *profile;
	struct ovgpu_profile **profiles;
	struct ovgpu_gpu **gpus;
	unsigned int most = 0;
	enum cli_exit code;
	size_t count, n, i;
	int err;

	bdf[0] = '\0';
	code = find_gpus(cli, &gpus, &count);
	for (i = 0; i < count && code == CLI_OK; i++) {
		err = ovgpu_profile_list(cli->ovgpu, gpus[i]->bdf, &profiles, &n);
		if (err) {
			code = fail_not_divisible(cli, gpus[i]->bdf, err);
			break;
		}
		profile = profile_find(profiles, n, cli->argument, &suggestion);
		if (profile && (!bdf[0] || profile->available > most)) {
			most = profile->available;
			strcpy(bdf, gpus[i]->bdf);
			strcpy(name, profile->name);
		}
		ovgpu_free(profiles);
	}
	ovgpu_free(gpus);
	if (code != CLI_OK || bdf[0])
		return code;
	return cli_fail(cli, CLI_NOT_FOUND,
			"there is no profile '%s': 'openvgpu instance profiles' lists them%s",
			shown(cli->argument).text, suggest_text(&suggestion).text);
}

static enum cli_exit fail_create(const struct cli *cli, int err, const char *bdf,
				 const char *profile, const char *reason)
{
	if (reason[0])
		return cli_fail(cli, cli_exit_of_errno(err), "GPU %s: %s", bdf,
				shown(reason).text);
	if (err == -EEXIST)
		return cli_fail(cli, CLI_BUSY,
				"GPU %s has a GPU instance '%s' already", bdf,
				shown(cli->name).text);
	if (err == -EACCES || err == -EPERM)
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to create GPU instances: run as root");
	return cli_fail(cli, cli_exit_of_errno(err),
			"GPU %s refused to create a GPU instance %s: %s", bdf,
			profile, ovgpu_strerror(err));
}

/* Its name, or its number if it is gone again. */
static struct json_object *find_json(const struct cli *cli, const char *bdf,
				     unsigned int id, char *name, size_t size)
{
	struct ovgpu_instance **instances;
	struct json_object *json = NULL;
	size_t count, i;

	snprintf(name, size, "%u", id);
	if (ovgpu_instance_list(cli->ovgpu, bdf, &instances, &count))
		return NULL;
	for (i = 0; i < count; i++) {
		if (instances[i]->id != id)
			continue;
		snprintf(name, size, "%s", instances[i]->name);
		json = instance_queues_json(cli, instances[i]);
	}
	ovgpu_free(instances);
	return json;
}

/**
 * command_instance_create - create a GPU instance and print its name
 * @cli: the run; its argument is the profile
 *
 * Return: exit status.
 */
enum cli_exit command_instance_create(struct cli *cli)
{
	char bdf[OVGPU_BDF_SIZE], profile[OVGPU_NAME_SIZE], name[OVGPU_NAME_SIZE];
	char reason[OVGPU_TEXT_SIZE];
	struct json_object *object, *json;
	enum cli_exit code;
	unsigned int id;
	int err;

	if (cli->name && !instance_name_valid(cli->name))
		return cli_fail(cli, CLI_USAGE,
				"'%s' can't be a name: 1 to 31 letters, digits, dots, dashes and underscores",
				shown(cli->name).text);
	code = find_place(cli, bdf, profile);
	if (code != CLI_OK)
		return code;
	err = ovgpu_instance_create(cli->ovgpu, bdf, profile, cli->name,
				    cli->compute, &id, reason, sizeof(reason));
	if (err)
		return fail_create(cli, err, bdf, profile, reason);
	json = find_json(cli, bdf, id, name, sizeof(name));
	if (cli->json) {
		object = json_start();
		json_set_text(object, "gpu", bdf);
		json_set(object, "instance", json);
		json_print(object);
		return CLI_OK;
	}
	json_object_put(json);
	puts(shown(cli->name ? cli->name : name).text);
	return CLI_OK;
}

/* ------------------------------------------------------------------- remove */

/* By its name, or by its number on the GPU of --gpu or the only one. */
static enum cli_exit find_instance(const struct cli *cli,
				   struct ovgpu_instance *found)
{
	struct suggestion suggestion = { .word = cli->argument };
	struct ovgpu_instance **instances;
	struct ovgpu_gpu **gpus;
	enum cli_exit code;
	size_t count, n, i, j, matches = 0;
	uint64_t id;

	code = find_gpus(cli, &gpus, &count);
	if (code != CLI_OK)
		return code;
	if (ovgpu_number_parse(cli->argument, &id))
		id = 0;
	for (i = 0; i < count; i++) {
		if (ovgpu_instance_list(cli->ovgpu, gpus[i]->bdf, &instances, &n))
			continue;
		for (j = 0; j < n; j++) {
			suggest_try(&suggestion, instances[j]->name);
			if (strcmp(instances[j]->name, cli->argument) &&
			    instances[j]->id != id)
				continue;
			*found = *instances[j];
			matches++;
		}
		ovgpu_free(instances);
	}
	ovgpu_free(gpus);
	if (matches == 1)
		return CLI_OK;
	if (matches)
		return cli_fail(cli, CLI_USAGE,
				"%zu GPU instances are '%s': name the GPU with --gpu, and the instance by its name",
				matches, shown(cli->argument).text);
	return cli_fail(cli, CLI_NOT_FOUND,
			"there is no GPU instance '%s': 'openvgpu instance list' lists them%s",
			shown(cli->argument).text, suggest_text(&suggestion).text);
}

/* Names its vGPUs, which have to go first. */
static enum cli_exit fail_occupied(const struct cli *cli,
				   const struct ovgpu_instance *instance)
{
	char names[OVGPU_TEXT_SIZE] = "";
	struct ovgpu_vgpu **vgpus;
	size_t count = 0, used = 0, i;

	if (ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count))
		vgpus = NULL;
	for (i = 0; vgpus && i < count && used < sizeof(names); i++)
		if (!strcmp(vgpus[i]->gpu, instance->gpu) &&
		    vgpus[i]->instance.number == instance->id)
			used += snprintf(names + used, sizeof(names) - used,
					 "%s%s", used ? ", " : "", vgpus[i]->uuid);
	ovgpu_free(vgpus);
	return cli_fail(cli, CLI_BUSY,
			"GPU instance '%s' of GPU %s has vGPUs: remove them first: %s",
			shown(instance->name).text, instance->gpu, names);
}

/**
 * command_instance_remove - remove a GPU instance
 * @cli: the run; its argument is a name or number
 *
 * Return: exit status.
 */
enum cli_exit command_instance_remove(struct cli *cli)
{
	struct ovgpu_instance instance;
	char reason[OVGPU_TEXT_SIZE];
	struct json_object *object;
	enum cli_exit code;
	int err;

	code = find_instance(cli, &instance);
	if (code != CLI_OK)
		return code;
	if (instance.vgpus)
		return fail_occupied(cli, &instance);
	err = ovgpu_instance_remove(cli->ovgpu, instance.gpu, instance.id, reason,
				    sizeof(reason));
	if (err && reason[0])
		return cli_fail(cli, cli_exit_of_errno(err), "GPU %s: %s",
				instance.gpu, shown(reason).text);
	if (err == -EACCES || err == -EPERM)
		return cli_fail(cli, CLI_FAILURE,
				"not allowed to remove GPU instances: run as root");
	if (err)
		return cli_fail_errno(cli, err, "remove the GPU instance");
	if (cli->json) {
		object = json_start();
		json_set_text(object, "gpu", instance.gpu);
		json_set_text(object, "removed", instance.name);
		json_print(object);
	}
	return CLI_OK;
}
