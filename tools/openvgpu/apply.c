// SPDX-License-Identifier: GPL-2.0-only
/*
 * apply.c - openvgpu apply and openvgpu assert: a machine as a file says
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "apply.h"

#define LOCK_FILE	"run/openvgpu-apply.lock"

/* ------------------------------------------------------------------- file */

static enum cli_exit fail_file(const struct cli *cli, int err,
			       const struct config_error *error)
{
	struct shown file = shown(cli->argument);
	enum cli_exit code = err == -EINVAL || err == -EFBIG ? CLI_USAGE :
			     cli_exit_of_errno(err);

	if (error->line)
		return cli_fail(cli, code, "%s, line %u: %s", file.text,
				error->line, shown(error->text).text);
	return cli_fail(cli, code, "%s %s", file.text, shown(error->text).text);
}

static enum cli_exit read_file(const struct cli *cli, struct config **config)
{
	struct config_error error;
	int fd = STDIN_FILENO, err;

	if (strcmp(cli->argument, "-"))
		fd = open(cli->argument, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cli_fail(cli, cli_exit_of_errno(-errno), "cannot open %s: %s",
				shown(cli->argument).text, strerror(errno));
	err = config_read(fd, config, &error);
	if (fd != STDIN_FILENO)
		close(fd);
	if (!err)
		err = apply_check(*config, &error);
	if (!err)
		err = apply_tenants_check(*config, &error);
	if (!err)
		return CLI_OK;
	config_free(*config);
	*config = NULL;
	return fail_file(cli, err, &error);
}

static const struct config_label *find_label(const struct config *config,
					     const char *name)
{
	size_t i;

	for (i = 0; i < config->label_count; i++)
		if (!strcmp(config->labels[i].name, name))
			return &config->labels[i];
	return NULL;
}

/* The labels of a file, for people; cut where there are very many. */
static void list_labels(const struct config *config, char *text, size_t size)
{
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < config->label_count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
				 i ? ", " : "", config->labels[i].name);
}

/* Of a file that has no configuration, but tenants. */
static const struct config_label tenants_only = { .name = APPLY_DEFAULT_LABEL };

/* The configuration to apply; *@label is NULL if the file has none at all. */
static enum cli_exit choose_label(const struct cli *cli,
				  const struct config *config,
				  const struct config_label **label)
{
	char names[OVGPU_TEXT_SIZE];

	list_labels(config, names, sizeof(names));
	*label = find_label(config, cli->config ? cli->config : APPLY_DEFAULT_LABEL);
	if (*label)
		return CLI_OK;
	if (cli->config)
		return cli_fail(cli, CLI_NOT_FOUND,
				"%s has no configuration '%s': it has %s",
				shown(cli->argument).text,
				shown(cli->config).text,
				names[0] ? shown(names).text : "none");
	if (config->label_count > 1)
		return cli_fail(cli, CLI_USAGE,
				"name one of the configurations with --config: %s has %s",
				shown(cli->argument).text, shown(names).text);
	if (config->label_count)
		*label = &config->labels[0];
	else if (config->tenant_count)
		*label = &tenants_only;
	return CLI_OK;
}

/* ----------------------------------------------------------------- output */

static const char *const action_names[] = {
	[APPLY_SET] = "set", [APPLY_REMOVE] = "remove", [APPLY_CREATE] = "create",
	[APPLY_TAKE_BACK] = "take-back", [APPLY_HAND_OVER] = "hand-over",
	[APPLY_REMOVE_INSTANCE] = "remove-instance",
	[APPLY_CREATE_INSTANCE] = "create-instance",
};

static const char *const state_names[] = {
	[APPLY_PLANNED] = "planned", [APPLY_REFUSED] = "refused",
	[APPLY_DONE] = "done", [APPLY_FAILED] = "failed",
};

static struct json_object *text_or_null(const char *text)
{
	return text && text[0] ? json_text(text) : NULL;
}

static struct json_object *change_json(const struct apply_change *change)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "action", action_names[change->action]);
	json_set_text(object, "state", state_names[change->state]);
	json_set_text(object, "gpu", change->gpu);
	json_set(object, "uuid", text_or_null(change->uuid));
	json_set(object, "type", text_or_null(change->type));
	json_set(object, "instance", text_or_null(change->instance));
	json_set(object, "profile", text_or_null(change->profile));
	json_set(object, "name", change->setting ?
		 json_text(change->setting->name) : NULL);
	json_set(object, "from", text_or_null(change->from));
	json_set(object, "to", text_or_null(change->to));
	json_set(object, "reason", text_or_null(change->reason));
	return object;
}

static struct json_object *plan_json(const struct cli *cli,
				     const struct apply_plan *plan,
				     struct json_object *object)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	json_set(object, "dry_run", json_object_new_boolean(cli->dry_run));
	json_set_text(object, "file", cli->argument);
	json_set(object, "config", plan->label ? json_text(plan->label->name) :
		 NULL);
	for (i = 0; i < plan->count; i++)
		json_object_array_add(array, change_json(&plan->changes[i]));
	json_set(object, "changes", array);
	return object;
}

/* "GPU 0000:01:00.0: scheduler: best_effort -> equal_share" */
static struct shown describe(const struct apply_change *change)
{
	struct shown s, from = shown(change->from), to;

	if (change->action == APPLY_SET && change->instance[0]) {
		to = shown(change->to);
		snprintf(s.text, sizeof(s.text),
			 "GPU %s: GPU instance %.31s: %s: %.60s%s%.60s",
			 change->gpu, change->instance, change->setting->name,
			 from.text, from.text[0] ? " -> " : "", to.text);
	} else if (change->action == APPLY_SET) {
		to = shown(change->to);
		snprintf(s.text, sizeof(s.text), "%s %s: %s: %.60s%s%.60s",
			 change->uuid[0] ? "vGPU" : "GPU",
			 change->uuid[0] ? change->uuid : change->gpu,
			 change->setting->name, from.text,
			 from.text[0] ? " -> " : "", to.text);
	} else if (change->action == APPLY_TAKE_BACK ||
		   change->action == APPLY_HAND_OVER) {
		snprintf(s.text, sizeof(s.text), "GPU %s: driver: %.60s -> %s",
			 change->gpu, from.text[0] ? from.text : "none",
			 change->to);
	} else if (change->action == APPLY_CREATE_INSTANCE ||
		   change->action == APPLY_REMOVE_INSTANCE) {
		snprintf(s.text, sizeof(s.text), "GPU %s: %s %.60s%s%.31s",
			 change->gpu, action_names[change->action],
			 shown(change->profile).text,
			 change->instance[0] ? " " : "",
			 shown(change->instance).text);
	} else {
		snprintf(s.text, sizeof(s.text), "GPU %s: %s %s%s%s",
			 change->gpu, action_names[change->action],
			 change->type, change->uuid[0] ? " " : "", change->uuid);
	}
	return s;
}

/* Ends a command with what was found and done; @format: why it fails. */
static enum cli_exit fail_plan(const struct cli *cli, enum cli_exit code,
			       const struct apply_plan *plan, const char *text)
{
	cli_note("%s", text);
	if (cli->json)
		json_print(plan_json(cli, plan, json_error(code, text)));
	return code;
}

static enum cli_exit fail_refused(const struct cli *cli,
				  const struct apply_plan *plan)
{
	char text[OVGPU_TEXT_SIZE];
	size_t i;

	for (i = 0; i < plan->count; i++)
		if (plan->changes[i].state == APPLY_REFUSED)
			cli_note("%s: refused: %s",
				 describe(&plan->changes[i]).text,
				 shown(plan->changes[i].reason).text);
	snprintf(text, sizeof(text),
		 "nothing was changed: %zu of %zu changes would break what is in use",
		 plan->refused, plan->count);
	return fail_plan(cli, CLI_BUSY, plan, text);
}

/* ---------------------------------------------------------------- commands */

/*
 * Two runs at once would both create what is missing. Where the lock can't be
 * had (no /run), that is left to the user. Return: what to close, or -1.
 */
static int lock(const struct cli *cli)
{
	int fd;

	fd = openat(ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), LOCK_FILE,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		cli_note("waiting for another 'openvgpu apply'");
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
	}
	return fd;
}

static void print_plan(const struct apply_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		puts(describe(&plan->changes[i]).text);
}

static enum cli_exit do_plan(const struct cli *cli,
			     const struct apply_plan *plan)
{
	char text[2 * OVGPU_TEXT_SIZE];
	enum cli_exit code;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		struct apply_change *change = &plan->changes[i];

		code = apply_do(cli, change);
		if (code != CLI_OK) {
			snprintf(text, sizeof(text),
				 "%s: failed: %s; %zu of %zu changes were made: apply again when that is solved",
				 describe(change).text,
				 shown(change->reason).text, i, plan->count);
			return fail_plan(cli, code, plan, text);
		}
		if (!cli->json) {
			puts(describe(change).text);
			fflush(stdout);	/* it is the progress, too */
		}
	}
	return CLI_OK;
}

static enum cli_exit make_plan(const struct cli *cli, struct apply_plan *plan)
{
	struct apply_machine machine;
	enum cli_exit code;

	code = apply_machine_get(cli, plan->label, &machine);
	if (code != CLI_OK)
		return code;
	code = apply_plan_make(cli, &machine, plan);
	apply_machine_free(&machine);
	return code;
}

static enum cli_exit apply_locked(const struct cli *cli, struct apply_plan *plan)
{
	enum cli_exit code = make_plan(cli, plan);

	if (code != CLI_OK)
		return code;
	if (cli->dry_run && !cli->json)
		print_plan(plan);
	if (plan->refused)
		return fail_refused(cli, plan);
	if (!cli->dry_run)
		code = do_plan(cli, plan);
	if (code == CLI_OK && cli->json)
		json_print(plan_json(cli, plan, json_start()));
	return code;
}

/* The file is read by now: who writes to a pipe may take hours. */
static enum cli_exit apply_label(const struct cli *cli, struct apply_plan *plan)
{
	int fd = cli->dry_run ? -1 : lock(cli);
	enum cli_exit code = apply_locked(cli, plan);

	if (fd >= 0)
		close(fd);
	return code;
}

static enum cli_exit assert_label(const struct cli *cli,
				  struct apply_plan *plan)
{
	enum cli_exit code = make_plan(cli, plan);
	char text[OVGPU_TEXT_SIZE];

	if (code != CLI_OK)
		return code;
	if (!plan->count) {
		if (cli->json)
			json_print(plan_json(cli, plan, json_start()));
		return CLI_OK;
	}
	if (!cli->json)
		print_plan(plan);
	snprintf(text, sizeof(text), "%zu thing%s not as '%s' says", plan->count,
		 plan->count == 1 ? " is" : "s are",
		 shown(plan->label->name).text);
	return fail_plan(cli, CLI_FAILURE, plan, text);
}

static enum cli_exit with_label(struct cli *cli,
				enum cli_exit (*run)(const struct cli *cli,
						     struct apply_plan *plan))
{
	struct apply_plan plan = { 0 };
	struct config *config;
	enum cli_exit code;

	code = read_file(cli, &config);
	if (code != CLI_OK)
		return code;
	plan.config = config;
	code = choose_label(cli, config, &plan.label);
	if (code == CLI_OK && plan.label) {
		code = run(cli, &plan);
	} else if (code == CLI_OK) {
		if (cli->json)
			json_print(plan_json(cli, &plan, json_start()));
		else
			cli_note("%s configures nothing",
				 shown(cli->argument).text);
	}
	apply_plan_free(&plan);
	config_free(config);
	return code;
}

/**
 * command_apply - make GPUs and vGPUs as a file says
 * @cli: the run; its argument is the file
 *
 * Return: exit status.
 */
enum cli_exit command_apply(struct cli *cli)
{
	return with_label(cli, apply_label);
}

/**
 * command_assert - check that GPUs and vGPUs are as a file says
 * @cli: the run; its argument is the file
 *
 * Return: exit status; 1 if something is not.
 */
enum cli_exit command_assert(struct cli *cli)
{
	return with_label(cli, assert_label);
}
