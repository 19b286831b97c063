// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - the scheduler's settings: every value that is allowed and every
 * kind that is not, while vGPUs work and while they don't
 */
#include <stdio.h>
#include <sys/stat.h>

#include "admin.h"
#include "vm.h"

#define PARAMETERS	"/sys/module/openvgpu/parameters/"

/**
 * struct setting - an attribute that takes a number
 * @name: of the file, for a vGPU with its folder
 * @start: what it says at first
 * @min: smallest value allowed
 * @max: largest
 * @zero: 0 is allowed too, and goes back to @start
 */
struct setting {
	const char *name;
	uint64_t start, min, max;
	bool zero;
};

static const struct setting gpu_settings[] = {
	{ "sched_hz", 480, 1, 10000, true },
	{ "timeslice_us", 2083, 100, 1000000, true },
	{ "timeslice_max_us", 20000, 100, 1000000, false },
	{ "wake_budget_permille", 60, 0, 1000, false },
	{ "averaging_factor", 33, 1, 60, false },
	{ "preempt_timeout_us", 500000, 100, 10000000, false },
	{ "fault_limit", 3, 0, 100, false },
	{ "fault_window_s", 60, 1, 3600, false },
};

static const struct setting vgpu_settings[] = {
	{ "openvgpu/weight", 100, 1, 10000, false },
	{ "openvgpu/cap_percent", 100, 1, 100, false },
	{ "openvgpu/cap_ceiling_percent", 100, 1, 100, false },
	{ "openvgpu/timeslice_us", 0, 100, 1000000, true },
	{ "openvgpu/frozen", 0, 0, 1, false },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void expect_refused(const char *path, const char *text,
			   const char *const words[], unsigned int count)
{
	admin_refused(path, text, EINVAL, words, count);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* @uuid: whose attribute it is, NULL: the GPU's. */
static void try_setting(const struct setting *setting, const char *path,
			const char *uuid)
{
	static const char *const garbage[] = {
		"\n", "x\n", "-1\n", "+1\n", "1x\n", " 1\n", "1 ", "1\n\n",
		"0x1\n", "1.5\n", "one", "best_effort\n", "\x01\x7f\n",
	};
	static const char *const huge[] = {
		"18446744073709551615\n", "18446744073709551616\n",
		"99999999999999999999999999\n", "4294967297\n",
	};
	char min[32], max[32], outside[32];
	const char *words[4];
	unsigned int i;

	snprintf(min, sizeof(min), "%llu", (unsigned long long)setting->min);
	snprintf(max, sizeof(max), "%llu", (unsigned long long)setting->max);
	words[0] = base_name(setting->name);
	words[1] = uuid ? uuid : "";
	words[2] = min;
	words[3] = max;

	admin_expect_number(path, setting->start);
	admin_set_number(path, setting->min);
	admin_expect_number(path, setting->min);
	admin_set_number(path, setting->max);
	admin_expect_number(path, setting->max);
	for (i = 0; i < COUNT(garbage); i++)
		expect_refused(path, garbage[i], words, 2);
	for (i = 0; i < COUNT(huge); i++)
		expect_refused(path, huge[i], words, 4);
	snprintf(outside, sizeof(outside), "%llu",
		 (unsigned long long)setting->max + 1);
	expect_refused(path, outside, words, 4);
	if (setting->min && (setting->min > 1 || !setting->zero)) {
		snprintf(outside, sizeof(outside), "%llu",
			 (unsigned long long)(setting->min > 1 ?
					      setting->min - 1 : 0));
		expect_refused(path, outside, words, 4);
	}
	admin_expect_number(path, setting->max);
	admin_set_number(path, setting->zero ? 0 : setting->start);
	admin_expect_number(path, setting->start);
}

TEST(gpu_values, ONCE)
{
	unsigned int i;

	admin_rebind();
	for (i = 0; i < COUNT(gpu_settings); i++)
		try_setting(&gpu_settings[i],
			    admin_gpu_path(gpu_settings[i].name), NULL);
}

TEST(vgpu_values, ONCE)
{
	struct vgpu vgpu;
	unsigned int i, round;

	admin_rebind();
	OK(host_create_any("64mq", vgpu.uuid));
	/* Never opened, open, and closed again. */
	for (round = 0; round < 3; round++) {
		if (round == 1) {
			vgpu_open(&vgpu);
			vgpu_works(&vgpu, 1);
		}
		for (i = 0; i < COUNT(vgpu_settings); i++)
			try_setting(&vgpu_settings[i],
				    admin_vgpu_path(vgpu.uuid, vgpu_settings[i].name),
				    vgpu.uuid);
		if (round == 1) {
			vgpu_works(&vgpu, 2);
			vgpu_close(&vgpu);
		}
	}
}

/* Settings are the administrator's: no open, close or reset changes them. */
TEST(settings_stay, 0)
{
	static const uint64_t value[COUNT(vgpu_settings)] = { 700, 55, 66, 333, 0 };
	struct vgpu vgpu;
	unsigned int i;

	vgpu_make(&vgpu, "64mq");
	for (i = 0; i < COUNT(vgpu_settings); i++)
		admin_set_number(admin_vgpu_path(vgpu.uuid, vgpu_settings[i].name),
				 value[i]);
	OK(rt_vfio_reset(vgpu.device));
	OK(rt_guest_reset(vgpu.device));
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
	for (i = 0; i < COUNT(vgpu_settings); i++)
		admin_expect_number(admin_vgpu_path(vgpu.uuid, vgpu_settings[i].name),
				    value[i]);
}

/* sched_hz and timeslice_us are one setting. */
TEST(slice_two_ways, 0)
{
	static const struct {
		uint64_t hz, us;
	} pair[] = {
		{ 1, 1000000 }, { 3, 333333 }, { 60, 16666 }, { 480, 2083 },
		{ 960, 1041 }, { 7777, 128 }, { 10000, 100 },
	};
	char hz_path[PATH_SIZE], us_path[PATH_SIZE];
	struct vgpu vgpu[8];
	unsigned int i;

	snprintf(hz_path, sizeof(hz_path), "%s", admin_gpu_path("sched_hz"));
	snprintf(us_path, sizeof(us_path), "%s",
		 admin_gpu_path("timeslice_us"));
	admin_rebind();
	for (i = 0; i < COUNT(pair); i++) {
		admin_set_number(hz_path, pair[i].hz);
		admin_expect_number(us_path, pair[i].us);
		admin_expect_number(hz_path, pair[i].hz);
	}
	admin_set_number(us_path, 2000);
	admin_expect_number(hz_path, 500);
	admin_set_number(us_path, 100);
	admin_expect_number(hz_path, 10000);
	admin_set_number(us_path, 0);
	admin_expect_number(hz_path, 480);

	/* The default goes by how many are open. */
	for (i = 0; i < 8; i++) {
		admin_expect_number(hz_path, 480);
		vgpu_make(&vgpu[i], "64mq");
	}
	admin_expect_number(hz_path, 960);
	admin_expect_number(us_path, 1041);
	/* A setting does not. */
	admin_set_number(hz_path, 100);
	vgpu_close(&vgpu[7]);
	admin_expect_number(hz_path, 100);
	admin_set_number(hz_path, 0);
	admin_expect_number(hz_path, 480);
	admin_expect_number(us_path, 2083);
	vgpu_open(&vgpu[7]);
	admin_expect_number(hz_path, 960);
	for (i = 0; i < 8; i++)
		vgpu_remove(&vgpu[i]);
	admin_expect_number(hz_path, 480);
}

TEST(scheduler_choice, ONCE)
{
	static const struct {
		const char *name, *list;
	} policy[] = {
		{ "best_effort", "[best_effort] equal_share fixed_share" },
		{ "equal_share", "best_effort [equal_share] fixed_share" },
		{ "fixed_share", "best_effort equal_share [fixed_share]" },
	};
	static const char *const bad[] = {
		"\n", "round_robin\n", "best_effort ", " best_effort\n",
		"[best_effort]\n", "best_effort equal_share\n", "best\n", "0\n",
	};
	static const char *const words[] = {
		"scheduler", "best_effort", "equal_share", "fixed_share",
	};
	char path[PATH_SIZE];
	unsigned int i;

	admin_rebind();
	snprintf(path, sizeof(path), "%s", admin_gpu_path("scheduler"));
	admin_expect(path, policy[0].list);
	for (i = COUNT(policy); i--; ) {
		admin_set(path, policy[i].name);
		admin_expect(path, policy[i].list);
	}
	admin_set(path, "fixed_share\n");
	for (i = 0; i < COUNT(bad); i++)
		expect_refused(path, bad[i], words, COUNT(words));
	admin_set(path, "best_effort\n");
}

/* Whatever changes under load: all work is done, nobody is punished. */
TEST(changes_under_load, SLOW)
{
	static const char *const policy[] = {
		"equal_share", "fixed_share", "best_effort",
	};
	static const uint64_t hz[] = { 0, 2000, 200, 10000 };
	static const uint64_t weight[] = { 1, 10000, 100 };
	static const uint64_t cap[] = { 10, 100, 60, 1, 100 };
	static const uint64_t slice[] = { 0, 100, 20000 };
	uint64_t stop[3], slices[3];
	struct rt_ring ring[3];
	struct vgpu vgpu[3];
	unsigned int i, round;

	admin_rebind();
	admin_set_number(admin_gpu_path("preempt_timeout_us"), 1000000);
	vgpu_make_rings(vgpu, ring, 3);
	for (i = 0; i < 3; i++)
		OK(work_spin(&ring[i], &stop[i]));
	for (round = 0; round < 60; round++) {
		const char *uuid = vgpu[round % 3].uuid;

		admin_set(admin_gpu_path("scheduler"), policy[round % 3]);
		admin_set_number(admin_gpu_path("sched_hz"), hz[round / 3 % 4]);
		admin_set_number(admin_gpu_path("timeslice_max_us"), 100 + round * 500);
		admin_set_number(admin_gpu_path("wake_budget_permille"), round * 10);
		admin_set_number(admin_vgpu_path(uuid, "openvgpu/weight"),
				 weight[round / 2 % 3]);
		admin_set_number(admin_vgpu_path(uuid, "openvgpu/cap_percent"),
				 cap[round % 5]);
		admin_set_number(admin_vgpu_path(uuid, "openvgpu/timeslice_us"),
				 slice[round / 3 % 3]);
		admin_set_number(admin_vgpu_path(uuid, "openvgpu/frozen"),
				 round / 3 & 1);
		usleep(10000);
	}
	admin_set(admin_gpu_path("scheduler"), "best_effort");
	admin_set_number(admin_gpu_path("sched_hz"), 0);
	for (i = 0; i < 3; i++) {
		admin_set_number(admin_vgpu_path(vgpu[i].uuid, "openvgpu/weight"), 100);
		admin_set_number(admin_vgpu_path(vgpu[i].uuid, "openvgpu/cap_percent"),
				 100);
		admin_set_number(admin_vgpu_path(vgpu[i].uuid, "openvgpu/frozen"), 0);
		slices[i] = host_stat(vgpu[i].uuid, "slices");
	}
	sleep(1);
	for (i = 0; i < 3; i++) {
		char state[TEXT_SIZE];

		admin_text(admin_vgpu_path(vgpu[i].uuid, "openvgpu/sched_state"),
			   state);
		CHECK(host_stat(vgpu[i].uuid, "slices") > slices[i],
		      "vGPU %u gets no turns any more after changes; it is %s",
		      i, state);
	}
	for (i = 0; i < 3; i++)
		work_stop(vgpu[i].device, stop[i]);
	for (i = 0; i < 3; i++) {
		OK(rt_ring_wait(&ring[i], ring[i].fence, 20000));
		OK(work_vector_add(&ring[i], 2000, i));
		CHECK(!host_stat(vgpu[i].uuid, "faults"),
		      "vGPU %u was faulted while settings changed", i);
	}
}

/* A pause of the administrator's: the guest's work waits, and is done later. */
TEST(frozen, SLOW)
{
	char state[PATH_SIZE], freezer[PATH_SIZE];
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	uint64_t stop, slices;
	unsigned int i;

	vgpu_make_rings(vgpu, ring, 2);
	snprintf(state, sizeof(state), "%s",
		 admin_vgpu_path(vgpu[0].uuid, "openvgpu/sched_state"));
	snprintf(freezer, sizeof(freezer), "%s",
		 admin_vgpu_path(vgpu[0].uuid, "openvgpu/frozen"));
	admin_expect(state, "idle");
	/* Without work. */
	admin_set(freezer, "1");
	admin_expect(state, "frozen");
	OK(work_spin(&ring[0], &stop));
	OK(work_vector_add(&ring[1], 2000, 1));
	slices = host_stat(vgpu[0].uuid, "slices");
	usleep(300000);
	admin_expect(state, "frozen");
	CHECK(host_stat(vgpu[0].uuid, "slices") == slices &&
	      !host_stat(vgpu[0].uuid, "busy_ns"),
	      "a frozen vGPU ran: %llu slices more, busy for %llu ns",
	      (unsigned long long)(host_stat(vgpu[0].uuid, "slices") - slices),
	      (unsigned long long)host_stat(vgpu[0].uuid, "busy_ns"));
	/* Thawed it runs; frozen while it runs it stops. */
	for (i = 0; i < 3; i++) {
		uint64_t busy = host_stat(vgpu[0].uuid, "busy_ns");
		int tries;

		admin_set(freezer, "0");
		for (tries = 0; tries < 5000 &&
		     host_stat(vgpu[0].uuid, "busy_ns") == busy; tries++)
			usleep(1000);
		CHECK(tries < 5000, "a vGPU with work does not run after it was thawed");
		admin_set(freezer, "1");
		for (tries = 0; tries < 5000; tries++) {
			char text[TEXT_SIZE];

			admin_text(state, text);
			if (!strcmp(text, "frozen"))
				break;
			usleep(1000);
		}
		CHECK(tries < 5000, "a running vGPU is not frozen after 5 s");
		busy = host_stat(vgpu[0].uuid, "busy_ns");
		OK(work_vector_add(&ring[1], 2000, i));
		CHECK(host_stat(vgpu[0].uuid, "busy_ns") == busy,
		      "a frozen vGPU was busy for another %llu ns",
		      (unsigned long long)(host_stat(vgpu[0].uuid, "busy_ns") - busy));
	}
	work_stop(vgpu[0].device, stop);
	admin_set(freezer, "0");
	OK(rt_ring_wait(&ring[0], ring[0].fence, 10000));
	/* It outlives a reset and the VM. */
	admin_set(freezer, "1");
	OK(rt_guest_reset(vgpu[0].device));
	admin_expect(state, "frozen");
	vgpu_close(&vgpu[0]);
	admin_expect(state, "closed");
	vgpu_open(&vgpu[0]);
	admin_expect(state, "frozen");
	admin_set(freezer, "0");
	vgpu_works(&vgpu[0], 3);
	CHECK(!host_stat(vgpu[0].uuid, "faults") &&
	      !host_stat(vgpu[1].uuid, "faults"), "freezing made faults");
}

/* Others may read, and not write. */
static void expect_mode(const char *path, mode_t mode)
{
	struct stat file;

	CHECK(!stat(path, &file), "%s: %s", path, strerror(errno));
	CHECK((file.st_mode & 0777) == mode && !file.st_uid,
	      "%s: mode %o of user %u, not %o of root", path,
	      file.st_mode & 0777, file.st_uid, mode);
}

TEST(permissions, ONCE)
{
	static const char *const read_only[] = {
		"openvgpu/sched_state", "openvgpu/last_fault",
		"openvgpu/last_reset_reason", "openvgpu/framebuffer_used",
		"openvgpu/guest_driver",
		"stats/overrun_ns", "stats/debt_ns", "stats/idle_ns",
		"stats/lag_ns", "stats/wait_max_ns", "stats/wait_histogram",
	};
	char uuid[UUID_LENGTH + 1];
	unsigned int i;
	pid_t child;

	OK(host_create_any("64mq", uuid));
	expect_mode(admin_gpu_path("scheduler"), 0644);
	for (i = 0; i < COUNT(gpu_settings); i++)
		expect_mode(admin_gpu_path(gpu_settings[i].name), 0644);
	for (i = 0; i < COUNT(vgpu_settings); i++)
		expect_mode(admin_vgpu_path(uuid, vgpu_settings[i].name), 0644);
	for (i = 0; i < COUNT(read_only); i++)
		expect_mode(admin_vgpu_path(uuid, read_only[i]), 0444);
	expect_mode(admin_gpu_path("last_error"), 0444);
	child = fork();
	if (!child) {
		char weight[PATH_SIZE];
		int error;

		snprintf(weight, sizeof(weight), "%s",
			 admin_vgpu_path(uuid, "openvgpu/weight"));
		CHECK(!setgid(65534) && !setuid(65534), "setuid: %s",
		      strerror(errno));
		admin_expect_number(weight, 100);
		error = host_write(weight, "1");
		CHECK(error == -EACCES, "nobody writes a weight: %s",
		      error ? strerror(-error) : "taken");
		_exit(0);
	}
	wait_child(child, "user nobody");
}

/* Module parameters are defaults: of GPUs bound later. */
static const struct {
	const char *name, *start, *other, *attribute, *seen;
} parameters[] = {
	{ "scheduler", "best_effort", "fixed_share", "scheduler",
	  "best_effort equal_share [fixed_share]" },
	{ "sched_hz", "0", "250", "timeslice_us", "4000" },
	{ "averaging_factor", "33", "7", "averaging_factor", "7" },
	{ "preempt_timeout_us", "500000", "800000", "preempt_timeout_us",
	  "800000" },
};

static void set_parameters(bool other)
{
	char path[PATH_SIZE];
	unsigned int i;

	for (i = 0; i < COUNT(parameters); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", parameters[i].name);
		admin_set(path, other ? parameters[i].other : parameters[i].start);
	}
}

TEST(parameters, ONCE)
{
	static const char *const bad[] = {
		"x", "-1", "10000001", "1 2", "equal", "4294967296",
	};
	char path[PATH_SIZE], before[TEXT_SIZE];
	unsigned int i, j;

	admin_rebind();
	for (i = 0; i < COUNT(parameters); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", parameters[i].name);
		admin_expect(path, parameters[i].start);
		for (j = 0; j < COUNT(bad); j++) {
			int error = host_write(path, bad[j]);

			CHECK(error == -EINVAL, "parameter %s: '%s': %s",
			      parameters[i].name, bad[j],
			      error ? strerror(-error) : "taken");
		}
		admin_expect(path, parameters[i].start);
	}
	set_parameters(true);
	/* The GPU that is bound keeps what it has. */
	for (i = 0; i < COUNT(parameters); i++) {
		admin_text(admin_gpu_path(parameters[i].attribute), before);
		CHECK(strcmp(before, parameters[i].seen),
		      "parameter %s changed a GPU that was bound before",
		      parameters[i].name);
	}
	admin_rebind();
	for (i = 0; i < COUNT(parameters); i++)
		admin_expect(admin_gpu_path(parameters[i].attribute),
			     parameters[i].seen);
	set_parameters(false);
	admin_rebind();
}
