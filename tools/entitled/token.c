// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token.c - words of tokens: scopes, and why one is refused
 */
#include <string.h>

#include "token.h"

static const char *const scopes[] = {
	[SCOPE_HOST] = "host", [SCOPE_READ] = "read", [SCOPE_ADMIN] = "admin",
};

static const struct {
	const char *reason, *explanation;
} verdicts[] = {
	[TOKEN_GOOD] = { "token-good", "the token is good" },
	[TOKEN_MALFORMED] = { "token-malformed", "this is not a token" },
	[TOKEN_ALGORITHM] = { "token-algorithm", "the token is not signed with ES256" },
	[TOKEN_FORGED] = { "token-forged", "the token is not signed with the key of this server" },
	[TOKEN_FOREIGN] = { "token-foreign", "the token is for something else than this server" },
	[TOKEN_EXPIRED] = { "token-expired", "the token has expired" },
	[TOKEN_EARLY] = { "token-early", "the token is of the future, by the clock of the server" },
};

/**
 * token_scope_name - the name of a scope, as in tokens
 * @scope: scope
 */
const char *token_scope_name(enum scope scope)
{
	return scopes[scope];
}

/**
 * token_scope_find - the scope of a name
 * @name: name
 * @scope: receives it
 *
 * Return: whether there is one.
 */
bool token_scope_find(const char *name, enum scope *scope)
{
	for (*scope = 0; *scope < SCOPES; (*scope)++)
		if (!strcmp(scopes[*scope], name))
			return true;
	return false;
}

/**
 * token_reason - a verdict for programs
 * @verdict: verdict
 */
const char *token_reason(enum token_verdict verdict)
{
	return verdicts[verdict].reason;
}

/**
 * token_explain - a verdict for people
 * @verdict: verdict
 */
const char *token_explain(enum token_verdict verdict)
{
	return verdicts[verdict].explanation;
}
