/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * picture.h - what a head must show, computed another way
 */
#ifndef UNIT_PICTURE_H
#define UNIT_PICTURE_H

#include <stdint.h>
#include <string.h>

/**
 * struct picture - a frame and its cursor
 * @pixels: first pixel
 * @pitch: bytes a line
 * @width: pixels
 * @height: lines
 * @cursor: its pixels, packed; NULL: none
 * @cursor_width: its pixels
 * @cursor_height: its lines
 * @cursor_x: where its top left pixel goes
 * @cursor_y: likewise
 */
struct picture {
	const uint8_t *pixels;
	uint64_t pitch;
	uint32_t width;
	uint32_t height;
	const uint8_t *cursor;
	uint32_t cursor_width;
	uint32_t cursor_height;
	int32_t cursor_x;
	int32_t cursor_y;
};

/* One bit at a time: nothing to get wrong. */
static inline uint32_t picture_crc_byte(uint32_t crc, uint8_t byte)
{
	int bit;

	crc ^= byte;
	for (bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

/* Colour @c (0 blue, 1 green, 2 red) of the pixel at @x, @y. */
static inline uint8_t picture_colour(const struct picture *p, uint32_t x, uint32_t y, int c)
{
	const uint8_t *below = p->pixels + y * p->pitch + 4 * (uint64_t)x;
	int64_t cx = (int64_t)x - p->cursor_x, cy = (int64_t)y - p->cursor_y;
	const uint8_t *top;
	unsigned int sum;

	if (!p->cursor || cx < 0 || cy < 0 || cx >= p->cursor_width || cy >= p->cursor_height)
		return below[c];
	top = p->cursor + 4 * (cy * p->cursor_width + cx);
	sum = top[c] + (below[c] * (255u - top[3]) + 127) / 255;
	return sum > 255 ? 255 : (uint8_t)sum;
}

/* CRC-32 of the visible pixels, line by line: blue, green, red, 0. */
static inline uint32_t picture_crc(const struct picture *p)
{
	uint32_t crc = 0xffffffffu, x, y;
	int c;

	for (y = 0; y < p->height; y++)
		for (x = 0; x < p->width; x++) {
			for (c = 0; c < 3; c++)
				crc = picture_crc_byte(crc, picture_colour(p, x, y, c));
			crc = picture_crc_byte(crc, 0);
		}
	return ~crc;
}

#endif /* UNIT_PICTURE_H */
