// SPDX-License-Identifier: GPL-2.0-only
/*
 * vram.c - video memory; see vram.h
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/bus.h"
#include "device/vram.h"

int vram_create(struct vram *vram, u64 size, const struct bus *bus)
{
	void *bytes = MAP_FAILED;
	int error;

	vram->size = size;
	vram->bus = bus;
	vram->fd = memfd_create("refgpu-vram", MFD_CLOEXEC);
	if (vram->fd < 0)
		return errno;
	/* Pages exist once they are touched: 64 GiB cost nothing. */
	if (!ftruncate(vram->fd, (off_t)size))
		bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			     vram->fd, 0);
	if (bytes == MAP_FAILED) {
		error = errno;
		close(vram->fd);
		return error;
	}
	vram->bytes = bytes;
	return 0;
}

void vram_destroy(struct vram *vram)
{
	if (!vram->bytes)
		return;
	munmap(vram->bytes, vram->size);
	close(vram->fd);
	vram->bytes = NULL;
}

void vram_zero(struct vram *vram, u64 offset, u64 bytes)
{
	if (!bytes)
		return;
	/* A hole reads as zeroes, costs nothing to make, and gives memory back. */
	if (fallocate(vram->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)offset, (off_t)bytes)) {
		bus_log(vram->bus, "fallocate: %s; zeroing byte by byte", strerror(errno));
		memset(vram->bytes + offset, 0, bytes);
	}
}
