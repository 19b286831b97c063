// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_run_control.c - run-control blocks as the host's scheduler sees them,
 * on the virtual clock
 */
#include "gpu.h"

static struct gpu *g;

#define RC(reg)		rd(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_##reg)
#define SWITCH_US	(GPU_SWITCH_NS / 1000)

static void setup(void)
{
	g = gpu_create_with(true, 4);
}

static void teardown(void)
{
	gpu_destroy(g);
}

static void spin(unsigned int p, u16 items)
{
	put_spin(g, p);
	push_dispatch(g, p, 0, items);
	bell(g, p, 0);
	forget_events(g);
}

static u64 status(unsigned int p)
{
	return rd(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_STATUS);
}

START_TEST(a_run_passes_through_its_states)
{
	push_fence(g, 1, 0, 1, 0, 0);
	bell(g, 1, 0);
	forget_events(g);
	ck_assert_uint_eq(RC(STATE), 0xff00 | REFGPU_RC_EMPTY);
	run(g, 1, REFGPU_RUN_LINGER, 0);
	ck_assert_uint_eq(RC(STATE), 1 << 8 | REFGPU_RC_LOADING);
	ck_assert_uint_eq(status(1), REFGPU_PARTITION_IS_RESIDENT | REFGPU_PARTITION_IS_PENDING);
	step_us(g, SWITCH_US - 1);
	ck_assert_uint_eq(RC(STATE), 1 << 8 | REFGPU_RC_LOADING);
	step_us(g, 10);
	ck_assert_uint_eq(RC(STATE), 1 << 8 | REFGPU_RC_LINGERING);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_FENCE), 1);
	preempt(g);
	step_us(g, 1);
	ck_assert_uint_eq(RC(STATE), 1 << 8 | REFGPU_RC_SAVING);
	EXPECT_NO_EVENT(g);
	step_us(g, SWITCH_US);
	ck_assert_uint_eq(RC(STATE), 0xff00 | REFGPU_RC_EMPTY);
	EXPECT_RUN_END(g, 1, REFGPU_END_PREEMPTED);
	ck_assert_uint_eq(RC(EVENT), 1ULL << 63 | 1 << 16 | 1 << 8 | REFGPU_END_PREEMPTED);
	ck_assert_uint_eq(RC(SWITCH_NS), 2 * GPU_SWITCH_NS);
	ck_assert_uint_eq(RC(SEQUENCE), 1);
	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_EVENT, 1ULL << 63);
	ck_assert_uint_eq(RC(EVENT), 0);
	ck_assert_msg(g->irqs[REFGPU_VECTOR_EVENT] == 2, "%u event interrupts, not 2",
		      g->irqs[REFGPU_VECTOR_EVENT]);
}
END_TEST

START_TEST(the_quantum_is_kept)
{
	struct refgpu_event event;
	u64 run_ns;

	spin(1, 1);
	run(g, 1, 0, 2000000);
	step_us(g, 1900);
	EXPECT_NO_EVENT(g);
	step_us(g, 300);
	event = next_event(g);
	ck_assert_uint_eq(event.reason, REFGPU_END_QUANTUM);
	run_ns = le64toh(event.run_ns);
	ck_assert_msg(run_ns >= 2000000 && run_ns < 2001000,
		      "a quantum of 2000000 ns took %llu", (unsigned long long)run_ns);
	ck_assert_uint_eq(status(1), REFGPU_PARTITION_IS_PENDING | REFGPU_PARTITION_IS_SAVED);
	ck_assert(counter(g, 1, REFGPU_COUNTER_PREEMPT_MAX_NS) < 1000);
	EXPECT_NO_EVENT(g);
}
END_TEST

START_TEST(idle_slot)
{
	struct refgpu_event event;

	run(g, REFGPU_RUN_NONE, 0, 500000);
	ck_assert_uint_eq(RC(STATE), 0xff00 | REFGPU_RC_IDLE_SLOT);
	step_us(g, 499);
	EXPECT_NO_EVENT(g);
	step_us(g, 2);
	event = next_event(g);
	ck_assert_uint_eq(event.reason, REFGPU_END_QUANTUM);
	ck_assert_uint_eq(event.partition, REFGPU_RUN_NONE);
	ck_assert_uint_eq(le64toh(event.run_ns), 500000);
	run(g, REFGPU_RUN_NONE, 0, 500000);
	step_us(g, 100);
	preempt(g);
	step_us(g, 1);
	EXPECT_RUN_END(g, REFGPU_RUN_NONE, REFGPU_END_PREEMPTED);
	run(g, REFGPU_RUN_NONE, 0, 0);
	EXPECT_RUN_END(g, REFGPU_RUN_NONE, REFGPU_END_REJECTED);
}
END_TEST

START_TEST(what_is_rejected)
{
	spin(1, 1);
	run(g, 9, 0, 0);		/* disabled */
	EXPECT_RUN_END(g, 9, REFGPU_END_REJECTED);
	run(g, 64, 0, 0);
	EXPECT_RUN_END(g, 64, REFGPU_END_REJECTED);
	run(g, 1, 0x80, 0);		/* unknown flag */
	EXPECT_RUN_END(g, 1, REFGPU_END_REJECTED);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL,
	   REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	run(g, 1, 0, 0);
	EXPECT_RUN_END(g, 1, REFGPU_END_REJECTED);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL, REFGPU_PARTITION_ENABLE);
	forget_events(g);
	/* A block without slices. */
	wr(g, REFGPU_RUN_CONTROL(1) + REFGPU_RC_RUN, REFGPU_RUN(1, 0, 0));
	EXPECT_RUN_END(g, 1, REFGPU_END_REJECTED);

	run(g, 1, 0, 0);
	step_us(g, 1000);
	run(g, 2, 0, 0);		/* the block is busy */
	EXPECT_RUN_END(g, 2, REFGPU_END_REJECTED);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	ck_assert_uint_eq(RC(SEQUENCE), 1);
}
END_TEST

START_TEST(halves_of_the_run_register)
{
	u64 value = REFGPU_RUN(1, 0, 0x123456789000ULL);
	u32 low = (u32)value, high = (u32)(value >> 32);

	spin(1, 1);
	device_write(g->dev, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN + 4, &high, 4);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_EMPTY);
	device_write(g->dev, REFGPU_RUN_CONTROL(0) + REFGPU_RC_RUN, &low, 4);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LOADING);
	step_us(g, 1000);
	/* A quantum of the low half alone would be over. */
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
}
END_TEST

START_TEST(pending_is_told_once)
{
	struct refgpu_event event;

	push_fence(g, 2, 0, 1, 0, 0);
	push_fence(g, 2, 0, 2, 0, 0);
	user_wr(g, 2, REFGPU_USER_RING(0) + REFGPU_RING_DOORBELL, 1);
	event = next_event(g);
	ck_assert_uint_eq(event.type, REFGPU_EVENT_PENDING);
	ck_assert_uint_eq(event.partition, 2);
	ck_assert_uint_eq(event.run_control, 0xff);
	bell(g, 2, 0);
	EXPECT_NO_EVENT(g);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 1 << 2);

	/* A doorbell while it is resident is not told: it just runs. */
	run(g, 2, REFGPU_RUN_LINGER, 0);
	step_us(g, 100);
	push_fence(g, 2, 0, 3, 0, 0);
	bell(g, 2, 0);
	step_us(g, 10);
	ck_assert_uint_eq(ring_rd(g, 2, 0, REFGPU_RING_FENCE), 3);
	EXPECT_NO_EVENT(g);

	/* A doorbell while it is being saved is told when that is over. */
	preempt(g);
	step_us(g, 10);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_SAVING);
	push_fence(g, 2, 0, 4, 0, 0);
	bell(g, 2, 0);
	step_us(g, 100);
	event = next_event(g);
	ck_assert_uint_eq(event.type, REFGPU_EVENT_RUN_END);
	event = next_event(g);
	ck_assert_uint_eq(event.type, REFGPU_EVENT_PENDING);
	ck_assert_uint_eq(event.partition, 2);
}
END_TEST

static unsigned int pending_events(struct gpu *gpu)
{
	struct refgpu_event event;
	unsigned int events = 0;

	while (event = next_event(gpu), event.type)
		events += event.type == REFGPU_EVENT_PENDING;
	return events;
}

/* A guest makes its partition pending as often as it likes. */
static unsigned int storm_of_rings(struct gpu *gpu, unsigned int p)
{
	unsigned int i, events = 0;

	for (i = 0; i < 500; i++) {
		ring_on(gpu, p, 0);
		push_fence(gpu, p, 0, 1, 0, 0);
		bell(gpu, p, 0);
		events += pending_events(gpu);
	}
	ck_assert_uint_eq(rd(gpu, REFGPU_GLOBAL_PENDING), 1ULL << p);
	return events;
}

START_TEST(pending_once)
{
	u64 control = REFGPU_PARTITION(2) + REFGPU_PARTITION_CONTROL;

	ck_assert_uint_eq(storm_of_rings(g, 2), 500);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_PENDING_ONCE);
	ck_assert_uint_eq(storm_of_rings(g, 2), 0);
	/* Who was named by a RUN may post again: once, whatever became of the run. */
	run(g, 2, 0, 0);
	step_us(g, 1000);
	forget_events(g);
	ck_assert_uint_eq(storm_of_rings(g, 2), 1);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_PENDING_ONCE |
	   REFGPU_PARTITION_FREEZE);
	run(g, 2, 0, 0);
	EXPECT_RUN_END(g, 2, REFGPU_END_REJECTED);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_PENDING_ONCE);
	ck_assert_uint_eq(pending_events(g), 1);
	/* Work that came while it was saved: the same. */
	run(g, 2, REFGPU_RUN_LINGER, 0);
	step_us(g, 1000);
	preempt(g);
	step_us(g, 10);
	push_fence(g, 2, 0, 4, 0, 0);
	bell(g, 2, 0);
	step_us(g, 100);
	ck_assert_uint_eq(pending_events(g), 1);
	ck_assert_uint_eq(storm_of_rings(g, 2), 0);
	/* After a reset the driver knows nothing of its work. */
	wr(g, REFGPU_PARTITION(2) + REFGPU_PARTITION_RESET, 1);
	step_us(g, 100);
	forget_events(g);
	ck_assert_uint_eq(storm_of_rings(g, 2), 1);
	/* Another partition is not affected. */
	push_fence(g, 3, 0, 1, 0, 0);
	bell(g, 3, 0);
	ck_assert_uint_eq(pending_events(g), 1);
}
END_TEST

static u64 lingers(u64 limit_ns, u64 quantum_ns, unsigned int *reason)
{
	struct refgpu_event event;

	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_LINGER_NS, limit_ns);
	push_fence(g, 1, 0, 1, 0, 0);
	bell(g, 1, 0);
	forget_events(g);
	run(g, 1, REFGPU_RUN_LINGER, quantum_ns);
	/* Taken when RUN is written. */
	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_LINGER_NS, 1);
	step_us(g, 5000);
	event = next_run_end(g);
	*reason = event.reason;
	return le64toh(event.run_ns);
}

START_TEST(lingering_for_a_stated_time)
{
	unsigned int reason;
	u64 ran;

	ran = lingers(300000, 0, &reason);
	ck_assert_uint_eq(reason, REFGPU_END_IDLE);
	ck_assert_msg(ran >= 300000 && ran < 302000, "lingering for 300 us took %llu ns",
		      (unsigned long long)ran);
	/* The quantum ends it sooner. */
	ran = lingers(300000, 100000, &reason);
	ck_assert_uint_eq(reason, REFGPU_END_QUANTUM);
	ck_assert_uint_eq(ran, 100000);
	/* Work that comes in time is done, and the time begins anew behind it. */
	wr(g, REFGPU_RUN_CONTROL(0) + REFGPU_RC_LINGER_NS, 300000);
	push_fence(g, 1, 0, 1, 0, 0);
	bell(g, 1, 0);
	run(g, 1, REFGPU_RUN_LINGER, 0);
	step_us(g, 250);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LINGERING);
	push_fence(g, 1, 0, 7, 0, 0);
	bell(g, 1, 0);
	step_us(g, 250);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LINGERING);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_FENCE), 7);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 1, REFGPU_END_IDLE);
	/* 0: any time. */
	ck_assert_uint_eq(lingers(0, 0, &reason), 0);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_LINGERING);
}
END_TEST

/* A device of interface 1.0 has neither. */
START_TEST(version_1_0)
{
	struct gpu *old = gpu_create_version(true, REFGPU_VERSION_1_0);
	u64 control = REFGPU_PARTITION(2) + REFGPU_PARTITION_CONTROL;
	u64 linger = REFGPU_RUN_CONTROL(0) + REFGPU_RC_LINGER_NS;

	ck_assert_uint_eq(rd(old, REFGPU_GLOBAL_VERSION), REFGPU_VERSION_1_0);
	ck_assert(!(rd(old, REFGPU_GLOBAL_CAPS) &
		    (REFGPU_CAP_LINGER_NS | REFGPU_CAP_PENDING_ONCE)));
	partition_on(old, 2);
	wr(old, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_PENDING_ONCE);
	ck_assert_uint_eq(rd(old, control), REFGPU_PARTITION_ENABLE);
	ck_assert_uint_eq(storm_of_rings(old, 2), 500);
	wr(old, linger, 1000);
	ck_assert_uint_eq(rd(old, linger), 0);
	run(old, 2, REFGPU_RUN_LINGER, 0);
	step_us(old, 1000);
	ck_assert_uint_eq(rc_state(old), REFGPU_RC_LINGERING);
	gpu_destroy(old);
}
END_TEST

START_TEST(freezing)
{
	u64 control = REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL;

	spin(1, 3);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 1, REFGPU_END_FROZEN);
	ck_assert_uint_eq(status(1), REFGPU_PARTITION_IS_SAVED);
	ck_assert_uint_eq(rd(g, REFGPU_GLOBAL_PENDING), 0);
	/* Doorbells latch, and no interrupt is raised. */
	push_fence(g, 1, 0, 1, 0, 0);
	bell(g, 1, 0);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_PUT), 2);
	wr(g, REFGPU_USER_ALIAS(1) + REFGPU_USER_INTR_STATUS, REFGPU_INTR_ERROR);
	ck_assert_uint_eq(g->irqs[1], 0);
	EXPECT_NO_EVENT(g);
	wr(g, control, REFGPU_PARTITION_ENABLE);
	ck_assert_uint_eq(g->irqs[1], 1);
	ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_PENDING);
	/* Not frozen, the alias raises the vector at once: the host tells of a reset. */
	user_wr(g, 1, REFGPU_USER_INTR_STATUS, REFGPU_INTR_ERROR);
	wr(g, REFGPU_USER_ALIAS(1) + REFGPU_USER_INTR_STATUS, REFGPU_INTR_ERROR);
	ck_assert_uint_eq(g->irqs[1], 2);
}
END_TEST

START_TEST(time_adds_up)
{
	u64 start = rd(g, REFGPU_GLOBAL_TIMER), total, resident, wait, switches;
	unsigned int turn, p;

	for (p = 0; p < 3; p++) {
		spin(p, 1);
		/* All begin to wait now. */
		wr(g, REFGPU_COUNTERS(p) + REFGPU_COUNTER_CLEAR, 1);
	}
	for (turn = 0; turn < 60; turn++) {
		run(g, turn % 3, 0, 1000000 + turn * 7919);
		while (rc_state(g) != REFGPU_RC_EMPTY)
			step_us(g, 5);
	}
	total = rd(g, REFGPU_GLOBAL_TIMER) - start;
	for (p = 0; p < 3; p++) {
		resident = counter(g, p, REFGPU_COUNTER_RESIDENT_NS);
		wait = counter(g, p, REFGPU_COUNTER_WAIT_NS);
		switches = counter(g, p, REFGPU_COUNTER_SWITCH_NS);
		ck_assert_msg(resident + wait + switches == total,
			      "resident %llu + waiting %llu + switching %llu is not %llu",
			      (unsigned long long)resident, (unsigned long long)wait,
			      (unsigned long long)switches, (unsigned long long)total);
		ck_assert_uint_eq(counter(g, p, REFGPU_COUNTER_SWITCHES), 20);
		ck_assert(counter(g, p, REFGPU_COUNTER_BUSY_NS) <= resident);
		ck_assert(counter(g, p, REFGPU_COUNTER_BUSY_NS) > resident - resident / 100);
	}
}
END_TEST

START_TEST(a_larger_context_costs_more)
{
	u64 small, large;

	wr(g, REFGPU_GLOBAL_SWITCH_BYTES, 1000);
	spin(1, 1);
	run(g, 1, 0, 1000000);
	step_us(g, 5000);
	small = RC(SWITCH_NS);
	spin(2, 256);
	/* Every item must have begun to have registers. */
	run(g, 2, 0, 10000000);
	step_us(g, 20000);
	large = RC(SWITCH_NS);
	ck_assert_uint_eq(RC(EVENT) & 0xffff, 2 << 8 | REFGPU_END_QUANTUM);
	ck_assert_msg(small > 2 * GPU_SWITCH_NS && large > small + 10000,
		      "one hart: %llu ns, 256 harts: %llu ns", (unsigned long long)small,
		      (unsigned long long)large);
}
END_TEST

/*
 * The same work, stopped at every possible place: memory, counters of work and
 * ring state come out the same.
 */
static void work(unsigned int p)
{
	struct refgpu_copy copy = {
		.header = { .opcode = REFGPU_OP_COPY },
		.source = AT_DATA + 12,
		.target = REFGPU_SYSMEM_APERTURE + 5,
		.bytes = 3000,
		.source_pitch = 2500,
		.target_pitch = 3001,
		.lines = 10,
	};

	put_count(g, p, 0x03200293);	/* li t0, 50 */
	push_fill(g, p, 0, AT_DATA, 30000, 0x01020304);
	push_dispatch(g, p, 0, 40);
	push(g, p, 0, &copy);
	push_fence(g, p, 0, 5, REFGPU_FENCE_WRITE, 0x70000);
	bell(g, p, 0);
}

START_TEST(preemption_changes_nothing)
{
	struct unit_random random = { unit_seed("run_control") };
	static const u64 counters[] = {
		REFGPU_COUNTER_PACKETS, REFGPU_COUNTER_ITEMS, REFGPU_COUNTER_INSTRUCTIONS,
		REFGPU_COUNTER_BYTES_READ, REFGPU_COUNTER_BYTES_WRITTEN, REFGPU_COUNTER_FENCES,
	};
	unsigned int round, i, runs;
	u64 quantum;

	work(0);
	run(g, 0, 0, 0);
	step_us(g, 100000);
	ck_assert_uint_eq(ring_rd(g, 0, 0, REFGPU_RING_FENCE), 5);
	wr(g, REFGPU_GLOBAL_SWITCH_NS, 0);

	for (round = 0; round < 40; round++) {
		/* From one instruction or page a run up to most of the work. */
		quantum = round < 3 ? 10 : 10 + unit_random(&random) % (20u << round % 12);
		memset(slice(g, 1, 0), 0, SLICE_BYTES);
		memset(g->host + SYSMEM_AT(1, 0), 0, SYSMEM_PAGES * 4096);
		wr(g, REFGPU_COUNTERS(1) + REFGPU_COUNTER_CLEAR, 1);
		ring_on(g, 1, 0);
		work(1);
		for (runs = 0; rd(g, REFGPU_GLOBAL_PENDING) & 2; runs++) {
			ck_assert_msg(runs < 100000, "no progress in quanta of %llu ns",
				      (unsigned long long)quantum);
			run(g, 1, 0, quantum);
			while (rc_state(g) != REFGPU_RC_EMPTY)
				device_step(g->dev, 100);
		}
		ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_STATUS), REFGPU_RING_IDLE);
		ck_assert_msg(!memcmp(slice(g, 0, 0), slice(g, 1, 0), SLICE_BYTES),
			      "video memory differs after %u runs of %llu ns", runs,
			      (unsigned long long)quantum);
		ck_assert_msg(!memcmp(g->host + SYSMEM_AT(0, 0), g->host + SYSMEM_AT(1, 0),
				      SYSMEM_PAGES * 4096),
			      "system memory differs after %u runs of %llu ns", runs,
			      (unsigned long long)quantum);
		for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
			ck_assert_uint_eq(counter(g, 0, counters[i]), counter(g, 1, counters[i]));
	}
}
END_TEST

START_TEST(injected_slow_and_lost_preempts)
{
	struct injection slow = { .kind = INJECT_SLOW_PREEMPT, .ns = 5000000 };
	struct injection lost = { .kind = INJECT_LOST_PREEMPT, .count = 1 };

	spin(1, 1);
	ck_assert_int_eq(device_inject(g->dev, &slow), 0);
	ck_assert_int_eq(device_inject(g->dev, &lost), 0);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	preempt(g);
	step_us(g, 20000);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	preempt(g);
	step_us(g, 4900);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	step_us(g, 200);
	EXPECT_RUN_END(g, 1, REFGPU_END_PREEMPTED);
	ck_assert(counter(g, 1, REFGPU_COUNTER_PREEMPT_MAX_NS) >= 5000000);
}
END_TEST

START_TEST(injected_hang_ends_with_a_reset)
{
	struct injection hang = { .kind = INJECT_HANG,
					 .partition = INJECT_ANY };
	u64 instructions;

	spin(1, 1);
	run(g, 1, 0, 2000000);
	step_us(g, 500);
	ck_assert_int_eq(device_inject(g->dev, &hang), 0);
	step_us(g, 100);
	instructions = counter(g, 1, REFGPU_COUNTER_INSTRUCTIONS);
	preempt(g);
	step_us(g, 100000);
	ck_assert_uint_eq(rc_state(g), REFGPU_RC_RUNNING);
	ck_assert_uint_eq(counter(g, 1, REFGPU_COUNTER_INSTRUCTIONS), instructions);
	forget_events(g);

	/* INVALIDATE completes all the same. */
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE_PAGES, 100);
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE, 1);
	step_us(g, 1);
	ck_assert_uint_eq(rd(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_INVALIDATE), 0);
	ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_DONE);

	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_RESET, 1);
	step_us(g, 10);
	EXPECT_RUN_END(g, 1, REFGPU_END_RESET);
	ck_assert_uint_eq(next_event(g).type, REFGPU_EVENT_DONE);
	ck_assert_uint_eq(rd(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_RESET), 0);
	/* The partition works again, and so does the engine. */
	ring_on(g, 1, 0);
	push_fence(g, 1, 0, 8, 0, 0);
	bell(g, 1, 0);
	run(g, 1, 0, 0);
	step_us(g, 1000);
	EXPECT_RUN_END(g, 1, REFGPU_END_IDLE);
	ck_assert_uint_eq(ring_rd(g, 1, 0, REFGPU_RING_FENCE), 8);
}
END_TEST

START_TEST(injected_interrupt_troubles)
{
	struct injection trouble = { .kind = INJECT_LOST_INTERRUPT,
					    .vector = 1, .count = 1 };
	static const unsigned int expected[] = { 0, 2, 0, 1 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i == 1) {
			trouble.kind = INJECT_EXTRA_INTERRUPT;
			device_inject(g->dev, &trouble);
		}
		if (i == 2) {
			trouble.kind = INJECT_LATE_INTERRUPT;
			trouble.ns = 3000000;
			device_inject(g->dev, &trouble);
		}
		if (i == 0)
			device_inject(g->dev, &trouble);
		g->irqs[1] = 0;
		user_wr(g, 1, REFGPU_USER_INTR_STATUS, ~0ULL);
		push_fence(g, 1, 0, i, REFGPU_FENCE_INTERRUPT, 0);
		bell(g, 1, 0);
		run(g, 1, 0, 0);
		step_us(g, 1000);
		ck_assert_uint_eq(user_rd(g, 1, REFGPU_USER_INTR_STATUS), REFGPU_INTR_FENCE);
		ck_assert_uint_eq(g->irqs[1], expected[i]);
		if (i == 2) {
			step_us(g, 3000);
			ck_assert_uint_eq(g->irqs[1], 1);
		}
	}
}
END_TEST

static u64 busy(unsigned int p)
{
	return user_rd(g, p, REFGPU_USER_BUSY_NS);
}

START_TEST(a_guest_knows_how_long_its_packets_executed)
{
	u64 control = REFGPU_PARTITION(1) + REFGPU_PARTITION_CONTROL, ran;

	spin(1, 1);
	spin(2, 1);
	step_us(g, 5000);
	ck_assert_uint_eq(busy(1), 0);
	run(g, 1, 0, 2000000);
	step_us(g, 10000);
	ran = busy(1);
	ck_assert_msg(ran > 1900000 && ran < 2100000, "%llu ns of 2 ms", (unsigned long long)ran);
	/* Another one runs, and this one waits. */
	run(g, 2, 0, 3000000);
	step_us(g, 10000);
	ck_assert_uint_eq(busy(1), ran);
	ck_assert_uint_gt(busy(2), 2900000);
	/* It is the guest's: the host's statistics change nothing, and the guest neither. */
	wr(g, REFGPU_COUNTERS(1) + REFGPU_COUNTER_CLEAR, 1);
	user_wr(g, 1, REFGPU_USER_BUSY_NS, 0);
	ck_assert_uint_eq(busy(1), ran);
	/* A guest that comes after it sees nothing of it. */
	wr(g, REFGPU_PARTITION(1) + REFGPU_PARTITION_RESET, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(busy(1), 0);
	/* One that was moved here goes on where it was. */
	wr(g, control, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	wr(g, REFGPU_USER_ALIAS(1) + REFGPU_USER_BUSY_NS, ran);
	wr(g, control, REFGPU_PARTITION_ENABLE);
	ring_on(g, 1, 0);
	spin(1, 1);
	run(g, 1, 0, 2000000);
	step_us(g, 10000);
	ck_assert_uint_gt(busy(1), ran + 1900000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run_control");
	TCase *tests = tcase_create("run_control");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, a_run_passes_through_its_states);
	tcase_add_test(tests, the_quantum_is_kept);
	tcase_add_test(tests, idle_slot);
	tcase_add_test(tests, what_is_rejected);
	tcase_add_test(tests, halves_of_the_run_register);
	tcase_add_test(tests, pending_is_told_once);
	tcase_add_test(tests, pending_once);
	tcase_add_test(tests, lingering_for_a_stated_time);
	tcase_add_test(tests, version_1_0);
	tcase_add_test(tests, freezing);
	tcase_add_test(tests, time_adds_up);
	tcase_add_test(tests, a_guest_knows_how_long_its_packets_executed);
	tcase_add_test(tests, a_larger_context_costs_more);
	tcase_add_test(tests, preemption_changes_nothing);
	tcase_add_test(tests, injected_slow_and_lost_preempts);
	tcase_add_test(tests, injected_hang_ends_with_a_reset);
	tcase_add_test(tests, injected_interrupt_troubles);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "run_control");
}
