// SPDX-License-Identifier: GPL-2.0-only
/*
 * spatial_removal.c - a GPU that is divided is gone from one moment to the next
 *
 * Runs last: there is no GPU after it.
 */
#include <linux/vfio.h>
#include <stdio.h>

#include "spatial.h"
#include "vm.h"
#include "watch.h"

#define BUSY	5	/* vGPUs at work: one in the pool, four in three queues */

static const char *const busy_type[BUSY] = {
	"64mq", "2-64mq", "2-64mq", "1-64mq", "1-64mq"
};

/*
 * An administrator who makes instances and removes them, whatever happens. What is
 * under way when the GPU goes fails; all after it is refused because it is dead.
 */
static pid_t administrator(void)
{
	char uuid[UUID_LENGTH + 1];
	pid_t child = fork();
	int error;

	if (child)
		return child;
	do {
		error = host_create_any("1-128mc", uuid);
		if (!error)
			OK(host_remove(uuid));
		CHECK(!error || error == -EIO || error == -ENODEV,
		      "making an instance when the GPU goes: %s", strerror(-error));
	} while (error != -ENODEV);
	_exit(0);
}

/* The guest is told that there is no GPU any more. */
static void expect_dead(const struct vgpu *vgpu, const char *type)
{
	uint64_t end = rt_now_ns() + 10 * second();

	while (!(rt_control_read(vgpu->device, OPENVGPU_NATIVE_EVENT_STATUS) &
		 OPENVGPU_NATIVE_EVENT_DEAD)) {
		CHECK(rt_now_ns() < end, "the guest of a %s is not told for 10 s", type);
		usleep(20000);
	}
	CHECK(rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT) == 4,
	      "FAULT of a %s is %lu, not GPU_DEAD", type,
	      rt_control_read(vgpu->device, OPENVGPU_NATIVE_FAULT));
}

/* What is written down of an instance can be read still. */
static void expect_readable(unsigned int id)
{
	struct instance instance;
	char text[TEXT_SIZE];

	CHECK(instance_read(id, &instance), "instance %u is not there any more", id);
	admin_text(instance_path(id, "scheduler"), text);
	host_read(instance_path(id, "busy_ns"), text, sizeof(text));
}

TEST(gone, ONCE | SLOW)
{
	char closed[UUID_LENGTH + 1], uuid[UUID_LENGTH + 1], profile[2 * SIZE_NAME];
	struct geometry geometry = spatial_begin();
	unsigned int kept, alone, i;
	struct vgpu vgpu[BUSY];
	int go, error, err, log;
	pid_t remover, admin;
	struct rt_ring ring;
	uint64_t stop, begin;

	need_control();
	/* Before anything is open: they would hold it open as well. */
	remover = host_gpu_remover(&go);
	CHECK(remover >= 0, "no remover: %s", strerror(errno));
	profile_name(&geometry, 2, 2, profile);
	OK(instance_try(profile, "train compute=1,1"));
	profile_name(&geometry, 1, 2, profile);
	kept = instance_reserve(profile, "kept");
	OK(host_create_any("1-128mq", closed));
	alone = instance_of(closed);
	admin = administrator();
	for (i = 0; i < BUSY; i++) {
		vgpu_make(&vgpu[i], busy_type[i]);
		OK(rt_ring_create(vgpu[i].device, 0, 64, &ring));
		OK(work_spin(&ring, &stop));
	}
	CHECK(queue_of(vgpu[1].uuid) != queue_of(vgpu[2].uuid),
	      "two vGPUs of a divided instance are in one queue");
	err = vgpu_eventfd(&vgpu[1], VFIO_PCI_ERR_IRQ_INDEX, 0);
	log = log_begin();
	usleep(100000);

	inject("remove");
	admin_wait_state("dead");
	for (i = 0; i < BUSY; i++)
		expect_dead(&vgpu[i], busy_type[i]);
	CHECK(eventfd_count(err, 5000), "the VMM got no ERR");
	wait_child(admin, "who makes instances all the time");

	/* No place is given any more; what there is can be looked at, and goes. */
	error = host_create_any("1-64mq", uuid);
	CHECK(error == -ENODEV, "a seat on a GPU that is gone: %s", strerror(-error));
	error = instance_try(profile, "late");
	CHECK(error == -ENODEV, "an instance of a GPU that is gone: %s", strerror(-error));
	expect_readable(kept);
	expect_readable(queue_of(vgpu[2].uuid));
	begin = rt_now_ns();
	OK(host_remove(closed));
	CHECK(access(instance_path(alone, "profile"), F_OK),
	      "an instance is left without its vGPU");
	instance_remove(kept);
	CHECK(rt_now_ns() - begin < 5 * second(), "removing two instances took %lu ms",
	      (rt_now_ns() - begin) / 1000000);
	spatial_check("a GPU that is gone");

	/* The card is pulled, and all goes with it, as soon as the VMs let go. */
	CHECK(write(go, "g", 1) == 1, "pipe: %s", strerror(errno));
	for (i = 0; i < BUSY; i++)
		vgpu_close(&vgpu[i]);
	wait_child(remover, "removing the GPU");
	CHECK(!host_count(), "%u vGPUs are left of a GPU that is gone", host_count());
	CHECK(access(admin_pci_path("instances"), F_OK), "its instances are left");
	CHECK(!log_count(log, "stay unused", NULL),
	      "the log says of a GPU that is gone that its slices stay unused");
	CHECK(admin_unload(), "the module can't be unloaded");
}
