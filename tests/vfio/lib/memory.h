/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.h - memory that may not be there, and what stands in it
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool peek(volatile void *address, uint64_t *value);
bool poke(volatile void *address, uint64_t value);
void fill_words(void *address, size_t bytes, uint32_t seed);
long differing_word(const void *address, size_t bytes, uint32_t seed);

#endif /* MEMORY_H */
