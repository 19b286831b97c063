// SPDX-License-Identifier: GPL-2.0-only
/*
 * reg.c - reading and writing registers through tables; see reg.h
 */
#include "device/reg.h"

const struct reg *reg_find(const struct reg_table *table, u64 offset)
{
	size_t i;

	/* Most tables are dense: try where the register would be. */
	if (offset / 8 < table->count && table->regs[offset / 8].offset == offset)
		return &table->regs[offset / 8];
	for (i = 0; i < table->count; i++)
		if (table->regs[i].offset == offset)
			return &table->regs[i];
	return NULL;
}

static u64 current(struct device *dev, const struct reg *reg, void *object)
{
	if (reg->access == REG_WO)
		return 0;
	if (reg->read)
		return reg->read(dev, object);
	return *reg_field(reg, object);
}

bool reg_table_read(struct device *dev, const struct reg_table *table, void *object,
		    u64 offset, u64 *value)
{
	const struct reg *reg = reg_find(table, offset);

	if (!reg)
		return false;
	*value = current(dev, reg, object);
	return true;
}

bool reg_table_write(struct device *dev, const struct reg_table *table, void *object,
		     u64 offset, u64 value, u64 mask)
{
	const struct reg *reg = reg_find(table, offset);

	if (!reg)
		return false;
	if (reg->access == REG_RO)
		return true;
	value &= mask;
	if (reg->access == REG_RW)
		value |= current(dev, reg, object) & ~mask;
	if (reg->write)
		reg->write(dev, object, value, mask);
	else
		*reg_field(reg, object) = value;
	return true;
}
