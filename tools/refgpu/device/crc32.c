// SPDX-License-Identifier: GPL-2.0-only
/*
 * crc32.c - CRC-32, eight bytes at a time; see crc32.h
 */
#include <pthread.h>
#include <string.h>

#include "device/crc32.h"

#define POLYNOMIAL	0xedb88320u	/* reflected */

/* table[n][b]: the effect of byte b on the CRC when n more bytes follow it. */
static u32 table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	u32 b, n;
	int bit;

	for (b = 0; b < 256; b++) {
		table[0][b] = b;
		for (bit = 0; bit < 8; bit++)
			table[0][b] = table[0][b] >> 1 ^ (table[0][b] & 1 ? POLYNOMIAL : 0);
	}
	for (n = 1; n < 8; n++)
		for (b = 0; b < 256; b++)
			table[n][b] = table[n - 1][b] >> 8 ^ table[0][table[n - 1][b] & 0xff];
}

u32 crc32_add(u32 crc, const void *data, size_t size)
{
	const u8 *at = data;

	pthread_once(&once, make_table);
	crc = ~crc;
	for (; size >= 8; size -= 8, at += 8) {
		u32 low, high;

		memcpy(&low, at, 4);
		memcpy(&high, at + 4, 4);
		low ^= crc;
		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		      table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
		      table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
		      table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
	}
	for (; size; size--, at++)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
	return ~crc;
}
