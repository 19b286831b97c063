// SPDX-License-Identifier: GPL-2.0-only
/*
 * accounts.c - what the administrator is told: waits, switches, resets, how much
 * framebuffer a guest uses, and which driver it has
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#include "admin.h"

#define MANUAL		"/src/doc/sysfs-driver-openvgpu"
#define DEBUGFS		"/sys/kernel/debug"
#define TRACEFS		"/sys/kernel/tracing"
#define SWITCHES	256
#define HEADER		"# TIME_NS RUNQUEUE PARTITION UUID REASON " \
			"QUANTUM_NS RUN_NS SWITCH_NS WAIT_NS\n"
#define BUCKETS		32

/* Two vGPUs that want the engine at the same time for a while. */
static void compete(struct vgpu vgpu[2], struct rt_ring ring[2])
{
	uint64_t stop[2];
	int i;

	vgpu_make_rings(vgpu, ring, 2);
	for (i = 0; i < 2; i++)
		OK(work_spin(&ring[i], &stop[i]));
	while (host_stat(vgpu[0].uuid, "slices") < 20)
		usleep(10000);
	for (i = 0; i < 2; i++)
		work_stop(vgpu[i].device, stop[i]);
	for (i = 0; i < 2; i++)
		OK(rt_ring_wait(&ring[i], ring[i].fence, 10000));
}

/* Nobody waits longer than the longest wait, and every turn ended one. */
TEST(waits, SLOW)
{
	uint64_t count[BUCKETS], total, max, slices;
	struct rt_ring ring[2];
	char text[TEXT_SIZE];
	struct vgpu vgpu[2];
	int i, bucket, used;
	char *at, *end;

	compete(vgpu, ring);
	for (i = 0; i < 2; i++) {
		admin_text(admin_vgpu_path(vgpu[i].uuid, "stats/wait_histogram"),
			   text);
		total = 0;
		for (bucket = 0, used = 0, at = text; bucket < BUCKETS; bucket++) {
			count[bucket] = strtoull(at, &end, 10);
			CHECK(end > at && *end == (bucket + 1 < BUCKETS ? ' ' : 0),
			      "wait_histogram is '%s'", text);
			at = end + 1;
			total += count[bucket];
			if (count[bucket])
				used = bucket;
		}
		max = host_stat(vgpu[i].uuid, "wait_max_ns");
		slices = host_stat(vgpu[i].uuid, "slices");
		CHECK(total > 10 && total <= slices,
		      "vGPU %d: %llu waits with %llu slices", i,
		      (unsigned long long)total, (unsigned long long)slices);
		CHECK(max < (1ULL << (10 + used)) &&
		      (!used || max >= (1ULL << (9 + used))),
		      "vGPU %d: the longest wait, %llu ns, is not in the last bucket, %d: %s",
		      i, (unsigned long long)max, used, text);
		CHECK(host_stat(vgpu[i].uuid, "wait_ns") >= max,
		      "vGPU %d waited %llu ns by the hardware, once %llu ns", i,
		      (unsigned long long)host_stat(vgpu[i].uuid, "wait_ns"),
		      (unsigned long long)max);
	}
}

static void mount_once(const char *type, const char *path, const char *probe)
{
	if (access(probe, F_OK) && mount("none", path, type, 0, NULL))
		harness_skip("%s can't be mounted: %s", type, strerror(errno));
}

static void switches_path(char path[PATH_SIZE])
{
	mount_once("debugfs", DEBUGFS, DEBUGFS "/openvgpu");
	snprintf(path, PATH_SIZE, DEBUGFS "/openvgpu/%s/switches", host_gpu());
}

/**
 * struct seen - what a log of switches had
 * @lines: entries
 * @of: entries of either vGPU
 * @waited: entries with a wait
 */
struct seen {
	unsigned int lines, of[2], waited;
};

static void read_switches(const char *path, const struct vgpu vgpu[2],
			  struct seen *seen)
{
	static const char *const reasons[] = {
		"idle", "quantum", "preempted", "reset", "rejected",
	};
	char line[256], partition[16], uuid[40], reason[16];
	unsigned long long time, quantum, run, change, wait, last = 0;
	unsigned int queue, i;
	FILE *file = fopen(path, "re");
	bool known;

	CHECK(file, "%s: %s", path, strerror(errno));
	memset(seen, 0, sizeof(*seen));
	CHECK(fgets(line, sizeof(line), file) && !strcmp(line, HEADER),
	      "the first line of switches is '%s'", line);
	while (fgets(line, sizeof(line), file)) {
		CHECK(sscanf(line, "%llu %u %15s %39s %15s %llu %llu %llu %llu",
			     &time, &queue, partition, uuid, reason, &quantum,
			     &run, &change, &wait) == 9,
		      "a line of switches is '%s'", line);
		CHECK(time >= last, "times go back: %llu after %llu", time, last);
		last = time;
		for (i = 0, known = false; i < 5; i++)
			known |= !strcmp(reason, reasons[i]);
		CHECK(known, "a switch for reason '%s'", reason);
		CHECK(queue == 0, "a switch of run queue %u", queue);
		seen->lines++;
		seen->waited += wait > 0;
		for (i = 0; i < 2; i++) {
			if (strcmp(uuid, vgpu[i].uuid))
				continue;
			seen->of[i]++;
			CHECK(strtoull(partition, NULL, 10) ==
			      host_attribute(vgpu[i].uuid, "partition"),
			      "partition %s of vGPU %s", partition, uuid);
		}
	}
	fclose(file);
	CHECK(seen->lines <= SWITCHES, "%u switches are kept", seen->lines);
}

TEST(switch_log, SLOW)
{
	char path[PATH_SIZE], text[64];
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	struct seen seen;
	int i, fd;

	admin_rebind();
	switches_path(path);
	compete(vgpu, ring);
	read_switches(path, vgpu, &seen);
	CHECK(seen.of[0] > 10 && seen.of[1] > 10 && seen.waited > 10,
	      "%u switches, %u and %u of two vGPUs that took turns, %u waits",
	      seen.lines, seen.of[0], seen.of[1], seen.waited);
	/* The ring goes round; read while it does. */
	for (i = 0; i < (harness_slow_kernel() ? 60 : 300); i++) {
		OK(rt_ring_fence(&ring[i & 1], 0));
		OK(rt_ring_wait(&ring[i & 1], ring[i & 1].fence, 5000));
		if (!(i % 50))
			read_switches(path, vgpu, &seen);
	}
	/* The GPU goes while the file is open. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	CHECK(read(fd, text, sizeof(text)) > 0, "nothing in %s", path);
	for (i = 0; i < 2; i++)
		vgpu_remove(&vgpu[i]);
	admin_rebind();
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	read_switches(path, vgpu, &seen);
	CHECK(!seen.lines, "a GPU that was bound just now has %u switches",
	      seen.lines);
}

TEST(tracepoints, SLOW)
{
	static const char *const names[] = {
		"vgpu_wake", "vgpu_switch", "vgpu_preempt", "vgpu_idle",
		"vgpu_overrun", "vgpu_reset",
	};
	static char text[1 << 20];
	char path[PATH_SIZE], word[64];
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	unsigned int i;
	FILE *file;

	mount_once("tracefs", TRACEFS, TRACEFS "/events");
	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), TRACEFS "/events/openvgpu/%s/enable",
			 names[i]);
		CHECK(!access(path, F_OK), "there is no tracepoint %s", names[i]);
	}
	OK(host_write(TRACEFS "/trace", "\n"));
	OK(host_write(TRACEFS "/events/openvgpu/enable", "1"));
	compete(vgpu, ring);
	OK(host_write(TRACEFS "/events/openvgpu/enable", "0"));
	file = fopen(TRACEFS "/trace", "re");
	CHECK(file, "trace: %s", strerror(errno));
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	OK(host_write(TRACEFS "/trace", "\n"));
	for (i = 0; i < 2; i++) {
		snprintf(word, sizeof(word), "uuid=%s", vgpu[i].uuid);
		CHECK(strstr(text, word), "the trace says nothing of vGPU %u", i);
	}
	CHECK(strstr(text, "vgpu_wake: gpu=") &&
	      strstr(text, "vgpu_switch: gpu=") &&
	      strstr(text, "vgpu_idle: gpu="),
	      "the trace has no wake, no switch or no idle: %.300s", text);
	CHECK(strstr(text, "reason=quantum") || strstr(text, "reason=preempted"),
	      "no turn of two that compete ended by the scheduler");
}

/* What a guest says of its framebuffer; nothing depends on it. */
TEST(framebuffer_used, 0)
{
	char path[PATH_SIZE];
	struct vgpu vgpu;
	uint64_t size;

	vgpu_make(&vgpu, "64mq");
	snprintf(path, sizeof(path), "%s",
		 admin_vgpu_path(vgpu.uuid, "openvgpu/framebuffer_used"));
	size = host_attribute(vgpu.uuid, "framebuffer_size");
	admin_expect(path, "0");
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_FRAMEBUFFER_USED, 5 * MIB);
	CHECK(admin_number(path) == 5 * MIB &&
	      rt_control_read(vgpu.device, OPENVGPU_NATIVE_FRAMEBUFFER_USED) ==
	      5 * MIB, "5 MiB told, sysfs says %llu",
	      (unsigned long long)admin_number(path));
	/* By halves, as a 32-bit guest writes it. */
	rt_control_write32(vgpu.device, OPENVGPU_NATIVE_FRAMEBUFFER_USED, 4096);
	CHECK(admin_number(path) == 4096, "4096 told, sysfs says %llu",
	      (unsigned long long)admin_number(path));
	/* A lie. */
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_FRAMEBUFFER_USED,
			 UINT64_MAX);
	CHECK(admin_number(path) == size, "%llu of %llu bytes are in use",
	      (unsigned long long)admin_number(path), (unsigned long long)size);
	OK(rt_guest_reset(vgpu.device));
	admin_expect(path, "0");
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_FRAMEBUFFER_USED, MIB);
	vgpu_close(&vgpu);
	admin_expect(path, "0");
	vgpu_open(&vgpu);
	admin_expect(path, "0");
}

/* A guest's driver that goes with the host, and two that do not. */
TEST(guest_driver, 0)
{
	static const struct {
		uint64_t oldest, newest, verdict;
		const char *shown, *advice;
	} cases[] = {
		{ OPENVGPU_NATIVE_INTERFACE(0, 1), OPENVGPU_NATIVE_INTERFACE(0, 9),
		  OPENVGPU_NATIVE_GUEST_TOO_OLD, "7.8.9 0.1-0.9 guest_too_old",
		  "driver 7.8.9 of its guest is too old" },
		{ OPENVGPU_NATIVE_INTERFACE(1, 0), OPENVGPU_NATIVE_INTERFACE(1, 2),
		  OPENVGPU_NATIVE_MATCH, "7.8.9 1.0-1.2 ok", NULL },
		{ OPENVGPU_NATIVE_INTERFACE(2, 0), OPENVGPU_NATIVE_INTERFACE(2, 1),
		  OPENVGPU_NATIVE_HOST_TOO_OLD, "7.8.9 2.0-2.1 host_too_old",
		  "update openvgpu on the host" },
	};
	char path[PATH_SIZE], before[TEXT_SIZE], text[TEXT_SIZE];
	struct vgpu vgpu;
	unsigned int i;
	uint64_t value;

	vgpu_make(&vgpu, "64mq");
	snprintf(path, sizeof(path), "%s",
		 admin_vgpu_path(vgpu.uuid, "openvgpu/guest_driver"));
	admin_expect(path, "none");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OK(host_last_error(before, sizeof(before)));
		rt_control_write(vgpu.device, OPENVGPU_NATIVE_GUEST_DRIVER,
				 OPENVGPU_NATIVE_DRIVER(7, 8, 9, cases[i].oldest,
							cases[i].newest));
		value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_VERDICT);
		CHECK(value == cases[i].verdict, "the verdict on '%s' is %llu",
		      cases[i].shown, (unsigned long long)value);
		admin_expect(path, cases[i].shown);
		OK(host_last_error(text, sizeof(text)));
		if (cases[i].advice)
			CHECK(strstr(text, cases[i].advice) &&
			      strstr(text, vgpu.uuid), "last_error is '%s'", text);
		else
			CHECK(!strcmp(text, before),
			      "a driver that matches made last_error '%s'", text);
	}
	/* An end before the beginning. */
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_GUEST_DRIVER,
			 OPENVGPU_NATIVE_DRIVER(1, 1, 1, 0x102, 0x101));
	admin_expect(path, cases[2].shown);
	OK(rt_guest_reset(vgpu.device));
	admin_expect(path, "none");
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_VERDICT);
	CHECK(!value, "the verdict after a reset is %llu",
	      (unsigned long long)value);
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_GUEST_DRIVER,
			 OPENVGPU_NATIVE_DRIVER(1, 0, 0, 0x100, 0x102));
	vgpu_close(&vgpu);
	admin_expect(path, "none");
	vgpu_open(&vgpu);
	admin_expect(path, "none");
}

/* Finds the PCIe capability, whose device control starts a reset. */
static void function_reset(struct rt_device *device)
{
	uint16_t control;
	uint8_t at, id;

	OK(rt_config_read(device, 0x34, &at, 1));
	while (at) {
		OK(rt_config_read(device, at, &id, 1));
		if (id == 0x10)
			break;
		OK(rt_config_read(device, at + 1u, &at, 1));
	}
	CHECK(at, "the vGPU has no PCIe capability");
	OK(rt_config_read(device, at + 8u, &control, 2));
	control |= 0x8000;
	OK(rt_config_write(device, at + 8u, &control, 2));
}

TEST(reset_reason, 0)
{
	char path[PATH_SIZE];
	struct vgpu vgpu;

	vgpu_make(&vgpu, "64mq");
	snprintf(path, sizeof(path), "%s",
		 admin_vgpu_path(vgpu.uuid, "openvgpu/last_reset_reason"));
	admin_expect(path, "0 none");
	OK(rt_guest_reset(vgpu.device));
	admin_expect(path, "100 guest");
	function_reset(vgpu.device);
	admin_expect(path, "101 guest, function-level");
	OK(rt_vfio_reset(vgpu.device));
	admin_expect(path, "102 VMM");
	vgpu_close(&vgpu);
	admin_expect(path, "102 VMM");
	vgpu_open(&vgpu);
	admin_expect(path, "0 none");
}

/* Each file of a folder has its section: a line that ends with @kind and it. */
static void expect_documented(const char *folder, const char *kind)
{
	struct dirent *entry;
	char line[256], end[300];
	bool found;
	FILE *manual;
	DIR *dir = opendir(folder);

	CHECK(dir, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(end, sizeof(end), "%s%s\n", kind, entry->d_name);
		manual = fopen(MANUAL, "re");
		CHECK(manual, MANUAL ": %s", strerror(errno));
		found = false;
		while (!found && fgets(line, sizeof(line), manual))
			found = !strncmp(line, "What:", 5) &&
				strlen(line) > strlen(end) &&
				!strcmp(line + strlen(line) - strlen(end), end);
		fclose(manual);
		CHECK(found, "%s/%s is not in %s", folder, entry->d_name,
		      MANUAL);
	}
	closedir(dir);
}

TEST(documented, ONCE)
{
	char uuid[UUID_LENGTH + 1];

	OK(host_create_any("64mq", uuid));
	expect_documented(admin_gpu_path(""), "devices/.../openvgpu/");
	expect_documented(admin_vgpu_path(uuid, "openvgpu"),
			  "<UUID>/openvgpu/");
	expect_documented(admin_vgpu_path(uuid, "stats"), "<UUID>/stats/");
}
