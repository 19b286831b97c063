// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_module.c - checks of the module openvgpu: can it be loaded, is what is
 * loaded what is installed, would the kernel take it
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distribution.h"
#include "doctor.h"
#include "program.h"

#define DKMS_FOLDER		"var/lib/dkms/" OVGPU_DRIVER
#define MODINFO_PATIENCE_MS	5000
#define RELOAD	\
	"end the VMs that use vGPUs, then 'modprobe -r openvgpu && modprobe openvgpu'; vGPUs that are not defined go"

/*
 * What modinfo(8) says of a field of the module's file, which may be compressed:
 * kmod reads the forms that the distribution uses. True when it says anything;
 * a field that is not there is empty.
 */
static bool module_info(const struct doctor *doctor, const char *module,
			const char *field, char *value, size_t size)
{
	char name[32], option[] = "-F";
	char program[PATH_MAX], path[PATH_MAX];
	char *argv[5] = { program, option, name, path, NULL };

	value[0] = '\0';
	snprintf(name, sizeof(name), "%s", field);
	if (snprintf(path, sizeof(path), "%s/lib/modules/%s/%s", doctor->root,
		     doctor->release, module) >= (int)sizeof(path))
		return false;
	if (!program_find(doctor->root, "modinfo", program, sizeof(program)))
		return false;
	if (program_run(program, argv, value, size, MODINFO_PATIENCE_MS)) {
		value[0] = '\0';
		return false;
	}
	value[strcspn(value, "\n")] = '\0';
	return true;
}

/* ------------------------------------------------------ it can't be loaded */

/* Version of the sources that DKMS has; empty: it has none. */
static void dkms_version(const struct doctor *doctor, char *version, size_t size)
{
	const char prefix[] = OVGPU_DRIVER "-";
	char **names;
	size_t count, i;

	version[0] = '\0';
	if (ovgpu_directory(doctor->ovgpu, OVGPU_ROOT, &names, &count, "usr/src"))
		return;
	for (i = 0; i < count; i++)
		if (!strncmp(names[i], prefix, strlen(prefix)) &&
		    ovgpu_exists(doctor->ovgpu, OVGPU_ROOT,
				 "usr/src/%s/dkms.conf", names[i]))
			snprintf(version, size, "%s", names[i] + strlen(prefix));
	ovgpu_free(names);
}

/* The running kernel has no openvgpu: why, and what to type. */
static void found_absent(const struct doctor *doctor, struct finding *finding)
{
	char version[OVGPU_NAME_SIZE], headers[COMMAND_SIZE], path[PATH_MAX];
	struct shown release = shown(doctor->release);
	struct distribution distribution;
	bool built;

	distribution_get(doctor->ovgpu, &distribution);
	distribution_headers(&distribution, release.text, headers,
			     sizeof(headers));
	dkms_version(doctor, version, sizeof(version));
	built = ovgpu_exists(doctor->ovgpu, OVGPU_ROOT,
			     "lib/modules/%s/build/Makefile", doctor->release);
	if (!version[0]) {
		found(finding, FINDING_FAIL,
		      "openvgpu is not installed for Linux %.100s%s",
		      release.text, built ? "" : ", nor are its headers");
		advise(finding,
		       "%s%sinstall the package openvgpu-dkms, or run 'make && make install' in the source tree",
		       built ? "" : headers, built ? "" : ", then ");
		return;
	}
	if (module_find(doctor, "mdev", path, sizeof(path)) == MODULE_ABSENT) {
		found(finding, FINDING_FAIL,
		      "DKMS does not build openvgpu for Linux %.100s, which has no mediated devices",
		      release.text);
		advise(finding, "boot another kernel, as the check 'mdev' says");
		return;
	}
	if (!built) {
		found(finding, FINDING_FAIL,
		      "DKMS has not built openvgpu for Linux %.100s, whose headers are not installed",
		      release.text);
		advise(finding,
		       "%s && dkms autoinstall -k %s && modprobe openvgpu",
		       headers, release.text);
		return;
	}
	/* DKMS puts the log of a build that succeeded elsewhere. */
	if (ovgpu_exists(doctor->ovgpu, OVGPU_ROOT, DKMS_FOLDER "/%s/build/make.log",
			 version)) {
		found(finding, FINDING_FAIL,
		      "DKMS failed to build openvgpu for Linux %.100s: /"
		      DKMS_FOLDER "/%s/build/make.log says why",
		      release.text, shown(version).text);
	} else {
		found(finding, FINDING_FAIL,
		      "DKMS has not built openvgpu for Linux %.100s",
		      release.text);
	}
	advise(finding, "dkms autoinstall -k %s && modprobe openvgpu",
	       release.text);
}

/* ------------------------------------------------------------ it is loaded */

/* Version of the interface that the loaded module has; empty: no GPU tells. */
static void loaded_abi(const struct doctor *doctor, char *abi, size_t size)
{
	struct ovgpu_gpu **gpus;
	size_t count;

	abi[0] = '\0';
	if (ovgpu_gpu_list(doctor->ovgpu, &gpus, &count))
		return;
	if (count)
		ovgpu_attribute_get(doctor->ovgpu, OVGPU_GPU, gpus[0]->bdf,
				    OVGPU_DRIVER, "abi_version", abi, size);
	ovgpu_free(gpus);
}

/**
 * note_abi - say that the loaded module is not one that this command is for
 * @cli: the run
 *
 * What it reads may mean something else then. The library writes nothing.
 */
void note_abi(const struct cli *cli)
{
	struct doctor doctor = { .ovgpu = cli->ovgpu };
	char abi[OVGPU_NAME_SIZE];

	loaded_abi(&doctor, abi, sizeof(abi));
	if (abi[0] && strcmp(abi, OPENVGPU_ABI))
		cli_note("the loaded module has version %s of its interface, this command is for version "
			 OPENVGPU_ABI ": 'openvgpu doctor' tells what to do",
			 shown(abi).text);
}

/* Whether the module's file is another build than the loaded module. */
static bool is_another_build(const struct doctor *doctor, const char *module)
{
	char loaded[OVGPU_NAME_SIZE], installed[OVGPU_NAME_SIZE];

	ovgpu_read(doctor->ovgpu, OVGPU_SYSFS, loaded, sizeof(loaded),
		   "module/" OVGPU_DRIVER "/srcversion");
	return loaded[0] &&
	       module_info(doctor, module, "srcversion", installed,
			   sizeof(installed)) &&
	       installed[0] && strcmp(loaded, installed);
}

/*
 * An update of the packages does not change what is loaded: the loaded module,
 * the installed one and this command may be of three versions.
 */
static void found_loaded(const struct doctor *doctor, const char *module,
			 struct finding *finding)
{
	char loaded[OVGPU_NAME_SIZE], installed[OVGPU_NAME_SIZE] = "";
	char abi[OVGPU_NAME_SIZE];
	struct shown version;

	ovgpu_read(doctor->ovgpu, OVGPU_SYSFS, loaded, sizeof(loaded),
		   "module/" OVGPU_DRIVER "/version");
	version = shown(loaded);
	if (module[0])
		module_info(doctor, module, "version", installed,
			    sizeof(installed));
	loaded_abi(doctor, abi, sizeof(abi));
	if (abi[0] && strcmp(abi, OPENVGPU_ABI)) {
		found(finding, FINDING_FAIL,
		      "the loaded module, openvgpu %s, has version %s of its interface; this command, "
		      OPENVGPU_VERSION ", is for version " OPENVGPU_ABI,
		      version.text, shown(abi).text);
		advise(finding, installed[0] && strcmp(installed, loaded) ?
		       RELOAD :
		       "install openvgpu-dkms and openvgpu-utils of one version");
	} else if (installed[0] && strcmp(installed, loaded)) {
		found(finding, FINDING_WARN,
		      "openvgpu %s is loaded, %s is installed", version.text,
		      shown(installed).text);
		advise(finding, RELOAD);
	} else if (module[0] && is_another_build(doctor, module)) {
		found(finding, FINDING_WARN,
		      "openvgpu %s is loaded, and another build of it is installed",
		      version.text);
		advise(finding, RELOAD);
	} else if (loaded[0] && strcmp(loaded, OPENVGPU_VERSION)) {
		found(finding, FINDING_WARN,
		      "openvgpu %s is loaded, this command is " OPENVGPU_VERSION,
		      version.text);
		advise(finding,
		       "install openvgpu-dkms and openvgpu-utils of one version");
	} else {
		found(finding, FINDING_OK, "openvgpu is loaded%s%s",
		      loaded[0] ? ", version " : "", version.text);
	}
}

/**
 * check_module - is openvgpu.ko loaded, or can it be
 * @doctor: shared
 * @finding: result
 */
void check_module(const struct doctor *doctor, struct finding *finding)
{
	char path[PATH_MAX];

	switch (module_find(doctor, OVGPU_DRIVER, path, sizeof(path))) {
	case MODULE_LOADED:
	case MODULE_BUILTIN:
		found_loaded(doctor, path, finding);
		break;
	case MODULE_FILE:
		found(finding, FINDING_WARN, "openvgpu is installed, not loaded");
		advise(finding, "modprobe openvgpu");
		break;
	default:
		found_absent(doctor, finding);
		break;
	}
}

/* --------------------------------------------------------------- signatures */

/* "[none] integrity confidentiality" -> what is in the brackets. */
static void lockdown_mode(const struct doctor *doctor, char *mode, size_t size)
{
	char value[OVGPU_NAME_SIZE], *open, *end;

	ovgpu_read(doctor->ovgpu, OVGPU_SYSFS, value, sizeof(value),
		   "kernel/security/lockdown");
	open = strchr(value, '[');
	end = open ? strchr(open, ']') : NULL;
	if (!end) {
		snprintf(mode, size, "none");
		return;
	}
	*end = '\0';
	snprintf(mode, size, "%s", open + 1);
}

/**
 * check_signature - would the kernel refuse the module for its signature
 * @doctor: shared
 * @finding: result
 */
void check_signature(const struct doctor *doctor, struct finding *finding)
{
	char path[PATH_MAX], mode[OVGPU_NAME_SIZE], enforce[OVGPU_NAME_SIZE];
	char signer[OVGPU_TEXT_SIZE];
	enum module_place place;
	bool known;

	lockdown_mode(doctor, mode, sizeof(mode));
	ovgpu_read(doctor->ovgpu, OVGPU_SYSFS, enforce, sizeof(enforce),
		   "module/module/parameters/sig_enforce");
	place = module_find(doctor, OVGPU_DRIVER, path, sizeof(path));
	if (place == MODULE_LOADED || place == MODULE_BUILTIN) {
		found(finding, FINDING_OK, "the kernel took the module");
		return;
	}
	if (!strcmp(mode, "none") && enforce[0] != 'Y') {
		found(finding, FINDING_OK,
		      "the kernel takes unsigned modules (no lockdown)");
		return;
	}
	known = place == MODULE_FILE &&
		module_info(doctor, path, "signer", signer, sizeof(signer));
	found(finding, known && !signer[0] ? FINDING_FAIL : FINDING_WARN,
	      "the kernel takes signed modules only (%s); openvgpu.ko %s%.200s%s",
	      strcmp(mode, "none") ? "Secure Boot lockdown" : "module.sig_enforce",
	      !known ? place == MODULE_FILE ? "may or may not be signed" :
	      "must be signed" : signer[0] ? "is signed by '" : "has no signature",
	      known ? shown(signer).text : "", known && signer[0] ?
	      "'; whether the kernel knows its key shows only at loading" : "");
	advise(finding,
	       "modprobe says 'Key was rejected by service' or 'Operation not permitted' then: sign with dkms, 'mokutil --import /var/lib/dkms/mok.pub', restart and enroll the key");
}
