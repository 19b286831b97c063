// SPDX-License-Identifier: GPL-2.0-only
/*
 * picture.c - pictures that a test outside the guest knows again
 */
#include <fcntl.h>
#include <string.h>
#include <termios.h>

#include "crc32.h"
#include "picture.h"

#define WIDTH_MAX	16384

/**
 * picture_draw - draw a picture
 * @pixels: where, 4 bytes a pixel (DRM's XR24)
 * @pitch: bytes from one line to the next
 * @width: pixels, at most 16384
 * @height: lines
 * @seed: whose picture
 * @frame: which one
 *
 * It depends on seed, frame and place, so that no two agree in a single pixel,
 * and a wrong base or pitch shows.
 *
 * Return: the CRC of its pixels, as 3 bytes each: red, green, blue.
 */
uint32_t picture_draw(uint8_t *pixels, uint32_t pitch, unsigned int width,
		      unsigned int height, unsigned int seed,
		      unsigned int frame)
{
	static uint8_t line[3 * WIDTH_MAX];
	static uint32_t words[WIDTH_MAX];
	uint32_t crc = 0;
	unsigned int x, y;

	for (y = 0; y < height; y++) {
		for (x = 0; x < width; x++) {
			uint8_t red = (uint8_t)(x + 101 * frame + 37 * seed);
			uint8_t green = (uint8_t)(y + 91 * seed);
			uint8_t blue = (uint8_t)((x ^ y) + 85 * frame);

			line[3 * x] = red;
			line[3 * x + 1] = green;
			line[3 * x + 2] = blue;
			words[x] = (uint32_t)red << 16 | (uint32_t)green << 8 | blue;
		}
		memcpy(pixels + (size_t)y * pitch, words,
		       (size_t)width * sizeof(*words));
		crc = crc32(crc, line, (size_t)width * 3);
	}
	return crc;
}

/**
 * picture_port - open the port by which pictures are asked for
 * @path: of a serial port
 *
 * Return: the port, or NULL and errno.
 */
FILE *picture_port(const char *path)
{
	struct termios settings;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (!tcgetattr(fd, &settings)) {
		settings.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
		tcsetattr(fd, TCSANOW, &settings);
	}
	return fdopen(fd, "r");
}

/**
 * picture_wanted - wait until somebody asks for the next picture
 * @port: where
 *
 * Return: false: none is wanted any more.
 */
bool picture_wanted(FILE *port)
{
	char line[32];

	return fgets(line, sizeof(line), port) && strncmp(line, "quit", 4);
}
