// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - interrupts: eventfds in, signals out
 */
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "vgpu.h"

/* SET_IRQS as it is, for requests no helper would make. */
static int set_irqs(struct vgpu *vgpu, uint32_t flags, uint32_t index,
		    uint32_t start, uint32_t count, const int32_t *fds,
		    uint32_t fd_count)
{
	char request[sizeof(struct vfio_irq_set) + 16 * sizeof(int32_t)];
	struct vfio_irq_set *set = (struct vfio_irq_set *)request;

	memset(request, 0, sizeof(request));
	set->argsz = (uint32_t)(sizeof(*set) + fd_count * sizeof(int32_t));
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (fd_count)
		memcpy(set->data, fds, fd_count * sizeof(int32_t));
	return ioctl(vgpu->device->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

#define TRIGGER_FD	(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD)
#define TRIGGER_NONE	(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE)
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX

static void raise_user(struct vgpu *vgpu, struct rt_ring *ring)
{
	rt_user_write(vgpu->device, REFGPU_USER_INTR_STATUS, UINT64_MAX);
	OK(rt_ring_fence(ring, REFGPU_FENCE_INTERRUPT));
	OK(rt_ring_wait(ring, ring->fence, 5000));
}

TEST(fence, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	uint64_t count;
	int fd, i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	fd = vgpu_eventfd(&vgpu, MSIX, 0);
	/* Masked by the guest: a fence, but no interrupt. */
	raise_user(&vgpu, &ring);
	CHECK(!eventfd_count(fd, 200), "an interrupt the guest did not enable");
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	eventfd_count(fd, 100);
	for (i = 0; i < 50; i++) {
		raise_user(&vgpu, &ring);
		count = eventfd_count(fd, 5000);
		CHECK(count == 1, "fence %d raised %llu interrupts", i,
		      (unsigned long long)count);
	}
	CHECK(host_stat(vgpu.uuid, "interrupts") >= 50,
	      "stats say %llu interrupts after 50",
	      (unsigned long long)host_stat(vgpu.uuid, "interrupts"));
}

/* Waiting by interrupt only, with a job between. */
TEST(wait, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	uint64_t at;
	int fd, i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 16, &ring));
	fd = vgpu_eventfd(&vgpu, MSIX, 0);
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	at = rt_framebuffer_alloc(vgpu.device, MIB, 64);
	for (i = 0; i < 100; i++) {
		OK(rt_fill(&ring, at, MIB, (uint32_t)i));
		OK(rt_ring_fence(&ring, REFGPU_FENCE_INTERRUPT));
		OK(rt_ring_wait_event(&ring, ring.fence, fd, 5000));
	}
}

TEST(control_vector, 0)
{
	struct rt_memory memory;
	struct vgpu vgpu;
	uint64_t value, address;
	int user, control;

	vgpu_make(&vgpu, "64mq");
	user = new_eventfd();
	control = new_eventfd();
	OK(rt_irq_eventfd(vgpu.device, MSIX, OPENVGPU_NATIVE_VECTOR_USER, user));
	OK(rt_irq_eventfd(vgpu.device, MSIX, OPENVGPU_NATIVE_VECTOR_CONTROL,
			  control));
	OK(rt_memory_alloc(vgpu.device, 4 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_EVENT_STATUS);
	CHECK(value & OPENVGPU_NATIVE_EVENT_MAP,
	      "events 0x%llx after a map command", (unsigned long long)value);
	CHECK(!eventfd_count(control, 100),
	      "vector 1 came though no event is enabled");
	OK(rt_memory_unmap(vgpu.device, &memory, address));
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_EVENT_STATUS, UINT64_MAX);
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_EVENT_STATUS);
	CHECK(!value, "events are 0x%llx after all were cleared",
	      (unsigned long long)value);
	eventfd_count(control, 100);
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_EVENT_ENABLE,
			 OPENVGPU_NATIVE_EVENT_MAP);
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	CHECK(eventfd_count(control, 5000) == 1, "no vector 1 for a map command");
	CHECK(!eventfd_count(user, 0), "vector 0 came for a map command");
	OK(rt_memory_unmap(vgpu.device, &memory, address));
	rt_memory_free(&memory);
}

/* SET_IRQS may come in chunks, with holes, and be changed at any time. */
TEST(chunks, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	int32_t fds[2];
	int a, b;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	a = new_eventfd();
	b = new_eventfd();
	fds[0] = a;
	fds[1] = -1;
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 2, fds, 2));
	raise_user(&vgpu, &ring);
	CHECK(eventfd_count(a, 5000) == 1, "no interrupt with a hole at vector 1");
	/* A chunk for vector 1 alone leaves vector 0 as it is. */
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 1, 1, &b, 1));
	raise_user(&vgpu, &ring);
	CHECK(eventfd_count(a, 5000) == 1, "vector 0 was lost when vector 1 was set");
	CHECK(!eventfd_count(b, 0), "vector 1 came for a fence");
	/* Another eventfd takes over. */
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, &b, 1));
	raise_user(&vgpu, &ring);
	CHECK(eventfd_count(b, 5000) == 1, "no interrupt to the new eventfd");
	CHECK(!eventfd_count(a, 0), "an interrupt to the old eventfd");
	/* -1 takes one vector away. */
	fds[0] = -1;
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, fds, 1));
	raise_user(&vgpu, &ring);
	CHECK(!eventfd_count(a, 100) && !eventfd_count(b, 0),
	      "an interrupt to a disabled vector");
	/* count 0, no data: all off. */
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, &a, 1));
	eventfd_count(a, 50); /* what was pending may come */
	OK(set_irqs(&vgpu, TRIGGER_NONE, MSIX, 0, 0, NULL, 0));
	raise_user(&vgpu, &ring);
	CHECK(!eventfd_count(a, 100), "an interrupt after all were disabled");
	/* And on again. */
	OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, &a, 1));
	eventfd_count(a, 50);
	raise_user(&vgpu, &ring);
	CHECK(eventfd_count(a, 5000) == 1, "no interrupt after enabling again");
}

/* A VMM may trigger a vector itself, to test. */
TEST(loopback, 0)
{
	struct vgpu vgpu;
	int fd;

	vgpu_make(&vgpu, "64mq");
	fd = vgpu_eventfd(&vgpu, MSIX, 1);
	OK(set_irqs(&vgpu, TRIGGER_NONE, MSIX, 1, 1, NULL, 0));
	CHECK(eventfd_count(fd, 1000) == 1, "vector 1 does not loop back");
	OK(rt_irq_eventfd(vgpu.device, VFIO_PCI_REQ_IRQ_INDEX, 0, fd));
	OK(set_irqs(&vgpu, TRIGGER_NONE, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, NULL, 0));
	CHECK(eventfd_count(fd, 1000) == 1, "REQ does not loop back");
	OK(rt_irq_eventfd(vgpu.device, VFIO_PCI_ERR_IRQ_INDEX, 0, fd));
	OK(set_irqs(&vgpu, TRIGGER_NONE, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, NULL, 0));
	CHECK(eventfd_count(fd, 1000) == 1, "ERR does not loop back");
}

TEST(refused, 0)
{
	struct vgpu vgpu;
	int32_t fds[16];
	unsigned int i;
	int fd, error;

	vgpu_make(&vgpu, "64mq");
	fd = new_eventfd();
	for (i = 0; i < 16; i++)
		fds[i] = fd;
#define REFUSED(what, call) \
	do { \
		error = (call); \
		CHECK(error == -EINVAL || error == -ENOTTY, "%s: %s", what, \
		      error ? strerror(-error) : "accepted"); \
	} while (0)
	REFUSED("vector 2 of 2", set_irqs(&vgpu, TRIGGER_FD, MSIX, 2, 1, fds, 1));
	REFUSED("3 vectors of 2", set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 3, fds, 3));
	REFUSED("start + count overflows",
		set_irqs(&vgpu, TRIGGER_FD, MSIX, 1, 0xffffffff, fds, 1));
	REFUSED("less data than count says",
		set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 2, fds, 1));
	REFUSED("an index beyond the last",
		set_irqs(&vgpu, TRIGGER_FD, 99, 0, 1, fds, 1));
	REFUSED("index 0xffffffff",
		set_irqs(&vgpu, TRIGGER_FD, 0xffffffff, 0, 1, fds, 1));
	REFUSED("two actions at once",
		set_irqs(&vgpu, TRIGGER_FD | VFIO_IRQ_SET_ACTION_MASK, MSIX, 0, 1,
			 fds, 1));
	REFUSED("two kinds of data",
		set_irqs(&vgpu, TRIGGER_FD | VFIO_IRQ_SET_DATA_BOOL, MSIX, 0, 1,
			 fds, 1));
	REFUSED("no action",
		set_irqs(&vgpu, VFIO_IRQ_SET_DATA_EVENTFD, MSIX, 0, 1, fds, 1));
	REFUSED("unknown flags",
		set_irqs(&vgpu, TRIGGER_FD | 1u << 20, MSIX, 0, 1, fds, 1));
	REFUSED("a second error interrupt",
		set_irqs(&vgpu, TRIGGER_FD, VFIO_PCI_ERR_IRQ_INDEX, 0, 2, fds, 2));
	REFUSED("an INTx that is not there",
		set_irqs(&vgpu, TRIGGER_FD, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, fds, 1));
	fds[0] = 0x7ffffff0;
	error = set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, fds, 1);
	CHECK(error == -EBADF, "a file that is not open: %s", strerror(-error));
	fds[0] = vgpu.device->fd;
	error = set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, fds, 1);
	CHECK(error, "a file that is no eventfd was accepted");
	/* None of it may have broken what works. */
	OK(rt_irq_eventfd(vgpu.device, MSIX, 0, fd));
	OK(set_irqs(&vgpu, TRIGGER_NONE, MSIX, 0, 1, NULL, 0));
	CHECK(eventfd_count(fd, 1000) == 1, "vector 0 is broken");
}

/* Interrupts keep coming while their eventfds are swapped. */
TEST(swap_race, 0)
{
	struct vgpu vgpu;
	struct rt_ring ring;
	int32_t none = -1;
	int fd[2], i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_FENCE);
	for (i = 0; i < 300; i++) {
		fd[0] = new_eventfd();
		fd[1] = new_eventfd();
		OK(rt_irq_eventfd(vgpu.device, MSIX, 0, fd[0]));
		rt_user_write(vgpu.device, REFGPU_USER_INTR_STATUS, UINT64_MAX);
		OK(rt_ring_fence(&ring, REFGPU_FENCE_INTERRUPT));
		OK(rt_irq_eventfd(vgpu.device, MSIX, 0, fd[1]));
		OK(set_irqs(&vgpu, TRIGGER_FD, MSIX, 0, 1, &none, 1));
		close(fd[0]);
		close(fd[1]);
	}
	OK(rt_ring_finish(&ring, 5000));
}
