// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_drm.c - a made-up kernel, see fake_drm.h
 */
#include "fake_drm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "refgpu_drm.h"
#include "refgpu_hw.h"

#define GRANULE		0x10000u
#define APERTURE	(1ULL << 40)	/* address of system memory */
#define OFFSETS		(1ULL << 32)	/* of mmap(): no file of 4 GiB has them */
#define SLOTS		256		/* of everything that has a number */
#define FILES		16		/* nodes that are open at once */
#define DESCRIPTORS	1024

struct object {
	uint64_t at, size; /* in the memory */
	uint32_t flags;
	unsigned int users;
};

struct syncobj {
	uint64_t reached, promised;
	unsigned int users;
};

struct job {
	struct job *next;
	uint8_t packets[DRM_REFGPU_SUBMIT_PACKETS_MAX * REFGPU_PACKET_SIZE];
	uint32_t packet_count, sync_count, bo_count;
	struct drm_refgpu_sync syncs[DRM_REFGPU_SUBMIT_SYNCS_MAX];
	struct syncobj *syncobj[DRM_REFGPU_SUBMIT_SYNCS_MAX];
	struct object *bo[DRM_REFGPU_SUBMIT_BOS_MAX];
};

struct context {
	struct drm_refgpu_context_status status;
	struct job *jobs;
	unsigned int job_count;
	uint64_t seqno;
	struct file *file;
};

/* What an open node is; handle and id are the number of the slot. */
struct file {
	int major;
	const char *driver;
	struct object *object[SLOTS];
	struct syncobj *syncobj[SLOTS];
	struct context *context[SLOTS];
};

/* What a file descriptor of the process stands for; one of the three. */
struct descriptor {
	struct file *file;
	struct object *object;
	struct syncobj *syncobj;
};

struct fake fake;
static struct descriptor descriptors[DESCRIPTORS];
static struct file *files[FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static uint64_t next_at;
static int memory_file = -1;
static uint8_t *memory;
static _Thread_local bool in_kernel; /* whose memory does not run out */

static bool runs_out(void)
{
	return !in_kernel && fake.allocations && !--fake.allocations;
}

void *__wrap_malloc(size_t size)
{
	return runs_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return runs_out() ? NULL : __real_calloc(count, size);
}

static void enter(void)
{
	pthread_mutex_lock(&lock);
	in_kernel = true;
}

static void leave(void)
{
	in_kernel = false;
	pthread_mutex_unlock(&lock);
}

/* ---------------------------------------------------------- slots and files */

/* A free slot of a table of pointers, never the first, as handles are never 0. */
static uint32_t slot(void *table)
{
	void **slots = table;
	uint32_t i;

	for (i = 1; i < SLOTS; i++)
		if (!slots[i])
			return i;
	abort();
}

static struct object *object_of(const struct file *file, uint32_t handle)
{
	return handle < SLOTS ? file->object[handle] : NULL;
}

static struct syncobj *syncobj_of(const struct file *file, uint32_t handle)
{
	return handle < SLOTS ? file->syncobj[handle] : NULL;
}

static struct context *context_of(const struct file *file, uint32_t id)
{
	return id < SLOTS ? file->context[id] : NULL;
}

static void object_put(struct object *object)
{
	if (!--object->users)
		free(object);
}

static void syncobj_put(struct syncobj *syncobj)
{
	if (!--syncobj->users)
		free(syncobj);
}

static void job_free(struct job *job)
{
	uint32_t i;

	for (i = 0; i < job->sync_count; i++)
		syncobj_put(job->syncobj[i]);
	for (i = 0; i < job->bo_count; i++)
		object_put(job->bo[i]);
	free(job);
}

static void context_free(struct context *context)
{
	struct job *job;

	while ((job = context->jobs)) {
		context->jobs = job->next;
		job_free(job);
	}
	free(context);
}

static void file_free(struct file *file)
{
	uint32_t i;

	for (i = 0; i < SLOTS; i++) {
		if (file->context[i])
			context_free(file->context[i]);
		if (file->object[i])
			object_put(file->object[i]);
		if (file->syncobj[i])
			syncobj_put(file->syncobj[i]);
	}
	for (i = 0; i < FILES; i++)
		if (files[i] == file)
			files[i] = NULL;
	free(file);
}

static int descriptor(struct descriptor content)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	if (fd < 0 || fd >= DESCRIPTORS)
		abort();
	descriptors[fd] = content;
	return fd;
}

int __wrap_open64(const char *path, int flags, ...)
{
	static const struct {
		const char *path, *driver;
		int major;
	} nodes[] = {
		{ FAKE_CARD, "refgpu", 1 },
		{ FAKE_OTHER, "i915", 1 },
		{ FAKE_NODE, "refgpu", 1 },
		{ FAKE_NEWER, "refgpu", 2 },
	};
	struct file *file;
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (strcmp(path, nodes[i].path))
			continue;
		if (flags != (O_RDWR | O_CLOEXEC))
			abort();
		if (fake.gone && !strcmp(nodes[i].driver, "refgpu")) {
			errno = ENOENT;
			return -1;
		}
		if (fake.other_denied && !strcmp(path, FAKE_OTHER)) {
			errno = EACCES;
			return -1;
		}
		enter();
		file = calloc(1, sizeof(*file));
		file->driver = nodes[i].driver;
		file->major = nodes[i].major;
		for (i = 0; files[i];)
			if (++i == FILES)
				abort();
		files[i] = file;
		fd = descriptor((struct descriptor) { .file = file });
		leave();
		return fd;
	}
	return __real_open64(path, flags, 0600);
}

int __wrap_close(int fd)
{
	enter();
	if (fd >= 0 && fd < DESCRIPTORS) {
		if (descriptors[fd].file)
			file_free(descriptors[fd].file);
		if (descriptors[fd].object)
			object_put(descriptors[fd].object);
		if (descriptors[fd].syncobj)
			syncobj_put(descriptors[fd].syncobj);
		descriptors[fd] = (struct descriptor) { 0 };
	}
	leave();
	return __real_close(fd);
}

int __wrap_scandir64(const char *path, struct dirent ***entries,
		     int (*filter)(const struct dirent *),
		     int (*compare)(const struct dirent **, const struct dirent **))
{
	static const char *const names[] = {
		".", "..", "by-path", "card0", "renderD130", "renderD129", "renderD128",
	};
	unsigned int i, count = 0;

	if (strcmp(path, "/dev/dri"))
		abort();
	if (fake.gone && fake.other_denied) {
		errno = ENOENT;
		return -1;
	}
	enter();
	*entries = malloc(sizeof(names)); /* as many pointers */
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dirent *entry = calloc(1, sizeof(*entry));

		strcpy(entry->d_name, names[i]);
		if (filter(entry))
			(*entries)[count++] = entry;
		else
			free(entry);
	}
	leave();
	qsort(*entries, count, sizeof(**entries), (int (*)(const void *, const void *))compare);
	return (int)count;
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	struct file *file = fd >= 0 && fd < DESCRIPTORS ? descriptors[fd].file : NULL;
	uint32_t i;

	if (!file)
		return __real_mmap64(at, size, protection, flags, fd, offset);
	for (i = 1; i < SLOTS; i++)
		if (file->object[i] && OFFSETS + file->object[i]->at == (uint64_t)offset &&
		    file->object[i]->size == size)
			return __real_mmap64(at, size, protection, flags, memory_file,
					     offset - (off_t)OFFSETS);
	errno = EACCES;
	return MAP_FAILED;
}

/* --------------------------------------------------------------------- jobs */

/* Where an address of a job is, NULL: the file has no buffer there, or may not write it. */
static void *reach(const struct file *file, uint64_t address, uint64_t bytes, bool write)
{
	uint32_t i;

	for (i = 1; i < SLOTS; i++) {
		const struct object *object = file->object[i];
		uint64_t begin;

		if (!object || (write && object->flags & DRM_REFGPU_BO_GPU_READONLY))
			continue;
		begin = object->at + (object->flags & DRM_REFGPU_BO_SYSTEM ? APERTURE : 0);
		if (address >= begin && address - begin + bytes <= object->size)
			return memory + object->at + (address - begin);
	}
	return NULL;
}

static void guilty(struct context *context, uint32_t error, uint64_t address, uint64_t where)
{
	context->status.state = DRM_REFGPU_CONTEXT_GUILTY;
	context->status.error = error;
	context->status.address = address;
	context->status.where = where;
}

static void execute(struct context *context, const struct job *job)
{
	uint64_t i, j;

	for (i = 0; i < job->packet_count; i++) {
		const void *packet = job->packets + i * REFGPU_PACKET_SIZE;
		const struct refgpu_fill *fill = packet;
		const struct refgpu_copy *copy = packet;
		void *target, *source;

		switch (fill->header.opcode) {
		case REFGPU_OP_FILL:
			target = reach(context->file, fill->target, fill->bytes, true);
			if (!target)
				return guilty(context, REFGPU_ERROR_ADDRESS, fill->target, i);
			for (j = 0; j < fill->bytes / 4; j++)
				((uint32_t *)target)[j] = fill->pattern;
			break;
		case REFGPU_OP_COPY:
			source = reach(context->file, copy->source, copy->bytes, false);
			target = reach(context->file, copy->target, copy->bytes, true);
			if (!source || !target)
				return guilty(context, REFGPU_ERROR_ADDRESS,
					      source ? copy->target : copy->source, i);
			memmove(target, source, copy->bytes);
			break;
		}
	}
}

static bool may_begin(const struct job *job)
{
	uint32_t i;

	for (i = 0; i < job->sync_count; i++)
		if (job->syncs[i].flags & DRM_REFGPU_SYNC_IN &&
		    job->syncobj[i]->reached < job->syncs[i].point)
			return false;
	return !fake.hold;
}

/* Executes what can be. Jobs of a context that is guilty or lost end without. */
static void advance(void)
{
	bool again = true;
	uint32_t i, j;

	while (again) {
		again = false;
		for (i = 0; i < FILES * SLOTS; i++) {
			struct file *file = files[i / SLOTS];
			struct context *context = file ? file->context[i % SLOTS] : NULL;
			struct job *job = context ? context->jobs : NULL;

			if (!job || !(context->status.state || may_begin(job)))
				continue;
			if (!context->status.state)
				execute(context, job);
			for (j = 0; j < job->sync_count; j++)
				if (job->syncs[j].flags & DRM_REFGPU_SYNC_OUT &&
				    job->syncobj[j]->reached < job->syncs[j].point)
					job->syncobj[j]->reached = job->syncs[j].point;
			context->jobs = job->next;
			context->job_count--;
			job_free(job);
			again = true;
		}
	}
	pthread_cond_broadcast(&changed);
}

/* Waits for a change, until an absolute time as of the kernel. */
static bool wait_until(int64_t end)
{
	struct timespec time = { end / 1000000000, end % 1000000000 };

	if (end == INT64_MAX)
		return !pthread_cond_wait(&changed, &lock);
	return end && !pthread_cond_timedwait(&changed, &lock, &time);
}

static int submit(struct file *file, struct drm_refgpu_submit *args)
{
	const struct drm_refgpu_sync *syncs = (void *)(uintptr_t)args->syncs;
	const uint32_t *bos = (void *)(uintptr_t)args->bos;
	struct context *context = context_of(file, args->context);
	struct job *job, **end;
	uint32_t i, j;

	if (args->flags || args->pad || args->packet_count > DRM_REFGPU_SUBMIT_PACKETS_MAX ||
	    args->sync_count > DRM_REFGPU_SUBMIT_SYNCS_MAX ||
	    args->bo_count > DRM_REFGPU_SUBMIT_BOS_MAX)
		return -EINVAL;
	if (!context)
		return -ENOENT;
	while (context->job_count >= FAKE_JOBS)
		wait_until(INT64_MAX);
	if (context->status.state == DRM_REFGPU_CONTEXT_GUILTY ||
	    context->status.state == DRM_REFGPU_CONTEXT_LOST)
		return -ECANCELED;
	for (i = 0; i < args->bo_count; i++) {
		if (!object_of(file, bos[i]))
			return -ENOENT;
		for (j = 0; j < i; j++)
			if (bos[i] == bos[j])
				return -EINVAL;
	}
	for (i = 0; i < args->sync_count; i++) {
		struct syncobj *syncobj = syncobj_of(file, syncs[i].handle);

		if (!syncobj)
			return -ENOENT;
		if (!syncs[i].flags || syncs[i].flags & ~3u || !syncs[i].point)
			return -EINVAL;
		if (syncs[i].flags & DRM_REFGPU_SYNC_IN && syncs[i].point > syncobj->promised)
			return -EINVAL;
	}
	for (i = 0; i < args->packet_count; i++) {
		const struct refgpu_packet_header *header =
			(void *)(uintptr_t)(args->packets + i * REFGPU_PACKET_SIZE);

		if (header->opcode > REFGPU_OP_DISPATCH &&
		    header->opcode != REFGPU_OP_TIMESTAMP)
			return -EINVAL;
	}
	job = calloc(1, sizeof(*job));
	job->packet_count = args->packet_count;
	job->sync_count = args->sync_count;
	job->bo_count = args->bo_count;
	if (args->packet_count)
		memcpy(job->packets, (void *)(uintptr_t)args->packets,
		       args->packet_count * REFGPU_PACKET_SIZE);
	for (i = 0; i < args->sync_count; i++) {
		job->syncs[i] = syncs[i];
		job->syncobj[i] = file->syncobj[syncs[i].handle];
		job->syncobj[i]->users++;
		if (syncs[i].flags & DRM_REFGPU_SYNC_OUT &&
		    syncs[i].point > job->syncobj[i]->promised)
			job->syncobj[i]->promised = syncs[i].point;
	}
	for (i = 0; i < args->bo_count; i++) {
		job->bo[i] = file->object[bos[i]];
		job->bo[i]->users++;
	}
	for (end = &context->jobs; *end;)
		end = &(*end)->next;
	*end = job;
	context->job_count++;
	args->seqno = ++context->seqno;
	advance();
	return 0;
}

/* Jobs that use an object; all of the file, if it is private. */
static bool used(const struct file *file, const struct object *object)
{
	uint32_t i, j;

	for (i = 1; i < SLOTS; i++) {
		const struct job *job = file->context[i] ? file->context[i]->jobs : NULL;

		for (; job; job = job->next) {
			if (!(object->flags & DRM_REFGPU_BO_SHARED))
				return true;
			for (j = 0; j < job->bo_count; j++)
				if (job->bo[j] == object)
					return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------- ioctls */

static int bo_create(struct file *file, struct drm_refgpu_bo_create *args)
{
	uint32_t place = args->flags & (DRM_REFGPU_BO_VRAM | DRM_REFGPU_BO_SYSTEM);
	struct object *object;

	if (!args->size || args->flags & ~15u || (place != DRM_REFGPU_BO_VRAM &&
						  place != DRM_REFGPU_BO_SYSTEM))
		return -EINVAL;
	if (args->size > FAKE_VRAM || next_at + args->size + GRANULE > FAKE_VRAM)
		return -ENOSPC;
	args->size = (args->size + GRANULE - 1) & ~(uint64_t)(GRANULE - 1);
	object = calloc(1, sizeof(*object));
	*object = (struct object) { next_at, args->size, args->flags, 1 };
	next_at += args->size;
	memset(memory + object->at, 0, object->size);
	args->handle = slot(file->object);
	args->address = object->at + (place == DRM_REFGPU_BO_SYSTEM ? APERTURE : 0);
	args->mmap_offset = OFFSETS + object->at;
	file->object[args->handle] = object;
	return 0;
}

static int bo_info(struct file *file, struct drm_refgpu_bo_info *args)
{
	const struct object *object = object_of(file, args->handle);

	if (!object)
		return -ENOENT;
	args->flags = object->flags;
	args->size = object->size;
	args->address = object->at + (object->flags & DRM_REFGPU_BO_SYSTEM ? APERTURE : 0);
	args->mmap_offset = OFFSETS + object->at;
	return 0;
}

static int bo_wait(struct file *file, const struct drm_refgpu_bo_wait *args)
{
	const struct object *object = object_of(file, args->handle);

	if (!object)
		return -ENOENT;
	if (args->flags & ~DRM_REFGPU_BO_WAIT_WRITERS)
		return -EINVAL;
	while (used(file, object))
		if (!wait_until(args->timeout_ns))
			return -ETIME;
	return 0;
}

static int gem_close(struct file *file, const struct drm_gem_close *args)
{
	struct object *object = object_of(file, args->handle);

	if (!object)
		return -EINVAL;
	file->object[args->handle] = NULL;
	object_put(object);
	return 0;
}

static int handle_to_fd(struct file *file, struct drm_prime_handle *args)
{
	struct object *object = object_of(file, args->handle);

	if (!object)
		return -ENOENT;
	if (args->flags != (DRM_RDWR | DRM_CLOEXEC))
		return -EINVAL;
	if (!(object->flags & DRM_REFGPU_BO_SHARED))
		return -EPERM;
	object->users++;
	args->fd = descriptor((struct descriptor) { .object = object });
	return 0;
}

/* A file has one handle of an object. */
static int fd_to_handle(struct file *file, struct drm_prime_handle *args)
{
	struct object *object;

	if (args->fd < 0 || args->fd >= DESCRIPTORS)
		return -EBADF;
	object = descriptors[args->fd].object;
	if (!object)
		return -EINVAL;
	for (args->handle = 1; args->handle < SLOTS; args->handle++)
		if (file->object[args->handle] == object)
			return 0;
	args->handle = slot(file->object);
	file->object[args->handle] = object;
	object->users++;
	return 0;
}

static int context_create(struct file *file, struct drm_refgpu_context_create *args)
{
	struct context *context;

	if (args->flags || args->pad)
		return -EINVAL;
	if (args->priority > 0)
		return -EACCES;
	context = calloc(1, sizeof(*context));
	context->file = file;
	args->id = slot(file->context);
	context->status.id = args->id;
	file->context[args->id] = context;
	return 0;
}

static int syncobj_new(struct file *file, struct syncobj *syncobj, uint32_t *handle)
{
	if (!syncobj)
		syncobj = calloc(1, sizeof(*syncobj));
	syncobj->users++;
	*handle = slot(file->syncobj);
	file->syncobj[*handle] = syncobj;
	return 0;
}

/* What the calls on arrays do with each; here there is always one. */
static struct syncobj *syncobj_one(struct file *file, uint64_t handles, uint32_t count)
{
	uint32_t handle = *(uint32_t *)(uintptr_t)handles;

	if (count != 1)
		abort();
	return syncobj_of(file, handle);
}

static int timeline_wait(struct file *file, const struct drm_syncobj_timeline_wait *args)
{
	struct syncobj *syncobj = syncobj_one(file, args->handles, args->count_handles);
	uint64_t point = *(uint64_t *)(uintptr_t)args->points;

	if (!syncobj)
		return -ENOENT;
	if (point > syncobj->promised && !(args->flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT))
		return -EINVAL;
	while (syncobj->reached < point)
		if (!wait_until(args->timeout_nsec))
			return -ETIME;
	return 0;
}

static int timeline_signal(struct file *file, const struct drm_syncobj_timeline_array *args)
{
	struct syncobj *syncobj = syncobj_one(file, args->handles, args->count_handles);

	if (!syncobj)
		return -ENOENT;
	syncobj->reached = *(uint64_t *)(uintptr_t)args->points;
	if (syncobj->promised < syncobj->reached)
		syncobj->promised = syncobj->reached;
	advance();
	return 0;
}

static int answer(struct file *file, unsigned long request, void *data)
{
	union {
		struct drm_version version;
		struct drm_gem_close gem_close;
		struct drm_prime_handle prime;
		struct drm_syncobj_create create;
		struct drm_syncobj_destroy destroy;
		struct drm_syncobj_handle handle;
		struct drm_syncobj_timeline_array array;
		struct drm_refgpu_get_param param;
		struct drm_refgpu_context_destroy context_destroy;
		struct drm_refgpu_context_status status;
	} *args = data;
	struct syncobj *syncobj;
	struct context *context;
	size_t length;

	switch (request) {
	case DRM_IOCTL_VERSION:
		length = strlen(file->driver);
		args->version.version_major = file->major;
		memcpy(args->version.name, file->driver,
		       length < args->version.name_len ? length : args->version.name_len);
		args->version.name_len = length;
		return 0;
	case DRM_IOCTL_REFGPU_GET_PARAM:
		if (args->param.param > DRM_REFGPU_PARAM_HOST_VERSION || args->param.pad)
			return -EINVAL;
		args->param.value = args->param.param == DRM_REFGPU_PARAM_VRAM_SIZE ? FAKE_VRAM :
				    args->param.param == DRM_REFGPU_PARAM_ISOLATION;
		return 0;
	case DRM_IOCTL_REFGPU_BO_CREATE:
		return bo_create(file, data);
	case DRM_IOCTL_REFGPU_BO_INFO:
		return bo_info(file, data);
	case DRM_IOCTL_REFGPU_BO_WAIT:
		return bo_wait(file, data);
	case DRM_IOCTL_GEM_CLOSE:
		return gem_close(file, data);
	case DRM_IOCTL_PRIME_HANDLE_TO_FD:
		return handle_to_fd(file, data);
	case DRM_IOCTL_PRIME_FD_TO_HANDLE:
		return fd_to_handle(file, data);
	case DRM_IOCTL_REFGPU_CONTEXT_CREATE:
		return context_create(file, data);
	case DRM_IOCTL_REFGPU_CONTEXT_DESTROY:
		context = context_of(file, args->context_destroy.id);
		if (!context)
			return -ENOENT;
		context->status.state = DRM_REFGPU_CONTEXT_LOST;
		advance();
		file->context[args->context_destroy.id] = NULL;
		context_free(context);
		return 0;
	case DRM_IOCTL_REFGPU_CONTEXT_STATUS:
		context = context_of(file, args->status.id);
		if (!context)
			return -ENOENT;
		if (args->status.pad)
			return -EINVAL;
		args->status = context->status;
		return 0;
	case DRM_IOCTL_REFGPU_SUBMIT:
		return submit(file, data);
	case DRM_IOCTL_SYNCOBJ_CREATE:
		return args->create.flags ? -EINVAL :
		       syncobj_new(file, NULL, &args->create.handle);
	case DRM_IOCTL_SYNCOBJ_DESTROY:
		syncobj = syncobj_of(file, args->destroy.handle);
		if (!syncobj)
			return -EINVAL;
		file->syncobj[args->destroy.handle] = NULL;
		syncobj_put(syncobj);
		return 0;
	case DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD:
		syncobj = syncobj_of(file, args->handle.handle);
		if (!syncobj || args->handle.flags || args->handle.pad)
			return -EINVAL;
		syncobj->users++;
		args->handle.fd = descriptor((struct descriptor) { .syncobj = syncobj });
		return 0;
	case DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE:
		if (args->handle.fd < 0 || args->handle.fd >= DESCRIPTORS || args->handle.flags ||
		    !descriptors[args->handle.fd].syncobj)
			return -EINVAL;
		return syncobj_new(file, descriptors[args->handle.fd].syncobj,
				   &args->handle.handle);
	case DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT:
		return timeline_wait(file, data);
	case DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL:
		return timeline_signal(file, data);
	case DRM_IOCTL_SYNCOBJ_QUERY:
		syncobj = syncobj_one(file, args->array.handles, args->array.count_handles);
		if (!syncobj)
			return -ENOENT;
		*(uint64_t *)(uintptr_t)args->array.points = syncobj->reached;
		return 0;
	default:
		return -EINVAL;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct file *file;
	va_list arguments;
	void *data;
	int error;

	va_start(arguments, request);
	data = va_arg(arguments, void *);
	va_end(arguments);
	enter();
	file = fd >= 0 && fd < DESCRIPTORS ? descriptors[fd].file : NULL;
	if (!file) {
		leave();
		return __real_ioctl(fd, request, data);
	}
	fake.calls++;
	if (fake.interrupts) {
		fake.interrupts--;
		error = fake.interrupts % 2 ? -EINTR : -EAGAIN;
	} else if (request == fake.fail_request) {
		error = -fake.fail_error;
	} else {
		error = answer(file, request, data);
	}
	leave();
	errno = -error;
	return error ? -1 : 0;
}

/* --------------------------------------------------------------- for tests */

/** fake_reset() - a kernel that has just booted */
void fake_reset(void)
{
	pthread_condattr_t attributes;

	if (!memory) {
		memory_file = memfd_create("memory", MFD_CLOEXEC);
		if (ftruncate(memory_file, FAKE_VRAM))
			abort();
		memory = __real_mmap64(NULL, FAKE_VRAM, PROT_READ | PROT_WRITE, MAP_SHARED,
				       memory_file, 0);
		pthread_condattr_init(&attributes);
		pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
		pthread_cond_init(&changed, &attributes);
		pthread_condattr_destroy(&attributes);
	}
	fake = (struct fake) { 0 };
	next_at = GRANULE;
}

/** fake_left() - how many handles, contexts, open nodes and exported files are left */
unsigned int fake_left(void)
{
	unsigned int left = 0, i, j;

	enter();
	for (i = 0; i < DESCRIPTORS; i++) {
		const struct file *file = descriptors[i].file;

		left += !!file + !!descriptors[i].object + !!descriptors[i].syncobj;
		for (j = 0; file && j < SLOTS; j++)
			left += !!file->object[j] + !!file->syncobj[j] + !!file->context[j];
	}
	leave();
	return left;
}

/** fake_release() - end of fake.hold */
void fake_release(void)
{
	enter();
	fake.hold = false;
	advance();
	leave();
}

/** fake_lose() - a reset takes a context's jobs */
void fake_lose(uint32_t context)
{
	unsigned int i;

	enter();
	for (i = 0; i < FILES; i++)
		if (files[i] && context_of(files[i], context))
			files[i]->context[context]->status.state = DRM_REFGPU_CONTEXT_LOST;
	advance();
	leave();
}
