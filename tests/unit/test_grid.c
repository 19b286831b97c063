// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_grid.c - DISPATCH: the shipped kernels, turns, barriers, atomics,
 * preemption at any instruction, context images
 */
#include "jobs.h"

static struct partition *partition;
static struct grid *grid;
static uint64_t timer = 77;
static struct grid_environment environment = { .time = partition_time, .time_context = &timer };

static void setup(void)
{
	partition = partition_create();
	grid = grid_create();
	ck_assert_ptr_nonnull(grid);
	environment.view = &partition->view;
}

static void teardown(void)
{
	grid_destroy(grid);
	partition_destroy(partition);
}

/* Run to the end. Return the instructions it took. */
static uint64_t run_all(const struct refgpu_dispatch *packet, uint32_t slots, uint64_t budget,
			bool move)
{
	struct grid_result result;
	enum grid_status status;
	uint64_t instructions = 0, steps = 0, size;
	uint32_t error;
	void *image;

	ck_assert_uint_eq(grid_start(grid, packet, slots), REFGPU_ERROR_NONE);
	do {
		status = grid_run(grid, &environment, budget, &result);
		ck_assert_msg(status != GRID_FAULTED, "error %u at pc 0x%llx, address 0x%llx",
			      result.fault.error, (unsigned long long)result.fault.pc,
			      (unsigned long long)result.fault.address);
		ck_assert_uint_le(result.instructions, budget);
		instructions += result.instructions;
		ck_assert_uint_lt(steps++, 10000000);
		if (status == GRID_UNFINISHED && move) {
			size = grid_image_size(grid);
			image = malloc(size);
			grid_save(grid, image);
			grid_destroy(grid);
			grid = grid_create();
			error = grid_load(grid, image, size);
			ck_assert_uint_eq(error, REFGPU_ERROR_NONE);
			free(image);
		}
	} while (status == GRID_UNFINISHED);
	ck_assert_uint_eq(grid_image_size(grid), 0);
	return instructions;
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

int main(void)
{
	Suite *suite = suite_create("grid");
	TCase *tests = tcase_create("grid");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, kernels_compute_right_results, 0, JOBS);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_grid");
}
