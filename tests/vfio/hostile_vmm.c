// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile_vmm.c - VMMs that stand in everybody's way, and what the administrator
 * and the other tenants notice of it: nothing that lasts
 *
 * A hostile VMM is a process of its own. While it runs, the administrator changes
 * settings, creates, uses and removes another vGPU, and resets the GPU; each of
 * these has a bound, which doc/threat-model.md states.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "admin.h"
#include "stuck.h"
#include "vm.h"
#include "watch.h"

/* The bound of each operation of the administrator, doc/threat-model.md. */
#define BOUND_NS	(10 * second())
#define BLOCK		(64 * RT_PAGE_SIZE)
/* What a guest and its VMM may make the host say in 30 s, of lines and events. */
#define WORDS		10

static uint64_t begin_ns;

static void begin(void)
{
	begin_ns = rt_now_ns();
}

static void bounded(const char *what)
{
	uint64_t took = rt_now_ns() - begin_ns;

	CHECK(took < BOUND_NS, "%s took %llu ms", what,
	      (unsigned long long)took / 1000000);
}

/* What an administrator and a new tenant do, each in bounded time. */
static void life_goes_on(bool reset)
{
	static const char *const policy[] = { "equal_share", "best_effort" };
	struct vgpu other;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin();
		admin_set(admin_gpu_path("scheduler"), policy[i]);
		bounded("changing the policy");
	}
	begin();
	OK(host_create_any("64mq", other.uuid));
	bounded("creating a vGPU");
	begin();
	vgpu_open(&other);
	bounded("opening a vGPU");
	vgpu_works(&other, 7);
	begin();
	vgpu_close(&other);
	bounded("closing a vGPU");
	begin();
	OK(host_remove(other.uuid));
	bounded("removing a vGPU");
	if (!reset)
		return;
	begin();
	admin_set(admin_pci_path("reset"), "1");
	bounded("resetting the GPU");
	admin_expect(admin_gpu_path("state"), "up");
}

/* Ends a hostile VMM, which may not take long. */
static void end_vm(pid_t vm)
{
	begin();
	vm_kill(vm);
	bounded("ending the VMM");
}

static pid_t start(void (*run)(void *data, int ready), void *data)
{
	int ready[2];
	pid_t child;

	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		run(data, ready[1]);
		for (;;)
			pause();
	}
	pipe_await(ready);
	return child;
}

static void say_ready(int ready)
{
	CHECK(write(ready, "r", 1) == 1, "pipe: %s", strerror(errno));
}

/* ------------------------------------------ a vGPU's mailbox, used by threads */

/**
 * struct box - a vGPU whose map commands several threads give
 * @vgpu: the vGPU
 * @lock: the mailbox holds one command at a time
 * @next: next aperture page
 */
struct box {
	struct vgpu vgpu;
	pthread_mutex_t lock;
	uint64_t next;
};

static void thread(void *(*run)(void *), void *data)
{
	pthread_t id;

	CHECK(!pthread_create(&id, NULL, run, data), "pthread_create");
}

/* One page a command, for ever: many batches, each of which may be refused. */
static void map_one_by_one(struct box *box, const struct rt_memory *memory)
{
	size_t i;

	for (i = 0; i < memory->pages; i++) {
		pthread_mutex_lock(&box->lock);
		if (box->next == box->vgpu.device->aperture_pages)
			box->next = 0;
		rt_map_pages(box->vgpu.device, &memory->page[i], 1, box->next, true);
		box->next++;
		pthread_mutex_unlock(&box->lock);
	}
}

/* ---------------------------------------------------- unmaps against each other */

/**
 * struct region - guest memory that a thread maps and unmaps
 * @box: the vGPUs that show it, @boxes of them
 * @boxes: how many
 * @memory: mapped in the VM's address space, or not
 * @rounds: how often it was taken away
 */
struct region {
	struct box *box;
	unsigned int boxes;
	struct rt_memory memory;
	volatile unsigned int rounds;
};

/**
 * struct unmaps - vGPUs of one VM, and threads that take its memory away
 * @box: the vGPUs
 * @boxes: how many
 * @region: pieces of memory, a thread each
 * @regions: how many
 * @resets: another thread resets the first vGPU all the time
 */
struct unmaps {
	struct box box[2];
	unsigned int boxes;
	struct region region[2];
	unsigned int regions;
	bool resets;
};

static void *map_forever(void *data)
{
	struct region *region = data;
	unsigned int i;

	for (;;)
		for (i = 0; i < region->boxes; i++)
			map_one_by_one(&region->box[i], &region->memory);
	return NULL;
}

static void *unmap_forever(void *data)
{
	struct region *region = data;
	struct rt_memory *memory = &region->memory;
	struct rt_space *space = region->box[0].vgpu.device->space;

	for (;;) {
		usleep(3000);
		OK(rt_space_unmap(space, memory->page[0], memory->bytes));
		region->rounds++;
		OK(rt_space_map(space, memory->cpu, memory->page[0],
				memory->bytes));
	}
	return NULL;
}

static void *reset_forever(void *data)
{
	struct box *box = data;

	for (;;) {
		rt_vfio_reset(box->vgpu.device);
		rt_memory_decoding(box->vgpu.device, true);
		usleep(20000);
	}
	return NULL;
}

static void run_unmaps(void *data, int ready)
{
	struct unmaps *unmaps = data;
	struct rt_space *space = NULL;
	unsigned int i;

	for (i = 0; i < unmaps->boxes; i++) {
		struct box *box = &unmaps->box[i];

		pthread_mutex_init(&box->lock, NULL);
		box->vgpu.device = rt_open_vfio(box->vgpu.uuid, transport, space);
		CHECK(box->vgpu.device, "open: %s", rt_message());
		space = box->vgpu.device->space;
	}
	for (i = 0; i < unmaps->regions; i++) {
		struct region *region = &unmaps->region[i];

		region->box = unmaps->box;
		region->boxes = unmaps->boxes;
		OK(rt_memory_alloc(unmaps->box[0].vgpu.device, BLOCK,
				   &region->memory));
		thread(map_forever, region);
		thread(map_forever, region);
		thread(unmap_forever, region);
	}
	if (unmaps->resets)
		thread(reset_forever, &unmaps->box[0]);
	usleep(300000);
	for (i = 0; i < unmaps->regions; i++)
		CHECK(unmaps->region[i].rounds || unmaps->regions > 1,
		      "no memory was taken away");
	say_ready(ready);
}

static void unmaps(unsigned int boxes, unsigned int regions, bool resets)
{
	static struct unmaps unmaps;
	unsigned int i;
	pid_t vm;

	unmaps.boxes = boxes;
	unmaps.regions = regions;
	unmaps.resets = resets;
	for (i = 0; i < boxes; i++)
		OK(host_create_any("64mq", unmaps.box[i].vgpu.uuid));
	vm = start(run_unmaps, &unmaps);
	for (i = 0; i < 3; i++) {
		life_goes_on(false);
		usleep(300000);
	}
	/* It may have been in type1's lock inversion for a moment. */
	end_vm(vm);
	for (i = 0; i < boxes; i++) {
		begin();
		vgpu_open(&unmaps.box[i].vgpu);
		vgpu_works(&unmaps.box[i].vgpu, i);
		vgpu_remove(&unmaps.box[i].vgpu);
		bounded("opening, using and removing what it had");
	}
}

/*
 * Guests that map what the VMM unmaps, through two vGPUs of one container: type1
 * looks eleven times whether a page is still pinned, and then ends in BUG_ON().
 */
TEST(mapped_again, SLOW)
{
	unmaps(2, 1, false);
}

/* Two threads unmap in one container: type1 takes its locks in both orders. */
TEST(two_unmappers, SLOW)
{
	unmaps(1, 2, true);
}

/* ------------------------------------------------- memory that does not arrive */

static struct stuck stuck;

/* The guest asks for a page of it and the VMM resets the vGPU. */
static void run_stuck(void *data, int ready)
{
	struct vgpu *vgpu = data;
	struct rt_device *device;

	vgpu_open(vgpu);
	device = vgpu->device;
	stuck_wait(&stuck, device);
	begin();
	OK(rt_vfio_reset(device));
	OK(rt_memory_decoding(device, true));
	bounded("VFIO_DEVICE_RESET");
	CHECK(rt_control_read(device, OPENVGPU_NATIVE_MAP_STATUS) ==
	      OPENVGPU_NATIVE_OK, "the reset did not drop the map command");
	say_ready(ready);
}

static void stuck_memory(bool stopped)
{
	pid_t vm, remover;
	struct vgpu vgpu;
	int status;

	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse"))
		harness_skip("this kernel has no FUSE");
	stuck_make(&stuck, BLOCK);
	OK(host_create_any("64mq", vgpu.uuid));
	vm = start(run_stuck, &vgpu);
	if (stopped)
		kill(vm, SIGSTOP);
	life_goes_on(true);
	kill(vm, SIGKILL);
	life_goes_on(true);
	/* This one alone waits, for its own memory. */
	remover = fork();
	if (!remover) {
		OK(host_remove(vgpu.uuid));
		_exit(0);
	}
	usleep(200000);
	CHECK(!waitpid(remover, &status, WNOHANG),
	      "the vGPU was removed while a page of its VM was being pinned");
	life_goes_on(true);
	begin();
	stuck_release(&stuck);
	child_end(vm);
	bounded("ending the VMM once its memory has arrived");
	wait_child(remover, "removing its vGPU");
	bounded("removing its vGPU once its memory has arrived");
	life_goes_on(true);
}

TEST(stuck_memory, SLOW)
{
	stuck_memory(false);
}

TEST(stuck_memory_of_stopped, SLOW)
{
	stuck_memory(true);
}

/* ----------------------------------------------------------- many small batches */

/* Thousands of batches of one page: reset and close stay short. */
TEST(many_batches, SLOW)
{
	struct rt_memory memory;
	struct rt_device *device;
	uint64_t pages, i;
	struct vgpu vgpu;
	int way;

	vgpu_make(&vgpu, "64mq");
	device = vgpu.device;
	OK(rt_memory_alloc(device, BLOCK, &memory));
	/* All of them take 10 ms a thousand to take back, and minutes to map. */
	pages = device->aperture_pages / 8;
	for (way = 0; way < 2; way++) {
		for (i = 0; i < pages; i++)
			OK(rt_map_pages(device, &memory.page[i % memory.pages], 1,
					i, true));
		begin();
		if (way)
			vgpu_close(&vgpu);
		else
			vgpu_reset(&vgpu, BY_VMM);
		bounded(way ? "closing" : "VFIO_DEVICE_RESET");
		printf("# %s with %llu batches took %llu ms\n",
		       way ? "close" : "VFIO_DEVICE_RESET",
		       (unsigned long long)pages,
		       (unsigned long long)(rt_now_ns() - begin_ns) / 1000000);
	}
}

/* ------------------------------------------------------ resets against a reset */

#define GPU_RESETS	100

static void run_resets(void *data, int ready)
{
	struct vgpu *vgpu = data;

	vgpu_open(vgpu);
	say_ready(ready);
	for (;;)
		rt_function_reset(vgpu->device);
}

/* A guest resets its function all the time, while the GPU is reset. */
TEST(reset_storm, ONCE | SLOW)
{
	unsigned int i, resets = harness_slow_kernel() ? GPU_RESETS / 10 : GPU_RESETS;
	struct vgpu vgpu;
	pid_t vm;

	OK(host_create_any("64mq", vgpu.uuid));
	vm = start(run_resets, &vgpu);
	for (i = 0; i < resets; i++) {
		begin();
		admin_set(admin_pci_path("reset"), "1");
		bounded("resetting the GPU");
		admin_expect(admin_gpu_path("state"), "up");
	}
	end_vm(vm);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 1);
	life_goes_on(true);
}

/* Each time it is switched on, somebody must look whether there is work. */
static void run_toggles(void *data, int ready)
{
	struct vgpu *vgpu = data;

	vgpu_open(vgpu);
	say_ready(ready);
	for (;;) {
		rt_memory_decoding(vgpu->device, false);
		rt_memory_decoding(vgpu->device, true);
	}
}

TEST(master_storm, SLOW)
{
	struct vgpu vgpu[2], other;
	unsigned int i;
	pid_t vm[2];

	for (i = 0; i < 2; i++) {
		OK(host_create_any("64mq", vgpu[i].uuid));
		vm[i] = start(run_toggles, &vgpu[i]);
	}
	vgpu_make(&other, "64mq");
	for (i = 0; i < 20; i++) {
		begin();
		vgpu_works(&other, i);
		bounded("three small jobs of a neighbour");
	}
	life_goes_on(true);
	for (i = 0; i < 2; i++)
		end_vm(vm[i]);
}

/* ------------------------------------------------------------------- floods */

/* Opened and closed as fast as can be: libvirt pays for each uevent. */
TEST(open_storm, 0)
{
	int events = uevents_listen(), log = log_begin();
	unsigned int i, count;
	struct vgpu vgpu;

	OK(host_create_any("64mq", vgpu.uuid));
	for (i = 0; i < 40; i++) {
		vgpu_open(&vgpu);
		vgpu_close(&vgpu);
	}
	/* The first says that it was created. */
	count = uevents_count(events, vgpu.uuid) - 1;
	CHECK(count <= WORDS, "%u uevents of 40 opens and closes", count);
	CHECK(host_stat(vgpu.uuid, "suppressed_events") == 80 - count,
	      "%llu of 80 uevents count as suppressed, %u were sent",
	      (unsigned long long)host_stat(vgpu.uuid, "suppressed_events"), count);
	count = log_count(log, vgpu.uuid, NULL) - 1;
	CHECK(count <= WORDS, "%u lines of 40 opens and closes", count);
}

static void *write_all(void *data)
{
	const char zeros[4096] = { 0 };
	struct vgpu *vgpu = data;
	off_t page = (off_t)vgpu->device->region[OPENVGPU_NATIVE_BAR_USER].offset;

	/* Where the doorbells are, which are written through the kernel. */
	CHECK(pwrite(vgpu->device->fd, zeros, sizeof(zeros), page) == sizeof(zeros),
	      "writing to the user page: %m");
	return NULL;
}

/*
 * So many threads write to registers that each waits long for its turn. That is not the
 * GPU's fault, even if it is a process: for one, the suite soft-engine asks for more.
 */
TEST(write_storm, ONCE | SLOW)
{
	const char *wanted = getenv("OPENVGPU_THREADS");
	const unsigned int many = wanted ? (unsigned int)strtoul(wanted, NULL, 0) : 64;
	const unsigned int threads = harness_slow_kernel() || many > 512 ? 64 : many;
	struct vgpu vgpu, other;
	pthread_t thread[512];
	unsigned int i;

	vgpu_make(&vgpu, "64mq");
	vgpu_make(&other, "64mq");
	for (i = 0; i < threads; i++)
		CHECK(!pthread_create(&thread[i], NULL, write_all, &vgpu), "thread %u", i);
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	admin_expect(admin_gpu_path("state"), "up");
	vgpu_works(&other, 1);
	OK(rt_guest_reset(vgpu.device));
	vgpu_works(&vgpu, 1);
}

/* VFIO writes a line to the log for every page beyond the limit. */
TEST(memory_limit, SLOW)
{
	uint64_t end = rt_now_ns() + 12000000000ULL;
	unsigned int count, refused = 0;
	int error, log = log_begin();
	struct rt_memory memory;
	char text[256];
	struct vgpu vgpu;

	vgpu_make(&vgpu, "64mq");
	lock_at_most(16);
	OK(rt_memory_alloc(vgpu.device, BLOCK, &memory));
	do {
		error = rt_map_pages(vgpu.device, memory.page, memory.pages, 0, true);
		CHECK(error == -EDQUOT, "mapping beyond the limit: %s",
		      error ? strerror(-error) : "accepted");
		refused++;
	} while (rt_now_ns() < end);
	count = log_count(log, "RLIMIT_MEMLOCK", vgpu.uuid) - 1;
	CHECK(count <= WORDS, "%u lines in 12 s of %u refusals", count, refused);
	CHECK(host_stat(vgpu.uuid, "memory_refused") == refused,
	      "stats count %llu of %u refusals",
	      (unsigned long long)host_stat(vgpu.uuid, "memory_refused"), refused);
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, "limit of locked memory"), "last_error: '%s'", text);
	/* What is within the limit is mapped. */
	OK(rt_map_pages(vgpu.device, memory.page, 4, 0, true));
}
