/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * internal.h - what the parts of librefgpu_drm share and do not export
 */
#ifndef LIBREFGPU_DRM_INTERNAL_H
#define LIBREFGPU_DRM_INTERNAL_H

#include <pthread.h>

#include "librefgpu_drm.h"

struct buffer;

/**
 * struct refgpu_drm - an open node
 * @fd: its file
 * @lock: guards @buffers, and is held while handles of buffers come and go
 * @buffers: all of them
 */
struct refgpu_drm {
	int fd;
	pthread_mutex_t lock;
	struct buffer *buffers;
};

/* message.c */
int refgpu_drm_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* device.c */
int refgpu_drm_call(const struct refgpu_drm *drm, unsigned long request, void *argument);
int64_t refgpu_drm_deadline(int64_t timeout_ns);

#endif /* LIBREFGPU_DRM_INTERNAL_H */
