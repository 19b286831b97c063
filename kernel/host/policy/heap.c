// SPDX-License-Identifier: GPL-2.0-only
/*
 * heap.c - a binary min-heap of scheduling clients
 */
#include "policy/heap.h"
#include "policy/policy.h"

static bool before(struct sched_heap *heap, const struct sched_heap_node *a,
		   const struct sched_heap_node *b)
{
	heap->comparisons++;
	if (a->key != b->key)
		return (__s64)(a->key - b->key) < 0;
	return (__s64)(a->order - b->order) < 0;
}

static void place(struct sched_heap *heap, unsigned int at,
		  const struct sched_heap_node *node)
{
	heap->node[at] = *node;
	node->client->heap_index = at;
}

static void sift(struct sched_heap *heap, unsigned int at,
		 struct sched_heap_node node)
{
	unsigned int child;

	while (at && before(heap, &node, &heap->node[(at - 1) / 2])) {
		place(heap, at, &heap->node[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    before(heap, &heap->node[child + 1], &heap->node[child]))
			child++;
		if (!before(heap, &heap->node[child], &node))
			break;
		place(heap, at, &heap->node[child]);
		at = child;
	}
	place(heap, at, &node);
}

/**
 * sched_heap_insert - put a client into a heap
 * @heap: the heap
 * @client: in no heap yet
 * @key: smaller ones leave first
 * @order: decides among equal keys
 *
 * Return: false if the heap is full.
 */
bool sched_heap_insert(struct sched_heap *heap, struct sched_client *client,
		       __u64 key, __u64 order)
{
	struct sched_heap_node node = { key, order, client };

	if (heap->count == heap->capacity)
		return false;
	heap->count++;
	sift(heap, heap->count - 1, node);
	return true;
}

/**
 * sched_heap_remove - take a client out of its heap
 * @heap: the heap it is in
 * @client: in @heap
 */
void sched_heap_remove(struct sched_heap *heap, struct sched_client *client)
{
	unsigned int at = client->heap_index;
	struct sched_heap_node last = heap->node[--heap->count];

	client->heap_index = SCHED_HEAP_NONE;
	if (last.client != client)
		sift(heap, at, last);
}
