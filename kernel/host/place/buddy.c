// SPDX-License-Identifier: GPL-2.0-only
/*
 * buddy.c - placement by halving
 *
 * The tree lies in an array: node 1 is the whole, the halves of node n are
 * 2n and 2n + 1. A node holds the level of the largest free block at or below
 * it. Halves of an allocated node keep the value "wholly free": that is how
 * an allocated node differs from one whose halves are all taken.
 */
#include "place/buddy.h"

static unsigned int first_node(unsigned int level)
{
	return 1u << level;
}

/* Whether the block of node @n, at @level, was handed out as a whole. */
static bool node_allocated(const struct buddy *buddy, unsigned int n,
			   unsigned int level)
{
	if (buddy->node[n] != BUDDY_NONE)
		return false;
	return level == buddy->levels ||
	       (buddy->node[2 * n] == level + 1 &&
		buddy->node[2 * n + 1] == level + 1);
}

/* Recompute the ancestors of node @n, which is at @level. */
static void update_ancestors(struct buddy *buddy, unsigned int n,
			     unsigned int level)
{
	while (level > 0) {
		__u8 low, high;

		n >>= 1;
		level--;
		low = buddy->node[2 * n];
		high = buddy->node[2 * n + 1];
		if (low == level + 1 && high == level + 1)
			buddy->node[n] = level;
		else
			buddy->node[n] = low < high ? low : high;
	}
}

/**
 * buddy_init - make the whole space free
 * @buddy: filled in
 * @storage: at least buddy_storage(@levels) bytes, kept as long as @buddy
 * @size: bytes of the space
 * @levels: the finest level
 *
 * Return: false if @size is 0, or can't be halved @levels times.
 */
bool buddy_init(struct buddy *buddy, __u8 *storage, __u64 size,
		unsigned int levels)
{
	unsigned int level, n = 1;

	if (levels > BUDDY_MAX_LEVEL || !size ||
	    size & (((__u64)1 << levels) - 1))
		return false;
	buddy->size = size;
	buddy->levels = levels;
	buddy->node = storage;
	storage[0] = BUDDY_NONE;
	for (level = 0; level <= levels; level++)
		while (n < 2 * first_node(level))
			storage[n++] = level;
	return true;
}

/**
 * buddy_alloc - take a block
 * @buddy: the tree
 * @level: which size
 * @offset: the block's first byte
 *
 * Takes from the smallest free block that suffices, the lowest of equals, so
 * that large ones stay whole.
 *
 * Return: false if there is no free block of that level.
 */
bool buddy_alloc(struct buddy *buddy, unsigned int level, __u64 *offset)
{
	unsigned int n = 1, at;

	if (level > buddy->levels || buddy->node[1] > level)
		return false;
	for (at = 0; at < level; at++) {
		__u8 low = buddy->node[2 * n], high = buddy->node[2 * n + 1];

		n *= 2;
		if (low > level || (high <= level && high > low))
			n++;
	}
	buddy->node[n] = BUDDY_NONE;
	update_ancestors(buddy, n, level);
	*offset = (buddy->size >> level) * (n - first_node(level));
	return true;
}

/**
 * buddy_free - give a block back
 * @buddy: the tree
 * @level: as it was taken
 * @offset: as buddy_alloc() said
 *
 * Return: false, and nothing changed, if no such block is taken.
 */
bool buddy_free(struct buddy *buddy, unsigned int level, __u64 offset)
{
	unsigned int i, n;
	__u64 at = 0;

	if (level > buddy->levels || offset >= buddy->size)
		return false;
	/* Without a 64-bit division, which 32-bit kernels don't link. */
	for (i = 0, n = 1; i < level; i++) {
		__u64 half = buddy->size >> (i + 1);

		n *= 2;
		if (offset >= at + half) {
			at += half;
			n++;
		}
	}
	if (at != offset || !node_allocated(buddy, n, level))
		return false;
	buddy->node[n] = level;
	update_ancestors(buddy, n, level);
	return true;
}

/* Walks the maximal free blocks. At most 2 << levels steps, no recursion. */
static __u64 sum_free(const struct buddy *buddy, unsigned int level)
{
	unsigned int n = 1, at = 0;
	__u64 sum = 0;

	for (;;) {
		if (buddy->node[n] == at) {
			/* Wholly free: so many blocks of @level. */
			sum += (__u64)1 << (level - at);
		} else if (buddy->node[n] <= level) {
			n *= 2;
			at++;
			continue;
		}
		/* On to the next subtree on the right. */
		while (n & 1) {
			if (n == 1)
				return sum;
			n >>= 1;
			at--;
		}
		n++;
	}
}

/**
 * buddy_count - how many blocks of a level can be taken
 * @buddy: the tree
 * @level: which size
 */
unsigned int buddy_count(const struct buddy *buddy, unsigned int level)
{
	if (level > buddy->levels)
		return 0;
	return sum_free(buddy, level);
}

/**
 * buddy_free_bytes - bytes in free blocks
 * @buddy: the tree
 */
__u64 buddy_free_bytes(const struct buddy *buddy)
{
	return sum_free(buddy, buddy->levels) * (buddy->size >> buddy->levels);
}

/**
 * buddy_largest - bytes of the largest free block
 * @buddy: the tree
 */
__u64 buddy_largest(const struct buddy *buddy)
{
	if (buddy->node[1] == BUDDY_NONE)
		return 0;
	return buddy->size >> buddy->node[1];
}
