/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpu.h - what many tests do with a vGPU; every failure ends the test
 */
#ifndef VGPU_H
#define VGPU_H

#include "harness.h"
#include "host.h"
#include "workload.h"

/**
 * struct vgpu - a vGPU a test made and opened
 * @uuid: its name
 * @device: open, NULL: closed
 */
struct vgpu {
	char uuid[UUID_LENGTH + 1];
	struct rt_device *device;
};

void vgpu_make(struct vgpu *vgpu, const char *type);
void vgpu_make_rings(struct vgpu *vgpu, struct rt_ring *ring,
		     unsigned int count);
void vgpu_open(struct vgpu *vgpu);
void vgpu_close(struct vgpu *vgpu);
void vgpu_remove(struct vgpu *vgpu);
void vgpu_make_in(struct vgpu *vgpu, const char *type, struct rt_space *space);
void vgpu_works(struct vgpu *vgpu, uint32_t seed);

bool peek(volatile void *address, uint64_t *value);
bool poke(volatile void *address, uint64_t value);
void fill_words(void *address, size_t bytes, uint32_t seed);
long differing_word(const void *address, size_t bytes, uint32_t seed);
int new_eventfd(void);
uint64_t eventfd_count(int fd, int timeout_ms);
long pinned_pages(void);
void wait_child(pid_t child, const char *what);
void child_ready(const int ready[2]);
int child_end(pid_t child);
void hang(const struct vgpu *vgpu);

#endif /* VGPU_H */
