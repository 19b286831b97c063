// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_tenants.c - the tenants of a configuration file, and what each may have
 *
 *	tenants: {blue: {vgpus: 4, framebuffer: 2048, types: [256mq], cap_percent: 50}}
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_reader.h"

static const char *const quotas[] = {
	[CONFIG_VGPUS] = "vgpus", [CONFIG_FRAMEBUFFER] = "framebuffer",
	[CONFIG_COMPUTE_SLICES] = "compute-slices",
};

/**
 * config_quota_name - the key of a quota
 * @quota: which
 */
const char *config_quota_name(enum config_quota quota)
{
	return quotas[quota];
}

static int read_quota(struct reader *reader, struct config_tenant *tenant,
		      enum config_quota quota)
{
	char text[CONFIG_VALUE_SIZE];
	int err;

	err = reader_scalar(reader, quotas[quota], text, sizeof(text));
	if (!err && !reader_count(text, CONFIG_QUOTA_MAX, &tenant->quota[quota]))
		err = config_fail(reader->error, reader_line(reader),
				  "%s can't be '%s': it is a number of 0 to %d",
				  quotas[quota], text, CONFIG_QUOTA_MAX);
	tenant->has_quota[quota] = true;
	return err ?: reader_next(reader);
}

static int read_migration(struct reader *reader, struct config_tenant *tenant)
{
	char text[CONFIG_VALUE_SIZE];
	int err;

	err = reader_scalar(reader, "migration", text, sizeof(text));
	if (!err && strcmp(text, "true") && strcmp(text, "false"))
		err = config_fail(reader->error, reader_line(reader),
				  "migration of a tenant can't be '%s': it is true or false",
				  text);
	tenant->has_migration = true;
	tenant->no_migration = !err && !strcmp(text, "false");
	return err ?: reader_next(reader);
}

static int read_types(struct reader *reader, struct config_tenant *tenant)
{
	struct config_device *type;
	int err;

	err = reader_expect(reader, YAML_SEQUENCE_START_EVENT, "types",
			    "a list of types");
	while (!err && !reader_at(reader, YAML_SEQUENCE_END_EVENT)) {
		err = reader_check_names(reader, tenant->type_count, "types");
		err = err ?: reader_grow(reader, &tenant->types, tenant->type_count,
					 sizeof(*type));
		if (err)
			break;
		type = &tenant->types[tenant->type_count++];
		type->line = reader_line(reader);
		err = reader_scalar(reader, "a type", type->text, sizeof(type->text));
		err = err ?: reader_next(reader);
	}
	tenant->has_types = true;
	return err ?: reader_next(reader);
}

/* One key; the reader is at its value. */
static int read_key(struct reader *reader, struct config_tenant *tenant,
		    const char *key, unsigned int line)
{
	enum config_quota quota;

	for (quota = 0; quota < CONFIG_QUOTAS; quota++)
		if (!strcmp(key, quotas[quota]))
			return tenant->has_quota[quota] ?
			       config_fail(reader->error, line, "'%s' is there twice", key) :
			       read_quota(reader, tenant, quota);
	if (!strcmp(key, "types"))
		return tenant->has_types ?
		       config_fail(reader->error, line, "'types' is there twice") :
		       read_types(reader, tenant);
	if (!strcmp(key, "migration"))
		return tenant->has_migration ?
		       config_fail(reader->error, line, "'migration' is there twice") :
		       read_migration(reader, tenant);
	if (!strcmp(key, "weight") || !strcmp(key, "cap_percent"))
		return reader_add_setting(reader, &tenant->settings, key, line);
	return config_fail(reader->error, line,
			   "unknown key '%s' of a tenant: vgpus, framebuffer, compute-slices, types, weight, cap_percent or migration",
			   key);
}

static int read_tenant(struct reader *reader, struct config_tenant *tenant)
{
	char key[CONFIG_NAME_SIZE];
	unsigned int line;
	int err;

	if (reader_at_nothing(reader))
		return reader_next(reader);
	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "a tenant",
			    "what it may have, as {vgpus: 4}");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = reader_scalar(reader, "a key", key, sizeof(key));
		err = err ?: reader_next(reader);
		err = err ?: read_key(reader, tenant, key, line);
	}
	return err ?: reader_next(reader);
}

/**
 * config_read_tenants - read the tenants
 * @reader: at the value of "tenants"
 * @config: receives them
 *
 * Return: 0 or a negative errno.
 */
int config_read_tenants(struct reader *reader, struct config *config)
{
	struct config_tenant *tenant;
	size_t i;
	int err;

	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "tenants",
			    "NAME: what it may have");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		err = reader_check_names(reader, config->tenant_count, "tenants");
		err = err ?: reader_grow(reader, &config->tenants, config->tenant_count,
					 sizeof(*tenant));
		if (err)
			break;
		tenant = &config->tenants[config->tenant_count++];
		tenant->line = reader_line(reader);
		err = reader_scalar(reader, "the name of a tenant", tenant->name,
				    sizeof(tenant->name));
		for (i = 0; !err && i + 1 < config->tenant_count; i++)
			if (!strcmp(config->tenants[i].name, tenant->name))
				err = config_fail(reader->error, tenant->line,
						  "'%s' is there twice, first on line %u",
						  tenant->name, config->tenants[i].line);
		err = err ?: reader_next(reader);
		err = err ?: read_tenant(reader, tenant);
	}
	return err ?: reader_next(reader);
}

/**
 * config_free_tenants - give the tenants back
 * @config: of config_read_tenants()
 */
void config_free_tenants(struct config *config)
{
	size_t i;

	for (i = 0; i < config->tenant_count; i++) {
		free(config->tenants[i].types);
		free(config->tenants[i].settings.list);
	}
	free(config->tenants);
}
