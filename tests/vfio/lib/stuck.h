/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stuck.h - memory that does not arrive; every failure ends the test
 */
#ifndef STUCK_H
#define STUCK_H

#include <stddef.h>
#include <sys/types.h>

#include "runtime.h"

/**
 * struct stuck - memory whose pages wait for a file system that does not answer
 * @cpu: where they are
 * @bytes: how many
 * @server: the file system's process
 * @release: a byte written here makes it answer
 * @asked: how often somebody has begun to wait for some of them
 */
struct stuck {
	void *cpu;
	size_t bytes;
	pid_t server;
	int release;
	volatile unsigned int *asked;
};

void stuck_make(struct stuck *stuck, size_t bytes);
void stuck_wait(const struct stuck *stuck, struct rt_device *device);
void stuck_release(struct stuck *stuck);

#endif /* STUCK_H */
