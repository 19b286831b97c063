/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heap.h - a binary min-heap of scheduling clients
 *
 * Pure C over storage of the caller, as all policies are. Keys compare as
 * signed differences, so that a clock may wrap; equal keys leave in the order
 * they came.
 */
#ifndef SCHED_HEAP_H
#define SCHED_HEAP_H

#include <linux/types.h>

#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

struct sched_client;

/* A client is in no heap. */
#define SCHED_HEAP_NONE		(~0U)

/**
 * struct sched_heap_node - one place of a heap
 * @key: what is compared first
 * @order: what is compared when keys are equal
 * @client: whose place it is
 */
struct sched_heap_node {
	__u64 key;
	__u64 order;
	struct sched_client *client;
};

/**
 * struct sched_heap - a min-heap
 * @node: storage for @capacity places, of the caller
 * @count: places in use
 * @capacity: places there are
 * @comparisons: made so far; tests read it
 */
struct sched_heap {
	struct sched_heap_node *node;
	unsigned int count;
	unsigned int capacity;
	__u64 comparisons;
};

bool sched_heap_insert(struct sched_heap *heap, struct sched_client *client,
		       __u64 key, __u64 order);
void sched_heap_remove(struct sched_heap *heap, struct sched_client *client);

/**
 * sched_heap_first - the client with the least key
 * @heap: where to look
 *
 * Return: the client, NULL if the heap is empty.
 */
static inline struct sched_client *sched_heap_first(const struct sched_heap *heap)
{
	return heap->count ? heap->node[0].client : NULL;
}

#endif /* SCHED_HEAP_H */
