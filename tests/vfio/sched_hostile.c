// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_hostile.c - what a hostile vGPU costs its neighbours under fixed_share
 *
 * Three neighbours at work, each owner of a quarter of the GPU; the fourth
 * quarter belongs to a vGPU that behaves well, then to one that does not. The
 * neighbours' part of the time that is handed out must stay the same.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "load.h"

#define MS		1000000UL
#define VICTIMS		3
#define WINDOW_NS	(4000 * MS)

static struct rt_device *open_for_ever(const char *uuid)
{
	struct rt_device *device = rt_open_vfio(uuid, transport, NULL);

	CHECK(device, "open: %s", rt_message());
	return device;
}

static void behave(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring;
	uint64_t stop;

	OK(rt_ring_create(device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	for (;;)
		pause();
}

/* Every ring full of work that never ends. */
static void endless(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring[REFGPU_RINGS];
	unsigned int i, j;
	uint64_t stop;

	for (i = 0; i < REFGPU_RINGS; i++)
		OK(rt_ring_create(device, i, 64, &ring[i]));
	for (j = 0; j < 20; j++)
		for (i = 0; i < REFGPU_RINGS; i++)
			OK(work_spin(&ring[i], &stop));
	for (;;)
		pause();
}

/* Work that ends at once, again and again, and doorbells without any. */
static void doorbells(const char *uuid)
{
	struct refgpu_packet_header nop[REFGPU_PACKET_SIZE /
					sizeof(struct refgpu_packet_header)] = {
		{ .opcode = REFGPU_OP_NOP },
	};
	struct rt_device *device = open_for_ever(uuid);
	struct rt_ring ring[REFGPU_RINGS];
	unsigned int i;

	for (i = 0; i < REFGPU_RINGS; i++)
		OK(rt_ring_create(device, i, 64, &ring[i]));
	for (;;)
		for (i = 0; i < REFGPU_RINGS; i++) {
			if (rt_ring_register(&ring[i], REFGPU_RING_GET) ==
			    ring[i].put)
				rt_ring_submit(&ring[i], nop);
			rt_ring_doorbell(&ring[i]);
		}
}

/* Every packet is a fault. */
static void faults(const char *uuid)
{
	struct rt_device *device = open_for_ever(uuid);
	uint8_t trap[REFGPU_PACKET_SIZE] = { REFGPU_OP_TRAP };
	struct rt_ring ring;
	unsigned int i;

	for (;;)
		for (i = 0; i < REFGPU_RINGS; i++) {
			rt_framebuffer_free_all(device);
			if (rt_ring_create(device, i, 64, &ring))
				continue;
			rt_ring_submit(&ring, trap);
			rt_ring_doorbell(&ring);
		}
}

/**
 * struct outcome - what the neighbours had
 * @given: each, in millionths of what was handed out to all four
 * @clock: all of them, in millionths of the time that passed
 * @slack: how much @given may be off: the scheduler's bound
 */
struct outcome {
	double given[VICTIMS];
	double clock;
	double slack;
};

static struct outcome beside(const char *name, void (*neighbour)(const char *uuid))
{
	char uuid[UUID_LENGTH + 1];
	struct service before, after;
	double total, own;
	struct outcome outcome;
	struct load load;
	unsigned int i;
	uint64_t end;
	pid_t child;

	OK(host_create_any("256mq", uuid));
	load_make(&load, VICTIMS, "256mq");
	child = fork();
	if (!child)
		neighbour(uuid);
	end = rt_now_ns() + 20 * second();
	while (host_stat(uuid, "slices") < 2) {
		CHECK(rt_now_ns() < end, "the neighbour does not come to work");
		usleep(10000);
	}
	service_read(uuid, &before);
	load_run(&load, WINDOW_NS);
	service_read(uuid, &after);

	/* What was overrun is paid back later: it is not what was meant. */
	own = (double)(after.run - before.run) + (double)(after.idle - before.idle) -
	      (double)after.debt + (double)before.debt;
	total = own;
	for (i = 0; i < VICTIMS; i++)
		total += (double)load.served[i].run - (double)load.served[i].debt;
	for (i = 0; i < VICTIMS; i++)
		outcome.given[i] = ((double)load.served[i].run -
				    (double)load.served[i].debt) / total;
	outcome.clock = (double)load.total / (double)load.passed;
	outcome.slack = (double)load_error_bound(&load, slice_ns(), 0.25) / total;
	printf("# beside %-15s: %.2f %% %.2f %% %.2f %% of what was handed out, bound %.2f points; together %.2f %% of the clock; the neighbour %.2f %%, %lu runs\n",
	       name, 100 * outcome.given[0], 100 * outcome.given[1],
	       100 * outcome.given[2], 100 * outcome.slack, 100 * outcome.clock,
	       100 * own / total, host_stat(uuid, "slices"));
	fflush(stdout);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	load_remove(&load);
	OK(host_remove(uuid));
	return outcome;
}

/* Against a neighbour that behaves well, in the same place. */
TEST(costs_nobody, ONCE | SLOW)
{
	static const struct {
		const char *name;
		void (*run)(const char *uuid);
	} hostile[] = {
		{ "endless kernels", endless },
		{ "doorbells", doorbells },
		{ "faults", faults },
	};
	struct outcome good, bad;
	unsigned int i, j;

	scheduler_defaults();
	gpu_set("scheduler", "fixed_share");
	good = beside("a good one", behave);
	for (i = 0; i < 3; i++) {
		bad = beside(hostile[i].name, hostile[i].run);
		for (j = 0; j < VICTIMS; j++)
			CHECK(bad.given[j] >= 0.99 * good.given[j] - bad.slack - good.slack &&
			      bad.given[j] >= 0.99 * 0.25 - bad.slack,
			      "beside %s a neighbour had %.2f %% of the time, %.2f %% beside a good one",
			      hostile[i].name, 100 * bad.given[j],
			      100 * good.given[j]);
	}
}

/* Who hangs too often gets no more turns until its guest resets it. */
TEST(hang_again_and_again, ONCE | SLOW)
{
	uint64_t at, clock, served;
	struct vgpu vgpu, other;
	struct rt_ring ring;
	struct rt_ring work;
	uint64_t stop;
	int i, error;

	scheduler_defaults();
	gpu_set("preempt_timeout_us", "500000");
	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(other.device, 0, 64, &work));
	OK(work_spin(&work, &stop));
	for (i = 0; i < 3; i++) {
		CHECK(!vgpu_sched_state(vgpu.uuid, "faulted"),
		      "it is faulted after %d resets", i);
		rt_framebuffer_free_all(vgpu.device);
		OK(rt_ring_create(vgpu.device, 0, 64, &ring));
		at = rt_framebuffer_alloc(vgpu.device, MIB, 4096);
		hang(&vgpu);
		OK(rt_fill(&ring, at, MIB, 1));
		OK(rt_ring_fence(&ring, 0));
		error = rt_ring_wait(&ring, ring.fence, 60000);
		CHECK(error == -ECANCELED || error == -EIO,
		      "hang %d: its fence: %s", i,
		      error ? strerror(-error) : "reached");
	}
	vgpu_wait_state(vgpu.uuid, "faulted");
	/* Its guest tries to go on: nothing of it runs. */
	rt_framebuffer_free_all(vgpu.device);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_fill(&ring, 32 * MIB, 4096, 1));
	OK(rt_ring_fence(&ring, 0));
	clock = clock_ns(&other);
	served = host_stat(other.uuid, "resident_ns");
	clock_wait(&other, 500 * MS);
	CHECK(!rt_ring_reached(&ring, ring.fence), "work of a faulted vGPU ran");
	CHECK(vgpu_sched_state(vgpu.uuid, "faulted"), "it is not faulted any more");
	served = host_stat(other.uuid, "resident_ns") - served;
	clock = clock_ns(&other) - clock;
	CHECK(served > clock / 4 * 3, "its neighbour had %lu of %lu ms",
	      served / MS, clock / MS);
	OK(rt_guest_reset(vgpu.device));
	vgpu_works(&vgpu, 3);
	*(volatile uint32_t *)rt_framebuffer(other.device, stop) = 1;
	OK(rt_ring_wait(&work, work.fence, 20000));
	CHECK(!host_stat(other.uuid, "faults"), "its neighbour was faulted");
}
