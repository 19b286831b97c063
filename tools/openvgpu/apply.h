/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * apply.h - what the parts of openvgpu apply and openvgpu assert share
 */
#ifndef APPLY_H
#define APPLY_H

#include "config.h"
#include "instance.h"

#define APPLY_DEFAULT_LABEL	"default"	/* that which is applied unless one is named */

enum apply_action {
	APPLY_TAKE_BACK,
	APPLY_SET,
	APPLY_REMOVE,
	APPLY_HAND_OVER,
	APPLY_CREATE,
	APPLY_REMOVE_INSTANCE,
	APPLY_CREATE_INSTANCE,
};

enum apply_state {
	APPLY_PLANNED,
	APPLY_REFUSED,
	APPLY_DONE,
	APPLY_FAILED,
};

/**
 * struct apply_change - one thing that is not as the file says
 * @action: what to do
 * @state: how far it got
 * @gpu: PCI address
 * @uuid: of the vGPU; empty: it is the GPU that is set, or any will do
 * @type: of the vGPU
 * @instance: name of the GPU instance that is created, removed or set; empty: the
 *	change is about none, or any name will do
 * @profile: of a GPU instance that is created or removed
 * @wanted: of a GPU instance that is created: what the file says
 * @setting: what to set; NULL: nothing
 * @to: its value in the file; of a GPU that changes hands, the driver that gets it
 * @from: what it is; empty: the vGPU does not exist yet, or openvgpu has not the GPU
 * @reason: why it is refused, or failed
 */
struct apply_change {
	enum apply_action action;
	enum apply_state state;
	char gpu[OVGPU_BDF_SIZE];
	char uuid[OVGPU_UUID_SIZE];
	char type[OVGPU_NAME_SIZE];
	char instance[OVGPU_NAME_SIZE];
	char profile[CONFIG_VALUE_SIZE];
	const struct config_instance *wanted;
	const struct ovgpu_setting *setting;
	const char *to;
	char from[OVGPU_NAME_SIZE];
	char reason[OVGPU_TEXT_SIZE];
};

/**
 * struct apply_plan - all that is not as the file says
 * @label: the configuration
 * @config: the file that it is of
 * @changes: in the order in which they are to be done
 * @count: their number
 * @refused: how many of them would break what is in use
 */
struct apply_plan {
	const struct config_label *label;
	const struct config *config;
	struct apply_change *changes;
	size_t count;
	size_t refused;
};

/* apply_check.c */
int apply_check(const struct config *config, struct config_error *error);

/* apply_machine.c */

/**
 * struct apply_gpu - a GPU that the configuration is about
 * @bdf: PCI address
 * @entry: what the configuration says of it
 * @driver: that has it; of GPUs with @entry->use only
 * @moves: another driver is to have it
 * @busy: why it can't move while something is in use; empty: it can
 * @types: its types; none if another driver has it, or is to have it
 * @type_count: their number
 * @instances: its GPU instances, if the configuration is about them
 * @instance_count: their number
 * @kept_instances: of each, whether the configuration has it
 * @profiles: likewise those that GPU instances can have
 * @profile_count: their number
 */
struct apply_gpu {
	char bdf[OVGPU_BDF_SIZE];
	const struct config_entry *entry;
	char driver[OVGPU_NAME_SIZE];
	bool moves;
	char busy[OVGPU_TEXT_SIZE];
	struct ovgpu_type **types;
	size_t type_count;
	struct ovgpu_instance **instances;
	size_t instance_count;
	bool *kept_instances;
	struct ovgpu_profile **profiles;
	size_t profile_count;
};

/**
 * struct apply_machine - what there is
 * @gpus: GPUs that the configuration is about, by address
 * @gpu_count: their number
 * @vgpus: all vGPUs
 * @vgpu_count: their number
 */
struct apply_machine {
	struct apply_gpu *gpus;
	size_t gpu_count;
	struct ovgpu_vgpu **vgpus;
	size_t vgpu_count;
};

enum cli_exit apply_machine_get(const struct cli *cli,
				const struct config_label *label,
				struct apply_machine *machine);
void apply_machine_free(struct apply_machine *machine);
const struct apply_gpu *apply_gpu_find(const struct apply_machine *machine,
				       const char *bdf);

/**
 * apply_gpu_comes_back - is a GPU not openvgpu's yet
 * @gpu: the GPU
 *
 * Return: true: nothing is known of its settings and types.
 */
static inline bool apply_gpu_comes_back(const struct apply_gpu *gpu)
{
	return gpu->moves && gpu->entry->use == CONFIG_USE_VGPU;
}

/* apply_use.c */
enum cli_exit apply_use_look(const struct cli *cli, struct apply_gpu *gpu);
int apply_hand_over(const struct cli *cli, const char *bdf, char *reason,
		    size_t size);
int apply_take_back(const struct cli *cli, const char *bdf, char *reason,
		    size_t size);

/* apply_plan.c */

/**
 * struct planner - a plan being made
 * @cli: the run
 * @machine: what there is
 * @plan: the result
 * @kept: of each vGPU of the machine, whether the configuration has it
 * @err: negative errno of what could not be looked at; 0: nothing
 */
struct planner {
	const struct cli *cli;
	const struct apply_machine *machine;
	struct apply_plan *plan;
	bool *kept;
	int err;
};

bool plan_keeps(const struct planner *planner, size_t vgpu);
void plan_setting(struct planner *planner, enum ovgpu_object object,
		  const char *gpu, const struct ovgpu_vgpu *vgpu,
		  const struct config_setting *set);
struct apply_change *plan_add(struct planner *planner, enum apply_action action,
			      const char *gpu, const char *uuid,
			      const char *type);
bool plan_is_set(const struct planner *planner, const char *gpu,
		 const struct ovgpu_setting *setting, const char *is,
		 const char *wanted);
unsigned int apply_default_hz(struct ovgpu_vgpu *const *vgpus, size_t count,
			      const char *bdf);
enum cli_exit apply_plan_make(const struct cli *cli,
			      const struct apply_machine *machine,
			      struct apply_plan *plan);
void apply_plan_free(struct apply_plan *plan);

/* apply_instances.c */
enum cli_exit apply_instances_look(const struct cli *cli, struct apply_gpu *gpu);
void apply_instances_free(struct apply_gpu *gpu);
void apply_plan_instances(struct planner *planner, const struct apply_gpu *gpu);
void apply_plan_instance_removals(struct planner *planner,
				  const struct apply_gpu *gpu);
int apply_instance_path(const struct cli *cli, const struct apply_change *change,
			char *path, size_t size);
int apply_instance(const struct cli *cli, struct apply_change *change,
		   char *reason, size_t size);

/* apply_tenants.c */
const struct config_tenant *apply_tenant_find(const struct config *config,
					      const char *name);
const struct config_setting *apply_tenant_cap(const struct config_tenant *tenant);
bool apply_tenant_has_type(const struct config_tenant *tenant, const char *type);
int apply_tenants_check(struct config *config, struct config_error *error);

/* apply_tenants_plan.c */
enum cli_exit apply_plan_tenants(struct planner *planner);

/* apply_do.c */
enum cli_exit apply_do(const struct cli *cli, struct apply_change *change);

#endif /* APPLY_H */
