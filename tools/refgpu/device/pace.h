/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - how much a piece of work may be, and how long it takes
 *
 * On the virtual clock work takes the time that its instructions and bytes cost. On
 * the wall clock it takes as long as this machine needs for it. A run that has a part
 * of the device's slices takes longer in proportion, on either clock.
 */
#ifndef REFGPU_PACE_H
#define REFGPU_PACE_H

#include "device/job.h"
#include "types.h"

struct engine;

/** pace_begin() - set the budgets of the next piece of work; lock held */
void pace_begin(struct engine *engine, struct job_environment *environment);

/** pace_clock() - the clock that measures work, nanoseconds; without the lock, by its thread */
u64 pace_clock(const struct engine *engine);

/**
 * pace_end() - when the piece of work in @engine->slice is over
 * @engine: the block
 * @worked: how far pace_clock() went on meanwhile
 *
 * Lock held.
 *
 * Return: the time, which may have passed.
 */
u64 pace_end(struct engine *engine, u64 worked);

#endif /* REFGPU_PACE_H */
