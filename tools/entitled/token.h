/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - tokens: who may ask the service for what
 *
 * A token is a JSON web token that is signed with ES256. The service has the
 * public key only. Its time is the time of the day, that of leases is not.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

#define TOKEN_ISSUER	"openvgpu-entitled"
#define TOKEN_MAX	4096	/* characters */
#define TOKEN_URLS_MAX	8
#define TOKEN_EARLY_MAX	300	/* seconds that clocks may differ */
#define TOKEN_DAYS_MAX	3660
#define TOKEN_VGPUS_MAX	4096	/* as many as openvgpu entitlement looks after */
#define KEY_MAX		16384	/* characters of a file */

/* Stands for every pool. */
#define TOKEN_ANY_POOL	"*"

/** enum scope - what the bearer may do */
enum scope {
	SCOPE_HOST,	/* leases of its pool, and its usage */
	SCOPE_READ,	/* usage and metrics */
	SCOPE_ADMIN,	/* everything */
	SCOPES,
};

/**
 * struct token - what a token says
 * @id: random, to tell tokens apart in logs
 * @pool: name, or TOKEN_ANY_POOL
 * @host: which alone it may name; empty: any
 * @scope: what the bearer may do
 * @vgpus: a quota for a host without a network; 0: a server has to be asked
 * @issued: seconds since 1970
 * @expires: the same
 */
struct token {
	char id[STORE_ID_SIZE];
	char pool[STORE_NAME_SIZE];
	char host[STORE_NAME_SIZE];
	enum scope scope;
	unsigned int vgpus;
	int64_t issued;
	int64_t expires;
};

/** enum token_verdict - what a token is worth */
enum token_verdict {
	TOKEN_GOOD,
	TOKEN_MALFORMED,
	TOKEN_ALGORITHM,	/* not ES256: also that there is no signature */
	TOKEN_FORGED,		/* the signature is not of our key */
	TOKEN_FOREIGN,		/* signed by our key for something else */
	TOKEN_EXPIRED,
	TOKEN_EARLY,		/* from the future: a clock is wrong */
};

/* token.c */
const char *token_scope_name(enum scope scope);
bool token_scope_find(const char *name, enum scope *scope);
const char *token_reason(enum token_verdict verdict);
const char *token_explain(enum token_verdict verdict);

/* token_algorithm.c */
bool token_is_es256(const char *text, bool *readable);

/* token_make.c */
char *token_make(const struct token *token, const char *const *urls, unsigned int url_count,
		 const char *private_key);

/* token_check.c */
enum token_verdict token_check(const char *text, const char *public_key, int64_t now,
			       struct token *token);

/* key.c */
char *key_read(const char *path, bool private, char *wrong, unsigned int size);

#endif /* TOKEN_H */
