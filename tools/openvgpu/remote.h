/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * remote.h - commands on other machines
 */
#ifndef REMOTE_H
#define REMOTE_H

#include "cli.h"

#define REMOTE_WORDS		7	/* of ssh, with the last NULL */
#define REMOTE_HOST_SIZE	256

bool remote_host_valid(const char *host);
char *remote_command(char *const *words);
void remote_argv(const char **argv, bool terminal, const char *host,
		 const char *command);
enum cli_exit remote_run(const struct cli *cli, const char *host,
			 char *const *words, bool follows);

#endif /* REMOTE_H */
