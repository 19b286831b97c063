// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the module: what is registered, and in which order it goes
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "openvgpu.h"

/*
 * Physical and virtual GPUs whose memory is not freed yet. The last reference
 * to a device or a kobject may drop after it was removed, in a work item of
 * its own, and then calls into this module.
 */
static atomic_t vgpu_live = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(vgpu_live_wait);

/**
 * vgpu_live_get - an object exists that ends in a call of this module
 */
void vgpu_live_get(void)
{
	atomic_inc(&vgpu_live);
}

/**
 * vgpu_live_put - it is gone
 *
 * The last thing its release function does.
 */
void vgpu_live_put(void)
{
	if (atomic_dec_and_test(&vgpu_live))
		wake_up_all(&vgpu_live_wait);
}

static int __init vgpu_module_init(void)
{
	int ret;

	ret = vgpu_mapping_module_init();
	if (ret)
		return ret;
	vgpu_sched_log_module_init();
	ret = mdev_register_driver(&vgpu_mdev_driver);
	if (ret)
		goto log_exit;
	ret = pci_register_driver(&vgpu_pci_driver);
	if (ret)
		goto unregister_mdev;
	return 0;

unregister_mdev:
	mdev_unregister_driver(&vgpu_mdev_driver);
log_exit:
	vgpu_sched_log_module_exit();
	vgpu_mapping_module_exit();
	return ret;
}

static void __exit vgpu_module_exit(void)
{
	pci_unregister_driver(&vgpu_pci_driver);
	mdev_unregister_driver(&vgpu_mdev_driver);
	wait_event(vgpu_live_wait, !atomic_read(&vgpu_live));
	/* Whoever woke us may not have returned from here yet. */
	synchronize_rcu_tasks();
	/* Eventfds are let go of by RCU callbacks. */
	rcu_barrier();
	vgpu_sched_log_module_exit();
	vgpu_mapping_module_exit();
}

module_init(vgpu_module_init);
module_exit(vgpu_module_exit);

MODULE_DESCRIPTION("Partitions a PCI GPU into mediated vGPUs for virtual machines");
MODULE_AUTHOR("The OpenVGPU developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(VGPU_DRIVER_VERSION);
