// SPDX-License-Identifier: GPL-2.0-only
/*
 * removal.c - the GPU is gone from one moment to the next
 *
 * Runs last: there is no GPU after it. The VMs that had a vGPU live on.
 */
#include <linux/vfio.h>
#include <stdio.h>

#include "admin.h"
#include "vm.h"

/* The guest is told that there is no GPU any more. */
static void wait_dead(struct vgpu *vgpu, const char *when)
{
	uint64_t end = rt_now_ns() + 10 * second(), events, fault;

	for (;;) {
		events = rt_control_read(vgpu->device, OPENVGPU_NATIVE_EVENT_STATUS);
		fault = rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT);
		if (events & OPENVGPU_NATIVE_EVENT_DEAD)
			break;
		CHECK(rt_now_ns() < end,
		      "%s: the guest is not told for 10 s: events 0x%llx, fault %llu",
		      when, (unsigned long long)events, (unsigned long long)fault);
		usleep(50000);
	}
}

TEST(surprise, ONCE | SLOW)
{
	char uuid[UUID_LENGTH + 1];
	struct rt_memory memory;
	struct rt_ring ring[2];
	struct vgpu vgpu[2];
	uint64_t value, begin, took, address, stop;
	int i, error, err, req, event, go;
	long pinned;
	pid_t remover;

	need_control();
	/* Before anything is open: a child would hold it open as well. */
	remover = host_gpu_remover(&go);
	CHECK(remover >= 0, "no remover: %s", strerror(errno));
	pinned = pinned_pages();
	vgpu_make_rings(vgpu, ring, 2);
	err = vgpu_eventfd(&vgpu[0], VFIO_PCI_ERR_IRQ_INDEX, 0);
	req = vgpu_eventfd(&vgpu[0], VFIO_PCI_REQ_IRQ_INDEX, 0);
	event = vgpu_eventfd(&vgpu[0], VFIO_PCI_MSIX_IRQ_INDEX, 1);
	rt_control_write(vgpu[0].device, OPENVGPU_NATIVE_EVENT_ENABLE,
			 OPENVGPU_NATIVE_EVENT_DEAD | OPENVGPU_NATIVE_EVENT_FAULT);
	OK(rt_memory_alloc(vgpu[0].device, MIB, &memory));
	OK(rt_memory_map(vgpu[0].device, &memory, true, &address));
	OK(work_spin(&ring[0], &stop));
	usleep(50000);
	value = rt_control_read(vgpu[0].device, OPENVGPU_NATIVE_STATE);
	CHECK(value == OPENVGPU_NATIVE_HERE, "STATE is %llu, not HERE",
	      (unsigned long long)value);

	inject("remove");
	/* No access of the guest may fail, or hang. */
	CHECK(peek(vgpu[0].device->region[4].map, &value),
	      "SIGBUS in the user page of a GPU that is gone");
	CHECK(value == UINT64_MAX, "the user page reads 0x%llx",
	      (unsigned long long)value);
	error = rt_ring_wait(&ring[0], ring[0].fence, 3000);
	CHECK(error, "an endless job ended when the GPU was removed");

	/* The host sees it, and tells. */
	wait_dead(&vgpu[0], "removed");
	CHECK(eventfd_count(err, 5000), "the VMM got no ERR");
	CHECK(eventfd_count(event, 1000), "the guest got no interrupt");
	value = rt_control_read(vgpu[0].device, OPENVGPU_NATIVE_FAULT);
	CHECK(value == 4, "FAULT is %llu, not GPU_DEAD", (unsigned long long)value);
	value = rt_control_read(vgpu[0].device, OPENVGPU_NATIVE_STATE);
	CHECK(value == OPENVGPU_NATIVE_AWAY, "STATE is %llu, not AWAY",
	      (unsigned long long)value);
	/* Every page reads ones now, mapped or not before; nothing faults. */
	CHECK(peek(rt_framebuffer(vgpu[0].device, 0), &value) &&
	      peek(rt_framebuffer(vgpu[0].device, 32 * MIB), &value) &&
	      poke(rt_framebuffer(vgpu[0].device, 8), 1) &&
	      poke((volatile uint64_t *)vgpu[0].device->region[4].map + 1, 1),
	      "SIGBUS in a BAR of a GPU that is gone");
	CHECK(value == UINT64_MAX, "the framebuffer reads 0x%llx, not ones",
	      (unsigned long long)value);
	error = host_create_any("64mq", uuid);
	CHECK(error < 0, "a vGPU was created on a GPU that is gone");

	/* The administrator pulls the card: the slot's users hold it up. */
	CHECK(write(go, "g", 1) == 1, "pipe: %s", strerror(errno));
	CHECK(eventfd_count(req, 10000), "the VMM got no REQ");
	CHECK(peek(rt_framebuffer(vgpu[0].device, 0), &value) &&
	      value == UINT64_MAX, "the BARs went away before the VM let go");
	rt_control_write(vgpu[0].device, OPENVGPU_NATIVE_RESET, 1);
	rt_control_read(vgpu[0].device, OPENVGPU_NATIVE_ID);
	rt_vfio_reset(vgpu[0].device);
	/* A driver that is loaded now must not believe in it. */
	wait_dead(&vgpu[0], "after a reset");
	begin = rt_now_ns();
	rt_memory_free(&memory);
	took = rt_now_ns() - begin;
	CHECK(took < 3 * second(), "unmapping memory took %llu ms",
	      (unsigned long long)took / 1000000);
	begin = rt_now_ns();
	for (i = 0; i < 2; i++)
		vgpu_close(&vgpu[i]);
	wait_child(remover, "removing the GPU");
	took = rt_now_ns() - begin;
	CHECK(took < 2 * second(), "removing took %llu ms after the last close",
	      (unsigned long long)took / 1000000);
	CHECK(!host_count(), "%u vGPUs are left of a GPU that is gone",
	      host_count());
	CHECK(pinned_pages() <= pinned, "%ld pages stay pinned",
	      pinned_pages() - pinned);
	CHECK(admin_unload(), "the module can't be unloaded");
}
