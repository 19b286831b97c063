// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * body.c - what a request says in JSON
 *
 * Each function answers with an error when it returns false.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service.h"

#define DEPTH	4	/* an object in an object in an object */
#define ACTION	"see " MANUAL " for what this request takes"

/**
 * body_parse - read the body
 * @request: request; no body counts as {}
 * @answer: receives an error
 *
 * Return: an object, or NULL.
 */
struct json_object *body_parse(const struct request *request, struct answer *answer)
{
	struct json_tokener *tokener;
	struct json_object *object;
	const char *wrong = NULL;

	if (!request->length)
		return json_object_new_object();
	tokener = json_tokener_new_ex(DEPTH);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, request->body, (int)request->length);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		wrong = json_tokener_error_desc(json_tokener_get_error(tokener));
	else if (json_tokener_get_parse_end(tokener) != request->length)
		wrong = "something follows the object";
	else if (!json_object_is_type(object, json_type_object))
		wrong = "it is not an object";
	json_tokener_free(tokener);
	if (!wrong)
		return object;
	json_object_put(object);
	answer_error(answer, 400, "bad-json", ACTION, "the body is not what it has to be: %s",
		     wrong);
	return NULL;
}

/* At most 40 bytes of a key, and no part of a character. */
static int shown_length(const char *key)
{
	size_t n = strnlen(key, 40);

	while (n && (key[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/**
 * body_only - there are no other keys
 * @object: object
 * @keys: those that there may be, NULL at the end
 * @answer: receives an error
 *
 * A key that is misspelled must not be a limit that is not set.
 */
bool body_only(struct json_object *object, const char *const *keys, struct answer *answer)
{
	const char *const *known;

	json_object_object_foreach(object, key, value) {
		(void)value;
		for (known = keys; *known && strcmp(*known, key); known++)
			;
		if (*known)
			continue;
		answer_error(answer, 400, "unknown-key", ACTION, "key '%.*s' is not known here",
			     shown_length(key), key);
		return false;
	}
	return true;
}

/**
 * body_text - a value that is text, and has to be there
 * @object: object
 * @key: its name there
 * @text: receives it
 * @size: of @text
 * @answer: receives an error
 */
bool body_text(struct json_object *object, const char *key, char *text, size_t size,
	       struct answer *answer)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string)) {
		answer_error(answer, 400, "bad-value", ACTION, "'%s' has to be there, and text",
			     key);
		return false;
	}
	/* A zero byte in it would hide the rest. */
	if (strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value) &&
	    (size_t)snprintf(text, size, "%s", json_object_get_string(value)) < size)
		return true;
	answer_error(answer, 400, "bad-value", ACTION, "'%s' is too long", key);
	return false;
}

/**
 * body_name - a value that is a name, and has to be there
 * @object: object
 * @key: its name there
 * @name: receives it
 * @answer: receives an error
 */
bool body_name(struct json_object *object, const char *key, char name[STORE_NAME_SIZE],
	       struct answer *answer)
{
	if (!body_text(object, key, name, STORE_NAME_SIZE, answer))
		return false;
	if (openvgpu_name_valid(name, strlen(name)))
		return true;
	answer_error(answer, 400, "bad-value", ACTION,
		     "'%s' is not a name of 1 to %d letters, digits, dots, dashes and underscores",
		     key, OPENVGPU_NAME_MAX);
	return false;
}

/**
 * series_valid - whether it is a series of vGPU types: a letter, as "q" or "c"
 * @series: text
 *
 * A limit of "C" would hold for no vGPU.
 */
bool series_valid(const char *series)
{
	return series[0] >= 'a' && series[0] <= 'z' && !series[1];
}

/**
 * body_number - a value that is a number
 * @object: object
 * @key: its name there
 * @least: it is not below
 * @most: it is not above
 * @number: receives it; stays as it is where the key is not there, or null
 * @answer: receives an error
 */
bool body_number(struct json_object *object, const char *key, int64_t least, int64_t most,
		 int64_t *number, struct answer *answer)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return true;
	if (json_object_is_type(value, json_type_int)) {
		*number = json_object_get_int64(value);
		if (*number >= least && *number <= most)
			return true;
	}
	answer_error(answer, 400, "bad-value", ACTION,
		     "'%s' has to be a whole number of %lld to %lld", key, (long long)least,
		     (long long)most);
	return false;
}

/**
 * body_flag - a value that is true or false
 * @object: object
 * @key: its name there
 * @flag: receives it; stays as it is where the key is not there, or null
 * @answer: receives an error
 */
bool body_flag(struct json_object *object, const char *key, bool *flag, struct answer *answer)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return true;
	if (json_object_is_type(value, json_type_boolean)) {
		*flag = json_object_get_boolean(value);
		return true;
	}
	answer_error(answer, 400, "bad-value", ACTION, "'%s' has to be true or false", key);
	return false;
}
