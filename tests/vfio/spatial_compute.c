// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_compute.c - compute instances: several queues over the memory of one GPU
 * instance, each with compute slices and settings of its own
 */
#include <stdio.h>

#include "jobs.h"
#include "load.h"
#include "spatial.h"
#include "vm.h"

#define MS	1000000UL
#define QUEUES	3
#define TYPE	"4-64mq"	/* eight seats in the instance that is divided */

/* 4g with queues of 2, 1 and 1 compute slices. Return: its number. */
static unsigned int divided(const struct geometry *geometry, const char *name)
{
	char profile[2 * SIZE_NAME], text[64];
	struct instance instance;
	unsigned int id;

	profile_name(geometry, 4, default_memory(geometry, 4), profile);
	snprintf(text, sizeof(text), "%s compute=2,1,1", name);
	OK(instance_try(profile, text));
	for (id = 1; id < INSTANCES; id++)
		if (instance_read(id, &instance) && !strcmp(instance.name, name))
			return id;
	CHECK(0, "instance %s was made and is not there", name);
	return 0;
}

static unsigned int bits(unsigned int mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

static const char *queue_path(const char *uuid)
{
	return admin_vgpu_path(uuid, "openvgpu/compute_instance");
}

/* --------------------------------------------------------- made and removed */

TEST(made_as_one, ONCE)
{
	struct geometry geometry = spatial_begin();
	unsigned int first, i, parts = 0;
	struct instance whole, part;
	char expected[64];

	first = divided(&geometry, "train");
	CHECK(instance_count() == QUEUES, "%u instances, not 3", instance_count());
	CHECK(instance_read(first, &whole) && bits(whole.compute) == 4 &&
	      bits(whole.queue) == 2 && !whole.memory_of && whole.reserved,
	      "the GPU instance has slices 0x%x, its queue 0x%x", whole.compute, whole.queue);
	for (i = first + 1; i < INSTANCES; i++) {
		if (!instance_read(i, &part))
			continue;
		parts++;
		CHECK(part.memory_of == first && bits(part.queue) == 1,
		      "part %u is of %u and has 0x%x", i, part.memory_of, part.queue);
		snprintf(expected, sizeof(expected), "1c.%s", whole.profile);
		CHECK(!strcmp(part.profile, expected), "its profile is %s", part.profile);
		snprintf(expected, sizeof(expected), "train.%u", i);
		CHECK(!strcmp(part.name, expected), "its name is %s", part.name);
	}
	CHECK(parts == 2, "%u parts, not 2", parts);
	admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute - 4);
	spatial_check("a divided instance");
	/* Others are made beside it, and it goes as a whole. */
	instance_reserve("1g.128m", "other");
	spatial_check("another beside it");
	instance_remove(first);
	CHECK(instance_count() == 1, "%u instances are left, not 1", instance_count());
	admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute - 1);
	spatial_check("without it");
}

/* Compute slices that no queue got stay with the instance. */
TEST(slices_without_a_queue, ONCE)
{
	struct geometry geometry = spatial_begin();
	char profile[2 * SIZE_NAME], uuid[UUID_LENGTH + 1];

	profile_name(&geometry, 4, default_memory(&geometry, 4), profile);
	OK(instance_try(profile, "compute=1,1"));
	CHECK(instance_count() == 2, "%u instances, not 2", instance_count());
	admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute - 4);
	OK(host_create_any(TYPE, uuid));
	CHECK(host_attribute(uuid, "compute_slices") == 1, "a vGPU there has %lu slices",
	      host_attribute(uuid, "compute_slices"));
	spatial_check("slices without a queue");
	/* An only queue may have all, too. */
	spatial_clear();
	OK(instance_try(profile, "whole compute=4"));
	CHECK(instance_count() == 1, "%u instances, not 1", instance_count());
	spatial_check("one queue");
}

TEST(refusals, ONCE)
{
	static const char *const bad[] = {
		"compute=", "compute=0", "compute=5", "compute=3,2", "compute=2,,1",
		"compute=2,1,", "compute=2,x", "compute=-1,2", "compute=1,1,1,1,1",
		"compute=4294967298,1", "train compute=0,4", "train compute", "train kompute=2",
		"compute=2,1 train", "train compute=2 1", "compute=11",
	};
	struct geometry geometry = spatial_begin();
	static const char *const part_words[] = { "part of" };
	char profile[2 * SIZE_NAME], why[TEXT_SIZE];
	unsigned int i, first;
	int error;

	profile_name(&geometry, 4, default_memory(&geometry, 4), profile);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = instance_try(profile, bad[i]);
		OK(host_last_error(why, sizeof(why)));
		CHECK(error == -EINVAL && !strncmp(why, "instance not created", 20),
		      "'%s': %s, last_error '%s'", bad[i],
		      error ? strerror(-error) : "taken", why);
	}
	CHECK(!instance_count(), "%u instances of bad requests", instance_count());
	first = divided(&geometry, "train");
	refused(host_write(instance_path(first + 1, "remove"), "1"), EPERM,
		"removing a part", part_words, 1);
	refused(host_write(instance_path(first + 1, "reserved"), "0"), EPERM,
		"a part that is not reserved", part_words, 1);
	spatial_check("after refusals");
	admin_set(instance_path(first, "reserved"), "0");
	CHECK(!instance_count(), "%u instances are left", instance_count());
}

/* Its parts go with its last vGPU. */
TEST(gone_with_the_last, ONCE)
{
	struct geometry geometry = spatial_begin();
	char uuid[UUID_LENGTH + 1];
	unsigned int first = divided(&geometry, "train");

	OK(host_create_any(TYPE, uuid));
	admin_set(instance_path(first, "reserved"), "0");
	CHECK(instance_count() == QUEUES, "%u instances with a vGPU", instance_count());
	OK(host_remove(uuid));
	CHECK(!instance_count(), "%u instances are left", instance_count());
	admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute);
}

/* ------------------------------------------------------------------- queues */

/* vGPUs spread over the queues, and change while they are closed. */
TEST(queues, ONCE | SLOW)
{
	struct geometry geometry = spatial_begin();
	unsigned int first = divided(&geometry, "train"), i, other;
	static const char *const words[] = { "compute_instance" };
	char plain[UUID_LENGTH + 1];
	struct instance instance;
	struct vgpu vgpu[6];

	other = instance_reserve("1g.128m", "other");
	for (i = 0; i < 6; i++) {
		vgpu_make(&vgpu[i], TYPE);
		CHECK(instance_of(vgpu[i].uuid) == first, "vGPU %u is in instance %u", i,
		      instance_of(vgpu[i].uuid));
		CHECK(queue_of(vgpu[i].uuid) == first + i % QUEUES,
		      "vGPU %u is in queue %u, the first is %u", i,
		      queue_of(vgpu[i].uuid), first);
	}
	spatial_check("six vGPUs in three queues");
	CHECK(instance_read(first, &instance) && instance.members == 6,
	      "%u vGPUs in the instance", instance.members);
	admin_expect_number(instance_path(first, "queue_members"), 2);
	/* Open, it stays; what it is in already is no change. */
	admin_refused(queue_path(vgpu[0].uuid), "3", EBUSY, words, 1);
	admin_set_number(queue_path(vgpu[0].uuid), first);
	vgpu_close(&vgpu[0]);
	admin_set_number(queue_path(vgpu[0].uuid), first + 2);
	spatial_check("one has changed");
	admin_expect_number(instance_path(first + 2, "members"), 3);
	admin_expect_number(instance_path(first, "queue_members"), 1);
	vgpu_open(&vgpu[0]);
	vgpu_works(&vgpu[0], 7);
	/* A guest is told of what its queue has. */
	CHECK(instance_read(first + 2, &instance), "its queue is not there");
	CHECK(rt_user_read(vgpu[0].device, REFGPU_USER_SLICES) ==
	      (instance.queue | ((1UL << instance.memory_slices) - 1) <<
	       (8 + instance.memory_first)), "a guest is told of slices 0x%lx",
	      rt_user_read(vgpu[0].device, REFGPU_USER_SLICES));
	vgpu_close(&vgpu[0]);
	/* Queues of other memory are none of its business. */
	for (i = 0; i < 10; i++)
		if (i < first || i >= first + QUEUES) {
			char text[8];

			snprintf(text, sizeof(text), "%u", i);
			admin_refused(queue_path(vgpu[0].uuid), text, EINVAL, words, 1);
		}
	admin_refused(queue_path(vgpu[0].uuid), "18446744073709551615", EINVAL, words, 1);
	admin_refused(queue_path(vgpu[0].uuid), "x", EINVAL, words, 1);
	OK(host_create_any("64mq", plain));
	admin_set(queue_path(plain), "0");
	admin_refused(queue_path(plain), "1", EINVAL, words, 1);
	CHECK(other && queue_of(plain) == POOL, "a plain vGPU is in queue %u", queue_of(plain));
	spatial_check("after refusals");
}

/* Each queue has a policy and settings of its own. */
TEST(settings, ONCE)
{
	struct geometry geometry = spatial_begin();
	unsigned int first;

	scheduler_defaults();
	gpu_set("fault_limit", "7");
	first = divided(&geometry, "train");
	admin_expect_number(instance_path(first + 1, "fault_limit"), 7);
	admin_set(instance_path(first + 1, "scheduler"), "fixed_share");
	admin_expect(instance_path(first, "scheduler"), "[best_effort] equal_share fixed_share");
	admin_expect(instance_path(first + 2, "scheduler"), "[best_effort] equal_share fixed_share");
	admin_set_number(instance_path(first + 2, "timeslice_us"), 3000);
	admin_expect_number(instance_path(first + 2, "timeslice_us"), 3000);
	CHECK(admin_number(instance_path(first, "timeslice_us")) != 3000,
	      "all queues have the slices of one");
	scheduler_defaults();
}

/* --------------------------------------------------------------------- work */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* vGPUs of one memory are at work at the same time, as many as there are queues. */
TEST(side_by_side, ONCE | SLOW)
{
	struct geometry geometry = spatial_begin();
	uint64_t busy[4] = { 0 }, all = 0, from, to, passed;
	struct load load;
	unsigned int i;

	divided(&geometry, "train");
	load_make(&load, 4, TYPE);
	load_start(&load);
	for (i = 1; i < QUEUES; i++)
		vgpu_wait_state(load.vgpu[i].uuid, "running");
	for (i = 0; i < 4; i++)
		busy[i] = host_stat(load.vgpu[i].uuid, "resident_ns");
	from = clock_ns(&load.vgpu[0]);
	clock_wait(&load.vgpu[0], 1000 * MS);
	to = clock_ns(&load.vgpu[0]);
	passed = to - from;
	for (i = 0; i < 4; i++) {
		busy[i] = host_stat(load.vgpu[i].uuid, "resident_ns") - busy[i];
		all += busy[i];
	}
	load_stop(&load);
	printf("# %.1f, %.1f, %.1f and %.1f %% of the clock\n", percent(busy[0], passed),
	       percent(busy[1], passed), percent(busy[2], passed), percent(busy[3], passed));
	/* The fourth shares the queue of the first, where the two take turns. */
	CHECK(percent(busy[1], passed) >= 95 && percent(busy[2], passed) >= 95,
	      "who is alone in a queue was resident for %.1f and %.1f %% of the clock",
	      percent(busy[1], passed), percent(busy[2], passed));
	CHECK(percent(busy[0], all - busy[1] - busy[2]) > 40 &&
	      percent(busy[0], all - busy[1] - busy[2]) < 60,
	      "two in a queue were resident for %.1f and %.1f %% of the clock",
	      percent(busy[0], passed), percent(busy[3], passed));
	/* A slow machine takes its time for their switches. */
	CHECK(percent(all, passed) >= 220, "three queues together: %.1f %% of the clock",
	      percent(all, passed));
}

/* Results are right, whichever queue a vGPU is in, beside others of its memory. */
TEST(from_queue_to_queue, ONCE | SLOW)
{
	struct geometry geometry = spatial_begin();
	unsigned int first = divided(&geometry, "train"), round, i;
	unsigned int rounds = harness_slow_kernel() ? 4 : 12;
	struct vgpu vgpu[QUEUES], moves;
	struct jobs jobs[QUEUES];

	for (i = 0; i < QUEUES; i++) {
		vgpu_make(&vgpu[i], TYPE);
		jobs_create(&jobs[i], vgpu[i].device, 5000, i);
	}
	vgpu_make(&moves, TYPE);
	vgpu_close(&moves);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < QUEUES; i++)
			jobs_keep(&jobs[i], 20);
		admin_set_number(queue_path(moves.uuid), first + round % QUEUES);
		vgpu_open(&moves);
		vgpu_works(&moves, round);
		vgpu_close(&moves);
	}
	for (i = 0; i < QUEUES; i++) {
		jobs_finish(&jobs[i]);
		vgpu_unharmed(&vgpu[i], "who stays in its queue");
	}
	printf("# %u rounds: %lu, %lu and %lu jobs\n", rounds, jobs[0].checked,
	       jobs[1].checked, jobs[2].checked);
	spatial_check("after changes of queues");
}

/*
 * One hangs, and is reset for who waits in its queue. Who works beside it in the same
 * memory goes on.
 */
TEST(a_hang_beside, ONCE | SLOW)
{
	struct geometry geometry = spatial_begin();
	struct jobs jobs[2], hung;
	struct vgpu vgpu[3];
	uint64_t end;
	int i;

	need_control();
	divided(&geometry, "train");
	for (i = 0; i < 3; i++)
		vgpu_make(&vgpu[i], TYPE);
	vgpu_close(&vgpu[1]);
	admin_set_number(queue_path(vgpu[1].uuid), queue_of(vgpu[2].uuid));
	vgpu_open(&vgpu[1]);
	jobs_create(&hung, vgpu[2].device, 5000, 2);
	hang(&vgpu[2]);
	jobs_submit(&hung);
	for (i = 0; i < 2; i++)
		jobs_create(&jobs[i], vgpu[i].device, 5000, (uint32_t)i);
	end = rt_now_ns() + 60 * second();
	while (!host_stat(vgpu[2].uuid, "faults") || jobs[0].checked < 20 ||
	       jobs[1].checked < 20) {
		CHECK(rt_now_ns() < end, "%lu faults, and %lu and %lu jobs beside",
		      host_stat(vgpu[2].uuid, "faults"), jobs[0].checked, jobs[1].checked);
		for (i = 0; i < 2; i++)
			jobs_keep(&jobs[i], 20);
		usleep(500);
	}
	for (i = 0; i < 2; i++) {
		jobs_finish(&jobs[i]);
		vgpu_unharmed(&vgpu[i], i ? "in the queue of one that hangs" : "beside a hang");
	}
	vgpu_reset(&vgpu[2], BY_GUEST);
	vgpu_works(&vgpu[2], 3);
}
