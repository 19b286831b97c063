/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * remote.h - commands on other machines
 */
#ifndef REMOTE_H
#define REMOTE_H

#include <sys/types.h>

#include "cli.h"

#define REMOTE_WORDS		11	/* of ssh, with the last NULL */
#define REMOTE_HOST_SIZE	256
#define REMOTE_FAILED		255	/* ssh's exit status; others are the command's */
#define FLEET_MOST		10000	/* hosts */

struct command;

enum remote_mode {
	REMOTE_PLAIN,
	REMOTE_TERMINAL,	/* the command there gets one */
	REMOTE_BATCH,		/* nobody is asked for anything */
};

char *remote_command(char *const *words);
void remote_argv(const char **argv, enum remote_mode mode, const char *host,
		 const char *command);
enum cli_exit remote_fail_control(const struct cli *cli);
enum cli_exit remote_run(const struct cli *cli, const char *host,
			 char *const *words, const struct command *command);

/**
 * struct fleet_stream - what a host prints
 * @fd: where it comes from
 * @open: it has not ended
 * @text: all of it, with a NUL
 * @length: bytes
 */
struct fleet_stream {
	int fd;
	bool open;
	char *text;
	size_t length;
};

/**
 * struct fleet_host - a host of a fleet
 * @name: as ssh takes it
 * @pid: of its ssh, while that runs
 * @status: its exit status
 * @too_much: it was ended, since it printed too much
 * @stream: standard output, standard error
 */
struct fleet_host {
	char name[REMOTE_HOST_SIZE];
	pid_t pid;
	int status;
	bool too_much;
	struct fleet_stream stream[2];
};

/**
 * struct fleet - several hosts
 * @hosts: in the order of the file
 * @count: their number
 */
struct fleet {
	struct fleet_host *hosts;
	size_t count;
};

enum cli_exit fleet_read(const struct cli *cli, const char *path,
			 struct fleet *fleet);
void fleet_free(struct fleet *fleet);

#endif /* REMOTE_H */
