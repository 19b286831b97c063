/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream_maker.h - streams of a vGPU that does not exist, right ones and forged ones
 */
#ifndef STREAM_MAKER_H
#define STREAM_MAKER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vgpu/stream.h"

/** struct made - bytes of a stream that grows; free @bytes */
struct made {
	uint8_t *bytes;
	size_t size;
	struct stream_writer writer;
};

/** struct made_run - pages of a mapping */
struct made_run {
	uint64_t page;
	uint64_t pages;
};

/** name_is() - write a name into a field, with zeros behind it */
#define name_is(field, text)						\
	do {								\
		memset(field, 0, sizeof(field));			\
		memcpy(field, text, strlen(text));			\
	} while (0)

/** made_record() - append a record, of any version and flags, with a right checksum */
void made_record(struct made *made, uint32_t tag, uint16_t version, uint16_t flags,
		 const void *payload, size_t bytes);

/** made_seal() - make the checksum of the record at @offset right */
void made_seal(struct made *made, size_t offset);

/** made_hello(), made_vram(), made_zero(), made_end() - as the module writes them */
void made_hello(struct made *made, const struct stream_hello *hello);
void made_vram(struct made *made, uint64_t granule, uint8_t first);
void made_zero(struct made *made, uint64_t first, uint64_t granules);
void made_end(struct made *made);

/** made_pins() - append a mapping with @count runs of page and pages */
void made_pins(struct made *made, uint64_t first, uint32_t write, const struct made_run *runs,
	       uint32_t count);

/** made_state() - append a state record whose payload is a pattern that starts with @seed */
void made_state(struct made *made, enum stream_tag tag, size_t bytes, uint8_t seed);

/**
 * made_whole() - a right stream with all kinds of records
 * @hello: of its source
 * @vram: with video memory
 */
struct made made_whole(const struct stream_hello *hello, bool vram);

/** native_hello(), other_hello() - vGPUs: one whose guest knows the GPU, one whose doesn't */
struct stream_hello native_hello(void);
struct stream_hello other_hello(void);

#endif /* STREAM_MAKER_H */
