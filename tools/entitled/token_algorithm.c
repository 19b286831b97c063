// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token_algorithm.c - how a token says that it is signed
 *
 * libjwt believes the token: one with HS256 it would check with the public key as
 * a password, which everybody may know, and one with "none" not at all. So it is
 * looked at before.
 */
#include <json-c/json.h>
#include <string.h>

#include "token.h"

#define HEADER_MAX	512	/* characters of base64; ours have 36 */

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The first part of a token, as text; false: it is not base64url. */
static bool decode(const char *from, size_t length, char text[HEADER_MAX])
{
	unsigned int bits = 0, value = 0;
	size_t i, n = 0;

	for (i = 0; i < length; i++) {
		int d = digit(from[i]);

		if (d < 0)
			return false;
		value = value << 6 | (unsigned int)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			text[n++] = value >> bits & 0xff;
		}
	}
	text[n] = '\0';
	return n == strlen(text);
}

static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(4);
	struct json_object *object;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

/**
 * token_is_es256 - whether a token says that it is signed with ES256
 * @text: the token
 * @readable: receives whether it says anything
 */
bool token_is_es256(const char *text, bool *readable)
{
	size_t length = strcspn(text, ".");
	struct json_object *header, *algorithm;
	char plain[HEADER_MAX];
	bool good = false;

	*readable = false;
	if (!text[length] || length >= HEADER_MAX || !decode(text, length, plain))
		return false;
	header = parse(plain);
	if (json_object_is_type(header, json_type_object) &&
	    json_object_object_get_ex(header, "alg", &algorithm) &&
	    json_object_is_type(algorithm, json_type_string)) {
		*readable = true;
		good = !strcmp(json_object_get_string(algorithm), "ES256");
	}
	json_object_put(header);
	return good;
}
