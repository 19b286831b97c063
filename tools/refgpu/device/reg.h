/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reg.h - tables of registers, and the one way to read and write through them
 *
 * A table describes the registers of a block: their offsets, their access and the
 * side effects of reads and writes. Blocks that exist many times (run controls,
 * partitions, rings) have one table and many objects.
 */
#ifndef REFGPU_REG_H
#define REFGPU_REG_H

#include "types.h"

struct device;

enum reg_access { REG_NONE, REG_RO, REG_RW, REG_WO, REG_W1C };

/**
 * struct reg - one register of a block
 * @offset: in the block, multiple of 8
 * @access: enum reg_access
 * @field: offset of its u64 in the block's object
 * @read: computes the value; NULL: the field
 * @write: acts on a write; NULL: the field is set. @value is the new value of
 *	   the whole register, @mask has the bits that were really written
 */
struct reg {
	u16 offset;
	u8 access;
	u16 field;
	u64 (*read)(struct device *dev, void *object);
	void (*write)(struct device *dev, void *object, u64 value, u64 mask);
};

/**
 * struct reg_table - the registers of a block
 * @regs: registers; the n-th is found soonest when its offset is 8 * n
 * @count: number of elements of @regs
 */
struct reg_table {
	const struct reg *regs;
	size_t count;
};

#define REG_TABLE(array)	{ (array), ARRAY_SIZE(array) }

/* Do the bits written include those of the low half, which act? */
#define ACTS(mask)	((u32)(mask) != 0)

/**
 * reg_find() - the register at an offset of a block
 * @table: of the block
 * @offset: in the block, any value
 *
 * Return: the register, or NULL when the table has none at @offset.
 */
const struct reg *reg_find(const struct reg_table *table, u64 offset);

/** reg_field() - the u64 of @object that the register is stored in */
static inline u64 *reg_field(const struct reg *reg, void *object)
{
	return (u64 *)((u8 *)object + reg->field);
}

/**
 * reg_table_read() - read a register
 * @dev: device, for the callback
 * @table: of the block
 * @object: of the block
 * @offset: in the block, multiple of 8
 * @value: set to the value
 *
 * Context: the device's lock is held.
 *
 * Return: whether the table names @offset; else @value is not set.
 */
bool reg_table_read(struct device *dev, const struct reg_table *table, void *object,
		    u64 offset, u64 *value);

/**
 * reg_table_write() - write a register; see reg_table_read()
 * @value: the bits that are set in @mask are written
 * @mask: UINT64_MAX, or one half of it
 */
bool reg_table_write(struct device *dev, const struct reg_table *table, void *object,
		     u64 offset, u64 value, u64 mask);

#endif /* REFGPU_REG_H */
