// SPDX-License-Identifier: GPL-2.0-only
/*
 * complete.c - openvgpu complete: what the shells' completions offer
 *
 * They hand over the words of the line, the last one as far as it is typed, and
 * get the words that it can become: one a line, what it is behind a tab. A line
 * "FILE" alone stands for names of files, which shells know best.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define SEEN	256	/* names of types, each offered once */

/**
 * struct line - what is completed
 * @cli: the run
 * @words: of the line, behind the program's name
 * @count: how many
 * @word: the last one
 * @command: its command
 * @name_words: how many words that has
 */
struct line {
	const struct cli *cli;
	char **words;
	int count;
	const char *word;
	const struct command *command;
	int name_words;
};

/* @before stands before the name in the word: "weight=", "UUID," */
static void offer_behind(const struct line *line, const char *before,
			 size_t before_length, const char *name,
			 const char *what)
{
	size_t i;

	/* It is printed as it was typed. */
	for (i = 0; i < before_length; i++)
		if (!isgraph((unsigned char)before[i]))
			return;
	if (strncmp(line->word, before, before_length) ||
	    strncmp(line->word + before_length, name,
		    strlen(line->word + before_length)))
		return;
	printf("%.*s%s%s%s\n", (int)before_length, before, name,
	       what[0] ? "\t" : "", what[0] ? shown(what).text : "");
}

static void offer(const struct line *line, const char *name, const char *what)
{
	offer_behind(line, "", 0, name, what);
}

/* Words of @list with blanks between them; the word typed keeps @before bytes. */
static void offer_words(const struct line *line, size_t before, const char *list)
{
	char word[OVGPU_NAME_SIZE];
	size_t n;

	for (; *(list += strspn(list, " ")); list += n) {
		n = strcspn(list, " ");
		if (n >= sizeof(word))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)n, list);
		offer_behind(line, line->word, before, word, "");
	}
}

/* ------------------------------------------------------------ what there is */

static void offer_vgpus(const struct line *line, size_t before)
{
	struct ovgpu_vgpu **vgpus;
	char what[2 * OVGPU_NAME_SIZE + 8];
	size_t count, i;

	if (ovgpu_vgpu_list(line->cli->ovgpu, &vgpus, &count))
		return;
	for (i = 0; i < count; i++) {
		snprintf(what, sizeof(what), "%s on %s, %s",
			 type_suffix(vgpus[i]->type), vgpus[i]->gpu,
			 vgpus[i]->state);
		offer_behind(line, line->word, before, vgpus[i]->uuid, what);
	}
	ovgpu_free(vgpus);
}

/* Those that have vGPUs, each once. */
static void offer_tenants(const struct line *line, size_t before)
{
	struct ovgpu_vgpu **vgpus;
	size_t count, i, j;

	if (ovgpu_vgpu_list(line->cli->ovgpu, &vgpus, &count))
		return;
	for (i = 0; i < count; i++) {
		for (j = 0; j < i && strcmp(vgpus[i]->tenant, vgpus[j]->tenant); j++)
			;
		if (j == i && vgpus[i]->tenant[0])
			offer_behind(line, line->word, before, vgpus[i]->tenant, "tenant");
	}
	ovgpu_free(vgpus);
}

static void offer_gpus(const struct line *line)
{
	struct ovgpu_gpu **gpus;
	char what[OVGPU_NAME_SIZE];
	size_t count, i;

	if (ovgpu_gpu_list(line->cli->ovgpu, &gpus, &count))
		return;
	for (i = 0; i < count; i++) {
		snprintf(what, sizeof(what), "GPU, %u vGPU%s", gpus[i]->vgpus,
			 gpus[i]->vgpus == 1 ? "" : "s");
		offer(line, gpus[i]->bdf, what);
	}
	ovgpu_free(gpus);
}

/* Those that can be taken back. */
static void offer_others_gpus(const struct line *line)
{
	struct ovgpu_device **devices;
	char what[OVGPU_NAME_SIZE + 16];
	size_t count, i;

	if (ovgpu_device_list(line->cli->ovgpu, &devices, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!strcmp(devices[i]->driver, OVGPU_DRIVER))
			continue;
		snprintf(what, sizeof(what), "GPU, driver %s",
			 devices[i]->driver[0] ? devices[i]->driver : "none");
		offer(line, devices[i]->bdf, what);
	}
	ovgpu_free(devices);
}

/* A type once, though several GPUs may offer it. */
static void offer_types(const struct line *line)
{
	char seen[SEEN][OVGPU_NAME_SIZE];
	struct ovgpu_type **types;
	struct ovgpu_gpu **gpus;
	size_t gpu_count, count, i, j, k, n = 0;

	if (ovgpu_gpu_list(line->cli->ovgpu, &gpus, &gpu_count))
		return;
	for (i = 0; i < gpu_count; i++) {
		if (ovgpu_type_list(line->cli->ovgpu, gpus[i]->bdf, &types, &count))
			continue;
		for (j = 0; j < count && n < SEEN; j++) {
			for (k = 0; k < n && strcmp(seen[k], types[j]->id); k++)
				;
			if (k < n)
				continue;
			strcpy(seen[n++], types[j]->id);
			offer(line, type_suffix(types[j]->id), types[j]->name);
		}
		ovgpu_free(types);
	}
	ovgpu_free(gpus);
}

/* Likewise of profiles of GPU instances; there are few GPUs of different kinds. */
static void offer_profiles(const struct line *line)
{
	struct ovgpu_profile **profiles;
	char what[OVGPU_NAME_SIZE];
	struct ovgpu_gpu **gpus;
	size_t gpu_count, count, i, j;
	bool done = false;

	if (ovgpu_gpu_list(line->cli->ovgpu, &gpus, &gpu_count))
		return;
	for (i = 0; i < gpu_count && !done; i++) {
		if (ovgpu_profile_list(line->cli->ovgpu, gpus[i]->bdf, &profiles,
				       &count))
			continue;
		for (j = 0; j < count; j++) {
			snprintf(what, sizeof(what), "profile, %u can be created",
				 profiles[j]->available);
			offer(line, profiles[j]->name, what);
		}
		ovgpu_free(profiles);
		done = true;
	}
	ovgpu_free(gpus);
}

static void offer_instances(const struct line *line)
{
	struct ovgpu_instance **instances;
	char what[2 * OVGPU_NAME_SIZE];
	struct ovgpu_gpu **gpus;
	size_t gpu_count, count, i, j;

	if (ovgpu_gpu_list(line->cli->ovgpu, &gpus, &gpu_count))
		return;
	for (i = 0; i < gpu_count; i++) {
		if (ovgpu_instance_list(line->cli->ovgpu, gpus[i]->bdf, &instances,
					&count))
			continue;
		for (j = 0; j < count; j++) {
			snprintf(what, sizeof(what), "%s on %s",
				 instances[j]->profile, gpus[i]->bdf);
			offer(line, shown(instances[j]->name).text, what);
		}
		ovgpu_free(instances);
	}
	ovgpu_free(gpus);
}

/* ----------------------------------------------------------------- settings */

/* What the line says that settings are of; false: it does not say. */
static bool find_object(const struct line *line, enum ovgpu_object *object)
{
	char name[OVGPU_UUID_SIZE];
	int i;

	for (i = line->name_words; i < line->count - 1; i++) {
		*object = ovgpu_uuid_parse(line->words[i], name) ? OVGPU_GPU :
			  OVGPU_VGPU;
		if (*object == OVGPU_VGPU || !ovgpu_bdf_parse(line->words[i], name))
			return true;
	}
	return false;
}

static void offer_settings(const struct line *line)
{
	bool scheduler = !strncmp(line->command->name, "sched ", 6);
	const struct ovgpu_setting *setting;
	enum ovgpu_object object, only;
	char name[OVGPU_NAME_SIZE];
	bool known = find_object(line, &only);
	unsigned int i;

	for (object = OVGPU_GPU; object <= OVGPU_VGPU; object++)
		for (i = 0; (setting = ovgpu_setting(object, i)); i++) {
			if ((known && object != only) ||
			    (scheduler && !setting->scheduler))
				continue;
			/* Both have a length of slices. */
			if (!known && object == OVGPU_VGPU &&
			    ovgpu_setting_find(OVGPU_GPU, setting->name))
				continue;
			snprintf(name, sizeof(name), "%s=", setting->name);
			offer(line, name, setting->meaning);
		}
}

/* Of "NAME=", or "NAME=VAL". */
static void offer_values(const struct line *line)
{
	size_t before = strcspn(line->word, "=") + 1;
	const struct ovgpu_setting *setting;
	char name[OVGPU_NAME_SIZE];

	if (before > sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)before - 1, line->word);
	setting = ovgpu_setting_find(OVGPU_VGPU, name);
	if (!setting)
		setting = ovgpu_setting_find(OVGPU_GPU, name);
	if (setting && setting->choices)
		offer_words(line, before, setting->choices);
	if (setting && setting->kind == OVGPU_NUMBER && setting->maximum == 1)
		offer_words(line, before, "0 1");
	if (setting && setting->kind == OVGPU_NAME_OR_NONE) {
		offer_words(line, before, "none");
		offer_tenants(line, before);
	}
	if (setting && setting->kind == OVGPU_UUID_OR_NONE) {
		offer_words(line, before, "none");
		offer_vgpus(line, before);
	}
}

/* ------------------------------------------------------------------ options */

/* Columns are in the help of the command. */
static void offer_columns(const struct line *line)
{
	const char *columns = strstr(line->command->help, "Columns: ");
	const char *comma = strrchr(line->word, ',');
	char list[OVGPU_TEXT_SIZE];

	if (!columns)
		return;
	columns += strlen("Columns: ");
	snprintf(list, sizeof(list), "%.*s", (int)strcspn(columns, "\n"), columns);
	offer_words(line, comma ? comma + 1 - line->word : 0, list);
}

static void offer_option_values(const struct line *line, unsigned int option)
{
	switch (option) {
	case OPTION_GPU:
		offer_gpus(line);
		break;
	case OPTION_TYPE:
		offer_types(line);
		break;
	case OPTION_COLUMNS:
		offer_columns(line);
		break;
	case OPTION_TO:
		offer_words(line, 0, TO_WHOM);
		break;
	case OPTION_SORT:
		offer_words(line, 0, TOP_KEYS);
		break;
	case OPTION_OUTPUT:
	case OPTION_HOSTS:
		puts("FILE");
		break;
	}
}

/* ---------------------------------------------------------------- arguments */

/* Whether the command takes one more argument. */
static bool takes_more(const struct line *line)
{
	int i, arguments = 0;

	for (i = line->name_words; i < line->count - 1; i++) {
		if (line->words[i][0] != '-' || !line->words[i][1])
			arguments++;
		else if (option_takes_value(line->command, line->words[i]))
			i++;
	}
	return arguments < arguments_most(line->command);
}

/* vGPUs of this host, or files, unless what is typed may be a UUID. */
static void offer_ends(const struct line *line)
{
	if (line->word[0] && !isxdigit((unsigned char)line->word[0]))
		puts("FILE");
	else
		offer_vgpus(line, 0);
}

static void offer_each(void *line, const char *name, const char *what)
{
	offer(line, name, what);
}

static void offer_arguments(const struct line *line)
{
	const char *argument = line->command->argument;
	enum ovgpu_object object;

	if (!argument || !takes_more(line))
		return;
	if (strstr(argument, "FILE"))
		puts("FILE");
	if (line->command->run == command_migration_check)
		offer_ends(line);
	if (strstr(argument, "COMMAND"))
		command_each(NULL, offer_each, (void *)line);
	if (strstr(argument, "PROFILE"))
		offer_profiles(line);
	if (strstr(argument, "INSTANCE"))
		offer_instances(line);
	if (strstr(argument, "TYPE"))
		offer_types(line);
	if (line->command->run == command_mode_set)
		offer_words(line, 0, ovgpu_setting(OVGPU_GPU, OVGPU_WORK_MODE)->choices);
	if (strstr(argument, "NAME=VALUE")) {
		if (strchr(line->word, '=')) {
			offer_values(line);
			return;
		}
		offer_settings(line);
		if (find_object(line, &object))
			return;
	}
	if (strstr(argument, "UUID"))
		offer_vgpus(line, 0);
	if (line->command->run == command_take_back)
		offer_others_gpus(line);
	else if (strstr(argument, "GPU"))
		offer_gpus(line);
}

/* The first word, or the second of a group. */
static void offer_commands(struct line *line)
{
	const char *first = line->count == 2 ? line->words[0] : "";

	if (line->count == 2 && !strcmp(first, "help")) {
		command_each(NULL, offer_each, line);
		return;
	}
	if (line->count > 1 && !command_is_group(first))
		return;
	command_each(line->count == 1 ? NULL : first, offer_each, line);
	offer(line, "--help", "print help");
	if (line->count > 1)
		return;
	offer(line, "help", "help, also of each command");
	offer(line, "--version", "print the version");
}

/**
 * command_complete - print what the last word of a line can become
 * @cli: the run; its arguments are the words of the line
 *
 * Return: CLI_OK, also when it can become nothing.
 */
enum cli_exit command_complete(struct cli *cli)
{
	struct line line = {
		.cli = cli, .words = cli->arguments, .count = cli->argument_count,
		.word = cli->arguments[cli->argument_count - 1],
	};
	const char *host = NULL;
	unsigned int option = 0;
	int words;

	/* The program's name is where "--" or the command stood. */
	words = options_host(line.count + 1, line.words - 1, &host);
	line.words += words;
	line.count -= words;
	if (line.count < 1)
		return CLI_OK;
	line.command = command_find(line.count, line.words - 1, &line.name_words);
	if (!line.command || line.name_words >= line.count) {
		offer_commands(&line);
		return CLI_OK;
	}
	if (line.count > line.name_words + 1)
		option = option_takes_value(line.command,
					    line.words[line.count - 2]);
	if (option && !host)
		offer_option_values(&line, option);
	else if (line.word[0] == '-')
		options_each(line.command, offer_each, &line);
	else if (!host)	/* what there is elsewhere would have to be asked for */
		offer_arguments(&line);
	return CLI_OK;
}
