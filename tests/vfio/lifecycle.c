// SPDX-License-Identifier: GPL-2.0-only
/*
 * lifecycle.c - the end of a vGPU, in every way it can come
 */
#include <limits.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "vgpu.h"

#define CYCLES	200

/* A VM that works until somebody ends it; says "r" when it runs. */
static pid_t start_vm(struct vgpu *vgpu, bool polite)
{
	int ready[2];
	pid_t child;

	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		struct rt_memory memory;
		struct rt_ring ring;
		uint64_t address, stop;
		int request = new_eventfd(), error;

		vgpu_open(vgpu);
		OK(rt_irq_eventfd(vgpu->device, VFIO_PCI_REQ_IRQ_INDEX, 0,
				  request));
		OK(rt_irq_eventfd(vgpu->device, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				  new_eventfd()));
		OK(rt_memory_alloc(vgpu->device, 64 * RT_PAGE_SIZE, &memory));
		OK(rt_memory_map(vgpu->device, &memory, true, &address));
		OK(rt_ring_create(vgpu->device, 0, 64, &ring));
		error = work_spin(&ring, &stop);
		CHECK(!error, "%s", rt_message());
		CHECK(write(ready[1], "r", 1) == 1, "pipe");
		/* QEMU unplugs when REQ fires; an impolite VM does not. */
		while (!eventfd_count(request, 1000) || !polite)
			;
		vgpu_close(vgpu);
		_exit(42);
	}
	child_ready(ready);
	return child;
}

/* Objects of one slab, 0: no such slab. */
static long slab_objects(const char *name)
{
	char line[256], cache[64];
	long active, count = 0;
	FILE *file = fopen("/proc/slabinfo", "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", cache, &active) == 2 &&
		    !strcmp(cache, name))
			count = active;
	fclose(file);
	return count;
}

/* 200 times create, open, kill -9, remove: nothing grows. */
TEST(cycles, SLOW)
{
	static const char *const slabs[] = { "kmalloc-8k", "kmalloc-4k",
					     "kmalloc-2k", "kmalloc-1k" };
	long slab[4], pinned = 0, users = 0, slab_kib = 0, locked = 0, vmalloc = 0;
	int i, j, available = host_available("64mq");
	struct vgpu vgpu;
	pid_t child;

	for (i = 0; i < CYCLES; i++) {
		OK(host_create_any("64mq", vgpu.uuid));
		child = fork();
		if (!child) {
			struct rt_memory memory;
			struct rt_ring ring;
			uint64_t address, stop;

			vgpu_open(&vgpu);
			OK(rt_memory_alloc(vgpu.device, 64 * RT_PAGE_SIZE, &memory));
			OK(rt_memory_map(vgpu.device, &memory, true, &address));
			OK(rt_irq_eventfd(vgpu.device, VFIO_PCI_MSIX_IRQ_INDEX, 0,
					  new_eventfd()));
			OK(rt_ring_create(vgpu.device, 0, 64, &ring));
			if (i & 1)
				OK(work_spin(&ring, &stop));
			kill(getpid(), SIGKILL);
		}
		j = child_end(child);
		CHECK(j == -SIGKILL, "cycle %d: the VM ended with %d", i, j);
		OK(host_remove(vgpu.uuid));
		CHECK(!host_exists(vgpu.uuid), "cycle %d: it is still there", i);
		/* Caches of the kernel are warm by now. */
		if (i == CYCLES / 4) {
			pinned = pinned_pages();
			users = host_module_users();
			slab_kib = host_meminfo("Slab");
			locked = host_meminfo("Mlocked");
			vmalloc = host_meminfo("VmallocUsed");
			for (j = 0; j < 4; j++)
				slab[j] = slab_objects(slabs[j]);
		}
	}
	CHECK(pinned_pages() <= pinned, "%ld pages more are pinned",
	      pinned_pages() - pinned);
	CHECK(host_module_users() == users, "the module has %ld users more",
	      host_module_users() - users);
	CHECK(host_meminfo("Mlocked") <= locked, "Mlocked grew by %ld KiB",
	      host_meminfo("Mlocked") - locked);
	CHECK(host_available("64mq") == available,
	      "%d of 64mq available, before %d", host_available("64mq"),
	      available);
	/*
	 * Where kmemleak looks, at the machine's end, it is the judge: KASAN
	 * keeps what was freed for a while, and its slabs grow.
	 */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		return;
	/* 150 cycles that each lose one object would show. */
	for (j = 0; j < 4; j++)
		CHECK(slab_objects(slabs[j]) - slab[j] < 100,
		      "%s grew from %ld to %ld objects", slabs[j], slab[j],
		      slab_objects(slabs[j]));
	CHECK(host_meminfo("VmallocUsed") - vmalloc < 600,
	      "VmallocUsed grew by %ld KiB",
	      host_meminfo("VmallocUsed") - vmalloc);
	CHECK(host_meminfo("Slab") - slab_kib < 8192, "slab grew by %ld KiB",
	      host_meminfo("Slab") - slab_kib);
}

/* Removing an open vGPU asks its VM to let go, and waits for it. */
TEST(remove_while_open, 0)
{
	uint64_t begin, took;
	struct vgpu vgpu;
	pid_t vm;
	int status;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = start_vm(&vgpu, true);
	begin = rt_now_ns();
	OK(host_remove(vgpu.uuid));
	took = rt_now_ns() - begin;
	CHECK(!host_exists(vgpu.uuid), "it is still there");
	status = child_end(vm);
	CHECK(status == 42, "the VM got no REQ (ended with %d)", status);
	CHECK(took < 3 * second(), "removal took %llu ms",
	      (unsigned long long)took / 1000000);
}

/* A VM that ignores the request is killed: removal ends within a second. */
TEST(kill_while_removing, 0)
{
	uint64_t begin, took;
	struct vgpu vgpu;
	pid_t vm, remover;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = start_vm(&vgpu, false);
	remover = fork();
	if (!remover)
		_exit(host_remove(vgpu.uuid) ? 1 : 0);
	usleep(300000);
	/* sysfs hides it already; what counts is that nobody goes on. */
	CHECK(!waitpid(remover, NULL, WNOHANG) && !waitpid(vm, NULL, WNOHANG),
	      "it was removed under its user");
	kill(vm, SIGKILL);
	begin = rt_now_ns();
	child_end(vm);
	wait_child(remover, "the remover");
	took = rt_now_ns() - begin;
	CHECK(took < 3 * second() / 2, "removal took %llu ms after the last close",
	      (unsigned long long)took / 1000000);
	CHECK(!host_exists(vgpu.uuid), "it is still there");
}

TEST(killed, 0)
{
	struct vgpu vgpu;
	long pinned = pinned_pages();
	pid_t vm;
	int i;

	OK(host_create_any("64mq", vgpu.uuid));
	for (i = 0; i < 10; i++) {
		vm = start_vm(&vgpu, false);
		CHECK(host_attribute(vgpu.uuid, "owner_pid") == (uint64_t)vm,
		      "owner_pid is %llu, the VM is %d",
		      (unsigned long long)host_attribute(vgpu.uuid, "owner_pid"),
		      vm);
		kill(vm, SIGKILL);
		child_end(vm);
		CHECK(pinned_pages() <= pinned, "%ld pages stay pinned",
		      pinned_pages() - pinned);
	}
	CHECK(!host_attribute(vgpu.uuid, "owner_pid"),
	      "owner_pid is %llu though nobody has it open",
	      (unsigned long long)host_attribute(vgpu.uuid, "owner_pid"));
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
}

TEST(second_opener, 0)
{
	struct rt_device *second;
	struct vgpu vgpu;
	pid_t vm;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = start_vm(&vgpu, false);
	second = rt_open_vfio(vgpu.uuid, transport, NULL);
	CHECK(!second, "a second VM may open the same vGPU");
	kill(vm, SIGKILL);
	child_end(vm);
}

static int unload(void)
{
	return system("rmmod openvgpu 2>/dev/null") ? -EBUSY : 0;
}

static void load(void)
{
	CHECK(!system("modprobe openvgpu"), "modprobe openvgpu failed");
	OK(host_init());
}

TEST(rmmod, ONCE | SLOW)
{
	struct vgpu vgpu;
	pid_t vm;
	int i;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = start_vm(&vgpu, false);
	CHECK(unload() == -EBUSY, "rmmod went through while a vGPU is open");
	CHECK(host_exists(vgpu.uuid), "the refused rmmod removed the vGPU");
	kill(vm, SIGKILL);
	child_end(vm);
	/* With vGPUs that nobody has open it goes through. */
	OK(unload());
	CHECK(!host_exists(vgpu.uuid), "the vGPU outlives the module");
	for (i = 0; i < 5; i++) {
		load();
		OK(host_create_any("64mq", vgpu.uuid));
		vgpu_open(&vgpu);
		vgpu_works(&vgpu, (uint32_t)i);
		vgpu_remove(&vgpu);
		OK(unload());
	}
	load();
}

static void driver_write(const char *file, int expected)
{
	char path[PATH_MAX];
	int error;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/openvgpu/%s", file);
	error = host_write(path, host_gpu());
	CHECK(error == expected, "%s of %s: %s", file, host_gpu(), rt_message());
}

/* Unbinding waits for users that let go, and the GPU comes back. */
TEST(unbind, ONCE | SLOW)
{
	uint64_t begin, took;
	struct vgpu vgpu[2];
	pid_t vm[2], unbinder;
	int i, status;

	for (i = 0; i < 2; i++) {
		OK(host_create_any("64mq", vgpu[i].uuid));
		vm[i] = start_vm(&vgpu[i], i == 0);
	}
	unbinder = fork();
	if (!unbinder) {
		driver_write("unbind", 0);
		_exit(0);
	}
	sleep(1);
	CHECK(!waitpid(unbinder, &status, WNOHANG),
	      "unbind did not wait for the user");
	/* No vGPU can be made or opened meanwhile. */
	CHECK(host_create_any("64mq", vgpu[0].uuid) < 0,
	      "a vGPU was created on a GPU that goes away");
	kill(vm[1], SIGKILL);
	begin = rt_now_ns();
	child_end(vm[1]);
	wait_child(unbinder, "unbind");
	took = rt_now_ns() - begin;
	CHECK(took < 2 * second(), "unbind took %llu ms after the last close",
	      (unsigned long long)took / 1000000);
	child_end(vm[0]);
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	for (i = 0; i < 3; i++) {
		driver_write("bind", 0);
		OK(host_init());
		OK(host_create_any("64mq", vgpu[0].uuid));
		vgpu_open(&vgpu[0]);
		vgpu_works(&vgpu[0], 1);
		vgpu_close(&vgpu[0]);
		driver_write("unbind", 0);
	}
	driver_write("bind", 0);
	OK(host_init());
}

/* A sysfs reset of the GPU: refused, or the users are told; all go on after. */
TEST(parent_reset, SLOW)
{
	char path[PATH_MAX];
	struct rt_ring ring;
	struct vgpu vgpu;
	uint64_t value;
	int error, event;

	vgpu_make(&vgpu, "64mq");
	event = new_eventfd();
	OK(rt_irq_eventfd(vgpu.device, VFIO_PCI_ERR_IRQ_INDEX, 0, event));
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", host_gpu());
	if (access(path, F_OK))
		harness_skip("this kernel offers no reset of the GPU");
	error = host_write(path, "1");
	if (!error) {
		CHECK(rt_ring_wait(&ring, 1, 3000) < 0,
		      "a fence came that nobody submitted");
		value = rt_control_read(vgpu.device, OPENVGPU_NATIVE_FAULT);
		CHECK(value == 5, "FAULT is %llu after a reset of the GPU",
		      (unsigned long long)value);
		OK(rt_guest_reset(vgpu.device));
	}
	vgpu_works(&vgpu, 1);
	vgpu_close(&vgpu);
	OK(host_write(path, "1"));
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 2);
}

/*
 * System suspend with a user is refused. suspend.c has the other case, which
 * the disks of the test machine do not survive.
 */
TEST(suspend_refused, ONCE)
{
	struct vgpu vgpu;
	int error;

	if (access("/sys/power/pm_test", W_OK))
		harness_skip("this kernel has no /sys/power/pm_test");
	OK(host_write("/sys/power/pm_test", "devices"));
	vgpu_make(&vgpu, "64mq");
	fill_words(rt_framebuffer(vgpu.device, 0), MIB, 4);
	error = host_write("/sys/power/state", "mem");
	CHECK(error == -EBUSY, "suspending under an open vGPU: %s",
	      error ? strerror(-error) : "done");
	CHECK(differing_word(rt_framebuffer(vgpu.device, 0), MIB, 4) < 0,
	      "the framebuffer changed in a refused suspend");
	vgpu_works(&vgpu, 1);
	OK(host_write("/sys/power/pm_test", "none"));
}

/* Opening right after closing waits for the scrub, and not for ever. */
TEST(reopen, SLOW)
{
	struct vgpu vgpu;
	uint64_t begin, took;
	int i;

	vgpu_make(&vgpu, "256mq");
	for (i = 0; i < 20; i++) {
		memset(rt_framebuffer(vgpu.device, 0), 0xff, MIB);
		begin = rt_now_ns();
		vgpu_close(&vgpu);
		vgpu_open(&vgpu);
		took = rt_now_ns() - begin;
		CHECK(took < 3 * second(), "closing and opening took %llu ms",
		      (unsigned long long)took / 1000000);
		CHECK(!*(volatile uint64_t *)rt_framebuffer(vgpu.device, 4096),
		      "the slice was not scrubbed");
	}
}
