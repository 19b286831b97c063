// SPDX-License-Identifier: GPL-2.0-only
/*
 * access.c - what one access costs, beside the kernel's own mdev samples
 *
 * Runs inside the host machine. Prints the "results" of build/bench/access.json
 * to the file named by its argument. All times are medians, in nanoseconds.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host.h"
#include "runtime.h"

#define SAMPLES_MAX	2000
#define MIB		(1ULL << 20)
#define MTTY_IER	1	/* UART register that raises an interrupt ... */
#define MTTY_IER_THRI	2	/* ... at once while nothing is to be sent */

/**
 * struct series - measurements of one thing
 * @sample: nanoseconds
 * @count: their number
 */
struct series {
	double sample[SAMPLES_MAX];
	int count;
};

static FILE *out;
static bool first = true;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void add(struct series *series, double ns)
{
	if (series->count < SAMPLES_MAX)
		series->sample[series->count++] = ns;
}

static double quantile(struct series *series, double q)
{
	if (!series->count)
		return 0;
	qsort(series->sample, (size_t)series->count, sizeof(double), by_value);
	return series->sample[(int)(q * (series->count - 1))];
}

/* One line of the results; @peer NULL: no sample can do it. */
static void report(const char *name, struct series *own, const char *peer,
		   struct series *other, const char *conditions)
{
	double spread = quantile(own, 0.75) - quantile(own, 0.25);

	fprintf(out, "%s{\"name\":\"%s\",\"source\":\"module\",\"value\":%.0f,\"unit\":\"ns\",\"better\":\"lower\",\"target\":null,",
		first ? "" : ",\n", name, quantile(own, 0.5));
	if (peer && other->count)
		fprintf(out, "\"peer\":\"%s\",\"peer_value\":%.0f,", peer,
			quantile(other, 0.5));
	else
		fprintf(out, "\"peer\":null,\"peer_value\":null,");
	fprintf(out, "\"n\":%d,\"spread\":%.0f,\"conditions\":{%s}}", own->count,
		spread, conditions);
	first = false;
	printf("%-28s %10.0f ns", name, quantile(own, 0.5));
	if (peer && other->count)
		printf("   %s %10.0f ns", peer, quantile(other, 0.5));
	printf("   (n %d, spread %.0f)\n", own->count, spread);
	fflush(stdout);
}

static void die(const char *what)
{
	fprintf(stderr, "access: %s: %s\n", what, rt_message());
	exit(1);
}

/**
 * struct peer - a vGPU of a kernel sample
 * @name: its driver
 * @parent: directory of the parent device
 * @type: of the vGPU
 * @uuid: name
 * @device: open, NULL: there is none to compare with
 */
struct peer {
	const char *name;
	const char *parent;
	const char *type;
	char uuid[UUID_LENGTH + 1];
	struct rt_device *device;
};

static int peer_create(struct peer *peer)
{
	char path[256];

	host_uuid(peer->uuid);
	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/%s/create",
		 peer->parent, peer->type);
	return host_write(path, peer->uuid);
}

static bool peer_open(struct peer *peer)
{
	peer->device = rt_open_vfio_any(peer->uuid, RT_VFIO_GROUP, NULL);
	return peer->device;
}

static void time_trapped(int fd, off_t at, size_t bytes, bool write,
			 struct series *series)
{
	uint64_t value = 0, begin;
	int i, j;

	for (i = 0; i < 1000; i++) {
		begin = rt_now_ns();
		for (j = 0; j < 10; j++)
			if ((write ? pwrite(fd, &value, bytes, at) :
				     pread(fd, &value, bytes, at)) != (ssize_t)bytes)
				return;
		add(series, (double)(rt_now_ns() - begin) / 10);
	}
}

static void trapped(struct rt_device *device, struct peer *mtty)
{
	off_t own = (off_t)device->region[0].offset, other;
	static struct series a, b, c, d;

	time_trapped(device->fd, own + OPENVGPU_NATIVE_ID, 8, false, &a);
	time_trapped(device->fd, own + OPENVGPU_NATIVE_MAP_FIRST, 8, true, &c);
	if (mtty->device) {
		other = (off_t)mtty->device->region[0].offset;
		/* Registers of a UART are bytes; 7 is its scratch register. */
		time_trapped(mtty->device->fd, other + 7, 1, false, &b);
		time_trapped(mtty->device->fd, other + 7, 1, true, &d);
	}
	report("trapped_register_read", &a, "mtty", &b,
	       "\"access\":\"pread 8 bytes, mtty 1 byte\"");
	report("trapped_register_write", &c, "mtty", &d,
	       "\"access\":\"pwrite 8 bytes, mtty 1 byte\"");
}

static void time_mapped(volatile uint64_t *words, size_t bytes, bool write,
			struct series *series)
{
	size_t i, count = bytes / 8;
	uint64_t begin;
	int round;

	for (i = 0; i < count; i += 512)
		words[i] = i; /* faults are not what is measured */
	for (round = 0; round < 200; round++) {
		begin = rt_now_ns();
		if (write)
			for (i = 0; i < count; i++)
				words[i] = i;
		else
			for (i = 0; i < count; i++)
				(void)words[i];
		add(series, (double)(rt_now_ns() - begin) / (double)count);
	}
}

/* Figures are for a page: one 64-bit word takes less than a nanosecond. */
static void mapped(struct rt_device *device, struct peer *mbochs)
{
	static struct series a, b, c, d, e, f;
	volatile uint64_t *map, *peer = NULL;
	uint64_t size = 0, begin;
	int i;

	map = rt_framebuffer(device, 4 * MIB);
	/* First touch: the fault handler. */
	for (i = 0; i < 500; i++) {
		begin = rt_now_ns();
		map[i * 512] = 1;
		add(&e, (double)(rt_now_ns() - begin));
	}
	if (mbochs->device) {
		peer = mbochs->device->region[0].map;
		size = mbochs->device->region[0].size;
	}
	if (peer)
		for (i = 0; i < 500 && (uint64_t)i * 4096 < size; i++) {
			begin = rt_now_ns();
			peer[i * 512] = 1;
			add(&f, (double)(rt_now_ns() - begin));
		}
	time_mapped(map, MIB, false, &a);
	time_mapped(map, MIB, true, &c);
	if (peer) {
		time_mapped(peer, MIB, false, &b);
		time_mapped(peer, MIB, true, &d);
	}
	for (i = 0; i < a.count; i++)
		a.sample[i] *= 512;
	for (i = 0; i < b.count; i++)
		b.sample[i] *= 512;
	for (i = 0; i < c.count; i++)
		c.sample[i] *= 512;
	for (i = 0; i < d.count; i++)
		d.sample[i] *= 512;
	report("mapped_framebuffer_read", &a, "mbochs", &b,
	       "\"access\":\"4096 bytes in 64-bit words\"");
	report("mapped_framebuffer_write", &c, "mbochs", &d,
	       "\"access\":\"4096 bytes in 64-bit words\"");
	report("mapped_framebuffer_fault", &e, "mbochs", &f,
	       "\"access\":\"first touch of a page\"");
}

static void lifecycle(struct peer *mtty)
{
	static struct series create, open, close, remove;
	static struct series peer_series[4];
	char uuid[UUID_LENGTH + 1];
	struct rt_device *device;
	struct peer peer = *mtty;
	uint64_t t;
	int i;

	for (i = 0; i < 60; i++) {
		t = rt_now_ns();
		if (host_create_any("64mq", uuid))
			die("create");
		add(&create, (double)(rt_now_ns() - t));
		t = rt_now_ns();
		device = rt_open_vfio(uuid, RT_VFIO_GROUP, NULL);
		if (!device)
			die("open");
		add(&open, (double)(rt_now_ns() - t));
		t = rt_now_ns();
		rt_close(device);
		add(&close, (double)(rt_now_ns() - t));
		t = rt_now_ns();
		if (host_remove(uuid))
			die("remove");
		add(&remove, (double)(rt_now_ns() - t));
	}
	for (i = 0; i < 60 && mtty->device; i++) {
		t = rt_now_ns();
		if (peer_create(&peer))
			break;
		add(&peer_series[0], (double)(rt_now_ns() - t));
		t = rt_now_ns();
		if (!peer_open(&peer))
			break;
		add(&peer_series[1], (double)(rt_now_ns() - t));
		t = rt_now_ns();
		rt_close(peer.device);
		add(&peer_series[2], (double)(rt_now_ns() - t));
		t = rt_now_ns();
		if (host_remove(peer.uuid))
			break;
		add(&peer_series[3], (double)(rt_now_ns() - t));
	}
	report("create", &create, "mtty", &peer_series[0], "\"type\":\"64mq\"");
	report("open", &open, "mtty", &peer_series[1],
	       "\"type\":\"64mq\",\"includes\":\"container and group; scrub of 64 MiB; two BARs mapped\"");
	report("close", &close, "mtty", &peer_series[2], "\"type\":\"64mq\"");
	report("remove", &remove, "mtty", &peer_series[3],
	       "\"type\":\"64mq\",\"includes\":\"waiting for the scrub\"");
}

static int wait_eventfd(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	return poll(&poll_fd, 1, 3000) == 1 &&
	       read(fd, &count, sizeof(count)) == sizeof(count) ? 0 : -1;
}

/*
 * From the engine's TIMESTAMP in front of the FENCE to this process being
 * awake, on the GPU's clock; the cost of reading that clock is taken off.
 */
static void interrupt(struct rt_device *device, struct rt_ring *ring,
		      struct peer *mtty)
{
	struct refgpu_timestamp packet = { .header.opcode = REFGPU_OP_TIMESTAMP };
	static struct series own, other, clock;
	int fd = eventfd(0, EFD_CLOEXEC), i;
	struct rt_device *peer = mtty->device;
	uint64_t at, begin, now;
	uint8_t ier = MTTY_IER_THRI;

	at = rt_framebuffer_alloc(device, 8, 8);
	packet.address = at;
	if (rt_irq_eventfd(device, VFIO_PCI_MSIX_IRQ_INDEX, 0, fd))
		die("eventfd");
	rt_user_write(device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	for (i = 0; i < 300; i++) {
		begin = rt_now_ns();
		rt_user_read(device, REFGPU_USER_TIMER);
		add(&clock, (double)(rt_now_ns() - begin));
	}
	for (i = 0; i < 500; i++) {
		rt_user_write(device, REFGPU_USER_INTR_STATUS, REFGPU_INTR_FENCE);
		if (rt_ring_submit(ring, &packet) ||
		    rt_ring_fence(ring, REFGPU_FENCE_INTERRUPT) ||
		    wait_eventfd(fd))
			die("interrupt");
		now = rt_user_read(device, REFGPU_USER_TIMER);
		add(&own, (double)(now - *(volatile uint64_t *)
				   rt_framebuffer(device, at)) -
		    quantile(&clock, 0.5) / 2);
	}
	rt_irq_eventfd(device, VFIO_PCI_MSIX_IRQ_INDEX, 0, -1);
	if (peer && rt_irq_eventfd(peer, VFIO_PCI_MSI_IRQ_INDEX, 0, fd)) {
		printf("# mtty takes no eventfd: %s\n", rt_message());
		peer = NULL;
	}
	for (i = 0; peer && i < 500; i++) {
		begin = rt_now_ns();
		if (rt_region_write(peer, 0, MTTY_IER, &ier, 1) ||
		    wait_eventfd(fd)) {
			printf("# mtty raises no interrupt (%d)\n", i);
			break;
		}
		add(&other, (double)(rt_now_ns() - begin));
	}
	close(fd);
	report("interrupt_to_eventfd", &own, "mtty", &other,
	       "\"from\":\"TIMESTAMP in front of FENCE to awake process; mtty: a register write whose handler signals, no hardware\"");
}

static void submit(struct rt_device *device, struct rt_ring *ring)
{
	static struct series polled, event;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), i;
	uint64_t at = rt_framebuffer_alloc(device, 4096, 4096), begin;

	for (i = 0; i < 1000; i++) {
		begin = rt_now_ns();
		if (rt_fill(ring, at, 64, (uint32_t)i) || rt_ring_fence(ring, 0))
			die("submit");
		while (!rt_ring_reached(ring, ring->fence))
			if (rt_now_ns() - begin > 3000000000ULL)
				die("a fence did not come");
		add(&polled, (double)(rt_now_ns() - begin));
	}
	if (rt_irq_eventfd(device, VFIO_PCI_MSIX_IRQ_INDEX, 0, fd))
		die("eventfd");
	rt_user_write(device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	for (i = 0; i < 500; i++) {
		begin = rt_now_ns();
		if (rt_fill(ring, at, 64, (uint32_t)i) ||
		    rt_ring_fence(ring, REFGPU_FENCE_INTERRUPT) ||
		    rt_ring_wait_event(ring, ring->fence, fd, 3000))
			die("submit");
		add(&event, (double)(rt_now_ns() - begin));
	}
	close(fd);
	report("submit_to_fence_polled", &polled, NULL, NULL,
	       "\"job\":\"FILL of 64 bytes and FENCE\",\"wait\":\"polling memory\"");
	report("submit_to_fence_interrupt", &event, NULL, NULL,
	       "\"job\":\"FILL of 64 bytes and FENCE\",\"wait\":\"eventfd\"");
}

int main(int argc, char **argv)
{
	struct peer mtty = { .name = "mtty", .parent = "mtty",
			     .type = "mtty-2" };
	struct peer mbochs = { .name = "mbochs", .parent = "mbochs",
			       .type = "mbochs-small" };
	struct rt_device *device;
	struct rt_ring ring;
	char uuid[UUID_LENGTH + 1];

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: access FILE\n");
		return 2;
	}
	out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	if (host_init())
		die("GPU");
	if (peer_create(&mtty) || !peer_open(&mtty))
		printf("# no mtty to compare with: %s\n", rt_message());
	if (peer_create(&mbochs) || !peer_open(&mbochs))
		printf("# no mbochs to compare with: %s\n", rt_message());
	lifecycle(&mtty);
	if (host_create_any("64mq", uuid))
		die("create");
	device = rt_open_vfio(uuid, RT_VFIO_GROUP, NULL);
	if (!device)
		die("open");
	if (rt_ring_create(device, 0, 256, &ring))
		die("ring");
	trapped(device, &mtty);
	mapped(device, &mbochs);
	interrupt(device, &ring, &mtty);
	submit(device, &ring);
	rt_close(device);
	host_remove(uuid);
	rt_close(mtty.device);
	rt_close(mbochs.device);
	fprintf(out, "\n");
	return fclose(out) ? 1 : 0;
}
