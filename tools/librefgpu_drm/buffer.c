// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buffer.c - memory that jobs reach
 *
 * The kernel has one handle of a buffer in a file, however often it is imported, and
 * closing it ends all of them. So each handle has one structure, which counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

/**
 * struct buffer - a buffer
 * @public: what its users see of it
 * @drm: its device
 * @next: another one of @drm
 * @users: how often it was given out
 * @offset: for mmap() of the device's file
 * @memory: where it is mapped, NULL: nowhere; guarded by the device's lock
 */
struct buffer {
	struct refgpu_drm_buffer public;
	struct refgpu_drm *drm;
	struct buffer *next;
	unsigned int users;
	uint64_t offset;
	void *memory;
};

static struct buffer *buffer_of(struct refgpu_drm_buffer *buffer)
{
	return (struct buffer *)buffer; /* its first member */
}

static void close_handle(struct refgpu_drm *drm, uint32_t handle)
{
	struct drm_gem_close args = { .handle = handle };

	refgpu_drm_call(drm, DRM_IOCTL_GEM_CLOSE, &args);
}

/* Under the device's lock. */
static struct refgpu_drm_buffer *add(struct refgpu_drm *drm, struct buffer *buffer)
{
	buffer->drm = drm;
	buffer->users = 1;
	buffer->next = drm->buffers;
	drm->buffers = buffer;
	return &buffer->public;
}

/**
 * refgpu_drm_buffer_create - make a buffer, all zero
 * @drm: the device
 * @size: bytes; it becomes a multiple of 64 KiB
 * @flags: DRM_REFGPU_BO_VRAM or _SYSTEM, and others
 * @buffer: the result, to be given to refgpu_drm_buffer_destroy()
 *
 * Return: 0, or a negative errno. -ENOSPC: there is no such room; -EINVAL: @size is 0, or
 * @flags make no sense.
 */
int refgpu_drm_buffer_create(struct refgpu_drm *drm, uint64_t size, uint32_t flags,
			     struct refgpu_drm_buffer **buffer)
{
	struct drm_refgpu_bo_create args = { .size = size, .flags = flags };
	struct buffer *new = calloc(1, sizeof(*new));
	int error;

	*buffer = NULL;
	error = new ? refgpu_drm_call(drm, DRM_IOCTL_REFGPU_BO_CREATE, &args) : -ENOMEM;
	if (error) {
		free(new);
		return refgpu_drm_fail(error, "cannot create a buffer of %llu bytes, flags 0x%x",
				       (unsigned long long)size, flags);
	}
	new->public = (struct refgpu_drm_buffer) {
		.address = args.address,
		.size = args.size,
		.handle = args.handle,
		.flags = flags,
	};
	new->offset = args.mmap_offset;
	pthread_mutex_lock(&drm->lock);
	*buffer = add(drm, new);
	pthread_mutex_unlock(&drm->lock);
	return 0;
}

/**
 * refgpu_drm_buffer_destroy - give a buffer back
 * @buffer: where it is mapped is no memory any more; NULL does nothing
 *
 * Jobs that were submitted before still reach it.
 */
void refgpu_drm_buffer_destroy(struct refgpu_drm_buffer *buffer)
{
	struct buffer *old = buffer_of(buffer), **link;
	struct refgpu_drm *drm;
	bool last;

	if (!buffer)
		return;
	drm = old->drm;
	pthread_mutex_lock(&drm->lock);
	last = !--old->users;
	if (last) {
		for (link = &drm->buffers; *link != old;)
			link = &(*link)->next;
		*link = old->next;
		close_handle(drm, buffer->handle);
	}
	pthread_mutex_unlock(&drm->lock);
	if (!last)
		return;
	if (old->memory)
		munmap(old->memory, (size_t)buffer->size);
	free(old);
}

/**
 * refgpu_drm_buffer_map - let this process reach a buffer
 * @buffer: any
 * @memory: receives where it is, the same each time
 *
 * It stays there until the buffer is given back. What is written reaches jobs that are
 * submitted afterwards. Video memory combines writes, and is slow to read.
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_buffer_map(struct refgpu_drm_buffer *buffer, void **memory)
{
	struct buffer *mine = buffer_of(buffer);
	int error = 0;

	*memory = NULL;
	if (buffer->size > SIZE_MAX)
		return refgpu_drm_fail(EOVERFLOW, "cannot map a buffer of %llu bytes",
				       (unsigned long long)buffer->size);
	pthread_mutex_lock(&mine->drm->lock);
	if (!mine->memory) {
		*memory = mmap(NULL, (size_t)buffer->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			       mine->drm->fd, (off_t)mine->offset);
		if (*memory == MAP_FAILED)
			error = refgpu_drm_fail(errno, "cannot map a buffer of %llu bytes",
						(unsigned long long)buffer->size);
		else
			mine->memory = *memory;
	}
	*memory = mine->memory;
	pthread_mutex_unlock(&mine->drm->lock);
	return error;
}

/**
 * refgpu_drm_buffer_wait - wait until no job uses a buffer
 * @buffer: one that is not SHARED: waits for all jobs of this device's file
 * @flags: 0, or DRM_REFGPU_BO_WAIT_WRITERS: not for those that only read
 * @timeout_ns: how long; 0: look only
 *
 * Return: 0, or a negative errno. -ETIME: it is still used.
 */
int refgpu_drm_buffer_wait(struct refgpu_drm_buffer *buffer, uint32_t flags,
			   int64_t timeout_ns)
{
	struct drm_refgpu_bo_wait args = {
		.handle = buffer->handle,
		.flags = flags,
		.timeout_ns = refgpu_drm_deadline(timeout_ns),
	};
	int error = refgpu_drm_call(buffer_of(buffer)->drm, DRM_IOCTL_REFGPU_BO_WAIT, &args);

	return error ? refgpu_drm_fail(error, "waiting for a buffer's jobs") : 0;
}

/**
 * refgpu_drm_buffer_export - make a dma-buf of a buffer
 * @buffer: a SHARED one
 * @fd: receives a file that keeps the buffer, to be closed
 *
 * Return: 0, or a negative errno. -EPERM: it is not SHARED.
 */
int refgpu_drm_buffer_export(struct refgpu_drm_buffer *buffer, int *fd)
{
	struct drm_prime_handle args = {
		.handle = buffer->handle,
		.flags = DRM_RDWR | DRM_CLOEXEC,
	};
	int error = refgpu_drm_call(buffer_of(buffer)->drm, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);

	if (error)
		return refgpu_drm_fail(error, "cannot export a buffer");
	*fd = args.fd;
	return 0;
}

/**
 * refgpu_drm_buffer_import - let jobs reach the buffer of a dma-buf
 * @drm: the device
 * @fd: of the dma-buf; may be closed afterwards
 * @buffer: the result, to be given to refgpu_drm_buffer_destroy() each time. What is
 *	known to @drm already has the same structure again.
 *
 * Return: 0, or a negative errno.
 */
int refgpu_drm_buffer_import(struct refgpu_drm *drm, int fd,
			     struct refgpu_drm_buffer **buffer)
{
	struct buffer *new = calloc(1, sizeof(*new)), *known;
	struct drm_prime_handle args = { .fd = fd };
	struct drm_refgpu_bo_info info = { 0 };
	int error;

	*buffer = NULL;
	if (!new)
		return refgpu_drm_fail(ENOMEM, "cannot import a buffer");
	pthread_mutex_lock(&drm->lock);
	error = refgpu_drm_call(drm, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);
	if (error)
		goto end;
	for (known = drm->buffers; known; known = known->next)
		if (known->public.handle == args.handle) {
			known->users++;
			*buffer = &known->public;
			goto end;
		}
	info.handle = args.handle;
	error = refgpu_drm_call(drm, DRM_IOCTL_REFGPU_BO_INFO, &info);
	if (error) {
		close_handle(drm, args.handle);
		goto end;
	}
	new->public = (struct refgpu_drm_buffer) {
		.address = info.address,
		.size = info.size,
		.handle = args.handle,
		.flags = info.flags,
	};
	new->offset = info.mmap_offset;
	*buffer = add(drm, new);
	new = NULL;
end:
	pthread_mutex_unlock(&drm->lock);
	free(new);
	return error ? refgpu_drm_fail(error, "cannot import a buffer") : 0;
}
