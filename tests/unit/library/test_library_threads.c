// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library_threads.c - one handle of libopenvgpu used by many threads at
 * once, while vGPUs come and go, under the thread sanitizer
 */
#include <pthread.h>

#include "fake_sysfs.h"
#include "unit.h"

#define THREADS	8
#define ROUNDS	150

static struct fake fake;
static bool stop;

/* Every kind of call. What one finds depends on the moment, but is whole. */
static void *use(void *data)
{
	long number = (long)data;
	struct ovgpu_attribute **attributes;
	struct ovgpu_sched_vgpu *sched;
	struct ovgpu_type **types;
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu **gpus;
	char value[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE], uuid[OVGPU_UUID_SIZE];
	const uint64_t *waits;
	size_t count, i;
	int round, err;

	for (round = 0; round < ROUNDS; round++) {
		err = ovgpu_vgpu_list(fake.ovgpu, &vgpus, &count);
		unit_assert(!err, "list of vGPUs: %s", ovgpu_strerror(err));
		unit_assert(count >= 2 && count <= 3, "%zu vGPUs", count);
		for (i = 0; vgpus[i]; i++)
			unit_assert(!strcmp(vgpus[i]->gpu, FAKE_GPU),
				    "a vGPU on '%s'", vgpus[i]->gpu);
		ovgpu_free(vgpus);
		unit_assert(!ovgpu_gpu_list(fake.ovgpu, &gpus, &count), "GPUs");
		unit_assert(count == 2, "%zu GPUs", count);
		ovgpu_free(gpus);
		unit_assert(!ovgpu_type_list(fake.ovgpu, FAKE_GPU, &types, &count),
			    "types");
		ovgpu_free(types);
		unit_assert(!ovgpu_attributes(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					      "openvgpu", &attributes, &count),
			    "attributes");
		ovgpu_free(attributes);
		unit_assert(!ovgpu_sched_vgpu_get(fake.ovgpu, FAKE_USED,
						  OVGPU_ALL_COUNTERS, true, &sched),
			    "counters");
		unit_assert(ovgpu_sched_vgpu_waits(sched, &waits) == 32, "waits");
		ovgpu_free(sched);
		/* The made-up files have no kernel that makes a write one step. */
		err = ovgpu_setting_write(fake.ovgpu, OVGPU_GPU, FAKE_GPU2,
					  ovgpu_setting(OVGPU_GPU, number % 7),
					  "1", reason, sizeof(reason));
		unit_assert(!err, "set: %s", ovgpu_strerror(err));
		ovgpu_setting_read(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
				   ovgpu_setting(OVGPU_VGPU, OVGPU_DISPLAY), value,
				   sizeof(value), NULL, 0);
		unit_assert(!strcmp(value, "region"), "display is '%s'", value);
		unit_assert(!ovgpu_uuid_generate(uuid), "UUID");
		unit_assert(ovgpu_strerror(-ENOSPC - round % 40)[0], "text");
	}
	return NULL;
}

static void *change(void *unused)
{
	char path[160];

	(void)unused;
	snprintf(path, sizeof(path), "%s/sys/bus/mdev/devices/%s", fake.top,
		 FAKE_NEW);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		fake_add_vgpu(&fake, FAKE_NEW, FAKE_GPU, "openvgpu-256mq", 0);
		unlink(path);
	}
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t threads[THREADS], changer;
	long i;

	fake_make(&fake);
	ck_assert_int_eq(pthread_create(&changer, NULL, change, NULL), 0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(changer, NULL);
	fake_remove(&fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library_threads");
	TCase *tests = tcase_create("library_threads");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, test_threads);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "library_threads");
}
