/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config_reader.h - what the readers of parts of a configuration file share
 *
 * Each is called with the reader at the first event of its part, and leaves it
 * behind the last. All return 0 or a negative errno; the error is said.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <yaml.h>

#include "config.h"

/**
 * struct reader - a parser of YAML and the event it has reached
 * @yaml: the parser
 * @event: the event
 * @error: receives why the file is not taken
 */
struct reader {
	yaml_parser_t yaml;
	yaml_event_t event;
	struct config_error *error;
};

/* config_reader.c */
int reader_no_memory(struct reader *reader);
unsigned int reader_line(const struct reader *reader);
int reader_grow(struct reader *reader, void *array, size_t count, size_t size);
int reader_check_names(struct reader *reader, size_t count, const char *what);
int reader_next(struct reader *reader);
bool reader_at(const struct reader *reader, yaml_event_type_t type);
bool reader_at_nothing(const struct reader *reader);
int reader_scalar(struct reader *reader, const char *what, char *text,
		  size_t size);
int reader_expect(struct reader *reader, yaml_event_type_t type,
		  const char *what, const char *form);
bool reader_count(const char *text, unsigned int most, unsigned int *number);
int reader_add_setting(struct reader *reader, struct config_settings *settings,
		       const char *name, unsigned int line);

/* config_instances.c */
int config_read_instances(struct reader *reader, struct config_entry *entry);
int config_read_mig_devices(struct reader *reader, struct config_entry *entry);
int config_read_mig_enabled(struct reader *reader, struct config_entry *entry);
void config_free_instances(struct config_entry *entry);

/* config_tenants.c */
int config_read_tenants(struct reader *reader, struct config *config);
void config_free_tenants(struct config *config);

/* config_entitlement.c */
int config_read_entitlement(struct reader *reader, struct config_entitlement *entitlement);

#endif /* CONFIG_READER_H */
