// SPDX-License-Identifier: GPL-2.0-only
/*
 * alloc.c - every allocation of create, open, map and the ioctls fails once, see fail.h
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

#include "fail.h"
#include "screen.h"

#define TYPE		"16mq"
#define LATE_FAILURES	48u

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
	struct fail_operation operation = {
		.name = "create", .run = run_create, .undo = undo_create, .check = check_create,
		.context = &creation,
	};
	char path[256];

	fail_prepare();
	host_uuid(creation.uuid);
	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-" TYPE "/create",
		 host_gpu());
	creation.file = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(creation.file >= 0, "%s: %s", path, strerror(errno));
	fail_each(&operation);
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
	struct fail_operation operation = {
		.name = "open", .run = run_open, .undo = undo_open, .check = check_open,
		.context = &opening,
	};

	fail_prepare();
	OK(host_create_any(TYPE, opening.uuid));
	fail_each(&operation);
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
	struct fail_operation operation = {
		.name = "map", .run = run_map, .undo = undo_map, .context = &mapping,
	};
	struct vgpu vgpu;

	fail_prepare();
	vgpu_make(&vgpu, TYPE);
	mapping.file = vgpu.device->fd;
	mapping.offset = (off_t)vgpu.device->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER].offset;
	fail_each(&operation);
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
	struct fail_operation operations[] = {
		{ "SET_IRQS", run_irqs, undo_irqs, NULL, &request },
		{ "RESET", run_reset, undo_reset, NULL, &request },
		{ "QUERY_GFX_PLANE", run_query, undo_nothing, NULL, &request },
		{ "GET_GFX_DMABUF", run_dmabuf, undo_dmabuf, NULL, &request },
	};
	struct rt_mode mode;
	unsigned int i;

	fail_prepare();
	screen_make(&request.screen, &request.vgpu, TYPE, "dmabuf");
	request.eventfd = new_eventfd();
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		/* A reset took the picture away. */
		mode = screen_draw(&request.vgpu, 640, 480, 1);
		OK(rt_head_on(request.vgpu.device, 0, &mode));
		screen_dmabuf(&request.screen, SCREEN_PRIMARY);
		fail_each(&operations[i]);
	}
	vgpu_works(&request.vgpu, 1);
}

/* -------------------------------------------------- in the module's threads */

static void set_failslab(const char *name, uint64_t value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), FAIL_DEBUGFS "/failslab/%s", name);
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

	fail_prepare();
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
		OK(host_read_number(FAIL_DEBUGFS "/failslab/times", &left));
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
