// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_entitlement.c - what the agent of the quotas across hosts does
 *
 *	entitlement: {enforce: limit, cap_percent: 25, frame_rate: 15, host: h1}
 */
#include <stdio.h>
#include <string.h>

#include "config_reader.h"

/* Of a lease: doc/entitlement.md. */
#define LEASE_MINUTES_MIN	10
#define LEASE_MINUTES_MAX	(90 * 24 * 60)

/**
 * config_entitlement_default - what holds where a file says nothing
 * @entitlement: receives it
 */
void config_entitlement_default(struct config_entitlement *entitlement)
{
	*entitlement = (struct config_entitlement) {
		.cap_percent = 25, .frame_rate = 15, .lease_minutes = 24 * 60,
	};
}

static int read_number(struct reader *reader, const char *key, const char *text,
		       unsigned int least, unsigned int most, unsigned int *number)
{
	if (reader_count(text, most, number) && *number >= least)
		return 0;
	return config_fail(reader->error, reader_line(reader),
			   "%s of entitlement can't be '%s': it is a number of %u to %u",
			   key, text, least, most);
}

/**
 * config_enforce_name - the word for it
 * @enforce: which
 */
const char *config_enforce_name(enum config_enforce enforce)
{
	static const char *const names[] = {
		[CONFIG_OBSERVE] = "observe", [CONFIG_LIMIT] = "limit",
		[CONFIG_DENY_NEW] = "deny-new",
	};

	return names[enforce];
}

static int read_enforce(struct reader *reader, const char *text, enum config_enforce *enforce)
{
	for (*enforce = 0; *enforce < CONFIG_ENFORCES; (*enforce)++)
		if (!strcmp(text, config_enforce_name(*enforce)))
			return 0;
	*enforce = CONFIG_OBSERVE;
	return config_fail(reader->error, reader_line(reader),
			   "enforce can't be '%s': it is observe, limit or deny-new", text);
}

static int read_host(struct reader *reader, const char *text, char host[CONFIG_NAME_SIZE])
{
	size_t n = strspn(text, CONFIG_NAME_LETTERS);

	if (text[n] || n >= CONFIG_NAME_SIZE)
		return config_fail(reader->error, reader_line(reader),
				   "host can't be '%s': it is a name of letters, digits, dots, dashes and underscores",
				   text);
	strcpy(host, text);
	return 0;
}

/* Each key has its bit; one that is not known has none. */
static int read_key(struct reader *reader, char key[CONFIG_NAME_SIZE], unsigned int *given)
{
	static const char *const keys[] = {
		"enforce", "cap_percent", "frame_rate", "lease_minutes", "host",
	};
	unsigned int i, line = reader_line(reader);
	int err = reader_scalar(reader, "a key", key, CONFIG_NAME_SIZE);

	for (i = 0; !err && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i]))
			continue;
		if (*given & 1U << i)
			return config_fail(reader->error, line, "'%s' is there twice", key);
		*given |= 1U << i;
	}
	return err;
}

static int read_value(struct reader *reader, struct config_entitlement *entitlement,
		      const char *key, unsigned int line)
{
	char text[CONFIG_VALUE_SIZE];
	int err = reader_scalar(reader, key, text, sizeof(text));

	if (err)
		return err;
	if (!strcmp(key, "enforce"))
		return read_enforce(reader, text, &entitlement->enforce);
	if (!strcmp(key, "cap_percent"))
		return read_number(reader, key, text, 1, 100, &entitlement->cap_percent);
	if (!strcmp(key, "frame_rate"))
		return read_number(reader, key, text, 1, 60, &entitlement->frame_rate);
	if (!strcmp(key, "lease_minutes"))
		return read_number(reader, key, text, LEASE_MINUTES_MIN, LEASE_MINUTES_MAX,
				   &entitlement->lease_minutes);
	if (!strcmp(key, "host"))
		return read_host(reader, text, entitlement->host);
	return config_fail(reader->error, line,
			   "unknown key '%s' of entitlement: enforce, cap_percent, frame_rate, lease_minutes or host",
			   key);
}

/**
 * config_read_entitlement - read what the agent does
 * @reader: at the value of "entitlement"
 * @entitlement: receives it
 *
 * Return: 0 or a negative errno.
 */
int config_read_entitlement(struct reader *reader, struct config_entitlement *entitlement)
{
	char key[CONFIG_NAME_SIZE];
	unsigned int line, given = 0;
	int err;

	err = reader_expect(reader, YAML_MAPPING_START_EVENT, "entitlement",
			    "what the agent does, as {enforce: limit}");
	while (!err && !reader_at(reader, YAML_MAPPING_END_EVENT)) {
		line = reader_line(reader);
		err = read_key(reader, key, &given);
		err = err ?: reader_next(reader);
		err = err ?: read_value(reader, entitlement, key, line);
		err = err ?: reader_next(reader);
	}
	return err ?: reader_next(reader);
}
