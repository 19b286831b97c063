// SPDX-License-Identifier: GPL-2.0-only
/* steps.c - see struct steps_argument */
#include "refgpu_kernel.h"

KERNEL(struct steps_argument, argument)
{
	const u8 *steps = POINTER(const u8, argument->steps);
	u32 value = (u32)global_id(0);
	u64 n;

	for (n = 0; n < argument->count; n++) {
		switch (steps[n] % 8) {
		case 0:
			value += 0x9e3779b9;
			break;
		case 1:
			value ^= value >> 7;
			break;
		case 2:
			value *= 2654435761u;
			break;
		case 3:
			value = value << 9 | value >> 23;
			break;
		case 4:
			value = ~value;
			break;
		case 5:
			value /= 3;
			break;
		case 6:
			value -= (u32)n;
			break;
		case 7:
			value = value % 65521 * 65537;
			break;
		}
	}
	POINTER(u32, argument->results)[global_id(0)] = value;
}
