/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of the vfio-user server, over a socket pair, and a device under it:
 * what the tests of the server share.
 */
#ifndef OPENVGPU_VFIO_USER_CLIENT_H
#define OPENVGPU_VFIO_USER_CLIENT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "front/vfio_user.h"
#include "front/vfio_user_proto.h"

#define BAR0_SIZE	(1u << 20)
#define BAR2_SIZE	(2u << 20)
#define NR_VECTORS	70

/* The device under the server: BAR0 is a plain memory, and it notes what it saw. */
struct device {
	uint8_t bar0[BAR0_SIZE];
	int resets;
	int connects;
	int disconnects;
	uint64_t last_offset;
	size_t last_len;
	unsigned int calls;
};

static struct device dev;
static struct vfio_user *vu;
static pthread_t server;
static int sock;
static int server_result;
static int bar2_fd;

static inline int dev_read(void *opaque, unsigned int index, uint64_t offset, void *buf, size_t len)
{
	struct device *d = opaque;

	d->calls++;
	d->last_offset = offset;
	d->last_len = len;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		memset(buf, 0xc5, len);
		return 0;
	}
	ck_assert_uint_eq(index, 0);
	ck_assert(offset + len <= BAR0_SIZE);
	memcpy(buf, d->bar0 + offset, len);
	return 0;
}

static inline int dev_write(void *opaque, unsigned int index, uint64_t offset, const void *buf,
			    size_t len)
{
	struct device *d = opaque;

	d->calls++;
	d->last_offset = offset;
	d->last_len = len;
	ck_assert_uint_eq(index, 0);
	ck_assert(offset + len <= BAR0_SIZE);
	memcpy(d->bar0 + offset, buf, len);
	return 0;
}

static inline void dev_reset(void *opaque)
{
	((struct device *)opaque)->resets++;
}

static inline void dev_connected(void *opaque)
{
	((struct device *)opaque)->connects++;
}

static inline void dev_disconnected(void *opaque)
{
	((struct device *)opaque)->disconnects++;
}

static inline void dev_log(void *opaque, const char *line)
{
	(void)opaque;
	(void)line;
}

static const struct vfio_user_ops ops = {
	.region_read = dev_read,
	.region_write = dev_write,
	.reset = dev_reset,
	.connected = dev_connected,
	.disconnected = dev_disconnected,
	.log = dev_log,
};

static const struct vfio_user_area areas[] = {
	{ 0x10000, 0x10000 },
	{ 0x40000, 0x20000 },
};

static inline struct vfio_user_config make_config(void)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	struct vfio_user_config c = { .io_timeout_ms = 300 };
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		c.regions[i].map_fd = -1;
	c.regions[0].size = BAR0_SIZE;
	c.regions[0].flags = rw;
	c.regions[2].size = BAR2_SIZE;
	c.regions[2].flags = rw;
	c.regions[2].map_fd = bar2_fd;
	c.regions[2].map_offset = 0x1000;
	c.regions[4].size = BAR2_SIZE;
	c.regions[4].flags = rw;
	c.regions[4].map_fd = bar2_fd;
	c.regions[4].areas = areas;
	c.regions[4].nr_areas = 2;
	c.regions[VFIO_PCI_CONFIG_REGION_INDEX].size = 4096;
	c.regions[VFIO_PCI_CONFIG_REGION_INDEX].flags = VFIO_REGION_INFO_FLAG_READ;
	c.irqs[VFIO_PCI_MSIX_IRQ_INDEX] = NR_VECTORS;
	c.irqs[VFIO_PCI_ERR_IRQ_INDEX] = 1;
	c.irqs[VFIO_PCI_REQ_IRQ_INDEX] = 1;
	return c;
}

static inline void *serve(void *arg)
{
	server_result = vfio_user_serve(vu, (int)(intptr_t)arg);
	return NULL;
}

static inline void connect_client(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	sock = pair[0];
	ck_assert_int_eq(pthread_create(&server, NULL, serve, (void *)(intptr_t)pair[1]), 0);
}

static inline void setup(void)
{
	struct vfio_user_config c;

	memset(&dev, 0, sizeof(dev));
	bar2_fd = memfd_create("bar2", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(bar2_fd, BAR2_SIZE + 0x1000), 0);
	c = make_config();
	vu = vfio_user_create(&c, &ops, &dev);
	ck_assert_ptr_nonnull(vu);
	connect_client();
}

static inline void hang_up(void)
{
	if (sock < 0)
		return;
	close(sock);
	sock = -1;
	pthread_join(server, NULL);
}

static inline void teardown(void)
{
	hang_up();
	vfio_user_destroy(vu);
	close(bar2_fd);
}

/* ---- playing the client ---- */

static inline void send_raw(const void *data, size_t len, const int *fds, unsigned int nr)
{
	char control[CMSG_SPACE(sizeof(int) * 64)] = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr) {
		struct cmsghdr *cmsg;

		mh.msg_control = control;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nr);
		cmsg = CMSG_FIRSTHDR(&mh);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * nr);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * nr);
	}
	ck_assert_int_eq(sendmsg(sock, &mh, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void send_request(uint16_t command, uint32_t flags, const void *payload, size_t len,
				const int *fds, unsigned int nr)
{
	struct vu_header *hdr;
	uint8_t *msg = calloc(1, sizeof(*hdr) + len);

	hdr = (struct vu_header *)msg;
	*hdr = (struct vu_header){ .id = 0x1234, .command = command, .flags = flags,
				   .size = (uint32_t)(sizeof(*hdr) + len) };
	if (len)
		memcpy(msg + sizeof(*hdr), payload, len);
	send_raw(msg, sizeof(*hdr) + len, fds, nr);
	free(msg);
}

static inline bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* Read a reply. Returns its payload's length, or the negative errno it reports. */
static inline int get_reply(uint16_t command, void *payload, size_t room, int *fd)
{
	char control[CMSG_SPACE(sizeof(int) * 4)];
	struct vu_header hdr;
	struct iovec iov = { &hdr, sizeof(hdr) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	size_t len;

	ck_assert_msg(readable(sock, 3000), "no reply to command %u within 3 s", command);
	ck_assert_int_eq(recvmsg(sock, &mh, 0), sizeof(hdr));
	ck_assert_uint_eq(hdr.id, 0x1234);
	ck_assert_uint_eq(hdr.command, command);
	ck_assert_uint_eq(hdr.flags & VU_FLAG_TYPE, VU_FLAG_REPLY);
	ck_assert_uint_ge(hdr.size, sizeof(hdr));
	len = hdr.size - sizeof(hdr);
	ck_assert_uint_le(len, room);
	if (len)
		ck_assert_int_eq(recv(sock, payload, len, MSG_WAITALL), (ssize_t)len);
	cmsg = CMSG_FIRSTHDR(&mh);
	if (fd)
		*fd = -1;
	if (cmsg) {
		ck_assert_msg(fd, "command %u: unexpected descriptor", command);
		ck_assert_uint_eq(cmsg->cmsg_len, CMSG_LEN(sizeof(int)));
		memcpy(fd, CMSG_DATA(cmsg), sizeof(int));
	}
	if (hdr.flags & VU_FLAG_ERROR) {
		ck_assert_uint_eq(len, 0);
		ck_assert_uint_ne(hdr.error, 0);
		return -(int)hdr.error;
	}
	return (int)len;
}

static inline int call(uint16_t command, const void *req, size_t len, void *rep, size_t room)
{
	send_request(command, 0, req, len, NULL, 0);
	return get_reply(command, rep, room, NULL);
}

static inline int negotiate(const char *caps, char *reply, size_t room)
{
	uint8_t msg[512] = { 0 }, out[1024];
	int n;

	if (caps)
		strcpy((char *)msg + 4, caps);
	n = call(VU_VERSION, msg, 4 + (caps ? strlen(caps) + 1 : 0), out, sizeof(out));
	if (n < 0)
		return n;
	ck_assert_int_ge(n, 4);
	ck_assert_uint_le(n - 4, room);
	if (reply) {
		memcpy(reply, out + 4, (size_t)n - 4);
		if (n == 4)
			reply[0] = 0;
	}
	return 0;
}

static inline void setup_agreed(void)
{
	setup();
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
}

static inline bool server_hung_up(void)
{
	char c;

	return readable(sock, 3000) && recv(sock, &c, 1, 0) <= 0;
}

static inline int write_region(uint32_t region, uint64_t offset, const void *data, uint32_t len)
{
	uint8_t msg[sizeof(struct vu_region_rw) + 64];
	struct vu_region_rw a = { offset, region, len }, r;
	int n;

	memcpy(msg, &a, sizeof(a));
	memcpy(msg + sizeof(a), data, len);
	n = call(VU_REGION_WRITE, msg, sizeof(a) + len, &r, sizeof(r));
	if (n >= 0)
		ck_assert_uint_eq(r.count, len);
	return n;
}

static inline int read_region(uint32_t region, uint64_t offset, void *data, uint32_t len)
{
	static uint8_t out[sizeof(struct vu_region_rw) + VFIO_USER_MAX_XFER];
	struct vu_region_rw a = { offset, region, len };
	int n = call(VU_REGION_READ, &a, sizeof(a), out, sizeof(out));

	if (n < 0)
		return n;
	ck_assert_uint_eq(n, sizeof(a) + len);
	memcpy(data, out + sizeof(a), len);
	return 0;
}

static inline int dma_map(uint64_t addr, uint64_t size, uint64_t offset, int fd, uint32_t flags)
{
	struct vu_dma_map_args a = { sizeof(a), flags, offset, addr, size };

	send_request(VU_DMA_MAP, 0, &a, sizeof(a), &fd, fd >= 0);
	return get_reply(VU_DMA_MAP, NULL, 0, NULL);
}

static inline int dma_unmap(uint64_t addr, uint64_t size, uint32_t flags)
{
	struct vu_dma_unmap_args a = { sizeof(a), flags, addr, size }, r;
	int n = call(VU_DMA_UNMAP, &a, sizeof(a), &r, sizeof(r));

	return n > 0 ? 0 : n;
}

static inline int set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t nr,
			   const int *fds, unsigned int nr_fds)
{
	struct vfio_irq_set a = { sizeof(a), flags, index, start, nr };

	send_request(VU_DEVICE_SET_IRQS, 0, &a, sizeof(a), fds, nr_fds);
	return get_reply(VU_DEVICE_SET_IRQS, NULL, 0, NULL);
}

static inline unsigned int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static inline int ram(size_t size)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	return fd;
}

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define EVENTFD_TRIGGER (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE_TRIGGER (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

static inline void vfio_user_add_tests(Suite *s, const char *name, SFun up,
				       const struct TTest *const *tests)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, teardown);
	tcase_set_timeout(tc, 60);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(s, tc);
}

#endif /* OPENVGPU_VFIO_USER_CLIENT_H */
