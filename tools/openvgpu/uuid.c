// SPDX-License-Identifier: GPL-2.0-only
/*
 * uuid.c - the vGPU that a word names: its UUID, or the first digits of it
 */
#include <ctype.h>
#include <string.h>

#include "cli.h"

#define CUT_LEAST	4	/* digits; fewer are a slip of the finger */

/* True for what a UUID can begin with; the case does not matter. */
static bool is_cut(const char *text)
{
	size_t n = strnlen(text, OVGPU_UUID_SIZE), i;

	if (n < CUT_LEAST || n >= OVGPU_UUID_SIZE - 1)
		return false;
	for (i = 0; i < n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/**
 * cli_uuid - the UUID that a word stands for
 * @cli: the run
 * @text: the word; may be cut where only one vGPU begins so
 * @uuid: OVGPU_UUID_SIZE bytes; receives the UUID in the kernel's form
 * @code: receives the exit status; the reason is said
 *
 * A whole UUID need not be that of a vGPU.
 *
 * Return: false when the word has not the form, and nothing was said.
 */
bool cli_uuid(const struct cli *cli, const char *text, char *uuid,
	      enum cli_exit *code)
{
	struct ovgpu_vgpu **vgpus;
	size_t count, i, found = 0;
	int err;

	*code = CLI_OK;
	if (!ovgpu_uuid_parse(text, uuid))
		return true;
	if (!is_cut(text))
		return false;
	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err) {
		*code = cli_fail_errno(cli, err, "list the vGPUs");
		return true;
	}
	for (i = 0; i < count; i++)
		if (!strncasecmp(vgpus[i]->uuid, text, strlen(text)) && !found++)
			strcpy(uuid, vgpus[i]->uuid);
	ovgpu_free(vgpus);
	if (!found)
		*code = cli_fail(cli, CLI_NOT_FOUND,
				 "no vGPU has a UUID that begins with '%s'", text);
	else if (found > 1)
		*code = cli_fail(cli, CLI_USAGE,
				 "%zu vGPUs have a UUID that begins with '%s': give more of it",
				 found, text);
	return true;
}
