/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vram.h - video memory: a file without a name, so that a front end can share it
 */
#ifndef REFGPU_VRAM_H
#define REFGPU_VRAM_H

#include "types.h"

struct bus;

/**
 * struct vram - video memory
 * @bytes: mapping of all of it; NULL: it was not made
 * @size: bytes
 * @fd: file that backs it
 * @bus: for its log
 */
struct vram {
	u8 *bytes;
	u64 size;
	int fd;
	const struct bus *bus;
};

/** vram_create() - make @size bytes of zeroes; returns 0 or an errno */
int vram_create(struct vram *vram, u64 size, const struct bus *bus);

/** vram_destroy() - free it, if it was made */
void vram_destroy(struct vram *vram);

/** vram_zero() - zero a range and give its pages back; takes time, so no lock is held */
void vram_zero(struct vram *vram, u64 offset, u64 bytes);

#endif /* REFGPU_VRAM_H */
