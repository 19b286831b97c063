// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_tools.c - checks of programs that use vGPUs
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distribution.h"
#include "doctor.h"
#include "program.h"

#define QEMU_BINARY		"qemu-system-x86_64"
#define QEMU_TESTED_MAJOR	10
#define QEMU_PATIENCE_MS	5000

static bool is_program(const struct doctor *doctor, const char *path)
{
	return !faccessat(ovgpu_dirfd(doctor->ovgpu, OVGPU_ROOT), path, X_OK, 0);
}

/* Absolute path of mdevctl in its udev rule; empty: no rule, or none in it. */
static void mdevctl_rule_path(const struct doctor *doctor, char *path,
			      size_t size)
{
	static const char *const rules[] = {
		"etc/udev/rules.d/60-mdevctl.rules",
		"usr/lib/udev/rules.d/60-mdevctl.rules",
		"lib/udev/rules.d/60-mdevctl.rules",
	};
	char text[OVGPU_ATTRIBUTE_SIZE], *at, *start;
	size_t i, n;

	path[0] = '\0';
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		/* The first one hides the others, as in udev. */
		if (ovgpu_read(doctor->ovgpu, OVGPU_ROOT, text, sizeof(text),
			       "%s", rules[i]))
			continue;
		at = strstr(text, "/mdevctl ");
		if (!at)
			return;
		start = at;
		while (start > text && !strchr("\"= ", start[-1]))
			start--;
		n = at + strlen("/mdevctl") - start;
		if (*start == '/' && n < size) {
			memcpy(path, start, n);
			path[n] = '\0';
		}
		return;
	}
}

/**
 * check_mdevctl - is mdevctl there, and does its autostart find it
 * @doctor: shared
 * @finding: result
 */
void check_mdevctl(const struct doctor *doctor, struct finding *finding)
{
	char rule[PATH_MAX];

	if (!is_program(doctor, "usr/bin/mdevctl") &&
	    !is_program(doctor, "usr/sbin/mdevctl")) {
		found(finding, FINDING_OK,
		      "mdevctl is not installed; only libvirt and vGPUs that come back after a restart need it");
		return;
	}
	mdevctl_rule_path(doctor, rule, sizeof(rule));
	/* As Debian's does, whose package has the program in another place. */
	if (rule[0] && !is_program(doctor, rule + 1)) {
		bool restored = restore_unit_installed(doctor);

		found(finding, restored ? FINDING_OK : FINDING_WARN,
		      "mdevctl is installed; its own autostart does nothing, because its udev rule starts %s, which does not exist%s",
		      shown(rule).text,
		      restored ? "; 'openvgpu restore' does that" : "");
		if (!restored)
			advise(finding,
			       "install openvgpu-restore.service (package openvgpu-utils), which starts defined vGPUs");
		return;
	}
	found(finding, FINDING_OK, "mdevctl is installed");
}

/**
 * check_qemu - is there a QEMU that was tested
 * @doctor: shared
 * @finding: result
 */
void check_qemu(const struct doctor *doctor, struct finding *finding)
{
	static const char *const directories[] = {
		"usr/local/bin", "usr/bin", "usr/libexec",
	};
	char option[] = "--version";
	char program[PATH_MAX], text[OVGPU_TEXT_SIZE];
	char *argv[3] = { program, option, NULL }, *version;
	struct distribution distribution;
	char command[COMMAND_SIZE];
	unsigned int major, minor;
	bool newer;
	size_t i;

	distribution_get(doctor->ovgpu, &distribution);
	newer = distribution_qemu(&distribution, command, sizeof(command));
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (snprintf(program, sizeof(program), "%s/%s/" QEMU_BINARY,
			     doctor->root, directories[i]) >=
		    (int)sizeof(program) || access(program, X_OK))
			continue;
		version = NULL;
		if (!program_run(program, argv, text, sizeof(text),
				 QEMU_PATIENCE_MS))
			version = strstr(text, "version ");
		if (!version ||
		    sscanf(version, "version %4u.%4u", &major, &minor) != 2) {
			found(finding, FINDING_WARN,
			      "/%s/" QEMU_BINARY " does not tell its version",
			      directories[i]);
			return;
		}
		found(finding,
		      major < QEMU_TESTED_MAJOR ? FINDING_WARN : FINDING_OK,
		      "QEMU %u.%u", major, minor);
		if (major < QEMU_TESTED_MAJOR)
			advise(finding, "tested are QEMU 10 and 11%s%s",
			       newer ? ": " : "", newer ? command : "");
		return;
	}
	found(finding, FINDING_WARN, "no " QEMU_BINARY);
	advise(finding, "%s", command);
}
