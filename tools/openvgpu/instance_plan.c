// SPDX-License-Identifier: GPL-2.0-only
/*
 * instance_plan.c - openvgpu instance plan: what would get which place, what would
 * move for it, and what is in the way
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"

#define REQUESTS_MAX	128	/* more than any GPU can have */

/**
 * struct requests - words of all arguments
 * @text: of them, with NULs between
 * @words: where they begin in it
 * @count: their number
 */
struct requests {
	char *text;
	const char *words[REQUESTS_MAX];
	size_t count;
};

/* "4g 2g" 1g: as one argument or as several. */
static enum cli_exit read_requests(const struct cli *cli,
				   struct requests *requests)
{
	size_t size = 1, used = 0;
	char *word, *rest = NULL;
	int i;

	for (i = 0; i < cli->argument_count; i++)
		size += strlen(cli->arguments[i]) + 1;
	requests->text = calloc(1, size);
	if (!requests->text)
		return cli_fail_errno(cli, -ENOMEM, "make a plan");
	for (i = 0; i < cli->argument_count; i++)
		used += sprintf(requests->text + used, "%s ", cli->arguments[i]);
	for (word = strtok_r(requests->text, " \t\n,", &rest); word;
	     word = strtok_r(NULL, " \t\n,", &rest)) {
		if (requests->count == REQUESTS_MAX)
			return cli_fail(cli, CLI_USAGE,
					"more than %d things are planned",
					REQUESTS_MAX);
		requests->words[requests->count++] = word;
	}
	if (!requests->count)
		return cli_fail(cli, CLI_USAGE,
				"nothing to plan: give profiles or types, as \"4g 2g 1g\"");
	return CLI_OK;
}

static unsigned long long mib(uint64_t bytes)
{
	return bytes >> 20;
}

static const char *const kinds[] = {
	[OVGPU_PLAN_PLACE] = "place", [OVGPU_PLAN_MOVE_VGPU] = "move-vgpu",
	[OVGPU_PLAN_MOVE_INSTANCE] = "move-instance",
	[OVGPU_PLAN_REFUSE] = "refuse", [OVGPU_PLAN_OBSTACLE] = "obstacle",
};

static bool moves(const struct ovgpu_plan_step *step)
{
	return step->kind == OVGPU_PLAN_MOVE_VGPU ||
	       step->kind == OVGPU_PLAN_MOVE_INSTANCE;
}

static struct json_object *step_json(const struct ovgpu_plan_step *step)
{
	struct json_object *object = json_object_new_object();

	json_set_text(object, "step", kinds[step->kind]);
	json_set_number(object, "request", step->request);
	json_set_text(object, "name", step->name);
	json_set(object, "reason", step->reason[0] ? json_text(step->reason) :
		 NULL);
	json_set_number(object, "instance", step->instance);
	json_set(object, "new_instance", json_object_new_boolean(step->made));
	json_set(object, "uuid", step->uuid[0] ? json_text(step->uuid) : NULL);
	json_set_number(object, "compute_mask", step->compute_mask);
	json_set_number(object, "offset_bytes", step->offset);
	if (moves(step))
		json_set_number(object, "offset_before_bytes",
				step->offset_before);
	else
		json_set(object, "offset_before_bytes", NULL);
	json_set_number(object, "size_bytes", step->size);
	return object;
}

static struct json_object *plan_json(struct ovgpu_plan_step *const *steps,
				     size_t count, const char *bdf,
				     struct json_object *object)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	json_set_text(object, "gpu", bdf);
	for (i = 0; i < count; i++)
		json_object_array_add(array, step_json(steps[i]));
	json_set(object, "steps", array);
	return object;
}

/* A type without what all types begin with. */
static struct shown request_name(const struct ovgpu_plan_step *step)
{
	size_t n = strlen(OVGPU_TYPE_PREFIX);

	return shown(strncmp(step->name, OVGPU_TYPE_PREFIX, n) ? step->name :
		     step->name + n);
}

/* What may have been meant by a request that is neither a profile nor a type. */
static struct shown suggest_request(const struct cli *cli, const char *bdf,
				    const struct ovgpu_plan_step *step)
{
	struct shown word = request_name(step);
	struct suggestion suggestion = { .word = word.text };
	struct ovgpu_profile **profiles;
	struct ovgpu_type **types;
	size_t count, i;

	if (step->err != -EINVAL)
		return suggest_text(&suggestion);
	if (!ovgpu_profile_list(cli->ovgpu, bdf, &profiles, &count)) {
		profile_find(profiles, count, word.text, &suggestion);
		ovgpu_free(profiles);
	}
	if (!ovgpu_type_list(cli->ovgpu, bdf, &types, &count)) {
		for (i = 0; i < count; i++)
			suggest_try(&suggestion, type_suffix(types[i]->id));
		ovgpu_free(types);
	}
	return suggest_text(&suggestion);
}

static void print_place(const struct ovgpu_plan_step *step)
{
	char where[128] = "the pool";

	if (step->instance)
		snprintf(where, sizeof(where), "%sGPU instance %u, compute %.64s",
			 step->made ? "new " : "", step->instance,
			 show_slices(step->compute_mask).text);
	printf("%s: %s, %llu MiB at %llu MiB\n", request_name(step).text, where,
	       mib(step->size), mib(step->offset));
}

static void print_step(const struct cli *cli, const char *bdf,
		       const struct ovgpu_plan_step *step)
{
	struct ovgpu_vgpu *vgpu = NULL;

	switch (step->kind) {
	case OVGPU_PLAN_PLACE:
		print_place(step);
		break;
	case OVGPU_PLAN_MOVE_VGPU:
		printf("  moves: vGPU %s, %llu MiB from %llu MiB to %llu MiB\n",
		       step->uuid[0] ? step->uuid : "of this plan",
		       mib(step->size), mib(step->offset_before),
		       mib(step->offset));
		break;
	case OVGPU_PLAN_MOVE_INSTANCE:
		printf("  moves: GPU instance %u, %llu MiB from %llu MiB to %llu MiB\n",
		       step->instance, mib(step->size), mib(step->offset_before),
		       mib(step->offset));
		break;
	case OVGPU_PLAN_REFUSE:
		printf("%s: refused: %s%s\n", request_name(step).text,
		       shown(step->reason).text,
		       suggest_request(cli, bdf, step).text);
		break;
	case OVGPU_PLAN_OBSTACLE:
		if (ovgpu_vgpu_get(cli->ovgpu, step->uuid, &vgpu))
			vgpu = NULL;
		printf("  in the way: vGPU %s, %llu MiB at %llu MiB, used by %s\n",
		       step->uuid, mib(step->size), mib(step->offset),
		       vgpu ? show_owner(vgpu).text : "-");
		ovgpu_free(vgpu);
		break;
	}
}

static enum cli_exit print_plan(const struct cli *cli, const char *bdf,
				struct ovgpu_plan_step *const *steps, size_t count,
				size_t requests)
{
	size_t i, refused = 0;
	enum cli_exit code = CLI_OK;
	char text[128];

	for (i = 0; i < count; i++) {
		if (!cli->json)
			print_step(cli, bdf, steps[i]);
		if (steps[i]->kind != OVGPU_PLAN_REFUSE)
			continue;
		refused++;
		if (code == CLI_OK)
			code = steps[i]->err == -EINVAL ? CLI_NOT_FOUND :
			       cli_exit_of_errno(steps[i]->err);
	}
	if (!refused) {
		if (cli->json)
			json_print(plan_json(steps, count, bdf, json_start()));
		return CLI_OK;
	}
	snprintf(text, sizeof(text), "%zu of %zu would be refused", refused,
		 requests);
	cli_note("%s", text);
	if (cli->json)
		json_print(plan_json(steps, count, bdf,
				     json_error(code, text)));
	return code;
}

/**
 * command_instance_plan - say what would happen
 * @cli: the run; its arguments are profiles and types
 *
 * Return: exit status; that of the first refusal if there is one.
 */
enum cli_exit command_instance_plan(struct cli *cli)
{
	struct requests requests = { .count = 0 };
	struct ovgpu_plan_step **steps;
	char bdf[OVGPU_BDF_SIZE];
	enum cli_exit code;
	size_t count;
	int err;

	code = read_requests(cli, &requests);
	if (code == CLI_OK)
		code = instance_gpu(cli, bdf);
	if (code == CLI_OK) {
		err = ovgpu_instance_plan(cli->ovgpu, bdf, requests.words,
					  requests.count, &steps, &count);
		if (err) {
			code = fail_not_divisible(cli, bdf, err);
		} else {
			code = print_plan(cli, bdf, steps, count, requests.count);
			ovgpu_free(steps);
		}
	}
	free(requests.text);
	return code;
}
