// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress.c - several VMs do everything at once, at random, and die at random
 *
 * No single step is checked: many fail, and may. What is checked is that the
 * host stays well, that no step hangs, and that every vGPU works afterwards.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "vgpu.h"

#define VMS		5
#define SECONDS		8
#define STEPS		60	/* of one life */

/**
 * struct life - what one VM has, while it lives
 * @device: its vGPU
 * @ring: of it, as far as they were created
 * @memory: one block of guest memory
 * @address: where it is mapped, 0: not
 * @seed: of its decisions
 */
struct life {
	struct rt_device *device;
	struct rt_ring ring[REFGPU_RINGS];
	struct rt_memory memory;
	uint64_t address;
	uint32_t seed;
};

static unsigned int choose(struct life *life, unsigned int count)
{
	return work_random(&life->seed) % count;
}

static void new_ring(struct life *life)
{
	unsigned int which = choose(life, REFGPU_RINGS);

	if (life->device->framebuffer_next > 32 * MIB)
		rt_framebuffer_free_all(life->device);
	rt_ring_create(life->device, which, 16, &life->ring[which]);
}

static void step(struct life *life)
{
	struct rt_device *device = life->device;
	struct rt_ring *ring = &life->ring[choose(life, REFGPU_RINGS)];
	uint64_t stop;

	switch (choose(life, 16)) {
	case 0:
		rt_vfio_reset(device);
		rt_memory_decoding(device, true);
		life->address = 0;
		break;
	case 1:
		rt_function_reset(device);
		break;
	case 2:
		rt_guest_reset(device);
		break;
	case 3:
		rt_memory_decoding(device, false);
		usleep(choose(life, 2000));
		rt_memory_decoding(device, true);
		break;
	case 4:
		/* The VM's memory goes, whether the device uses it or not. */
		if (life->memory.space)
			rt_memory_free(&life->memory);
		life->address = 0;
		rt_memory_forget(device);
		rt_memory_alloc(device, 64 * RT_PAGE_SIZE, &life->memory);
		break;
	case 5:
	case 6:
		if (life->memory.space)
			rt_memory_map(device, &life->memory, true, &life->address);
		break;
	case 7:
		if (life->address)
			rt_memory_unmap(device, &life->memory, life->address);
		life->address = 0;
		break;
	case 8:
		if (ring->device && device->framebuffer_next < 48 * MIB)
			work_spin(ring, &stop);
		break;
	case 9:
	case 10:
		if (ring->device && life->address &&
		    ring->put - ring->get < 8) {
			rt_copy(ring, life->address, 8 * MIB, life->memory.bytes);
			rt_ring_doorbell(ring);
		}
		break;
	case 11:
		rt_irq_eventfd(device, VFIO_PCI_MSIX_IRQ_INDEX, choose(life, 2),
			       choose(life, 3) ? new_eventfd() : -1);
		rt_user_write(device, REFGPU_USER_INTR_ENABLE, 3);
		break;
	case 12:
		rt_control_write(device, choose(life, 0xc0) & ~7u,
				 work_random(&life->seed) & 0xffff);
		break;
	case 13:
		rt_user_write(device, choose(life, 0x1400) & ~7u,
			      work_random(&life->seed));
		break;
	default:
		new_ring(life);
	}
}

/* SIGBUS is right while another step of this VM has decoding off. */
static void live(const char *uuid, uint32_t seed)
{
	struct life life = { .seed = seed };
	unsigned int i;

	/*
	 * The one before may have been killed in the middle of a pin, for which VFIO
	 * holds its memory; that memory holds the device a moment longer than the
	 * process lives.
	 */
	for (i = 0; i < 2000; i++) {
		life.device = rt_open_vfio(uuid, transport, NULL);
		if (life.device || errno != EBUSY)
			break;
		usleep(1000);
	}
	CHECK(life.device, "open: %s", rt_message());
	rt_memory_alloc(life.device, 64 * RT_PAGE_SIZE, &life.memory);
	for (i = 0; i < STEPS; i++)
		step(&life);
	if (choose(&life, 2))
		kill(getpid(), SIGKILL);
	rt_close(life.device);
	_exit(0);
}

static void disturb(uint32_t seed)
{
	static const char *const commands[] = {
		"lost-interrupt count=1 vector=64", "lost-event count=1",
		"extra-interrupt count=2", "lost-preempt count=1",
		"late-interrupt count=2 ns=5000000", "hang",
		"slow-preempt ns=300000", "slow-preempt ns=0",
	};
	char answer[256];

	for (;;) {
		usleep(100000 + work_random(&seed) % 300000);
		host_control(answer, sizeof(answer), "%s",
			     commands[work_random(&seed) %
				      (sizeof(commands) / sizeof(commands[0]))]);
	}
}

TEST(everything_at_once, SLOW)
{
	uint64_t end = rt_now_ns() + SECONDS * 1000000000ULL;
	char uuid[VMS][UUID_LENGTH + 1], answer[256];
	struct vgpu vgpu;
	pid_t vm[VMS], disturber = -1, ended;
	uint32_t seed = (uint32_t)rt_now_ns();
	unsigned int i, lives = 0;
	long pinned;
	int status;

	printf("# seed %u\n", seed);
	fflush(stdout);
	for (i = 0; i < VMS; i++)
		OK(host_create_any("64mq", uuid[i]));
	pinned = pinned_pages();
	if (host_has_control()) {
		disturber = fork();
		if (!disturber)
			disturb(seed);
	}
	for (i = 0; i < VMS; i++) {
		vm[i] = fork();
		if (!vm[i])
			live(uuid[i], seed + i);
	}
	/* On a slow machine longer, until as many died as there are. */
	while (rt_now_ns() < end || lives <= VMS) {
		ended = waitpid(-1, &status, 0);
		for (i = 0; i < VMS && vm[i] != ended; i++)
			;
		CHECK(i < VMS, "process %d ended: 0x%x", ended, status);
		CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL :
					    !WEXITSTATUS(status),
		      "VM %u ended with 0x%x", i, status);
		lives++;
		vm[i] = fork();
		if (!vm[i])
			live(uuid[i], seed + 100 * lives + i);
	}
	if (disturber > 0)
		kill(disturber, SIGKILL);
	while ((ended = wait(&status)) > 0)
		;
	if (host_has_control()) {
		OK(host_control(answer, sizeof(answer), "slow-preempt ns=0"));
		OK(host_control(answer, sizeof(answer), "lost-preempt count=0"));
		OK(host_control(answer, sizeof(answer), "lost-event count=0"));
		OK(host_control(answer, sizeof(answer), "lost-interrupt count=0"));
	}
	CHECK(pinned_pages() <= pinned, "%ld pages stay pinned",
	      pinned_pages() - pinned);
	/* An injected hang that met nobody yet meets the first of these. */
	for (i = 0; i < VMS; i++) {
		struct rt_ring ring;

		memcpy(vgpu.uuid, uuid[i], sizeof(vgpu.uuid));
		vgpu_open(&vgpu);
		if (!rt_ring_create(vgpu.device, 0, 64, &ring))
			work_vector_add(&ring, 1000, i);
		vgpu_close(&vgpu);
		vgpu_open(&vgpu);
		vgpu_works(&vgpu, i);
		vgpu_close(&vgpu);
	}
}
