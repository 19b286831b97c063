/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reset.h - reset of the whole device
 */
#ifndef REFGPU_RESET_H
#define REFGPU_RESET_H

#include "types.h"

struct device;

/** reset_registers() - registers to their reset values; lock held, nothing resident */
void reset_registers(struct device *dev);

/** reset_mode() - the next mode comes into force; lock held, nothing resident */
void reset_mode(struct device *dev);

/** reset_start() - start a reset, which the engines and the service carry out; lock held */
void reset_start(struct device *dev);

/** reset_serve() - the service's part, once all engines are empty; lock held, may be dropped */
void reset_serve(struct device *dev);

#endif /* REFGPU_RESET_H */
