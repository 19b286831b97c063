/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actor.h - the clock of a device, and the state machines that it drives
 *
 * An actor is one state machine. Its step does a small piece of work and says
 * when it wants to be called again. On the wall clock every actor has a thread
 * of its own. On the virtual clock they have none: timeline_step() calls the
 * actors in the order of their times.
 */
#ifndef REFGPU_ACTOR_H
#define REFGPU_ACTOR_H

#include <pthread.h>

#include "types.h"

#define NEVER		UINT64_MAX
#define NS_A_SECOND	1000000000ULL

struct actor;
struct device;

/**
 * struct timeline - the clock of a device and its actors
 * @lock: the device's lock; steps are called with it held
 * @virtual_clock: time passes in timeline_step() only
 * @stopping: the threads are to end
 * @epoch: wall clock: CLOCK_MONOTONIC at time 0
 * @now: virtual clock: the time
 * @first: list of actors; of those that are due at one time, the first is called first
 */
struct timeline {
	pthread_mutex_t *lock;
	bool virtual_clock;
	bool stopping;
	u64 epoch;
	u64 now;
	struct actor *first;
};

/**
 * struct actor - one state machine and, on the wall clock, its thread
 * @step: do a piece of work; called with the device's lock held, may drop it;
 *	  returns the time at which it wants to be called again, or NEVER
 * @dev: device it belongs to
 * @timeline: of the device
 * @following: in the timeline's list
 * @next: time of the next call
 * @kicked: actor_wake() was called while it was at work
 * @started: it has a thread
 */
struct actor {
	u64 (*step)(struct actor *actor);
	struct device *dev;
	struct timeline *timeline;
	struct actor *following;
	u64 next;
	bool kicked;
	bool started;
	pthread_t thread;
	pthread_cond_t wake;
};

/** timeline_init() - a timeline without actors, at time 0 */
void timeline_init(struct timeline *timeline, pthread_mutex_t *lock, bool virtual_clock);

/** timeline_now() - nanoseconds since timeline_init(); any context */
u64 timeline_now(const struct timeline *timeline);

/** timeline_step() - let virtual time pass, in nanoseconds; lock held, dropped by steps */
void timeline_step(struct timeline *timeline, u64 ns);

/** actor_init() - add an actor to the end of a timeline; it waits for actor_wake() */
void actor_init(struct actor *actor, struct timeline *timeline, struct device *dev,
		u64 (*step)(struct actor *actor));

/** actor_start() - start the actor's thread; returns 0 or an errno */
int actor_start(struct actor *actor);

/** actor_stop() - end the actor's thread, if it has one, and free its memory; no lock held */
void actor_stop(struct actor *actor);

/** actor_wake() - have an actor step soon; lock held */
void actor_wake(struct actor *actor);

#endif /* REFGPU_ACTOR_H */
