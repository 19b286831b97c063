/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * partition_table.h - the partition table: its entries, enabling and disabling
 */
#ifndef REFGPU_PARTITION_TABLE_H
#define REFGPU_PARTITION_TABLE_H

#include "device/reg.h"

struct device;
struct partition;

/** partition_init() - everything to reset values; not resident; lock held */
void partition_init(struct device *dev, struct partition *p);

/** partition_fini() - free all memory of a partition; nothing runs any more */
void partition_fini(struct partition *p);

/** partition_clear() - clear all that RESET clears; lock held, not resident or about to leave */
void partition_clear(struct device *dev, struct partition *p);

extern const struct reg_table partition_registers;

#endif /* REFGPU_PARTITION_TABLE_H */
