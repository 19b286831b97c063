// SPDX-License-Identifier: GPL-2.0-only
/*
 * commands.c - which commands there are, and their help
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct command commands[] = {
	{ "list", NULL, NONE, OPTION_GPU | OPTION_TYPE | OPTION_QUIET |
	  OPTION_COLUMNS | OPTION_NO_LEGEND, command_list,
	  "list the vGPUs",
	  .help = "Prints UUID, type, GPU, state and user of every vGPU, or of those of a GPU or\n"
	  "type. NAME is the type's, PID and PROCESS are the user's, GROUP is N of\n"
	  "/dev/vfio/N, DRIVER is the version of the guest's, INSTANCE the number of the\n"
	  "GPU instance, 0: the pool, VM and VM-UUID are those of the virtual machine that\n"
	  "uses it: these only with --columns. TENANT is whose it is, NOTICE why it has\n"
	  "ceilings (grace: it will have, limited: it has): by default if any has such.\n\n"
	  "Columns: UUID TYPE GPU STATE USED-BY NAME PID PROCESS GROUP DRIVER INSTANCE VM "
	  "VM-UUID TENANT NOTICE\n" },
	{ "types", NULL, NONE, OPTION_GPU | OPTION_TYPE | OPTION_COLUMNS |
	  OPTION_NO_LEGEND, command_types,
	  "list the vGPU types of every GPU",
	  .help = "AVAILABLE is how many vGPUs of that type can still be created. All types\n"
	  "of a GPU share its video memory: creating one changes the others' number.\n"
	  "SLICES are compute slices that such a vGPU shares with its GPU instance only; -: it\n"
	  "shares the pool. WHY is why none can be created. SERIES is what it is for,\n"
	  "RESOLUTION the most of a head, FRAMES the limit a second at first: these only with\n"
	  "--columns.\n\n"
	  "Columns: GPU TYPE SLICES FRAMEBUFFER HEADS MAX AVAILABLE NAME WHY SERIES "
	  "RESOLUTION FRAMES\n" },
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
	{ "show", "UUID|GPU", OPTIONAL, OPTION_QEMU | OPTION_LIBVIRT, command_show,
	  "show a vGPU, a GPU, or all GPUs",
	  .help = "Prints all attributes and counters. A GPU is named by its PCI address.\n"
	  "With --qemu or --libvirt, what one pastes to give that vGPU to a VM.\n" },
	{ "sched show", "UUID|GPU", OPTIONAL, 0, command_sched_show,
	  "show the scheduler's settings and what each vGPU got",
	  .help = "Without an argument all GPUs. Of a vGPU, all counters and how long it waited\n"
	  "how often. Times are of the GPU's clock.\n" },
	{ "sched set", "[UUID|GPU|GPU/INSTANCE] NAME=VALUE...", SEVERAL, OPTION_GPU,
	  command_sched_set,
	  "change settings of a GPU's scheduler or of a vGPU",
	  .help = "In force at once, also while vGPUs run. With neither UUID nor GPU, the only\n"
	  "GPU there is. All names and values are checked before the first is set. A GPU\n"
	  "instance, as 3b:00.0/train, has the settings of a GPU's scheduler.\n",
	  .more_help = command_sched_set_help },
	{ "sched log", "GPU", OPTIONAL, 0, command_sched_log,
	  "show the last 256 switches of a GPU",
	  .help = "Oldest first: when the run ended (GPU's clock), whose it was, why it ended, its\n"
	  "quantum, what it took, what switching took, how long its vGPU had waited.\n"
	  "REASON is idle (out of work), quantum (used up), preempted, reset or rejected;\n"
	  "of modules before 0.2 slot, too: nothing ran.\n"
	  "Reads debugfs: as root, with debugfs mounted.\n" },
	{ "top", "GPU", OPTIONAL, OPTION_ONCE | OPTION_FOLLOW | OPTION_INTERVAL |
	  OPTION_SORT,
	  command_top,
	  "watch who gets how much of a GPU",
	  .help = "SHARE is the part of the last interval for which a vGPU held the GPU, WAIT the\n"
	  "part for which it had work and did not. LONGEST is its longest wait ever, FB MiB\n"
	  "the framebuffer that its guest says it uses, of what it has. Where a GPU is\n"
	  "divisible, vGPUs stand below their GPU instance, and these are parts of its time.\n"
	  "With --once or --json, or when it is not on a terminal: prints one table, after\n"
	  "one interval. With --follow one after each, with --json an object a line, until\n"
	  "it is stopped. Else keys: s, w, l, m, u sort (share, wait, longest wait,\n"
	  "framebuffer, UUID), r turns the order round, arrows and page keys move, q and\n"
	  "Ctrl-C end it, with exit status 0.\n" },
	{ "apply", "FILE", ONE, OPTION_CONFIG | OPTION_GPU | OPTION_DRY_RUN |
	  OPTION_NO_VGPUS,
	  command_apply,
	  "make GPUs and vGPUs as a file says",
	  .help = "FILE is described in openvgpu-config(5); '-' reads standard input. Prints what\n"
	  "it changes; what is as the file says already is left alone. When any change\n"
	  "would break what is in use nothing is changed, and the process is named.\n"
	  "With --gpu, only what the file says of that GPU.\n" },
	{ "assert", "FILE", ONE, OPTION_CONFIG | OPTION_GPU, command_assert,
	  "check that GPUs and vGPUs are as a file says",
	  .help = "Prints what is not, and ends with 1 then. Changes nothing.\n" },
	{ "export", NULL, NONE, OPTION_GPU | OPTION_OUTPUT, command_export,
	  "write GPUs and vGPUs down as a file for apply",
	  .help = "Prints settings and vGPUs as they are, in the form of openvgpu-config(5): applied\n"
	  "to this machine as it is, the file changes nothing. Pauses (frozen) are left out.\n" },
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
	{ "settings", NULL, NONE, OPTION_COLUMNS | OPTION_NO_LEGEND, command_settings,
	  "list what can be set, and to what",
	  .help = "Of a GPU and of a vGPU, what openvgpu set takes: values, and what it is at\n"
	  "first; -: the type of the vGPU says. What it is now, openvgpu show says.\n\n"
	  "Columns: OF NAME VALUES DEFAULT MEANING\n" },
	{ "mode show", "GPU", OPTIONAL, OPTION_COLUMNS | OPTION_NO_LEGEND,
	  command_mode_show,
	  "show what GPUs are for",
	  .help = "MODE is the work mode: mixed, graphics (no vGPUs of series C) or compute (only\n"
	  "such). GRAPHICS and COMPUTE are how many vGPUs of either kind exist, CHOICES what\n"
	  "the mode can be. FIRMWARE is the mode of the board, which a VM sees that gets the\n"
	  "whole GPU, and which it will be after the next remove and rescan, if another.\n\n"
	  "Columns: GPU MODE GRAPHICS COMPUTE CHOICES FIRMWARE\n" },
	{ "mode set", "MODE", ONE, OPTION_GPU | OPTION_FIRMWARE | OPTION_DRY_RUN,
	  command_mode_set,
	  "change what a GPU is for",
	  .help = "MODE is mixed, graphics or compute, in force at once, without a reset. Types that\n"
	  "the mode has not show 0 available. Refused while vGPUs contradict it, which are\n"
	  "named (exit status 4). Without --gpu, the only GPU there is.\n\n"
	  "With --firmware, what the board is for, as a VM sees it that gets the whole GPU: the\n"
	  "class of the PCI function goes by it, and in compute the GPU has no heads. The\n"
	  "function is removed and found again. Refused while the GPU has vGPUs or GPU\n"
	  "instances, or another driver has it.\n" },
	{ "events", "UUID|GPU", OPTIONAL, OPTION_FOLLOW, command_events,
	  "follow what happens to vGPUs",
	  .help = "Prints a line for each: create, remove, open, close, request (a process removes\n"
	  "it while another has it open, and waits), fault, faulted (it gets no more turns\n"
	  "until it is reset), recover, tenant (somebody said whose it is), notice (there is\n"
	  "another reason for its ceilings); of a GPU instance instance-create and\n"
	  "instance-remove. Only of that vGPU or GPU, if one is named; it need\n"
	  "not exist yet. With --json, an object a line; \"lost\" when they came too fast.\n"
	  "Ends when it is interrupted (exit status 0) or nobody reads the output; --follow\n"
	  "changes nothing.\n" },
	{ "gpu hand-over", "GPU", ONE, OPTION_TO | OPTION_DRY_RUN,
	  command_hand_over,
	  "give a whole GPU to a VM or to the host's own driver",
	  .help = "The GPU leaves openvgpu, and offers no vGPUs, until it is taken back, the machine\n"
	  "restarts, or the GPU is unplugged. Its video memory is zero before the other\n"
	  "driver has it. Refused while it has vGPUs (exit status 4), without an IOMMU in\n"
	  "front of it for vfio-pci, and when there is no such driver. What fails is undone.\n" },
	{ "gpu take-back", "GPU", ONE, OPTION_FORCE | OPTION_DRY_RUN,
	  command_take_back,
	  "bind a GPU that was handed over to openvgpu again",
	  .help = "Its video memory is zero before it offers vGPUs; those that are defined come\n"
	  "back. Refused while a process uses it, or the host's console is on it (exit\n"
	  "status 4). With --force the process is asked to let go, and the command waits.\n" },
	{ "instance list", NULL, NONE, OPTION_GPU | OPTION_COLUMNS |
	  OPTION_NO_LEGEND, command_instance_list,
	  "list the GPU instances and what is left to the pool",
	  .help = "A GPU instance has compute slices (COMPUTE) and memory slices (MEMORY) of its GPU\n"
	  "for its vGPUs alone. The pool, ID 0, has the compute slices that are left, and its\n"
	  "vGPUs take turns. RESERVED instances stay when their last vGPU is removed. If its\n"
	  "compute slices are divided among several queues, those after the first follow as\n"
	  "1c.4g.512m: 1 compute slice of a 4g.512m, whose memory they share.\n\n"
	  "Columns: GPU ID NAME PROFILE COMPUTE MEMORY VGPUS RESERVED SCHEDULER FRAMEBUFFER\n" },
	{ "instance profiles", NULL, NONE, OPTION_GPU | OPTION_COLUMNS |
	  OPTION_NO_LEGEND, command_instance_profiles,
	  "list the shapes that GPU instances can have",
	  .help = "AVAILABLE is how many of that profile can be created now, with nothing else in\n"
	  "between.\n\n"
	  "Columns: GPU PROFILE COMPUTE MEMORY FRAMEBUFFER AVAILABLE\n" },
	{ "instance create", "PROFILE", ONE, OPTION_GPU | OPTION_NAME | OPTION_COMPUTE,
	  command_instance_create,
	  "create a GPU instance and print its name",
	  .help = "PROFILE is a name of 'openvgpu instance profiles', as 4g.512m; 4g is the one with\n"
	  "the memory that goes with 4 compute slices. vGPUs of types with that profile join\n"
	  "it; without it, creating such a vGPU creates one for it. It stays without vGPUs.\n"
	  "Without --gpu the GPU with most room for it is taken.\n\n"
	  "With --compute 2,1,1 it has three queues over its memory, of 2, 1 and 1 compute\n"
	  "slices, which work at the same time. A vGPU is in the queue that had the fewest.\n" },
	{ "instance remove", "INSTANCE", ONE, OPTION_GPU, command_instance_remove,
	  "remove a GPU instance without vGPUs",
	  .help = "INSTANCE is its name or number. One that has vGPUs is left alone, and they are\n"
	  "named (exit status 4).\n" },
	{ "instance plan", "PROFILE|TYPE...", SEVERAL, OPTION_GPU,
	  command_instance_plan,
	  "say what creating GPU instances and vGPUs would do",
	  .help = "As \"4g 2g 1g\": one after the other, where each would get its place, which vGPUs\n"
	  "that nobody has open would move for it, and which open ones are in the way.\n"
	  "Changes nothing. The exit status is that of the first refusal.\n" },
	{ "migration check", "SOURCE TARGET", TWO, 0, command_migration_check,
	  "say whether a guest can go to another vGPU",
	  .help = "SOURCE is the vGPU that it uses, TARGET the other one: each a UUID on this host,\n"
	  "or a file that 'openvgpu migration describe' printed there ('-': standard input).\n"
	  "Says each reason why it can't go, in the words in which the module would refuse\n"
	  "(exit status 7), and warns of what else VMMs need for it. Changes nothing.\n" },
	{ "migration describe", "UUID", ONE, 0, command_migration_describe,
	  "print what a vGPU is, for a check on another host",
	  .help = "Prints JSON: all that another vGPU must have for a guest of this one to go on\n"
	  "there. It is the same whether the vGPU is in use or not.\n" },
	{ "doctor", NULL, NONE, 0, command_doctor,
	  "check whether this machine can run vGPUs",
	  .help = "Each check says ok, warn or fail, and what to do. Exit status 1 when one\n"
	  "failed. Changes nothing.\n" },
	{ "stats start", "JOB", ONE, 0, command_stats_start,
	  "begin to count what vGPUs do during a job",
	  .help = "JOB is a name; there may be several at a time. Writes down what all vGPUs have\n"
	  "counted so far, in /run/openvgpu/stats; nothing runs meanwhile.\n" },
	{ "stats stop", "JOB", ONE, 0, command_stats_stop,
	  "print what vGPUs got and did since",
	  .help = "SHARE% is the part of the time for which a vGPU held its GPU, BUSY that its work\n"
	  "was executing, WAIT% that it had work and did not hold it. What the hardware counts\n"
	  "begins anew when a vGPU is opened, and goes with it.\n" },
	{ "health", "GPU", OPTIONAL, 0, command_health,
	  "look how GPUs and vGPUs are",
	  .help = "States, errors of PCI, faults of vGPUs, drivers of guests that are too old. Each\n"
	  "line says ok, warn or fail; of vGPUs only what is not well. Exit status 1 when\n"
	  "something failed. Changes nothing.\n" },
	{ "diag", "GPU", OPTIONAL, 0, command_diag,
	  "try whether GPUs work",
	  .help = "What doctor and health say, and then of each GPU: if it has no vGPU, its video\n"
	  "memory is zeroed and looked at, during which it offers no vGPUs; a vGPU of the\n"
	  "smallest type is created and removed. What is in use is left alone.\n" },
	{ "entitlement status", NULL, NONE, 0, command_entitlement_status,
	  "show which vGPUs have a seat of their tenant's quota",
	  .help = "Of quotas that hosts share: doc/entitlement.md. Without a token it is off. STATE is\n"
	  "leased, grace (it has a seat and is about to lose it, or was opened while no server\n"
	  "answered), limited (it has none) or returned (the server does not know yet). Exit\n"
	  "status 5 when one is limited, 1 when there is another reason to look.\n" },
	{ "entitlement import", "FILE...", SEVERAL, 0, command_entitlement_import,
	  "take tokens that a quota service made for this host",
	  .help = "Also the certificate that its servers have to have, and the public key for tokens\n"
	  "that have a quota in themselves. '-' is standard input. Prints the pools.\n" },
	{ "entitlement borrow", "UUID", ONE, OPTION_DAYS, command_entitlement_borrow,
	  "keep the seat of a vGPU for days without a server",
	  .help = "Also while nobody has the vGPU open. In its last hour the seat becomes one as\n"
	  "any.\n" },
	{ "entitlement return", "UUID", ONE, 0, command_entitlement_return,
	  "end that", .help = "If nobody has the vGPU open, the seat is free for others.\n" },
	{ "entitlement agent", NULL, NONE, OPTION_ONCE, command_entitlement_agent, NULL,
	  .help = "Looks after the seats of this host, until SIGTERM; the unit\n"
	  "openvgpu-entitlement.service runs it. With --once, looks once.\n" },
	{ "fleet", "COMMAND", SEVERAL, OPTION_HOSTS, command_fleet,
	  "run a command on several machines",
	  .help = "COMMAND is one of openvgpu, with its arguments. All hosts of a file run it at the\n"
	  "same time, by ssh, which asks for nothing: keys have to be there. Each line that\n"
	  "they print stands behind the name of its host; with --json, before COMMAND, there\n"
	  "is one object. Exit status of the first host, in the file's order, that failed.\n" },
	{ "callout", "-- ARGUMENT...", SEVERAL, 0, command_callout, NULL,
	  .help = "Answers mdevctl, whose script calls it.\n" },
	{ "bridge", NULL, NONE, 0, command_bridge, NULL,
	  .help = "Serves files to libopenvgpu on another machine, which ssh runs it for.\n" },
	{ "complete", "-- WORD...", SEVERAL, 0, command_complete, NULL,
	  .help = "Prints what the last word can become, for the completions of shells.\n" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* What users of other programs type. */
static const struct {
	const char *word;
	const char *name;
} aliases[] = {
	{ "ls", "list" },
	{ "rm", "remove" },
};

#define ALIASES		(sizeof(aliases) / sizeof(aliases[0]))

/**
 * command_find - the command that arguments begin with
 * @argc: how many there are
 * @argv: the arguments; the first is the program's name
 * @words: receives how many of them name the command
 *
 * Return: the command; NULL when there is none of that name.
 */
const struct command *command_find(int argc, char **argv, int *words)
{
	const char *word = argc > 1 ? argv[1] : "";
	size_t i, n;

	for (i = 0; i < ALIASES; i++)
		if (!strcmp(word, aliases[i].word))
			word = aliases[i].name;
	for (i = 0; i < COMMANDS; i++) {
		n = strcspn(commands[i].name, " ");
		*words = commands[i].name[n] ? 2 : 1;
		if (strncmp(word, commands[i].name, n) || word[n])
			continue;
		if (*words == 1 ||
		    (argc > 2 && !strcmp(argv[2], commands[i].name + n + 1)))
			return &commands[i];
	}
	return NULL;
}

/* The second word of a command of a group; NULL: it is of no such. */
static const char *in_group(const struct command *command, const char *group)
{
	size_t n = strlen(group);

	return n && !strncmp(command->name, group, n) &&
	       command->name[n] == ' ' ? command->name + n + 1 : NULL;
}

/**
 * command_is_group - whether a word is the first of two of a command
 * @word: anything
 *
 * Return: true if it is.
 */
bool command_is_group(const char *word)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (in_group(&commands[i], word))
			return true;
	return false;
}

/**
 * command_each - the names of commands that people use
 * @group: first of their two words: then the second is given; NULL: the first
 *	words, each once
 * @fn: called for each
 * @context: is given to @fn
 */
void command_each(const char *group, name_fn fn, void *context)
{
	const char *name, *before = "";
	char first[OVGPU_NAME_SIZE];
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		snprintf(first, sizeof(first), "%.*s",
			 (int)strcspn(commands[i].name, " "), commands[i].name);
		name = group ? in_group(&commands[i], group) : first;
		if (!name || !commands[i].summary ||
		    (!group && !strncmp(before, first, strlen(first)) &&
		     before[strlen(first)] == ' '))
			continue;
		fn(context, name, commands[i].summary);
		before = commands[i].name;
	}
}

/**
 * command_suggest - which command may have been meant
 * @group: first of its two words; NULL: any
 * @word: what was typed
 *
 * Return: a question, or nothing.
 */
struct shown command_suggest(const char *group, const char *word)
{
	struct suggestion suggestion = { .word = word };
	const char *name;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		name = group ? in_group(&commands[i], group) : commands[i].name;
		if (name && commands[i].summary)
			suggest_try(&suggestion, name);
	}
	return suggest_text(&suggestion);
}

static const char exit_help[] =
	"Exit status: 0 done, 1 failure, 2 wrong usage, 3 not found,\n"
	"4 busy (in use, or the UUID exists), 5 no capacity left,\n"
	"6 the output can't be written, 7 the vGPUs do not suit each other.\n";

/**
 * command_print_all - help, with all commands
 */
void command_print_all(void)
{
	size_t i;

	puts("Usage: openvgpu [-H HOST] COMMAND [ARGUMENT]... [--json]\n"
	     "\n"
	     "Manages the vGPUs of the openvgpu driver through sysfs.\n"
	     "\n"
	     "Commands:");
	for (i = 0; i < COMMANDS; i++)
		if (commands[i].summary)
			printf("  %-18s %-9s %s\n", commands[i].name,
			       commands[i].arguments >= TWO ? "..." :
			       commands[i].argument ? commands[i].argument : "",
			       commands[i].summary);
	puts("\n"
	     "  -H, --host HOST  before the command: run it there, by ssh; as user@host\n"
	     "  -j, --json     print JSON; keys are stable, \"version\" is 1\n"
	     "  -h, --help     help, also of each command: openvgpu help COMMAND\n"
	     "  -V, --version  print the version\n"
	     "\n"
	     "A UUID may be cut to its first digits, 4 at least, where only one vGPU has them.\n");
	fputs(exit_help, stdout);
	puts("\n"
	     "OPENVGPU_SYSFS, OPENVGPU_PROC and OPENVGPU_ROOT in the environment name\n"
	     "other places for /sys, /proc and /.");
}

/**
 * command_print_group - help of commands of two words
 * @group: the first of them
 */
void command_print_group(const char *group)
{
	const char *name;
	size_t i;

	printf("Usage: openvgpu %s COMMAND [ARGUMENT]... [--json]\n\nCommands:\n",
	       group);
	for (i = 0; i < COMMANDS; i++) {
		name = in_group(&commands[i], group);
		if (name && commands[i].summary)
			printf("  %-18s %s\n", commands[i].name,
			       commands[i].summary);
	}
	printf("\nEach has --help.\n\n%s", exit_help);
}

/**
 * command_print_help - help of one command
 * @command: which
 */
void command_print_help(const struct command *command)
{
	printf("Usage: openvgpu %s", command->name);
	if (command->argument)
		printf(command->arguments == OPTIONAL ? " [%s]" : " %s",
		       command->argument);
	options_print_usage(command);
	printf("\n\n%s\n", command->help);
	if (command->more_help)
		command->more_help();
	options_print_help(command);
	putchar('\n');
	fputs(exit_help, stdout);
}
