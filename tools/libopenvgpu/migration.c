// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * migration.c - whether a guest can go on, on another vGPU
 *
 * What a vGPU is comes as the record that its stream would begin with, and is read
 * as the module reads it, so newer versions of it are taken or refused alike.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hello.h"
#include "internal.h"

/* Two digits each; the kernel gives a page at most. */
#define RECORD_MAX	(OVGPU_ATTRIBUTE_SIZE / 2)

/**
 * struct migration - what is behind a struct ovgpu_migration
 * @shown: what callers see
 * @hello: all of it, as the module compares it
 */
struct migration {
	struct ovgpu_migration shown;
	struct stream_hello hello;
};

static const struct migration *behind(const struct ovgpu_migration *shown)
{
	return (const struct migration *)shown;
}

/* ------------------------------------------------------------------ reading */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Return: bytes; 0: there are too many, or other characters than digits. */
static size_t from_digits(const char *text, __u8 *bytes, size_t size)
{
	size_t n = 0;

	for (; text[0]; text += 2) {
		if (n == size || digit(text[0]) < 0 || digit(text[1]) < 0)
			return 0;
		bytes[n++] = digit(text[0]) << 4 | digit(text[1]);
	}
	return n;
}

#define ENOUGH	ECANCELED	/* of stream_feed(): what was wanted has come */

static int take_hello(struct stream_parser *parser,
		      const struct stream_record *record)
{
	(void)record;
	strcpy(parser->reason, "known");
	return -ENOUGH;
}

static const struct stream_ops hello_ops = { .record = take_hello };

/* Return: 0; -EBADMSG, -EINVAL or -E2BIG, and @reason; -ENOMEM. */
static int read_hello(const __u8 *bytes, size_t count, struct stream_hello *hello,
		      char *reason, size_t size)
{
	struct stream_parser *parser = malloc(sizeof(*parser));
	__u8 *buffer = malloc(STREAM_RECORD_MAX);
	int err = -ENOMEM;

	if (parser && buffer) {
		stream_parser_init(parser, &hello_ops, NULL, NULL, buffer);
		err = stream_feed(parser, bytes, count);
		if (!err) {
			err = -EBADMSG;
			snprintf(reason, size, "migration refused: the description of the vGPU is not whole");
		} else if (err == -ENOUGH) {
			err = 0;
			*hello = parser->source;
		} else {
			snprintf(reason, size, "%s", parser->reason);
		}
	}
	free(buffer);
	free(parser);
	return err;
}

/* Its first three fields are little endian there. */
static void write_uuid(const __u8 *bytes, char *uuid)
{
	static const __u8 order[16] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15,
	};
	unsigned int i;

	for (i = 0; i < 16; i++)
		uuid += sprintf(uuid, "%s%02x",
				i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
				bytes[order[i]]);
}

static void show(const struct stream_hello *hello, struct ovgpu_migration *shown)
{
	write_uuid(hello->uuid, shown->uuid);
	strcpy(shown->type, hello->type);
	strcpy(shown->personality, hello->personality);
	strcpy(shown->family, hello->family);
	strcpy(shown->board, hello->board);
	shown->any_gpu = hello->any_family;
	shown->hardware = hello->hardware;
	shown->interface = hello->interface;
	shown->capabilities = hello->capabilities;
	shown->framebuffer = hello->framebuffer;
	shown->bar_size = hello->bar_bytes;
	shown->user_page_size = hello->user_bytes;
	shown->aperture_pages = hello->aperture_pages;
	shown->heads = hello->heads;
	shown->max_x = hello->max_x;
	shown->max_y = hello->max_y;
	shown->vectors = hello->vectors;
	shown->compute_slices = hello->compute_slices;
	shown->memory_slices = hello->memory_slices;
}

/**
 * ovgpu_migration_parse - what a vGPU of any host is, as far as another one must
 * suit it
 * @record: hexadecimal digits, as @record of struct ovgpu_migration has them there
 * @migration: the result, to be given to ovgpu_free(); NULL on failure
 * @reason: receives what is wrong with it, a sentence; empty when there is none
 * @size: bytes at @reason
 *
 * Return: 0, -EBADMSG when no vGPU has such a record, -EINVAL when it is of a newer
 * version, which a module of the library's would refuse as well, -E2BIG when it is too
 * large, or -ENOMEM.
 */
int ovgpu_migration_parse(const char *record, struct ovgpu_migration **migration,
			  char *reason, size_t size)
{
	__u8 bytes[RECORD_MAX];
	struct migration *made;
	size_t count;
	int err;

	*migration = NULL;
	reason[0] = '\0';
	count = from_digits(record, bytes, sizeof(bytes));
	if (!count) {
		snprintf(reason, size,
			 "migration refused: the description of the vGPU has no record of 1 to %d bytes in hexadecimal digits",
			 RECORD_MAX);
		return -EBADMSG;
	}
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	err = read_hello(bytes, count, &made->hello, reason, size);
	if (err) {
		free(made);
		return err;
	}
	show(&made->hello, &made->shown);
	strcpy(made->shown.record, record);
	*migration = &made->shown;
	return 0;
}

/**
 * ovgpu_migration_get - what a vGPU of this host is, as far as another one must
 * suit it
 * @ovgpu: handle
 * @uuid: its name, as ovgpu_uuid_parse() gives it
 * @migration: the result, to be given to ovgpu_free(); NULL on failure
 * @reason: receives what is wrong with what the driver says; empty when that is not
 *	the matter
 * @size: bytes at @reason
 *
 * Return: 0, -ENOENT when there is no such vGPU, -EOPNOTSUPP when the module is too
 * old to tell, as of ovgpu_migration_parse(), or another negative errno.
 */
int ovgpu_migration_get(const struct ovgpu *ovgpu, const char *uuid,
			struct ovgpu_migration **migration, char *reason,
			size_t size)
{
	char record[OVGPU_ATTRIBUTE_SIZE];
	int err;

	*migration = NULL;
	reason[0] = '\0';
	err = ovgpu_attribute_get(ovgpu, OVGPU_VGPU, uuid, OVGPU_DRIVER,
				  "migration_hello", record, sizeof(record));
	if (err == -ENOENT &&
	    ovgpu_exists(ovgpu, OVGPU_SYSFS, OVGPU_MDEV_PATH "/%s/" OVGPU_DRIVER,
			 uuid))
		return -EOPNOTSUPP;
	return err ? err : ovgpu_migration_parse(record, migration, reason, size);
}

/* ---------------------------------------------------------------- comparing */

/**
 * ovgpu_migration_refuses - whether a guest can't go on, on another vGPU
 * @source: the vGPU that it runs on
 * @target: the other one
 * @number: which of the reasons is wanted, from 0
 * @reason: receives it, in the words in which the module of the target's host would
 *	refuse; empty when there is none
 * @size: bytes at @reason
 *
 * Only what the two vGPUs are is compared, not what is set or who has them open.
 *
 * Return: true if it can't; false: there are no more than @number reasons, which
 * is, of number 0: it can.
 */
bool ovgpu_migration_refuses(const struct ovgpu_migration *source,
			     const struct ovgpu_migration *target,
			     unsigned int number, char *reason, size_t size)
{
	reason[0] = '\0';
	return stream_refuses(&behind(source)->hello, &behind(target)->hello,
			      number, reason, size);
}
