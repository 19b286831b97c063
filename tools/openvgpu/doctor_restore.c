// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_restore.c - what should come back after a restart, and will it
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "definition.h"
#include "doctor.h"

#define UNIT	"openvgpu-restore.service"
#define CONFIG	"etc/openvgpu/config.yaml"

/**
 * struct defined - vGPUs that are to be there whenever their GPU is
 * @count: their number
 * @missing: UUID of one that is not there although its GPU is; empty: none
 * @gpu: its GPU
 */
struct defined {
	unsigned int count;
	char missing[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
};

static bool any_exists(const struct doctor *doctor, const char *const *paths)
{
	for (; *paths; paths++)
		if (files_exists(doctor->ovgpu, OVGPU_ROOT, "%s", *paths))
			return true;
	return false;
}

/**
 * restore_unit_installed - is there the unit that restores vGPUs
 * @doctor: shared
 *
 * Return: true if systemd can find it.
 */
bool restore_unit_installed(const struct doctor *doctor)
{
	static const char *const paths[] = {
		"etc/systemd/system/" UNIT, "usr/lib/systemd/system/" UNIT,
		"usr/local/lib/systemd/system/" UNIT,
		"lib/systemd/system/" UNIT, NULL
	};

	return any_exists(doctor, paths);
}

static bool unit_enabled(const struct doctor *doctor)
{
	static const char *const paths[] = {
		"etc/systemd/system/multi-user.target.wants/" UNIT,
		"run/systemd/system/multi-user.target.wants/" UNIT, NULL
	};
	char target[OVGPU_NAME_SIZE];

	/* The link may point at what is there only from inside the root. */
	return any_exists(doctor, paths) ||
	       !files_link(doctor->ovgpu, OVGPU_ROOT, target, sizeof(target),
			   "%s", paths[0]);
}

static void look_at(const struct doctor *doctor, const char *bdf,
		    struct defined *defined)
{
	struct cli cli = { .ovgpu = doctor->ovgpu, .root = doctor->root };
	struct definition *list;
	struct ovgpu_vgpu *vgpu;
	bool bound;
	size_t count, i;

	bound = files_exists(doctor->ovgpu, OVGPU_SYSFS,
			     "bus/pci/drivers/" OVGPU_DRIVER "/%s", bdf);
	if (definition_list(&cli, bdf, &list, &count))
		return;
	for (i = 0; i < count; i++) {
		/* Types of other drivers are other people's. */
		if (!list[i].autostart || list[i].problem[0] ||
		    strncmp(list[i].type, OVGPU_TYPE_PREFIX,
			    strlen(OVGPU_TYPE_PREFIX)))
			continue;
		defined->count++;
		if (!ovgpu_vgpu_get(doctor->ovgpu, list[i].uuid, &vgpu)) {
			ovgpu_free(vgpu);
		} else if (bound && !defined->missing[0]) {
			strcpy(defined->missing, list[i].uuid);
			strcpy(defined->gpu, bdf);
		}
	}
	definition_list_free(list, count);
}

/* Whether the file configures anything; the one of the package does not. */
static bool config_says(const struct doctor *doctor, struct config_error *error)
{
	struct config *config;
	bool result = false;
	int fd, err;

	memset(error, 0, sizeof(*error));
	fd = openat(ovgpu_dirfd(doctor->ovgpu, OVGPU_ROOT), CONFIG,
		    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	err = config_read(fd, &config, error);
	close(fd);
	if (!err)
		err = apply_check(config, error);
	if (!err)
		result = config->label_count;
	config_free(config);
	return result;
}

/**
 * check_restore - will vGPUs that are defined be there after a restart
 * @doctor: shared
 * @finding: result
 */
void check_restore(const struct doctor *doctor, struct finding *finding)
{
	struct defined defined = { 0 };
	struct config_error error;
	bool config = config_says(doctor, &error);
	char bdf[OVGPU_BDF_SIZE], what[128], **names;
	size_t count, i;

	if (!files_directory(doctor->ovgpu, OVGPU_ROOT, &names, &count,
			     DEFINITION_FOLDER)) {
		for (i = 0; i < count; i++)
			if (!ovgpu_bdf_parse(names[i], bdf) &&
			    !strcmp(bdf, names[i]))
				look_at(doctor, bdf, &defined);
		files_free(names);
	}
	if (error.text[0]) {
		found(finding, FINDING_WARN, "/" CONFIG ", line %u: %.300s",
		      error.line, shown(error.text).text);
		advise(finding,
		       "correct it: 'openvgpu apply --dry-run /" CONFIG "' tells whether it is right");
		return;
	}
	if (!defined.count && !config) {
		found(finding, FINDING_OK,
		      "nothing is defined that should come back after a restart");
		return;
	}
	snprintf(what, sizeof(what), "%u vGPU%s defined to start by %s%s",
		 defined.count, defined.count == 1 ? " is" : "s are",
		 defined.count == 1 ? "itself" : "themselves",
		 config ? ", and there are settings in /" CONFIG : "");
	if (!restore_unit_installed(doctor)) {
		found(finding, FINDING_WARN, "%s; " UNIT " is not installed",
		      what);
		advise(finding,
		       "install the package openvgpu-utils ('make install' in the source tree), or run 'openvgpu restore' at boot");
	} else if (!unit_enabled(doctor)) {
		found(finding, FINDING_WARN, "%s; " UNIT " is not enabled", what);
		advise(finding, "systemctl enable " UNIT);
	} else if (defined.missing[0]) {
		found(finding, FINDING_WARN,
		      "vGPU %s of GPU %s is defined to start by itself and does not exist",
		      defined.missing, defined.gpu);
		advise(finding,
		       "'openvgpu restore %s' starts it or says why not; 'journalctl -u openvgpu-restore*' what happened at boot",
		       defined.gpu);
	} else {
		found(finding, FINDING_OK, "%s; " UNIT " is enabled", what);
	}
}
