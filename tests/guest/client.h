/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * client.h - the uAPI of the guest's driver, for tests
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refgpu_drm.h"
#include "refgpu_hw.h"

#define PATIENCE_NS	60000000000LL	/* for anything that the GPU has to do */

/** node - the device's node that open_node() opens */
extern const char *node;

/**
 * struct buffer - a buffer of a file, mapped
 * @handle: of it
 * @address: for packets and kernels
 * @size: bytes
 * @words: what is in it
 */
struct buffer {
	uint32_t handle;
	uint64_t address;
	uint64_t size;
	uint32_t *words;
};

int call(int fd, unsigned long request, void *argument);
int64_t now_ns(void);
int open_node(void);
bool card_of_node(char *path, size_t size);
uint64_t param(int fd, uint32_t number);
int buffer_create(int fd, uint32_t flags, uint64_t size, struct buffer *buffer);
void buffer_close(int fd, struct buffer *buffer);
bool isolates(int fd);
int context_create(int fd, uint32_t *id);
struct drm_refgpu_context_status context_status(int fd, uint32_t id);
uint32_t syncobj_create(int fd);
int syncobj_wait(int fd, uint32_t handle);
int submit(int fd, uint32_t context, const void *packets, uint32_t count,
	   uint32_t out_syncobj);
struct refgpu_fill fill_packet(uint64_t target, uint64_t bytes, uint32_t pattern);
struct refgpu_copy copy_packet(uint64_t target, uint64_t source, uint64_t bytes);
int run(int fd, uint32_t context, const void *packets, uint32_t count);

#endif /* CLIENT_H */
