// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options.c - the command line
 */
#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen.h"
#include "options.h"

#define FOLDER	"/etc/openvgpu/entitled/"
#define URL_MAX	255

/**
 * complain - say what went wrong
 * @status: exit status
 * @format: text
 *
 * Return: @status.
 */
enum exit_status complain(enum exit_status status, const char *format, ...)
{
	va_list values;

	fputs("openvgpu-entitled: ", stderr);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	putc('\n', stderr);
	return status;
}

/* getopt_long(), which says nothing itself; a missing value is ':'. */
static int next_option(int argc, char **argv, const struct option *known)
{
	opterr = 0;
	return getopt_long(argc, argv, ":", known, NULL);
}

static enum exit_status fail_option(char **argv, int option)
{
	char letter[] = { '-', (char)optopt, '\0' };

	if (option == ':')
		return complain(EXIT_USAGE, "%s needs a value: try 'openvgpu-entitled --help'",
				argv[optind - 1]);
	/* A letter of a cluster as "-xy" has no word of its own. */
	return complain(EXIT_USAGE, "unknown option '%s': try 'openvgpu-entitled --help'",
			isgraph(optopt) ? letter : argv[optind - 1]);
}

/* What is left over is no option. */
static enum exit_status check_rest(int argc, char **argv)
{
	if (optind < argc)
		return complain(EXIT_USAGE,
				"'%s' is too much: try 'openvgpu-entitled --help'", argv[optind]);
	return EXIT_OK;
}

/**
 * options_serve - those of serve
 * @argc: number of arguments, the first is the command
 * @argv: arguments
 * @options: receives them
 */
enum exit_status options_serve(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "database", required_argument, NULL, 'd' },
		{ "token-key", required_argument, NULL, 'k' },
		{ "tls-cert", required_argument, NULL, 'c' },
		{ "tls-key", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	memset(options, 0, sizeof(*options));
	options->listen = LISTEN_DEFAULT;
	options->database = "/var/lib/openvgpu-entitled/leases.db";
	options->token_key = FOLDER "token.pub";
	while ((option = next_option(argc, argv, known)) != -1) {
		switch (option) {
		case 'l':
			options->listen = optarg;
			break;
		case 'd':
			options->database = optarg;
			break;
		case 'k':
			options->token_key = optarg;
			break;
		case 'c':
			options->tls_cert = optarg;
			break;
		case 'p':
			options->tls_key = optarg;
			break;
		default:
			return fail_option(argv, option);
		}
	}
	if (!options->tls_cert != !options->tls_key)
		return complain(EXIT_USAGE, "--tls-cert and --tls-key belong together");
	return check_rest(argc, argv);
}

/* https://NAME..., without what would have to be quoted somewhere. */
static bool is_url(const char *text)
{
	const char *p;

	if (strncmp(text, "https://", 8) && strncmp(text, "http://", 7))
		return false;
	for (p = text; *p > ' ' && *p < 0x7f && !strchr("\"'\\<>", *p); p++)
		;
	return !*p && p - text <= URL_MAX;
}

static enum exit_status take_number(const char *option, const char *text, unsigned long most,
				    unsigned int *taken)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !number || number > most)
		return complain(EXIT_USAGE, "%s can't be '%s': it is a number of 1 to %lu", option,
				text, most);
	*taken = (unsigned int)number;
	return EXIT_OK;
}

static enum exit_status take_url(const char *text, struct options *options)
{
	if (!is_url(text))
		return complain(EXIT_USAGE, "--url can't be '%s': it is as https://name:8484", text);
	if (options->url_count == TOKEN_URLS_MAX)
		return complain(EXIT_USAGE, "there are at most %d --url", TOKEN_URLS_MAX);
	options->urls[options->url_count++] = text;
	return EXIT_OK;
}

static enum exit_status take_token_option(int option, struct options *options)
{
	switch (option) {
	case 'k':
		options->token_key = optarg;
		return EXIT_OK;
	case 'p':
		options->pool = optarg;
		if (!strcmp(optarg, TOKEN_ANY_POOL) || openvgpu_name_valid(optarg, strlen(optarg)))
			return EXIT_OK;
		return complain(EXIT_USAGE,
				"--pool can't be '%s': it is a name of letters, digits, dots, dashes and underscores, or '*'",
				optarg);
	case 'h':
		options->host = optarg;
		if (openvgpu_name_valid(optarg, strlen(optarg)))
			return EXIT_OK;
		return complain(EXIT_USAGE,
				"--host can't be '%s': it is a name of letters, digits, dots, dashes and underscores",
				optarg);
	case 's':
		if (token_scope_find(optarg, &options->scope))
			return EXIT_OK;
		return complain(EXIT_USAGE, "--scope can't be '%s': it is host, read or admin",
				optarg);
	case 'd':
		return take_number("--days", optarg, TOKEN_DAYS_MAX, &options->days);
	case 'v':
		return take_number("--vgpus", optarg, TOKEN_VGPUS_MAX, &options->vgpus);
	default:
		return take_url(optarg, options);
	}
}

/**
 * options_token - those of token
 * @argc: number of arguments, the first is the command
 * @argv: arguments
 * @options: receives them
 */
enum exit_status options_token(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "token-key", required_argument, NULL, 'k' },
		{ "pool", required_argument, NULL, 'p' },
		{ "host", required_argument, NULL, 'h' },
		{ "scope", required_argument, NULL, 's' },
		{ "days", required_argument, NULL, 'd' },
		{ "vgpus", required_argument, NULL, 'v' },
		{ "url", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	memset(options, 0, sizeof(*options));
	options->token_key = FOLDER "token.key";
	options->days = 365;
	while ((option = next_option(argc, argv, known)) != -1) {
		if (option == '?' || option == ':')
			return fail_option(argv, option);
		if (take_token_option(option, options) != EXIT_OK)
			return EXIT_USAGE;
	}
	if (optind == argc && !options->pool)
		return complain(EXIT_USAGE, "--pool is missing: a tenant's, or '*' for all");
	if (options->host && options->scope != SCOPE_HOST)
		return complain(EXIT_USAGE, "--host is for tokens of scope host");
	if (options->vgpus && (!options->host || options->url_count))
		return complain(EXIT_USAGE, "--vgpus is for one --host, without a --url");
	return check_rest(argc, argv);
}
