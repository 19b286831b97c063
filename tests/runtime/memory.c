// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - guest memory: allocating it, and showing it to the vGPU
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

#define PAGEMAP_PRESENT	(1ULL << 63)
#define PAGEMAP_FRAME	((1ULL << 55) - 1)

/* Inside a guest: where the kernel put the pages. */
static int find_pages(struct rt_memory *memory)
{
	int fd, compact;
	size_t i;

	/*
	 * Locked memory is not swapped but may still be moved about. Nothing
	 * but this switch keeps it where it is without a driver.
	 */
	compact = open("/proc/sys/vm/compact_unevictable_allowed", O_WRONLY);
	if (compact >= 0) {
		if (write(compact, "0", 1) != 1)
			rt_fail(errno, "compact_unevictable_allowed: %m");
		close(compact);
	}
	if (mlock(memory->cpu, memory->bytes))
		return rt_fail(errno, "mlock %zu bytes: %m", memory->bytes);
	memset(memory->cpu, 0, memory->bytes);
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rt_fail(errno, "/proc/self/pagemap: %m");
	for (i = 0; i < memory->pages; i++) {
		uintptr_t at = (uintptr_t)memory->cpu + i * RT_PAGE_SIZE;
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry),
			  (off_t)(at / RT_PAGE_SIZE * sizeof(entry))) !=
		    sizeof(entry) || !(entry & PAGEMAP_PRESENT) ||
		    !(entry & PAGEMAP_FRAME)) {
			close(fd);
			return rt_fail(EPERM, "page %zu has no known address (root?)", i);
		}
		memory->page[i] = (entry & PAGEMAP_FRAME) * RT_PAGE_SIZE;
	}
	close(fd);
	return 0;
}

/**
 * rt_memory_alloc - get guest memory, zeroed
 * @device: of the VM that shall have it
 * @bytes: rounded up to pages
 * @memory: receives it
 */
int rt_memory_alloc(struct rt_device *device, size_t bytes,
		    struct rt_memory *memory)
{
	size_t i;
	int error;

	memset(memory, 0, sizeof(*memory));
	if (device->driver)
		return device->driver->memory_alloc(device, bytes, memory);
	memory->pages = (bytes + RT_PAGE_SIZE - 1) / RT_PAGE_SIZE;
	memory->bytes = memory->pages * RT_PAGE_SIZE;
	memory->page = calloc(memory->pages, sizeof(*memory->page));
	if (!memory->page)
		return -ENOMEM;
	memory->cpu = mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory->cpu == MAP_FAILED) {
		error = rt_fail(errno, "mmap %zu bytes: %m", memory->bytes);
		memory->cpu = NULL;
		goto fail;
	}
	if (device->transport == RT_PCI) {
		error = find_pages(memory);
	} else {
		uint64_t address = rt_space_reserve(device->space,
						    memory->bytes);

		error = rt_space_map(device->space, memory->cpu, address,
				     memory->bytes);
		if (!error)
			memory->space = device->space;
		for (i = 0; i < memory->pages; i++)
			memory->page[i] = address + i * RT_PAGE_SIZE;
	}
	if (!error)
		return 0;
fail:
	rt_memory_free(memory);
	return error;
}

/**
 * rt_memory_free - give guest memory back
 * @memory: the vGPU need not have forgotten it: the host makes it
 */
void rt_memory_free(struct rt_memory *memory)
{
	if (memory->driver)
		memory->driver->memory_free(memory);
	if (memory->space)
		rt_space_unmap(memory->space, memory->page[0], memory->bytes);
	if (memory->cpu)
		munmap(memory->cpu, memory->bytes);
	free(memory->page);
	memset(memory, 0, sizeof(*memory));
}

/* First page of a free range of the aperture. */
static int find_range(const struct rt_device *device, size_t pages,
		      uint64_t *first)
{
	size_t run = 0;
	uint64_t i;

	for (i = 0; i < device->aperture_pages; i++) {
		run = device->aperture_used[i] ? 0 : run + 1;
		if (run == pages) {
			*first = i + 1 - pages;
			return 0;
		}
	}
	return rt_fail(ENOSPC, "aperture has no %zu free pages in a row", pages);
}

/**
 * rt_memory_map - show guest memory to the vGPU
 * @device: open
 * @memory: of the same VM
 * @writable: the device may write it
 * @address: receives its address for packets and harts
 */
int rt_memory_map(struct rt_device *device, const struct rt_memory *memory,
		  bool writable, uint64_t *address)
{
	size_t done = 0;
	uint64_t first = 0;
	int error;

	if (memory->driver) {
		*address = memory->driver->memory_address(memory);
		return 0;
	}
	error = find_range(device, memory->pages, &first);
	if (error)
		return error;
	while (done < memory->pages) {
		size_t pages = memory->pages - done;

		if (pages > device->map_pages_max)
			pages = device->map_pages_max;
		error = rt_map_pages(device, memory->page + done, pages,
				     first + done, writable);
		if (error)
			goto unmap;
		done += pages;
	}
	memset(device->aperture_used + first, 1, memory->pages);
	*address = REFGPU_SYSMEM_APERTURE + first * RT_PAGE_SIZE;
	return 0;

unmap:
	/* Units of unmapping are those of mapping. */
	for (size_t at = 0; at < done; at += device->map_pages_max)
		rt_unmap_pages(device, first + at);
	return error;
}

/**
 * rt_memory_unmap - take guest memory back from the vGPU
 * @device: the same
 * @memory: the same
 * @address: as rt_memory_map() gave it
 */
int rt_memory_unmap(struct rt_device *device, const struct rt_memory *memory,
		    uint64_t address)
{
	uint64_t first = (address - REFGPU_SYSMEM_APERTURE) / RT_PAGE_SIZE;
	int error = 0, result;

	if (memory->driver)
		return 0;
	for (size_t at = 0; at < memory->pages; at += device->map_pages_max) {
		result = rt_unmap_pages(device, first + at);
		if (!error)
			error = result;
	}
	memset(device->aperture_used + first, 0, memory->pages);
	return error;
}

/**
 * rt_memory_forget - note that the vGPU sees no guest memory any more
 * @device: was reset, or its VM took the memory away
 */
void rt_memory_forget(struct rt_device *device)
{
	if (device->aperture_used)
		memset(device->aperture_used, 0, device->aperture_pages);
}
