// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec.c - gives a guest to another kernel while its vGPU writes to its memory
 *
 * Nobody stops the vGPU: the kernel that goes switches bus mastering off, and the
 * kernel that comes uses all memory as its own. It runs this program to look
 * whether that is so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "find.h"
#include "runtime.h"

#define BYTES		(64u << 20)
#define PATTERN		0xdeadbeef
/* Of BYTES each: minutes of work. */
#define COPIES		4000
#define RING_PACKETS	8192

static const char usage[] =
"usage: kexec KERNEL INITRAMFS PARAMETERS\n"
"       kexec --look SECONDS\n"
"Has the vGPU write to 64 MiB of this guest's memory without an end, and starts\n"
"another kernel meanwhile. With --look: does anything change in memory that this\n"
"kernel has to give?\n";

static int fail(const char *what)
{
	printf("kexec: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Returns when the vGPU is at it. */
static int start_writing(void)
{
	volatile uint32_t *last;
	struct rt_device *device;
	struct rt_memory memory;
	uint64_t video, address;
	struct rt_ring ring;
	char name[64];
	int error, i;

	error = find_vgpu(name);
	device = error ? NULL : rt_open_pci(name);
	if (!device)
		return -1;
	error = rt_ring_create(device, 0, RING_PACKETS, &ring);
	video = rt_framebuffer_alloc(device, BYTES, 4096);
	if (!error)
		error = rt_memory_alloc(device, BYTES, &memory);
	if (!error)
		error = rt_memory_map(device, &memory, true, &address);
	if (!error)
		error = rt_fill(&ring, video, BYTES, PATTERN);
	for (i = 0; i < COPIES && !error; i++)
		error = rt_copy(&ring, address, video, BYTES);
	if (!error)
		error = rt_ring_fence(&ring, 0);
	if (error)
		return error;
	rt_ring_doorbell(&ring);
	last = (uint32_t *)((char *)memory.cpu + BYTES) - 1;
	for (i = 0; i < 600 && *last != PATTERN; i++)
		usleep(100000);
	if (*last != PATTERN || rt_ring_reached(&ring, ring.fence))
		return rt_fail(ETIME, "the vGPU %s", *last == PATTERN ?
			       "has done its work already" : "does not write");
	return 0;
}

static int start_kernel(const char *kernel, const char *initramfs,
			const char *parameters)
{
	int kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC);
	int initramfs_fd = open(initramfs, O_RDONLY | O_CLOEXEC);

	if (kernel_fd < 0)
		return fail(kernel);
	if (initramfs_fd < 0)
		return fail(initramfs);
	if (syscall(SYS_kexec_file_load, kernel_fd, initramfs_fd,
		    strlen(parameters) + 1, parameters, 0))
		return fail("kexec_file_load");
	if (start_writing()) {
		printf("kexec: %s\n", rt_message());
		return 1;
	}
	printf("kexec: the vGPU writes; here comes another kernel\n");
	fflush(stdout);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	return fail("reboot");
}

/* MemAvailable, bytes; 0: unknown */
static size_t available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %lu kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}

static int look(unsigned int seconds)
{
	size_t bytes = available() / 4 * 3, words = bytes / sizeof(uint64_t), i;
	uint64_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!bytes || memory == MAP_FAILED)
		return fail("memory to look at");
	for (i = 0; i < words; i++)
		memory[i] = i;
	sleep(seconds);
	for (i = 0; i < words; i++)
		if (memory[i] != i) {
			printf("kexec: word %zu of memory became 0x%llx\n", i,
			       (unsigned long long)memory[i]);
			return 1;
		}
	printf("kexec: %zu MiB stayed as they were\n", bytes >> 20);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--look"))
		return look((unsigned int)atoi(argv[2]));
	if (argc == 4)
		return start_kernel(argv[1], argv[2], argv[3]);
	fputs(usage, argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
	return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
}
