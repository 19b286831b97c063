// SPDX-License-Identifier: GPL-2.0-only
/*
 * client.c - the uAPI of the guest's driver, for tests
 *
 * No library of the driver's: the ioctls as a hostile program would call them.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const char *node = "/dev/dri/renderD128";

/**
 * call - an ioctl, restarted when a signal came
 * @fd: file of the device
 * @request: the ioctl
 * @argument: its argument
 *
 * Return: 0 or -errno.
 */
int call(int fd, unsigned long request, void *argument)
{
	int result;

	do {
		result = ioctl(fd, request, argument);
	} while (result && (errno == EINTR || errno == EAGAIN));
	return result ? -errno : 0;
}

/** now_ns - CLOCK_MONOTONIC */
int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/** open_node - a file of @node; the program ends when there is none */
int open_node(void)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("# %s: %s\n", node, strerror(errno));
		exit(1);
	}
	return fd;
}

/**
 * card_of_node - where the card node of @node's device is
 * @path: receives it
 * @size: of @path
 *
 * Return: whether there is one.
 */
bool card_of_node(char *path, size_t size)
{
	char pattern[128];
	glob_t cards;

	snprintf(pattern, sizeof(pattern), "/sys/class/drm/%s/device/drm/card*",
		 strrchr(node, '/') + 1);
	if (glob(pattern, 0, NULL, &cards))
		return false;
	snprintf(path, size, "/dev/dri/%s", strrchr(cards.gl_pathv[0], '/') + 1);
	globfree(&cards);
	return true;
}

/**
 * param - ask the driver for a number
 * @fd: file of the device
 * @number: DRM_REFGPU_PARAM_*
 *
 * Return: all ones: it does not know it.
 */
uint64_t param(int fd, uint32_t number)
{
	struct drm_refgpu_get_param args = { .param = number };

	return call(fd, DRM_IOCTL_REFGPU_GET_PARAM, &args) ? UINT64_MAX : args.value;
}

/**
 * buffer_create - make a buffer and map it
 * @fd: file of the device
 * @flags: DRM_REFGPU_BO_*
 * @size: bytes
 * @buffer: receives what it is
 */
int buffer_create(int fd, uint32_t flags, uint64_t size, struct buffer *buffer)
{
	struct drm_refgpu_bo_create args = { .size = size, .flags = flags };
	int error = call(fd, DRM_IOCTL_REFGPU_BO_CREATE, &args);

	if (error)
		return error;
	buffer->handle = args.handle;
	buffer->address = args.address;
	buffer->size = args.size;
	buffer->words = mmap(NULL, args.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			     (off_t)args.mmap_offset);
	return buffer->words == MAP_FAILED ? -errno : 0;
}

/**
 * buffer_close - give a buffer up
 * @fd: its file
 * @buffer: the buffer
 */
void buffer_close(int fd, struct buffer *buffer)
{
	struct drm_gem_close args = { .handle = buffer->handle };

	munmap(buffer->words, buffer->size);
	call(fd, DRM_IOCTL_GEM_CLOSE, &args);
}

/** isolates - can the GPU of file @fd keep files apart? */
bool isolates(int fd)
{
	return param(fd, DRM_REFGPU_PARAM_ISOLATION) == 1;
}

/**
 * context_create - make a context of normal priority
 * @fd: file of the device
 * @id: receives its number
 *
 * Where files are not kept apart, the last one may have been closed a moment ago, and
 * its jobs are still about: they are waited for.
 */
int context_create(int fd, uint32_t *id)
{
	struct drm_refgpu_context_create args = { 0 };
	int error, i;

	for (i = 0; i < 500; i++) {
		error = call(fd, DRM_IOCTL_REFGPU_CONTEXT_CREATE, &args);
		if (error != -EBUSY)
			break;
		usleep(10000);
	}
	*id = args.id;
	return error;
}

/**
 * context_status - what became of a context's jobs
 * @fd: its file
 * @id: its number
 *
 * Return: state all ones: there is no such context.
 */
struct drm_refgpu_context_status context_status(int fd, uint32_t id)
{
	struct drm_refgpu_context_status args = { .id = id };

	if (call(fd, DRM_IOCTL_REFGPU_CONTEXT_STATUS, &args))
		args.state = UINT32_MAX;
	return args;
}

/** syncobj_create - make a binary syncobj in file @fd; 0: it failed */
uint32_t syncobj_create(int fd)
{
	struct drm_syncobj_create args = { 0 };

	return call(fd, DRM_IOCTL_SYNCOBJ_CREATE, &args) ? 0 : args.handle;
}

/**
 * syncobj_wait - wait until a syncobj is signalled
 * @fd: its file
 * @handle: its handle
 *
 * Return: -ETIME after a minute.
 */
int syncobj_wait(int fd, uint32_t handle)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
		.timeout_nsec = now_ns() + PATIENCE_NS,
	};

	return call(fd, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

/**
 * submit - submit a job
 * @fd: file of the device
 * @context: number of the context
 * @packets: the packets
 * @count: how many
 * @out_syncobj: signalled when the job is done; 0: none
 */
int submit(int fd, uint32_t context, const void *packets, uint32_t count,
	   uint32_t out_syncobj)
{
	struct drm_refgpu_sync sync = { .handle = out_syncobj, .flags = DRM_REFGPU_SYNC_OUT };
	struct drm_refgpu_submit args = {
		.context = context,
		.packets = (uintptr_t)packets,
		.packet_count = count,
		.syncs = (uintptr_t)&sync,
		.sync_count = out_syncobj ? 1 : 0,
	};

	return call(fd, DRM_IOCTL_REFGPU_SUBMIT, &args);
}

/**
 * fill_packet - a packet that fills one piece of memory
 * @target: where
 * @bytes: how much
 * @pattern: with what
 */
struct refgpu_fill fill_packet(uint64_t target, uint64_t bytes, uint32_t pattern)
{
	return (struct refgpu_fill) {
		.header.opcode = REFGPU_OP_FILL,
		.target = target,
		.bytes = bytes,
		.lines = 1,
		.pattern = pattern,
	};
}

/**
 * copy_packet - a packet that copies one piece of memory
 * @target: to where
 * @source: from where
 * @bytes: how much
 */
struct refgpu_copy copy_packet(uint64_t target, uint64_t source, uint64_t bytes)
{
	return (struct refgpu_copy) {
		.header.opcode = REFGPU_OP_COPY,
		.target = target,
		.source = source,
		.bytes = bytes,
		.lines = 1,
	};
}

/**
 * run - submit a job, and wait for its end
 * @fd: file of the device
 * @context: number of the context, which has the job's own error
 * @packets: the packets
 * @count: how many
 */
int run(int fd, uint32_t context, const void *packets, uint32_t count)
{
	uint32_t syncobj = syncobj_create(fd);
	struct drm_syncobj_destroy destroy = { .handle = syncobj };
	int error = submit(fd, context, packets, count, syncobj);

	if (!error)
		error = syncobj_wait(fd, syncobj);
	call(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
	return error;
}
