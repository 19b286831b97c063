/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - what the transports offer device.c
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include "runtime.h"

#define CONFIG_COMMAND		0x04
#define COMMAND_MEMORY		0x2
#define COMMAND_MASTER		0x4

int rt_device_identify(struct rt_device *device);

/* device_vfio.c */
int rt_vfio_regions(struct rt_device *device);
void rt_vfio_unmap(struct rt_device *device);

#endif /* RUNTIME_DEVICE_H */
