// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library_instances.c - libopenvgpu: GPU instances, their profiles, and plans
 *
 * The GPU has 1 GiB, 8 compute slices and 8 memory slices. What the placement
 * itself decides is test_layout's; here it is about what goes into it and comes
 * out of it.
 */
#include "fake_sysfs.h"
#include "internal.h"
#include "no_memory.h"
#include "unit.h"

#define MIB	(UINT64_C(1) << 20)
#define UUID_(n)	"0000000" #n "-0000-4000-8000-000000000000"

static struct fake fake;

/* A GPU that is divisible, instead of the first one. */
static void divide(const char *compute)
{
	const char *const values[][2] = {
		{ "compute_slices", compute }, { "memory_slices", "8\n" },
		{ "pool_slices", compute }, { "pool_slices_min", "0\n" },
		{ "max_instances", compute }, { "max_vgpus", "64\n" },
		{ "framebuffer_total", "1073741824\n" },
		{ "last_error", "\n" },
		{ "why_unavailable", "2-256mc: no compute slices are free\n"
		  "1q: the pool is empty\n" },
	};
	static const char *const types[][2] = {
		{ "16mq", "16M" }, { "256mq", "256M" }, { "1q", "1024M" },
		{ "2-256mc", "256M" }, { "1-16mc", "16M" },
	};
	size_t i;

	fake_make(&fake);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fake_write(&fake, values[i][1], "sys/devices/" FAKE_GPU2 "/openvgpu/%s",
			   values[i][0]);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char folder[128], text[64];

		snprintf(folder, sizeof(folder), "sys/devices/" FAKE_GPU2
			 "/mdev_supported_types/openvgpu-%s", types[i][0]);
		snprintf(text, sizeof(text), "num_heads=0, framebuffer=%s\n",
			 types[i][1]);
		fake_write(&fake, text, "%s/description", folder);
		fake_write(&fake, "0\n", "%s/available_instances", folder);
		fake_write(&fake, "OpenVGPU TEST\n", "%s/name", folder);
	}
	fake_write(&fake, "", "sys/devices/" FAKE_GPU2 "/instances/create");
}

static void setup(void)
{
	divide("8\n");
}

static void setup_seven(void)
{
	divide("7\n");
}

static void teardown(void)
{
	fake_remove(&fake);
}

static void add_instance(unsigned int id, const char *name, const char *profile,
			 const char *mask, unsigned int first, unsigned int slices,
			 bool reserved)
{
	char folder[96], number[16];

	snprintf(folder, sizeof(folder), "sys/devices/" FAKE_GPU2 "/instances/%u", id);
	fake_write(&fake, name, "%s/name", folder);
	fake_write(&fake, profile, "%s/profile", folder);
	fake_write(&fake, mask, "%s/compute_mask", folder);
	snprintf(number, sizeof(number), "%u\n", first);
	fake_write(&fake, number, "%s/memory_first", folder);
	snprintf(number, sizeof(number), "%u\n", slices);
	fake_write(&fake, number, "%s/memory_slices", folder);
	fake_write(&fake, reserved ? "1\n" : "0\n", "%s/reserved", folder);
	fake_write(&fake, "2\n", "%s/members", folder);
	fake_write(&fake, "best_effort [fixed_share]\n", "%s/scheduler", folder);
	fake_write(&fake, "3000\n", "%s/timeslice_us", folder);
	fake_write(&fake, "18446744073709551615\n", "%s/busy_ns", folder);
	fake_write(&fake, "7\n", "%s/idle_ns", folder);
	fake_write(&fake, "", "%s/remove", folder);
}

/* A vGPU of 256 MiB, or less, at @offset MiB. */
static void add_vgpu(const char *uuid, unsigned int partition, unsigned int instance,
		     unsigned int offset, unsigned int size, int pid)
{
	char number[32];

	fake_add_vgpu(&fake, uuid, FAKE_GPU2, "openvgpu-256mq", pid);

#define WRITE(name, value)	do {	\
	snprintf(number, sizeof(number), "%llu\n", (unsigned long long)(value));	\
	fake_write(&fake, number, "sys/devices/" FAKE_GPU2 "/%s/openvgpu/" name, uuid);	\
} while (0)
	WRITE("partition", partition);
	WRITE("instance", instance);
	WRITE("compute_slices", 2);
	WRITE("framebuffer_offset", offset * MIB);
	WRITE("framebuffer_size", size * MIB);
}

/* ------------------------------------------------------------------- lists */

START_TEST(test_what_gpus_and_vgpus_say)
{
	struct ovgpu_type **types;
	struct ovgpu_gpu **gpus;
	struct ovgpu_vgpu *vgpu;
	size_t count, i, spatial = 0;

	add_vgpu(UUID_(1), 0, 3, 0, 256, 0);
	ck_assert_int_eq(ovgpu_gpu_list(fake.ovgpu, &gpus, &count), 0);
	ck_assert(!gpus[0]->compute_slices.known && !gpus[0]->max_instances.known);
	ck_assert_uint_eq(gpus[1]->compute_slices.number, 8);
	ck_assert_uint_eq(gpus[1]->memory_slices.number, 8);
	ck_assert_uint_eq(gpus[1]->pool_slices.number, 8);
	ck_assert(gpus[1]->pool_slices_min.known && !gpus[1]->pool_slices_min.number);
	ck_assert_uint_eq(gpus[1]->max_instances.number, 8);
	ovgpu_free(gpus);
	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, UUID_(1), &vgpu), 0);
	ck_assert(vgpu->instance.known && vgpu->instance.number == 3);
	ck_assert_uint_eq(vgpu->compute_slices.number, 2);
	ovgpu_free(vgpu);
	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_IDLE, &vgpu), 0);
	ck_assert(!vgpu->instance.known && !vgpu->compute_slices.known);
	ovgpu_free(vgpu);
	ck_assert_int_eq(ovgpu_type_list(fake.ovgpu, FAKE_GPU2, &types, &count), 0);
	for (i = 0; i < count; i++) {
		spatial += types[i]->compute_slices != 0;
		/* Plain ones stand first. */
		ck_assert(!spatial || types[i]->compute_slices);
		if (!strcmp(types[i]->id, "openvgpu-2-256mc"))
			ck_assert_str_eq(types[i]->why_unavailable,
					 "no compute slices are free");
		else if (!strcmp(types[i]->id, "openvgpu-1q"))
			ck_assert_str_eq(types[i]->why_unavailable,
					 "the pool is empty");
		else
			ck_assert_str_eq(types[i]->why_unavailable, "");
	}
	ck_assert_uint_eq(spatial, 2);
	ovgpu_free(types);
}
END_TEST

START_TEST(test_list)
{
	struct ovgpu_instance **list;
	size_t count;

	add_instance(2, "train\n", "4g.512m\n", "0x3c\n", 4, 4, true);
	add_instance(1, "instance-1\n", "1g.128m\n", "0x01\n", 0, 1, false);
	ck_assert_int_eq(ovgpu_instance_list(fake.ovgpu, FAKE_GPU2, &list, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_ptr_null(list[2]);
	ck_assert_uint_eq(list[0]->id, 1);
	ck_assert(!list[0]->reserved);
	ck_assert_str_eq(list[1]->gpu, FAKE_GPU2);
	ck_assert_str_eq(list[1]->name, "train");
	ck_assert_str_eq(list[1]->profile, "4g.512m");
	ck_assert_uint_eq(list[1]->compute_mask, 0x3c);
	ck_assert_uint_eq(list[1]->compute_slices, 4);
	ck_assert_uint_eq(list[1]->memory_first, 4);
	ck_assert_uint_eq(list[1]->memory_slices, 4);
	ck_assert_uint_eq(list[1]->framebuffer, 512 * MIB);
	ck_assert(list[1]->reserved);
	ck_assert_uint_eq(list[1]->vgpus, 2);
	ck_assert_str_eq(list[1]->scheduler, "fixed_share");
	ck_assert_uint_eq(list[1]->timeslice_us.number, 3000);
	ck_assert_uint_eq(list[1]->busy_ns.number, UINT64_MAX);
	ck_assert_uint_eq(list[1]->idle_ns.number, 7);
	ovgpu_free(list);
	/* Not divisible, or not there. */
	ck_assert_int_eq(ovgpu_instance_list(fake.ovgpu, FAKE_GPU, &list, &count), 0);
	ck_assert_uint_eq(count, 0);
	ovgpu_free(list);
	ck_assert_int_eq(ovgpu_instance_list(fake.ovgpu, FAKE_NIC, &list, &count), -ENOENT);
	ck_assert_ptr_null(list);
	ck_assert_int_eq(ovgpu_instance_list(fake.ovgpu, "../x", &list, &count), -EINVAL);
}
END_TEST

/* Compute instances are no GPU instances of their own. */
START_TEST(test_queues)
{
	static const char *const folder = "sys/devices/" FAKE_GPU2 "/instances";
	struct ovgpu_instance **list;
	struct ovgpu_queue **queues;
	size_t count;

	add_instance(2, "train\n", "4g.512m\n", "0x3c\n", 4, 4, true);
	add_instance(3, "train.3\n", "1c.4g.512m\n", "0x10\n", 4, 4, true);
	add_instance(5, "train.5\n", "1c.4g.512m\n", "0x20\n", 4, 4, true);
	add_instance(1, "other\n", "1g.128m\n", "0x01\n", 0, 1, true);
	fake_write(&fake, "0x0c\n", "%s/2/queue_mask", folder);
	fake_write(&fake, "0x10\n", "%s/3/queue_mask", folder);
	fake_write(&fake, "0x20\n", "%s/5/queue_mask", folder);
	fake_write(&fake, "1\n", "%s/2/queue_members", folder);
	fake_write(&fake, "1\n", "%s/3/queue_members", folder);
	fake_write(&fake, "0\n", "%s/5/queue_members", folder);
	fake_write(&fake, "0\n", "%s/2/memory_of", folder);
	fake_write(&fake, "2\n", "%s/3/memory_of", folder);
	fake_write(&fake, "2\n", "%s/5/memory_of", folder);
	ck_assert_int_eq(ovgpu_instance_list(fake.ovgpu, FAKE_GPU2, &list, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(list[1]->id, 2);
	ck_assert_uint_eq(list[1]->compute_slices, 4);
	ovgpu_free(list);
	ck_assert_int_eq(ovgpu_queue_list(fake.ovgpu, FAKE_GPU2, 2, &queues, &count), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert_ptr_null(queues[3]);
	ck_assert_uint_eq(queues[0]->id, 2);
	ck_assert_str_eq(queues[0]->name, "train");
	ck_assert_uint_eq(queues[0]->compute_mask, 0x0c);
	ck_assert_uint_eq(queues[0]->compute_slices, 2);
	ck_assert_uint_eq(queues[0]->vgpus, 1);
	ck_assert_uint_eq(queues[1]->id, 3);
	ck_assert_uint_eq(queues[2]->id, 5);
	ck_assert_str_eq(queues[2]->name, "train.5");
	ck_assert_uint_eq(queues[2]->compute_slices, 1);
	ck_assert_uint_eq(queues[2]->vgpus, 0);
	ck_assert_str_eq(queues[2]->scheduler, "fixed_share");
	ck_assert_uint_eq(queues[2]->timeslice_us.number, 3000);
	ck_assert_uint_eq(queues[2]->idle_ns.number, 7);
	ovgpu_free(queues);
	/* One queue, of a module that knows no others. */
	ck_assert_int_eq(ovgpu_queue_list(fake.ovgpu, FAKE_GPU2, 1, &queues, &count), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(queues[0]->compute_mask, 0x01);
	ck_assert_uint_eq(queues[0]->vgpus, 2);
	ovgpu_free(queues);
	/* No GPU instance. */
	ck_assert_int_eq(ovgpu_queue_list(fake.ovgpu, FAKE_GPU2, 3, &queues, &count), 0);
	ck_assert_uint_eq(count, 0);
	ovgpu_free(queues);
	ck_assert_int_eq(ovgpu_queue_list(fake.ovgpu, FAKE_GPU2, 0, &queues, &count), -EINVAL);
	ck_assert_int_eq(ovgpu_queue_list(fake.ovgpu, "../x", 1, &queues, &count), -EINVAL);
}
END_TEST

START_TEST(test_settings)
{
	const struct ovgpu_setting *setting;
	char path[OVGPU_NAME_SIZE], value[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE];
	unsigned int i;

	add_instance(3, "train\n", "4g.512m\n", "0x0f\n", 0, 4, true);
	ck_assert_int_eq(ovgpu_instance_path(FAKE_GPU2, 3, path, sizeof(path)), 0);
	ck_assert_str_eq(path, FAKE_GPU2 "/3");
	ck_assert_int_eq(ovgpu_instance_path(FAKE_GPU2, 0, path, 4), -EINVAL);
	ck_assert_int_eq(ovgpu_instance_path(FAKE_GPU2, 3, path, 4), -EINVAL);
	ck_assert_int_eq(ovgpu_instance_path("x", 3, path, sizeof(path)), -EINVAL);
	strcpy(path, FAKE_GPU2 "/3");
	for (i = 0; (setting = ovgpu_setting(OVGPU_INSTANCE, i)); i++)
		ck_assert(setting->scheduler);
	ck_assert_uint_eq(i, 9);
	ck_assert_ptr_null(ovgpu_setting_find(OVGPU_INSTANCE, "console"));
	setting = ovgpu_setting_find(OVGPU_INSTANCE, "scheduler");
	ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, OVGPU_INSTANCE, path, setting,
					    value, sizeof(value), NULL, 0), 0);
	ck_assert_str_eq(value, "fixed_share");
	ck_assert_int_eq(ovgpu_setting_write(fake.ovgpu, OVGPU_INSTANCE, path, setting,
					     "equal_share", reason, sizeof(reason)), 0);
	/* A file keeps what is behind that. */
	ck_assert_str_eq(fake_read(&fake, "sys/devices/" FAKE_GPU2
				   "/instances/3/scheduler"),
			 "equal_share [fixed_share]\n");
	/* Nobody gets out of the folder. */
	for (i = 0; i < 4; i++) {
		static const char *const bad[] = {
			FAKE_GPU2, FAKE_GPU2 "/../x", FAKE_GPU2 "/3/", "/3"
		};

		ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, OVGPU_INSTANCE, bad[i],
						    setting, value, sizeof(value), NULL,
						    0), -EINVAL);
	}
}
END_TEST

/* -------------------------------------------------------- create and remove */

#define CREATE	"sys/devices/" FAKE_GPU2 "/instances/create"

START_TEST(test_create)
{
	char reason[OVGPU_TEXT_SIZE];
	unsigned int id;

	add_instance(5, "train\n", "4g.512m\n", "0x0f\n", 0, 4, true);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "4g.512m", "train", NULL,
					       &id, reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, CREATE), "4g.512m train");
	ck_assert_uint_eq(id, 5);
	fake_write(&fake, "", CREATE);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "2g", NULL, NULL, &id,
					       reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, CREATE), "2g");
	ck_assert_uint_eq(id, 0);	/* nothing came */
	fake_write(&fake, "", CREATE);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "4g", "train",
					       "2,1,1", &id, reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, CREATE), "4g train compute=2,1,1");
	fake_write(&fake, "", CREATE);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "4g", NULL, "3",
					       &id, reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, CREATE), "4g compute=3");
}
END_TEST

START_TEST(test_create_refused)
{
	static const char *const bad[][2] = {
		{ "", "a" }, { "1g 2", "a" }, { "1g", "" }, { "1g", "a b" }, { "1g", "a/b" },
		{ "1g", "a\nb" }, { "1g", "abcdefghijklmnopqrstuvwxyzabcdef" },
	};
	char reason[OVGPU_TEXT_SIZE];
	unsigned int id;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, bad[i][0],
						       bad[i][1], NULL, &id, reason,
						       sizeof(reason)), -EINVAL);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "4g", "a", "2,x", &id,
					       reason, sizeof(reason)), -EINVAL);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "4g", "a", "", &id,
					       reason, sizeof(reason)), -EINVAL);
	ck_assert_str_eq(fake_read(&fake, CREATE), "");
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU, "1g", NULL, NULL, &id,
					       reason, sizeof(reason)), -EOPNOTSUPP);
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_NIC, "1g", NULL, NULL, &id,
					       reason, sizeof(reason)), -ENOENT);
	fake_link(&fake, CREATE, "../../../dev/full");
	fake_write(&fake, "instance train not created: no compute slices\n",
		   "sys/devices/" FAKE_GPU2 "/openvgpu/last_error");
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "1g", "train", NULL, &id,
					       reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "instance train not created: no compute slices");
	/* Somebody else's refusal. */
	fake_write(&fake, "vGPU x not created: no\n",
		   "sys/devices/" FAKE_GPU2 "/openvgpu/last_error");
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "1g", "train", NULL, &id,
					       reason, sizeof(reason)), -ENOSPC);
	ck_assert_str_eq(reason, "");
	fake_write(&fake, "99\n", "sys/devices/" FAKE_GPU2 "/openvgpu/abi_version");
	ck_assert_int_eq(ovgpu_instance_create(fake.ovgpu, FAKE_GPU2, "1g", "train", NULL, &id,
					       reason, sizeof(reason)), -EPROTO);
	ck_assert_int_eq(ovgpu_instance_remove(fake.ovgpu, FAKE_GPU2, 1, reason,
					       sizeof(reason)), -EPROTO);
}
END_TEST

START_TEST(test_remove)
{
	char reason[OVGPU_TEXT_SIZE];

	add_instance(5, "train\n", "4g.512m\n", "0x0f\n", 0, 4, true);
	ck_assert_int_eq(ovgpu_instance_remove(fake.ovgpu, FAKE_GPU2, 4, reason,
					       sizeof(reason)), -ENOENT);
	ck_assert_int_eq(ovgpu_instance_remove(fake.ovgpu, FAKE_GPU2, 0, reason,
					       sizeof(reason)), -EINVAL);
	ck_assert_int_eq(ovgpu_instance_remove(fake.ovgpu, FAKE_GPU2, 5, reason,
					       sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, "sys/devices/" FAKE_GPU2 "/instances/5/remove"),
			 "1");
}
END_TEST

/* ----------------------------------------------------------------- profiles */

static const struct ovgpu_profile *find_profile(struct ovgpu_profile **list,
						const char *name)
{
	for (; *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	ck_abort_msg("there is no profile %s", name);
	return NULL;
}

START_TEST(test_profiles)
{
	struct ovgpu_profile **list;
	const struct ovgpu_profile *profile;
	unsigned int usual = 0;
	size_t count, i;

	ck_assert_int_eq(ovgpu_profile_list(fake.ovgpu, FAKE_GPU2, &list, &count), 0);
	for (i = 0; i < count; i++)
		usual += list[i]->usual;
	ck_assert_uint_eq(usual, 8);
	profile = find_profile(list, "4g.512m");
	ck_assert(profile->usual && profile->compute_slices == 4 &&
		  profile->memory_slices == 4);
	ck_assert_uint_eq(profile->framebuffer, 512 * MIB);
	ck_assert_uint_eq(profile->available, 2);
	ck_assert_uint_eq(find_profile(list, "1g.128m")->available, 8);
	ck_assert(!find_profile(list, "1g.512m")->usual);
	ck_assert_uint_eq(find_profile(list, "1g.512m")->available, 2);
	ck_assert_uint_eq(find_profile(list, "8g.1g")->available, 1);
	ovgpu_free(list);
	/* A vGPU in the pool: it keeps a slice. */
	add_vgpu(UUID_(1), 0, 0, 0, 16, 0);
	ck_assert_int_eq(ovgpu_profile_list(fake.ovgpu, FAKE_GPU2, &list, &count), 0);
	ck_assert_uint_eq(find_profile(list, "8g.1g")->available, 0);
	ck_assert_uint_eq(find_profile(list, "1g.128m")->available, 7);
	ovgpu_free(list);
	ck_assert_int_eq(ovgpu_profile_list(fake.ovgpu, FAKE_GPU, &list, &count),
			 -EOPNOTSUPP);
	ck_assert_int_eq(ovgpu_profile_list(fake.ovgpu, FAKE_NIC, &list, &count), -ENOENT);
}
END_TEST

START_TEST(test_profiles_of_seven)
{
	struct ovgpu_profile **list;
	unsigned int usual = 0;
	size_t count, i;

	ck_assert_int_eq(ovgpu_profile_list(fake.ovgpu, FAKE_GPU2, &list, &count), 0);
	for (i = 0; i < count; i++)
		usual += list[i]->usual;
	ck_assert_uint_eq(usual, 7);
	ck_assert_uint_eq(find_profile(list, "7g.1g")->available, 1);
	ck_assert_uint_eq(find_profile(list, "3g.512m")->available, 2);
	ovgpu_free(list);
}
END_TEST

/* -------------------------------------------------------------------- plans */

static struct ovgpu_plan_step **plan(const char *const *requests, size_t n,
				     size_t *count)
{
	struct ovgpu_plan_step **steps;

	ck_assert_int_eq(ovgpu_instance_plan(fake.ovgpu, FAKE_GPU2, requests, n, &steps,
					     count), 0);
	ck_assert_ptr_null(steps[*count]);
	return steps;
}

START_TEST(test_plan)
{
	const char *const requests[] = { "4g", "2-256mc", "1g.128m", "1q", "2g" };
	struct ovgpu_plan_step **steps;
	uint32_t taken = 0;
	size_t count, i;

	steps = plan(requests, 5, &count);
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(steps[0]->name, "4g.512m");
	ck_assert_str_eq(steps[1]->name, "openvgpu-2-256mc");
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(steps[i]->kind, OVGPU_PLAN_PLACE);
		ck_assert_uint_eq(steps[i]->request, i);
		ck_assert(steps[i]->made);
		ck_assert_uint_eq(steps[i]->instance, i + 1);
		ck_assert(!(steps[i]->compute_mask & taken));
		taken |= steps[i]->compute_mask;
	}
	ck_assert_uint_eq(steps[0]->size, 512 * MIB);
	ck_assert_uint_eq(steps[1]->size, 256 * MIB);
	ck_assert_int_eq(steps[3]->kind, OVGPU_PLAN_REFUSE);
	ck_assert_int_eq(steps[3]->err, -ENOSPC);
	ck_assert_str_eq(steps[3]->reason,
			 "it needs 1024 MiB of video memory, and 128 MiB are free");
	ck_assert_int_eq(steps[4]->kind, OVGPU_PLAN_REFUSE);
	ck_assert_str_eq(steps[4]->reason,
			 "it needs 2 compute slices, and 1 is free");
	ovgpu_free(steps);
	steps = plan(requests, 0, &count);
	ck_assert_uint_eq(count, 0);
	ovgpu_free(steps);
}
END_TEST

/* Closed vGPUs of the pool lie in both halves; only one half is open. */
START_TEST(test_plan_moves)
{
	const char *const requests[] = { "4g" };
	struct ovgpu_plan_step **steps;
	size_t count;

	add_vgpu(UUID_(1), 0, 0, 0, 16, 4242);
	add_vgpu(UUID_(2), 1, 0, 512, 256, 0);
	steps = plan(requests, 1, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(steps[0]->kind, OVGPU_PLAN_MOVE_VGPU);
	ck_assert_str_eq(steps[0]->uuid, UUID_(2));
	ck_assert_uint_eq(steps[0]->offset_before, 512 * MIB);
	ck_assert_uint_eq(steps[0]->offset, 256 * MIB);
	ck_assert_uint_eq(steps[0]->size, 256 * MIB);
	ck_assert_int_eq(steps[1]->kind, OVGPU_PLAN_PLACE);
	ck_assert_uint_eq(steps[1]->offset, 512 * MIB);
	ovgpu_free(steps);
}
END_TEST

START_TEST(test_plan_moves_an_instance)
{
	const char *const requests[] = { "4g" };
	struct ovgpu_plan_step **steps;
	size_t count;

	add_vgpu(UUID_(1), 0, 0, 0, 16, 4242);
	add_instance(1, "a\n", "2g.256m\n", "0x03\n", 4, 2, false);
	add_vgpu(UUID_(2), 1, 1, 512, 256, 0);
	steps = plan(requests, 1, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(steps[0]->kind, OVGPU_PLAN_MOVE_INSTANCE);
	ck_assert_uint_eq(steps[0]->instance, 1);
	ck_assert_uint_eq(steps[0]->offset_before, 512 * MIB);
	ck_assert_uint_eq(steps[0]->offset, 256 * MIB);
	ck_assert_uint_eq(steps[0]->compute_mask, 3);
	ck_assert_uint_eq(steps[0]->compute_mask_before, 3);
	ck_assert_int_eq(steps[1]->kind, OVGPU_PLAN_PLACE);
	ck_assert_uint_eq(steps[1]->instance, 2);
	ovgpu_free(steps);
}
END_TEST

/* Open ones in both halves: the one with the least memory is named. */
START_TEST(test_plan_obstacles)
{
	const char *const requests[] = { "4g", "1g" };
	struct ovgpu_plan_step **steps;
	size_t count;

	add_vgpu(UUID_(1), 0, 0, 0, 128, 4242);
	add_vgpu(UUID_(2), 1, 0, 512, 16, 4242);
	add_vgpu(UUID_(3), 2, 0, 640, 16, 0);
	steps = plan(requests, 2, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(steps[0]->kind, OVGPU_PLAN_REFUSE);
	ck_assert_int_eq(steps[0]->err, -ENOSPC);
	ck_assert_str_eq(steps[0]->reason,
			 "864 MiB are free, but not 512 MiB in one piece, since open vGPUs lie in the way");
	ck_assert_int_eq(steps[1]->kind, OVGPU_PLAN_OBSTACLE);
	ck_assert_str_eq(steps[1]->uuid, UUID_(2));
	ck_assert_uint_eq(steps[1]->offset, 512 * MIB);
	ck_assert_uint_eq(steps[1]->size, 16 * MIB);
	/* The next request is planned nevertheless. */
	ck_assert_int_eq(steps[2]->kind, OVGPU_PLAN_PLACE);
	ck_assert_uint_eq(steps[2]->request, 1);
	ovgpu_free(steps);
}
END_TEST

START_TEST(test_plan_refusals)
{
	const char *const requests[] = { "9g", "4g.100m", "1g.2g", "2q", "a b", "8g", "4g" };
	static const struct {
		int err;
		const char *reason;
	} wanted[] = {
		{ -EINVAL, "the GPU has no such profile or type" },
		{ -EINVAL, "the GPU has no such profile or type" },
		{ -EINVAL, "the GPU has no such profile or type" },
		{ -EINVAL, "the GPU has no such profile or type" },
		{ -EINVAL, "the GPU has no such profile or type" },
		{ -EBUSY, "it needs all compute slices that the pool has (8), which has 1 vGPU" },
	};
	struct ovgpu_plan_step **steps;
	size_t count, i;

	add_vgpu(UUID_(1), 0, 0, 0, 16, 0);
	steps = plan(requests, 7, &count);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(steps[i]->kind, OVGPU_PLAN_REFUSE);
		ck_assert_int_eq(steps[i]->err, wanted[i].err);
		ck_assert_str_eq(steps[i]->reason, wanted[i].reason);
	}
	ck_assert_int_eq(steps[6]->kind, OVGPU_PLAN_PLACE);
	ovgpu_free(steps);
	fake_write(&fake, "5\n", "sys/devices/" FAKE_GPU2 "/openvgpu/pool_slices_min");
	steps = plan(requests + 6, 1, &count);
	ck_assert_str_eq(steps[0]->reason,
			 "it needs 4 of the pool's 8 compute slices, and pool_slices_min is 5");
	ovgpu_free(steps);
	fake_write(&fake, "best_effort [fixed_share]\n",
		   "sys/devices/" FAKE_GPU2 "/openvgpu/scheduler");
	steps = plan(requests + 6, 1, &count);
	ck_assert_int_eq(steps[0]->err, -EPERM);
	ovgpu_free(steps);
}
END_TEST

/* A module that says nonsense is no reason to crash, or to plan. */
START_TEST(test_nonsense)
{
	static const char *const files[][2] = {
		{ "openvgpu/memory_slices", "7\n" }, { "openvgpu/memory_slices", "9\n" },
		{ "openvgpu/compute_slices", "99\n" }, { "openvgpu/max_vgpus", "65\n" },
		{ "openvgpu/max_vgpus", "\n" }, { "openvgpu/framebuffer_total", "77\n" },
		{ "openvgpu/framebuffer_total", "0\n" },
		{ UUID_(1) "/openvgpu/partition", "64\n" },
		{ UUID_(1) "/openvgpu/instance", "9\n" },
		{ UUID_(1) "/openvgpu/framebuffer_offset", "1\n" },
		{ UUID_(1) "/openvgpu/framebuffer_offset", "1073741824\n" },
		{ UUID_(1) "/openvgpu/framebuffer_size", "0\n" },
		{ "instances/1/compute_mask", "0x100\n" }, { "instances/1/compute_mask", "x\n" },
		{ "instances/1/memory_first", "8\n" }, { "instances/1/memory_slices", "0\n" },
	};
	const char *const requests[] = { "1g" };
	struct ovgpu_plan_step **steps;
	char path[128], before[512];
	size_t count, i;

	add_vgpu(UUID_(1), 0, 0, 0, 16, 0);
	add_instance(1, "a\n", "2g.256m\n", "0x03\n", 4, 2, false);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "sys/devices/" FAKE_GPU2 "/%s", files[i][0]);
		strcpy(before, fake_read(&fake, path));
		fake_write(&fake, files[i][1], "%s", path);
		ck_assert_msg(ovgpu_instance_plan(fake.ovgpu, FAKE_GPU2, requests, 1,
						  &steps, &count) == -EPROTO,
			      "%s is %s", files[i][0], files[i][1]);
		ck_assert_ptr_null(steps);
		fake_write(&fake, before, "%s", path);
	}
	ovgpu_free(plan(requests, 1, &count));
}
END_TEST

/* ----------------------------------------------------------- out of memory */

static int allocate(int call, void **result)
{
	static const char *const requests[] = { "4g", "1g", "1q" };
	size_t count;

	switch (call) {
	case 0:
		return ovgpu_instance_list(fake.ovgpu, FAKE_GPU2,
					   (struct ovgpu_instance ***)result, &count);
	case 1:
		return ovgpu_profile_list(fake.ovgpu, FAKE_GPU2,
					  (struct ovgpu_profile ***)result, &count);
	default:
		return ovgpu_instance_plan(fake.ovgpu, FAKE_GPU2, requests, 3,
					   (struct ovgpu_plan_step ***)result, &count);
	}
}

/* Without memory every call says so, whenever it runs out, and loses nothing. */
START_TEST(test_no_memory)
{
	void *result;

	add_instance(1, "a\n", "2g.256m\n", "0x03\n", 4, 2, false);
	add_vgpu(UUID_(1), 0, 1, 512, 256, 0);
	add_vgpu(UUID_(2), 1, 0, 0, 16, 4242);
	result = no_memory_until_done(allocate, _i, 2);
	ovgpu_free(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library_instances");
	TCase *eight = tcase_create("eight"), *seven = tcase_create("seven");

	tcase_add_checked_fixture(eight, setup, teardown);
	tcase_add_checked_fixture(seven, setup_seven, teardown);
	tcase_add_test(eight, test_what_gpus_and_vgpus_say);
	tcase_add_test(eight, test_list);
	tcase_add_test(eight, test_queues);
	tcase_add_test(eight, test_settings);
	tcase_add_test(eight, test_create);
	tcase_add_test(eight, test_create_refused);
	tcase_add_test(eight, test_remove);
	tcase_add_test(eight, test_profiles);
	tcase_add_test(seven, test_profiles_of_seven);
	tcase_add_test(eight, test_plan);
	tcase_add_test(eight, test_plan_moves);
	tcase_add_test(eight, test_plan_moves_an_instance);
	tcase_add_test(eight, test_plan_obstacles);
	tcase_add_test(eight, test_plan_refusals);
	tcase_add_test(eight, test_nonsense);
	tcase_add_loop_test(eight, test_no_memory, 0, 3);
	suite_add_tcase(suite, eight);
	suite_add_tcase(suite, seven);
	return unit_run(suite, "library_instances");
}
