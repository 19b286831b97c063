// SPDX-License-Identifier: GPL-2.0-only
/* mandelbrot.c - see struct mandelbrot_argument */
#include "refgpu_kernel.h"

KERNEL(struct mandelbrot_argument, argument)
{
	u64 x = global_id(0), y = global_id(1);
	float cr = __builtin_fmaf((float)(u32)x, argument->step, argument->left);
	float ci = __builtin_fmaf((float)(u32)y, argument->step, argument->top);
	float zr = 0, zi = 0, rr = 0, ii = 0;
	u32 n, colour = 0;

	if (x >= argument->width || y >= argument->height)
		return;
	for (n = 0; n < argument->iterations && rr + ii <= 4.0f; n++) {
		zi = __builtin_fmaf(2.0f * zr, zi, ci);
		zr = rr - ii + cr;
		rr = zr * zr;
		ii = zi * zi;
	}
	if (n < argument->iterations)
		colour = (n * 9 & 0xff) << 16 | (n * 5 & 0xff) << 8 | (128 + n * 3 & 0xff);
	POINTER(u32, argument->pixels + y * argument->pitch)[x] = colour;
}
