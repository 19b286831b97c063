/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_sysfs.h - a made-up machine for tests of libopenvgpu: two GPUs, two vGPUs
 * on the first one, a mediated device of another driver
 */
#ifndef FAKE_SYSFS_H
#define FAKE_SYSFS_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openvgpu.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAKE_GPU	"0000:01:00.0"
#define FAKE_GPU2	"0000:02:00.0"
#define FAKE_NIC	"0000:03:00.0"
#define FAKE_IDLE	"11111111-1111-4111-8111-111111111111"
#define FAKE_USED	"00000003-0000-0000-0000-000000000100"
#define FAKE_FOREIGN	"33333333-3333-4333-8333-333333333333"
#define FAKE_NEW	"abcdef01-2345-6789-abcd-ef0123456789"
#define FAKE_PID	4242

/**
 * struct fake - a made-up machine
 * @top: where it is
 * @ovgpu: a handle on it
 */
struct fake {
	char top[64];
	struct ovgpu *ovgpu;
};

static void fake_die(const char *what, const char *path)
{
	fprintf(stderr, "cannot %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static void fake_parents(char *path)
{
	char *at;

	for (at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			fake_die("make", path);
		*at = '/';
	}
}

/** fake_write() - a file with its directories; the path is a printf format */
__attribute__((format(printf, 3, 4)))
static inline void fake_write(const struct fake *fake, const char *value,
			      const char *format, ...)
{
	char name[512], path[640];
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s/%s", fake->top, name);
	fake_parents(path);
	file = fopen(path, "w");
	if (!file || fputs(value, file) < 0 || fclose(file))
		fake_die("write", path);
}

/** fake_read() - first bytes of a file, for comparing */
static inline const char *fake_read(const struct fake *fake, const char *name)
{
	static char text[512];
	char path[640];
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fake->top, name);
	file = fopen(path, "r");
	if (!file)
		fake_die("read", path);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return text;
}

/** fake_link() - a symbolic link, with its directories */
static inline void fake_link(const struct fake *fake, const char *name,
			     const char *target)
{
	char path[640], to[640];

	snprintf(path, sizeof(path), "%s/%s", fake->top, name);
	snprintf(to, sizeof(to), "%s/%s", fake->top, target);
	fake_parents(path);
	unlink(path);
	if (symlink(to, path))
		fake_die("link", path);
}

static inline void fake_add_gpu(const struct fake *fake, const char *bdf)
{
	static const char *const types[] = { "openvgpu-1q", "openvgpu-256mq" };
	static const char *const values[][2] = {
		{ "state", "up\n" },
		{ "scheduler", "[best_effort] equal_share fixed_share\n" },
		{ "sched_hz", "480\n" }, { "timeslice_us", "2083\n" },
		{ "averaging_factor", "33\n" }, { "timeslice_max_us", "20000\n" },
		{ "wake_budget_permille", "60\n" },
		{ "preempt_timeout_us", "500000\n" }, { "fault_limit", "3\n" },
		{ "fault_window_s", "60\n" }, { "console", "none\n" },
		{ "pool_slices_min", "0\n" },
		{ "work_mode", "[mixed] graphics compute\n" },
		{ "last_error", "weight: 0 is not allowed\n" },
	};
	char device[128], path[192];
	size_t i;

	snprintf(device, sizeof(device), "sys/devices/%s", bdf);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fake_write(fake, values[i][1], "%s/openvgpu/%s", device,
			   values[i][0]);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/mdev_supported_types/%s", device,
			 types[i]);
		fake_write(fake, i ? "2\n" : "0\n", "%s/available_instances", path);
		fake_write(fake, "vfio-pci\n", "%s/device_api", path);
		fake_write(fake, "OpenVGPU TEST\n", "%s/name", path);
		fake_write(fake, i ? "num_heads=4, framebuffer=256M, max_instance=4\n" :
			   "num_heads=4, framebuffer=1024M, max_instance=1\n",
			   "%s/description", path);
		fake_write(fake, "", "%s/create", path);
	}
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", bdf);
	fake_link(fake, path, device);
	snprintf(path, sizeof(path), "sys/bus/pci/drivers/openvgpu/%s", bdf);
	fake_link(fake, path, device);
}

static inline void fake_add_vgpu(const struct fake *fake, const char *uuid,
				 const char *bdf, const char *type, int pid)
{
	static const char *const values[][2] = {
		{ "openvgpu/weight", "100\n" }, { "openvgpu/cap_percent", "100\n" },
		{ "openvgpu/cap_ceiling_percent", "100\n" },
		{ "openvgpu/frame_rate_ceiling", "0\n" },
		{ "openvgpu/tenant", "none\n" },
		{ "openvgpu/notice", "[none] grace limited\n" },
		{ "openvgpu/admission", "[allow] refuse\n" },
		{ "openvgpu/timeslice_us", "0\n" }, { "openvgpu/frozen", "0\n" },
		{ "openvgpu/display", "[region] dmabuf off\n" },
		{ "openvgpu/personality", "[native] bochs\n" },
		{ "openvgpu/frame_rate_limit", "60\n" },
		{ "openvgpu/migration", "[auto] stop_copy off\n" },
		{ "openvgpu/migration_throttle", "0\n" },
		{ "openvgpu/framebuffer_size", "268435456\n" },
		{ "openvgpu/framebuffer_used", "1048576\n" },
		{ "openvgpu/guest_driver", "0.2.0 1.0-1.2 ok\n" },
		{ "openvgpu/last_fault", "2\n" },
		{ "openvgpu/last_reset_reason", "2 run timeout\n" },
		{ "openvgpu/sched_state", "idle\n" },
		{ "openvgpu/state", "idle\n" },
		{ "stats/run_ns", "18446744073709551615\n" },
		{ "stats/busy_ns", "900\n" },
		{ "stats/wait_histogram", "0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
		  "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1\n" },
	};
	char device[160], path[192], number[16];
	size_t i;

	snprintf(device, sizeof(device), "sys/devices/%s/%s", bdf, uuid);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fake_write(fake, values[i][1], "%s/%s", device, values[i][0]);
	snprintf(number, sizeof(number), "%d\n", pid);
	fake_write(fake, number, "%s/openvgpu/owner_pid", device);
	fake_write(fake, "", "%s/remove", device);
	if (pid)
		fake_write(fake, "qemu-system-x86\n", "proc/%d/comm", pid);
	snprintf(path, sizeof(path), "sys/devices/%s/mdev_supported_types/%s", bdf,
		 type);
	snprintf(number, sizeof(number), "/mdev_type");
	strncat(device, number, sizeof(device) - strlen(device) - 1);
	fake_link(fake, device, path);
	device[strlen(device) - strlen(number)] = '\0';
	snprintf(path, sizeof(path), "sys/bus/mdev/devices/%s", uuid);
	fake_link(fake, path, device);
}

/** fake_make() - the machine and a handle on it; fake_remove() ends it */
static inline void fake_make(struct fake *fake)
{
	char sys[96], proc[96], root[96];

	strcpy(fake->top, "/tmp/openvgpu-fake.XXXXXX");
	if (!mkdtemp(fake->top))
		fake_die("make", fake->top);
	snprintf(sys, sizeof(sys), "%s/sys", fake->top);
	snprintf(proc, sizeof(proc), "%s/proc", fake->top);
	snprintf(root, sizeof(root), "%s/root", fake->top);
	if (mkdir(sys, 0755) || mkdir(proc, 0755) || mkdir(root, 0755))
		fake_die("make", sys);
	fake_add_gpu(fake, FAKE_GPU);
	fake_add_gpu(fake, FAKE_GPU2);
	fake_write(fake, "", "sys/bus/pci/drivers/openvgpu/bind");
	fake_add_vgpu(fake, FAKE_IDLE, FAKE_GPU, "openvgpu-256mq", 0);
	fake_add_vgpu(fake, FAKE_USED, FAKE_GPU, "openvgpu-256mq", FAKE_PID);
	fake_add_vgpu(fake, FAKE_FOREIGN, FAKE_NIC, "other-type", 0);
	if (ovgpu_open(&fake->ovgpu, sys, proc, root))
		fake_die("open", sys);
}

static int fake_unlink(const char *path, const struct stat *st, int flag,
		       struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void fake_remove(struct fake *fake)
{
	ovgpu_close(fake->ovgpu);
	nftw(fake->top, fake_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#endif /* FAKE_SYSFS_H */
