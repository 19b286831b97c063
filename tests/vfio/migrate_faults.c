// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_faults.c - what goes wrong in the middle of a migration: the guest, the GPU,
 * the VMM; one of the two sides always goes on
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "admin.h"
#include "migrant.h"
#include "phase.h"
#include "stuck.h"
#include "vm.h"

#define TYPE		"16mq"
#define BOUND_NS	(10 * second())
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define S_RESUMING	VFIO_DEVICE_STATE_RESUMING

/* A vGPU that exists no more, as it was: for those that are loaded. */
static void save_some(struct saved *saved)
{
	struct vgpu vgpu;

	vgpu_make(&vgpu, TYPE);
	need_migration(&vgpu);
	vgpu_works(&vgpu, 1);
	migration_save(&vgpu, saved);
	vgpu_remove(&vgpu);
}

static void is_new_again(struct vgpu *vgpu, const char *what, enum phase phase)
{
	unsigned int state;

	OK(rt_vfio_reset(vgpu->device));
	state = migration_state(vgpu);
	CHECK(state == S_RUNNING, "%s in %s, and a reset: the vGPU is in %s", what,
	      phase_name(phase), migration_state_name(state));
	OK(rt_memory_decoding(vgpu->device, true));
	vgpu_works(vgpu, 5);
}

/* ---------------------------------------------------------------- resets */

/* By the VMM: there was no migration. */
TEST(vmm_resets, 0)
{
	struct saved saved;
	struct vgpu vgpu;
	enum phase phase;
	int error;

	save_some(&saved);
	vgpu_make(&vgpu, TYPE);
	for (phase = 0; phase < PHASES; phase++) {
		struct phase_state at;

		if (!phase_possible(&vgpu, phase))
			continue;
		phase_enter(&at, &vgpu, phase, &saved);
		is_new_again(&vgpu, "VFIO_DEVICE_RESET", phase);
		error = phase_transfer(&at);
		CHECK(phase == PHASE_STOP || error == -ENODEV, "the file in %s: %s",
		      phase_name(phase), strerror(-error));
		phase_end(&at);
	}
	no_faults(&vgpu, "a vGPU that was reset only");
}

/* By the guest, or by a VMM in its place: a function-level reset changes no state. */
TEST(function_resets, 0)
{
	struct saved saved;
	struct vgpu vgpu;
	enum phase phase;

	save_some(&saved);
	vgpu_make(&vgpu, TYPE);
	for (phase = 0; phase < PHASES; phase++) {
		struct phase_state at;
		uint64_t begin;

		if (!phase_possible(&vgpu, phase))
			continue;
		phase_enter(&at, &vgpu, phase, &saved);
		begin = rt_now_ns();
		rt_function_reset(vgpu.device);
		CHECK(rt_now_ns() - begin < BOUND_NS, "FLR in %s took %llu ms",
		      phase_name(phase), (unsigned long long)(rt_now_ns() - begin) / 1000000);
		phase_kept(&at, "FLR");
		if (phase == PHASE_PRE_COPY)
			CHECK(!phase_transfer(&at), "the file in PRE_COPY is dead");
		is_new_again(&vgpu, "FLR", phase);
		phase_end(&at);
	}
}

/* ------------------------------------------------------------- the GPU is reset */

static void is_told(struct vgpu *vgpu, enum phase phase)
{
	uint64_t end = rt_now_ns() + 5 * second();

	while (!rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT)) {
		CHECK(rt_now_ns() < end, "GPU reset in %s: the guest is not told",
		      phase_name(phase));
		usleep(1000);
	}
}

TEST(gpu_resets, ONCE | SLOW)
{
	struct saved saved;
	struct vgpu vgpu, other;
	enum phase phase;
	int error;

	save_some(&saved);
	vgpu_make(&vgpu, TYPE);
	vgpu_make(&other, TYPE);
	for (phase = 0; phase < PHASES; phase++) {
		struct phase_state at;

		if (!phase_possible(&vgpu, phase))
			continue;
		phase_enter(&at, &vgpu, phase, &saved);
		admin_set(admin_pci_path("reset"), "1");
		admin_expect(admin_gpu_path("state"), "up");
		phase_kept(&at, "GPU reset");
		error = phase_transfer(&at);
		CHECK(phase == PHASE_STOP || error == -EIO, "the file in %s: %s",
		      phase_name(phase), strerror(-error));
		/* It gives up; the guest goes on with a fault, as after any reset. */
		if (phase != PHASE_RESUMING) {
			unsigned int state;

			migration_leave(&vgpu, S_RUNNING);
			state = migration_state(&vgpu);
			CHECK(state == S_RUNNING, "it is in %s", migration_state_name(state));
			is_told(&vgpu, phase);
			vgpu_reset(&vgpu, BY_GUEST);
			vgpu_works(&vgpu, 6);
		}
		is_new_again(&vgpu, "GPU reset", phase);
		phase_end(&at);
		vgpu_reset(&other, BY_GUEST);
		vgpu_works(&other, 7);
	}
}

/**
 * struct feeding - a thread that loads a vGPU
 * @fd: its file
 * @saved: what it was
 * @error: how it ended
 */
struct feeding {
	int fd;
	const struct saved *saved;
	int error;
};

static void *feed(void *context)
{
	struct feeding *feeding = context;

	feeding->error = migration_feed(feeding->fd, feeding->saved->bytes,
					feeding->saved->size);
	return NULL;
}

/* While its guest's memory is mapped for the GPU, and that waits for the VMM. */
TEST(reset_while_mapping, ONCE | SLOW)
{
	struct feeding feeding;
	struct rt_memory memory;
	uint64_t begin, address;
	struct vgpu pair[2];
	struct saved saved;
	struct stuck stuck;
	pthread_t thread;

	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse"))
		harness_skip("this kernel has no FUSE");
	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	OK(rt_memory_alloc(pair[0].device, RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(pair[0].device, &memory, true, &address));
	migration_save(&pair[0], &saved);
	stuck_make(&stuck, memory.bytes);
	/* What is allocated there later lies elsewhere. */
	rt_space_reserve(pair[1].device->space, memory.bytes);
	OK(rt_space_map(pair[1].device->space, stuck.cpu, memory.page[0], memory.bytes));
	feeding.fd = migration_enter(&pair[1], S_RESUMING);
	feeding.saved = &saved;
	begin = rt_now_ns();
	CHECK(!pthread_create(&thread, NULL, feed, &feeding), "no thread");
	while (!*stuck.asked) {
		CHECK(rt_now_ns() - begin < BOUND_NS, "nobody asks for the guest's memory");
		usleep(1000);
	}
	begin = rt_now_ns();
	admin_set(admin_pci_path("reset"), "1");
	admin_expect(admin_gpu_path("state"), "up");
	CHECK(rt_now_ns() - begin < BOUND_NS, "the reset waited for a VMM's memory");
	stuck_release(&stuck);
	pthread_join(thread, NULL);
	CHECK(feeding.error == -EIO, "the write: %s", strerror(-feeding.error));
	close(feeding.fd);
	is_new_again(&pair[1], "GPU reset", PHASE_RESUMING);
}

/* In a process of its own, whose memory nobody can map meanwhile. */
static void run_waiting(struct vgpu *vgpu, struct stuck *stuck, const int ready[2])
{
	unsigned int i;
	int error, fd;

	vgpu_open(vgpu);
	need_migration(vgpu);
	stuck_wait(stuck, vgpu->device);
	error = migration_set(vgpu, S_STOP, &fd);
	CHECK(error == -EBUSY, "it waits for memory, and was paused: %s", strerror(-error));
	CHECK(migration_state(vgpu) == S_RUNNING, "it is in %s",
	      migration_state_name(migration_state(vgpu)));
	pipe_send(ready);
	for (i = 0; rt_control_read(vgpu->device, OPENVGPU_NATIVE_MAP_STATUS) ==
	     OPENVGPU_NATIVE_BUSY; i++) {
		CHECK(i < 20000, "the memory has arrived, and is not mapped");
		usleep(1000);
	}
	CHECK(rt_control_read(vgpu->device, OPENVGPU_NATIVE_MAPPED) == 1, "%llu pages are mapped",
	      (unsigned long long)rt_control_read(vgpu->device, OPENVGPU_NATIVE_MAPPED));
	migration_leave(vgpu, S_STOP);
	migration_leave(vgpu, S_RUNNING);
	OK(rt_unmap_pages(vgpu->device, 0));
	vgpu_works(vgpu, 3);
	_exit(0);
}

/* A VM whose guest waits for memory of its VMM can't be paused, and runs on. */
TEST(pause_while_mapping, ONCE | SLOW)
{
	static const char words[] =
		"VM not paused: its guest has memory mapped for the GPU, which its VMM does not";
	struct vgpu vgpu, neighbour;
	struct stuck stuck;
	char reason[512];
	int ready[2];
	pid_t vm;

	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse"))
		harness_skip("this kernel has no FUSE");
	vgpu_make(&neighbour, TYPE);
	OK(host_create_any(TYPE, vgpu.uuid));
	stuck_make(&stuck, RT_PAGE_SIZE);
	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	vm = fork();
	if (!vm)
		run_waiting(&vgpu, &stuck, ready);
	pipe_await(ready);
	OK(host_last_error(reason, sizeof(reason)));
	CHECK(strstr(reason, words), "last_error: %s", reason);
	vgpu_works(&neighbour, 1);
	stuck_release(&stuck);
	wait_child(vm, "a VM that waited for memory");
}

/* ------------------------------------------------------------------- a hang */

/* It does not yield when it is stopped: it is reset, and its fault goes with it. */
TEST(hang_at_stop, ONCE | SLOW)
{
	struct vgpu pair[2], neighbour;
	uint64_t begin, took, fault;
	struct saved saved;
	struct rt_ring ring;
	uint64_t stop;

	need_control();
	vgpu_make(&pair[0], TYPE);
	need_migration(&pair[0]);
	vgpu_make(&pair[1], TYPE);
	vgpu_make(&neighbour, TYPE);
	OK(rt_ring_create(pair[0].device, 0, 64, &ring));
	fill_words(rt_framebuffer(pair[0].device, 10 * MIB), MIB, 3);
	hang(&pair[0]);
	OK(work_spin(&ring, &stop));
	usleep(50000);
	begin = rt_now_ns();
	migration_save(&pair[0], &saved);
	took = rt_now_ns() - begin;
	CHECK(took < BOUND_NS, "saving a vGPU that hangs took %llu ms",
	      (unsigned long long)took / 1000000);
	migration_load(&pair[1], &saved);
	guest_follows(&pair[0], &pair[1]);
	fault = rt_control_read(pair[1].device, OPENVGPU_NATIVE_FAULT);
	CHECK(fault, "the guest is not told that its vGPU was reset");
	CHECK(differing_word(rt_framebuffer(pair[1].device, 10 * MIB), MIB, 3) < 0,
	      "its framebuffer is another one");
	rt_memory_forget(pair[1].device);
	vgpu_reset(&pair[1], BY_GUEST);
	vgpu_works(&pair[1], 1);
	vgpu_works(&neighbour, 2);
	admin_expect(admin_gpu_path("state"), "up");
}

/* ------------------------------------------------------------ the VMM is killed */

TEST(vmm_killed, SLOW)
{
	struct saved saved;
	struct vgpu vgpu;
	enum phase phase;

	save_some(&saved);
	OK(host_create_any(TYPE, vgpu.uuid));
	for (phase = 0; phase < PHASES; phase++) {
		int ready[2], status;
		uint64_t begin;
		pid_t vm;

		CHECK(!pipe(ready), "pipe: %s", strerror(errno));
		vm = fork();
		if (!vm) {
			struct phase_state at;
			struct migrant migrant;

			vgpu_open(&vgpu);
			if (!phase_possible(&vgpu, phase))
				_exit(0);
			migrant_begin(&migrant, &vgpu, 2000, 1);
			migrant_work(&migrant, second() / 20);
			phase_enter(&at, &vgpu, phase, &saved);
			pipe_send(ready);
			if (phase == PHASE_PRE_COPY)
				migrant_work(&migrant, 60 * second());
			for (;;)
				pause();
		}
		close(ready[1]);
		if (read(ready[0], &status, 1) != 1) {
			CHECK(!child_end(vm), "the VM did not come to %s", phase_name(phase));
			close(ready[0]);
			continue;
		}
		close(ready[0]);
		begin = rt_now_ns();
		vm_kill(vm);
		vgpu_open(&vgpu);
		CHECK(rt_now_ns() - begin < BOUND_NS, "killed in %s: %llu ms until the next VM",
		      phase_name(phase), (unsigned long long)(rt_now_ns() - begin) / 1000000);
		CHECK(migration_state(&vgpu) == S_RUNNING, "killed in %s: the next VM finds %s",
		      phase_name(phase), migration_state_name(migration_state(&vgpu)));
		CHECK(!*(volatile uint64_t *)rt_framebuffer(vgpu.device, 10 * MIB),
		      "killed in %s: the next VM finds its memory", phase_name(phase));
		vgpu_works(&vgpu, 1);
		vgpu_close(&vgpu);
	}
}

/* ------------------------------------------------------------- it is removed */

/* A file outlives its vGPU, and keeps the module. */
TEST(removed, ONCE)
{
	struct saved saved;
	struct vgpu vgpu;
	enum phase phase;
	int error;

	save_some(&saved);
	for (phase = 0; phase < PHASES; phase++) {
		struct phase_state at;

		if (phase == PHASE_STOP)
			continue;
		vgpu_make(&vgpu, TYPE);
		if (!phase_possible(&vgpu, phase)) {
			vgpu_remove(&vgpu);
			continue;
		}
		phase_enter(&at, &vgpu, phase, &saved);
		vgpu_remove(&vgpu);
		CHECK(!host_exists(vgpu.uuid), "the vGPU is there");
		error = phase_transfer(&at);
		CHECK(error == -ENODEV, "the file of a vGPU that is gone, %s: %s",
		      phase_name(phase), strerror(-error));
		CHECK(!admin_unload(), "the module was unloaded, and its file is open");
		phase_end(&at);
	}
	CHECK(admin_unload(), "the module can't be unloaded");
	admin_load();
}
