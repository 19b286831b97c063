// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_show.c - openvgpu sched show: settings, and what each vGPU got
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* ------------------------------------------------------------------- vGPU */

static struct json_object *sched_vgpu_json(const struct ovgpu_vgpu *vgpu,
					   const struct ovgpu_sched_vgpu *sched)
{
	struct json_object *object = json_object_new_object();
	struct json_object *stats = json_object_new_object(), *array = NULL;
	const struct ovgpu_setting *setting;
	const uint64_t *waits;
	const char *name;
	unsigned int i;
	size_t count;

	json_set_text(object, "uuid", vgpu->uuid);
	json_set_text(object, "gpu", vgpu->gpu);
	json_set_text(object, "type", vgpu->type);
	json_set(object, "sched_state",
		 sched->state[0] ? json_text(sched->state) : NULL);
	for (i = 0; (setting = ovgpu_setting(OVGPU_VGPU, i)); i++)
		if (setting->scheduler)
			json_set_value(object, setting->name,
				       ovgpu_sched_vgpu_setting(sched, i));
	if (vgpu->owner_pid)
		json_set_number(object, "owner_pid", vgpu->owner_pid);
	else
		json_set(object, "owner_pid", NULL);
	json_set_value(object, "framebuffer_bytes", sched->framebuffer_size);
	json_set_value(object, "framebuffer_used_bytes",
		       sched->framebuffer_used);
	json_set_value(object, "last_fault", sched->last_fault);
	json_set(object, "last_reset_reason", sched->last_reset_reason[0] ?
		 json_text(sched->last_reset_reason) : NULL);
	for (i = 0; (name = ovgpu_counter_name(i)); i++)
		json_set_value(stats, name, ovgpu_sched_vgpu_counter(sched, i));
	count = ovgpu_sched_vgpu_waits(sched, &waits);
	if (count)
		array = json_object_new_array();
	for (i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_uint64(waits[i]));
	json_set(stats, "wait_histogram", array);
	json_set(object, "stats", stats);
	return object;
}

static void print_waits(const struct ovgpu_sched_vgpu *sched)
{
	const uint64_t *waits;
	size_t count, i;

	count = ovgpu_sched_vgpu_waits(sched, &waits);
	if (count)
		puts("  waits:");
	for (i = 0; i < count; i++) {
		bool last = i == count - 1;

		if (waits[i])
			printf("    %s %-15s %llu\n", last ? "from " : "below",
			       show_time(1024ULL << (last ? i - 1 : i)).text,
			       (unsigned long long)waits[i]);
	}
}

static bool is_time(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && !strcmp(name + n - 3, "_ns");
}

static void print_vgpu(const struct ovgpu_vgpu *vgpu,
		       const struct ovgpu_sched_vgpu *sched)
{
	const struct ovgpu_setting *setting;
	struct ovgpu_value value;
	const char *name;
	unsigned int i;

	printf("vGPU %s\n  %-22s %s\n  %-22s %s\n  %-22s %s\n  %-22s %s\n",
	       vgpu->uuid, "type", shown(vgpu->type).text, "GPU", vgpu->gpu,
	       "used by", show_owner(vgpu).text, "sched_state",
	       sched->state[0] ? shown(sched->state).text : "-");
	printf("  %-22s %s\n  %-22s %s\n  settings:\n", "last_fault",
	       show_value(sched->last_fault).text, "last_reset_reason",
	       sched->last_reset_reason[0] ?
	       shown(sched->last_reset_reason).text : "-");
	for (i = 0; (setting = ovgpu_setting(OVGPU_VGPU, i)); i++)
		if (setting->scheduler)
			printf("    %-20s %s\n", setting->name,
			       show_value(ovgpu_sched_vgpu_setting(sched, i)).text);
	puts("  counters:");
	for (i = 0; (name = ovgpu_counter_name(i)); i++) {
		value = ovgpu_sched_vgpu_counter(sched, i);
		/* The unit stands in the value. */
		printf("    %-20.*s %s\n",
		       (int)strlen(name) - (is_time(name) ? 3 : 0), name,
		       is_time(name) ? show_value_time(value).text :
		       show_value(value).text);
	}
	print_waits(sched);
}

static enum cli_exit show_vgpu(const struct cli *cli, const char *uuid)
{
	struct ovgpu_sched_vgpu *sched = NULL;
	struct json_object *object;
	struct ovgpu_vgpu *vgpu;
	int err;

	err = ovgpu_vgpu_get(cli->ovgpu, uuid, &vgpu);
	if (!err)
		err = ovgpu_sched_vgpu_get(cli->ovgpu, uuid, OVGPU_ALL_COUNTERS, true,
					   &sched);
	if (!err && cli->json) {
		object = json_start();
		json_set(object, "vgpu", sched_vgpu_json(vgpu, sched));
		json_print(object);
	} else if (!err) {
		print_vgpu(vgpu, sched);
	}
	ovgpu_free(sched);
	ovgpu_free(vgpu);
	return err ? cli_fail_vgpu(cli, err, uuid) : CLI_OK;
}

/* -------------------------------------------------------------------- GPU */

static struct shown show_setting(const struct ovgpu_sched_vgpu *sched,
				 enum ovgpu_vgpu_setting setting)
{
	return show_value(ovgpu_sched_vgpu_setting(sched, setting));
}

static struct shown show_counter(const struct ovgpu_sched_vgpu *sched,
				 enum ovgpu_counter counter)
{
	return show_value(ovgpu_sched_vgpu_counter(sched, counter));
}

static struct shown show_counter_time(const struct ovgpu_sched_vgpu *sched,
				      enum ovgpu_counter counter)
{
	return show_value_time(ovgpu_sched_vgpu_counter(sched, counter));
}

/**
 * cap_in_force - the most that a vGPU gets of its engine now
 * @sched: the vGPU
 *
 * Return: percent: its cap, unless there is a lower ceiling.
 */
struct ovgpu_value cap_in_force(const struct ovgpu_sched_vgpu *sched)
{
	struct ovgpu_value cap = ovgpu_sched_vgpu_setting(sched, OVGPU_CAP_PERCENT);
	struct ovgpu_value ceiling =
		ovgpu_sched_vgpu_setting(sched, OVGPU_CAP_CEILING_PERCENT);

	return cap.known && ceiling.known && ceiling.number < cap.number ? ceiling : cap;
}

static void add_row(struct table *table, const struct ovgpu_vgpu *vgpu,
		    const struct ovgpu_sched_vgpu *sched)
{
	struct ovgpu_value slice =
		ovgpu_sched_vgpu_setting(sched, OVGPU_VGPU_TIMESLICE_US);

	table_row(table, 10, vgpu->uuid, sched->state[0] ? sched->state : "-",
		  show_setting(sched, OVGPU_WEIGHT).text,
		  show_value(cap_in_force(sched)).text,
		  slice.known && !slice.number ? "GPU's" : show_value(slice).text,
		  show_counter_time(sched, OVGPU_RUN_NS).text,
		  show_counter_time(sched, OVGPU_WAIT_NS).text,
		  show_counter_time(sched, OVGPU_WAIT_MAX_NS).text,
		  show_counter(sched, OVGPU_SLICES).text,
		  show_counter(sched, OVGPU_FAULTS).text);
}

/* The scheduler itself is shown by its name. */
static bool is_number(const struct ovgpu_setting *setting)
{
	return setting->scheduler && setting->kind == OVGPU_NUMBER;
}

static void print_gpu(const struct cli *cli, const struct ovgpu_sched_gpu *gpu,
		      struct ovgpu_vgpu *const *vgpus, size_t count)
{
	const struct ovgpu_setting *setting;
	struct ovgpu_sched_vgpu *sched;
	struct table table = { 0 };
	unsigned int i;
	size_t n;

	printf("GPU %s\n  %-22s %s (of: %s)\n", gpu->bdf, "scheduler",
	       gpu->scheduler[0] ? shown(gpu->scheduler).text : "-",
	       gpu->schedulers[0] ? shown(gpu->schedulers).text : "-");
	for (i = 0; (setting = ovgpu_setting(OVGPU_GPU, i)); i++)
		if (is_number(setting))
			printf("  %-22s %s\n", setting->name,
			       show_value(ovgpu_sched_gpu_setting(gpu, i)).text);
	table_row(&table, 10, "UUID", "STATE", "WEIGHT", "CAP %", "SLICE us",
		  "RAN", "WAITED", "LONGEST", "SLICES", "FAULTS");
	for (n = 0; n < count; n++)
		if (!strcmp(vgpus[n]->gpu, gpu->bdf) &&
		    !ovgpu_sched_vgpu_get(cli->ovgpu, vgpus[n]->uuid,
					  OVGPU_ALL_COUNTERS, false, &sched)) {
			add_row(&table, vgpus[n], sched);
			ovgpu_free(sched);
		}
	if (table.rows == 1)
		puts("  no vGPU");
	if (table.rows > 1)
		table_print(&table);
	else
		table_free(&table);
}

static struct json_object *gpu_json(const struct cli *cli,
				    const struct ovgpu_sched_gpu *gpu,
				    struct ovgpu_vgpu *const *vgpus, size_t count)
{
	struct json_object *object = json_object_new_object(), *array;
	char words[OVGPU_TEXT_SIZE], *word, *rest = NULL;
	const struct ovgpu_setting *setting;
	struct ovgpu_sched_vgpu *sched;
	unsigned int i;
	size_t n;

	json_set_text(object, "gpu", gpu->bdf);
	json_set(object, "scheduler",
		 gpu->scheduler[0] ? json_text(gpu->scheduler) : NULL);
	array = json_object_new_array();
	strcpy(words, gpu->schedulers);
	for (word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		json_object_array_add(array, json_text(word));
	json_set(object, "schedulers", array);
	for (i = 0; (setting = ovgpu_setting(OVGPU_GPU, i)); i++)
		if (is_number(setting))
			json_set_value(object, setting->name,
				       ovgpu_sched_gpu_setting(gpu, i));
	array = json_object_new_array();
	for (n = 0; n < count; n++)
		if (!strcmp(vgpus[n]->gpu, gpu->bdf) &&
		    !ovgpu_sched_vgpu_get(cli->ovgpu, vgpus[n]->uuid,
					  OVGPU_ALL_COUNTERS, true, &sched)) {
			json_object_array_add(array, sched_vgpu_json(vgpus[n],
								     sched));
			ovgpu_free(sched);
		}
	json_set(object, "vgpus", array);
	return object;
}

static enum cli_exit show_gpus(const struct cli *cli, const char *bdf)
{
	struct json_object *object, *array = json_object_new_array();
	struct ovgpu_vgpu **vgpus = NULL;
	struct ovgpu_sched_gpu *gpu;
	size_t count, n, i, found = 0;
	struct ovgpu_gpu **gpus;
	int err;

	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (!err)
		err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &n);
	for (i = 0; !err && i < count; i++) {
		if ((bdf && strcmp(bdf, gpus[i]->bdf)) ||
		    ovgpu_sched_gpu_get(cli->ovgpu, gpus[i]->bdf, &gpu))
			continue;
		found++;
		if (cli->json)
			json_object_array_add(array,
					      gpu_json(cli, gpu, vgpus, n));
		else
			print_gpu(cli, gpu, vgpus, n);
		ovgpu_free(gpu);
	}
	ovgpu_free(gpus);
	ovgpu_free(vgpus);
	if (err || (bdf && !found)) {
		json_object_put(array);
		return err ? cli_fail_errno(cli, err, "look at the GPUs") :
		       cli_fail_no_gpu(cli, bdf);
	}
	if (cli->json) {
		object = json_start();
		json_set(object, "gpus", array);
		json_print(object);
		return CLI_OK;
	}
	json_object_put(array);
	if (!found)
		cli_note_no_gpu(cli);
	return CLI_OK;
}

/**
 * command_sched_show - show the scheduler of one GPU, of all, or one vGPU
 * @cli: the run; its argument is a UUID, a PCI address, or none
 *
 * Return: exit status.
 */
enum cli_exit command_sched_show(struct cli *cli)
{
	return cli_show_object(cli, show_vgpu, show_gpus);
}
