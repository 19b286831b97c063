// SPDX-License-Identifier: GPL-2.0-only
/* vector_add.c - see struct vector_add_argument */
#include "refgpu_kernel.h"

KERNEL(struct vector_add_argument, argument)
{
	u64 i = global_id(0);

	if (i >= argument->count)
		return;
	POINTER(float, argument->sum)[i] = POINTER(const float, argument->a)[i] +
					   POINTER(const float, argument->b)[i];
}
