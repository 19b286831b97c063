// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_opencl_threads.c - threads that share a context and a queue
 */
#include "opencl.h"

#define THREADS	4
#define ROUNDS	50

static void *work(void *argument)
{
	cl_uint n = (cl_uint)(uintptr_t)argument, round, got;
	cl_command_queue own;
	cl_mem memory, copy;
	cl_event event;
	cl_int error;

	own = clCreateCommandQueue(context, device, 0, &error);
	GOOD(error);
	for (round = 0; round < ROUNDS; round++) {
		cl_uint value = n * 1000 + round;

		memory = buffer(4096, NULL);
		copy = buffer(4096, NULL);
		GOOD(clEnqueueFillBuffer(queue, memory, &value, 4, 0, 4096, 0, NULL, &event));
		GOOD(clEnqueueCopyBuffer(own, memory, copy, 0, 0, 4096, 1, &event, NULL));
		GOOD(clReleaseMemObject(memory));
		GOOD(clEnqueueReadBuffer(own, copy, CL_TRUE, 4092, 4, &got, 0, NULL, NULL));
		ck_assert_uint_eq(got, value);
		GOOD(clReleaseMemObject(copy));
		GOOD(clReleaseEvent(event));
	}
	GOOD(clReleaseCommandQueue(own));
	return NULL;
}

START_TEST(threads_share_a_queue)
{
	pthread_t threads[THREADS];
	uintptr_t n;

	for (n = 0; n < THREADS; n++)
		ck_assert_int_eq(pthread_create(&threads[n], NULL, work, (void *)n), 0);
	for (n = 0; n < THREADS; n++)
		pthread_join(threads[n], NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencl_threads");
	TCase *tests = tcase_create("threads");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, opencl_setup, opencl_teardown);
	tcase_add_test(tests, threads_share_a_queue);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "test_opencl_threads");
}
