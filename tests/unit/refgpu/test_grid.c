// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_grid.c - DISPATCH: the shipped kernels, turns, barriers, atomics,
 * preemption at any instruction, context images
 */
#include <pthread.h>

#include "jobs.h"
#include "riscv.h"

static struct partition *partition;
static struct grid *grid, *spare;
static uint64_t timer = 77;
static struct grid_environment environment = { .time = partition_time, .time_context = &timer };

static void setup(void)
{
	partition = partition_create();
	grid = grid_create();
	spare = grid_create();
	ck_assert(grid && spare);
	/* A used grid: what is in it must not matter. */
	memset(spare->group, 0xee, sizeof(spare->group));
	grid_cancel(spare);
	environment.view = &partition->view;
}

static void teardown(void)
{
	grid_destroy(grid);
	grid_destroy(spare);
	ck_assert(partition_guards_intact(partition));
	partition_destroy(partition);
}

/* Move the unfinished grid through a context image into another grid. */
static void move_grid(void)
{
	size_t size = grid_image_size(grid);
	struct grid *other = spare;
	void *image = malloc(size), *again;

	unit_assert(size && size % 8 == 0 && size <= GRID_IMAGE_MAX, "image of %zu bytes", size);
	grid_save(grid, image);
	unit_equal(grid_load(other, image, size), REFGPU_ERROR_NONE);
	spare = grid;
	grid = other;
	/* Nothing is lost on the way, and nothing of the other grid is left. */
	unit_equal(grid_image_size(grid), size);
	again = malloc(size);
	grid_save(grid, again);
	unit_equal(memcmp(image, again, size), 0);
	free(again);
	free(image);
}

/* Run to the end, stopping after every @budget. Return the instructions it took. */
static uint64_t run_all(const struct refgpu_dispatch *packet, uint32_t slots, uint64_t budget,
			bool move)
{
	struct grid_result result;
	enum grid_status status;
	uint64_t instructions = 0, items = 0, steps = 0;

	unit_equal(grid_start(grid, packet, slots), REFGPU_ERROR_NONE);
	do {
		status = grid_run(grid, &environment, budget, &result);
		unit_assert(status != GRID_FAULTED, "error %u at pc 0x%llx, address 0x%llx",
			    result.fault.error, (unsigned long long)result.fault.pc,
			    (unsigned long long)result.fault.address);
		unit_assert(result.instructions <= budget, "%llu instructions of %llu",
			    (unsigned long long)result.instructions, (unsigned long long)budget);
		instructions += result.instructions;
		items += result.items_done;
		unit_assert(steps++ < 10000000, "no end");
		if (status == GRID_UNFINISHED && move)
			move_grid();
	} while (status == GRID_UNFINISHED);
	unit_equal(grid_image_size(grid), 0);
	unit_equal(grid->instructions, instructions);
	unit_equal(items, (uint64_t)packet->grid[0] * packet->grid[1] * packet->grid[2] *
		   packet->group[0] * packet->group[1] * packet->group[2]);
	return instructions;
}

/* A kernel of the test's own at AT_CODE, and its packet. */
static void program(struct refgpu_dispatch *packet, const uint32_t *code, size_t size,
		    uint32_t groups, uint16_t items)
{
	memcpy(partition->vram + AT_CODE, code, size);
	job_packet(packet, groups, 1, items, 1);
}

/* Run until it faults, and return how. */
static struct hart_fault run_to_fault(const struct refgpu_dispatch *packet)
{
	struct grid_result result;

	ck_assert_uint_eq(grid_start(grid, packet, 2), REFGPU_ERROR_NONE);
	ck_assert_int_eq(grid_run(grid, &environment, 1000000, &result), GRID_FAULTED);
	ck_assert(!grid->active);
	ck_assert_uint_eq(grid_image_size(grid), 0);
	return result.fault;
}

START_TEST(kernels_compute_right_results)
{
	struct refgpu_dispatch packet;
	uint64_t instructions;

	jobs[_i].setup(partition, &packet);
	ck_assert_msg(!jobs[_i].right(partition), "the check of %s can't fail", jobs[_i].name);
	instructions = run_all(&packet, 8, UINT64_MAX, false);
	ck_assert_msg(jobs[_i].right(partition), "%s: wrong result", jobs[_i].name);
	ck_assert(partition_guards_intact(partition));
	printf("%s: %llu instructions\n", jobs[_i].name, (unsigned long long)instructions);
}
END_TEST

static const uint64_t budgets[] = { 1, 2, 3, 7, 61, 509, 1021, 1024, 1025, 4099, 100003 };

#define BUDGETS	(sizeof(budgets) / sizeof(budgets[0]))

/* Stop it anywhere, move it, go on: the same memory, the same count. */
START_TEST(preemption_changes_nothing)
{
	static const uint32_t slots[] = { 1, 3, 8 };
	uint8_t *vram = malloc(VRAM), *machine = malloc(MACHINE_PAGES * 4096);
	struct refgpu_dispatch packet;
	uint64_t expected;
	unsigned int i, s;

	for (s = 0; s < 3; s++) {
		partition_clear(partition);
		jobs[_i].setup(partition, &packet);
		expected = run_all(&packet, slots[s], UINT64_MAX, false);
		ck_assert(jobs[_i].right(partition));
		memcpy(vram, partition->vram, VRAM);
		memcpy(machine, partition->machine, MACHINE_PAGES * 4096);
		for (i = 0; i < BUDGETS; i++) {
			/* After every instruction it takes a while: once is enough. */
			if (budgets[i] < 7 && slots[s] != 3)
				continue;
			partition_clear(partition);
			jobs[_i].setup(partition, &packet);
			ck_assert_uint_eq(run_all(&packet, slots[s], budgets[i], true), expected);
			ck_assert_msg(!memcmp(vram, partition->vram, VRAM) &&
				      !memcmp(machine, partition->machine, MACHINE_PAGES * 4096),
				      "%s: other memory with budget %llu in %u slots",
				      jobs[_i].name, (unsigned long long)budgets[i], slots[s]);
		}
	}
	free(machine);
	free(vram);
}
END_TEST

/* The endless loop: it is bounded, fair, movable, and ends when told. */
START_TEST(spin_is_bounded_and_fair)
{
	struct spin_argument *argument = job_at(partition, AT_ARGUMENT);
	uint64_t *counters = job_at(partition, AT_DATA), least, most;
	struct refgpu_dispatch packet;
	struct grid_result result;
	unsigned int i, round;

	partition_load(partition, "spin", AT_CODE);
	argument->counters = AT_DATA;
	argument->stop = AT_DATA + 0x1000;
	job_packet(&packet, 2, 1, 8, 1);
	ck_assert_uint_eq(grid_start(grid, &packet, 2), REFGPU_ERROR_NONE);
	for (round = 0; round < 40; round++) {
		ck_assert_int_eq(grid_run(grid, &environment, 10007, &result), GRID_UNFINISHED);
		ck_assert_uint_le(result.instructions, 10007);
		ck_assert_uint_ge(result.instructions, 10007 - 16);
		move_grid();
	}
	least = counters[0];
	most = counters[0];
	for (i = 1; i < 16; i++) {
		least = counters[i] < least ? counters[i] : least;
		most = counters[i] > most ? counters[i] : most;
	}
	/* One turn apart, at about 4 instructions a count. */
	ck_assert_uint_gt(least, 1000);
	ck_assert_msg(most - least <= GRID_TURN / 4 + 1, "counted %llu to %llu",
		      (unsigned long long)least, (unsigned long long)most);
	*(uint32_t *)job_at(partition, AT_DATA + 0x1000) = 1;
	ck_assert_int_eq(grid_run(grid, &environment, 1000, &result), GRID_FINISHED);
	ck_assert_uint_eq(result.items_done, 16);
}
END_TEST

/* Every item of every group has its own ids and stack. */
START_TEST(ids_and_stacks)
{
	/* word[global y * 12 + global x] = sp, for 4 x 2 groups of 3 x 2 items */
	static const uint32_t code[] = {
		0xcc1022f3,					/* csrr t0, global_id(1) */
		0xcc002373,					/* csrr t1, global_id(0) */
		0x00c00393,					/* li t2, 12 */
		0x027282b3,					/* mul t0, t0, t2 */
		0x006282b3,					/* add t0, t0, t1 */
		0x00329293,					/* slli t0, t0, 3 */
		0x005502b3,					/* add t0, a0, t0 */
		0x0022b023,					/* sd sp, 0(t0) */
		RV_RETURN,
	};
	const uint64_t *stacks = job_at(partition, AT_DATA);
	struct refgpu_dispatch packet;
	uint32_t seen[REFGPU_GROUP_SLOTS * 6] = { 0 }, i;

	program(&packet, code, sizeof(code), 4, 3);
	packet.grid[1] = 2;
	packet.group[1] = 2;
	packet.argument = AT_DATA;
	run_all(&packet, 3, 1000000, false);
	for (i = 0; i < 4 * 2 * 3 * 2; i++) {
		uint64_t n = stacks[i] - AT_STACK;

		ck_assert_msg(n % 512 == 0 && n >= 512 && n / 512 <= 3 * 6, "item %u: sp 0x%llx",
			      i, (unsigned long long)stacks[i]);
		seen[n / 512 - 1]++;
	}
	for (i = 0; i < 18; i++)
		ck_assert_uint_gt(seen[i], 0); /* all three slots were used */
	ck_assert_uint_eq(stacks[48], 0);

	partition_clear(partition);
	program(&packet, code, sizeof(code), 1, 1);
	packet.argument = AT_DATA;
	packet.stack_bytes = 0;
	run_all(&packet, 3, 1000000, false);
	ck_assert_uint_eq(stacks[0], 0);
}
END_TEST

/* What one item stores before a barrier, all see after it, many times over. */
START_TEST(barrier_orders)
{
	/*
	 * For k = 63..1: word[me] = k; barrier; t = word[(me + 1) % 64];
	 * errors |= t ^ k; barrier. The last word of all: the errors.
	 */
	static const uint32_t code[] = {
		0xcc4022f3,					/* csrr t0, local_id(0) */
		0x00128313,					/* addi t1, t0, 1 */
		0x03f37313,					/* andi t1, t1, 63 */
		0x00229293,					/* slli t0, t0, 2 */
		0x00231313,					/* slli t1, t1, 2 */
		0x005502b3,					/* add t0, a0, t0 */
		0x00650333,					/* add t1, a0, t1 */
		0x03f00393,					/* li t2, 63 */
		0x00000e13,					/* li t3, 0 */
		0x0072a023,					/* 1: sw t2, 0(t0) */
		REFGPU_INSTRUCTION_BARRIER,
		0x00032e83,					/* lw t4, 0(t1) */
		0x007eceb3,					/* xor t4, t4, t2 */
		0x01de6e33,					/* or t3, t3, t4 */
		REFGPU_INSTRUCTION_BARRIER,
		0xfff38393,					/* addi t2, t2, -1 */
		0xfe0392e3,					/* bnez t2, 1b */
		0x11c2a023,					/* sw t3, 256(t0) */
		RV_RETURN,
	};
	uint32_t *errors = job_at(partition, AT_DATA + 256), i;
	struct refgpu_dispatch packet;

	memset(errors, 0xff, 256);
	program(&packet, code, sizeof(code), 1, 64);
	packet.argument = AT_DATA;
	run_all(&packet, 8, 37, true);
	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(errors[i], 0);
	ck_assert_uint_eq(errors[64], 0);
}
END_TEST

START_TEST(barrier_that_cannot_be_reached)
{
	static const uint32_t first_leaves[] = {
		0xcc4022f3,				/* csrr t0, local_id(0) */
		0x00028463,				/* beqz t0, 1f */
		REFGPU_INSTRUCTION_BARRIER,
		RV_RETURN,				/* 1: */
	};
	static const uint32_t last_leaves[] = {
		0xcc4022f3,				/* csrr t0, local_id(0) */
		0xffd28293,				/* addi t0, t0, -3 */
		0x00028463,				/* beqz t0, 1f */
		REFGPU_INSTRUCTION_BARRIER,
		RV_RETURN,				/* 1: */
	};
	struct refgpu_dispatch packet;
	struct hart_fault fault;

	program(&packet, first_leaves, sizeof(first_leaves), 1, 4);
	fault = run_to_fault(&packet);
	ck_assert_uint_eq(fault.error, REFGPU_ERROR_BARRIER);
	ck_assert_uint_eq(fault.pc, AT_CODE + 8);
	program(&packet, last_leaves, sizeof(last_leaves), 1, 4);
	fault = run_to_fault(&packet);
	ck_assert_uint_eq(fault.error, REFGPU_ERROR_BARRIER);
	ck_assert_uint_eq(fault.pc, AT_CODE + 12);
	/* One item alone is always all. */
	program(&packet, last_leaves, sizeof(last_leaves), 2, 1);
	run_all(&packet, 2, 1000, true);
}
END_TEST

START_TEST(faults_are_reported)
{
	static const uint32_t codes[][2] = {
		{ RV_NOP, RV_EBREAK }, { RV_NOP, RV_ECALL }, { RV_NOP, 0 },
		{ 0xfff00e13 /* li t3, -1 */, 0x000e3083 /* ld ra, 0(t3) */ },
		{ 0xff800e13 /* li t3, -8 */, 0x01ce3023 /* sd t3, 0(t3) */ },
		{ 0xfff00e13, 0x01ce202f /* amoadd.w */ },
	};
	static const uint32_t errors[] = {
		REFGPU_ERROR_BREAKPOINT, REFGPU_ERROR_INSTRUCTION, REFGPU_ERROR_INSTRUCTION,
		REFGPU_ERROR_LOAD, REFGPU_ERROR_STORE, REFGPU_ERROR_MISALIGNED,
	};
	static const uint64_t addresses[] = { 0, 0, 0, ~0ull, ~7ull, ~0ull };
	struct refgpu_dispatch packet;
	struct hart_fault fault;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		partition_clear(partition);
		program(&packet, codes[i], sizeof(codes[i]), 3, 5);
		fault = run_to_fault(&packet);
		ck_assert_msg(fault.error == errors[i], "case %u: error %u", i, fault.error);
		ck_assert_uint_eq(fault.pc, AT_CODE + 4);
		ck_assert_uint_eq(fault.address, addresses[i]);
	}
	packet.code = VRAM;
	fault = run_to_fault(&packet);
	ck_assert_uint_eq(fault.error, REFGPU_ERROR_FETCH);
	ck_assert_uint_eq(fault.address, VRAM);
}
END_TEST

START_TEST(packets_are_checked)
{
	struct refgpu_dispatch good, bad;
	unsigned int i;

	job_packet(&good, 1, 1, 16, 16);
	ck_assert_uint_eq(grid_start(grid, &good, 8), REFGPU_ERROR_NONE);
#define REFUSED(change)								\
	do {									\
		bad = good;							\
		bad.change;							\
		ck_assert_msg(grid_start(grid, &bad, 8) == REFGPU_ERROR_PACKET,	\
			      "accepted: %s", #change);				\
		ck_assert(!grid->active);					\
	} while (0)
	REFUSED(header.opcode = REFGPU_OP_COPY);
	REFUSED(header.flags = 1);
	REFUSED(header.reserved = 1);
	REFUSED(code = AT_CODE + 2);
	REFUSED(stack_bytes = 8);
	REFUSED(grid[0] = 0);
	REFUSED(grid[1] = 0);
	REFUSED(grid[2] = 0);
	REFUSED(group[0] = 0);
	REFUSED(group[2] = 0);
	REFUSED(group[2] = 2);
	REFUSED(group[0] = 17);
	/* 65536 * 65536 items would wrap to 0. */
	REFUSED(group[0] = 65535);
	for (i = 0; i < 5; i++)
		REFUSED(reserved[i] = 1);
#undef REFUSED
	bad = good;
	bad.group[0] = 32768;
	bad.group[1] = 32768;
	bad.group[2] = 4;
	ck_assert_uint_eq(grid_start(grid, &bad, 8), REFGPU_ERROR_PACKET);
}
END_TEST

/* A grid of more groups than a lifetime holds: bounded, and items that do
 * nothing at all use budget too.
 */
START_TEST(the_largest_grid)
{
	static const uint32_t code[] = { RV_RETURN };
	struct refgpu_dispatch packet;
	struct grid_result result;

	program(&packet, code, sizeof(code), ~0u, 1);
	packet.grid[1] = ~0u;
	packet.grid[2] = ~0u;
	ck_assert_uint_eq(grid_start(grid, &packet, 8), REFGPU_ERROR_NONE);
	ck_assert_int_eq(grid_run(grid, &environment, 100000, &result), GRID_UNFINISHED);
	ck_assert_uint_eq(result.instructions, 50000);
	move_grid();
	packet.code = REFGPU_EXIT_ADDRESS;
	ck_assert_uint_eq(grid_start(grid, &packet, 8), REFGPU_ERROR_NONE);
	ck_assert_int_eq(grid_run(grid, &environment, 100000, &result), GRID_UNFINISHED);
	ck_assert_uint_eq(result.instructions, 0);
	ck_assert_uint_le(result.items_done, 100000);
	move_grid();

	/* The last group of all is found, and then there are no more. */
	packet.code = AT_CODE;
	packet.grid[0] = 3;
	packet.grid[1] = 3;
	packet.grid[2] = 3;
	ck_assert_uint_eq(run_all(&packet, 8, 5, true), 27);
}
END_TEST

/* What is not alive costs nothing: not started, or ended. */
START_TEST(image_grows_with_live_state)
{
	struct refgpu_dispatch packet;
	struct grid_result result;
	size_t fresh, later, full;

	setup_reduce(partition, &packet);
	packet.group[0] = 256;
	grid_start(grid, &packet, 8);
	fresh = grid_image_size(grid);
	grid_run(grid, &environment, 100, &result);
	later = grid_image_size(grid);
	grid_run(grid, &environment, 30000, &result);
	full = grid_image_size(grid);
	ck_assert_uint_lt(fresh, 1200);
	ck_assert_uint_lt(fresh, later);
	ck_assert_uint_lt(later, fresh + 3 * 424);
	ck_assert_uint_gt(full, 50000);
	ck_assert_uint_le(full, GRID_IMAGE_MAX);
	ck_assert_uint_eq(grid_start(grid, &packet, 8), REFGPU_ERROR_NONE);
	ck_assert_uint_eq(grid_image_size(grid), fresh);
	grid_cancel(grid);
	ck_assert_uint_eq(grid_image_size(grid), 0);
}
END_TEST

START_TEST(slots_can_change)
{
	struct refgpu_dispatch packet;
	struct grid_result result;
	uint32_t round = 0;
	enum grid_status status;

	setup_reduce(partition, &packet);
	ck_assert_uint_eq(grid_start(grid, &packet, 0), REFGPU_ERROR_NONE);
	ck_assert_uint_eq(grid->slots, 1);
	do {
		status = grid_run(grid, &environment, 501, &result);
		grid_set_slots(grid, round++ % 10);
	} while (status == GRID_UNFINISHED);
	ck_assert_int_eq(status, GRID_FINISHED);
	ck_assert(right_reduce(partition));
}
END_TEST

struct adder {
	pthread_t thread;
	struct memory_view view;
	struct grid *grid;
	struct refgpu_dispatch packet;
	bool finished;
};

static void *add_up(void *context)
{
	struct adder *adder = context;
	struct grid_environment environment = { .view = &adder->view, .time = partition_time,
						.time_context = &timer };
	struct grid_result result;
	enum grid_status status;

	grid_start(adder->grid, &adder->packet, 8);
	do {
		status = grid_run(adder->grid, &environment, 1000, &result);
	} while (status == GRID_UNFINISHED);
	adder->finished = status == GRID_FINISHED;
	return NULL;
}

/* Two engines on one word of one partition: no sum is lost. */
START_TEST(atomics_across_engines)
{
	/* 2000 times: amoadd.w one; then an lr/sc loop adding one to the next word. */
	static const uint32_t code[] = {
		0x7d000293,				/* li t0, 2000 */
		0x00100313,				/* li t1, 1 */
		0x00450e13,				/* addi t3, a0, 4 */
		0x0065202f,				/* 1: amoadd.w zero, t1, (a0) */
		0x100e23af,				/* 2: lr.w t2, (t3) */
		0x00138393,				/* addi t2, t2, 1 */
		0x187e2eaf,				/* sc.w t4, t2, (t3) */
		0xfe0e9ae3,				/* bnez t4, 2b */
		0xfff28293,				/* addi t0, t0, -1 */
		0xfe0294e3,				/* bnez t0, 1b */
		RV_RETURN,
	};
	uint32_t *words = job_at(partition, AT_DATA);
	struct memory_map map = {
		.vram = partition->vram, .limit = VRAM, .poison = MEMORY_NO_POISON,
	};
	struct adder adders[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		program(&adders[i].packet, code, sizeof(code), 4, 4);
		adders[i].packet.argument = AT_DATA;
		adders[i].grid = grid_create();
		memory_init(&adders[i].view, NULL);
		memory_configure(&adders[i].view, &map);
	}
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&adders[i].thread, NULL, add_up, &adders[i]), 0);
	for (i = 0; i < 2; i++) {
		pthread_join(adders[i].thread, NULL);
		ck_assert(adders[i].finished);
		grid_destroy(adders[i].grid);
		memory_destroy(&adders[i].view);
	}
	ck_assert_uint_eq(words[0], 2 * 16 * 2000);
	ck_assert_uint_eq(words[1], 2 * 16 * 2000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("grid");
	TCase *tests = tcase_create("grid");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, kernels_compute_right_results, 0, JOBS);
	tcase_add_loop_test(tests, preemption_changes_nothing, 0, JOBS);
	tcase_add_test(tests, spin_is_bounded_and_fair);
	tcase_add_test(tests, ids_and_stacks);
	tcase_add_test(tests, barrier_orders);
	tcase_add_test(tests, barrier_that_cannot_be_reached);
	tcase_add_test(tests, faults_are_reported);
	tcase_add_test(tests, packets_are_checked);
	tcase_add_test(tests, the_largest_grid);
	tcase_add_test(tests, image_grows_with_live_state);
	tcase_add_test(tests, slots_can_change);
	tcase_add_test(tests, atomics_across_engines);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_grid");
}
