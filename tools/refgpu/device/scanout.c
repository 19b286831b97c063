// SPDX-License-Identifier: GPL-2.0-only
/*
 * scanout.c - reading a frame out of video memory; see scanout.h
 */
#include <string.h>

#include "device/crc32.h"
#include "device/scanout.h"

#define CHUNK_PIXELS	512u
#define VISIBLE		0xffffffu	/* the fourth byte is not for the eye */

static u32 smaller(u32 a, u32 b)
{
	return a < b ? a : b;
}

/*
 * Engines and processors write while the frame is read: such a frame is torn,
 * as on any display, and that is no race worth a report.
 */
__attribute__((no_sanitize("thread")))
static void copy_visible(u32 *to, const u32 *from, u32 pixels)
{
	u32 i;

	for (i = 0; i < pixels; i++)
		to[i] = from[i] & VISIBLE;
}

__attribute__((no_sanitize("thread")))
static u32 load(const u8 *at)
{
	return (u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

/* One colour of a pre-multiplied pixel over another. */
static u32 over(u32 top, u32 alpha, u32 below)
{
	return smaller(top + (below * (255 - alpha) + 127) / 255, 255);
}

static u32 blend(u32 cursor, u32 below)
{
	u32 alpha = cursor >> 24;

	return over(cursor & 0xff, alpha, below & 0xff) |
	       over(cursor >> 8 & 0xff, alpha, below >> 8 & 0xff) << 8 |
	       over(cursor >> 16 & 0xff, alpha, below >> 16 & 0xff) << 16;
}

/* Draw the part of the cursor that lies over the next @pixels pixels of the frame. */
static void draw_cursor(const struct scanout *s, struct memory_view *view, u32 *to, u32 pixels)
{
	s64 row = (s64)s->line - s->cursor_y;
	s64 from = s->cursor_x > (s64)s->column ? s->cursor_x : (s64)s->column;
	s64 end = (s64)s->column + pixels, x;
	const u8 *at;

	if (row < 0 || row >= s->cursor_height)
		return;
	if (end > (s64)s->cursor_x + s->cursor_width)
		end = (s64)s->cursor_x + s->cursor_width;
	if (from >= end)
		return;
	at = memory_translate(view, s->cursor_base + 4 * ((u64)row * s->cursor_width +
							  (u64)(from - s->cursor_x)),
			      4 * (u64)(end - from), false);
	if (!at)
		return;
	for (x = from; x < end; x++, at += 4)
		to[x - s->column] = blend(load(at), to[x - s->column]);
}

bool scanout_run(struct scanout *s, struct memory_view *view, u32 pixels)
{
	u32 buffer[CHUNK_PIXELS];

	memory_enter(view);
	while (pixels && s->line < s->height) {
		u32 chunk = smaller(smaller(s->width - s->column, CHUNK_PIXELS), pixels);
		const u32 *from = memory_translate(view, s->base + s->line * s->pitch +
						   4 * (u64)s->column, 4 * (u64)chunk, false);

		if (from)
			copy_visible(buffer, from, chunk);
		else
			memset(buffer, 0, 4 * (size_t)chunk);
		draw_cursor(s, view, buffer, chunk);
		s->crc = crc32_add(s->crc, buffer, 4 * (size_t)chunk);
		pixels -= chunk;
		s->column += chunk;
		if (s->column == s->width) {
			s->column = 0;
			s->line++;
		}
	}
	memory_leave(view);
	return s->line == s->height;
}
