// SPDX-License-Identifier: GPL-2.0-only
/*
 * master.c - bus mastering: a guest that switches it off owns its memory again
 *
 * A kernel does that to the devices of the kernel before it (kexec), and hands
 * the memory they were writing to out anew.
 */
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>

#include "admin.h"

static void set_master(struct vgpu *vgpu, bool on)
{
	uint16_t command;

	OK(rt_config_read(vgpu->device, PCI_COMMAND, &command, sizeof(command)));
	command = on ? command | PCI_COMMAND_MASTER :
		       command & ~PCI_COMMAND_MASTER;
	OK(rt_config_write(vgpu->device, PCI_COMMAND, &command, sizeof(command)));
}

/* Work stops where it is, and goes on. */
TEST(work_pauses, SLOW)
{
	uint64_t address, video, busy;
	struct rt_memory memory;
	struct vgpu vgpu;
	struct rt_ring ring;
	int i;

	vgpu_make(&vgpu, "64mq");
	OK(rt_ring_create(vgpu.device, 0, 256, &ring));
	video = rt_framebuffer_alloc(vgpu.device, 4 * MIB, 4096);
	OK(rt_memory_alloc(vgpu.device, 4 * MIB, &memory));
	OK(rt_memory_map(vgpu.device, &memory, true, &address));
	for (i = 0; i < 200; i++)
		OK(rt_copy(&ring, address, video, 4 * MIB));
	OK(rt_ring_fence(&ring, 0));
	usleep(20000);
	set_master(&vgpu, false);
	CHECK(!rt_ring_reached(&ring, ring.fence), "the work was done too soon");
	fill_words(memory.cpu, memory.bytes, 5);
	busy = host_stat(vgpu.uuid, "busy_ns");
	usleep(300000);
	CHECK(differing_word(memory.cpu, memory.bytes, 5) < 0,
	      "guest memory is written to without bus mastering");
	CHECK(host_stat(vgpu.uuid, "busy_ns") == busy,
	      "the engine worked %llu ns without bus mastering",
	      (unsigned long long)(host_stat(vgpu.uuid, "busy_ns") - busy));
	admin_expect(admin_vgpu_path(vgpu.uuid, "openvgpu/state"), "idle");
	set_master(&vgpu, true);
	OK(rt_ring_wait(&ring, ring.fence, 20000));
	vgpu_works(&vgpu, 2);
}

/* What was raised meanwhile arrives when it may. */
TEST(vectors_pend, 0)
{
	struct vgpu vgpu;
	uint64_t count;
	int fd;

	vgpu_make(&vgpu, "64mq");
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX,
			  OPENVGPU_NATIVE_VECTOR_CONTROL);
	set_master(&vgpu, false);
	/* An event that happened before it is enabled raises the vector. */
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_MAP_COMMAND, 77);
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_EVENT_ENABLE, UINT64_MAX);
	usleep(100000);
	CHECK(!eventfd_count(fd, 0), "an interrupt without bus mastering");
	set_master(&vgpu, true);
	count = eventfd_count(fd, 2000);
	CHECK(count == 1, "%llu interrupts after bus mastering is back",
	      (unsigned long long)count);
	/* Nobody's business but this owner's. */
	set_master(&vgpu, false);
	rt_control_write(vgpu.device, OPENVGPU_NATIVE_MAP_COMMAND, 77);
	usleep(100000);
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	fd = vgpu_eventfd(&vgpu, VFIO_PCI_MSIX_IRQ_INDEX,
			  OPENVGPU_NATIVE_VECTOR_CONTROL);
	CHECK(!eventfd_count(fd, 200), "an interrupt of the former owner");
}
