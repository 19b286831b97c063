// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream_maker.c - streams of a vGPU that does not exist, right ones and forged ones
 */
#include <assert.h>

#include "stream_maker.h"

#define MIB	(1ULL << 20)

static uint8_t *grow(struct made *made, size_t bytes)
{
	/* To the byte, so that a sanitizer sees what goes beyond. */
	uint8_t *grown = realloc(made->bytes, made->size + bytes);

	assert(grown);
	made->bytes = grown;
	made->size += bytes;
	return grown + made->size - bytes;
}

static void number(uint8_t *at, unsigned int bytes, uint64_t value)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = value >> 8 * i;
}

/* By the definition of CRC32C, bit by bit, for each byte once. */
static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t count)
{
	static uint32_t table[256];

	for (uint32_t byte = 0; !table[255] && byte < 256; byte++) {
		table[byte] = byte;
		for (int bit = 0; bit < 8; bit++)
			table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0x82f63b78 : 0);
	}
	for (; count; count--)
		crc = crc >> 8 ^ table[(crc ^ *bytes++) & 0xff];
	return crc;
}

void made_seal(struct made *made, size_t offset)
{
	uint8_t *record = made->bytes + offset;
	uint32_t bytes = record[8] | record[9] << 8 | record[10] << 16 | (uint32_t)record[11] << 24;
	uint32_t crc = crc32c(~0u, record, 12);

	number(record + 12, 4, ~crc32c(crc, record + 16, bytes));
}

void made_record(struct made *made, uint32_t tag, uint16_t version, uint16_t flags,
		 const void *payload, size_t bytes)
{
	size_t offset = made->size;
	uint8_t *record = grow(made, 16 + bytes);

	number(record, 4, tag);
	number(record + 4, 2, version);
	number(record + 6, 2, flags);
	number(record + 8, 4, bytes);
	if (bytes)
		memcpy(record + 16, payload, bytes);
	made_seal(made, offset);
	made->writer.records++;
	made->writer.bytes += 16 + bytes;
}

static void keep(struct made *made, const uint8_t *buffer, int bytes)
{
	assert(bytes > 0);
	memcpy(grow(made, bytes), buffer, bytes);
}

void made_hello(struct made *made, const struct stream_hello *hello)
{
	uint8_t buffer[STREAM_RECORD_MAX];

	keep(made, buffer, stream_put_hello(&made->writer, buffer, sizeof(buffer), hello));
}

void made_vram(struct made *made, uint64_t granule, uint8_t first)
{
	uint8_t buffer[STREAM_RECORD_MAX];

	for (unsigned int i = 0; i < STREAM_GRANULE; i++)
		buffer[STREAM_VRAM_DATA + i] = first + i + i / 256;
	keep(made, buffer, stream_put_vram(&made->writer, buffer, sizeof(buffer), granule));
}

void made_zero(struct made *made, uint64_t first, uint64_t granules)
{
	uint8_t buffer[STREAM_RECORD_MAX];

	keep(made, buffer, stream_put_zero(&made->writer, buffer, sizeof(buffer), first, granules));
}

void made_end(struct made *made)
{
	uint8_t buffer[STREAM_RECORD_MAX];

	keep(made, buffer, stream_put_end(&made->writer, buffer, sizeof(buffer)));
}

void made_pins(struct made *made, uint64_t first, uint32_t write, const struct made_run *runs,
	       uint32_t count)
{
	uint8_t *payload = malloc(16 + 16 * (size_t)count);

	assert(payload);
	number(payload, 8, first);
	number(payload + 8, 4, write);
	number(payload + 12, 4, count);
	for (uint32_t i = 0; i < count; i++) {
		number(payload + 16 + 16 * i, 8, runs[i].page);
		number(payload + 24 + 16 * i, 8, runs[i].pages);
	}
	made_record(made, STREAM_PINS, 0x100, 0, payload, 16 + 16 * (size_t)count);
	free(payload);
}

void made_state(struct made *made, enum stream_tag tag, size_t bytes, uint8_t seed)
{
	uint8_t payload[STREAM_PAYLOAD_MAX], buffer[STREAM_RECORD_MAX];

	for (size_t i = 0; i < bytes; i++)
		payload[i] = seed + 7 * i;
	keep(made, buffer, stream_put(&made->writer, buffer, sizeof(buffer), tag, payload, bytes));
}

struct made made_whole(const struct stream_hello *hello, bool vram)
{
	static const struct made_run runs[] = { { 0x100, 3 }, { 0x80000, 1 }, { 0x200, 12 } };
	struct made made = { 0 };

	made_hello(&made, hello);
	if (vram)
		made_vram(&made, 5, 1);
	made_zero(&made, 0, 5);
	made_zero(&made, 6, hello->framebuffer / STREAM_GRANULE - 6);
	if (vram)
		made_vram(&made, 5, 2);
	made_state(&made, STREAM_STATE_CONFIG, STREAM_CONFIG, 3);
	made_state(&made, STREAM_MONITOR, 4 + 128, 4);
	made_state(&made, STREAM_PERSONALITY, 72, 5);
	if (!hello->any_family) {
		made_state(&made, STREAM_FAMILY, 200, 6);
		made_state(&made, STREAM_CONTEXT, 8 + 100, 7);
		made_state(&made, STREAM_CONTEXT, 8 + 20, 8);
		made_pins(&made, 0, 1, runs, 2);
		made_pins(&made, 16, 0, runs + 2, 1);
	}
	made_state(&made, STREAM_CORE, 0, 0);
	made_end(&made);
	return made;
}

struct stream_hello native_hello(void)
{
	struct stream_hello hello = {
		.personality = "direct",
		.family = "imaginary",
		.board = "IMAGINE",
		.type = "openvgpu-512mq",
		.uuid = "0123456789abcde",
		.hardware = 0x00010001,
		.interface = 0x00010002,
		.capabilities = 0x1f0f,
		.framebuffer = 512 * MIB,
		.bar_bytes = 512 * MIB,
		.user_bytes = 0x10000,
		.aperture_pages = 0x10000,
		.heads = 2,
		.max_x = 2560, .max_y = 1600,
		.vectors = 2,
	};

	for (unsigned int i = 0; i < STREAM_CONFIG; i++) {
		hello.power_on[i] = i;
		hello.writable[i] = i & 1 ? 0xff : 0;
		hello.clearable[i] = i & 2 ? 0xff : 0;
	}
	return hello;
}

struct stream_hello other_hello(void)
{
	struct stream_hello hello = native_hello();

	name_is(hello.personality, "plain");
	hello.any_family = true;
	hello.interface = 0;
	hello.framebuffer = 16 * MIB;
	hello.bar_bytes = 16 * MIB;
	hello.heads = 1;
	hello.vectors = 0;
	return hello;
}
