/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * service.h - commands that take time: reset, scrub, invalidate, dirty bits
 */
#ifndef REFGPU_SERVICE_H
#define REFGPU_SERVICE_H

#include "types.h"

struct actor;

/** service_step() - commands but SCRUB, and late interrupts, an actor's step */
u64 service_step(struct actor *actor);

/** scrub_step() - SCRUB, an actor's step */
u64 scrub_step(struct actor *actor);

#endif /* REFGPU_SERVICE_H */
