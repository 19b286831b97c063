// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio_user.c - fuzzes the messages of the vfio-user server: a client that sends
 * anything, with descriptors that are anything
 *
 * All that the client says is in its socket before the server looks at it, so
 * that one thread does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/vfio_user.h"
#include "front/vfio_user_proto.h"
#include "fuzz.h"

#define BAR_SIZE	0x2000
#define VECTORS		70
#define MESSAGE_MAX	0x3000
#define MESSAGES_MAX	32

static uint8_t bar[BAR_SIZE];
static struct vfio_user *server;
static int bar_file;

static int region_read(void *opaque, unsigned int index, uint64_t offset, void *buf,
		       size_t len)
{
	(void)opaque;
	FUZZ_CHECK(index == 0 || index == 2 || index == VFIO_PCI_CONFIG_REGION_INDEX,
		   "region %u", index);
	FUZZ_CHECK(offset <= BAR_SIZE && len <= BAR_SIZE - offset, "%zu bytes at 0x%llx", len,
		   (unsigned long long)offset);
	memcpy(buf, bar + offset, len);
	return 0;
}

/* The device reads and writes the client's memory, and interrupts it. */
static int region_write(void *opaque, unsigned int index, uint64_t offset, const void *buf,
			size_t len)
{
	uint64_t words[64] = { 0 };

	(void)opaque;
	FUZZ_CHECK(index == 0 || index == 2, "region %u", index);
	FUZZ_CHECK(offset <= BAR_SIZE && len <= BAR_SIZE - offset, "%zu bytes at 0x%llx", len,
		   (unsigned long long)offset);
	memcpy(bar + offset, buf, len);
	if (len >= 8) {
		memcpy(words, buf, 8);
		vfio_user_dma_access(server, words[0], words, sizeof(words), len & 8);
	}
	vfio_user_irq_raise(server, (unsigned int)offset % (VECTORS + 2));
	return index == 2 && len == 3 ? -EIO : 0;
}

static void reset(void *opaque)
{
	(void)opaque;
	vfio_user_irq_clear_pending(server);
	FUZZ_CHECK(!vfio_user_irq_pending(server, 0) && !vfio_user_irq_pending(server, 64),
		   "interrupts wait after a reset");
}

static void discard(void *opaque, const char *line)
{
	(void)opaque;
	(void)line;
}

static const struct vfio_user_ops ops = {
	.region_read = region_read,
	.region_write = region_write,
	.reset = reset,
	.log = discard,
};

static const struct vfio_user_area areas[] = { { 0, 0x1000 } };

static void start(void)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	struct vfio_user_config config = { .io_timeout_ms = 1 };
	unsigned int i;

	/* As the program does, for clients whose eventfd is a pipe without a reader. */
	signal(SIGPIPE, SIG_IGN);
	bar_file = memfd_create("bar", MFD_CLOEXEC);
	FUZZ_CHECK(bar_file >= 0 && !ftruncate(bar_file, BAR_SIZE), "no memory");
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		config.regions[i].map_fd = -1;
	config.regions[0] = (struct vfio_user_region) { .size = BAR_SIZE, .flags = rw,
							.map_fd = -1 };
	config.regions[2] = (struct vfio_user_region) { .size = BAR_SIZE, .flags = rw,
		.map_fd = bar_file, .areas = areas, .nr_areas = 1 };
	config.regions[VFIO_PCI_CONFIG_REGION_INDEX] = (struct vfio_user_region) {
		.size = 4096, .flags = VFIO_REGION_INFO_FLAG_READ, .map_fd = -1 };
	config.irqs[VFIO_PCI_MSIX_IRQ_INDEX] = VECTORS;
	config.irqs[VFIO_PCI_REQ_IRQ_INDEX] = 1;
	server = vfio_user_create(&config, &ops, NULL);
	FUZZ_CHECK(server, "no server");
}

static int descriptor(unsigned int kind)
{
	int pipe_ends[2], fd;

	switch (kind & 3) {
	case 0:
		return eventfd(0, EFD_CLOEXEC);
	case 1:
		fd = memfd_create("guest", MFD_CLOEXEC);
		if (ftruncate(fd, 0x4000))
			abort();
		return fd;
	case 2:
		if (pipe(pipe_ends))
			abort();
		close(pipe_ends[0]);
		return pipe_ends[1];
	default:
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
}

static void send_with(int sock, const void *bytes, size_t size, const int *fds,
		      unsigned int nr_fds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 20)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { (void *)(uintptr_t)bytes, size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t sent;

	memset(&control, 0, sizeof(control));
	if (nr_fds) {
		message.msg_control = control.buf;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * nr_fds);
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * nr_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * nr_fds);
	}
	/* What does not fit is lost, and the client goes in mid-message. */
	sent = sendmsg(sock, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent;
}

/* A number near what there is of something. */
static uint64_t near(struct fuzz *fuzz, uint64_t limit)
{
	uint64_t n = fuzz_number(fuzz, 1);

	return n & 0x80 ? limit - (n & 0x3f) : n % limit;
}

/* What a command begins with, nearly as it should be. Returns its length. */
static size_t arguments(struct fuzz *fuzz, unsigned int command, uint8_t *to)
{
	union {
		struct vu_dma_map_args map;
		struct vu_dma_unmap_args unmap;
		struct vfio_region_info region;
		struct vfio_irq_set irqs;
		struct vu_region_rw access;
	} a;
	size_t length;

	memset(&a, 0, sizeof(a));
	switch (command) {
	case VU_DMA_MAP:
		a.map = (struct vu_dma_map_args) { sizeof(a.map), 3, 0x1000 * near(fuzz, 4),
			0x1000 * near(fuzz, 16), 0x1000 * near(fuzz, 4) };
		length = sizeof(a.map);
		break;
	case VU_DMA_UNMAP:
		a.unmap = (struct vu_dma_unmap_args) { sizeof(a.unmap), 0,
			0x1000 * near(fuzz, 16), 0x1000 * near(fuzz, 4) };
		length = sizeof(a.unmap);
		break;
	case VU_DEVICE_SET_IRQS:
		a.irqs.argsz = sizeof(a.irqs);
		a.irqs.flags = (uint32_t)fuzz_number(fuzz, 1);
		a.irqs.index = near(fuzz, 2) & 1 ? VFIO_PCI_MSIX_IRQ_INDEX :
						   (uint32_t)near(fuzz, VFIO_PCI_NUM_IRQS);
		a.irqs.start = (uint32_t)near(fuzz, VECTORS);
		a.irqs.count = (uint32_t)near(fuzz, VECTORS);
		length = sizeof(a.irqs);
		break;
	case VU_REGION_READ:
	case VU_REGION_WRITE:
		a.access.region = (uint32_t)near(fuzz, VFIO_PCI_NUM_REGIONS);
		a.access.offset = near(fuzz, a.access.region < 3 ? BAR_SIZE : 4096);
		a.access.count = (uint32_t)near(fuzz, 64);
		length = sizeof(a.access);
		break;
	default:
		a.region.argsz = (uint32_t)near(fuzz, 256);
		a.region.index = (uint32_t)near(fuzz, VFIO_PCI_NUM_REGIONS);
		length = sizeof(a.region);
	}
	memcpy(to, &a, length);
	return length;
}

/*
 * One message. The header is made so that the server goes on, but for the bits
 * of @how.
 */
static void send_message(struct fuzz *fuzz, int sock, unsigned int how)
{
	static uint8_t bytes[sizeof(struct vu_header) + sizeof(struct vfio_region_info) +
			     MESSAGE_MAX];
	struct vu_header header = { 0 };
	unsigned int nr_fds = 0, i;
	size_t length = sizeof(header), more;
	int fds[20];

	header.id = (uint16_t)fuzz_number(fuzz, 1);
	header.command = (uint16_t)fuzz_below(fuzz, 17);
	if (how & 8)
		length += arguments(fuzz, header.command, bytes + length);
	more = how & 1 ? (size_t)fuzz_below(fuzz, MESSAGE_MAX) : (size_t)fuzz_below(fuzz, 100);
	fuzz_bytes(fuzz, bytes + length, more);
	length += more;
	header.size = (uint32_t)length;
	if (how & 2)
		header.flags = (uint32_t)fuzz_number(fuzz, 1) & ~1u;
	if (how & 4)
		nr_fds = (unsigned int)fuzz_below(fuzz, 20 + 1);
	if ((how & 0xf0) == 0xf0)
		header.size = (uint32_t)fuzz_number(fuzz, 4);
	memcpy(bytes, &header, sizeof(header));
	for (i = 0; i < nr_fds; i++)
		fds[i] = descriptor((unsigned int)fuzz_number(fuzz, 1));
	send_with(sock, bytes, length, fds, nr_fds);
	for (i = 0; i < nr_fds; i++)
		close(fds[i]);
}

static void send_version(int sock)
{
	static const char json[] = "{\"capabilities\":{\"max_msg_fds\":8}}";
	uint8_t bytes[sizeof(struct vu_header) + sizeof(struct vu_version) + sizeof(json)];
	struct vu_header header = { .command = VU_VERSION, .size = sizeof(bytes) };
	struct vu_version version = { VU_VERSION_MAJOR, VU_VERSION_MINOR };

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), &version, sizeof(version));
	memcpy(bytes + sizeof(header) + sizeof(version), json, sizeof(json));
	send_with(sock, bytes, sizeof(bytes), NULL, 0);
}

static int next_descriptor(void)
{
	int fd = dup(bar_file);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct vfio_user_stats stats;
	unsigned int how, n;
	int pair[2], before, bytes = 1 << 20;

	if (!server)
		start();
	before = next_descriptor();
	FUZZ_CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "no sockets");
	/* Room for all that is said, in both directions. */
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	how = (unsigned int)fuzz_number(&fuzz, 1);
	if (how & 1)
		send_version(pair[0]);
	if (how == 0xfe) {
		/* Not even messages. */
		send_with(pair[0], fuzz.at, fuzz.left, NULL, 0);
		fuzz.left = 0;
	}
	for (n = 0; fuzz.left && n < MESSAGES_MAX; n++)
		send_message(&fuzz, pair[0], (unsigned int)fuzz_number(&fuzz, 1));
	shutdown(pair[0], SHUT_WR);
	vfio_user_serve(server, pair[1]);
	close(pair[0]);

	vfio_user_get_stats(server, &stats);
	FUZZ_CHECK(!stats.dma_maps, "%llu ranges stay mapped", (unsigned long long)stats.dma_maps);
	FUZZ_CHECK(next_descriptor() == before, "descriptor %d is still open", before);
	/* The next client must find the same server. */
	memset(bar, 0, sizeof(bar));
	vfio_user_irq_clear_pending(server);
	return 0;
}
