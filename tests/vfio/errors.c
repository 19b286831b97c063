// SPDX-License-Identifier: GPL-2.0-only
/*
 * errors.c - the GPU misbehaves: only who caused it notices
 */
#include <linux/vfio.h>
#include <stdio.h>

#include "admin.h"

/* The victim is told by every channel it has, and can go on. */
static void expect_fault(struct vgpu *vgpu, struct rt_ring *ring, int event)
{
	uint64_t value, begin = rt_now_ns();
	int error;

	error = rt_ring_wait(ring, ring->fence, 60000);
	CHECK(error == -ECANCELED || error == -EIO,
	      "the hung vGPU's fence: %s (%s)",
	      error ? strerror(-error) : "reached", rt_message());
	CHECK(rt_now_ns() - begin < 10 * second(),
	      "it took %llu ms until the hung vGPU was reset",
	      (unsigned long long)(rt_now_ns() - begin) / 1000000);
	CHECK(eventfd_count(event, 3000), "the guest got no fault interrupt");
	value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT);
	/* Did not yield, outlived its quantum, or never finished loading. */
	CHECK(value == 1 || value == 2 || value == 7, "FAULT is %llu after a hang",
	      (unsigned long long)value);
	CHECK(host_attribute(vgpu->uuid, "last_fault") == value,
	      "sysfs says fault %llu, the guest's register %llu",
	      (unsigned long long)host_attribute(vgpu->uuid, "last_fault"),
	      (unsigned long long)value);
	value = rt_control_read(vgpu->device, OPENVGPU_NATIVE_EVENT_STATUS);
	CHECK(value & OPENVGPU_NATIVE_EVENT_FAULT, "events 0x%llx after a hang",
	      (unsigned long long)value);
	value = rt_user_read(vgpu->device, REFGPU_USER_ERROR);
	CHECK(value == REFGPU_ERROR_HANG || value == REFGPU_ERROR_RESET,
	      "USER_ERROR is %llu after a hang", (unsigned long long)value);
	CHECK(host_stat(vgpu->uuid, "faults") == 1, "stats count %llu faults",
	      (unsigned long long)host_stat(vgpu->uuid, "faults"));
}

TEST(hang, SLOW)
{
	struct rt_ring ring[4];
	struct vgpu vgpu[4];
	uint64_t at;
	int event, i, round;

	vgpu_make_rings(vgpu, ring, 4);
	event = vgpu_eventfd(&vgpu[0], VFIO_PCI_MSIX_IRQ_INDEX, 1);
	rt_control_write(vgpu[0].device, OPENVGPU_NATIVE_EVENT_ENABLE,
			 OPENVGPU_NATIVE_EVENT_FAULT);
	hang(&vgpu[0]);
	at = rt_framebuffer_alloc(vgpu[0].device, MIB, 4096);
	for (i = 0; i < 20; i++)
		OK(rt_fill(&ring[0], at, MIB, 1));
	OK(rt_ring_fence(&ring[0], 0));
	for (round = 0; round < 5; round++)
		for (i = 1; i < 4; i++) {
			OK(work_vector_add(&ring[i], 2000,
					   (uint32_t)(round * 10 + i)));
			OK(work_system_memory(&ring[i], 4, (uint32_t)i));
		}
	expect_fault(&vgpu[0], &ring[0], event);
	for (i = 1; i < 4; i++)
		vgpu_unharmed(&vgpu[i], "a neighbour of the hung vGPU");
	/* The guest's driver resets and goes on. */
	OK(rt_guest_reset(vgpu[0].device));
	vgpu_works(&vgpu[0], 5);
}

/* Closing a hung vGPU is bounded, and its slice is fit for the next owner. */
TEST(close_while_hung, SLOW)
{
	uint64_t begin, took, at;
	struct rt_ring ring;
	struct vgpu vgpu, other;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	hang(&vgpu);
	at = rt_framebuffer_alloc(vgpu.device, MIB, 4096);
	OK(rt_fill(&ring, at, MIB, 1));
	OK(rt_ring_fence(&ring, 0));
	usleep(20000);
	begin = rt_now_ns();
	vgpu_close(&vgpu);
	took = rt_now_ns() - begin;
	CHECK(took < 5 * second(), "closing a hung vGPU took %llu ms",
	      (unsigned long long)took / 1000000);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
	vgpu_works(&other, 2);
	vgpu_unharmed(&other, "the neighbour");
}

/* Within patience nobody is punished for being slow. */
TEST(slow_preempt, SLOW)
{
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	uint64_t stop;
	int i;

	vgpu_make_rings(vgpu, ring, 2);
	inject("slow-preempt ns=2000000");
	OK(work_spin(&ring[0], &stop));
	for (i = 0; i < 5; i++)
		OK(work_vector_add(&ring[1], 2000, (uint32_t)i));
	work_stop(vgpu[0].device, stop);
	OK(rt_ring_wait(&ring[0], ring[0].fence, 10000));
	inject("slow-preempt ns=0");
	vgpu_unharmed(&vgpu[0], "the slow vGPU");
	vgpu_unharmed(&vgpu[1], "the other vGPU");
}

/* Interrupts of the GPU to the host get lost: work goes on. */
static void lose(const char *command)
{
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	int i, round;

	vgpu_make_rings(vgpu, ring, 2);
	for (round = 0; round < 5; round++) {
		inject(command);
		for (i = 0; i < 2; i++)
			OK(work_vector_add(&ring[i], 1000, (uint32_t)round));
	}
	for (i = 0; i < 2; i++)
		vgpu_unharmed(&vgpu[i], command);
}

TEST(lost_interrupt, SLOW)
{
	lose("lost-interrupt count=2 vector=64");
}

TEST(lost_event, SLOW)
{
	lose("lost-event count=2");
}

TEST(extra_interrupt, SLOW)
{
	lose("extra-interrupt count=5");
}

TEST(late_interrupt, SLOW)
{
	lose("late-interrupt count=3 ns=20000000");
}

TEST(lost_preempt, SLOW)
{
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	uint64_t stop;
	int i;

	vgpu_make_rings(vgpu, ring, 2);
	OK(work_spin(&ring[0], &stop));
	inject("lost-preempt count=1");
	for (i = 0; i < 4; i++)
		OK(work_vector_add(&ring[1], 1000, (uint32_t)i));
	vgpu_unharmed(&vgpu[1], "who waited for the engine");
}

/* Host memory that does not answer stops the ring that wanted it. */
TEST(dma_fault, 0)
{
	struct vgpu vgpu, other;
	struct rt_ring ring, other_ring;
	struct rt_memory memory;
	uint64_t address, at, value;
	int error;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_ring_create(other.device, 0, 64, &other_ring));
	OK(rt_memory_alloc(vgpu.device, 16 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	at = rt_framebuffer_alloc(vgpu.device, memory.bytes, 4096);
	/* An event to the host may take one of them: it must cope with that. */
	inject("dma-fault count=8");
	OK(rt_copy(&ring, at, address, memory.bytes));
	error = rt_ring_finish(&ring, 5000);
	inject("dma-fault count=0");
	CHECK(error == -EIO, "a DMA that failed: %s (%s)",
	      error ? strerror(-error) : "accepted", rt_message());
	value = rt_ring_register(&ring, REFGPU_RING_ERROR);
	CHECK(value == REFGPU_ERROR_DMA, "ring error %llu, not DMA",
	      (unsigned long long)value);
	OK(work_system_memory(&other_ring, 16, 1));
	OK(rt_memory_unmap(vgpu.device, &memory, address));
	OK(rt_guest_reset(vgpu.device));
	vgpu_works(&vgpu, 2);
	vgpu_unharmed(&other, "the neighbour");
	rt_memory_free(&memory);
}

/* A bad cell of video memory is its owner's trouble. */
TEST(memory_error, SLOW)
{
	char command[64];
	struct vgpu vgpu, other;
	struct rt_ring ring, other_ring;
	uint64_t value;
	int error;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_ring_create(other.device, 0, 64, &other_ring));
	snprintf(command, sizeof(command), "memory-error address=%llu",
		 (unsigned long long)(host_attribute(vgpu.uuid, "framebuffer_offset") +
				      32 * MIB));
	inject(command);
	OK(work_vector_add(&other_ring, 1000, 1));
	OK(rt_copy(&ring, 16 * MIB, 32 * MIB - 4096, 8192));
	error = rt_ring_finish(&ring, 5000);
	CHECK(error == -EIO || error == -ECANCELED, "reading bad memory: %s (%s)",
	      error ? strerror(-error) : "accepted", rt_message());
	value = rt_ring_register(&ring, REFGPU_RING_ERROR);
	if (error == -EIO)
		CHECK(value == REFGPU_ERROR_MEMORY, "ring error %llu, not MEMORY",
		      (unsigned long long)value);
	OK(work_vector_add(&other_ring, 1000, 2));
	vgpu_unharmed(&other, "the neighbour");
	vgpu_close(&vgpu);
	vgpu_close(&other);
	/* Bad until the GPU is reset. */
	admin_set(admin_pci_path("reset"), "1");
	vgpu_open(&vgpu);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(rt_copy(&ring, 16 * MIB, 32 * MIB - 4096, 8192));
	OK(rt_ring_finish(&ring, 5000));
}

/* All accesses that were refused count, also when many are told at once. */
TEST(violations, 0)
{
	const unsigned int count = 100;
	uint64_t end = rt_now_ns() + 10 * second();
	struct rt_ring ring;
	struct vgpu vgpu;
	unsigned int i;
	int error;

	vgpu_make(&vgpu, "64mq");
	/* The host looks when all are there. */
	inject("late-interrupt ns=1000000000 vector=65");
	for (i = 0; i < count; i++) {
		rt_framebuffer_free_all(vgpu.device);
		OK(rt_ring_create(vgpu.device, 0, 64, &ring));
		OK(rt_fill(&ring, 64 * MIB, 4096, i));
		error = rt_ring_finish(&ring, 5000);
		CHECK(error == -EIO, "filling what is outside the slice: %s (%s)",
		      error ? strerror(-error) : "accepted", rt_message());
	}
	while (host_stat(vgpu.uuid, "violations") < count && rt_now_ns() < end)
		usleep(50000);
	CHECK(host_stat(vgpu.uuid, "violations") == count,
	      "%llu of %u violations count",
	      (unsigned long long)host_stat(vgpu.uuid, "violations"), count);
	OK(rt_guest_reset(vgpu.device));
	vgpu_works(&vgpu, 1);
}

/* A bad packet stops its ring, tells its guest, and nobody else. */
TEST(bad_packets, 0)
{
	static const struct {
		uint16_t opcode;
		enum refgpu_error error;
	} bad[] = {
		{ REFGPU_OP_TRAP, REFGPU_ERROR_TRAP },
		{ 99, REFGPU_ERROR_OPCODE },
		{ 0xffff, REFGPU_ERROR_OPCODE },
		{ REFGPU_OP_FILL, REFGPU_ERROR_PACKET },	/* 0 bytes */
		{ REFGPU_OP_DISPATCH, REFGPU_ERROR_PACKET },	/* empty grid */
	};
	struct vgpu vgpu, other;
	struct rt_ring ring, other_ring;
	uint8_t packet[REFGPU_PACKET_SIZE];
	uint64_t value;
	unsigned int i;
	int fd, error;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	OK(rt_ring_create(other.device, 0, 64, &other_ring));
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	rt_user_write(vgpu.device, REFGPU_USER_INTR_ENABLE, REFGPU_INTR_ERROR);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rt_framebuffer_free_all(vgpu.device);
		rt_user_write(vgpu.device, REFGPU_USER_INTR_STATUS, UINT64_MAX);
		eventfd_count(fd, 0);
		OK(rt_ring_create(vgpu.device, 1, 64, &ring));
		memset(packet, 0, sizeof(packet));
		memcpy(packet, &bad[i].opcode, 2);
		OK(rt_ring_submit(&ring, packet));
		error = rt_ring_finish(&ring, 5000);
		CHECK(error == -EIO, "opcode %u: %s (%s)", bad[i].opcode,
		      error ? strerror(-error) : "accepted", rt_message());
		value = rt_ring_register(&ring, REFGPU_RING_ERROR);
		CHECK(value == bad[i].error, "opcode %u: ring error %llu, not %u",
		      bad[i].opcode, (unsigned long long)value, bad[i].error);
		CHECK(eventfd_count(fd, 3000), "opcode %u: no error interrupt",
		      bad[i].opcode);
		OK(work_vector_add(&other_ring, 500, i));
	}
	vgpu_unharmed(&vgpu, "a vGPU with bad packets");
	vgpu_unharmed(&other, "its neighbour");
	vgpu_works(&vgpu, 1);
}
