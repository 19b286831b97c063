// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the module: what is registered, and in which order it goes
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "base/family.h"
#include "base/gpu.h"
#include "base/state.h"
#include "compat/zap_domain.h"
#include "gpu/driver.h"
#include "sched/log.h"
#include "vgpu/mdev.h"

static int __init vgpu_module_init(void)
{
	int ret;

	ret = vgpu_zap_domain_module_init();
	if (ret)
		return ret;
	vgpu_sched_log_module_init();
	/* Before any GPU is bound, so that it can fail. */
	ret = vgpu_families_init();
	if (ret)
		goto log_exit;
	ret = mdev_register_driver(&vgpu_mdev_driver);
	if (ret)
		goto families_exit;
	ret = pci_register_driver(&vgpu_pci_driver);
	if (ret)
		goto unregister_mdev;
	return 0;

unregister_mdev:
	mdev_unregister_driver(&vgpu_mdev_driver);
families_exit:
	vgpu_families_exit();
log_exit:
	vgpu_sched_log_module_exit();
	vgpu_zap_domain_module_exit();
	return ret;
}

static void __exit vgpu_module_exit(void)
{
	pci_unregister_driver(&vgpu_pci_driver);
	mdev_unregister_driver(&vgpu_mdev_driver);
	vgpu_live_wait();
	/* Eventfds are let go of by RCU callbacks. */
	rcu_barrier();
	vgpu_families_exit();
	vgpu_sched_log_module_exit();
	vgpu_zap_domain_module_exit();
}

module_init(vgpu_module_init);
module_exit(vgpu_module_exit);

MODULE_DESCRIPTION("Partitions a PCI GPU into mediated vGPUs for virtual machines");
MODULE_AUTHOR("The OpenVGPU developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(VGPU_DRIVER_VERSION);
