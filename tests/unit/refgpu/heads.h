/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * heads.h - a head of a device under test
 */
#ifndef UNIT_HEADS_H
#define UNIT_HEADS_H

#include "gpu.h"
#include "picture.h"

#define XR24		0x34325258ULL
#define AR24		0x34325241ULL
#define WIDTH		64u
#define HEIGHT		48u
#define PITCH		256u
#define PICTURE_BYTES	(PITCH * HEIGHT)
#define AT_PICTURE(n)	(0x60000ULL + (n) * 0x4000ULL)
#define AT_CURSOR	0xa0000ULL
#define PAIR(x, y)	((u64)(u32)(y) << 32 | (u32)(x))
#define BLANK_NS	16666667ULL	/* one refresh, rounded up */

#define ACTIVE		1u
#define FLIPPING	2u
#define REFUSED		4u

static inline u64 head_rd(struct gpu *g, unsigned int p, unsigned int h, u64 offset)
{
	return user_rd(g, p, REFGPU_USER_HEAD(h) + offset);
}

static inline void head_wr(struct gpu *g, unsigned int p, unsigned int h, u64 offset, u64 value)
{
	user_wr(g, p, REFGPU_USER_HEAD(h) + offset, value);
}

static inline u64 alias_rd(struct gpu *g, unsigned int p, u64 offset)
{
	return rd(g, REFGPU_USER_ALIAS(p) + offset);
}

static inline void alias_wr(struct gpu *g, unsigned int p, u64 offset, u64 value)
{
	wr(g, REFGPU_USER_ALIAS(p) + offset, value);
}

/* Enable a partition that may have @heads heads of any size that fits. */
static inline void heads_on(struct gpu *g, unsigned int p, unsigned int heads)
{
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_HEADS, heads);
	wr(g, REFGPU_PARTITION(p) + REFGPU_PARTITION_HEAD_MAX, PAIR(4096, 4096));
	partition_on(g, p);
}

static inline void mode_write(struct gpu *g, unsigned int p, unsigned int h, u64 base, u64 pitch,
			      u64 format, u64 size)
{
	head_wr(g, p, h, REFGPU_HEAD_BASE, base);
	head_wr(g, p, h, REFGPU_HEAD_PITCH, pitch);
	head_wr(g, p, h, REFGPU_HEAD_FORMAT, format);
	head_wr(g, p, h, REFGPU_HEAD_SIZE, size);
}

/* Show picture @n. */
static inline void head_show(struct gpu *g, unsigned int p, unsigned int h, unsigned int n)
{
	head_wr(g, p, h, REFGPU_HEAD_CONTROL, 0);
	mode_write(g, p, h, AT_PICTURE(n), PITCH, XR24, PAIR(WIDTH, HEIGHT));
	head_wr(g, p, h, REFGPU_HEAD_CONTROL, 1);
}

/* Something to look at, different for every number. */
static inline void picture_put(struct gpu *g, unsigned int p, unsigned int n)
{
	struct unit_random random = { 1000 * p + n };
	u8 *at = slice(g, p, AT_PICTURE(n));
	unsigned int i;

	for (i = 0; i < PICTURE_BYTES; i++)
		at[i] = (u8)unit_random(&random);
}

static inline struct picture picture_of(struct gpu *g, unsigned int p, unsigned int n)
{
	struct picture picture = {
		.pixels = slice(g, p, AT_PICTURE(n)),
		.pitch = PITCH,
		.width = WIDTH,
		.height = HEIGHT,
	};

	return picture;
}

/* The CRC the head must show with picture @n and no cursor. */
static inline u32 crc_of(struct gpu *g, unsigned int p, unsigned int n)
{
	struct picture picture = picture_of(g, p, n);

	return picture_crc(&picture);
}

/* CRC of a frame that begins after this call. */
static inline u64 head_crc(struct gpu *g, unsigned int p, unsigned int h)
{
	head_rd(g, p, h, REFGPU_HEAD_CRC);
	device_step(g->dev, 2 * BLANK_NS);
	return head_rd(g, p, h, REFGPU_HEAD_CRC);
}

static inline u64 vblanks(struct gpu *g, unsigned int p, unsigned int h)
{
	return head_rd(g, p, h, REFGPU_HEAD_VBLANK_COUNT);
}

static inline u64 head_status(struct gpu *g, unsigned int p, unsigned int h)
{
	return head_rd(g, p, h, REFGPU_HEAD_STATUS);
}

static inline void push_flip(struct gpu *g, unsigned int p, unsigned int r, u32 head, u64 base,
			     u16 flags)
{
	struct refgpu_flip packet = {
		.header = { .opcode = REFGPU_OP_FLIP, .flags = flags },
		.head = head,
		.base = base,
	};

	push(g, p, r, &packet);
}

/* A device whose partition 0 has all heads, and pictures 0 to 3 to show on them. */
static inline struct gpu *gpu_create_with_heads(void)
{
	struct gpu *g = gpu_create(true);
	unsigned int n;

	heads_on(g, 0, REFGPU_HEADS);
	for (n = 0; n < 4; n++)
		picture_put(g, 0, n);
	return g;
}

#endif /* UNIT_HEADS_H */
