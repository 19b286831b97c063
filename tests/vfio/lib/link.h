/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * link.h - errors of the PCIe link to the GPU; every failure ends the test
 */
#ifndef LINK_H
#define LINK_H

#include <stdint.h>

/* Bits of the AER registers. */
#define UNCOR_DATA_LINK		0x00000010u /* fatal */
#define UNCOR_TIMEOUT		0x00004000u /* not fatal */
#define COR_RECEIVER		0x00000001u

void link_error(uint32_t uncorrectable, uint32_t correctable);

#endif /* LINK_H */
