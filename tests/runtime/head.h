/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * head.h - drives the heads of a vGPU with the native personality
 *
 * Conventions are those of runtime.h. Times are patience in milliseconds, not
 * what a test may judge: use the counts.
 */
#ifndef RUNTIME_HEAD_H
#define RUNTIME_HEAD_H

#include "runtime.h"

#define RT_XR24		0x34325258u	/* DRM fourccs */
#define RT_AR24		0x34325241u

/**
 * struct rt_mode - what a head shows
 * @base: framebuffer offset of the first pixel, multiple of 64
 * @width: pixels
 * @height: lines
 * @pitch: bytes a line, multiple of 64
 * @format: RT_XR24 or RT_AR24
 */
struct rt_mode {
	uint64_t base;
	uint32_t width;
	uint32_t height;
	uint32_t pitch;
	uint32_t format;
};

/**
 * struct rt_cursor - a cursor over it
 * @base: framebuffer offset of its pixels: RT_AR24, pre-multiplied, packed
 * @width: pixels, at most 256
 * @height: lines, at most 256
 * @x: where its top left pixel goes
 * @y: likewise
 */
struct rt_cursor {
	uint64_t base;
	uint32_t width;
	uint32_t height;
	int32_t x;
	int32_t y;
};

uint64_t rt_head_read(const struct rt_device *device, unsigned int head,
		      unsigned int offset);
void rt_head_write(struct rt_device *device, unsigned int head,
		   unsigned int offset, uint64_t value);
int rt_head_on(struct rt_device *device, unsigned int head,
	       const struct rt_mode *mode);
void rt_head_off(struct rt_device *device, unsigned int head);
void rt_head_cursor(struct rt_device *device, unsigned int head,
		    const struct rt_cursor *cursor);
int rt_head_flip(struct rt_device *device, unsigned int head, uint64_t base);
int rt_head_wait_flip(struct rt_device *device, unsigned int head,
		      unsigned int timeout_ms);
int rt_head_wait_vblank(struct rt_device *device, unsigned int head,
			unsigned int blanks, unsigned int timeout_ms);
int rt_head_crc(struct rt_device *device, unsigned int head, uint32_t *crc,
		unsigned int timeout_ms);
int rt_head_edid(struct rt_device *device, unsigned int head,
		 uint8_t edid[REFGPU_EDID_SIZE]);
int rt_flip(struct rt_ring *ring, unsigned int head, uint64_t base,
	    bool wait);

/* head_crc.c */
uint32_t rt_frame_crc(const struct rt_device *device,
		      const struct rt_mode *mode,
		      const struct rt_cursor *cursor);

#endif /* RUNTIME_HEAD_H */
