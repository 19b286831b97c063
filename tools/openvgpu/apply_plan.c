// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_plan.c - what is not as a configuration says
 *
 * A vGPU that the configuration names by its UUID is that one and no other. Of
 * those it only counts, the ones that are in use are kept first. What is left
 * over on a GPU whose vGPUs the configuration lists is to be removed. What is
 * in use is never touched in a way that its VM would notice as a loss: such a
 * change is refused, and with it the whole plan.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "hand_over.h"

/* The GPU's own choice of slices a second: doc/sysfs-driver-openvgpu. */
#define DEFAULT_HZ		480
#define DEFAULT_HZ_MANY		960
#define MANY_OPEN_VGPUS		8

/**
 * plan_add - put a change into a plan
 * @planner: the plan
 * @action: what to do
 * @gpu: PCI address of the GPU
 * @uuid: of the vGPU; may be empty
 * @type: of the vGPU; may be empty
 *
 * Return: the change, valid until the next one; NULL: no memory.
 */
struct apply_change *plan_add(struct planner *planner, enum apply_action action,
			      const char *gpu, const char *uuid,
			      const char *type)
{
	struct apply_plan *plan = planner->plan;
	struct apply_change *change;

	change = reallocarray(plan->changes, plan->count + 1, sizeof(*change));
	if (!change) {
		planner->err = -ENOMEM;
		return NULL;
	}
	plan->changes = change;
	change += plan->count++;
	memset(change, 0, sizeof(*change));
	change->action = action;
	snprintf(change->gpu, sizeof(change->gpu), "%s", gpu);
	snprintf(change->uuid, sizeof(change->uuid), "%s", uuid);
	snprintf(change->type, sizeof(change->type), "%s", type);
	return change;
}

/* Marks a change that a running VM would not survive. */
static void refuse(struct planner *planner, struct apply_change *change,
		   const struct ovgpu_vgpu *vgpu, const char *what)
{
	change->state = APPLY_REFUSED;
	snprintf(change->reason, sizeof(change->reason),
		 "vGPU %s is in use by process %s: %s", vgpu->uuid,
		 show_owner(vgpu).text, what);
	planner->plan->refused++;
}

/* --------------------------------------------------------------- settings */

/**
 * apply_default_hz - slices a second that a GPU chooses by itself
 * @vgpus: all vGPUs
 * @count: their number
 * @bdf: the GPU
 *
 * Return: the number.
 */
unsigned int apply_default_hz(struct ovgpu_vgpu *const *vgpus, size_t count,
			      const char *bdf)
{
	unsigned int open = 0;
	size_t i;

	for (i = 0; i < count; i++)
		open += vgpus[i]->owner_pid && !strcmp(vgpus[i]->gpu, bdf);
	return open < MANY_OPEN_VGPUS ? DEFAULT_HZ : DEFAULT_HZ_MANY;
}

static unsigned int default_hz(const struct planner *planner, const char *bdf)
{
	return apply_default_hz(planner->machine->vgpus,
				planner->machine->vgpu_count, bdf);
}

/**
 * plan_is_set - whether a setting is as the file says
 * @planner: the plan
 * @gpu: PCI address of the GPU that it is of, or of its GPU instance or vGPU
 * @setting: which
 * @is: what it reads
 * @wanted: what the file says
 *
 * Return: true if that is the same.
 */
bool plan_is_set(const struct planner *planner, const char *gpu,
		 const struct ovgpu_setting *setting, const char *is,
		 const char *wanted)
{
	char a[OVGPU_UUID_SIZE], b[OVGPU_UUID_SIZE];
	uint64_t x, y;

	if (setting->kind == OVGPU_NUMBER && !ovgpu_number_parse(is, &x) &&
	    !ovgpu_number_parse(wanted, &y)) {
		/* 0 asks for the default, and the default is what reads then. */
		if (!y && setting == ovgpu_setting_find(OVGPU_GPU, "sched_hz"))
			y = default_hz(planner, gpu);
		if (!y && setting == ovgpu_setting_find(OVGPU_GPU, "timeslice_us"))
			y = 1000000 / default_hz(planner, gpu);
		return x == y;
	}
	if (!ovgpu_uuid_parse(is, a) && !ovgpu_uuid_parse(wanted, b))
		return !strcmp(a, b);
	return !strcmp(is, wanted);
}

/* A setting that can't be looked at: what it is of comes first. */
static void plan_new_setting(struct planner *planner, enum ovgpu_object object,
			     const char *gpu, const char *uuid, const char *type,
			     const struct config_setting *set)
{
	struct apply_change *change = plan_add(planner, APPLY_SET, gpu, uuid, type);

	if (!change)
		return;
	change->setting = ovgpu_setting_find(object, set->name);
	change->to = set->value;
}

/**
 * plan_setting - have something set, unless it is so already
 * @planner: the plan
 * @object: of what
 * @gpu: PCI address of the GPU
 * @vgpu: the vGPU; NULL: the GPU
 * @set: what the file says; it outlives the plan
 */
void plan_setting(struct planner *planner, enum ovgpu_object object,
		  const char *gpu, const struct ovgpu_vgpu *vgpu,
		  const struct config_setting *set)
{
	const struct ovgpu_setting *setting = ovgpu_setting_find(object, set->name);
	char is[OVGPU_NAME_SIZE];
	struct apply_change *change;
	int err;

	err = ovgpu_setting_read(planner->cli->ovgpu, object,
				 vgpu ? vgpu->uuid : gpu, setting, is,
				 sizeof(is), NULL, 0);
	if (err) {
		planner->err = err;
		return;
	}
	if (plan_is_set(planner, gpu, setting, is, set->value))
		return;
	change = plan_add(planner, APPLY_SET, gpu, vgpu ? vgpu->uuid : "",
			  vgpu ? vgpu->type : "");
	if (!change)
		return;
	change->setting = setting;
	change->to = set->value;
	strcpy(change->from, is);
	if (vgpu && vgpu->owner_pid && setting->closed_only)
		refuse(planner, change, vgpu,
		       "this can be set only while nobody uses it");
}

/* ------------------------------------------------------------------ vGPUs */

static void plan_create(struct planner *planner, const char *gpu,
			const char *type, const struct config_vgpu *wanted)
{
	char uuid[OVGPU_UUID_SIZE] = "";
	size_t i;

	if (wanted)
		ovgpu_uuid_parse(wanted->uuid, uuid);
	plan_add(planner, APPLY_CREATE, gpu, uuid, type);
	for (i = 0; wanted && i < wanted->settings.count; i++)
		plan_new_setting(planner, OVGPU_VGPU, gpu, uuid, type,
				 &wanted->settings.list[i]);
}

static void plan_named(struct planner *planner, const struct apply_gpu *gpu,
		       const char *type, const struct config_vgpu *wanted)
{
	const struct apply_machine *machine = planner->machine;
	const struct ovgpu_vgpu *vgpu = NULL;
	const struct apply_gpu *other;
	char uuid[OVGPU_UUID_SIZE];
	struct apply_change *change;
	size_t i;

	ovgpu_uuid_parse(wanted->uuid, uuid);
	for (i = 0; i < machine->vgpu_count; i++)
		if (!strcmp(machine->vgpus[i]->uuid, uuid)) {
			vgpu = machine->vgpus[i];
			break;
		}
	if (vgpu && !strcmp(vgpu->gpu, gpu->bdf) && !strcmp(vgpu->type, type)) {
		planner->kept[i] = true;
		for (i = 0; i < wanted->settings.count; i++)
			plan_setting(planner, OVGPU_VGPU, gpu->bdf, vgpu,
				     &wanted->settings.list[i]);
		return;
	}
	/* Where its GPU's vGPUs are not the file's, it can't be taken away. */
	other = vgpu ? apply_gpu_find(machine, vgpu->gpu) : NULL;
	if (vgpu && (!other || !other->entry->has_types)) {
		change = plan_add(planner, APPLY_CREATE, gpu->bdf, uuid, type);
		if (!change)
			return;
		change->state = APPLY_REFUSED;
		snprintf(change->reason, sizeof(change->reason),
			 "vGPU %s exists on GPU %s, whose vGPUs the configuration does not list",
			 uuid, vgpu->gpu);
		planner->plan->refused++;
		return;
	}
	plan_create(planner, gpu->bdf, type, wanted);
}

/* Keeps up to @count vGPUs of a type; those that are in use, or not. */
static unsigned int keep(struct planner *planner, const char *gpu,
			 const char *type, bool in_use, unsigned int count)
{
	const struct apply_machine *machine = planner->machine;
	unsigned int kept = 0;
	size_t i;

	for (i = 0; i < machine->vgpu_count && kept < count; i++) {
		const struct ovgpu_vgpu *vgpu = machine->vgpus[i];

		if (planner->kept[i] || strcmp(vgpu->gpu, gpu) ||
		    strcmp(vgpu->type, type) || !!vgpu->owner_pid != in_use)
			continue;
		planner->kept[i] = true;
		kept++;
	}
	return kept;
}

static void plan_counted(struct planner *planner, const struct apply_gpu *gpu,
			 const char *type, unsigned int count)
{
	count -= keep(planner, gpu->bdf, type, true, count);
	count -= keep(planner, gpu->bdf, type, false, count);
	while (count-- && !planner->err)
		plan_create(planner, gpu->bdf, type, NULL);
}

static void plan_types(struct planner *planner, const struct apply_gpu *gpu)
{
	char type[OVGPU_NAME_SIZE];
	unsigned int n;
	size_t i;

	for (i = 0; i < gpu->entry->type_count && !planner->err; i++) {
		const struct config_type *wanted = &gpu->entry->types[i];

		ovgpu_type_parse(wanted->type, type);
		if (!wanted->vgpus)
			plan_counted(planner, gpu, type, wanted->count);
		for (n = 0; wanted->vgpus && n < wanted->count; n++)
			plan_named(planner, gpu, type, &wanted->vgpus[n]);
	}
}

static void plan_removals(struct planner *planner)
{
	const struct apply_machine *machine = planner->machine;
	const struct apply_gpu *gpu;
	struct apply_change *change;
	size_t i;

	for (i = 0; i < machine->vgpu_count; i++) {
		const struct ovgpu_vgpu *vgpu = machine->vgpus[i];

		gpu = apply_gpu_find(machine, vgpu->gpu);
		if (planner->kept[i] || !gpu || !gpu->entry->has_types)
			continue;
		change = plan_add(planner, APPLY_REMOVE, vgpu->gpu, vgpu->uuid,
				  vgpu->type);
		if (change && vgpu->owner_pid)
			refuse(planner, change, vgpu, "it is not removed");
	}
}

/* ------------------------------------------------------------------- GPUs */

/* Another driver's GPU comes to openvgpu, or the other way round. */
static void plan_move(struct planner *planner, const struct apply_gpu *gpu)
{
	bool back = apply_gpu_comes_back(gpu);
	struct apply_change *change;

	if (!gpu->moves)
		return;
	change = plan_add(planner, back ? APPLY_TAKE_BACK : APPLY_HAND_OVER, gpu->bdf,
			  "", "");
	if (!change)
		return;
	strcpy(change->from, gpu->driver);
	change->to = back ? OVGPU_DRIVER : VFIO_PCI;
	if (!gpu->busy[0])
		return;
	change->state = APPLY_REFUSED;
	strcpy(change->reason, gpu->busy);
	planner->plan->refused++;
}

/* As the console, which may be one of the vGPUs. */
static bool names_vgpu(const struct config_setting *set)
{
	return ovgpu_setting_find(OVGPU_GPU, set->name)->kind ==
	       OVGPU_UUID_OR_NONE;
}

static void plan_gpu_setting(struct planner *planner, const struct apply_gpu *gpu,
			     const struct config_setting *set)
{
	if (apply_gpu_comes_back(gpu))
		plan_new_setting(planner, OVGPU_GPU, gpu->bdf, "", "", set);
	else
		plan_setting(planner, OVGPU_GPU, gpu->bdf, NULL, set);
}

static bool is_work_mode(const struct config_setting *set)
{
	return ovgpu_setting_find(OVGPU_GPU, set->name) ==
	       ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE);
}

/**
 * plan_keeps - whether a vGPU stays
 * @planner: the plan, with all that removes vGPUs
 * @vgpu: its number in the machine
 *
 * Return: true if nothing of the plan removes it.
 */
bool plan_keeps(const struct planner *planner, size_t vgpu)
{
	const struct apply_machine *machine = planner->machine;
	const struct apply_gpu *gpu = apply_gpu_find(machine, machine->vgpus[vgpu]->gpu);

	return planner->kept[vgpu] || planner->cli->no_vgpus || !gpu ||
	       !gpu->entry->has_types;
}

/* A vGPU that stays and that a work mode has not; NULL: there is none. */
static const struct ovgpu_vgpu *contradicting(const struct planner *planner,
					      const struct apply_gpu *gpu,
					      const char *mode)
{
	const struct apply_machine *machine = planner->machine;
	size_t i;

	for (i = 0; i < machine->vgpu_count; i++)
		if (!strcmp(machine->vgpus[i]->gpu, gpu->bdf) &&
		    plan_keeps(planner, i) &&
		    !ovgpu_work_mode_has(mode, machine->vgpus[i]->type))
			return machine->vgpus[i];
	return NULL;
}

/* When it is known which vGPUs stay. */
static void plan_work_mode(struct planner *planner, const struct apply_gpu *gpu,
			   const struct config_setting *set)
{
	size_t before = planner->plan->count;
	const struct ovgpu_vgpu *vgpu;
	struct apply_change *change;

	plan_gpu_setting(planner, gpu, set);
	vgpu = contradicting(planner, gpu, set->value);
	if (planner->plan->count == before || !vgpu)
		return;
	change = &planner->plan->changes[before];
	change->state = APPLY_REFUSED;
	snprintf(change->reason, sizeof(change->reason),
		 "vGPU %s stays, and work mode %s has no vGPUs of type %s",
		 vgpu->uuid, set->value, vgpu->type);
	planner->plan->refused++;
}

static void plan_work_modes(struct planner *planner, const struct apply_gpu *gpu)
{
	const struct config_settings *settings = &gpu->entry->settings;
	size_t i;

	for (i = 0; i < settings->count && !planner->err; i++)
		if (is_work_mode(&settings->list[i]))
			plan_work_mode(planner, gpu, &settings->list[i]);
}

static void plan_gpu(struct planner *planner, const struct apply_gpu *gpu)
{
	const struct config_settings *settings = &gpu->entry->settings;
	size_t i;

	plan_move(planner, gpu);
	for (i = 0; i < settings->count; i++) {
		const struct config_setting *set = &settings->list[i];

		if (!is_work_mode(set) &&
		    !(planner->cli->no_vgpus && names_vgpu(set)))
			plan_gpu_setting(planner, gpu, set);
	}
	apply_plan_instances(planner, gpu);
	if (!planner->cli->no_vgpus)
		plan_types(planner, gpu);
}

/* ------------------------------------------------------------------- plan */

#define LAST_RANK	9

/*
 * The GPUs first, so that a new policy is in force when the first vGPU comes,
 * and before them those that come back; then what makes room, what is given
 * away when it is empty, what a GPU is for when nothing contradicts it any more, what
 * takes room, GPU instances before the vGPUs that join them, and what can be set on it;
 * and at last the console, which may be one of the new vGPUs.
 */
static unsigned int rank(const struct apply_change *change)
{
	switch (change->action) {
	case APPLY_TAKE_BACK:
		return 0;
	case APPLY_REMOVE:
		return 2;
	case APPLY_REMOVE_INSTANCE:
		return 3;
	case APPLY_HAND_OVER:
		return 4;
	case APPLY_CREATE_INSTANCE:
		return 5;
	case APPLY_CREATE:
		return 7;
	default:
		break;
	}
	if (change->instance[0])
		return 6;
	if (change->uuid[0])
		return 8;
	if (change->setting == ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE))
		return 4;
	return change->setting->kind == OVGPU_UUID_OR_NONE ? LAST_RANK : 1;
}

/* Keeps the order of those of one rank. */
static int sort(struct apply_plan *plan)
{
	struct apply_change *sorted = calloc(plan->count + 1, sizeof(*sorted));
	unsigned int r;
	size_t i, n = 0;

	if (!sorted)
		return -ENOMEM;
	for (r = 0; r <= LAST_RANK; r++)
		for (i = 0; i < plan->count; i++)
			if (rank(&plan->changes[i]) == r)
				sorted[n++] = plan->changes[i];
	free(plan->changes);
	plan->changes = sorted;
	return 0;
}

/**
 * apply_plan_make - find what is not as the configuration says
 * @cli: the run
 * @machine: of apply_machine_get()
 * @plan: the result, to be given to apply_plan_free(); @plan->label is kept
 *
 * Return: exit status; a plan that is refused is no failure.
 */
enum cli_exit apply_plan_make(const struct cli *cli,
			      const struct apply_machine *machine,
			      struct apply_plan *plan)
{
	struct planner planner = {
		.cli = cli, .machine = machine, .plan = plan,
		.kept = calloc(machine->vgpu_count + 1, sizeof(bool)),
	};
	enum cli_exit code = CLI_OK;
	size_t i;

	if (!planner.kept)
		planner.err = -ENOMEM;
	for (i = 0; i < machine->gpu_count && !planner.err; i++)
		plan_gpu(&planner, &machine->gpus[i]);
	if (!planner.err && !cli->no_vgpus)
		plan_removals(&planner);
	for (i = 0; i < machine->gpu_count && !planner.err; i++)
		plan_work_modes(&planner, &machine->gpus[i]);
	for (i = 0; i < machine->gpu_count && !planner.err; i++)
		apply_plan_instance_removals(&planner, &machine->gpus[i]);
	if (!planner.err && !cli->no_vgpus)
		code = apply_plan_tenants(&planner);
	if (!planner.err && code == CLI_OK)
		planner.err = sort(plan);
	free(planner.kept);
	if (planner.err)
		code = cli_fail_errno(cli, planner.err, "look at the GPUs");
	if (code != CLI_OK)
		apply_plan_free(plan);
	return code;
}

/**
 * apply_plan_free - give a plan back
 * @plan: of apply_plan_make()
 */
void apply_plan_free(struct apply_plan *plan)
{
	free(plan->changes);
	plan->changes = NULL;
	plan->count = 0;
}
