/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migration.h - the part of a VMM that saves vGPUs and loads them; every failure
 * ends the test, unless a function says otherwise
 */
#ifndef MIGRATION_H
#define MIGRATION_H

#include <linux/vfio.h>

#include "vgpu.h"

#define STATES		(VFIO_DEVICE_STATE_PRE_COPY_P2P + 1)

/**
 * struct saved - what a vGPU was, as it came out of its file
 * @bytes: of it; freed by saved_free()
 * @size: how many
 * @room: of @bytes
 */
struct saved {
	uint8_t *bytes;
	size_t size;
	size_t room;
};

/* the calls; negative errno */
int migration_flags(const struct vgpu *vgpu, uint64_t *flags);
int migration_set(const struct vgpu *vgpu, unsigned int state, int *fd);
unsigned int migration_state(const struct vgpu *vgpu);
const char *migration_state_name(unsigned int state);
int migration_size(const struct vgpu *vgpu, uint64_t *bytes);

/* need_migration() - skip the test where it is not offered */
void need_migration(const struct vgpu *vgpu);
bool migration_pre_copies(const struct vgpu *vgpu);

int migration_precopy_info(int fd, uint64_t *initial, uint64_t *dirty);

/* what a VMM does with them */
int migration_enter(const struct vgpu *vgpu, unsigned int state);
void migration_leave(const struct vgpu *vgpu, unsigned int state);
ssize_t migration_read(int fd, struct saved *saved, size_t most);
void migration_drain(int fd, struct saved *saved);
uint64_t migration_pre_read(int fd, struct saved *saved, uint64_t most);
int migration_feed(int fd, const void *bytes, size_t size);
void migration_save(const struct vgpu *vgpu, struct saved *saved);
void migration_load(const struct vgpu *vgpu, const struct saved *saved);
int migration_try_load(const struct vgpu *vgpu, const struct saved *saved);
void saved_free(struct saved *saved);

void choose_other_gpu(const char *type);

/* the guest goes on there */
void no_faults(const struct vgpu *vgpu, const char *whose);
void guest_follows(const struct vgpu *from, const struct vgpu *to);
void guest_memory_follows(const struct vgpu *to, const struct rt_memory *memory);
void same_framebuffer(const struct vgpu *a, const struct vgpu *b, const char *when);

#endif /* MIGRATION_H */
