/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PNG_H
#define PNG_H

#include <stdint.h>

int png_write(const char *path, const uint32_t *pixels, uint32_t width,
	      uint32_t height);

#endif /* PNG_H */
