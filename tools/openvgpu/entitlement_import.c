// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_import.c - openvgpu entitlement import: tokens, and who servers have to be
 *
 * What is looked at first is written last: a file that is refused changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entitlement.h"

#define FILES_MAX	16
#define FILE_SIZE	65536

/* enum kind - what a file is */
enum kind {
	KIND_TOKEN,
	KIND_CERTIFICATE,
	KIND_KEY,
};

/**
 * struct import - the files of a run
 * @kind: of each
 * @text: of each
 * @pool: of tokens
 * @count: their number
 */
struct import {
	enum kind kind[FILES_MAX];
	char *text[FILES_MAX];
	char pool[FILES_MAX][OVGPU_NAME_SIZE];
	int count;
};

static char *read_file(const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	char *text = fd < 0 ? NULL : calloc(1, FILE_SIZE + 2);
	size_t used = 0;
	ssize_t n = 1;

	while (text && n > 0 && used <= FILE_SIZE) {
		n = read(fd, text + used, FILE_SIZE + 1 - used);
		used += n > 0 ? n : 0;
	}
	if (fd > STDIN_FILENO)
		close(fd);
	if (n >= 0 && used <= FILE_SIZE)
		return text;
	free(text);
	if (used > FILE_SIZE)
		errno = EFBIG;
	return NULL;
}

static enum cli_exit take_file(const struct cli *cli, const struct ent_round *round,
			       struct import *import, const char *name)
{
	static struct ent_token token;
	int i = import->count;

	import->text[i] = read_file(name);
	if (!import->text[i])
		return cli_fail(cli, cli_exit_of_errno(-errno), "cannot read '%s': %s",
				shown(name).text, strerror(errno));
	import->count++;
	import->kind[i] = strstr(import->text[i], "-----BEGIN CERTIFICATE-----") ?
			  KIND_CERTIFICATE :
			  strstr(import->text[i], "-----BEGIN PUBLIC KEY-----") ?
			  KIND_KEY : KIND_TOKEN;
	if (import->kind[i] != KIND_TOKEN)
		return CLI_OK;
	memset(&token, 0, sizeof(token));
	ent_token_read(import->text[i], &token);
	ent_token_here(round, &token);
	ent_token_today(round, &token);
	if (token.reason[0])
		return cli_fail(cli, CLI_FAILURE, "'%s' is of no use: %s: %s", shown(name).text,
				token.reason, token.message);
	strcpy(import->pool[i], token.pool);
	return CLI_OK;
}

static int write_file(const struct cli *cli, const char *name, const char *text)
{
	int root = ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT);
	char path[PATH_MAX];

	if ((mkdirat(root, "etc/openvgpu", 0755) && errno != EEXIST) ||
	    (mkdirat(root, ENT_FOLDER, 0700) && errno != EEXIST))
		return -errno;
	snprintf(path, sizeof(path), ENT_FOLDER "/%s", name);
	return ent_write(cli, path, text);
}

static bool has(const struct import *import, enum kind kind)
{
	int i;

	for (i = 0; i < import->count; i++)
		if (import->kind[i] == kind)
			return true;
	return false;
}

/* A pool's files have its name; '*' is none that a file should have. */
static const char *stem_of(const char *pool)
{
	return strcmp(pool, ENT_ANY_POOL) ? pool : "_all";
}

/* All of them: while a server changes its own, the old and the new one are good. */
static char *join_certificates(const struct import *import)
{
	char *text = NULL, *longer;
	int i;

	for (i = 0; i < import->count; i++) {
		if (import->kind[i] != KIND_CERTIFICATE)
			continue;
		if (asprintf(&longer, "%s%s\n", text ?: "", import->text[i]) < 0)
			longer = NULL;
		free(text);
		text = longer;
		if (!text)
			break;
	}
	return text;
}

/* What goes with tokens before them, since they are used at once. */
static int write_all(const struct cli *cli, const struct import *import)
{
	char *certificates = join_certificates(import);
	char name[OVGPU_NAME_SIZE + 8];
	int i, err = 0;

	if (has(import, KIND_CERTIFICATE) && !certificates)
		return -ENOMEM;
	for (i = 0; !err && i < import->count; i++)
		if (import->kind[i] == KIND_KEY)
			err = write_file(cli, "token.pub", import->text[i]);
	for (i = 0; !err && i < import->count; i++) {
		if (import->kind[i] != KIND_TOKEN)
			continue;
		snprintf(name, sizeof(name), "%s.crt", stem_of(import->pool[i]));
		err = certificates ? write_file(cli, name, certificates) : 0;
		snprintf(name, sizeof(name), "%s.tok", stem_of(import->pool[i]));
		err = err ?: write_file(cli, name, import->text[i]);
	}
	free(certificates);
	return err;
}

static void print_pools(const struct cli *cli, const struct import *import)
{
	struct json_object *object, *pools;
	int i;

	object = json_start();
	pools = json_object_new_array();
	for (i = 0; i < import->count; i++)
		if (import->kind[i] == KIND_TOKEN) {
			json_object_array_add(pools, json_text(import->pool[i]));
			if (!cli->json)
				puts(import->pool[i]);
		}
	json_set(object, "pools", pools);
	if (cli->json)
		json_print(object);
	else
		json_object_put(object);
}

/**
 * command_entitlement_import - take tokens, and what goes with them
 * @cli: the run; its arguments are files
 *
 * Return: exit status.
 */
enum cli_exit command_entitlement_import(struct cli *cli)
{
	struct ent_round round = { .cli = cli };
	struct import import = { .count = 0 };
	enum cli_exit code = CLI_OK;
	int i, err;

	if (cli->argument_count > FILES_MAX)
		return cli_fail(cli, CLI_USAGE, "there are at most %d files at a time", FILES_MAX);
	ent_name(&round);
	for (i = 0; code == CLI_OK && i < cli->argument_count; i++)
		code = take_file(cli, &round, &import, cli->arguments[i]);
	if (code == CLI_OK && has(&import, KIND_CERTIFICATE) && !has(&import, KIND_TOKEN))
		code = cli_fail(cli, CLI_USAGE, "a certificate goes with a token: give both");
	if (code == CLI_OK) {
		err = write_all(cli, &import);
		if (err)
			code = cli_fail(cli, CLI_FAILURE, "cannot write /" ENT_FOLDER ": %s%s",
					ovgpu_strerror(err), err == -EACCES ? ": run as root" : "");
		else
			print_pools(cli, &import);
	}
	while (import.count)
		free(import.text[--import.count]);
	return code;
}
