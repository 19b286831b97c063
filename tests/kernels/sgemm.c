// SPDX-License-Identifier: GPL-2.0-only
/* sgemm.c - see struct sgemm_argument */
#include "refgpu_kernel.h"

KERNEL(struct sgemm_argument, argument)
{
	u64 column = global_id(0), row = global_id(1);
	const float *a = POINTER(const float, argument->a) + row * argument->inner;
	const float *b = POINTER(const float, argument->b) + column;
	float *c = POINTER(float, argument->c) + row * argument->columns + column;
	float sum = 0;
	u32 k;

	if (column >= argument->columns || row >= argument->rows)
		return;
	for (k = 0; k < argument->inner; k++) {
		sum = __builtin_fmaf(a[k], *b, sum);
		b += argument->columns;
	}
	*c = __builtin_fmaf(argument->alpha, sum, argument->beta * *c);
}
