// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_work.c - vGPUs compute in several GPU instances at the same time, take turns
 * in each by its own settings, and the pool shrinks and grows meanwhile
 */
#include <stdio.h>

#include "jobs.h"
#include "load.h"
#include "plain.h"
#include "spatial.h"
#include "switch_log.h"
#include "vm.h"

#define MS	1000000UL

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* ------------------------------------------------------- at the same time */

#define ENGINES	4

static const char *const engine_type[ENGINES] = { "64mq", "1-128mq", "2-256mq", "1-64mq" };

TEST(results, ONCE | SLOW)
{
	struct jobs jobs[ENGINES];
	struct vgpu vgpu[ENGINES];
	unsigned int i, least = 0;

	spatial_begin();
	scheduler_defaults();
	for (i = 0; i < ENGINES; i++) {
		vgpu_make(&vgpu[i], engine_type[i]);
		expect_slices_told(&vgpu[i], engine_type[i]);
		jobs_create(&jobs[i], vgpu[i].device, 5000, i);
	}
	CHECK(instance_count() == 3, "%u instances, not 3", instance_count());
	while (least < 40) {
		for (least = ~0U, i = 0; i < ENGINES; i++) {
			jobs_keep(&jobs[i], 20);
			if (jobs[i].checked < least)
				least = (unsigned int)jobs[i].checked;
		}
		usleep(1000);
	}
	for (i = 0; i < ENGINES; i++) {
		jobs_finish(&jobs[i]);
		vgpu_works(&vgpu[i], i);
		vgpu_unharmed(&vgpu[i], engine_type[i]);
	}
}

/* What the engine of a vGPU's instance counts; 0 in the pool. */
static uint64_t engine_busy(const struct vgpu *vgpu)
{
	unsigned int id = instance_of(vgpu->uuid);

	return id == POOL ? 0 : admin_number(instance_path(id, "busy_ns"));
}

/* All engines are at work at the same time: together more than the clock. */
TEST(side_by_side, ONCE | SLOW)
{
	uint64_t busy = 0, of_instance = 0, from, to, before[ENGINES];
	struct load load[ENGINES];
	unsigned int i;

	spatial_begin();
	scheduler_defaults();
	for (i = 0; i < ENGINES; i++) {
		load_make(&load[i], 1, engine_type[i]);
		load_start(&load[i]);
	}
	for (i = 0; i < ENGINES; i++)
		vgpu_wait_state(load[i].vgpu[0].uuid, "running");
	for (i = 0; i < ENGINES; i++) {
		before[i] = host_stat(load[i].vgpu[0].uuid, "resident_ns");
		of_instance -= engine_busy(&load[i].vgpu[0]);
	}
	from = clock_ns(&load[0].vgpu[0]);
	clock_wait(&load[0].vgpu[0], 500 * MS);
	to = clock_ns(&load[0].vgpu[0]);
	for (i = 0; i < ENGINES; i++) {
		busy += host_stat(load[i].vgpu[0].uuid, "resident_ns") - before[i];
		of_instance += engine_busy(&load[i].vgpu[0]);
	}
	for (i = 0; i < ENGINES; i++)
		load_stop(&load[i]);
	printf("# %u engines together: %.1f %% of the clock; 3 instances %.1f %%\n", ENGINES,
	       percent(busy, to - from), percent(of_instance, to - from));
	/*
	 * They are read outside of the time that counts. That an engine with a part of the
	 * slices pauses between pieces of work, the model's way to be slow, is not idle time.
	 */
	CHECK(percent(busy, to - from) >= 100 * (ENGINES - 0.05),
	      "%u engines were at work for %.1f %% of the clock", ENGINES,
	      percent(busy, to - from));
	CHECK(percent(of_instance, to - from) >= 100 * (ENGINES - 1 - 0.05),
	      "3 instances count %.1f %% of the clock as busy",
	      percent(of_instance, to - from));
}

#define ROW	20	/* jobs: after a pause the first ones are for nothing */

/* What a job takes of the engine's time when this machine has it to itself. */
static uint64_t job_ns(const char *type)
{
	uint64_t least = UINT64_MAX, before, busy;
	struct vgpu vgpu;
	struct jobs jobs;
	int i, j;

	vgpu_make(&vgpu, type);
	jobs_create(&jobs, vgpu.device, 20000, 1);
	for (i = 0; i < 6; i++) {
		before = host_stat(vgpu.uuid, "busy_ns");
		for (j = 0; j < ROW; j++)
			jobs_submit(&jobs);
		jobs_finish(&jobs);
		busy = host_stat(vgpu.uuid, "busy_ns") - before;
		if (busy < least)
			least = busy;
	}
	vgpu_remove(&vgpu);
	return least / ROW;
}

/* Four slices are faster than one. By how much, unit tests say, on the virtual clock. */
TEST(slices_count, ONCE | SLOW)
{
	uint64_t one = 0, four = 1;
	int tries;

	spatial_begin();
	scheduler_defaults();
	/* A machine with other work makes the fast one slow. */
	for (tries = 0; tries < 5 && one < 2 * four; tries++) {
		one = job_ns("1-128mq");
		four = job_ns("4-512mq");
		printf("# a job on 1 slice %lu us, on 4 slices %lu us\n", one / 1000,
		       four / 1000);
	}
	/* How much faster depends on that other work, too. */
	CHECK(one > four, "a job takes %lu us on one slice, %lu us on four",
	      one / 1000, four / 1000);
}

/* ------------------------------------------------------------------- pool */

/* Each has come some jobs further. */
static void go_on(struct jobs *jobs, unsigned int count, unsigned int more)
{
	uint64_t until[4], end = rt_now_ns() + 60 * second();
	bool all = false;
	unsigned int i;

	for (i = 0; i < count; i++)
		until[i] = jobs[i].checked + more;
	while (!all) {
		for (all = true, i = 0; i < count; i++) {
			jobs_keep(&jobs[i], 30);
			all = all && jobs[i].checked >= until[i];
		}
		CHECK(rt_now_ns() < end, "work does not go on: %lu, %lu jobs",
		      jobs[0].checked, jobs[1].checked);
		usleep(500);
	}
}

/* The pool loses and gets slices while its vGPUs work: no job is lost, none is wrong. */
TEST(pool_shrinks_and_grows, ONCE | SLOW)
{
	static const char *const type[] = { "1-128mq", "2-256mq", "4-512mq", "3-128mc", "1-16mq" };
	struct geometry geometry = spatial_begin();
	unsigned int rounds = harness_slow_kernel() ? 5 : 20, round, compute;
	char uuid[2][UUID_LENGTH + 1];
	struct vgpu vgpu[3];
	struct jobs jobs[3];
	unsigned int i;

	scheduler_defaults();
	for (i = 0; i < 3; i++) {
		vgpu_make(&vgpu[i], i < 2 ? "64mq" : "1-64mq");
		jobs_create(&jobs[i], vgpu[i].device, 20000, i);
	}
	for (round = 0; round < rounds; round++) {
		go_on(jobs, 3, 1);
		OK(host_create_any(type[round % 5], uuid[0]));
		compute = geometry.compute - 1 -
			(instance_of(uuid[0]) == instance_of(vgpu[2].uuid) ?
			 0 : host_type_compute(type[round % 5]));
		admin_expect_number(admin_gpu_path("pool_slices"), compute);
		for (i = 0; i < 3; i++)
			expect_slices_told(&vgpu[i], "a pool that has shrunk");
		go_on(jobs, 3, 3);
		OK(host_create_any("1-256mq", uuid[1]));
		go_on(jobs, 3, 1);
		OK(host_remove(uuid[0]));
		OK(host_remove(uuid[1]));
		admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute - 1);
		for (i = 0; i < 3; i++)
			expect_slices_told(&vgpu[i], "a pool that has grown");
	}
	for (i = 0; i < 3; i++) {
		jobs_finish(&jobs[i]);
		vgpu_unharmed(&vgpu[i], i < 2 ? "in the pool" : "in an instance");
	}
	printf("# %u times: %lu, %lu and %lu jobs\n", rounds, jobs[0].checked,
	       jobs[1].checked, jobs[2].checked);
	spatial_check("under load");
}

/* One long job, which never ends by itself, goes on with what the pool has left. */
TEST(pool_shrinks_under_one_job, ONCE)
{
	struct geometry geometry = spatial_begin();
	char uuid[UUID_LENGTH + 1];
	struct load load;
	uint64_t busy;
	int i;

	scheduler_defaults();
	load_make(&load, 1, "64mq");
	load_start(&load);
	for (i = 0; i < 6; i++) {
		if (i % 2)
			OK(host_remove(uuid));
		else
			OK(host_create_any("4-512mq", uuid));
		busy = host_stat(load.vgpu[0].uuid, "busy_ns");
		clock_wait(&load.vgpu[0], 30 * MS);
		vgpu_wait_state(load.vgpu[0].uuid, "running");
		CHECK(host_stat(load.vgpu[0].uuid, "busy_ns") > busy,
		      "it does not go on with %lu slices", gpu_number("pool_slices"));
		expect_slices_told(&load.vgpu[0], "a long job");
	}
	admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute);
	load_stop(&load);
	vgpu_unharmed(&load.vgpu[0], "who works in the pool");
}

/* ------------------------------------------------------------ time slicing */

/* Shares in an instance, whatever others do in theirs. */
TEST(shares, ONCE | SLOW)
{
	static const unsigned int weight[] = { 100, 200, 400 };
	struct load pool, three, two;
	unsigned int i;

	spatial_begin();
	scheduler_defaults();
	load_make(&pool, 2, "64mq");
	load_make(&three, 3, "2-64mq");
	load_make(&two, 2, "1-32mq");
	for (i = 0; i < 3; i++) {
		vgpu_set(&three.vgpu[i], "weight", weight[i]);
		CHECK(instance_of(three.vgpu[i].uuid) == instance_of(three.vgpu[0].uuid),
		      "three seats are in two instances");
	}
	load_start(&pool);
	load_start(&three);
	load_start(&two);
	clock_wait(&pool.vgpu[0], 2500 * MS);
	load_stop(&three);
	load_stop(&two);
	load_stop(&pool);
	load_expect_shares(&three, weight, 20 * MS);
	load_expect_shares(&two, NULL, 20 * MS);
	load_expect_shares(&pool, NULL, 20 * MS);
}

/* Follows the log for a while: the longest slices given in two instances. */
static void longest_slices(const struct load *a, const struct load *b,
			   uint64_t longest[2])
{
	unsigned int id[2] = { instance_of(a->vgpu[0].uuid), instance_of(b->vgpu[0].uuid) };
	unsigned int count[2] = { 0 }, i, k;
	struct switch_log log;

	switch_log_begin(&log);
	for (i = 0; i < 10; i++) {
		clock_wait(&a->vgpu[0], 50 * MS);
		switch_log_read(&log);
	}
	for (k = 0; k < log.count; k++)
		for (i = 0; i < 2; i++) {
			const struct load *load = i ? b : a;
			bool mine = !strcmp(log.entry[k].uuid, load->vgpu[0].uuid) ||
				!strcmp(log.entry[k].uuid, load->vgpu[1].uuid);

			/* A dash is an engine that is kept idle. */
			CHECK(log.entry[k].uuid[0] == '-' ||
			      mine == (log.entry[k].instance == id[i]),
			      "the log has vGPU %s in instance %u", log.entry[k].uuid,
			      log.entry[k].instance);
			if (!mine)
				continue;
			count[i]++;
			if (log.entry[k].quantum > longest[i])
				longest[i] = log.entry[k].quantum;
		}
	CHECK(count[0] > 5 && count[1] > 5, "%u and %u switches in half a second",
	      count[0], count[1]);
	switch_log_end(&log);
}

/* No slice is made longer, so that they can be told from each other. */
static void set_slice(const struct load *load, uint64_t us)
{
	unsigned int id = instance_of(load->vgpu[0].uuid);

	admin_set_number(instance_path(id, "timeslice_us"), us);
	admin_set(instance_path(id, "timeslice_max_us"), "100");
}

/* Each instance has slices of its own length, and the log of switches says where. */
TEST(own_slices, ONCE | SLOW)
{
	uint64_t longest[2] = { 0 };
	struct load a, b;

	spatial_begin();
	scheduler_defaults();
	load_make(&a, 2, "2-64mq");
	load_make(&b, 2, "1-64mq");
	set_slice(&a, 2000);
	set_slice(&b, 15000);
	load_start(&a);
	load_start(&b);
	longest_slices(&a, &b, longest);
	/* A turn may be longer by what its switch would have taken. */
	CHECK(longest[0] && longest[0] <= 5 * MS && longest[1] > 8 * MS &&
	      longest[1] <= 20 * MS,
	      "slices of 2000 and 15000 us: the longest were given %lu and %lu us",
	      longest[0] / 1000, longest[1] / 1000);
	load_stop(&a);
	load_stop(&b);
	load_expect_shares(&a, NULL, 2 * MS);
	load_expect_shares(&b, NULL, 15 * MS);
}

/*
 * Under fixed_share one of four seats has a quarter of its instance, though it is alone
 * there. The pool and another instance have policies of their own.
 */
TEST(own_policy, ONCE | SLOW)
{
	uint64_t held, burst, slice;
	struct load fixed, pool;

	spatial_begin();
	scheduler_defaults();
	load_make(&pool, 1, "64mq");
	load_make(&fixed, 1, "2-64mq");
	admin_set(instance_path(instance_of(fixed.vgpu[0].uuid), "scheduler"), "fixed_share");
	slice = admin_number(instance_path(instance_of(fixed.vgpu[0].uuid), "timeslice_us")) * 1000;
	load_start(&pool);
	load_start(&fixed);
	clock_wait(&pool.vgpu[0], 2500 * MS);
	load_stop(&fixed);
	load_stop(&pool);
	held = fixed.total + fixed.served[0].switch_ns;
	burst = 8 * MS + 2 * slice + fixed.served[0].overrun + fixed.skew;
	printf("# 1 of 4 fixed shares of an instance: %.2f %% of the clock; the pool's alone %.2f %%\n",
	       percent(held, fixed.passed), percent(pool.served[0].busy, pool.ended));
	CHECK(held <= fixed.passed / 4 + burst && held + burst >= fixed.passed / 4 * 9 / 10,
	      "one of four fixed shares of an instance had %.2f %% of the clock",
	      percent(held, fixed.passed));
	CHECK(percent(pool.served[0].busy, pool.ended) > 90,
	      "alone in the pool, with best_effort: %.2f %% of the clock",
	      percent(pool.served[0].busy, pool.ended));
}

/* ------------------------------------------------------------------ memory */

/* No address of a guest is in its neighbour's instance. */
TEST(memory_apart, ONCE)
{
	static const char *const type[] = { "1-128mq", "1-128mc", "64mq" };
	uint64_t at[8], own, total;
	struct vgpu attacker, victim[3];
	unsigned int i, j, count = 0;
	struct rt_ring ring;
	int error;

	spatial_begin();
	scheduler_defaults();
	vgpu_make(&attacker, "1-128mq");
	own = attacker.device->framebuffer_bytes;
	total = admin_number(admin_gpu_path("framebuffer_total"));
	for (i = 0; i < 3; i++) {
		vgpu_make(&victim[i], type[i]);
		plain_mark(&victim[i], i);
		at[count++] = vgpu_offset(&victim[i]) - vgpu_offset(&attacker);
	}
	at[count++] = own;
	at[count++] = own - 2048;
	at[count++] = total - vgpu_offset(&attacker);
	at[count++] = total;
	for (i = 0; i < count; i++) {
		rt_framebuffer_free_all(attacker.device);
		OK(rt_ring_create(attacker.device, 0, 64, &ring));
		OK(rt_fill(&ring, at[i], 4096, 0xbad));
		OK(rt_ring_fence(&ring, 0));
		error = rt_ring_wait(&ring, ring.fence, 60000);
		CHECK(error < 0 && error != -ETIMEDOUT,
		      "filling from 0x%lx on, of a slice of 0x%lx bytes: %s", at[i], own,
		      error ? strerror(-error) : "done");
		OK(rt_guest_reset(attacker.device));
		for (j = 0; j < 3; j++)
			CHECK(plain_is_marked(&victim[j], j),
			      "filling from 0x%lx on has changed the memory of a %s", at[i],
			      type[j]);
	}
	for (j = 0; j < 3; j++) {
		vgpu_unharmed(&victim[j], type[j]);
		vgpu_works(&victim[j], 3);
	}
	vgpu_works(&attacker, 4);
}

/* ------------------------------------------------------------------- reset */

/* After a reset of the GPU its instances are as they were, and work. */
TEST(gpu_reset, ONCE | SLOW)
{
	static const char *const type[] = { "64mq", "1-64mq", "2-64mq", "2-64mq" };
	struct instance before[INSTANCES];
	char reset[PATH_SIZE], profile[2 * SIZE_NAME], text[TEXT_SIZE];
	struct geometry geometry = spatial_begin();
	unsigned int i, round;
	struct vgpu vgpu[4];
	struct rt_ring ring;
	uint64_t stop;
	int error;

	snprintf(reset, sizeof(reset), "%s", admin_pci_path("reset"));
	if (access(reset, F_OK))
		harness_skip("this kernel offers no reset of the GPU");
	scheduler_defaults();
	profile_name(&geometry, 1, 2, profile);
	instance_reserve(profile, "kept");
	for (i = 0; i < 4; i++)
		vgpu_make(&vgpu[i], type[i]);
	admin_set(instance_path(instance_of(vgpu[1].uuid), "scheduler"), "equal_share");
	CHECK(instances_read(before) == 3, "%u instances, not 3", instance_count());
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 4; i++)
			vgpu_works(&vgpu[i], i);
		/* Round 0: nobody has one open; else work is under way on each engine. */
		for (i = 0; i < 4; i++) {
			if (!round) {
				vgpu_close(&vgpu[i]);
				continue;
			}
			OK(rt_ring_create(vgpu[i].device, 1, 64, &ring));
			OK(work_spin(&ring, &stop));
		}
		error = host_write(reset, "1");
		CHECK(!error, "resetting the GPU: %s", strerror(-error));
		admin_wait_state("up");
		instances_unchanged(before, "after a reset of the GPU");
		admin_text(instance_path(instance_of(vgpu[1].uuid), "scheduler"), text);
		CHECK(strstr(text, "[equal_share]"), "the scheduler of an instance: '%s'", text);
		for (i = 0; i < 4; i++) {
			if (round)
				OK(rt_guest_reset(vgpu[i].device));
			else
				vgpu_open(&vgpu[i]);
			vgpu_works(&vgpu[i], i);
			expect_slices_told(&vgpu[i], "after a reset");
		}
	}
	spatial_check("after resets");
}
