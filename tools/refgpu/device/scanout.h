/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scanout.h - reading a frame out of video memory, in slices
 *
 * The visible pixels line by line, with the cursor over them, as a display cable
 * would carry them. Without a cable, the pixels end up in a CRC.
 */
#ifndef REFGPU_SCANOUT_H
#define REFGPU_SCANOUT_H

#include "cpu/memory.h"
#include "types.h"

/**
 * struct scanout - a frame under way
 * @base: address of the first pixel, multiple of 4
 * @pitch: bytes a line, multiple of 4
 * @width: pixels, at least 1
 * @height: lines, at least 1
 * @cursor_base: address of the cursor's pixels, any alignment
 * @cursor_width: its pixels and their pitch; 0: no cursor
 * @cursor_height: its lines
 * @cursor_x: where its top left pixel goes; any value
 * @cursor_y: likewise
 * @line: line under way
 * @column: pixels of it done
 * @crc: of all pixels done: 4 bytes a pixel, blue, green, red, 0
 *
 * Zero @line, @column and @crc to begin.
 */
struct scanout {
	u64 base;
	u64 pitch;
	u32 width;
	u32 height;
	u64 cursor_base;
	u32 cursor_width;
	u32 cursor_height;
	s32 cursor_x;
	s32 cursor_y;
	u32 line;
	u32 column;
	u32 crc;
};

/**
 * scanout_run() - read some pixels of a frame
 * @scanout: the frame
 * @view: memory it lies in; a section of it is entered and left
 * @pixels: how many at most, at least 1
 *
 * Every read goes through memory_translate(): pixels that the view refuses are
 * black, so a frame at any address never shows memory outside the view.
 *
 * Return: whether the frame is complete.
 */
bool scanout_run(struct scanout *scanout, struct memory_view *view, u32 pixels);

#endif /* REFGPU_SCANOUT_H */
