// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - openvgpu: the command line
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/**
 * struct command - one command
 * @name: as typed
 * @argument: its argument for people; NULL: takes none
 * @optional: the argument may be left out
 * @options: enum cli_option
 * @run: does it
 * @summary: one line
 * @help: more lines
 */
struct command {
	const char *name;
	const char *argument;
	bool optional;
	unsigned int options;
	enum cli_exit (*run)(struct cli *cli);
	const char *summary;
	const char *help;
};

static const struct command commands[] = {
	{ "list", NULL, false, 0, command_list,
	  "list the vGPUs",
	  "Prints UUID, type, GPU, state and user of every vGPU.\n" },
	{ "types", NULL, false, OPTION_GPU, command_types,
	  "list the vGPU types of every GPU",
	  "AVAILABLE is how many vGPUs of that type can still be created. All types\n"
	  "of a GPU share its video memory: creating one changes the others' number.\n" },
	{ "create", "TYPE", false, OPTION_UUID | OPTION_GPU, command_create,
	  "create a vGPU and print its UUID",
	  "TYPE is a name of 'openvgpu types', with or without 'openvgpu-' before it.\n"
	  "Without --gpu the GPU with most room for the type is taken.\n"
	  "The vGPU lasts until it is removed or the machine restarts.\n" },
	{ "remove", "UUID", false, OPTION_FORCE, command_remove,
	  "remove a vGPU",
	  "A vGPU that a process has open is left alone (exit status 4). With --force\n"
	  "that process is asked to let go of it, and the command waits until it has.\n" },
	{ "show", "UUID|GPU", true, 0, command_show,
	  "show a vGPU, a GPU, or all GPUs",
	  "Prints all attributes and counters. A GPU is named by its PCI address.\n" },
	{ "doctor", NULL, false, 0, command_doctor,
	  "check whether this machine can run vGPUs",
	  "Each check says ok, warn or fail, and what to do. Exit status 1 when one\n"
	  "failed. Changes nothing.\n" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const char exit_help[] =
	"Exit status: 0 done, 1 failure, 2 wrong usage, 3 not found,\n"
	"4 busy (in use, or the UUID exists), 5 no capacity left.\n";

static void print_help(void)
{
	size_t i;

	puts("Usage: openvgpu COMMAND [ARGUMENT] [--json]\n"
	     "\n"
	     "Manages the vGPUs of the openvgpu driver through sysfs.\n"
	     "\n"
	     "Commands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %-9s %s\n", commands[i].name,
		       commands[i].argument ? commands[i].argument : "",
		       commands[i].summary);
	puts("\n"
	     "  --json     print JSON; keys are stable, \"version\" is 1\n"
	     "  --help     help, also of each command\n"
	     "  --version  print the version\n");
	fputs(exit_help, stdout);
	puts("\n"
	     "OPENVGPU_SYSFS, OPENVGPU_PROC and OPENVGPU_ROOT in the environment name\n"
	     "other places for /sys, /proc and /.");
}

static void print_command_help(const struct command *command)
{
	printf("Usage: openvgpu %s", command->name);
	if (command->argument)
		printf(command->optional ? " [%s]" : " %s", command->argument);
	if (command->options & OPTION_UUID)
		printf(" [--uuid UUID]");
	if (command->options & OPTION_GPU)
		printf(" [--gpu GPU]");
	if (command->options & OPTION_FORCE)
		printf(" [--force]");
	printf(" [--json]\n\n%s\n", command->help);
	if (command->options & OPTION_UUID)
		puts("  --uuid UUID  name of the vGPU, any 36-character form; default: random");
	if (command->options & OPTION_GPU)
		puts("  --gpu GPU    PCI address, as 0000:3b:00.0 or 3b:00.0");
	if (command->options & OPTION_FORCE)
		puts("  --force      ask the process that uses it to let go, and wait");
	puts("  --json       print JSON\n");
	fputs(exit_help, stdout);
}

enum { HELP = 1, JSON, VERSION, UUID, GPU, FORCE };

static const struct option long_options[] = {
	{ "help", no_argument, NULL, HELP },
	{ "json", no_argument, NULL, JSON },
	{ "version", no_argument, NULL, VERSION },
	{ "uuid", required_argument, NULL, UUID },
	{ "gpu", required_argument, NULL, GPU },
	{ "force", no_argument, NULL, FORCE },
	{ }
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The command is the first word, so that its options are known first. */
static enum cli_exit parse(struct cli *cli, const struct command *command,
			   int argc, char **argv, bool *done)
{
	unsigned int given = 0;
	char letter[3] = "";
	int option;

	*done = true;
	opterr = 0;	/* its messages would print arguments as they are */
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (option) {
		case HELP:
		case 'h':
			print_command_help(command);
			return CLI_OK;
		case JSON:
			cli->json = true;
			continue;
		case UUID:
			given |= OPTION_UUID;
			cli->uuid = optarg;
			break;
		case GPU:
			given |= OPTION_GPU;
			if (command->options & OPTION_GPU &&
			    ovgpu_bdf_parse(optarg, cli->gpu))
				return cli_fail(cli, CLI_USAGE,
						"'%s' is not a PCI address, as 0000:3b:00.0",
						shown(optarg).text);
			break;
		case FORCE:
			given |= OPTION_FORCE;
			cli->force = true;
			break;
		case ':':
			return cli_fail(cli, CLI_USAGE, "%s needs a value",
					shown(argv[optind - 1]).text);
		default:
			/* A letter of a cluster as "-xy" has no word of its own. */
			if (optopt > ' ' && optopt < 0x7f)
				snprintf(letter, sizeof(letter), "-%c", optopt);
			return cli_fail(cli, CLI_USAGE,
					"unknown option '%s': try 'openvgpu %s --help'",
					letter[0] ? letter :
					shown(argv[optind - 1]).text,
					command->name);
		}
		if (given & ~command->options)
			return cli_fail(cli, CLI_USAGE,
					"'%s' does not take '%s'",
					command->name,
					shown(argv[optind - 1]).text);
	}
	if (optind < argc && command->argument)
		cli->argument = argv[optind++];
	if (optind < argc)
		return cli_fail(cli, CLI_USAGE,
				"one argument too many: '%s'; try 'openvgpu %s --help'",
				shown(argv[optind]).text, command->name);
	if (command->argument && !command->optional && !cli->argument)
		return cli_fail(cli, CLI_USAGE,
				"'%s' needs %s; try 'openvgpu %s --help'",
				command->name, command->argument,
				command->name);
	*done = false;
	return CLI_OK;
}

static enum cli_exit run(struct cli *cli, int argc, char **argv)
{
	const char *sysfs = getenv("OPENVGPU_SYSFS");
	const char *proc = getenv("OPENVGPU_PROC");
	const char *root = getenv("OPENVGPU_ROOT");
	const struct command *command;
	enum cli_exit code;
	bool done;
	int err;

	/* Options may stand before the command. */
	while (argc > 1 && argv[1][0] == '-') {
		if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
			print_help();
			return CLI_OK;
		}
		if (!strcmp(argv[1], "--version")) {
			puts("openvgpu " OPENVGPU_VERSION);
			return CLI_OK;
		}
		if (strcmp(argv[1], "--json"))
			return cli_fail(cli, CLI_USAGE,
					"unknown option '%s': try 'openvgpu --help'",
					shown(argv[1]).text);
		cli->json = true;
		argc--;
		argv++;
	}
	if (argc < 2)
		return cli_fail(cli, CLI_USAGE,
				"no command given: try 'openvgpu --help'");
	command = find_command(argv[1]);
	if (!command)
		return cli_fail(cli, CLI_USAGE,
				"unknown command '%s': try 'openvgpu --help'",
				shown(argv[1]).text);
	code = parse(cli, command, argc - 1, argv + 1, &done);
	if (done)
		return code;

	cli->root = root ? root : "/";
	err = ovgpu_open(&cli->ovgpu, sysfs ? sysfs : "/sys",
			 proc ? proc : "/proc", cli->root);
	if (err)
		return cli_fail(cli, CLI_FAILURE,
				"cannot open sysfs, procfs or the root directory: %s",
				strerror(-err));
	code = command->run(cli);
	ovgpu_close(cli->ovgpu);
	return code;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	enum cli_exit code;
	int i;

	/* A complaint about the options before --json is JSON as well. */
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			cli.json = true;
	code = run(&cli, argc, argv);
	/* Output that was lost is not output. */
	if ((fflush(stdout) || ferror(stdout)) && code == CLI_OK) {
		cli_note("cannot write the output: %s", strerror(errno));
		code = CLI_FAILURE;
	}
	return code;
}
