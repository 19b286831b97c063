// SPDX-License-Identifier: GPL-2.0-only
/*
 * uevent.c - telling the host's user space what happens to a vGPU
 *
 * udev rules and `openvgpu events` follow these. All have the same form, so
 * that one rule can match them: the driver core's own events (add, bind) say
 * neither type nor GPU, and "add" comes before the attributes are there.
 */
#include <linux/kobject.h>

#include "openvgpu.h"

#define MORE_MAX	2

/**
 * vgpu_uevent - send a "change" event of a vGPU's device
 * @vgpu: the vGPU
 * @event: what happened, in one word
 * @more: further KEY=value strings, at most two, then NULL; may be NULL
 *
 * An event that finds no memory is lost, as every uevent is. May sleep; with
 * none of the driver's spinlocks held.
 */
void vgpu_uevent(struct vgpu *vgpu, const char *event, char *const *more)
{
	char name[32], type[48], gpu[40];
	char *envp[3 + MORE_MAX + 1] = { name, type, gpu };
	unsigned int n = 3;

	snprintf(name, sizeof(name), "OPENVGPU_EVENT=%s", event);
	snprintf(type, sizeof(type), "OPENVGPU_TYPE=%s-%s", VGPU_DRIVER_NAME,
		 vgpu->type->sysfs_name);
	snprintf(gpu, sizeof(gpu), "OPENVGPU_GPU=%s",
		 pci_name(vgpu->gpu->pdev));
	while (more && *more && n < 3 + MORE_MAX)
		envp[n++] = *more++;
	kobject_uevent_env(&mdev_dev(vgpu->mdev)->kobj, KOBJ_CHANGE, envp);
}
