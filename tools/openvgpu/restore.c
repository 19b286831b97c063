// SPDX-License-Identifier: GPL-2.0-only
/*
 * restore.c - openvgpu restore: what a restart of the machine or of the module
 * took away comes back
 *
 * First the GPUs that the configuration file takes back from other drivers. Then
 * its GPU instances, which vGPUs are to join. Then
 * the vGPUs that mdevctl's definitions want started: by mdevctl where
 * there is one, so that its scripts run; else by what stands in the same files.
 * Debian's mdevctl would do that alone if its udev rule named the place where it
 * is installed. Then what the configuration file says, which may name one of
 * those vGPUs. What exists stays as it is, so this can run at any time, and more
 * than once at a time.
 *
 * What is wanted of a GPU that is not there is a failure: somebody counts on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "definition.h"
#include "doctor.h"
#include "hand_over.h"
#include "program.h"

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

/* ----------------------------------------------------------------- settings */

/* The path of the configuration file; false when there is none. */
static bool config_path(const struct cli *cli, char *path, size_t size)
{
	const char *slash = "/";

	if (cli->root[0] && cli->root[strlen(cli->root) - 1] == '/')
		slash = "";
	return ovgpu_exists(cli->ovgpu, OVGPU_ROOT, CONFIG_FILE) &&
	       snprintf(path, size, "%s%s" CONFIG_FILE, cli->root, slash) <
	       (int)size;
}

/*
 * Applies to a GPU what the configuration file says of it, if there is one.
 * GPU by GPU, so that one that is not there does not keep the others from it.
 */
static bool restore_settings(const struct restore *restore, const char *bdf)
{
	char command[] = "openvgpu", apply[] = "apply", option[] = "--gpu";
	char path[PATH_MAX], gpu[OVGPU_BDF_SIZE];
	char *argv[6] = { command, apply, option, gpu, path, NULL };
	int status;

	if (!config_path(restore->cli, path, sizeof(path)))
		return true;
	snprintf(gpu, sizeof(gpu), "%s", bdf);
	status = program_run("/proc/self/exe", argv, NULL, 0, PROGRAM_PATIENT);
	if (status < 0)
		cli_note("cannot apply %s: %s", shown(path).text,
			 ovgpu_strerror(status));
	else if (status)
		cli_note("%s is not in force on GPU %s: 'openvgpu apply' ended with status %d",
			 shown(path).text, bdf, status);
	return !status;
}

/*
 * GPU instances come before the vGPUs that join them. What goes wrong is said when
 * the whole file is applied.
 */
static void restore_instances(const struct restore *restore,
			      const struct ovgpu_gpu *is)
{
	char command[] = "openvgpu", apply[] = "apply", option[] = "--gpu";
	char only[] = "--no-vgpus", path[PATH_MAX], gpu[OVGPU_BDF_SIZE];
	char *argv[7] = { command, apply, only, option, gpu, path, NULL };
	char text[REASON_SIZE];

	if (!is->max_instances.known || !is->max_instances.number ||
	    !config_path(restore->cli, path, sizeof(path)))
		return;
	snprintf(gpu, sizeof(gpu), "%s", is->bdf);
	program_run("/proc/self/exe", argv, text, sizeof(text), PROGRAM_PATIENT);
}

/*
 * Whether the file is in force when it has been applied to all GPUs there are.
 * It may be about others.
 */
static bool settings_in_force(const struct restore *restore)
{
	char command[] = "openvgpu", verb[] = "assert", path[PATH_MAX];
	char *argv[4] = { command, verb, path, NULL };
	char text[REASON_SIZE], reason[REASON_SIZE];

	if (!config_path(restore->cli, path, sizeof(path)) ||
	    !program_run("/proc/self/exe", argv, text, sizeof(text),
			 PROGRAM_PATIENT))
		return true;
	one_line(text, reason, sizeof(reason));
	cli_note("%s is not in force: %s", shown(path).text, shown(reason).text);
	return false;
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
	status = program_run(restore->mdevctl, argv, text, sizeof(text),
			     PROGRAM_PATIENT);
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
	const struct ovgpu_setting *setting = definition_setting(attribute);
	char why[OVGPU_TEXT_SIZE] = "";
	int err;

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
	/* Those with most compute slices, then the largest; the rest stays behind. */
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

static void restore_gpu(struct restore *restore, const struct ovgpu_gpu *gpu)
{
	const char *bdf = gpu->bdf;
	struct definition *list;
	size_t count, i;
	int err;

	restore_instances(restore, gpu);
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

/* --------------------------------------------------- GPUs that are not there */

static bool driver_is_loaded(const struct cli *cli)
{
	return ovgpu_exists(cli->ovgpu, OVGPU_SYSFS,
			    "bus/pci/drivers/" OVGPU_DRIVER);
}

/* vGPUs that are defined for a device which is no GPU of ours. */
static void report_absent(struct restore *restore, const char *bdf)
{
	const struct cli *cli = restore->cli;
	const char *reason;
	struct shown missing;
	struct definition *list;
	size_t count, i;

	if (definition_list(cli, bdf, &list, &count))
		return;
	missing = gpu_missing(cli->ovgpu, bdf);
	if (!driver_is_loaded(cli))
		reason = "the module openvgpu is not loaded";
	else if (gpu_is_handed_over(cli->ovgpu, bdf))
		reason = missing.text;
	else if (ovgpu_exists(cli->ovgpu, OVGPU_SYSFS, "bus/pci/devices/%s", bdf))
		reason =
			"that device is not bound to openvgpu; 'openvgpu doctor' tells what to do";
	else
		reason =
			"there is no such GPU; 'openvgpu doctor' tells how to move its definition";
	for (i = 0; i < count; i++)
		if (definition_is_expected(&list[i])) {
			restore->failed++;
			report(restore, bdf, &list[i], "failed", reason);
		}
	definition_list_free(list, count);
}

/* What is wanted of GPUs that are not there; the cause is said once. */
static void restore_absent(struct restore *restore,
			   struct ovgpu_gpu *const *gpus, size_t gpu_count)
{
	const struct cli *cli = restore->cli;
	struct finding finding = { 0 };
	struct doctor doctor;
	size_t count, i, j;
	char **names;

	if (!definition_gpus(cli, &names, &count)) {
		for (i = 0; i < count; i++) {
			for (j = 0; j < gpu_count && strcmp(gpus[j]->bdf, names[i]);
			     j++)
				;
			if (j == gpu_count)
				report_absent(restore, names[i]);
		}
		ovgpu_free(names);
	}
	if (!restore->settings_failed && !settings_in_force(restore))
		restore->settings_failed = true;
	if ((restore->failed || restore->settings_failed) &&
	    !driver_is_loaded(cli)) {
		doctor_begin(&doctor, cli);
		check_module(&doctor, &finding);
		cli_note("%s: %s", finding.text, finding.advice);
	}
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

/*
 * GPUs that are another driver's, and openvgpu's by the configuration file. What it
 * says nothing of is not found; whether it is in force at last, assert says.
 */
static void take_back_gpus(const struct restore *restore)
{
	char command[] = "openvgpu", apply[] = "apply", option[] = "--gpu";
	char path[PATH_MAX], text[REASON_SIZE], reason[REASON_SIZE];
	struct ovgpu_device **devices;
	char *argv[6] = { command, apply, option, NULL, path, NULL };
	size_t count, i;
	int status;

	if (!config_path(restore->cli, path, sizeof(path)) ||
	    ovgpu_device_list(restore->cli->ovgpu, &devices, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!strcmp(devices[i]->driver, OVGPU_DRIVER))
			continue;
		argv[3] = devices[i]->bdf;
		status = program_run("/proc/self/exe", argv, text, sizeof(text),
				     PROGRAM_PATIENT);
		one_line(text, reason, sizeof(reason));
		if (status && status != CLI_NOT_FOUND)
			cli_note("%s", shown(reason).text);
	}
	ovgpu_free(devices);
}

static enum cli_exit finish(struct restore *restore)
{
	enum cli_exit code = restore->failed || restore->settings_failed ?
			     CLI_FAILURE : CLI_OK;
	struct json_object *object;
	char text[128];

	if (restore->failed)
		snprintf(text, sizeof(text), "%u vGPU%s could not be restored%s",
			 restore->failed, restore->failed == 1 ? "" : "s",
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
	if (!cli->argument) {
		take_back_gpus(&restore);
		ovgpu_free(gpus);
		err = ovgpu_gpu_list(cli->ovgpu, &gpus, &count);
	}
	if (err) {
		close(fd);
		return cli_fail_errno(cli, err, "list the GPUs");
	}
	find_program("mdevctl", restore.mdevctl, sizeof(restore.mdevctl));
	if (cli->json)
		restore.list = json_object_new_array();
	for (i = 0; i < count; i++)
		if (!cli->argument || !strcmp(gpus[i]->bdf, cli->gpu))
			restore_gpu(&restore, gpus[i]);
	if (!cli->argument)
		restore_absent(&restore, gpus, count);
	ovgpu_free(gpus);
	close(fd);
	return finish(&restore);
}
