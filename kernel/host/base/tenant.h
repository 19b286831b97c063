/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tenant.h - whose a vGPU is
 */
#ifndef BASE_TENANT_H
#define BASE_TENANT_H

#include <linux/types.h>

#include "openvgpu_settings.h"

/* A name and its end. */
#define VGPU_TENANT_SIZE	(OPENVGPU_NAME_MAX + 1)

struct vgpu;

void vgpu_tenant_get(struct vgpu *vgpu, char name[VGPU_TENANT_SIZE]);
void vgpu_tenant_set(struct vgpu *vgpu, const char *name, size_t length);

#endif /* BASE_TENANT_H */
