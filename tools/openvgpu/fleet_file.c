// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet_file.c - the hosts of a fleet: a file with one a line
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote.h"

static enum cli_exit add(const struct cli *cli, struct fleet *fleet, char *line,
			 unsigned int number)
{
	const char *const blank = " \t\r\n";
	struct fleet_host *more;
	char *host;
	size_t i;

	line[strcspn(line, "#")] = '\0';
	host = line + strspn(line, blank);
	host[strcspn(host, blank)] = '\0';
	if (!host[0])
		return CLI_OK;
	if (ovgpu_host_check(host))
		return cli_fail(cli, CLI_USAGE,
				"line %u of the file: '%s' is not the name of a host, as user@host",
				number, shown(host).text);
	for (i = 0; i < fleet->count; i++)
		if (!strcmp(fleet->hosts[i].name, host))
			return cli_fail(cli, CLI_USAGE,
					"line %u of the file: host %s is there twice",
					number, host);
	if (fleet->count == FLEET_MOST)
		return cli_fail(cli, CLI_USAGE, "the file has more than %d hosts",
				FLEET_MOST);
	more = reallocarray(fleet->hosts, fleet->count + 1, sizeof(*more));
	if (!more)
		errx(CLI_FAILURE, "out of memory");
	fleet->hosts = more;
	memset(&more[fleet->count], 0, sizeof(*more));
	strcpy(more[fleet->count++].name, host);
	return CLI_OK;
}

/**
 * fleet_read - read the file of a fleet
 * @cli: the run
 * @path: the file; "-": standard input
 * @fleet: receives the hosts, all zero before; to be given to fleet_free() in any case
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit fleet_read(const struct cli *cli, const char *path,
			 struct fleet *fleet)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	enum cli_exit code = CLI_OK;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return cli_fail(cli, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILURE,
				"cannot read the hosts of the fleet from %s: %s",
				shown(path).text, ovgpu_strerror(-errno));
	while (code == CLI_OK && getline(&line, &size, file) >= 0)
		code = add(cli, fleet, line, ++number);
	if (code == CLI_OK && ferror(file))
		code = cli_fail(cli, CLI_FAILURE, "cannot read %s",
				shown(path).text);
	free(line);
	if (file != stdin)
		fclose(file);
	if (code == CLI_OK && !fleet->count)
		code = cli_fail(cli, CLI_NOT_FOUND, "there is no host in %s",
				shown(path).text);
	return code;
}

/**
 * fleet_free - give the hosts back
 * @fleet: of fleet_read(), or all zero
 */
void fleet_free(struct fleet *fleet)
{
	size_t i;

	for (i = 0; i < fleet->count; i++) {
		free(fleet->hosts[i].stream[0].text);
		free(fleet->hosts[i].stream[1].text);
	}
	free(fleet->hosts);
	memset(fleet, 0, sizeof(*fleet));
}
