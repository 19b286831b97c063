// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_instances.c - GPU instances as a configuration says
 *
 * It is about the reserved ones: those that a type made go with their vGPUs. One
 * that the configuration names is that one and no other; of those it counts, the
 * ones that have vGPUs are kept first. What is left over is to be removed, unless
 * vGPUs stay in it: then that is refused, and with it the whole plan.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* The profile that the configuration means; NULL: the GPU has none. */
static const struct ovgpu_profile *
find_profile(struct ovgpu_profile *const *profiles, size_t count,
	     const struct config_instance *wanted, struct suggestion *suggestion)
{
	const struct ovgpu_profile *profile;

	profile = profile_find(profiles, count, wanted->profile, suggestion);
	return profile || wanted->name[0] ? profile :
	       profile_find_mig(profiles, count, wanted->profile);
}

/* ------------------------------------------------------------- what there is */

/* The GPU has the profiles, and slices for all of them together. */
static enum cli_exit check(const struct cli *cli, const struct apply_gpu *gpu)
{
	unsigned int compute = 0, most_compute = 0, memory = 0, most_memory = 0;
	const struct ovgpu_profile *profile;
	size_t i;

	for (i = 0; i < gpu->profile_count; i++) {
		if (gpu->profiles[i]->compute_slices > most_compute)
			most_compute = gpu->profiles[i]->compute_slices;
		if (gpu->profiles[i]->memory_slices > most_memory)
			most_memory = gpu->profiles[i]->memory_slices;
	}
	for (i = 0; i < gpu->entry->instance_count; i++) {
		const struct config_instance *wanted = &gpu->entry->instances[i];
		struct suggestion suggestion = { .word = wanted->profile };

		profile = find_profile(gpu->profiles, gpu->profile_count, wanted,
				       &suggestion);
		if (!profile)
			return cli_fail(cli, CLI_NOT_FOUND,
					"line %u: GPU %s has no profile '%s': 'openvgpu instance profiles' lists them%s",
					wanted->line, gpu->bdf,
					shown(wanted->profile).text,
					suggest_text(&suggestion).text);
		compute += wanted->count * profile->compute_slices;
		memory += wanted->count * profile->memory_slices;
	}
	if (compute > most_compute || memory > most_memory)
		return cli_fail(cli, CLI_NO_CAPACITY,
				"line %u: the GPU instances of GPU %s would need %u compute slices and %u memory slices, and it has %u and %u",
				gpu->entry->instances[0].line, gpu->bdf, compute,
				memory, most_compute, most_memory);
	return CLI_OK;
}

/**
 * apply_instances_look - look at the GPU instances of a GPU
 * @cli: the run
 * @gpu: its instances and profiles are set, if the configuration is about them
 *
 * What the GPU can't have ends it here.
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit apply_instances_look(const struct cli *cli, struct apply_gpu *gpu)
{
	int err;

	if (!gpu->entry->has_instances)
		return CLI_OK;
	err = ovgpu_instance_list(cli->ovgpu, gpu->bdf, &gpu->instances,
				  &gpu->instance_count);
	if (!err && gpu->entry->instance_count)
		err = ovgpu_profile_list(cli->ovgpu, gpu->bdf, &gpu->profiles,
					 &gpu->profile_count);
	if (err == -EOPNOTSUPP)
		return cli_fail(cli, CLI_NOT_FOUND,
				"line %u: GPU %s is not divisible into GPU instances",
				gpu->entry->instances[0].line, gpu->bdf);
	if (err)
		return cli_fail_errno(cli, err, "look at the GPU instances");
	gpu->kept_instances = calloc(gpu->instance_count + 1, sizeof(bool));
	if (!gpu->kept_instances)
		return cli_fail_errno(cli, -ENOMEM, "look at the GPU instances");
	return check(cli, gpu);
}

/**
 * apply_instances_free - give back what apply_instances_look() found
 * @gpu: the GPU
 */
void apply_instances_free(struct apply_gpu *gpu)
{
	ovgpu_free(gpu->instances);
	ovgpu_free(gpu->profiles);
	free(gpu->kept_instances);
}

/* --------------------------------------------------------------------- plan */

static struct apply_change *add(struct planner *planner, enum apply_action action,
				const struct apply_gpu *gpu, const char *name,
				const char *profile)
{
	struct apply_change *change =
		plan_add(planner, action, gpu->bdf, "", "");

	if (!change)
		return NULL;
	snprintf(change->instance, sizeof(change->instance), "%s", name);
	snprintf(change->profile, sizeof(change->profile), "%s", profile);
	return change;
}

static void plan_settings(struct planner *planner, const struct apply_gpu *gpu,
			  const struct config_instance *wanted,
			  const struct ovgpu_instance *is)
{
	char path[OVGPU_NAME_SIZE], now[OVGPU_NAME_SIZE];
	const struct ovgpu_setting *setting;
	struct apply_change *change;
	size_t i;

	for (i = 0; i < wanted->settings.count && !planner->err; i++) {
		const struct config_setting *set = &wanted->settings.list[i];

		setting = ovgpu_setting_find(OVGPU_INSTANCE, set->name);
		now[0] = '\0';
		if (is)
			planner->err = ovgpu_instance_path(gpu->bdf, is->id,
							   path, sizeof(path));
		if (is && !planner->err)
			planner->err = ovgpu_setting_read(planner->cli->ovgpu,
							  OVGPU_INSTANCE, path,
							  setting, now,
							  sizeof(now), NULL, 0);
		if (planner->err ||
		    (is && plan_is_set(planner, gpu->bdf, setting, now,
				       set->value)))
			continue;
		change = add(planner, APPLY_SET, gpu, wanted->name, "");
		if (!change)
			return;
		change->setting = setting;
		change->to = set->value;
		strcpy(change->from, now);
	}
}

static void plan_create(struct planner *planner, const struct apply_gpu *gpu,
			const struct config_instance *wanted,
			const struct ovgpu_profile *profile)
{
	struct apply_change *change;

	change = add(planner, APPLY_CREATE_INSTANCE, gpu, wanted->name,
		     profile ? profile->name : wanted->profile);
	if (change)
		change->wanted = wanted;
	plan_settings(planner, gpu, wanted, NULL);
}

/* Its compute slices are divided as the configuration says. */
static bool same_division(struct planner *planner,
			  const struct config_instance *wanted,
			  const struct ovgpu_instance *is)
{
	char now[OVGPU_NAME_SIZE], all[OVGPU_NAME_SIZE];
	int err = division_of(planner->cli, is, now, sizeof(now));

	if (err)
		planner->err = err;
	snprintf(all, sizeof(all), "%u", is->compute_slices);
	return !strcmp(now, strcmp(wanted->compute, all) ? wanted->compute : "");
}

static void plan_named(struct planner *planner, const struct apply_gpu *gpu,
		       const struct config_instance *wanted,
		       const struct ovgpu_profile *profile)
{
	const struct ovgpu_instance *is = NULL;
	struct apply_change *change;
	size_t i;

	for (i = 0; i < gpu->instance_count && !is; i++)
		if (!strcmp(gpu->instances[i]->name, wanted->name))
			is = gpu->instances[i];
	if (is && !is->reserved) {
		change = add(planner, APPLY_CREATE_INSTANCE, gpu, wanted->name,
			     profile->name);
		if (!change)
			return;
		change->state = APPLY_REFUSED;
		snprintf(change->reason, sizeof(change->reason),
			 "a GPU instance of that name belongs to its vGPUs, and goes with them");
		planner->plan->refused++;
		return;
	}
	if (!is || !profile || strcmp(is->profile, profile->name) ||
	    !same_division(planner, wanted, is)) {
		plan_create(planner, gpu, wanted, profile);
		return;
	}
	gpu->kept_instances[i - 1] = true;
	plan_settings(planner, gpu, wanted, is);
}

/* Keeps up to @count of a profile; those that have vGPUs, or not. */
static unsigned int keep(const struct apply_gpu *gpu, const char *profile,
			 bool used, unsigned int count)
{
	unsigned int kept = 0;
	size_t i;

	for (i = 0; i < gpu->instance_count && kept < count; i++) {
		const struct ovgpu_instance *is = gpu->instances[i];

		if (gpu->kept_instances[i] || !is->reserved ||
		    strcmp(is->profile, profile) || !!is->vgpus != used)
			continue;
		gpu->kept_instances[i] = true;
		kept++;
	}
	return kept;
}

static void plan_counted(struct planner *planner, const struct apply_gpu *gpu,
			 const struct config_instance *wanted,
			 const struct ovgpu_profile *profile)
{
	unsigned int count = wanted->count;

	if (profile) {
		count -= keep(gpu, profile->name, true, count);
		count -= keep(gpu, profile->name, false, count);
	}
	while (count-- && !planner->err)
		plan_create(planner, gpu, wanted, profile);
}

/**
 * apply_plan_instances - plan the GPU instances that a configuration has
 * @planner: the plan
 * @gpu: the GPU; nothing is known of one that is not openvgpu's yet
 */
void apply_plan_instances(struct planner *planner, const struct apply_gpu *gpu)
{
	const struct ovgpu_profile *profile;
	size_t i;

	for (i = 0; i < gpu->entry->instance_count && !planner->err; i++) {
		const struct config_instance *wanted = &gpu->entry->instances[i];

		profile = find_profile(gpu->profiles, gpu->profile_count, wanted,
				       NULL);
		if (wanted->name[0])
			plan_named(planner, gpu, wanted, profile);
		else
			plan_counted(planner, gpu, wanted, profile);
	}
}

/* A vGPU that stays in it; NULL: none does. */
static const struct ovgpu_vgpu *find_staying(const struct planner *planner,
					     const struct apply_gpu *gpu,
					     const struct ovgpu_instance *is)
{
	const struct apply_machine *machine = planner->machine;
	bool all = planner->cli->no_vgpus || !gpu->entry->has_types;
	size_t i;

	for (i = 0; i < machine->vgpu_count; i++)
		if (!strcmp(machine->vgpus[i]->gpu, gpu->bdf) &&
		    machine->vgpus[i]->instance.number == is->id &&
		    (all || planner->kept[i]))
			return machine->vgpus[i];
	return NULL;
}

/**
 * apply_plan_instance_removals - plan the end of GPU instances that are left over
 * @planner: the plan; it is known by now which vGPUs are kept
 * @gpu: the GPU
 */
void apply_plan_instance_removals(struct planner *planner,
				  const struct apply_gpu *gpu)
{
	const struct ovgpu_vgpu *vgpu;
	struct apply_change *change;
	size_t i;

	for (i = 0; i < gpu->instance_count && !planner->err; i++) {
		const struct ovgpu_instance *is = gpu->instances[i];

		if (gpu->kept_instances[i] || !is->reserved)
			continue;
		change = add(planner, APPLY_REMOVE_INSTANCE, gpu, is->name,
			     is->profile);
		vgpu = find_staying(planner, gpu, is);
		if (!change || !vgpu)
			continue;
		change->state = APPLY_REFUSED;
		snprintf(change->reason, sizeof(change->reason),
			 "vGPU %s is in it, and stays", vgpu->uuid);
		planner->plan->refused++;
	}
}

/* ----------------------------------------------------------------------- do */

static int find_id(const struct cli *cli, const struct apply_change *change,
		   unsigned int *id)
{
	struct ovgpu_instance **instances;
	size_t count, i;
	int err;

	*id = 0;
	err = ovgpu_instance_list(cli->ovgpu, change->gpu, &instances, &count);
	if (err)
		return err;
	for (i = 0; i < count; i++)
		if (!strcmp(instances[i]->name, change->instance))
			*id = instances[i]->id;
	ovgpu_free(instances);
	return *id ? 0 : -ENOENT;
}

/**
 * apply_instance_path - the name by which the library knows the GPU instance
 * @cli: the run
 * @change: the change that is about it
 * @path: receives it
 * @size: bytes at @path
 *
 * Return: 0 or a negative errno; -ENOENT: it is gone.
 */
int apply_instance_path(const struct cli *cli, const struct apply_change *change,
			char *path, size_t size)
{
	unsigned int id;
	int err = find_id(cli, change, &id);

	return err ? err : ovgpu_instance_path(change->gpu, id, path, size);
}

/* Of a GPU that came back just now the profiles were not known before. */
static int create(const struct cli *cli, struct apply_change *change, char *reason,
		  size_t size)
{
	const struct ovgpu_profile *profile;
	struct ovgpu_profile **profiles;
	unsigned int id;
	size_t count;
	int err;

	err = ovgpu_profile_list(cli->ovgpu, change->gpu, &profiles, &count);
	if (err)
		return err;
	profile = find_profile(profiles, count, change->wanted, NULL);
	if (profile) {
		strcpy(change->profile, profile->name);
		err = ovgpu_instance_create(cli->ovgpu, change->gpu,
					    change->profile,
					    change->instance[0] ?
					    change->instance : NULL,
					    change->wanted->compute[0] ?
					    change->wanted->compute : NULL, &id,
					    reason, size);
	} else {
		snprintf(reason, size, "the GPU has no such profile");
		err = -ENOENT;
	}
	ovgpu_free(profiles);
	return err;
}

/**
 * apply_instance - create or remove a GPU instance
 * @cli: the run
 * @change: what
 * @reason: receives why it was refused; may stay empty
 * @size: bytes at @reason
 *
 * Return: 0 or a negative errno.
 */
int apply_instance(const struct cli *cli, struct apply_change *change,
		   char *reason, size_t size)
{
	unsigned int id;
	int err;

	reason[0] = '\0';
	if (change->action == APPLY_CREATE_INSTANCE)
		return create(cli, change, reason, size);
	err = find_id(cli, change, &id);
	return err ? err : ovgpu_instance_remove(cli->ovgpu, change->gpu, id,
						 reason, size);
}
