// SPDX-License-Identifier: GPL-2.0-only
/*
 * vgpu.c - what many tests do with a vGPU
 */
#include "vgpu.h"

#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

static sigjmp_buf on_sigbus;

/**
 * vgpu_make - create a vGPU and open it
 * @vgpu: receives it
 * @type: as "64mq"
 */
void vgpu_make(struct vgpu *vgpu, const char *type)
{
	vgpu_make_in(vgpu, type, NULL);
}

/**
 * vgpu_make_in - create a vGPU and open it in a VM that may have others
 * @vgpu: receives it
 * @type: as "64mq"
 * @space: the VM's address space, NULL: one of its own
 */
void vgpu_make_in(struct vgpu *vgpu, const char *type, struct rt_space *space)
{
	OK(host_create_any(type, vgpu->uuid));
	vgpu->device = rt_open_vfio(vgpu->uuid, transport, space);
	CHECK(vgpu->device, "opening a new %s failed: %s (%s)", type,
	      strerror(errno), rt_message());
}

/**
 * vgpu_make_rings - create vGPUs and open them, each with its ring 0 enabled
 * @vgpu: receives them
 * @ring: receives the rings, of 64 packets
 * @count: how many of each; of type 64mq
 */
void vgpu_make_rings(struct vgpu *vgpu, struct rt_ring *ring, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		vgpu_make(&vgpu[i], "64mq");
		OK(rt_ring_create(vgpu[i].device, 0, 64, &ring[i]));
	}
}

/**
 * vgpu_open - open a vGPU that is closed
 * @vgpu: any
 */
void vgpu_open(struct vgpu *vgpu)
{
	vgpu->device = rt_open_vfio(vgpu->uuid, transport, NULL);
	CHECK(vgpu->device, "opening again failed: %s (%s)", strerror(errno),
	      rt_message());
}

/**
 * vgpu_close - close a vGPU
 * @vgpu: any
 */
void vgpu_close(struct vgpu *vgpu)
{
	rt_close(vgpu->device);
	vgpu->device = NULL;
}

/**
 * vgpu_remove - close and remove a vGPU
 * @vgpu: any
 */
void vgpu_remove(struct vgpu *vgpu)
{
	vgpu_close(vgpu);
	OK(host_remove(vgpu->uuid));
}

/**
 * vgpu_works - the vGPU computes right and reaches guest memory
 * @vgpu: open; its rings and framebuffer are used
 * @seed: of the input
 */
void vgpu_works(struct vgpu *vgpu, uint32_t seed)
{
	struct rt_ring ring;

	rt_framebuffer_free_all(vgpu->device);
	OK(rt_ring_create(vgpu->device, 0, 64, &ring));
	OK(work_vector_add(&ring, 3000, seed));
	OK(work_system_memory(&ring, 8, seed));
	rt_ring_destroy(&ring);
}

static void sigbus(int signal)
{
	(void)signal;
	siglongjmp(on_sigbus, 1);
}

static bool access_word(volatile uint64_t *address, uint64_t *value, bool write)
{
	struct sigaction action = { .sa_handler = sigbus }, old;
	bool there = false;

	sigaction(SIGBUS, &action, &old);
	if (!sigsetjmp(on_sigbus, 1)) {
		if (write)
			*address = *value;
		else
			*value = *address;
		there = true;
	}
	sigaction(SIGBUS, &old, NULL);
	return there;
}

/**
 * peek - read a word that may not be there
 * @address: of a mapping
 * @value: receives it
 *
 * Return: false: SIGBUS.
 */
bool peek(volatile void *address, uint64_t *value)
{
	return access_word(address, value, false);
}

/**
 * poke - write a word that may not be there
 * @address: of a mapping
 * @value: what to write
 *
 * Return: false: SIGBUS.
 */
bool poke(volatile void *address, uint64_t value)
{
	return access_word(address, &value, true);
}

/**
 * fill_words - a pattern that tells where it was meant to be
 * @address: of a mapping
 * @bytes: multiple of 4
 * @seed: of the pattern
 */
void fill_words(void *address, size_t bytes, uint32_t seed)
{
	volatile uint32_t *words = address;
	size_t i;

	for (i = 0; i < bytes / 4; i++)
		words[i] = seed ^ (uint32_t)i * 2654435761u;
}

/**
 * differing_word - does a pattern still stand?
 * @address: as in fill_words()
 * @bytes: as in fill_words()
 * @seed: as in fill_words()
 *
 * Return: index of the first word that is not as fill_words() left it; -1: none.
 */
long differing_word(const void *address, size_t bytes, uint32_t seed)
{
	const volatile uint32_t *words = address;
	size_t i;

	for (i = 0; i < bytes / 4; i++)
		if (words[i] != (seed ^ (uint32_t)i * 2654435761u))
			return (long)i;
	return -1;
}

/**
 * new_eventfd - one that does not block
 */
int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(fd >= 0, "eventfd: %s", strerror(errno));
	return fd;
}

/**
 * eventfd_count - how often an eventfd was signalled
 * @fd: new_eventfd()
 * @timeout_ms: wait so long for the first time
 *
 * Return: 0: not at all.
 */
uint64_t eventfd_count(int fd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return 0;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

/**
 * pinned_pages - how many pages are pinned for devices in the whole machine
 *
 * Others pin pages for the time of one file access; the least of some looks
 * leaves them out.
 */
long pinned_pages(void)
{
	long acquired, released, least = LONG_MAX;
	int i;

	for (i = 0; i < 5; i++) {
		/* Processors hold back what they counted, up to a second. */
		OK(host_write("/proc/sys/vm/stat_refresh", "1"));
		acquired = host_vmstat("nr_foll_pin_acquired");
		released = host_vmstat("nr_foll_pin_released");
		CHECK(acquired >= 0 && released >= 0,
		      "/proc/vmstat has no nr_foll_pin counters");
		if (acquired - released < least)
			least = acquired - released;
		usleep(1000);
	}
	return least;
}

/**
 * wait_child - a process of the test must end well
 * @child: its id
 * @what: what it did, for the message
 */
void wait_child(pid_t child, const char *what)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child, "waitpid: %s",
	      strerror(errno));
	CHECK(!WIFSIGNALED(status), "%s was killed by signal %d", what,
	      WTERMSIG(status));
	CHECK(!WEXITSTATUS(status), "%s failed", what);
}

/**
 * child_ready - wait until a process that was forked has said so
 * @ready: a pipe it has written a byte to; closed
 */
void child_ready(const int ready[2])
{
	char byte;

	CHECK(read(ready[0], &byte, 1) == 1, "the other process did not start");
	close(ready[0]);
	close(ready[1]);
}

/**
 * child_end - how a process ended
 * @child: its id
 *
 * Return: its exit status, or the signal that killed it, negative.
 */
int child_end(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child, "waitpid: %s",
	      strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/**
 * hang - the engine stops for good as soon as this vGPU is on it
 * @vgpu: any
 */
void hang(const struct vgpu *vgpu)
{
	char answer[256];

	if (!host_has_control())
		harness_skip("this GPU has no control socket");
	OK(host_control(answer, sizeof(answer), "hang partition=%llu",
			(unsigned long long)host_attribute(vgpu->uuid,
							   "partition")));
}
