// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard.c - a vGPU that hangs again and again is put out of turn, and everybody
 * who must know is told; uevents
 */
#include <stdio.h>

#include "admin.h"
#include "load.h"
#include "vm.h"
#include "watch.h"

/**
 * struct pair - a vGPU that will hang, and one that works
 * @vgpu: both
 * @ring: of each
 */
struct pair {
	struct vgpu vgpu[2];
	struct rt_ring ring[2];
};

static void make_pair(struct pair *pair, const char *limit, const char *window)
{
	need_control();
	admin_rebind();
	/* Hangs are to be found soon; who is innocent answers in time. */
	admin_set(admin_gpu_path("preempt_timeout_us"), "1000000");
	admin_set(admin_gpu_path("fault_limit"), limit);
	admin_set(admin_gpu_path("fault_window_s"), window);
	vgpu_make_rings(pair->vgpu, pair->ring, 2);
}

/* The first one hangs; the second one wants the engine, and gets it. */
static void hang_once(struct pair *pair, uint32_t seed)
{
	struct vgpu *vgpu = &pair->vgpu[0];
	struct rt_ring *ring = &pair->ring[0];
	uint64_t faults = host_stat(vgpu->uuid, "faults");
	int tries;

	rt_framebuffer_free_all(vgpu->device);
	OK(rt_ring_create(vgpu->device, 0, 64, ring));
	hang(vgpu);
	OK(rt_fill(ring, rt_framebuffer_alloc(vgpu->device, MIB, 4096), MIB, 1));
	OK(rt_ring_fence(ring, 0));
	OK(work_vector_add(&pair->ring[1], 2000, seed));
	for (tries = 0; tries < 20000; tries++) {
		if (host_stat(vgpu->uuid, "faults") > faults)
			break;
		/* Alone it may stay as long as it likes. */
		OK(work_vector_add(&pair->ring[1], 500, seed));
		usleep(1000);
	}
	CHECK(host_stat(vgpu->uuid, "faults") > faults,
	      "a hung vGPU was not reset, fault %llu",
	      (unsigned long long)host_attribute(vgpu->uuid, "last_fault"));
	CHECK(!rt_ring_reached(ring, ring->fence), "a hung vGPU did its work");
}

/* Work of one that is out of turn stays where it is. */
static void expect_no_turns(struct pair *pair)
{
	struct vgpu *vgpu = &pair->vgpu[0];
	uint64_t slices, busy;
	int i;

	rt_framebuffer_free_all(vgpu->device);
	OK(rt_ring_create(vgpu->device, 0, 64, &pair->ring[0]));
	slices = host_stat(vgpu->uuid, "slices");
	busy = host_stat(vgpu->uuid, "busy_ns");
	OK(rt_ring_fence(&pair->ring[0], 0));
	for (i = 0; i < 10; i++) {
		OK(work_vector_add(&pair->ring[1], 1000, (uint32_t)i));
		usleep(20000);
	}
	CHECK(!rt_ring_reached(&pair->ring[0], pair->ring[0].fence) &&
	      host_stat(vgpu->uuid, "slices") == slices &&
	      host_stat(vgpu->uuid, "busy_ns") == busy,
	      "a faulted vGPU had %llu slices and %llu ns of the engine",
	      (unsigned long long)(host_stat(vgpu->uuid, "slices") - slices),
	      (unsigned long long)(host_stat(vgpu->uuid, "busy_ns") - busy));
}

/* It has turns again within so many seconds, and then works. */
static void wait_turns(struct vgpu *vgpu, unsigned int seconds)
{
	uint64_t end = rt_now_ns() + (seconds + 5) * 1000000000ULL;
	struct rt_ring ring;

	rt_framebuffer_free_all(vgpu->device);
	OK(rt_ring_create(vgpu->device, 0, 64, &ring));
	OK(rt_ring_fence(&ring, 0));
	rt_ring_doorbell(&ring);
	while (!rt_ring_reached(&ring, ring.fence)) {
		CHECK(rt_now_ns() < end, "no turns %u s after it was stopped",
		      seconds);
		usleep(10000);
	}
	vgpu_works(vgpu, 1);
}

/* The first uevent after a hang says which it was. */
static void expect_fault_event(int fd, const char *uuid)
{
	char text[TEXT_SIZE], word[64];
	uint64_t code = host_attribute(uuid, "last_fault");

	CHECK(code == 1 || code == 2 || code == 7 || code == 8,
	      "fault %llu after a hang", (unsigned long long)code);
	CHECK(uevents_next(fd, uuid, text), "no uevent after a hang");
	snprintf(word, sizeof(word), "OPENVGPU_FAULT=%llu ",
		 (unsigned long long)code);
	CHECK(!strncmp(text, "change@", 7) &&
	      strstr(text, "OPENVGPU_EVENT=fault ") && strstr(text, word) &&
	      strstr(text, "OPENVGPU_FAULT_NAME="),
	      "the uevent of a hang with fault %llu: %s",
	      (unsigned long long)code, text);
}

/* The administrator and the guest are told that it is out of turn, and why. */
static void expect_told(int fd, struct vgpu *vgpu)
{
	char text[TEXT_SIZE], reason[TEXT_SIZE];
	uint64_t value = 0;
	int tries;

	do {
		CHECK(uevents_next(fd, vgpu->uuid, text),
		      "no uevent says that the vGPU is faulted");
	} while (!strstr(text, "OPENVGPU_EVENT=faulted "));
	CHECK(strstr(text, "OPENVGPU_FAULT=9 "), "the uevent of a faulted vGPU: %s",
	      text);
	admin_text(admin_vgpu_path(vgpu->uuid, "openvgpu/last_reset_reason"),
		   reason);
	CHECK(strstr(reason, " timeout"), "reason of the last reset: '%s'",
	      reason);
	CHECK(host_attribute(vgpu->uuid, "last_fault") == 9,
	      "last fault is %llu, not 9",
	      (unsigned long long)host_attribute(vgpu->uuid, "last_fault"));
	for (tries = 0; tries < 5000; tries++) {
		value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT);
		if (value == 9)
			break;
		usleep(1000);
	}
	CHECK(value == 9, "the guest reads fault %llu, not 9",
	      (unsigned long long)value);
}

/* Everything that waits for the window to pass is here: it is waited for once. */
TEST(three_hangs, SLOW)
{
	char text[TEXT_SIZE];
	struct pair pair;
	struct vgpu *vgpu = &pair.vgpu[0];
	uint32_t i;
	int fd;

	make_pair(&pair, "3", "20");
	fd = uevents_listen();
	for (i = 0; i < 2; i++) {
		hang_once(&pair, i);
		expect_fault_event(fd, vgpu->uuid);
	}
	hang_once(&pair, 2);
	vgpu_wait_state(vgpu->uuid, "faulted");
	expect_told(fd, vgpu);
	expect_no_turns(&pair);
	vgpu_unharmed(&pair.vgpu[1], "the neighbour");
	/* Its guest resets it, but the hangs are still young. */
	OK(rt_guest_reset(vgpu->device));
	expect_no_turns(&pair);
	wait_turns(vgpu, 20);
	CHECK(uevents_next(fd, vgpu->uuid, text) &&
	      strstr(text, "OPENVGPU_EVENT=recover "),
	      "when a faulted vGPU has turns again: %s", text);
	vgpu_unharmed(&pair.vgpu[1], "the neighbour");
}

TEST(vmm_reset_brings_it_back, SLOW)
{
	struct pair pair;

	make_pair(&pair, "1", "1");
	hang_once(&pair, 1);
	vgpu_wait_state(pair.vgpu[0].uuid, "faulted");
	sleep(2);
	/* Time alone does not do. */
	expect_no_turns(&pair);
	OK(rt_vfio_reset(pair.vgpu[0].device));
	OK(rt_memory_decoding(pair.vgpu[0].device, true));
	vgpu_works(&pair.vgpu[0], 1);
	admin_set(admin_gpu_path("fault_window_s"), "3600");
	hang_once(&pair, 2);
	vgpu_wait_state(pair.vgpu[0].uuid, "faulted");
	/* A new VM may be the old one once more: it has to wait, too. */
	vgpu_close(&pair.vgpu[0]);
	vgpu_open(&pair.vgpu[0]);
	expect_no_turns(&pair);
	/* Unless the administrator does not care. */
	admin_set(admin_gpu_path("fault_limit"), "0");
	wait_turns(&pair.vgpu[0], 1);
	vgpu_unharmed(&pair.vgpu[1], "the neighbour");
}

/* Hangs that lie further apart than the window do not add up. */
TEST(window, SLOW)
{
	struct pair pair;
	uint32_t i;

	make_pair(&pair, "2", "1");
	for (i = 0; i < 3; i++) {
		hang_once(&pair, i);
		vgpu_wait_state(pair.vgpu[0].uuid, "idle");
		sleep(1);
	}
	vgpu_unharmed(&pair.vgpu[1], "the neighbour");
}

TEST(no_limit, SLOW)
{
	struct pair pair;
	uint32_t i;

	make_pair(&pair, "0", "60");
	for (i = 0; i < 4; i++) {
		hang_once(&pair, i);
		vgpu_wait_state(pair.vgpu[0].uuid, "idle");
	}
	vgpu_works(&pair.vgpu[0], 1);
	vgpu_unharmed(&pair.vgpu[1], "the neighbour");
}

/* That it was stopped is not lost in a flood, nor does it make the flood larger. */
TEST(stop_in_a_flood, SLOW)
{
	int i, log, events;
	struct pair pair;
	const char *uuid;
	unsigned int n;

	make_pair(&pair, "1", "3600");
	uuid = pair.vgpu[0].uuid;
	log = log_begin();
	events = uevents_listen();
	for (i = 0; i < 12; i++) {
		vgpu_close(&pair.vgpu[0]);
		admin_set(admin_vgpu_path(uuid, "openvgpu/refuse_opens"), "1");
		CHECK(!rt_open_vfio(uuid, transport, NULL),
		      "it was opened although refuse_opens is 1");
		admin_set(admin_vgpu_path(uuid, "openvgpu/refuse_opens"), "0");
		vgpu_open(&pair.vgpu[0]);
	}
	hang_once(&pair, 1);
	vgpu_wait_state(uuid, "faulted");
	n = log_count(log, uuid, NULL);
	CHECK(n <= 10, "%u lines of 12 refused opens, a hang and a stop", n);
	n = uevents_count(events, uuid);
	CHECK(n <= 10, "%u uevents of 24 opens and closes, a hang and a stop", n);
	CHECK(host_stat(uuid, "suppressed_lines") &&
	      host_stat(uuid, "suppressed_events"), "nothing was left out");
	/* 30 s later, or at the latest when it goes. */
	vgpu_remove(&pair.vgpu[0]);
	CHECK(log_count(log, "fault 9", NULL) == 1,
	      "the log does not say that it was stopped");
}

static void expect_event(int fd, const char *uuid, const char *event,
			 char text[TEXT_SIZE])
{
	char word[64];

	snprintf(word, sizeof(word), "OPENVGPU_EVENT=%s ", event);
	CHECK(uevents_next(fd, uuid, text), "no uevent says '%s'", event);
	CHECK(!strncmp(text, "change@", 7) && strstr(text, word),
	      "instead of '%s': %s", event, text);
	snprintf(word, sizeof(word), "OPENVGPU_GPU=%s ", host_gpu());
	CHECK(strstr(text, "OPENVGPU_TYPE=openvgpu-64mq ") &&
	      strstr(text, word), "whose is it: %s", text);
}

TEST(uevents_of_a_life, 0)
{
	char text[TEXT_SIZE], word[64];
	struct vgpu vgpu;
	int fd = uevents_listen();

	OK(host_create_any("64mq", vgpu.uuid));
	expect_event(fd, vgpu.uuid, "create", text);
	vgpu_open(&vgpu);
	expect_event(fd, vgpu.uuid, "open", text);
	snprintf(word, sizeof(word), "OPENVGPU_PID=%d ", getpid());
	CHECK(strstr(text, word), "who opened it: %s", text);
	vgpu_close(&vgpu);
	expect_event(fd, vgpu.uuid, "close", text);
	vgpu_remove(&vgpu);
	expect_event(fd, vgpu.uuid, "remove", text);
}

/* Who is told of a new vGPU finds all there is to set. */
TEST(attributes_before_create, 0)
{
	char text[TEXT_SIZE];
	int fd = uevents_listen(), i;
	struct vgpu vgpu;
	pid_t child;

	for (i = 0; i < 10; i++) {
		host_uuid(vgpu.uuid);
		child = fork();
		if (!child)
			_exit(host_create("64mq", vgpu.uuid) ? 1 : 0);
		CHECK(child > 0, "fork: %s", strerror(errno));
		CHECK(uevents_next(fd, vgpu.uuid, text), "no uevent of creation");
		admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/weight"),
			     "100");
		wait_child(child, "creation");
		OK(host_remove(vgpu.uuid));
		CHECK(uevents_next(fd, vgpu.uuid, text), "no uevent of removal");
	}
}
