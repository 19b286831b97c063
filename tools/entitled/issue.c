// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * issue.c - openvgpu-entitled token: sign a token
 *
 * The key that does it need not be on the machine of the server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "options.h"

/**
 * command_token - print a token
 * @options: what it says
 */
enum exit_status command_token(const struct options *options)
{
	struct token token = { .scope = options->scope, .vgpus = options->vgpus };
	char wrong[256], *key, *text;
	unsigned char bytes[8];
	unsigned int i;

	key = key_read(options->token_key, true, wrong, sizeof(wrong));
	if (!key)
		return complain(EXIT_FAILED, "key '%s': %s", options->token_key, wrong);
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		free(key);
		return complain(EXIT_FAILED, "there are no random numbers");
	}
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(token.id + 2 * i, "%02x", bytes[i]);
	strcpy(token.pool, options->pool);
	strcpy(token.host, options->host ?: "");
	token.issued = clock_today();
	token.expires = token.issued + options->days * INT64_C(86400);
	text = token_make(&token, options->urls, options->url_count, key);
	free(key);
	if (!text)
		return complain(EXIT_FAILED, "the token cannot be signed");
	puts(text);
	free(text);
	/* The server's log names tokens by their ids. */
	fprintf(stderr, "token %s: pool %s, %s%s%sscope %s, %u days\n", token.id, token.pool,
		options->host ? "host " : "", token.host, options->host ? ", " : "",
		token_scope_name(token.scope), options->days);
	return EXIT_OK;
}
