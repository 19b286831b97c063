// SPDX-License-Identifier: GPL-2.0-only
/*
 * uevent.c - uevents of a vGPU and of an instance, for the host's user space
 *
 * udev rules and `openvgpu events` follow these. All have the same form, so
 * that one rule can match them: the driver core's own events (add, bind) say
 * neither type nor GPU, and "add" comes before the attributes are there.
 */
#include <linux/kobject.h>

#include "base/tenant.h"
#include "base/uevent.h"
#include "base/vgpu.h"

/**
 * vgpu_uevent - send a "change" event of a vGPU's device
 * @vgpu: the vGPU
 * @event: what happened, in one word
 * @first: a further KEY=value; NULL: no more
 * @second: likewise
 *
 * An event that finds no memory is lost, as every uevent is. May sleep; with
 * none of the driver's spinlocks held.
 */
void vgpu_uevent(struct vgpu *vgpu, const char *event, char *first,
		 char *second)
{
	char name[32], type[48], gpu[40], instance[32];
	char whose[VGPU_TENANT_SIZE], tenant[sizeof("OPENVGPU_TENANT=") + VGPU_TENANT_SIZE];
	char *envp[8] = { name, type, gpu, instance, tenant, first, second, NULL };

	snprintf(name, sizeof(name), "OPENVGPU_EVENT=%s", event);
	snprintf(type, sizeof(type), "OPENVGPU_TYPE=%s-%s", VGPU_DRIVER_NAME,
		 vgpu->type->sysfs_name);
	snprintf(gpu, sizeof(gpu), "OPENVGPU_GPU=%s",
		 pci_name(vgpu->gpu->pdev));
	snprintf(instance, sizeof(instance), "OPENVGPU_INSTANCE=%u",
		 READ_ONCE(vgpu->instance)->whole->index);
	vgpu_tenant_get(vgpu, whose);
	snprintf(tenant, sizeof(tenant), "OPENVGPU_TENANT=%s", whose);
	kobject_uevent_env(&mdev_dev(vgpu->mdev)->kobj, KOBJ_CHANGE, envp);
}

/**
 * vgpu_uevent_process - the same, with the process that made it happen
 * @vgpu: the vGPU
 * @event: what happened, in one word
 * @pid: the process
 */
void vgpu_uevent_process(struct vgpu *vgpu, const char *event, pid_t pid)
{
	char process[32];

	snprintf(process, sizeof(process), "OPENVGPU_PID=%d", pid);
	vgpu_uevent(vgpu, event, process, NULL);
}

/**
 * vgpu_instance_uevent - send a "change" event of a GPU's device about an instance
 * @instance: the instance
 * @event: what happened, in one word
 *
 * May sleep.
 */
void vgpu_instance_uevent(const struct vgpu_instance *instance, const char *event)
{
	struct pci_dev *pdev = instance->gpu->pdev;
	char what[40], gpu[40], number[32], name[64];
	char *envp[5] = { what, gpu, number, name, NULL };

	snprintf(what, sizeof(what), "OPENVGPU_EVENT=%s", event);
	snprintf(gpu, sizeof(gpu), "OPENVGPU_GPU=%s", pci_name(pdev));
	snprintf(number, sizeof(number), "OPENVGPU_INSTANCE=%u", instance->index);
	snprintf(name, sizeof(name), "OPENVGPU_INSTANCE_NAME=%s", instance->name);
	kobject_uevent_env(&pdev->dev.kobj, KOBJ_CHANGE, envp);
}
