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

/* How many arguments a command takes. */
enum arguments { NONE, OPTIONAL, ONE, SEVERAL };

/**
 * struct command - one command
 * @name: as typed; one word or two
 * @argument: its argument for people; NULL: takes none
 * @arguments: how many of it
 * @options: enum cli_option
 * @run: does it
 * @summary: one line
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

static const struct command commands[] = {
	{ "list", NULL, NONE, 0, command_list,
	  "list the vGPUs",
	  .help = "Prints UUID, type, GPU, state and user of every vGPU.\n" },
	{ "types", NULL, NONE, OPTION_GPU, command_types,
	  "list the vGPU types of every GPU",
	  .help = "AVAILABLE is how many vGPUs of that type can still be created. All types\n"
	  "of a GPU share its video memory: creating one changes the others' number.\n" },
	{ "create", "TYPE", ONE, OPTION_UUID | OPTION_GPU, command_create,
	  "create a vGPU and print its UUID",
	  .help = "TYPE is a name of 'openvgpu types', with or without 'openvgpu-' before it.\n"
	  "Without --gpu the GPU with most room for the type is taken.\n"
	  "The vGPU lasts until it is removed or the machine restarts.\n" },
	{ "remove", "UUID", ONE, OPTION_FORCE, command_remove,
	  "remove a vGPU",
	  .help = "A vGPU that a process has open is left alone (exit status 4). With --force\n"
	  "that process is asked to let go of it, and the command waits until it has.\n" },
	{ "restore", "GPU", OPTIONAL, 0, command_restore,
	  "bring back defined vGPUs and settings, as at boot",
	  .help = "Starts the vGPUs that are defined with start \"auto\" in /etc/mdevctl.d, by\n"
	  "mdevctl if it is installed, then applies /etc/openvgpu/config.yaml if there is one.\n"
	  "What exists is left as it is. Without a GPU, for all GPUs. The unit\n"
	  "openvgpu-restore.service does it at boot, openvgpu-restore@GPU.service whenever a\n"
	  "GPU begins to offer vGPUs.\n" },
	{ "show", "UUID|GPU", OPTIONAL, 0, command_show,
	  "show a vGPU, a GPU, or all GPUs",
	  .help = "Prints all attributes and counters. A GPU is named by its PCI address.\n" },
	{ "sched show", "UUID|GPU", OPTIONAL, 0, command_sched_show,
	  "show the scheduler's settings and what each vGPU got",
	  .help = "Without an argument all GPUs. Of a vGPU, all counters and how long it waited\n"
	  "how often. Times are of the GPU's clock.\n" },
	{ "sched set", "[UUID|GPU] NAME=VALUE...", SEVERAL, OPTION_GPU,
	  command_sched_set,
	  "change settings of a GPU's scheduler or of a vGPU",
	  .help = "In force at once, also while vGPUs run. With neither UUID nor GPU, the only\n"
	  "GPU there is. All names and values are checked before the first is set.\n",
	  .more_help = command_sched_set_help },
	{ "sched log", "GPU", OPTIONAL, 0, command_sched_log,
	  "show the last 256 switches of a GPU",
	  .help = "Oldest first: when the run ended (GPU's clock), whose it was, why it ended, its\n"
	  "quantum, what it took, what switching took, how long its vGPU had waited.\n"
	  "REASON is idle (out of work), quantum (used up), preempted, reset, rejected, or\n"
	  "slot: the GPU was kept idle for a vGPU, or for nobody ('-').\n"
	  "Reads debugfs: as root, with debugfs mounted.\n" },
	{ "top", "GPU", OPTIONAL, OPTION_ONCE | OPTION_INTERVAL | OPTION_SORT,
	  command_top,
	  "watch who gets how much of a GPU",
	  .help = "SHARE is the part of the last interval for which a vGPU held the GPU, WAIT the\n"
	  "part for which it had work and did not. LONGEST is its longest wait ever, FB MiB\n"
	  "the framebuffer that its guest says it uses, of what it has.\n"
	  "With --once or --json, or when it is not on a terminal: prints one table, after\n"
	  "one interval. Else keys: s, w, l, m, u sort (share, wait, longest wait,\n"
	  "framebuffer, UUID), r turns the order round, arrows and page keys move, q and\n"
	  "Ctrl-C end it, with exit status 0.\n" },
	{ "apply", "FILE", ONE, OPTION_CONFIG | OPTION_GPU | OPTION_DRY_RUN,
	  command_apply,
	  "make GPUs and vGPUs as a file says",
	  .help = "FILE is described in openvgpu-config(5); '-' reads standard input. Prints what\n"
	  "it changes; what is as the file says already is left alone. When any change\n"
	  "would break a running VM nothing is changed, and the VM's process is named.\n"
	  "With --gpu, only what the file says of that GPU.\n" },
	{ "assert", "FILE", ONE, OPTION_CONFIG | OPTION_GPU, command_assert,
	  "check that GPUs and vGPUs are as a file says",
	  .help = "Prints what is not, and ends with 1 then. Changes nothing.\n" },
	{ "metrics", NULL, NONE, OPTION_OUTPUT, command_metrics,
	  "print figures of GPUs and vGPUs for Prometheus",
	  .help = "In the text format, for node_exporter's textfile collector; doc/metrics.md\n"
	  "lists them. With --output the file appears complete or not at all; what is\n"
	  "no regular file, as a device or a pipe, is written in place.\n" },
	{ "set", "[UUID|GPU] NAME=VALUE...", SEVERAL, OPTION_GPU, command_set,
	  "change settings of a GPU or a vGPU",
	  .help = "In force at once. With neither UUID nor GPU, the only GPU there is. All names\n"
	  "and values are checked before the first is set. Some settings of a vGPU can't\n"
	  "change while a process has it open (exit status 4).\n",
	  .more_help = command_set_help },
	{ "events", "UUID|GPU", OPTIONAL, 0, command_events,
	  "follow what happens to vGPUs",
	  .help = "Prints a line for each: create, remove, open, close, fault, faulted (it gets no\n"
	  "more turns until it is reset), recover. Only of that vGPU or GPU, if one is\n"
	  "named; it need not exist yet. With --json, an object a line; \"lost\" when they\n"
	  "came too fast. Ends when it is interrupted (exit status 0) or nobody reads the\n"
	  "output.\n" },
	{ "doctor", NULL, NONE, 0, command_doctor,
	  "check whether this machine can run vGPUs",
	  .help = "Each check says ok, warn or fail, and what to do. Exit status 1 when one\n"
	  "failed. Changes nothing.\n" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static const char exit_help[] =
	"Exit status: 0 done, 1 failure, 2 wrong usage, 3 not found,\n"
	"4 busy (in use, or the UUID exists), 5 no capacity left,\n"
	"6 the output can't be written.\n";

static void print_help(void)
{
	size_t i;

	puts("Usage: openvgpu COMMAND [ARGUMENT]... [--json]\n"
	     "\n"
	     "Manages the vGPUs of the openvgpu driver through sysfs.\n"
	     "\n"
	     "Commands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-10s %-9s %s\n", commands[i].name,
		       commands[i].arguments == SEVERAL ? "..." :
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
		printf(command->arguments == OPTIONAL ? " [%s]" : " %s",
		       command->argument);
	if (command->options & OPTION_UUID)
		printf(" [--uuid UUID]");
	if (command->options & OPTION_GPU)
		printf(" [--gpu GPU]");
	if (command->options & OPTION_FORCE)
		printf(" [--force]");
	if (command->options & OPTION_ONCE)
		printf(" [--once]");
	if (command->options & OPTION_INTERVAL)
		printf(" [--interval MS]");
	if (command->options & OPTION_SORT)
		printf(" [--sort KEY]");
	if (command->options & OPTION_CONFIG)
		printf(" [--config LABEL]");
	if (command->options & OPTION_DRY_RUN)
		printf(" [--dry-run]");
	if (command->options & OPTION_OUTPUT)
		printf(" [--output FILE]");
	printf(" [--json]\n\n%s\n", command->help);
	if (command->more_help)
		command->more_help();
	if (command->options & OPTION_UUID)
		puts("  --uuid UUID    name of the vGPU, any 36-character form; default: random");
	if (command->options & OPTION_GPU)
		puts("  --gpu GPU      PCI address, as 0000:3b:00.0 or 3b:00.0");
	if (command->options & OPTION_FORCE)
		puts("  --force        ask the process that uses it to let go, and wait");
	if (command->options & OPTION_ONCE)
		puts("  --once         print one table and end");
	if (command->options & OPTION_INTERVAL)
		printf("  --interval MS  milliseconds between two looks, %d to %d; default: %d\n",
		       INTERVAL_MIN_MS, INTERVAL_MAX_MS, INTERVAL_DEFAULT_MS);
	if (command->options & OPTION_SORT)
		puts("  --sort KEY     share, wait, longest, framebuffer or uuid; default: share");
	if (command->options & OPTION_CONFIG)
		puts("  --config LABEL which configuration of the file; default: 'default', or the only one");
	if (command->options & OPTION_DRY_RUN)
		puts("  --dry-run      print what would be changed, and change nothing");
	if (command->options & OPTION_OUTPUT)
		puts("  --output FILE  write there instead of to standard output");
	puts("  --json         print JSON\n");
	fputs(exit_help, stdout);
}

enum {
	HELP = 1, JSON, VERSION, UUID, GPU, FORCE, ONCE, INTERVAL, SORT, CONFIG,
	DRY_RUN, OUTPUT,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, HELP },
	{ "json", no_argument, NULL, JSON },
	{ "version", no_argument, NULL, VERSION },
	{ "uuid", required_argument, NULL, UUID },
	{ "gpu", required_argument, NULL, GPU },
	{ "force", no_argument, NULL, FORCE },
	{ "once", no_argument, NULL, ONCE },
	{ "interval", required_argument, NULL, INTERVAL },
	{ "sort", required_argument, NULL, SORT },
	{ "config", required_argument, NULL, CONFIG },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ "output", required_argument, NULL, OUTPUT },
	{ }
};

/* The command argv[1] names, or argv[1] and argv[2]; *@words: how many. */
static const struct command *find_command(int argc, char **argv, int *words)
{
	size_t i, n;

	for (i = 0; i < COMMANDS; i++) {
		n = strcspn(commands[i].name, " ");
		*words = commands[i].name[n] ? 2 : 1;
		if (strncmp(argv[1], commands[i].name, n) || argv[1][n])
			continue;
		if (*words == 1 ||
		    (argc > 2 && !strcmp(argv[2], commands[i].name + n + 1)))
			return &commands[i];
	}
	return NULL;
}

/* True if @word is the first of two words of a command. */
static bool is_group(const char *word)
{
	size_t i, n = strlen(word);

	for (i = 0; n && i < COMMANDS; i++)
		if (!strncmp(commands[i].name, word, n) &&
		    commands[i].name[n] == ' ')
			return true;
	return false;
}

static void print_group_help(const char *group)
{
	size_t i, n = strlen(group);

	printf("Usage: openvgpu %s COMMAND [ARGUMENT]... [--json]\n\nCommands:\n",
	       group);
	for (i = 0; i < COMMANDS; i++)
		if (!strncmp(commands[i].name, group, n) &&
		    commands[i].name[n] == ' ')
			printf("  %-10s %s\n", commands[i].name,
			       commands[i].summary);
	printf("\nEach has --help.\n\n%s", exit_help);
}

static enum cli_exit group(const struct cli *cli, int argc, char **argv)
{
	if (argc > 2 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))) {
		print_group_help(argv[1]);
		return CLI_OK;
	}
	if (argc < 3)
		return cli_fail(cli, CLI_USAGE,
				"'%s' needs a command of its own: try 'openvgpu %s --help'",
				argv[1], argv[1]);
	return cli_fail(cli, CLI_USAGE,
			"unknown command '%s %s': try 'openvgpu %s --help'",
			argv[1], shown(argv[2]).text, argv[1]);
}

/* The value of an option, checked; true when it is fine. */
static bool parse_interval(struct cli *cli, const char *text)
{
	uint64_t ms;

	if (ovgpu_number_parse(text, &ms) || ms < INTERVAL_MIN_MS ||
	    ms > INTERVAL_MAX_MS)
		return false;
	cli->interval_ms = ms;
	return true;
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
		case ONCE:
			given |= OPTION_ONCE;
			cli->once = true;
			break;
		case INTERVAL:
			given |= OPTION_INTERVAL;
			if (command->options & OPTION_INTERVAL &&
			    !parse_interval(cli, optarg))
				return cli_fail(cli, CLI_USAGE,
						"'%s' is not an interval: %d to %d milliseconds",
						shown(optarg).text,
						INTERVAL_MIN_MS, INTERVAL_MAX_MS);
			break;
		case SORT:
			given |= OPTION_SORT;
			cli->sort = optarg;
			break;
		case CONFIG:
			given |= OPTION_CONFIG;
			cli->config = optarg;
			break;
		case DRY_RUN:
			given |= OPTION_DRY_RUN;
			cli->dry_run = true;
			break;
		case OUTPUT:
			given |= OPTION_OUTPUT;
			cli->output = optarg;
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
	cli->arguments = argv + optind;
	cli->argument_count = argc - optind;
	if (optind < argc && command->arguments != NONE)
		cli->argument = argv[optind++];
	if (optind < argc && command->arguments != SEVERAL)
		return cli_fail(cli, CLI_USAGE,
				"one argument too many: '%s'; try 'openvgpu %s --help'",
				shown(argv[optind]).text, command->name);
	if (command->arguments >= ONE && !cli->argument)
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
	int err, words;
	bool done;

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
	command = find_command(argc, argv, &words);
	if (!command && is_group(argv[1]))
		return group(cli, argc, argv);
	if (!command)
		return cli_fail(cli, CLI_USAGE,
				"unknown command '%s': try 'openvgpu --help'",
				shown(argv[1]).text);
	code = parse(cli, command, argc - words, argv + words, &done);
	if (done)
		return code;

	cli->root = root ? root : "/";
	err = ovgpu_open(&cli->ovgpu, sysfs, proc, root);
	if (err)
		return cli_fail(cli, CLI_FAILURE,
				"cannot open sysfs, procfs or the root directory: %s",
				ovgpu_strerror(err));
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
		if (!strcmp(argv[i], "--json"))
			cli.json = true;
	code = run(&cli, argc, argv);
	/* Output that was lost is not output. */
	if ((fflush(stdout) || ferror(stdout)) && code == CLI_OK) {
		cli_note("cannot write the output: %s", strerror(errno));
		code = CLI_OUTPUT;
	}
	return code;
}
