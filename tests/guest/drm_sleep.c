// SPDX-License-Identifier: GPL-2.0-only
/*
 * drm_sleep.c - tests of the guest's driver in which the machine sleeps
 *
 * Somebody has to wake it up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drm.h"

#define BYTES		0x20000u
#define LARGE		(8u << 20)
#define CANARY		0x5ee9u
#define CONTEXTS	3
#define JOBS		20	/* of a context: more than a ring takes at a time */
#define PACKETS_MAX	256
#define TRIAL		16
#define ROUNDS		4
#define BUSY_NS		2000000000LL	/* how long all jobs take */

/* Return: 0 when it has slept and is awake again, or -errno. */
static int go_to_sleep(const char *state)
{
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC), error = 0;

	printf("# goes to sleep: %s\n", state);
	fflush(stdout);
	if (fd < 0 || write(fd, state, strlen(state)) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/**
 * struct sleeper - what a process has while the machine sleeps
 * @fd: its file
 * @vram: a buffer of video memory, full of CANARY
 * @system: one of system memory, likewise
 * @large: one for each context
 * @contexts: the contexts
 * @done: for each of these, signalled by its last job
 */
struct sleeper {
	int fd;
	struct buffer vram;
	struct buffer system;
	struct buffer large[CONTEXTS];
	uint32_t contexts[CONTEXTS];
	uint32_t done[CONTEXTS];
};

static int prepare(struct sleeper *sleeper)
{
	unsigned int i;
	int error;

	sleeper->fd = open_node();
	error = buffer_create(sleeper->fd, DRM_REFGPU_BO_VRAM, BYTES, &sleeper->vram);
	if (!error)
		error = buffer_create(sleeper->fd, DRM_REFGPU_BO_SYSTEM, BYTES,
				      &sleeper->system);
	for (i = 0; i < CONTEXTS && !error; i++) {
		error = context_create(sleeper->fd, &sleeper->contexts[i]);
		if (!error)
			error = buffer_create(sleeper->fd, DRM_REFGPU_BO_VRAM, LARGE,
					      &sleeper->large[i]);
		sleeper->done[i] = syncobj_create(sleeper->fd);
	}
	if (error)
		return error;
	for (i = 0; i < BYTES / 4; i++) {
		sleeper->vram.words[i] = CANARY;
		sleeper->system.words[i] = CANARY;
	}
	return 0;
}

/* Keep the GPU busy for a while: each job fills its buffer often, at last with its number. */
static int submit_all(struct sleeper *sleeper)
{
	static struct refgpu_fill fills[PACKETS_MAX];
	unsigned int i, j, k, count = TRIAL;
	int64_t took;
	int error;

	for (k = 0; k < TRIAL; k++)
		fills[k] = fill_packet(sleeper->large[0].address, LARGE, k);
	took = now_ns();
	error = run(sleeper->fd, sleeper->contexts[0], fills, TRIAL);
	took = now_ns() - took;
	/* It was no trial. */
	if (!error && context_status(sleeper->fd, sleeper->contexts[0]).state)
		error = -ECANCELED;
	while (count < PACKETS_MAX && count * took / TRIAL * CONTEXTS * JOBS < BUSY_NS)
		count++;
	for (j = 0; j < JOBS; j++)
		for (i = 0; i < CONTEXTS && !error; i++) {
			for (k = 0; k < count; k++)
				fills[k] = fill_packet(sleeper->large[i].address, LARGE, k);
			fills[count - 1].pattern = 1000 * i + j;
			error = submit(sleeper->fd, sleeper->contexts[i], fills, count,
				       sleeper->done[i]);
		}
	return error;
}

/* All is as it was, and what had been begun is done. */
static bool is_awake(struct sleeper *sleeper)
{
	struct refgpu_copy copy;
	struct buffer fresh;
	struct drm_refgpu_context_status status;
	unsigned int i;
	int error;

	for (i = 0; i < CONTEXTS; i++) {
		error = syncobj_wait(sleeper->fd, sleeper->done[i]);
		status = context_status(sleeper->fd, sleeper->contexts[i]);
		if (error || status.state)
			return no("context %u: %d, state %u, error %u", i, error, status.state,
				  status.error);
		if (!all_are(&sleeper->large[i], 1000 * i + JOBS - 1))
			return false;
	}
	if (!all_are(&sleeper->vram, CANARY) || !all_are(&sleeper->system, CANARY))
		return false;
	/* The GPU reaches system memory, in what there was and in what is new. */
	error = buffer_create(sleeper->fd, DRM_REFGPU_BO_SYSTEM, BYTES, &fresh);
	copy = copy_packet(fresh.address, sleeper->system.address, BYTES);
	if (!error)
		error = run(sleeper->fd, sleeper->contexts[0], &copy, 1);
	if (error)
		return no("a job after it: %s", strerror(-error));
	return all_are(&fresh, CANARY);
}

static bool is_done(int fd, uint32_t syncobj)
{
	struct drm_syncobj_wait args = {
		.handles = (uintptr_t)&syncobj,
		.count_handles = 1,
	};

	return !call(fd, DRM_IOCTL_SYNCOBJ_WAIT, &args);
}

static bool sleeps(const char *state)
{
	bool busy = false;
	struct sleeper sleeper;
	unsigned int i;
	int error;

	error = prepare(&sleeper);
	if (!error)
		error = submit_all(&sleeper);
	if (error)
		return no("set-up: %s", strerror(-error));
	for (i = 0; i < CONTEXTS; i++)
		busy |= !is_done(sleeper.fd, sleeper.done[i]);
	error = go_to_sleep(state);
	if (error)
		return no("the machine does not sleep: %s", strerror(-error));
	if (!busy)
		return no("no job was under way when it went to sleep");
	return is_awake(&sleeper);
}

/** test_sleep_freeze - jobs and buffers outlive suspend to idle */
bool test_sleep_freeze(void)
{
	return sleeps("freeze");
}

/** test_sleep_mem - jobs and buffers outlive suspend to memory */
bool test_sleep_mem(void)
{
	return sleeps("mem");
}

/** test_sleep_reset - the host resets the GPU meanwhile: buffers are zero, jobs run */
bool test_sleep_reset(void)
{
	struct drm_refgpu_context_status status;
	struct sleeper sleeper;
	struct refgpu_copy copy;
	int error;

	error = prepare(&sleeper);
	if (error)
		return no("set-up: %s", strerror(-error));
	error = go_to_sleep("freeze");
	if (error)
		return no("the machine does not sleep: %s", strerror(-error));
	if (!all_are(&sleeper.system, CANARY) || !all_are(&sleeper.vram, 0))
		return false;
	copy = copy_packet(sleeper.vram.address, sleeper.system.address, BYTES);
	error = run(sleeper.fd, sleeper.contexts[0], &copy, 1);
	status = context_status(sleeper.fd, sleeper.contexts[0]);
	if (error || status.state)
		return no("a job after it: %d, state %u, error %u, address 0x%llx", error,
			  status.state, status.error, (unsigned long long)status.address);
	return all_are(&sleeper.vram, CANARY);
}

/** test_sleep_disk - jobs and buffers outlive hibernation */
bool test_sleep_disk(void)
{
	return sleeps("disk");
}

/** test_sleep_refused - a job that does not end keeps the machine awake, and goes on */
bool test_sleep_refused(void)
{
	int fd = open_node(), error;
	uint32_t context, done = syncobj_create(fd);
	struct drm_refgpu_context_status status;
	struct programme programme = { 0 };

	write_file("/sys/module/refgpu/parameters/hang_seconds", "1000");
	error = spin(fd, &programme, &context, done);
	if (error)
		return no("set-up: %s", strerror(-error));
	error = go_to_sleep("freeze");
	write_file("/sys/module/refgpu/parameters/hang_seconds", "0");
	if (error != -EBUSY)
		return no("it sleeps: %d", error);
	if (is_done(fd, done))
		return no("the job has ended");
	spin_stop(&programme);
	error = syncobj_wait(fd, done);
	status = context_status(fd, context);
	if (error || status.state)
		return no("the job: %d, state %u, error %u", error, status.state, status.error);
	return true;
}

/* Each job has ended, and its context says how. Return: how many contexts have lost theirs. */
static int all_ended(struct sleeper *sleeper)
{
	struct drm_refgpu_context_status status;
	unsigned int i;
	int error, lost = 0;

	for (i = 0; i < CONTEXTS; i++) {
		error = syncobj_wait(sleeper->fd, sleeper->done[i]);
		status = context_status(sleeper->fd, sleeper->contexts[i]);
		/* EINVAL: it had no job. */
		if ((error && error != -EINVAL) ||
		    (status.state != DRM_REFGPU_CONTEXT_OK &&
		     status.state != DRM_REFGPU_CONTEXT_LOST)) {
			no("context %u: %d, state %u, error %u", i, error, status.state,
			   status.error);
			return -1;
		}
		lost += status.state == DRM_REFGPU_CONTEXT_LOST;
	}
	return lost;
}

/** test_sleep_resets - the host resets the GPU when we say that we go to sleep */
bool test_sleep_resets(void)
{
	struct sleeper sleeper;
	struct refgpu_copy copy;
	int error, lost = 0, round, ended;
	uint32_t context;

	write_file("/sys/power/pm_test", "devices");
	write_file("/sys/module/suspend/parameters/pm_test_delay", "1");
	for (round = 0; round < ROUNDS; round++) {
		error = prepare(&sleeper);
		if (!error)
			error = submit_all(&sleeper);
		if (error && error != -ECANCELED)
			return no("round %d: %s", round, strerror(-error));
		error = go_to_sleep("freeze");
		if (error)
			return no("the machine does not sleep: %s", strerror(-error));
		ended = all_ended(&sleeper);
		if (ended < 0)
			return false;
		lost += ended;
		if (round < ROUNDS - 1)
			close(sleeper.fd);
	}
	printf("# has slept, %d of %d contexts are lost\n", lost, ROUNDS * CONTEXTS);
	fflush(stdout);
	/* The last reset is on its way, or done. */
	for (round = 0; round < 100; round++) {
		error = context_create(sleeper.fd, &context);
		copy = copy_packet(sleeper.vram.address, sleeper.system.address, BYTES);
		if (!error)
			error = run(sleeper.fd, context, &copy, 1);
		if (!error && !context_status(sleeper.fd, context).state)
			return all_are(&sleeper.vram, CANARY);
		usleep(100000);
	}
	return no("no job ends well after it: %d, state %u", error,
		  context_status(sleeper.fd, context).state);
}
