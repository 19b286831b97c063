// SPDX-License-Identifier: GPL-2.0-only
/*
 * png.c - writes a picture as PNG without compressing it
 *
 * A guest's program is static and small; the picture is too. Stored blocks are
 * valid deflate data, so every viewer reads the file.
 */
#include "png.h"

#include "crc32.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORED_MAX	65535u

static uint32_t adler32(const uint8_t *data, size_t bytes)
{
	uint32_t a = 1, b = 0;
	size_t i;

	for (i = 0; i < bytes; i++) {
		a = (a + data[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static void big_endian(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static int chunk(FILE *file, const char *type, const uint8_t *data,
		 size_t bytes)
{
	uint8_t word[4];
	uint32_t crc = crc32(0, (const uint8_t *)type, 4);

	big_endian(word, (uint32_t)bytes);
	fwrite(word, 4, 1, file);
	fwrite(type, 4, 1, file);
	if (bytes)
		fwrite(data, bytes, 1, file);
	big_endian(word, crc32(crc, data, bytes));
	fwrite(word, 4, 1, file);
	return ferror(file) ? -EIO : 0;
}

/* zlib stream of stored blocks. */
static uint8_t *store(const uint8_t *data, size_t bytes, size_t *out_bytes)
{
	size_t blocks = (bytes + STORED_MAX - 1) / STORED_MAX;
	uint8_t *out = malloc(2 + 5 * blocks + bytes + 4), *at = out;
	size_t done = 0;

	if (!out)
		return NULL;
	*at++ = 0x78;
	*at++ = 0x01;
	while (done < bytes) {
		size_t n = bytes - done < STORED_MAX ? bytes - done : STORED_MAX;

		*at++ = done + n == bytes;
		*at++ = (uint8_t)n;
		*at++ = (uint8_t)(n >> 8);
		*at++ = (uint8_t)~n;
		*at++ = (uint8_t)(~n >> 8);
		memcpy(at, data + done, n);
		at += n;
		done += n;
	}
	big_endian(at, adler32(data, bytes));
	*out_bytes = (size_t)(at + 4 - out);
	return out;
}

/**
 * png_write - write XRGB8888 pixels as an RGB picture
 * @path: file, or a port that leads to one
 * @pixels: width * height
 * @width: pixels
 * @height: pixels
 *
 * Return: 0 or a negative errno.
 */
int png_write(const char *path, const uint32_t *pixels, uint32_t width,
	      uint32_t height)
{
	static const uint8_t magic[8] = "\x89PNG\r\n\x1a\n";
	size_t line = 1 + (size_t)width * 3, bytes = line * height, packed_bytes;
	uint8_t header[13] = { 0 }, *raw, *packed = NULL;
	int error = -ENOMEM;
	FILE *file = NULL;
	uint32_t x, y;

	raw = calloc(1, bytes);
	if (!raw)
		return -ENOMEM;
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			uint32_t pixel = pixels[(size_t)y * width + x];
			uint8_t *at = raw + y * line + 1 + (size_t)x * 3;

			at[0] = (uint8_t)(pixel >> 16);
			at[1] = (uint8_t)(pixel >> 8);
			at[2] = (uint8_t)pixel;
		}
	packed = store(raw, bytes, &packed_bytes);
	if (!packed)
		goto free;
	file = fopen(path, "we");
	if (!file) {
		error = -errno;
		goto free;
	}
	fwrite(magic, sizeof(magic), 1, file);
	big_endian(header, width);
	big_endian(header + 4, height);
	header[8] = 8;	/* bits a channel */
	header[9] = 2;	/* RGB */
	error = chunk(file, "IHDR", header, sizeof(header));
	if (!error)
		error = chunk(file, "IDAT", packed, packed_bytes);
	if (!error)
		error = chunk(file, "IEND", NULL, 0);
	if (fclose(file) && !error)
		error = -errno;
free:
	free(packed);
	free(raw);
	return error;
}
