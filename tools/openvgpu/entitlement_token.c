// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_token.c - tokens of this host: of which pools it can have seats, and from whom
 *
 * A server checks the signature of what it is shown. What is read here decides only
 * whom to ask for what; a quota in the token itself is another matter:
 * entitlement_local.c.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entitlement.h"

/**
 * ent_token_refuse - say why a token is of no use
 * @token: token
 * @reason: word, as those of the server
 * @format: of printf: the same for people
 */
void ent_token_refuse(struct ent_token *token, const char *reason, const char *format, ...)
{
	va_list args;

	snprintf(token->reason, sizeof(token->reason), "%s", reason);
	va_start(args, format);
	vsnprintf(token->message, sizeof(token->message), format, args);
	va_end(args);
}

/**
 * ent_decode - the bytes of base64url
 * @text: characters
 * @length: of these
 * @bytes: receives them; room for @length will do
 *
 * Return: how many; -1: it is no base64url.
 */
int ent_decode(const char *text, size_t length, char *bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned int bits = 0, value = 0;
	const char *digit;
	int count = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			return -1;
		value = value << 6 | (unsigned int)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes[count++] = (char)(value >> bits);
			value &= (1U << bits) - 1;
		}
	}
	return count;
}

/* The part of a token that says something; NULL: it is no token. */
static struct json_object *claims_of(const char *text)
{
	const char *from = strchr(text, '.'), *to = from ? strchr(from + 1, '.') : NULL;
	struct json_object *claims = NULL;
	struct json_tokener *tokener;
	char bytes[ENT_TOKEN_MAX + 1];
	int length;

	if (!to || !to[1] || strchr(to + 1, '.'))
		return NULL;
	length = ent_decode(from + 1, to - from - 1, bytes);
	tokener = length > 0 ? json_tokener_new_ex(4) : NULL;
	if (tokener) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
				       JSON_TOKENER_VALIDATE_UTF8);
		bytes[length] = '\0';
		claims = json_tokener_parse_ex(tokener, bytes, length + 1);
		json_tokener_free(tokener);
	}
	if (json_object_is_type(claims, json_type_object))
		return claims;
	json_object_put(claims);
	return NULL;
}

/* Letters, digits, dots, dashes and underscores. */
static bool take_name(struct json_object *claims, const char *key, char name[OVGPU_NAME_SIZE])
{
	const char *text = ent_text(claims, key);
	size_t n = strspn(text, CONFIG_NAME_LETTERS);

	if (!n || text[n] || n >= OVGPU_NAME_SIZE)
		return false;
	strcpy(name, text);
	return true;
}

/* Whoever reads what goes to a server could use the token; on this machine none can. */
static bool url_good(const char *url)
{
	static const char *const begins[] = {
		"https://", "http://127.0.0.1:", "http://localhost:", "http://[::1]:",
	};
	const char *p = strstr(url, "://");
	size_t i;

	p = p ? p + 3 : url;
	/* An address of IPv6. */
	if (*p == '[') {
		p += 1 + strspn(p + 1, "0123456789abcdefABCDEF:.");
		if (*p++ != ']')
			return false;
	}
	/* Nobody's name, which would hide the server's, and no patterns of curl. */
	for (; *p > ' ' && *p < 0x7f && !strchr("\"'\\<>@{}[]", *p); p++)
		;
	if (*p || p - url >= ENT_URL_SIZE)
		return false;
	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(url, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static void take_urls(struct json_object *claims, struct ent_token *token)
{
	struct json_object *list = NULL;
	const char *url;
	size_t i, count;

	json_object_object_get_ex(claims, "urls", &list);
	count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (i = 0; i < count && token->url_count < ENT_URLS_MAX; i++) {
		url = json_object_get_string(json_object_array_get_idx(list, i));
		if (!url || !url_good(url)) {
			ent_token_refuse(token, "token-url",
					 "'%.80s' is not the URL of a server, as https://name:8484",
					 url ? shown(url).text : "null");
			return;
		}
		strcpy(token->urls[token->url_count++], url);
	}
}

/**
 * ent_token_read - what a token says
 * @text: the token, white space around it will do
 * @token: receives it, and whether it is of use to a host
 */
void ent_token_read(const char *text, struct ent_token *token)
{
	struct json_object *claims;
	int64_t vgpus;
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strcspn(text, " \t\r\n");
	claims = NULL;
	if (length && length <= ENT_TOKEN_MAX && !text[length + strspn(text + length, " \t\r\n")]) {
		memcpy(token->text, text, length);
		token->text[length] = '\0';
		claims = claims_of(token->text);
	}
	if (!claims) {
		ent_token_refuse(token, "token-malformed",
				 "it is not a token, as 'openvgpu-entitled token' prints");
		return;
	}
	token->issued = ent_number(claims, "iat");
	token->expires = ent_number(claims, "exp");
	vgpus = ent_number(claims, "vgpus");
	token->vgpus = vgpus > 0 && vgpus <= ENT_SEATS_MAX ? (unsigned int)vgpus : 0;
	take_urls(claims, token);
	if (strcmp(ent_text(claims, "iss"), "openvgpu-entitled"))
		ent_token_refuse(token, "token-foreign", "it was not made by 'openvgpu-entitled token'");
	else if (strcmp(ent_text(claims, "scope"), "host"))
		ent_token_refuse(token, "token-scope", "its scope is '%.40s': hosts use one of scope host",
				 shown(ent_text(claims, "scope")).text);
	else if (!strcmp(ent_text(claims, "pool"), ENT_ANY_POOL))
		strcpy(token->pool, ENT_ANY_POOL);
	else if (!take_name(claims, "pool", token->pool))
		ent_token_refuse(token, "token-foreign", "it names no pool");
	if (!token->reason[0] && json_object_object_get_ex(claims, "host", NULL) &&
	    !take_name(claims, "host", token->host))
		ent_token_refuse(token, "token-foreign", "the host in it is no name");
	if (!token->reason[0] && !token->url_count && !token->vgpus)
		ent_token_refuse(token, "token-url",
				 "it has neither the URL of a server nor a quota: make it with --url or --vgpus");
	json_object_put(claims);
}

/**
 * ent_token_here - refuse a token that is for another host
 * @round: with the host's name
 * @token: of ent_token_read()
 */
void ent_token_here(const struct ent_round *round, struct ent_token *token)
{
	if (!token->reason[0] && token->host[0] && strcmp(token->host, round->host))
		ent_token_refuse(token, "token-host", "it is for host '%s', and this is '%s'",
				 token->host, round->host);
}

/**
 * ent_token_today - refuse a token whose time is over
 * @round: with the time
 * @token: of ent_token_read()
 */
void ent_token_today(const struct ent_round *round, struct ent_token *token)
{
	if (!token->reason[0] && token->expires <= round->today)
		ent_token_refuse(token, "token-expired",
				 "its time is over, or this host's clock is ahead");
}

static int load_token(struct ent_round *round, const char *name)
{
	struct ent_token *token = &round->tokens[round->token_count];
	char text[2 * ENT_TOKEN_MAX], path[PATH_MAX];
	ssize_t n;
	int fd;

	memset(token, 0, sizeof(*token));
	snprintf(token->file, sizeof(token->file), "%s", name);
	snprintf(path, sizeof(path), ENT_FOLDER "/%s", name);
	round->token_count++;
	fd = ovgpu_open_file(round->cli->ovgpu, OVGPU_ROOT, path);
	n = fd < 0 ? fd : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		ent_token_refuse(token, "token-malformed", "it can't be read: %s",
				 ovgpu_strerror(fd < 0 ? fd : -errno));
		return fd == -EACCES ? fd : 0;
	}
	text[n] = '\0';
	if (strlen(text) != (size_t)n)
		text[0] = '\0';
	ent_token_read(text, token);
	ent_token_here(round, token);
	return 0;
}

/**
 * ent_tokens_load - the tokens of this host
 * @round: receives them
 *
 * Return: 0, also when there are none, or a negative errno: they can't be read.
 */
int ent_tokens_load(struct ent_round *round)
{
	size_t count, i, length;
	char **names;
	int err;

	err = ovgpu_directory(round->cli->ovgpu, OVGPU_ROOT, &names, &count, ENT_FOLDER);
	if (err)
		return err == -ENOENT ? 0 : err;
	round->tokens = calloc(ENT_TOKENS_MAX, sizeof(*round->tokens));
	if (!round->tokens)
		err = -ENOMEM;
	for (i = 0; !err && i < count && round->token_count < ENT_TOKENS_MAX; i++) {
		length = strlen(names[i]);
		if (length > 4 && length < sizeof(round->tokens->file) &&
		    !strcmp(names[i] + length - 4, ".tok"))
			err = load_token(round, names[i]);
	}
	ovgpu_free(names);
	return err;
}

/**
 * ent_token_of - the token for a tenant's seats
 * @round: with tokens
 * @pool: tenant
 *
 * Return: the token; NULL: there is none, and nobody counts its vGPUs.
 */
const struct ent_token *ent_token_of(const struct ent_round *round, const char *pool)
{
	const struct ent_token *any = NULL;
	size_t i;

	for (i = 0; i < round->token_count; i++) {
		if (!strcmp(round->tokens[i].pool, pool))
			return &round->tokens[i];
		if (!any && !strcmp(round->tokens[i].pool, ENT_ANY_POOL))
			any = &round->tokens[i];
	}
	return any;
}
