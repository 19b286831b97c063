// SPDX-License-Identifier: GPL-2.0-only
/*
 * alloc.c - every allocation of the kernel fails once
 *
 * /proc/thread-self/fail-nth makes the nth allocation (or copy from or to the
 * program) of this thread's next calls fail. n goes from 1 until nothing fails any
 * more. Whatever fails, the call ends with an error that says so, or does what was
 * asked; nothing is left of a call that failed; and the next one works.
 *
 * What the module does in its own threads is reached with failslab and its filter
 * of stacks: the allocations that have the module among their callers.
 *
 * Needs a kernel with CONFIG_FAULT_INJECTION: the debug kernel.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "screen.h"

#define TYPE		"16mq"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUGFS		"/sys/kernel/debug"
#define FAILURES_MAX	3000u	/* an operation with more allocations does not end */
#define LATE_FAILURES	48u

/**
 * struct operation - what is tried
 * @name: for messages
 * @run: does it; returns 0 or -errno
 * @undo: after @run did it: as before
 * @check: after @run failed: nothing is left of it; may be NULL
 * @context: first argument of all
 */
struct operation {
	const char *name;
	int (*run)(void *context);
	void (*undo)(void *context);
	void (*check)(void *context);
	void *context;
};

static void prepare(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	char path[128];
	unsigned int i;

	if (access(FAIL_NTH, W_OK))
		harness_skip("this kernel has no fault injection");
	if (access(DEBUGFS "/failslab", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s/verbose", kinds[i]);
		OK(host_write(path, "0"));
		snprintf(path, sizeof(path), DEBUGFS "/%s/probability", kinds[i]);
		OK(host_write(path, "0"));
	}
	/* Also allocations that may wait, which most do, and single pages. */
	OK(host_write(DEBUGFS "/failslab/ignore-gfp-wait", "N"));
	OK(host_write(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N"));
	OK(host_write(DEBUGFS "/fail_page_alloc/min-order", "0"));
}

static int fail_file(void)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, FAIL_NTH ": %s", strerror(errno));
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	/* To write a 0 may be what fails, and then nothing else does. */
	while (pwrite(fd, text, (size_t)length, 0) != length)
		CHECK(errno == EFAULT || errno == ENOMEM, FAIL_NTH ": %s", strerror(errno));
}

/* Whether the failure came; no more will. */
static bool disarm(int fd)
{
	char text[16] = "";

	/* To ask may fail as well. */
	while (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		;
	if (atoi(text))
		arm(fd, 0);
	return !atoi(text);
}

static void try_all(const struct operation *operation)
{
	unsigned int nth, errors = 0, done = 0, odd = 0;
	int fd = fail_file(), result;
	bool failed;

	for (nth = 1; ; nth++) {
		CHECK(nth < FAILURES_MAX, "%s: still failing at allocation %u", operation->name,
		      nth);
		arm(fd, nth);
		result = operation->run(operation->context);
		failed = disarm(fd);
		if (!result) {
			operation->undo(operation->context);
			done++;
			if (!failed)
				break;
			continue;
		}
		CHECK(failed, "%s: without a failure it ended with %s", operation->name,
		      strerror(-result));
		errors++;
		/* EFAULT: a copy to or from the program was what failed. */
		if (result != -ENOMEM && result != -EFAULT) {
			odd++;
			printf("# %s: with allocation %u failing it ended with %s\n",
			       operation->name, nth, strerror(-result));
		}
		if (operation->check)
			operation->check(operation->context);
	}
	close(fd);
	CHECK(!operation->run(operation->context), "%s: does not work after all this",
	      operation->name);
	operation->undo(operation->context);
	printf("# %s: %u failures, %u errors, %u times all the same done\n", operation->name,
	       nth - 1, errors, done - 1);
	fflush(stdout);
	CHECK(!odd, "%s: %u times ended with an error that does not tell of memory",
	      operation->name, odd);
}

/* ------------------------------------------------------------ administrator */

/**
 * struct creation - a vGPU to be created
 * @uuid: of it
 * @file: "create" of its type
 * @count: vGPUs that there are without it
 * @available: how many of the type can be created without it
 */
struct creation {
	char uuid[UUID_LENGTH + 1];
	int file;
	unsigned int count;
	int available;
};

static int run_create(void *context)
{
	struct creation *creation = context;

	return pwrite(creation->file, creation->uuid, UUID_LENGTH, 0) < 0 ? -errno : 0;
}

static void check_create(void *context)
{
	struct creation *creation = context;

	CHECK(!host_exists(creation->uuid) && host_count() == creation->count,
	      "a vGPU that could not be created is there");
	CHECK(host_available(TYPE) == creation->available,
	      "%d can be created, not %d, after one could not", host_available(TYPE),
	      creation->available);
	/* mdev knows a name until the last reference is gone, which takes a while. */
	host_uuid(creation->uuid);
}

static void undo_create(void *context)
{
	struct creation *creation = context;

	OK(host_remove(creation->uuid));
	check_create(context);
}

TEST(create, ONCE | SLOW)
{
	struct creation creation = { .count = host_count(), .available = host_available(TYPE) };
	struct operation operation = {
		.name = "create", .run = run_create, .undo = undo_create, .check = check_create,
		.context = &creation,
	};
	char path[256];

	prepare();
	host_uuid(creation.uuid);
	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-" TYPE "/create",
		 host_gpu());
	creation.file = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(creation.file >= 0, "%s: %s", path, strerror(errno));
	try_all(&operation);
}

/* ---------------------------------------------------------------- open, map */

/**
 * struct opening - a vGPU to be opened
 * @uuid: of it
 * @space: of a VM of its own, while it is open
 * @device, @group: its files, likewise
 */
struct opening {
	char uuid[UUID_LENGTH + 1];
	struct rt_space *space;
	int device, group;
};

static int run_open(void *context)
{
	struct opening *opening = context;
	int error;

	opening->space = rt_space_create(transport);
	if (!opening->space)
		return -errno;
	error = rt_space_attach(opening->space, opening->uuid, &opening->device, &opening->group);
	if (error)
		rt_space_destroy(opening->space);
	return error;
}

static void undo_open(void *context)
{
	struct opening *opening = context;

	rt_space_detach(opening->space, opening->device, opening->group);
	rt_space_destroy(opening->space);
}

static void check_open(void *context)
{
	struct opening *opening = context;

	CHECK(!host_attribute(opening->uuid, "pinned_pages"), "pages stay pinned");
}

TEST(open, SLOW)
{
	struct opening opening;
	struct operation operation = {
		.name = "open", .run = run_open, .undo = undo_open, .check = check_open,
		.context = &opening,
	};

	prepare();
	OK(host_create_any(TYPE, opening.uuid));
	try_all(&operation);
}

/**
 * struct mapping - pages of a vGPU to be mapped and touched
 */
struct mapping {
	int file;
	off_t offset;
	void *at;
};

static int run_map(void *context)
{
	struct mapping *mapping = context;
	volatile uint64_t *word;

	mapping->at = mmap(NULL, 4 * RT_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   mapping->file, mapping->offset);
	if (mapping->at == MAP_FAILED)
		return -errno;
	/* A fault that finds no memory is taken again. */
	word = mapping->at;
	*word = 1;
	word[RT_PAGE_SIZE / 8] = 1;
	return 0;
}

static void undo_map(void *context)
{
	struct mapping *mapping = context;

	CHECK(*(volatile uint64_t *)mapping->at == 1, "what was written is not there");
	munmap(mapping->at, 4 * RT_PAGE_SIZE);
}

TEST(map, 0)
{
	struct mapping mapping;
	struct operation operation = {
		.name = "map", .run = run_map, .undo = undo_map, .context = &mapping,
	};
	struct vgpu vgpu;

	prepare();
	vgpu_make(&vgpu, TYPE);
	mapping.file = vgpu.device->fd;
	mapping.offset = (off_t)vgpu.device->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER].offset;
	try_all(&operation);
}

/* ---------------------------------------------------------------- the ioctls */

/**
 * struct request - an ioctl of an open vGPU
 */
struct request {
	struct vgpu vgpu;
	struct screen screen;
	struct mapping mapping;
	int eventfd;
};

static int run_irqs(void *context)
{
	struct request *request = context;

	return rt_irq_eventfd(request->vgpu.device, VFIO_PCI_MSIX_IRQ_INDEX, 0, request->eventfd);
}

static void undo_irqs(void *context)
{
	struct request *request = context;

	OK(rt_irq_eventfd(request->vgpu.device, VFIO_PCI_MSIX_IRQ_INDEX, 0, -1));
}

static int run_reset(void *context)
{
	struct request *request = context;

	return rt_vfio_reset(request->vgpu.device);
}

static void undo_reset(void *context)
{
	struct request *request = context;

	OK(rt_memory_decoding(request->vgpu.device, true));
}

static int run_query(void *context)
{
	struct request *request = context;

	return screen_ask(&request->screen, VFIO_GFX_PLANE_TYPE_DMABUF, SCREEN_PRIMARY);
}

static void undo_nothing(void *context)
{
	(void)context;
}

static int run_dmabuf(void *context)
{
	struct request *request = context;
	int result;

	request->mapping.file = screen_file(&request->vgpu, request->screen.plane.dmabuf_id);
	if (request->mapping.file < 0)
		return request->mapping.file;
	request->mapping.offset = 0;
	result = run_map(&request->mapping);
	if (result)
		close(request->mapping.file);
	return result;
}

static void undo_dmabuf(void *context)
{
	struct request *request = context;

	undo_map(&request->mapping);
	close(request->mapping.file);
}

TEST(requests, SLOW)
{
	static struct request request;
	struct operation operations[] = {
		{ "SET_IRQS", run_irqs, undo_irqs, NULL, &request },
		{ "RESET", run_reset, undo_reset, NULL, &request },
		{ "QUERY_GFX_PLANE", run_query, undo_nothing, NULL, &request },
		{ "GET_GFX_DMABUF", run_dmabuf, undo_dmabuf, NULL, &request },
	};
	struct rt_mode mode;
	unsigned int i;

	prepare();
	screen_make(&request.screen, &request.vgpu, TYPE, "dmabuf");
	request.eventfd = new_eventfd();
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		/* A reset took the picture away. */
		mode = screen_draw(&request.vgpu, 640, 480, 1);
		OK(rt_head_on(request.vgpu.device, 0, &mode));
		screen_dmabuf(&request.screen, SCREEN_PRIMARY);
		try_all(&operations[i]);
	}
	vgpu_works(&request.vgpu, 1);
}

/* -------------------------------------------------- in the module's threads */

static void set_failslab(const char *name, uint64_t value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DEBUGFS "/failslab/%s", name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	OK(host_write(path, text));
}

/* Only allocations with the module among their callers fail. */
static void filter_module(void)
{
	uint64_t text, size;

	OK(host_read_number("/sys/module/openvgpu/sections/.text", &text));
	OK(host_read_number("/sys/module/openvgpu/coresize", &size));
	set_failslab("require-start", text);
	set_failslab("require-end", text + size);
	set_failslab("stacktrace-depth", 32);
}

TEST(in_threads, SLOW)
{
	unsigned int interval, failures = 0;
	struct rt_memory memory;
	uint64_t address, left;
	struct vgpu vgpu;
	long pinned;
	int result;

	prepare();
	filter_module();
	vgpu_make(&vgpu, TYPE);
	OK(rt_memory_alloc(vgpu.device, 64 * RT_PAGE_SIZE, &memory));
	pinned = pinned_pages();
	for (interval = 1; interval <= LATE_FAILURES; interval++) {
		set_failslab("interval", interval);
		set_failslab("times", 1);
		set_failslab("probability", 100);
		result = rt_memory_map(vgpu.device, &memory, true, &address);
		if (!result)
			result = rt_memory_unmap(vgpu.device, &memory, address);
		set_failslab("probability", 0);
		OK(host_read_number(DEBUGFS "/failslab/times", &left));
		failures += !left;
		CHECK(!result || !left, "mapping ended with %s and nothing failed",
		      strerror(-result));
		if (result)
			rt_memory_forget(vgpu.device);
		OK(rt_guest_reset(vgpu.device));
		rt_memory_forget(vgpu.device);
		CHECK(pinned_pages() <= pinned, "%ld pages stay pinned", pinned_pages() - pinned);
	}
	printf("# %u of %u times an allocation failed\n", failures, LATE_FAILURES);
	CHECK(failures, "no allocation failed");
	vgpu_works(&vgpu, 1);
}
