// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio_keep.c - lets the host machine's disk survive a suspend test
 *
 * The machine's root is 9p over virtio, and virtio's 9p driver cannot suspend:
 * virtio-pci resets the device, and every later access of the root waits for
 * ever. With pm_test at "devices" nothing loses power, so the devices may just
 * as well be left alone: this takes the power callbacks away from virtio-pci
 * while it is loaded. Other drivers, the one under test among them, see a
 * suspend as ever.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>

static struct device_driver *driver;
static const struct dev_pm_ops *callbacks;

static int __init virtio_keep_init(void)
{
	driver = driver_find("virtio-pci", &pci_bus_type);
	if (!driver)
		return -ENODEV;
	callbacks = driver->pm;
	driver->pm = NULL;
	return 0;
}

static void __exit virtio_keep_exit(void)
{
	driver->pm = callbacks;
}

module_init(virtio_keep_init);
module_exit(virtio_keep_exit);

MODULE_DESCRIPTION("Keeps virtio devices out of a suspend test");
MODULE_LICENSE("GPL");
