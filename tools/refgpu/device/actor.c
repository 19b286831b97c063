// SPDX-License-Identifier: GPL-2.0-only
/*
 * actor.c - the clock of a device, and the state machines that it drives
 */
#include <sys/prctl.h>
#include <time.h>

#include "device/actor.h"

static u64 wall_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * NS_A_SECOND + (u64)ts.tv_nsec;
}

void timeline_init(struct timeline *timeline, pthread_mutex_t *lock, bool virtual_clock)
{
	*timeline = (struct timeline){
		.lock = lock,
		.virtual_clock = virtual_clock,
		.epoch = wall_clock(),
	};
}

u64 timeline_now(const struct timeline *timeline)
{
	return timeline->virtual_clock ? timeline->now : wall_clock() - timeline->epoch;
}

/* The actor that wants to be called first, and when. */
static struct actor *first_due(const struct timeline *timeline, u64 *when)
{
	struct actor *actor, *first = NULL;

	*when = NEVER;
	for (actor = timeline->first; actor; actor = actor->following) {
		u64 next = actor->kicked ? 0 : actor->next;

		if (next < *when) {
			*when = next;
			first = actor;
		}
	}
	return first;
}

void timeline_step(struct timeline *timeline, u64 ns)
{
	u64 end = timeline->now + ns, when;
	struct actor *actor;

	while ((actor = first_due(timeline, &when)) && when <= end) {
		if (when > timeline->now)
			timeline->now = when;
		actor->kicked = false;
		actor->next = NEVER;
		actor->next = actor->step(actor);
	}
	timeline->now = end;
}

void actor_init(struct actor *actor, struct timeline *timeline, struct device *dev,
		u64 (*step)(struct actor *actor))
{
	struct actor **last = &timeline->first;
	pthread_condattr_t attr;

	actor->step = step;
	actor->dev = dev;
	actor->timeline = timeline;
	actor->next = NEVER;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&actor->wake, &attr);
	pthread_condattr_destroy(&attr);

	while (*last)
		last = &(*last)->following;
	*last = actor;
}

static void *actor_thread(void *argument)
{
	struct actor *actor = argument;
	struct timeline *timeline = actor->timeline;

	/* The default slack of 50 microseconds would blur every quantum. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	pthread_mutex_lock(timeline->lock);
	while (!timeline->stopping) {
		if (actor->kicked || actor->next <= timeline_now(timeline)) {
			actor->kicked = false;
			actor->next = actor->step(actor);
		} else if (actor->next == NEVER) {
			pthread_cond_wait(&actor->wake, timeline->lock);
		} else {
			u64 at = timeline->epoch + actor->next;
			struct timespec ts = {
				.tv_sec = (time_t)(at / NS_A_SECOND),
				.tv_nsec = (long)(at % NS_A_SECOND),
			};

			/* NEVER's neighbours do not fit a timespec sum. */
			if (at < actor->next)
				pthread_cond_wait(&actor->wake, timeline->lock);
			else
				pthread_cond_timedwait(&actor->wake, timeline->lock, &ts);
		}
	}
	pthread_mutex_unlock(timeline->lock);
	return NULL;
}

int actor_start(struct actor *actor)
{
	int error = pthread_create(&actor->thread, NULL, actor_thread, actor);

	actor->started = !error;
	return error;
}

void actor_stop(struct actor *actor)
{
	if (actor->started) {
		pthread_mutex_lock(actor->timeline->lock);
		actor->timeline->stopping = true;
		pthread_cond_signal(&actor->wake);
		pthread_mutex_unlock(actor->timeline->lock);
		pthread_join(actor->thread, NULL);
		actor->started = false;
	}
	pthread_cond_destroy(&actor->wake);
}

void actor_wake(struct actor *actor)
{
	actor->kicked = true;
	if (actor->started)
		pthread_cond_signal(&actor->wake);
}
