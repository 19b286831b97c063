// SPDX-License-Identifier: GPL-2.0-only
/*
 * stuck.c - memory that does not arrive
 *
 * A file of a FUSE file system whose server answers everything but reads, until
 * it is let to. A process that maps the file and touches a page of it waits,
 * and so does a kernel thread that pins the page for it.
 */
#include "stuck.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "harness.h"

#define FILE_NODE	2
#define READS_MAX	1024

/**
 * struct server - the file system
 * @fd: /dev/fuse
 * @bytes: size of the file
 * @reads: reads that were not answered yet
 * @asked: counts reads, also those that were answered; shared
 * @unique: their ids
 * @size: how much each wants
 */
struct server {
	int fd;
	size_t bytes;
	unsigned int reads;
	volatile unsigned int *asked;
	uint64_t unique[READS_MAX];
	uint32_t size[READS_MAX];
};

static void answer(struct server *server, uint64_t unique, int error,
		   const void *data, size_t bytes)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + bytes), .error = -error,
		.unique = unique,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) }, { (void *)data, bytes },
	};

	/* One who asked may be gone. */
	if (writev(server->fd, parts, bytes ? 2 : 1) < 0 && errno != ENOENT)
		_exit(1);
}

static struct fuse_attr attributes(const struct server *server, uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node, .nlink = 1, .blksize = 4096,
		.mode = node == FILE_NODE ? S_IFREG | 0600 : S_IFDIR | 0700,
		.size = node == FILE_NODE ? server->bytes : 0,
	};
}

static void serve(struct server *server, const struct fuse_in_header *in)
{
	const struct fuse_read_in *read_in = (const void *)(in + 1);
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31,
		.max_write = 65536, .max_background = 64,
	};
	struct fuse_entry_out entry = {
		.nodeid = FILE_NODE, .attr_valid = 3600, .entry_valid = 3600,
		.attr = attributes(server, FILE_NODE),
	};
	struct fuse_attr_out attr = {
		.attr_valid = 3600, .attr = attributes(server, in->nodeid),
	};
	struct fuse_open_out open_out = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(server, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer(server, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		answer(server, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(server, in->unique, 0, &open_out, sizeof(open_out));
		break;
	case FUSE_READ:
		if (server->reads == READS_MAX)
			_exit(1);
		server->unique[server->reads] = in->unique;
		server->size[server->reads++] = read_in->size;
		++*server->asked;
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(server, in->unique, 0, NULL, 0);
		break;
	default:
		answer(server, in->unique, EOPNOTSUPP, NULL, 0);
	}
}

static void answer_reads(struct server *server)
{
	static const char zeros[1 << 20];
	unsigned int i;

	for (i = 0; i < server->reads; i++)
		answer(server, server->unique[i], 0, zeros, server->size[i]);
	server->reads = 0;
}

static void run_server(int fd, const struct stuck *stuck, int release)
{
	static struct server server;
	static char request[1 << 20];
	struct pollfd poll_fd[] = {
		{ .fd = fd, .events = POLLIN }, { .fd = release, .events = POLLIN },
	};
	bool released = false;
	ssize_t length;

	server.fd = fd;
	server.bytes = stuck->bytes;
	server.asked = stuck->asked;
	for (;;) {
		poll(poll_fd, released ? 1 : 2, -1);
		/* A closed pipe lets go too: the test has ended. */
		if (!released && poll_fd[1].revents)
			released = true;
		if (poll_fd[0].revents) {
			length = read(fd, request, sizeof(request));
			if (length < 0 && errno != EINTR && errno != ENOENT)
				_exit(0);
			if (length > 0)
				serve(&server, (const void *)request);
		}
		if (released)
			answer_reads(&server);
	}
}

/**
 * stuck_make - memory whose pages do not arrive
 * @stuck: receives it
 * @bytes: multiple of the page size
 */
void stuck_make(struct stuck *stuck, size_t bytes)
{
	char dir[] = "/tmp/stuck-XXXXXX", options[96], path[64];
	int fd, file, pipe_fd[2];

	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		harness_skip("this kernel has no FUSE");
	CHECK(mkdtemp(dir), "mkdtemp: %s", strerror(errno));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	CHECK(!mount("stuck", dir, "fuse", MS_NOSUID | MS_NODEV, options),
	      "mount: %s", strerror(errno));
	CHECK(!pipe(pipe_fd), "pipe: %s", strerror(errno));
	stuck->bytes = bytes;
	stuck->asked = mmap(NULL, sizeof(*stuck->asked), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(stuck->asked != MAP_FAILED, "mmap: %s", strerror(errno));
	stuck->server = fork();
	if (!stuck->server) {
		close(pipe_fd[1]);
		run_server(fd, stuck, pipe_fd[0]);
	}
	close(fd);
	close(pipe_fd[0]);
	stuck->release = pipe_fd[1];
	snprintf(path, sizeof(path), "%s/memory", dir);
	file = open(path, O_RDWR | O_CLOEXEC);
	CHECK(file >= 0, "open %s: %s", path, strerror(errno));
	stuck->cpu = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, file,
			  0);
	CHECK(stuck->cpu != MAP_FAILED, "mmap %s: %s", path, strerror(errno));
	close(file);
	/* Away with it when nobody uses it any more. */
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

/**
 * stuck_wait - a guest asks for a page of it for its GPU, and waits
 * @stuck: any
 * @device: the guest's, with no guest memory mapped
 */
void stuck_wait(const struct stuck *stuck, struct rt_device *device)
{
	uint64_t address = rt_space_reserve(device->space, stuck->bytes);

	OK(rt_space_map(device->space, stuck->cpu, address, stuck->bytes));
	memcpy(rt_framebuffer(device, 0), &address, sizeof(address));
	rt_control_write(device, OPENVGPU_NATIVE_MAP_LIST, 0);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_FIRST, 0);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_PAGES, 1);
	rt_control_write(device, OPENVGPU_NATIVE_MAP_COMMAND,
			 OPENVGPU_NATIVE_MAP_WRITE);
	usleep(200000);
	CHECK(rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS) == OPENVGPU_NATIVE_BUSY,
	      "the memory has arrived");
}

/**
 * stuck_release - the file system answers
 * @stuck: any
 */
void stuck_release(struct stuck *stuck)
{
	CHECK(write(stuck->release, "r", 1) == 1, "the file system is gone");
}
