/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * native.h - what the files of the native personality share
 */
#ifndef PERSONALITY_NATIVE_H
#define PERSONALITY_NATIVE_H

#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "base/vgpu.h"
#include "personality/native_registers.h"

/**
 * struct native - a vGPU with the native personality
 * @vgpu: the vGPU
 * @lock: protects @registers
 * @registers: the control page
 * @map_work: executes map commands, one at a time; on the queue for work that
 *	waits for VMMs, and nobody but release() waits for it
 * @executing: @map_work is at a command; READ_ONCE without the lock
 * @executed: woken when it is not any more
 * @reset_work: carries a RESET out. It takes vgpu->lock, so whoever holds that
 *	must not wait for it: close() only withdraws the wish, and release()
 *	waits.
 */
struct native {
	struct vgpu *vgpu;
	spinlock_t lock;	/* innermost */
	struct native_registers registers;
	struct work_struct map_work;
	bool executing;
	wait_queue_head_t executed;
	struct work_struct reset_work;
};

static inline struct native *native_of(struct vgpu *vgpu)
{
	return vgpu->personality_data;
}

/* native.c */
void native_event(struct native *native, u64 events);

/* native_map.c */
void native_map_init(struct native *native);
int native_map_hold(struct native *native);
void native_map_go_on(struct native *native);

#endif /* PERSONALITY_NATIVE_H */
