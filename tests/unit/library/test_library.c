// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library.c - libopenvgpu: what it finds in a machine, and what it does not
 * let pass
 */
#include "fake_sysfs.h"
#include "internal.h"
#include "no_memory.h"
#include "unit.h"

static struct fake fake;

static void setup(void)
{
	fake_make(&fake);
}

static void teardown(void)
{
	fake_remove(&fake);
}

/* ------------------------------------------------------------------ lists */

START_TEST(test_gpus)
{
	struct ovgpu_gpu **gpus;
	size_t count;

	ck_assert_int_eq(ovgpu_gpu_list(fake.ovgpu, &gpus, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(gpus[0]->bdf, FAKE_GPU);
	ck_assert_uint_eq(gpus[0]->vgpus, 2);
	ck_assert_str_eq(gpus[1]->bdf, FAKE_GPU2);
	ck_assert_uint_eq(gpus[1]->vgpus, 0);
	ck_assert_ptr_null(gpus[2]);
	ovgpu_free(gpus);
}
END_TEST

START_TEST(test_types)
{
	struct ovgpu_type **types;
	size_t count;

	ck_assert_int_eq(ovgpu_type_list(fake.ovgpu, FAKE_GPU2, &types, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(types[0]->id, "openvgpu-256mq");
	ck_assert_str_eq(types[0]->gpu, FAKE_GPU2);
	ck_assert_str_eq(types[0]->device_api, "vfio-pci");
	ck_assert_uint_eq(types[0]->available, 2);
	ck_assert_uint_eq(types[0]->framebuffer, 256 << 20);
	ck_assert_uint_eq(types[1]->framebuffer, 1024 << 20);
	ck_assert_ptr_null(types[2]);
	ovgpu_free(types);
	ck_assert_int_eq(ovgpu_type_list(fake.ovgpu, FAKE_NIC, &types, &count),
			 -ENOENT);
	ck_assert_ptr_null(types);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_vgpus)
{
	struct ovgpu_vgpu **vgpus, *vgpu;
	size_t count;

	ck_assert_int_eq(ovgpu_vgpu_list(fake.ovgpu, &vgpus, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(vgpus[0]->uuid, FAKE_USED);
	ck_assert_int_eq(vgpus[0]->owner_pid, FAKE_PID);
	ck_assert_str_eq(vgpus[0]->owner_name, "qemu-system-x86");
	ck_assert_str_eq(vgpus[1]->uuid, FAKE_IDLE);
	ck_assert_str_eq(vgpus[1]->gpu, FAKE_GPU);
	ck_assert_str_eq(vgpus[1]->type, "openvgpu-256mq");
	ck_assert_int_eq(vgpus[1]->owner_pid, 0);
	ck_assert_int_eq(vgpus[1]->iommu_group, -1);
	ck_assert_ptr_null(vgpus[2]);
	ovgpu_free(vgpus);
	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_IDLE, &vgpu), 0);
	ck_assert_str_eq(vgpu->type_name, "OpenVGPU TEST");
	ovgpu_free(vgpu);
	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_NEW, &vgpu), -ENOENT);
	ck_assert_ptr_null(vgpu);
	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_FOREIGN, &vgpu), -ENODEV);
}
END_TEST

/* What a guest's driver says of itself: all of it, or nothing. */
START_TEST(test_guest_driver)
{
	static const char *const nothing[] = {
		"none\n", "", "1.2.3\n", "1.2.3 1.0-1.2\n", "1.2.3  ok\n", "1 2 3 4\n", " 1 2\n",
	};
	struct ovgpu_vgpu *vgpu;
	size_t i;

	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_USED, &vgpu), 0);
	ck_assert_str_eq(vgpu->guest_driver, "0.2.0");
	ck_assert_str_eq(vgpu->guest_interface, "1.0-1.2");
	ck_assert_str_eq(vgpu->guest_verdict, "ok");
	ovgpu_free(vgpu);
	for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		fake_write(&fake, nothing[i], "sys/devices/%s/%s/openvgpu/guest_driver", FAKE_GPU,
			   FAKE_USED);
		ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_USED, &vgpu), 0);
		ck_assert_msg(!vgpu->guest_driver[0] && !vgpu->guest_interface[0] &&
			      !vgpu->guest_verdict[0], "'%s' is %s, %s, %s", nothing[i],
			      vgpu->guest_driver, vgpu->guest_interface, vgpu->guest_verdict);
		ovgpu_free(vgpu);
	}
}
END_TEST

static void check_owner(const char *name, bool ended)
{
	struct ovgpu_vgpu *vgpu;

	ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, FAKE_USED, &vgpu), 0);
	ck_assert_int_eq(vgpu->owner_pid, FAKE_PID);
	ck_assert_str_eq(vgpu->owner_name, name);
	ck_assert_int_eq(vgpu->owner_ended, ended);
	ovgpu_free(vgpu);
}

/* The driver's numbers of processes are the machine's. */
START_TEST(test_owner)
{
	char path[256];

	check_owner("qemu-system-x86", false);
	fake_link(&fake, "proc/self/ns/pid", "proc/self/ns/pid:[4026531836]");
	check_owner("qemu-system-x86", false);
	/* A container with a procfs of its own. */
	fake_link(&fake, "proc/self/ns/pid", "proc/self/ns/pid:[4026532712]");
	fake_write(&fake, "Name:\tx\nNSpid:\t17\nNSpgid:\t17\t18\n", "proc/self/status");
	check_owner("", false);
	/* And one with the machine's. */
	fake_write(&fake, "Name:\tx\nNSpid:\t4711\t17\nNSpgid:\t17\n", "proc/self/status");
	check_owner("qemu-system-x86", false);

	/* It has ended; or, where we see our own processes only, may have not. */
	snprintf(path, sizeof(path), "%s/proc/%d/comm", fake.top, FAKE_PID);
	ck_assert_int_eq(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(rmdir(path), 0);
	check_owner("", false);
	fake_write(&fake, "init\n", "proc/1/comm");
	check_owner("", true);
	fake_write(&fake, "Name:\tx\nNSpid:\t17\n", "proc/self/status");
	check_owner("", false);
}
END_TEST

/* A machine without the driver, and then without anything. */
START_TEST(test_nothing)
{
	struct ovgpu_switch **switches;
	struct ovgpu_vgpu **vgpus;
	struct ovgpu_gpu **gpus;
	struct ovgpu *ovgpu;
	char path[128];
	size_t count;

	snprintf(path, sizeof(path), "%s/root", fake.top);
	ck_assert_int_eq(ovgpu_open(&ovgpu, path, path, path), 0);
	ck_assert_int_eq(ovgpu_gpu_list(ovgpu, &gpus, &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_nonnull(gpus);
	ck_assert_ptr_null(gpus[0]);
	ovgpu_free(gpus);
	ck_assert_int_eq(ovgpu_vgpu_list(ovgpu, &vgpus, &count), 0);
	ck_assert_ptr_null(vgpus[0]);
	ovgpu_free(vgpus);
	ck_assert_int_eq(ovgpu_switch_log(ovgpu, FAKE_GPU, &switches, &count),
			 -EOPNOTSUPP);
	ovgpu_close(ovgpu);
	snprintf(path, sizeof(path), "%s/nowhere", fake.top);
	ck_assert_int_eq(ovgpu_open(&ovgpu, path, path, path), -ENOENT);
	ovgpu_close(NULL);
	ovgpu_free(NULL);
	/* The real places are the default. */
	ck_assert_int_eq(ovgpu_open(&ovgpu, NULL, NULL, NULL), 0);
	ck_assert(ovgpu_exists(ovgpu, OVGPU_PROC, "self/comm"));
	ck_assert(ovgpu_exists(ovgpu, OVGPU_SYSFS, "kernel"));
	ovgpu_close(ovgpu);
}
END_TEST

/* ------------------------------------------------------------- attributes */

START_TEST(test_attributes)
{
	struct ovgpu_attribute **attributes;
	char value[OVGPU_NAME_SIZE], tiny[4];
	size_t count, i, found = 0;

	char path[256];

	/* Write-only, as a type's create. */
	fake_write(&fake, "x\n", "sys/devices/%s/%s/stats/clear", FAKE_GPU,
		   FAKE_IDLE);
	snprintf(path, sizeof(path), "%s/sys/devices/%s/%s/stats/clear", fake.top,
		 FAKE_GPU, FAKE_IDLE);
	ck_assert_int_eq(chmod(path, 0200), 0);
	ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					  "stats", &attributes, &count), 0);
	ck_assert_uint_eq(count, 3);
	for (i = 0; attributes[i]; i++) {
		ck_assert(!i || strcmp(attributes[i - 1]->name,
				       attributes[i]->name) < 0);
		if (!strcmp(attributes[i]->name, "busy_ns"))
			found += !strcmp(attributes[i]->value, "900");
	}
	ck_assert_uint_eq(i, count);
	ck_assert_uint_eq(found, 1);
	ovgpu_free(attributes);
	ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, OVGPU_GPU, FAKE_GPU,
					  "openvgpu", &attributes, &count), 0);
	ck_assert_uint_eq(count, 14);
	ovgpu_free(attributes);
	ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, OVGPU_GPU, FAKE_GPU,
					  "stats", &attributes, &count), -ENOENT);
	ck_assert_int_eq(ovgpu_attribute_get(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					     "stats", "run_ns", value,
					     sizeof(value)), 0);
	ck_assert_str_eq(value, "18446744073709551615");
	ck_assert_int_eq(ovgpu_attribute_get(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					     "stats", "run_ns", tiny,
					     sizeof(tiny)), 0);
	ck_assert_str_eq(tiny, "184");
	ck_assert_int_eq(ovgpu_attribute_get(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					     "stats", "nothing", value,
					     sizeof(value)), -ENOENT);
	ck_assert_str_eq(value, "");
}
END_TEST

/* No name gets out of its directory, whoever forgot to check it. */
START_TEST(test_bad_names)
{
	static const char *const bad[] = {
		"", ".", "..", "/", "../../../etc", FAKE_GPU "/..", FAKE_IDLE "/",
		"0000:01:00.0\n", "01:00.0", "0000:01:00.0 ", "0000:0A:00.0",
		"AAAAAAAA-1111-4111-8111-111111111111", "\xff\xfe",
		"11111111-1111-4111-8111-11111111111", "%s%n",
	};
	char value[OVGPU_NAME_SIZE], reason[OVGPU_TEXT_SIZE];
	struct ovgpu_attribute **attributes;
	struct ovgpu_sched_vgpu *sched_vgpu;
	struct ovgpu_sched_gpu *sched_gpu;
	struct ovgpu_switch **switches;
	struct ovgpu_device *device;
	struct ovgpu_type **types;
	struct ovgpu_vgpu *vgpu;
	unsigned int object, i;
	size_t count;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(ovgpu_vgpu_get(fake.ovgpu, bad[i], &vgpu), -EINVAL);
		ck_assert_int_eq(ovgpu_remove(fake.ovgpu, bad[i]), -EINVAL);
		ck_assert_int_eq(ovgpu_type_list(fake.ovgpu, bad[i], &types, &count),
				 -EINVAL);
		ck_assert_int_eq(ovgpu_switch_log(fake.ovgpu, bad[i], &switches,
						  &count), -EINVAL);
		ck_assert_int_eq(ovgpu_sched_gpu_get(fake.ovgpu, bad[i],
						     &sched_gpu), -EINVAL);
		ck_assert_int_eq(ovgpu_sched_vgpu_get(fake.ovgpu, bad[i], 0, false,
						      &sched_vgpu), -EINVAL);
		ck_assert_int_eq(ovgpu_create(fake.ovgpu, bad[i], "openvgpu-1q",
					      FAKE_NEW, reason, sizeof(reason)),
				 -EINVAL);
		ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, "openvgpu-1q",
					      bad[i], reason, sizeof(reason)),
				 -EINVAL);
		ck_assert_int_eq(ovgpu_create(fake.ovgpu, FAKE_GPU, bad[i], FAKE_NEW,
					      reason, sizeof(reason)), -EINVAL);
		ck_assert_int_eq(ovgpu_device_get(fake.ovgpu, bad[i], &device),
				 -EINVAL);
		ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, bad[i], "vfio-pci",
						 reason, sizeof(reason)), -EINVAL);
		ck_assert_int_eq(ovgpu_take_back(fake.ovgpu, bad[i], reason,
						 sizeof(reason)), -EINVAL);
		ck_assert_str_eq(reason, "");
		for (object = OVGPU_GPU; object <= OVGPU_VGPU; object++) {
			const struct ovgpu_setting *setting = ovgpu_setting(object, 1);
			const char *of = object == OVGPU_GPU ? FAKE_GPU : FAKE_IDLE;

			ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, object, bad[i],
							  "openvgpu", &attributes,
							  &count), -EINVAL);
			ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, object, of,
							  bad[i], &attributes,
							  &count), -EINVAL);
			ck_assert_int_eq(ovgpu_attribute_get(fake.ovgpu, object, of,
							     "openvgpu", bad[i],
							     value, sizeof(value)),
					 -EINVAL);
			ck_assert_int_eq(ovgpu_setting_write(fake.ovgpu, object,
							     bad[i], setting, "1",
							     reason, sizeof(reason)),
					 -EINVAL);
			ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, object,
							    bad[i], setting, value,
							    sizeof(value), NULL, 0),
					 -EINVAL);
			ck_assert(!ovgpu_setting_exists(fake.ovgpu, object, bad[i],
							setting));
		}
	}
}
END_TEST

/* ------------------------------------------------ GPUs of other drivers */

#define DEVICE2		"sys/devices/" FAKE_GPU2

static void fake_driver(const char *bdf, const char *driver)
{
	char name[96], target[96];

	snprintf(name, sizeof(name), "sys/devices/%s/driver", bdf);
	snprintf(target, sizeof(target), "sys/bus/pci/drivers/%s", driver);
	fake_link(&fake, name, target);
}

static void fake_drivers(void)
{
	fake_write(&fake, "6.12.1\n", "proc/sys/kernel/osrelease");
	fake_write(&fake, "alias pci:v00001234d00005247* openvgpu\n"
		   "alias pci:v00008086d* e1000e\n", "root/lib/modules/6.12.1/modules.alias");
	fake_driver(FAKE_GPU, "openvgpu");
	fake_driver(FAKE_GPU2, "openvgpu");
	fake_write(&fake, "pci:v00001234d00005247sv\n", DEVICE2 "/modalias");
	fake_write(&fake, "(null)\n", DEVICE2 "/driver_override");
	fake_write(&fake, "0\n", DEVICE2 "/openvgpu/hand_over");
	fake_write(&fake, "", "sys/bus/pci/drivers/openvgpu/unbind");
	fake_write(&fake, "", "sys/bus/pci/drivers/vfio-pci/unbind");
	fake_write(&fake, "", "sys/bus/pci/drivers_probe");
}

/* Those that it has, and those that its module would take. */
START_TEST(test_devices)
{
	struct ovgpu_device **devices, *device;
	struct ovgpu_gpu **gpus;
	size_t count;

	fake_drivers();
	ck_assert_int_eq(ovgpu_device_list(fake.ovgpu, &devices, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(devices[0]->bdf, FAKE_GPU);
	ck_assert(!devices[0]->known);
	ck_assert_str_eq(devices[1]->driver, "openvgpu");
	ck_assert_str_eq(devices[1]->driver_override, "");
	ck_assert(devices[1]->known && !devices[1]->handed_over);
	ck_assert_ptr_null(devices[2]);
	ovgpu_free(devices);

	fake_driver(FAKE_GPU2, "vfio-pci");
	ck_assert_int_eq(ovgpu_device_get(fake.ovgpu, FAKE_GPU2, &device), 0);
	ck_assert(!device->handed_over);
	ovgpu_free(device);
	fake_write(&fake, "vfio-pci\n", DEVICE2 "/driver_override");
	ck_assert_int_eq(ovgpu_device_list(fake.ovgpu, &devices, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert(devices[1]->handed_over);
	ck_assert_str_eq(devices[1]->driver_override, "vfio-pci");
	ovgpu_free(devices);
	/* One that the module does not take by itself must be a display. */
	fake_write(&fake, "pci:v00001234d00001111sv\n", DEVICE2 "/modalias");
	ck_assert_int_eq(ovgpu_device_get(fake.ovgpu, FAKE_GPU2, &device), 0);
	ck_assert(!device->known && !device->handed_over);
	ovgpu_free(device);
	fake_write(&fake, "0x038000\n", DEVICE2 "/class");
	ck_assert_int_eq(ovgpu_device_get(fake.ovgpu, FAKE_GPU2, &device), 0);
	ck_assert(!device->known && device->handed_over);
	ovgpu_free(device);

	ck_assert_int_eq(ovgpu_device_get(fake.ovgpu, "0000:99:00.0", &device), -ENOENT);
	ck_assert_ptr_null(device);
	/* Without a list of modules it is those that the driver has. */
	fake_write(&fake, "../..\n", "proc/sys/kernel/osrelease");
	ck_assert_int_eq(ovgpu_device_list(fake.ovgpu, &devices, &count), 0);
	ck_assert_uint_eq(count, 1);
	ovgpu_free(devices);
	ck_assert_int_eq(ovgpu_gpu_list(fake.ovgpu, &gpus, &count), 0);
	ovgpu_free(gpus);
}
END_TEST

START_TEST(test_firmware_mode)
{
	struct ovgpu_firmware_mode mode;

	ck_assert_int_eq(ovgpu_firmware_mode_get(fake.ovgpu, "..", &mode), -EINVAL);
	ck_assert_int_eq(ovgpu_firmware_mode_get(fake.ovgpu, FAKE_GPU2, &mode), -ENOENT);
	fake_write(&fake, "none\n", DEVICE2 "/openvgpu/firmware_mode");
	fake_write(&fake, "none\n", DEVICE2 "/openvgpu/firmware_mode_next");
	ck_assert_int_eq(ovgpu_firmware_mode_get(fake.ovgpu, FAKE_GPU2, &mode), 0);
	ck_assert_str_eq(mode.now, "");
	ck_assert_str_eq(mode.choices, "");
	fake_write(&fake, "[mixed] graphics compute\n", DEVICE2 "/openvgpu/firmware_mode");
	fake_write(&fake, "mixed graphics [compute]\n",
		   DEVICE2 "/openvgpu/firmware_mode_next");
	ck_assert_int_eq(ovgpu_firmware_mode_get(fake.ovgpu, FAKE_GPU2, &mode), 0);
	ck_assert_str_eq(mode.now, "mixed");
	ck_assert_str_eq(mode.next, "compute");
	ck_assert_str_eq(mode.choices, "mixed graphics compute");
}
END_TEST

START_TEST(test_gpu_lock)
{
	char reason[OVGPU_TEXT_SIZE];
	int fd;

	ck_assert_int_eq(ovgpu_gpu_lock(fake.ovgpu, "../x"), -EINVAL);
	ck_assert_int_eq(ovgpu_gpu_lock(fake.ovgpu, "0000:99:00.0"), -ENOENT);
	fd = ovgpu_gpu_lock(fake.ovgpu, FAKE_GPU2);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ovgpu_gpu_lock(fake.ovgpu, FAKE_GPU2), -EBUSY);
	ck_assert_int_eq(ovgpu_take_back(fake.ovgpu, FAKE_GPU2, reason, sizeof(reason)),
			 -EBUSY);
	ck_assert_ptr_nonnull(strstr(reason, "another process"));
	close(fd);
	fd = ovgpu_gpu_lock(fake.ovgpu, FAKE_GPU2);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

/* Drivers do not move here: tests/unit/cli/test_cli_gpu.py has those that do. */
START_TEST(test_hand_over)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "a b", "\n", "openvgpu" };
	char reason[OVGPU_TEXT_SIZE];
	size_t i;

	fake_drivers();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, FAKE_GPU2, bad[i], reason,
						 sizeof(reason)), -EINVAL);
	ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, FAKE_GPU2, "nouveau", reason,
					 sizeof(reason)), -ENOENT);
	ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, FAKE_NIC, "vfio-pci", reason,
					 sizeof(reason)), -ENODEV);
	ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, FAKE_GPU, "vfio-pci", reason,
					 sizeof(reason)), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(reason, "older"));
	ck_assert_str_eq(fake_read(&fake, "sys/bus/pci/drivers/openvgpu/unbind"), "");

	/* What does not bind is given back. */
	ck_assert_int_eq(ovgpu_hand_over(fake.ovgpu, FAKE_GPU2, "vfio-pci", reason,
					 sizeof(reason)), -EIO);
	ck_assert_ptr_nonnull(strstr(reason, "vfio-pci did not take it"));
	ck_assert_str_eq(fake_read(&fake, "sys/bus/pci/drivers/openvgpu/unbind"), FAKE_GPU2);
	ck_assert_str_eq(fake_read(&fake, DEVICE2 "/openvgpu/hand_over"), "0\n");
	/* A write of no override is a newline, over what was there. */
	ck_assert_int_eq(fake_read(&fake, DEVICE2 "/driver_override")[0], '\n');

	ck_assert_int_eq(ovgpu_take_back(fake.ovgpu, "0000:99:00.0", reason,
					 sizeof(reason)), -ENOENT);
	fake_write(&fake, "1\n", DEVICE2 "/openvgpu/hand_over");
	fake_write(&fake, "(null)\n", DEVICE2 "/driver_override");
	ck_assert_int_eq(ovgpu_take_back(fake.ovgpu, FAKE_GPU2, reason, sizeof(reason)), 0);
	ck_assert_str_eq(fake_read(&fake, DEVICE2 "/openvgpu/hand_over"), "0\n");
	ck_assert_str_eq(fake_read(&fake, DEVICE2 "/driver_override"), "(null)\n");
}
END_TEST

/* -------------------------------------------------------------- scheduler */

START_TEST(test_scheduler)
{
	struct ovgpu_sched_vgpu *vgpu;
	struct ovgpu_sched_gpu *gpu;
	const uint64_t *waits;
	size_t count;
	int i;

	ck_assert_int_eq(ovgpu_sched_gpu_get(fake.ovgpu, FAKE_GPU, &gpu), 0);
	ck_assert_str_eq(gpu->scheduler, "best_effort");
	ck_assert_str_eq(gpu->schedulers, "best_effort equal_share fixed_share");
	ck_assert_uint_eq(ovgpu_sched_gpu_setting(gpu, OVGPU_SCHED_HZ).number, 480);
	ck_assert(!ovgpu_sched_gpu_setting(gpu, OVGPU_SCHEDULER).known);
	ck_assert(!ovgpu_sched_gpu_setting(gpu, 1000).known);
	ovgpu_free(gpu);
	ck_assert_int_eq(ovgpu_sched_gpu_get(fake.ovgpu, FAKE_NIC, &gpu), -ENOENT);

	ck_assert_int_eq(ovgpu_sched_vgpu_get(fake.ovgpu, FAKE_USED,
					      OVGPU_COUNTER(OVGPU_RUN_NS), true,
					      &vgpu), 0);
	ck_assert_uint_eq(ovgpu_sched_vgpu_counter(vgpu, OVGPU_RUN_NS).number,
			  UINT64_MAX);
	ck_assert(!ovgpu_sched_vgpu_counter(vgpu, OVGPU_BUSY_NS).known);
	ck_assert(!ovgpu_sched_vgpu_counter(vgpu, 1000).known);
	ck_assert_uint_eq(ovgpu_sched_vgpu_setting(vgpu, OVGPU_WEIGHT).number, 100);
	ck_assert(!ovgpu_sched_vgpu_setting(vgpu, 1000).known);
	count = ovgpu_sched_vgpu_waits(vgpu, &waits);
	ck_assert_uint_eq(count, 32);
	ck_assert_uint_eq(waits[1], 5);
	ck_assert_uint_eq(waits[31], 1);
	ovgpu_free(vgpu);
	ck_assert_int_eq(ovgpu_sched_vgpu_get(fake.ovgpu, FAKE_USED,
					      OVGPU_ALL_COUNTERS, false, &vgpu), 0);
	ck_assert(ovgpu_sched_vgpu_counter(vgpu, OVGPU_BUSY_NS).known);
	/* This module has no such file. */
	ck_assert(!ovgpu_sched_vgpu_counter(vgpu, OVGPU_SLICES).known);
	ck_assert_uint_eq(ovgpu_sched_vgpu_waits(vgpu, &waits), 0);
	ovgpu_free(vgpu);
	for (i = 0; ovgpu_counter_name(i); i++)
		ck_assert(ovgpu_file_name_valid(ovgpu_counter_name(i)));
	ck_assert(ovgpu_counter_is_hardware(OVGPU_BUSY_NS));
	ck_assert(ovgpu_counter_is_hardware(OVGPU_PREEMPT_MAX_NS));
	ck_assert(!ovgpu_counter_is_hardware(OVGPU_RUN_NS));
	ck_assert(!ovgpu_counter_is_hardware(OVGPU_FAULTS));
	ck_assert(!ovgpu_counter_is_hardware(1000));
	ck_assert_int_eq(i, OVGPU_WAIT_SUM_NS + 1);
}
END_TEST

START_TEST(test_switch_log)
{
	struct ovgpu_switch **switches;
	size_t count;

	ck_assert_int_eq(ovgpu_switch_log(fake.ovgpu, FAKE_GPU, &switches, &count),
			 -EOPNOTSUPP);
	fake_write(&fake, "# A B\n1 0 3 " FAKE_USED " quantum 4 5 6 7\n"
		   "2 0 - - slot 4 5 6 7 8\n",
		   "sys/kernel/debug/openvgpu/%s/switches", FAKE_GPU);
	ck_assert_int_eq(ovgpu_switch_log(fake.ovgpu, FAKE_GPU, &switches, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(switches[0]->uuid, FAKE_USED);
	ck_assert_int_eq(switches[1]->partition, -1);
	ck_assert_uint_eq(switches[1]->wait_ns, 7);
	ck_assert_ptr_null(switches[2]);
	ovgpu_free(switches);
	ck_assert_int_eq(ovgpu_switch_log(fake.ovgpu, FAKE_GPU2, &switches, &count),
			 -ENOENT);
	fake_write(&fake, "1 0 3 x\n", "sys/kernel/debug/openvgpu/%s/switches",
		   FAKE_GPU);
	ck_assert_int_eq(ovgpu_switch_log(fake.ovgpu, FAKE_GPU, &switches, &count),
			 -EPROTO);
	ck_assert_ptr_null(switches);
}
END_TEST

/* ------------------------------------------------------------------ texts */

START_TEST(test_errors)
{
	/* What documents and headers say that functions return. */
	static const int errors[] = {
		EPERM, ENOENT, EINTR, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, EEXIST,
		ENODEV, ENOTDIR, EINVAL, EMFILE, ENFILE, EFBIG, ENOSPC, EROFS,
		ERANGE, ENAMETOOLONG, ELOOP, EPROTO, EOVERFLOW, EOPNOTSUPP,
		EUSERS, ENOBUFS, ENOTCONN, ETIMEDOUT, EAFNOSUPPORT,
		EPROTONOSUPPORT,
	};
	size_t i;

	ck_assert_str_eq(ovgpu_strerror(-ENOSPC), ovgpu_strerror(ENOSPC));
	ck_assert_ptr_eq(ovgpu_strerror(-ENOSPC), ovgpu_strerror(-ENOSPC));
	ck_assert_str_ne(ovgpu_strerror(-ENOSPC), ovgpu_strerror(-EUSERS));
	ck_assert_ptr_nonnull(ovgpu_strerror(0));
	ck_assert_str_eq(ovgpu_strerror(-123456), "Unknown error");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		ck_assert_str_eq(ovgpu_strerror(-errors[i]), strerror(errors[i]));
	ck_assert_ptr_nonnull(ovgpu_strerror(INT32_MIN));
	ck_assert_str_eq(ovgpu_version(), "1.2.3");
}
END_TEST

START_TEST(test_names)
{
	char uuid[OVGPU_UUID_SIZE], other[OVGPU_UUID_SIZE], bdf[OVGPU_BDF_SIZE];
	char type[OVGPU_NAME_SIZE];
	uint64_t number;

	ck_assert_int_eq(ovgpu_uuid_generate(uuid), 0);
	ck_assert_int_eq(ovgpu_uuid_generate(other), 0);
	ck_assert_str_ne(uuid, other);
	ck_assert_int_eq(ovgpu_uuid_parse(uuid, other), 0);
	ck_assert_str_eq(uuid, other);
	ck_assert_int_eq(ovgpu_bdf_parse("3B:00.7", bdf), 0);
	ck_assert_str_eq(bdf, "0000:3b:00.7");
	ck_assert_int_eq(ovgpu_bdf_parse("12345678:3b:00.0", bdf), 0);
	ck_assert_int_eq(ovgpu_bdf_parse("123456789:3b:00.0", bdf), -EINVAL);
	ck_assert_int_eq(ovgpu_type_parse("1q", type), 0);
	ck_assert_str_eq(type, "openvgpu-1q");
	ck_assert_int_eq(ovgpu_type_parse("openvgpu-", type), -EINVAL);
	ck_assert_int_eq(ovgpu_number_parse("18446744073709551615", &number), 0);
	ck_assert_int_eq(ovgpu_number_parse("18446744073709551616", &number),
			 -ERANGE);
	ck_assert_int_eq(ovgpu_number_parse("-1", &number), -EINVAL);
}
END_TEST

/* Big values, broken links, binary: never more than an error. */
START_TEST(test_hostile_tree)
{
	struct ovgpu_attribute **attributes;
	struct ovgpu_vgpu **vgpus;
	char value[OVGPU_NAME_SIZE];
	struct ovgpu_type **types;
	static char big[100000];
	size_t count;

	memset(big, 'x', sizeof(big) - 1);
	fake_write(&fake, big, "sys/devices/%s/%s/openvgpu/weight", FAKE_GPU,
		   FAKE_IDLE);
	fake_write(&fake, big, "sys/devices/%s/%s/openvgpu/owner_pid", FAKE_GPU,
		   FAKE_IDLE);
	fake_write(&fake, "99999999999\n", "sys/devices/%s/%s/openvgpu/owner_pid",
		   FAKE_GPU, FAKE_USED);
	fake_link(&fake, "sys/bus/mdev/devices/" FAKE_NEW, "sys/nowhere");
	ck_assert_int_eq(ovgpu_vgpu_list(fake.ovgpu, &vgpus, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(vgpus[0]->owner_pid, 0);
	ovgpu_free(vgpus);
	ck_assert_int_eq(ovgpu_attributes(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					  "openvgpu", &attributes, &count), 0);
	ovgpu_free(attributes);
	ck_assert_int_eq(ovgpu_setting_read(fake.ovgpu, OVGPU_VGPU, FAKE_IDLE,
					    ovgpu_setting(OVGPU_VGPU, OVGPU_WEIGHT),
					    value, sizeof(value), NULL, 0), -EPROTO);
	ck_assert_str_eq(value, "");
	fake_write(&fake, "-3\n",
		   "sys/devices/%s/mdev_supported_types/openvgpu-1q/available_instances",
		   FAKE_GPU);
	ck_assert_int_eq(ovgpu_type_list(fake.ovgpu, FAKE_GPU, &types, &count),
			 -EPROTO);
	ck_assert_ptr_null(types);
}
END_TEST

/* ----------------------------------------------------------- out of memory */

/* Calls number @call, which allocates; *@result is what it gives. */
static int allocate(int call, void **result)
{
	struct ovgpu **handle = (struct ovgpu **)result;
	size_t count;

	switch (call) {
	case 0:
		return ovgpu_gpu_list(fake.ovgpu, (struct ovgpu_gpu ***)result, &count);
	case 1:
		return ovgpu_type_list(fake.ovgpu, FAKE_GPU,
				       (struct ovgpu_type ***)result, &count);
	case 2:
		return ovgpu_vgpu_list(fake.ovgpu, (struct ovgpu_vgpu ***)result,
				       &count);
	case 3:
		return ovgpu_vgpu_get(fake.ovgpu, FAKE_USED,
				      (struct ovgpu_vgpu **)result);
	case 4:
		return ovgpu_attributes(fake.ovgpu, OVGPU_VGPU, FAKE_USED, "stats",
					(struct ovgpu_attribute ***)result, &count);
	case 5:
		return ovgpu_sched_gpu_get(fake.ovgpu, FAKE_GPU,
					   (struct ovgpu_sched_gpu **)result);
	case 6:
		return ovgpu_sched_vgpu_get(fake.ovgpu, FAKE_USED,
					    OVGPU_ALL_COUNTERS, true,
					    (struct ovgpu_sched_vgpu **)result);
	case 7:
		return ovgpu_switch_log(fake.ovgpu, FAKE_GPU,
					(struct ovgpu_switch ***)result, &count);
	case 8:
		return ovgpu_directory(fake.ovgpu, OVGPU_SYSFS, (char ***)result,
				       &count, "bus/mdev/devices");
	case 9:
		return ovgpu_device_list(fake.ovgpu, (struct ovgpu_device ***)result,
					 &count);
	case 10:
		return ovgpu_device_get(fake.ovgpu, FAKE_GPU2,
					(struct ovgpu_device **)result);
	default:
		return ovgpu_open(handle, "/", "/", "/");
	}
}

/* Without memory every call says so, whenever it runs out, and loses nothing. */
START_TEST(test_no_memory)
{
	void *result;

	fake_write(&fake, "1 0 - - slot 4 5 6 7\n",
		   "sys/kernel/debug/openvgpu/%s/switches", FAKE_GPU);
	fake_drivers();
	result = no_memory_until_done(allocate, _i, 0);
	if (_i == 11)
		ovgpu_close(result);
	else
		ovgpu_free(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library");
	TCase *tests = tcase_create("library");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_gpus);
	tcase_add_test(tests, test_types);
	tcase_add_test(tests, test_vgpus);
	tcase_add_test(tests, test_guest_driver);
	tcase_add_test(tests, test_owner);
	tcase_add_test(tests, test_nothing);
	tcase_add_test(tests, test_attributes);
	tcase_add_test(tests, test_bad_names);
	tcase_add_test(tests, test_devices);
	tcase_add_test(tests, test_hand_over);
	tcase_add_test(tests, test_firmware_mode);
	tcase_add_test(tests, test_gpu_lock);
	tcase_add_test(tests, test_scheduler);
	tcase_add_test(tests, test_switch_log);
	tcase_add_test(tests, test_errors);
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_hostile_tree);
	tcase_add_loop_test(tests, test_no_memory, 0, 12);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "library");
}
