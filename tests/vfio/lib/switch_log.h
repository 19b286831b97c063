/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * switch_log.h - the GPU's log of switches, followed without a gap
 *
 * The kernel keeps the last 256; who reads often enough has them all. All
 * times in it are of the GPU's clock.
 */
#ifndef SWITCH_LOG_H
#define SWITCH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

/**
 * struct switch_entry - one switch
 * @time: when the run ended, ns
 * @instance: on whose engine, 0: the pool's
 * @partition: whose
 * @uuid: whose; "-": nobody's
 * @reason: idle, quantum, preempted, reset or rejected
 * @quantum: what it was given, ns; 0: no limit
 * @run: how long it ran, ns
 * @cost: of its load and save, ns
 * @wait: how long its vGPU had waited, ns
 */
struct switch_entry {
	uint64_t time;
	unsigned int instance;
	int partition;
	char uuid[UUID_LENGTH + 1];
	char reason[16];
	uint64_t quantum;
	uint64_t run;
	uint64_t cost;
	uint64_t wait;
};

/**
 * struct switch_log - what was seen since switch_log_begin()
 * @entry: oldest first
 * @count: their number
 * @space: how many @entry has room for
 * @last: newest that was read, also of those before the beginning
 * @gap: some were lost: nobody read in time
 */
struct switch_log {
	struct switch_entry *entry;
	size_t count;
	size_t space;
	struct switch_entry last;
	bool gap;
};

void switch_log_begin(struct switch_log *log);
void switch_log_read(struct switch_log *log);
void switch_log_print(const struct switch_log *log, size_t from, size_t to);
void switch_log_end(struct switch_log *log);

#endif /* SWITCH_LOG_H */
