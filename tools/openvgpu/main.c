// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - openvgpu: the command line
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "remote.h"

static bool is(const char *argument, const char *name, const char *letter)
{
	return !strcmp(argument, name) || !strcmp(argument, letter);
}

/* No command: the argument is the first word of several, or of none. */
static enum cli_exit no_command(const struct cli *cli, int argc, char **argv)
{
	if (argc < 2)
		return cli_fail(cli, CLI_USAGE,
				"no command given: try 'openvgpu --help'");
	if (!command_is_group(argv[1]))
		return cli_fail(cli, CLI_USAGE,
				"unknown command '%s': try 'openvgpu --help'%s",
				shown(argv[1]).text,
				command_suggest(NULL, argv[1]).text);
	if (argc > 2 && is(argv[2], "--help", "-h")) {
		command_print_group(argv[1]);
		return CLI_OK;
	}
	if (argc < 3)
		return cli_fail(cli, CLI_USAGE,
				"'%s' needs a command of its own: try 'openvgpu %s --help'",
				argv[1], argv[1]);
	return cli_fail(cli, CLI_USAGE,
			"unknown command '%s %s': try 'openvgpu %s --help'%s",
			argv[1], shown(argv[2]).text, argv[1],
			command_suggest(argv[1], argv[2]).text);
}

/* help, help COMMAND */
static enum cli_exit help(const struct cli *cli, int argc, char **argv)
{
	const struct command *command;
	int words;

	if (argc < 2) {
		command_print_all();
		return CLI_OK;
	}
	command = command_find(argc, argv, &words);
	if (command)
		command_print_help(command);
	else if (argc == 2 && command_is_group(argv[1]))
		command_print_group(argv[1]);
	else
		return no_command(cli, argc, argv);
	return CLI_OK;
}

/* Options before the command, and --json between its two words. */
static void take_leading(struct cli *cli, int *argc, char ***argv,
			 const char **host)
{
	int words;

	for (;;) {
		words = options_host(*argc, *argv, host);
		if (!words && *argc > 1 && is((*argv)[1], "--json", "-j")) {
			cli->json = true;
			words = 1;
		}
		if (!words)
			break;
		*argc -= words;
		*argv += words;
	}
	while (*argc > 2 && command_is_group((*argv)[1]) &&
	       is((*argv)[2], "--json", "-j")) {
		cli->json = true;
		(*argv)[2] = (*argv)[1];
		--*argc;
		++*argv;
	}
}

/* The command there finds out by itself whether the arguments are right. */
static enum cli_exit run_remote(const struct cli *cli, const char *host,
				int argc, char **argv)
{
	const struct command *command;
	int words;

	if (ovgpu_host_check(host))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not the name of a host, as user@host",
				shown(host).text);
	command = command_find(argc, argv, &words);
	/* --json may have stood before the host. */
	if (cli->json && argc > 0)
		argv[0] = (char *)"--json";
	return remote_run(cli, host, cli->json ? argv : argv + 1, command);
}

static enum cli_exit run(struct cli *cli, int argc, char **argv)
{
	const char *sysfs = getenv("OPENVGPU_SYSFS");
	const char *proc = getenv("OPENVGPU_PROC");
	const char *root = getenv("OPENVGPU_ROOT");
	const struct command *command;
	const char *host = NULL;
	enum cli_exit code;
	int err, words;
	bool done;

	take_leading(cli, &argc, &argv, &host);
	if (host)
		return run_remote(cli, host, argc, argv);
	if (argc > 1 && is(argv[1], "--version", "-V")) {
		puts("openvgpu " OPENVGPU_VERSION);
		return CLI_OK;
	}
	if (argc > 1 && is(argv[1], "--help", "-h")) {
		command_print_all();
		return CLI_OK;
	}
	if (argc > 1 && argv[1][0] == '-')
		return cli_fail(cli, CLI_USAGE,
				"unknown option '%s': try 'openvgpu --help'",
				shown(argv[1]).text);
	if (argc > 1 && !strcmp(argv[1], "help"))
		return help(cli, argc - 1, argv + 1);
	command = command_find(argc, argv, &words);
	if (!command)
		return no_command(cli, argc, argv);
	code = options_parse(cli, command, argc - words, argv + words, &done);
	if (done)
		return code;

	cli->root = root ? root : "/";
	err = ovgpu_open(&cli->ovgpu, sysfs, proc, root);
	if (err)
		return cli_fail(cli, CLI_FAILURE,
				"cannot open sysfs, procfs or the root directory: %s",
				ovgpu_strerror(err));
	if (command->run != command_doctor && command->run != command_complete &&
	    command->run != command_bridge)
		note_abi(cli);
	code = command->run(cli);
	ovgpu_close(cli->ovgpu);
	return code;
}

int main(int argc, char **argv)
{
	struct cli cli = { .interval_ms = INTERVAL_DEFAULT_MS };
	enum cli_exit code;
	int i;

	/* A complaint about the options before --json is JSON as well. */
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (is(argv[i], "--json", "-j"))
			cli.json = true;
	code = run(&cli, argc, argv);
	/* Output that was lost is not output. */
	if ((fflush(stdout) || ferror(stdout)) && code == CLI_OK) {
		cli_note("cannot write the output: %s", strerror(errno));
		code = CLI_OUTPUT;
	}
	return code;
}
