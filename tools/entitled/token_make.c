// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token_make.c - sign a token
 */
#include <jwt.h>
#include <json-c/json.h>
#include <string.h>

#include "token.h"

/* A claim with a list has to be given to libjwt as JSON. */
static bool add_urls(jwt_t *jwt, const char *const *urls, unsigned int count)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	unsigned int i;
	bool good;

	for (i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(urls[i]));
	json_object_object_add(object, "urls", list);
	good = !jwt_add_grants_json(jwt, json_object_to_json_string(object));
	json_object_put(object);
	return good;
}

/**
 * token_make - sign a token
 * @token: what it says
 * @urls: of servers that take it
 * @url_count: how many
 * @private_key: PEM, of key_read()
 *
 * Return: the token, to be freed, or NULL.
 */
char *token_make(const struct token *token, const char *const *urls, unsigned int url_count,
		 const char *private_key)
{
	char *text = NULL;
	jwt_t *jwt;

	if (jwt_new(&jwt))
		return NULL;
	if (!jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)private_key,
			 (int)strlen(private_key)) &&
	    !jwt_add_grant(jwt, "iss", TOKEN_ISSUER) &&
	    !jwt_add_grant(jwt, "jti", token->id) &&
	    !jwt_add_grant(jwt, "pool", token->pool) &&
	    (!token->host[0] || !jwt_add_grant(jwt, "host", token->host)) &&
	    !jwt_add_grant(jwt, "scope", token_scope_name(token->scope)) &&
	    (!token->vgpus || !jwt_add_grant_int(jwt, "vgpus", (long)token->vgpus)) &&
	    !jwt_add_grant_int(jwt, "iat", (long)token->issued) &&
	    !jwt_add_grant_int(jwt, "exp", (long)token->expires) &&
	    add_urls(jwt, urls, url_count))
		text = jwt_encode_str(jwt);
	jwt_free(jwt);
	return text;
}
