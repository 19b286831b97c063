// SPDX-License-Identifier: GPL-2.0-only
/*
 * head_crc.c - the CRC a head must show, computed from the framebuffer
 */
#include "head.h"

static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
	static uint32_t table[256];
	uint32_t b, bit;

	if (!table[1])
		for (b = 0; b < 256; b++)
			for (table[b] = b, bit = 0; bit < 8; bit++)
				table[b] = table[b] >> 1 ^
					   (table[b] & 1 ? 0xedb88320u : 0);
	return crc >> 8 ^ table[(crc ^ byte) & 0xff];
}

/* The cursor's pixel over a point of the picture; 0: transparent. */
static uint32_t cursor_at(const uint32_t *pixels,
			  const struct rt_cursor *cursor, uint32_t x,
			  uint32_t y)
{
	int64_t column = (int64_t)x - cursor->x, row = (int64_t)y - cursor->y;

	if (column < 0 || row < 0 || column >= cursor->width ||
	    row >= cursor->height)
		return 0;
	return pixels[row * cursor->width + column];
}

/**
 * rt_frame_crc - CRC of a picture as doc/refgpu.md defines it
 * @device: open
 * @mode: the picture
 * @cursor: over it, base a multiple of 4; NULL: none
 */
uint32_t rt_frame_crc(const struct rt_device *device,
		      const struct rt_mode *mode,
		      const struct rt_cursor *cursor)
{
	const uint32_t *pixels = NULL;
	uint32_t crc = ~0u, x, y;

	if (cursor)
		pixels = rt_framebuffer(device, cursor->base);
	for (y = 0; y < mode->height; y++) {
		const uint32_t *line = rt_framebuffer(device, mode->base +
						(uint64_t)y * mode->pitch);

		for (x = 0; x < mode->width; x++) {
			uint32_t top = cursor ? cursor_at(pixels, cursor, x, y) : 0;
			uint32_t clear = 255 - (top >> 24), shift;

			for (shift = 0; shift < 24; shift += 8) {
				uint32_t below = line[x] >> shift & 0xff;
				uint32_t sum = (top >> shift & 0xff) +
					       (below * clear + 127) / 255;

				crc = add_byte(crc, sum > 255 ? 255 : sum);
			}
			crc = add_byte(crc, 0);
		}
	}
	return ~crc;
}
