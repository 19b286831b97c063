// SPDX-License-Identifier: GPL-2.0-only
/*
 * families.c - the tables of physical GPUs
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "gpu/families.h"
#include "refgpu_hw.h"

/*
 * Devices that are bound without being asked. Ids one by one, never a class,
 * and never those of the family "bochs": a driver that claims every display
 * takes the host's console away. Others are bound by driver_override.
 */
const struct pci_device_id vgpu_pci_ids[] = {
	{ PCI_DEVICE(REFGPU_PCI_VENDOR_ID, REFGPU_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vgpu_pci_ids);

static const struct vgpu_family *const families[] = {
	&vgpu_family_refgpu,
	&vgpu_family_bochs,
};

/**
 * vgpu_family_find - which family drives a device
 * @pdev: the device; need not be enabled
 *
 * Return: the family, or NULL: none.
 */
const struct vgpu_family *vgpu_family_find(const struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i]->match(pdev))
			return families[i];
	return NULL;
}
