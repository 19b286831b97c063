// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - VMMs that do anything, at once, and die at any time
 *
 * No step is checked: most may fail. What is checked after each round is what
 * everybody else is owed: the GPU is up, a vGPU can be created, used and removed
 * within bounded time, every process that was killed is gone, and a neighbour has
 * what it had. The kernel's log is looked at when the machine ends.
 *
 * FUZZ_SEED (default 1) decides what each thread does, FUZZ_SECONDS for how long
 * it goes on. When threads do it is up to the machine.
 */
#include "vmm.h"

#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "admin.h"

#define VGPUS		5	/* that are attacked */
#define VMMS		4	/* at once, at most */
#define THREADS		3	/* of each, beside the first */
#define STEPS		400	/* of each thread, at most */
#define GUARD_BYTES	(1 * MIB)
#define GUEST_PAGES	16	/* of the neighbour */
#define SECONDS		40	/* by default, for each transport */
/* What ends, ends within this, and takes turns with all that is under way. */
#define BOUND_NS	(20 * second())

/* The last of them is removed now and then. */
#define LAST		(VGPUS - 1)

/* Some of them work in GPU instances, where the GPU can have these. */
static const struct {
	char series;
	unsigned int compute;
} kind[VGPUS] = { { 'q', 0 }, { 'q', 1 }, { 'c', 0 }, { 'b', 0 }, { 'q', 2 } };

/**
 * struct neighbour - a vGPU whose VM does nothing wrong
 * @vgpu: open
 * @memory: of its guest, mapped for it
 * @seed: of what is in its slice and its memory
 */
struct neighbour {
	struct vgpu vgpu;
	struct rt_memory memory;
	uint32_t seed;
};

static char uuid[VGPUS][UUID_LENGTH + 1];
static struct vmm_count *counts;
static uint64_t longest;
static unsigned int vmms, crashes;

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

/* The smallest type of a series with so many compute slices; 0: in the pool. */
static const char *type_of(char letter, unsigned int compute)
{
	static char best[32];
	char names[128][32];
	int count = host_types(names, 128), i;

	if (access(admin_pci_path("instances"), F_OK))
		compute = 0;
	best[0] = 0;
	for (i = 0; i < count; i++)
		if (names[i][strlen(names[i]) - 1] == letter &&
		    host_type_compute(names[i]) == compute &&
		    (!best[0] || host_type_bytes(names[i]) < host_type_bytes(best)))
			memcpy(best, names[i], sizeof(best));
	CHECK(best[0], "the GPU has no types of series %c", letter);
	return best;
}

/* ------------------------------------------------------------ the hostile */

static void *act(void *argument)
{
	struct actor *actor = argument;
	unsigned int steps = 1 + (unsigned int)vmm_below(actor, STEPS);

	while (steps--)
		vmm_step(actor);
	return NULL;
}

static void init_actor(struct actor *actor, struct vmm *vmm, uint64_t seed)
{
	unsigned int i;

	memset(actor, 0, sizeof(*actor));
	actor->vmm = vmm;
	actor->random = seed;
	for (i = 0; i < VMM_FILES; i++)
		actor->file[i] = -1;
}

/* Opens some of the vGPUs, of which another VMM may have a few. */
static void open_some(struct vmm *vmm, struct actor *first)
{
	unsigned int i, wanted = 1 + (unsigned int)vmm_below(first, VMM_DEVICES);
	unsigned int offset = (unsigned int)vmm_below(first, VGPUS);
	struct rt_device *device;

	vmm->space = rt_space_create(vmm->transport);
	CHECK(vmm->space, "no address space: %s", rt_message());
	for (i = 0; i < VGPUS && vmm->count < wanted; i++) {
		device = rt_open_vfio_any(uuid[(offset + i) % VGPUS], vmm->transport,
					  vmm->count && !vmm_below(first, 4) ? NULL : vmm->space);
		if (device)
			vmm->device[vmm->count++] = device;
		else
			/* EINVAL is how VFIO says that a cdev is bound already. */
			CHECK((offset + i) % VGPUS == LAST ||
			      errno == EBUSY || errno == EPERM || errno == EAGAIN ||
			      errno == EINTR ||
			      (errno == EINVAL && transport == RT_VFIO_IOMMUFD),
			      "opening: %s (%s)", strerror(errno), rt_message());
	}
}

static void get_memory(struct vmm *vmm)
{
	vmm->ram_file = memfd_create("ram", MFD_CLOEXEC);
	CHECK(vmm->ram_file >= 0 && !ftruncate(vmm->ram_file, VMM_RAM_BYTES), "memfd");
	/* Behind it is what an access goes to that is too long. */
	vmm->ram = mmap(NULL, VMM_RAM_BYTES + GUARD_BYTES, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(vmm->ram != MAP_FAILED &&
	      mmap(vmm->ram, VMM_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		   vmm->ram_file, 0) != MAP_FAILED, "guest memory");
}

/* Some of the guest's memory is a file of a server that ends with the VMM. */
static void get_stuck_memory(struct vmm *vmm, struct actor *first)
{
	if (vmm_below(first, 4) || access("/dev/fuse", F_OK))
		return;
	stuck_make(&vmm->stuck, VMM_STUCK_BYTES);
	rt_space_map(vmm->space, vmm->stuck.cpu, VMM_IOVA + VMM_RAM_BYTES, VMM_STUCK_BYTES);
}

/* The life of a VMM. */
static void live(uint64_t seed)
{
	static struct actor actor[THREADS + 1];
	pthread_t thread[THREADS];
	struct vmm vmm = { .transport = transport, .counts = counts };
	unsigned int threads, i;

	vmm_catch_signals();
	init_actor(&actor[0], &vmm, seed);
	open_some(&vmm, &actor[0]);
	if (!vmm.count)
		_exit(0);
	get_memory(&vmm);
	rt_space_map(vmm.space, vmm.ram, VMM_IOVA, VMM_RAM_BYTES);
	get_stuck_memory(&vmm, &actor[0]);
	threads = (unsigned int)vmm_below(&actor[0], THREADS + 1);
	for (i = 0; i < threads; i++) {
		init_actor(&actor[i + 1], &vmm, seed + i + 1);
		CHECK(!pthread_create(&thread[i], NULL, act, &actor[i + 1]), "pthread_create");
	}
	act(&actor[0]);
	switch (vmm_below(&actor[0], 4)) {
	case 0:
		_exit(0);
	case 1:
		kill(getpid(), SIGKILL);
		break;
	case 2:
		/* Closed by one thread while others go on. */
		for (i = 0; i < vmm.count; i++)
			close(vmm.device[i]->fd);
		break;
	}
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < vmm.count; i++)
		rt_close(vmm.device[i]);
	_exit(0);
}

/* ---------------------------------------------------------- the supervisor */

/* Somebody looks at everything that can be read of the vGPUs, and at the log of switches. */
static void look(void)
{
	unsigned int i;
	char text[TEXT_SIZE];
	glob_t files;

	for (;;) {
		if (glob("{/sys/bus/mdev/devices/*/{openvgpu,stats}/*,"
			 "/sys/kernel/debug/openvgpu/*/switches}", GLOB_BRACE, NULL, &files))
			continue;
		for (i = 0; i < files.gl_pathc; i++)
			host_read(files.gl_pathv[i], text, sizeof(text));
		globfree(&files);
	}
}

static pid_t start(void (*run)(uint64_t seed), uint64_t seed)
{
	pid_t child = fork();

	CHECK(child >= 0, "fork: %s", strerror(errno));
	if (!child) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(seed);
		_exit(0);
	}
	setpgid(child, child);
	return child;
}

static void look_on(uint64_t seed)
{
	(void)seed;
	look();
}

static void administer(uint64_t seed)
{
	static struct actor actor;

	init_actor(&actor, NULL, seed);
	vmm_administer(&actor, uuid, VGPUS, type_of(kind[LAST].series, kind[LAST].compute));
}

static void set_displays(void)
{
	admin_set(admin_vgpu_path(uuid[1], "openvgpu/display"), "dmabuf");
	admin_set(admin_vgpu_path(uuid[3], "openvgpu/display"), "dmabuf");
}

static void took(uint64_t since, const char *what)
{
	uint64_t ns = rt_now_ns() - since;

	if (ns > longest)
		longest = ns;
	CHECK(ns < BOUND_NS, "%s took %llu ms", what, (unsigned long long)ns / 1000000);
}

/* Ends a process and its children; it must be gone in bounded time. */
static int end(pid_t child)
{
	uint64_t since = rt_now_ns();
	int status;

	kill(-child, SIGKILL);
	while (!waitpid(child, &status, WNOHANG)) {
		if (rt_now_ns() - since > BOUND_NS)
			host_show_blocked(child);
		took(since, "the end of a process that was killed");
		usleep(1000);
	}
	return status;
}

/* Lets the VMMs live for a while; then all end. */
static void round_of(struct actor *random)
{
	unsigned int count = 1 + (unsigned int)vmm_below(random, VMMS), i;
	uint64_t until = rt_now_ns() + vmm_below(random, 2 * second());
	pid_t vmm[VMMS], watcher = start(look_on, 0), administrator = 0;
	bool alive[VMMS];
	unsigned int left = count;
	int status;

	if (vmm_below(random, 2))
		administrator = start(administer, vmm_random(random));
	vmms += count;
	for (i = 0; i < count; i++) {
		vmm[i] = start(live, vmm_random(random));
		alive[i] = true;
	}
	while (left && rt_now_ns() < until) {
		for (i = 0; i < count; i++) {
			if (!alive[i] || !waitpid(vmm[i], &status, WNOHANG))
				continue;
			alive[i] = false;
			left--;
			/* Its children, if there are any left. */
			kill(-vmm[i], SIGKILL);
			/* Its device may have written over what it runs on. */
			if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
				crashes++;
			else
				CHECK(WIFSIGNALED(status) || !WEXITSTATUS(status),
				      "a VMM ended with 0x%x", status);
		}
		usleep(2000);
	}
	for (i = 0; i < count; i++)
		if (alive[i])
			end(vmm[i]);
	end(watcher);
	if (!administrator)
		return;
	end(administrator);
	vmm_undo_administrator(uuid, VGPUS, type_of(kind[LAST].series, kind[LAST].compute));
	set_displays();
}

static void check_neighbour(struct neighbour *neighbour)
{
	const struct rt_device *device = neighbour->vgpu.device;
	long at = differing_word(rt_framebuffer(device, 0), device->framebuffer_bytes,
				 neighbour->seed);

	CHECK(at < 0, "word %ld of the neighbour's slice changed", at);
	at = differing_word(neighbour->memory.cpu, neighbour->memory.bytes, ~neighbour->seed);
	CHECK(at < 0, "word %ld of the neighbour's memory changed", at);
	vgpu_unharmed(&neighbour->vgpu, "the neighbour");
}

static void make_neighbour(struct neighbour *neighbour, uint32_t seed)
{
	struct rt_device *device;
	uint64_t address;

	vgpu_make(&neighbour->vgpu, type_of('q', 0));
	device = neighbour->vgpu.device;
	neighbour->seed = seed;
	OK(rt_memory_alloc(device, GUEST_PAGES * RT_PAGE_SIZE, &neighbour->memory));
	OK(rt_memory_map(device, &neighbour->memory, true, &address));
	fill_words(neighbour->memory.cpu, neighbour->memory.bytes, ~seed);
	fill_words(rt_framebuffer(device, 0), device->framebuffer_bytes, seed);
}

/* Whoever comes next finds a GPU that works. */
static void check_host(struct neighbour *neighbour, uint32_t seed)
{
	char state[64];
	uint64_t since;
	struct vgpu vgpu;

	OK(host_read(admin_gpu_path("state"), state, sizeof(state)));
	CHECK(!strcmp(state, "up"), "the GPU is %s", state);
	since = rt_now_ns();
	vgpu_make(&vgpu, type_of('q', 0));
	vgpu_works(&vgpu, seed);
	vgpu_remove(&vgpu);
	took(since, "creating, using and removing a vGPU");
	/* And so does one of those that were attacked; they are all alike. */
	since = rt_now_ns();
	memcpy(vgpu.uuid, uuid[0], sizeof(vgpu.uuid));
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, seed);
	vgpu_close(&vgpu);
	took(since, "opening, using and closing a vGPU");
	check_neighbour(neighbour);
}

static void make_vgpus(void)
{
	unsigned int i;

	for (i = 0; i < VGPUS; i++)
		OK(host_create_any(type_of(kind[i].series, kind[i].compute), uuid[i]));
	set_displays();
}

static void summary(unsigned int rounds)
{
	unsigned int i;

	printf("# %u rounds, %u VMMs, %u of them crashed; others had to wait for %llu ms at most\n",
	       rounds, vmms, crashes, (unsigned long long)longest / 1000000);
	printf("# steps that did what was asked, of all:");
	for (i = 0; i < VMM_STEP_COUNT; i++)
		printf(" %s %llu/%llu", vmm_step_name(i), (unsigned long long)counts[i].done,
		       (unsigned long long)counts[i].tried);
	printf("\n");
	fflush(stdout);
}

TEST(anything, SLOW)
{
	uint64_t seed = from_environment("FUZZ_SEED", 1);
	uint64_t until = rt_now_ns() + from_environment("FUZZ_SECONDS", SECONDS) * 1000000000ULL;
	struct actor *random = calloc(1, sizeof(*random));
	struct neighbour neighbour;
	unsigned int rounds = 0;
	long pinned;

	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	CHECK(random, "no memory");
	counts = mmap(NULL, VMM_STEP_COUNT * sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counts != MAP_FAILED, "no memory");
	init_actor(random, NULL, seed);
	make_vgpus();
	make_neighbour(&neighbour, (uint32_t)seed);
	pinned = pinned_pages();
	/* However slow the machine is: a few rounds at least. */
	while (rt_now_ns() < until || rounds < 3) {
		round_of(random);
		check_host(&neighbour, (uint32_t)vmm_random(random));
		rounds++;
	}
	CHECK(pinned_pages() <= pinned, "%ld pages stay pinned", pinned_pages() - pinned);
	summary(rounds);
}
