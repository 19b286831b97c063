/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vgpu.h - what many tests do with a vGPU; every failure ends the test
 */
#ifndef VGPU_H
#define VGPU_H

#include "harness.h"
#include "host.h"
#include "memory.h"
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

/* Whose reset; each lets go of guest memory and keeps the framebuffer. */
enum vgpu_reset {
	BY_GUEST,	/* its driver's, by the control page */
	BY_FUNCTION,	/* function-level reset */
	BY_VMM,		/* VFIO_DEVICE_RESET */
};

void vgpu_make(struct vgpu *vgpu, const char *type);
void vgpu_make_rings(struct vgpu *vgpu, struct rt_ring *ring,
		     unsigned int count);
void vgpu_open(struct vgpu *vgpu);
void vgpu_close(struct vgpu *vgpu);
void vgpu_remove(struct vgpu *vgpu);
void vgpu_make_in(struct vgpu *vgpu, const char *type, struct rt_space *space);
void vgpu_reset(struct vgpu *vgpu, enum vgpu_reset way);
void vgpu_works(struct vgpu *vgpu, uint32_t seed);
void vgpu_unharmed(const struct vgpu *vgpu, const char *whose);

int new_eventfd(void);
int vgpu_eventfd(struct vgpu *vgpu, unsigned int index, unsigned int vector);
uint64_t eventfd_count(int fd, int timeout_ms);
long pinned_pages(void);
void unpinned(long before, const char *what);

/* what only the reference GPU does */
void need_control(void);
void inject(const char *command);
void hang(const struct vgpu *vgpu);

#endif /* VGPU_H */
