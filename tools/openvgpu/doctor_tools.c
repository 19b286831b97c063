// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_tools.c - checks of programs that use vGPUs
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"

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
		if (files_read(doctor->ovgpu, OVGPU_ROOT, text, sizeof(text),
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

/* Reads what is left in a pipe until its end or until patience ends. */
static bool read_all(int fd, char *text, size_t size)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	ssize_t n;

	text[0] = '\0';
	while (used < size - 1) {
		if (poll(&poll_fd, 1, QEMU_PATIENCE_MS) != 1)
			return false;
		n = read(fd, text + used, size - 1 - used);
		if (n <= 0)
			break;
		used += n;
		text[used] = '\0';
	}
	return true;
}

/* Output of "PROGRAM --version". */
static bool program_version(char *program, char *text, size_t size)
{
	char option[] = "--version";
	char *argv[3] = { program, option };
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], status;
	bool complete;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return false;
	if (posix_spawn_file_actions_init(&actions)) {
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		return false;
	}
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	status = posix_spawn(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	if (status) {
		close(pipe_fd[0]);
		return false;
	}
	complete = read_all(pipe_fd[0], text, size);
	close(pipe_fd[0]);
	if (!complete)
		kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && complete &&
	       WIFEXITED(status) && !WEXITSTATUS(status);
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
	char program[PATH_MAX], text[OVGPU_TEXT_SIZE], *version;
	unsigned int major, minor;
	size_t i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (snprintf(program, sizeof(program), "%s/%s/" QEMU_BINARY,
			     doctor->root, directories[i]) >=
		    (int)sizeof(program) || access(program, X_OK))
			continue;
		version = NULL;
		if (program_version(program, text, sizeof(text)))
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
			advise(finding, "tested are QEMU 10 and 11");
		return;
	}
	found(finding, FINDING_WARN, "no " QEMU_BINARY);
	advise(finding, "install QEMU 10 or newer (Debian: qemu-system-x86)");
}
