/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the transports offer device.c
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include "runtime.h"

int rt_device_identify(struct rt_device *device);
struct rt_device *rt_device_opened(struct rt_device *device, int error);

#endif /* RUNTIME_DEVICE_H */
