// SPDX-License-Identifier: GPL-2.0-only
/*
 * aer.c - the PCIe link reports errors of the GPU while vGPUs are in use
 *
 * The kernel's aer_inject module makes the errors: they take the way of real
 * ones, from the root port's interrupt on.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>

#include "admin.h"

#define INJECT			"/dev/aer_inject"
#define UNCOR_DATA_LINK		0x00000010u /* fatal */
#define UNCOR_TIMEOUT		0x00004000u /* not fatal */
#define COR_RECEIVER		0x00000001u

/* struct aer_error_inj of the kernel, which has no header for it. */
struct injection {
	uint8_t bus;
	uint8_t device;
	uint8_t function;
	uint32_t uncorrectable;
	uint32_t correctable;
	uint32_t header[4];
	uint32_t domain;
};

static void report_error(uint32_t uncorrectable, uint32_t correctable)
{
	struct injection error = {
		.uncorrectable = uncorrectable,
		.correctable = correctable,
	};
	unsigned int domain, bus, device, function;
	int fd;

	if (access(INJECT, W_OK) && system("modprobe -q aer_inject"))
		harness_skip("this kernel has no aer_inject");
	CHECK(sscanf(host_gpu(), "%x:%x:%x.%x", &domain, &bus, &device,
		     &function) == 4, "GPU's address '%s'", host_gpu());
	error.domain = domain;
	error.bus = (uint8_t)bus;
	error.device = (uint8_t)device;
	error.function = (uint8_t)function;
	fd = open(INJECT, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %s", INJECT, strerror(errno));
	CHECK(write(fd, &error, sizeof(error)) == sizeof(error),
	      "aer_inject refuses: %s", strerror(errno));
	close(fd);
}

/* The state the GPU comes to, "up" or "dead"; other ones are passing. */
static void wait_state(const char *wanted)
{
	uint64_t end = rt_now_ns() + 20000000000ULL;
	char text[TEXT_SIZE];

	do {
		admin_text(admin_gpu_path("state"), text);
		if (!strcmp(text, wanted))
			return;
		usleep(20000);
	} while (rt_now_ns() < end);
	CHECK(false, "the GPU is in state '%s', not '%s'", text, wanted);
}

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
	report_error(uncorrectable, correctable);
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
	wait_state("up");
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
