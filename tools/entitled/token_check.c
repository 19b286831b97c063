// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token_check.c - is a token good, and what does it say?
 *
 * With functions of libjwt that 1.10 (Debian 12) and 1.17 (Debian 13) both have.
 */
#include <errno.h>
#include <jwt.h>
#include <stdio.h>
#include <string.h>

#include "token.h"

static bool copy(jwt_t *jwt, const char *name, char *text, size_t size)
{
	const char *value = jwt_get_grant(jwt, name);

	return value && (size_t)snprintf(text, size, "%s", value) < size;
}

/* A token without it is for all hosts, so one that cannot be read is not missing. */
static bool read_host(jwt_t *jwt, struct token *token)
{
	errno = 0;
	if (!jwt_get_grant(jwt, "host"))
		return errno == ENOENT;
	return token->scope == SCOPE_HOST && copy(jwt, "host", token->host, sizeof(token->host)) &&
	       openvgpu_name_valid(token->host, strlen(token->host));
}

static bool read_claims(jwt_t *jwt, struct token *token)
{
	const char *issuer = jwt_get_grant(jwt, "iss");
	const char *scope = jwt_get_grant(jwt, "scope");

	if (!issuer || strcmp(issuer, TOKEN_ISSUER) || !scope ||
	    !token_scope_find(scope, &token->scope))
		return false;
	if (!copy(jwt, "jti", token->id, sizeof(token->id)) ||
	    !copy(jwt, "pool", token->pool, sizeof(token->pool)) || !read_host(jwt, token))
		return false;
	/* Its host has the quota already, and would have a second one. */
	errno = 0;
	jwt_get_grant_int(jwt, "vgpus");
	if (errno != ENOENT)
		return false;
	token->issued = jwt_get_grant_int(jwt, "iat");
	token->expires = jwt_get_grant_int(jwt, "exp");
	/* One without an end is not of ours. */
	return token->expires > 0 &&
	       (!strcmp(token->pool, TOKEN_ANY_POOL) ||
		openvgpu_name_valid(token->pool, strlen(token->pool)));
}

/**
 * token_check - look whether a token is good
 * @text: the token
 * @public_key: PEM
 * @now: seconds since 1970
 * @token: receives what it says, unless its signature is not good
 *
 * Return: TOKEN_GOOD, or why it is not.
 */
enum token_verdict token_check(const char *text, const char *public_key, int64_t now,
			       struct token *token)
{
	bool readable, claims;
	jwt_t *jwt = NULL;

	memset(token, 0, sizeof(*token));
	if (strlen(text) > TOKEN_MAX)
		return TOKEN_MALFORMED;
	if (!token_is_es256(text, &readable))
		return readable ? TOKEN_ALGORITHM : TOKEN_MALFORMED;
	if (jwt_decode(&jwt, text, (const unsigned char *)public_key, (int)strlen(public_key)))
		return TOKEN_FORGED;
	/* Both have read the same header, or it is not believed. */
	if (jwt_get_alg(jwt) != JWT_ALG_ES256) {
		jwt_free(jwt);
		return TOKEN_ALGORITHM;
	}
	claims = read_claims(jwt, token);
	jwt_free(jwt);
	if (!claims)
		return TOKEN_FOREIGN;
	/* By a clock that is behind, tokens that have expired would be good. */
	if (token->issued > now + TOKEN_EARLY_MAX)
		return TOKEN_EARLY;
	return token->expires > now ? TOKEN_GOOD : TOKEN_EXPIRED;
}
