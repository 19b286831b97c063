// SPDX-License-Identifier: GPL-2.0-only
/*
 * sched_churn.c - vGPUs are frozen, closed, opened, re-weighted and removed at
 * any moment: no job is lost, nobody stands still, and nobody else pays
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "jobs.h"
#include "load.h"
#include "switch_log.h"
#include "vm.h"

#define MS		1000000UL
#define GUESTS		4
#define ROUNDS		120
#define SLICE_MAX_NS	(10 * MS)	/* of those set here */

/*
 * The GPU is a vGPU's alone: it has three quarters of 100 ms. A busy machine is
 * late with its answers to the GPU, so one such period is enough; a scheduler that
 * keeps turns for others never has one.
 */
static void has_the_gpu(const struct vgpu *clock, const char *uuid)
{
	uint64_t give_up = rt_now_ns() + 20 * second(), before, since, had, of;

	do {
		since = clock_ns(clock);
		before = host_stat(uuid, "resident_ns");
		clock_wait(clock, 100 * MS);
		had = host_stat(uuid, "resident_ns") - before;
		of = clock_ns(clock) - since;
		CHECK(4 * had > 3 * of || rt_now_ns() < give_up,
		      "beside a frozen vGPU another had %lu of %lu us",
		      had / 1000, of / 1000);
	} while (4 * had <= 3 * of);
}

/* Work of a frozen vGPU waits, and nothing is lost when it goes on. */
TEST(frozen, ONCE | SLOW)
{
	uint64_t served, fences;
	struct jobs jobs;
	struct vgpu vgpu;
	struct load load;
	int i;

	scheduler_defaults();
	load_make(&load, 1, "64mq");
	vgpu_make(&vgpu, "64mq");
	jobs_create(&jobs, vgpu.device, 60000, 1);
	load_start(&load);

	/* While it is at work, or waits for its turn. */
	for (i = 0; i < 5; i++) {
		jobs_keep(&jobs, 100);
		clock_wait(&vgpu, (uint64_t)(20 + i) * MS);
		vgpu_set(&vgpu, "frozen", 1);
		vgpu_wait_state(vgpu.uuid, "frozen");
		served = host_stat(vgpu.uuid, "resident_ns");
		fences = host_stat(vgpu.uuid, "fences");
		jobs_submit(&jobs);
		has_the_gpu(&vgpu, load.vgpu[0].uuid);
		CHECK(host_stat(vgpu.uuid, "resident_ns") == served &&
		      host_stat(vgpu.uuid, "fences") == fences,
		      "frozen, it had %lu us more and did %lu jobs",
		      (host_stat(vgpu.uuid, "resident_ns") - served) / 1000,
		      host_stat(vgpu.uuid, "fences") - fences);
		vgpu_set(&vgpu, "frozen", 0);
	}
	jobs_finish(&jobs);

	/* Idle when it was frozen, and work came meanwhile. */
	for (i = 0; i < 5; i++) {
		OK(rt_ring_wait(&jobs.ring, jobs.submitted, 60000));
		vgpu_set(&vgpu, "frozen", 1);
		jobs_submit(&jobs);
		clock_wait(&vgpu, 20 * MS);
		CHECK(!rt_ring_reached(&jobs.ring, jobs.submitted),
		      "a job of a frozen vGPU was done");
		vgpu_set(&vgpu, "frozen", 0);
		jobs_finish(&jobs);
	}

	/* Frozen it stays when its VM goes and another comes. */
	vgpu_set(&vgpu, "frozen", 1);
	vgpu_close(&vgpu);
	CHECK(vgpu_sched_state(vgpu.uuid, "closed"), "a closed vGPU is not closed");
	vgpu_open(&vgpu);
	CHECK(vgpu_sched_state(vgpu.uuid, "frozen"),
	      "a frozen vGPU is not frozen when it is opened again");
	jobs_create(&jobs, vgpu.device, 60000, 1);
	jobs_submit(&jobs);
	clock_wait(&vgpu, 50 * MS);
	CHECK(!jobs.checked && !rt_ring_reached(&jobs.ring, 1),
	      "a job of a frozen vGPU was done");
	vgpu_set(&vgpu, "frozen", 0);
	jobs_finish(&jobs);
	load_stop(&load);
}

/* Its owner is killed in the middle of a long slice: the slice ends there. */
TEST(killed_in_its_slice, ONCE | SLOW)
{
	char uuid[UUID_LENGTH + 1];
	unsigned int ended = 0;
	struct switch_log log;
	struct load load;
	uint64_t begin;
	size_t k;
	pid_t child;
	int i;

	scheduler_defaults();
	load_make(&load, 1, "64mq");
	load_start(&load);
	OK(host_create_any("64mq", uuid));
	for (i = 0; i < 5; i++) {
		struct vgpu other;

		memcpy(other.uuid, uuid, sizeof(uuid));
		vgpu_set(&other, "timeslice_us", 1000000);
		child = fork();
		if (!child) {
			struct rt_ring ring;
			uint64_t stop;

			vgpu_open(&other);
			OK(rt_ring_create(other.device, 0, 64, &ring));
			OK(work_spin(&ring, &stop));
			for (;;)
				pause();
		}
		begin = rt_now_ns();
		while (!vgpu_sched_state(uuid, "running")) {
			CHECK(rt_now_ns() - begin < 20 * second(),
			      "the guest does not come to work");
			usleep(2000);
		}
		clock_wait(&load.vgpu[0], (uint64_t)(10 + 20 * i) * MS);
		switch_log_begin(&log);
		kill(child, SIGKILL);
		CHECK(waitpid(child, NULL, 0) == child, "waitpid: %m");
		vgpu_wait_state(uuid, "closed");
		clock_wait(&load.vgpu[0], 20 * MS);
		switch_log_read(&log);
		for (k = 0; k < log.count; k++)
			if (!strcmp(log.entry[k].uuid, uuid) &&
			    strcmp(log.entry[k].reason, "quantum"))
				ended++;
		switch_log_end(&log);
	}
	CHECK(ended >= 3, "%u of 5 slices of 1 s ended with their owner", ended);
	load_stop(&load);
	CHECK(!host_stat(load.vgpu[0].uuid, "faults"), "its neighbour was faulted");
	printf("# %u of 5 slices ended with their owner; the neighbour waited %lu ms at most\n",
	       ended, host_stat(load.vgpu[0].uuid, "wait_max_ns") / MS);
}

/**
 * struct guest - a VM with a vGPU, in a process of its own
 * @uuid: of its vGPU
 * @pid: the process, 0: none
 * @frozen: its vGPU is
 * @stopped: it was sent SIGSTOP
 * @finish: shared with it: finish what is queued, then exit
 * @done: shared with it: jobs whose results were right
 */
struct guest {
	char uuid[UUID_LENGTH + 1];
	pid_t pid;
	bool frozen;
	bool stopped;
	volatile bool *finish;
	volatile uint64_t *done;
};

static void live(const struct guest *guest, uint32_t seed)
{
	struct rt_device *device = rt_open_vfio(guest->uuid, transport, NULL);
	struct jobs jobs;
	uint64_t before = 0;

	CHECK(device, "open: %s", rt_message());
	jobs_create(&jobs, device, 500 + work_random(&seed) % 60000, seed);
	while (!*guest->finish) {
		jobs_keep(&jobs, 1 + work_random(&seed) % 40);
		*guest->done += jobs.checked - before;
		before = jobs.checked;
		/* At times it has nothing to do for a while. */
		usleep(work_random(&seed) % 4 ? 1000 : 20000);
	}
	jobs_finish(&jobs);
	rt_close(device);
	_exit(0);
}

static void guest_start(struct guest *guest, uint32_t seed)
{
	*guest->finish = false;
	guest->stopped = false;
	guest->pid = fork();
	if (!guest->pid)
		live(guest, seed);
}

static void guest_kill(struct guest *guest)
{
	int status;

	kill(guest->pid, SIGKILL);
	CHECK(waitpid(guest->pid, &status, 0) == guest->pid, "waitpid: %m");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "a guest had ended by itself: 0x%x", status);
}

static void guest_set(const struct guest *guest, const char *name, uint64_t value)
{
	struct vgpu vgpu;

	memcpy(vgpu.uuid, guest->uuid, sizeof(vgpu.uuid));
	vgpu_set(&vgpu, name, value);
}

/* What it queued must be done to the last job. */
static void guest_finish(struct guest *guest)
{
	if (guest->frozen)
		guest_set(guest, "frozen", 0);
	guest->frozen = false;
	if (guest->stopped)
		kill(guest->pid, SIGCONT);
	*guest->finish = true;
	wait_child(guest->pid, "a guest that was to finish its jobs");
}

static void act(struct guest *guest, uint32_t *seed)
{
	static const char *const policy[] = {
		"best_effort", "equal_share", "fixed_share",
	};

	switch (work_random(seed) % 12) {
	case 0:
	case 1:
		guest->frozen = !guest->frozen;
		guest_set(guest, "frozen", guest->frozen);
		break;
	case 2:
		guest_set(guest, "weight", 1 + work_random(seed) % 1000);
		break;
	case 3:
		guest_set(guest, "cap_percent", 1 + work_random(seed) % 100);
		break;
	case 4:
		guest_set(guest, "timeslice_us",
			  work_random(seed) % 2 ? 0 : 200 + work_random(seed) % 9800);
		break;
	case 5:
	case 6:
		gpu_set("scheduler", "%s", policy[work_random(seed) % 3]);
		break;
	case 7:
		gpu_set("sched_hz", "%u", work_random(seed) % 2 ? 0 :
			100 + work_random(seed) % 2000);
		break;
	case 8:
		guest->stopped = !guest->stopped;
		kill(guest->pid, guest->stopped ? SIGSTOP : SIGCONT);
		break;
	case 9:
		guest_finish(guest);
		guest_start(guest, work_random(seed));
		break;
	case 10:
		guest_kill(guest);
		guest_start(guest, work_random(seed));
		break;
	default:
		guest_kill(guest);
		OK(host_remove(guest->uuid));
		guest->frozen = false;
		OK(host_create_any("64mq", guest->uuid));
		guest_start(guest, work_random(seed));
	}
}

/* Two that nobody touches must be served on, and equally. */
static void bystanders_go_on(const struct load *load)
{
	uint64_t before, begin = rt_now_ns();
	unsigned int i;

	for (i = 0; i < load->count; i++) {
		before = host_stat(load->vgpu[i].uuid, "resident_ns");
		while (host_stat(load->vgpu[i].uuid, "resident_ns") <= before) {
			CHECK(rt_now_ns() - begin < 20 * second(),
			      "bystander %u stands still", i);
			usleep(5000);
		}
	}
}

TEST(at_random, ONCE | SLOW)
{
	const char *given = getenv("OPENVGPU_SEED");
	uint32_t seed = given ? (uint32_t)strtoul(given, NULL, 0) : 20261121;
	uint64_t jobs = 0, difference, bound;
	struct guest guest[GUESTS] = { 0 };
	struct load load;
	unsigned int i;
	void *shared;

	printf("# seed %u\n", seed);
	fflush(stdout);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "mmap: %m");
	scheduler_defaults();
	load_make(&load, 2, "64mq");
	for (i = 0; i < GUESTS; i++) {
		guest[i].done = (uint64_t *)shared + i;
		guest[i].finish = (bool *)shared + 2048 + i;
		OK(host_create_any("64mq", guest[i].uuid));
		guest_start(&guest[i], seed + i);
	}
	load_start(&load);
	for (i = 0; i < ROUNDS; i++) {
		act(&guest[work_random(&seed) % GUESTS], &seed);
		usleep(work_random(&seed) % 20000);
		if (i % 10 == 9)
			bystanders_go_on(&load);
	}
	scheduler_defaults();
	for (i = 0; i < GUESTS; i++) {
		guest_set(&guest[i], "cap_percent", 100);
		guest_finish(&guest[i]);
		CHECK(!host_stat(guest[i].uuid, "faults"), "guest %u was faulted", i);
		jobs += *guest[i].done;
	}
	load_stop(&load);
	difference = 2 * load_error(&load, 0, 0.5);
	bound = 2 * load_error_bound(&load, SLICE_MAX_NS, 0.5);
	printf("# %lu jobs of guests; two bystanders had %lu and %lu ms, with what they owe %lu us apart, bound %lu us\n",
	       jobs, load.served[0].run / MS, load.served[1].run / MS,
	       difference / 1000, bound / 1000);
	CHECK(difference <= bound,
	      "of two vGPUs nobody touched one had %lu us more, bound %lu us",
	      difference / 1000, bound / 1000);
	CHECK(jobs, "no guest did a job");
}
