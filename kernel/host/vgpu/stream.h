/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * stream.h - the form of a migrated vGPU: records, and the checks of them
 *
 * A stream is a series of records, each a header of 16 bytes, little endian,
 *
 *   le32 tag, le16 version, le16 flags, le32 bytes, le32 checksum
 *
 * and so many bytes of payload. The checksum is the CRC32C of the header's first 12
 * bytes and the payload. Records come in the order of enum stream_tag: HELLO says
 * what the source is, and END, the last, how much came before it. What a reader
 * does not know it refuses, unless the record is flagged as optional.
 *
 * A version is major << 8 | minor. A minor version adds fields behind those that
 * were there, which older readers may ignore; a major one they refuse.
 *
 * A stream comes from outside and may be anything. Whoever forges one harms only
 * the vGPU that it is for, so there is no secret in it: the checksum finds damage.
 *
 * Pure C without locks or allocations, so that unit tests compile it in user space.
 */
#ifndef VGPU_STREAM_H
#define VGPU_STREAM_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

#include "base/pack.h"

#define STREAM_HEADER		16
#define STREAM_PAYLOAD_MAX	(65u << 10)
#define STREAM_RECORD_MAX	(STREAM_HEADER + STREAM_PAYLOAD_MAX)
#define STREAM_GRANULE		0x10000		/* bytes of video memory a VRAM record moves */
#define STREAM_VRAM_DATA	(STREAM_HEADER + 8)	/* where a VRAM record has them */
#define STREAM_CONFIG		256		/* bytes of configuration space */
#define STREAM_MAP_PAGES	4096		/* pages of system memory in one mapping, at most */
#define STREAM_REASON		256		/* bytes of room for a sentence */

#define STREAM_OPTIONAL		(1u << 0)	/* flag: who does not know the tag skips it */

#define STREAM_TAG(a, b, c, d)	((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/**
 * enum stream_tag - what a record holds, in the order they have in a stream
 * @STREAM_HELLO: struct stream_hello, by stream_put_hello()
 * @STREAM_VRAM: video memory: le64 granule, then its 64 KiB; any number, in any
 *	order with @STREAM_ZERO; the last one of a granule counts
 * @STREAM_ZERO: video memory that is all zero: le64 first granule, le64 granules
 * @STREAM_STATE_CONFIG: the configuration space, 256 bytes
 * @STREAM_MONITOR: for each head of the vGPU le32 bytes (0: no monitor) and the
 *	EDID; empty without heads
 * @STREAM_PERSONALITY: the personality's own
 * @STREAM_FAMILY: the family's own; not in streams of a personality that needs
 *	no family
 * @STREAM_CONTEXT: the context image of unfinished work, in pieces: le32 offset,
 *	le32 bytes of the whole image, then the piece
 * @STREAM_PINS: one mapping of guest memory: struct stream_pins, then for each run
 *	le64 guest page, le64 pages; any number
 * @STREAM_CORE: faults and pending vectors
 * @STREAM_END: le64 records, le64 bytes, of all before it
 */
enum stream_tag {
	STREAM_HELLO		= STREAM_TAG('H', 'E', 'L', 'O'),
	STREAM_VRAM		= STREAM_TAG('V', 'R', 'A', 'M'),
	STREAM_ZERO		= STREAM_TAG('Z', 'E', 'R', 'O'),
	STREAM_STATE_CONFIG	= STREAM_TAG('C', 'O', 'N', 'F'),
	STREAM_MONITOR		= STREAM_TAG('M', 'O', 'N', 'I'),
	STREAM_PERSONALITY	= STREAM_TAG('P', 'E', 'R', 'S'),
	STREAM_FAMILY		= STREAM_TAG('F', 'A', 'M', 'I'),
	STREAM_CONTEXT		= STREAM_TAG('C', 'T', 'X', 'T'),
	STREAM_PINS		= STREAM_TAG('P', 'I', 'N', 'S'),
	STREAM_CORE		= STREAM_TAG('C', 'O', 'R', 'E'),
	STREAM_END		= STREAM_TAG('D', 'O', 'N', 'E'),
};

/**
 * struct stream_hello - what a vGPU is, as far as its guest depends on it
 * @personality: its name
 * @family: name of the family
 * @board: the GPU's
 * @type: the vGPU's type, for sentences only
 * @uuid: the vGPU's, likewise
 * @any_family: its guest depends on nothing of the GPU: of this struct only
 *	@personality, @interface, @bar_bytes, @heads, modes, @vectors and the shape
 *	of the configuration space count
 * @hardware: version of the hardware, major << 16 | minor
 * @interface: version of the personality's control page, likewise; 0: it has none
 * @capabilities: of the hardware, see stream_capabilities()
 * @framebuffer: bytes of the slice
 * @bar_bytes: size of the framebuffer BAR
 * @user_bytes: size of the user page
 * @aperture_pages: pages of system memory that the vGPU can have mapped
 * @heads: of the vGPU
 * @max_x, @max_y: its largest mode
 * @vectors: interrupt vectors
 * @compute_slices, @memory_slices: of its GPU instance; 0: it is in the pool
 * @power_on, @writable, @clearable: shape of the configuration space
 *
 * Names are at most one byte shorter than their fields, zeros behind them.
 */
struct stream_hello {
	char personality[16];
	char family[16];
	char board[16];
	char type[32];
	__u8 uuid[16];
	bool any_family;
	__u32 hardware;
	__u32 interface;
	__u64 capabilities;
	__u64 framebuffer;
	__u64 bar_bytes;
	__u64 user_bytes;
	__u64 aperture_pages;
	__u32 heads;
	__u32 max_x, max_y;
	__u32 vectors;
	__u32 compute_slices, memory_slices;
	__u8 power_on[STREAM_CONFIG];
	__u8 writable[STREAM_CONFIG];
	__u8 clearable[STREAM_CONFIG];
};

#define STREAM_HELLO_SIZE \
	(8 + 16 + 16 + 16 + 32 + 16 + 3 * 4 + 5 * 8 + 6 * 4 + 3 * STREAM_CONFIG)

/* stream_hello.c */
void stream_hello_pack(const struct stream_hello *hello, struct vgpu_pack *pack);
bool stream_hello_unpack(struct stream_hello *hello, struct vgpu_unpack *unpack);
__u64 stream_capabilities(__u64 capabilities, __u64 for_heads, __u32 heads);
bool stream_refuses(const struct stream_hello *source, const struct stream_hello *target,
		    unsigned int number, char *reason, size_t size);

/* ----------------------------------------------------------------- the writer */

/**
 * struct stream_writer - a stream that is being written; zero at first
 * @records: written so far
 * @bytes: of them
 */
struct stream_writer {
	__u64 records;
	__u64 bytes;
};

int stream_put(struct stream_writer *writer, __u8 *buffer, size_t size, enum stream_tag tag,
	       const void *payload, size_t bytes);
int stream_put_hello(struct stream_writer *writer, __u8 *buffer, size_t size,
		     const struct stream_hello *hello);
int stream_put_vram(struct stream_writer *writer, __u8 *buffer, size_t size, __u64 granule);
int stream_put_zero(struct stream_writer *writer, __u8 *buffer, size_t size,
		    __u64 first, __u64 granules);
int stream_put_end(struct stream_writer *writer, __u8 *buffer, size_t size);

/* ----------------------------------------------------------------- the reader */

/**
 * struct stream_record - a record that came in whole
 * @tag: a known one
 * @version: of its payload, of a known major version
 * @newer: its minor version is a newer one
 * @bytes: of the payload
 * @payload: valid until the callback returns
 */
struct stream_record {
	enum stream_tag tag;
	__u16 version;
	bool newer;
	size_t bytes;
	const __u8 *payload;
};

/**
 * struct stream_range - granules of video memory, inside the framebuffer
 * @first: number of the first
 * @granules: number of them; 1 of a VRAM record
 * @data: their bytes; NULL: zeros
 */
struct stream_range {
	__u64 first;
	__u64 granules;
	const __u8 *data;
};

/**
 * struct stream_pins - one mapping of guest memory
 * @first: first page of the aperture
 * @write: the device may write it
 * @pages: number of them, the sum of its runs, inside the aperture, and no more than
 *	STREAM_MAP_PAGES
 * @runs: number of runs
 * @unpack: where they are: le64 guest page and le64 pages each
 */
struct stream_pins {
	__u64 first;
	bool write;
	__u64 pages;
	__u32 runs;
	struct vgpu_unpack unpack;
};

struct stream_parser;

/**
 * struct stream_ops - who takes the records
 * @record: a record has come; HELLO was found to be compatible, and what
 *	stream_range() and stream_pins() say of their tags is checked. 0 or errno,
 *	which ends the stream; with a sentence in parser->reason if there is one.
 *	Called for END too, once all of it is right.
 */
struct stream_ops {
	int (*record)(struct stream_parser *parser, const struct stream_record *record);
};

/**
 * struct stream_parser - a stream that is being read
 * @ops, @context: the caller's
 * @target: what the vGPU is that the stream is for; NULL: only what it is of is asked,
 *	and ops->record() ends it at once, with an error
 * @required: bits 1 << stream_rank() of tags that must have come when END does;
 *	@ops->record may add to it
 * @source: what the stream's vGPU was; since HELLO
 * @seen: bits 1 << stream_rank() of tags that have come
 * @records, @bytes: that have come whole
 * @ended: END has come
 * @error: what was wrong: everything after it is refused likewise
 * @reason: what was wrong, as a sentence
 * @fill: bytes in @buffer
 * @need: bytes that @buffer must have until something can be done
 * @buffer: STREAM_RECORD_MAX bytes, of the caller
 */
struct stream_parser {
	const struct stream_ops *ops;
	void *context;
	const struct stream_hello *target;
	__u32 required;
	struct stream_hello source;
	__u32 seen;
	__u64 records;
	__u64 bytes;
	bool ended;
	int error;
	char reason[STREAM_REASON];
	size_t fill;
	size_t need;
	__u8 *buffer;
};

void stream_parser_init(struct stream_parser *parser, const struct stream_ops *ops, void *context,
			const struct stream_hello *target, __u8 *buffer);
unsigned int stream_rank(enum stream_tag tag);
__u8 *stream_room(struct stream_parser *parser, size_t *room);
int stream_filled(struct stream_parser *parser, size_t count);
int stream_feed(struct stream_parser *parser, const void *bytes, size_t count);
int stream_finish(const struct stream_parser *parser);
void stream_range(const struct stream_record *record, struct stream_range *range);
void stream_pins(const struct stream_record *record, struct stream_pins *pins);
bool stream_pins_run(struct stream_pins *pins, __u64 *page, __u64 *pages);

#endif /* VGPU_STREAM_H */
