/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - the command line
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "token.h"

/* Exit status: the first three of openvgpu(8), whose others are failures here. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/**
 * struct options - what the command line says
 * @listen: of --listen
 * @database: of --database
 * @token_key: of --token-key: the public one of serve, the private one of token
 * @tls_cert: of --tls-cert; NULL: not given
 * @tls_key: of --tls-key; NULL: not given
 * @pool: of --pool; NULL: not given
 * @host: of --host; NULL: not given
 * @scope: of --scope
 * @days: of --days
 * @vgpus: of --vgpus; 0: not given
 * @urls: of --url
 * @url_count: how many
 */
struct options {
	const char *listen;
	const char *database;
	const char *token_key;
	const char *tls_cert;
	const char *tls_key;
	const char *pool;
	const char *host;
	enum scope scope;
	unsigned int days;
	unsigned int vgpus;
	const char *urls[TOKEN_URLS_MAX];
	unsigned int url_count;
};

/* options.c */
enum exit_status options_serve(int argc, char **argv, struct options *options);
enum exit_status options_token(int argc, char **argv, struct options *options);
enum exit_status complain(enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* serve.c, issue.c */
enum exit_status command_serve(const struct options *options);
enum exit_status command_token(const struct options *options);

#endif /* OPTIONS_H */
