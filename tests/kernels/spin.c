// SPDX-License-Identifier: GPL-2.0-only
/* spin.c - see struct spin_argument */
#include "refgpu_kernel.h"

KERNEL(struct spin_argument, argument)
{
	volatile u64 *counter = POINTER(volatile u64, argument->counters) + global_id(0);
	volatile u32 *stop = POINTER(volatile u32, argument->stop);

	while (!*stop)
		++*counter;
}
