/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uevent.h - events of a vGPU for the host's user space
 */
#ifndef BASE_UEVENT_H
#define BASE_UEVENT_H

#include <linux/types.h>

struct vgpu;
struct vgpu_instance;

void vgpu_uevent(struct vgpu *vgpu, const char *event, char *first,
		 char *second);
void vgpu_instance_uevent(const struct vgpu_instance *instance, const char *event);
void vgpu_uevent_process(struct vgpu *vgpu, const char *event, pid_t pid);

#endif /* BASE_UEVENT_H */
