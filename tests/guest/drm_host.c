// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_host.c - tests of the guest's driver in which the host has a part
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drm.h"

#define BYTES		0x20000u
#define CANARY		0xc0ffee00u
#define CHIPSET		"/sys/bus/pci/devices/0000:00:00.0/config"

/* Two buffers, and a job that no watchdog ends. */
static int endless_job(int fd, struct buffer *buffer, struct buffer *system,
		       struct programme *programme, uint32_t *context, uint32_t done)
{
	int error;

	write_file("/sys/module/refgpu/parameters/hang_seconds", "1000");
	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, buffer);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM, BYTES, system);
	return error ? error : spin(fd, programme, context, done);
}

/** test_reset_by_host - the host resets the GPU when we say that we wait */
bool test_reset_by_host(void)
{
	struct programme programme = { 0 };
	struct drm_refgpu_context_status status;
	int fd = open_node(), error;
	uint32_t context, done = syncobj_create(fd);
	struct buffer buffer, system;
	struct refgpu_copy copy;

	error = endless_job(fd, &buffer, &system, &programme, &context, done);
	if (error)
		return no("set-up: %s", strerror(-error));
	printf("# waits for a reset\n");
	fflush(stdout);
	error = syncobj_wait(fd, done);
	status = context_status(fd, context);
	write_file("/sys/module/refgpu/parameters/hang_seconds", "0");
	if (error || status.state != DRM_REFGPU_CONTEXT_LOST)
		return no("the job that ran: %d, state %u", error, status.state);
	/* The file reaches its buffers as before, in video and system memory. */
	memset(system.words, 0x5a, BYTES);
	copy = copy_packet(buffer.address, system.address, BYTES);
	error = context_create(fd, &context);
	if (!error)
		error = run(fd, context, &copy, 1);
	if (error || context_status(fd, context).state)
		return no("a job after the reset: %d, state %u, error %u", error,
			  context_status(fd, context).state, context_status(fd, context).error);
	return all_are(&buffer, 0x5a5a5a5a);
}

/* How often the host's interrupt came. */
static unsigned long host_interrupts(void)
{
	unsigned long sum = 0;
	char line[512];
	FILE *file = fopen("/proc/interrupts", "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':'), *end;

		if (!at || !strstr(line, "refgpu-host"))
			continue;
		for (at++; ; at = end) {
			unsigned long count = strtoul(at, &end, 10);

			if (end == at)
				break;
			sum += count;
		}
	}
	if (file)
		fclose(file);
	return sum;
}

/*
 * The chipset can hide the last megabyte of low memory (TSEG). For that, QEMU takes
 * all of low memory away from devices, and gives it back without the last piece. Here
 * the kernel must not use that piece: parameter mem.
 */
static bool hide_memory_for_a_moment(void)
{
	int fd = open(CHIPSET, O_RDWR | O_CLOEXEC);
	uint8_t smram, tseg, on;
	uint32_t id = 0;

	if (fd < 0 || pread(fd, &id, 4, 0) != 4 || id != 0x29c08086 ||
	    pread(fd, &smram, 1, 0x9d) != 1 || pread(fd, &tseg, 1, 0x9e) != 1)
		return no("no chipset Q35: %08x, %s", id, strerror(errno));
	smram |= 1 << 3;
	on = tseg | 1;
	if (pwrite(fd, &smram, 1, 0x9d) != 1 || pwrite(fd, &on, 1, 0x9e) != 1 ||
	    pwrite(fd, &tseg, 1, 0x9e) != 1)
		return no("TSEG: %s", strerror(errno));
	close(fd);
	return true;
}

/* What a job copies out of system memory, that its context is well. */
static bool copies(int fd, struct buffer *vram, const struct buffer *system, uint32_t word)
{
	struct refgpu_copy copy = copy_packet(vram->address, system->address, BYTES);
	struct drm_refgpu_context_destroy destroy = { 0 };
	struct drm_refgpu_context_status status;
	int error;

	memset(system->words, (int)word, BYTES);
	error = context_create(fd, &destroy.id);
	if (!error)
		error = run(fd, destroy.id, &copy, 1);
	status = context_status(fd, destroy.id);
	call(fd, DRM_IOCTL_REFGPU_CONTEXT_DESTROY, &destroy);
	if (error || status.state)
		return no("a job: %d, state %u, error %u, address 0x%llx", error, status.state,
			  status.error, (unsigned long long)status.address);
	return all_are(vram, word * 0x01010101u);
}

/** test_revoked - the VMM takes the guest's memory away from the GPU, and gives it back */
bool test_revoked(void)
{
	struct buffer vram, systems[3];
	int fd = open_node(), error, i, round;
	unsigned long before;
	bool good;

	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &vram);
	for (i = 0; i < 3 && !error; i++)
		error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM, BYTES, &systems[i]);
	if (error)
		return no("set-up: %s", strerror(-error));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3; i++)
			if (!copies(fd, &vram, &systems[i], (uint32_t)(1 + i)))
				return false;
		before = host_interrupts();
		if (!hide_memory_for_a_moment())
			return false;
		for (i = 0; i < 500 && host_interrupts() == before; i++)
			usleep(10000);
		if (host_interrupts() == before)
			return no("the host took nothing back");
		/* Jobs of the moment without memory fail; later ones do not. */
		for (i = 0, good = false; i < 100 && !good; i++) {
			usleep(100000);
			good = copies(fd, &vram, &systems[i % 3], (uint32_t)(16 + i));
		}
		if (!good)
			return false;
	}
	close(fd);
	return true;
}

/** test_death - the GPU dies, or is unplugged, when we say that we wait */
bool test_death(void)
{
	struct programme programme = { 0 };
	int fd = open_node(), error, i;
	uint32_t context, done = syncobj_create(fd);
	struct buffer buffer, system;

	error = endless_job(fd, &buffer, &system, &programme, &context, done);
	if (error)
		return no("set-up: %s", strerror(-error));
	buffer.words[0] = CANARY;
	system.words[0] = CANARY;
	printf("# waits for the end\n");
	fflush(stdout);
	syncobj_wait(fd, done);
	for (i = 0; i < 500 && error != -ENODEV; i++) {
		usleep(20000);
		error = submit(fd, context, &programme.packet, 1, 0);
	}
	if (error != -ENODEV)
		return no("a job after the end: %d, not ENODEV", error);
	error = open(node, O_RDWR | O_CLOEXEC);
	if (error >= 0)
		return no("the device can still be opened");
	/* What was mapped is there: system memory as it was, the rest nobody's. */
	buffer.words[0] = 7;
	if (buffer.words[0] != 7 || system.words[0] != CANARY)
		return no("words 0x%x and 0x%x", buffer.words[0], system.words[0]);
	buffer_close(fd, &buffer);
	buffer_close(fd, &system);
	close(fd);
	return true;
}
