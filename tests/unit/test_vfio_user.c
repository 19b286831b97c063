// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vfio-user server over a socket pair: this program plays QEMU, also a bad
 * one.
 */
#define _GNU_SOURCE
#include <check.h>
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

#include "vfio_user.h"
#include "vfio_user_proto.h"

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

static int dev_read(void *opaque, unsigned int index, uint64_t offset, void *buf, size_t len)
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

static int dev_write(void *opaque, unsigned int index, uint64_t offset, const void *buf,
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

static void dev_reset(void *opaque)
{
	((struct device *)opaque)->resets++;
}

static void dev_connected(void *opaque)
{
	((struct device *)opaque)->connects++;
}

static void dev_disconnected(void *opaque)
{
	((struct device *)opaque)->disconnects++;
}

static void dev_log(void *opaque, const char *line)
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

static struct vfio_user_config make_config(void)
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

static void *serve(void *arg)
{
	server_result = vfio_user_serve(vu, (int)(intptr_t)arg);
	return NULL;
}

static void connect_client(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	sock = pair[0];
	ck_assert_int_eq(pthread_create(&server, NULL, serve, (void *)(intptr_t)pair[1]), 0);
}

static void setup(void)
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

static void hang_up(void)
{
	if (sock < 0)
		return;
	close(sock);
	sock = -1;
	pthread_join(server, NULL);
}

static void teardown(void)
{
	hang_up();
	vfio_user_destroy(vu);
	close(bar2_fd);
}

/* ---- playing the client ---- */

static void send_raw(const void *data, size_t len, const int *fds, unsigned int nr)
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

static void send_request(uint16_t command, uint32_t flags, const void *payload, size_t len,
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

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* Read a reply. Returns its payload's length, or the negative errno it reports. */
static int get_reply(uint16_t command, void *payload, size_t room, int *fd)
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

static int call(uint16_t command, const void *req, size_t len, void *rep, size_t room)
{
	send_request(command, 0, req, len, NULL, 0);
	return get_reply(command, rep, room, NULL);
}

static int negotiate(const char *caps, char *reply, size_t room)
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

static void setup_agreed(void)
{
	setup();
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
}

static bool server_hung_up(void)
{
	char c;

	return readable(sock, 3000) && recv(sock, &c, 1, 0) <= 0;
}

static int write_region(uint32_t region, uint64_t offset, const void *data, uint32_t len)
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

static int read_region(uint32_t region, uint64_t offset, void *data, uint32_t len)
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

static int dma_map(uint64_t addr, uint64_t size, uint64_t offset, int fd, uint32_t flags)
{
	struct vu_dma_map_args a = { sizeof(a), flags, offset, addr, size };

	send_request(VU_DMA_MAP, 0, &a, sizeof(a), &fd, fd >= 0);
	return get_reply(VU_DMA_MAP, NULL, 0, NULL);
}

static int dma_unmap(uint64_t addr, uint64_t size, uint32_t flags)
{
	struct vu_dma_unmap_args a = { sizeof(a), flags, addr, size }, r;
	int n = call(VU_DMA_UNMAP, &a, sizeof(a), &r, sizeof(r));

	return n > 0 ? 0 : n;
}

static int set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t nr,
		    const int *fds, unsigned int nr_fds)
{
	struct vfio_irq_set a = { sizeof(a), flags, index, start, nr };

	send_request(VU_DEVICE_SET_IRQS, 0, &a, sizeof(a), fds, nr_fds);
	return get_reply(VU_DEVICE_SET_IRQS, NULL, 0, NULL);
}

static unsigned int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int ram(size_t size)
{
	int fd = memfd_create("ram", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	return fd;
}

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define EVENTFD_TRIGGER (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE_TRIGGER (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

/* ---- version ---- */

START_TEST(version_without_capabilities)
{
	char reply[512];

	ck_assert_int_eq(negotiate(NULL, reply, sizeof(reply)), 0);
	ck_assert_str_eq(reply, "");
}
END_TEST

START_TEST(version_offers_a_subset)
{
	char reply[512];

	ck_assert_int_eq(negotiate("{\"capabilities\":{\"max_msg_fds\":16,\"migration\":{}}}",
				   reply, sizeof(reply)), 0);
	ck_assert_str_eq(reply, "{\"capabilities\":{\"max_msg_fds\":16}}");
}
END_TEST

START_TEST(version_reply_fits_the_request)
{
	/* QEMU reads the reply into the buffer of its request. */
	static const char caps[] =
		"{\"capabilities\": {\"migration\": {\"max_bitmap_size\": 268435456, "
		"\"pgsize\": 4096}, \"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576, "
		"\"pgsizes\": 4096, \"max_dma_maps\": 65535, \"write_multiple\": true}}";
	char reply[512];

	ck_assert_int_eq(negotiate(caps, reply, sizeof(reply)), 0);
	ck_assert_uint_le(strlen(reply), strlen(caps));
	ck_assert_ptr_nonnull(strstr(reply, "\"write_multiple\":true"));
}
END_TEST

START_TEST(version_refuses_nonsense)
{
	uint8_t major[4] = { 1 };
	uint8_t unterminated[8] = { 0, 0, 0, 0, '{', '}', ' ', ' ' };

	ck_assert_int_eq(call(VU_VERSION, major, 4, NULL, 0), -ENOTSUP);
	ck_assert_int_eq(call(VU_VERSION, unterminated, 8, NULL, 0), -EINVAL);
	ck_assert_int_eq(call(VU_VERSION, major, 3, NULL, 0), -EINVAL);
	ck_assert_int_eq(negotiate("[1]", NULL, 0), -EINVAL);
	ck_assert_int_eq(negotiate("{", NULL, 0), -EINVAL);
	/* and after all that a good one is still taken */
	ck_assert_int_eq(negotiate("{}", NULL, 0), 0);
}
END_TEST

START_TEST(version_must_come_first)
{
	send_request(VU_DEVICE_RESET, 0, NULL, 0, NULL, 0);
	ck_assert(server_hung_up());
	hang_up();
	ck_assert_int_eq(server_result, -EPROTO);
	ck_assert_int_eq(dev.resets, 0);
}
END_TEST

START_TEST(version_only_once)
{
	uint8_t v[4] = { 0 };

	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
	send_request(VU_VERSION, 0, v, 4, NULL, 0);
	ck_assert(server_hung_up());
}
END_TEST

/* ---- information ---- */

START_TEST(device_info)
{
	struct vu_device_info a = { .argsz = sizeof(a) };

	ck_assert_int_eq(call(VU_DEVICE_GET_INFO, &a, sizeof(a), &a, sizeof(a)), sizeof(a));
	ck_assert_uint_eq(a.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	ck_assert_uint_eq(a.num_regions, VFIO_PCI_NUM_REGIONS);
	ck_assert_uint_eq(a.num_irqs, VFIO_PCI_NUM_IRQS);
	a.argsz = 8;
	ck_assert_int_eq(call(VU_DEVICE_GET_INFO, &a, sizeof(a), &a, sizeof(a)), -EINVAL);
	ck_assert_int_eq(call(VU_DEVICE_GET_INFO, &a, 8, &a, sizeof(a)), -EINVAL);
}
END_TEST

static int region_info(uint32_t index, uint32_t argsz, void *out, size_t room, int *fd)
{
	struct vfio_region_info a = { .argsz = argsz, .index = index };

	send_request(VU_DEVICE_GET_REGION_INFO, 0, &a, sizeof(a), NULL, 0);
	return get_reply(VU_DEVICE_GET_REGION_INFO, out, room, fd);
}

START_TEST(region_info_trapped)
{
	struct vfio_region_info a;
	int fd;

	ck_assert_int_eq(region_info(0, sizeof(a), &a, sizeof(a), &fd), sizeof(a));
	ck_assert_uint_eq(a.size, BAR0_SIZE);
	ck_assert_uint_eq(a.flags, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE);
	ck_assert_int_eq(fd, -1);
	/* An absent region is no error. */
	ck_assert_int_eq(region_info(1, sizeof(a), &a, sizeof(a), &fd), sizeof(a));
	ck_assert_uint_eq(a.size, 0);
	ck_assert_uint_eq(a.flags, 0);
	ck_assert_int_eq(region_info(VFIO_PCI_NUM_REGIONS, sizeof(a), &a, sizeof(a), &fd), -EINVAL);
	ck_assert_int_eq(region_info(0, 16, &a, sizeof(a), &fd), -EINVAL);
}
END_TEST

START_TEST(region_info_mapped_whole)
{
	struct vfio_region_info a;
	uint32_t *map, word = 0;
	int fd;

	ck_assert_int_eq(region_info(2, sizeof(a), &a, sizeof(a), &fd), sizeof(a));
	ck_assert(a.flags & VFIO_REGION_INFO_FLAG_MMAP);
	ck_assert(!(a.flags & VFIO_REGION_INFO_FLAG_CAPS));
	ck_assert_uint_eq(a.offset, 0x1000);
	ck_assert_int_ge(fd, 0);
	map = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)a.offset);
	ck_assert_ptr_ne(map, MAP_FAILED);
	map[1] = 0xcafe;
	ck_assert_int_eq(pread(bar2_fd, &word, 4, 0x1004), 4);
	ck_assert_uint_eq(word, 0xcafe);
	munmap(map, a.size);
	close(fd);
}
END_TEST

START_TEST(region_info_sparse)
{
	struct {
		struct vfio_region_info info;
		struct vfio_info_cap_header header;
		uint32_t nr, reserved;
		struct vfio_user_area area[2];
	} a;
	int fd;

	/* Too little room: only the size that is needed, and no descriptor to lose. */
	ck_assert_int_eq(region_info(4, sizeof(a.info), &a, sizeof(a), &fd), sizeof(a.info));
	ck_assert_uint_eq(a.info.argsz, sizeof(a));
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(region_info(4, sizeof(a), &a, sizeof(a), &fd), sizeof(a));
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_uint_eq(a.info.cap_offset, sizeof(a.info));
	ck_assert_uint_eq(a.header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ck_assert_uint_eq(a.nr, 2);
	ck_assert_mem_eq(a.area, areas, sizeof(areas));
}
END_TEST

START_TEST(irq_info)
{
	struct vfio_irq_info a = { .argsz = sizeof(a), .index = VFIO_PCI_MSIX_IRQ_INDEX };

	ck_assert_int_eq(call(VU_DEVICE_GET_IRQ_INFO, &a, sizeof(a), &a, sizeof(a)), sizeof(a));
	ck_assert_uint_eq(a.count, NR_VECTORS);
	ck_assert_uint_eq(a.flags, VFIO_IRQ_INFO_EVENTFD);
	a.index = VFIO_PCI_INTX_IRQ_INDEX;
	ck_assert_int_eq(call(VU_DEVICE_GET_IRQ_INFO, &a, sizeof(a), &a, sizeof(a)), sizeof(a));
	ck_assert_uint_eq(a.count, 0);
	a.index = VFIO_PCI_NUM_IRQS;
	ck_assert_int_eq(call(VU_DEVICE_GET_IRQ_INFO, &a, sizeof(a), &a, sizeof(a)), -EINVAL);
}
END_TEST

/* ---- regions ---- */

START_TEST(region_access)
{
	static uint8_t big[4096];
	uint64_t v = 0x1122334455667788, r = 0;
	unsigned int len;

	for (len = 1; len <= 8; len++) {
		ck_assert_int_ge(write_region(0, 0x400 + len * 16, &v, len), 0);
		ck_assert_uint_eq(dev.last_len, len);
		r = 0;
		ck_assert_int_eq(read_region(0, 0x400 + len * 16, &r, len), 0);
		ck_assert_mem_eq(&r, &v, len);
	}
	ck_assert_int_ge(write_region(0, BAR0_SIZE - 8, &v, 8), 0);
	ck_assert_int_eq(read_region(VFIO_PCI_CONFIG_REGION_INDEX, 0, big, sizeof(big)), 0);
	ck_assert_uint_eq(big[4095], 0xc5);
}
END_TEST

START_TEST(region_access_out_of_range)
{
	struct vu_region_rw a = { 0, 0, 16 };
	unsigned int calls = dev.calls;
	uint64_t v = 0;

	ck_assert_int_eq(write_region(0, BAR0_SIZE - 7, &v, 8), -EINVAL);
	ck_assert_int_eq(write_region(0, BAR0_SIZE, &v, 1), -EINVAL);
	ck_assert_int_eq(write_region(0, UINT64_MAX, &v, 8), -EINVAL);
	ck_assert_int_eq(write_region(0, UINT64_MAX - 3, &v, 8), -EINVAL);
	ck_assert_int_eq(write_region(0, 0, &v, 0), -EINVAL);
	ck_assert_int_eq(write_region(1, 0, &v, 4), -EINVAL);
	ck_assert_int_eq(write_region(VFIO_PCI_NUM_REGIONS, 0, &v, 4), -EINVAL);
	ck_assert_int_eq(write_region(UINT32_MAX, 0, &v, 4), -EINVAL);
	ck_assert_int_eq(write_region(VFIO_PCI_CONFIG_REGION_INDEX, 0, &v, 4), -EINVAL);
	/* more announced than sent */
	ck_assert_int_eq(call(VU_REGION_WRITE, &a, sizeof(a), NULL, 0), -EINVAL);
	a.count = VFIO_USER_MAX_XFER + 1;
	ck_assert_int_eq(call(VU_REGION_READ, &a, sizeof(a), NULL, 0), -EINVAL);
	ck_assert_int_eq(call(VU_REGION_READ, &a, 8, NULL, 0), -EINVAL);
	ck_assert_uint_eq(dev.calls, calls);
}
END_TEST

START_TEST(region_read_largest)
{
	static uint8_t buf[VFIO_USER_MAX_XFER];

	dev.bar0[BAR0_SIZE - 1] = 0x77;
	ck_assert_int_eq(read_region(0, 0, buf, VFIO_USER_MAX_XFER), 0);
	ck_assert_uint_eq(buf[BAR0_SIZE - 1], 0x77);
}
END_TEST

START_TEST(posted_write_has_no_reply)
{
	struct {
		struct vu_region_rw a;
		uint32_t v;
	} __attribute__((packed)) w = { { 0x100, 0, 4 }, 0xabcd };
	uint32_t r;

	send_request(VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, sizeof(w), NULL, 0);
	/* The reply to the read is the next thing on the wire. */
	ck_assert_int_eq(read_region(0, 0x100, &r, 4), 0);
	ck_assert_uint_eq(r, 0xabcd);
	ck_assert(!readable(sock, 50));
}
END_TEST

START_TEST(write_multi)
{
	struct {
		uint64_t nr;
		struct vu_write_one w[3];
	} m = { 3, { { 0x10, 0, 4, { 1 } }, { BAR0_SIZE, 0, 4, { 2 } }, { 0x20, 0, 8, { 3 } } } };
	uint64_t nr;

	/* The bad one in the middle is reported and does not stop the others. */
	ck_assert_int_eq(call(VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), -EINVAL);
	ck_assert_uint_eq(dev.bar0[0x10], 1);
	ck_assert_uint_eq(dev.bar0[0x20], 3);
	m.w[1].offset = 0x30;
	ck_assert_int_eq(call(VU_REGION_WRITE_MULTI, &m, sizeof(m), &nr, 8), 8);
	m.nr = 4;
	ck_assert_int_eq(call(VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), -EINVAL);
	m.nr = UINT64_MAX;
	ck_assert_int_eq(call(VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), -EINVAL);
	m.nr = 1;
	m.w[0].count = 9;
	ck_assert_int_eq(call(VU_REGION_WRITE_MULTI, &m, sizeof(m), NULL, 0), -EINVAL);
}
END_TEST

START_TEST(reset_calls_back)
{
	ck_assert_int_eq(vfio_user_irq_raise(vu, 5), 0);
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 0), 1 << 5);
	ck_assert_int_eq(call(VU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
	ck_assert_int_eq(dev.resets, 1);
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 0), 0);
}
END_TEST

START_TEST(unknown_commands)
{
	static const uint16_t cmds[] = { 0, 6, 11, 12, 14, 16, 17, 18, 999, 65535 };
	unsigned int i;

	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		ck_assert_int_eq(call(cmds[i], NULL, 0, NULL, 0), -EOPNOTSUPP);
}
END_TEST

/* ---- broken framing ---- */

START_TEST(bad_header)
{
	static const struct vu_header bad[] = {
		{ 1, VU_DEVICE_RESET, 0, 0, 0 },
		{ 1, VU_DEVICE_RESET, 15, 0, 0 },
		{ 1, VU_DEVICE_RESET, UINT32_MAX, 0, 0 },
		{ 1, VU_REGION_WRITE, VFIO_USER_MAX_XFER + 64, 0, 0 },
		{ 1, VU_DEVICE_RESET, 16, VU_FLAG_REPLY, 0 },
		{ 1, VU_DEVICE_RESET, 16, 0xf, 0 },
	};

	send_raw(&bad[_i], sizeof(bad[0]), NULL, 0);
	ck_assert(server_hung_up());
	hang_up();
	ck_assert_int_eq(server_result, -EPROTO);
	ck_assert_int_eq(dev.resets, 0);
}
END_TEST

START_TEST(stalled_message)
{
	struct vu_header hdr = { 1, VU_REGION_WRITE, 64, 0, 0 };

	/* The rest never comes: the server gives up instead of hanging. */
	send_raw(&hdr, sizeof(hdr), NULL, 0);
	ck_assert(server_hung_up());
	hang_up();
	ck_assert_int_eq(server_result, -ETIMEDOUT);
}
END_TEST

START_TEST(message_in_single_bytes)
{
	struct {
		struct vu_header h;
		struct vu_region_rw a;
		uint32_t v;
	} __attribute__((packed)) m = { { 0x1234, VU_REGION_WRITE, sizeof(m), 0, 0 },
					{ 0x40, 0, 4 }, 0x5a5a };
	struct vu_region_rw r;
	size_t i;

	for (i = 0; i < sizeof(m); i++)
		send_raw((uint8_t *)&m + i, 1, NULL, 0);
	ck_assert_int_eq(get_reply(VU_REGION_WRITE, &r, sizeof(r), NULL), sizeof(r));
	ck_assert_uint_eq(dev.bar0[0x40], 0x5a);
}
END_TEST

START_TEST(garbage)
{
	unsigned int seed = (unsigned int)_i, k;

	/* Well-framed messages with random contents: the server answers each of them. */
	for (k = 0; k < 2000; k++) {
		uint32_t words[16];
		uint8_t out[sizeof(struct vu_region_rw) + 65536];
		uint16_t cmd = (uint16_t)(2 + rand_r(&seed) % 18);
		size_t len = (size_t)rand_r(&seed) % sizeof(words);
		unsigned int j;
		int fd;

		for (j = 0; j < 16; j++)
			words[j] = (uint32_t)rand_r(&seed) >> (rand_r(&seed) % 32);
		if (cmd == VU_REGION_READ)
			words[3] %= 65536;
		send_request(cmd, 0, words, len, NULL, 0);
		get_reply(cmd, out, sizeof(out), &fd);
		if (fd >= 0)
			close(fd);
	}
}
END_TEST

/* ---- descriptors ---- */

START_TEST(surplus_descriptors_are_closed)
{
	struct vu_dma_map_args m = { sizeof(m), RW, 0, 0x1000, 0x1000 };
	unsigned int before, i, k;
	int fds[20];

	for (i = 0; i < 20; i++)
		fds[i] = ram(0x1000);
	before = open_fds();
	for (k = 0; k < 50; k++) {
		uint32_t v = 0;

		/* a command that takes none, one that takes one, and a bad vector count */
		send_request(VU_DEVICE_RESET, 0, NULL, 0, fds, 16);
		ck_assert_int_eq(get_reply(VU_DEVICE_RESET, NULL, 0, NULL), -EINVAL);
		send_request(VU_DMA_MAP, 0, &m, sizeof(m), fds, 2);
		ck_assert_int_eq(get_reply(VU_DMA_MAP, NULL, 0, NULL), -EINVAL);
		ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 3, fds, 2),
				 -EINVAL);
		ck_assert_int_eq(set_irqs(NONE_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, fds, 1),
				 -EINVAL);
		ck_assert_int_eq(read_region(0, 0, &v, 4), 0);
	}
	ck_assert_int_eq(dev.resets, 0);
	ck_assert_uint_eq(open_fds(), before);
	/* more than was agreed on */
	send_request(VU_DEVICE_SET_IRQS, 0, &m, sizeof(m), fds, 20);
	ck_assert(server_hung_up());
	hang_up();
	ck_assert_uint_eq(open_fds(), before - 2);
	for (i = 0; i < 20; i++)
		close(fds[i]);
}
END_TEST

START_TEST(disconnect_releases_all)
{
	unsigned int before = open_fds(), i;
	int fds[16], mem = ram(0x10000);
	uint32_t v;

	for (i = 0; i < 16; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 16, fds, 16), 0);
	ck_assert_int_eq(dma_map(0x1000, 0x10000, 0, mem, RW), 0);
	for (i = 0; i < 16; i++)
		close(fds[i]);
	close(mem);
	hang_up();
	ck_assert_int_eq(server_result, 0);
	ck_assert_uint_eq(open_fds(), before - 2);
	ck_assert_int_eq(dev.connects, 1);
	ck_assert_int_eq(dev.disconnects, 1);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1000, &v, 4, false), -EFAULT);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 3), 0);

	/* The next client starts afresh and finds the device as it was. */
	connect_client();
	ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
	ck_assert_int_eq(read_region(0, 0, &v, 4), 0);
	ck_assert_int_eq(dev.connects, 2);
}
END_TEST

/* ---- interrupts ---- */

START_TEST(irq_delivery)
{
	uint64_t n = 0;
	int fds[2] = { eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK) };

	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 65, 2, fds, 2), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(readable(fds[1], 1000));
	ck_assert(!readable(fds[0], 0));
	ck_assert_int_eq(read(fds[1], &n, 8), 8);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(vfio_user_irq_raise(vu, NR_VECTORS), -EINVAL);

	/* Taken away: the next one waits, and is delivered with the next eventfd. */
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 66, 1, NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(!readable(fds[1], 0));
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 64), 1 << 2);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 66, 1, &fds[1], 1), 0);
	ck_assert(readable(fds[1], 0));
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 64), 0);
	ck_assert_uint_eq(vfio_user_irq_pending(vu, 128), 0);

	/* All off. */
	ck_assert_int_eq(read(fds[1], &n, 8), 8);
	ck_assert_int_eq(set_irqs(NONE_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 65), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 66), 0);
	ck_assert(!readable(fds[0], 0) && !readable(fds[1], 0));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(irq_mask)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	const uint32_t none = VFIO_IRQ_SET_DATA_NONE;

	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &fd, 1), 0);
	ck_assert_int_eq(set_irqs(none | VFIO_IRQ_SET_ACTION_MASK, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  NULL, 0), 0);
	ck_assert_int_eq(vfio_user_irq_raise(vu, 0), 0);
	ck_assert(!readable(fd, 0));
	ck_assert_int_eq(set_irqs(none | VFIO_IRQ_SET_ACTION_UNMASK, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				  NULL, 0), 0);
	ck_assert(readable(fd, 0));
	close(fd);
}
END_TEST

START_TEST(irq_nonsense)
{
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, 99, 0, 1, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, NR_VECTORS + 1,
				  NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, UINT32_MAX, 2, NULL, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 1, UINT32_MAX, NULL, 0),
			 -EINVAL);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
				  VFIO_PCI_MSIX_IRQ_INDEX, 0, 8, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(0, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, NULL, 0), -EINVAL);
	ck_assert_int_eq(set_irqs(UINT32_MAX, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(unplug_request)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	ck_assert_int_eq(vfio_user_request_unplug(vu), -ENOTCONN);
	ck_assert_int_eq(set_irqs(EVENTFD_TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &fd, 1), 0);
	ck_assert_int_eq(vfio_user_request_unplug(vu), 0);
	ck_assert(readable(fd, 0));
	close(fd);
}
END_TEST

/* ---- DMA ---- */

START_TEST(dma_round_trip)
{
	uint8_t buf[0x3000], back[0x3000];
	int fd = ram(0x8000), i;
	uint64_t v = 0x0123456789abcdef, r = 0;

	for (i = 0; i < 0x3000; i++)
		buf[i] = (uint8_t)(i * 7);
	/* Two ranges that touch, of two parts of the file in the other order. */
	ck_assert_int_eq(dma_map(0x100000, 0x2000, 0x4000, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x102000, 0x2000, 0x0000, fd, RW), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100800, buf, sizeof(buf), true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100800, back, sizeof(back), false), 0);
	ck_assert_mem_eq(buf, back, sizeof(buf));
	ck_assert_int_eq(pread(fd, back, 0x1800, 0x4800), 0x1800);
	ck_assert_mem_eq(back, buf, 0x1800);
	ck_assert_int_eq(pread(fd, back, 0x1800, 0), 0x1800);
	ck_assert_mem_eq(back, buf + 0x1800, 0x1800);

	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff8, &v, 8, true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff8, &r, 8, false), 0);
	ck_assert_uint_eq(r, v);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x103ff9, &r, 8, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0xffff8, &r, 16, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, UINT64_MAX - 3, &r, 8, false), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x100000, &r, 0, false), 0);
	close(fd);
}
END_TEST

START_TEST(dma_permissions)
{
	int fd = ram(0x4000);
	uint32_t v = 1;

	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, VFIO_DMA_MAP_FLAG_READ), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1000, &v, 4, false), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1000, &v, 4, true), -EACCES);
	/* Not shared with the server: known, but out of its reach. */
	ck_assert_int_eq(dma_map(0x2000, 0x1000, 0, -1, RW), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x2000, &v, 4, false), -EFAULT);
	ck_assert_int_eq(dma_unmap(0x2000, 0x1000, 0), 0);
	close(fd);
}
END_TEST

START_TEST(dma_map_nonsense)
{
	struct vu_dma_map_args a = { sizeof(a), RW, 0, 0, 0x1000 };
	int fd = ram(0x4000), ro = open("/proc/self/exe", O_RDONLY), pipes[2];

	ck_assert_int_eq(dma_map(0x1000, 0, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1800, 0x1000, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x800, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0x800, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, RW | 0x80), -EINVAL);
	ck_assert_int_eq(dma_map(UINT64_MAX - 0xfff, 0x2000, 0, fd, RW), -EINVAL);
	/* Beyond the end of the file an access would be fatal to the server. */
	ck_assert_int_eq(dma_map(0x1000, 0x5000, 0, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0x4000, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, UINT64_MAX - 0xfff, fd, RW), -EINVAL);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, ro, RW), -EACCES);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_lt(dma_map(0x1000, 0x1000, 0, pipes[0], RW), 0);
	ck_assert_int_eq(call(VU_DMA_MAP, &a, 16, NULL, 0), -EINVAL);
	a.argsz = 4;
	ck_assert_int_eq(call(VU_DMA_MAP, &a, sizeof(a), NULL, 0), -EINVAL);
	/* Overlaps of every kind. */
	ck_assert_int_eq(dma_map(0x2000, 0x2000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x2000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x1000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x3000, 0x2000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x1000, 0x4000, 0, fd, RW), -EEXIST);
	ck_assert_int_eq(dma_map(0x4000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x1000, 0x1000, 0, fd, RW), 0);
	close(fd);
	close(ro);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(dma_unmap_kinds)
{
	int fd = ram(0x10000);
	uint32_t v = 7;

	/* What was never mapped counts as unmapped: an emulated IOMMU asks for it. */
	ck_assert_int_eq(dma_unmap(0, 1ull << 48, 0), 0);
	ck_assert_int_eq(dma_unmap(0xfee00000, 0x100000, 0), 0);
	ck_assert_int_eq(dma_unmap(0, UINT64_MAX, 0), 0);
	ck_assert_int_eq(dma_unmap(0, 0, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(UINT64_MAX, 2, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(0x1000, 0x1000, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
	ck_assert_int_eq(dma_unmap(0, 0x1000, 0x80), -EINVAL);

	/* A hole in the middle leaves both ends, at the right places. */
	ck_assert_int_eq(dma_map(0x10000, 0x10000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_unmap(0x14000, 0x4000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x14000, &v, 4, true), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x17ffc, &v, 4, true), -EFAULT);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x13ffc, &v, 4, true), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x18000, &v, 4, true), 0);
	v = 0;
	ck_assert_int_eq(pread(fd, &v, 4, 0x8000), 4);
	ck_assert_uint_eq(v, 7);
	/* Ends cut off, then a range over all that is left. */
	ck_assert_int_eq(dma_unmap(0xf000, 0x2000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x11000, &v, 4, false), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x10ffc, &v, 4, false), -EFAULT);
	ck_assert_int_eq(dma_unmap(0x1f000, 0x8000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x1effc, &v, 4, false), 0);
	ck_assert_int_eq(dma_unmap(0x12800, 0x100, 0), -EINVAL);
	ck_assert_int_eq(dma_unmap(0x8000, 0x100000, 0), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x18000, &v, 4, false), -EFAULT);

	ck_assert_int_eq(dma_map(0x10000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_map(0x40000, 0x1000, 0, fd, RW), 0);
	ck_assert_int_eq(dma_unmap(0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	ck_assert_int_eq(vfio_user_dma_access(vu, 0x40000, &v, 4, false), -EFAULT);
	close(fd);
}
END_TEST

START_TEST(dma_many_ranges)
{
	int fd = ram(0x1000);
	uint32_t v = 0, i;

	/* Mapped in an order that is neither up nor down. */
	for (i = 0; i < 1024; i++)
		ck_assert_int_eq(dma_map(0x10000 + (uint64_t)((i * 389) % 1024) * 0x2000, 0x1000, 0,
					 fd, RW), 0);
	for (i = 0; i < 1024; i++) {
		ck_assert_int_eq(vfio_user_dma_access(vu, 0x10000 + i * 0x2000ull, &v, 4, false), 0);
		ck_assert_int_eq(vfio_user_dma_access(vu, 0x11000 + i * 0x2000ull, &v, 4, false),
				 -EFAULT);
	}
	close(fd);
}
END_TEST

static volatile bool stop_engine;

static void *engine(void *arg)
{
	uint8_t buf[4096];
	uint64_t *done = arg;

	while (!stop_engine) {
		memset(buf, 0xee, sizeof(buf));
		if (!vfio_user_dma_access(vu, 0x100000, buf, sizeof(buf), true))
			(*done)++;
	}
	return NULL;
}

START_TEST(dma_unmap_waits_for_engines)
{
	uint64_t done[2] = { 0 };
	pthread_t t[2];
	struct timespec a, b;
	int fd = ram(0x1000), i;
	long worst = 0;

	stop_engine = false;
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, engine, &done[i]);
	for (i = 0; i < 300; i++) {
		uint8_t zero[4096] = { 0 }, seen[4096];
		long us;

		ck_assert_int_eq(dma_map(0x100000, 0x1000, 0, fd, RW), 0);
		usleep(100);
		clock_gettime(CLOCK_MONOTONIC, &a);
		ck_assert_int_eq(dma_unmap(0x100000, 0x1000, 0), 0);
		clock_gettime(CLOCK_MONOTONIC, &b);
		us = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
		worst = us > worst ? us : worst;
		/* From here on nobody may write: the page stays as we leave it. */
		ck_assert_int_eq(pwrite(fd, zero, 4096, 0), 4096);
		usleep(50);
		ck_assert_int_eq(pread(fd, seen, 4096, 0), 4096);
		ck_assert_mem_eq(seen, zero, 4096);
	}
	stop_engine = true;
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ck_assert_msg(done[0] && done[1], "the engines never ran");
	ck_assert_msg(worst < 1000000, "an unmap took %ld us", worst);
	close(fd);
}
END_TEST

/* ---- the socket ---- */

static void *run(void *arg)
{
	server_result = vfio_user_run(vu, *(int *)arg, false);
	return NULL;
}

START_TEST(listen_and_stop)
{
	char dir[] = "/tmp/vfio-user-XXXXXX", path[64];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct vfio_user_config c = make_config();
	struct vfio_user *other;
	int timeout = -1, i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	ck_assert_int_eq(vfio_user_listen(vu, path), 0);
	other = vfio_user_create(&c, &ops, &dev);
	ck_assert_int_eq(vfio_user_listen(other, path), -EADDRINUSE);
	hang_up();
	/* The probe of the second server counts as a client that left at once. */
	ck_assert_int_eq(pthread_create(&server, NULL, run, &timeout), 0);
	strcpy(addr.sun_path, path);
	for (i = 0; i < 2; i++) {
		sock = socket(AF_UNIX, SOCK_STREAM, 0);
		ck_assert_int_eq(connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
		ck_assert_int_eq(negotiate(NULL, NULL, 0), 0);
		if (!i)
			close(sock);
	}
	vfio_user_stop(vu);
	pthread_join(server, NULL);
	ck_assert_int_eq(server_result, 0);
	close(sock);
	sock = -1;
	vfio_user_destroy(vu);
	ck_assert_int_ne(access(path, F_OK), 0);

	/* A socket left behind by a dead server is replaced, a file is not. */
	i = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(i, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(i);
	ck_assert_int_eq(vfio_user_listen(other, path), 0);
	vfio_user_destroy(other);
	i = open(path, O_CREAT | O_RDWR, 0600);
	vu = vfio_user_create(&c, &ops, &dev);
	ck_assert_int_eq(vfio_user_listen(vu, path), -EADDRINUSE);
	close(i);
	unlink(path);
	ck_assert_int_eq(vfio_user_listen(vu, path), 0);
	ck_assert_int_eq(vfio_user_run(vu, 50, false), -ETIMEDOUT);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(config_is_checked)
{
	struct vfio_user_config c = make_config();
	struct vfio_user_area wrong = { 0, BAR2_SIZE + 0x1000 };

	c.irqs[VFIO_PCI_MSIX_IRQ_INDEX] = 4096;
	ck_assert_ptr_null(vfio_user_create(&c, &ops, &dev));
	c = make_config();
	c.regions[4].areas = &wrong;
	c.regions[4].nr_areas = 1;
	ck_assert_ptr_null(vfio_user_create(&c, &ops, &dev));
	c.regions[4].areas = NULL;
	ck_assert_ptr_null(vfio_user_create(&c, &ops, &dev));
}
END_TEST

static void add(Suite *s, const char *name, SFun up, const TTest *const *tests)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, teardown);
	tcase_set_timeout(tc, 60);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(s, tc);
}

int main(void)
{
	const TTest *const fresh[] = {
		version_without_capabilities, version_offers_a_subset,
		version_reply_fits_the_request, version_refuses_nonsense,
		version_must_come_first, version_only_once, config_is_checked, NULL };
	const TTest *const agreed[] = {
		device_info, region_info_trapped, region_info_mapped_whole, region_info_sparse,
		irq_info, region_access, region_access_out_of_range, region_read_largest,
		posted_write_has_no_reply, write_multi, reset_calls_back, unknown_commands,
		stalled_message, message_in_single_bytes, surplus_descriptors_are_closed,
		disconnect_releases_all, irq_delivery, irq_mask, irq_nonsense, unplug_request,
		dma_round_trip, dma_permissions, dma_map_nonsense, dma_unmap_kinds,
		dma_many_ranges, dma_unmap_waits_for_engines, listen_and_stop, NULL };
	Suite *s = suite_create("vfio_user");
	TCase *loops = tcase_create("loops");
	SRunner *sr;
	int failed;

	add(s, "version", setup, fresh);
	add(s, "agreed", setup_agreed, agreed);
	tcase_add_checked_fixture(loops, setup_agreed, teardown);
	tcase_set_timeout(loops, 60);
	tcase_add_loop_test(loops, bad_header, 0, 6);
	tcase_add_loop_test(loops, garbage, 1, 6);
	suite_add_tcase(s, loops);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	printf("test_vfio_user: %d passed, %d failed\n", srunner_ntests_run(sr) - failed, failed);
	srunner_free(sr);
	return failed ? 1 : 0;
}
