// SPDX-License-Identifier: GPL-2.0-only
/*
 * aer.c - the PCIe link reports errors of the GPU while vGPUs are in use
 */
#include <linux/vfio.h>

#include "admin.h"
#include "link.h"

static void recover_from(uint32_t uncorrectable, uint32_t correctable,
			 bool fatal)
{
	struct vgpu vgpu, closed;
	struct rt_ring ring;
	uint64_t value, stop, end;
	int event;

	OK(host_create_any("64mq", closed.uuid));
	vgpu_make(&vgpu, "64mq");
	event = vgpu_eventfd(&vgpu, VFIO_PCI_ERR_IRQ_INDEX, 0);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	OK(work_spin(&ring, &stop));
	link_error(uncorrectable, correctable);
	end = rt_now_ns() + 3000000000ULL;
	while (rt_now_ns() < end) {
		CHECK(peek(rt_framebuffer(vgpu.device, 0), &value) &&
		      peek(vgpu.device->region[4].map, &value),
		      "SIGBUS during recovery");
		rt_control_read(vgpu.device, OPENVGPU_NATIVE_FAULT);
		usleep(2000);
		if (fatal && rt_control_read(vgpu.device, OPENVGPU_NATIVE_FAULT))
			break;
	}
	admin_wait_state("up");
	value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_FAULT);
	if (fatal) {
		CHECK(value == 5, "FAULT is %llu after a fatal link error, not GPU_RESET",
		      (unsigned long long)value);
		CHECK(eventfd_count(event, 3000), "the VMM got no ERR");
	} else {
		CHECK(!value, "FAULT is %llu after an error that is not fatal",
		      (unsigned long long)value);
		CHECK(!eventfd_count(event, 0), "the VMM got ERR");
		work_stop(vgpu.device, stop);
		OK(rt_ring_wait(&ring, ring.fence, 5000));
	}
	OK(rt_guest_reset(vgpu.device));
	vgpu_works(&vgpu, 1);
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 2);
	vgpu_open(&closed);
	vgpu_works(&closed, 3);
}

TEST(correctable, ONCE)
{
	recover_from(0, COR_RECEIVER, false);
}

TEST(not_fatal, ONCE)
{
	recover_from(UNCOR_TIMEOUT, 0, false);
}

TEST(fatal, ONCE | SLOW)
{
	recover_from(UNCOR_DATA_LINK, 0, true);
}
