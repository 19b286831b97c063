/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jobs.h - a queue of jobs whose every result and fence is looked at
 *
 * For tests that change something while vGPUs work: the queue never runs dry
 * as long as jobs_keep() is called often enough, and nothing may get lost.
 */
#ifndef JOBS_H
#define JOBS_H

#include "vgpu.h"

/**
 * struct jobs - a queue of jobs of one vGPU
 * @ring: where they are submitted
 * @submitted: how many, each ends with a fence
 * @checked: how many results were right
 * @job: the packets of the computation, the same for all
 * @total: where it computes
 * @result: where results are stored, in order
 * @expected: what each must be
 */
struct jobs {
	struct rt_ring ring;
	uint64_t submitted;
	uint64_t checked;
	struct refgpu_dispatch job;
	uint64_t total;
	uint64_t result;
	uint32_t expected;
};

void jobs_create(struct jobs *jobs, struct rt_device *device,
		 unsigned int elements, uint32_t seed);
void jobs_submit(struct jobs *jobs);
void jobs_check(struct jobs *jobs);
void jobs_keep(struct jobs *jobs, unsigned int ahead);
void jobs_finish(struct jobs *jobs);

#endif /* JOBS_H */
