// SPDX-License-Identifier: GPL-2.0-only
/*
 * config_reader.c - YAML, event by event, with what may not be in it refused
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_reader.h"

/**
 * config_fail - say why a file is not taken
 * @error: receives it
 * @line: where in the file; 0: nowhere in particular
 * @format: printf format of the reason
 *
 * Return: -EINVAL.
 */
int config_fail(struct config_error *error, unsigned int line,
		const char *format, ...)
{
	va_list args;

	error->line = line;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

/**
 * reader_no_memory - say that memory ran out
 * @reader: of the file
 *
 * Return: -ENOMEM.
 */
int reader_no_memory(struct reader *reader)
{
	config_fail(reader->error, 0, "out of memory");
	return -ENOMEM;
}

/**
 * reader_line - the line that the reader is on
 * @reader: of the file
 *
 * Return: its number, from 1.
 */
unsigned int reader_line(const struct reader *reader)
{
	return reader->event.start_mark.line + 1;
}

/**
 * reader_grow - make room for one more element of an array; it is all zero
 * @reader: of the file
 * @array: the pointer to the array
 * @count: elements it has
 * @size: bytes of one
 *
 * Room doubles, so that a long list takes no longer than its length says.
 *
 * Return: 0 or -ENOMEM.
 */
int reader_grow(struct reader *reader, void *array, size_t count, size_t size)
{
	void **list = array, *more = *list;

	if (!(count & (count - 1)))
		more = reallocarray(*list, count ? 2 * count : 1, size);
	if (!more)
		return reader_no_memory(reader);
	memset((char *)more + count * size, 0, size);
	*list = more;
	return 0;
}

/**
 * reader_check_names - whether there may be one more name
 * @reader: of the file
 * @count: how many there are
 * @what: of what, for people
 *
 * Names must differ, and are compared with all before them: few are enough.
 *
 * Return: 0 or -EINVAL.
 */
int reader_check_names(struct reader *reader, size_t count, const char *what)
{
	if (count < CONFIG_NAMES_MAX)
		return 0;
	return config_fail(reader->error, reader_line(reader), "more than %d %s",
			   CONFIG_NAMES_MAX, what);
}

/* ----------------------------------------------------------------- events */

static int fail_yaml(struct reader *reader)
{
	const yaml_parser_t *yaml = &reader->yaml;
	unsigned int line = yaml->problem_mark.line + 1;

	switch (yaml->error) {
	case YAML_MEMORY_ERROR:
		return reader_no_memory(reader);
	case YAML_READER_ERROR:
		return config_fail(reader->error, 0,
				   "byte %zu is no text in UTF-8: %s",
				   yaml->problem_offset,
				   yaml->problem ? yaml->problem : "unreadable");
	default:
		return config_fail(reader->error, line, "is not YAML: %s%s%s",
				   yaml->problem ? yaml->problem : "unreadable",
				   yaml->context ? ", " : "",
				   yaml->context ? yaml->context : "");
	}
}

/**
 * reader_next - go on to the next event
 * @reader: of the file
 *
 * Return: 0 or a negative errno.
 */
int reader_next(struct reader *reader)
{
	yaml_event_t *event = &reader->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	yaml_event_delete(event);
	if (!yaml_parser_parse(&reader->yaml, event))
		return fail_yaml(reader);
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return config_fail(reader->error, reader_line(reader),
				   "aliases are not taken: write it out");
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor || tag)
		return config_fail(reader->error, reader_line(reader),
				   "anchors and tags are not taken");
	return 0;
}

/**
 * reader_at - whether the reader is at an event
 * @reader: of the file
 * @type: the event
 *
 * Return: true if it is.
 */
bool reader_at(const struct reader *reader, yaml_event_type_t type)
{
	return reader->event.type == type;
}

/**
 * reader_at_nothing - whether the reader is at an empty value
 * @reader: of the file
 *
 * Return: true if it is, as after "settings:" with nothing behind it.
 */
bool reader_at_nothing(const struct reader *reader)
{
	return reader_at(reader, YAML_SCALAR_EVENT) &&
	       reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       !reader->event.data.scalar.length;
}

/**
 * reader_scalar - copy the scalar that the reader is at
 * @reader: of the file
 * @what: what it is, for people
 * @text: receives it
 * @size: bytes at @text
 *
 * Return: 0 or -EINVAL: it is none, or has not the form of one.
 */
int reader_scalar(struct reader *reader, const char *what, char *text,
		  size_t size)
{
	const char *value;
	size_t length;

	if (!reader_at(reader, YAML_SCALAR_EVENT))
		return config_fail(reader->error, reader_line(reader),
				   "%s must be a single value", what);
	value = (const char *)reader->event.data.scalar.value;
	length = reader->event.data.scalar.length;
	if (!length)
		return config_fail(reader->error, reader_line(reader),
				   "%s is missing", what);
	if (length >= size)
		return config_fail(reader->error, reader_line(reader),
				   "%s is too long: '%.40s...' has %zu characters",
				   what, value, length);
	if (memchr(value, '\0', length))
		return config_fail(reader->error, reader_line(reader),
				   "%s has a zero byte in it", what);
	memcpy(text, value, length);
	text[length] = '\0';
	return 0;
}

/**
 * reader_expect - go behind an event
 * @reader: of the file
 * @type: the event
 * @what: what begins with it, for people
 * @form: its form, for people
 *
 * Return: 0 or a negative errno.
 */
int reader_expect(struct reader *reader, yaml_event_type_t type,
		  const char *what, const char *form)
{
	if (reader_at(reader, type))
		return reader_next(reader);
	return config_fail(reader->error, reader_line(reader), "%s must be %s",
			   what, form);
}

/**
 * reader_count - a plain decimal number that is not too large
 * @text: anything
 * @most: the largest
 * @number: receives it
 *
 * Return: false when it is no such number.
 */
bool reader_count(const char *text, unsigned int most,
		  unsigned int *number)
{
	size_t n = strspn(text, "0123456789");

	if (!n || n > 6 || text[n])
		return false;
	*number = strtoul(text, NULL, 10);
	return *number <= most;
}

/**
 * config_setting_find - a setting that a file gives
 * @settings: of one object
 * @name: of the setting
 *
 * Return: the setting; NULL: it does not say.
 */
const struct config_setting *config_setting_find(const struct config_settings *settings,
						 const char *name)
{
	size_t i;

	for (i = 0; i < settings->count; i++)
		if (!strcmp(settings->list[i].name, name))
			return &settings->list[i];
	return NULL;
}

/**
 * reader_add_setting - read the value of a setting
 * @reader: at that value
 * @settings: it is added to these
 * @name: of the setting
 * @line: of its name
 *
 * Return: 0 or a negative errno.
 */
int reader_add_setting(struct reader *reader, struct config_settings *settings,
		       const char *name, unsigned int line)
{
	const struct config_setting *before = config_setting_find(settings, name);
	struct config_setting *setting;
	int err;

	if (before)
		return config_fail(reader->error, line,
				   "'%s' is there twice, first on line %u",
				   name, before->line);
	err = reader_check_names(reader, settings->count, "settings");
	err = err ?: reader_grow(reader, &settings->list, settings->count,
				 sizeof(*setting));
	if (err)
		return err;
	setting = &settings->list[settings->count++];
	snprintf(setting->name, sizeof(setting->name), "%s", name);
	setting->line = line;
	err = reader_scalar(reader, name, setting->value, sizeof(setting->value));
	return err ?: reader_next(reader);
}
