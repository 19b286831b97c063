/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft.h - GPUs that are software: their PCI functions and the device of engines
 */
#ifndef SOFT_SOFT_H
#define SOFT_SOFT_H

#include <linux/gfp.h>
#include <linux/pci.h>

#include "openvgpu_soft.h"

/* One of the numbers of QEMU's vendor id; only functions on our own bus have it. */
#define SOFT_VENDOR_ID		0x1234
#define SOFT_DEVICE_ID		0x534f

#define SOFT_SLOTS		32	/* of a PCI bus */

/*
 * For pages of video memory, and what finds them: rather a guest without a page, which
 * has its fault, than a process that is killed for one.
 */
#define SOFT_GFP_MAY_FAIL	(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define SOFT_GFP		(GFP_KERNEL_ACCOUNT | SOFT_GFP_MAY_FAIL)

struct soft_engine;

/* bridge.c */
int soft_bridge_add(unsigned int functions);
void soft_bridge_remove(void);
bool soft_bridge_has(const struct pci_dev *pdev);
u16 soft_bridge_command(unsigned int slot);
int soft_bridge_plug(struct soft_engine *engine, struct openvgpu_soft_plug *plug);
void soft_bridge_show(struct soft_engine *engine);
void soft_bridge_pull(unsigned int slot);

/* engine_device.c */
int soft_engines_init(void);
void soft_engines_exit(void);

#endif /* SOFT_SOFT_H */
