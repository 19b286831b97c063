/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * picture.h - pictures that a test outside the guest knows again
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

uint32_t picture_draw(uint8_t *pixels, uint32_t pitch, unsigned int width,
		      unsigned int height, unsigned int seed,
		      unsigned int frame);
FILE *picture_port(const char *path);
bool picture_wanted(FILE *port);

#endif /* PICTURE_H */
