// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_move.c - what is closed moves where it is in the way, what is open never
 * does, and nobody finds another's data
 */
#include <stdio.h>

#include "plain.h"
#include "spatial.h"
#include "vm.h"

#define PAGE	4096
#define PAGES	16	/* of these one is looked at: each first look at a page costs a fault */

/* Offset of a word that is not zero; -1: none was seen. */
static long nonzero(const struct vgpu *vgpu)
{
	const volatile uint64_t *words = rt_framebuffer(vgpu->device, 0);
	uint64_t at, i;

	for (at = 0; at < vgpu->device->framebuffer_bytes; at += PAGES * PAGE)
		for (i = at; i < at + PAGE; i += 8)
			if (words[i / 8])
				return (long)i;
	return -1;
}

/**
 * struct crowd - open vGPUs, each of which owns a whole block
 * @count: their number
 * @vgpu: they
 * @at: where each lies
 */
struct crowd {
	unsigned int count;
	struct vgpu vgpu[INSTANCES];
	uint64_t at[INSTANCES];
};

static void crowd_make(struct crowd *crowd, const char *type)
{
	struct vgpu *vgpu;

	memset(crowd, 0, sizeof(*crowd));
	while (crowd->count < 8 && type_available(type)) {
		vgpu = &crowd->vgpu[crowd->count];
		vgpu_make(vgpu, type);
		plain_mark(vgpu, crowd->count);
		crowd->at[crowd->count++] = vgpu_offset(vgpu);
	}
}

/* Who lies at @at. */
static struct vgpu *crowd_at(struct crowd *crowd, uint64_t at)
{
	unsigned int i;

	for (i = 0; i < crowd->count; i++)
		if (crowd->at[i] == at && crowd->vgpu[i].uuid[0])
			return &crowd->vgpu[i];
	return NULL;
}

static void crowd_remove(struct vgpu *vgpu)
{
	vgpu_remove(vgpu);
	vgpu->uuid[0] = 0;
}

/* None of those that are open has moved, nor lost what it wrote. */
static void crowd_stands(const struct crowd *crowd, const char *when)
{
	unsigned int i;

	for (i = 0; i < crowd->count; i++) {
		if (!crowd->vgpu[i].device)
			continue;
		CHECK(vgpu_offset(&crowd->vgpu[i]) == crowd->at[i],
		      "%s: an open vGPU moved from 0x%llx to 0x%llx", when,
		      (unsigned long long)crowd->at[i],
		      (unsigned long long)vgpu_offset(&crowd->vgpu[i]));
		CHECK(plain_is_marked(&crowd->vgpu[i], i),
		      "%s: the data of an open vGPU are gone", when);
	}
}

static void expect_fresh(struct vgpu *vgpu, const char *which)
{
	long word = nonzero(vgpu);

	CHECK(word < 0, "%s: another's data at 0x%lx", which, word);
	vgpu_works(vgpu, 5);
}

/*
 * A GPU full of open vGPUs, of which two go that do not lie side by side. Where both
 * would fit, @type, one is in the way: it is refused while that one is open, and is
 * not when it is closed.
 */
static void makes_room(const char *small, const char *type)
{
	uint64_t block = host_type_bytes(small), first = 0, second = 0;
	struct vgpu big = { 0 }, mover, *other;
	unsigned int pair, pairs = 0, id;
	struct crowd crowd;

	crowd_make(&crowd, small);
	CHECK(crowd.count >= 4, "only %u of %s", crowd.count, small);
	for (pair = 0; pair < 4 && pairs < 2; pair++) {
		if (!crowd_at(&crowd, 2 * pair * block) ||
		    !crowd_at(&crowd, (2 * pair + 1) * block))
			continue;
		if (pairs++)
			second = 2 * pair * block;
		else
			first = 2 * pair * block;
	}
	CHECK(pairs == 2, "%u vGPUs of %s lie in no two pairs", crowd.count, small);
	crowd_remove(crowd_at(&crowd, first + block));
	crowd_remove(crowd_at(&crowd, second));

	REFUSED(type, ENOSPC, "open");
	crowd_stands(&crowd, "after a refusal");

	/* It is no more of those that stand. */
	other = crowd_at(&crowd, first);
	mover = *other;
	memset(other, 0, sizeof(*other));
	id = instance_of(mover.uuid);
	vgpu_close(&mover);
	CHECK(type_available(type) == 1, "%d of %s are available where one can move",
	      type_available(type), type);
	OK(host_create_any(type, big.uuid));
	CHECK(vgpu_offset(&big) == first, "the new vGPU lies at 0x%llx, not 0x%llx",
	      (unsigned long long)vgpu_offset(&big), (unsigned long long)first);
	CHECK(vgpu_offset(&mover) != first, "who was in the way did not move");
	CHECK(instance_of(mover.uuid) == id,
	      "who moved was in instance %u, is in %u", id, instance_of(mover.uuid));
	crowd_stands(&crowd, "after a move");
	spatial_check("after a move");
	vgpu_open(&big);
	expect_fresh(&big, "the new vGPU");
	vgpu_open(&mover);
	expect_fresh(&mover, "the vGPU that moved");
	plain_mark(&mover, 77);
	crowd_stands(&crowd, "after work");
	vgpu_close(&mover);
	vgpu_open(&mover);
	expect_fresh(&mover, "the vGPU that moved, opened again");
}

/* Instances of closed vGPUs move whole. */
TEST(closed_instances_make_room, ONCE | SLOW)
{
	spatial_begin();
	makes_room("1-128mq", "2-256mq");
}

/*
 * Seats of an instance, one after the other: what is free in two places is no seat for a
 * larger one, until the closed one between has gone to the other place.
 */
TEST(closed_seats_make_room, ONCE | SLOW)
{
	struct vgpu seat[4], big = { 0 };
	struct geometry geometry = spatial_begin();
	char small[32], large[32], size[SIZE_NAME];
	uint64_t first, block = geometry.slice / 2;
	unsigned int i, id;

	size_name(block, size);
	snprintf(small, sizeof(small), "2-%sq", size);
	size_name(2 * block, size);
	snprintf(large, sizeof(large), "2-%sq", size);
	for (i = 0; i < 4; i++)
		vgpu_make(&seat[i], small);
	id = instance_of(seat[0].uuid);
	first = vgpu_offset(&seat[0]);
	for (i = 0; i < 4; i++) {
		CHECK(instance_of(seat[i].uuid) == id, "seat %u is in another instance", i);
		if (vgpu_offset(&seat[i]) < first)
			first = vgpu_offset(&seat[i]);
	}
	/* The second and the fourth go, the first is closed. */
	for (i = 0; i < 4; i++)
		if ((vgpu_offset(&seat[i]) - first) / block % 2)
			vgpu_remove(&seat[i]);
		else if (vgpu_offset(&seat[i]) == first)
			vgpu_close(&seat[i]);
		else
			plain_mark(&seat[i], 3);
	OK(host_create_any(large, big.uuid));
	CHECK(instance_of(big.uuid) == id && vgpu_offset(&big) == first,
	      "the larger one is in instance %u at 0x%llx, not in %u at 0x%llx",
	      instance_of(big.uuid), (unsigned long long)vgpu_offset(&big), id,
	      (unsigned long long)first);
	spatial_check("after a move within an instance");
	vgpu_open(&big);
	expect_fresh(&big, "the larger one");
	for (i = 0; i < 4; i++)
		if (host_exists(seat[i].uuid) && seat[i].device) {
			CHECK(vgpu_offset(&seat[i]) == first + 2 * block &&
			      plain_is_marked(&seat[i], 3), "an open one moved");
			vgpu_works(&seat[i], 4);
		} else if (host_exists(seat[i].uuid)) {
			CHECK(vgpu_offset(&seat[i]) == first + 3 * block,
			      "the closed one lies at 0x%llx",
			      (unsigned long long)vgpu_offset(&seat[i]));
			vgpu_open(&seat[i]);
			expect_fresh(&seat[i], "the closed one");
		}
}

/* In the pool, too. */
TEST(closed_vgpus_make_room, ONCE | SLOW)
{
	spatial_begin();
	makes_room("128mq", "256mq");
}

/* ------------------------------------------------------------------- races */

static bool may_be_refused(int error)
{
	return error == -ENOSPC || error == -EUSERS || error == -EBUSY;
}

static void create_and_remove(const char *type, unsigned int rounds)
{
	char uuid[UUID_LENGTH + 1];
	int error;

	while (rounds--) {
		error = host_create_any(type, uuid);
		CHECK(!error || may_be_refused(error), "creating %s beside others: %s",
		      type, strerror(-error));
		if (!error)
			OK(host_remove(uuid));
	}
	_exit(0);
}

static void reserve_and_remove(const char *profile, unsigned int rounds)
{
	struct instance instance;
	unsigned int id;
	int error;

	while (rounds--) {
		error = instance_try(profile, "racer");
		CHECK(!error || may_be_refused(error), "reserving %s beside others: %s",
		      profile, strerror(-error));
		if (error)
			continue;
		/* Others come and go meanwhile, this one stays. */
		for (id = 1; id < INSTANCES; id++)
			if (!host_read(instance_path(id, "name"), instance.name,
				       sizeof(instance.name)) &&
			    !strcmp(instance.name, "racer"))
				break;
		CHECK(id < INSTANCES, "a reserved instance is not there");
		OK(host_write(instance_path(id, "remove"), "1"));
	}
	_exit(0);
}

/* A VM that comes and goes: it never sees another's data, and does not move meanwhile. */
static void open_and_close(const char *uuid, const char *type, unsigned int rounds,
			   uint32_t seed)
{
	unsigned int moves = 0;
	struct vgpu vgpu = { 0 };
	uint64_t at, now;
	long word;

	memcpy(vgpu.uuid, uuid, sizeof(vgpu.uuid));
	now = vgpu_offset(&vgpu);
	while (rounds--) {
		vgpu_open(&vgpu);
		at = vgpu_offset(&vgpu);
		moves += at != now;
		word = nonzero(&vgpu);
		CHECK(word < 0, "%s: another's data at 0x%lx", type, word);
		plain_mark(&vgpu, seed);
		vgpu_works(&vgpu, seed);
		plain_mark(&vgpu, seed);
		usleep(20000);
		CHECK(plain_is_marked(&vgpu, seed), "%s: what was written is gone", type);
		now = vgpu_offset(&vgpu);
		CHECK(now == at, "%s: moved from 0x%llx to 0x%llx while open", type,
		      (unsigned long long)at, (unsigned long long)now);
		vgpu_close(&vgpu);
	}
	printf("# %s moved at least %u times while it was closed\n", type, moves);
	fflush(stdout);
	_exit(0);
}

/*
 * Three vGPUs, each in another place where a large instance would fit: two in instances
 * of one slice, in both halves of video memory, and one in the pool.
 */
static void scatter(const struct geometry *geometry, char uuid[3][UUID_LENGTH + 1])
{
	char other[6][UUID_LENGTH + 1];
	unsigned int i, kept = 0;
	uint64_t at;

	for (i = 0; i < 6; i++)
		OK(host_create_any("1-128mq", other[i]));
	for (i = 0; i < 6; i++) {
		at = host_attribute(other[i], "framebuffer_offset") / geometry->slice;
		if (at == 1 || at == 4)
			memcpy(uuid[kept++], other[i], sizeof(other[i]));
		else
			OK(host_remove(other[i]));
	}
	CHECK(kept == 2, "%u of 6 instances lie where they were expected", kept);
	OK(host_create_any("64mq", uuid[2]));
}

/* All that may happen at once, does; in the end everything is pool again. */
TEST(everything_at_once, ONCE | SLOW)
{
	static const char *const made[] = { "4-512mq", "1-32mq", "2-256mq", "128mq" };
	unsigned int rounds = harness_slow_kernel() ? 8 : 32, i;
	struct geometry geometry = spatial_begin();
	char profile[2 * SIZE_NAME], uuid[3][UUID_LENGTH + 1];
	pid_t child[8];

	/* Of no type that is made here: nobody sits down in it. */
	profile_name(&geometry, 1, 2, profile);
	scatter(&geometry, uuid);
	fflush(stdout);
	for (i = 0; i < 8; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		if (i < 3)
			open_and_close(uuid[i], i < 2 ? "1-128mq" : "64mq", rounds / 4, i + 1);
		if (i < 7)
			create_and_remove(made[i - 3], rounds);
		reserve_and_remove(profile, rounds);
	}
	for (i = 0; i < 8; i++)
		wait_child(child[i], "one of eight processes");
	for (i = 0; i < 3; i++)
		OK(host_remove(uuid[i]));
	CHECK(!host_count() && !instance_count(), "%u vGPUs and %u instances are left",
	      host_count(), instance_count());
	spatial_check("after a race");
}
