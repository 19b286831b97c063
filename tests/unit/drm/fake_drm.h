/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_drm.h - a made-up kernel for tests of librefgpu_drm: nodes in /dev/dri, and the
 * calls of refgpu.ko, with jobs that are executed
 *
 * It stands in for open(), ioctl(), mmap(), scandir() and the like of the library, by the
 * linker's --wrap. Calls with arguments that the driver refuses are refused as there.
 */
#ifndef FAKE_DRM_H
#define FAKE_DRM_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_CARD	"/dev/dri/card0"
#define FAKE_OTHER	"/dev/dri/renderD128"	/* of another driver */
#define FAKE_NODE	"/dev/dri/renderD129"
#define FAKE_NEWER	"/dev/dri/renderD130"	/* of version 2.0 */
#define FAKE_VRAM	(16u << 20)		/* bytes */
#define FAKE_JOBS	64			/* of a context, at most */

/**
 * struct fake - how the kernel behaves; changed only while no other thread calls it
 * @other_denied: opening FAKE_OTHER is EACCES
 * @gone: FAKE_NODE and FAKE_CARD are not there
 * @interrupts: so many calls end by a signal at first
 * @fail_request: a call that fails, 0: none
 * @fail_error: its errno
 * @hold: jobs are not begun
 * @allocations: this one of the library finds no memory, 0: none
 * @calls: so many ioctls were made
 */
struct fake {
	bool other_denied;
	bool gone;
	unsigned int interrupts;
	unsigned long fail_request;
	int fail_error;
	bool hold;
	unsigned int allocations;
	unsigned int calls;
};

extern struct fake fake;

void fake_reset(void);
unsigned int fake_left(void);
void fake_release(void);
void fake_lose(uint32_t context);

/* The linker's names. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_scandir64(const char *path, struct dirent ***entries,
		     int (*filter)(const struct dirent *),
		     int (*compare)(const struct dirent **, const struct dirent **));

#endif /* FAKE_DRM_H */
