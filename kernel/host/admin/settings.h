/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settings.h - what an administrator may change at any time
 */
#ifndef ADMIN_SETTINGS_H
#define ADMIN_SETTINGS_H

#include <linux/types.h>

#include "openvgpu_settings.h"

struct vgpu;
struct vgpu_instance;

#define VGPU_SETTING(id, ...)	VGPU_##id,

/* VGPU_<ID> of every setting that is a number */
enum vgpu_setting {
	OPENVGPU_GPU_SETTINGS(VGPU_SETTING, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER)
	OPENVGPU_VGPU_SETTINGS(VGPU_SETTING, OPENVGPU_NO_NUMBER, OPENVGPU_NO_NUMBER,
			       OPENVGPU_NO_NUMBER)
};

#undef VGPU_SETTING

#define VGPU_OF_INSTANCE	32

void vgpu_of_instance(const struct vgpu_instance *instance, char *of);
int vgpu_set_scheduler(struct vgpu_instance *instance, const char *name);
int vgpu_set_number(struct vgpu_instance *instance, enum vgpu_setting setting,
		    u64 value);
u64 vgpu_get_number(const struct vgpu_instance *instance, enum vgpu_setting setting);
int vgpu_set_own_number(struct vgpu *vgpu, enum vgpu_setting setting, u64 value);

#endif /* ADMIN_SETTINGS_H */
