/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * workload.h - jobs whose results are checked against this processor
 *
 * Each function submits to a ring that is enabled, waits for the end, and
 * compares every word of the result. They return 0, what rt_ring_wait()
 * returns, or -EILSEQ when a result is wrong; rt_message() tells what was seen.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "runtime.h"

int work_vector_add(struct rt_ring *ring, unsigned int count, uint32_t seed);
int work_sgemm(struct rt_ring *ring, unsigned int size, uint32_t seed);
int work_sha256(struct rt_ring *ring, unsigned int messages,
		unsigned int bytes, uint32_t seed);
int work_mandelbrot(struct rt_ring *ring, unsigned int width,
		    unsigned int height, unsigned int iterations,
		    uint32_t *picture);
int work_reduce(struct rt_ring *ring, unsigned int count, uint32_t seed);
int work_system_memory(struct rt_ring *ring, unsigned int pages,
		       uint32_t seed);
int work_spin(struct rt_ring *ring, uint64_t *stop);
void work_stop(struct rt_device *device, uint64_t stop);
uint32_t work_random(uint32_t *state);

/* sha256.c */
void sha256(const void *message, size_t bytes, uint8_t digest[32]);

#endif /* WORKLOAD_H */
