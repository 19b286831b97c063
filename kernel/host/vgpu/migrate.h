/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migrate.h - a vGPU goes to another host, or comes from one
 */
#ifndef VGPU_MIGRATE_H
#define VGPU_MIGRATE_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

struct migrate_file;
struct vfio_device;
struct vgpu;

/**
 * enum vgpu_migrate_mode - what of it a VMM is offered
 * @VGPU_MIGRATE_OFF: nothing
 * @VGPU_MIGRATE_STOP_COPY: the whole slice is copied while the VM stands still
 * @VGPU_MIGRATE_AUTO: all that this kernel and this GPU can do
 */
enum vgpu_migrate_mode {
	VGPU_MIGRATE_OFF,
	VGPU_MIGRATE_STOP_COPY,
	VGPU_MIGRATE_AUTO,
};

/**
 * struct vgpu_migrate_stats - the last migration of a vGPU
 * @rounds: how often it was looked what had been written
 * @bytes: read from or written to its file
 * @remaining: bytes left to be read, when that was looked at last
 * @stopped_at: kernel clock when it was paused, or its state began to come, ns
 * @blackout_ns: from then on until its end was read, or until it went on
 * @slow_percent: what it got of its engine at least: 100 if it was not slowed down
 *
 * READ_ONCE, WRITE_ONCE.
 */
struct vgpu_migrate_stats {
	u64 rounds;
	u64 bytes;
	u64 remaining;
	u64 stopped_at;
	u64 blackout_ns;
	u32 slow_percent;
};

/**
 * struct vgpu_migration - migration of a vGPU
 * @serial: VMMs change @state one at a time; see the lock order
 * @mode: set by an administrator while it is closed; vgpu->lock
 * @throttle: it is slowed down while it writes faster than its VMM reads;
 *	READ_ONCE
 * @state: enum vfio_device_mig_state; vgpu->lock, READ_ONCE without it
 * @file: through which it is saved or loaded; NULL: none; vgpu->lock
 * @wait: woken when a file of it is of no use any more
 * @stats: of the last one
 */
struct vgpu_migration {
	struct mutex serial;		/* of changes of @state */
	enum vgpu_migrate_mode mode;
	bool throttle;
	unsigned int state;
	struct migrate_file *file;
	wait_queue_head_t wait;
	struct vgpu_migrate_stats stats;
};

void vgpu_migrate_init(struct vgpu *vgpu);
void vgpu_migrate_setup(struct vgpu *vgpu);
int vgpu_migrate_list(const struct vgpu *vgpu, char *buf, size_t size);
int vgpu_migrate_set(struct vgpu *vgpu, const char *name);
int vgpu_migrate_hello(struct vgpu *vgpu, char *buf);
void vgpu_migrate_end(struct vgpu *vgpu);
void vgpu_migrate_broken(struct vgpu *vgpu);
void vgpu_migrate_lost(struct vgpu *vgpu);
int vgpu_migrate_data_size(struct vfio_device *vdev, unsigned long *bytes);

#endif /* VGPU_MIGRATE_H */
