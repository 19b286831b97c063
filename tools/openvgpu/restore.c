// SPDX-License-Identifier: GPL-2.0-only
/*
 * restore.c - openvgpu restore: what a restart of the machine or of the module
 * took away comes back
 *
 * First the vGPUs that mdevctl's definitions want started: by mdevctl where
 * there is one, so that its scripts run; else by what stands in the same files.
 * Debian's mdevctl would do that alone if its udev rule named the place where it
 * is installed. Then what the configuration file says, which may name one of
 * those vGPUs. What exists stays as it is, so this can run at any time, and more
 * than once at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "definition.h"

#define CONFIG_FILE	"etc/openvgpu/config.yaml"
#define LOCK_FILE	"run/openvgpu-restore.lock"
#define REASON_SIZE	1024	/* why a vGPU is not there */

/**
 * struct restore - one run
 * @cli: of the command
 * @mdevctl: path of the program; empty: there is none
 * @list: what became of each vGPU, for --json
 * @started: how many were started
 * @present: how many were there already
 * @failed: how many are not there
 * @settings_failed: the configuration file is not in force everywhere
 */
struct restore {
	const struct cli *cli;
	char mdevctl[PATH_MAX];
	struct json_object *list;
	unsigned int started;
	unsigned int present;
	unsigned int failed;
	bool settings_failed;
};

/* --------------------------------------------------------- other programs */

/* Absolute path of a program; empty: PATH has none. */
static void find_program(const char *name, char *path, size_t size)
{
	const char *at = getenv("PATH"), *end;

	for (; at && *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, ':');
		/* A folder that depends on where we stand is nobody's wish. */
		if (*at == '/' &&
		    snprintf(path, size, "%.*s/%s", (int)(end - at), at,
			     name) < (int)size &&
		    !access(path, X_OK))
			return;
	}
	path[0] = '\0';
}

/* What a program printed, as one line. */
static void one_line(const char *text, char *line, size_t size)
{
	size_t used = 0;

	for (; *text && used + 3 < size; text++)
		if (*text != '\n')
			line[used++] = *text;
		else if (text[1])
			used += sprintf(line + used, "; ");
	line[used] = '\0';
}

/*
 * Runs a program and waits for it. What it prints goes to @text, or with no
 * @text to our standard error. Returns its exit status, or a negative errno.
 */
static int run_program(const char *path, char *const argv[], char *text,
		       size_t size)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2] = { -1, -1 }, status, err;
	size_t used = 0;
	char rest[256];
	ssize_t n;
	pid_t pid;

	if (text && pipe2(pipe_fd, O_CLOEXEC))
		return -errno;
	err = posix_spawn_file_actions_init(&actions);
	if (err)
		goto close;
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, text ? pipe_fd[1] : 2, 1);
	if (text)
		posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 2);
	err = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
close:
	if (text)
		close(pipe_fd[1]);
	if (text && !err) {
		/* To its end, or the program would wait for a reader. */
		while ((n = used < size - 1 ?
			read(pipe_fd[0], text + used, size - 1 - used) :
			read(pipe_fd[0], rest, sizeof(rest))) > 0)
			if (used < size - 1)
				used += n;
		text[used] = '\0';
	}
	if (text)
		close(pipe_fd[0]);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* ----------------------------------------------------------------- settings */

/*
 * Applies to a GPU what the configuration file says of it, if there is one.
 * GPU by GPU, so that one that is not there does not keep the others from it.
 */
static bool restore_settings(const struct restore *restore, const char *bdf)
{
	const struct cli *cli = restore->cli;
	const char *slash = "/";
	char command[] = "openvgpu", apply[] = "apply", option[] = "--gpu";
	char path[PATH_MAX], gpu[OVGPU_BDF_SIZE];
	char *argv[6] = { command, apply, option, gpu, path, NULL };
	int status;

	if (!files_exists(cli->ovgpu, OVGPU_ROOT, CONFIG_FILE))
		return true;
	if (cli->root[0] && cli->root[strlen(cli->root) - 1] == '/')
		slash = "";
	if (snprintf(path, sizeof(path), "%s%s" CONFIG_FILE, cli->root,
		     slash) >= (int)sizeof(path)) {
		cli_note("the path of " CONFIG_FILE " is too long");
		return false;
	}
	snprintf(gpu, sizeof(gpu), "%s", bdf);
	status = run_program("/proc/self/exe", argv, NULL, 0);
	if (status < 0)
		cli_note("cannot apply %s: %s", shown(path).text,
			 ovgpu_strerror(status));
	else if (status)
		cli_note("%s is not in force on GPU %s: 'openvgpu apply' ended with status %d",
			 shown(path).text, bdf, status);
	return !status;
}

/* -------------------------------------------------------------------- vGPUs */

/* Is it there, as defined? Else *@reason is why not; empty: it is not there. */
static bool is_present(const struct restore *restore, const char *bdf,
		       const struct definition *definition, char *reason,
		       size_t size)
{
	struct ovgpu_vgpu *vgpu;
	bool same;
	int err;

	reason[0] = '\0';
	err = ovgpu_vgpu_get(restore->cli->ovgpu, definition->uuid, &vgpu);
	if (err == -ENOENT)
		return false;
	if (err) {
		snprintf(reason, size, err == -ENODEV ?
			 "a mediated device of another driver has its UUID" :
			 "cannot look at it: %s", ovgpu_strerror(err));
		return false;
	}
	same = !strcmp(vgpu->gpu, bdf) && !strcmp(vgpu->type, definition->type);
	if (!same)
		snprintf(reason, size, "it exists on GPU %s with type %s",
			 vgpu->gpu, vgpu->type);
	ovgpu_free(vgpu);
	return same;
}

static bool start_with_mdevctl(const struct restore *restore, const char *bdf,
			       const struct definition *definition,
			       char *reason, size_t size)
{
	char command[] = "mdevctl", start[] = "start", u[] = "-u", p[] = "-p";
	char uuid[OVGPU_UUID_SIZE], parent[OVGPU_BDF_SIZE], text[REASON_SIZE];
	char *argv[7] = { command, start, u, uuid, p, parent, NULL };
	int status;

	strcpy(uuid, definition->uuid);
	snprintf(parent, sizeof(parent), "%s", bdf);
	status = run_program(restore->mdevctl, argv, text, sizeof(text));
	if (!status)
		return true;
	if (status < 0)
		snprintf(reason, size, "cannot run mdevctl: %s",
			 ovgpu_strerror(status));
	else if (!text[0])
		snprintf(reason, size, "mdevctl ended with status %d", status);
	else
		one_line(text, reason, size);
	return false;
}

/* Settings of ours only: nobody else's file is written to. */
static bool set_attribute(const struct restore *restore, const char *uuid,
			  const struct definition_attribute *attribute,
			  char *reason, size_t size)
{
	const size_t prefix = strlen(OVGPU_DRIVER "/");
	const struct ovgpu_setting *setting = NULL;
	char why[OVGPU_TEXT_SIZE] = "";
	int err;

	if (!strncmp(attribute->path, OVGPU_DRIVER "/", prefix))
		setting = ovgpu_setting_find(OVGPU_VGPU,
					     attribute->path + prefix);
	if (!setting) {
		snprintf(reason, size, "there is no setting '%s'",
			 attribute->path);
		return false;
	}
	err = ovgpu_setting_check(setting, attribute->value);
	if (!err)
		err = ovgpu_setting_write(restore->cli->ovgpu, OVGPU_VGPU, uuid,
					  setting, attribute->value, why,
					  sizeof(why));
	if (err)
		snprintf(reason, size, "%s can't be '%s': %s", attribute->path,
			 attribute->value,
			 why[0] ? why : ovgpu_strerror(err));
	return !err;
}

static bool start_without_mdevctl(const struct restore *restore,
				  const char *bdf,
				  const struct definition *definition,
				  char *reason, size_t size)
{
	char type[OVGPU_NAME_SIZE], why[OVGPU_TEXT_SIZE] = "";
	size_t i;
	int err;

	if (strncmp(definition->type, OVGPU_TYPE_PREFIX,
		    strlen(OVGPU_TYPE_PREFIX)) ||
	    ovgpu_type_parse(definition->type, type)) {
		snprintf(reason, size, "'%s' is not a type of OpenVGPU",
			 definition->type);
		return false;
	}
	err = ovgpu_create(restore->cli->ovgpu, bdf, type, definition->uuid,
			   why, sizeof(why));
	if (err) {
		snprintf(reason, size, "%s", why[0] ? why : err == -ENOENT ?
			 "the GPU does not have its type" : ovgpu_strerror(err));
		return false;
	}
	for (i = 0; i < definition->count; i++)
		if (!set_attribute(restore, definition->uuid,
				   &definition->attributes[i], reason, size)) {
			/* A vGPU that is not as defined is worse than none. */
			ovgpu_remove(restore->cli->ovgpu, definition->uuid);
			return false;
		}
	return true;
}

static void report(struct restore *restore, const char *bdf,
		   const struct definition *definition, const char *result,
		   const char *reason)
{
	struct json_object *object;

	if (restore->cli->json) {
		object = json_object_new_object();
		json_set_text(object, "uuid", definition->uuid);
		json_set_text(object, "gpu", bdf);
		json_set_text(object, "type", definition->type);
		json_set_text(object, "result", result);
		if (reason)
			json_set_text(object, "reason", reason);
		json_object_array_add(restore->list, object);
	} else if (!reason) {
		printf("%s %s: %s\n", definition->uuid,
		       shown(definition->type).text, result);
		fflush(stdout);
	}
	if (reason)
		cli_note("vGPU %s%s%s of GPU %s is not there: %s",
			 definition->uuid, definition->type[0] ? ", type " : "",
			 shown(definition->type).text, bdf, shown(reason).text);
}

static void restore_vgpu(struct restore *restore, const char *bdf,
			 const struct definition *definition)
{
	char reason[REASON_SIZE], other[REASON_SIZE];
	bool started;

	if (definition->problem[0]) {
		restore->failed++;
		report(restore, bdf, definition, "failed", definition->problem);
		return;
	}
	if (!definition->autostart)
		return;
	if (is_present(restore, bdf, definition, reason, sizeof(reason))) {
		restore->present++;
		report(restore, bdf, definition, "present", NULL);
		return;
	}
	if (reason[0]) {
		restore->failed++;
		report(restore, bdf, definition, "failed", reason);
		return;
	}
	started = restore->mdevctl[0] ?
		start_with_mdevctl(restore, bdf, definition, reason,
				   sizeof(reason)) :
		start_without_mdevctl(restore, bdf, definition, reason,
				      sizeof(reason));
	if (started) {
		restore->started++;
		report(restore, bdf, definition, "started", NULL);
	} else if (is_present(restore, bdf, definition, other, sizeof(other))) {
		/* mdevctl's own rule, or somebody else, was faster. */
		restore->present++;
		report(restore, bdf, definition, "present", NULL);
	} else {
		restore->failed++;
		report(restore, bdf, definition, "failed", reason);
	}
}

/*
 * Large ones first: as long as all of them fit, every order of smaller ones
 * after that leaves room for the rest.
 */
static void sort_definitions(const struct restore *restore, const char *bdf,
			     struct definition *list, size_t count)
{
	struct ovgpu_type **types;
	struct definition moved;
	size_t n, i, j, used = 0;

	if (ovgpu_type_list(restore->cli->ovgpu, bdf, &types, &n))
		return;
	/* Types come smallest first; what is of none of them stays behind. */
	for (i = n; i-- > 0;)
		for (j = used; j < count; j++) {
			if (strcmp(list[j].type, types[i]->id))
				continue;
			moved = list[j];
			memmove(&list[used + 1], &list[used],
				(j - used) * sizeof(*list));
			list[used++] = moved;
		}
	ovgpu_free(types);
}

static void restore_gpu(struct restore *restore, const char *bdf)
{
	struct definition *list;
	size_t count, i;
	int err;

	err = definition_list(restore->cli, bdf, &list, &count);
	if (err) {
		restore->failed++;
		cli_note("cannot read /" DEFINITION_FOLDER "/%s: %s", bdf,
			 ovgpu_strerror(err));
	}
	sort_definitions(restore, bdf, list, count);
	for (i = 0; i < count; i++)
		restore_vgpu(restore, bdf, &list[i]);
	definition_list_free(list, count);
	if (!restore_settings(restore, bdf))
		restore->settings_failed = true;
}

/* ------------------------------------------------------------------ command */

/*
 * At boot the unit for all GPUs and one for each GPU may run at once: the
 * second waits, and then finds all there. Returns a file descriptor or a
 * negative errno.
 */
static int lock(const struct cli *cli)
{
	int fd;

	fd = openat(ovgpu_dirfd(cli->ovgpu, OVGPU_ROOT), LOCK_FILE,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	cli_note("another 'openvgpu restore' runs: waiting for its end");
	while (flock(fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		close(fd);
		return -errno;
	}
	return fd;
}

static enum cli_exit finish(struct restore *restore)
{
	enum cli_exit code = restore->failed || restore->settings_failed ?
			     CLI_FAILURE : CLI_OK;
	struct json_object *object;
	char text[128];

	if (restore->failed)
		snprintf(text, sizeof(text), "%u vGPUs could not be restored%s",
			 restore->failed,
			 restore->settings_failed ? ", nor all settings" : "");
	else
		snprintf(text, sizeof(text), "not all settings could be restored");
	if (restore->cli->json) {
		object = code ? json_error(code, text) : json_start();
		json_set(object, "settings",
			 json_object_new_boolean(!restore->settings_failed));
		json_set(object, "vgpus", restore->list);
		json_print(object);
	}
	if (code)
		cli_note("%s", text);
	else if (!restore->cli->json)
		cli_note("%u vGPUs started, %u were there already",
			 restore->started, restore->present);
	return code;
}

/**
 * command_restore - vGPUs and settings come back
 * @cli: the run; its argument is a GPU, NULL: all GPUs
 *
 * Return: exit status; CLI_FAILURE when one of them did not.
 */
enum cli_exit command_restore(struct cli *cli)
{
	struct restore restore = { .cli = cli };
	struct ovgpu_gpu **gpus;
	size_t count, i;
	int err, fd;

	if (cli->argument && ovgpu_bdf_parse(cli->argument, cli->gpu))
		return cli_fail(cli, CLI_USAGE,
				"'%s' is not a PCI address, as 0000:01:00.0",
				shown(cli->argument).text);
	err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	if (err)
		return cli_fail_errno(cli, err, "list the GPUs");
	if (cli->argument) {
		for (i = 0; i < count && strcmp(gpus[i]->bdf, cli->gpu); i++)
			;
		if (i == count) {
			ovgpu_free(gpus);
			return cli_fail_no_gpu(cli, cli->gpu);
		}
	}
	fd = lock(cli);
	if (fd < 0) {
		ovgpu_free(gpus);
		return cli_fail(cli, CLI_FAILURE, "cannot lock /" LOCK_FILE ": %s%s",
				ovgpu_strerror(fd), fd == -EACCES ?
				"; run as root" : "");
	}
	find_program("mdevctl", restore.mdevctl, sizeof(restore.mdevctl));
	if (cli->json)
		restore.list = json_object_new_array();
	for (i = 0; i < count; i++)
		if (!cli->argument || !strcmp(gpus[i]->bdf, cli->gpu))
			restore_gpu(&restore, gpus[i]->bdf);
	ovgpu_free(gpus);
	close(fd);
	return finish(&restore);
}
