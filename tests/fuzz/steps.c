// SPDX-License-Identifier: GPL-2.0-only
/*
 * steps.c - what a VMM that does anything can do next
 *
 * Numbers are mostly near what is right, or everything would end at the first
 * check. Threads of a VMM share its files and its guest memory without locks, as
 * a hostile VMM would. What each maps is its own, and nothing is unmapped but as a
 * whole, so that none of them hits the program.
 */
#include "vmm.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define ARGUMENT_BYTES	4096	/* of an ioctl, at most */
#define USER_BYTES	0x5000	/* of the user page that are used */
#define VFIO_IOCTLS	40	/* numbers VFIO has, and some it does not have */

static _Thread_local sigjmp_buf gone;
static _Thread_local volatile sig_atomic_t guarded;

static void caught(int number)
{
	if (guarded)
		siglongjmp(gone, 1);
	signal(number, SIG_DFL);
	raise(number);
}

/**
 * vmm_catch_signals - from now on memory that is not there does no harm
 */
void vmm_catch_signals(void)
{
	struct sigaction action = { .sa_handler = caught, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

/**
 * vmm_load - read a word that may not be there
 * @at: anywhere
 * @value: receives it
 */
bool vmm_load(volatile void *at, uint64_t *value)
{
	if (sigsetjmp(gone, 0)) {
		guarded = 0;
		return false;
	}
	guarded = 1;
	*value = *(volatile uint64_t *)at;
	guarded = 0;
	return true;
}

/**
 * vmm_store - write a word that may not be there
 * @at: anywhere
 * @value: what to write
 */
bool vmm_store(volatile void *at, uint64_t value)
{
	if (sigsetjmp(gone, 0)) {
		guarded = 0;
		return false;
	}
	guarded = 1;
	*(volatile uint64_t *)at = value;
	guarded = 0;
	return true;
}

/**
 * vmm_random - the next random number of a thread (splitmix64)
 * @actor: the thread
 */
uint64_t vmm_random(struct actor *actor)
{
	uint64_t z = actor->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/**
 * vmm_below - a random number less than @limit
 * @actor: the thread
 * @limit: at least 1
 */
uint64_t vmm_below(struct actor *actor, uint64_t limit)
{
	return vmm_random(actor) % limit;
}

static bool one_in(struct actor *actor, unsigned int n)
{
	return !vmm_below(actor, n);
}

/* Mostly small, sometimes anything. */
static uint64_t size_like(struct actor *actor, uint64_t limit)
{
	switch (vmm_below(actor, 8)) {
	case 0:
		return vmm_random(actor) >> vmm_below(actor, 64);
	case 1:
		return limit - vmm_below(actor, 9) + 4;
	default:
		return vmm_below(actor, limit);
	}
}

static struct rt_device *any_device(struct actor *actor)
{
	return actor->vmm->device[vmm_below(actor, actor->vmm->count)];
}

static struct vmm_map *any_map(struct actor *actor)
{
	return &actor->map[vmm_below(actor, VMM_MAPS)];
}

/*
 * A place in what the thread has mapped, in guest memory or in a BAR, and how much
 * of that follows: whoever goes further would hit the program itself.
 */
static struct vmm_map any_place(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	struct vmm_map *map = any_map(actor);
	struct rt_region *bar = &device->region[2 * vmm_below(actor, 3)];
	struct vmm_map place = { actor->vmm->ram, VMM_RAM_BYTES };
	size_t skip;

	if (map->at && one_in(actor, 2))
		place = *map;
	else if (bar->map && one_in(actor, 2))
		place = (struct vmm_map){ (uint8_t *)bar->map, bar->size };
	skip = vmm_below(actor, place.bytes / RT_PAGE_SIZE) * RT_PAGE_SIZE;
	return (struct vmm_map){ place.at + skip, place.bytes - skip };
}

static uint8_t *any_page(struct actor *actor)
{
	return any_place(actor).at;
}

/* Behind it are sizeof(actor->buffer) bytes at least. */
static uint8_t *any_stuck_page(struct actor *actor)
{
	const uint64_t pages = VMM_STUCK_PAGES - sizeof(actor->buffer) / RT_PAGE_SIZE;

	return (uint8_t *)actor->vmm->stuck.cpu + vmm_below(actor, pages) * RT_PAGE_SIZE;
}

/* Where an ioctl finds its argument of at most @bytes: mostly in plain memory. */
static void *argument(struct actor *actor, size_t bytes)
{
	struct vmm_map place;

	/* The kernel's copy waits, and with it what it holds. Few of those. */
	if (actor->vmm->stuck.cpu && one_in(actor, 64))
		return any_stuck_page(actor);

	switch (vmm_below(actor, 16)) {
	case 0:
		return NULL;
	case 1:
		/* The first bytes are there; then comes what is not. */
		return actor->vmm->ram + VMM_RAM_BYTES - 8;
	case 2:
		/* The kernel's copies fault in memory of the vGPU itself. */
		place = any_place(actor);
		if (place.bytes >= RT_PAGE_SIZE + bytes)
			return place.at + RT_PAGE_SIZE - 8;
		return place.bytes >= bytes ? place.at : actor->buffer;
	default:
		return actor->buffer;
	}
}

/* ------------------------------------------------------------------ ioctls */

static bool step_info(struct actor *actor)
{
	static const struct {
		unsigned long request;
		uint32_t bytes;
	} queries[] = {
		{ VFIO_DEVICE_GET_INFO, sizeof(struct vfio_device_info) },
		{ VFIO_DEVICE_GET_REGION_INFO, sizeof(struct vfio_region_info) },
		{ VFIO_DEVICE_GET_IRQ_INFO, sizeof(struct vfio_irq_info) },
	};
	unsigned int which = (unsigned int)vmm_below(actor, 3);
	uint32_t *words = (uint32_t *)actor->buffer;
	void *at = argument(actor, ARGUMENT_BYTES);

	words[0] = one_in(actor, 2) ? queries[which].bytes : (uint32_t)size_like(actor, 256);
	words[1] = (uint32_t)vmm_random(actor);
	words[2] = (uint32_t)size_like(actor, 12);
	return !ioctl(any_device(actor)->fd, queries[which].request, at);
}

static int any_file(struct actor *actor)
{
	int *file = &actor->file[vmm_below(actor, VMM_FILES)];

	switch (vmm_below(actor, 8)) {
	case 0:
		return -1;
	case 1:
		return any_device(actor)->fd;
	case 2:
		return (int)vmm_random(actor);
	}
	if (*file < 0)
		*file = new_eventfd();
	return *file;
}

static bool step_irqs(struct actor *actor)
{
	struct vfio_irq_set *set = (struct vfio_irq_set *)actor->buffer;
	int32_t *files = (int32_t *)set->data;
	static const uint32_t data[] = {
		VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
		VFIO_IRQ_SET_DATA_BOOL,
	};
	unsigned int i;

	set->argsz = one_in(actor, 8) ? (uint32_t)size_like(actor, 64) : 4096;
	set->flags = data[vmm_below(actor, 4)] | VFIO_IRQ_SET_ACTION_TRIGGER;
	if (one_in(actor, 6))
		set->flags = (uint32_t)size_like(actor, 64);
	set->index = one_in(actor, 2) ? VFIO_PCI_MSIX_IRQ_INDEX : (uint32_t)size_like(actor, 6);
	set->start = one_in(actor, 4) ? (uint32_t)size_like(actor, 3) : 0;
	set->count = (uint32_t)(one_in(actor, 8) ? size_like(actor, 2048) : vmm_below(actor, 3));
	for (i = 0; i < 4; i++)
		files[i] = any_file(actor);
	return !ioctl(any_device(actor)->fd, VFIO_DEVICE_SET_IRQS, argument(actor, ARGUMENT_BYTES));
}

static bool step_reset(struct actor *actor)
{
	return !ioctl(any_device(actor)->fd, VFIO_DEVICE_RESET);
}

static bool step_plane(struct actor *actor)
{
	struct vfio_device_gfx_plane_info *plane = (void *)actor->buffer;
	static const uint32_t kinds[] = {
		VFIO_GFX_PLANE_TYPE_DMABUF, VFIO_GFX_PLANE_TYPE_REGION,
		VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF,
	};

	memset(plane, (int)vmm_random(actor), sizeof(*plane));
	plane->argsz = one_in(actor, 8) ? (uint32_t)size_like(actor, 128) : sizeof(*plane);
	plane->flags = one_in(actor, 8) ? (uint32_t)vmm_random(actor) : kinds[vmm_below(actor, 3)];
	plane->drm_plane_type = (uint32_t)size_like(actor, 3);
	return !ioctl(any_device(actor)->fd, VFIO_DEVICE_QUERY_GFX_PLANE,
		      argument(actor, ARGUMENT_BYTES));
}

static void forget_file(struct actor *actor, unsigned int which)
{
	if (actor->file[which] >= 0)
		close(actor->file[which]);
	actor->file[which] = -1;
}

static bool remember_map(struct actor *actor, void *at, size_t bytes)
{
	struct vmm_map *map = any_map(actor);

	if (at == MAP_FAILED)
		return false;
	if (map->at)
		munmap(map->at, map->bytes);
	map->at = at;
	map->bytes = bytes;
	return true;
}

/* A mode that can be shown, for there to be pictures. */
static bool show(struct actor *actor, struct rt_device *device)
{
	struct rt_region *bar = &device->region[OPENVGPU_NATIVE_BAR_USER];
	uint8_t *head = (uint8_t *)bar->map + REFGPU_USER_HEAD(vmm_below(actor, 4) / 3);
	uint64_t width = 64 + 16 * vmm_below(actor, 40), height = 64 + vmm_below(actor, 400);

	if (!bar->map || bar->size < USER_BYTES)
		return false;
	vmm_store(head + REFGPU_HEAD_BASE, vmm_below(actor, 64) * RT_PAGE_SIZE);
	vmm_store(head + REFGPU_HEAD_PITCH, 4 * width);
	vmm_store(head + REFGPU_HEAD_FORMAT, 0x34325258);
	vmm_store(head + REFGPU_HEAD_SIZE, width | height << 32);
	vmm_store(head + REFGPU_HEAD_CURSOR_BASE, vmm_below(actor, 64) * RT_PAGE_SIZE);
	vmm_store(head + REFGPU_HEAD_CURSOR_SIZE, 64ull | 64ull << 32);
	return vmm_store(head + REFGPU_HEAD_CONTROL, vmm_below(actor, 8) ? 3 : 0);
}

/* A picture is asked for, and its file is used as any file of dma-buf. */
static bool step_dmabuf(struct actor *actor)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane), .flags = VFIO_GFX_PLANE_TYPE_DMABUF,
		.drm_plane_type = (uint32_t)vmm_below(actor, 3),
	};
	struct rt_device *device = any_device(actor);
	unsigned int which = (unsigned int)vmm_below(actor, VMM_FILES);
	struct dma_buf_sync sync = { .flags = vmm_below(actor, 8) };
	uint32_t id = (uint32_t)size_like(actor, 24);
	size_t bytes = (1 + size_like(actor, 16) % 512) * RT_PAGE_SIZE, offset;
	int fd;

	/* There must be a picture, or there is nothing to get. */
	if (one_in(actor, 2))
		show(actor, device);
	if (!ioctl(device->fd, VFIO_DEVICE_QUERY_GFX_PLANE, &plane) && !one_in(actor, 16))
		id = plane.dmabuf_id;
	fd = ioctl(device->fd, VFIO_DEVICE_GET_GFX_DMABUF, &id);
	if (fd < 0)
		return false;
	forget_file(actor, which);
	actor->file[which] = fd;
	ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	lseek(fd, 0, SEEK_END);
	offset = one_in(actor, 2) ? 0 : vmm_below(actor, 8) * RT_PAGE_SIZE;
	remember_map(actor, mmap(NULL, bytes, PROT_READ | (one_in(actor, 2) ? PROT_WRITE : 0),
				 MAP_SHARED, fd, (off_t)offset), bytes);
	return true;
}

static bool step_unknown_ioctl(struct actor *actor)
{
	unsigned long request = _IO(VFIO_TYPE, VFIO_BASE + vmm_below(actor, VFIO_IOCTLS));
	unsigned int i;

	for (i = 0; i < 64; i++)
		((uint32_t *)actor->buffer)[i] = (uint32_t)size_like(actor, 64);
	return ioctl(any_device(actor)->fd, request, argument(actor, ARGUMENT_BYTES)) >= 0;
}

/* ----------------------------------------------------------------- regions */

static bool access_region(struct actor *actor, bool write)
{
	struct rt_device *device = any_device(actor);
	unsigned int index = (unsigned int)vmm_below(actor, device->regions + 1);
	const struct rt_region *region = &device->region[index % RT_REGIONS];
	size_t bytes = one_in(actor, 8) ? size_like(actor, sizeof(actor->buffer)) :
					  1u << vmm_below(actor, 4);
	uint64_t offset = size_like(actor, region->size ? region->size : 4096);
	void *at;
	off_t where;

	if (bytes > sizeof(actor->buffer))
		bytes = sizeof(actor->buffer);
	at = argument(actor, bytes);
	/* Registers are in the first pages. */
	if (one_in(actor, 2))
		offset %= 0x1000;
	where = (off_t)(region->offset + offset);
	if (!write)
		return pread(device->fd, at, bytes, where) > 0;
	*(uint64_t *)actor->buffer = vmm_random(actor) >> vmm_below(actor, 64);
	return pwrite(device->fd, at, bytes, where) > 0;
}

static bool step_read(struct actor *actor)
{
	return access_region(actor, false);
}

static bool step_write(struct actor *actor)
{
	return access_region(actor, true);
}

static bool step_config(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	uint16_t command = (uint16_t)(vmm_random(actor) & 0x407);
	uint32_t value = (uint32_t)vmm_random(actor);

	switch (vmm_below(actor, 4)) {
	case 0:
		/* Most of the time memory decoding is to be on. */
		command |= 2;
		return !rt_region_write(device, RT_CONFIG, 4, &command, 2);
	case 1:
		return !rt_region_write(device, RT_CONFIG, 4, &command, 2);
	case 2:
		/* The capabilities, a function-level reset among them. */
		return !rt_region_write(device, RT_CONFIG, 0x40 + vmm_below(actor, 0x50), &value,
					1u << vmm_below(actor, 3));
	default:
		return !rt_region_write(device, RT_CONFIG, vmm_below(actor, 256), &value,
					1u << vmm_below(actor, 3));
	}
}

static bool step_dispi(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	static const uint16_t useful[] = { 64, 640, 480, 800, 600, 1024, 16, 24, 32, 0x41, 1, 0 };
	uint16_t value = useful[vmm_below(actor, sizeof(useful) / sizeof(useful[0]))];

	const uint64_t offset = 0x500 + 2 * vmm_below(actor, 11);

	if (one_in(actor, 4))
		return !rt_region_read(device, 2, offset, &value, 2);
	return !rt_region_write(device, 2, offset, &value, 2);
}

/* ---------------------------------------------------------------- mappings */

static bool step_mmap(struct actor *actor)
{
	/* BARs that can be mapped in one of the personalities, and the display's window. */
	static const unsigned int mappable[] = { 0, 2, 2, 4, 4, VFIO_PCI_NUM_REGIONS };
	struct rt_device *device = any_device(actor);
	unsigned int index = mappable[vmm_below(actor, 6)];
	const struct rt_region *region;
	static const int access[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
				      PROT_NONE, PROT_READ | PROT_EXEC };
	size_t bytes = (1 + vmm_below(actor, 64)) * RT_PAGE_SIZE;
	int flags = one_in(actor, 8) ? MAP_PRIVATE : MAP_SHARED;
	uint64_t offset = 0;

	if (one_in(actor, 8))
		index = (unsigned int)vmm_below(actor, device->regions + 1);
	region = &device->region[index % RT_REGIONS];
	if (one_in(actor, 8))
		bytes = (1 + size_like(actor, 64) % 8192) * RT_PAGE_SIZE;
	if (one_in(actor, 2))
		bytes = region->size && region->size < 1u << 28 ? region->size : RT_PAGE_SIZE;
	else
		offset = size_like(actor, region->size ? region->size : 1) & ~4095ull;
	if (one_in(actor, 8))
		flags |= MAP_POPULATE;
	return remember_map(actor, mmap(NULL, bytes, access[vmm_below(actor, 5)], flags, device->fd,
					(off_t)(region->offset + offset)), bytes);
}

static bool step_munmap(struct actor *actor)
{
	struct vmm_map *map = any_map(actor);
	size_t pages = map->bytes / RT_PAGE_SIZE, first;

	if (!map->at)
		return false;
	if (pages > 1 && one_in(actor, 2)) {
		/* A hole in the middle, kept from others. */
		first = vmm_below(actor, pages);
		return mmap(map->at + first * RT_PAGE_SIZE, RT_PAGE_SIZE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
	}
	munmap(map->at, map->bytes);
	map->at = NULL;
	return true;
}

static bool step_mremap(struct actor *actor)
{
	struct vmm_map *map = any_map(actor);
	size_t bytes = (1 + size_like(actor, 64) % 1024) * RT_PAGE_SIZE;
	void *moved;

	if (!map->at)
		return false;
	moved = mremap(map->at, map->bytes, bytes, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return false;
	map->at = moved;
	map->bytes = bytes;
	return true;
}

static bool step_madvise(struct actor *actor)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WILLNEED, MADV_HUGEPAGE,
		MADV_REMOVE, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
		MADV_MERGEABLE,
	};
	struct vmm_map place = any_place(actor);
	size_t bytes = (1 + vmm_below(actor, 16)) * RT_PAGE_SIZE;

	return !madvise(place.at, bytes < place.bytes ? bytes : place.bytes,
			advice[vmm_below(actor, sizeof(advice) / sizeof(advice[0]))]);
}

static bool step_mprotect(struct actor *actor)
{
	struct vmm_map *map = any_map(actor);

	return map->at && !mprotect(map->at, map->bytes, (int)vmm_below(actor, 4));
}

static bool step_touch(struct actor *actor)
{
	uint8_t *at = any_page(actor) + 8 * vmm_below(actor, 512);
	uint64_t value;

	return one_in(actor, 2) ? vmm_load(at, &value) : vmm_store(at, vmm_random(actor));
}

static bool step_fork(struct actor *actor)
{
	unsigned int touches = (unsigned int)vmm_below(actor, 8);
	uint64_t value, patience = rt_now_ns() + second();
	pid_t child;

	if (!one_in(actor, 8))
		return step_touch(actor);
	child = fork();
	if (!child) {
		while (touches--)
			vmm_load(any_page(actor), &value);
		if (one_in(actor, 4))
			pause();	/* until it is killed */
		_exit(0);
	}
	if (child < 0)
		return false;
	while (!waitpid(child, NULL, WNOHANG)) {
		if (rt_now_ns() > patience || one_in(actor, 4))
			kill(child, SIGKILL);
		usleep(1000);
	}
	return true;
}

/* ------------------------------------------------------------ guest memory */

/* Few addresses, so that mappings meet. */
static uint64_t any_iova(struct actor *actor)
{
	switch (vmm_below(actor, 8)) {
	case 0:
		return vmm_random(actor) & ~4095ull;
	case 1:
		return ~0ull << vmm_below(actor, 52);
	default:
		return VMM_IOVA + vmm_below(actor, 2 * VMM_RAM_PAGES) * RT_PAGE_SIZE;
	}
}

static bool step_dma_map(struct actor *actor)
{
	size_t bytes = (1 + vmm_below(actor, 64)) * RT_PAGE_SIZE;
	struct vmm_map place;

	if (one_in(actor, 4))
		return !rt_space_map(actor->vmm->space, actor->vmm->ram, VMM_IOVA, VMM_RAM_BYTES);
	if (actor->vmm->stuck.cpu && one_in(actor, 4))
		return !rt_space_map(actor->vmm->space, actor->vmm->stuck.cpu,
				     VMM_IOVA + VMM_RAM_BYTES, VMM_STUCK_BYTES);
	place = any_place(actor);
	if (bytes > place.bytes)
		bytes = place.bytes;
	if (one_in(actor, 16))
		bytes = size_like(actor, 1ull << 33);
	return !rt_space_map(actor->vmm->space, place.at, any_iova(actor), bytes);
}

static bool step_dma_unmap(struct actor *actor)
{
	uint64_t iova = any_iova(actor);

	switch (vmm_below(actor, 4)) {
	case 0:
		return !rt_space_unmap(actor->vmm->space, VMM_IOVA, VMM_RAM_BYTES);
	case 1:
		return !rt_space_unmap(actor->vmm->space, 0, 1ull << 60);
	default:
		return !rt_space_unmap(actor->vmm->space, iova,
				       (1 + vmm_below(actor, 64)) * RT_PAGE_SIZE);
	}
}

/* Memory goes from under what is mapped for the device, and comes again. */
static bool step_guest_memory(struct actor *actor)
{
	uint8_t *page = actor->vmm->ram + vmm_below(actor, VMM_RAM_PAGES) * RT_PAGE_SIZE;
	size_t bytes = (1 + vmm_below(actor, 16)) * RT_PAGE_SIZE;

	if (page + bytes > actor->vmm->ram + VMM_RAM_BYTES)
		bytes = RT_PAGE_SIZE;
	if (actor->vmm->stuck.cpu && one_in(actor, 64))
		stuck_release(&actor->vmm->stuck);
	switch (vmm_below(actor, 6)) {
	case 0:
		return !madvise(page, bytes, MADV_REMOVE);
	case 1:
		return !fallocate(actor->vmm->ram_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				  page - actor->vmm->ram, (off_t)bytes);
	case 2:
		return mmap(page, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			    0) != MAP_FAILED;
	case 3:
		return !mprotect(page, bytes, (int)vmm_below(actor, 4));
	case 4:
		return mmap(page, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
	default:
		return mmap(actor->vmm->ram, VMM_RAM_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, actor->vmm->ram_file, 0) != MAP_FAILED;
	}
}

static bool control(struct actor *actor, struct rt_device *device, unsigned int offset,
		    uint64_t value)
{
	size_t bytes = one_in(actor, 16) ? 4 : 8;

	return !rt_region_write(device, OPENVGPU_NATIVE_BAR_CONTROL, offset, &value, bytes);
}

/* A command to the host, with its list in the framebuffer. */
static bool step_mailbox(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	struct rt_region *bar = &device->region[OPENVGPU_NATIVE_BAR_FRAMEBUFFER];
	uint64_t list = 8 * vmm_below(actor, 512), pages = 1 + vmm_below(actor, 32), i, iova;
	uint64_t first = vmm_below(actor, 128);

	if (!bar->map)
		return false;
	if (one_in(actor, 8))
		pages = size_like(actor, 4097);
	iova = any_iova(actor);
	for (i = 0; i < pages && i < 64; i++)
		if (!vmm_store((uint8_t *)bar->map + list + 8 * i,
			       one_in(actor, 32) ? vmm_random(actor) : iova + i * RT_PAGE_SIZE))
			return false;
	if (one_in(actor, 16))
		list = size_like(actor, bar->size);
	if (one_in(actor, 16))
		first = size_like(actor, 1u << 20);
	control(actor, device, OPENVGPU_NATIVE_EVENT_ENABLE, ~0ull);
	control(actor, device, OPENVGPU_NATIVE_MAP_LIST, list);
	control(actor, device, OPENVGPU_NATIVE_MAP_FIRST, first);
	control(actor, device, OPENVGPU_NATIVE_MAP_PAGES, pages);
	if (one_in(actor, 16))
		control(actor, device, OPENVGPU_NATIVE_RESET, 1);
	return control(actor, device, OPENVGPU_NATIVE_MAP_COMMAND,
		       one_in(actor, 16) ? vmm_random(actor) : 1 + vmm_below(actor, 3));
}

/* --------------------------------------------------------------- the guest */

static bool step_stream(struct actor *actor)
{
	vmm_stream(actor, (unsigned int)vmm_below(actor, actor->vmm->count));
	return true;
}

static bool step_user_page(struct actor *actor)
{
	struct rt_region *bar = &any_device(actor)->region[OPENVGPU_NATIVE_BAR_USER];
	uint64_t offset = 8 * vmm_below(actor, 0xa00), value;

	if (!bar->map || bar->size < USER_BYTES)
		return false;
	if (one_in(actor, 4))
		return vmm_load((uint8_t *)bar->map + offset, &value);
	return vmm_store((uint8_t *)bar->map + offset, size_like(actor, 4096));
}

static bool step_head(struct actor *actor)
{
	return show(actor, any_device(actor));
}

/* --------------------------------------------------------------- the files */

/* The device's file goes; others of this VMM may use it just now. */
static bool step_reopen(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	int fd;

	if (!one_in(actor, 8))
		return step_reset(actor);
	if (device->group < 0) {
		fd = dup(device->fd);
		if (fd >= 0)
			close(fd);
		return fd >= 0;
	}
	close(device->fd);
	fd = ioctl(device->group, VFIO_GROUP_GET_DEVICE_FD, device->name);
	device->fd = fd;
	return fd >= 0;
}

static bool step_transport(struct actor *actor)
{
	struct rt_device *device = any_device(actor);
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach), .pt_id = (uint32_t)vmm_below(actor, 4),
	};
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	if (!one_in(actor, 4))
		return step_unknown_ioctl(actor);
	if (device->group < 0)
		return one_in(actor, 2) ?
			!ioctl(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach) :
			!ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	return ioctl(device->group, _IO(VFIO_TYPE, VFIO_BASE + vmm_below(actor, VFIO_IOCTLS)),
		     argument(actor, ARGUMENT_BYTES)) >= 0;
}

#define VMM_STEP_ENTRY(name)	{ #name, step_##name },
static const struct {
	const char *name;
	bool (*run)(struct actor *actor);
} steps[] = { VMM_STEPS(VMM_STEP_ENTRY) };

/**
 * vmm_step_name - for the summary
 * @step: which
 */
const char *vmm_step_name(enum vmm_step step)
{
	return steps[step].name;
}

/**
 * vmm_step - a VMM does something
 * @actor: its thread
 */
void vmm_step(struct actor *actor)
{
	unsigned int which = (unsigned int)vmm_below(actor, VMM_STEP_COUNT);
	struct vmm_count *count = &actor->vmm->counts[which];

	__atomic_fetch_add(&count->tried, 1, __ATOMIC_RELAXED);
	if (steps[which].run(actor))
		__atomic_fetch_add(&count->done, 1, __ATOMIC_RELAXED);
}
