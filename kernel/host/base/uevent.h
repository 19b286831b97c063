/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uevent.h - events of a vGPU for the host's user space
 */
#ifndef BASE_UEVENT_H
#define BASE_UEVENT_H

struct vgpu;

void vgpu_uevent(struct vgpu *vgpu, const char *event, char *first,
		 char *second);

#endif /* BASE_UEVENT_H */
