// SPDX-License-Identifier: GPL-2.0-only
/*
 * forge.c - changes saved vGPUs, see forge.h
 */
#include "forge.h"

#define CHECKSUM	12u	/* its offset in a header, and what it covers of it */

static uint32_t number(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t count)
{
	int bit;

	for (; count; count--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/**
 * forge_next - the next record
 * @saved: whole
 * @record: the one before; all zero: the first is meant
 *
 * Return: false: there is none.
 */
bool forge_next(const struct saved *saved, struct forge_record *record)
{
	size_t at = record->tag[0] ? record->at + FORGE_HEADER + record->bytes : 0;

	if (saved->size < at + FORGE_HEADER)
		return false;
	record->at = at;
	memcpy(record->tag, saved->bytes + at, 4);
	record->tag[4] = '\0';
	record->bytes = number(saved->bytes + at + 8);
	CHECK(saved->size >= at + FORGE_HEADER + record->bytes,
	      "record %s at %zu has %u bytes, the stream %zu", record->tag, at, record->bytes,
	      saved->size);
	return true;
}

/**
 * forge_find - the first record of a kind
 * @saved: whole
 * @tag: four letters
 * @record: receives it
 *
 * Return: false: there is none.
 */
bool forge_find(const struct saved *saved, const char *tag, struct forge_record *record)
{
	memset(record, 0, sizeof(*record));
	while (forge_next(saved, record))
		if (!strcmp(record->tag, tag))
			return true;
	return false;
}

/**
 * forge_seal - make a record's checksum right again
 * @saved: its stream
 * @record: the record
 */
void forge_seal(struct saved *saved, const struct forge_record *record)
{
	uint8_t *header = saved->bytes + record->at;
	uint32_t sum = crc32c(~0u, header, CHECKSUM), i;

	sum = ~crc32c(sum, header + FORGE_HEADER, record->bytes);
	for (i = 0; i < 4; i++)
		header[CHECKSUM + i] = (uint8_t)(sum >> 8 * i);
}

/**
 * forge_number - write another number into a record, which must be there
 * @saved: its stream
 * @tag: four letters: the first of that kind
 * @offset: in its payload
 * @bytes: of the number
 * @value: the number
 */
void forge_number(struct saved *saved, const char *tag, unsigned int offset,
		  unsigned int bytes, uint64_t value)
{
	struct forge_record record;
	unsigned int i;

	CHECK(forge_find(saved, tag, &record) && record.bytes >= offset + bytes,
	      "there is no %s with %u bytes", tag, offset + bytes);
	for (i = 0; i < bytes; i++)
		saved->bytes[record.at + FORGE_HEADER + offset + i] = (uint8_t)(value >> 8 * i);
	forge_seal(saved, &record);
}

/**
 * forge_copy - the same once more
 * @saved: any
 */
struct saved forge_copy(const struct saved *saved)
{
	struct saved copy = { .size = saved->size, .room = saved->size };

	copy.bytes = malloc(saved->size);
	CHECK(copy.bytes, "no %zu bytes of memory", saved->size);
	memcpy(copy.bytes, saved->bytes, saved->size);
	return copy;
}
