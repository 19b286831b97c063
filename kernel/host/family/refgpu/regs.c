// SPDX-License-Identifier: GPL-2.0-only
/*
 * regs.c - waiting for a register of a reference GPU, and its clock
 */
#include <linux/delay.h>
#include <linux/ktime.h>

#include "family/refgpu/regs.h"

/**
 * reg_wait_zero - wait until bits of a register read 0
 * @refgpu: the GPU
 * @offset: the register
 * @mask: the bits
 * @timeout_ms: how long at most
 *
 * May sleep.
 *
 * Return: 0; -ETIMEDOUT; -ENODEV: the device reads all ones.
 */
int reg_wait_zero(struct refgpu *refgpu, u32 offset, u64 mask,
		  unsigned int timeout_ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), timeout_ms);
	unsigned int pause_us = 20;
	bool late;
	u64 value;

	for (;;) {
		/* Looked at after the deadline too: we may have been asleep. */
		late = ktime_after(ktime_get(), end);
		value = reg_read(refgpu, offset);
		if (value == REFGPU_GONE)
			return -ENODEV;
		if (!(value & mask))
			return 0;
		if (late)
			return -ETIMEDOUT;
		usleep_range(pause_us, 2 * pause_us);
		if (pause_us < 2000)
			pause_us *= 2;
	}
}

/**
 * entry_wait - the same for a register of a partition's entry
 * @partition: the partition
 * @offset: the register, from the beginning of the entry
 * @mask: the bits
 * @timeout_ms: how long at most
 *
 * May sleep. Return: as reg_wait_zero().
 */
int entry_wait(struct refgpu_partition *partition, u32 offset, u64 mask,
	       unsigned int timeout_ms)
{
	return reg_wait_zero(refgpu_of(partition->gpu),
			     REFGPU_PARTITION(partition->number) + offset,
			     mask, timeout_ms);
}

/**
 * entry_command - give a partition a command, and wait for its end
 * @partition: the partition, with its lock held
 * @offset: its register, which is written 1 and reads 1 until it is done
 * @timeout_ms: how long at most
 *
 * May sleep. Return: as reg_wait_zero().
 */
int entry_command(struct refgpu_partition *partition, u32 offset,
		  unsigned int timeout_ms)
{
	lockdep_assert_held(&partition->lock);
	entry_write(partition, offset, 1);
	return entry_wait(partition, offset, 1, timeout_ms);
}

/**
 * refgpu_now - see struct vgpu_family
 * @gpu: the GPU
 *
 * Return: nanoseconds; all ones when it is gone.
 */
u64 refgpu_now(struct vgpu_gpu *gpu)
{
	return reg_read(refgpu_of(gpu), REFGPU_GLOBAL + REFGPU_GLOBAL_TIMER);
}
