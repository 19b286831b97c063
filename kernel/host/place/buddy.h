/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buddy.h - placement by halving
 *
 * A space of any size is halved, and its halves are halved, down to a number
 * of levels. A block of level n has size >> n bytes. Mixed sizes always fit:
 * a free block is never out of reach because of how others lie, and the
 * number of free blocks of a level is exactly the number of allocations of
 * that level that succeed.
 *
 * Pure C without calls or locks, so that unit tests compile it in user space.
 * The caller gives the storage and serialises the calls.
 */
#ifndef OPENVGPU_BUDDY_H
#define OPENVGPU_BUDDY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

/* The finest level: 4096 blocks, 8 KiB of storage. */
#define BUDDY_MAX_LEVEL	12

/**
 * struct buddy - the halves of one space
 * @size: bytes of the whole, a multiple of 1 << @levels
 * @levels: the finest level
 * @node: storage: for each node of the tree the level of the largest free
 *	block below it, or BUDDY_NONE
 */
struct buddy {
	__u64 size;
	unsigned int levels;
	__u8 *node;
};

#define BUDDY_NONE	0xff

/**
 * buddy_storage - bytes of storage a tree of @levels levels needs
 * @levels: at most BUDDY_MAX_LEVEL
 */
static inline size_t buddy_storage(unsigned int levels)
{
	return (size_t)2 << levels;
}

bool buddy_init(struct buddy *buddy, __u8 *storage, __u64 size,
		unsigned int levels);
bool buddy_alloc(struct buddy *buddy, unsigned int level, __u64 *offset);
bool buddy_free(struct buddy *buddy, unsigned int level, __u64 offset);
unsigned int buddy_count(const struct buddy *buddy, unsigned int level);
__u64 buddy_free_bytes(const struct buddy *buddy);
__u64 buddy_largest(const struct buddy *buddy);

#endif /* OPENVGPU_BUDDY_H */
