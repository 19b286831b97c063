// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm.c - tests the guest's driver through its uAPI, inside a guest
 *
 *	drm [NODE] [TEST]...
 *
 * No library of the driver's: the ioctls as a hostile program would call them. Each
 * test is a process with files of its own, so none inherits what another broke, or left
 * mapped.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/udmabuf.h>

#include "../kernels/kernels.h"
#include "drm.h"
#include "runtime.h"

#define BYTES		0x20000u
#define CANARY		0xc0ffee00u
#define SKIP		"skip: " /* such a reason is none to fail */

static unsigned int passed, failed, skipped;
static char *reason; /* of a test that failed; shared with its process */
#define REASON_BYTES 256

/**
 * no - a test has failed
 * @format: why
 *
 * Return: false.
 */
bool no(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, REASON_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

/**
 * all_are - is a buffer full of one word?
 * @buffer: the buffer
 * @word: the word
 */
bool all_are(const struct buffer *buffer, uint32_t word)
{
	uint64_t i;

	for (i = 0; i < buffer->size / sizeof(word); i++)
		if (buffer->words[i] != word)
			return no("word %llu is 0x%x, not 0x%x", (unsigned long long)i,
				  buffer->words[i], word);
	return true;
}

/* ---------------------------------------------------------------- the tests */

static bool test_params(void)
{
	int fd = open_node();
	uint64_t size = param(fd, DRM_REFGPU_PARAM_VRAM_SIZE);
	uint64_t room = param(fd, DRM_REFGPU_PARAM_VRAM_FREE);
	struct drm_refgpu_get_param bad = { .param = 999 };

	printf("# hardware 0x%llx, capabilities 0x%llx, host 0x%llx, %llu MiB, %llu heads, isolation %llu\n",
	       (unsigned long long)param(fd, DRM_REFGPU_PARAM_HARDWARE_VERSION),
	       (unsigned long long)param(fd, DRM_REFGPU_PARAM_CAPABILITIES),
	       (unsigned long long)param(fd, DRM_REFGPU_PARAM_HOST_VERSION),
	       (unsigned long long)(size >> 20),
	       (unsigned long long)param(fd, DRM_REFGPU_PARAM_HEADS),
	       (unsigned long long)param(fd, DRM_REFGPU_PARAM_ISOLATION));
	if (call(fd, DRM_IOCTL_REFGPU_GET_PARAM, &bad) != -EINVAL)
		return no("parameter 999 is known");
	if (!size || !room || room > size)
		return no("%llu of %llu bytes are free", (unsigned long long)room,
			  (unsigned long long)size);
	close(fd);
	return true;
}

static bool test_buffers(void)
{
	static const uint32_t places[] = { DRM_REFGPU_BO_VRAM, DRM_REFGPU_BO_SYSTEM };
	int fd = open_node(), error;
	uint64_t room = param(fd, DRM_REFGPU_PARAM_VRAM_FREE);
	struct buffer buffer;
	unsigned int i, round;

	for (i = 0; i < 2; i++)
		for (round = 0; round < 2; round++) {
			error = buffer_create(fd, places[i], BYTES, &buffer);
			if (error)
				return no("place %u: %s", i, strerror(-error));
			if (!all_are(&buffer, 0))
				return false;
			memset(buffer.words, 0xa5, BYTES);
			if (!all_are(&buffer, 0xa5a5a5a5))
				return false;
			buffer_close(fd, &buffer);
		}
	if (buffer_create(fd, DRM_REFGPU_BO_VRAM, 1ULL << 50, &buffer) != -ENOSPC)
		return no("a buffer of 2^50 bytes is not ENOSPC");
	if (buffer_create(fd, 0, BYTES, &buffer) != -EINVAL ||
	    buffer_create(fd, 3, BYTES, &buffer) != -EINVAL ||
	    buffer_create(fd, DRM_REFGPU_BO_VRAM | 1u << 31, BYTES, &buffer) != -EINVAL ||
	    buffer_create(fd, DRM_REFGPU_BO_VRAM, 0, &buffer) != -EINVAL)
		return no("flags or size that make no sense are taken");
	/*
	 * The job that cleared it is freed a moment after it is done. More than before is
	 * what a process gives back that had ended already.
	 */
	for (i = 0; i < 100 && param(fd, DRM_REFGPU_PARAM_VRAM_FREE) < room; i++)
		usleep(20000);
	if (param(fd, DRM_REFGPU_PARAM_VRAM_FREE) < room)
		return no("video memory is lost: %llu of %llu bytes are free",
			  (unsigned long long)param(fd, DRM_REFGPU_PARAM_VRAM_FREE),
			  (unsigned long long)room);
	close(fd);
	return true;
}

static bool test_fill_and_copy(void)
{
	int fd = open_node(), error;
	struct buffer vram, system;
	struct refgpu_fill fill;
	struct refgpu_copy copy;
	uint32_t context;

	error = context_create(fd, &context);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &vram);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_SYSTEM, BYTES, &system);
	if (error)
		return no("set-up: %s", strerror(-error));
	fill = fill_packet(vram.address, BYTES, 0x12345678);
	error = run(fd, context, &fill, 1);
	if (error)
		return no("fill: %s", strerror(-error));
	if (!all_are(&vram, 0x12345678))
		return false;
	copy = copy_packet(system.address, vram.address, BYTES);
	error = run(fd, context, &copy, 1);
	if (error)
		return no("copy: %s", strerror(-error));
	if (!all_are(&system, 0x12345678))
		return false;
	close(fd);
	return true;
}

/* The code, and an argument at the beginning of the data. */
static int programme_load(int fd, const char *name, const void *argument, size_t bytes,
			  struct programme *programme)
{
	size_t code_bytes;
	const void *code = rt_kernel_find(name, &code_bytes);
	int error;

	if (!code)
		return -ENOENT;
	error = programme_make(fd, code, code_bytes, programme);
	if (!error)
		memcpy(programme->data.words, argument, bytes);
	return error;
}

static bool test_dispatch(void)
{
	struct vector_add_argument argument = { .count = 64 };
	struct programme programme = { 0 };
	int fd = open_node(), error, i;
	uint32_t context;
	float *numbers;

	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &programme.data);
	if (!error)
		error = context_create(fd, &context);
	argument.a = programme.data.address + 0x1000;
	argument.b = programme.data.address + 0x2000;
	argument.sum = programme.data.address + 0x3000;
	if (!error)
		error = programme_load(fd, "vector_add", &argument, sizeof(argument), &programme);
	if (error)
		return no("set-up: %s", strerror(-error));
	numbers = (float *)programme.data.words;
	for (i = 0; i < 64; i++) {
		numbers[0x400 + i] = (float)i;
		numbers[0x800 + i] = 1000;
	}
	error = run(fd, context, &programme.packet, 1);
	if (error)
		return no("dispatch: %s", strerror(-error));
	for (i = 0; i < 64; i++)
		if ((int)numbers[0xc00 + i] != 1000 + i)
			return no("sum %d is %d, state %u", i, (int)numbers[0xc00 + i],
				  context_status(fd, context).state);
	close(fd);
	return true;
}

static bool test_opcodes(void)
{
	struct refgpu_packet_header packet[8] = { 0 };
	int fd = open_node(), error;
	unsigned int opcode;
	uint32_t context;

	context_create(fd, &context);
	for (opcode = 0; opcode < 64; opcode++) {
		bool allowed = opcode <= REFGPU_OP_DISPATCH || opcode == REFGPU_OP_TIMESTAMP;

		/* An allowed one is wrong in itself here; only its number is looked at. */
		if (allowed)
			continue;
		packet[0].opcode = (uint16_t)opcode;
		error = submit(fd, context, packet, 1, 0);
		if (error != -EINVAL)
			return no("opcode %u: %d", opcode, error);
	}
	if (submit(fd, context, packet, 257, 0) != -EINVAL)
		return no("257 packets are taken");
	if (submit(fd, context, NULL, 1, 0) != -EFAULT)
		return no("packets at NULL are not EFAULT");
	if (submit(fd, context + 1, packet, 0, 0) != -ENOENT)
		return no("a context that is not there takes a job");
	close(fd);
	return true;
}

static bool test_isolation(void)
{
	static const uint32_t places[] = { DRM_REFGPU_BO_VRAM, DRM_REFGPU_BO_SYSTEM };
	int victim = open_node(), attacker = open_node(), error;
	struct drm_refgpu_context_status status;
	struct buffer secret, own;
	struct refgpu_fill fill;
	struct refgpu_copy copy;
	uint32_t context;
	uint64_t j;
	unsigned int i;

	if (!isolates(victim)) {
		context_create(victim, &context);
		error = context_create(attacker, &context);
		return error == -EBUSY ? true : no("a second file has contexts: %d", error);
	}
	error = buffer_create(attacker, DRM_REFGPU_BO_VRAM, BYTES, &own);
	for (i = 0; i < 2 && !error; i++) {
		error = buffer_create(victim, places[i], BYTES, &secret);
		if (error)
			break;
		for (j = 0; j < BYTES / 4; j++)
			secret.words[j] = CANARY;
		fill = fill_packet(secret.address, 4, 0);
		if (!refused(attacker, &fill, &status) || !all_are(&secret, CANARY))
			return false;
		if (status.error != REFGPU_ERROR_ADDRESS || status.address != secret.address)
			return no("error %u, address 0x%llx", status.error,
				  (unsigned long long)status.address);
		copy = copy_packet(own.address, secret.address, BYTES);
		if (!refused(attacker, &copy, &status) || !all_are(&own, 0))
			return false;
	}
	if (error)
		return no("set-up: %s", strerror(-error));
	/* The kernel's ring is at the beginning of video memory. */
	copy = copy_packet(own.address, 0, 0x10000);
	if (!refused(attacker, &copy, &status) || !all_are(&own, 0))
		return false;
	/* One byte beyond what it has. */
	fill = fill_packet(own.address + BYTES - 4, 8, 0);
	if (own.address + BYTES < param(attacker, DRM_REFGPU_PARAM_VRAM_SIZE) &&
	    !refused(attacker, &fill, &status))
		return false;
	close(attacker);
	close(victim);
	return true;
}

static bool test_readonly(void)
{
	int fd = open_node(), error;
	struct drm_refgpu_context_status status;
	struct buffer buffer;
	struct refgpu_fill fill;

	if (!isolates(fd))
		return true;
	error = buffer_create(fd, DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_GPU_READONLY, BYTES, &buffer);
	if (error)
		return no("set-up: %s", strerror(-error));
	fill = fill_packet(buffer.address, 4, 1);
	if (!refused(fd, &fill, &status) || !all_are(&buffer, 0))
		return false;
	close(fd);
	return true;
}

/* A closed handle keeps its buffer for the jobs that were there before, and no longer. */
static bool test_close_under_job(void)
{
	int fd = open_node(), error, i;
	struct drm_refgpu_context_status status;
	struct refgpu_fill fills[8];
	uint32_t context, syncobj = syncobj_create(fd);
	struct buffer buffer;

	error = context_create(fd, &context);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM, 8 << 20, &buffer);
	for (i = 0; i < 8; i++)
		fills[i] = fill_packet(buffer.address, buffer.size, (uint32_t)i);
	if (!error)
		error = submit(fd, context, fills, 8, syncobj);
	if (error)
		return no("set-up: %s", strerror(-error));
	buffer_close(fd, &buffer);
	error = syncobj_wait(fd, syncobj);
	status = context_status(fd, context);
	if (error || status.state)
		return no("the job failed: %d, state %u, error %u, address 0x%llx", error,
			  status.state, status.error, (unsigned long long)status.address);
	/* Now the right is gone; a work item takes it back. */
	for (i = 0; i < 100; i++) {
		run(fd, context, fills, 1);
		if (context_status(fd, context).state == DRM_REFGPU_CONTEXT_GUILTY)
			break;
		usleep(20000);
	}
	if (isolates(fd) && i == 100)
		return no("jobs reach the buffer that was closed");
	close(fd);
	return true;
}

static bool test_timeline(void)
{
	int fd = open_node(), error;
	uint32_t contexts[2], syncobj = syncobj_create(fd);
	struct drm_refgpu_sync sync[2];
	struct buffer buffer;
	struct refgpu_fill fill;
	uint64_t point;
	struct drm_syncobj_timeline_wait wait = {
		.handles = (uintptr_t)&syncobj,
		.points = (uintptr_t)&point,
		.timeout_nsec = now_ns() + PATIENCE_NS,
		.count_handles = 1,
	};
	struct drm_refgpu_submit args = {
		.packets = (uintptr_t)&fill,
		.packet_count = 1,
		.syncs = (uintptr_t)sync,
	};

	error = context_create(fd, &contexts[0]);
	if (!error)
		error = context_create(fd, &contexts[1]);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM, 1 << 20, &buffer);
	if (error)
		return no("set-up: %s", strerror(-error));
	/* Two contexts take turns, each after the other. */
	for (point = 1; point <= 32 && !error; point++) {
		sync[0] = (struct drm_refgpu_sync) { syncobj, DRM_REFGPU_SYNC_OUT, point };
		sync[1] = (struct drm_refgpu_sync) { syncobj, DRM_REFGPU_SYNC_IN, point - 1 };
		args.sync_count = point > 1 ? 2 : 1;
		args.context = contexts[point % 2];
		fill = fill_packet(buffer.address, buffer.size, (uint32_t)point);
		error = call(fd, DRM_IOCTL_REFGPU_SUBMIT, &args);
	}
	if (error)
		return no("submit %llu: %s", (unsigned long long)point, strerror(-error));
	point = 32;
	error = call(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &wait);
	if (error)
		return no("wait: %s", strerror(-error));
	if (!all_are(&buffer, 32))
		return false;
	/* A point that nobody has promised. */
	sync[0] = (struct drm_refgpu_sync) { syncobj, DRM_REFGPU_SYNC_IN, 1000 };
	args.sync_count = 1;
	error = call(fd, DRM_IOCTL_REFGPU_SUBMIT, &args);
	if (error != -EINVAL)
		return no("a point that nobody signals: %d", error);
	close(fd);
	return true;
}

static bool test_prime(void)
{
	const uint32_t shared = DRM_REFGPU_BO_SHARED;
	int fd = open_node(), other = open_node(), error;
	struct drm_prime_handle prime = { .flags = DRM_RDWR | DRM_CLOEXEC };
	struct drm_refgpu_bo_info info = { 0 };
	struct buffer mine, given;
	struct refgpu_fill fill;
	uint32_t context, *words;

	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &mine);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM | shared, BYTES, &given);
	if (error)
		return no("set-up: %s", strerror(-error));
	prime.handle = mine.handle;
	error = call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (error != -EPERM)
		return no("a private buffer is exported: %d", error);
	prime.handle = given.handle;
	error = call(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (error)
		return no("export: %s", strerror(-error));
	words = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	if (words == MAP_FAILED)
		return no("mmap of the dma-buf: %s", strerror(errno));
	words[0] = CANARY;
	error = call(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (error)
		return no("import: %s", strerror(-error));
	info.handle = prime.handle;
	error = call(other, DRM_IOCTL_REFGPU_BO_INFO, &info);
	if (error || info.address != given.address || info.size != given.size)
		return no("info: %d, address 0x%llx, not 0x%llx", error,
			  (unsigned long long)info.address, (unsigned long long)given.address);
	fill = fill_packet(given.address + 4, 4, 42);
	error = context_create(other, &context);
	if (!error)
		error = run(other, context, &fill, 1);
	if (error || given.words[0] != CANARY || given.words[1] != 42)
		return no("job of the importer: %d, words 0x%x 0x%x", error, given.words[0],
			  given.words[1]);
	close(prime.fd);
	close(fd);
	close(other);
	/* The mapping keeps the buffer. */
	words[0]++;
	munmap(words, BYTES);
	return true;
}

/* A buffer of another driver, whose pages lie about: jobs read and write it. */
static bool test_import(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = 3 * 4096 };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd = open_node(), memory, error;
	struct drm_prime_handle prime = { 0 };
	struct drm_refgpu_bo_info info = { 0 };
	struct refgpu_copy copies[2];
	struct buffer buffer;
	uint32_t context = 0, i, *words;

	if (device < 0)
		return no(SKIP "this kernel has no udmabuf");
	memory = memfd_create("import", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory < 0 || ftruncate(memory, (off_t)create.size) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		return no("memfd: %s", strerror(errno));
	words = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (words == MAP_FAILED)
		return no("mmap: %s", strerror(errno));
	for (i = 0; i < create.size / 4; i++)
		words[i] = CANARY + i;
	create.memfd = (uint32_t)memory;
	prime.fd = ioctl(device, UDMABUF_CREATE, &create);
	if (prime.fd < 0)
		return no("udmabuf: %s", strerror(errno));
	error = call(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	if (error)
		return no("import: %s", strerror(-error));
	info.handle = prime.handle;
	error = call(fd, DRM_IOCTL_REFGPU_BO_INFO, &info);
	if (error || info.size != create.size || info.address < REFGPU_SYSMEM_APERTURE)
		return no("info: %d, %llu bytes at 0x%llx", error, (unsigned long long)info.size,
			  (unsigned long long)info.address);
	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &buffer);
	if (!error)
		error = context_create(fd, &context);
	/* In, and back to another page. */
	copies[0] = copy_packet(buffer.address, info.address, create.size);
	copies[1] = copy_packet(info.address, buffer.address + 4096, 4096);
	if (!error)
		error = run(fd, context, copies, 2);
	if (error || context_status(fd, context).state)
		return no("jobs: %d, error %u at 0x%llx", error, context_status(fd, context).error,
			  (unsigned long long)context_status(fd, context).address);
	for (i = 0; i < create.size / 4; i++)
		if (buffer.words[i] != CANARY + i)
			return no("word %u arrived as 0x%x", i, buffer.words[i]);
	for (i = 0; i < 1024; i++)
		if (words[i] != CANARY + 1024 + i)
			return no("word %u came back as 0x%x", i, words[i]);
	return true;
}

static bool test_many_contexts(void)
{
	int fd = open_node(), error = 0, i;
	struct buffer buffer;
	struct refgpu_fill fill;
	static uint32_t context[1000];

	error = buffer_create(fd, DRM_REFGPU_BO_VRAM, BYTES, &buffer);
	for (i = 0; i < 1000 && !error; i++) {
		error = context_create(fd, &context[i]);
		fill = fill_packet(buffer.address + (uint64_t)i * 4, 4, (uint32_t)i);
		if (!error)
			error = submit(fd, context[i], &fill, 1, 0);
	}
	if (error)
		return no("context %d: %s", i, strerror(-error));
	{
		struct drm_refgpu_bo_wait wait = {
			.handle = buffer.handle, .timeout_ns = now_ns() + PATIENCE_NS,
		};

		error = call(fd, DRM_IOCTL_REFGPU_BO_WAIT, &wait);
	}
	if (error)
		return no("wait: %s", strerror(-error));
	for (i = 0; i < 1000; i++)
		if (buffer.words[i] != (uint32_t)i)
			return no("job %d was not executed: word 0x%x", i, buffer.words[i]);
	close(fd);
	return true;
}

static bool test_kill(void)
{
	int fd = open_node(), round, status;
	uint64_t room = param(fd, DRM_REFGPU_PARAM_VRAM_FREE), left = 0;
	int i;

	for (round = 0; round < 8; round++) {
		pid_t child = fork();

		if (!child) {
			int own = open_node();
			struct refgpu_fill fill;
			struct buffer buffer;
			uint32_t context;

			if (context_create(own, &context) ||
			    buffer_create(own, DRM_REFGPU_BO_VRAM, 4 << 20, &buffer))
				_exit(1);
			fill = fill_packet(buffer.address, buffer.size, 7);
			while (!submit(own, context, &fill, 1, 0))
				;
			_exit(2);
		}
		usleep(50000 + (unsigned int)round * 20000);
		kill(child, SIGKILL);
		if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
			return no("round %d: the child ended by itself, status 0x%x", round,
				  status);
	}
	for (i = 0; i < 500 && left != room; i++) {
		usleep(20000);
		left = param(fd, DRM_REFGPU_PARAM_VRAM_FREE);
	}
	if (left != room)
		return no("%llu of %llu bytes came back", (unsigned long long)left,
			  (unsigned long long)room);
	close(fd);
	return true;
}

static bool test_fdinfo(void)
{
	char path[64], line[256];
	unsigned long long busy = 0, vram = 0, value;
	int fd = open_node(), error, i;
	struct refgpu_fill fill;
	struct buffer buffer = { 0 };
	uint32_t context;
	FILE *file;

	error = context_create(fd, &context);
	if (!error)
		error = buffer_create(fd, DRM_REFGPU_BO_VRAM, 16 << 20, &buffer);
	fill = fill_packet(buffer.address, buffer.size, 1);
	for (i = 0; i < 8 && !error; i++)
		error = run(fd, context, &fill, 1);
	if (error)
		return no("set-up: %s", strerror(-error));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "drm-engine-compute: %llu ns", &value) == 1)
			busy = value;
		if (sscanf(line, "drm-total-vram: %llu KiB", &value) == 1)
			vram = value;
	}
	if (file)
		fclose(file);
	if (!busy || vram != 16384)
		return no("busy %llu ns, video memory %llu KiB", busy, vram);
	close(fd);
	return true;
}

static const struct test {
	const char *name;
	bool (*run)(void);
	bool needs_host; /* runs only when it is named: the host has to do something */
} tests[] = {
	{ "params", test_params, false },
	{ "buffers", test_buffers, false },
	{ "fill-and-copy", test_fill_and_copy, false },
	{ "dispatch", test_dispatch, false },
	{ "opcodes", test_opcodes, false },
	{ "isolation", test_isolation, false },
	{ "readonly", test_readonly, false },
	{ "close-under-job", test_close_under_job, false },
	{ "timeline", test_timeline, false },
	{ "core-dump", test_dump, false },
	{ "hang", test_hang, false },
	{ "prime", test_prime, false },
	{ "import", test_import, false },
	{ "many-contexts", test_many_contexts, false },
	{ "kill-9", test_kill, false },
	{ "fdinfo", test_fdinfo, false },
	{ "reset-by-host", test_reset_by_host, true },
	{ "revoked", test_revoked, true },
	{ "death", test_death, true },
	{ "sleep-freeze", test_sleep_freeze, true },
	{ "sleep-mem", test_sleep_mem, true },
	{ "sleep-reset", test_sleep_reset, true },
	{ "sleep-disk", test_sleep_disk, true },
	{ "sleep-refused", test_sleep_refused, true },
	{ "sleep-resets", test_sleep_resets, true },
	{ "unbind-fences", test_unbind_fences, true },
	{ "unbind-picture", test_unbind_picture, true },
	{ "unbind-memory", test_unbind_memory, true },
};

static bool run_test(const struct test *test)
{
	pid_t child;
	int status;

	reason[0] = '\0';
	fflush(stdout);
	child = fork();
	if (!child) {
		bool good = test->run();

		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return no("no process: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return no("killed by signal %d", WTERMSIG(status));
	return status == 0;
}

int main(int argc, char **argv)
{
	const struct test *test;
	uint64_t begin;
	int i;

	if (argc > 1 && argv[1][0] == '/') {
		node = argv[1];
		argv++;
		argc--;
	}
	reason = mmap(NULL, REASON_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (reason == MAP_FAILED)
		return 1;
	for (test = tests; test < tests + sizeof(tests) / sizeof(tests[0]); test++) {
		bool wanted = argc == 1 && !test->needs_host;

		for (i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], test->name);
		if (!wanted)
			continue;
		begin = rt_now_ns();
		if (run_test(test)) {
			passed++;
			printf("ok %s (%.2f s)\n", test->name,
			       (double)(rt_now_ns() - begin) / 1e9);
		} else if (!strncmp(reason, SKIP, strlen(SKIP))) {
			skipped++;
			printf("skip %s: %s\n", test->name, reason + strlen(SKIP));
		} else {
			failed++;
			printf("not ok %s: %s\n", test->name, reason);
		}
		fflush(stdout);
	}
	printf("%u passed, %u failed", passed, failed);
	if (skipped)
		printf(", %u skipped", skipped);
	printf("\n");
	return failed ? 1 : 0;
}
