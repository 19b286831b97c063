// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_control.c - what an administrator does with GPU instances: makes and removes
 * them, sets them up, and is told why something can't be
 */
#include <stdio.h>

#include "load.h"
#include "spatial.h"
#include "watch.h"

static void make_all(const char *type, unsigned int count)
{
	char uuid[UUID_LENGTH + 1];

	while (count--)
		OK(host_create_any(type, uuid));
}

/* ---------------------------------------------------------------- refusals */

TEST(no_compute, ONCE)
{
	struct geometry geometry = spatial_begin();

	/* Instances of one slice leave memory where there are more slices of it. */
	make_all("1-128mq", geometry.compute);
	REFUSED("1-128mq", ENOSPC, "compute slice");
	REFUSED("2-256mq", ENOSPC, "compute slice");
}

/* Nobody in the pool, and nothing to work with. */
TEST(pool_is_empty, ONCE)
{
	struct geometry geometry = spatial_begin();
	char uuid[UUID_LENGTH + 1];

	make_all("1-64mq", 2 * geometry.compute);
	admin_expect_number(admin_gpu_path("pool_slices"), 0);
	REFUSED("16mq", ENOSPC, "pool");
	/* Seats in instances need none of it. */
	CHECK(!type_available("64mq") && !type_available("1-64mq"),
	      "full, but %d of 64mq and %d of 1-64mq are available",
	      type_available("64mq"), type_available("1-64mq"));
	OK(host_clean());
	OK(host_create_any("16mq", uuid));
}

/* The eighth instance has the engine that is the pool's. */
TEST(pool_is_lent, ONCE)
{
	struct geometry geometry = spatial_begin();
	char uuid[8][UUID_LENGTH + 1], one[UUID_LENGTH + 1], reason[TEXT_SIZE];
	unsigned int i, eighth = 8;
	struct instance instance;

	if (geometry.compute < 8)
		harness_skip("this GPU has no eighth instance");
	for (i = 0; i < 8; i++) {
		OK(host_create_any("1-128mq", uuid[i]));
		if (instance_of(uuid[i]) == 8)
			eighth = i;
	}
	CHECK(eighth < 8 && instance_read(8, &instance), "eight instances, none is number 8");
	OK(host_remove(uuid[eighth ? 0 : 1]));
	admin_expect_number(admin_gpu_path("pool_slices"), 1);
	CHECK(!type_available("64mq") && spatial_unavailable("64mq", reason),
	      "%d of 64mq are available while instance 8 has the pool's engine",
	      type_available("64mq"));
	CHECK(host_create_any("64mq", one) < 0, "a plain vGPU beside instance 8");
	/* An instance can use what the pool can't. */
	CHECK(type_available("1-128mq") == 1, "%d of 1-128mq are available",
	      type_available("1-128mq"));
	OK(host_remove(uuid[eighth]));
	CHECK(type_available("64mq") > 0, "none of 64mq is available without instance 8");
	OK(host_create_any("64mq", one));
	spatial_check("without instance 8");
}

/* Plain vGPUs keep a slice, and an administrator as many as he likes. */
TEST(pool_keeps_slices, ONCE)
{
	struct geometry geometry = spatial_begin();
	static const char *const words[] = { "pool_slices_min" };
	char plain[UUID_LENGTH + 1], text[32];

	OK(host_create_any("16mq", plain));
	make_all("1-16mq", 8);
	CHECK(type_available("1-128mq") == (int)geometry.compute - 2,
	      "%d of 1-128mq are available beside a plain vGPU and an instance",
	      type_available("1-128mq"));
	make_all("1-128mq", geometry.compute - 2);
	REFUSED("1-128mq", EBUSY, "pool");
	OK(host_remove(plain));
	CHECK(type_available("1-128mq") == 1, "%d of 1-128mq are available without it",
	      type_available("1-128mq"));
	OK(host_clean());

	admin_set(admin_gpu_path("pool_slices_min"), "3");
	CHECK(type_available("1-128mq") == (int)geometry.compute - 3,
	      "%d of 1-128mq are available where the pool keeps 3",
	      type_available("1-128mq"));
	make_all("1-128mq", geometry.compute - 3);
	REFUSED("1-128mq", EBUSY, "pool_slices_min");
	/* Less than what instances have left is no reason to take it from them. */
	admin_set_number(admin_gpu_path("pool_slices_min"), geometry.compute);
	spatial_check("a minimum beyond what is left");
	admin_set(admin_gpu_path("pool_slices_min"), "0");
	CHECK(type_available("1-128mq") == 3, "%d of 1-128mq are available, not 3",
	      type_available("1-128mq"));
	snprintf(text, sizeof(text), "%u", geometry.compute + 1);
	admin_refused(admin_gpu_path("pool_slices_min"), text, EINVAL, words, 1);
	admin_refused(admin_gpu_path("pool_slices_min"), "-1", EINVAL, words, 1);
	admin_refused(admin_gpu_path("pool_slices_min"), "x", EINVAL, words, 1);
}

/* fixed_share promises plain vGPUs a service that does not change. */
TEST(fixed_share_keeps_the_pool, ONCE)
{
	char plain[UUID_LENGTH + 1], spatial[UUID_LENGTH + 1];
	static const char *const words[] = { "fixed_share" };

	spatial_begin();
	admin_set(admin_gpu_path("scheduler"), "fixed_share");
	OK(host_create_any("1-16mq", spatial));
	OK(host_create_any("64mq", plain));
	REFUSED("1-128mq", EPERM, "fixed_share");
	refused(instance_try("2g.256m", "none"), EPERM, "reserving beside fixed_share",
		words, 1);
	/* A seat changes nothing for the pool. */
	CHECK(type_available("1-16mq") == 7, "%d of 1-16mq are available, not 7 seats",
	      type_available("1-16mq"));
	admin_set(admin_gpu_path("scheduler"), "equal_share");
	CHECK(type_available("1-128mq") > 0, "none of 1-128mq is available under equal_share");
	admin_set(admin_gpu_path("scheduler"), "fixed_share");
	OK(host_remove(plain));
	CHECK(type_available("1-128mq") > 0, "none of 1-128mq is available without plain ones");
}

/* -------------------------------------------------------------- instances */

TEST(names, ONCE)
{
	static const char *const bad[] = {
		"a b", "a/b", "a\tb", "\xe4", "a:b", "a,b", "a%b", "a=b", "a\"b",
		"abcdefghijklmnopqrstuvwxyz012345",
	};
	static const char *const good[] = {
		"train", "a", "A_b-c.9", "abcdefghijklmnopqrstuvwxyz01234",
	};
	struct geometry geometry = spatial_begin();
	char profile[2 * SIZE_NAME], text[160], why[TEXT_SIZE];
	static const char *const words[] = { "train" };
	struct instance instance;
	unsigned int i, id;
	int error;

	profile_name(&geometry, 1, 1, profile);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		id = instance_reserve(profile, good[i]);
		CHECK(instance_read(id, &instance) && instance.reserved &&
		      !instance.members, "a new instance has %u vGPUs, reserved %u",
		      instance.members, instance.reserved);
	}
	refused(instance_try(profile, "train"), EEXIST, "a name twice", words, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = instance_try(profile, bad[i]);
		CHECK(error == -EINVAL, "the name '%s': %s", bad[i],
		      error ? strerror(-error) : "taken");
		OK(host_last_error(why, sizeof(why)));
		CHECK(strlen(why) > 10, "the name '%s': last_error '%s'", bad[i], why);
	}
	spatial_clear();

	/* Without a name it has that of its number. */
	snprintf(text, sizeof(text), "%s\n", profile);
	OK(host_write(admin_pci_path("instances/create"), text));
	CHECK(instance_read(1, &instance) && !strcmp(instance.name, "instance-1"),
	      "an instance without a name is called '%s'", instance.name);
	refused(instance_try(profile, "instance-1"), EEXIST, "a name twice", NULL, 0);
	instance_remove(1);
}

TEST(profiles, ONCE)
{
	static const char *const bad[] = {
		"", "x", "1g", "g.128m", "0g.128m", "9g.1g", "1g.64m", "2g.128m",
		"1g.384m", "1g.2g", "-1g.128m", "1g.128", "1g.128m.x", "01g.128m",
		"4294967297g.128m", "1g.18446744073709551616m",
		"1g.128mq", "2-256mq",
	};
	struct geometry geometry = spatial_begin();
	char why[TEXT_SIZE], profile[2 * SIZE_NAME];
	struct instance instance;
	unsigned int i, id;
	int error;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = instance_try(bad[i], NULL);
		CHECK(error == -EINVAL, "profile '%s': %s", bad[i],
		      error ? strerror(-error) : "taken");
		if (!bad[i][0])
			continue;
		OK(host_last_error(why, sizeof(why)));
		CHECK(strstr(why, bad[i]), "profile '%s': last_error '%s'", bad[i], why);
	}
	CHECK(!instance_count(), "%u instances of bad profiles", instance_count());
	/* One slice of compute with half of the memory. */
	profile_name(&geometry, 1, geometry.memory / 2, profile);
	id = instance_reserve(profile, "wide");
	CHECK(instance_read(id, &instance) && instance.memory_slices == geometry.memory / 2,
	      "%s has %u memory slices", profile, instance.memory_slices);
	spatial_check(profile);
}

/* A reserved instance waits for its vGPUs, and stays when they go. */
TEST(reserved, ONCE)
{
	static const char *const words[] = { "vGPU" };
	struct geometry geometry = spatial_begin();
	char uuid[UUID_LENGTH + 1], profile[2 * SIZE_NAME];
	struct instance instance;
	unsigned int id, other;
	int all = type_available("1-64mq");

	profile_name(&geometry, 1, 1, profile);
	other = instance_reserve(profile, "other");
	id = instance_reserve(profile, "train");
	CHECK(type_available("1-64mq") == all, "%d of 1-64mq are available, before %d",
	      type_available("1-64mq"), all);
	/* Another profile has no seat there. */
	profile_name(&geometry, 1, 2, profile);
	OK(host_create_any("1-256mq", uuid));
	CHECK(instance_of(uuid) != id && instance_of(uuid) != other,
	      "a 1-256mq is in an instance of another profile");
	OK(host_remove(uuid));
	CHECK(instance_count() == 2, "%u instances, 2 are reserved", instance_count());

	OK(host_create_any("1-64mq", uuid));
	id = instance_of(uuid);
	CHECK(instance_read(id, &instance) && instance.reserved && instance.members == 1,
	      "a vGPU is in instance %u, which has %u", id, instance.members);
	refused(host_write(instance_path(id, "remove"), "1"), EBUSY,
		"removing an instance with a vGPU", words, 1);
	CHECK(instance_read(id, &instance), "it was removed though that was refused");
	OK(host_remove(uuid));
	CHECK(instance_read(id, &instance) && !instance.members,
	      "a reserved instance went with its vGPU");

	/* It is reserved no more: it goes with the last. */
	OK(host_create_any("1-64mq", uuid));
	id = instance_of(uuid);
	admin_set(instance_path(id, "reserved"), "0");
	CHECK(instance_read(id, &instance), "an instance went though it has a vGPU");
	OK(host_remove(uuid));
	CHECK(!instance_read(id, &instance), "an instance stays though it is not reserved");

	/* One that was made by its type can be kept. */
	OK(host_clean());
	spatial_clear();
	OK(host_create_any("2-64mq", uuid));
	id = instance_of(uuid);
	CHECK(instance_read(id, &instance) && !instance.reserved,
	      "an instance that a type made is reserved");
	admin_set(instance_path(id, "reserved"), "1");
	OK(host_remove(uuid));
	CHECK(instance_read(id, &instance), "an instance went though it is reserved");
	admin_refused(instance_path(id, "reserved"), "2", EINVAL, NULL, 0);
	admin_set(instance_path(id, "reserved"), "0");
	CHECK(!instance_read(id, &instance), "an empty instance stays that is not reserved");
	spatial_check("after all of that");
}

/* ---------------------------------------------------------------- settings */

/* The pool's settings of that moment are the first of an instance; then they part. */
TEST(settings, ONCE)
{
	static const char *const setting[] = {
		"timeslice_us", "timeslice_max_us", "wake_budget_permille",
		"averaging_factor", "preempt_timeout_us", "fault_limit", "fault_window_s",
	};
	char uuid[UUID_LENGTH + 1], next[UUID_LENGTH + 1];
	unsigned int i, id, other;
	uint64_t of_pool, value;

	spatial_begin();
	scheduler_defaults();
	gpu_set("scheduler", "equal_share");
	gpu_set("fault_limit", "7");
	OK(host_create_any("2-64mq", uuid));
	id = instance_of(uuid);
	admin_expect(instance_path(id, "scheduler"), "best_effort [equal_share] fixed_share");
	admin_expect_number(instance_path(id, "fault_limit"), 7);
	admin_set(instance_path(id, "scheduler"), "fixed_share");
	admin_expect(admin_gpu_path("scheduler"), "best_effort [equal_share] fixed_share");
	for (i = 0; i < sizeof(setting) / sizeof(setting[0]); i++) {
		of_pool = gpu_number(setting[i]);
		value = strstr(setting[i], "_us") ? 1000 * (3 + i) : 1 + i;
		admin_set_number(instance_path(id, setting[i]), value);
		admin_expect_number(instance_path(id, setting[i]), value);
		admin_expect_number(admin_gpu_path(setting[i]), of_pool);
		admin_refused(instance_path(id, setting[i]), "x", EINVAL, &setting[i], 1);
	}
	/* A seat is the instance's, another instance is the pool's child again. */
	OK(host_create_any("2-64mq", next));
	CHECK(instance_of(next) == id, "the second seat is in instance %u", instance_of(next));
	OK(host_create_any("1-64mq", next));
	other = instance_of(next);
	admin_expect(instance_path(other, "scheduler"), "best_effort [equal_share] fixed_share");
	gpu_set("fault_limit", "2");
	admin_expect_number(instance_path(other, "fault_limit"), 7);
	scheduler_defaults();
}

/* Who listens hears of instances, as of vGPUs. */
TEST(uevents, ONCE)
{
	struct geometry geometry = spatial_begin();
	char uuid[UUID_LENGTH + 1], text[TEXT_SIZE], profile[2 * SIZE_NAME];
	unsigned int id;
	int events;

	profile_name(&geometry, 1, 1, profile);
	events = uevents_listen();
	id = instance_reserve(profile, "train");
	CHECK(uevents_next(events, "instance-create", text) && strstr(text, host_gpu()),
	      "an instance that was made is told as: %s", text);
	instance_remove(id);
	CHECK(uevents_next(events, "instance-remove", text) && strstr(text, host_gpu()),
	      "an instance that was removed is told as: %s", text);
	OK(host_create_any("1-64mq", uuid));
	CHECK(uevents_next(events, "instance-create", text), "nobody is told of an instance");
	OK(host_remove(uuid));
	CHECK(uevents_next(events, "instance-remove", text), "nobody is told of its end");
}

/* ------------------------------------------------------- driver and GPU go */

/* A driver that is bound again has a GPU that is all pool. */
TEST(rebind, ONCE | SLOW)
{
	struct geometry geometry = spatial_begin();
	char profile[2 * SIZE_NAME], uuid[UUID_LENGTH + 1];
	struct vgpu vgpu;
	int i;

	profile_name(&geometry, 2, 2, profile);
	for (i = 0; i < 3; i++) {
		instance_reserve(profile, "train");
		vgpu_make(&vgpu, "1-64mq");
		vgpu_works(&vgpu, 1);
		vgpu_close(&vgpu);
		OK(host_create_any("64mq", uuid));
		if (i == 2) {
			CHECK(admin_unload(), "rmmod with instances");
			admin_load();
		} else {
			admin_rebind();
		}
		CHECK(!host_count() && !instance_count(),
		      "%u vGPUs and %u instances are left", host_count(), instance_count());
		admin_expect_number(admin_gpu_path("pool_slices"), geometry.compute);
		admin_set(admin_gpu_path("preempt_timeout_us"), "1000000");
		vgpu_make(&vgpu, "512mq");
		vgpu_works(&vgpu, 2);
		vgpu_remove(&vgpu);
	}
	spatial_check("after all of that");
}
