// SPDX-License-Identifier: GPL-2.0-only
/* reduce.c - see struct reduce_argument */
#include "refgpu_kernel.h"

KERNEL(struct reduce_argument, argument)
{
	u32 items = (u32)group_items(0), me = (u32)local_id(0), step;
	u64 group = group_id(0), stride = items * grid_groups(0), i;
	volatile u32 *part = POINTER(volatile u32, argument->scratch) + group * items;
	const u32 *input = POINTER(const u32, argument->input);
	u32 sum = 0;

	for (i = global_id(0); i < argument->count; i += stride)
		sum += input[i];
	part[me] = sum;
	barrier();
	for (step = items / 2; step; step /= 2) {
		if (me < step)
			part[me] += part[me + step];
		barrier();
	}
	if (!me) {
		POINTER(u32, argument->group_sums)[group] = part[0];
		atomic_add(POINTER(u32, argument->total), part[0]);
	}
}
