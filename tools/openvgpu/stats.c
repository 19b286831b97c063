// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - openvgpu stats: what vGPUs got and did during a job
 *
 * Nothing runs in between: start writes the counters down in a file of /run, and
 * stop compares.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define FOLDER		"run/openvgpu/stats"
#define COLUMNS		8

/* Those that only grow. */
static const enum ovgpu_counter counters[] = {
	OVGPU_BUSY_NS, OVGPU_RESIDENT_NS, OVGPU_WAIT_NS, OVGPU_SWITCHES,
	OVGPU_SWITCH_NS, OVGPU_RUN_NS, OVGPU_SLICES, OVGPU_PREEMPTIONS,
	OVGPU_OVERRUN_NS, OVGPU_IDLE_NS, OVGPU_RESETS, OVGPU_FAULTS,
	OVGPU_WAIT_SUM_NS,
};

#define COUNTERS	(sizeof(counters) / sizeof(counters[0]))

/* The path of the job's file; false: that is no name of a job. */
static bool job_path(const char *job, char *path, size_t size)
{
	size_t n = strspn(job, "abcdefghijklmnopqrstuvwxyz0123456789_.-"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (!n || job[n] || n >= OVGPU_NAME_SIZE || job[0] == '.')
		return false;
	snprintf(path, size, FOLDER "/%s", job);
	return true;
}

static enum cli_exit fail_job(const struct cli *cli)
{
	return cli_fail(cli, CLI_USAGE,
			"'%s' can't be the name of a job: it has A-Z, a-z, 0-9, '_', '.' and '-', 63 at most",
			shown(cli->argument).text);
}

/* ------------------------------------------------------------------ counters */

static struct ovgpu_sched_vgpu *look(const struct cli *cli, const char *uuid)
{
	struct ovgpu_sched_vgpu *sched;
	uint64_t wanted = 0;
	size_t i;

	for (i = 0; i < COUNTERS; i++)
		wanted |= OVGPU_COUNTER(counters[i]);
	ovgpu_sched_vgpu_get(cli->ovgpu, uuid, wanted, false, &sched);
	return sched;
}

/* {UUID: {counter: number}} */
static int counters_json(const struct cli *cli, struct json_object **result)
{
	struct json_object *all, *one;
	struct ovgpu_sched_vgpu *sched;
	struct ovgpu_vgpu **vgpus;
	size_t count, i, j;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return err;
	all = json_object_new_object();
	for (i = 0; i < count; i++) {
		sched = look(cli, vgpus[i]->uuid);
		if (!sched)
			continue;
		one = json_object_new_object();
		for (j = 0; j < COUNTERS; j++)
			json_set_value(one, ovgpu_counter_name(counters[j]),
				       ovgpu_sched_vgpu_counter(sched, counters[j]));
		json_set(all, vgpus[i]->uuid, one);
		ovgpu_free(sched);
	}
	ovgpu_free(vgpus);
	*result = all;
	return 0;
}

/*
 * What was counted since; smaller than before: it was opened anew, and counts from
 * 0, as one does that was created since.
 */
static struct ovgpu_value difference(const struct ovgpu_sched_vgpu *sched,
				     struct json_object *before,
				     enum ovgpu_counter counter)
{
	struct ovgpu_value now = ovgpu_sched_vgpu_counter(sched, counter);
	struct json_object *old = NULL;
	uint64_t number = 0;

	if (before && json_object_object_get_ex(before, ovgpu_counter_name(counter),
						&old))
		number = json_object_get_uint64(old);
	if (now.known && now.number >= number)
		now.number -= number;
	return now;
}

/* --------------------------------------------------------------------- start */

/* The folders of a path below the root directory. */
static int make_folders(int root)
{
	static const char *const folders[] = {
		"run/openvgpu", FOLDER,
	};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdirat(root, folders[i], 0755) && errno != EEXIST)
			return -errno;
	return 0;
}

static int write_job(const struct cli *cli, const char *path,
		     struct json_object *object)
{
	int root = ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), err, fd;

	err = make_folders(root);
	if (err)
		return err;
	fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = json_object_to_fd(fd, object, JSON_C_TO_STRING_PLAIN) ? -EIO : 0;
	if (close(fd) && !err)
		err = -errno;
	if (err)
		unlinkat(root, path, 0);
	return err;
}

static enum cli_exit fail_write(const struct cli *cli, int err)
{
	if (err == -EEXIST)
		return cli_fail(cli, CLI_BUSY,
				"job '%s' was started already: 'openvgpu stats stop %s' ends it",
				cli->argument, cli->argument);
	return cli_fail(cli, CLI_FAILURE, "cannot write /" FOLDER "/%s: %s%s",
			cli->argument, ovgpu_strerror(err),
			err == -EACCES ? ": run as root" : "");
}

/**
 * command_stats_start - write down what vGPUs have counted when a job begins
 * @cli: the run; its argument is the name of the job
 *
 * Return: exit status.
 */
enum cli_exit command_stats_start(struct cli *cli)
{
	struct json_object *object, *vgpus;
	char path[PATH_MAX];
	int err;

	if (!job_path(cli->argument, path, sizeof(path)))
		return fail_job(cli);
	err = counters_json(cli, &vgpus);
	if (err)
		return cli_fail_errno(cli, err, "look at the vGPUs");
	object = json_start();
	json_set_number(object, "time_ns", cli_now(CLOCK_REALTIME));
	json_set_number(object, "boottime_ns", cli_now(CLOCK_BOOTTIME));
	json_set(object, "vgpus", vgpus);
	err = write_job(cli, path, object);
	json_object_put(object);
	if (err)
		return fail_write(cli, err);
	if (cli->json) {
		object = json_start();
		json_set_text(object, "job", cli->argument);
		json_print(object);
	}
	return CLI_OK;
}

/* ---------------------------------------------------------------------- stop */

/**
 * struct job - a job that ends
 * @vgpus: the counters when it began
 * @started_ns: when that was, CLOCK_REALTIME
 * @elapsed_ns: how long ago
 */
struct job {
	struct json_object *vgpus;
	uint64_t started_ns;
	uint64_t elapsed_ns;
};

/* What start has written; NULL: that is not it. */
static struct json_object *read_job(const struct cli *cli, const char *path,
				    struct job *job)
{
	struct json_object *object = NULL, *time, *boot;
	uint64_t now = cli_now(CLOCK_BOOTTIME), then;
	int fd;

	fd = openat(ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), path,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	object = json_object_from_fd(fd);
	close(fd);
	if (object &&
	    json_object_object_get_ex(object, "vgpus", &job->vgpus) &&
	    json_object_is_type(job->vgpus, json_type_object) &&
	    json_object_object_get_ex(object, "time_ns", &time) &&
	    json_object_object_get_ex(object, "boottime_ns", &boot)) {
		then = json_object_get_uint64(boot);
		job->started_ns = json_object_get_uint64(time);
		job->elapsed_ns = now > then ? now - then : 0;
		return object;
	}
	json_object_put(object);
	return NULL;
}

static struct shown show_part(struct ovgpu_value ns, uint64_t of)
{
	struct shown s = { "-" };

	if (ns.known && of)
		snprintf(s.text, sizeof(s.text), "%.1f",
			 ns.number > of ? 100 : 100.0 * ns.number / of);
	return s;
}

static void add_vgpu(const struct cli *cli, const struct job *job,
		     const struct ovgpu_vgpu *vgpu, struct table *table,
		     struct json_object *array)
{
	struct ovgpu_sched_vgpu *sched = look(cli, vgpu->uuid);
	struct json_object *before = NULL, *object;
	size_t i;

	if (!sched)
		return;
	json_object_object_get_ex(job->vgpus, vgpu->uuid, &before);
	if (!json_object_is_type(before, json_type_object))
		before = NULL;
#define GOT(counter)	difference(sched, before, counter)
	table_row(table, COLUMNS, vgpu->uuid, vgpu->type,
		  show_part(GOT(OVGPU_RESIDENT_NS), job->elapsed_ns).text,
		  show_part(GOT(OVGPU_BUSY_NS), job->elapsed_ns).text,
		  show_part(GOT(OVGPU_WAIT_NS), job->elapsed_ns).text,
		  show_value_time(GOT(OVGPU_BUSY_NS)).text,
		  show_value(GOT(OVGPU_FAULTS)).text,
		  before ? "start" : "created since");
	object = json_object_new_object();
	json_set_text(object, "uuid", vgpu->uuid);
	json_set_text(object, "gpu", vgpu->gpu);
	json_set_text(object, "type", vgpu->type);
	json_set(object, "since_start", json_object_new_boolean(!!before));
	for (i = 0; i < COUNTERS; i++)
		json_set_value(object, ovgpu_counter_name(counters[i]),
			       GOT(counters[i]));
#undef GOT
	json_object_array_add(array, object);
	ovgpu_free(sched);
}

/* Of what is gone nothing is known any more. */
static struct json_object *gone_json(const struct job *job,
				     struct ovgpu_vgpu *const *vgpus)
{
	struct json_object *array = json_object_new_array();
	char uuid[OVGPU_UUID_SIZE];
	size_t i;

	json_object_object_foreach(job->vgpus, name, value) {
		(void)value;
		for (i = 0; vgpus[i] && strcmp(vgpus[i]->uuid, name); i++)
			;
		if (!vgpus[i] && !ovgpu_uuid_parse(name, uuid))
			json_object_array_add(array, json_text(uuid));
	}
	return array;
}

static void note_gone(struct json_object *gone)
{
	size_t i;

	for (i = 0; i < json_object_array_length(gone); i++)
		cli_note("vGPU %s is gone, with what it counted",
			 json_object_get_string(json_object_array_get_idx(gone, i)));
}

static int print_job(const struct cli *cli, const struct job *job)
{
	struct json_object *object, *array, *gone;
	struct table table = { 0 };
	struct ovgpu_vgpu **vgpus;
	size_t count, i;
	int err;

	err = ovgpu_vgpu_list(cli->ovgpu, &vgpus, &count);
	if (err)
		return err;
	table_row(&table, COLUMNS, "UUID", "TYPE", "SHARE%", "BUSY%", "WAIT%",
		  "BUSY", "FAULTS", "SINCE");
	array = json_object_new_array();
	for (i = 0; i < count; i++)
		add_vgpu(cli, job, vgpus[i], &table, array);
	gone = gone_json(job, vgpus);
	ovgpu_free(vgpus);
	if (cli->json) {
		object = json_start();
		json_set_text(object, "job", cli->argument);
		json_set_text(object, "started", show_utc(job->started_ns).text);
		json_set_number(object, "elapsed_ns", job->elapsed_ns);
		json_set(object, "vgpus", array);
		json_set(object, "gone", gone);
		json_print(object);
		table_free(&table);
		return 0;
	}
	printf("Job %s, from %s, %s\n", cli->argument,
	       show_utc(job->started_ns).text, show_time(job->elapsed_ns).text);
	table_print(&table);
	note_gone(gone);
	json_object_put(array);
	json_object_put(gone);
	return 0;
}

/**
 * command_stats_stop - print what vGPUs got and did since a job began
 * @cli: the run; its argument is the name of the job
 *
 * Return: exit status.
 */
enum cli_exit command_stats_stop(struct cli *cli)
{
	int root = ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), err;
	struct json_object *object;
	char path[PATH_MAX];
	struct job job;

	if (!job_path(cli->argument, path, sizeof(path)))
		return fail_job(cli);
	object = read_job(cli, path, &job);
	if (!object && ovgpu_exists(cli->ovgpu, OVGPU_ROOT, "%s", path))
		return cli_fail(cli, CLI_FAILURE,
				"/" FOLDER "/%s is not what 'openvgpu stats start' writes: remove it",
				cli->argument);
	if (!object)
		return cli_fail(cli, CLI_NOT_FOUND, "no job '%s' was started",
				cli->argument);
	/* First: a job that can't be ended has not ended. */
	err = unlinkat(root, path, 0) ? -errno : print_job(cli, &job);
	json_object_put(object);
	return err ? cli_fail_errno(cli, err, "end the job") : CLI_OK;
}
