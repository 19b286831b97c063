// SPDX-License-Identifier: GPL-2.0-only
/*
 * alloc_migrate.c - every allocation of saving and loading a vGPU fails once, see fail.h
 *
 * Whatever fails while it is saved, its guest goes on where it was. What fails while one
 * is loaded is told to its VMM before the guest runs, and a reset makes it as good as
 * new.
 */
#include <stdio.h>

#include "fail.h"
#include "migration.h"
#include "workload.h"

#define TYPE		"16mq"
#define PAGES		64u
#define ROOM		(20 * MIB)	/* more than is read */
#define PORTION		(1u << 20)
#define MARK		0x600df00du
#define OTHER_MARK	0x0ddf00dfu	/* of the target, before it is loaded */
#define MARK_AT		(8 * MIB)
#define S_STOP		VFIO_DEVICE_STATE_STOP
#define S_RUNNING	VFIO_DEVICE_STATE_RUNNING
#define S_STOP_COPY	VFIO_DEVICE_STATE_STOP_COPY
#define S_RESUMING	VFIO_DEVICE_STATE_RESUMING
#define S_PRE_COPY	VFIO_DEVICE_STATE_PRE_COPY

/**
 * struct moving - a vGPU with work, and one that takes it
 * @source: it computes without end, and has guest memory mapped
 * @counter: where it counts
 * @target: of another VM
 * @saved: what was read last; has room for all, so that no memory of this program fails
 * @fd: the file in use; -1: none
 */
struct moving {
	struct vgpu source;
	volatile uint32_t *counter;
	struct vgpu target;
	struct saved saved;
	int fd;
};

static void moving_make(struct moving *moving)
{
	struct rt_memory memory;
	struct rt_ring ring;
	uint64_t address, stop;

	memset(moving, 0, sizeof(*moving));
	moving->fd = -1;
	moving->saved.room = ROOM;
	moving->saved.bytes = malloc(ROOM);
	CHECK(moving->saved.bytes, "no memory");
	memset(moving->saved.bytes, 1, ROOM);
	vgpu_make(&moving->source, TYPE);
	need_migration(&moving->source);
	vgpu_make(&moving->target, TYPE);
	OK(rt_memory_alloc(moving->source.device, PAGES * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(moving->source.device, &memory, true, &address));
	guest_memory_follows(&moving->target, &memory);
	*(volatile uint32_t *)rt_framebuffer(moving->source.device, MARK_AT) = MARK;
	OK(rt_ring_create(moving->source.device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	moving->counter = rt_framebuffer(moving->source.device, stop - 64);
}

static void file_close(struct moving *moving)
{
	if (moving->fd >= 0)
		close(moving->fd);
	moving->fd = -1;
}

/* Return: 0: there is no more, for now; or negative errno. */
static int drain(struct moving *moving)
{
	ssize_t got;

	do
		got = migration_read(moving->fd, &moving->saved, PORTION);
	while (got > 0 && moving->saved.size + PORTION < ROOM);
	return got == -ENOMSG || got >= 0 ? 0 : (int)got;
}

static int leave(const struct vgpu *vgpu, unsigned int state)
{
	int none;

	return migration_set(vgpu, state, &none);
}

/* ------------------------------------------------------------------------ save */

static int run_save(void *context)
{
	struct moving *moving = context;
	int error;

	moving->saved.size = 0;
	error = migration_set(&moving->source, S_STOP_COPY, &moving->fd);
	if (!error)
		error = drain(moving);
	return error ? error : leave(&moving->source, S_RUNNING);
}

static int run_pre_copy(void *context)
{
	struct moving *moving = context;
	uint64_t initial, dirty;
	int error;

	moving->saved.size = 0;
	error = migration_set(&moving->source, S_PRE_COPY, &moving->fd);
	if (!error)
		error = migration_precopy_info(moving->fd, &initial, &dirty);
	if (!error)
		error = drain(moving);
	if (!error)
		error = leave(&moving->source, S_STOP_COPY);
	if (!error)
		error = drain(moving);
	return error ? error : leave(&moving->source, S_RUNNING);
}

/* Its VMM gives up, and the guest goes on. */
static void goes_on(void *context)
{
	struct moving *moving = context;
	unsigned int i;
	uint32_t count;

	file_close(moving);
	OK(leave(&moving->source, S_RUNNING));
	count = *moving->counter;
	for (i = 0; *moving->counter == count; i++) {
		CHECK(i < 20000, "the guest does not go on");
		usleep(500);
	}
	no_faults(&moving->source, "the guest");
}

/* ------------------------------------------------------------------------ load */

/*
 * What can't be loaded for want of memory is what it was. It is not, if only the file
 * could not be given to its VMM, which VFIO does after all else.
 */
static void is_not_emptied(const struct vgpu *target)
{
	uint32_t mark = *(volatile uint32_t *)rt_framebuffer(target->device, MARK_AT);

	CHECK(mark == OTHER_MARK || migration_state(target) == S_RESUMING,
	      "it is not loaded, but its framebuffer has 0x%x", mark);
}

static int run_load(void *context)
{
	struct moving *moving = context;
	int error = migration_set(&moving->target, S_RESUMING, &moving->fd);

	if (error)
		is_not_emptied(&moving->target);
	else
		error = migration_feed(moving->fd, moving->saved.bytes, moving->saved.size);
	if (!error)
		error = leave(&moving->target, S_STOP);
	return error ? error : leave(&moving->target, S_RUNNING);
}

static void is_new_again(void *context)
{
	struct moving *moving = context;
	uint64_t pinned;

	file_close(moving);
	OK(rt_vfio_reset(moving->target.device));
	CHECK(migration_state(&moving->target) == S_RUNNING, "reset, it is in %s",
	      migration_state_name(migration_state(&moving->target)));
	OK(rt_memory_decoding(moving->target.device, true));
	pinned = host_attribute(moving->target.uuid, "pinned_pages");
	CHECK(!pinned, "%llu pages stay pinned", (unsigned long long)pinned);
	*(volatile uint32_t *)rt_framebuffer(moving->target.device, MARK_AT) = OTHER_MARK;
}

static void has_all(void *context)
{
	struct moving *moving = context;
	uint32_t mark = *(volatile uint32_t *)rt_framebuffer(moving->target.device, MARK_AT);
	uint64_t pinned = host_attribute(moving->target.uuid, "pinned_pages");

	CHECK(mark == MARK, "loaded, but the framebuffer has 0x%x", mark);
	CHECK(pinned == PAGES, "loaded, but %llu pages are mapped", (unsigned long long)pinned);
	is_new_again(context);
}

/* ----------------------------------------------------------------------- tests */

TEST(save, SLOW)
{
	static struct moving moving;
	const struct fail_operation operation = {
		"save", run_save, goes_on, goes_on, &moving,
	};

	fail_prepare();
	moving_make(&moving);
	fail_each(&operation);
	run_save(&moving);
	CHECK(!run_load(&moving), "what was saved after all this can't be loaded");
	has_all(&moving);
}

TEST(pre_copy, SLOW)
{
	static struct moving moving;
	const struct fail_operation operation = {
		"pre-copy", run_pre_copy, goes_on, goes_on, &moving,
	};

	fail_prepare();
	moving_make(&moving);
	if (!migration_pre_copies(&moving.source))
		harness_skip("this kernel or this GPU has no pre-copy");
	fail_each(&operation);
	run_pre_copy(&moving);
	CHECK(!run_load(&moving), "what was saved after all this can't be loaded");
	has_all(&moving);
}

TEST(load, SLOW)
{
	static struct moving moving;
	const struct fail_operation operation = {
		"load", run_load, has_all, is_new_again, &moving,
	};

	fail_prepare();
	moving_make(&moving);
	OK(run_save(&moving));
	is_new_again(&moving);
	fail_each(&operation);
	no_faults(&moving.source, "the source");
	vgpu_works(&moving.target, 1);
}
