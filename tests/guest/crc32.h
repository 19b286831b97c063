/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const uint8_t *data, size_t bytes);

#endif /* CRC32_H */
