// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - openvgpu migration: whether a guest can go from a vGPU to another
 * one, before its VMM tries
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "migration.h"

/**
 * command_migration_describe - print what a vGPU is, for a check on another host
 * @cli: the run; its argument is a UUID
 *
 * Return: exit status.
 */
enum cli_exit command_migration_describe(struct cli *cli)
{
	struct migration_end end = { .what = "source" };
	char uuid[OVGPU_UUID_SIZE];
	struct json_object *object;
	enum cli_exit code;

	if (!cli_uuid(cli, cli->argument, uuid, &code))
		return cli_fail(cli, CLI_USAGE, "'%s' is not the UUID of a vGPU",
				shown(cli->argument).text);
	if (code == CLI_OK)
		code = migration_end_find(cli, uuid, &end);
	if (code == CLI_OK) {
		object = json_start();
		json_set(object, "migration", migration_end_json(&end));
		json_print(object);
	}
	migration_end_free(&end);
	return code;
}

/* -------------------------------------------------------------------- check */

/**
 * struct verdict - what a check has found
 * @reasons: why the guest can't go, sentences
 * @warnings: what else is to be known before, likewise
 */
struct verdict {
	struct json_object *reasons;
	struct json_object *warnings;
};

static void say(struct json_object *to, const char *mark, const char *text)
{
	cli_note("%s%s", mark, shown(text).text);
	json_object_array_add(to, json_text(text));
}

static void refuse(struct verdict *verdict, const char *text)
{
	say(verdict->reasons, "", text);
}

static void warn(struct verdict *verdict, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void warn(struct verdict *verdict, const char *format, ...)
{
	char text[OVGPU_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(verdict->warnings, "warning: ", text);
}

/* By the module's own rule, and in its words. */
static void compare(const struct migration_end *source,
		    const struct migration_end *target, struct verdict *verdict)
{
	char reason[OVGPU_TEXT_SIZE];
	unsigned int i;

	if (!source->migration) {
		refuse(verdict, source->refused);
		return;
	}
	for (i = 0; ovgpu_migration_refuses(source->migration, target->migration, i,
					    reason, sizeof(reason)); i++)
		refuse(verdict, reason);
}

static void look_at_mode(const struct migration_end *end, struct verdict *verdict)
{
	char text[OVGPU_TEXT_SIZE];

	if (strcmp(end->mode, "off"))
		return;
	if (end->possible)
		snprintf(text, sizeof(text),
			 "migration refused: the %s's migration is off: write auto to its openvgpu/migration while nobody has it open",
			 end->what);
	else
		snprintf(text, sizeof(text),
			 "migration refused: the %s's GPU can't save the state of a vGPU",
			 end->what);
	refuse(verdict, text);
}

static bool lacks_logging(const struct migration_end *end)
{
	return end->dma_logging.known && !end->dma_logging.number;
}

static void look_at_kernels(const struct migration_end *source,
			    const struct migration_end *target,
			    struct verdict *verdict)
{
	bool here = source->vgpu && target->vgpu;

	if (lacks_logging(source))
		warn(verdict, "the source's kernel " NO_DMA_LOGGING);
	if (lacks_logging(target) && !here)
		warn(verdict, "the target's kernel " NO_DMA_LOGGING
		     ", for the way back, too");
}

static void look_at_user(const struct migration_end *target, struct verdict *verdict)
{
	if (target->vgpu && target->vgpu->owner_pid)
		warn(verdict,
		     "process %s has the target open: end it, unless it is the VMM that waits for the guest",
		     show_owner(target->vgpu).text);
}

static struct json_object *verdict_json(const struct migration_end *source,
					const struct migration_end *target,
					const struct verdict *verdict,
					struct json_object *object)
{
	bool refused = json_object_array_length(verdict->reasons) > 0;

	json_set(object, "source", source->migration ?
		 json_text(source->migration->uuid) : NULL);
	json_set_text(object, "target", target->migration->uuid);
	json_set(object, "compatible", json_object_new_boolean(!refused));
	json_set(object, "reasons", json_object_get(verdict->reasons));
	json_set(object, "warnings", json_object_get(verdict->warnings));
	return object;
}

static enum cli_exit judge(const struct cli *cli, const struct migration_end *source,
			   const struct migration_end *target, struct verdict *verdict)
{
	struct json_object *first;

	compare(source, target, verdict);
	look_at_mode(source, verdict);
	look_at_mode(target, verdict);
	look_at_kernels(source, target, verdict);
	look_at_user(target, verdict);
	if (json_object_array_length(verdict->reasons)) {
		first = json_object_array_get_idx(verdict->reasons, 0);
		if (cli->json)
			json_print(verdict_json(source, target, verdict,
						json_error(CLI_INCOMPATIBLE,
							   json_object_get_string(first))));
		return CLI_INCOMPATIBLE;
	}
	if (cli->json)
		json_print(verdict_json(source, target, verdict, json_start()));
	else
		printf("a guest of vGPU %s can go to vGPU %s\n",
		       source->migration->uuid, target->migration->uuid);
	return CLI_OK;
}

/**
 * command_migration_check - whether a guest can go from a vGPU to another one
 * @cli: the run; its arguments are UUIDs or files with descriptions
 *
 * Return: exit status; CLI_INCOMPATIBLE if it can't.
 */
enum cli_exit command_migration_check(struct cli *cli)
{
	struct migration_end source = { .what = "source" };
	struct migration_end target = { .what = "target" };
	struct verdict verdict;
	enum cli_exit code;

	if (!strcmp(cli->arguments[0], "-") && !strcmp(cli->arguments[1], "-"))
		return cli_fail(cli, CLI_USAGE,
				"standard input has one description only");
	code = migration_end_find(cli, cli->arguments[0], &source);
	if (code == CLI_OK)
		code = migration_end_find(cli, cli->arguments[1], &target);
	/* Only its own host knows what it takes. */
	if (code == CLI_OK && !target.migration)
		code = cli_fail(cli, CLI_FAILURE,
				"the target is of a newer version of openvgpu: check on its host, with a description of the source");
	if (code == CLI_OK) {
		verdict.reasons = json_object_new_array();
		verdict.warnings = json_object_new_array();
		code = judge(cli, &source, &target, &verdict);
		json_object_put(verdict.reasons);
		json_object_put(verdict.warnings);
	}
	migration_end_free(&source);
	migration_end_free(&target);
	return code;
}
