// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply_tenants.c - tenants of a configuration file: what it says of their vGPUs, and
 * whether the vGPUs that it names are so
 *
 * What a tenant's vGPU does not say itself, its tenant says: it is written behind the
 * vGPU's own settings here, so that all that follows need not know of tenants.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/**
 * apply_tenant_find - what a file says of a tenant
 * @config: the file
 * @name: the tenant
 *
 * Return: the tenant; NULL: nothing.
 */
const struct config_tenant *apply_tenant_find(const struct config *config,
					      const char *name)
{
	size_t i;

	for (i = 0; i < config->tenant_count; i++)
		if (!strcmp(config->tenants[i].name, name))
			return &config->tenants[i];
	return NULL;
}

/**
 * apply_tenant_cap - the largest cap of a tenant's vGPUs
 * @tenant: the tenant
 *
 * Return: the setting as the file says it; NULL: there is none.
 */
const struct config_setting *apply_tenant_cap(const struct config_tenant *tenant)
{
	return config_setting_find(&tenant->settings, "cap_percent");
}

/**
 * apply_tenant_has_type - whether a tenant may have vGPUs of a type
 * @tenant: the tenant
 * @type: id of the type
 */
bool apply_tenant_has_type(const struct config_tenant *tenant, const char *type)
{
	char id[OVGPU_NAME_SIZE];
	size_t i;

	for (i = 0; i < tenant->type_count; i++)
		if (!ovgpu_type_parse(tenant->types[i].text, id) && !strcmp(id, type))
			return true;
	return !tenant->has_types;
}

/* ------------------------------------------------------- what is said of them */

static int check_tenant(const struct config_tenant *tenant, struct config_error *error)
{
	const struct ovgpu_setting *name = ovgpu_setting(OVGPU_VGPU, OVGPU_TENANT);
	const struct ovgpu_setting *setting;
	char id[OVGPU_NAME_SIZE];
	size_t i;

	if (ovgpu_setting_check(name, tenant->name) || !strcmp(tenant->name, "none"))
		return config_fail(error, tenant->line,
				   "'%s' can't be the name of a tenant: 1 to 63 letters, digits, dots, dashes and underscores, but not none",
				   tenant->name);
	for (i = 0; i < tenant->type_count; i++)
		if (ovgpu_type_parse(tenant->types[i].text, id))
			return config_fail(error, tenant->types[i].line,
					   "'%s' is not the name of a type, as 1q",
					   tenant->types[i].text);
	for (i = 0; i < tenant->settings.count; i++) {
		const struct config_setting *set = &tenant->settings.list[i];

		setting = ovgpu_setting_find(OVGPU_VGPU, set->name);
		if (ovgpu_setting_check(setting, set->value))
			return config_fail(error, set->line,
					   "%s can't be '%s': it is a number of %llu to %llu",
					   set->name, set->value,
					   (unsigned long long)setting->minimum,
					   (unsigned long long)setting->maximum);
	}
	return 0;
}

/* ------------------------------------------------- the vGPUs that a file names */

static int add_setting(struct config_settings *settings,
		       const struct config_setting *set, struct config_error *error)
{
	struct config_setting *list;

	if (config_setting_find(settings, set->name))
		return 0;
	list = reallocarray(settings->list, settings->count + 1, sizeof(*list));
	if (!list) {
		config_fail(error, 0, "out of memory");
		return -ENOMEM;
	}
	settings->list = list;
	list[settings->count++] = *set;
	return 0;
}

static int check_cap(const struct config_tenant *tenant,
		     const struct config_settings *settings, struct config_error *error)
{
	const struct config_setting *most = apply_tenant_cap(tenant);
	const struct config_setting *own = config_setting_find(settings, "cap_percent");
	uint64_t a, b;

	if (!most || !own || ovgpu_number_parse(most->value, &a) ||
	    ovgpu_number_parse(own->value, &b) || b <= a)
		return 0;
	return config_fail(error, own->line,
			   "cap_percent of a vGPU of tenant %s is %s at most, as line %u says",
			   tenant->name, most->value, most->line);
}

static int check_migration(const struct config_tenant *tenant,
			   const struct config_settings *settings,
			   struct config_error *error)
{
	const struct config_setting *own = config_setting_find(settings, "migration");

	if (!tenant->no_migration || !own || !strcmp(own->value, "off"))
		return 0;
	return config_fail(error, own->line,
			   "migration of a vGPU of tenant %s is off, as its entry on line %u says",
			   tenant->name, tenant->line);
}

static int check_vgpu(const struct config *config, const char *type,
		      struct config_vgpu *vgpu, struct config_error *error)
{
	const struct config_setting off = {
		.name = "migration", .value = "off", .line = vgpu->line,
	};
	const struct config_setting *set = config_setting_find(&vgpu->settings, "tenant");
	const struct config_tenant *tenant;
	size_t i;
	int err;

	if (!set || !strcmp(set->value, "none") || !config->tenant_count)
		return 0;
	tenant = apply_tenant_find(config, set->value);
	if (!tenant)
		return config_fail(error, set->line,
				   "there is no tenant '%s' among the tenants of the file",
				   set->value);
	if (!apply_tenant_has_type(tenant, type))
		return config_fail(error, vgpu->line,
				   "tenant %s may not have vGPUs of type %s, as its entry on line %u says",
				   tenant->name, type, tenant->line);
	err = check_cap(tenant, &vgpu->settings, error);
	err = err ?: check_migration(tenant, &vgpu->settings, error);
	for (i = 0; !err && i < tenant->settings.count; i++)
		err = add_setting(&vgpu->settings, &tenant->settings.list[i], error);
	if (!err && tenant->no_migration)
		err = add_setting(&vgpu->settings, &off, error);
	return err;
}

static int check_entry(const struct config *config, struct config_entry *entry,
		       struct config_error *error)
{
	char id[OVGPU_NAME_SIZE];
	unsigned int n;
	int err = 0;
	size_t i;

	for (i = 0; i < entry->type_count; i++) {
		struct config_type *type = &entry->types[i];

		if (ovgpu_type_parse(type->type, id))
			continue;	/* apply_check() has refused it */
		for (n = 0; !err && type->vgpus && n < type->count; n++)
			err = check_vgpu(config, id, &type->vgpus[n], error);
	}
	return err;
}

/**
 * apply_tenants_check - check tenants, and the vGPUs that the file names for them
 * @config: a file that apply_check() takes; vGPUs get the settings that their tenants
 *	have for them
 * @error: what is wrong with it, when this fails
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int apply_tenants_check(struct config *config, struct config_error *error)
{
	size_t i, j;
	int err = 0;

	for (i = 0; !err && i < config->tenant_count; i++)
		err = check_tenant(&config->tenants[i], error);
	for (i = 0; i < config->label_count; i++)
		for (j = 0; !err && j < config->labels[i].entry_count; j++)
			err = check_entry(config, &config->labels[i].entries[j], error);
	return err;
}
