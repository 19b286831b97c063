/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * canary.h - does a GPU write to guest memory that was given back? Every failure
 * ends the test
 */
#ifndef CANARY_H
#define CANARY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct canary - memory that a thread watches
 * @memory: the memory, which only the GPU and that thread write to
 * @bytes: of it
 * @thread: fills it, again whenever it was changed
 * @stop: the thread is to end
 * @broken: how often it was changed
 * @last_ns: before this time the pattern was not yet there that was changed last
 */
struct canary {
	void *memory;
	size_t bytes;
	pthread_t thread;
	atomic_bool stop;
	_Atomic uint64_t broken;
	_Atomic uint64_t last_ns;
};

void canary_begin(struct canary *canary, void *memory, size_t bytes);
void canary_wait_broken(struct canary *canary);
uint64_t canary_wait_unpinned(const char *when);
void canary_end(struct canary *canary, const char *when);

#endif /* CANARY_H */
