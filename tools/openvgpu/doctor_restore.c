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
#include "hand_over.h"

#define UNIT	"openvgpu-restore.service"
#define CONFIG	"etc/openvgpu/config.yaml"

/**
 * struct defined - what should come back
 * @count: vGPUs that are to be there whenever their GPU is
 * @missing: UUID of one that is not there although its GPU is; empty: none
 * @gpu: its GPU
 * @absent: PCI address of a GPU that vGPUs are defined for, and that is not the
 *	driver's; empty: none
 * @absent_count: how many vGPUs
 * @candidate: a GPU that may be the same at another address; empty: none
 */
struct defined {
	unsigned int count;
	char missing[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	char absent[OVGPU_BDF_SIZE];
	unsigned int absent_count;
	char candidate[OVGPU_BDF_SIZE];
};

static bool any_exists(const struct doctor *doctor, const char *const *paths)
{
	for (; *paths; paths++)
		if (ovgpu_exists(doctor->ovgpu, OVGPU_ROOT, "%s", *paths))
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
	       !ovgpu_link(doctor->ovgpu, OVGPU_ROOT, target, sizeof(target),
			   "%s", paths[0]);
}

static bool offers(const struct doctor *doctor, const char *bdf,
		   const struct definition *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
				  "bus/pci/devices/%s/mdev_supported_types/%s",
				  bdf, list[i].type))
			return false;
	return true;
}

/*
 * PCI addresses change when cards are added or moved. The GPU may be the only
 * one that has all the types and nothing defined. What is somebody else's in
 * that folder must stay, so then there is nothing to propose.
 */
static void find_candidate(const struct doctor *doctor,
			   const struct definition *list, size_t count,
			   char *candidate)
{
	struct ovgpu_gpu **gpus;
	size_t gpu_count, found = 0, i;

	for (i = 0; i < count; i++)
		if (list[i].problem[0] ||
		    strncmp(list[i].type, OVGPU_TYPE_PREFIX,
			    strlen(OVGPU_TYPE_PREFIX)))
			return;
	if (ovgpu_gpu_list(doctor->ovgpu, &gpus, &gpu_count))
		return;
	for (i = 0; i < gpu_count; i++)
		if (!ovgpu_exists(doctor->ovgpu, OVGPU_ROOT,
				  DEFINITION_FOLDER "/%s", gpus[i]->bdf) &&
		    offers(doctor, gpus[i]->bdf, list, count)) {
			strcpy(candidate, gpus[i]->bdf);
			found++;
		}
	if (found != 1)
		candidate[0] = '\0';
	ovgpu_free(gpus);
}

static void look_at(const struct doctor *doctor, const char *bdf,
		    struct defined *defined)
{
	struct cli cli = { .ovgpu = doctor->ovgpu, .root = doctor->root };
	struct definition *list;
	struct ovgpu_vgpu *vgpu;
	unsigned int expected = 0;
	bool bound;
	size_t count, i;

	bound = ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
			     "bus/pci/drivers/" OVGPU_DRIVER "/%s", bdf);
	if (definition_list(&cli, bdf, &list, &count))
		return;
	for (i = 0; i < count; i++) {
		if (!definition_is_expected(&list[i]))
			continue;
		expected++;
		if (!ovgpu_vgpu_get(doctor->ovgpu, list[i].uuid, &vgpu)) {
			ovgpu_free(vgpu);
		} else if (bound && !defined->missing[0]) {
			strcpy(defined->missing, list[i].uuid);
			strcpy(defined->gpu, bdf);
		}
	}
	if (expected && !bound && !defined->absent[0] &&
	    !gpu_is_handed_over(doctor->ovgpu, bdf)) {
		snprintf(defined->absent, sizeof(defined->absent), "%s", bdf);
		defined->absent_count = expected;
		find_candidate(doctor, list, count, defined->candidate);
	}
	defined->count += expected;
	definition_list_free(list, count);
}

/* The first GPU that the configuration names and the driver does not have. */
static void find_unknown(const struct doctor *doctor,
			 const struct config *config, struct config_error *error)
{
	const struct config_label *label;
	const struct config_entry *entry;
	char bdf[OVGPU_BDF_SIZE];
	size_t i, j, k;

	for (i = 0; i < config->label_count; i++) {
		label = &config->labels[i];
		/* As openvgpu apply chooses. */
		if (config->label_count > 1 && strcmp(label->name, "default"))
			continue;
		for (j = 0; j < label->entry_count; j++) {
			entry = &label->entries[j];
			for (k = 0; k < entry->device_count; k++)
				if (!ovgpu_bdf_parse(entry->devices[k].text, bdf) &&
				    !ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
						  "bus/pci/drivers/" OVGPU_DRIVER "/%s",
						  bdf) &&
				    !gpu_is_handed_over(doctor->ovgpu, bdf)) {
					config_fail(error, entry->devices[k].line,
						    "no GPU %s is bound to the driver openvgpu",
						    bdf);
					return;
				}
		}
	}
}

static bool driver_is_loaded(const struct doctor *doctor)
{
	return ovgpu_exists(doctor->ovgpu, OVGPU_SYSFS,
			    "bus/pci/drivers/" OVGPU_DRIVER);
}

/* Whether the file configures anything. */
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
		err = apply_tenants_check(config, error);
	if (!err)
		result = config->label_count || config->tenant_count;
	if (result && driver_is_loaded(doctor))
		find_unknown(doctor, config, error);
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
	struct cli cli = { .ovgpu = doctor->ovgpu, .root = doctor->root };
	struct defined defined = { 0 };
	struct config_error error;
	bool config = config_says(doctor, &error);
	char what[128], **names;
	size_t count, i;

	if (!definition_gpus(&cli, &names, &count)) {
		for (i = 0; i < count; i++)
			look_at(doctor, names[i], &defined);
		ovgpu_free(names);
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
	if (!driver_is_loaded(doctor)) {
		found(finding, FINDING_FAIL,
		      "%s; the module openvgpu is not loaded", what);
		advise(finding,
		       "do what the check 'module' says, then 'openvgpu restore'");
	} else if (defined.absent[0]) {
		found(finding, FINDING_WARN,
		      "%u vGPU%s defined for GPU %s, and the driver has no such GPU",
		      defined.absent_count, defined.absent_count == 1 ? " is" :
		      "s are", defined.absent);
		if (defined.candidate[0])
			advise(finding,
			       "if it is GPU %s now: mv /" DEFINITION_FOLDER
			       "/%s /" DEFINITION_FOLDER
			       "/%s && openvgpu restore %s",
			       defined.candidate, defined.absent,
			       defined.candidate, defined.candidate);
		else
			advise(finding,
			       "where another GPU is the same one now, move the files of /"
			       DEFINITION_FOLDER
			       "/%s to the folder of its address; 'openvgpu types' lists the GPUs",
			       defined.absent);
	} else if (!restore_unit_installed(doctor)) {
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
