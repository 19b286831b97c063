// SPDX-License-Identifier: GPL-2.0-only
/*
 * tenant.c - whose a vGPU is: a name that the driver keeps for people
 */
#include <linux/spinlock.h>
#include <linux/string.h>

#include "base/tenant.h"
#include "base/vgpu.h"

/* Of all vGPUs, and innermost: events with the name are sent from anywhere. */
static DEFINE_SPINLOCK(tenant_lock);

/**
 * vgpu_tenant_get - whose a vGPU is
 * @vgpu: the vGPU
 * @name: receives the name, "none" if nobody said
 *
 * Any context but interrupts.
 */
void vgpu_tenant_get(struct vgpu *vgpu, char name[VGPU_TENANT_SIZE])
{
	spin_lock(&tenant_lock);
	strscpy(name, vgpu->tenant[0] ? vgpu->tenant : "none", VGPU_TENANT_SIZE);
	spin_unlock(&tenant_lock);
}

/**
 * vgpu_tenant_set - say whose a vGPU is
 * @vgpu: the vGPU
 * @name: a valid name
 * @length: of it, at most OPENVGPU_NAME_MAX; 0: nobody's
 *
 * Any context but interrupts.
 */
void vgpu_tenant_set(struct vgpu *vgpu, const char *name, size_t length)
{
	spin_lock(&tenant_lock);
	memcpy(vgpu->tenant, name, length);
	vgpu->tenant[length] = '\0';
	spin_unlock(&tenant_lock);
}
