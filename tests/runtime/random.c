// SPDX-License-Identifier: GPL-2.0-only
/*
 * random.c - numbers that are the same in every run
 */
#include "workload.h"

/**
 * work_random - next number of a sequence
 * @state: seed, then state; any value
 */
uint32_t work_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8 ^ *state << 16;
}
