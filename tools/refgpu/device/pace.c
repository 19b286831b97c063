// SPDX-License-Identifier: GPL-2.0-only
/*
 * pace.c - how much a piece of work may be, and how long it takes; see pace.h
 *
 * On the wall clock a block that has a part of the slices works at full speed and
 * then pauses. It takes the processor time of its thread for its work: time that the
 * thread waited for a processor would slow it down twice. engine.due is when the
 * block will have had the time that all its work takes. It pauses only once that is
 * far ahead, because to sleep and wake up costs more than a small piece of work; the
 * rest is paid later, by whatever the block does next.
 */
#include <time.h>

#include "device/pace.h"
#include "device/slices.h"
#include "device/state.h"

/* One piece of work: tens of microseconds on any machine. */
#define PIECE_INSTRUCTIONS	4096
#define PIECE_BYTES		(64ULL << 10)

/* What work costs on the virtual clock, with all slices. */
#define VIRTUAL_INSTRUCTION_NS	10
#define VIRTUAL_PACKET_NS	100
#define VIRTUAL_BYTES_A_NS	8

/* Wall clock: so far ahead of its time a block may be, and so far behind it catches up. */
#define AHEAD_NS		100000
#define BEHIND_NS		2000000

static u64 longer(u64 ns, const struct share *share)
{
	return ns * share->all / share->slices;
}

static u64 less(u64 amount, const struct share *share)
{
	return amount * share->slices / share->all;
}

static u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

static bool whole(const struct engine *e)
{
	return e->compute.slices == e->compute.all && e->memory.slices == e->memory.all;
}

void pace_begin(struct engine *e, struct job_environment *environment)
{
	const struct device *dev = e->actor.dev;
	struct share memory = slices_memory(e);
	u64 now = device_now(dev), left;

	e->piece_begin = now;
	environment->instructions = less(PIECE_INSTRUCTIONS, &e->compute);
	environment->bytes = less(PIECE_BYTES, &memory);
	if (!dev->timeline.virtual_clock || e->quantum_end == NEVER)
		return;
	/* Virtual quanta are exact, but for the packet's fixed cost. */
	left = smaller(e->quantum_end > now ? e->quantum_end - now : 0, NS_A_SECOND);
	environment->instructions =
		smaller(environment->instructions,
			less(left, &e->compute) / VIRTUAL_INSTRUCTION_NS + 1);
	environment->bytes = smaller(environment->bytes,
				     less(left, &memory) * VIRTUAL_BYTES_A_NS + 1);
}

u64 pace_clock(const struct engine *e)
{
	struct timespec ts;

	if (e->actor.dev->timeline.virtual_clock || whole(e))
		return 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * NS_A_SECOND + (u64)ts.tv_nsec;
}

static u64 virtual_end(const struct engine *e)
{
	const struct job_slice *piece = &e->slice;
	const struct share share = slices_memory(e);
	u64 fixed = VIRTUAL_PACKET_NS, compute, memory;

	/* There are the more of those that were cut, the smaller they are. */
	if (piece->outcome != JOB_MORE)
		fixed = longer(fixed, &e->compute);
	compute = longer(piece->instructions * VIRTUAL_INSTRUCTION_NS, &e->compute);
	memory = longer((piece->bytes_read + piece->bytes_written) / VIRTUAL_BYTES_A_NS, &share);
	return e->piece_begin + fixed + compute + memory;
}

u64 pace_end(struct engine *e, u64 worked)
{
	const struct device *dev = e->actor.dev;
	struct share share = e->compute;
	u64 now = device_now(dev), opcode;

	if (dev->timeline.virtual_clock)
		return virtual_end(e);
	if (whole(e))
		return now;
	opcode = e->partition->job.packet.header.opcode;
	if (opcode == REFGPU_OP_FILL || opcode == REFGPU_OP_COPY)
		share = slices_memory(e);
	if (e->due + BEHIND_NS < now)
		e->due = now - BEHIND_NS;
	e->due += longer(worked, &share);
	return e->due > now + AHEAD_NS ? e->due : now;
}
