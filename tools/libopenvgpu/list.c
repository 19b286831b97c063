// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * list.c - lists as callers get them: one block, whatever is in it
 *
 * A caller sees an array of pointers, so that structures can grow without its
 * knowing their size, and gives all of it back with one ovgpu_free().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/**
 * ovgpu_free - give back what the library allocated
 * @memory: a list, an object or an event; NULL does nothing
 *
 * A handle goes to ovgpu_close().
 */
void ovgpu_free(void *memory)
{
	free(memory);
}

/**
 * ovgpu_list_pack - make an array of structures a list
 * @items: the array; stays the caller's
 * @count: how many
 * @size: of one, a multiple of its alignment
 *
 * Return: the list, NULL without memory.
 */
void *ovgpu_list_pack(const void *items, size_t count, size_t size)
{
	/* Structures with 64-bit members stand behind pointers, that may be 32. */
	size_t first = ((count + 1) * sizeof(void *) + 15) & ~(size_t)15;
	char *block, **list;
	size_t i;

	block = malloc(first + count * size);
	if (!block)
		return NULL;
	list = (char **)block;
	for (i = 0; i < count; i++)
		list[i] = block + first + i * size;
	list[count] = NULL;
	if (count)
		memcpy(block + first, items, count * size);
	return list;
}
