// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * name.c - the forms of names: UUIDs, PCI addresses, type ids, numbers
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

/* True for 0-9, a-f, A-F whatever the locale is. */
static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/**
 * ovgpu_uuid_parse - check a UUID and give it the form the kernel uses
 * @text: anything
 * @uuid: OVGPU_UUID_SIZE bytes; unchanged on failure
 *
 * Only the form counts (8-4-4-4-12 hexadecimal digits), not the version and
 * variant bits: Proxmox builds UUIDs from VM numbers.
 *
 * Return: 0 or -EINVAL.
 */
int ovgpu_uuid_parse(const char *text, char *uuid)
{
	int i;

	if (strnlen(text, OVGPU_UUID_SIZE) != OVGPU_UUID_SIZE - 1)
		return -EINVAL;
	for (i = 0; i < OVGPU_UUID_SIZE - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return -EINVAL;
		} else if (!is_hex(text[i])) {
			return -EINVAL;
		}
	}
	for (i = 0; i < OVGPU_UUID_SIZE; i++)
		uuid[i] = lower(text[i]);
	return 0;
}

/**
 * ovgpu_uuid_generate - a random UUID (RFC 9562, version 4)
 * @uuid: OVGPU_UUID_SIZE bytes
 *
 * Return: 0 or a negative errno of getrandom(2).
 */
int ovgpu_uuid_generate(char *uuid)
{
	unsigned char b[16];

	/* Up to 256 bytes come whole or not at all. */
	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -errno;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, OVGPU_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

/* Length of the run of hexadecimal digits @text starts with, at most @max. */
static size_t hex_run(const char *text, size_t max)
{
	size_t n = 0;

	while (n < max && is_hex(text[n]))
		n++;
	return n;
}

/**
 * ovgpu_bdf_parse - check a PCI address and complete it
 * @text: anything
 * @bdf: OVGPU_BDF_SIZE bytes; unchanged on failure
 *
 * Takes "0000:3b:00.0" and, in domain 0, "3b:00.0".
 *
 * Return: 0 or -EINVAL.
 */
int ovgpu_bdf_parse(const char *text, char *bdf)
{
	const char *domain = "0000:", *bus = text;
	size_t n = hex_run(text, 9), i;

	if (n >= 4 && n <= 8 && text[n] == ':') {
		domain = "";
		bus = text + n + 1;
	}
	if (hex_run(bus, 3) != 2 || bus[2] != ':' ||
	    hex_run(bus + 3, 3) != 2 || bus[5] != '.' ||
	    bus[6] < '0' || bus[6] > '7' || bus[7])
		return -EINVAL;
	snprintf(bdf, OVGPU_BDF_SIZE, "%s%s", domain, text);
	for (i = 0; bdf[i]; i++)
		bdf[i] = lower(bdf[i]);
	return 0;
}

/**
 * ovgpu_type_parse - check a type's name and complete it
 * @text: anything
 * @id: OVGPU_NAME_SIZE bytes; unchanged on failure
 *
 * Takes "openvgpu-1q" and "1q", in any case.
 *
 * Return: 0 or -EINVAL.
 */
int ovgpu_type_parse(const char *text, char *id)
{
	size_t prefix = strlen(OVGPU_TYPE_PREFIX), length, i, n;

	if (!strncasecmp(text, OVGPU_TYPE_PREFIX, prefix))
		text += prefix;
	length = strnlen(text, OVGPU_NAME_SIZE);
	if (!length || length + prefix >= OVGPU_NAME_SIZE)
		return -EINVAL;
	for (i = 0; i < length; i++) {
		unsigned char c = text[i];

		if (c >= 0x80 || (!isalnum(c) && c != '_' && c != '-'))
			return -EINVAL;
	}
	n = snprintf(id, OVGPU_NAME_SIZE, "%s%s", OVGPU_TYPE_PREFIX, text);
	for (i = 0; i < n; i++)
		id[i] = lower(id[i]);
	return 0;
}

/**
 * ovgpu_number_parse - a plain decimal number
 * @text: anything
 * @number: the result; unchanged on failure
 *
 * Return: 0, -EINVAL for anything but digits, -ERANGE over 64 bits.
 */
int ovgpu_number_parse(const char *text, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return -ERANGE;
	}
	*number = value;
	return 0;
}

/**
 * ovgpu_object_valid - whether a name is one that a parse function gave
 * @object: what it names
 * @name: anything
 *
 * Return: true if it is, and so can become part of a path.
 */
bool ovgpu_object_valid(enum ovgpu_object object, const char *name)
{
	char parsed[OVGPU_UUID_SIZE], bdf[OVGPU_BDF_SIZE];
	size_t n;

	if (object == OVGPU_GPU)
		return !ovgpu_bdf_parse(name, parsed) && !strcmp(name, parsed);
	if (object == OVGPU_INSTANCE) {
		n = strcspn(name, "/");
		if (n >= sizeof(bdf) || !name[n])
			return false;
		snprintf(bdf, sizeof(bdf), "%.*s", (int)n, name);
		name += n + 1;
		n = strspn(name, "0123456789");
		return ovgpu_object_valid(OVGPU_GPU, bdf) && n && n <= 2 &&
		       !name[n];
	}
	return !ovgpu_uuid_parse(name, parsed) && !strcmp(name, parsed);
}

/**
 * ovgpu_file_name_valid - whether a name can be that of an attribute or group
 * @name: anything
 *
 * Return: true if it is letters, digits and underscores, and not too long.
 */
bool ovgpu_file_name_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && n < OVGPU_NAME_SIZE && !name[n];
}

/**
 * ovgpu_host_check - check the name of a host before ssh gets it
 * @host: anything
 *
 * Takes "HOST", "USER@HOST" and "ssh://USER@HOST:PORT" of the characters that such
 * names are made of: ssh's configuration may give them to a shell.
 *
 * Return: 0 or -EINVAL.
 */
int ovgpu_host_check(const char *host)
{
	size_t length = strnlen(host, OVGPU_TEXT_SIZE), i;

	if (length >= OVGPU_HOST_MAX)
		return -EINVAL;
	if (!strncmp(host, "ssh://", 6))
		host += 6;
	/* An option, behind what ssh takes away, too: it gives what is left to others. */
	if (!host[0] || strchr("-@.", host[0]) || strstr(host, "@-") ||
	    strstr(host, "[-"))
		return -EINVAL;
	for (i = 0; host[i]; i++)
		if ((unsigned char)host[i] >= 0x80 ||
		    (!isalnum((unsigned char)host[i]) && !strchr("_.-@:[]", host[i])))
			return -EINVAL;
	return 0;
}
