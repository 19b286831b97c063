// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ring_pc.c - RING_PC: where a kernel is that does not end
 */
#include "gpu.h"
#include "riscv.h"

#define P		3u
#define CONTROL		(REFGPU_PARTITION(P) + REFGPU_PARTITION_CONTROL)
#define T0		5u
#define LOOP		(AT_CODE + 20)	/* two instructions */

static struct gpu *g;

/* Item 0 is in an endless loop for ever, the others wait for it at a barrier. */
static void setup(void)
{
	u32 *code;

	g = gpu_create(true);
	partition_on(g, P);
	ring_on(g, P, 0);
	ring_on(g, P, 1);
	code = slice(g, P, AT_CODE);
	code[0] = RV_NOP;
	code[1] = RV_NOP;
	code[2] = rv_i(OP_SYSTEM, 2, T0, 0, REFGPU_CSR_LOCAL_ID(0));
	code[3] = rv_b(0, T0, 0, 8);	/* beqz t0 */
	code[4] = REFGPU_INSTRUCTION_BARRIER;
	code[5] = RV_NOP;
	code[6] = rv_j(0, -4);
	code[7] = RV_RETURN;
}

static void teardown(void)
{
	gpu_destroy(g);
}

static u64 pc(unsigned int r)
{
	return ring_rd(g, P, r, REFGPU_RING_PC);
}

static u64 ring_state(unsigned int r)
{
	return ring_rd(g, P, r, REFGPU_RING_STATUS);
}

#define EXPECT_IN_LOOP(r) do {							\
	u64 pc_ = pc(r);							\
	ck_assert_msg(pc_ == LOOP || pc_ == LOOP + 4, "it is at %#llx, not in the loop", \
		      (unsigned long long)pc_);					\
} while (0)

static void push_hang(unsigned int r)
{
	push_fence(g, P, r, 1, 0, 0);
	push_dispatch(g, P, r, 16);
	bell(g, P, r);
}

static void disable(unsigned int r)
{
	user_wr(g, P, REFGPU_USER_RING(r) + REFGPU_RING_CONTROL, 0);
}

START_TEST(a_ring_that_is_disabled_says_where_it_was)
{
	push_hang(0);
	ck_assert_uint_eq(pc(0), 0);
	run(g, P, 0, 0);
	step_us(g, 5000);
	EXPECT_IN_LOOP(0);
	disable(0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_state(0), REFGPU_RING_DISABLED);
	EXPECT_IN_LOOP(0);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_GET), 1);
	/* Whatever other rings do. */
	push_fill(g, P, 1, AT_DATA, 4096, 1);
	bell(g, P, 1);
	run(g, P, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_state(1), REFGPU_RING_IDLE);
	ck_assert_uint_eq(pc(1), 0);
	EXPECT_IN_LOOP(0);
	ring_on(g, P, 0);
	ck_assert_uint_eq(pc(0), 0);
}
END_TEST

/* A guest gives up while it waits for its turn: nobody executes its packet. */
START_TEST(also_while_the_partition_waits)
{
	push_hang(0);
	run(g, P, 0, 2000000);
	step_us(g, 5000);
	EXPECT_RUN_END(g, P, REFGPU_END_QUANTUM);
	EXPECT_IN_LOOP(0);
	disable(0);
	ck_assert_uint_eq(ring_state(0), REFGPU_RING_DISABLED);
	EXPECT_IN_LOOP(0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	EXPECT_IN_LOOP(0);
}
END_TEST

START_TEST(no_kernel_no_pc)
{
	u32 *code = slice(g, P, AT_CODE);

	/* One that ends. */
	code[6] = RV_RETURN;
	code[4] = RV_NOP;
	push_hang(0);
	push_fill(g, P, 0, AT_DATA, SLICE_BYTES / 2, 1);
	bell(g, P, 0);
	run(g, P, 0, 0);
	step_us(g, GPU_SWITCH_NS / 1000 + 30);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_GET), 2);
	ck_assert_uint_eq(ring_state(0), REFGPU_RING_BUSY);
	ck_assert_uint_eq(pc(0), 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_state(0), REFGPU_RING_IDLE);
	ck_assert_uint_eq(pc(0), 0);
	/* One that fails. */
	code[5] = RV_EBREAK;
	push_dispatch(g, P, 0, 16);
	bell(g, P, 0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR), REFGPU_ERROR_BREAKPOINT);
	ck_assert_uint_eq(ring_rd(g, P, 0, REFGPU_RING_ERROR_WHERE), LOOP);
	ck_assert_uint_eq(pc(0), 0);
}
END_TEST

/* The ring begins anew while its packet of before is still under way. */
START_TEST(a_ring_enabled_under_a_kernel)
{
	push_hang(0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	EXPECT_IN_LOOP(0);
	ring_on(g, P, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(ring_state(0), REFGPU_RING_IDLE);
	ck_assert_uint_eq(pc(0), 0);
}
END_TEST

START_TEST(it_is_the_guests)
{
	u64 alias = REFGPU_USER_ALIAS(P) + REFGPU_USER_RING(0) + REFGPU_RING_PC, saved;

	push_hang(0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	user_wr(g, P, REFGPU_USER_RING(0) + REFGPU_RING_PC, 4);
	EXPECT_IN_LOOP(0);
	wr(g, CONTROL, REFGPU_PARTITION_ENABLE | REFGPU_PARTITION_FREEZE);
	step_us(g, 1000);
	saved = rd(g, alias);
	ck_assert_uint_eq(saved, pc(0));
	wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_RESET, 1);
	step_us(g, 1000);
	ck_assert_uint_eq(pc(0), 0);
	wr(g, alias, saved);
	EXPECT_IN_LOOP(0);
	wr(g, CONTROL, 0);
	step_us(g, 1000);
	ck_assert_uint_eq(pc(0), 0);
}
END_TEST

/* Reset and disabled while it runs: who has the page next finds nothing. */
START_TEST(nothing_is_left_behind)
{
	push_hang(0);
	run(g, P, 0, 0);
	step_us(g, 1000);
	EXPECT_IN_LOOP(0);
	if (_i)
		wr(g, REFGPU_PARTITION(P) + REFGPU_PARTITION_RESET, 1);
	else
		wr(g, CONTROL, 0);
	step_us(g, 1000);
	EXPECT_RUN_END(g, P, REFGPU_END_RESET);
	ck_assert_uint_eq(pc(0), 0);
	ck_assert_uint_eq(user_rd(g, P, REFGPU_USER_BUSY_NS), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ring_pc");
	TCase *tests = tcase_create("ring_pc");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_ring_that_is_disabled_says_where_it_was);
	tcase_add_test(tests, also_while_the_partition_waits);
	tcase_add_test(tests, no_kernel_no_pc);
	tcase_add_test(tests, a_ring_enabled_under_a_kernel);
	tcase_add_test(tests, it_is_the_guests);
	tcase_add_loop_test(tests, nothing_is_left_behind, 0, 2);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "ring_pc");
}
