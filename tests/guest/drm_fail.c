// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_fail.c - tests of jobs that fail or hang, and of what is said of them
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drm.h"

#define BYTES		0x20000u
#define DUMPS		"/sys/class/devcoredump/devcd*/data"
#define I_NOP		0x00000013u

/* -------------------------------------------------------------- core dumps */

static bool exists(const char *pattern)
{
	glob_t files;

	if (glob(pattern, 0, NULL, &files))
		return false;
	globfree(&files);
	return true;
}

/* A dump has the text, and is thrown away. It comes a moment after the job's end. */
static bool dump_has(const char *text)
{
	static char content[1 << 17];
	bool found = false;
	glob_t files;
	size_t i;

	for (i = 0; i < 250 && !exists(DUMPS); i++)
		usleep(20000);
	if (glob(DUMPS, 0, NULL, &files))
		return no("there is no core dump");
	for (i = 0; i < files.gl_pathc; i++) {
		int fd = open(files.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		ssize_t bytes = 0, n;

		while (fd >= 0 && (size_t)bytes < sizeof(content) - 1 &&
		       (n = read(fd, content + bytes, sizeof(content) - 1 - (size_t)bytes)) > 0)
			bytes += n;
		content[bytes] = '\0';
		if (fd >= 0)
			close(fd);
		if (strstr(content, text))
			found = true;
		write_file(files.gl_pathv[i], "1");
	}
	globfree(&files);
	/* There is no other one as long as it is on its way out. */
	for (i = 0; i < 250 && exists("/sys/bus/pci/devices/*/devcoredump"); i++)
		usleep(20000);
	if (found)
		return true;
	content[120] = '\0';
	return no("the core dump says '%s', not '%s'", content, text);
}

/* Of those who came before, should there be one. */
static void forget_dump(void)
{
	if (exists(DUMPS))
		dump_has("");
}

/** test_dump - the core dump of a job that fails names packet, address and program counter */
bool test_dump(void)
{
	/* The third instruction is none. */
	const uint32_t code[16] = { I_NOP, I_NOP };
	struct drm_refgpu_context_status status;
	struct programme programme = { 0 };
	struct refgpu_fill fill;
	int fd = open_node();
	char text[128];

	forget_dump();
	fill = fill_packet(1ULL << 50, 4, 0);
	if (!refused(fd, &fill, &status) || !dump_has("packet 0 of 1, address 0x4000000000000"))
		return false;
	if (programme_make(fd, code, sizeof(code), &programme))
		return no("set-up");
	if (!refused(fd, &programme.packet, &status))
		return false;
	if (status.error != REFGPU_ERROR_INSTRUCTION ||
	    status.where != programme.code.address + 8)
		return no("error %u at 0x%llx, not at 0x%llx", status.error,
			  (unsigned long long)status.where,
			  (unsigned long long)programme.code.address + 8);
	snprintf(text, sizeof(text), "pc 0x%llx", (unsigned long long)status.where);
	if (!dump_has(text))
		return false;
	close(fd);
	return true;
}

/* ------------------------------------------------------------------- hangs */

/* What is said of the job of spin() when it was stopped. */
static bool names_the_loop(int fd, const struct programme *programme,
			   const struct drm_refgpu_context_status *status)
{
	uint64_t loop = programme->code.address + SPIN_LOOP_BEGIN;
	char text[128];

	if (status->state != DRM_REFGPU_CONTEXT_GUILTY || status->error != REFGPU_ERROR_HANG)
		return no("the one that hung: state %u, error %u", status->state, status->error);
	if (!(param(fd, DRM_REFGPU_PARAM_CAPABILITIES) & REFGPU_CAP_PC)) {
		if (status->where != 1)
			return no("it hung in packet %llu, not 1",
				  (unsigned long long)status->where);
		return dump_has("packet 1 of 2, address 0x0, packet 0x1");
	}
	if (status->where - loop >= SPIN_LOOP_BYTES)
		return no("it hung at 0x%llx, not in the loop at 0x%llx",
			  (unsigned long long)status->where, (unsigned long long)loop);
	snprintf(text, sizeof(text), "packet 1 of 2, address 0x0, pc 0x%llx",
		 (unsigned long long)status->where);
	return dump_has(text);
}

/** test_hang - a job that does not end is stopped, and the others of the GPU are not */
bool test_hang(void)
{
	struct programme programme = { 0 };
	int fd = open_node(), other = isolates(fd) ? open_node() : fd, error, i;
	uint32_t context, contexts[3], done = syncobj_create(fd), syncobj[3];
	struct drm_refgpu_context_status status;
	struct buffer buffer;
	struct refgpu_fill fill;

	forget_dump();
	write_file("/sys/module/refgpu/parameters/hang_seconds", "1");
	/* Buffers are cleared by the GPU, which has no time for it later. */
	error = buffer_create(other, DRM_REFGPU_BO_VRAM, BYTES, &buffer);
	if (!error)
		error = spin(fd, &programme, &context, done);
	/* Others that are on all rings meanwhile. */
	for (i = 0; i < 3 && !error; i++) {
		fill = fill_packet(buffer.address + (uint64_t)i * 4, 4, (uint32_t)i + 1);
		syncobj[i] = syncobj_create(other);
		error = context_create(other, &contexts[i]);
		if (!error)
			error = submit(other, contexts[i], &fill, 1, syncobj[i]);
	}
	if (error)
		return no("set-up: %s", strerror(-error));
	syncobj_wait(fd, done);
	status = context_status(fd, context);
	if (!names_the_loop(fd, &programme, &status))
		return false;
	for (i = 0; i < 3; i++) {
		error = syncobj_wait(other, syncobj[i]);
		status = context_status(other, contexts[i]);
		if (error || (status.state != DRM_REFGPU_CONTEXT_OK &&
			      status.state != DRM_REFGPU_CONTEXT_INNOCENT) ||
		    buffer.words[i] != (uint32_t)i + 1)
			return no("another's job %d: %d, state %u, word %u", i, error,
				  status.state, buffer.words[i]);
	}
	write_file("/sys/module/refgpu/parameters/hang_seconds", "0");
	close(fd);
	if (other != fd)
		close(other);
	return true;
}
