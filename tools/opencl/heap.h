/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap.h - which granules of a GPU's memory are taken
 */
#ifndef OPENCL_HEAP_H
#define OPENCL_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#define HEAP_GRANULE	0x10000ULL

/**
 * struct heap - memory from 0 to a size
 * @taken: a byte for each granule
 * @granules: how many
 */
struct heap {
	uint8_t *taken;
	uint64_t granules;
};

/** heap_init() - all is free; false: no memory for the books */
bool heap_init(struct heap *heap, uint64_t bytes);

/** heap_take() - the first place with room; false: there is none */
bool heap_take(struct heap *heap, uint64_t bytes, uint64_t *address);

/** heap_give() - give a place back, as it was taken */
void heap_give(struct heap *heap, uint64_t address, uint64_t bytes);

#endif /* OPENCL_HEAP_H */
