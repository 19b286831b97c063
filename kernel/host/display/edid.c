// SPDX-License-Identifier: GPL-2.0-only
/*
 * edid.c - making and checking EDIDs; see edid.h
 *
 * Timings are those of VESA's CVT 1.2 with reduced blanking (version 1) at
 * 60 Hz, which every guest knows. They only have to be consistent.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <string.h>
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#include "display/edid.h"

#define REFRESH_HZ	60

/* A detailed timing has 12 bits for pixels and 16 for units of 10 kHz. */
#define DETAILED_MAX	4095
#define DETAILED_CLOCK	65535

/* Range limits have a byte for units of 10 MHz. */
#define RANGE_CLOCK	255000

#define PRODUCT		1
#define MADE_IN		2026
#define DESCRIPTOR	18
#define TEXT		13
#define DISPLAYID_TIMING 20

/* A DisplayID extension has room for the product and five timings, one preferred. */
#define LARGE_MODES	4

struct mode {
	__u16 x, y;
};

/* The first that fits is the preferred mode. */
static const struct mode preferred_modes[] = {
	{ 1920, 1080 }, { 1600, 1200 }, { 1280, 1024 }, { 1024, 768 },
	{ 800, 600 }, { VGPU_EDID_MIN_X, VGPU_EDID_MIN_Y },
};

/* The base block has room for the first eight that fit. */
static const struct mode standard_modes[] = {
	{ 1920, 1200 }, { 1920, 1080 }, { 1680, 1050 }, { 1600, 1200 },
	{ 1440, 900 }, { 1280, 1024 }, { 1280, 800 }, { 1280, 720 },
	{ 1024, 640 }, { 1024, 576 }, { 800, 500 }, { 640, 400 },
};

/* Too large for the base block's short forms; the first LARGE_MODES that fit. */
static const struct mode large_modes[] = {
	{ 7680, 4320 }, { 5120, 2880 }, { 3840, 2160 }, { 2560, 1440 },
	{ 2560, 1600 },
};

/**
 * struct timing - a mode with its blanking
 * @clock: units of 10 kHz
 * @x: visible pixels
 * @y: visible lines
 * @h_blank: pixels of a line that are not visible
 * @v_blank: lines that are not visible
 * @v_sync: lines of vertical sync; the other parts are always the same
 */
struct timing {
	__u32 clock;
	__u32 x, y;
	__u32 h_blank, v_blank;
	__u32 v_sync;
};

/* Parts of a line and a frame that CVT's reduced blanking fixes. */
#define H_BLANK		160
#define H_FRONT		48
#define H_SYNC		32
#define V_FRONT		3
#define V_BACK_MIN	6
#define BLANK_NS	460000u
#define FRAME_NS	(1000000000u / REFRESH_HZ)

enum aspect {
	ASPECT_OTHER,
	ASPECT_4_3,
	ASPECT_16_9,
	ASPECT_16_10,
	ASPECT_5_4,
	ASPECT_15_9,
};

static enum aspect aspect_of(__u32 x, __u32 y)
{
	if (x * 3 == y * 4)
		return ASPECT_4_3;
	if (x * 9 == y * 16)
		return ASPECT_16_9;
	if (x * 10 == y * 16)
		return ASPECT_16_10;
	if (x * 4 == y * 5)
		return ASPECT_5_4;
	if (x * 9 == y * 15)
		return ASPECT_15_9;
	return ASPECT_OTHER;
}

/* At most 7680 by 4320: no product is too large for 32 bits. */
static struct timing timing_of(__u32 x, __u32 y)
{
	/* The length of the sync pulse encodes the aspect ratio. */
	static const __u8 sync[] = {
		[ASPECT_OTHER] = 10, [ASPECT_4_3] = 4, [ASPECT_16_9] = 5,
		[ASPECT_16_10] = 6, [ASPECT_5_4] = 7, [ASPECT_15_9] = 7,
	};
	struct timing t = { .x = x, .y = y, .h_blank = H_BLANK };
	__u32 least;

	t.v_sync = sync[aspect_of(x, y)];
	t.v_blank = BLANK_NS * y / (FRAME_NS - BLANK_NS) + 1;
	least = V_FRONT + t.v_sync + V_BACK_MIN;
	if (t.v_blank < least)
		t.v_blank = least;
	/* CVT rounds the clock down to 250 kHz. */
	t.clock = REFRESH_HZ * (x + t.h_blank) * (y + t.v_blank) / 250000 * 25;
	return t;
}

static bool fits(const struct mode *mode, const struct vgpu_edid_info *info)
{
	return mode->x <= info->max_x && mode->y <= info->max_y;
}

static struct timing preferred_timing(const struct vgpu_edid_info *info)
{
	__u32 x = info->preferred_x & ~7u, y = info->preferred_y;
	struct timing t;
	unsigned int i = 0;

	if (x && y && x <= info->max_x && y <= info->max_y &&
	    x <= DETAILED_MAX && y <= DETAILED_MAX) {
		t = timing_of(x, y);
		if (t.clock <= DETAILED_CLOCK)
			return t;
	}
	while (!fits(&preferred_modes[i], info))
		i++;	/* the last one always does */
	return timing_of(preferred_modes[i].x, preferred_modes[i].y);
}

/**
 * struct limits - range limits of a monitor
 * @clock: units of 10 kHz
 * @h_khz: lines a millisecond
 */
struct limits {
	__u32 clock;
	__u32 h_khz;
};

static void raise_limits(struct limits *limits, const struct timing *t)
{
	__u32 h_khz = t->clock * 10 / (t->x + t->h_blank);

	if (t->clock > limits->clock)
		limits->clock = t->clock;
	if (h_khz > limits->h_khz)
		limits->h_khz = h_khz;
}

/* Range limits that cover all modes. */
static struct limits limits_of(const struct vgpu_edid_info *info)
{
	struct limits limits = { 0 };
	struct timing t = preferred_timing(info);
	unsigned int i;

	raise_limits(&limits, &t);
	for (i = 0; i < ARRAY_SIZE(standard_modes); i++) {
		t = timing_of(standard_modes[i].x, standard_modes[i].y);
		if (fits(&standard_modes[i], info))
			raise_limits(&limits, &t);
	}
	for (i = 0; i < ARRAY_SIZE(large_modes); i++) {
		t = timing_of(large_modes[i].x, large_modes[i].y);
		if (fits(&large_modes[i], info))
			raise_limits(&limits, &t);
	}
	return limits;
}

static void put16(__u8 *at, __u32 value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
}

/* The byte that makes the sum of all bytes 0. */
static __u8 checksum(const __u8 *bytes, size_t n)
{
	__u8 sum = 0;

	while (n--)
		sum += *bytes++;
	return -sum;
}

/* ------------------------------------------------------------ base block */

/* Millimetres at 96 pixels an inch. */
static __u32 millimetres(__u32 pixels)
{
	return (pixels * 254 + 480) / 960;
}

/* FNV-1a over the whole UUID, since UUIDs can differ in a few digits only. */
static __u32 serial_of(const struct vgpu_edid_info *info)
{
	__u32 hash = 2166136261u;
	const char *c;

	for (c = info->uuid; *c; c++)
		hash = (hash ^ (__u8)*c) * 16777619u;
	return (hash ^ info->head) * 16777619u;
}

static void put_detailed(__u8 *at, const struct timing *t)
{
	__u32 width = millimetres(t->x), height = millimetres(t->y);

	put16(at, t->clock);
	at[2] = t->x & 0xff;
	at[3] = t->h_blank & 0xff;
	at[4] = (t->x >> 8) << 4 | t->h_blank >> 8;
	at[5] = t->y & 0xff;
	at[6] = t->v_blank & 0xff;
	at[7] = (t->y >> 8) << 4 | t->v_blank >> 8;
	at[8] = H_FRONT;
	at[9] = H_SYNC;
	at[10] = V_FRONT << 4 | t->v_sync;
	at[11] = 0;
	at[12] = width & 0xff;
	at[13] = height & 0xff;
	at[14] = (width >> 8) << 4 | height >> 8;
	at[15] = 0;
	at[16] = 0;
	at[17] = 0x1a;	/* digital sync, horizontal positive, vertical negative */
}

/* A descriptor that is not a timing: zeros, then its tag. */
static __u8 *put_descriptor(__u8 *at, __u8 tag)
{
	memset(at, 0, DESCRIPTOR);
	at[3] = tag;
	return at + 5;
}

static void put_text(__u8 *at, __u8 tag, const char *text)
{
	unsigned int i = 0;

	at = put_descriptor(at, tag);
	while (i < TEXT && text[i]) {
		at[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
		i++;
	}
	if (i < TEXT)
		at[i++] = '\n';
	while (i < TEXT)
		at[i++] = ' ';
}

static void put_serial_text(__u8 *at, __u32 serial)
{
	char text[9];
	unsigned int i;

	for (i = 0; i < 8; i++)
		text[i] = "0123456789ABCDEF"[serial >> (28 - 4 * i) & 0xf];
	text[8] = '\0';
	put_text(at, 0xff, text);
}

static void put_range(__u8 *at, const struct limits *limits)
{
	/* Guests may choose timings without reduced blanking, which need more. */
	__u32 h_khz = limits->h_khz + limits->h_khz / 8 + 1;
	__u32 clock = limits->clock / 2 * 3;

	if (clock > RANGE_CLOCK)
		clock = RANGE_CLOCK;
	at = put_descriptor(at, 0xfd);
	if (h_khz > 255) {
		at[-1] = 0x08;	/* 255 more than the byte says */
		h_khz -= 255;
	}
	at[0] = 50;		/* Hz, vertical */
	at[1] = 75;
	at[2] = 15;		/* kHz, horizontal */
	at[3] = h_khz;
	at[4] = (clock + 999) / 1000;	/* 10 MHz */
	at[5] = 0x01;		/* limits only */
	at[6] = '\n';
	memset(at + 7, ' ', 6);
}

static void put_standard(__u8 *at, const struct vgpu_edid_info *info)
{
	/* Codes of aspect ratios. */
	static const __u8 code[] = {
		[ASPECT_16_10] = 0, [ASPECT_4_3] = 1, [ASPECT_5_4] = 2,
		[ASPECT_16_9] = 3,
	};
	unsigned int i, n = 0;

	memset(at, 0x01, 16);	/* unused */
	for (i = 0; i < ARRAY_SIZE(standard_modes) && n < 8; i++) {
		const struct mode *mode = &standard_modes[i];

		if (!fits(mode, info))
			continue;
		at[2 * n] = mode->x / 8 - 31;
		at[2 * n + 1] = code[aspect_of(mode->x, mode->y)] << 6 |
				(REFRESH_HZ - 60);
		n++;
	}
}

static void put_base(__u8 *edid, const struct vgpu_edid_info *info)
{
	static const __u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	static const __u8 srgb[] = {
		0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54,
	};
	struct timing preferred = preferred_timing(info);
	struct limits limits = limits_of(info);
	struct mode xga = { 1024, 768 }, svga = { 800, 600 };
	__u32 serial = serial_of(info);

	memcpy(edid, header, sizeof(header));
	/* Five bits a letter: O V G. */
	edid[8] = ('O' - '@') << 2 | ('V' - '@') >> 3;
	edid[9] = (('V' - '@') << 5 & 0xff) | ('G' - '@');
	put16(edid + 10, PRODUCT);
	put16(edid + 12, serial);
	put16(edid + 14, serial >> 16);
	edid[16] = 0;		/* week: not specified */
	edid[17] = MADE_IN - 1990;
	edid[18] = 1;		/* EDID 1.4 */
	edid[19] = 4;
	edid[20] = 0xa5;	/* digital, 8 bits a colour, DisplayPort */
	edid[21] = (millimetres(preferred.x) + 5) / 10;
	edid[22] = (millimetres(preferred.y) + 5) / 10;
	edid[23] = 220 - 100;	/* gamma 2.2 */
	edid[24] = 0x06;	/* sRGB, the preferred timing is the native one */
	memcpy(edid + 25, srgb, sizeof(srgb));
	edid[35] = 0x20 | (fits(&svga, info) ? 0x01 : 0);
	edid[36] = fits(&xga, info) ? 0x08 : 0;
	edid[37] = 0;
	put_standard(edid + 38, info);
	put_detailed(edid + 54, &preferred);
	put_range(edid + 72, &limits);
	put_text(edid + 90, 0xfc, info->name);
	put_serial_text(edid + 108, serial);
}

/* -------------------------------------------------------------- DisplayID */

static __u8 displayid_aspect(const struct timing *t)
{
	static const __u8 code[] = {
		[ASPECT_OTHER] = 8, [ASPECT_5_4] = 1, [ASPECT_4_3] = 2,
		[ASPECT_15_9] = 3, [ASPECT_16_9] = 4, [ASPECT_16_10] = 5,
	};

	return code[aspect_of(t->x, t->y)];
}

/* All fields hold one less than the value. */
static void put_displayid_timing(__u8 *at, const struct timing *t, bool preferred)
{
	put16(at, t->clock - 1);
	at[2] = (t->clock - 1) >> 16;
	at[3] = displayid_aspect(t) | (preferred ? 0x80 : 0);
	put16(at + 4, t->x - 1);
	put16(at + 6, t->h_blank - 1);
	put16(at + 8, (H_FRONT - 1) | 0x8000);	/* positive sync */
	put16(at + 10, H_SYNC - 1);
	put16(at + 12, t->y - 1);
	put16(at + 14, t->v_blank - 1);
	put16(at + 16, V_FRONT - 1);
	put16(at + 18, t->v_sync - 1);
}

/*
 * An extension with the large modes that fit; it begins with the preferred mode
 * of the base block. Return: whether any large mode fits.
 */
static bool put_extension(__u8 *block, const struct vgpu_edid_info *info)
{
	struct timing preferred = preferred_timing(info), t;
	__u8 *section = block + 1, *at = section + 4, *timings;
	unsigned int i, n = 0;

	/* Data block 0: product identification, as in the base block. */
	at[0] = 0x00;
	at[2] = 12;
	at[3] = 'O';
	at[4] = 'V';
	at[5] = 'G';
	put16(at + 6, PRODUCT);
	put16(at + 8, serial_of(info));
	put16(at + 10, serial_of(info) >> 16);
	at[12] = 0;
	at[13] = MADE_IN - 2000;
	at[14] = 0;		/* no text */

	/* Data block 3: type I timings. */
	at += 15;
	timings = at + 3;
	put_displayid_timing(timings, &preferred, true);
	for (i = 0; i < ARRAY_SIZE(large_modes) && n < LARGE_MODES; i++) {
		if (!fits(&large_modes[i], info))
			continue;
		t = timing_of(large_modes[i].x, large_modes[i].y);
		n++;
		put_displayid_timing(timings + n * DISPLAYID_TIMING, &t, false);
	}
	at[0] = 0x03;
	at[2] = (n + 1) * DISPLAYID_TIMING;
	at = timings + (n + 1) * DISPLAYID_TIMING;

	block[0] = 0x70;
	section[0] = 0x13;	/* DisplayID 1.3 */
	section[1] = at - section - 4;
	section[2] = 5;		/* a repeater: the picture is seen elsewhere */
	section[3] = 0;
	*at = checksum(section, at - section);
	return n;
}

/**
 * vgpu_edid_build - describe a monitor
 * @info: the monitor
 * @edid: receives up to VGPU_EDID_SIZE bytes
 *
 * Any context.
 *
 * Return: size of the EDID, 128 or 256 bytes; 0: the largest mode of @info is
 * below 640x480, which every monitor must have.
 */
unsigned int vgpu_edid_build(const struct vgpu_edid_info *info,
			     __u8 edid[VGPU_EDID_SIZE])
{
	unsigned int blocks = 1;

	if (info->max_x < VGPU_EDID_MIN_X || info->max_y < VGPU_EDID_MIN_Y)
		return 0;
	memset(edid, 0, VGPU_EDID_SIZE);
	put_base(edid, info);
	if (put_extension(edid + VGPU_EDID_BLOCK, info)) {
		edid[126] = 1;
		edid[255] = checksum(edid + VGPU_EDID_BLOCK, VGPU_EDID_BLOCK - 1);
		blocks = 2;
	} else {
		memset(edid + VGPU_EDID_BLOCK, 0, VGPU_EDID_BLOCK);
	}
	edid[127] = checksum(edid, VGPU_EDID_BLOCK - 1);
	return blocks * VGPU_EDID_BLOCK;
}

/**
 * vgpu_edid_valid - whether an EDID of a VMM is fit for a guest
 * @edid: the EDID
 * @bytes: its size
 *
 * Checks the length, the header, the number of blocks and the checksum of every
 * block. Any context.
 */
bool vgpu_edid_valid(const __u8 *edid, size_t bytes)
{
	size_t i;

	if (bytes < VGPU_EDID_BLOCK || bytes % VGPU_EDID_BLOCK ||
	    bytes / VGPU_EDID_BLOCK != edid[126] + 1u)
		return false;
	for (i = 0; i < 8; i++)
		if (edid[i] != (i % 7 ? 0xff : 0))
			return false;
	for (i = 0; i < bytes; i += VGPU_EDID_BLOCK)
		if (checksum(edid + i, VGPU_EDID_BLOCK))
			return false;
	return true;
}
