// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_slices.c - a device divided by its slices: run-control blocks side by side, on
 * the virtual clock
 */
#include "blocks.h"
#include "chance.h"

#define BLOCKS_MAX	4

static struct gpu *g;

static void setup(void)
{
	g = gpu_create(true);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void another(u32 compute, u32 memory)
{
	gpu_destroy(g);
	g = gpu_create_config((struct device_config){
		.virtual_clock = true, .compute_slices = compute, .memory_slices = memory });
}

/* ------------------------------------------------------------ throughput */

/* struct division - blocks that share all of a device; the slices of each, 0: no block */
struct division {
	u32 compute_slices;
	u32 memory_slices;
	u32 compute[BLOCKS_MAX];
	u32 memory[BLOCKS_MAX];
};

static const struct division divisions[] = {
	{ 8, 8, { 4, 2, 1, 1 }, { 4, 2, 1, 1 } },
	{ 7, 8, { 4, 2, 1 }, { 4, 2, 2 } },
	{ 7, 8, { 3, 3, 1 }, { 1, 3, 4 } },	/* compute and memory have nothing to do with each other */
	{ 3, 4, { 2, 1 }, { 1, 3 } },
};

struct work {
	void (*start)(struct gpu *g, unsigned int p);
	u64 (*done)(unsigned int p);
	bool of_memory;
};

static u64 instructions(unsigned int p)
{
	return counter(g, p, REFGPU_COUNTER_INSTRUCTIONS);
}

static u64 bytes(unsigned int p)
{
	return counter(g, p, REFGPU_COUNTER_BYTES_WRITTEN);
}

static const struct work works[] = {
	{ partition_spins, instructions, false },
	{ partition_fills, bytes, true },
	{ partition_copies, bytes, true },
};

#define WORK_US	20000

/* One in that memory slice; the device has 4 or 8. */
static unsigned int partition_of(const struct division *d, unsigned int memory_slice)
{
	return partition_in(memory_slice * REFGPU_SLICES / d->memory_slices, 0);
}

static void divide(const struct division *d, const struct work *work)
{
	u64 all = rd(g, REFGPU_GLOBAL_SLICES), whole, sum = 0, done;
	unsigned int b, compute = 0, memory = 0, p;

	/* Undivided, by a driver that knows nothing of slices. */
	ck_assert_uint_eq(all, SLICES(0, d->compute_slices) % 256 |
			       SLICES(0, d->memory_slices) / 256 * 256);
	ck_assert_uint_eq(rd(g, RC(0, SLICES)), all);
	p = partition_in(0, 0);
	work->start(g, p);
	run(g, p, 0, 0);
	step_us(g, WORK_US);
	whole = work->done(p);
	preempt(g);
	step_us(g, 1000);
	wr(g, PART(p, RESET), 1);
	step_us(g, 1000);
	wr(g, REFGPU_COUNTERS(p) + REFGPU_COUNTER_CLEAR, 1);

	take(g, 0, 0);
	for (b = 0; b < BLOCKS_MAX && d->compute[b]; b++) {
		p = partition_of(d, memory);
		take(g, b, ((1ULL << d->compute[b]) - 1) << compute |
			((1ULL << d->memory[b]) - 1) << memory << 8);
		compute += d->compute[b];
		memory += d->memory[b];
		wr(g, PART(p, CONTROL), 0);
		work->start(g, p);
		run_on(g, b, p, 0, 0);
		ck_assert_uint_eq(state_of(g, b), REFGPU_RC_LOADING);
	}
	step_us(g, WORK_US);
	for (b = 0, memory = 0; b < BLOCKS_MAX && d->compute[b]; b++) {
		u32 slices = work->of_memory ? d->memory[b] : d->compute[b];

		done = work->done(partition_of(d, memory));
		memory += d->memory[b];
		expect_ratio("a block", done, (double)whole * slices /
			     (work->of_memory ? d->memory_slices : d->compute_slices), 0.005);
		sum += done;
	}
	expect_ratio("all blocks", sum, (double)whole, 0.01);
}

START_TEST(throughput_is_in_proportion)
{
	unsigned int i, w;

	for (i = 0; i < sizeof(divisions) / sizeof(divisions[0]); i++)
		for (w = 0; w < sizeof(works) / sizeof(works[0]); w++) {
			another(divisions[i].compute_slices, divisions[i].memory_slices);
			divide(&divisions[i], &works[w]);
		}
}
END_TEST

/* Short packets take longer in proportion, too, and so do quanta that end amid work. */
START_TEST(small_packets_and_short_quanta)
{
	unsigned int p = partition_in(0, 0), i, round, fences[2], slices[2] = { 8, 2 };
	u64 retired[2];

	for (round = 0; round < 2; round++) {
		another(8, 8);
		take(g, 0, SLICES(0, slices[round]));
		partition_ready(g, p);
		run(g, p, REFGPU_RUN_LINGER, 0);
		for (i = 0; i < 400; i++) {
			while (g->put[p][0] - (u32)ring_rd(g, p, 0, REFGPU_RING_GET) < RING_PACKETS)
				push_fence(g, p, 0, g->put[p][0] + 1, 0, 0);
			bell(g, p, 0);
			step_us(g, 5);
		}
		fences[round] = (unsigned int)ring_rd(g, p, 0, REFGPU_RING_FENCE);
		preempt(g);
		step_us(g, 1000);

		wr(g, PART(p, CONTROL), 0);
		wr(g, REFGPU_COUNTERS(p) + REFGPU_COUNTER_CLEAR, 1);
		partition_spins(g, p);
		forget_events(g);
		for (i = 0; i < 40; i++) {
			struct refgpu_event event;
			u64 ran;

			run(g, p, 0, 50000 + i * 1000);
			step_us(g, 1000);
			event = next_run_end(g);
			ck_assert_uint_eq(event.reason, REFGPU_END_QUANTUM);
			ran = le64toh(event.run_ns);
			ck_assert_msg(ran >= 50000 + i * 1000 && ran < 51000 + i * 1000,
				      "%u slices: a quantum of %u us took %llu ns", slices[round],
				      50 + i, (unsigned long long)ran);
		}
		retired[round] = instructions(p);
	}
	expect_ratio("fences", fences[1], fences[0] / 4., 0.01);
	expect_ratio("instructions in short quanta", retired[1], (double)retired[0] / 4, 0.03);
}
END_TEST

/* A partition may be permitted less than its block has. */
START_TEST(the_partitions_own_mask)
{
	unsigned int p = partition_in(0, 0);
	u64 whole;

	partition_spins(g, p);
	run(g, p, 0, 10000000);
	step_us(g, 20000);
	whole = instructions(p);
	wr(g, PART(p, CONTROL), 0);
	wr(g, PART(p, SLICES), 0xff30);
	wr(g, REFGPU_COUNTERS(p) + REFGPU_COUNTER_CLEAR, 1);
	partition_spins(g, p);
	ck_assert_uint_eq(user_rd(g, p, REFGPU_USER_SLICES), 0xff30);
	run(g, p, 0, 10000000);
	step_us(g, 20000);
	expect_ratio("2 of 8 slices", instructions(p), (double)whole / 4, 0.005);
}
END_TEST

START_TEST(a_preempted_block_stops_as_soon)
{
	unsigned int p = partition_in(0, 0);
	u64 took;

	take(g, 0, SLICES(0, 1));
	partition_spins(g, p);
	run(g, p, 0, 0);
	step_us(g, 5000);
	preempt(g);
	step_us(g, 1000);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_EMPTY);
	took = counter(g, p, REFGPU_COUNTER_PREEMPT_MAX_NS);
	ck_assert_msg(took < 50000, "it took %llu ns", (unsigned long long)took);
}
END_TEST

/* --------------------------------------------------------------- ownership */

static void expect_dropped(unsigned int block, u64 mask)
{
	u64 before = rd(g, RC(block, SLICES)), bad = rd(g, REFGPU_GLOBAL_BAD_ACCESS);

	wr(g, RC(block, SLICES), mask);
	ck_assert_msg(rd(g, RC(block, SLICES)) == before, "block %u took %#llx", block,
		      (unsigned long long)mask);
	/* It is a register, and the value is out of range. */
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_BAD_ACCESS), bad);
}

START_TEST(slices_belong_to_one_block)
{
	u32 high = 1;

	another(7, 8);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SLICES), 0xff7f);
	ck_assert_uint_eq(rd(g, RC(0, SLICES)), 0xff7f);
	ck_assert_uint_eq(rd(g, PART(5, SLICES)), 0xff7f);
	/* Bits of slices that there are not: nobody has them. */
	wr(g, PART(5, SLICES), 0xffff);
	ck_assert_uint_eq(rd(g, PART(5, SLICES)), 0xff7f);
	take(g, 0, 0x0f07);
	expect_dropped(0, 0x80);
	expect_dropped(0, 0xffff);
	expect_dropped(0, 0x20f07);
	device_write(g->dev, RC(0, SLICES) + 4, &high, 4);
	ck_assert_uint_eq(rd(g, RC(0, SLICES)), 0x0f07);
	/* Compute, or memory, of another one. */
	expect_dropped(1, 0x1004);
	expect_dropped(1, 0x0808);
	expect_dropped(1, 0x0f07);
	take(g, 1, 0x1008);
	take(g, 7, 0xe070);
	expect_dropped(1, 0x3008);
	expect_dropped(0, 0xff7f);
	/* Its own it may give and keep. */
	take(g, 1, 0x1008);
	take(g, 7, 0xc060);
	take(g, 1, 0x3018);
	take(g, 1, 0);
	take(g, 7, 0);
	take(g, 0, 0xff7f);
}
END_TEST

/* A run has the slices that it began with. */
START_TEST(slices_change_while_the_block_is_empty)
{
	unsigned int p = partition_in(0, 0);
	u64 states = 0;

	partition_spins(g, p);
	run(g, p, 0, 300000);
	while (rc_state(g) != REFGPU_RC_EMPTY) {
		states |= 1 << rc_state(g);
		expect_dropped(0, SLICES(0, 4));
		expect_dropped(0, 0);
		expect_dropped(1, SLICES(4, 4));
		step_us(g, 10);
	}
	ck_assert_uint_eq(states, 1 << REFGPU_RC_LOADING | 1 << REFGPU_RC_RUNNING |
				  1 << REFGPU_RC_SAVING);
	run(g, REFGPU_RUN_NONE, 0, 100000);
	expect_dropped(0, SLICES(0, 4));
	step_us(g, 200);
	take(g, 0, SLICES(0, 4));
	take(g, 1, SLICES(4, 4));
}
END_TEST

/* ------------------------------------------------------------------ memory */

static void expect_run(unsigned int block, unsigned int p, bool accepted)
{
	forget_events(g);
	run_on(g, block, p, 0, 0);
	if (!accepted) {
		EXPECT_RUN_END(g, p, REFGPU_END_REJECTED);
		ck_assert_uint_eq(state_of(g, block), REFGPU_RC_EMPTY);
		return;
	}
	ck_assert_msg(state_of(g, block) == REFGPU_RC_LOADING,
		      "block %u does not run partition %u", block, p);
	step_us(g, 1000);
	EXPECT_RUN_END(g, p, REFGPU_END_IDLE);
}

static void move_partition(unsigned int p, u64 base, u64 limit, u64 slices)
{
	wr(g, PART(p, CONTROL), 0);
	wr(g, PART(p, VRAM_LIMIT), 0);
	wr(g, PART(p, VRAM_BASE), base);
	wr(g, PART(p, VRAM_LIMIT), limit);
	wr(g, PART(p, SLICES), slices);
	wr(g, PART(p, CONTROL), REFGPU_PARTITION_ENABLE);
}

START_TEST(memory_outside_is_refused)
{
	u64 slice = GPU_VRAM / 8;

	take(g, 0, 0x0f0f);
	take(g, 1, 0x6030);	/* memory slices 5 and 6 */
	take(g, 2, 0x0040);	/* none */
	take(g, 3, 0x8000);	/* no compute slice */
	move_partition(1, 5 * slice, 2 * slice, 0xffff);
	expect_run(1, 1, true);
	expect_run(0, 1, false);
	expect_run(2, 1, false);
	expect_run(3, 1, false);
	move_partition(1, 5 * slice - REFGPU_VRAM_ALIGN, slice, 0xffff);
	expect_run(1, 1, false);
	move_partition(1, 6 * slice, slice + REFGPU_VRAM_ALIGN, 0xffff);
	expect_run(1, 1, false);
	move_partition(1, 7 * slice - REFGPU_VRAM_ALIGN, REFGPU_VRAM_ALIGN, 0xffff);
	expect_run(1, 1, true);
	move_partition(1, 0, 4 * slice, 0xffff);
	expect_run(0, 1, true);
	expect_run(1, 1, false);
	/* Without video memory it lies nowhere. */
	move_partition(1, 0, 0, 0xffff);
	expect_run(0, 1, true);
	expect_run(1, 1, true);
	expect_run(2, 1, false);
	/* The partition's own mask. */
	move_partition(1, 5 * slice, slice, 0x20ff);
	expect_run(1, 1, true);
	move_partition(1, 5 * slice, slice, 0x40ff);
	expect_run(1, 1, false);
	move_partition(1, 5 * slice, slice, 0x20cf);
	expect_run(1, 1, false);
	/* An idle slot is nowhere. */
	forget_events(g);
	run_on(g, 3, REFGPU_RUN_NONE, 0, 1000);
	step_us(g, 10);
	EXPECT_RUN_END(g, REFGPU_RUN_NONE, REFGPU_END_QUANTUM);
}
END_TEST

/* 64 MiB over 7: a slice is a multiple of 64 KiB, and the last one has the rest. */
START_TEST(the_last_memory_slice_has_the_rest)
{
	u64 slice = GPU_VRAM / 7 / REFGPU_VRAM_ALIGN * REFGPU_VRAM_ALIGN;

	another(8, 7);
	take(g, 0, 0x3f01);
	take(g, 1, 0x4002);
	move_partition(1, 6 * slice, GPU_VRAM - 6 * slice, 0xffff);
	expect_run(1, 1, true);
	expect_run(0, 1, false);
	move_partition(1, GPU_VRAM - REFGPU_VRAM_ALIGN, REFGPU_VRAM_ALIGN, 0xffff);
	expect_run(1, 1, true);
	move_partition(1, 0, 6 * slice, 0xffff);
	expect_run(0, 1, true);
	move_partition(1, 0, 6 * slice + REFGPU_VRAM_ALIGN, 0xffff);
	expect_run(0, 1, false);
}
END_TEST

/* -------------------------------------------------------- live, and apart */

#define LOOPS	400u
#define WORKERS	2u

/* struct worker - a partition with jobs that add to its memory, one behind the other */
struct worker {
	unsigned int p;
	u32 jobs;
};

static void feed(struct worker *w)
{
	u32 done = (u32)ring_rd(g, w->p, 0, REFGPU_RING_FENCE);

	while (w->jobs - done < 20) {
		push_dispatch(g, w->p, 0, 4);
		push_fence(g, w->p, 0, ++w->jobs, 0, 0);
	}
	bell(g, w->p, 0);
}

static void await_empty(unsigned int block)
{
	unsigned int i;

	for (i = 0; i < 10000 && state_of(g, block) != REFGPU_RC_EMPTY; i++)
		step_us(g, 20);
	ck_assert_uint_eq(state_of(g, block), REFGPU_RC_EMPTY);
}

static unsigned int run_ends(void)
{
	unsigned int ends = 0;

	while (next_run_end(g).type)
		ends++;
	return ends;
}

START_TEST(shrinking_and_growing_under_load)
{
	struct worker worker[WORKERS] = {
		{ .p = partition_in(0, 0) }, { .p = partition_in(7, 0) },
	};
	unsigned int round, w, i, runs = 0, ends = 0;

	for (w = 0; w < WORKERS; w++) {
		partition_ready(g, worker[w].p);
		put_count(g, worker[w].p, 0x19000293);	/* li t0, 400 */
	}
	for (round = 0; round < 300; round++) {
		unsigned int slices = 1 + (unsigned int)any(7), first = (unsigned int)any(2);

		/* The one that has memory slice 0 is now in one block, now in the other. */
		take(g, 0, 0);
		take(g, 1, 0);
		take(g, first, SLICES(0, slices));
		take(g, !first, SLICES(slices, 8 - slices));
		for (w = 0; w < WORKERS; w++) {
			feed(&worker[w]);
			run_on(g, w ? !first : first, worker[w].p, 0, one_in(3) ? 100000 : 0);
			runs++;
		}
		step_us(g, 50 + any(500));
		for (i = 0; i < WORKERS; i++)
			wr(g, RC(i, PREEMPT), 1);
		for (i = 0; i < WORKERS; i++)
			await_empty(i);
		ends += run_ends();
	}
	ck_assert_uint_eq(ends, runs);
	for (w = 0; w < WORKERS; w++) {
		const u32 *data = slice(g, worker[w].p, AT_DATA);

		ck_assert_uint_gt(worker[w].jobs, 100);
		take(g, !w, 0);
		take(g, w, SLICES(0, 8));
		run_on(g, w, worker[w].p, 0, 0);
		await_empty(w);
		ck_assert_uint_eq(ring_rd(g, worker[w].p, 0, REFGPU_RING_FENCE), worker[w].jobs);
		ck_assert_uint_eq(ring_rd(g, worker[w].p, 0, REFGPU_RING_STATUS),
				  REFGPU_RING_IDLE);
		for (i = 0; i < 4; i++)
			ck_assert_uint_eq(data[i], 3 * LOOPS * worker[w].jobs);
	}
}
END_TEST

enum neighbour { IDLE, SPINS, HANGS, RINGS, RESETS, NEIGHBOURS };

/* What a partition on 2 slices gets done beside such a neighbour on 6. */
static u64 beside(enum neighbour neighbour)
{
	unsigned int p = partition_in(0, 0), other = partition_in(4, 0), i;
	struct injection hang = { .kind = INJECT_HANG, .partition = other };

	another(8, 8);
	take(g, 0, SLICES(0, 2));
	take(g, 1, SLICES(2, 6));
	partition_spins(g, p);
	partition_spins(g, other);
	run_on(g, 0, p, 0, 0);
	if (neighbour != IDLE)
		run_on(g, 1, other, 0, 0);
	if (neighbour == HANGS)
		ck_assert_int_eq(device_inject(g->dev, &hang), 0);
	for (i = 0; i < 1000; i++) {
		unsigned int n;

		for (n = 0; neighbour == RINGS && n < 20; n++) {
			ring_on(g, other, 0);
			push_dispatch(g, other, 0, 16);
			bell(g, other, 0);
		}
		if (neighbour == RESETS && i % 10 == 5)
			wr(g, PART(other, RESET), 1);
		if (neighbour == RESETS && i % 10 == 9) {
			ck_assert_uint_eq(state_of(g, 1), REFGPU_RC_EMPTY);
			ring_on(g, other, 0);
			push_dispatch(g, other, 0, 16);
			bell(g, other, 0);
			run_on(g, 1, other, 0, 0);
		}
		step_us(g, 20);
	}
	ck_assert_uint_eq(state_of(g, 0), REFGPU_RC_RUNNING);
	if (neighbour == HANGS) {
		ck_assert_uint_eq(instructions(other), 0);
		wr(g, PART(other, RESET), 1);
		step_us(g, 20);
		ck_assert_uint_eq(state_of(g, 1), REFGPU_RC_EMPTY);
	}
	if (neighbour == SPINS)
		ck_assert_uint_gt(instructions(other), 1000000);
	step_us(g, 20);
	return instructions(p);
}

START_TEST(neighbours_are_not_noticed)
{
	enum neighbour neighbour;
	u64 alone = beside(IDLE), got;

	expect_ratio("alone", alone, 2 / 8. * 20000 * 100, 0.01);
	for (neighbour = SPINS; neighbour < NEIGHBOURS; neighbour++) {
		got = beside(neighbour);
		expect_ratio("beside a neighbour", got, (double)alone, 0.002);
	}
}
END_TEST

START_TEST(contexts_are_loaded_and_saved_side_by_side)
{
	unsigned int block, ends = 0;

	take(g, 0, SLICES(0, 1));
	for (block = 0; block < 8; block++) {
		if (block)
			take(g, block, SLICES(block, 1));
		partition_spins(g, partition_in(block, 0));
	}
	forget_events(g);
	for (block = 0; block < 8; block++)
		run_on(g, block, partition_in(block, 0), 0, 0);
	step_us(g, GPU_SWITCH_NS / 1000 - 1);
	for (block = 0; block < 8; block++)
		ck_assert_uint_eq(state_of(g, block), REFGPU_RC_LOADING);
	step_us(g, 10);
	for (block = 0; block < 8; block++)
		ck_assert_uint_eq(rd(g, RC(block, STATE)),
				  partition_in(block, 0) << 8 | REFGPU_RC_RUNNING);
	for (block = 0; block < 8; block++)
		wr(g, RC(block, PREEMPT), 1);
	step_us(g, GPU_SWITCH_NS / 1000 + 60);
	for (block = 0; block < 8; block++) {
		struct refgpu_event event = next_run_end(g);

		ck_assert_uint_eq(event.reason, REFGPU_END_PREEMPTED);
		ck_assert_uint_eq(event.partition, partition_in(event.run_control, 0));
		ends |= 1 << event.run_control;
	}
	ck_assert_uint_eq(ends, 0xff);
}
END_TEST

START_TEST(a_device_reset_stops_all)
{
	unsigned int block;

	take(g, 0, SLICES(0, 1));
	for (block = 0; block < 8; block++) {
		if (block)
			take(g, block, SLICES(block, 1));
		partition_spins(g, partition_in(block, 0));
		run_on(g, block, partition_in(block, 0), 0, 0);
	}
	step_us(g, 1000);
	wr(g, REFGPU_GLOBAL_RESET, 1);
	step_us(g, 100);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_RESET), 0);
	for (block = 0; block < 8; block++) {
		ck_assert_uint_eq(rd(g, RC(block, STATE)), 0xff00 | REFGPU_RC_EMPTY);
		ck_assert_uint_eq(rd(g, RC(block, SLICES)), block ? 0 : 0xffff);
		ck_assert_uint_eq(rd(g, RC(block, BUSY_NS)), 0);
		ck_assert_uint_le(rd(g, RC(block, IDLE_NS)), 100000);
	}
}
END_TEST

/* ---------------------------------------------------------------- counters */

START_TEST(busy_and_idle_times)
{
	unsigned int p = partition_in(4, 0), i;
	struct injection hang = { .kind = INJECT_HANG, .partition = p };
	u64 busy, idle, last_busy = 0, last_idle = 0, switches = 0;

	take(g, 0, SLICES(0, 4));
	take(g, 3, SLICES(4, 4));
	step_us(g, 1000);
	ck_assert_uint_eq(rd(g, RC(3, IDLE_NS)), 1000000);
	ck_assert_uint_eq(rd(g, RC(3, BUSY_NS)), 0);
	partition_spins(g, p);
	forget_events(g);
	for (i = 0; i < 50; i++) {
		struct refgpu_event event;

		run_on(g, 3, p, 0, 100000 + 7000 * i);
		for (event.type = 0; event.type != REFGPU_EVENT_RUN_END; event = next_event(g)) {
			step_us(g, 3);
			busy = rd(g, RC(3, BUSY_NS));
			idle = rd(g, RC(3, IDLE_NS));
			ck_assert(busy >= last_busy && idle >= last_idle);
			ck_assert(busy + idle <= rd(g, REFGPU_GLOBAL_TIMER));
			last_busy = busy;
			last_idle = idle;
		}
		switches += le64toh(event.switch_ns);
		ck_assert_uint_eq(rd(g, RC(3, BUSY_NS)) + rd(g, RC(3, IDLE_NS)) + switches,
				  rd(g, REFGPU_GLOBAL_TIMER));
	}
	/* Nothing but a kernel ran. */
	expect_ratio("busy", rd(g, RC(3, BUSY_NS)),
		     (double)counter(g, p, REFGPU_COUNTER_BUSY_NS), 0.001);
	ck_assert_uint_eq(rd(g, RC(0, BUSY_NS)), 0);
	ck_assert_uint_eq(rd(g, RC(0, IDLE_NS)), rd(g, REFGPU_GLOBAL_TIMER));

	/* Resident without work: idle. */
	wr(g, PART(p, RESET), 1);
	step_us(g, 100);
	busy = rd(g, RC(3, BUSY_NS));
	run_on(g, 3, p, REFGPU_RUN_LINGER, 0);
	step_us(g, 500);
	idle = rd(g, RC(3, IDLE_NS));
	step_us(g, 500);
	ck_assert_uint_eq(rd(g, RC(3, IDLE_NS)), idle + 500000);
	ck_assert_uint_eq(rd(g, RC(3, BUSY_NS)), busy);
	/* It works again, and hangs: busy. */
	device_inject(g->dev, &hang);
	ring_on(g, p, 0);
	push_fence(g, p, 0, 1, 0, 0);
	bell(g, p, 0);
	step_us(g, 500);
	ck_assert_uint_eq(ring_rd(g, p, 0, REFGPU_RING_FENCE), 0);
	wr(g, PART(p, RESET), 1);
	step_us(g, 100);
	partition_spins(g, p);
	run_on(g, 3, p, 0, 0);
	step_us(g, 500);
	device_inject(g->dev, &hang);
	busy = rd(g, RC(3, BUSY_NS));
	step_us(g, 5000);
	ck_assert_uint_eq(rd(g, RC(3, BUSY_NS)), busy + 5000000);
	/* They are the block's, and not cleared with the partition's. */
	wr(g, REFGPU_COUNTERS(p) + REFGPU_COUNTER_CLEAR, 1);
	wr(g, PART(p, RESET), 1);
	step_us(g, 10);
	ck_assert_uint_ge(rd(g, RC(3, BUSY_NS)), busy + 5000000);
}
END_TEST

/* ------------------------------------------------------- interface 1.0 */

START_TEST(version_1_0)
{
	unsigned int p = partition_in(0, 0);
	struct device_config odd = {
		.vram_size = GPU_VRAM, .version = REFGPU_VERSION_1_0, .compute_slices = 7,
	};

	gpu_destroy(g);
	ck_assert_ptr_null(device_create(&odd));
	odd.version = 0;
	odd.memory_slices = 9;
	ck_assert_ptr_null(device_create(&odd));
	g = gpu_create_version(true, REFGPU_VERSION_1_0);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_SLICES), 0xffff);
	take(g, 0, 0x0001);
	take(g, 1, 0xffff);
	partition_spins(g, p);
	forget_events(g);
	run_on(g, 1, p, 0, 0);
	EXPECT_RUN_END(g, p, REFGPU_END_REJECTED);
	run_on(g, 0, p, 0, 10000000);
	step_us(g, 10100);
	expect_ratio("instructions", instructions(p), 10000 * 100, 0.01);
	ck_assert_uint_eq(rd(g, RC(0, BUSY_NS)), 0);
	ck_assert_uint_eq(rd(g, RC(0, IDLE_NS)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slices");
	TCase *tests = tcase_create("slices");

	chance.state = unit_seed("slices");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, throughput_is_in_proportion);
	tcase_add_test(tests, small_packets_and_short_quanta);
	tcase_add_test(tests, the_partitions_own_mask);
	tcase_add_test(tests, a_preempted_block_stops_as_soon);
	tcase_add_test(tests, slices_belong_to_one_block);
	tcase_add_test(tests, slices_change_while_the_block_is_empty);
	tcase_add_test(tests, memory_outside_is_refused);
	tcase_add_test(tests, the_last_memory_slice_has_the_rest);
	tcase_add_test(tests, shrinking_and_growing_under_load);
	tcase_add_test(tests, neighbours_are_not_noticed);
	tcase_add_test(tests, contexts_are_loaded_and_saved_side_by_side);
	tcase_add_test(tests, a_device_reset_stops_all);
	tcase_add_test(tests, busy_and_idle_times);
	tcase_add_test(tests, version_1_0);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "slices");
}
