/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * user_page.h - the user pages and their privileged aliases
 */
#ifndef REFGPU_USER_PAGE_H
#define REFGPU_USER_PAGE_H

#include "types.h"

struct device;
struct partition;

/** user_read() - a register of a user page or of its privileged alias; lock held */
bool user_read(struct device *dev, struct partition *p, u64 offset, u64 *value);

/** user_write() - the guest writes the register; lock held; see reg_table_write() */
bool user_write(struct device *dev, struct partition *p, u64 offset, u64 value, u64 mask);

/** user_alias_write() - the host writes the register through the alias; lock held */
bool user_alias_write(struct device *dev, struct partition *p, u64 offset, u64 value,
		      u64 mask);

#endif /* REFGPU_USER_PAGE_H */
