// SPDX-License-Identifier: GPL-2.0-only
/*
 * set.c - openvgpu set, and openvgpu sched set, which knows the scheduler's
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"

#define MOST_SETTINGS	16	/* no object has more; none can be given twice */

/**
 * struct change - what is to be set on what
 * @scheduler: only the scheduler's settings may be
 * @object: a GPU, a vGPU or a GPU instance
 * @name: its PCI address or UUID, or what the library calls the instance
 * @gpu: the PCI address of the GPU, of a vGPU's as well
 * @setting: what to set
 * @value: to what
 * @count: how many
 * @done: how many were set
 */
struct change {
	bool scheduler;
	enum ovgpu_object object;
	char name[OVGPU_NAME_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	const struct ovgpu_setting *setting[MOST_SETTINGS];
	const char *value[MOST_SETTINGS];
	unsigned int count;
	unsigned int done;
};

static const char *const kinds[] = {
	[OVGPU_GPU] = "GPU", [OVGPU_VGPU] = "vGPU",
	[OVGPU_INSTANCE] = "GPU instance",
};

/* Appends to a text of bounded size; what does not fit is cut. */
static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

/* A setting by its name, of those that may be set. */
static const struct ovgpu_setting *find_setting(const struct change *change,
						enum ovgpu_object object,
						const char *name)
{
	const struct ovgpu_setting *setting = ovgpu_setting_find(object, name);

	return setting && (setting->scheduler || !change->scheduler) ?
	       setting : NULL;
}

/* ------------------------------------------------------------- arguments */

/* "GPU/NAME" or "GPU/NUMBER" */
static bool is_instance(const char *text, char *bdf)
{
	char gpu[OVGPU_NAME_SIZE];

	snprintf(gpu, sizeof(gpu), "%.*s", (int)strcspn(text, "/"), text);
	return strchr(text, '/') && strcspn(text, "/") < sizeof(gpu) &&
	       !ovgpu_bdf_parse(gpu, bdf);
}

/* A compute instance, which has settings, too. 0: there is none. */
static unsigned int find_queue(const struct cli *cli,
			       const struct ovgpu_instance *instance,
			       const char *name, uint64_t number)
{
	struct ovgpu_queue **queues;
	unsigned int id = 0;
	size_t count, i;

	if (ovgpu_queue_list(cli->ovgpu, instance->gpu, instance->id, &queues,
			     &count))
		return 0;
	for (i = 1; i < count; i++)
		if (queues[i]->id == number || !strcmp(queues[i]->name, name))
			id = queues[i]->id;
	ovgpu_free(queues);
	return id;
}

static enum cli_exit find_instance(const struct cli *cli, struct change *change,
				   const char *name)
{
	struct suggestion suggestion = { .word = name };
	struct ovgpu_instance **list;
	unsigned int id = 0;
	uint64_t number;
	size_t count, i;
	int err;

	change->object = OVGPU_INSTANCE;
	err = ovgpu_instance_list(cli->ovgpu, change->gpu, &list, &count);
	if (err)
		return fail_not_divisible(cli, change->gpu, err);
	if (ovgpu_number_parse(name, &number))
		number = 0;
	for (i = 0; i < count; i++) {
		suggest_try(&suggestion, list[i]->name);
		if (list[i]->id == number && !id)
			id = number;
		if (!strcmp(list[i]->name, name))
			id = list[i]->id;
		if (!id)
			id = find_queue(cli, list[i], name, number);
	}
	ovgpu_free(list);
	if (id && !ovgpu_instance_path(change->gpu, id, change->name,
				       sizeof(change->name)))
		return CLI_OK;
	return cli_fail(cli, CLI_NOT_FOUND,
			"GPU %s has no GPU instance '%s': 'openvgpu instance list' lists them%s",
			change->gpu, shown(name).text,
			suggest_text(&suggestion).text);
}

/* The first argument may say what to change; *@used: it did. */
static enum cli_exit parse_target(const struct cli *cli, struct change *change,
				  bool *used)
{
	const char *text = cli->argument;
	enum cli_exit code;

	*used = false;
	change->object = OVGPU_GPU;
	if (cli->gpu[0])
		strcpy(change->name, cli->gpu);
	if (strchr(text, '='))
		return CLI_OK;
	*used = true;
	if (cli_uuid(cli, text, change->name, &code)) {
		if (code != CLI_OK)
			return code;
		change->object = OVGPU_VGPU;
	} else if (is_instance(text, change->gpu)) {
		code = find_instance(cli, change, strchr(text, '/') + 1);
		if (code != CLI_OK)
			return code;
	} else if (ovgpu_bdf_parse(text, change->name)) {
		if (find_setting(change, OVGPU_GPU, text) ||
		    find_setting(change, OVGPU_VGPU, text))
			return cli_fail(cli, CLI_USAGE,
					"'%s' lacks a value: write %s=VALUE",
					text, text);
		return cli_fail(cli, CLI_USAGE,
				"'%s' is neither a UUID, nor a PCI address, nor NAME=VALUE",
				shown(text).text);
	}
	if (cli->gpu[0])
		return cli_fail(cli, CLI_USAGE,
				"both --gpu and '%s' are given: settings are of one of them",
				change->name);
	return CLI_OK;
}

static enum cli_exit fail_name(const struct cli *cli,
			       const struct change *change, const char *name)
{
	enum ovgpu_object object = change->object;
	struct suggestion suggestion = { .word = name };
	const struct ovgpu_setting *setting;
	char names[OVGPU_TEXT_SIZE] = "";
	unsigned int i;

	if (object == OVGPU_GPU && find_setting(change, OVGPU_VGPU, name))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is a setting of vGPUs: name one by its UUID",
				name);
	if (object == OVGPU_VGPU && find_setting(change, OVGPU_GPU, name))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is a setting of GPUs: name one with --gpu",
				name);
	if (change->scheduler && ovgpu_setting_find(object, name))
		return cli_fail(cli, CLI_USAGE,
				"there is no setting '%s' of the scheduler: use 'openvgpu set'",
				name);
	for (i = 0; (setting = ovgpu_setting(object, i)); i++) {
		if (!setting->scheduler && change->scheduler)
			continue;
		append(names, sizeof(names), i ? ", " : "");
		append(names, sizeof(names), setting->name);
		suggest_try(&suggestion, setting->name);
	}
	/* Who forgot the UUID may have mistyped as well. */
	for (i = 0; (setting = ovgpu_setting(OVGPU_VGPU, i)); i++)
		suggest_try(&suggestion, setting->name);
	return cli_fail(cli, CLI_USAGE,
			"there is no setting '%s': a %s has %s%s",
			shown(name).text, kinds[object], names, suggest_text(&suggestion).text);
}

static enum cli_exit fail_value(const struct cli *cli,
				const struct ovgpu_setting *setting,
				const char *value)
{
	if (setting->kind != OVGPU_NUMBER)
		return cli_fail(cli, CLI_USAGE, "%s can't be '%s': it is %s",
				setting->name, shown(value).text,
				setting->meaning);
	return cli_fail(cli, CLI_USAGE,
			"%s can't be '%s': it is a number of %s%llu to %llu",
			setting->name, shown(value).text,
			setting->zero ? "0, or " : "",
			(unsigned long long)setting->minimum,
			(unsigned long long)setting->maximum);
}

static bool same_quantity(const struct change *change,
			  const struct ovgpu_setting *a,
			  const struct ovgpu_setting *b)
{
	const struct ovgpu_setting *hz = ovgpu_setting(OVGPU_GPU, OVGPU_SCHED_HZ);
	const struct ovgpu_setting *us =
		ovgpu_setting(OVGPU_GPU, OVGPU_TIMESLICE_US);

	return change->object != OVGPU_VGPU &&
	       ((a == hz && b == us) || (a == us && b == hz));
}

static enum cli_exit parse_setting(const struct cli *cli, struct change *change,
				   const char *text)
{
	const struct ovgpu_setting *setting;
	const char *equals = strchr(text, '=');
	char name[OVGPU_NAME_SIZE];
	unsigned int i;

	if (!equals)
		return cli_fail(cli, CLI_USAGE, "'%s' is not NAME=VALUE",
				shown(text).text);
	/* Longer than any name: shown as far as it goes, and not found. */
	snprintf(name, sizeof(name), "%.*s",
		 equals - text < OVGPU_NAME_SIZE ? (int)(equals - text) :
		 OVGPU_NAME_SIZE - 1, text);
	setting = find_setting(change, change->object, name);
	if (!setting)
		return fail_name(cli, change, name);
	for (i = 0; i < change->count; i++) {
		if (change->setting[i] == setting)
			return cli_fail(cli, CLI_USAGE, "%s is given twice",
					setting->name);
		if (same_quantity(change, change->setting[i], setting))
			return cli_fail(cli, CLI_USAGE,
					"%s and %s are two forms of the same: give one",
					change->setting[i]->name, setting->name);
	}
	if (ovgpu_setting_check(setting, equals + 1))
		return fail_value(cli, setting, equals + 1);
	change->setting[change->count] = setting;
	change->value[change->count++] = equals + 1;
	return CLI_OK;
}

/* ----------------------------------------------------------- what is there */

/**
 * cli_is_choice - whether a value is one of those that are offered
 * @choices: words with blanks between them
 * @value: the value
 */
bool cli_is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value), length;

	for (; *choices; choices += strspn(choices, " ")) {
		length = strcspn(choices, " ");
		if (length == n && !strncmp(choices, value, n))
			return true;
		choices += length;
	}
	return false;
}

/**
 * cli_only_gpu - the GPU that a command is about which names none
 * @cli: the run
 * @bdf: receives the PCI address of the only GPU there is
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit cli_only_gpu(const struct cli *cli, char *bdf)
{
	struct ovgpu_gpu **gpus;
	size_t count;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	if (count == 1)
		strcpy(bdf, gpus[0]->bdf);
	ovgpu_free(gpus);
	if (count > 1)
		return cli_fail(cli, CLI_USAGE,
				"there are %zu GPUs: name one with --gpu", count);
	if (!count)
		return cli_fail(cli, CLI_NOT_FOUND,
				"no GPU is bound to the driver openvgpu: 'openvgpu doctor' tells what to do");
	return CLI_OK;
}

/* The module has no such setting, unless it is the vGPU that is gone. */
static enum cli_exit fail_missing(const struct cli *cli,
				  const struct change *change, unsigned int i)
{
	struct ovgpu_vgpu *vgpu;
	int err;

	if (change->object == OVGPU_VGPU) {
		err = ovgpu_vgpu_get(cli->ovgpu, change->name, &vgpu);
		if (err)
			return cli_fail_vgpu(cli, err, change->name);
		ovgpu_free(vgpu);
	}
	return cli_fail(cli, CLI_FAILURE,
			"the loaded module has no setting %s: nothing was set",
			change->setting[i]->name);
}

/* Only what the driver offers is a choice. */
static enum cli_exit check_choice(const struct cli *cli,
				  const struct change *change, unsigned int i)
{
	const struct ovgpu_setting *setting = change->setting[i];
	char now[OVGPU_NAME_SIZE], choices[OVGPU_TEXT_SIZE];
	const char *value = change->value[i];

	if (ovgpu_setting_read(cli->ovgpu, change->object, change->name,
			       setting, now, sizeof(now), choices,
			       sizeof(choices)))
		return fail_missing(cli, change, i);
	if (!strcmp(choices, "none") && setting->scheduler)
		return cli_fail(cli, CLI_FAILURE,
				"GPU %s has no engine: there is nothing to schedule",
				change->name);
	if (cli_is_choice(choices, value))
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "there is no %s '%s': %s %s has %s",
			setting->name, value, kinds[change->object],
			change->name, choices[0] ? shown(choices).text : "none");
}

static enum cli_exit check_change(const struct cli *cli, struct change *change)
{
	struct ovgpu_sched_gpu *gpu;
	struct ovgpu_vgpu *vgpu;
	enum cli_exit code;
	unsigned int i;
	int err;

	if (change->object == OVGPU_VGPU) {
		err = ovgpu_vgpu_get(cli->ovgpu, change->name, &vgpu);
		if (err)
			return cli_fail_vgpu(cli, err, change->name);
		strcpy(change->gpu, vgpu->gpu);
		ovgpu_free(vgpu);
	} else if (change->object == OVGPU_GPU) {
		code = change->name[0] ? CLI_OK : cli_only_gpu(cli, change->name);
		if (code != CLI_OK)
			return code;
		if (ovgpu_sched_gpu_get(cli->ovgpu, change->name, &gpu))
			return cli_fail_no_gpu(cli, change->name);
		ovgpu_free(gpu);
		strcpy(change->gpu, change->name);
	}
	code = CLI_OK;
	for (i = 0; code == CLI_OK && i < change->count; i++) {
		if (!ovgpu_setting_exists(cli->ovgpu, change->object,
					  change->name, change->setting[i]))
			code = fail_missing(cli, change, i);
		else if (change->setting[i]->kind == OVGPU_CHOICE)
			code = check_choice(cli, change, i);
	}
	return code;
}

/* ---------------------------------------------------------------- result */

static struct json_object *done_json(const struct change *change)
{
	struct json_object *object = json_object_new_object();
	uint64_t number;
	unsigned int i;

	for (i = 0; i < change->done; i++)
		if (change->setting[i]->kind != OVGPU_NUMBER ||
		    ovgpu_number_parse(change->value[i], &number))
			json_set_text(object, change->setting[i]->name,
				      change->value[i]);
		else
			json_set_number(object, change->setting[i]->name, number);
	return object;
}

/* Says which settings are in force now and which are not. */
static void append_progress(const struct change *change, char *text,
			    size_t size)
{
	unsigned int i;

	if (change->count == 1)
		return;
	append(text, size, change->done ? "; was set: " : "; nothing was set");
	for (i = 0; i < change->done; i++) {
		append(text, size, i ? ", " : "");
		append(text, size, change->setting[i]->name);
		append(text, size, "=");
		append(text, size, change->value[i]);
	}
	if (change->done + 1 == change->count)
		return;
	append(text, size, "; was not tried: ");
	for (i = change->done + 1; i < change->count; i++) {
		append(text, size, i > change->done + 1 ? ", " : "");
		append(text, size, change->setting[i]->name);
	}
}

static enum cli_exit fail_change(const struct cli *cli,
				 const struct change *change, int err,
				 const char *reason)
{
	const char *kind = kinds[change->object];
	const struct ovgpu_setting *setting = change->setting[change->done];
	enum cli_exit code = cli_exit_of_errno(err);
	struct json_object *object, *array;
	char text[1024];
	unsigned int i;

	/* ENODEV is also the answer to a console that is none of its vGPUs. */
	if ((err == -ENOENT || err == -ENODEV) && !reason[0])
		snprintf(text, sizeof(text), "%s %s went away", kind,
			 change->name);
	else if (err == -EACCES || (err == -EPERM && !reason[0]))
		snprintf(text, sizeof(text),
			 "not allowed to change settings: run as root");
	else
		snprintf(text, sizeof(text), "%s %s refused %s=%s: %s", kind,
			 change->name, setting->name,
			 change->value[change->done],
			 reason[0] ? shown(reason).text : ovgpu_strerror(err));
	append_progress(change, text, sizeof(text));
	cli_note("%s", text);
	if (cli->json) {
		object = json_error(code, text);
		array = json_object_new_array();
		for (i = change->done; i < change->count; i++)
			json_object_array_add(array,
					      json_text(change->setting[i]->name));
		json_set(object, "set", done_json(change));
		json_set(object, "not_set", array);
		json_print(object);
	}
	return code;
}

static void print_settings(bool scheduler)
{
	static const char *const title[] = {
		[OVGPU_GPU] = "of a GPU", [OVGPU_VGPU] = "of a vGPU",
	};
	const struct ovgpu_setting *setting;
	unsigned int object, i;

	for (object = OVGPU_GPU; object <= OVGPU_VGPU; object++) {
		printf("Settings %s:\n", title[object]);
		for (i = 0; (setting = ovgpu_setting(object, i)); i++) {
			if (!setting->scheduler && scheduler)
				continue;
			printf("  %-20s  %-15s  %s\n", setting->name,
			       setting->kind != OVGPU_NUMBER ? "" :
			       show_numbers(setting).text, setting->meaning);
		}
		putchar('\n');
	}
}

/**
 * command_set_help - print which settings there are
 */
void command_set_help(void)
{
	print_settings(false);
}

/**
 * command_sched_set_help - print which settings the scheduler has
 */
void command_sched_set_help(void)
{
	print_settings(true);
}

static enum cli_exit set(struct cli *cli, bool scheduler)
{
	struct change change = { .scheduler = scheduler };
	char reason[OVGPU_TEXT_SIZE];
	struct json_object *object;
	enum cli_exit code;
	bool used;
	int err, i;

	code = parse_target(cli, &change, &used);
	for (i = used; code == CLI_OK && i < cli->argument_count; i++)
		code = parse_setting(cli, &change, cli->arguments[i]);
	if (code == CLI_OK && !change.count)
		code = cli_fail(cli, CLI_USAGE,
				"nothing to set: give NAME=VALUE; try 'openvgpu %sset --help'",
				scheduler ? "sched " : "");
	if (code == CLI_OK)
		code = check_change(cli, &change);
	if (code != CLI_OK)
		return code;
	for (; change.done < change.count; change.done++) {
		err = ovgpu_setting_write(cli->ovgpu, change.object, change.name,
					  change.setting[change.done],
					  change.value[change.done], reason,
					  sizeof(reason));
		if (err)
			return fail_change(cli, &change, err, reason);
	}
	if (cli->json) {
		object = json_start();
		json_set_text(object, "gpu", change.gpu);
		if (change.object == OVGPU_VGPU)
			json_set_text(object, "uuid", change.name);
		if (change.object == OVGPU_INSTANCE)
			json_set_number(object, "instance",
					strtoul(strchr(change.name, '/') + 1,
						NULL, 10));
		json_set(object, "set", done_json(&change));
		json_print(object);
	}
	return CLI_OK;
}

/**
 * command_set - change settings of a GPU or a vGPU
 * @cli: the run; its arguments are the object, which may be left out, and
 *	NAME=VALUE
 *
 * Return: exit status.
 */
enum cli_exit command_set(struct cli *cli)
{
	return set(cli, false);
}

/**
 * command_sched_set - change settings of a GPU's scheduler, or of a vGPU there
 * @cli: the run; its arguments as of command_set()
 *
 * Return: exit status.
 */
enum cli_exit command_sched_set(struct cli *cli)
{
	return set(cli, true);
}
