// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap.c - which granules of a GPU's memory are taken
 */
#include <stdlib.h>
#include <string.h>

#include "heap.h"

static uint64_t granules_of(uint64_t bytes)
{
	return bytes / HEAP_GRANULE + !!(bytes % HEAP_GRANULE);
}

bool heap_init(struct heap *heap, uint64_t bytes)
{
	heap->granules = bytes / HEAP_GRANULE;
	heap->taken = calloc(heap->granules, 1);
	return heap->taken;
}

bool heap_take(struct heap *heap, uint64_t bytes, uint64_t *address)
{
	uint64_t wanted = granules_of(bytes), run = 0, n;

	for (n = 0; n < heap->granules; n++) {
		run = heap->taken[n] ? 0 : run + 1;
		if (run == wanted) {
			n -= wanted - 1;
			memset(heap->taken + n, 1, wanted);
			*address = n * HEAP_GRANULE;
			return true;
		}
	}
	return false;
}

void heap_give(struct heap *heap, uint64_t address, uint64_t bytes)
{
	memset(heap->taken + address / HEAP_GRANULE, 0, granules_of(bytes));
}
