/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drm.h - what the tests of drm share
 */
#ifndef DRM_TESTS_H
#define DRM_TESTS_H

#include "client.h"

/* The loop of spin()'s kernel: from its start, and its length. */
#define SPIN_LOOP_BEGIN	8u
#define SPIN_LOOP_BYTES	8u

/**
 * struct programme - a kernel of the GPU, ready to run
 * @code: the code
 * @data: begins with its argument
 * @packet: runs it
 */
struct programme {
	struct buffer code;
	struct buffer data;
	struct refgpu_dispatch packet;
};

__attribute__((format(printf, 1, 2)))
bool no(const char *format, ...);
bool all_are(const struct buffer *buffer, uint32_t word);
void write_file(const char *path, const char *text);
bool refused(int fd, const void *packet, struct drm_refgpu_context_status *status);
int programme_make(int fd, const void *code, size_t bytes, struct programme *programme);
int spin(int fd, struct programme *programme, uint32_t *context, uint32_t syncobj);
void spin_stop(struct programme *programme);

bool test_dump(void);
bool test_hang(void);
bool test_reset_by_host(void);
bool test_revoked(void);
bool test_death(void);
bool test_sleep_freeze(void);
bool test_sleep_mem(void);
bool test_sleep_reset(void);
bool test_sleep_disk(void);
bool test_sleep_refused(void);
bool test_sleep_resets(void);
bool test_unbind_fences(void);
bool test_unbind_picture(void);
bool test_unbind_memory(void);

#endif /* DRM_TESTS_H */
