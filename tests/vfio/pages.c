// SPDX-License-Identifier: GPL-2.0-only
/*
 * pages.c - video memory in pages of the host, which has none left
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "admin.h"
#include "plain.h"

#define PAGE		4096u
#define NO_MEMORY	10u	/* doc/faults.md */
#define CGROUPS		"/run/openvgpu-pages"

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	      "%s > %s: %s", text, path, strerror(errno));
	close(fd);
}

/* Whether this process may take no more than so much from now on; the file of that. */
static int limit_memory(uint64_t bytes)
{
	char path[PATH_SIZE], text[32];
	int fd;

	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		harness_skip("no cgroup2: %s", strerror(errno));
	put(CGROUPS "/cgroup.subtree_control", "+memory");
	snprintf(path, sizeof(path), CGROUPS "/%d", getpid());
	CHECK(!mkdir(path, 0700), "%s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), CGROUPS "/%d/memory.max", getpid());
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	put(path, text);
	snprintf(path, sizeof(path), CGROUPS "/%d/cgroup.procs", getpid());
	snprintf(text, sizeof(text), "%d", getpid());
	put(path, text);
	return fd;
}

static void no_limit(int fd)
{
	char path[PATH_SIZE];

	CHECK(pwrite(fd, "max", 3, 0) == 3, "memory.max: %s", strerror(errno));
	close(fd);
	put(CGROUPS "/cgroup.procs", "0");
	snprintf(path, sizeof(path), CGROUPS "/%d", getpid());
	rmdir(path);
}

/*
 * A VMM in a memory cgroup that is too small: its guest loses what it writes, by a
 * mapping and without, and the host says so. No access fails and nobody is killed.
 */
TEST(none_left, SLOW)
{
	unsigned int kept = 0, lost = 0;
	uint64_t at, bytes, word = 0;
	struct vgpu vgpu;
	int fd, error;

	plain_make(&vgpu, plain_type());
	bytes = vgpu.device->framebuffer_bytes;
	/* Page tables are there before: for want of one the kernel kills. */
	for (at = 0; at < bytes; at += MIB)
		*(volatile uint64_t *)rt_framebuffer(vgpu.device, at) = at;
	fd = limit_memory(bytes - MIB);
	for (at = 0; at < bytes; at += PAGE)
		*(volatile uint64_t *)rt_framebuffer(vgpu.device, at) = at;
	/* And without a mapping. */
	error = rt_region_write(vgpu.device, 0, bytes - 8, &bytes, 8);
	no_limit(fd);

	CHECK(!error, "a write without a mapping: %s", strerror(-error));
	for (at = 0; at < bytes; at += PAGE) {
		OK(rt_region_read(vgpu.device, 0, at, &word, 8));
		CHECK(word == at || !word, "page at %llu has 0x%llx",
		      (unsigned long long)at, (unsigned long long)word);
		if (word == at)
			kept++;
		else
			lost++;
	}
	CHECK(kept >= bytes / PAGE / 2 && lost, "%u pages were kept, %u lost", kept, lost);
	CHECK(host_attribute(vgpu.uuid, "last_fault") == NO_MEMORY, "last_fault is %llu",
	      (unsigned long long)host_attribute(vgpu.uuid, "last_fault"));
	CHECK(host_stat(vgpu.uuid, "faults") >= lost, "%u pages lost, %llu faults",
	      lost, (unsigned long long)host_stat(vgpu.uuid, "faults"));

	/* With memory again, and after the guest looked away, all is as ever. */
	OK(rt_memory_decoding(vgpu.device, false));
	OK(rt_memory_decoding(vgpu.device, true));
	plain_works(&vgpu, 1);
	vgpu_close(&vgpu);
	plain_open(&vgpu);
	CHECK(plain_nonzero(&vgpu) < 0, "the next guest finds something at %ld",
	      plain_nonzero(&vgpu));
}
