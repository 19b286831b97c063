// SPDX-License-Identifier: GPL-2.0-only
/*
 * crc32.c - the CRC of PNG and zlib
 */
#include "crc32.h"

/**
 * crc32 - add bytes to a CRC
 * @crc: of the bytes before, 0 for none
 * @data: bytes
 * @bytes: their number
 *
 * Return: the CRC with them.
 */
uint32_t crc32(uint32_t crc, const uint8_t *data, size_t bytes)
{
	size_t i;
	int bit;

	crc = ~crc;
	for (i = 0; i < bytes; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}
