/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - the configuration file: what GPUs and vGPUs should be
 *
 * openvgpu-config(5) describes its form. Reading it needs no machine: names
 * and numbers are checked for their form only; apply_machine.c compares them
 * with what there is.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_BYTES_MAX	(1 << 20)	/* of a file */
/* Of names of hosts and of pools. */
#define CONFIG_NAME_LETTERS	\
	"abcdefghijklmnopqrstuvwxyz0123456789_.-ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define CONFIG_NAME_SIZE	64		/* of a key, with the NUL */
#define CONFIG_VALUE_SIZE	256		/* of a value, likewise */
#define CONFIG_COUNT_MAX	4096		/* of vGPUs of one type on a GPU */
#define CONFIG_NAMES_MAX	256		/* of labels, types, settings of one */
#define CONFIG_INDEX_MAX	4095		/* of a GPU */
#define CONFIG_QUOTA_MAX	999999		/* of anything that a tenant may have */

/**
 * struct config_setting - one NAME: VALUE
 * @name: the attribute
 * @value: as written
 * @line: where
 */
struct config_setting {
	char name[CONFIG_NAME_SIZE];
	char value[CONFIG_VALUE_SIZE];
	unsigned int line;
};

/**
 * struct config_settings - several of them; no name is there twice
 * @list: in the order of the file
 * @count: their number
 */
struct config_settings {
	struct config_setting *list;
	size_t count;
};

/**
 * struct config_vgpu - a vGPU with a name
 * @uuid: as written
 * @settings: what it should be set to
 * @line: where it begins
 */
struct config_vgpu {
	char uuid[CONFIG_VALUE_SIZE];
	struct config_settings settings;
	unsigned int line;
};

/**
 * struct config_type - the vGPUs of one type
 * @type: as written
 * @count: how many
 * @vgpus: their names, @count of them; NULL: any will do
 * @line: where
 */
struct config_type {
	char type[CONFIG_VALUE_SIZE];
	unsigned int count;
	struct config_vgpu *vgpus;
	unsigned int line;
};

/**
 * struct config_instance - GPU instances that stay without vGPUs
 * @name: the only one's; empty: any will do
 * @profile: as written
 * @compute: compute slices of its queues, as "2,1,1"; empty: one queue has all
 * @count: how many
 * @settings: what it should be set to
 * @line: where it begins
 */
struct config_instance {
	char name[CONFIG_NAME_SIZE];
	char profile[CONFIG_VALUE_SIZE];
	char compute[CONFIG_VALUE_SIZE];
	unsigned int count;
	struct config_settings settings;
	unsigned int line;
};

/**
 * struct config_device - one GPU
 * @text: PCI address or number, as written
 * @line: where
 */
struct config_device {
	char text[CONFIG_VALUE_SIZE];
	unsigned int line;
};

/* Whose a GPU is. */
enum config_use {
	CONFIG_USE_LEFT_ALONE,	/* the file says nothing of it */
	CONFIG_USE_VGPU,
	CONFIG_USE_PASSTHROUGH,
};

/**
 * struct config_entry - what some GPUs should be
 * @all: it is for all GPUs; @devices is empty
 * @devices: else for these
 * @device_count: their number
 * @use: whose they are
 * @settings: of the GPUs
 * @has_types: @types says which vGPUs there are; else they are left alone
 * @types: no type is there twice
 * @type_count: their number
 * @has_instances: @instances says which GPU instances are reserved; else they are
 *	left alone
 * @instances: no name is there twice
 * @instance_count: their number
 * @line: where it begins
 */
struct config_entry {
	bool all;
	struct config_device *devices;
	size_t device_count;
	enum config_use use;
	struct config_settings settings;
	bool has_types;
	struct config_type *types;
	size_t type_count;
	bool has_instances;
	struct config_instance *instances;
	size_t instance_count;
	unsigned int line;
};

/**
 * struct config_label - one configuration of the file
 * @name: its label
 * @entries: what it consists of
 * @entry_count: their number
 * @line: where it begins
 */
struct config_label {
	char name[CONFIG_VALUE_SIZE];
	struct config_entry *entries;
	size_t entry_count;
	unsigned int line;
};

/* Of what a tenant may have so much on a machine. */
enum config_quota {
	CONFIG_VGPUS,
	CONFIG_FRAMEBUFFER,	/* MiB */
	CONFIG_COMPUTE_SLICES,	/* of the types of its vGPUs, together */
	CONFIG_QUOTAS,
};

/**
 * struct config_tenant - a tenant: what vGPUs may be and have that are its
 * @name: as written
 * @quota: most that it has
 * @has_quota: of each, whether there is one; else it has any number
 * @settings: weight: of its vGPUs that do not say; cap_percent: the most of any, and of
 *	those that do not say
 * @has_types: its vGPUs are of @types only
 * @types: names of types, as written
 * @type_count: their number
 * @has_migration: it is said whether they may be moved
 * @no_migration: they may not
 * @line: where it begins
 */
struct config_tenant {
	char name[CONFIG_VALUE_SIZE];
	unsigned int quota[CONFIG_QUOTAS];
	bool has_quota[CONFIG_QUOTAS];
	struct config_settings settings;
	bool has_types;
	struct config_device *types;
	size_t type_count;
	bool has_migration;
	bool no_migration;
	unsigned int line;
};

/* enum config_enforce - what becomes of vGPUs without a seat, beside a line that says so */
enum config_enforce {
	CONFIG_OBSERVE,		/* nothing */
	CONFIG_LIMIT,		/* they have ceilings */
	CONFIG_DENY_NEW,	/* they can't be opened; those that are stay so */
	CONFIG_ENFORCES
};

/**
 * struct config_entitlement - what the agent of quotas across hosts does
 * @enforce: what becomes of vGPUs without a seat
 * @cap_percent: of such, cap_ceiling_percent
 * @frame_rate: likewise, frame_rate_ceiling
 * @lease_minutes: how long a lease lasts that is not renewed
 * @host: what the server knows this host as; empty: as itself does
 */
struct config_entitlement {
	enum config_enforce enforce;
	unsigned int cap_percent;
	unsigned int frame_rate;
	unsigned int lease_minutes;
	char host[CONFIG_NAME_SIZE];
};

/**
 * struct config - a file
 * @labels: its configurations; none: the file is empty
 * @label_count: their number
 * @tenants: of vGPUs of all configurations; no name is there twice
 * @tenant_count: their number
 * @entitlement: of the agent
 */
struct config {
	struct config_label *labels;
	size_t label_count;
	struct config_tenant *tenants;
	size_t tenant_count;
	struct config_entitlement entitlement;
};

/**
 * struct config_error - why a file is not taken
 * @line: where, from 1; 0: nowhere in particular
 * @text: why; may hold bytes of the file
 */
struct config_error {
	unsigned int line;
	char text[768];
};

int config_read(int fd, struct config **config, struct config_error *error);
int config_fail(struct config_error *error, unsigned int line,
		const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_free(struct config *config);
bool config_division_valid(const char *text);
void config_entitlement_default(struct config_entitlement *entitlement);
const char *config_enforce_name(enum config_enforce enforce);
const char *config_quota_name(enum config_quota quota);
const struct config_setting *config_setting_find(const struct config_settings *settings,
						 const char *name);

#endif /* CONFIG_H */
