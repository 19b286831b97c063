/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * head.h - virtual heads: modes, flips, vertical blanks, frame CRCs
 */
#ifndef REFGPU_HEAD_H
#define REFGPU_HEAD_H

#include "refgpu_hw.h"
#include "types.h"

struct actor;
struct device;
struct partition;

/** display_step() - vertical blanks and frame CRCs of all heads, an actor's step */
u64 display_step(struct actor *actor);

/** heads_clear() - all heads of a partition to reset values; lock held */
void heads_clear(struct device *dev, struct partition *p);

/**
 * heads_resume() - have the heads show what their registers hold
 *
 * When a partition is enabled or no longer frozen, or the host has written
 * registers through the alias. Lock held; partition_update() is up to the
 * caller.
 */
void heads_resume(struct device *dev, struct partition *p);

/**
 * head_flip() - a FLIP packet: show another picture from the next vblank on
 * @p: partition
 * @number: of the head, as the packet names it
 * @base: address of the first pixel
 * @waits: set to whether a vblank will complete the flip: false when the head
 *	   is off, and then nothing was done
 *
 * Lock held.
 *
 * Return: REFGPU_ERROR_NONE, _PACKET (no such head) or _ADDRESS.
 */
enum refgpu_error head_flip(struct partition *p, unsigned int number, u64 base, bool *waits);

/** head_read() - a register of head @number < REFGPU_HEADS; lock held; see reg_table_read() */
bool head_read(struct device *dev, struct partition *p, unsigned int number, u64 offset,
	       u64 *value);

/** head_write() - the counterpart of head_read() */
bool head_write(struct device *dev, struct partition *p, unsigned int number, u64 offset,
		u64 value, u64 mask);

/** head_alias_write() - the host writes the register through the alias; lock held */
bool head_alias_write(struct device *dev, struct partition *p, unsigned int number,
		      u64 offset, u64 value, u64 mask);

#endif /* REFGPU_HEAD_H */
