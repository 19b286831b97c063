// SPDX-License-Identifier: GPL-2.0-only
/*
 * round_robin.c - every runnable vGPU in turn, each for one slice
 *
 * The runnable entities form a ring; the head is the next to run, or the one
 * running. A run of any length moves its entity to the end, so:
 *
 *   - between two runs of one entity every other one that was runnable all the
 *     time runs exactly once;
 *   - an entity that wakes is run after at most as many slices as there were
 *     runnable entities before it;
 *   - what an entity leaves unused of its slice is nobody's: it is not carried
 *     over.
 *
 * Entities that always use their slice up therefore get equal times.
 */
#include "policy.h"

/* Half the period of 480 Hz for two; short enough for a desktop of eight. */
#define ROUND_ROBIN_TIMESLICE_NS	2000000ULL

static void round_robin_wake(struct sched_queue *queue,
			     struct sched_client *entity)
{
	struct sched_client *head = queue->head;

	if (entity->runnable)
		return;

	if (head) {
		/* The end of the ring is just before its head. */
		entity->next = head;
		entity->previous = head->previous;
		head->previous->next = entity;
		head->previous = entity;
	} else {
		entity->next = entity;
		entity->previous = entity;
		queue->head = entity;
	}
	entity->runnable = true;
	queue->runnable++;
}

static void round_robin_sleep(struct sched_queue *queue,
			      struct sched_client *entity)
{
	if (!entity->runnable)
		return;

	if (entity->next == entity) {
		queue->head = NULL;
	} else {
		entity->previous->next = entity->next;
		entity->next->previous = entity->previous;
		if (queue->head == entity)
			queue->head = entity->next;
	}
	entity->next = NULL;
	entity->previous = NULL;
	entity->runnable = false;
	queue->runnable--;
}

static struct sched_client *round_robin_pick(struct sched_queue *queue,
					     __u64 *quantum_ns)
{
	*quantum_ns = queue->timeslice_ns ? queue->timeslice_ns :
		      ROUND_ROBIN_TIMESLICE_NS;

	return queue->head;
}

static void round_robin_charge(struct sched_queue *queue,
			       struct sched_client *entity,
			       enum sched_end reason, __u64 run_ns)
{
	entity->run_ns += run_ns;

	/*
	 * The head has had its turn whatever the reason was: one that is
	 * rejected again and again must not keep the others waiting.
	 */
	(void)reason;
	if (queue->head == entity)
		queue->head = entity->next;
}

const struct sched_policy sched_round_robin = {
	.name	= "round_robin",
	.wake	= round_robin_wake,
	.sleep	= round_robin_sleep,
	.pick	= round_robin_pick,
	.charge	= round_robin_charge,
};
