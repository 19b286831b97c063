/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context.h - the context window: images of unfinished work, in and out
 */
#ifndef REFGPU_CONTEXT_H
#define REFGPU_CONTEXT_H

#include "device/reg.h"

struct device;

/** context_serve() - do the context window's command; lock held, may drop it */
void context_serve(struct device *dev);

extern const struct reg_table context_registers;

#endif /* REFGPU_CONTEXT_H */
