// SPDX-License-Identifier: GPL-2.0-only
/* delay.c - see struct delay_argument */
#include "refgpu_kernel.h"

KERNEL(struct delay_argument, argument)
{
	volatile u64 *count = POINTER(volatile u64, argument->count);
	volatile u64 *ends = POINTER(volatile u64, argument->ends);
	u64 begin = gpu_time(), now;

	do
		now = gpu_time();
	while (now - begin < argument->ns);
	ends[*count] = now;
	++*count;
}
