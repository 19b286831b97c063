// SPDX-License-Identifier: GPL-2.0-only
/*
 * suspend.c - system suspend and resume with vGPUs and instances that nobody has open
 *
 * A program of its own: 9p file systems of the test machine do not come back
 * from it.
 */
#include "plain.h"
#include "spatial.h"

/* Suspend goes as far as to the devices, and comes back after a second. */
static void test_mode(void)
{
	if (access("/sys/power/pm_test", W_OK))
		harness_skip("this kernel has no /sys/power/pm_test");
	OK(host_write("/sys/power/pm_test", "devices"));
	/* How long the system stays down; 5 s unless told. */
	host_write("/sys/module/suspend/parameters/pm_test_delay", "1");
}

TEST(closed_vgpus, ONCE)
{
	struct vgpu used, fresh;
	uint64_t value;
	int error;

	test_mode();
	OK(host_create_any("64mq", fresh.uuid));
	vgpu_make(&used, "64mq");
	fill_words(rt_framebuffer(used.device, 0), MIB, 4);
	vgpu_works(&used, 1);
	vgpu_close(&used);
	error = host_write("/sys/power/state", "mem");
	CHECK(!error, "suspend without open vGPUs: %s", rt_message());
	vgpu_open(&used);
	value = *(volatile uint64_t *)rt_framebuffer(used.device, 4096);
	CHECK(!value, "the slice holds 0x%llx after resume",
	      (unsigned long long)value);
	vgpu_works(&used, 2);
	vgpu_open(&fresh);
	vgpu_works(&fresh, 3);
	vgpu_close(&used);
	vgpu_close(&fresh);
	/* Twice, because resume must leave everything ready for the next. */
	OK(host_write("/sys/power/state", "mem"));
	vgpu_open(&used);
	vgpu_works(&used, 4);
}

/* One of the module's own, of which nothing is outside the processor. */
TEST(software_gpu, ONCE)
{
	unsigned int round;
	struct vgpu vgpu;
	int error;

	test_mode();
	host_choose("f000:00:00.0");
	setenv("OPENVGPU_SERIES", "a", 1);
	plain_make(&vgpu, plain_type());
	for (round = 1; round <= 2; round++) {
		plain_mark(&vgpu, round);
		error = host_write("/sys/power/state", "mem");
		CHECK(error == -EBUSY, "suspending under a vGPU: %s",
		      error ? strerror(-error) : "done");
		CHECK(plain_is_marked(&vgpu, round), "its memory changed in a refused suspend");
		vgpu_close(&vgpu);
		OK(host_write("/sys/power/state", "mem"));
		admin_expect(admin_gpu_path("state"), "up");
		plain_open(&vgpu);
		CHECK(plain_nonzero(&vgpu) < 0, "the slice has something at %ld after resume",
		      plain_nonzero(&vgpu));
		plain_works(&vgpu, round);
	}
	vgpu_remove(&vgpu);
}

#define SEATED	4

/* GPU instances are there after it, with the settings they had. */
TEST(instances, ONCE | SLOW)
{
	static const char *const type[SEATED] = { "64mq", "2-64mq", "2-64mq", "1-64mq" };
	char profile[2 * SIZE_NAME], uuid[UUID_LENGTH + 1], text[TEXT_SIZE];
	struct geometry geometry = spatial_begin();
	struct instance before[INSTANCES];
	struct vgpu vgpu[SEATED];
	unsigned int i, round;
	uint64_t word;
	int error;

	test_mode();
	profile_name(&geometry, 2, 2, profile);
	OK(instance_try(profile, "train compute=1,1"));
	profile_name(&geometry, 1, 2, profile);
	instance_reserve(profile, "kept");
	for (i = 0; i < SEATED; i++) {
		vgpu_make(&vgpu[i], type[i]);
		plain_mark(&vgpu[i], i);
	}
	admin_set(instance_path(queue_of(vgpu[2].uuid), "scheduler"), "equal_share");
	CHECK(instances_read(before) == 4, "%u instances, not 4", instance_count());

	/* Whoever works in one keeps the machine awake, as any vGPU does. */
	for (i = 0; i < SEATED; i++)
		if (i != 2)
			vgpu_close(&vgpu[i]);
	error = host_write("/sys/power/state", "mem");
	CHECK(error == -EBUSY, "suspending under a vGPU of an instance: %s",
	      error ? strerror(-error) : "done");
	CHECK(plain_is_marked(&vgpu[2], 2), "its memory changed in a refused suspend");
	vgpu_works(&vgpu[2], 5);
	vgpu_close(&vgpu[2]);

	/* Twice, because resume must leave everything ready for the next. */
	for (round = 0; round < 2; round++) {
		OK(host_write("/sys/power/state", "mem"));
		admin_expect(admin_gpu_path("state"), "up");
		instances_unchanged(before, "after resume");
		admin_text(instance_path(queue_of(vgpu[2].uuid), "scheduler"), text);
		CHECK(strstr(text, "[equal_share]"), "the scheduler of a queue: '%s'", text);
		for (i = 0; i < SEATED; i++) {
			vgpu_open(&vgpu[i]);
			word = *(volatile uint64_t *)rt_framebuffer(vgpu[i].device, 4096);
			CHECK(!word, "the slice of a %s holds 0x%lx after resume", type[i], word);
			expect_slices_told(&vgpu[i], "after resume");
		}
		for (i = 0; i < SEATED; i++) {
			vgpu_works(&vgpu[i], round + i);
			plain_mark(&vgpu[i], i);
		}
		OK(host_create_any("2-256mq", uuid));
		spatial_check("after resume");
		OK(host_remove(uuid));
		for (i = 0; i < SEATED; i++)
			vgpu_close(&vgpu[i]);
	}
}
