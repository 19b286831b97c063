// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - which options there are, and what they do
 */
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "config.h"

#define ALL_COMMANDS	0	/* which take an option */

#define TEXT_(number)	#number
#define TEXT(number)	TEXT_(number)

/**
 * struct known_option - one option
 * @name: as typed behind two dashes
 * @letter: as typed behind one; 0: none
 * @option: of enum cli_option; ALL_COMMANDS: every command takes it
 * @value: its value for people; NULL: takes none
 * @help: one line
 */
struct known_option {
	const char *name;
	char letter;
	unsigned int option;
	const char *value;
	const char *help;
};

static const struct known_option known[] = {
	{ "uuid", 'u', OPTION_UUID, "UUID",
	  "name of the vGPU, any 36-character form; default: random" },
	{ "gpu", 'g', OPTION_GPU, "GPU",
	  "PCI address, as 0000:3b:00.0 or 3b:00.0" },
	{ "type", 't', OPTION_TYPE, "TYPE", "as 1q or openvgpu-1q" },
	{ "quiet", 'q', OPTION_QUIET, NULL, "print UUIDs only" },
	{ "columns", 'o', OPTION_COLUMNS, "LIST",
	  "which columns, by their headers, with commas between" },
	{ "no-legend", 0, OPTION_NO_LEGEND, NULL, "print no headers" },
	{ "qemu", 0, OPTION_QEMU, NULL, "print the argument that gives it to QEMU" },
	{ "libvirt", 0, OPTION_LIBVIRT, NULL,
	  "print the element that gives it to a domain of libvirt" },
	{ "to", 0, OPTION_TO, "DRIVER",
	  "vfio-pci: a VM gets it; host: the driver that the host has for it" },
	{ "name", 0, OPTION_NAME, "NAME",
	  "name of the GPU instance; default: the driver chooses" },
	{ "compute", 0, OPTION_COMPUTE, "LIST",
	  "compute slices of each queue, as 2,1,1; default: one queue has all" },
	{ "force", 'f', OPTION_FORCE, NULL,
	  "ask the process that uses it to let go, and wait" },
	{ "once", '1', OPTION_ONCE, NULL, "print one table and end" },
	{ "follow", 0, OPTION_FOLLOW, NULL,
	  "print again and again, until it is stopped" },
	{ "hosts", 0, OPTION_HOSTS, "FILE",
	  "the hosts, one a line; default: /etc/openvgpu/fleet" },
	{ "firmware", 0, OPTION_FIRMWARE, NULL,
	  "that of the board: for whoever gets the whole GPU" },
	{ "days", 0, OPTION_DAYS, "DAYS",
	  "how long, 1 to " TEXT(DAYS_MAX) },
	{ "interval", 'i', OPTION_INTERVAL, "TIME",
	  "time between two looks, as 500ms or 2s, " TEXT(INTERVAL_MIN_MS) "ms to "
	  TEXT(INTERVAL_MAX_MS) "ms; default: " TEXT(INTERVAL_DEFAULT_MS) "ms" },
	{ "sort", 's', OPTION_SORT, "KEY",
	  TOP_KEYS "; default: share" },
	{ "config", 'c', OPTION_CONFIG, "LABEL",
	  "which configuration of the file; default: 'default', or the only one" },
	{ "dry-run", 'n', OPTION_DRY_RUN, NULL,
	  "print what would be changed, and change nothing" },
	{ "no-vgpus", 0, OPTION_NO_VGPUS, NULL,
	  "leave the vGPUs as they are, and a console that is one" },
	{ "output", 0, OPTION_OUTPUT, "FILE",
	  "write there instead of to standard output" },
	{ "json", 'j', ALL_COMMANDS, NULL, "print JSON" },
	{ "help", 'h', ALL_COMMANDS, NULL, "print this" },
};

#define KNOWN		(sizeof(known) / sizeof(known[0]))
#define FIRST_VALUE	256	/* of getopt_long(), for the first; none is a letter */

static bool takes(const struct command *command, const struct known_option *option)
{
	return option->option == ALL_COMMANDS || command->options & option->option;
}

/**
 * options_print_usage - the options of a command, behind its name
 * @command: which
 */
void options_print_usage(const struct command *command)
{
	size_t i;

	for (i = 0; i < KNOWN; i++)
		if (takes(command, &known[i]) && strcmp(known[i].name, "help"))
			printf(" [--%s%s%s]", known[i].name,
			       known[i].value ? " " : "",
			       known[i].value ? known[i].value : "");
}

/**
 * options_print_help - the options of a command, a line each
 * @command: which
 */
void options_print_help(const struct command *command)
{
	char text[OVGPU_NAME_SIZE];
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		if (!takes(command, &known[i]))
			continue;
		snprintf(text, sizeof(text), "--%s%s%s", known[i].name,
			 known[i].value ? " " : "",
			 known[i].value ? known[i].value : "");
		printf("  %c%c%c %-17s %s\n", known[i].letter ? '-' : ' ',
		       known[i].letter ? known[i].letter : ' ',
		       known[i].letter ? ',' : ' ', text, known[i].help);
	}
}

/**
 * options_each - the options of a command
 * @command: which
 * @fn: called for each
 * @context: is given to @fn
 */
void options_each(const struct command *command, name_fn fn, void *context)
{
	char name[OVGPU_NAME_SIZE];
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		snprintf(name, sizeof(name), "--%s", known[i].name);
		if (takes(command, &known[i]))
			fn(context, name, known[i].help);
	}
}

/**
 * option_takes_value - whether the next word is the value of an option
 * @command: the command
 * @word: of its line, as "--gpu" or "-g"
 *
 * Return: of enum cli_option; 0: it is not.
 */
unsigned int option_takes_value(const struct command *command, const char *word)
{
	size_t i;

	for (i = 0; i < KNOWN; i++)
		if (known[i].value && takes(command, &known[i]) &&
		    ((!strncmp(word, "--", 2) && !strcmp(word + 2, known[i].name)) ||
		     (word[0] == '-' && word[1] && word[1] == known[i].letter &&
		      !word[2])))
			return known[i].option;
	return 0;
}

/* ----------------------------------------------------------------- parsing */

/**
 * options_host - take the host that a command is to run on
 * @argc: how many words there are, and one
 * @argv: these behind any one: the first may be "-H HOST", "-HHOST", "--host HOST" or
 *	"--host=HOST"
 * @host: receives it; unchanged if it is none
 *
 * Return: how many words that is.
 */
int options_host(int argc, char **argv, const char **host)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "-H") || !strcmp(word, "--host")) {
		*host = argc > 2 ? argv[2] : "";
		return argc > 2 ? 2 : 1;
	}
	if (strncmp(word, "--host=", 7) && strncmp(word, "-H", 2))
		return 0;
	*host = word[1] == 'H' ? word + 2 : strchr(word, '=') + 1;
	return 1;
}

/* "500", "500ms" or "2s". */
static bool parse_interval(const char *text, unsigned int *interval_ms)
{
	size_t n = strcspn(text, "ms");
	char digits[16];
	uint64_t number;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (ovgpu_number_parse(digits, &number) || number > INTERVAL_MAX_MS)
		return false;
	if (!strcmp(text + n, "s"))
		number *= 1000;
	else if (text[n] && strcmp(text + n, "ms"))
		return false;
	if (number < INTERVAL_MIN_MS || number > INTERVAL_MAX_MS)
		return false;
	*interval_ms = number;
	return true;
}

/* What an option of the command does; its value is checked. */
static enum cli_exit take(struct cli *cli, const struct known_option *option,
			  const char *value)
{
	uint64_t number;

	switch (option->option) {
	case OPTION_UUID:
		cli->uuid = value;
		break;
	case OPTION_GPU:
		if (ovgpu_bdf_parse(value, cli->gpu))
			return cli_fail(cli, CLI_USAGE,
					"'%s' is not a PCI address, as 0000:3b:00.0",
					shown(value).text);
		break;
	case OPTION_TYPE:
		if (ovgpu_type_parse(value, cli->type))
			return cli_fail(cli, CLI_USAGE,
					"'%s' is not the name of a type: 'openvgpu types' lists them",
					shown(value).text);
		break;
	case OPTION_QUIET:
		cli->quiet = true;
		break;
	case OPTION_COLUMNS:
		cli->columns = value;
		break;
	case OPTION_NO_LEGEND:
		cli->no_legend = true;
		break;
	case OPTION_QEMU:
		cli->qemu = true;
		break;
	case OPTION_LIBVIRT:
		cli->libvirt = true;
		break;
	case OPTION_TO:
		if (strcmp(value, "vfio-pci") && strcmp(value, "host"))
			return cli_fail(cli, CLI_USAGE,
					"--to can't be '%s': it is vfio-pci or host",
					shown(value).text);
		cli->to = value;
		break;
	case OPTION_NAME:
		cli->name = value;
		break;
	case OPTION_COMPUTE:
		if (!config_division_valid(value))
			return cli_fail(cli, CLI_USAGE,
					"--compute can't be '%s': it is compute slices of each queue, as 2,1,1",
					shown(value).text);
		cli->compute = value;
		break;
	case OPTION_FORCE:
		cli->force = true;
		break;
	case OPTION_ONCE:
		cli->once = true;
		break;
	case OPTION_HOSTS:
		cli->hosts = value;
		break;
	case OPTION_FIRMWARE:
		cli->firmware = true;
		break;
	case OPTION_FOLLOW:
		cli->follow = true;
		break;
	case OPTION_DAYS:
		if (ovgpu_number_parse(value, &number) || !number || number > DAYS_MAX)
			return cli_fail(cli, CLI_USAGE,
					"--days can't be '%s': it is a number of 1 to %d",
					shown(value).text, DAYS_MAX);
		cli->days = (unsigned int)number;
		break;
	case OPTION_INTERVAL:
		if (!parse_interval(value, &cli->interval_ms))
			return cli_fail(cli, CLI_USAGE,
					"'%s' is not an interval: %d to %d milliseconds, as 500, 500ms or 2s",
					shown(value).text, INTERVAL_MIN_MS,
					INTERVAL_MAX_MS);
		break;
	case OPTION_SORT:
		cli->sort = value;
		break;
	case OPTION_CONFIG:
		cli->config = value;
		break;
	case OPTION_DRY_RUN:
		cli->dry_run = true;
		break;
	case OPTION_NO_VGPUS:
		cli->no_vgpus = true;
		break;
	case OPTION_OUTPUT:
		cli->output = value;
		break;
	default:
		cli->json = true;
	}
	return CLI_OK;
}

/* For getopt_long(); @letters: 2 bytes for each option, and 4 */
static void describe(const struct command *command, struct option *options,
		     char *letters)
{
	size_t i;

	/* Behind its first argument, options are those of another command. */
	if (command->run == command_fleet)
		*letters++ = '+';
	*letters++ = ':';	/* a missing value is not an unknown option */
	for (i = 0; i < KNOWN; i++) {
		options[i] = (struct option) {
			known[i].name, known[i].value ? required_argument :
			no_argument, NULL, FIRST_VALUE + i,
		};
		if (known[i].letter)
			*letters++ = known[i].letter;
		if (known[i].letter && known[i].value)
			*letters++ = ':';
	}
	*letters = '\0';
	memset(&options[KNOWN], 0, sizeof(options[KNOWN]));
}

/* The option that getopt_long() found; NULL: none. */
static const struct known_option *find(int value)
{
	size_t i;

	if (value >= FIRST_VALUE)
		return value < FIRST_VALUE + (int)KNOWN ?
		       &known[value - FIRST_VALUE] : NULL;
	for (i = 0; value && i < KNOWN; i++)
		if (known[i].letter == value)
			return &known[i];
	return NULL;
}

static enum cli_exit fail_unknown(const struct cli *cli,
				  const struct command *command, const char *word)
{
	const struct known_option *option = find(optopt);
	struct suggestion suggestion = { .prefix = "--" };
	char letter[3] = "";
	size_t i;

	if (option)
		return cli_fail(cli, CLI_USAGE, "--%s takes no value: '%s'",
				option->name, shown(word).text);
	/* A letter of a cluster as "-xy" has no word of its own. */
	if (isgraph(optopt))
		snprintf(letter, sizeof(letter), "-%c", optopt);
	else if (!strncmp(word, "--", 2))
		suggestion.word = word + 2;
	for (i = 0; suggestion.word && i < KNOWN; i++)
		if (takes(command, &known[i]))
			suggest_try(&suggestion, known[i].name);
	return cli_fail(cli, CLI_USAGE,
			"unknown option '%s': try 'openvgpu %s --help'%s",
			letter[0] ? letter : shown(word).text, command->name,
			suggest_text(&suggestion).text);
}

/**
 * arguments_most - how many arguments a command takes
 * @command: which
 */
int arguments_most(const struct command *command)
{
	switch (command->arguments) {
	case NONE:
		return 0;
	case TWO:
		return 2;
	case SEVERAL:
		return INT_MAX;
	default:
		return 1;
	}
}

static enum cli_exit take_arguments(struct cli *cli,
				    const struct command *command, int argc,
				    char **argv)
{
	int most = arguments_most(command);
	int least = command->arguments == TWO ? 2 : command->arguments >= ONE;

	cli->arguments = argv;
	cli->argument_count = argc;
	if (argc && most)
		cli->argument = argv[0];
	if (argc > most)
		return cli_fail(cli, CLI_USAGE,
				"one argument too many: '%s'; try 'openvgpu %s --help'",
				shown(argv[most]).text, command->name);
	if (argc < least)
		return cli_fail(cli, CLI_USAGE,
				"'%s' needs %s; try 'openvgpu %s --help'",
				command->name, command->argument,
				command->name);
	return CLI_OK;
}

/**
 * options_parse - take the options and arguments of a command
 * @cli: receives them
 * @command: which command; its name stands before the options
 * @argc: how many arguments there are behind the command's last word, and one
 * @argv: these; the first is that last word
 * @done: receives whether nothing is left to do, since it failed or was help
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit options_parse(struct cli *cli, const struct command *command,
			    int argc, char **argv, bool *done)
{
	struct option options[KNOWN + 1];
	const struct known_option *option;
	char letters[2 * KNOWN + 4];
	enum cli_exit code;
	int value;

	*done = true;
	describe(command, options, letters);
	opterr = 0;	/* its messages would print arguments as they are */
	while ((value = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (value == ':')
			return cli_fail(cli, CLI_USAGE, "%s needs a value",
					shown(argv[optind - 1]).text);
		option = find(value);
		if (!option)
			return fail_unknown(cli, command, argv[optind - 1]);
		if (!strcmp(option->name, "help")) {
			command_print_help(command);
			return CLI_OK;
		}
		if (!takes(command, option))
			return cli_fail(cli, CLI_USAGE, "'%s' does not take '--%s'",
					command->name, option->name);
		code = take(cli, option, optarg);
		if (code != CLI_OK)
			return code;
	}
	if (cli->json && (cli->quiet || cli->columns || cli->no_legend))
		return cli_fail(cli, CLI_USAGE,
				"--json is no table: leave --quiet, --columns and --no-legend out");
	code = take_arguments(cli, command, argc - optind, argv + optind);
	*done = code != CLI_OK;
	return code;
}
