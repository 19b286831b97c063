// SPDX-License-Identifier: GPL-2.0-only
/*
 * json_read.c - JSON that others wrote
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define DEPTH_MAX	8

/**
 * struct reading - a file that is read
 * @wrong: receives what is wrong with it
 * @size: of @wrong
 */
struct reading {
	char *wrong;
	size_t size;
};

static int problem(const struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int problem(const struct reading *reading, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reading->wrong, reading->size, format, args);
	va_end(args);
	return -EINVAL;
}

/* The whole file, with a final NUL that is not counted in *@size. */
static int read_all(const struct reading *reading, int fd, size_t max,
		    char *buffer, size_t *size)
{
	ssize_t n;

	*size = 0;
	while (*size <= max) {
		n = read(fd, buffer + *size, max + 1 - *size);
		if (n < 0)
			return problem(reading, "can't be read: %s",
				       ovgpu_strerror(-errno));
		if (!n)
			break;
		*size += n;
	}
	if (*size > max)
		return problem(reading, "is larger than %zu bytes", max);
	buffer[*size] = '\0';
	return 0;
}

static int parse(const struct reading *reading, const char *text, size_t size,
		 struct json_object **object)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return problem(reading, "can't be read: out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
			       JSON_TOKENER_VALIDATE_UTF8 |
			       JSON_TOKENER_ALLOW_TRAILING_CHARS);
	/* With the NUL, so that the end of the text is one. */
	*object = json_tokener_parse_ex(tokener, text, size + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error != json_tokener_success ||
	    end + strspn(text + end, " \t\r\n") < size)
		return problem(reading, "is not JSON (byte %zu: %s)", end,
			       error == json_tokener_success ?
			       "more follows" : json_tokener_error_desc(error));
	if (!json_object_is_type(*object, json_type_object))
		return problem(reading, "is not a JSON object");
	return 0;
}

/**
 * json_read - read a file that holds one JSON object
 * @fd: where from
 * @max: bytes that it may have
 * @object: the result; NULL on failure
 * @wrong: receives what is wrong with it, as "is not a JSON object"
 * @size: of @wrong
 *
 * Return: 0, -ENODATA when there is nothing to read, -EINVAL.
 */
int json_read(int fd, size_t max, struct json_object **object, char *wrong,
	      size_t size)
{
	struct reading reading = { .wrong = wrong, .size = size };
	char *buffer = malloc(max + 1);
	size_t used;
	int err;

	*object = NULL;
	if (!buffer)
		return problem(&reading, "can't be read: out of memory");
	err = read_all(&reading, fd, max, buffer, &used);
	if (!err) {
		err = parse(&reading, buffer, used, object);
		if (err && !used)
			err = -ENODATA;
	}
	free(buffer);
	if (err) {
		json_object_put(*object);
		*object = NULL;
	}
	return err;
}
