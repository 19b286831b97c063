// SPDX-License-Identifier: GPL-2.0-only
/* The vfio-user server's messages: this program plays QEMU, also a bad one. */
#define _GNU_SOURCE
#include "vfio_user_client.h"

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
	/* QEMU 11 refuses the answer if this one is missing. */
	ck_assert_uint_eq(a.info.cap_offset, sizeof(a.info));
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

int main(void)
{
	const struct TTest *const fresh[] = {
		version_without_capabilities, version_offers_a_subset,
		version_reply_fits_the_request, version_refuses_nonsense,
		version_must_come_first, version_only_once, config_is_checked, NULL };
	const struct TTest *const agreed[] = {
		device_info, region_info_trapped, region_info_mapped_whole, region_info_sparse,
		irq_info, region_access, region_access_out_of_range, region_read_largest,
		posted_write_has_no_reply, write_multi, reset_calls_back, unknown_commands,
		stalled_message, message_in_single_bytes, surplus_descriptors_are_closed,
		disconnect_releases_all, listen_and_stop, NULL };
	Suite *s = suite_create("vfio_user");
	TCase *loops = tcase_create("loops");

	vfio_user_add_tests(s, "version", setup, fresh);
	vfio_user_add_tests(s, "agreed", setup_agreed, agreed);
	tcase_add_checked_fixture(loops, setup_agreed, teardown);
	tcase_set_timeout(loops, 60);
	tcase_add_loop_test(loops, bad_header, 0, 6);
	tcase_add_loop_test(loops, garbage, 1, 6);
	suite_add_tcase(s, loops);
	return unit_run(s, "test_vfio_user");
}
