// SPDX-License-Identifier: GPL-2.0-only
/*
 * suspend.c - system suspend and resume with vGPUs that nobody has open
 *
 * A program of its own: 9p file systems of the test machine do not come back
 * from it.
 */
#include "vgpu.h"

TEST(closed_vgpus, ONCE)
{
	struct vgpu used, fresh;
	uint64_t value;
	int error;

	if (access("/sys/power/pm_test", W_OK))
		harness_skip("this kernel has no /sys/power/pm_test");
	OK(host_write("/sys/power/pm_test", "devices"));
	/* How long the system stays down; 5 s unless told. */
	host_write("/sys/module/suspend/parameters/pm_test_delay", "1");
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
