/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * commands.h - which commands there are, and which options
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cli.h"

/* How many arguments a command takes. */
enum arguments { NONE, OPTIONAL, ONE, TWO, SEVERAL };

/**
 * struct command - one command
 * @name: as typed; one word or two
 * @argument: its argument for people; NULL: takes none
 * @arguments: how many of it
 * @options: of enum cli_option
 * @run: does it
 * @summary: one line; NULL: other programs use it, people do not
 * @help: more lines
 * @more_help: prints what help follows from a table; may be NULL
 */
struct command {
	const char *name;
	const char *argument;
	enum arguments arguments;
	unsigned int options;
	enum cli_exit (*run)(struct cli *cli);
	const char *summary;
	const char *help;
	void (*more_help)(void);
};

/* What is called for each of some names: a command's or an option's. */
typedef void (*name_fn)(void *context, const char *name, const char *what);

/* commands.c */
const struct command *command_find(int argc, char **argv, int *words);
bool command_is_group(const char *word);
struct shown command_suggest(const char *group, const char *word);
void command_each(const char *group, name_fn fn, void *context);
void command_print_help(const struct command *command);
void command_print_group(const char *group);
void command_print_all(void);

/* options.c */
int options_host(int argc, char **argv, const char **host);
enum cli_exit options_parse(struct cli *cli, const struct command *command,
			    int argc, char **argv, bool *done);
void options_each(const struct command *command, name_fn fn, void *context);
unsigned int option_takes_value(const struct command *command,
				const char *word);
int arguments_most(const struct command *command);
void options_print_usage(const struct command *command);
void options_print_help(const struct command *command);

#endif /* COMMANDS_H */
