/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft.h - family "soft": GPUs that are software
 */
#ifndef SOFT_SOFT_H
#define SOFT_SOFT_H

#include <linux/pci.h>

/* One of the numbers of QEMU's vendor id; only functions on our own bus have it. */
#define SOFT_VENDOR_ID		0x1234
#define SOFT_DEVICE_ID		0x534f

int soft_bridge_add(unsigned int functions);
void soft_bridge_remove(void);
bool soft_bridge_has(const struct pci_dev *pdev);

#endif /* SOFT_SOFT_H */
