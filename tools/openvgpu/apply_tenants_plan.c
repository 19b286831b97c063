// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_tenants_plan.c - what tenants have, with what a plan makes and leaves: whether
 * that is as the file says, and what has to be set on vGPUs that it does not name
 *
 * Whoever created a vGPU, mdevctl or libvirt for instance: it is its tenant's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

static const struct config_setting no_migration = {
	.name = "migration", .value = "off",
};

/**
 * struct sums - what the tenants of a file have
 * @tenant: of each tenant, in the order of the file, so much of each
 */
struct sums {
	uint64_t (*tenant)[CONFIG_QUOTAS];
};

/* What a plan sets something of a vGPU to; NULL: it does not. */
static const char *planned(const struct apply_plan *plan, const char *uuid,
			   enum ovgpu_vgpu_setting which)
{
	const struct ovgpu_setting *setting = ovgpu_setting(OVGPU_VGPU, which);
	size_t i;

	for (i = 0; uuid[0] && i < plan->count; i++)
		if (plan->changes[i].action == APPLY_SET &&
		    plan->changes[i].setting == setting &&
		    !strcmp(plan->changes[i].uuid, uuid))
			return plan->changes[i].to;
	return NULL;
}

static const struct config_tenant *tenant_of(const struct apply_plan *plan,
					     const char *uuid, const char *now)
{
	const char *name = planned(plan, uuid, OVGPU_TENANT);

	return apply_tenant_find(plan->config, name ? name : now);
}

/* ------------------------------------------------------------------- quotas */

static int add(const struct planner *planner, struct sums *sums,
	       const struct config_tenant *tenant, const char *gpu, const char *type)
{
	size_t index = tenant - planner->plan->config->tenants, count, i;
	struct ovgpu_type **types;
	int err;

	err = ovgpu_type_list(planner->cli->ovgpu, gpu, &types, &count);
	/* Of a GPU that comes back, nothing but the number is known. */
	if (err && err != -ENOENT)
		return err;
	sums->tenant[index][CONFIG_VGPUS]++;
	for (i = 0; !err && i < count; i++) {
		if (strcmp(types[i]->id, type))
			continue;
		sums->tenant[index][CONFIG_FRAMEBUFFER] += types[i]->framebuffer >> 20;
		sums->tenant[index][CONFIG_COMPUTE_SLICES] += types[i]->compute_slices;
	}
	if (!err)
		ovgpu_free(types);
	return 0;
}

static int add_all(struct planner *planner, struct sums *sums)
{
	const struct apply_machine *machine = planner->machine;
	const struct apply_plan *plan = planner->plan;
	const struct config_tenant *tenant;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < machine->vgpu_count; i++) {
		const struct ovgpu_vgpu *vgpu = machine->vgpus[i];

		tenant = plan_keeps(planner, i) ?
			 tenant_of(plan, vgpu->uuid, vgpu->tenant) : NULL;
		if (tenant)
			err = add(planner, sums, tenant, vgpu->gpu, vgpu->type);
	}
	for (i = 0; !err && i < plan->count; i++) {
		const struct apply_change *change = &plan->changes[i];

		tenant = change->action == APPLY_CREATE ?
			 tenant_of(plan, change->uuid, "") : NULL;
		if (tenant)
			err = add(planner, sums, tenant, change->gpu, change->type);
	}
	return err;
}

static enum cli_exit check_quotas(struct planner *planner)
{
	const struct config *config = planner->plan->config;
	struct sums sums = { calloc(config->tenant_count, sizeof(*sums.tenant)) };
	enum cli_exit code = CLI_OK;
	enum config_quota quota;
	size_t i;

	planner->err = sums.tenant ? add_all(planner, &sums) : -ENOMEM;
	for (i = 0; !planner->err && i < config->tenant_count; i++) {
		const struct config_tenant *tenant = &config->tenants[i];

		for (quota = 0; quota < CONFIG_QUOTAS && code == CLI_OK; quota++)
			if (tenant->has_quota[quota] &&
			    sums.tenant[i][quota] > tenant->quota[quota])
				code = cli_fail(planner->cli, CLI_NO_CAPACITY,
						"line %u: tenant %s would have %s %llu, with what there is, and may have %u",
						tenant->line, tenant->name,
						config_quota_name(quota),
						(unsigned long long)sums.tenant[i][quota],
						tenant->quota[quota]);
	}
	free(sums.tenant);
	return code;
}

/* ------------------------------------------------- vGPUs that exist and stay */

/* A cap that is larger than the tenant's becomes that, unless the file says else. */
static enum cli_exit hold_cap(struct planner *planner, const struct ovgpu_vgpu *vgpu,
			      const struct config_tenant *tenant)
{
	const struct config_setting *most = apply_tenant_cap(tenant);
	const char *to = planned(planner->plan, vgpu->uuid, OVGPU_CAP_PERCENT);
	char is[OVGPU_NAME_SIZE];
	uint64_t number, limit;
	int err;

	if (!most || ovgpu_number_parse(most->value, &limit))
		return CLI_OK;
	if (to && !ovgpu_number_parse(to, &number) && number > limit)
		return cli_fail(planner->cli, CLI_USAGE,
				"line %u: cap_percent of vGPU %s can't be %s: it is tenant %s's, and that is %s at most",
				most->line, vgpu->uuid, to, tenant->name, most->value);
	if (to)
		return CLI_OK;
	err = ovgpu_setting_read(planner->cli->ovgpu, OVGPU_VGPU, vgpu->uuid,
				 ovgpu_setting(OVGPU_VGPU, OVGPU_CAP_PERCENT), is,
				 sizeof(is), NULL, 0);
	if (!err && !ovgpu_number_parse(is, &number) && number > limit)
		plan_setting(planner, OVGPU_VGPU, vgpu->gpu, vgpu, most);
	return CLI_OK;
}

static enum cli_exit hold(struct planner *planner, const struct ovgpu_vgpu *vgpu,
			  const struct config_tenant *tenant)
{
	enum cli_exit code;

	if (!apply_tenant_has_type(tenant, vgpu->type))
		return cli_fail(planner->cli, CLI_FAILURE,
				"line %u: tenant %s may not have vGPUs of type %s, and has %s: remove it, or make it another's",
				tenant->line, tenant->name, vgpu->type, vgpu->uuid);
	code = hold_cap(planner, vgpu, tenant);
	if (code == CLI_OK && tenant->no_migration &&
	    !planned(planner->plan, vgpu->uuid, OVGPU_MIGRATION))
		plan_setting(planner, OVGPU_VGPU, vgpu->gpu, vgpu, &no_migration);
	return code;
}

/**
 * apply_plan_tenants - hold tenants to what the file says of them
 * @planner: the plan, with all but this
 *
 * Return: exit status; the reason is said. Or @planner->err is set.
 */
enum cli_exit apply_plan_tenants(struct planner *planner)
{
	const struct apply_machine *machine = planner->machine;
	const struct config_tenant *tenant;
	enum cli_exit code = CLI_OK;
	size_t i;

	if (!planner->plan->config->tenant_count)
		return CLI_OK;
	for (i = 0; i < machine->vgpu_count && code == CLI_OK && !planner->err; i++) {
		const struct ovgpu_vgpu *vgpu = machine->vgpus[i];

		if (!plan_keeps(planner, i) ||
		    (planner->cli->gpu[0] && strcmp(planner->cli->gpu, vgpu->gpu)))
			continue;
		tenant = tenant_of(planner->plan, vgpu->uuid, vgpu->tenant);
		if (tenant)
			code = hold(planner, vgpu, tenant);
	}
	return code != CLI_OK || planner->err ? code : check_quotas(planner);
}
