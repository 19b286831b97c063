// SPDX-License-Identifier: GPL-2.0-only
/*
 * lifecycle.c - the end of a vGPU, in every way it can come
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "admin.h"
#include "vm.h"
#include "watch.h"

#define CYCLES	200

/* Memory, rings and interrupts, and an endless job if it is busy. */
static void use(struct vgpu *vgpu, bool busy)
{
	struct rt_memory memory;
	struct rt_ring ring;
	uint64_t address, stop;

	vgpu_open(vgpu);
	vgpu_eventfd(vgpu, VFIO_PCI_MSIX_IRQ_INDEX, 0);
	OK(rt_memory_alloc(vgpu->device, 64 * RT_PAGE_SIZE, &memory));
	OK(rt_memory_map(vgpu->device, &memory, true, &address));
	OK(rt_ring_create(vgpu->device, 0, 64, &ring));
	if (busy)
		OK(work_spin(&ring, &stop));
}

static void work(struct vgpu *vgpu)
{
	use(vgpu, true);
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

/* Whoever removes what nobody uses is not overtaken by a VM. */
TEST(refuse_opens, 0)
{
	const char *path;
	char text[256];
	struct vgpu vgpu;

	vgpu_make(&vgpu, "64mq");
	path = admin_vgpu_path(vgpu.uuid, "openvgpu/refuse_opens");
	admin_expect(path, "0");
	/* Who has it keeps it. */
	admin_set(path, "1");
	vgpu_works(&vgpu, 1);
	vgpu_close(&vgpu);
	CHECK(!rt_open_vfio(vgpu.uuid, transport, NULL),
	      "it was opened although refuse_opens is 1");
	CHECK(errno == EBUSY, "the open failed with %s, not EBUSY",
	      strerror(errno));
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, "refuse_opens"), "last_error: '%s'", text);
	admin_set(path, "0");
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 2);
	admin_set(path, "1");
	vgpu_remove(&vgpu);
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
			use(&vgpu, i & 1);
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

	OK(host_create_any("64mq", vgpu.uuid));
	vm = vm_start(&vgpu, true, work);
	begin = rt_now_ns();
	OK(host_remove(vgpu.uuid));
	took = rt_now_ns() - begin;
	CHECK(!host_exists(vgpu.uuid), "it is still there");
	vm_let_go(vm);
	CHECK(took < 3 * second(), "removal took %llu ms",
	      (unsigned long long)took / 1000000);
}

/*
 * A VM that ignores the request is killed: removal ends within a second. Meanwhile
 * everybody can learn who removes it, and who is in the way.
 */
TEST(kill_while_removing, 0)
{
	char text[TEXT_SIZE], word[128];
	uint64_t begin, took;
	int events, log;
	struct vgpu vgpu;
	pid_t vm, remover;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = vm_start(&vgpu, false, work);
	events = uevents_listen();
	log = log_begin();
	remover = fork();
	if (!remover)
		_exit(host_remove(vgpu.uuid) ? 1 : 0);
	snprintf(word, sizeof(word), "OPENVGPU_PID=%d ", remover);
	CHECK(uevents_next(events, vgpu.uuid, text) &&
	      strstr(text, "OPENVGPU_EVENT=request ") && strstr(text, word),
	      "a removal by process %d is told as: %s", remover, text);
	snprintf(word, sizeof(word),
		 "removed by lifecycle (%d) but process %d has it open, which was asked",
		 remover, vm);
	CHECK(log_count(log, word, NULL) == 1, "the log has no '%s'", word);
	usleep(100000);
	/* sysfs hides it already; what counts is that nobody goes on. */
	CHECK(!waitpid(remover, NULL, WNOHANG) && !waitpid(vm, NULL, WNOHANG),
	      "it was removed under its user");
	begin = rt_now_ns();
	vm_kill(vm);
	wait_child(remover, "the remover");
	took = rt_now_ns() - begin;
	CHECK(took < 3 * second() / 2, "removal took %llu ms after the last close",
	      (unsigned long long)took / 1000000);
	CHECK(!host_exists(vgpu.uuid), "it is still there");
}

/* A process with a vGPU's file, which opens the vGPU when it is told to. */
static pid_t file_holder(const char *uuid, int go[2])
{
	int ready[2];
	pid_t child;

	CHECK(!pipe(ready) && !pipe(go), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		struct vfio_device_bind_iommufd bind = {
			.argsz = sizeof(bind),
			.iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC),
		};
		int file = rt_vfio_file(uuid);

		CHECK(bind.iommufd >= 0 && file >= 0, "no file: %s", rt_message());
		pipe_send(ready);
		pipe_await(go);
		CHECK(!ioctl(file, VFIO_DEVICE_BIND_IOMMUFD, &bind),
		      "VFIO_DEVICE_BIND_IOMMUFD: %s", strerror(errno));
		for (;;)
			pause();
	}
	pipe_await(ready);
	return child;
}

/*
 * Who only has the file holds a removal up, too. It is no owner, and is not said to
 * be one before it opens the vGPU; then it is named.
 */
TEST(opened_while_removing, SLOW)
{
	char text[TEXT_SIZE], word[128];
	pid_t holder, remover;
	struct vgpu vgpu;
	int events, log, go[2], tries = 0;

	if (transport != RT_VFIO_IOMMUFD)
		harness_skip("a group gives out no file of a vGPU without opening it");
	OK(host_create_any("64mq", vgpu.uuid));
	holder = file_holder(vgpu.uuid, go);
	events = uevents_listen();
	log = log_begin();
	remover = fork();
	if (!remover)
		_exit(host_remove(vgpu.uuid) ? 1 : 0);
	CHECK(uevents_next(events, vgpu.uuid, text) &&
	      strstr(text, "OPENVGPU_EVENT=request "),
	      "a removal that waits is told as: %s", text);
	snprintf(word, sizeof(word), "removed by lifecycle (%d) but a process is about to",
		 remover);
	CHECK(log_count(log, word, NULL) == 1, "the log has no '%s'", word);
	pipe_send(go);
	/* VFIO asks every 10 s. */
	while (!uevents_next(events, vgpu.uuid, text) ||
	       !strstr(text, "OPENVGPU_EVENT=request "))
		CHECK(++tries < 5, "nothing is told of the new owner");
	snprintf(word, sizeof(word),
		 "removed by lifecycle (%d) but process %d has it open and takes no",
		 remover, holder);
	CHECK(log_count(log, word, NULL) == 1, "the log has no '%s'", word);
	vm_kill(holder);
	wait_child(remover, "the remover");
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
		vm = vm_start(&vgpu, false, work);
		CHECK(host_attribute(vgpu.uuid, "owner_pid") == (uint64_t)vm,
		      "owner_pid is %llu, the VM is %d",
		      (unsigned long long)host_attribute(vgpu.uuid, "owner_pid"),
		      vm);
		vm_kill(vm);
		CHECK(pinned_pages() <= pinned, "%ld pages stay pinned",
		      pinned_pages() - pinned);
	}
	CHECK(!host_attribute(vgpu.uuid, "owner_pid"),
	      "owner_pid is %llu though nobody has it open",
	      (unsigned long long)host_attribute(vgpu.uuid, "owner_pid"));
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
}

/*
 * The last reference may be dropped by a kernel thread, without a VMM around it:
 * io_uring lets go of the files of a ring like that.
 */
TEST(closed_by_a_kernel_thread, 0)
{
	struct io_uring_params parameters = { 0 };
	uint64_t end = rt_now_ns() + 10 * second();
	long pinned = pinned_pages();
	struct vgpu vgpu;
	int ring;

	OK(host_create_any("64mq", vgpu.uuid));
	ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
	if (ring < 0)
		harness_skip("no io_uring: %s", strerror(errno));
	use(&vgpu, true);
	CHECK(!syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES,
		       &vgpu.device->fd, 1), "io_uring_register: %s",
	      strerror(errno));
	vgpu_close(&vgpu);
	usleep(100000);
	CHECK(host_attribute(vgpu.uuid, "owner_pid") == (uint64_t)getpid(),
	      "it is closed although a ring has it");
	close(ring);
	while (host_attribute(vgpu.uuid, "owner_pid")) {
		CHECK(rt_now_ns() < end, "it is not closed 10 s after the ring");
		usleep(10000);
	}
	unpinned(pinned, "the close");
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
}

TEST(second_opener, 0)
{
	struct rt_device *second;
	struct vgpu vgpu;
	pid_t vm;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = vm_start(&vgpu, false, work);
	second = rt_open_vfio(vgpu.uuid, transport, NULL);
	CHECK(!second, "a second VM may open the same vGPU");
	vm_kill(vm);
}

TEST(rmmod, ONCE | SLOW)
{
	struct vgpu vgpu;
	pid_t vm;
	int i;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = vm_start(&vgpu, false, work);
	CHECK(!admin_unload(), "rmmod went through while a vGPU is open");
	CHECK(host_exists(vgpu.uuid), "the refused rmmod removed the vGPU");
	vm_kill(vm);
	/* With vGPUs that nobody has open it goes through. */
	CHECK(admin_unload(), "rmmod with closed vGPUs");
	CHECK(!host_exists(vgpu.uuid), "the vGPU outlives the module");
	for (i = 0; i < 5; i++) {
		admin_load();
		OK(host_create_any("64mq", vgpu.uuid));
		vgpu_open(&vgpu);
		vgpu_works(&vgpu, (uint32_t)i);
		vgpu_remove(&vgpu);
		CHECK(admin_unload(), "rmmod with closed vGPUs");
	}
	admin_load();
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
		vm[i] = vm_start(&vgpu[i], i == 0, work);
	}
	unbinder = fork();
	if (!unbinder) {
		admin_unbind();
		_exit(0);
	}
	sleep(1);
	CHECK(!waitpid(unbinder, &status, WNOHANG),
	      "unbind did not wait for the user");
	/* No vGPU can be made or opened meanwhile. */
	CHECK(host_create_any("64mq", vgpu[0].uuid) < 0,
	      "a vGPU was created on a GPU that goes away");
	begin = rt_now_ns();
	vm_kill(vm[1]);
	wait_child(unbinder, "unbind");
	took = rt_now_ns() - begin;
	CHECK(took < 2 * second(), "unbind took %llu ms after the last close",
	      (unsigned long long)took / 1000000);
	child_end(vm[0]);
	CHECK(!host_count(), "%u vGPUs are left", host_count());
	for (i = 0; i < 3; i++) {
		admin_bind();
		OK(host_init());
		OK(host_create_any("64mq", vgpu[0].uuid));
		vgpu_open(&vgpu[0]);
		vgpu_works(&vgpu[0], 1);
		vgpu_close(&vgpu[0]);
		admin_unbind();
	}
	admin_bind();
	OK(host_init());
}

/* A sysfs reset of the GPU: refused, or the users are told; all go on after. */
TEST(parent_reset, SLOW)
{
	char state[TEXT_SIZE], path[PATH_SIZE];
	bool offline = false;
	struct rt_ring ring;
	struct vgpu vgpu;
	uint64_t value;
	pid_t resetter;
	int error;

	snprintf(path, sizeof(path), "%s", admin_pci_path("reset"));
	vgpu_make(&vgpu, "64mq");
	vgpu_eventfd(&vgpu, VFIO_PCI_ERR_IRQ_INDEX, 0);
	OK(rt_ring_create(vgpu.device, 0, 64, &ring));
	if (access(path, F_OK))
		harness_skip("this kernel offers no reset of the GPU");
	resetter = fork();
	if (!resetter)
		_exit(-host_write(path, "1"));
	while (!waitpid(resetter, &error, WNOHANG)) {
		admin_text(admin_vgpu_path(vgpu.uuid, "openvgpu/state"), state);
		offline = offline || !strcmp(state, "offline");
		CHECK(strcmp(state, "dead"), "the vGPU is dead during a reset");
	}
	error = -WEXITSTATUS(error);
	CHECK(error || offline, "the vGPU was never offline during a reset");
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

/* A process that resets the GPU when it is told to; it must have no vGPU open. */
static pid_t parent_resetter(int go[2])
{
	char path[PATH_SIZE];
	pid_t child;

	snprintf(path, sizeof(path), "%s", admin_pci_path("reset"));
	if (access(path, F_OK))
		harness_skip("this kernel offers no reset of the GPU");
	CHECK(!pipe(go), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		pipe_await(go);
		_exit(host_write(path, "1") ? 1 : 0);
	}
	return child;
}

/* Who closes a vGPU while its GPU is reset, and opens it, may try again later. */
TEST(reopen_in_parent_reset, SLOW)
{
	unsigned int i, refused = 0;
	char state[TEXT_SIZE];
	struct vgpu vgpu;
	pid_t resetter;
	bool ended;
	int go[2];

	OK(host_create_any("64mq", vgpu.uuid));
	for (i = 0; i < 10; i++) {
		resetter = parent_resetter(go);
		vgpu_open(&vgpu);
		pipe_send(go);
		do {
			admin_text(admin_gpu_path("state"), state);
			ended = waitpid(resetter, NULL, WNOHANG);
		} while (!ended && strcmp(state, "reset"));
		vgpu_close(&vgpu);
		while (!ended) {
			vgpu.device = rt_open_vfio(vgpu.uuid, transport, NULL);
			CHECK(vgpu.device || errno == EBUSY,
			      "opening while the GPU is reset: %s", strerror(errno));
			if (vgpu.device)
				vgpu_close(&vgpu);
			else
				refused++;
			ended = waitpid(resetter, NULL, WNOHANG);
		}
	}
	CHECK(refused, "it could be opened all the time");
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
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
