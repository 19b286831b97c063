/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - run-control blocks: loading, running, stopping, saving
 */
#ifndef REFGPU_ENGINE_H
#define REFGPU_ENGINE_H

#include "device/reg.h"
#include "types.h"

struct actor;
struct engine;

/** engine_step() - the run-control state machine, an actor's step */
u64 engine_step(struct actor *actor);

/** engine_clear() - block registers to reset values; lock held, state EMPTY */
void engine_clear(struct engine *engine);

/** engine_account() - bring its busy and idle times up to date; lock held */
void engine_account(struct engine *engine);

extern const struct reg_table engine_registers;

#endif /* REFGPU_ENGINE_H */
