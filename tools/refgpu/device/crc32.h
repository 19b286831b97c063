/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crc32.h - the CRC-32 of IEEE 802.3, as zlib and PNG have it
 */
#ifndef REFGPU_CRC32_H
#define REFGPU_CRC32_H

#include "types.h"

/**
 * crc32_add() - CRC of some more bytes
 * @crc: of the bytes before these; 0: these are the first
 * @data: bytes
 * @size: how many
 *
 * Any thread.
 *
 * Return: CRC of all bytes so far.
 */
u32 crc32_add(u32 crc, const void *data, size_t size);

#endif /* REFGPU_CRC32_H */
