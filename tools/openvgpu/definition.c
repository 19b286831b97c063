// SPDX-License-Identifier: GPL-2.0-only
/*
 * definition.c - vGPUs that are defined, in the files that mdevctl keeps
 *
 * /etc/mdevctl.d/GPU/UUID is a JSON object: "mdev_type", "start" ("auto" or
 * "manual") and "attrs", an array of objects with one member each. mdevctl and
 * libvirt write them; here they are only read.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "definition.h"

static int problem(struct definition *definition, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int problem(struct definition *definition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(definition->problem, sizeof(definition->problem), format,
		  args);
	va_end(args);
	return -EINVAL;
}

/* A string of at most @size bytes, without bytes that no attribute takes. */
static bool get_string(struct json_object *value, char *text, size_t size)
{
	int length;

	if (!json_object_is_type(value, json_type_string))
		return false;
	length = json_object_get_string_len(value);
	if (length < 0 || (size_t)length >= size ||
	    strlen(json_object_get_string(value)) != (size_t)length)
		return false;
	memcpy(text, json_object_get_string(value), length + 1);
	return true;
}

static int parse_attributes(struct json_object *array,
			    struct definition *definition)
{
	size_t i, count;

	if (!array)
		return 0;
	if (!json_object_is_type(array, json_type_array))
		return problem(definition, "\"attrs\" of its definition is not an array");
	count = json_object_array_length(array);
	definition->attributes = calloc(count + 1,
					sizeof(*definition->attributes));
	if (!definition->attributes)
		return problem(definition, "out of memory");
	for (i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		struct definition_attribute *to = &definition->attributes[i];

		if (!json_object_is_type(item, json_type_object) ||
		    json_object_object_length(item) != 1)
			return problem(definition,
				       "entry %zu of \"attrs\" of its definition is not an object with one member",
				       i);
		json_object_object_foreach(item, path, value) {
			if (strlen(path) >= sizeof(to->path) ||
			    !get_string(value, to->value, sizeof(to->value)))
				return problem(definition,
					       "entry %zu of \"attrs\" of its definition has no short string",
					       i);
			strcpy(to->path, path);
		}
		definition->count++;
	}
	return 0;
}

static int parse_object(struct json_object *object,
			struct definition *definition)
{
	struct json_object *value;
	char start[16];

	if (!json_object_object_get_ex(object, "mdev_type", &value) ||
	    !get_string(value, definition->type, sizeof(definition->type)))
		return problem(definition, "its definition has no \"mdev_type\"");
	if (!json_object_object_get_ex(object, "start", &value) ||
	    !get_string(value, start, sizeof(start)))
		return problem(definition, "its definition has no \"start\"");
	definition->autostart = !strcmp(start, "auto");
	if (!json_object_object_get_ex(object, "attrs", &value))
		value = NULL;
	return parse_attributes(value, definition);
}

/**
 * definition_read - read one definition
 * @fd: where from
 * @definition: the result, all zero but its UUID at first; its attributes are
 *	to be freed
 *
 * Return: 0, -ENODATA when there is nothing to read, -EINVAL when it can't be
 * used; @definition says why.
 */
int definition_read(int fd, struct definition *definition)
{
	struct json_object *object;
	char wrong[OVGPU_NAME_SIZE * 2];
	int err;

	err = json_read(fd, DEFINITION_BYTES_MAX, &object, wrong, sizeof(wrong));
	if (err) {
		problem(definition, "its definition %s", wrong);
	} else {
		err = parse_object(object, definition);
		json_object_put(object);
	}
	if (err)
		definition->type[0] = '\0';
	return err;
}

/**
 * definition_setting - the setting of a vGPU that an attribute is
 * @attribute: of a definition
 *
 * Return: the setting; NULL when it is none.
 */
const struct ovgpu_setting *
definition_setting(const struct definition_attribute *attribute)
{
	const size_t prefix = strlen(OVGPU_DRIVER "/");

	if (strncmp(attribute->path, OVGPU_DRIVER "/", prefix))
		return NULL;
	return ovgpu_setting_find(OVGPU_VGPU, attribute->path + prefix);
}

/* Reads one file. What is wrong with it is said in @definition. */
static void read_definition(const struct cli *cli, const char *bdf,
			    struct definition *definition)
{
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), DEFINITION_FOLDER "/%s/%s", bdf,
		 definition->uuid);
	/* Not to wait for whoever writes to a FIFO of that name. */
	fd = openat(ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), path,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		problem(definition, "its definition can't be read: %s",
			ovgpu_strerror(-errno));
	else if (!S_ISREG(st.st_mode))
		problem(definition, "its definition is not a file");
	else
		definition_read(fd, definition);
	if (fd >= 0)
		close(fd);
}

/**
 * definition_gpus - the GPUs, and what else has mediated devices, that vGPUs are
 * defined for
 * @cli: the run
 * @names: PCI addresses, to be given to ovgpu_free()
 * @count: their number
 *
 * Return: 0, also when there are none, or a negative errno.
 */
int definition_gpus(const struct cli *cli, char ***names, size_t *count)
{
	char bdf[OVGPU_BDF_SIZE];
	size_t n, i;
	int err;

	*names = NULL;
	*count = 0;
	err = ovgpu_directory(cli->ovgpu, OVGPU_ROOT, names, &n,
			      DEFINITION_FOLDER);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (i = 0; i < n; i++)
		if (!ovgpu_bdf_parse((*names)[i], bdf) &&
		    !strcmp((*names)[i], bdf))
			(*names)[(*count)++] = (*names)[i];
	(*names)[*count] = NULL;
	return 0;
}

/**
 * definition_is_expected - whether a vGPU is to be there whenever its GPU is
 * @definition: of it
 *
 * Return: true if it is one of ours and to be started by itself.
 */
bool definition_is_expected(const struct definition *definition)
{
	return definition->autostart && !definition->problem[0] &&
	       !strncmp(definition->type, OVGPU_TYPE_PREFIX,
			strlen(OVGPU_TYPE_PREFIX));
}

/**
 * definition_list - the vGPUs that are defined for a GPU
 * @cli: the run
 * @bdf: PCI address, as ovgpu_bdf_parse() gives it
 * @list: the result, by UUID, to be given to definition_list_free()
 * @count: their number
 *
 * A file that can't be used is in the list, with its problem: somebody expects
 * that vGPU. Files that are named differently are not mdevctl's.
 *
 * Return: 0, also when none are defined, or a negative errno.
 */
int definition_list(const struct cli *cli, const char *bdf,
		    struct definition **list, size_t *count)
{
	char uuid[OVGPU_UUID_SIZE], **names;
	size_t n, i;
	int err;

	*list = NULL;
	*count = 0;
	err = ovgpu_directory(cli->ovgpu, OVGPU_ROOT, &names, &n,
			      DEFINITION_FOLDER "/%s", bdf);
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	*list = calloc(n + 1, sizeof(**list));
	for (i = 0; *list && i < n; i++) {
		if (ovgpu_uuid_parse(names[i], uuid) || strcmp(names[i], uuid))
			continue;
		strcpy((*list)[*count].uuid, uuid);
		read_definition(cli, bdf, &(*list)[*count]);
		++*count;
	}
	ovgpu_free(names);
	return *list ? 0 : -ENOMEM;
}

/**
 * definition_list_free - give back a list
 * @list: of definition_list()
 * @count: their number
 */
void definition_list_free(struct definition *list, size_t count)
{
	while (count)
		free(list[--count].attributes);
	free(list);
}
