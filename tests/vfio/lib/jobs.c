// SPDX-License-Identifier: GPL-2.0-only
/*
 * jobs.c - a queue of jobs whose every result is looked at, see jobs.h
 */
#include "jobs.h"

#include "../../kernels/kernels.h"

#define PACKETS		512
#define A_JOB		4	/* packets */
#define RESULTS		1024	/* kept: more than jobs fit into the ring */
#define ITEMS		256
#define GROUP		64
#define PATIENCE_MS	60000

/**
 * jobs_create - an empty queue on ring 0
 * @jobs: receives it
 * @device: open
 * @elements: what a job adds up; 1000 are some hundred microseconds
 * @seed: of the numbers
 */
void jobs_create(struct jobs *jobs, struct rt_device *device,
		 unsigned int elements, uint32_t seed)
{
	struct reduce_argument argument = { .count = elements };
	volatile uint32_t *input;
	uint64_t at;
	unsigned int i;

	memset(jobs, 0, sizeof(*jobs));
	OK(rt_ring_create(device, 0, PACKETS, &jobs->ring));
	OK(rt_kernel_load(device, "reduce", &at));
	jobs->job.code = at;
	argument.input = rt_framebuffer_alloc(device, elements * 4ULL, 64);
	argument.scratch = rt_framebuffer_alloc(device, ITEMS * 4, 64);
	argument.group_sums = rt_framebuffer_alloc(device, ITEMS / GROUP * 4, 64);
	argument.total = rt_framebuffer_alloc(device, 4, 64);
	input = rt_framebuffer(device, argument.input);
	for (i = 0; i < elements; i++) {
		input[i] = work_random(&seed);
		jobs->expected += input[i];
	}
	at = rt_framebuffer_alloc(device, sizeof(argument), 64);
	memcpy(rt_framebuffer(device, at), &argument, sizeof(argument));
	jobs->total = argument.total;
	jobs->result = rt_framebuffer_alloc(device, RESULTS * 4, 64);
	jobs->job.header.opcode = REFGPU_OP_DISPATCH;
	jobs->job.argument = at;
	jobs->job.grid[0] = ITEMS / GROUP;
	jobs->job.grid[1] = 1;
	jobs->job.grid[2] = 1;
	jobs->job.group[0] = GROUP;
	jobs->job.group[1] = 1;
	jobs->job.group[2] = 1;
}

static volatile uint32_t *result(const struct jobs *jobs, uint64_t which)
{
	return rt_framebuffer(jobs->ring.device,
			      jobs->result + which % RESULTS * 4);
}

/**
 * jobs_submit - one more job
 * @jobs: created; the ring must have room, or this waits for it
 */
void jobs_submit(struct jobs *jobs)
{
	*result(jobs, jobs->submitted) = ~jobs->expected;
	OK(rt_fill(&jobs->ring, jobs->total, 4, 0));
	OK(rt_ring_submit(&jobs->ring, &jobs->job));
	OK(rt_copy(&jobs->ring, jobs->result + jobs->submitted % RESULTS * 4,
		   jobs->total, 4));
	OK(rt_ring_fence(&jobs->ring, 0));
	jobs->submitted++;
}

/**
 * jobs_check - look at the results of jobs that ended since the last look
 * @jobs: created
 */
void jobs_check(struct jobs *jobs)
{
	/* The n-th job's fence has the value n, from 1. */
	while (jobs->checked < jobs->submitted &&
	       rt_ring_reached(&jobs->ring, jobs->checked + 1)) {
		CHECK(*result(jobs, jobs->checked) == jobs->expected,
		      "job %lu computed 0x%x, not 0x%x", jobs->checked,
		      *result(jobs, jobs->checked), jobs->expected);
		jobs->checked++;
	}
}

/**
 * jobs_keep - check what has ended, and submit until some are queued ahead
 * @jobs: created
 * @ahead: how many, up to 120
 */
void jobs_keep(struct jobs *jobs, unsigned int ahead)
{
	jobs_check(jobs);
	if (ahead > PACKETS / A_JOB - 8)
		ahead = PACKETS / A_JOB - 8;
	while (jobs->submitted - jobs->checked < ahead)
		jobs_submit(jobs);
}

/**
 * jobs_finish - every job must come to its end, with the right result
 * @jobs: created
 */
void jobs_finish(struct jobs *jobs)
{
	if (jobs->submitted)
		OK(rt_ring_wait(&jobs->ring, jobs->submitted, PATIENCE_MS));
	jobs_check(jobs);
	CHECK(jobs->checked == jobs->submitted, "%lu of %lu jobs have ended",
	      jobs->checked, jobs->submitted);
}
